//! What the hook adds to a push to a protected branch.

use std::path::Path;
use std::time::{Duration, Instant};

use gitea_tests::git::Clone;
use gitea_tests::{program, run};

use crate::say;
use crate::timing::median;

/// How many commits are pushed, and how often.
const PUSHES: &[(usize, usize)] = &[(1, 15), (100, 9), (10_000, 3)];

/// A policy whose rule applies to none of what is pushed, so that the push goes through with and without the hook.
const POLICY: &str = "\
countersign: 1
name: bench
people: { seniors: { users: [sam@example.com] } }
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors }]
";

/// Pushes the same commits with the hook and without, in turn, each to a repository of its own.
pub fn pushes() -> anyhow::Result<bool> {
    let folder = tempfile::tempdir()?;
    for (commits, runs) in PUSHES {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        let dana = Clone::new(&folder.path().join(format!("dana-{commits}")), "dana", "/nowhere");
        dana.write(".countersign/policy.yaml", POLICY);
        dana.commit("Begin");
        dana.git(&["branch", "begin"]);
        many(&dana, *commits);
        for at in 0..*runs {
            for hook in [true, false] {
                let bare = folder.path().join(format!("{commits}-{at}-{hook}.git"));
                run(std::process::Command::new("git")
                    .args(["init", "--quiet", "--bare", "-b", "main"])
                    .arg(&bare));
                let bare_name = bare.to_str().unwrap_or_default();
                dana.git(&["push", "--quiet", bare_name, "begin:main"]);
                if hook {
                    install(&bare, folder.path());
                }
                let started = Instant::now();
                dana.git(&["push", "--quiet", bare_name, "main"]);
                if hook { &mut with } else { &mut without }.push(started.elapsed());
                std::fs::remove_dir_all(&bare)?;
            }
        }
        let (with, without) = (median(with), median(without));
        say(&format!("hook.push.{commits}"), millis(without), "ms");
        say(&format!("hook.push.{commits}.added"), millis(with.saturating_sub(without)), "ms");
    }
    Ok(true)
}

fn millis(time: Duration) -> String {
    format!("{:.0}", time.as_secs_f64() * 1_000.0)
}

/// Commits on top of the branch, by `git fast-import`.
fn many(clone: &Clone, commits: usize) {
    let mut stream = String::new();
    for n in 0..commits {
        let from = if n == 0 { "from refs/heads/begin\n" } else { "" };
        let message = format!("Change {n}\n");
        let (time, length) = (1_700_000_000 + n, message.len());
        stream.push_str(&format!(
            "commit refs/heads/main\ncommitter dana <dana@example.com> {time} +0000\ndata {length}\n{message}{from}\
             M 100644 inline f{}.rs\ndata {}\n{n}\n",
            n % 500,
            n.to_string().len() + 1
        ));
    }
    let path = clone.folder.join(".git/stream");
    std::fs::write(&path, stream).unwrap_or_default();
    let ran = run(std::process::Command::new("sh")
        .arg("-c")
        .arg("git fast-import --quiet --force < .git/stream")
        .current_dir(&clone.folder));
    assert_eq!(ran.code, 0, "{}", ran.text);
}

fn install(bare: &Path, spool: &Path) {
    let hooks = bare.join("hooks");
    let hook = format!(
        "#!/bin/sh\nexec {} pre-receive --spool {}\n",
        program("countersign-gitea").display(),
        spool.join("spool").display()
    );
    std::fs::create_dir_all(&hooks).unwrap_or_default();
    let path = hooks.join("pre-receive");
    std::fs::write(&path, hook).unwrap_or_default();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, executable).unwrap_or_default();
}
