//! The module in its sandbox against the core itself.

use std::io::{ErrorKind, Write as _};
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use countersign_core::model::{
    API_VERSION, Account, Act, ActKind, Change, Commit, Document, Fact, File, FileStatus, Ident, ObjectId,
    Parent, Proof, Repository, Request, Role, Software, Text, Trigger, TriggerKind, When,
};
use countersign_host::module::{Function, Module};

use crate::timing::{Pairs, median, ratio};
use crate::{budget, say};

pub const POLICY: &str = "\
countersign: 1
name: bench
people:
  seniors: { users: [sam, rhea] }
  owners: { users: [olga] }
identities:
  sam: { emails: [sam@example.com] }
  rhea: { emails: [rhea@example.com] }
  olga: { emails: [olga@example.com] }
questions:
  topology: Which running systems outside this repository does the change reach?
rules:
  - name: AI-assisted code
    when: { ai: any }
    require:
      - { approvals: 1, by: seniors, answers: [topology] }
  - name: Authentication
    when: { paths: [\"auth/**\", \"*.pem\"] }
    require:
      - { approvals: 2, by: [seniors, owners] }
  - name: Migrations
    when: { all: [{ paths: [\"migrations/**\"] }, { not: { paths: [\"migrations/test/**\"] } }] }
    require:
      - { approvals: 1, by: owners }
  - name: No AI in cryptography
    when: { ai: any, paths: [\"crypto/**/*.{rs,c}\"] }
    deny: AI-assisted changes are not accepted in crypto/.
";

/// Whoever approves what the bench decides about.
pub const APPROVERS: &[&str] = &["sam", "rhea", "olga", "dev1"];

/// Forty digits that say nothing of `n`, as those of a commit do (splitmix64).
fn hash(n: usize) -> String {
    let mut state = n as u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    format!("{:016x}{:016x}{:08x}", next(), next(), next() as u32)
}

/// A change of 100 commits and 200 files, most of it AI-assisted, as a real one is.
pub fn request(policy: &str, commits: usize, files: usize, approvers: &[&str]) -> anyhow::Result<Vec<u8>> {
    let id = |n: usize| ObjectId::new(hash(n)).context("an id");
    let base = id(1)?;
    let mut listed = Vec::new();
    let mut head = base.clone();
    for n in 0..commits {
        let sha = id(n + 2)?;
        let who = Ident {
            name: format!("Dev {}", n % 7).into(),
            email: format!("dev{}@example.com", n % 7).into(),
            time: Some(When::from_seconds(1_772_445_600 + n as i64)),
            account: None,
        };
        let trailer = match n % 5 {
            0 => "AI-Assisted: amazon-q/2026-03",
            1 => "Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>",
            2 => "Assisted-by: Codex:GPT-5.4",
            3 => "Reviewed-by: Sam <sam@example.com>",
            _ => "Signed-off-by: Dev <dev@example.com>",
        };
        listed.push(Commit {
            sha: sha.clone(),
            tree: Some(id(n + 100_000)?),
            parents: vec![Parent { sha: head.clone(), in_target: head == base }],
            author: who.clone(),
            committer: who,
            message: format!(
                "Change number {n} of the page code\n\nIt clamps what a request can ask for, and says why.\n\n{trailer}\n"
            )
            .into(),
            ..Commit::default()
        });
        head = sha;
    }
    let folders = ["auth", "docs", "migrations", "src"];
    let files = (0..files).map(|n| File {
        // In order, as git lists them.
        path: format!("{}/module_{:02}/file_{n:04}.rs", folders[n * 4 / files], n * 68 / files % 17).into(),
        status: FileStatus::Modified,
        old_mode: Some("100644".into()),
        new_mode: Some("100644".into()),
        ..File::default()
    });
    let request = Request {
        api_version: API_VERSION.into(),
        trigger: Trigger {
            kind: TriggerKind::Check,
            host: Software { name: "bench".into(), version: "0".into() },
            platform: Software { name: "git".into(), version: "2".into() },
            now: When::from_seconds(1_772_500_000),
            require_policy: false,
        },
        documents: vec![Document {
            role: Role::Policy,
            source: "git".into(),
            path: Some("policy.yaml".into()),
            bytes: Text::from(policy.to_owned()),
            ..Document::default()
        }]
        .into(),
        change: Some(Change {
            repository: Repository { name: Some("bench/bench".into()), ..Repository::default() },
            target: "refs/heads/main".into(),
            base_tip: base.clone(),
            merge_base: Some(base),
            head: head.clone(),
            ..Change::default()
        }),
        commits: listed.into(),
        files: files.collect(),
        acts: approvers
            .iter()
            .enumerate()
            .map(|(n, login)| Act {
                id: format!("review-{n}").into(),
                kind: ActKind::Approve,
                actor: Account { login: Some((*login).into()), ..Account::default() },
                proof: Proof::Claimed,
                at: Some(When::from_seconds(1_772_490_000 + n as i64)),
                head: Some(head.clone()),
                text: Some("topology: only the billing queue and its two readers".into()),
                ..Act::default()
            })
            .collect(),
        complete: vec![Fact::Documents, Fact::Commits, Fact::Files, Fact::Acts, Fact::Notes, Fact::Traces],
        absent: vec![Fact::Text, Fact::Pushes, Fact::Opener, Fact::Requester, Fact::People],
        ..Request::default()
    };
    Ok(serde_json::to_vec(&request)?)
}

/// A request through the sandbox and through the core itself, in turn.
fn side_by_side(runs: usize, request: &[u8]) -> anyhow::Result<Pairs> {
    let module = Module::embedded()?;
    Pairs::run(
        runs,
        || {
            module.call(Function::Evaluate, request)?;
            Ok(())
        },
        || {
            countersign_core::evaluate(request)?;
            Ok(())
        },
    )
}

pub fn evaluate() -> anyhow::Result<bool> {
    let request = request(POLICY, 100, 200, APPROVERS)?;
    say("evaluate.request", request.len(), "B");
    let pairs = side_by_side(200, &request)?;
    let (sandbox, native) = pairs.medians();
    say("evaluate.sandbox", sandbox.as_micros(), "us");
    say("evaluate.native", native.as_micros(), "us");
    say("evaluate.ratio", ratio(sandbox, native), "sandbox/native");
    say("evaluate.ratio.spread", pairs.spread(), "sandbox/native");
    Ok(instructions(&request)? && budgets()?)
}

/// Instructions that a decision of this size may take natively.
const INSTRUCTIONS: u64 = 2_900_000;

/// Instructions of the core alone, as valgrind counts them: the same on a machine that is busy. Where valgrind is missing, they
/// are left out, and it is said.
fn instructions(request: &[u8]) -> anyhow::Result<bool> {
    let mut stored = tempfile::NamedTempFile::new()?;
    stored.write_all(request)?;
    let counted = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg("--toggle-collect=countersign_core::facade::evaluate")
        .arg(std::env::current_exe()?.with_file_name("decide"))
        .arg(stored.path())
        .output();
    let counted = match counted {
        Ok(counted) => counted,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("evaluate.instructions is left out: valgrind, which counts them, is not installed");
            return Ok(true);
        }
        Err(error) => return Err(error).context("valgrind"),
    };
    let said = String::from_utf8_lossy(&counted.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    let count = count.filter(|count| *count > 0 && counted.status.success());
    let count = count.with_context(|| format!("valgrind counted no instructions of `evaluate`: {said}"))?;
    Ok(budget("evaluate.instructions", count, INSTRUCTIONS, "instructions"))
}

/// A policy of a hundred rules, as one that grew over the years in a repository of many services.
fn hundred_rules() -> String {
    let mut policy = POLICY.to_owned();
    for n in 0..24 {
        policy.push_str(&format!(
            "  - name: Service {n}
    when: {{ paths: [\"services/s{n}/**\", \"charts/s{n}-*.yaml\"] }}
    require: [{{ approvals: 1, by: owners }}]
  - name: AI in service {n}
    when: {{ ai: {{ rank: declared }}, paths: {{ changed: [\"services/s{n}/**/*.rs\"], ignore: [\"**/tests/**\"] }} }}
    require: [{{ approvals: 1, by: seniors, answers: [topology] }}]
  - name: Schema of {n}
    when: {{ paths: [\"db/s{n}/*.sql\"] }}
    require: [{{ approvals: 2, by: [seniors, owners] }}]
  - name: Secrets of {n}
    when: {{ paths: [\"re:(^|/)s{n}[^/]*\\\\.(pem|key)$\"] }}
    deny: Secrets do not belong into the repository.
"
        ));
    }
    policy
}

/// What is large: 1,000 commits, 5,000 files and 100 rules in one call.
pub fn large() -> anyhow::Result<bool> {
    let request = request(&hundred_rules(), 1_000, 5_000, APPROVERS)?;
    say("large.request", request.len(), "B");
    let (sandbox, native) = side_by_side(40, &request)?.medians();
    say("large.sandbox", format!("{:.1}", sandbox.as_secs_f64() * 1e3), "ms");
    say("large.native", format!("{:.1}", native.as_secs_f64() * 1e3), "ms");
    Ok(true)
}

/// Fuel that a decision of this size may take.
const FUEL: u64 = 5_280_000;

pub fn budgets() -> anyhow::Result<bool> {
    let (_, cost) =
        Module::metered()?.measured_call(Function::Evaluate, &request(POLICY, 100, 200, APPROVERS)?)?;
    let fuel = budget("evaluate.fuel", cost.fuel.unwrap_or(u64::MAX), FUEL, "fuel");
    Ok(budget("evaluate.memory", cost.memory as u64, 16 << 20, "B") && fuel)
}

pub fn start() -> anyhow::Result<bool> {
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        Module::embedded()?.call(Function::Describe, b"")?;
        times.push(start.elapsed());
    }
    say("start.module", format!("{:.2}", median(times).as_secs_f64() * 1e3), "ms");
    let module = Module::embedded()?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        module.call(Function::Describe, b"")?;
        times.push(start.elapsed());
    }
    say("start.instance", median(times).as_micros(), "us");
    Ok(true)
}

pub fn notes() -> anyhow::Result<bool> {
    let mut note = String::from("src/page.rs\n");
    for n in 0..2_000 {
        note.push_str(&format!("  f2c1eb246c3f356e {n}-{},{}\n", n + 3, n + 9));
    }
    note.push_str("---\n{\"prompts\": {\"f2c1eb246c3f356e\": {\"messages\": \"");
    note.push_str(&"conversation ".repeat(250_000));
    note.push_str("\"}}}");
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        let read = countersign_core::provenance::note::attestation(note.as_bytes());
        times.push(start.elapsed());
        anyhow::ensure!(read.files.len() == 1);
    }
    say("notes.size", note.len(), "B");
    say("notes.attestation", median(times).as_micros(), "us");
    Ok(true)
}
