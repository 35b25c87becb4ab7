//! The audit trail, on SQLite and on PostgreSQL alike.

use std::path::Path;
use std::sync::OnceLock;

use countersign_audit::anchor::{self, Anchorage};
use countersign_audit::chain::{Event, Finding, Verdict};
use countersign_audit::replay::{Modules, Replayed, answer, replay_all};
use countersign_audit::spool::Spool;
use countersign_audit::trail::Link;
use countersign_audit::verify::verify;
use countersign_audit::{Database, Kept, Place, Store, Trail, export, removal, report};
use countersign_core::model::When;
use countersign_host::module::Module;
use countersign_serve::open;
use gitea_tests::git::key;
use gitea_tests::postgres::Postgres;
use serde_json::{Value, json};

fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| Module::embedded().unwrap())
}

/// Runs a test on each kind of database.
fn on_each(test: impl Fn(&Database, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = folder.path().join("trail.sqlite");
    test(&format!("sqlite://{}", sqlite.display()).parse().unwrap(), folder.path());
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    test(&postgres.database("trail").parse().unwrap(), folder.path());
}

fn id(name: &str) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<40}")
}

const POLICY: &str = "\
countersign: 1
name: senior sign-off
people: { seniors: { users: [sam] } }
questions: { topology: Which systems does it reach? }
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors, answers: [topology] }]
";

/// A change by dana with the help of an AI, which sam has signed off or has not.
fn request(change: &str, head: &str, signed: bool, now: i64) -> Value {
    let ident = json!({ "name": "dana", "email": "dana@example.com", "account": { "login": "dana" } });
    let acts = if signed {
        json!([{
            "id": "review-1", "kind": "approve", "actor": { "login": "sam" }, "proof": "forge", "at": now - 10,
            "change": change, "target": "refs/heads/main", "head": id(head), "text_integrity": "original",
            "text": "topology: none outside the parser itself, nothing else reads it",
        }])
    } else {
        json!([])
    };
    json!({
        "apiVersion": "countersign/v1",
        "trigger": { "kind": "webhook", "host": { "name": "t" }, "platform": { "name": "gitea" }, "now": now },
        "documents": [{
            "role": "policy", "source": "git", "ref": "refs/heads/main", "commit": id("base"),
            "path": ".countersign/policy.yaml", "digest": format!("sha256:{}", "1".repeat(64)), "bytes": POLICY,
        }],
        "change": {
            "repository": { "name": "acme/app" }, "id": change, "target": "refs/heads/main",
            "default_branch": "refs/heads/main", "base_tip": id("base"), "merge_base": id("base"), "head": id(head),
            "opened_by": { "login": "dana" },
        },
        "commits": [{
            "sha": id(head), "tree": id("tree"), "parents": [{ "sha": id("base"), "in_target": true }],
            "author": ident, "committer": ident, "message": "Work\n\nAI-Assisted: claude-code/2.1\n",
        }],
        "files": [{ "path": "a.rs", "status": "modified", "added": 1, "deleted": 1 }],
        "acts": acts,
        "complete": [
            "documents", "commits", "files", "acts", "pushes", "people", "groups", "opener", "requester", "notes",
            "traces", "text", "statuses",
        ],
    })
}

fn keep(store: &mut dyn Store, request: &Value) -> (Link, bool) {
    let request = request.to_string();
    let answer = answer(module(), request.as_bytes());
    let kept = Kept { request: request.as_bytes(), answer: &answer, component: module().digest() };
    let mut trail = Trail::of(store);
    trail.keep_component(module()).unwrap();
    trail.keep(kept).unwrap()
}

fn main_at(commit: &str) -> Place {
    Place { repository: "acme/app".into(), target: "refs/heads/main".into(), change: None, head: id(commit) }
}

fn at(seconds: i64) -> When {
    When::from_seconds(seconds)
}

const NOW: i64 = 1_790_000_000;

#[test]
fn a_decision_is_kept_again_only_when_something_but_the_time_has_changed() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        let (first, new) = keep(store, &request("7", "c1", false, NOW));
        assert!(new);
        let (again, new) = keep(store, &request("7", "c1", false, NOW + 60));
        assert_eq!((again.hash == first.hash, new), (true, false));
        let mut by_timer = request("7", "c1", false, NOW + 61);
        by_timer["trigger"]["kind"] = "reconcile".into();
        assert!(!keep(store, &by_timer).1);
        let mut comment = request("7", "c1", false, NOW + 62);
        comment["acts"] = json!([{ "id": "comment-1", "kind": "comment", "actor": { "login": "olga" }, "proof": "forge", "at": NOW, "text": "hm" }]);
        assert!(keep(store, &comment).1, "a fact has changed though nothing came of it");
        let (signed, new) = keep(store, &request("7", "c1", true, NOW + 70));
        let made = signed.entry.made().unwrap();
        assert!(new && made.verdict == Verdict::Approved && made.ai && !made.blocks);
        let approvers = Trail::of(store).document(made.approvers.as_ref().unwrap()).unwrap().bytes().unwrap();
        let approvers: Value = serde_json::from_slice(&approvers).unwrap();
        assert_eq!(approvers["approvers"][0]["person"], "sam");
        assert!(approvers["approvers"][0]["words"].as_str().unwrap().starts_with("topology: none"));
        assert_eq!(signed.entry.previous, Trail::of(store).entry("2").unwrap().unwrap().hash);
    });
}

/// A trail of five entries.
fn five(store: &mut dyn Store) {
    keep(store, &request("7", "c1", false, NOW));
    keep(store, &request("7", "c1", true, NOW + 1));
    keep(store, &request("8", "c2", false, NOW + 2));
    keep(store, &request("8", "c2", true, NOW + 3));
    keep(store, &request("9", "c3", false, NOW + 4));
}

#[test]
fn whatever_is_removed_changed_or_put_elsewhere_is_named() {
    let cases: &[(&str, &[&str])] = &[
        ("DELETE FROM entries WHERE number = 3", &["entry 3 is missing"]),
        ("DELETE FROM entries WHERE number IN (2, 3)", &["entries 2 to 3 are missing"]),
        (
            "UPDATE entries SET body = replace(body, '\"pending\"', '\"approved\"') WHERE number = 3",
            &["entry 3 was changed: its bytes do not give its hash"],
        ),
        (
            "UPDATE entries SET repository = 'acme/other' WHERE number = 2",
            &["entry 2 was changed: it is listed under"],
        ),
        (
            "UPDATE documents SET bytes = NULL WHERE role = 'approvers'",
            &["is gone, and no entry says that it was removed"],
        ),
        ("DELETE FROM documents WHERE role = 'component'", &["is gone, and no entry says"]),
    ];
    on_each(|database, _| {
        for (tampering, expected) in cases {
            let mut store = database.open().unwrap();
            let store = store.as_mut();
            for table in ["entries", "documents"] {
                store.execute(&format!("DELETE FROM {table}"), &[]).unwrap();
            }
            five(store);
            assert_eq!(verify(store, &[]).unwrap().faults, Vec::<String>::new());
            for statement in tampering.split(';') {
                store.execute(statement, &[]).unwrap();
            }
            let faults = verify(store, &[]).unwrap().faults.join("\n");
            for expected in *expected {
                assert!(faults.contains(expected), "{tampering}: {faults}");
            }
        }
    });
}

#[test]
fn entries_that_changed_places_are_named() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        for (from, to) in [(2_i64, 99_i64), (3, 2), (99, 3)] {
            store
                .execute("UPDATE entries SET number = $1 WHERE number = $2", &[to.into(), from.into()])
                .unwrap();
        }
        let faults = verify(store, &[]).unwrap().faults.join("\n");
        assert!(faults.contains("entry 3 stands in the place of 2: entries were re-ordered"), "{faults}");
        assert!(faults.contains("entry 2 stands in the place of 3: entries were re-ordered"), "{faults}");
    });
}

#[test]
fn a_chain_that_was_made_anew_does_not_hold_against_its_anchors_though_the_key_was_rotated() {
    on_each(|database, folder| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        let ((old, old_public), (new, new_public)) = (key(folder, "host-1"), key(folder, "host-2"));
        let anchors = folder.join("anchors.git");
        let by = |key: &str| Anchorage { folder: anchors.clone(), key: key.into(), remote: None };
        let head = Trail::of(store).head().unwrap().unwrap();
        by(&old).write(&head, at(NOW + 10)).unwrap();
        assert!(by(&old).holds(&head));
        keep(store, &request("9", "c3", true, NOW + 11));
        let head = Trail::of(store).head().unwrap().unwrap();
        by(&new).write(&head, at(NOW + 12)).unwrap();
        let signers = folder.join("signers");
        let list = format!(
            "host namespaces=\"countersign-audit\" {old_public}\nhost namespaces=\"countersign-audit\" {new_public}\n"
        );
        std::fs::write(&signers, list).unwrap();
        let read = anchor::read(&anchors, &signers).unwrap();
        assert_eq!(read.len(), 2);
        let whole = verify(store, &read).unwrap();
        assert_eq!((whole.faults.len(), whole.anchors), (0, 2));

        // Whoever can write to the database makes a whole new chain, or cuts its end off.
        store.execute("DELETE FROM entries WHERE number = 6", &[]).unwrap();
        let cut = verify(store, &read).unwrap().faults.join("\n");
        assert!(cut.contains("its end was cut off"), "{cut}");
        store.execute("DELETE FROM entries", &[]).unwrap();
        keep(store, &request("7", "c1", true, NOW));
        for change in ["8", "9", "10", "11", "12"] {
            keep(store, &request(change, "c2", false, NOW));
        }
        assert!(verify(store, &[]).unwrap().faults.is_empty());
        let anew = verify(store, &read).unwrap().faults.join("\n");
        assert!(anew.contains("entry 5 is another one than was anchored"), "{anew}");

        // A key that the list does not name for this purpose signs nothing.
        std::fs::write(&signers, format!("host namespaces=\"git\" {old_public}\n")).unwrap();
        assert!(anchor::read(&anchors, &signers).is_err());
    });
}

#[test]
fn replay_gives_the_same_bytes_or_says_so() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        let replayed = || {
            let mut odd = Vec::new();
            let modules = Modules::with(Module::embedded().unwrap());
            let count = replay_all(database, &modules, 1, u64::MAX, |link, came| {
                odd.push((link.entry.number, came));
            });
            (count.unwrap(), odd)
        };
        assert_eq!(replayed(), (5, vec![]));
        let digest = Trail::of(store).entry("2").unwrap().unwrap().entry.made().unwrap().answer.clone();
        store
            .execute(
                "UPDATE documents SET bytes = $1 WHERE digest = $2",
                &[b"{}".as_slice().into(), digest.into()],
            )
            .unwrap();
        assert_eq!(replayed(), (5, vec![(2, Replayed::Differs)]));
        // Sam asks to be forgotten: entries 2 and 4 name sam as approver, the others as somebody who may be.
        let gone = removal::redact(store, at(NOW + 20), &["sam".to_owned()]).unwrap();
        assert!(gone > 0);
        let (_, odd) = replayed();
        assert!(odd.iter().all(|(_, came)| *came == Replayed::Redacted) && odd.len() == 5, "{odd:?}");
    });
}

#[test]
fn what_was_removed_on_request_leaves_the_chain_whole_and_nothing_of_the_person() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        removal::redact(store, at(NOW + 20), &["sam".to_owned()]).unwrap();
        let verified = verify(store, &[]).unwrap();
        assert!(verified.faults.is_empty() && verified.removed > 0, "{:?}", verified.faults);
        for table in ["SELECT body FROM entries", "SELECT question FROM answers"] {
            for row in store.query(table, &[]).unwrap() {
                assert!(!row.text(0).unwrap().contains("sam"));
            }
        }
        for row in store.query("SELECT bytes FROM documents WHERE role <> 'component'", &[]).unwrap() {
            let bytes = row.maybe_bytes(0).unwrap().unwrap_or_default();
            assert!(!String::from_utf8_lossy(&bytes).contains("sam"));
        }
        // Asking again finds nothing, and notes nothing.
        let before = Trail::of(store).head().unwrap();
        assert_eq!(removal::redact(store, at(NOW + 30), &["sam".to_owned()]).unwrap(), 0);
        assert_eq!(Trail::of(store).head().unwrap(), before);
    });
}

#[test]
fn documents_are_kept_for_as_long_as_they_are_to_be() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        keep(store, &request("7", "c1", true, NOW - 100 * 86_400));
        // The same answer to a newer request: it stays.
        keep(store, &request("7", "c1", false, NOW - 50 * 86_400));
        let newer = keep(store, &request("7", "c1", true, NOW)).0;
        let gone = removal::expire(store, at(NOW), at(NOW - 10 * 86_400)).unwrap();
        assert!(gone > 0);
        assert!(verify(store, &[]).unwrap().faults.is_empty());
        let made = newer.entry.made().unwrap().clone();
        for digest in [made.request, made.answer, made.approvers.unwrap()] {
            assert!(Trail::of(store).document(&digest).unwrap().bytes().is_some());
        }
        let old = Trail::of(store).entry("1").unwrap().unwrap();
        let old = old.entry.made().unwrap().request.clone();
        assert!(Trail::of(store).document(&old).unwrap().bytes().is_none());
    });
}

#[test]
fn what_an_open_change_says_stays_and_what_was_removed_comes_back_where_it_is_said_again() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        let waiting = keep(store, &request("7", "c1", false, NOW - 100 * 86_400)).0;
        let made = waiting.entry.made().unwrap().clone();
        open::put(store, &waiting.entry.place(), &waiting.hash).unwrap();
        assert_eq!(removal::expire(store, at(NOW), at(NOW - 10 * 86_400)).unwrap(), 0);
        open::close(store, &waiting.entry.repository, "7").unwrap();
        assert!(removal::expire(store, at(NOW), at(NOW - 10 * 86_400)).unwrap() > 0);
        assert!(Trail::of(store).document(&made.answer).unwrap().bytes().is_none());
        // Other facts, and the same answer.
        let mut again = request("7", "c1", false, NOW);
        again["change"]["title"] = json!("Another title");
        let again = keep(store, &again).0.entry.made().unwrap().clone();
        assert_eq!(again.answer, made.answer);
        assert!(Trail::of(store).document(&made.answer).unwrap().bytes().is_some());
        assert!(verify(store, &[]).unwrap().faults.is_empty());
    });
}

#[test]
fn a_record_that_no_database_could_find_again_is_put_aside_and_holds_up_no_other() {
    on_each(|database, folder| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        let spool = Spool::open(&folder.join("spool")).unwrap();
        let mut long = request("7", "c1", false, NOW);
        long["change"]["target"] = json!(format!("refs/heads/release/{}", "x".repeat(4_000)));
        for request in [long.to_string(), request("7", "c1", false, NOW).to_string()] {
            spool.leave(module(), request.as_bytes(), &answer(module(), request.as_bytes())).unwrap();
        }
        let (taken, odd) = spool.take_in(store).unwrap();
        assert_eq!((taken, odd.len()), (1, 1));
    });
}

#[test]
fn what_a_hook_left_is_taken_in_once_and_in_order() {
    on_each(|database, folder| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        let spool = Spool::open(&folder.join("spool")).unwrap();
        for (head, signed) in [("c1", false), ("c1", true), ("c2", false)] {
            let request = request("7", head, signed, NOW).to_string();
            spool.leave(module(), request.as_bytes(), &answer(module(), request.as_bytes())).unwrap();
        }
        let records = || {
            let entries = std::fs::read_dir(spool.folder()).unwrap().map(|entry| entry.unwrap().path());
            let mut records: Vec<_> =
                entries.filter(|path| path.extension().is_some_and(|end| end == "record")).collect();
            records.sort();
            records
        };
        // Whoever takes it in dies before it can clear up.
        let kept: Vec<_> =
            records().into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        assert_eq!(spool.take_in(store).unwrap(), (3, vec![]));
        for (path, bytes) in kept {
            std::fs::write(path, bytes).unwrap();
        }
        std::fs::write(spool.folder().join("9.record"), "no record").unwrap();
        let (taken, odd) = spool.take_in(store).unwrap();
        assert_eq!((taken, odd.len(), records().len()), (0, 1, 0));
        let mut heads = Vec::new();
        Trail::of(store)
            .each(1, u64::MAX, |_, link| {
                heads.push((link.entry.head.clone(), link.entry.made().unwrap().blocks));
                Ok::<(), countersign_audit::trail::TrailError>(())
            })
            .unwrap();
        assert_eq!(heads, [(id("c1"), true), (id("c1"), false), (id("c2"), true)]);
        assert!(verify(store, &[]).unwrap().faults.is_empty());
    });
}

/// A decision that lets a branch go from one commit to another.
fn push(from: &str, to: &str, signed: bool) -> Value {
    let mut request = request("7", to, signed, NOW);
    request["change"]["base_tip"] = id(from).into();
    request["change"]["merge_base"] = id(from).into();
    request["change"]["merge_tree"] = id("tree").into();
    request["change"]["result"] = json!({ "commit": id(to), "tree": id("tree"), "kind": "fast-forward" });
    request["complete"].as_array_mut().unwrap().push("merge-tree".into());
    request["commits"][0]["parents"][0]["sha"] = id(from).into();
    request
}

#[test]
fn a_branch_is_in_order_as_far_as_decisions_led_it() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        keep(store, &push("a", "b", true));
        keep(store, &push("b", "c", true));
        keep(store, &push("c", "d", false));
        let mut way = |from: &str, to: &str| -> Option<Vec<u64>> {
            let way = Trail::of(store).way("acme/app", "refs/heads/main", &id(from), &id(to)).unwrap()?;
            Some(way.iter().map(|link| link.entry.number).collect())
        };
        assert_eq!(way("a", "c"), Some(vec![1, 2]));
        assert_eq!(way("a", "a"), Some(vec![]));
        assert_eq!(way("b", "c"), Some(vec![2]));
        // What was refused led nowhere, and neither does what nobody decided about.
        assert_eq!(way("a", "d"), None);
        assert_eq!(way("x", "c"), None);
    });
}

#[test]
fn a_report_says_what_shipped_who_answered_and_what_got_in_without() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        let (decision, _) = keep(store, &request("7", "c1", true, NOW));
        let mut trail = Trail::of(store);
        trail.note(at(NOW), main_at("base"), Event::Merge { from: None, decisions: vec![] }).unwrap();
        let merge = Event::Merge { from: Some(id("base")), decisions: vec![decision.entry.number] };
        trail.note(at(NOW + 5), main_at("m1"), merge).unwrap();
        let find = |trail: &mut Trail<'_>| {
            trail
                .find(at(NOW + 9), main_at("x"), Finding::NoVerdict, Some(id("m1")), Some("nobody signed it"))
                .unwrap()
        };
        assert!(find(&mut trail).1);
        assert!(!find(&mut trail).1, "what is open is not found again");
        let said = report::report(store, at(NOW - 100), at(NOW + 100)).unwrap();
        assert_eq!((said.shipped.len(), said.without_ai, said.without_verdict.len()), (1, 0, 1));
        let text = said.text();
        for expected in [
            "1 AI-assisted and 0 other changes shipped, 1 got in without a verdict",
            "acme/app change 7 into main",
            "claude-code (2.1)",
            "sam for AI-assisted code",
            "topology: none outside the parser itself",
            "from 6d3100000000 to 780000000000 (entry 4, open)",
        ] {
            assert!(text.contains(expected), "{expected} is missing in\n{text}");
        }
        assert!(report::report(store, at(NOW + 50), at(NOW + 100)).unwrap().shipped.is_empty());
        let mut trail = Trail::of(store);
        trail.note(at(NOW + 20), main_at("x"), Event::Settled { finding: 4, decision: None }).unwrap();
        let said = report::report(store, at(NOW - 100), at(NOW + 100)).unwrap();
        assert!(!said.without_verdict[0].open);
        removal::redact(store, at(NOW + 30), &["sam".to_owned()]).unwrap();
        let text = report::report(store, at(NOW - 100), at(NOW + 100)).unwrap().text();
        assert!(text.contains("who answered was removed") && !text.contains("sam"), "{text}");
    });
}

#[test]
fn what_a_branch_was_made_with_shipped_and_what_it_held_when_the_watch_began_did_not() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        let (decision, _) = keep(store, &request("7", "c1", true, NOW));
        let mut trail = Trail::of(store);
        let release = Place { target: "refs/heads/release/2".into(), ..main_at("c1") };
        trail.begin(at(NOW), "acme/app", vec![main_at("base")]).unwrap();
        // It begins once.
        trail.begin(at(NOW), "acme/app", vec![main_at("c1")]).unwrap();
        assert_eq!(trail.last_merges("acme/app").unwrap().len(), 1);
        let made = Event::Merge { from: None, decisions: vec![decision.entry.number] };
        trail.note(at(NOW + 5), release, made).unwrap();
        let heads: Vec<String> =
            trail.last_merges("acme/app").unwrap().into_iter().map(|link| link.entry.head).collect();
        assert_eq!(heads, [id("base"), id("c1")]);
        let said = report::report(store, at(NOW - 100), at(NOW + 100)).unwrap();
        assert_eq!((said.shipped.len(), said.without_ai, said.without_verdict.len()), (1, 0, 0));
    });
}

#[test]
fn an_export_holds_every_entry() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        let (mut lines, mut rows) = (Vec::new(), Vec::new());
        export::json_lines(store, 1, u64::MAX, &mut lines).unwrap();
        export::csv(store, 1, u64::MAX, &mut rows).unwrap();
        let lines: Vec<Value> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[1]["answered"][0]["person"], "sam");
        assert_eq!(lines[1]["previous"], lines[0]["hash"]);
        let rows = String::from_utf8(rows).unwrap();
        assert_eq!(rows.lines().count(), 6);
        assert!(rows.lines().nth(2).unwrap().contains("acme/app,refs/heads/main,7,"), "{rows}");
    });
}

#[test]
fn several_hosts_append_to_one_chain() {
    on_each(|database, _| {
        drop(database.open().unwrap());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    let mut store = database.open().unwrap();
                    for change in 0..10 {
                        keep(
                            store.as_mut(),
                            &request(&format!("{}", 100 * thread + change), "c1", false, NOW),
                        );
                    }
                });
            }
        });
        let mut store = database.open().unwrap();
        let verified = verify(store.as_mut(), &[]).unwrap();
        assert_eq!((verified.entries, verified.faults), (40, vec![]));
    });
}
