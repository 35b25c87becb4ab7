//! The command on long histories, against git itself and against itself.
//!
//! The histories are made once, in `target/bench`, by `git fast-import`. `COUNTERSIGN_BENCH_REPOSITORIES` names a folder
//! of others to measure on, such as clones of large public projects.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::say;
use crate::timing::{Pairs, in_turn, median, ratio};

/// What a history that is made looks like.
struct Shape {
    name: &'static str,
    commits: usize,
    files: usize,
    /// Files that a commit changes.
    changed: usize,
    /// Each commit of this number merges a branch of two commits; 0 for a history without merges.
    merges: usize,
}

/// A long history in one line, one of many merges, and one of few commits over very many files.
const SHAPES: [Shape; 3] = [
    Shape { name: "long", commits: 100_000, files: 20_000, changed: 3, merges: 0 },
    Shape { name: "merges", commits: 20_000, files: 4_000, changed: 2, merges: 4 },
    Shape { name: "wide", commits: 5_000, files: 120_000, changed: 12, merges: 0 },
];

/// Commits that are checked.
const LAST: usize = 1_000;

/// Pairs of a measure against git.
const PAIRS: usize = 15;

/// The repositories to measure on, by name.
fn repositories() -> anyhow::Result<Vec<(String, PathBuf)>> {
    let Some(folder) = std::env::var_os("COUNTERSIGN_BENCH_REPOSITORIES") else {
        return SHAPES.iter().map(|shape| Ok((shape.name.to_owned(), made(shape)?))).collect();
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        if git(&path).args(["rev-parse", "HEAD"]).stderr(Stdio::null()).status()?.success() {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The long history.
fn long() -> anyhow::Result<PathBuf> {
    made(&SHAPES[0])
}

fn made(shape: &Shape) -> anyhow::Result<PathBuf> {
    let folder = countersign_packaging::workspace().join("target/bench").join(shape.name);
    let done = folder.join("made");
    if done.exists() {
        return Ok(folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    eprintln!("making a history of {} commits over {} files", shape.commits, shape.files);
    anyhow::ensure!(
        git(&folder).args(["init", "--quiet", "--bare", "--initial-branch=main"]).status()?.success()
    );
    let mut import = git(&folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
    let mut out = BufWriter::new(import.stdin.take().context("a pipe")?);
    for n in 0..shape.commits {
        shape.write(&mut out, n)?;
    }
    out.flush()?;
    drop(out);
    anyhow::ensure!(import.wait()?.success(), "git fast-import failed");
    std::fs::write(done, "")?;
    Ok(folder)
}

impl Shape {
    /// Writes a commit as `git fast-import` reads it; its mark is one more than its number.
    fn write(&self, out: &mut impl Write, n: usize) -> anyhow::Result<()> {
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
        // The commits before one that merges stand on a branch of their own.
        let place = n.checked_rem(self.merges).unwrap_or_default();
        let (merges, begins) = (place + 1 == self.merges, place + 3 == self.merges);
        let branch = if begins || place + 2 == self.merges { "topic" } else { "main" };
        let (time, who) = (1_500_000_000 + n * 60, n % 50);
        writeln!(out, "commit refs/heads/{branch}\nmark :{}", n + 1)?;
        writeln!(out, "committer Dev {who} <dev{who}@example.com> {time} +0000")?;
        writeln!(out, "data {}\n{message}", message.len())?;
        if begins {
            writeln!(out, "from :{n}")?;
        }
        if merges {
            writeln!(out, "merge :{n}")?;
        }
        // The first commit brings all files.
        let files: Vec<usize> = match n {
            0 => (0..self.files).collect(),
            _ => (0..self.changed).map(|k| (n * 7 + k * 6_421) % self.files).collect(),
        };
        for file in files {
            let content = format!("file {file}\nchanged by {n}\n");
            let length = content.len();
            writeln!(
                out,
                "M 100644 inline d{}/e{}/f{file}.rs\ndata {length}\n{content}",
                file % 40,
                file % 900
            )?;
        }
        Ok(())
    }
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

/// The commit of the first parents behind which at least so many commits came, over all parents.
fn before_last(repository: &Path, commits: usize) -> anyhow::Result<String> {
    let lines = |args: &[&str]| -> anyhow::Result<String> {
        let output = git(repository).args(args).stdout(Stdio::piped()).output()?;
        anyhow::ensure!(output.status.success(), "git {args:?}");
        Ok(String::from_utf8(output.stdout)?)
    };
    let first_parents =
        lines(&["rev-list", "--first-parent", &format!("--max-count={}", commits + 1), "HEAD"])?;
    let first_parents: Vec<&str> = first_parents.lines().collect();
    let (mut few, mut enough) = (0, first_parents.len().saturating_sub(1));
    while few + 1 < enough {
        let middle = few.midpoint(enough);
        let count: usize =
            lines(&["rev-list", "--count", &format!("{}..HEAD", first_parents[middle])])?.trim().parse()?;
        if count < commits { few = middle } else { enough = middle }
    }
    first_parents.get(enough).map(|id| (*id).to_owned()).context("the repository has no commits")
}

/// A change of the last commits of a repository: a bare one of its own that reads the objects of that, with the target where the
/// change begins.
struct Last {
    folder: tempfile::TempDir,
}

impl Last {
    fn of(repository: &Path, commits: usize) -> anyhow::Result<Self> {
        let line = |args: &[&str]| -> anyhow::Result<String> {
            let output = git(repository).args(args).stdout(Stdio::piped()).output()?;
            anyhow::ensure!(output.status.success(), "git {args:?}");
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        let base = before_last(repository, commits)?;
        let head = line(&["rev-parse", "HEAD"])?;
        let objects = line(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
        let folder = tempfile::tempdir()?;
        let done = |args: &[&str]| -> anyhow::Result<()> {
            anyhow::ensure!(git(folder.path()).args(args).status()?.success(), "git {args:?}");
            Ok(())
        };
        done(&["init", "--quiet", "--bare", "--initial-branch=main"])?;
        std::fs::write(folder.path().join("objects/info/alternates"), format!("{objects}\n"))?;
        done(&["update-ref", "refs/heads/main", &base])?;
        done(&["update-ref", "refs/heads/work", &head])?;
        Ok(Last { folder })
    }

    fn check(&self) -> anyhow::Result<()> {
        let mut command = countersign()?;
        command.args(["check", "--target", "main", "--head", "work", "--repo"]).arg(self.folder.path());
        answered(command.arg("--policy").arg(policy()?))
    }

    fn log(&self) -> anyhow::Result<()> {
        answered(git(self.folder.path()).args(["log", "--raw", "main..work"]))
    }
}

pub fn check() -> anyhow::Result<bool> {
    for (name, repository) in repositories()? {
        let last = Last::of(&repository, LAST)?;
        let pairs = Pairs::run(PAIRS, || last.check(), || last.log())?;
        against_git(&format!("check.{name}.{LAST}"), &pairs);
    }
    let repository = long()?;
    let [many, few] = [10_000, 1_000].map(|commits| Last::of(&repository, commits));
    let (many, few) = (many?, few?);
    let (many, few) = in_turn(5, || many.check(), || few.check())?;
    say("check.10000", many.as_millis(), "ms");
    say("check.10000.ratio", ratio(many, few), "10000/1000");
    Ok(true)
}

/// Says what a command takes beside git.
fn against_git(name: &str, pairs: &Pairs) {
    let (ours, gits) = pairs.medians();
    say(&format!("{name}.ratio"), ratio(ours, gits), "countersign/git-log");
    say(&format!("{name}.ratio.spread"), pairs.spread(), "countersign/git-log");
    say(name, ours.as_millis(), "ms");
    say(&format!("{name}.git-log"), gits.as_millis(), "ms");
}

pub fn provenance() -> anyhow::Result<bool> {
    for (name, repository) in repositories()? {
        let pairs = Pairs::run(
            PAIRS,
            || answered(countersign()?.args(["provenance", "--repo"]).arg(&repository)),
            || answered(git(&repository).arg("log")),
        )?;
        against_git(&format!("provenance.{name}"), &pairs);
    }
    let repository = long()?;
    let read = |range: &str| -> anyhow::Result<(Duration, u64)> {
        let mut command = countersign()?;
        command.args(["provenance", "--repo"]).arg(&repository).arg(range);
        peak(&mut command)
    };
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let (mut few_peak, mut many_peak) = (0, 0);
    for _ in 0..3 {
        let (time, memory) = read("HEAD~10000..HEAD")?;
        few.push(time);
        few_peak = memory.max(few_peak);
        let (time, memory) = read("HEAD~99999..HEAD")?;
        many.push(time);
        many_peak = memory.max(many_peak);
    }
    let (few, many) = (median(few), median(many));
    say("provenance.10000", few.as_millis(), "ms");
    say("provenance.100000", many.as_millis(), "ms");
    say("provenance.100000.ratio", ratio(many, few), "100000/10000");
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
