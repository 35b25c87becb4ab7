//! The audit trail as an auditor reads it: whole, damaged, incomplete, and after somebody was forgotten.

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::{AI, Repo, Run, SIGNED_ANSWER, key, repo_with_signers, run};
use countersign_audit::chain::{Event, Finding, hash};
use countersign_audit::{Database, Place, Store, Trail};
use countersign_core::model::When;
use countersign_host::cli::now;

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
    let of_answer: Codes = [0, 1, 1, 1, 0, 0, 1];
    let of_approvers: Codes = [0, 1, 1, 0, 1, 1, 1];
    let of_request: Codes = [0, 0, 1, 1, 0, 0, 0];
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
            [0, 2, 1, 0, 0, 0, 2],
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
            let named = "was changed: its bytes do not give its digest";
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
