//! The policy of the bench in other engines, native, beside ours in its sandbox: `tests/rivals` holds them.
//!
//! All start from the text of the same request and must name the same rules that block. The others have read their policy
//! before; ours comes with the request, and ours alone explains itself.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use countersign_host::module::{Function, Module};

use crate::module::{APPROVERS, POLICY, request};
use crate::say;
use crate::timing::{median, ratio};

/// The engines, and how many times faster ours is to be.
const ENGINES: &[(&str, u32)] = &[("regorus", 10), ("cedar", 5)];

/// Each engine is asked this often in a row, as a service asks it, and then the next, so that all share the moods of the machine.
const ROUNDS: (usize, usize) = (10, 20);

/// An engine that waits for requests.
struct Rival {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Rival {
    fn start(engine: &str) -> anyhow::Result<Self> {
        let program = countersign_packaging::workspace().join("target/rivals/release/rivals");
        ensure!(program.exists(), "{} is not built; use `cargo xtask bench`", program.display());
        let mut process =
            Command::new(program).arg(engine).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = process.stdin.take().context("a pipe")?;
        let answers = BufReader::new(process.stdout.take().context("a pipe")?);
        Ok(Rival { process, questions, answers })
    }

    /// How long it takes, by its own clock, and which rules block.
    fn ask(&mut self, request: &Path) -> anyhow::Result<(Duration, String)> {
        writeln!(self.questions, "{}", request.display())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let (time, blocking) = answer.trim_end_matches('\n').split_once(' ').context("no answer")?;
        Ok((Duration::from_nanos(time.parse()?), blocking.to_owned()))
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The rules that block, by our module.
fn blocking(answer: &str) -> anyhow::Result<String> {
    let decision: serde_json::Value = serde_json::from_str(answer)?;
    let rules = decision["rules"].as_array().context("a decision has rules")?;
    let blocks = |rule: &&serde_json::Value| matches!(rule["state"].as_str(), Some("pending" | "denied"));
    let mut names: Vec<&str> = rules.iter().filter(blocks).filter_map(|rule| rule["name"].as_str()).collect();
    names.sort_unstable();
    Ok(names.join(", "))
}

/// Writes a request where the others can read it.
fn written(name: &str, request: &[u8]) -> anyhow::Result<PathBuf> {
    let folder = countersign_packaging::workspace().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    std::fs::write(&path, request)?;
    Ok(path)
}

pub fn rivals() -> anyhow::Result<bool> {
    let module = Module::embedded()?;
    let mut rivals =
        ENGINES.iter().map(|(name, _)| Rival::start(name)).collect::<anyhow::Result<Vec<_>>>()?;
    for (approvers, name) in [(&["dev1"][..], "unapproved.json"), (&["rhea"], "half.json")] {
        let request = request(POLICY, 100, 200, approvers)?;
        let path = written(name, &request)?;
        let ours = blocking(&module.call(Function::Evaluate, &request)?)?;
        for (rival, (engine, _)) in rivals.iter_mut().zip(ENGINES) {
            let (_, theirs) = rival.ask(&path)?;
            ensure!(ours == theirs, "{name}: ours is blocked by {ours:?}, {engine} by {theirs:?}");
        }
    }
    let request = request(POLICY, 100, 200, APPROVERS)?;
    let path = written("approved.json", &request)?;
    ensure!(
        blocking(&module.call(Function::Evaluate, &request)?)?.is_empty(),
        "ours blocks what is approved"
    );
    let mut ours = Vec::new();
    let mut theirs = vec![Vec::new(); rivals.len()];
    for _ in 0..ROUNDS.0 {
        for _ in 0..ROUNDS.1 {
            let start = Instant::now();
            module.call(Function::Evaluate, &request)?;
            ours.push(start.elapsed());
        }
        for (rival, times) in rivals.iter_mut().zip(&mut theirs) {
            for _ in 0..ROUNDS.1 {
                let (time, blocking) = rival.ask(&path)?;
                ensure!(blocking.is_empty(), "an approved change is blocked by {blocking}");
                times.push(time);
            }
        }
    }
    let ours = median(ours);
    say("rivals.ours.sandbox", ours.as_micros(), "us");
    for ((engine, target), times) in ENGINES.iter().zip(theirs) {
        let theirs = median(times);
        say(&format!("rivals.{engine}.native"), theirs.as_micros(), "us");
        say(
            &format!("rivals.{engine}.ratio"),
            ratio(theirs, ours),
            &format!("{engine}/ours, target {target}"),
        );
    }
    Ok(true)
}
