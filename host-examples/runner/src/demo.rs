//! `countersign demo`

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::Args;
use countersign_host::git::of_sample;

use crate::ModuleChoice;
use crate::output::print;

/// A guided run on a sample repository that it makes: blocked, signed off, passes, audited.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign demo --folder /tmp/countersign-demo\n\n\
    Writes only into the folder. Exit codes: 0 went as told, 2 did not")]
pub struct Demo {
    /// Where the sample repository is made; an earlier demo there is replaced.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

const POLICY: &str = "\
countersign: 1
name: senior-sign-off
people:
  seniors: { users: [sam] }
identities:
  sam: { emails: [sam@shop.example] }
questions:
  topology: Which running systems outside this repository does the change reach?
rules:
  - name: AI-assisted code
    when: { ai: any }
    require:
      - { approvals: 1, by: seniors, answers: [topology] }
";

const BEFORE: &str = "pub fn page(size: u32) -> u32 {\n    size\n}\n";
const AFTER: &str = "pub fn page(size: u32) -> u32 {\n    size.clamp(1, 500)\n}\n";

const MESSAGE: &str = "\
Clamp the page size of the invoice list

Requests for a million rows took the billing queue down twice.

AI-Assisted: amazon-q/2026-03
";

const ANSWER: &str = "\
topology: only the billing queue and its two readers, because invoices have no other consumer";

/// The file that marks a folder as one that a demo made.
const MARK: &str = ".countersign-demo";

impl Demo {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        // A module that cannot be loaded should say so before anything is written.
        choice.load()?;
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => std::env::temp_dir().join("countersign-demo"),
        };
        clear(&folder)?;
        let repository = folder.join("shop");
        std::fs::create_dir_all(repository.join(".countersign"))?;
        std::fs::create_dir_all(repository.join("src"))?;
        std::fs::write(folder.join(MARK), "")?;

        print(
            "1. A repository with a policy on its main branch: AI-assisted code needs a senior's sign-off.\n\n",
        )?;
        print(&indented(POLICY))?;
        git(&repository, ["init", "--quiet", "--initial-branch=main"])?;
        std::fs::write(repository.join(".countersign/policy.yaml"), POLICY)?;
        std::fs::write(repository.join("src/page.rs"), BEFORE)?;
        git(&repository, ["add", "."])?;
        git(&repository, ["commit", "--quiet", "--message", "List invoices in pages"])?;

        print("\n2. Dana lets Amazon Q clamp a page size, and says so in the commit:\n\n")?;
        print(&indented(MESSAGE))?;
        git(&repository, ["switch", "--quiet", "--create", "clamp"])?;
        std::fs::write(repository.join("src/page.rs"), AFTER)?;
        git(&repository, ["commit", "--quiet", "--all", "--message", MESSAGE])?;

        print("\n3. The gate holds the change, and says what it waits for:\n")?;
        let check = ["check", "--repo", "shop", "--target", "main", "--spool", "spool"];
        countersign(choice, &folder, &check, BLOCKED)?;

        let head = git(&repository, ["rev-parse", "HEAD"])?;
        let signoffs = format!(
            "apiVersion: countersign/v1\nkind: Signoffs\nsignoffs:\n  - by: sam\n    head: {head}\n    \
             target: refs/heads/main\n    text: |\n      {ANSWER}\n"
        );
        std::fs::write(folder.join("signoffs.yaml"), &signoffs)?;
        print("\n4. Sam answers the question and signs off exactly this commit, in signoffs.yaml:\n\n")?;
        print(&indented(&signoffs))?;

        print("\n5. The same gate, with the sign-off:\n")?;
        let with = ["--signoffs", "signoffs.yaml"];
        countersign(choice, &folder, &[&check[..], &with].concat(), PASSES)?;

        print(
            "\n6. A year later somebody asks. Both decisions were left in a spool; here they enter the trail, and it is read:\n",
        )?;
        countersign(choice, &folder, &["audit", "take-in", "spool"], DONE)?;
        countersign(choice, &folder, &["audit", "show", "2"], DONE)?;
        countersign(choice, &folder, &["audit", "replay"], DONE)?;

        let at = folder.display();
        print(&format!(
            "\nWhat to look at next, in {at}:\n\
             \x20 - change src/page.rs in shop, commit, and run step 5 again: the sign-off is for the old head, and says so\n\
             \x20 - put `by: dana@shop.example` into signoffs.yaml: an author cannot sign off\n\
             \x20 - countersign provenance --repo shop main..clamp\n\
             \x20 - countersign check --repo shop --target main --format json\n\
             \x20 - countersign audit log, and countersign audit verify, in this folder\n\
             The sign-off above counts because you gave the file: its proof is `claimed`. Nothing in it is signed.\n"
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Makes an empty folder; one that no demo made is left alone.
fn clear(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        let ours = folder.join(MARK).exists() || folder.read_dir()?.next().is_none();
        if !ours {
            bail!("{} exists and no demo made it; name an empty folder with --folder", folder.display());
        }
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   | {line}").trim_end().to_owned() + "\n").collect()
}

/// Runs git with a configuration and a clock of its own, so that the demo is the same everywhere.
fn git<I: AsRef<OsStr>>(repository: &Path, args: impl IntoIterator<Item = I>) -> anyhow::Result<String> {
    let output = of_sample(repository)
        .args(args)
        .env("GIT_AUTHOR_NAME", "Dana")
        .env("GIT_AUTHOR_EMAIL", "dana@shop.example")
        .env("GIT_AUTHOR_DATE", "2026-03-02T10:00:00Z")
        .env("GIT_COMMITTER_NAME", "Dana")
        .env("GIT_COMMITTER_EMAIL", "dana@shop.example")
        .env("GIT_COMMITTER_DATE", "2026-03-02T10:00:00Z")
        .output()
        .context("git cannot be run")?;
    if !output.status.success() {
        bail!("git failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// How a command is to end: its exit code, and what that says.
type End = (i32, &'static str);

const PASSES: End = (0, "passes");
const BLOCKED: End = (1, "blocked");
const DONE: End = (0, "done");

/// Runs this program as a user would, and holds it to the end that the demo tells.
fn countersign(choice: &ModuleChoice, folder: &Path, args: &[&str], end: End) -> anyhow::Result<()> {
    let (expected, meaning) = end;
    print(&format!("\n   $ countersign {}\n\n", args.join(" ")))?;
    let mut command = Command::new(std::env::current_exe()?);
    if let (Some(path), Some(sha256)) = (&choice.module, &choice.module_sha256) {
        command.arg("--module").arg(path.canonicalize()?).arg("--module-sha256").arg(sha256);
    }
    // A demo judges its own sample, whatever CI it runs in, and keeps its own trail.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CI_") || KNOWN.iter().any(|known| name == *known) {
            command.env_remove(&name);
        }
    }
    // A trail in the demo's own folder, wherever that stands.
    command.env("COUNTERSIGN_DATABASE", "sqlite://countersign.sqlite");
    let output = command.current_dir(folder).args(args).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print(&text.lines().map(|line| format!("   {line}").trim_end().to_owned() + "\n").collect::<String>())?;
    let code = output.status.code();
    if code != Some(expected) {
        bail!(
            "it should have ended with {expected} and ended with {code:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    print(&format!("\n   exit code {expected}: {meaning}\n"))
}

const KNOWN: &[&str] = &[
    "COUNTERSIGN_DATABASE",
    "COUNTERSIGN_SPOOL",
    "GITLAB_CI",
    "GITEA_ACTIONS",
    "FORGEJO_ACTIONS",
    "GITHUB_ACTIONS",
    "JENKINS_URL",
    "CI",
    "DRONE",
    "BUILDKITE",
];
