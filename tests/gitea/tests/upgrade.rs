//! Databases that versions before this one made, as `upgrade/` keeps them, go on with this one.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use countersign_audit::chain::{Because, Event, Finding};
use countersign_audit::documents::{Order, Role, keep};
use countersign_audit::removal;
use countersign_audit::replay::answer;
use countersign_audit::trail::Move;
use countersign_audit::verify::verify;
use countersign_audit::{Database, Kept, Place, Store, Trail};
use countersign_core::model::When;
use countersign_host::module::Module;
use countersign_serve::{Delivery, Subject, open, queue, tables};
use gitea_tests::postgres::Postgres;
use gitea_tests::run;
use serde_json::json;

const POLICY: &str = "\
countersign: 1
name: senior sign-off
people: { seniors: { users: [sam] } }
questions: { topology: Which systems does it reach? }
rules:
  - name: AI-assisted code
    when: { ai: any }
    options: { fresh-answers: true }
    require: [{ approvals: 1, by: seniors, answers: [topology] }]
";

fn id(name: &str) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<40}")
}

fn at(seconds: i64) -> When {
    When::from_seconds(seconds)
}

const NOW: i64 = 1_790_000_000;

/// A change by dana with the help of an AI, which sam has signed off.
fn request(change: &str, head: &str) -> String {
    let ident = json!({ "name": "dana", "email": "dana@example.com", "account": { "login": "dana" } });
    json!({
        "apiVersion": "countersign/v1",
        "trigger": { "kind": "webhook", "host": { "name": "t" }, "platform": { "name": "gitea" }, "now": NOW },
        "documents": [{
            "role": "policy", "source": "git", "ref": "refs/heads/main", "commit": id("base"),
            "path": ".countersign/policy.yaml", "digest": format!("sha256:{}", "1".repeat(64)), "bytes": POLICY,
        }],
        "change": {
            "repository": { "name": "acme/app" }, "id": change, "target": "refs/heads/main",
            "default_branch": "refs/heads/main", "base_tip": id("base"), "merge_base": id("base"), "head": id(head),
            "merge_tree": id("tree"), "opened_by": { "login": "dana" },
            "result": { "commit": id(head), "tree": id("tree"), "kind": "fast-forward" },
        },
        "commits": [{
            "sha": id(head), "tree": id("tree"), "parents": [{ "sha": id("base"), "in_target": true }],
            "author": ident, "committer": ident, "message": "Work\n\nAI-Assisted: claude-code/2.1\n",
        }],
        "files": [{ "path": "a.rs", "status": "modified", "added": 1, "deleted": 1 }],
        "acts": [{
            "id": "review-1", "kind": "approve", "actor": { "login": "sam" }, "proof": "forge", "at": NOW - 10,
            "change": change, "target": "refs/heads/main", "head": id(head), "text_integrity": "original",
            "text": "topology: none outside the parser itself, nothing else reads it",
        }],
        "complete": [
            "documents", "commits", "files", "acts", "pushes", "people", "groups", "opener", "requester", "notes",
            "traces", "text", "statuses", "merge-tree", "history",
        ],
    })
    .to_string()
}

fn main_at(commit: &str) -> Place {
    Place { repository: "acme/app".into(), target: "refs/heads/main".into(), change: None, head: id(commit) }
}

/// A row in every table, and an entry of every kind.
fn one_of_each(store: &mut dyn Store) {
    let module = Module::embedded().unwrap();
    // A real one has megabytes.
    let component = keep(store, Role::Component, b"a module").unwrap();
    let mut trail = Trail::of(store);
    trail.bear(at(NOW), "acme/old", "1", open::forget).unwrap();
    let old = Place { repository: "acme/old".into(), ..main_at("o1") };
    trail.begin(at(NOW), "acme/old", vec![old]).unwrap();
    trail.bear(at(NOW), "acme/old", "2", open::forget).unwrap();
    trail.bear(at(NOW), "acme/app", "3", open::forget).unwrap();
    trail.begin(at(NOW), "acme/app", vec![main_at("base")]).unwrap();
    let mut decided = |change: &str, head: &str| {
        let request = request(change, head);
        let answer = answer(&module, request.as_bytes());
        let kept = Kept { request: request.as_bytes(), answer: &answer, component: &component };
        trail.keep(kept).unwrap().0
    };
    let merged = decided("7", "c1");
    let waits = decided("8", "c2");
    let expired = decided("6", "c0");
    let event = Event::Merge { from: Some(id("base")), decisions: vec![merged.entry.number] };
    trail.note(at(NOW + 1), main_at("c1"), event).unwrap();
    let mut find = |commit: &str, detail: &str| {
        let place = main_at(commit);
        trail.find(at(NOW + 2), place, Finding::NoVerdict, Some(id("c1")), Some(detail)).unwrap().0
    };
    let settled = find("odd", "nobody signed it").entry.number;
    find("odder", "nobody signed it either");
    let event = Event::Settled { finding: settled, decision: Some(merged.entry.number) };
    trail.note(at(NOW + 3), main_at("c1"), event).unwrap();
    // A record of the hook brings its module along, which has megabytes.
    store.execute("INSERT INTO taken (name) VALUES ('1.record')", &[]).unwrap();
    let named = removal::Named {
        digest: expired.entry.made().unwrap().request.clone(),
        entry: expired.entry,
        role: Role::Request,
        naming: None,
        places: vec![],
    };
    let plan = removal::Plan { remove: vec![named], ..Default::default() };
    removal::carry_out(store, at(NOW + 4), &plan, Because::Request, Some(&Order::new("office", "ticket 1")))
        .unwrap();
    let subject = |number| Subject::Change { repository: "acme/app".into(), number };
    queue::accept(store, &Delivery { id: "d1".into(), subjects: vec![subject(8), subject(9)] }).unwrap();
    queue::claim(store, Duration::from_secs(60), 3).unwrap().unwrap();
    open::put(store, &waits.entry.place(), &waits.hash).unwrap();
    open::keep_comment(store, "acme/app", "8", "comment-1").unwrap();
}

/// The schema of the trail that this version makes.
const SCHEMA: i64 = 2;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade")
}

/// What the next version is to be tried on is made by this one, before its tables change.
#[test]
#[ignore = "writes files into the source tree: run it before a step is added, and raise SCHEMA with that"]
fn a_database_of_this_version_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.sqlite");
    let database: Database = format!("sqlite://{}", file.display()).parse().unwrap();
    let mut store = tables::open(&database).unwrap();
    one_of_each(store.as_mut());
    store.query("PRAGMA journal_mode = delete", &[]).unwrap();
    store.execute("VACUUM", &[]).unwrap();
    drop(store);
    std::fs::copy(file, fixtures().join(format!("{SCHEMA}.sqlite"))).unwrap();
    let postgres = Postgres::start();
    let address = postgres.database("trail");
    one_of_each(tables::open(&address.parse().unwrap()).unwrap().as_mut());
    let dump =
        run(Command::new("pg_dump").args(["--no-owner", "--no-privileges", "--inserts"]).arg(&address));
    assert_eq!(dump.code, 0, "{}", dump.text);
    // What newer programs put around a dump, and older ones do not know.
    let lines = dump.text.lines().filter(|line| !line.contains("restrict "));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    std::fs::write(fixtures().join(format!("{SCHEMA}.sql")), text).unwrap();
}

/// Runs a test on a database of an earlier schema, on each kind of server.
fn on_each_of(schema: i64, test: impl Fn(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.sqlite");
    std::fs::copy(fixtures().join(format!("{schema}.sqlite")), &file).unwrap();
    test(&format!("sqlite://{}", file.display()).parse().unwrap());
    let postgres = Postgres::start();
    let address = postgres.database("trail");
    let dump = fixtures().join(format!("{schema}.sql"));
    let loaded =
        run(Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(dump).arg(&address));
    assert_eq!(loaded.code, 0, "{}", loaded.text);
    test(&address.parse().unwrap());
}

/// Every table of schema 1 but the one of its number, each with what orders its rows.
const TABLES: &[(&str, &str)] = &[
    ("answers", "change"),
    ("bearers", "repository"),
    ("comments", "change"),
    ("deliveries", "id"),
    ("documents", "digest"),
    ("entries", "number"),
    ("jobs", "id"),
    ("left_at", "id"),
    ("open", "change"),
    ("repositories", "name"),
    ("taken", "name"),
    ("turns", "repository"),
];

/// Every row of these tables.
fn rows(store: &mut dyn Store) -> Vec<String> {
    let mut all = Vec::new();
    for (table, order) in TABLES {
        let rows = store.query(&format!("SELECT * FROM {table} ORDER BY {order}"), &[]).unwrap();
        assert!(!rows.is_empty(), "{table} is empty, and shows nothing");
        all.extend(rows.iter().map(|row| format!("{table} {row:?}")));
    }
    all
}

fn schema(store: &mut dyn Store) -> i64 {
    store.query("SELECT schema FROM countersign", &[]).unwrap()[0].integer(0).unwrap()
}

#[test]
fn a_database_of_the_first_schema_goes_on_with_all_that_it_holds() {
    on_each_of(1, |database| {
        let mut store = database.open_existing().unwrap();
        let before = rows(store.as_mut());
        drop(store);
        // Several replicas start at once.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| drop(tables::open(database).unwrap()));
            }
        });
        let mut store = database.open_existing().unwrap();
        let store = store.as_mut();
        assert_eq!((schema(store), rows(store)), (SCHEMA, before));
        assert_eq!(verify(store, &[]).unwrap().faults, Vec::<String>::new());
        // And everything that is asked of it finds what was there.
        let (app, main) = ("acme/app", "refs/heads/main");
        let mut trail = Trail::of(store);
        let open: Vec<u64> =
            trail.findings(None).unwrap().into_iter().map(|link| link.entry.number).collect();
        assert_eq!(open, [8]);
        let led = |step: &Move| (step.from == id("base") && step.to == id("c1")).then_some(step.entry);
        assert_eq!(trail.moves(app, main, 0).unwrap().iter().find_map(led), Some(3));
        assert_eq!(trail.earlier_answers(app, "7").unwrap().len(), 2);
        assert_eq!(trail.bearer(app).unwrap().as_deref(), Some("3"));
        trail.note(at(NOW + 9), main_at("odder"), Event::Settled { finding: 8, decision: None }).unwrap();
        assert!(trail.findings(None).unwrap().is_empty());
        assert_eq!(open::head(store, app, "8").unwrap(), Some(id("c2")));
        assert_eq!(open::wanted(store).unwrap().len(), 1);
        assert_eq!(open::comment(store, app, "8").unwrap().as_deref(), Some("comment-1"));
        let replayed = Delivery { id: "d1".into(), subjects: vec![] };
        assert!(!queue::accept(store, &replayed).unwrap());
        let lease = Duration::from_secs(60);
        assert!(queue::claim(store, lease, 3).unwrap().is_some());
        assert!(queue::claim(store, lease, 3).unwrap().is_some());
        assert_eq!(queue::claim(store, lease, 3).unwrap(), None);
        assert!(verify(store, &[]).unwrap().faults.is_empty());
    });
}

#[test]
fn a_database_of_an_earlier_schema_is_read_as_it_is() {
    on_each_of(1, |database| {
        let mut store = database.open_existing().unwrap();
        let store = store.as_mut();
        assert!(verify(store, &[]).unwrap().faults.is_empty());
        assert_eq!(Trail::of(store).findings(None).unwrap().len(), 1);
        assert_eq!(open::wanted(store).unwrap().len(), 1);
        assert_eq!(schema(store), 1, "whoever only reads changes nothing");
    });
}

#[test]
fn a_database_of_a_newer_schema_is_refused_and_left_alone() {
    for noted in ["countersign", "service"] {
        on_each_of(1, |database| {
            let mut store = tables::open(database).unwrap();
            let before = rows(store.as_mut());
            store.execute(&format!("UPDATE {noted} SET schema = 99"), &[]).unwrap();
            let Err(refused) = tables::open(database) else { panic!("{noted} was opened") };
            let refused = refused.to_string();
            for said in [&format!("has schema 99 of `{noted}`"), "run the newer program", "restore the copy"]
            {
                assert!(refused.contains(said), "{refused}");
            }
            assert_eq!(rows(store.as_mut()), before);
            assert_eq!(
                store.query(&format!("SELECT schema FROM {noted}"), &[]).unwrap()[0].integer(0).unwrap(),
                99
            );
        });
    }
}
