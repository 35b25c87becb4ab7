//! What is wrong with a policy, and what became of its cases, for a terminal.

use super::neutral::plain;
use super::text::{Paint, count};
use crate::model::{Diagnostic, PolicyReport, PolicyTestReport, Severity};

/// Diagnostics as compilers write them: the line, and the place underlined.
fn diagnostics(name: &str, faults: &[Diagnostic], paint: &Paint) -> String {
    let name = plain(name);
    let mut out = String::new();
    for fault in faults {
        let (word, code) = match fault.severity {
            Severity::Error => ("error", "1;31"),
            Severity::Warning => ("warning", "1;33"),
        };
        let number = fault.line.to_string();
        let margin = " ".repeat(number.len());
        let source: String = fault.source.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let source = source.trim_end();
        // The escape of a deceiving character is longer than the character: then the underline would point elsewhere.
        let shown = plain(&format!("|{source}"));
        let shown = shown.strip_prefix('|').unwrap_or(&shown);
        out.push_str(&format!(
            "{}: {}\n{margin}--> {}:{}:{}\n{margin} |\n{number} | {shown}\n{margin} | {}{}\n",
            paint.with(code, word),
            plain(&fault.message),
            name,
            fault.line,
            fault.column,
            " ".repeat(fault.column.saturating_sub(1)),
            paint.with(code, &"^".repeat(fault.length.clamp(1, 80))),
        ));
        if let Some(help) = &fault.help {
            out.push_str(&format!("{margin} = help: {}\n", plain(help)));
        }
        out.push('\n');
    }
    out
}

pub(super) fn report(report: &PolicyReport, colour: bool) -> String {
    let mut out = diagnostics(&report.name, &report.diagnostics, &Paint(colour));
    let errors = report.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = report.diagnostics.len() - errors;
    let name = plain(&report.name);
    out.push_str(&match (errors, warnings) {
        (0, 0) => format!("{name}: valid\n"),
        (0, n) => format!("{name}: valid, {}\n", count(n, "warning")),
        (n, 0) => format!("{name}: {}\n", count(n, "error")),
        (n, more) => format!("{name}: {}, {}\n", count(n, "error"), count(more, "warning")),
    });
    out
}

/// Each case in a line, and beneath it what the policy should have said.
pub(super) fn tests(report: &PolicyTestReport, colour: bool) -> String {
    let paint = Paint(colour);
    let mut out = diagnostics(&report.name, &report.diagnostics, &paint);
    if !report.valid {
        let errors = count(report.diagnostics.len(), "error");
        out.push_str(&format!("{}: {errors}, and no case was run\n", plain(&report.name)));
        return out;
    }
    for case in &report.cases {
        let mark = if case.passed { paint.with("32", "pass") } else { paint.with("1;31", "FAIL") };
        out.push_str(&format!("  {mark}  {}\n", plain(&case.name)));
        for difference in &case.differences {
            out.push_str(&format!("        {}\n", plain(difference)));
        }
        if !case.passed {
            let (headline, line) = (plain(&case.decision.headline), case.line);
            out.push_str(&format!("        the policy says: {headline} ({}:{line})\n", plain(&report.name)));
        }
    }
    let passed = report.cases.iter().filter(|case| case.passed).count();
    out.push_str(&format!("  {passed} passed, {} failed\n", report.cases.len() - passed));
    out
}
