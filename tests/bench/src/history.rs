//! The command on long histories, against git itself and against itself.
//!
//! The history is made once, in `target/bench`, by `git fast-import`: 100,000 commits over 20,000 files. Set
//! BENCH_REPOSITORY to measure on another, such as a clone of a large public project.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::say;
use crate::timing::{in_turn, median, ratio};

const COMMITS: usize = 100_000;

fn repository() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("BENCH_REPOSITORY") {
        return Ok(path.into());
    }
    let folder = countersign_packaging::workspace().join("target/bench/history");
    let done = folder.join("made");
    if done.exists() {
        return Ok(folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    eprintln!("making a history of {COMMITS} commits");
    anyhow::ensure!(git(&folder).args(["init", "--quiet", "--initial-branch=main"]).status()?.success());
    let mut import = git(&folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
    let mut out = BufWriter::new(import.stdin.take().context("a pipe")?);
    for n in 0..COMMITS {
        let trailer = match n % 10 {
            0 => "\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n",
            1 => "\nSigned-off-by: Dev <dev@example.com>\nReviewed-by: Sam <sam@example.com>\n",
            2 => "\nAssisted-by: Codex:GPT-5.4\n",
            _ => "",
        };
        let message = format!(
            "Change {n} of the page code\n\nIt clamps what a request can ask for. The reason is in the ticket,\n\
             and the measurement that led to it is in the commit before.\n{trailer}"
        );
        let time = 1_500_000_000 + n * 60;
        write!(
            out,
            "commit refs/heads/main\ncommitter Dev {} <dev{}@example.com> {time} +0000\n",
            n % 50,
            n % 50
        )?;
        write!(out, "data {}\n{message}\n", message.len())?;
        // The first commit brings all files, each later one changes three.
        let files: Vec<usize> = if n == 0 {
            (0..20_000).collect()
        } else {
            (0..3).map(|k| (n * 7 + k * 6_421) % 20_000).collect()
        };
        for file in files {
            let content = format!("file {file}\nchanged by {n}\n");
            write!(
                out,
                "M 100644 inline d{}/e{}/f{file}.rs\ndata {}\n{content}\n",
                file % 40,
                file % 900,
                content.len()
            )?;
        }
    }
    out.flush()?;
    drop(out);
    anyhow::ensure!(import.wait()?.success(), "git fast-import failed");
    anyhow::ensure!(git(&folder).args(["reset", "--quiet"]).status()?.success());
    std::fs::write(done, "")?;
    Ok(folder)
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).stdout(Stdio::null());
    command
}

/// The command, as built beside this one.
fn countersign() -> anyhow::Result<Command> {
    let path = std::env::current_exe()?.with_file_name("countersign");
    if !path.exists() {
        bail!("{} is not built; use `cargo xtask bench`", path.display());
    }
    let mut command = Command::new(path);
    command.stdout(Stdio::null()).env("CI", "true");
    Ok(command)
}

/// Runs to the end; a gate that blocks is an answer.
fn answered(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status()?;
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => bail!("{command:?} ended with {status}"),
    }
}

fn policy() -> anyhow::Result<PathBuf> {
    Ok(countersign_packaging::workspace().join("policies/senior-sign-off/policy.yaml"))
}

/// `check` of the last commits by first parents.
fn check_last(repository: &Path, commits: usize) -> anyhow::Result<Command> {
    let mut command = countersign()?;
    let base = format!("HEAD~{commits}");
    command.args(["check", "--target", "refs/heads/none", "--base", &base, "--repo"]).arg(repository);
    command.arg("--policy").arg(policy()?);
    Ok(command)
}

pub fn check() -> anyhow::Result<bool> {
    let repository = repository()?;
    let range = "HEAD~1000..HEAD";
    let (ours, gits) = in_turn(
        9,
        || answered(&mut check_last(&repository, 1_000)?),
        || answered(git(&repository).args(["log", "--raw", "--format=%B", range])),
    )?;
    say("check.1000", ours.as_millis(), "ms");
    say("check.1000.git-log", gits.as_millis(), "ms");
    say("check.1000.ratio", ratio(ours, gits), "check/git-log");
    let (many, few) = in_turn(
        5,
        || answered(&mut check_last(&repository, 10_000)?),
        || answered(&mut check_last(&repository, 1_000)?),
    )?;
    say("check.10000", many.as_millis(), "ms");
    say("check.10000.ratio", ratio(many, few), "10000/1000");
    Ok(true)
}

pub fn provenance() -> anyhow::Result<bool> {
    let repository = repository()?;
    let read = |range: String| -> anyhow::Result<(Duration, u64)> {
        let mut command = countersign()?;
        command.args(["provenance", "--repo"]).arg(&repository).arg(range);
        peak(&mut command)
    };
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let (mut few_peak, mut many_peak) = (0, 0);
    for _ in 0..3 {
        let (time, memory) = read("HEAD~10000..HEAD".into())?;
        few.push(time);
        few_peak = memory.max(few_peak);
        let (time, memory) = read("HEAD~99999..HEAD".into())?;
        many.push(time);
        many_peak = memory.max(many_peak);
    }
    let (few, many) = (median(few), median(many));
    say("provenance.10000", few.as_millis(), "ms");
    say("provenance.100000", many.as_millis(), "ms");
    say("provenance.ratio", ratio(many, few), "100000/10000");
    say("provenance.10000.peak", few_peak, "kB");
    say("provenance.100000.peak", many_peak, "kB");
    Ok(true)
}

/// Runs to the end, and tells time and peak memory, as Linux counts it.
fn peak(command: &mut Command) -> anyhow::Result<(Duration, u64)> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut peak = 0;
    let status = loop {
        let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let high = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = high.unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    anyhow::ensure!(status.success(), "{command:?} ended with {status}");
    Ok((start.elapsed(), peak))
}
