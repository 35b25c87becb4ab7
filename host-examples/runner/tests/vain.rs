//! What would not count is not signed: each way to sign in vain, with its code, and one that counts.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{AI, POLICY, Repo, Run, key};

const ANSWER: &str = "topology=only the billing queue and its two readers";

/// The key of somebody, and what its line says beside their address.
type Signer<'s> = (&'s str, &'s str, &'s [&'s str]);

const SAM: Signer<'static> = ("sam", "", &["ed25519"]);
const RHEA: Signer<'static> = ("rhea", "", &["ed25519"]);
const OMAR: Signer<'static> = ("omar", "", &["ed25519"]);
const DANA: Signer<'static> = ("dana", "", &["ed25519"]);

/// A repository with a policy and these signers on main, and a change with AI in it.
fn repo(policy: &str, signers: &[Signer<'_>]) -> Repo {
    let repo = Repo::empty();
    repo.write(".countersign/policy.yaml", policy);
    let line = |(name, options, kind): &Signer<'_>| {
        format!("{name}@example.com {options}{}\n", key(&repo, name, kind).1)
    };
    let lines: String = signers.iter().map(line).collect();
    if !signers.is_empty() {
        repo.write(".countersign/allowed_signers", &lines);
    }
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "change"]);
    repo.write("src/page.rs", "pub fn page() {}\n");
    repo.commit(AI);
    repo
}

fn sign(repo: &Repo, who: &str, args: &[&str]) -> Run {
    let key = repo.beside(who);
    let common = ["approve", "--target", "main", "--yes", "--key", key.to_str().unwrap()];
    // What comes later stands: a flag that a case gives is the last of its name.
    let common =
        if args.contains(&"--target") { [&common[..1], &common[3..]].concat() } else { common.to_vec() };
    repo.countersign(&[&common[..], args].concat())
}

fn record(repo: &Repo) -> String {
    repo.git(&["for-each-ref", "refs/countersign"])
}

/// A way to sign in vain: the policy, the signers, what is done before, who signs, with which flags, and the code.
struct Vain<'v> {
    what: &'v str,
    policy: String,
    signers: Vec<Signer<'v>>,
    before: fn(&Repo),
    who: &'v str,
    args: Vec<&'v str>,
    code: &'v str,
}

fn vain<'v>(what: &'v str, who: &'v str, args: &[&'v str], code: &'v str) -> Vain<'v> {
    let signers = vec![SAM, RHEA, OMAR, DANA];
    Vain { what, policy: POLICY.to_owned(), signers, before: |_| {}, who, args: args.to_vec(), code }
}

impl<'v> Vain<'v> {
    fn under(self, from: &str, to: &str) -> Self {
        assert!(self.policy.contains(from), "{from}");
        Vain { policy: self.policy.replace(from, to), ..self }
    }

    fn after(self, before: fn(&Repo)) -> Self {
        Vain { before, ..self }
    }

    fn by(self, signers: &[Signer<'v>]) -> Self {
        Vain { signers: signers.to_vec(), ..self }
    }
}

fn counts(repo: &Repo, who: &str, args: &[&str]) {
    let run = sign(repo, who, args);
    assert_eq!(run.code, 0, "{run:?}");
}

const WAIVE: &[&str] = &[
    "--waive",
    "AI-assisted code",
    "--until",
    "2099-01-31",
    "--reason",
    "both seniors are ill until Monday",
];
const GLASS: &[&str] = &["--break-glass", "payments are down and this rolls them back"];
const WAIVABLE: &str = "    when: { ai: any }\n    waivable-by: seniors\n";

fn ways<'v>() -> Vec<Vain<'v>> {
    let answer = |text: &'v str| vec!["--answer", text];
    let two = "{ approvals: 2, by: seniors, answers: [topology] }";
    let one = "{ approvals: 1, by: seniors, answers: [topology] }";
    let with_key = |signer| vain("a key that does not hold", "sam", &["--answer", ANSWER], "").by(&[signer]);
    let key_code = |signer, code| Vain { code, ..with_key(signer) };
    let none = |what: &'v str| vain(what, "sam", &["--answer", ANSWER], "not-asked");
    vec![
        vain("the author", "dana", &["--answer", ANSWER], "author")
            .under("users: [sam, rhea]", "users: [sam, dana@example.com]"),
        vain("a co-author", "sam", &["--answer", ANSWER], "co-author").after(|repo| {
            repo.commit("More\n\nAI-Assisted: amazon-q/2026-03\nCo-authored-by: Sam <sam@example.com>\n");
        }),
        vain("somebody who committed", "sam", &["--answer", ANSWER], "author").after(|repo| {
            repo.write("more", "");
            repo.commit_as("Sam <sam@example.com>", "More");
        }),
        vain("nobody who is asked", "omar", &["--answer", ANSWER], "not-eligible"),
        vain("a short answer", "sam", &answer("topology=lgtm"), "answer-too-short"),
        vain("dots for an answer", "sam", &answer("topology=. . . . . ."), "unanswered-question"),
        vain("the template", "sam", &answer("topology=(your answer, five words or more)"), "answer-template"),
        vain(
            "the question",
            "sam",
            &answer("topology=Which running systems outside this repository does the change reach?"),
            "answer-template",
        ),
        vain("the answer of another", "sam", &["--answer", ANSWER], "answer-copied")
            .under(one, two)
            .after(|repo| counts(repo, "rhea", &["--answer", ANSWER])),
        vain(
            "the same answer twice",
            "sam",
            &["--answer", ANSWER, "--answer", "undo=Only the billing queue, and its two readers!"],
            "answer-copied",
        )
        .under("questions:\n", "questions:\n  undo: How is it undone?\n")
        .under("answers: [topology]", "answers: [topology, undo]"),
        vain("a key of nobody", "sam", &["--answer", ANSWER], "unknown-key")
            .by(&[OMAR])
            .after(|repo| drop(key(repo, "sam", &["ed25519"]))),
        vain("no list of keys", "sam", &["--answer", ANSWER], "unknown-key")
            .by(&[])
            .after(|repo| drop(key(repo, "sam", &["ed25519"]))),
        key_code(("sam", "valid-before=\"20200101\" ", &["ed25519"]), "expired-key"),
        key_code(("sam", "valid-after=\"20990101Z\" ", &["ed25519"]), "expired-key"),
        key_code(("sam", "namespaces=\"git\" ", &["ed25519"]), "wrong-namespace"),
        key_code(("sam", "cert-authority ", &["ed25519"]), "unknown-key"),
        key_code(("sam", "", &["ecdsa", "-b", "384"]), "key-type"),
        key_code(("sam", "", &["ecdsa", "-b", "521"]), "key-type"),
        key_code(("sam", "", &["rsa", "-b", "1024"]), "key-type"),
        vain("a revoked key", "sam", &["--answer", ANSWER], "revoked-key").after(|repo| {
            let public = std::fs::read_to_string(repo.beside("sam.pub")).unwrap();
            repo.git(&["switch", "--quiet", "main"]);
            repo.write(".countersign/revoked_keys", &public);
            repo.commit("Revoke a key");
            repo.git(&["switch", "--quiet", "change"]);
        }),
        none("nothing to sign").after(|repo| drop(repo.git(&["switch", "--quiet", "main"]))),
        none("what is merged already").after(|repo| {
            repo.git(&["switch", "--quiet", "main"]);
            repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "change"]);
            repo.git(&["switch", "--quiet", "change"]);
        }),
        none("a change that no rule asks about")
            .under("when: { ai: any }", "when: { paths: [\"infra/**\"] }"),
        Vain { args: vec!["--answer", ANSWER, "--target", "release/1"], ..none("a target without a policy") }
            .after(|repo| {
                repo.git(&["switch", "--quiet", "--orphan", "release/1"]);
                repo.commit("Begin otherwise");
                repo.git(&["switch", "--quiet", "change"]);
            }),
        none("what another gave already").after(|repo| {
            counts(repo, "rhea", &["--answer", "topology=the queue that rhea knows best of all"])
        }),
        none("what the same gave already").after(|repo| {
            counts(repo, "sam", &["--answer", "topology=the queue that sam knows best of all"])
        }),
        vain("a waiver that nobody may give", "sam", WAIVE, "method-not-allowed"),
        vain("broken glass that nobody may break", "sam", GLASS, "method-not-allowed"),
        vain("a waiver by somebody else", "omar", WAIVE, "not-eligible")
            .under("    when: { ai: any }\n", WAIVABLE),
        vain("glass that others may break", "omar", GLASS, "not-eligible")
            .under("people:\n", "break-glass: { by: seniors }\npeople:\n"),
        vain("a waiver of one's own change", "dana", WAIVE, "author")
            .under("    when: { ai: any }\n", WAIVABLE)
            .under("users: [sam, rhea]", "users: [sam, dana@example.com]"),
        Vain {
            args: vec![
                "--waive",
                "AI-assisted code",
                "--until",
                "2020-01-31",
                "--reason",
                "both seniors are ill until Monday",
            ],
            ..vain("a waiver that has ended", "sam", &[], "too-old")
                .under("    when: { ai: any }\n", WAIVABLE)
        },
        vain("a waiver of what is satisfied", "sam", WAIVE, "not-asked")
            .under("    when: { ai: any }\n", WAIVABLE)
            .after(|repo| counts(repo, "rhea", &["--answer", ANSWER])),
        vain("what was never given", "sam", &["--withdraw"], "no-sign-off"),
        vain("a way that does not count", "sam", &["--answer", ANSWER], "method-not-allowed").under(
            "    when: { ai: any }\n",
            "    when: { ai: any }\n    options: { methods: { comment-lines: [/approve] } }\n",
        ),
        vain("a tree that attributes change", "sam", &["--answer", ANSWER], "stale-tree")
            .under("    when: { ai: any }\n", "    when: { ai: any }\n    options: { stale: tree }\n")
            .after(|repo| {
                let log = |branch: &str, line: &str| {
                    repo.git(&["switch", "--quiet", branch]);
                    let old = std::fs::read_to_string(repo.path().join("LOG")).unwrap_or_default();
                    repo.write("LOG", &format!("{old}{line}\n"));
                    repo.commit(AI);
                };
                repo.git(&["switch", "--quiet", "main"]);
                repo.write(".gitattributes", "LOG merge=union\n");
                log("main", "# log");
                repo.git(&["switch", "--quiet", "--force-create", "change"]);
                log("change", "- two");
                log("main", "- three");
                repo.git(&["switch", "--quiet", "change"]);
            }),
    ]
}

#[test]
fn what_would_not_count_is_refused_with_its_code_and_signed_only_anyway() {
    for Vain { what, policy, signers, before, who, args, code } in ways() {
        let repo = repo(&policy, &signers);
        before(&repo);
        let kept = record(&repo);
        let run = sign(&repo, who, &args);
        assert_eq!(run.code, 1, "{what}: {run:?}");
        assert!(run.out.contains(&format!("[{code}]")), "{what}: expected {code}, {run:?}");
        assert!(run.out.contains("nothing is signed"), "{what}: {run:?}");
        assert_eq!(record(&repo), kept, "{what}");
        let anyway = sign(&repo, who, &[&args[..], &["--anyway"]].concat());
        if what == "a target without a policy" {
            assert_eq!((anyway.code, record(&repo)), (2, kept), "{what}: {anyway:?}");
            continue;
        }
        assert_eq!(anyway.code, 0, "{what}: {anyway:?}");
        assert!(anyway.out.contains("This does not count") && record(&repo) != kept, "{what}: {anyway:?}");
    }
}

#[test]
fn what_counts_is_signed_and_says_what_comes_of_it() {
    let both = POLICY.replace("    when: { paths: [\"infra/**\"] }\n", "");
    for (policy, who, args, says) in [
        (POLICY, "sam", &["--answer", ANSWER][..], "This counts: \"AI-assisted code\" is satisfied\n"),
        (
            &both,
            "sam",
            &["--answer", ANSWER],
            "This counts: \"AI-assisted code\" is satisfied, \"Infrastructure\" is satisfied\n",
        ),
        (
            &POLICY.replace(
                "{ approvals: 1, by: seniors, answers: [topology] }",
                "{ approvals: 2, by: seniors, answers: [topology] }",
            ),
            "rhea",
            &["--answer", ANSWER],
            "This counts: \"AI-assisted code\" still waits: 1 approval more by seniors\n",
        ),
        (
            &POLICY.replace("    when: { ai: any }\n", WAIVABLE),
            "sam",
            WAIVE,
            "This counts: \"AI-assisted code\" is overridden\n",
        ),
        (
            &POLICY.replace("people:\n", "break-glass: { by: seniors }\npeople:\n"),
            "sam",
            GLASS,
            "This counts: \"AI-assisted code\" is overridden\n",
        ),
        (
            &format!("{POLICY}enforce: observe\n"),
            "sam",
            &["--answer", ANSWER],
            "This counts: \"AI-assisted code\" is satisfied\n",
        ),
        (
            &format!("{POLICY}  - name: Frozen\n    deny: closed for the winter\n"),
            "sam",
            &["--answer", ANSWER],
            "This counts: \"AI-assisted code\" is satisfied\n  \"Frozen\" denies: closed for the winter\n",
        ),
    ] {
        let repo = repo(policy, &[SAM, RHEA]);
        let run = sign(&repo, who, args);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains(says), "{says}{run:?}");
        assert!(record(&repo).contains("refs/countersign/signoffs"));
    }
}

#[test]
fn bad_input_is_refused_before_anything_is_signed() {
    let waivable = POLICY.replace("    when: { ai: any }\n", WAIVABLE);
    let glass = POLICY.replace("people:\n", "break-glass: { by: seniors }\npeople:\n");
    let reason =
        |text: &'static str| vec!["--waive", "AI-assisted code", "--until", "2099-01-31", "--reason", text];
    for (policy, args, says) in [
        (
            POLICY,
            vec!["--answer", "scale=as large as it was before this"],
            "no question `scale`; its questions are topology",
        ),
        (POLICY, vec!["--answer", ANSWER, "--answer", "topologie=x"], "no question `topologie`"),
        (POLICY, vec!["--answer", "topology"], "--answer takes NAME=TEXT"),
        (
            POLICY,
            vec!["--answer", ANSWER, "--answer", "Topology=another one of them"],
            "given twice for `Topology`",
        ),
        (POLICY, vec!["--answer", ANSWER, "--reason", "both are ill and it cannot wait"], "--waive"),
        (
            &glass,
            vec!["--break-glass", "payments are down and out", "--reason", "both are ill and it cannot wait"],
            "give one of them",
        ),
        (POLICY, vec![], "--answer topology=..."),
        (
            &waivable,
            vec!["--waive", "AI assisted", "--until", "2099-01-31", "--reason", "x"],
            "no rule \"AI assisted\"; its rules are \"AI-assisted code\"",
        ),
        (&waivable, reason("prod down"), "fewer than 5 words"),
        (&waivable, reason("..."), "without a `reason:`"),
        (
            &waivable,
            vec![
                "--waive",
                "AI-assisted code",
                "--until",
                "soon",
                "--reason",
                "both seniors are ill until Monday",
            ],
            "--until takes a day",
        ),
        (&glass, vec!["--break-glass", "prod down"], "fewer than 5 words"),
        (&glass, vec!["--break-glass"], "needs a reason"),
    ] {
        let repo = repo(policy, &[SAM]);
        for more in [&[][..], &["--anyway"]] {
            if args.is_empty() && !more.is_empty() {
                continue;
            }
            let run = sign(&repo, "sam", &[&args[..], more].concat());
            assert_eq!((run.code, record(&repo)), (2, String::new()), "{args:?}: {run:?}");
            assert!(run.err.contains(says), "{args:?}: {run:?}");
        }
    }
}

#[test]
fn a_key_that_is_not_there_is_said_before_anything_is_asked() {
    let repo = repo(POLICY, &[SAM]);
    let home = repo.beside("home");
    std::fs::create_dir(&home).unwrap();
    let args = ["approve", "--target", "main"];
    let home = [("HOME", home.to_str().unwrap())];
    let run = common::run(&repo.path(), &args, &home);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no SSH key found") && !run.err.contains("--answer"), "{run:?}");
    // What git would sign with is no SSH key, or is one that an agent holds.
    repo.git(&["config", "user.signingKey", "0123456789ABCDEF"]);
    let run = common::run(&repo.path(), &args, &home);
    assert!(run.err.contains("gpg.format"), "{run:?}");
    repo.git(&["config", "gpg.format", "ssh"]);
    let public = std::fs::read_to_string(repo.beside("sam.pub")).unwrap();
    repo.git(&["config", "user.signingKey", &format!("key::{}", public.trim())]);
    let run = common::run(&repo.path(), &[&args[..], &["--answer", ANSWER]].concat(), &home);
    assert!(run.code == 2 && run.err.contains("give --yes"), "{run:?}");
    assert!(run.err.contains("with the agent's key SHA256:"), "{run:?}");
    let run = sign(&repo, "nobody", &["--answer", ANSWER]);
    assert!(run.code == 2 && run.err.contains("cannot be read as an SSH key"), "{run:?}");
    // A public key beside a private one of somebody else signs for nobody.
    key(&repo, "other", &["ed25519"]);
    std::fs::copy(repo.beside("sam.pub"), repo.beside("other.pub")).unwrap();
    let run = sign(&repo, "other", &["--answer", ANSWER]);
    assert_eq!((run.code, record(&repo)), (2, String::new()), "{run:?}");
}

#[test]
fn nobody_signs_without_a_yes() {
    let repo = repo(POLICY, &[SAM]);
    let key = repo.beside("sam");
    let args = ["approve", "--target", "main", "--key", key.to_str().unwrap(), "--answer", ANSWER];
    let run = repo.countersign(&args);
    assert_eq!((run.code, record(&repo)), (2, String::new()), "{run:?}");
    assert!(run.err.contains("give --yes"), "{run:?}");
}

/// Runs `approve` on a terminal, on which somebody types.
fn on_a_terminal(repo: &Repo, args: &[&str], typed: &str) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_countersign");
    let key = repo.beside("sam");
    let mut words = vec![program, "approve", "--target", "main", "--key", key.to_str().unwrap()];
    words.extend(args);
    let command: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    // script(1) gives the command a terminal, and its exit code back.
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command.join(" "), "/dev/null"])
        .current_dir(repo.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env_remove("CI")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).replace('\r', ""))
}

#[test]
fn on_a_terminal_an_answer_that_cannot_count_is_asked_again_and_a_no_signs_nothing() {
    let repo = repo(POLICY, &[SAM]);
    let (code, out) = on_a_terminal(&repo, &[], "lgtm\nonly the billing queue and its two readers\nn\n");
    assert_eq!((code, record(&repo)), (1, String::new()), "{out}");
    assert!(out.contains("has fewer than 5 words: topology [answer-too-short]"), "{out}");
    assert_eq!(out.matches("topology> ").count(), 2, "{out}");
    assert!(out.contains("Nothing is signed."), "{out}");
    // What a flag answers badly is asked too, and what the end of the input leaves open is not signed.
    let (code, out) = on_a_terminal(&repo, &["--answer", "topology=lgtm"], "\u{4}");
    assert_eq!((code, record(&repo)), (2, String::new()), "{out}");
    let (code, out) = on_a_terminal(&repo, &["--answer", ANSWER], "yes\n");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("This counts") && !record(&repo).is_empty(), "{out}");
}

#[test]
fn what_is_signed_is_shown_and_what_others_wrote_in_it_does_nothing() {
    let policy = POLICY.replace("reach?", "reach? \u{202e}now");
    let repo = repo(&policy, &[SAM]);
    repo.write("src/a \u{1b}[2J\u{202e}b", "x");
    let who = "D\u{1b}]0;title\u{7}ana <dana@example.com>";
    repo.commit_as(who, "::add-mask::x \u{1b}[31mred\u{200b}\n\nAI-Assisted: amazon-q/2026-03\n");
    let run =
        sign(&repo, "sam", &["--answer", "topology=only the billing \u{1b}[8mqueue and its two readers"]);
    assert_eq!(run.code, 0, "{run:?}");
    for shown in [&run.out, &run.err] {
        let deceives = |c: &char| (c.is_control() && *c != '\n') || ['\u{202e}', '\u{200b}'].contains(c);
        assert_eq!(shown.chars().find(deceives), None, "{shown}");
    }
    let hide = |line: &str| {
        let hex = |word: &str| word.len() >= 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let words = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
        words
            .map(|word| {
                let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                if hex(bare) { word.replace(bare, "ID") } else { word.to_owned() }
            })
            .collect::<String>()
    };
    let folder = repo.beside("");
    let shown: Vec<String> = run.err.replace(folder.to_str().unwrap(), "").lines().map(hide).collect();
    let at = |line: &String| line.trim_start().starts_with("\"at\"");
    insta::assert_snapshot!(shown.into_iter().filter(|line| !at(line)).collect::<Vec<_>>().join("\n"));
}

/// What `signoffs` and `check` say of the acts.
fn said(repo: &Repo) -> String {
    let [signoffs, check, markdown] = [
        repo.countersign(&["signoffs", "--target", "main"]),
        repo.check(&[]),
        repo.check(&["--format", "markdown"]),
    ];
    let sentence = |run: &Run| run.out.lines().any(|line| line.contains("no longer part of this change"));
    assert_eq!(sentence(&signoffs), sentence(&check), "{signoffs:?} {check:?}");
    assert_eq!(sentence(&signoffs), sentence(&markdown), "{signoffs:?} {markdown:?}");
    signoffs.out
}

#[test]
fn after_a_rewrite_the_answer_names_who_signed_what_was_there() {
    type Rewrite = fn(&Repo);
    let rewrites: [(&str, Rewrite, bool); 5] = [
        ("another message", |repo| drop(repo.git(&["commit", "--quiet", "--amend", "-m", AI])), true),
        (
            "other content",
            |repo| {
                repo.write("src/page.rs", "pub fn page() -> u8 { 9 }\n");
                repo.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
            },
            false,
        ),
        (
            "a rebase",
            |repo| {
                repo.git(&["switch", "--quiet", "main"]);
                repo.write("elsewhere", "x");
                repo.commit("Go on");
                repo.git(&["switch", "--quiet", "change"]);
                repo.git(&["rebase", "--quiet", "main"]);
            },
            true,
        ),
        (
            "a squash",
            |repo| {
                repo.git(&["reset", "--quiet", "--soft", "main"]);
                repo.git(&["commit", "--quiet", "--date", "2026-04-01T00:00:00Z", "-m", AI]);
            },
            true,
        ),
        (
            "a clone that lacks the old commit",
            |repo| {
                repo.git(&[
                    "commit",
                    "--quiet",
                    "--amend",
                    "-m",
                    "Other words\n\nAI-Assisted: amazon-q/2026-03\n",
                ]);
                repo.git(&["reflog", "expire", "--expire=now", "--all"]);
                repo.git(&["gc", "--quiet", "--prune=now"]);
            },
            true,
        ),
    ];
    for (what, rewrite, same) in rewrites {
        let repo = repo(POLICY, &[SAM]);
        repo.write("src/more.rs", "x");
        repo.commit("More");
        counts(&repo, "sam", &["--answer", ANSWER]);
        let signed = repo.git(&["rev-parse", "HEAD"]);
        rewrite(&repo);
        let diff = if same { " (its diff is the same)" } else { "" };
        let expected = format!(
            "sam signed {}, which is no longer part of this change{diff}: ask again [stale-head]",
            &signed[..12]
        );
        let out = said(&repo);
        assert!(out.contains(&expected), "{what}: {out}");
        assert_eq!(repo.check(&[]).code, 1, "{what}");
        // Signed anew it is no matter any more, and another change never hears of it.
        counts(&repo, "sam", &["--answer", ANSWER]);
        assert!(!said(&repo).contains("no longer"), "{what}");
        repo.git(&["switch", "--quiet", "--create", "other", "main"]);
        repo.write("other", "x");
        repo.git(&["add", "other"]);
        repo.git(&["commit", "--quiet", "--date", "2026-05-01T00:00:00Z", "-m", AI]);
        assert!(!said(&repo).contains("sam"), "{what}");
    }
}

#[test]
fn a_withdrawal_takes_back_what_was_signed_about_every_head_that_may_come_back() {
    let policy =
        POLICY.replace("    when: { ai: any }\n", "    when: { ai: any }\n    options: { stale: keep }\n");
    let repo = repo(&policy, &[SAM]);
    counts(&repo, "sam", &["--answer", ANSWER]);
    let first = repo.git(&["rev-parse", "HEAD"]);
    repo.write("more", "x");
    repo.commit(AI);
    assert_eq!(repo.check(&[]).code, 0);
    counts(&repo, "sam", &["--withdraw"]);
    assert_eq!(repo.check(&[]).code, 1);
    // The commit that it was withdrawn at is amended away, and then the first one is the head again.
    repo.git(&["commit", "--quiet", "--amend", "--date", "2026-04-01T00:00:00Z", "-m", AI]);
    assert_eq!(repo.check(&[]).code, 1);
    repo.git(&["reset", "--quiet", "--hard", &first]);
    assert_eq!(repo.check(&[]).code, 1);
    // Whoever approves anew does.
    counts(&repo, "sam", &["--answer", ANSWER]);
    assert_eq!(repo.check(&[]).code, 0);
}

#[test]
fn a_slow_clock_lets_no_earlier_statement_stand() {
    let repo = repo(POLICY, &[SAM]);
    for round in 0..3 {
        counts(&repo, "sam", &["--answer", ANSWER]);
        assert_eq!(repo.check(&[]).code, 0, "{round}");
        counts(&repo, "sam", &["--withdraw"]);
        assert_eq!(repo.check(&[]).code, 1, "{round}");
    }
}

#[test]
fn a_waiver_of_what_waits_for_nobody_is_told_why() {
    let both = POLICY.replace("    when: { paths", "    waivable-by: seniors\n    when: { paths");
    let waivable = both.replace("    when: { ai: any }\n", WAIVABLE);
    for (rule, before, says) in [
        (
            "Infrastructure",
            false,
            "\"Infrastructure\" does not apply to this change, so nobody has to answer for it",
        ),
        ("AI-assisted code", true, "\"AI-assisted code\" is satisfied, so nobody has to answer for it"),
    ] {
        let repo = repo(&waivable, &[SAM, RHEA]);
        if before {
            counts(&repo, "rhea", &["--answer", ANSWER]);
        }
        let reason = "both seniors are ill until Monday";
        let run = sign(&repo, "sam", &["--waive", rule, "--until", "2099-01-31", "--reason", reason]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.out.contains(says), "{run:?}");
    }
    // What was taken back already is taken back.
    let glass = waivable.replace("people:\n", "break-glass: { by: seniors }\npeople:\n");
    let answers = repo(&glass, &[SAM]);
    counts(&answers, "sam", WAIVE);
    let run = sign(&answers, "sam", GLASS);
    assert!(run.code == 1 && run.out.contains("sam answers for it already, and that counts"), "{run:?}");
    let repo = repo(POLICY, &[SAM]);
    counts(&repo, "sam", &["--answer", ANSWER]);
    counts(&repo, "sam", &["--withdraw"]);
    let run = sign(&repo, "sam", &["--withdraw"]);
    assert!(run.code == 1 && run.out.contains("sam took back already"), "{run:?}");
}

#[test]
fn what_is_signed_in_one_second_has_an_order() {
    let two = POLICY.replace("{ approvals: 1, by: seniors, answers", "{ approvals: 2, by: seniors, answers");
    for _ in 0..3 {
        let repo = repo(&two, &[SAM, RHEA]);
        counts(&repo, "sam", &["--answer", ANSWER]);
        repo.write("more", "x");
        repo.commit(AI);
        counts(&repo, "sam", &["--answer", ANSWER]);
        let run = sign(&repo, "rhea", &["--answer", ANSWER]);
        assert!(run.code == 1 && run.out.contains("[answer-copied]"), "{run:?}");
        // Whoever copies all the same takes nothing from the first.
        assert_eq!(sign(&repo, "rhea", &["--answer", ANSWER, "--anyway"]).code, 0);
        let check = repo.check(&[]);
        assert!(check.out.contains("1 of 2 given"), "{}", check.out);
    }
}

#[test]
fn what_stands_beside_the_head_is_told_and_not_signed() {
    let repo = repo(POLICY, &[SAM]);
    repo.git(&["remote", "add", "origin", "/nowhere"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    let (pushed, edited) =
        ("refs/remotes/origin/change has 1 commit that", "1 file of the work tree differs");
    let says = |args: &[&str]| {
        let run = sign(&repo, "sam", &[args, &["--answer", ANSWER, "--anyway"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        (run.err.contains(pushed), run.err.contains(edited))
    };
    assert_eq!(says(&[]), (false, false));
    repo.git(&["update-ref", "refs/remotes/origin/change", "change"]);
    assert_eq!(says(&[]), (false, false));
    repo.commit("Pushed by another");
    repo.git(&["update-ref", "refs/remotes/origin/change", "change"]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!((says(&[]), says(&["--head", "change"])), ((true, false), (true, false)));
    repo.write("untracked", "x");
    assert_eq!(says(&[]), (true, false));
    repo.write("src/page.rs", "pub fn page() { edited() }\n");
    assert_eq!(says(&[]), (true, true));
    assert_eq!(says(&["--head", "refs/remotes/origin/change"]), (false, false));
}

#[test]
fn a_clone_without_sign_offs_says_so_with_a_command_that_works_before_the_first() {
    let repo = repo(POLICY, &[SAM]);
    let says = "git fetch origin 'refs/countersign/*:refs/countersign/others/*'";
    let (clone, source) = (repo.beside("clone"), repo.path());
    let git = |args: &[&str]| common::text(&common::command(&clone).args(args).output().unwrap());
    repo.git(&["clone", "--quiet", "--branch", "change", source.to_str().unwrap(), clone.to_str().unwrap()]);
    let run = |args: &[&str]| common::run(&clone, args, &[]);
    let key = repo.beside("sam");
    let approve = ["approve", "--target", "main", "--key", key.to_str().unwrap(), "--answer", ANSWER];
    let fetch = || git(&["fetch", "--quiet", "origin", "refs/countersign/*:refs/countersign/others/*"]);
    fetch();
    for args in [&["check", "--target", "main"][..], &["signoffs", "--target", "main"], &approve] {
        let run = run(args);
        assert!(run.out.contains(says) || run.err.contains(says), "{run:?}");
        // Of what was not fetched nobody says that it is not there, and it is looked for before anybody is asked.
        assert!(!run.out.contains("Nobody has signed"), "{run:?}");
        if let Some((_, next)) = run.out.split_once("What to do next\n").filter(|_| args[0] == "check") {
            assert!(next.lines().next().unwrap().contains(says), "{next}");
        }
    }
    counts(&repo, "sam", &["--answer", ANSWER]);
    fetch();
    let checked = run(&["check", "--target", "main"]);
    assert!(checked.code == 0 && !checked.out.contains(says), "{checked:?}");
}
