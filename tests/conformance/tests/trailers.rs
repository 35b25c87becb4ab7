//! The strict reading of trailers is git's own: the git on this machine is asked for the answer.

use std::io::Write;
use std::process::{Command, Stdio};

use countersign_core::provenance::trailers;
use proptest::prelude::*;

/// `git interpret-trailers --parse`, with nobody's configuration.
fn git(message: &[u8], divider: bool) -> Vec<u8> {
    let mut command = Command::new("git");
    command.args(["interpret-trailers", "--parse"]);
    if !divider {
        command.arg("--no-divider");
    }
    let mut child = command
        .current_dir(std::env::temp_dir())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(message).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// The same in our reading.
fn ours(message: &[u8], divider: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for trailer in trailers::parse(message, divider) {
        out.extend_from_slice(&trailer.key);
        out.extend_from_slice(b": ");
        out.extend_from_slice(&trailer.value);
        out.push(b'\n');
    }
    out
}

fn assert_same(message: &[u8]) {
    // In divider mode git 2.39 never ends where the divider leaves nothing, or where scissors stand below it.
    let text = String::from_utf8_lossy(message);
    let ends = !text.starts_with("---") && !text.contains(">8");
    for divider in [false, true].into_iter().filter(|divider| !divider || ends) {
        let (git, ours) = (git(message, divider), ours(message, divider));
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&git),
            "divider {divider}: {:?}",
            String::from_utf8_lossy(message)
        );
    }
}

#[test]
fn odd_messages_are_read_as_git_reads_them() {
    let scissors = "# ------------------------ >8 ------------------------\n";
    for message in [
        "",
        "\n",
        "t",
        "t\n",
        "t\n\n",
        "AI: x\n",
        "t\n\nAI: x",
        "t\n\nAI: x\n",
        "\nt\n\nAI: x\n",
        "\n\nAI: x\n",
        "t\nAI: x\n",
        "t\n\nAI: x\nprose\n",
        "t\n\nprose\nAI: x\nSigned-off-by: a\n",
        "t\n\nAI: x\n\n\n\n",
        "t\n\nAI: x\n   \n\t\n",
        "t\n\nAI: x\n folded\n\tagain\n",
        "t\n\n folded\nAI: x\n",
        "t\n\nAI: x\n \n",
        "t\n\nAI:\n",
        "t\n\nAI: \n",
        "t\n\n: x\n",
        "t\n\nA I: x\n",
        "t\n\nA_I: x\n",
        "t\n\nA-I : x\n",
        "t\n\nA-I\t: x\n",
        "t\n\nÄI: x\n",
        "t\n\nhttps://example.com\n",
        "t\n\nAI: x\n# comment\nB: y\n",
        "t\n\n# comment\nAI: x\n",
        "# comment\nt\n\nAI: x\n",
        "#\n\nAI: x\n",
        "t\n\nAI: x\n\n# Conflicts:\n#\tapi.c\n",
        "t\n\nAI: x\nConflicts:\n\tapi.c\n",
        "Conflicts:\n\tapi.c\n",
        "t\n\nConflicts:\n\tapi.c\n\nAI: x\n",
        "t\n\n(cherry picked from commit abc)\n",
        "t\n\nAI: x\n(cherry picked from commit abc)\n",
        "t\n\nAI: x\n---\nB: y\n",
        "t\n\nAI: x\n--- \n",
        "t\n\nAI: x\n----\n\nB: y\n",
        "t\n\nbody\n---\n\nAI: x\n",
        "---\nt\n\nAI: x\n",
        "--- a\n",
        "t\r\n\r\nAI: x\r\n",
        "t\r\n\r\nAI: x\r\n y\r\n",
        "t\r\rAI: x\r",
        "t\n\nAI: x\u{a0}\n",
        "t\n\nAI: \u{a0}x\n",
        "t\n\nAI: x\u{b}\n",
        "t\n\nAI: x\0y\nB: z\n",
        "t\n\n\u{b}\nAI: x\n",
        "t\n\n1: x\n",
        "t\n\n-: x\n",
        "t\n\nAI: a: b\n",
        "t\n\nAI x: b\n",
        "t\n\nSigned-off-by:x\n",
        "t\n\nsigned-off-by: x\nprose\n",
        "t\n\nSigned-off-by: x\nprose\n",
        "t\n\nSigned-off-by: a\n1\n2\n3\n",
        "t\n\nSigned-off-by: a\n1\n2\n3\n4\n",
        "t\n\nSigned-off-by: a\n b\n c\n 1\nx\n",
    ] {
        assert_same(message.as_bytes());
        assert_same(format!("{message}{scissors}B: y\n").as_bytes());
        assert_same(format!("{scissors}{message}").as_bytes());
    }
    assert_same(b"t\n\nAI: \xff\xfe\nB\xff: x\n");
}

/// Lines of which blocks of trailers are made, in any order.
fn generated() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "",
        " ",
        "\t",
        "prose",
        " indented",
        "\tindented",
        "AI-Assisted: x",
        "AI-Assisted : x",
        "AI_A: x",
        "Signed-off-by: A <a@x>",
        "Signed-off-by:",
        "(cherry picked from commit abc)",
        "(cherry picked",
        "# comment",
        "#",
        "---",
        "--- a/b",
        "----",
        "Conflicts:",
        "\tconflict.c",
        "https://example.com/x",
        ": x",
        "Key:",
        "a: b: c",
        "# ------------------------ >8 ------------------------",
        "Ké: x",
        "x\r",
        "K: v\r",
        "\r",
        "K: v  ",
        "Co-authored-by: A <a@x>",
    ]);
    (prop::collection::vec(line, 0..14), any::<bool>())
        .prop_map(|(lines, ended)| lines.join("\n") + if ended { "\n" } else { "" })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn generated_messages_are_read_as_git_reads_them(message in generated()) {
        assert_same(message.as_bytes());
    }
}

/// Over a whole history, when one is named: COUNTERSIGN_HISTORY=/path/to/repository cargo test -p conformance --test
/// trailers -- --ignored --nocapture
#[test]
#[ignore = "needs a large repository, named by COUNTERSIGN_HISTORY"]
fn a_public_history_is_read_as_git_reads_it() {
    let repository = std::env::var("COUNTERSIGN_HISTORY").expect("COUNTERSIGN_HISTORY names a repository");
    let repository = countersign_host::git::Repository::open(repository.as_ref()).unwrap();
    let (mut commits, mut with, mut differ) = (0, 0, 0);
    for commit in repository.commits("HEAD", &[]).unwrap() {
        let commit = commit.unwrap();
        let message = commit.message.as_bytes();
        let (git, ours) = (git(message, false), ours(message, false));
        commits += 1;
        with += usize::from(!git.is_empty());
        if git != ours {
            differ += 1;
            println!(
                "{}: git {:?}, ours {:?}",
                commit.sha,
                String::from_utf8_lossy(&git),
                String::from_utf8_lossy(&ours)
            );
        }
    }
    println!("{commits} commits, {with} with trailers, {differ} differ");
    assert_eq!(differ, 0);
}
