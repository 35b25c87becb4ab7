//! A mailmap is read as git reads it: the git on this machine is asked whom it takes people for.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::git::{everybody, mailmap_by_git, mailmap_by_us, repository};
use countersign_core::signoff::mailmap::Mailmap;
use proptest::prelude::*;

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
        "Ann\0 Lee <ann@shop>\nBob <bob@shop>\n",
    ] {
        let git = mailmap_by_git(folder.path(), map.as_bytes(), &idents);
        assert_eq!(mailmap_by_us(map, &idents), git, "{map:?}");
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
        let git = FOLDER.with(|folder| mailmap_by_git(folder.path(), map.as_bytes(), &idents));
        prop_assert_eq!(mailmap_by_us(&map, &idents), git);
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
