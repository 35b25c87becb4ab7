//! The audit trail as an auditor reads it: whole, damaged, incomplete, and after somebody was forgotten.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::{AI, Repo, Run, SIGNED_ANSWER, key, repo_with_signers, run};
use countersign_audit::anchor::Anchorage;
use countersign_audit::chain::{Entry, Event, Finding, hash};
use countersign_audit::replay::answer;
use countersign_audit::{Database, Kept, Place, Store, Trail};
use countersign_core::model::When;
use countersign_host::cli::now;
use countersign_host::module::Module;

/// A trail on SQLite, in a folder of its own.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn file(&self) -> PathBuf {
        self.folder.path().join("trail.sqlite")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    fn store(&self) -> Box<dyn Store> {
        self.url().parse::<Database>().unwrap().open().unwrap()
    }

    fn audit(&self, args: &[&str]) -> Run {
        let url = self.url();
        run(self.folder.path(), &[&["audit", "--database", &url], args].concat(), &[])
    }
}

/// A trail of five entries, made once: a change of Dana's that waits, the same signed off by Sam, where the watch of main begins,
/// the merge of the change, and what came in past the gate.
fn trail() -> Copy {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    let copy = Copy { folder: tempfile::tempdir().unwrap() };
    let bytes = FILE.get_or_init(|| {
        let repo = repo_with_signers(|repo| {
            format!("sam@example.com namespaces=\"countersign\" {}\n", key(repo, "sam", &["ed25519"]).1)
        });
        let spool = repo.beside("spool");
        let check = || repo.check(&["--spool", spool.to_str().unwrap()]).code;
        assert_eq!(check(), 1);
        common::approve(&repo, repo.beside("sam").to_str().unwrap());
        assert_eq!(check(), 0);
        let made = Copy { folder: tempfile::tempdir().unwrap() };
        assert_eq!(made.audit(&["take-in", spool.to_str().unwrap()]).out, "2 taken in\n");
        let mut store = made.store();
        let main = |commit: &str| Place {
            repository: "shop".into(),
            target: "refs/heads/main".into(),
            head: repo.git(&["rev-parse", commit]),
            ..Place::default()
        };
        let base = Some(repo.git(&["rev-parse", "main"]));
        let mut note = |commit: &str, event: Event| {
            Trail::of(store.as_mut()).note(now().unwrap(), main(commit), event).unwrap();
        };
        note("main", Event::Merge { from: None, decisions: vec![] });
        note("change", Event::Merge { from: base.clone(), decisions: vec![2] });
        let finding = Event::Finding { finding: Finding::NoVerdict, from: base, detail: None };
        note("main^", finding);
        drop(store);
        std::fs::read(made.file()).unwrap()
    });
    std::fs::write(copy.file(), bytes).unwrap();
    copy
}

/// What people read, without what is another at each run.
fn stable(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(start);
        let end =
            from.find(|c: char| !(c.is_ascii_alphanumeric() || "-:+/".contains(c))).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        let day = word.len() >= 10
            && word.as_bytes()[4] == b'-'
            && word.as_bytes()[..4].iter().all(u8::is_ascii_digit);
        let hex = word.len() >= 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
        out.push_str(match word {
            _ if word.starts_with("SHA256:") => "SHA256:KEY",
            _ if word.starts_with("sha256:") => "sha256:HEX",
            _ if day => "DAY",
            _ if hex => "HEX",
            word => word,
        });
        rest = after;
    }
    out + rest
}

/// The commands that show something of the trail.
const COMMANDS: [&[&str]; 7] = [
    &["log"],
    &["show", "2"],
    &["verify"],
    &["replay"],
    &["export"],
    &["export", "--format", "csv"],
    &["report", "--since", "2000-01-01"],
];

/// The exit code of each command, in the order of [`COMMANDS`].
type Codes = [i32; 7];

/// Changes the body of an entry, and its hash with it.
fn rewrite(store: &mut dyn Store, number: i64, from: &str, to: &str) {
    let rows = store.query("SELECT body FROM entries WHERE number = $1", &[number.into()]).unwrap();
    let body = rows[0].text(0).unwrap().replace(from, to);
    let hash = hash(&body);
    let values = [body.into(), hash.into(), number.into()];
    store.execute("UPDATE entries SET body = $1, hash = $2 WHERE number = $3", &values).unwrap();
}

const INSERT: &str =
    "INSERT INTO entries SELECT NUMBER, 'f' || hash, kind, repository, target, change, head, result, body
     FROM entries WHERE number = 1";

#[test]
fn what_is_damaged_is_named_in_a_line_and_all_that_is_sound_is_shown() {
    // Entry 2 is the decision that was shipped: where its documents are gone, each command misses what it shows of them.
    let of_entry: Codes = [1, 1, 1, 1, 1, 1, 1];
    let elsewhere: Codes = [1, 0, 1, 1, 1, 1, 1];
    let of_answer: Codes = [0, 1, 1, 1, 1, 1, 1];
    let of_approvers: Codes = [0, 1, 1, 0, 1, 1, 1];
    let of_request: Codes = [0, 1, 1, 1, 1, 1, 1];
    let document = |role: &str, change: &str| {
        let digest = format!("SELECT json_extract(body, '$.{role}') FROM entries WHERE number = 2");
        format!("UPDATE documents SET bytes = {change} WHERE digest = ({digest})")
    };
    let mut cases: Vec<(String, String, &str, Codes)> = vec![
        ("nothing".into(), "SELECT 1".into(), "The trail is whole: 5 entries", [0; 7]),
        (
            "a body".into(),
            "UPDATE entries SET body = replace(body, 'approved', 'denied') WHERE number = 2".into(),
            "entry 2 was changed: its bytes do not give its hash",
            of_entry,
        ),
        (
            "a body that is none".into(),
            "UPDATE entries SET body = 'sam@example.com' WHERE number = 2".into(),
            "entry 2 was changed: its bytes do not give its hash",
            of_entry,
        ),
        (
            "bytes in place of a body".into(),
            "UPDATE entries SET body = CAST(body AS BLOB) WHERE number = 2".into(),
            "entry 2 was changed: a column holds something else than text",
            of_entry,
        ),
        (
            "a column".into(),
            "UPDATE entries SET head = 'sam@example.com' WHERE number = 2".into(),
            "entry 2 was changed: it is listed under something else than it says",
            of_entry,
        ),
        (
            "bytes in place of a column".into(),
            "UPDATE entries SET kind = CAST(kind AS BLOB) WHERE number = 2".into(),
            "entry 2 was changed: it is listed under something else than it says",
            of_entry,
        ),
        (
            "an entry that is gone".into(),
            "DELETE FROM entries WHERE number = 2".into(),
            "entry 2 is missing",
            of_entry,
        ),
        (
            "entries that changed places".into(),
            "UPDATE entries SET number = 7 WHERE number = 2; UPDATE entries SET number = 2 WHERE number = 3;
             UPDATE entries SET number = 3 WHERE number = 7"
                .into(),
            "entry 3 stands in the place of 2: entries were re-ordered",
            of_entry,
        ),
        (
            "a number that is none".into(),
            INSERT.replace("NUMBER", "-3"),
            "entry -3 is none: entries count from 1",
            elsewhere,
        ),
        (
            "the largest number".into(),
            INSERT.replace("NUMBER", "9223372036854775807"),
            "entries 6 to 9223372036854775806 are missing",
            elsewhere,
        ),
        (
            "a beginning that is cut off".into(),
            "DELETE FROM entries WHERE number = 1".into(),
            "entry 1 is missing",
            elsewhere,
        ),
        (
            "an end that is cut off, without its documents".into(),
            "DELETE FROM entries WHERE number > 1".into(),
            "belongs to no entry: the entry that named it was removed",
            [1, 2, 1, 0, 1, 1, 1],
        ),
    ];
    for (role, codes) in [("answer", of_answer), ("approvers", of_approvers), ("request", of_request)] {
        for (kind, change) in [
            ("text in place of bytes", "replace(bytes, 'sam', 'bob')"),
            ("other bytes", "CAST(replace(bytes, 'sam', 'bob') AS BLOB)"),
            ("a number", "7"),
            ("a fraction", "7.5"),
            ("half of it", "substr(bytes, 1, length(bytes) / 2)"),
            ("no JSON", "x'ff00'"),
            ("no bytes", "x''"),
        ] {
            let named = "was changed: it is not the bytes that give its digest";
            cases.push((format!("{role}: {kind}"), document(role, change), named, codes));
        }
        let gone = "is gone, and no entry says that it was removed";
        cases.push((format!("{role}: emptied"), document(role, "NULL"), gone, codes));
        let removed =
            document(role, "NULL").replace("UPDATE", "DELETE FROM").replace("SET bytes = NULL ", "");
        cases.push((format!("{role}: removed"), removed, gone, codes));
    }
    for (name, damage, named, codes) in cases {
        let copy = trail();
        let mut store = copy.store();
        for statement in damage.split(';') {
            store.execute(statement, &[]).unwrap();
        }
        drop(store);
        told(&name, &copy, named, codes);
    }
    // What is rewritten with its hash is found by the entry that follows it.
    let rewritten: [(&str, i64, &str, &str, &str, Codes); 4] = [
        (
            "an outcome",
            2,
            "approved",
            "denied",
            "entry 3 does not follow the one before it: entry 2 was replaced",
            of_entry,
        ),
        ("a moment", 2, "\"at\":\"", "\"at\":\"no", "entry 2 was changed: its time is none", of_entry),
        (
            "no entry",
            2,
            "\"decision\"",
            "\"sam@example.com\"",
            "entry 2 was changed: its bytes are no entry",
            of_entry,
        ),
        (
            "the beginning",
            1,
            &"0".repeat(64),
            &"1".repeat(64),
            "entry 1 follows another: what stood before it was cut off",
            elsewhere,
        ),
    ];
    for (name, number, from, to, named, codes) in rewritten {
        let copy = trail();
        rewrite(copy.store().as_mut(), number, from, to);
        told(name, &copy, named, codes);
    }
}

/// Holds every command to what it is to say of a trail.
fn told(name: &str, copy: &Copy, named: &str, codes: Codes) {
    for (command, expected) in COMMANDS.iter().zip(codes) {
        let run = copy.audit(command);
        let all = format!("{}{}", run.out, run.err);
        assert_eq!(run.code, expected, "{name}, {command:?}: {run:?}");
        for words in ["bob", "Some(", "column 0"] {
            assert!(!all.contains(words), "{name}, {command:?} shows {words}: {run:?}");
        }
        if expected == 1 && !matches!(command[0], "replay") {
            assert!(all.contains(named), "{name}, {command:?}: {run:?}");
        }
        if command[0] == "log" && name != "an end that is cut off, without its documents" {
            for number in [4, 5] {
                let shown = run.out.lines().any(|line| line.starts_with(&format!("{number:>6}  ")));
                assert!(shown, "{name}, entry {number} is sound: {run:?}");
            }
        }
    }
}

#[test]
fn what_is_no_trail_is_said_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.sqlite");
    // A database of somebody else.
    let mut store = format!("sqlite://{}", other.display()).parse::<Database>().unwrap().open().unwrap();
    store.execute("DROP TABLE countersign", &[]).unwrap();
    drop(store);
    let whole = std::fs::read(trail().file()).unwrap();
    std::fs::write(folder.path().join("text.sqlite"), "dana@example.com is no database\n".repeat(400))
        .unwrap();
    std::fs::write(folder.path().join("empty.sqlite"), "").unwrap();
    std::fs::write(folder.path().join("cut.sqlite"), &whole[..whole.len() / 2]).unwrap();
    std::fs::create_dir(folder.path().join("folder.sqlite")).unwrap();
    for (file, said) in [
        ("text.sqlite", "it is another file than a database of SQLite"),
        ("empty.sqlite", "it has no table `countersign`"),
        ("other.sqlite", "it has no table `countersign`"),
        ("folder.sqlite", "there is no such file"),
        ("none.sqlite", "there is no such file"),
        ("cut.sqlite", ""),
    ] {
        let path = folder.path().join(file);
        let before = std::fs::read(&path).ok();
        for command in COMMANDS.iter().chain(&[&["redact", "sam"][..], &["expire", "--before", "2026-01-01"]])
        {
            let url = format!("sqlite://{file}");
            let run = run(folder.path(), &[&["audit", "--database", &url], *command].concat(), &[]);
            assert!(run.code == 2 || (file == "cut.sqlite" && run.code == 1), "{file}: {run:?}");
            assert!(run.err.contains(said) && !run.err.contains("dana"), "{file}: {run:?}");
            assert_eq!(std::fs::read(&path).ok(), before, "{file} was written to");
        }
    }
}

#[test]
fn what_is_asked_for_and_is_not_there_is_said() {
    let copy = trail();
    for (args, code, said) in [
        (&["log", "--change", "7"][..], 0, "No entry matches: --change 7"),
        (&["log", "--repo", "acme/app", "--open"], 0, "No entry matches: --repo acme/app --open"),
        (&["log", "--change", "7", "--format", "json"], 0, "No entry matches: --change 7"),
        (&["show", "99"], 2, "there is no entry 99"),
        (&["show", "3", "--request"], 2, "entry 3 is a merge, and no decision"),
        (&["export", "--from", "9", "--to", "3"], 2, "--from 9 is behind --to 3"),
        (&["export", "--from", "90"], 0, "the trail holds no entry there"),
        (&["replay", "--from", "9", "--to", "3"], 2, "--from 9 is behind --to 3"),
        (&["replay", "--from", "3"], 2, "nothing was replayed"),
        (&["report", "--since", "2027-01-01", "--until", "2026-01-01"], 2, "is still to come"),
        (
            &["report", "--since", "2020-02-01", "--until", "2020-02-01"],
            2,
            "the period ends before it begins",
        ),
        (
            &["report", "--since", "2020-02-01", "--until", "2020-01-01"],
            2,
            "the period ends before it begins",
        ),
        (&["report", "--since", "2020-02-30"], 2, "`2020-02-30` is no day"),
        (
            &["report", "--since", "2020-01-01", "--until", "2020-02-01"],
            2,
            "the trail cannot say what shipped",
        ),
        (&["redact", ""], 2, "an empty name names nobody"),
        (&["redact", "nobody.at.all"], 0, "No document is to be removed."),
        (&["expire", "--before", "2020-01-01"], 0, "No document is to be removed."),
        (&["take-in", "nowhere"], 2, "the spool nowhere cannot be used: No such file"),
        (&["take-in", "trail.sqlite"], 2, "the spool trail.sqlite cannot be used: Not a directory"),
    ] {
        let run = copy.audit(args);
        let all = format!("{}{}", run.out, run.err);
        assert_eq!(run.code, code, "{args:?}: {run:?}");
        assert!(all.contains(said), "{args:?}: {run:?}");
        assert!(!copy.folder.path().join("nowhere").exists(), "nothing is made");
    }
}

#[test]
fn a_trail_that_saw_no_branch_move_cannot_say_what_shipped() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let spool = repo.beside("spool");
    repo.check(&["--spool", spool.to_str().unwrap()]);
    let copy = Copy { folder: tempfile::tempdir().unwrap() };
    assert_eq!(copy.audit(&["take-in", spool.to_str().unwrap()]).code, 0);
    let report = copy.audit(&["report", "--since", "2020-01-01", "--until", "2999-01-01"]);
    assert_eq!(report.code, 2, "{report:?}");
    insta::assert_snapshot!("report_unwatched", report.out + &report.err);
    let json = copy.audit(&["report", "--since", "2020-01-01", "--format", "json"]);
    assert_eq!(json.code, 2);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["watched"], false);

    // Another repository is watched, and that says nothing of this one.
    let place =
        Place { repository: "acme/other".into(), target: "refs/heads/main".into(), ..Place::default() };
    let begins = Event::Merge { from: None, decisions: vec![] };
    Trail::of(copy.store().as_mut())
        .note(When::parse("2026-01-01T00:00:00Z").unwrap(), place, begins)
        .unwrap();
    let report = copy.audit(&["report", "--since", "2020-01-01", "--until", "2999-01-01"]);
    assert_eq!(report.code, 0, "{report:?}");
    insta::assert_snapshot!("report_watched_in_part", report.out);
}

#[test]
fn a_trail_is_made_in_no_repository_by_accident() {
    let repo = Repo::with_policy();
    repo.write("deep/er/file", "");
    let spool = repo.beside("spool");
    repo.check(&["--spool", spool.to_str().unwrap()]);
    let take_in = ["audit", "take-in", spool.to_str().unwrap()];
    for folder in [repo.path(), repo.path().join("deep/er")] {
        let refused = run(&folder, &take_in, &[]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("would be made in the work tree of"), "{}", refused.err);
        assert!(!folder.join("countersign.sqlite").exists());
        let read = run(&folder, &["audit", "log"], &[]);
        assert!(read.code == 2 && read.err.contains("there is no such file"), "{read:?}");
        assert!(!folder.join("countersign.sqlite").exists());
    }
    // Who says where, is obeyed; and a trail that is there is taken.
    let url = [("COUNTERSIGN_DATABASE", "sqlite://countersign.sqlite")];
    assert_eq!(run(&repo.path(), &take_in, &url).out, "1 taken in\n");
    assert_eq!(run(&repo.path(), &take_in, &[]).out, "0 taken in\n");
}

#[test]
fn a_signed_sign_off_is_shown_in_words() {
    let shown = trail().audit(&["show", "2"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let (_, answered_by) = shown.out.split_once("\n\nWho answered\n").unwrap();
    insta::assert_snapshot!("show_signed", stable(answered_by));
    let (_, answered) = SIGNED_ANSWER.split_once('=').unwrap();
    assert!(shown.out.contains(answered) && !shown.out.contains('{'));
}

#[test]
fn a_redaction_is_shown_first_and_done_when_it_is_confirmed() {
    let copy = trail();
    let holds = |word: &str| {
        let entries = std::fs::read_dir(copy.folder.path()).unwrap();
        entries
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    let before = std::fs::read(copy.file()).unwrap();
    let sam = ["redact", "sam", "sam@example.com"];
    let asked = copy.audit(&sam);
    assert_eq!(asked.code, 0, "{asked:?}");
    insta::assert_snapshot!("redact_asked", stable(&asked.out));
    let order = ["--ordered-by", "data protection officer", "--reason", "ticket 4711"];
    for (args, said) in [
        (vec!["--yes"], "--ordered-by"),
        (vec!["--yes", "--ordered-by", "x"], "--reason"),
        (vec!["--yes", "--ordered-by", "sam@example.com", "--reason", "x"], "stay in the record"),
        (vec!["--yes", "--ordered-by", "x", "--reason", "Sam asked"], "stay in the record"),
        (vec!["--yes", "--ordered-by", " ", "--reason", "x"], "say nothing"),
    ] {
        let refused = copy.audit(&[&sam[..], &args].concat());
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains(said), "{refused:?}");
    }
    assert_eq!(std::fs::read(copy.file()).unwrap(), before, "nothing is removed without a yes");

    let removed = copy.audit(&[&sam[..], &order, &["--yes"]].concat());
    assert_eq!(removed.code, 0, "{removed:?}");
    insta::assert_snapshot!("redact_done", stable(removed.out.lines().last().unwrap()));
    assert!(!holds("only the billing queue and its two readers"), "what Sam wrote is in no file");
    assert!(holds("dana@example.com"), "what waits for Sam is Dana's too");
    assert_eq!(copy.audit(&["verify"]).code, 0);
    for (command, code) in
        [("show 2", 0), ("show 6", 0), ("replay", 2), ("report --since 2020-01-01 --until 2999-01-01", 0)]
    {
        let run = copy.audit(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, code, "{run:?}");
        let name = format!("redacted_{}", command.split(" --").next().unwrap().replace(' ', "_"));
        insta::assert_snapshot!(name, stable(&(run.out + &run.err)));
    }
    // Whoever is only listed stays listed, until that is asked for too.
    assert!(holds("sam@example.com"));
    let listed =
        copy.audit(&[&sam[..], &["--also", "listed", "--also", "written", "--yes"], &order].concat());
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(!holds("sam@example.com"));
}

/// Whether any file of a trail's folder holds a text.
fn is_held(copy: &Copy, text: &str) -> bool {
    let files = std::fs::read_dir(copy.folder.path()).unwrap();
    files
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

/// The trail of what was decided about a repository: each step changes it, and a check follows.
fn trail_of(repo: &Repo, steps: &[&dyn Fn(&Repo)]) -> Copy {
    let spool = repo.beside("spool");
    for step in steps {
        step(repo);
        repo.check(&["--spool", spool.to_str().unwrap()]);
    }
    let copy = Copy { folder: tempfile::tempdir().unwrap() };
    let taken = copy.audit(&["take-in", spool.to_str().unwrap()]);
    assert_eq!(taken.code, 0, "{taken:?}");
    copy
}

const ORDER: [&str; 5] = ["--yes", "--ordered-by", "data protection officer", "--reason", "ticket 4711"];

/// What Sam answers with [`common::approve`].
const SAMS_WORDS: &str = "only the billing queue and its two readers";

/// Sam's line in a list of keys, by one of his names.
fn sams_line(repo: &Repo, principal: &str) -> String {
    format!("{principal} namespaces=\"countersign\" {}\n", key(repo, "sam", &["ed25519"]).1)
}

fn sam_signs(repo: &Repo) {
    common::approve(repo, repo.beside("sam").to_str().unwrap());
}

/// The commit without what AI did in it: no rule applies any more, and no answer names who signed.
fn by_hand(repo: &Repo) {
    repo.git(&["commit", "--quiet", "--allow-empty", "--amend", "--message", "Clamp, by hand now"]);
}

#[test]
fn what_somebody_signed_goes_with_them_whatever_the_answers_name() {
    type Steps = &'static [&'static dyn Fn(&Repo)];
    let signed: Steps = &[&|_| {}, &sam_signs, &by_hand];
    let never_counted: Steps = &[&|repo| {
        sam_signs(repo);
        by_hand(repo);
    }];
    let cases: [(&str, &str, Steps, &[&str], bool); 7] = [
        ("a rule that applies no more", "sam@example.com", signed, &["sam", "sam@example.com"], true),
        ("no answer ever named him", "sam@example.com", never_counted, &["sam@example.com"], true),
        ("the policy says which address is his", "sam@example.com", never_counted, &["sam"], true),
        ("by his login", "sam", never_counted, &["sam@example.com"], true),
        (
            "his key is one of several people's",
            "rhea@example.com,sam@example.com",
            never_counted,
            &["sam"],
            true,
        ),
        ("who signed nothing", "sam@example.com", never_counted, &["rhea", "rhea@example.com"], false),
        ("a part of a name", "sam@example.com", never_counted, &["example.com"], false),
    ];
    for (name, principal, steps, names, goes) in cases {
        let repo = repo_with_signers(|repo| sams_line(repo, principal));
        let copy = trail_of(&repo, steps);
        assert!(is_held(&copy, SAMS_WORDS), "{name}");
        let shown = copy.audit(&[&["redact"], names].concat());
        assert_eq!(shown.out.contains("took part: acts.statement"), goes, "{name}: {shown:?}");
        let done = copy.audit(&[&["redact"], names, &ORDER[..]].concat());
        assert_eq!(done.code, 0, "{name}: {done:?}");
        assert_eq!(is_held(&copy, SAMS_WORDS), !goes, "{name}: {done:?}");
        assert_eq!(copy.audit(&["verify"]).code, 0, "{name}");
    }
}

#[test]
fn whose_a_key_is_is_known_of_every_request_where_one_says_it() {
    for (names, goes) in [(&["sam"], true), (&["sam@example.com"], true), (&["rhea"], false)] {
        let copy = trail();
        // The same change, where no list names the key any more.
        let request = copy.audit(&["show", "2", "--request"]).out;
        let mut request: serde_json::Value = serde_json::from_str(&request).unwrap();
        let documents = request["documents"].as_array_mut().unwrap();
        documents.retain(|document| document["role"] != "allowed-signers");
        let module = Module::embedded().unwrap();
        let request = request.to_string().into_bytes();
        let answer = answer(&module, &request);
        assert!(!answer.contains("\"actor\":\"sam\""), "{answer}");
        let kept = Kept { request: &request, answer: &answer, component: module.digest() };
        let (link, new) = Trail::of(copy.store().as_mut()).keep(kept).unwrap();
        assert!(new);
        let shown = copy.audit(&[&["redact"], &names[..]].concat()).out;
        let line = format!("  entry {} ", link.entry.number);
        let removed = shown.split("Stays, though").next().unwrap();
        let found = removed.lines().any(|shown| shown.starts_with(&line) && shown.contains("acts.statement"));
        assert_eq!(found, goes, "{names:?}: {shown}");
        assert_eq!(copy.audit(&[&["redact"], &names[..], &ORDER[..]].concat()).code, 0);
        assert_eq!(is_held(&copy, SAMS_WORDS), !goes, "{names:?}");
    }
}

#[test]
fn a_document_that_lost_its_entry_is_named_and_nobody_says_that_it_is_gone() {
    let remove = |from: i64| format!("DELETE FROM entries WHERE number >= {from}");
    let cases: [(&str, String, bool); 6] = [
        ("nothing", "SELECT 1".into(), false),
        ("an end that was cut off", remove(2), true),
        ("a beginning", "DELETE FROM entries WHERE number <= 2".into(), true),
        ("all of it", remove(0), true),
        ("an entry that was changed", "UPDATE entries SET body = '{}' WHERE number = 2".into(), true),
        (
            "a document that was changed",
            "UPDATE documents SET bytes = CAST(bytes || ' ' AS BLOB) WHERE role = 'approvers'".into(),
            true,
        ),
    ];
    for (name, damage, is_left) in cases {
        let copy = trail();
        copy.store().execute(&damage, &[]).unwrap();
        let asked = copy.audit(&["redact", "sam", "sam@example.com"]);
        let done = copy.audit(&[&["redact", "sam", "sam@example.com"], &ORDER[..]].concat());
        for run in [&asked, &done] {
            assert_eq!(run.code, i32::from(is_left), "{name}: {run:?}");
            assert_eq!(run.out.contains("HOLDS THE NAME"), is_left, "{name}: {run:?}");
            assert_eq!(run.out.contains("LEFT ALONE"), is_left, "{name}: {run:?}");
        }
        assert_eq!(done.out.contains("STILL HOLDS THE NAME"), is_left, "{name}: {done:?}");
        assert_eq!(done.out.contains("holds their bytes no more"), !is_left, "{name}: {done:?}");
        assert_eq!(is_held(&copy, SAMS_WORDS), is_left, "{name}: {done:?}");
        let expired = copy.audit(&["expire", "--before", "2000-01-01"]);
        let expected = is_left && name != "a document that was changed";
        assert_eq!(expired.code, i32::from(expected), "{name}: {expired:?}");
    }
}

/// A trail in which a rule was waived, and shipped so.
fn waived() -> Copy {
    let repo = repo_with_signers(|repo| {
        let policy = common::POLICY
            .replace("    when: { ai: any }\n", "    when: { ai: any }\n    waivable-by: [seniors]\n");
        repo.write(".countersign/policy.yaml", &policy);
        sams_line(repo, "sam@example.com")
    });
    let waive = |repo: &Repo| {
        let key = repo.beside("sam");
        let run = repo.countersign(&[
            "approve",
            "--yes",
            "--target",
            "main",
            "--key",
            key.to_str().unwrap(),
            "--waive",
            "AI-assisted code",
            "--until",
            "2027-01-31",
            "--reason",
            "the queue stands still and both of us are away",
        ]);
        assert_eq!(run.code, 0, "{run:?}");
    };
    let copy = trail_of(&repo, &[&|_| {}, &waive]);
    let place = |commit: &str| Place {
        repository: "shop".into(),
        target: "refs/heads/main".into(),
        head: repo.git(&["rev-parse", commit]),
        ..Place::default()
    };
    let mut store = copy.store();
    let mut trail = Trail::of(store.as_mut());
    let begins = Event::Merge { from: None, decisions: vec![] };
    trail.note(When::parse("2026-01-01T00:00:00Z").unwrap(), place("main"), begins).unwrap();
    let from = Some(repo.git(&["rev-parse", "main"]));
    trail.note(now().unwrap(), place("change"), Event::Merge { from, decisions: vec![2] }).unwrap();
    drop(store);
    copy
}

#[test]
fn an_override_is_shown_as_one_wherever_it_is_said_how_a_decision_came_to_pass() {
    let report = ["report", "--since", "2026-02-01", "--until", "2999-01-01"];
    let report_in_json = ["report", "--since", "2026-02-01", "--format", "json"];
    // What each says of an override, and what of an approval.
    let said: [(&[&str], &str, &str); 7] = [
        (&["log"], "overridden, AI-assisted", "approved, AI-assisted"),
        (&["show", "2"], "overridden, AI-assisted", "approved, AI-assisted"),
        (&["export"], "\"overridden\":true", "\"answered\":["),
        (&["export", "--format", "csv"], ",overridden,", ",approved,"),
        (&report, "1 AI-assisted and 0 other changes shipped (1 by an override)", "other changes shipped, "),
        (&report, "overrode  sam for AI-assisted code", "answered  sam for AI-assisted code"),
        (&report_in_json, "\"overridden\": 1,", "\"overridden\": 0,"),
    ];
    let approved = trail();
    let waived = waived();
    // A trail of a version that noted no overrides in its entries.
    let older = self::waived();
    let mut store = older.store();
    forge(store.as_mut(), 2, |body, store| {
        let body = body.replace("\"overridden\":true,", "");
        forged_document("approvers", "\"overrides\":true,", "")(body, store)
    });
    drop(store);
    for (command, of_override, of_approval) in said {
        for (copy, expected, other) in [
            (&waived, of_override, of_approval),
            (&older, of_override, of_approval),
            (&approved, of_approval, of_override),
        ] {
            let shown = copy.audit(command);
            assert_eq!(shown.code, 0, "{shown:?}");
            assert!(shown.out.contains(expected), "{command:?}: {expected:?} is missing in {}", shown.out);
            let alone = command[0] != "export" || command.len() > 1;
            assert!(!alone || !shown.out.contains(other), "{command:?}: {other:?} in {}", shown.out);
        }
    }
    let shown = waived.audit(&report).out;
    insta::assert_snapshot!("report_overridden", stable(&shown));
}

/// Changes the body of an entry, with what it names, and makes the chain anew from there.
fn forge(store: &mut dyn Store, number: i64, change: impl Fn(String, &mut dyn Store) -> String) {
    let rows = store.query("SELECT number, body FROM entries ORDER BY number", &[]).unwrap();
    let mut previous: Option<String> = None;
    for row in rows {
        let (at, mut body) = (row.integer(0).unwrap(), row.text(1).unwrap());
        if at == number {
            body = change(body, store);
        }
        let mut entry: Entry = serde_json::from_str(&body).unwrap();
        if let Some(previous) = previous {
            entry.previous = previous;
        }
        let body = entry.bytes().unwrap();
        let hash = hash(&body);
        previous = Some(hash.clone());
        let Entry { repository, target, head, event, .. } = &entry;
        let values = [
            body.into(),
            hash.into(),
            event.kind().into(),
            repository.as_str().into(),
            target.as_str().into(),
            head.as_str().into(),
            entry.made().and_then(|made| made.result.clone()).into(),
            at.into(),
        ];
        store
            .execute(
                "UPDATE entries SET body = $1, hash = $2, kind = $3, repository = $4, target = $5, head = $6, result = $7
                 WHERE number = $8",
                &values,
            )
            .unwrap();
    }
}

/// Puts another document in the place of one that an entry names.
fn forged_document(role: &str, from: &str, to: &str) -> impl Fn(String, &mut dyn Store) -> String {
    rewritten_document(role, move |text| {
        assert!(text.contains(from), "{text}");
        text.replace(from, to)
    })
}

/// Puts what is made of a document in its place.
fn rewritten_document(
    role: &str,
    rewrite: impl Fn(&str) -> String,
) -> impl Fn(String, &mut dyn Store) -> String {
    move |body, store| {
        let entry: serde_json::Value = serde_json::from_str(&body).unwrap();
        let digest = entry[role].as_str().unwrap();
        let rows = store.query("SELECT bytes FROM documents WHERE digest = $1", &[digest.into()]).unwrap();
        let text = String::from_utf8(rows[0].maybe_bytes(0).unwrap().unwrap()).unwrap();
        let bytes = rewrite(&text).into_bytes();
        let new = countersign_host::module::sha256_hex(&bytes);
        let values = [new.as_str().into(), bytes.as_slice().into(), digest.into()];
        store.execute("UPDATE documents SET digest = $1, bytes = $2 WHERE digest = $3", &values).unwrap();
        body.replace(digest, &new)
    }
}

#[test]
fn a_record_of_a_version_whose_decisions_said_less_is_as_whole_and_shown_as_well() {
    let earlier = |answer: &str| {
        let mut answer: serde_json::Value = serde_json::from_str(answer).unwrap();
        let answer = answer.as_object_mut().unwrap();
        for member in ["publication", "no_facts"] {
            assert!(answer.remove(member).is_some(), "{member}");
        }
        answer.remove("answered_by");
        serde_json::to_string(answer).unwrap()
    };
    let copy = trail();
    for number in [1, 2] {
        forge(copy.store().as_mut(), number, rewritten_document("answer", earlier));
    }
    for (command, shown) in [
        (&["verify"][..], "The trail is whole"),
        (&["show", "1"], "pending"),
        (&["show", "2"], "sam"),
        (&["export"], "approved"),
        (&["report", "--since", "1000-01-01"], "sam"),
    ] {
        let run = copy.audit(command);
        assert!(run.code == 0 && run.out.contains(shown), "{command:?}: {run:?}");
    }
}

#[test]
fn an_entry_that_says_something_else_than_its_documents_is_named_though_the_chain_was_made_anew() {
    type Change = Box<dyn Fn(String, &mut dyn Store) -> String>;
    let document = |role, from, to| -> Change { Box::new(forged_document(role, from, to)) };
    let body = |from: &'static str, to: &'static str| -> Change {
        Box::new(move |body, _| {
            assert!(body.contains(from), "{from}: {body}");
            body.replace(from, to)
        })
    };
    let cases: Vec<(&str, i64, Change, &str)> = vec![
        ("nothing", 2, body("approved", "approved"), ""),
        (
            "who",
            2,
            document("approvers", "\"person\":\"sam\"", "\"person\":\"rhea\""),
            "its answer names sam, and the record names rhea",
        ),
        (
            "words",
            2,
            document("approvers", "billing queue", "mail queue"),
            "the record holds other words than sam wrote",
        ),
        (
            "a key",
            2,
            document("approvers", "\"key\":\"SHA256:", "\"key\":\"SHA256:0"),
            "and the record SHA256:0",
        ),
        (
            "a proof",
            2,
            document("approvers", "\"proof\":\"signature\"", "\"proof\":\"forge\""),
            "its request has the proof signature, and the record forge",
        ),
        (
            "a rule",
            2,
            document("approvers", "\"AI-assisted code\"", "\"Infrastructure\""),
            "its answer says `for AI-assisted code`",
        ),
        ("a moment", 2, document("approvers", "\"at\":\"2", "\"at\":\"1"), "and the record 1"),
        (
            "an override",
            2,
            document("approvers", "\"rules\":", "\"overrides\":true,\"rules\":"),
            "the record `overrode AI-assisted code`",
        ),
        (
            "another act",
            2,
            document("approvers", "\"act\":\"", "\"act\":\"x"),
            "its answer names sam, and the record does not",
        ),
        ("no record of it", 2, document("approvers", "{", "["), "who answered cannot be read"),
        (
            "an outcome",
            2,
            body("\"approved\"", "\"not-applicable\""),
            "entry 2 says not applicable for its verdict, and its answer approved",
        ),
        (
            "a refusal",
            1,
            body("\"blocks\":true", "\"blocks\":false"),
            "entry 1 says false for its refusal, and its answer true",
        ),
        ("AI", 2, body("\"ai\":true", "\"ai\":false"), "entry 2 says false for its AI, and its answer true"),
        (
            "an override of the entry",
            2,
            body("\"ai\":", "\"overridden\":true,\"ai\":"),
            "entry 2 says true for its override, and its answer false",
        ),
        (
            "a target",
            2,
            body("refs/heads/main", "refs/heads/other"),
            "entry 2 says refs/heads/other for its target, and its request refs/heads/main",
        ),
        (
            "a repository",
            2,
            body("\"shop\"", "\"depot\""),
            "entry 2 says depot for its repository, and its request shop",
        ),
        ("a head", 2, body("\"head\":\"", "\"head\":\"0"), "for its head, and its answer"),
        ("a time", 2, body("\"at\":\"2", "\"at\":\"1"), "for its time, and its request 2"),
        ("a policy", 2, body("\"policy\":\"", "\"policy\":\"0"), "for its policy, and its answer"),
        (
            "an answer",
            2,
            document("answer", "\"outcome\":\"approved\"", "\"outcome\":\"denied\""),
            "entry 2 says approved for its verdict, and its answer denied",
        ),
        (
            "whom an answer names",
            2,
            document("answer", "\"actor\":\"sam\"", "\"actor\":\"rhea\""),
            "says that sam answers for the change, and by its rules that is rhea",
        ),
        (
            "who answers",
            2,
            document("answer", "\"person\":\"sam\"", "\"person\":\"rhea\""),
            "says that rhea answers for the change, and by its rules that is sam",
        ),
        (
            "what its host says",
            1,
            document(
                "answer",
                "\"state\":\"pending\",\"description\"",
                "\"state\":\"success\",\"description\"",
            ),
            "the answer of entry 1 has its host say success, and blocks",
        ),
        (
            "what a request holds",
            2,
            document("request", "billing queue", "mail queue"),
            "the record holds other words than sam wrote",
        ),
    ];
    for (name, number, change, named) in cases {
        let copy = trail();
        forge(copy.store().as_mut(), number, change);
        let number = number.to_string();
        let report = ["report", "--since", "1000-01-01"];
        let commands: [&[&str]; 6] = [
            &["verify"],
            &["show", &number],
            &["replay"],
            &["export"],
            &["export", "--format", "csv"],
            &report,
        ];
        for command in commands {
            let run = copy.audit(command);
            // What did not ship is in no report.
            let is_asked = command[0] != "report" || number == "2";
            assert_eq!(run.code, i32::from(is_asked && !named.is_empty()), "{name}, {command:?}: {run:?}");
            let all = format!("{}{}", run.out, run.err);
            assert!(command[0] == "replay" || !is_asked || all.contains(named), "{name}, {command:?}: {all}");
        }
    }
    // What names other entries is held against those.
    let named: [(i64, Change, &str); 3] = [
        (
            4,
            body("\"decisions\":[2]", "\"decisions\":[1]"),
            "entry 4 says that decision 1 let it in, and entry 1 is no earlier decision",
        ),
        (
            4,
            body("\"decisions\":[2]", "\"decisions\":[3]"),
            "entry 4 says that decision 3 let it in, and entry 3 is no earlier decision",
        ),
        (
            5,
            body("\"kind\":\"finding\",\"finding\":\"no-verdict\"", "\"kind\":\"settled\",\"finding\":4"),
            "entry 5 settles entry 4, which is no earlier finding",
        ),
    ];
    for (number, change, said) in named {
        let copy = trail();
        forge(copy.store().as_mut(), number, change);
        let run = copy.audit(&["verify"]);
        assert!(run.code == 1 && run.out.contains(said), "{run:?}");
    }
    let whole = trail().audit(&["verify"]);
    assert!(whole.err.contains("a chain that was made anew") && whole.err.contains("--anchors"), "{whole:?}");
}

#[test]
fn a_report_of_a_damaged_trail_says_so_before_anything_else_and_holds_it_against_anchors() {
    let report = ["report", "--since", "2000-01-01", "--until", "2999-01-01"];
    let copy = trail();
    // An anchor of the last entry, by a key of the host.
    let folder = copy.folder.path().to_owned();
    let key_of_host = folder.join("host");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-t", "ed25519", "-f"])
        .arg(&key_of_host)
        .status()
        .unwrap();
    assert!(made.success());
    let public = std::fs::read_to_string(key_of_host.with_extension("pub")).unwrap();
    std::fs::write(folder.join("signers"), format!("host namespaces=\"countersign-audit\" {public}"))
        .unwrap();
    let head = Trail::of(copy.store().as_mut()).head().unwrap().unwrap();
    let anchorage = Anchorage { folder: folder.join("anchors.git"), key: key_of_host, remote: None };
    anchorage.write(&head, now().unwrap()).unwrap();
    let anchored = [&report[..], &["--anchors", "anchors.git", "--allowed-signers", "signers"]].concat();

    let whole = copy.audit(&anchored);
    assert_eq!(whole.code, 0, "{whole:?}");
    insta::assert_snapshot!("report_anchored", stable(&whole.out));

    let orphans = "DELETE FROM documents WHERE digest NOT IN (SELECT value FROM entries, json_each(body))";
    let damages = [
        (
            "a finding that was changed",
            "UPDATE entries SET body = replace(body, 'no-verdict', 'x') WHERE number = 5",
            true,
        ),
        ("a finding that is gone", "DELETE FROM entries WHERE number = 5", false),
        ("an end that was cut off with its documents", "DELETE FROM entries WHERE number > 3", false),
    ];
    for (name, damage, is_seen) in damages {
        let damaged = Copy { folder: tempfile::tempdir().unwrap() };
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.is_file() {
                std::fs::copy(&file, damaged.folder.path().join(file.file_name().unwrap())).unwrap();
            }
        }
        std::fs::rename(damaged.folder.path().join("trail.sqlite"), damaged.file()).unwrap();
        let mut store = damaged.store();
        store.execute(damage, &[]).unwrap();
        store.execute(orphans, &[]).unwrap();
        drop(store);
        let anchors = folder.join("anchors.git");
        let anchored =
            [&report[..], &["--anchors", anchors.to_str().unwrap(), "--allowed-signers", "signers"]].concat();
        for (command, is_seen) in [(&report[..], is_seen), (&anchored[..], true)] {
            let run = damaged.audit(command);
            assert_eq!(run.code, i32::from(is_seen), "{name}: {run:?}");
            let headline = run.out.lines().next().unwrap();
            assert_eq!(headline.contains("THE TRAIL IS NOT AS IT WAS WRITTEN"), is_seen, "{name}: {run:?}");
            assert_eq!(headline.contains("at least 0 got in"), is_seen, "{name}: {run:?}");
            assert!(run.out.contains("Held against "), "{name}: {run:?}");
        }
    }
}

#[test]
fn what_was_answered_for_after_it_was_in_is_said_so_in_a_report() {
    let copy = trail();
    let mut store = copy.store();
    let mut trail = Trail::of(store.as_mut());
    let first = trail.numbered(2).unwrap().unwrap();
    let finding = trail.numbered(5).unwrap().unwrap();
    // The same answer, given after the branch was found to hold it.
    let made = first.entry.made().unwrap().clone();
    let late = trail.note(first.entry.when().unwrap(), first.entry.place(), Event::Decision(made)).unwrap();
    let number = late.entry.number;
    let merge = Event::Merge { from: None, decisions: vec![number] };
    trail.note(now().unwrap(), finding.entry.place(), merge).unwrap();
    let settled = Event::Settled { finding: 5, decision: Some(number) };
    trail.note(now().unwrap(), finding.entry.place(), settled).unwrap();
    drop(store);
    let report = copy.audit(&["report", "--since", "2000-01-01", "--until", "2999-01-01"]);
    insta::assert_snapshot!("report_late", stable(&report.out));
}

#[test]
fn a_repository_that_no_forge_names_is_called_by_where_it_is() {
    let repo = repo_with_signers(|repo| sams_line(repo, "sam@example.com"));
    let bare = |path: &str| {
        let path = repo.beside(path);
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", path.to_str().unwrap()]);
        repo.git(&["push", "--quiet", path.to_str().unwrap(), "main", "change"]);
        path
    };
    let spool = repo.beside("spool");
    for path in ["acme/app.git", "acme/other.git"] {
        let at = bare(path);
        let check = [
            "check",
            "--target",
            "refs/heads/main",
            "--head",
            "refs/heads/change",
            "--spool",
            spool.to_str().unwrap(),
        ];
        let run = run(&at, &check, &[]);
        assert_eq!(run.code, 1, "{run:?}");
    }
    let copy = Copy { folder: tempfile::tempdir().unwrap() };
    copy.audit(&["take-in", spool.to_str().unwrap()]);
    let log = copy.audit(&["log"]).out;
    for name in ["acme/app main", "acme/other main"] {
        assert!(log.contains(name), "{name}: {log}");
    }
}

#[test]
fn an_expiry_is_shown_first_and_done_when_it_is_confirmed() {
    let copy = trail();
    let before = std::fs::read(copy.file()).unwrap();
    let asked = copy.audit(&["expire", "--before", "2999-01-01"]);
    assert_eq!(asked.code, 0, "{asked:?}");
    assert!(asked.out.contains("5 documents of 2 entries to be removed"), "{}", asked.out);
    assert_eq!(std::fs::read(copy.file()).unwrap(), before);
    let order = ["--yes", "--ordered-by", "records", "--reason", "kept for seven years"];
    let done = copy.audit(&[&["expire", "--before", "2999-01-01"][..], &order].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(copy.audit(&["verify"]).code, 0);
    assert_eq!(copy.audit(&["replay"]).code, 2);
    // On whose order it went outlives every later one.
    let again = copy.audit(&[&["expire", "--before", "2999-01-01"][..], &order].concat());
    assert_eq!(again.code, 0, "{again:?}");
    let shown = copy.audit(&["show", "1"]);
    assert!(shown.out.contains("kept for seven years"), "{}", shown.out);
}

#[test]
fn a_change_that_could_not_be_evaluated_is_shown_in_words() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".countersign/policy.yaml", "countersign: 1\nname: x\nrules: 7\n");
    repo.commit("Break the policy");
    repo.git(&["switch", "--quiet", "--create", "change"]);
    repo.commit(AI);
    let spool = repo.beside("spool");
    assert_eq!(repo.check(&["--spool", spool.to_str().unwrap()]).code, 2);
    let copy = Copy { folder: tempfile::tempdir().unwrap() };
    assert_eq!(copy.audit(&["take-in", spool.to_str().unwrap()]).out, "1 taken in\n");
    let shown = copy.audit(&["show", "1"]);
    assert_eq!(shown.code, 0);
    assert!(!shown.out.contains('{'), "{}", shown.out);
    insta::assert_snapshot!("show_error", stable(&shown.out));
}

#[test]
fn help_says_what_each_command_does_and_returns() {
    let help = run(Path::new("."), &["audit", "redact", "--help"], &[]);
    insta::assert_snapshot!("help_audit_redact", help.out);
    let help = run(Path::new("."), &["audit", "--help"], &[]);
    insta::assert_snapshot!("help_audit", help.out);
}

/// A trail whose third entry waits, because Sam signed the head before.
fn outdated() -> Copy {
    let repo = repo_with_signers(|repo| sams_line(repo, "sam@example.com"));
    trail_of(&repo, &[&|_| {}, &sam_signs, &|repo| drop(repo.commit(AI))])
}

/// Puts another answer in the place of that of an entry, with the verdict that it gives and those who answered before.
fn forged_answer(change: impl Fn(&mut serde_json::Value)) -> impl Fn(String, &mut dyn Store) -> String {
    move |body, store| {
        let mut entry: serde_json::Value = serde_json::from_str(&body).unwrap();
        let digest = entry["answer"].as_str().unwrap().to_owned();
        let rows =
            store.query("SELECT bytes FROM documents WHERE digest = $1", &[digest.as_str().into()]).unwrap();
        let mut answer: serde_json::Value =
            serde_json::from_slice(&rows[0].maybe_bytes(0).unwrap().unwrap()).unwrap();
        change(&mut answer);
        let bytes = answer.to_string().into_bytes();
        let new = countersign_host::module::sha256_hex(&bytes);
        let values = [new.as_str().into(), bytes.as_slice().into(), digest.as_str().into()];
        store.execute("UPDATE documents SET digest = $1, bytes = $2 WHERE digest = $3", &values).unwrap();
        let sql = "SELECT json_extract(body, '$.approvers') FROM entries WHERE number = 2";
        entry["answer"] = new.into();
        entry["verdict"] = answer["outcome"].clone();
        entry["blocks"] = answer["blocks"].clone();
        entry["approvers"] = store.query(sql, &[]).unwrap()[0].text(0).unwrap().into();
        entry.to_string()
    }
}

#[test]
fn an_answer_that_the_module_would_not_give_is_named_and_neither_it_nor_who_answered_is_shown() {
    type Change = fn(&mut serde_json::Value);
    fn passes(answer: &mut serde_json::Value) {
        (answer["outcome"], answer["blocks"]) = ("approved".into(), false.into());
        answer["headline"] = "Approved: the rule that applies is satisfied".into();
    }
    fn rule(answer: &mut serde_json::Value) -> &mut serde_json::Value {
        let rules = answer["rules"].as_array_mut().unwrap();
        rules.iter_mut().find(|rule| rule["name"] == "AI-assisted code").unwrap()
    }
    fn approved(answer: &mut serde_json::Value) {
        passes(answer);
        let rule = rule(answer);
        (rule["state"], rule["code"]) = ("satisfied".into(), "satisfied".into());
        let asked = &mut rule["requirements"][0];
        asked["counted"] = 1.into();
        (asked["acts"][0]["code"], asked["acts"][0]["proof"]) = ("counted".into(), "signature".into());
    }
    let cases: [(&str, Change, &str); 8] = [
        ("nothing", |_| {}, ""),
        ("an approval of another head", approved, "counts a sign-off of sam for another head or target"),
        (
            "an approval of nobody",
            |answer| {
                approved(answer);
                rule(answer)["requirements"][0]["acts"][0]["act"] = "signoffs/none".into();
            },
            "counts a sign-off of sam that its request does not hold",
        ),
        ("a rule that waits", passes, "passes, and its rule \"AI-assisted code\" still waits"),
        (
            "a rule that denies",
            |answer| {
                passes(answer);
                rule(answer)["state"] = "denied".into();
            },
            "passes, and its rule \"AI-assisted code\" denies",
        ),
        (
            "a rule that counts too few",
            |answer| {
                passes(answer);
                rule(answer)["state"] = "satisfied".into();
            },
            "and counts too few approvals",
        ),
        (
            "no rule",
            |answer| {
                passes(answer);
                rule(answer)["state"] = "skipped".into();
            },
            "approves, and none of its rules is satisfied",
        ),
        ("a block", |answer| answer["blocks"] = false.into(), "is pending and does not block"),
    ];
    for (name, change, says) in cases {
        let copy = outdated();
        if says.is_empty() {
            let whole = copy.audit(&["verify"]);
            assert!(whole.code == 0 && whole.err.contains("nothing was decided anew"), "{whole:?}");
            continue;
        }
        forge(copy.store().as_mut(), 3, forged_answer(change));
        for command in
            [&["verify"][..], &["show", "3"], &["export"], &["export", "--format", "csv"], &["replay"]]
        {
            let run = copy.audit(command);
            assert_eq!(run.code, 1, "{name}, {command:?}: {run:?}");
            let all = format!("{}{}", run.out, run.err);
            assert!(command[0] == "replay" || all.contains(says), "{name}, {command:?}: {run:?}");
        }
        let shown = copy.audit(&["show", "3"]).out;
        assert!(shown.contains("What was decided cannot be shown."), "{name}: {shown}");
        assert!(
            shown.contains("Who answered cannot be shown.") && !shown.contains("SHA256:"),
            "{name}: {shown}"
        );
        let exported = copy.audit(&["export", "--from", "3"]).out;
        assert!(exported.contains("\"answered\":\"changed\""), "{name}: {exported}");
    }
}

#[test]
fn a_sign_off_whose_signature_does_not_hold_is_named_where_an_answer_counts_it() {
    let copy = trail();
    forge(copy.store().as_mut(), 2, forged_document("request", "billing queue", "mail queue"));
    for command in [&["verify"][..], &["show", "2"], &["export"]] {
        let run = copy.audit(command);
        let all = format!("{}{}", run.out, run.err);
        let says = "the answer of entry 2 counts a sign-off of sam whose signature does not hold";
        assert!(run.code == 1 && all.contains(says), "{command:?}: {run:?}");
    }
}

#[test]
fn who_answered_is_not_shown_where_the_answer_cannot_be_read() {
    let copy = trail();
    forge(copy.store().as_mut(), 2, forged_document("answer", "\"remedies\":", "\"remedy\":"));
    let (show, export) = (copy.audit(&["show", "2"]), copy.audit(&["export"]));
    assert!(show.code == 1 && show.out.contains("the answer of entry 2 cannot be read"), "{show:?}");
    assert!(!show.out.contains("Who answered\n") && !show.out.contains("SHA256:"), "{show:?}");
    assert!(export.code == 1 && !export.out.contains("\"person\":\"sam\""), "{export:?}");
}

#[test]
fn whoever_is_named_as_git_shows_them_is_to_be_named_in_parts() {
    let copy = trail();
    let says = "Dana dana@example.com";
    let whole = copy.audit(&["redact", "Dana <dana@example.com>"]);
    assert!(whole.err.contains(says), "{whole:?}");
    let parts = copy.audit(&["redact", "Dana", "dana@example.com"]);
    assert!(!parts.err.contains(says) && parts.out.contains("to be removed"), "{parts:?}");
}

#[test]
fn what_a_command_did_not_do_it_says() {
    let copy = trail();
    for (command, says) in [
        (&["verify"][..], "nothing was decided anew"),
        (&["show", "2"], "Not replayed: `countersign audit replay --from 2 --to 2`"),
        (&["export"], "nothing was decided anew"),
        (&["log"], "not held against their documents"),
        (&["log", "--format", "json"], "not held against their documents"),
    ] {
        let run = copy.audit(command);
        assert!(run.code == 0 && format!("{}{}", run.out, run.err).contains(says), "{command:?}: {run:?}");
    }
}

#[test]
fn a_record_that_could_not_be_read_is_spoken_of_until_it_is_taken_in() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let spool = repo.beside("spool");
    repo.check(&["--spool", spool.to_str().unwrap()]);
    let files = std::fs::read_dir(&spool).unwrap().map(|file| file.unwrap().path());
    let record = files.into_iter().find(|path| path.extension().is_some_and(|end| end == "record")).unwrap();
    let whole = std::fs::read(&record).unwrap();
    std::fs::write(&record, &whole[..100]).unwrap();
    let copy = Copy { folder: tempfile::tempdir().unwrap() };
    let take_in = || copy.audit(&["take-in", spool.to_str().unwrap()]);
    for says in
        ["1 record cannot be read and was put aside", "1 record could not be read before and lies aside"]
    {
        let taken = take_in();
        assert!(taken.code == 2 && taken.err.contains(says), "{taken:?}");
    }
    let lacking = "1 record of a spool could not be read and lies aside";
    let says = |command: &[&str]| {
        let run = copy.audit(command);
        format!("{}{}", run.out, run.err).contains(lacking)
    };
    let commands: [&[&str]; 3] = [
        &["verify"],
        &["report", "--since", "2000-01-01"],
        &["report", "--since", "2000-01-01", "--format", "json"],
    ];
    assert!(commands.iter().all(|command| says(command)));
    std::fs::remove_file(record.with_extension("odd")).unwrap();
    assert!(says(&["verify"]), "what is thrown away is lacking all the same");
    std::fs::write(&record, &whole).unwrap();
    let taken = take_in();
    assert!(taken.code == 0 && taken.out == "1 taken in\n", "{taken:?}");
    assert!(!commands.iter().any(|command| says(command)));
}
