//! What a service does when something happens, with a forge in memory, real git and the real module.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod forge;
#[path = "../../../host/tests/common/git.rs"]
mod git;
mod world;

use std::time::Duration;

use countersign_serve::forge::{StandingStatus, Writer};
use world::{AI, BY_STATUS, POLICY, World};

#[test]
fn a_change_is_judged_when_it_is_opened_and_says_so_where_people_work() {
    let world = World::under(POLICY);
    world.writes();
    let head = world.opened(1);
    assert_eq!(world.writes(), ["status pending", "#1 comment", "#1 ask sam"]);
    assert_eq!(world.state(&head), "pending");
    // The control: nothing is asked of what nobody made with AI.
    let main = world.tip("main");
    world.commit("plain", &[&main], "plain.rs", "// work\n", "Fix a word");
    let head = world.open(2, "plain", "main");
    world.hear(world.change(2));
    assert_eq!(world.writes(), ["status success"]);
    assert_eq!(world.state(&head), "success");
}

#[test]
fn a_decision_that_stands_there_is_not_written_again() {
    let world = World::set_up(POLICY, true);
    world.hear(world.all());
    world.opened(1);
    assert!(world.writes().contains(&"#1 object".to_owned()));
    assert_eq!(world.hear(world.change(1)), [1]);
    assert_eq!(world.writes(), [""; 0]);
    world.approve(1);
    world.hear(world.change(1));
    assert_eq!(world.writes(), ["status success", "#1 rewrite", "#1 take back sam", "#1 lift"]);
    world.hear(world.change(1));
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn whoever_cannot_be_asked_for_a_review_keeps_nothing_else_from_being_said() {
    let world = World::set_up(POLICY, true);
    world.hear(world.all());
    world.forge.state().refuses = vec!["sam".into()];
    world.writes();
    world.opened(1);
    assert_eq!(world.writes(), ["status pending", "#1 comment", "#1 object"]);
    assert_eq!(world.waiting(), 0);
}

#[test]
fn an_approval_counts_for_the_commit_that_it_was_given_for() {
    let world = World::under(POLICY);
    let head = world.opened(1);
    world.approve(1);
    world.hear(world.change(1));
    assert_eq!(world.state(&head), "success");
    let next = world.pushed(1, "more.rs");
    world.hear(world.change(1));
    assert_eq!(world.state(&next), "pending");
    // Put back to what was approved, it passes again.
    world.git(&["update-ref", "refs/heads/work-1", &head]);
    world.of(1, |change| change.head.clone_from(&head));
    world.hear(world.change(1));
    assert_eq!(world.state(&head), "success");
    // The same tree by another commit is another head.
    let main = world.tip("main");
    let forced = world.commit("work-1", &[&main], "work-1.rs", "// work\n", AI);
    world.of(1, |change| change.head.clone_from(&forced));
    world.hear(world.change(1));
    assert_eq!(world.state(&forced), "pending");
}

#[test]
fn each_style_of_merge_is_recorded_with_the_decision_that_let_it_in() {
    for style in ["merge", "squash", "rebase", "fast-forward"] {
        let world = World::under(POLICY);
        world.opened(1);
        if style != "fast-forward" {
            let main = world.tip("main");
            world.commit("main", &[&main], "beside.rs", "// beside\n", "Move on");
            world.hear(world.branches());
        }
        world.pushed(1, "more.rs");
        world.approve(1);
        world.hear(world.change(1));
        let (main, head) = (world.tip("main"), world.tip("work-1"));
        let result = match style {
            "merge" => world.merge_tree(&main, &head, &[&main, &head]),
            "squash" => world.merge_tree(&main, &head, &[&main]),
            "rebase" => {
                let first = world.commit("rebased", &[&main], "work-1.rs", "// work\n", AI);
                world.commit("rebased", &[&first], "more.rs", "// more\n", AI)
            }
            _ => head.clone(),
        };
        world.merged(1, &result);
        // The forge tells of the change, and the change is read once.
        world.hear(world.branch("main"));
        assert_eq!(world.last_of("main", &result), Some(("merge", 1)), "{style}");
        world.hear(world.change(1));
        world.hear(world.branches());
        assert_eq!(world.last_of("main", &result), Some(("merge", 1)), "{style}, looked at again");
    }
}

#[test]
fn a_change_that_was_merged_without_its_sign_off_is_found() {
    let world = World::under(POLICY);
    let head = world.opened(1);
    let main = world.tip("main");
    let result = world.merge_tree(&main, &head, &[&main, &head]);
    world.merged(1, &result);
    world.hear(world.branches());
    assert_eq!(world.last_of("main", &result), Some(("finding", 0)));
    // Everything else waits until it is settled.
    let other = world.opened(2);
    assert_eq!(world.state(&other), "pending");
    world.approve(1);
    world.hear(world.branch("main"));
    assert_eq!(world.last_of("main", &result), Some(("settled", 0)));
}

#[test]
fn a_push_past_the_gate_is_found_wherever_somebody_guards_it_and_settled_where_it_is_taken_back() {
    for (branch, is_found) in [("main", true), ("release/1", true), ("scratch", false)] {
        let world = World::set_up(POLICY, false);
        let before = world.tip("main");
        world.git(&["branch", "release/1", "main"]);
        world.git(&["branch", "scratch", "main"]);
        world.hear(world.all());
        let pushed = world.commit(branch, &[&before], "past.rs", "// past\n", AI);
        world.hear(world.branches());
        let expected = is_found.then_some(("finding", 0));
        assert_eq!(world.last_of(branch, &pushed), expected, "{branch}");
        world.git(&["update-ref", &format!("refs/heads/{branch}"), &before]);
        world.hear(world.branches());
        let open = world.shared.pool.with(|store| countersign_audit::Trail::of(store).findings(None));
        assert_eq!(open.unwrap().len(), 0, "{branch}, taken back");
    }
}

#[test]
fn a_push_to_a_branch_that_nobody_guards_asks_about_its_own_changes_alone() {
    let world = World::under(POLICY);
    world.opened(1);
    world.opened(2);
    world.opened(3);
    world.hear(world.branches());
    world.pushed(2, "more.rs");
    assert_eq!(world.hear(world.branches()), [2]);
    assert_eq!(world.hear(world.branches()), [0; 0], "nothing moved since");
    // Into it goes another one.
    world.commit("onto", &[&world.tip("work-1")], "onto.rs", "// onto\n", AI);
    world.open(4, "onto", "work-1");
    world.hear(world.change(4));
    world.hear(world.branches());
    world.pushed(1, "more.rs");
    assert_eq!(world.hear(world.branches()), [1, 4]);
    world.git(&["update-ref", "-d", "refs/heads/work-3"]);
    assert_eq!(world.hear(world.branches()), [3], "it is gone");
}

#[test]
fn a_push_to_a_guarded_branch_asks_about_it_and_about_what_goes_into_it() {
    let world = World::set_up(POLICY, false);
    let main = world.tip("main");
    world.git(&["branch", "release/1", "main"]);
    world.hear(world.all());
    world.opened(1);
    world.work("fix");
    world.open(2, "fix", "release/1");
    world.hear(world.change(2));
    world.hear(world.branches());
    let next = world.commit("release/1", &[&main], "note.rs", "// note\n", "Fix a word");
    assert_eq!(world.hear(world.branches()), [2]);
    assert_eq!(world.last_of("release/1", &next), Some(("merge", 1)));
}

#[test]
fn a_push_to_the_default_branch_asks_about_everything() {
    let world = World::under(POLICY);
    world.opened(1);
    world.opened(2);
    world.hear(world.branches());
    let main = world.tip("main");
    world.commit("main", &[&main], "note.rs", "// note\n", "Fix a word");
    assert_eq!(world.hear(world.branches()), [1, 2]);
    // So do sign-offs and notes, which can be about any change.
    assert_eq!(world.hear(world.all()), [1, 2]);
}

#[test]
fn a_branch_that_a_push_begins_to_guard_is_looked_at() {
    let world = World::under(POLICY);
    let main = world.tip("main");
    world.git(&["branch", "stable", "main"]);
    world.hear(world.branches());
    let text = POLICY.replace("release/*", "stable");
    let pushed = world.commit("main", &[&main], ".countersign/policy.yaml", &text, "Guard stable");
    world.hear(world.branches());
    assert_eq!(world.last_of("main", &pushed), Some(("merge", 1)));
    let past = world.commit("stable", &[&main], "past.rs", "// past\n", AI);
    world.hear(world.branches());
    assert_eq!(world.last_of("stable", &past), Some(("finding", 0)));
}

#[test]
fn a_foreign_status_asks_about_the_changes_of_its_commit_and_only_where_a_rule_reads_statuses() {
    for (policy, read, becomes) in [(POLICY, &[][..], "pending"), (BY_STATUS, &[1, 3], "success")] {
        let world = World::under(policy);
        let head = world.opened(1);
        let other = world.opened(2);
        // Another change brings the same commit.
        world.open(3, "work-1", "main");
        world.hear(world.change(3));
        world.forge.state().checks.push((head.clone(), "ci/test".into()));
        assert_eq!(world.hear(world.status_of(&head, false)), read);
        assert_eq!(world.state(&head), becomes);
        assert_eq!(world.state(&other), "pending");
        assert_eq!(world.hear(world.status_of(&world.tip("main"), false)), [0; 0], "of another commit");
    }
}

#[test]
fn a_status_is_not_lost_for_a_change_that_is_judged_meanwhile() {
    let world = World::under(BY_STATUS);
    world.opened(1);
    let head = world.pushed(1, "more.rs");
    // A worker has read the change, and has not written down yet that it brings another commit now.
    let add = |subject| world.shared.pool.with(|store| countersign_serve::queue::add(store, &[subject]));
    add(world.change(1)).unwrap();
    let claimed =
        world.shared.pool.with(|store| countersign_serve::queue::claim(store, Duration::from_secs(60), 3));
    let claimed = claimed.unwrap().unwrap();
    world.forge.state().checks.push((head.clone(), "ci/test".into()));
    world.hear(world.status_of(&head, false));
    world.shared.pool.with(|store| countersign_serve::queue::settle(store, &claimed)).unwrap();
    while world.shared.work_once().unwrap() {}
    assert_eq!(world.state(&head), "success");
}

#[test]
fn a_status_that_somebody_else_wrote_in_the_gate_s_place_is_written_again_and_recorded() {
    let world = World::under(POLICY);
    let head = world.opened(1);
    let forged = StandingStatus {
        state: "success".into(),
        description: "fine".into(),
        page: String::new(),
        by: Writer::Other("dana".into()),
    };
    world.forge.state().statuses.push((head.clone(), forged));
    assert_eq!(world.hear(world.status_of(&head, true)), [1]);
    assert_eq!(world.state(&head), "pending");
    let kinds: Vec<_> = world.entries().iter().map(|link| link.entry.event.kind()).collect();
    assert!(kinds.ends_with(&["finding", "settled"]), "{kinds:?}");
}

#[test]
fn two_changes_of_one_commit_have_one_status_and_it_is_green_for_nothing_that_waits() {
    let world = World::set_up(POLICY, false);
    world.git(&["branch", "release/1", "main"]);
    world.git(&["branch", "scratch", "main"]);
    world.hear(world.all());
    let head = world.opened(1);
    world.open(2, "work-1", "scratch");
    world.hear(world.change(2));
    assert_eq!(world.state(&head), "pending", "nobody guards scratch");
    world.approve(1);
    world.hear(world.change(1));
    assert_eq!(world.state(&head), "success");
    world.open(3, "work-1", "release/1");
    world.hear(world.change(3));
    assert_eq!(world.state(&head), "pending", "release/1 asks for a sign-off of its own");
    world.of(3, |change| change.is_open = false);
    world.hear(world.change(3));
    assert_eq!(world.state(&head), "success");
    // Whoever may only read holds up nobody.
    world.open(4, "work-1", "release/1");
    world.of(4, |change| change.opener = "olga".into());
    world.forge.state().readers = vec!["olga".into()];
    world.hear(world.change(4));
    assert_eq!(world.state(&head), "success");
}

#[test]
fn a_forge_that_is_away_is_asked_again_and_the_change_is_told_once_that_lasts() {
    let world = World::under(POLICY);
    world.work("work-1");
    let head = world.open(1, "work-1", "main");
    world.forge.state().is_away = true;
    world.hear(world.change(1));
    for _ in 0..5 {
        world.later();
    }
    assert_eq!((world.waiting(), world.state(&head).as_str()), (1, ""));
    world.forge.state().is_away = false;
    world.later();
    assert_eq!((world.waiting(), world.state(&head).as_str()), (0, "pending"));
    // It answers, and what it answers cannot be judged.
    let other = world.opened(2);
    world.of(2, |change| change.head = "1".repeat(40));
    world.hear(world.change(2));
    for _ in 0..2 {
        world.later();
    }
    assert_eq!(world.state(&"1".repeat(40)), "");
    world.later();
    assert_eq!(world.state(&"1".repeat(40)), "error");
    world.of(2, |change| change.head.clone_from(&other));
    world.later();
    assert_eq!((world.waiting(), world.state(&other).as_str()), (0, "pending"));
}

#[test]
fn a_forge_that_says_when_is_asked_then() {
    let world = World::under(POLICY);
    world.work("work-1");
    world.open(1, "work-1", "main");
    world.forge.state().busy_for = Some(Duration::from_secs(900));
    let before = countersign_serve::queue::clock();
    world.hear(world.change(1));
    let due = world.shared.pool.with(|store| store.query("SELECT due FROM jobs", &[])).unwrap();
    let due = due.first().unwrap().integer(0).unwrap() - before;
    assert!((900_000..960_000).contains(&due), "{due}");
}

#[test]
fn a_policy_with_a_fault_is_an_error_that_people_are_told_of() {
    let world = World::under(&format!("{POLICY}rulez: []\n"));
    world.writes();
    let head = world.opened(1);
    assert_eq!(world.state(&head), "error");
    assert_eq!(world.writes(), ["status error", "#1 comment"]);
}

#[test]
fn a_change_that_is_closed_is_open_no_more() {
    let world = World::under(POLICY);
    world.opened(1);
    let open = || world.shared.pool.with(countersign_serve::open::list).unwrap().len();
    assert_eq!(open(), 1);
    world.of(1, |change| change.is_open = false);
    world.hear(world.change(1));
    assert_eq!(open(), 0);
}

#[test]
fn a_repository_that_is_gone_leaves_nothing_to_do() {
    let world = World::under(POLICY);
    world.opened(1);
    world.forge.state().id = None;
    std::fs::rename(&world.forge.repository, world.forge.repository.with_extension("gone")).unwrap();
    world.hear(world.change(1));
    assert_eq!(world.waiting(), 0);
}

#[test]
fn another_repository_by_the_same_name_begins_anew() {
    let world = World::under(POLICY);
    world.opened(1);
    world.forge.state().id = Some("2".into());
    assert_eq!(world.hear(world.branch("main")), [1]);
}
