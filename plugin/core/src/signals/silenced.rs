//! Checks that are silenced: a linter or type checker for a whole file, a test run whose failure no longer counts.

use super::diff::{Diff, FileDiff};
use super::signal;
use crate::model::{Signal, SignalCode};

/// Lines that switch a checker off for all that follows.
const FILE_WIDE: &[&str] = &[
    "// @ts-nocheck",
    "/* eslint-disable */",
    "# mypy: ignore-errors",
    "# pylint: disable=all",
    "# pylint: skip-file",
    "# flake8: noqa",
    "# ruff: noqa",
    "# rubocop:disable all",
    "//nolint:all",
    "// swiftlint:disable all",
    "#![allow(warnings)]",
    "#![allow(clippy::all)]",
    "@SuppressWarnings(\"all\")",
    "// phpcs:ignoreFile",
    "/* istanbul ignore file */",
];

/// Programs that run tests or checks.
const RUNNERS: &[&str] = &[
    "pytest",
    "cargo test",
    "go test",
    "npm test",
    "npm run test",
    "yarn test",
    "jest",
    "vitest",
    "mvn ",
    "gradle",
    "tox",
    "make test",
    "make check",
    "eslint",
    "mypy",
    "clippy",
    "ruff",
    "tsc",
];

/// Settings that let a job of a CI fail without consequence.
const FORGIVING: &[&str] = &["continue-on-error: true", "allow_failure: true", "--passWithNoTests"];

/// A checker is silenced for a whole file, or a failing test run no longer fails anything.
pub(super) fn check_silenced(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    let is_ci = is_ci(&file.path);
    for line in file.runs().flat_map(|run| run.added().collect::<Vec<_>>()).filter(|line| diff.comes(line)) {
        let runs_tests = || RUNNERS.iter().any(|runner| line.text.contains(runner));
        let message = if file.is_code && FILE_WIDE.iter().any(|switch| is_switch(line.text, switch)) {
            "a checker is silenced for the whole file"
        } else if is_ci
            && FORGIVING.iter().any(|setting| line.text.trim_start_matches("- ").contains(setting))
        {
            "a failing job no longer fails the run"
        } else if (is_ci || file.path.ends_with(".sh")) && line.text.ends_with("|| true") && runs_tests() {
            "a failing test run no longer fails anything"
        } else {
            continue;
        };
        signals.push(signal(SignalCode::CheckSilenced, file, Some(line), message));
    }
    signals
}

/// Whether a line is the switch, alone or with words behind it.
fn is_switch(text: &str, switch: &str) -> bool {
    text.strip_prefix(switch).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == ':'))
}

pub(super) fn is_ci(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let workflow = path.starts_with(".github/workflows/") || path.starts_with(".gitea/workflows/");
    workflow
        || path.starts_with(".gitlab/")
        || matches!(name, ".gitlab-ci.yml" | "Jenkinsfile" | "Makefile" | "package.json")
}

#[cfg(test)]
mod tests {
    use super::super::testing::codes;
    use crate::model::SignalCode;

    #[test]
    fn checks_are_silenced_for_a_file_or_a_run() {
        for (path, lines, silenced) in [
            ("src/a.ts", "+// @ts-nocheck", true),
            ("src/a.js", "+/* eslint-disable */", true),
            ("src/a.js", "+/* eslint-disable no-console */", false),
            ("src/a.py", "+# flake8: noqa", true),
            ("src/a.py", "+# flake8: noqa: E501", false),
            ("src/lib.rs", "+#![allow(clippy::all)]", true),
            ("docs/a.md", "+// @ts-nocheck", false),
            (".github/workflows/ci.yml", "+      continue-on-error: true", true),
            ("config/a.yml", "+      continue-on-error: true", false),
            (".gitlab-ci.yml", "+    - pytest -q || true", true),
            (".gitlab-ci.yml", "+    - rm -f x || true", false),
            ("src/a.ts", "-// @ts-nocheck\n+// @ts-nocheck", false),
        ] {
            assert_eq!(codes(path, lines).contains(&SignalCode::CheckSilenced), silenced, "{path}: {lines}");
        }
    }
}
