//! The audit trail, on SQLite and on PostgreSQL alike.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use countersign_audit::anchor::{self, Anchor, Anchorage};
use countersign_audit::chain::{Because, Event, Finding, Verdict};
use countersign_audit::documents::{Document, Order};
use countersign_audit::naming::{Names, Naming};
use countersign_audit::removal::Plan;
use countersign_audit::replay::{Modules, Replayed, answer, replay_all};
use countersign_audit::spool::Spool;
use countersign_audit::verify::verify;
use countersign_audit::{Database, Kept, Link, Place, Store, Trail, export, removal, report};
use countersign_core::model::When;
use countersign_host::module::Module;
use countersign_serve::{open, tables};
use gitea_tests::git::key;
use gitea_tests::postgres::Postgres;
use gitea_tests::service::entries;
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

/// Removes the documents of those who took part by these names, and gives the plan of it.
fn redact(store: &mut dyn Store, names: &[&str], now: i64) -> Plan {
    redact_beside(store, names, &[], now)
}

fn redact_beside(store: &mut dyn Store, names: &[&str], beside: &[Naming], now: i64) -> Plan {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let plan = removal::plan_redaction(store, &Names::new(&names).unwrap(), beside).unwrap();
    let order = Order::new("data protection officer", "ticket 4711");
    removal::carry_out(store, at(now), &plan, Because::Request, Some(&order)).unwrap();
    plan
}

/// Removes what is older than ten days, and gives how many documents that were.
fn expire(store: &mut dyn Store) -> usize {
    let wanted = open::wanted(store).unwrap();
    let plan = removal::plan_expiry(store, at(NOW - 10 * 86_400), &wanted).unwrap();
    removal::carry_out(store, at(NOW), &plan, Because::Retention, None).unwrap();
    plan.remove.len()
}

/// A trail of five entries.
fn five(store: &mut dyn Store) {
    keep(store, &request("7", "c1", false, NOW));
    keep(store, &request("7", "c1", true, NOW + 1));
    keep(store, &request("8", "c2", false, NOW + 2));
    keep(store, &request("8", "c2", true, NOW + 3));
    keep(store, &request("9", "c3", false, NOW + 4));
}

/// What each way to read the trail says of it.
fn said_of(database: &Database, store: &mut dyn Store) -> [Vec<String>; 4] {
    let modules = Modules::with(Module::embedded().unwrap());
    let mut out = Vec::new();
    let lines = export::json_lines(store, 1, u64::MAX, &mut out).unwrap();
    let rows = export::csv(store, 1, u64::MAX, &mut out).unwrap();
    assert_eq!((lines.places, &lines.faults), (rows.places, &rows.faults));
    let replay = replay_all(database, &modules, 1, u64::MAX).unwrap();
    let odd = replay.odd.iter().map(|(number, came)| format!("entry {number}: {came:?}"));
    let replayed = replay.damage.iter().map(ToString::to_string).chain(odd).collect();
    let report = report::report(store, at(0), at(NOW + 1_000), None).unwrap();
    [verify(store, &[]).unwrap().faults, lines.faults, replayed, report.damage]
}

#[test]
fn whatever_is_removed_changed_or_put_elsewhere_is_named_wherever_it_would_be_shown() {
    // What is said by `verify`, by an export, by a replay and by a report: entry 2 is what shipped.
    type Case = (&'static str, [&'static str; 4]);
    const GONE: &str = "is gone, and no entry says that it was removed";
    const ORPHANED: &str = "belongs to no entry: the entry that named it";
    const CHANGED: &str = "was changed: it is not the bytes that give its digest";
    let cases: &[Case] = &[
        ("SELECT 1", ["", "", "", ""]),
        ("DELETE FROM entries WHERE number = 3", ["entry 3 is missing"; 4]),
        ("DELETE FROM entries WHERE number IN (2, 3)", ["entries 2 to 3 are missing"; 4]),
        (
            "UPDATE entries SET body = replace(body, '\"pending\"', '\"approved\"') WHERE number = 3",
            ["entry 3 was changed: its bytes do not give its hash"; 4],
        ),
        (
            "UPDATE entries SET repository = 'acme/other' WHERE number = 2",
            ["entry 2 was changed: it is listed under"; 4],
        ),
        (
            "INSERT INTO entries SELECT 9000000000000000000, 'x', kind, repository, target, change, head, result, body
             FROM entries WHERE number = 1",
            ["entries 8 to 8999999999999999999 are missing"; 4],
        ),
        ("DELETE FROM entries WHERE number > 1", [ORPHANED, ORPHANED, "", ORPHANED]),
        ("UPDATE documents SET bytes = NULL WHERE role = 'approvers'", [GONE, GONE, "", GONE]),
        ("UPDATE documents SET bytes = {forged} WHERE role = 'approvers'", [CHANGED, CHANGED, "", CHANGED]),
        ("UPDATE documents SET bytes = {forged} WHERE role = 'answer'", [CHANGED, CHANGED, "entry 2: Changed", CHANGED]),
        ("UPDATE documents SET bytes = {forged} WHERE role = 'request'", [CHANGED, CHANGED, "entry 2: Changed", CHANGED]),
        ("DELETE FROM documents WHERE role = 'answer'", [GONE, GONE, "entry 2: Missing", GONE]),
        ("DELETE FROM documents WHERE role = 'request'", [GONE, GONE, "entry 2: Missing", GONE]),
        // A program that was built with the module needs no other.
        ("DELETE FROM documents WHERE role = 'component'", [GONE, "", "", ""]),
    ];
    on_each(|database, _| {
        for (tampering, expected) in cases {
            let mut store = database.open().unwrap();
            let store = store.as_mut();
            for table in ["entries", "documents"] {
                store.execute(&format!("DELETE FROM {table}"), &[]).unwrap();
            }
            five(store);
            let mut trail = Trail::of(store);
            trail
                .note(at(NOW + 10), main_at("base"), Event::Merge { from: None, decisions: vec![] })
                .unwrap();
            let merge = Event::Merge { from: Some(id("base")), decisions: vec![2] };
            trail.note(at(NOW + 11), main_at("c1"), merge).unwrap();
            let forged = if matches!(database, Database::Sqlite(_)) { "x'7b7d'" } else { "'\\x7b7d'::bytea" };
            store.execute(&tampering.replace("{forged}", forged), &[]).unwrap();
            for (said, expected) in said_of(database, store).into_iter().zip(expected) {
                let said = said.join("\n");
                assert!(said.contains(expected), "{tampering}: {expected:?} is missing in {said:?}");
                assert!(!expected.is_empty() || said.is_empty(), "{tampering}: {said}");
            }
            // The service goes on, and what it records from now on stands in the same chain.
            if !tampering.contains("INSERT") {
                let (link, new) = keep(store, &request("20", "c9", false, NOW + 20));
                assert!(new && Trail::of(store).numbered(link.entry.number).unwrap() == Some(link));
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
        std::fs::write(&signers, &list).unwrap();
        let read = anchor::read(&anchors, &signers).unwrap();
        let read: Vec<Anchor> = read.into_iter().collect::<Result<_, _>>().unwrap();
        assert_eq!(read.len(), 2);
        let whole = verify(store, &read).unwrap();
        assert_eq!((whole.faults.len(), whole.anchors), (0, 2));

        // Whoever can write to the database makes a whole new chain, or cuts its end off.
        store.execute("DELETE FROM entries WHERE number = 6", &[]).unwrap();
        let cut = verify(store, &read).unwrap().faults.join("\n");
        assert!(cut.contains("its end was cut off"), "{cut}");
        for table in ["entries", "documents"] {
            store.execute(&format!("DELETE FROM {table}"), &[]).unwrap();
        }
        keep(store, &request("7", "c1", true, NOW));
        for change in ["8", "9", "10", "11", "12"] {
            keep(store, &request(change, "c2", false, NOW));
        }
        assert!(verify(store, &[]).unwrap().faults.is_empty());
        let anew = verify(store, &read).unwrap().faults.join("\n");
        assert!(anew.contains("entry 5 is another one than was anchored"), "{anew}");

        // A key that the list does not name for this purpose signs nothing; what others signed still holds.
        let list = list.replacen("countersign-audit", "git", 1);
        std::fs::write(&signers, list).unwrap();
        let read = anchor::read(&anchors, &signers).unwrap();
        assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true], "{read:?}");
        std::fs::remove_file(&signers).unwrap();
        assert!(anchor::read(&anchors, &signers).unwrap_err().to_string().contains("cannot be read"));
    });
}

#[test]
fn replay_gives_the_same_bytes_or_says_so() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        let replayed = || {
            let modules = Modules::with(Module::embedded().unwrap());
            let replay = replay_all(database, &modules, 1, u64::MAX).unwrap();
            (replay.decisions, replay.odd)
        };
        assert_eq!(replayed(), (5, vec![]));
        // An answer that no module gave, recorded as if one had.
        let odd = request("10", "c4", false, NOW + 9).to_string();
        let kept = Kept { request: odd.as_bytes(), answer: "{}", component: module().digest() };
        Trail::of(store).keep(kept).unwrap();
        assert_eq!(replayed(), (6, vec![(6, Replayed::Differs)]));
        let made = |store: &mut dyn Store, number| {
            Trail::of(store).numbered(number).unwrap().unwrap().entry.made().unwrap().clone()
        };
        let answer = made(store, 1).answer;
        let changed = [b"{}".as_slice().into(), answer.into()];
        store.execute("UPDATE documents SET bytes = $1 WHERE digest = $2", &changed).unwrap();
        let request = made(store, 3).request;
        store.execute("DELETE FROM documents WHERE digest = $1", &[request.into()]).unwrap();
        // Sam asks to be forgotten, who approved in entries 2 and 4, and could have in the others.
        redact(store, &["sam"], NOW + 20);
        let expected = [
            (1, Replayed::Changed),
            (2, Replayed::Redacted),
            (3, Replayed::Missing),
            (4, Replayed::Redacted),
            (6, Replayed::Differs),
        ];
        assert_eq!(replayed(), (6, expected.to_vec()));
    });
}

#[test]
fn what_was_removed_on_request_leaves_the_chain_whole_and_nothing_of_the_person() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        redact_beside(store, &["sam"], &[Naming::Listed, Naming::Written], NOW + 20);
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
        assert_eq!(redact(store, &["sam"], NOW + 30).remove, vec![]);
        assert_eq!(Trail::of(store).head().unwrap(), before);
    });
}

#[test]
fn a_redaction_takes_the_documents_of_those_who_took_part_and_no_others() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        let mut removed = |names: &[&str]| -> Vec<(u64, &'static str)> {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let plan = removal::plan_redaction(store, &Names::new(&names).unwrap(), &[]).unwrap();
            plan.remove.iter().map(|named| (named.entry.number, named.role.name())).collect()
        };
        let approved = [
            (2, "answer"),
            (2, "approvers"),
            (2, "request"),
            (4, "answer"),
            (4, "approvers"),
            (4, "request"),
        ];
        let sorted = |mut list: Vec<(u64, &'static str)>| {
            list.sort_unstable();
            list
        };
        // Sam approved twice, and every policy names him.
        assert_eq!(sorted(removed(&["sam"])), approved);
        // Dana wrote all of it; who answered for it stays.
        let dana = removed(&["dana@example.com", "dana"]);
        assert_eq!(dana.len(), 10);
        assert!(dana.iter().all(|(_, role)| *role != "approvers"), "{dana:?}");
        for nobody in ["the", "does", "topology", "sam@example.com", "acme", "parser", "7"] {
            assert_eq!(removed(&[nobody]), vec![], "{nobody}");
        }
    });
}

#[test]
fn an_order_to_remove_is_recorded_and_shown_and_can_be_forgotten_itself() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        five(store);
        redact(store, &["dana"], NOW + 20);
        let order = |store: &mut dyn Store| {
            let entry = Trail::of(store).numbered(6).unwrap().unwrap().entry;
            let Event::Removal { because: Because::Request, order: Some(order), .. } = entry.event else {
                panic!("{entry:?}")
            };
            Trail::of(store).document(&order).unwrap()
        };
        let said: Order = serde_json::from_slice(&order(store).bytes().unwrap()).unwrap();
        assert_eq!((said.by.as_str(), said.reason.as_str()), ("data protection officer", "ticket 4711"));
        redact(store, &["data protection officer"], NOW + 30);
        assert_eq!(order(store), Document::Removed(7));
        assert_eq!(verify(store, &[]).unwrap().faults, Vec::<String>::new());
    });
}

#[test]
fn an_expiry_leaves_what_was_said_again_since_it_was_planned() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        keep(store, &request("7", "c1", false, NOW - 100 * 86_400));
        let wanted = open::wanted(store).unwrap();
        let plan = removal::plan_expiry(store, at(NOW - 10 * 86_400), &wanted).unwrap();
        let mut again = request("7", "c1", false, NOW);
        again["change"]["title"] = json!("Another title");
        let answer = keep(store, &again).0.entry.made().unwrap().answer.clone();
        assert!(plan.remove.iter().any(|named| named.digest == answer), "the answer is the same");
        removal::carry_out(store, at(NOW), &plan, Because::Retention, None).unwrap();
        assert!(matches!(Trail::of(store).document(&answer).unwrap(), Document::Present(_)));
        assert_eq!(verify(store, &[]).unwrap().faults, Vec::<String>::new());
    });
}

/// Every file below a folder that holds some bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path);
        }
    }
    found
}

#[test]
fn what_was_removed_is_in_no_file_of_the_database() {
    const ADDRESS: &str = "dana.who.leaves@example.com";
    let leave = |database: &Database, files: &Path, plain: &str, flush: &str| {
        let mut store = database.open().unwrap();
        store.execute(plain, &[]).unwrap();
        let mut other = database.open().unwrap();
        let store = store.as_mut();
        for change in ["7", "8", "9"] {
            let mut request = request(change, "c1", true, NOW);
            request["commits"][0]["author"]["email"] = ADDRESS.into();
            // More than one page holds.
            request["commits"][0]["message"] = format!("{ADDRESS}\n{}", "work ".repeat(20_000)).into();
            keep(store, &request);
        }
        assert!(!redact(store, &[ADDRESS], NOW + 20).remove.is_empty());
        let mut wherever = || {
            other.execute(flush, &[]).unwrap();
            holding(files, ADDRESS.as_bytes())
        };
        assert!(!wherever().is_empty(), "a removal alone leaves the bytes behind");
        assert!(store.erase().unwrap().contains("beyond its reach"));
        assert_eq!(wherever(), Vec::<PathBuf>::new());
        assert_eq!(verify(store, &[]).unwrap().faults, Vec::<String>::new());
        // Whoever else has it open goes on.
        keep(other.as_mut(), &request("10", "c1", false, NOW));
        assert_eq!(holding(files, ADDRESS.as_bytes()), Vec::<PathBuf>::new());
    };
    let folder = tempfile::tempdir().unwrap();
    let sqlite = folder.path().join("trail.sqlite");
    leave(&format!("sqlite://{}", sqlite.display()).parse().unwrap(), folder.path(), "SELECT 1", "SELECT 1");
    let postgres = Postgres::start();
    // It compresses what is long; its write-ahead log is another folder.
    let plain = "ALTER TABLE documents ALTER COLUMN bytes SET STORAGE EXTERNAL";
    leave(&postgres.database("trail").parse().unwrap(), &postgres.data().join("base"), plain, "CHECKPOINT");
}

#[test]
fn who_may_not_give_pages_back_is_told_so() {
    let postgres = Postgres::start();
    let address = postgres.database("trail");
    let mut owner = address.parse::<Database>().unwrap().open().unwrap();
    five(owner.as_mut());
    owner.execute("CREATE ROLE clerk LOGIN", &[]).unwrap();
    owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk", &[]).unwrap();
    let clerk: Database = address.replace("gate@", "clerk@").parse().unwrap();
    let mut clerk = clerk.open_existing().unwrap();
    redact(clerk.as_mut(), &["dana"], NOW + 20);
    let refused = clerk.erase().unwrap_err().to_string();
    assert!(refused.contains("to whom the table `documents` belongs"), "{refused}");
    assert!(owner.erase().is_ok());
}

#[test]
fn a_reader_that_keeps_the_log_from_being_emptied_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let database: Database =
        format!("sqlite://{}", folder.path().join("trail.sqlite").display()).parse().unwrap();
    let mut store = database.open().unwrap();
    five(store.as_mut());
    redact(store.as_mut(), &["dana"], NOW + 20);
    let reads = in_the_middle_of_reading(&database);
    store.query("PRAGMA busy_timeout = 100", &[]).unwrap();
    let refused = store.erase().unwrap_err().to_string();
    assert!(refused.contains("the other program that reads"), "{refused}");
    drop(reads);
    assert!(store.erase().is_ok());
}

/// A connection in the middle of reading.
fn in_the_middle_of_reading(database: &Database) -> Box<dyn Store> {
    let mut store = database.open_existing().unwrap();
    store.execute("{begin reading}", &[]).unwrap();
    store.query("SELECT number FROM entries", &[]).unwrap();
    store
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
        assert!(expire(store) > 0);
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
        let mut store = tables::open(database).unwrap();
        let store = store.as_mut();
        let waiting = keep(store, &request("7", "c1", false, NOW - 100 * 86_400)).0;
        let made = waiting.entry.made().unwrap().clone();
        open::put(store, &waiting.entry.place(), &waiting.hash).unwrap();
        assert_eq!(expire(store), 0);
        open::close(store, &waiting.entry.repository, "7").unwrap();
        assert!(expire(store) > 0);
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
        let heads: Vec<(String, bool)> = entries(store)
            .into_iter()
            .map(|link| (link.entry.head.clone(), link.entry.made().unwrap().blocks))
            .collect();
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
fn the_moves_of_a_branch_are_those_that_a_decision_let_pass() {
    on_each(|database, _| {
        let mut store = database.open().unwrap();
        let store = store.as_mut();
        keep(store, &push("a", "b", true));
        keep(store, &push("b", "c", true));
        // What was refused moved nothing.
        keep(store, &push("c", "d", false));
        let mut moves = |target: &str, since: u64| -> Vec<(u64, String, String)> {
            let moves = Trail::of(store).moves("acme/app", target, since).unwrap();
            moves.into_iter().map(|step| (step.entry, step.from, step.to)).collect()
        };
        let both = vec![(2, id("b"), id("c")), (1, id("a"), id("b"))];
        assert_eq!(moves("refs/heads/main", 0), both);
        // What stands shortly before the note that a branch is in order is told as well.
        assert_eq!(moves("refs/heads/main", 2), both);
        assert_eq!(moves("refs/heads/main", 5_000), vec![]);
        assert_eq!(moves("refs/heads/prod", 0), vec![]);
    });
}

#[test]
fn what_cannot_be_found_because_an_entry_was_changed_is_said_with_its_number() {
    for (question, kind) in [("findings", "settled"), ("moves", "decision")] {
        on_each(|database, _| {
            let mut store = database.open().unwrap();
            let store = store.as_mut();
            keep(store, &push("a", "b", true));
            let mut trail = Trail::of(store);
            trail.find(at(NOW), main_at("x"), Finding::NoVerdict, None, None).unwrap();
            trail.note(at(NOW), main_at("x"), Event::Settled { finding: 2, decision: None }).unwrap();
            let ask = |store: &mut dyn Store| {
                let mut trail = Trail::of(store);
                let found = match question {
                    "moves" => trail.moves("acme/app", "refs/heads/main", 0).map(|moves| moves.len()),
                    _ => trail.findings(None).map(|open| open.len()),
                };
                found.map_err(|error| error.to_string())
            };
            assert_eq!(ask(store), Ok(usize::from(question == "moves")));
            let number = store.query("SELECT number FROM entries WHERE kind = $1", &[kind.into()]).unwrap()
                [0]
            .integer(0)
            .unwrap();
            store.execute("UPDATE entries SET body = 'no entry' WHERE kind = $1", &[kind.into()]).unwrap();
            let refused = ask(store).unwrap_err();
            assert!(
                refused.starts_with(&format!("entry {number} was changed: its bytes do not give its hash")),
                "{refused}"
            );
        });
    }
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
        let said = report::report(store, at(NOW - 100), at(NOW + 100), None).unwrap();
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
        assert!(report::report(store, at(NOW + 50), at(NOW + 100), None).unwrap().shipped.is_empty());
        let mut trail = Trail::of(store);
        trail.note(at(NOW + 20), main_at("x"), Event::Settled { finding: 4, decision: None }).unwrap();
        let said = report::report(store, at(NOW - 100), at(NOW + 100), None).unwrap();
        assert!(!said.without_verdict[0].open);
        redact(store, &["sam"], NOW + 30);
        let text = report::report(store, at(NOW - 100), at(NOW + 100), None).unwrap().text();
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
        let said = report::report(store, at(NOW - 100), at(NOW + 100), None).unwrap();
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

#[test]
fn what_was_decided_about_a_repository_goes_with_it_and_not_with_its_name() {
    on_each(|database, _| {
        let mut store = tables::open(database).unwrap();
        let mut trail = Trail::of(store.as_mut());
        let main = "refs/heads/main";
        let place = |repository: &str, head: &str| Place {
            repository: repository.into(),
            target: main.into(),
            change: None,
            head: id(head),
        };
        let last = |trail: &mut Trail<'_>, repository: &str| {
            trail.last_merge(repository, main).unwrap().map(|link| link.entry.head)
        };
        trail.begin(at(NOW), "acme/app", vec![place("acme/app", "a1")]).unwrap();
        // One that was watched before anybody asked for its number stays who it is.
        assert!(!trail.bear(at(NOW), "acme/app", "1", open::forget).unwrap());
        assert!(!trail.bear(at(NOW), "acme/app", "1", open::forget).unwrap());
        assert_eq!(last(&mut trail, "acme/app"), Some(id("a1")));
        trail.find(at(NOW), place("acme/app", "odd"), Finding::NoVerdict, Some(id("a1")), None).unwrap();
        // Deleted and made again.
        assert!(trail.bear(at(NOW), "acme/app", "2", open::forget).unwrap());
        assert_eq!(last(&mut trail, "acme/app"), None);
        assert!(!trail.knows("acme/app").unwrap() && trail.last_merges("acme/app").unwrap().is_empty());
        assert!(trail.findings(Some(("acme/app", main))).unwrap().is_empty());
        trail.begin(at(NOW), "acme/app", vec![place("acme/app", "b1")]).unwrap();
        assert_eq!(last(&mut trail, "acme/app"), Some(id("b1")));
        // Renamed, it goes on from where it was in order; and so does the first, which was only put aside, once it is back.
        assert!(!trail.bear(at(NOW), "acme/other", "2", open::forget).unwrap());
        assert_eq!(last(&mut trail, "acme/other"), Some(id("b1")));
        let merge = Event::Merge { from: Some(id("b1")), decisions: vec![] };
        trail.note(at(NOW), place("acme/other", "b2"), merge).unwrap();
        assert!(trail.bear(at(NOW), "acme/app", "1", open::forget).unwrap());
        assert_eq!(last(&mut trail, "acme/app"), Some(id("a1")));
        assert!(trail.bear(at(NOW), "acme/app", "2", open::forget).unwrap());
        assert_eq!(last(&mut trail, "acme/app"), Some(id("b2")));
        assert!(verify(store.as_mut(), &[]).unwrap().faults.is_empty());
    });
}
