//! A mailmap is read as git reads it: the git on this machine is asked whom it takes people for.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_core::signoff::mailmap::Mailmap;
use proptest::prelude::*;

/// `git check-mailmap`, with nobody's configuration: of each `Name <address>` whom it stands for, as git prints it.
fn git(folder: &Path, map: &str, idents: &[(String, String)]) -> String {
    std::fs::write(folder.join("map"), map).unwrap();
    let mut child = Command::new("git")
        .args(["-c", "mailmap.file=map", "check-mailmap", "--stdin"])
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for (name, email) in idents {
        writeln!(stdin, "{}", contact(name, email)).unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{map:?} {idents:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same in our reading.
fn ours(map: &str, idents: &[(String, String)]) -> String {
    let mut mailmap = Mailmap::default();
    mailmap.read(map);
    let lines = idents.iter().map(|(name, email)| {
        let (name, email) = mailmap.lookup(name, email);
        contact(name, email) + "\n"
    });
    lines.collect()
}

fn contact(name: &str, email: &str) -> String {
    if name.is_empty() { format!("<{email}>") } else { format!("{name} <{email}>") }
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("git").args(["init", "-q"]).arg(folder.path()).status().unwrap();
    assert!(made.success());
    folder
}

fn everybody() -> Vec<(String, String)> {
    let names = ["Ann", "ann lee", "Bob Ray", "", "Zoë"];
    let emails = ["ann@shop", "bob@shop", "BOB@Shop", "old@shop", "svn", "root@localhost", "Zoë@shop", ""];
    let pairs = names.iter().flat_map(|name| emails.iter().map(move |email| (*name, *email)));
    // Of an ident that holds nothing at all git makes none.
    pairs
        .filter(|(name, email)| !(name.is_empty() && email.is_empty()))
        .map(|(name, email)| (name.to_owned(), email.to_owned()))
        .collect()
}

#[test]
fn odd_lines_are_read_as_git_reads_them() {
    let folder = repository();
    let idents = everybody();
    for map in [
        "",
        "\n\n",
        "Ann L. <ann@shop>\n",
        "<ann@shop> <bob@shop>\n",
        "Ann L. <ann@shop> <bob@shop>\n",
        "Ann L. <ann@shop> Bob Ray <bob@shop>\n",
        "Ann L. <ann@shop> Bob Ray <bob@shop>",
        "Ann <ann@shop> Ann Lee <root@localhost>\nBob <bob@shop> Bob Ray <root@localhost>\n",
        "<ann@shop> <bob@shop> <old@shop>\n",
        "Ann <ann@shop> Bob <bob@shop> Old <old@shop>\n",
        "<ann@shop> <bob@shop> see <wiki>\n",
        "<ann@shop> < bob@shop >\n",
        "< ann@shop > <bob@shop>\n",
        "# <ann@shop> <bob@shop>\n",
        " # <ann@shop> <bob@shop>\n",
        "<ann@shop> <bob@shop> # the same\n",
        "Ann <ann@shop> <>\n",
        "<> <ann@shop>\n",
        "<ann@shop> <bob@shop\n",
        "ann@shop> <bob@shop>\n",
        "Ann <ann@shop <bob@shop>\n",
        "<ann@shop> <old@shop>\n<bob@shop> <ann@shop>\n",
        "Bob <bob@shop> Nobody <ann@shop>\n",
        "Bob <bob@shop> <svn>\n",
        "<ann@shop> <mailto:bob@shop>\n",
        "Ann <ann@shop> <BOB@SHOP>\n",
        "\tAnn\t <ann@shop>\t<bob@shop>\r\n",
        "A<ann@shop><bob@shop>\n",
        "One <ann@shop> <bob@shop>\nTwo <bob@shop>\n",
        "One <ann@shop> Bob Ray <bob@shop>\nTwo <bob@shop>\n<old@shop> <bob@shop>\n",
        "One <ann@shop> Bob Ray <bob@shop>\n<old@shop> bob ray <bob@shop>\n",
        "Zoe <zoe@shop> Zoë <Zoë@shop>\n",
        "\u{a0}Ann <ann@shop>\n",
    ] {
        assert_eq!(ours(map, &idents), git(folder.path(), map, &idents), "{map:?}");
    }
}

/// Lines made of what mailmaps are made of, in any order.
fn generated() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<ann@shop>",
        "<bob@shop>",
        "<BOB@SHOP>",
        "<old@shop>",
        "<svn>",
        "<root@localhost>",
        "<>",
        "< old@shop >",
        "Ann",
        "Ann Lee",
        "ann lee",
        "Bob Ray",
        "Bob  Ray",
        "Zoë",
        "#",
        " ",
        "\t",
        "<",
        ">",
        "<ann@shop",
        "bob@shop>",
        "\r",
    ]);
    let joint = prop::sample::select(vec!["", " ", " ", " ", "\t"]);
    let line = prop::collection::vec((piece, joint), 0..6).prop_map(|pieces| {
        pieces.into_iter().map(|(piece, joint)| piece.to_owned() + joint).collect::<String>()
    });
    (prop::collection::vec(line, 0..8), any::<bool>())
        .prop_map(|(lines, ended)| lines.join("\n") + if ended { "\n" } else { "" })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn generated_maps_are_read_as_git_reads_them(map in generated()) {
        thread_local! { static FOLDER: tempfile::TempDir = repository(); }
        let idents = everybody();
        let git = FOLDER.with(|folder| git(folder.path(), &map, &idents));
        prop_assert_eq!(ours(&map, &idents), git);
    }
}

/// `united` gives more than git's one step: where one address stands for another and that for a third, all may be one.
#[test]
fn a_chain_is_one_person() {
    let mut mailmap = Mailmap::default();
    mailmap.read("<ann@shop> <old@shop>\n<bob@shop> <ann@shop>\n");
    assert_eq!(mailmap.lookup("x", "old@shop"), ("x", "ann@shop"));
    let united: Vec<_> = mailmap.united().collect();
    assert_eq!(united, [("bob@shop", "ann@shop"), ("ann@shop", "old@shop")]);
}
