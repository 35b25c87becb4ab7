//! git in a repository of a test, as one person and without anybody's configuration.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command of git prints, given this on its standard input.
pub fn git(folder: &Path, args: &[&str], input: &str) -> String {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=dana", "-c", "user.email=dana@example.com"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {args:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
