//! The strict reading of trailers is git's own: the git on this machine is asked for the answer.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::git::{assert_same_trailers, trailers_by_git, trailers_by_us};
use proptest::prelude::*;

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
        assert_same_trailers(message.as_bytes());
        assert_same_trailers(format!("{message}{scissors}B: y\n").as_bytes());
        assert_same_trailers(format!("{scissors}{message}").as_bytes());
    }
    assert_same_trailers(b"t\n\nAI: \xff\xfe\nB\xff: x\n");
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
        assert_same_trailers(message.as_bytes());
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
        let (git, ours) = (trailers_by_git(message, false), trailers_by_us(message, false));
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
