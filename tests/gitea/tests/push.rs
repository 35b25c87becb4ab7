//! Real pushes to a bare repository with the hook: what enters a protected branch, and what a person is told.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::Command;
use std::time::Instant;

use gitea_tests::git::{AI, Clone, key};
use gitea_tests::{program, run};

const POLICY: &str = "\
countersign: 1
name: senior sign-off
people:
  seniors: { users: [sam@example.com] }
  directors: { users: [noor] }
identities:
  noor: { emails: [noor@example.com] }
break-glass: { by: directors, options: { may-approve: contributors } }
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors }]
";

/// A bare repository with the hook, and dana's clone of it; `main` holds the policy and whose key is whose.
struct Forge {
    folder: tempfile::TempDir,
    dana: Clone,
}

impl Forge {
    fn new() -> Self {
        let forge = Self::empty();
        forge.install(&[]);
        // The first push makes the branch: there is no policy yet, and nothing to ask.
        forge.dana.git(&["push", "--quiet", "origin", "main"]);
        forge.dana.git(&["remote", "set-head", "origin", "main"]);
        forge
    }

    /// Without the hook, before the first push.
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bare = folder.path().join("acme/app.git");
        let made = run(Command::new("git").args(["init", "--quiet", "--bare", "-b", "main"]).arg(&bare));
        assert_eq!(made.code, 0, "{}", made.text);
        run(Command::new("git").arg("-C").arg(&bare).args([
            "config",
            "receive.advertisePushOptions",
            "true",
        ]));
        let dana = Clone::new(&folder.path().join("dana"), "dana", bare.to_str().unwrap());
        dana.write(".countersign/policy.yaml", POLICY);
        let (_, public) = key(folder.path(), "sam");
        dana.write(
            ".countersign/allowed_signers",
            &format!("sam@example.com namespaces=\"countersign\" {public}\n"),
        );
        dana.commit("Begin");
        Forge { folder, dana }
    }

    fn install(&self, more: &[&str]) {
        let bare = self.bare();
        let hooks = bare.join("hooks");
        // git's own hook, as Gitea has it: it runs what stands in pre-receive.d.
        std::fs::create_dir_all(hooks.join("pre-receive.d")).unwrap();
        let delegate = "#!/bin/sh\ninput=$(cat)\nfor hook in hooks/pre-receive.d/*; do\n  if [ -x \"$hook\" ]; then\n    \
                        printf '%s\\n' \"$input\" | \"$hook\" || exit $?\n  fi\ndone\n";
        std::fs::write(hooks.join("pre-receive"), delegate).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(hooks.join("pre-receive"), executable).unwrap();
        let ran = run(Command::new(program("countersign-gitea"))
            .args(["install-hook", "--repository-dir"])
            .arg(&bare)
            .args(more));
        assert_eq!(ran.code, 0, "{}", ran.text);
    }

    fn bare(&self) -> std::path::PathBuf {
        self.folder.path().join("acme/app.git")
    }

    /// With the hook, and a spool in which it remembers.
    fn remembering() -> Self {
        let forge = Self::empty();
        forge.install(&["--spool", forge.folder.path().join("spool").to_str().unwrap()]);
        forge
    }

    /// The file in which the hook remembers.
    fn remembered(&self) -> std::path::PathBuf {
        let files = std::fs::read_dir(self.folder.path().join("spool/standing")).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap()
    }

    /// Says on main what its policy is, by a push that passes.
    fn policy(&self, more: &str) {
        self.dana.git(&["switch", "--quiet", "main"]);
        self.dana.write(".countersign/policy.yaml", &format!("{POLICY}{more}"));
        self.dana.commit("Say what is asked");
        let said = self.push(&["main"]);
        assert_eq!(said.code, 0, "{}", said.text);
    }

    /// Somebody's own work on the branch at hand, which asks for nothing.
    fn own_work(&self) {
        self.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    }

    /// A push passes.
    fn passes(&self, args: &[&str]) {
        let ran = self.push(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.text);
    }

    /// The hook refuses a push, and says this.
    fn refuses(&self, args: &[&str], said: &str) {
        let ran = self.push(args);
        assert!(ran.code == 1 && ran.text.contains(said), "{args:?}: {said} is missing in\n{}", ran.text);
    }

    /// What whoever can write to the server does there, past the hook.
    fn on_server(&self, args: &[&str]) {
        let ran = run(Command::new("git").arg("-C").arg(self.bare()).args(args));
        assert_eq!(ran.code, 0, "git {args:?}: {}", ran.text);
    }

    /// Brings a branch of dana's to the server past the hook.
    fn smuggle(&self, branch: &str) {
        let from = self.dana.folder.to_str().unwrap();
        self.on_server(&["fetch", "--quiet", from, &format!("{branch}:{branch}")]);
    }

    /// A push as the server would describe it to its hook.
    fn push_as(&self, who: &str, args: &[&str]) -> gitea_tests::Ran {
        let env = [
            ("GITEA_PUSHER_NAME", who),
            ("GITEA_PUSHER_EMAIL", &format!("{who}@example.com")),
            ("GITEA_REPO_USER_NAME", "acme"),
            ("GITEA_REPO_NAME", "app"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let clone = Clone { folder: self.dana.folder.clone(), env: env.to_vec() };
        clone.try_git(&[&["push", "origin"], args].concat())
    }

    fn push(&self, args: &[&str]) -> gitea_tests::Ran {
        self.push_as("dana", args)
    }

    fn sign(&self) {
        let key = self.folder.path().join("sam");
        let ran =
            self.dana.countersign(&["approve", "--yes", "--target", "main", "--key", key.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.text);
    }

    /// Where a branch of the server stands.
    fn stands(&self, name: &str) -> String {
        run(Command::new("git").arg("-C").arg(self.bare()).args(["rev-parse", "--verify", "--quiet", name]))
            .text
            .trim()
            .to_owned()
    }
}

#[test]
fn what_an_ai_helped_with_waits_for_a_signature_that_travels_with_the_push() {
    let forge = Forge::new();
    forge.dana.git(&["switch", "--quiet", "--create", "work"]);
    let head = forge.dana.commit(AI);
    // A branch that nobody protects passes, and the hook says nothing.
    let feature = forge.push(&["work"]);
    assert_eq!((feature.code, feature.text.contains("ountersign")), (0, false), "{}", feature.text);

    let blocked = forge.push(&["work:main"]);
    assert_eq!(blocked.code, 1, "{}", blocked.text);
    for said in [
        "Blocked: \"AI-assisted code\" is not satisfied",
        "into refs/heads/main",
        "countersign approve --target refs/heads/main",
        "from git and signed sign-offs alone",
    ] {
        assert!(blocked.text.contains(said), "{said} is missing in\n{}", blocked.text);
    }

    // Signed, and pushed beside the branch in one go.
    forge.sign();
    let passed = forge.push(&["refs/countersign/signoffs", "work:main"]);
    assert_eq!(passed.code, 0, "{}", passed.text);
    assert!(passed.text.contains("Approved"), "{}", passed.text);
    assert_eq!(forge.stands("main"), head);

    // A new commit is a new change.
    forge.dana.commit(AI);
    assert_eq!(forge.push(&["work:main"]).code, 1);
    assert_eq!(forge.stands("main"), head);
}

#[test]
fn a_person_s_own_work_passes() {
    let forge = Forge::new();
    let head = forge.dana.commit("Mend the parser");
    let passed = forge.push(&["main"]);
    assert_eq!(passed.code, 0, "{}", passed.text);
    assert_eq!(forge.stands("main"), head);
}

#[test]
fn a_protected_branch_is_neither_deleted_nor_rewound_nor_rewritten() {
    let forge = Forge::new();
    run(Command::new("git").arg("-C").arg(forge.bare()).args([
        "config",
        "receive.denyDeleteCurrent",
        "ignore",
    ]));
    forge.dana.commit("More");
    forge.dana.git(&["push", "--quiet", "origin", "main"]);
    let tip = forge.stands("main");
    for (args, said) in [
        (&[":main"][..], "would delete main"),
        (&["--force", "main~1:main"][..], "would take commits off main"),
    ] {
        let refused = forge.push(args);
        assert_eq!(refused.code, 1, "{args:?} {}", refused.text);
        assert!(refused.text.contains(said), "{}", refused.text);
    }
    forge.dana.git(&["commit", "--quiet", "--amend", "--message", "Other"]);
    let refused = forge.push(&["--force", "main"]);
    assert!(refused.text.contains("would take commits off main"), "{}", refused.text);
    assert_eq!(forge.stands("main"), tip);
}

#[test]
fn tags_notes_and_the_heads_of_pull_requests_pass_in_one_push_with_a_branch() {
    let forge = Forge::new();
    forge.dana.git(&["switch", "--quiet", "--create", "work"]);
    forge.dana.commit("Write the parser");
    forge.dana.git(&["tag", "--annotate", "--message", "v1", "v1"]);
    forge.dana.git(&["notes", "--ref", "ai", "add", "--message", "{}"]);
    forge.dana.git(&["update-ref", "refs/pull/1/head", "HEAD"]);
    let refs = ["work", "v1", "refs/notes/ai", "refs/pull/1/head"];
    let pushed = forge.push(&refs);
    assert_eq!(pushed.code, 0, "{}", pushed.text);
    // One that is refused takes the others with it.
    forge.dana.commit(AI);
    let refused = forge.push(&["work:main", "work:other"]);
    assert_eq!(refused.code, 1, "{}", refused.text);
    assert_eq!(forge.stands("refs/heads/other"), "");
}

#[test]
fn a_new_protected_branch_is_judged_without_what_the_default_branch_has() {
    let forge = Forge::new();
    let plain = forge.push(&["main:release/1"]);
    assert_eq!(plain.code, 0, "{}", plain.text);
    forge.dana.commit(AI);
    let refused = forge.push(&["main:release/2"]);
    assert_eq!(refused.code, 1, "{}", refused.text);
    assert!(refused.text.contains("1 commit into refs/heads/release/2"), "{}", refused.text);
}

#[test]
fn glass_is_broken_by_whom_the_policy_names_with_a_reason_and_shown_as_overridden() {
    let forge = Forge::new();
    forge.dana.commit(AI);
    let option = "break-glass=the queue is down and every minute loses orders";
    let others = forge.push_as("dana", &["--push-option", option, "main"]);
    assert_eq!(others.code, 1, "{}", others.text);
    let silent = forge.push_as("noor", &["--push-option", "break-glass=", "main"]);
    assert_eq!(silent.code, 1, "{}", silent.text);
    let broken = forge.push_as("noor", &["--push-option", option, "main"]);
    assert_eq!(broken.code, 0, "{}", broken.text);
    assert!(broken.text.contains("the glass was broken"), "{}", broken.text);
    assert!(broken.text.contains("noor"), "{}", broken.text);
}

#[test]
fn glass_is_broken_by_whom_the_server_names_where_no_policy_can_say_who() {
    let forge = Forge::empty();
    let file = forge.folder.path().join("break-glass.yaml");
    std::fs::write(
        &file,
        "people: { on-call: { users: [olga] } }\n\
         identities: { olga: { emails: [olga@example.com] }, noor: { emails: [noor@example.com] } }\n\
         break-glass: { by: on-call, options: { may-approve: contributors } }\n",
    )
    .unwrap();
    forge.install(&["--require-policy", "--break-glass-file", file.to_str().unwrap()]);
    let breaking = ["--push-option", "break-glass=the queue is down and every minute loses orders", "main"];
    // The first policy of a server that requires one.
    let first = forge.push(&["main"]);
    assert!(first.code == 1 && first.text.contains("this gate requires one"), "{}", first.text);
    let olga = forge.push_as("olga", &breaking);
    assert!(olga.code == 0 && olga.text.contains("the glass was broken by olga"), "{}", olga.text);
    // A policy with a fault.
    forge.dana.write(".countersign/policy.yaml", &POLICY.replace("require:", "requires:"));
    forge.dana.commit("Break the policy");
    forge.dana.git(&["push", "--quiet", "origin", "main"]);
    forge.dana.commit(AI);
    let noor = forge.push_as("noor", &breaking);
    assert!(noor.code == 1 && noor.text.contains("noor is not among on-call"), "{}", noor.text);
    let olga = forge.push_as("olga", &breaking);
    assert!(olga.code == 0 && olga.text.contains("the glass was broken by olga"), "{}", olga.text);
    // A fault in the server's own file takes nobody's push away, and says where it is.
    std::fs::write(&file, "people: { on-call: { users: [olga] } }\nbreak-glass: { by: oncall }\n").unwrap();
    forge.dana.write(".countersign/policy.yaml", POLICY);
    forge.dana.commit("Mend the policy");
    let mended = forge.push(&["main"]);
    assert!(mended.code == 0 && mended.text.contains("break-glass.yaml:2:"), "{}", mended.text);
}

#[test]
fn who_may_break_the_glass_is_checked_before_anybody_has_to() {
    let forge = Forge::new();
    let file = forge.folder.path().join("break-glass.yaml");
    let install = |more: &[&str]| {
        run(Command::new(program("countersign-gitea"))
            .args(["install-hook", "--repository-dir"])
            .arg(forge.bare())
            .arg("--break-glass-file")
            .arg(&file)
            .args(more))
    };
    let missing = install(&[]);
    assert!(missing.code == 2 && missing.text.contains("who may break the glass"), "{}", missing.text);
    std::fs::write(&file, "people: { on-call: { users: [olga] } }\nbreak-glass: { by: oncall }\n").unwrap();
    let faulty = install(&[]);
    assert!(faulty.code == 2 && faulty.text.contains("`on-call`"), "{}", faulty.text);
    std::fs::write(&file, "people: { on-call: { users: [olga] } }\nbreak-glass: { by: on-call }\n").unwrap();
    assert_eq!(install(&[]).code, 0);
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o664)).unwrap();
    let open = install(&["--check"]);
    assert!(open.code == 1 && open.text.contains("can be written by others"), "{}", open.text);
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(&file, "break-glass: {}\n").unwrap();
    assert_eq!(install(&["--check"]).code, 1);
}

#[test]
fn a_branch_that_became_the_default_past_the_hook_is_open_from_its_beginning() {
    let forge = Forge::new();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    assert_eq!(forge.push(&["main"]).code, 0);
    // Whoever can write to the server makes a branch with the work of an AI, and the default of it.
    forge.dana.git(&["switch", "--quiet", "--create", "trunk"]);
    forge.dana.commit(AI);
    forge.smuggle("trunk");
    forge.on_server(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing more"]);
    let refused = forge.push(&["trunk"]);
    assert!(refused.code == 1 && refused.text.contains("never decided about"), "{}", refused.text);
    // A branch without a policy asks nothing, however it came.
    forge.on_server(&["symbolic-ref", "HEAD", "refs/heads/bare"]);
    forge.dana.git(&["switch", "--quiet", "--orphan", "bare"]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Begin elsewhere"]);
    forge.smuggle("bare");
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Go on"]);
    let free = forge.push(&["bare"]);
    assert_eq!(free.code, 0, "{}", free.text);
}

#[test]
fn a_branch_that_nobody_guarded_is_open_beside_the_last_default_branch_once_it_is_the_default() {
    let forge = Forge::new();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    assert_eq!(forge.push(&["main"]).code, 0);
    let in_order = forge.stands("main");
    forge.dana.git(&["switch", "--quiet", "--create", "trunk"]);
    forge.dana.commit(AI);
    let free = forge.push(&["trunk"]);
    assert_eq!(free.code, 0, "{}", free.text);
    forge.dana.git(&["switch", "--quiet", "main"]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Go on beside it"]);
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.on_server(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    forge.dana.git(&["switch", "--quiet", "trunk"]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing more"]);
    let refused = forge.push(&["trunk"]);
    let since = format!("what came in after {}", &in_order[..12]);
    assert!(refused.code == 1 && refused.text.contains(&since), "{}", refused.text);
}

#[test]
fn a_merge_is_judged_by_the_files_of_the_change_and_not_by_those_that_its_target_gained_meanwhile() {
    let forge = Forge::new();
    let policy =
        POLICY.replace("when: { ai: any }", "when: { all: [{ ai: any }, { paths: [\"billing/**\"] }] }");
    forge.dana.write(".countersign/policy.yaml", &policy);
    forge.dana.commit("Ask for billing alone");
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.dana.git(&["switch", "--quiet", "--create", "work"]);
    forge.dana.write("docs/a.md", "A word.\n");
    forge.dana.commit(AI);
    forge.dana.git(&["switch", "--quiet", "main"]);
    forge.dana.write("billing/x.rs", "fn x() {}\n");
    forge.dana.commit("Bill somebody");
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.dana.git(&["merge", "--quiet", "--no-ff", "--no-edit", "work"]);
    let merged = forge.push(&["main"]);
    assert_eq!(merged.code, 0, "{}", merged.text);
    // And the same into what it does touch.
    forge.dana.git(&["switch", "--quiet", "--create", "more"]);
    forge.dana.write("billing/y.rs", "fn y() {}\n");
    forge.dana.commit(AI);
    forge.dana.git(&["switch", "--quiet", "main"]);
    forge.dana.git(&["merge", "--quiet", "--no-ff", "--no-edit", "more"]);
    let refused = forge.push(&["main"]);
    assert_eq!(refused.code, 1, "{}", refused.text);
}

#[test]
fn a_policy_that_comes_late_asks_nothing_about_what_was_there_before_it() {
    let forge = Forge::empty();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    forge.dana.git(&["rm", "--quiet", ".countersign/policy.yaml"]);
    forge.dana.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.dana.commit(AI);
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.dana.write(".countersign/policy.yaml", POLICY);
    forge.dana.commit("Say who signs off");
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Go on"]);
    let pushed = forge.push(&["main"]);
    assert_eq!(pushed.code, 0, "{}", pushed.text);
}

#[test]
fn what_is_open_on_the_default_branch_does_not_travel_into_a_new_protected_one() {
    let forge = Forge::new();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    assert_eq!(forge.push(&["main"]).code, 0);
    let clean = forge.push(&["main:release/1"]);
    assert_eq!(clean.code, 0, "{}", clean.text);
    forge.dana.commit(AI);
    forge.smuggle("main");
    let taken = forge.push(&["main:release/2"]);
    assert_eq!(taken.code, 1, "{}", taken.text);
}

#[test]
fn what_passed_while_nobody_guarded_a_branch_is_open_once_it_is_guarded_again() {
    let forge = Forge::new();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    forge.dana.git(&["branch", "release/1"]);
    assert_eq!(forge.push(&["main", "release/1"]).code, 0);
    // An administrator lets another branch say for a while what is protected.
    forge.dana.git(&["switch", "--quiet", "--create", "lax"]);
    forge.dana.write(".countersign/policy.yaml", &format!("{POLICY}protects: [another]\n"));
    forge.dana.commit("Protect another");
    assert_eq!(forge.push(&["lax"]).code, 0);
    let turn = |to: &str| forge.on_server(&["symbolic-ref", "HEAD", to]);
    turn("refs/heads/lax");
    forge.dana.git(&["switch", "--quiet", "release/1"]);
    forge.dana.commit(AI);
    // What that branch holds was decided about by nobody, and has no say yet.
    let refused = forge.push(&["release/1"]);
    assert_eq!(refused.code, 1, "{}", refused.text);
    forge.dana.git(&["switch", "--quiet", "lax"]);
    forge.own_work();
    forge.passes(&["lax"]);
    forge.passes(&["release/1"]);
    forge.dana.git(&["switch", "--quiet", "release/1"]);
    turn("refs/heads/main");
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    let refused = forge.push(&["release/1"]);
    assert!(refused.code == 1 && refused.text.contains("never decided about"), "{}", refused.text);
}

#[test]
fn what_a_branch_lost_past_the_hook_can_be_put_back_by_a_push() {
    let forge = Forge::new();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    for message in ["One", "Two"] {
        forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        assert_eq!(forge.push(&["main"]).code, 0);
    }
    let lost = forge.stands("main");
    let rewind = || forge.on_server(&["update-ref", "refs/heads/main", &format!("{lost}~2")]);
    rewind();
    forge.dana.git(&["switch", "--quiet", "--detach", "main~2"]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Without what was lost"]);
    let refused = forge.push(&["HEAD:main"]);
    let lacks = format!("does not hold {}", &lost[..12]);
    assert!(refused.code == 1 && refused.text.contains(&lacks), "{}", refused.text);
    forge.dana.git(&["merge", "--quiet", "--no-edit", "main"]);
    let restored = forge.push(&["HEAD:main"]);
    assert_eq!(restored.code, 0, "{}", restored.text);
    // And what an AI wrote does not come in with it.
    rewind();
    forge.dana.commit(AI);
    let refused = forge.push(&["HEAD:main"]);
    assert!(refused.code == 1 && refused.text.contains("is not satisfied"), "{}", refused.text);
}

#[test]
fn whoever_pushes_next_is_not_taken_for_who_brought_what_came_in_past_the_hook() {
    let forge = Forge::new();
    let spool = forge.folder.path().join("spool");
    forge.install(&["--spool", spool.to_str().unwrap()]);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    assert_eq!(forge.push(&["main"]).code, 0);
    forge.dana.commit(AI);
    forge.smuggle("main");
    let key = forge.folder.path().join("sam");
    let which = ["approve", "--yes", "--target", "main", "--base", "main~1", "--head", "main", "--key"];
    let signed = forge.dana.countersign(&[&which[..], &[key.to_str().unwrap()]].concat());
    assert_eq!(signed.code, 0, "{}", signed.text);
    forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", "Go on"]);
    let settled = forge.push_as("sam", &["main", "refs/countersign/signoffs"]);
    assert_eq!(settled.code, 0, "{}", settled.text);
}

#[test]
fn a_policy_with_a_fault_blocks_and_says_where_it_is() {
    let forge = Forge::new();
    forge.dana.write(".countersign/policy.yaml", &POLICY.replace("require:", "requires:"));
    forge.dana.commit("Break the policy");
    let pushed = forge.push(&["main"]);
    assert_eq!(pushed.code, 0, "{}", pushed.text);
    forge.dana.commit("Mend something");
    let refused = forge.push(&["main"]);
    assert_eq!(refused.code, 1, "{}", refused.text);
    assert!(refused.text.contains("(line 10, column 11)"), "{}", refused.text);
    // What mends it may go in, by the last policy that had no fault.
    forge.dana.write(".countersign/policy.yaml", POLICY);
    forge.dana.commit("Mend the policy");
    let mended = forge.push(&["main"]);
    assert_eq!(mended.code, 0, "{}", mended.text);
    // And no more than that.
    forge.dana.write(".countersign/policy.yaml", &POLICY.replace("require:", "requires:"));
    forge.dana.commit("Break it again");
    forge.dana.git(&["push", "--quiet", "origin", "main"]);
    forge.dana.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: nothing\nrules: [{ name: n, when: { paths: [z] }, deny: z }]\n",
    );
    forge.dana.commit(AI);
    let smuggled = forge.push(&["main"]);
    assert_eq!(smuggled.code, 1, "{}", smuggled.text);
    assert!(smuggled.text.contains("\"AI-assisted code\" is not satisfied"), "{}", smuggled.text);
}

#[test]
fn ten_thousand_commits_take_three_seconds_more_at_most() {
    let forge = Forge::new();
    let mut stream = String::new();
    let tip = forge.dana.git(&["rev-parse", "main"]);
    for number in 0..10_000 {
        let from = if number == 0 { format!("from {tip}\n") } else { String::new() };
        stream.push_str(&format!(
            "commit refs/heads/long\ncommitter dana <dana@example.com> {} +0000\ndata 5\nstep\n{from}M 100644 inline \
             f{}\ndata 2\nx\n\n",
            1_700_000_000 + number,
            number % 100
        ));
    }
    let file = forge.folder.path().join("stream");
    std::fs::write(&file, stream).unwrap();
    let input = std::fs::File::open(&file).unwrap();
    let mut import = Command::new("git");
    import.arg("-C").arg(&forge.dana.folder).args(["fast-import", "--quiet"]).stdin(input);
    assert_eq!(run(&mut import).code, 0);
    // Without the gate first, to another branch: then the objects are there already.
    let started = Instant::now();
    let free = forge.push(&["long:free"]);
    let plain = started.elapsed();
    assert_eq!(free.code, 0, "{}", free.text);
    let started = Instant::now();
    let gated = forge.push(&["long:main"]);
    let all = started.elapsed();
    assert_eq!(gated.code, 0, "{}", gated.text);
    assert!(all.as_secs_f32() < plain.as_secs_f32() + 3.0, "{all:?} beside {plain:?}");
}

#[test]
fn a_hook_without_its_execute_bit_is_found() {
    let forge = Forge::new();
    let bare = forge.bare();
    let check = || {
        run(Command::new(program("countersign-gitea"))
            .args(["install-hook", "--check", "--repository-dir"])
            .arg(&bare))
    };
    assert_eq!(check().code, 0);
    let hook = bare.join("hooks/pre-receive.d/countersign");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let found = check();
    assert_eq!(found.code, 1);
    assert!(found.text.contains("not executable"), "{}", found.text);
    std::fs::remove_file(&hook).unwrap();
    assert!(check().text.contains("is missing"));
}

#[test]
fn a_branch_begins_where_the_first_policy_came_in_whatever_the_server_calls_its_default_until_then() {
    for with_its_first_push in [false, true] {
        let forge = Forge::remembering();
        // As a server has it that makes a repository for somebody: it names the default branch once there is one.
        forge.on_server(&["symbolic-ref", "HEAD", "refs/heads/master"]);
        if !with_its_first_push {
            forge.dana.git(&["rm", "--quiet", "-r", "--cached", ".countersign"]);
            forge.dana.git(&["commit", "--quiet", "--amend", "--allow-empty", "--message", "Begin"]);
        }
        // Before a policy nobody is asked, also about this.
        forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", AI]);
        forge.passes(&["main", "main:release/1"]);
        forge.on_server(&["symbolic-ref", "HEAD", "refs/heads/main"]);
        forge.policy("protects: [prod, \"release/*\"]\n");
        forge.own_work();
        forge.passes(&["main", "main:release/1", "main:prod"]);
        forge.dana.git(&["commit", "--quiet", "--allow-empty", "--message", AI]);
        for target in ["main", "release/1", "prod", "release/2"] {
            forge.refuses(&[&format!("main:{target}")], "\"AI-assisted code\" is not satisfied");
        }
    }
}

#[test]
fn a_branch_made_at_an_older_commit_is_judged_by_the_policy_of_today() {
    let forge = Forge::remembering();
    forge.policy("protects: [\"hotfix/*\"]\nenforce: observe\n");
    let old = forge.stands("main");
    forge.policy("protects: [\"hotfix/*\"]\n");
    let unsatisfied = "\"AI-assisted code\" is not satisfied";
    let at_old = |branch: &str| {
        forge.dana.git(&["switch", "--quiet", "--create", branch, &old]);
        forge.passes(&[branch]);
    };
    // Made there, and work on top of it.
    at_old("hotfix/1");
    forge.dana.commit(AI);
    forge.refuses(&["hotfix/1"], unsatisfied);
    // Both at once.
    forge.refuses(&["hotfix/1:hotfix/2"], unsatisfied);
    // The newest commits, without the newest policy.
    at_old("hotfix/3");
    forge.dana.git(&["merge", "--quiet", "--strategy=ours", "--no-edit", "main"]);
    forge.passes(&["hotfix/3"]);
    forge.dana.commit(AI);
    forge.refuses(&["hotfix/3"], unsatisfied);
    // The same the other way round, so that the branch goes on from the newest commit.
    at_old("hotfix/4");
    let tree = forge.dana.git(&["rev-parse", &format!("{old}^{{tree}}")]);
    let turned = forge.dana.git(&["commit-tree", &tree, "-p", "main", "-p", &old, "-m", "Turn it round"]);
    forge.dana.git(&["reset", "--quiet", "--hard", &turned]);
    forge.passes(&["hotfix/4"]);
    forge.dana.commit(AI);
    forge.refuses(&["hotfix/4"], unsatisfied);
    // Whoever may answer signs under the policy of today, as the hook says.
    let hotfix = forge.push(&["hotfix/1"]);
    let command = hotfix.text.lines().find(|line| line.contains("countersign approve")).unwrap();
    assert!(command.contains("--policy-of main"), "{command}");
    forge.dana.git(&["fetch", "--quiet", "origin"]);
    let key = forge.folder.path().join("sam");
    let head = forge.dana.git(&["rev-parse", "hotfix/1"]);
    let which = ["approve", "--yes", "--target", "hotfix/1", "--head", &head, "--key", key.to_str().unwrap()];
    let signed = forge.dana.countersign(&[&which[..], &["--policy-of", "main"]].concat());
    assert_eq!(signed.code, 0, "{}", signed.text);
    forge.passes(&["hotfix/1", "refs/countersign/signoffs"]);
    // Nobody guarded it when it was grown, with a policy that asks nothing.
    forge.dana.git(&["switch", "--quiet", "--create", "later/1", &old]);
    forge.dana.write(".countersign/policy.yaml", &format!("{POLICY}enforce: observe\nprotects: []\n"));
    forge.dana.commit(AI);
    forge.passes(&["later/1"]);
    forge.policy("protects: [\"hotfix/*\", \"later/*\"]\n");
    forge.dana.git(&["switch", "--quiet", "later/1"]);
    forge.own_work();
    forge.refuses(&["later/1"], "never decided about");
    forge.passes(&["main"]);
}

#[test]
fn a_branch_has_a_policy_of_its_own_once_a_decision_let_one_in() {
    let forge = Forge::remembering();
    forge.policy("protects: [\"hotfix/*\"]\n");
    let asks_for_all =
        POLICY.replace("    when: { ai: any }\n", "").replace("AI-assisted code", "Everything");
    // With the push that makes it, and with a later one.
    for (branch, at_once) in [("hotfix/1", true), ("hotfix/2", false)] {
        forge.dana.git(&["switch", "--quiet", "--create", branch, "main"]);
        if !at_once {
            forge.passes(&[branch]);
        }
        forge.dana.write(".countersign/policy.yaml", &asks_for_all);
        forge.dana.commit("Ask for everything here");
        forge.passes(&[branch]);
        forge.own_work();
        forge.refuses(&[branch], "\"Everything\" is not satisfied");
    }
    // And the default branch asks what it asked.
    forge.dana.git(&["switch", "--quiet", "main"]);
    forge.own_work();
    forge.passes(&["main"]);
}

#[test]
fn a_new_branch_is_signed_for_by_whom_the_default_branch_names() {
    let forge = Forge::remembering();
    forge.policy("");
    forge.dana.git(&["switch", "--quiet", "--create", "release/1"]);
    forge.dana.commit(AI);
    forge.refuses(&["release/1"], "is not satisfied");
    // A clone that git makes knows which branch is the default one.
    forge.dana.git(&["remote", "set-head", "origin", "--auto"]);
    let key = forge.folder.path().join("sam");
    let nothing = "0".repeat(40);
    let which =
        ["approve", "--yes", "--target", "release/1", "--base", &nothing, "--key", key.to_str().unwrap()];
    let signed = forge.dana.countersign(&which);
    assert_eq!(signed.code, 0, "{}", signed.text);
    forge.passes(&["release/1", "refs/countersign/signoffs"]);
}

#[test]
fn where_all_of_the_default_branch_is_open_others_are_judged_all_the_same_until_somebody_begins_anew() {
    let forge = Forge::remembering();
    // Work from before the policy, which nobody was asked about.
    forge.dana.commit(AI);
    forge.passes(&["main"]);
    forge.policy("protects: [prod]\n");
    // What an older hook kept of a repository that the server made with a first commit.
    let kept = r#"{"repository":"acme/app","default":"refs/heads/master","branches":{}}"#;
    std::fs::write(forge.remembered(), kept).unwrap();
    forge.own_work();
    forge.refuses(&["main"], "all of it was never decided about");
    forge.dana.git(&["switch", "--quiet", "--create", "evil"]);
    forge.dana.commit(AI);
    forge.refuses(&["evil:prod"], "\"AI-assisted code\" is not satisfied");
    // Whoever keeps the server has looked at what the branches hold.
    std::fs::remove_file(forge.remembered()).unwrap();
    forge.passes(&["main"]);
    forge.refuses(&["evil:main"], "\"AI-assisted code\" is not satisfied");
}

#[test]
fn what_was_signed_is_neither_rewound_nor_deleted_nor_written_over() {
    let forge = Forge::new();
    let signoffs = "refs/countersign/signoffs";
    forge.dana.git(&["switch", "--quiet", "--create", "work"]);
    forge.dana.commit(AI);
    // What nobody pushed nobody signs.
    forge.passes(&["work"]);
    forge.sign();
    forge.passes(&[signoffs]);
    let signed = forge.stands(signoffs);
    // Sam thinks better of it.
    let key = forge.folder.path().join("sam");
    let withdraw = ["approve", "--yes", "--withdraw", "--target", "main", "--key", key.to_str().unwrap()];
    let withdrawn = forge.dana.countersign(&withdraw);
    assert_eq!(withdrawn.code, 0, "{}", withdrawn.text);
    forge.passes(&[signoffs]);
    let tip = forge.stands(signoffs);
    assert_ne!(tip, signed);
    forge.refuses(&["work:main"], "is not satisfied");

    let commit = |tree: &str| forge.dana.git(&["commit-tree", tree, "-p", &tip, "-m", "On top"]);
    let before = commit(&format!("{signed}^{{tree}}"));
    let entries = forge.dana.git(&["ls-tree", "-r", "--name-only", &tip]);
    let withdrawal = entries.lines().find(|path| {
        path.ends_with(".json")
            && forge.dana.try_git(&["cat-file", "-e", &format!("{signed}:{path}")]).code != 0
    });
    let withdrawal = withdrawal.unwrap();
    // A tree of its own in which one file is another.
    let with = |path: &str, text: &str| {
        let scratch =
            Clone::new(&forge.folder.path().join(format!("scratch-{}", text.len())), "dana", "nowhere");
        scratch.git(&["fetch", "--quiet", forge.bare().to_str().unwrap(), signoffs]);
        scratch.git(&["switch", "--quiet", "--detach", "FETCH_HEAD"]);
        scratch.write(path, text);
        let head = scratch.commit("Write over it");
        forge.dana.git(&["fetch", "--quiet", scratch.folder.to_str().unwrap(), "HEAD"]);
        head
    };
    let over = with(withdrawal, "{}");
    let junk = with("README", "junk");
    for (moved, said) in [
        (format!("+{signed}:{signoffs}"), "does not hold"),
        (format!(":{signoffs}"), "would delete"),
        (format!("{before}:{signoffs}"), "take away signoffs/"),
        (format!("{over}:{signoffs}"), "change or take away"),
        (format!("{junk}:{signoffs}"), "README is no statement with its signature"),
        (format!("{junk}:refs/countersign/junk"), "README is no statement with its signature"),
    ] {
        forge.refuses(&[&moved], said);
        // Nor along with what it would let in.
        forge.refuses(&[&moved, "work:main"], said);
        assert_eq!(forge.stands(signoffs), tip);
    }
    // A tag has no history that goes on, and what git keeps in no index nobody could add to.
    forge.dana.git(&["tag", "--annotate", "--message", "x", "record", signoffs]);
    forge.refuses(&["record:refs/countersign/record"], "it is a tag");
    // Nor does a branch stand where git looks for the ref.
    forge.refuses(&[&format!("work:refs/heads/{signoffs}")], "take a name that does not begin with");
    // A second thought stands beside the first ones, and lets in what it is about.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    forge.sign();
    forge.passes(&[signoffs, "work:main"]);
}

/// A tree of a few kilobytes that has ten names for each folder below it.
fn many_paths(clone: &Clone) -> String {
    use std::io::Write;
    let tree = |lines: &str| {
        let mut child = std::process::Command::new("git")
            .arg("-C")
            .arg(&clone.folder)
            .arg("mktree")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let file = clone.git(&["rev-parse", "main:.countersign/policy.yaml"]);
    let mut below = tree(&format!("100644 blob {file}\tx\n"));
    for _ in 0..7 {
        let lines: String = (0..10).map(|name| format!("040000 tree {below}\t{name}\n")).collect();
        below = tree(&lines);
    }
    clone.git(&["commit-tree", &below, "-p", "main", "-m", "Many\n\nAI-Assisted: claude-code"])
}

#[test]
fn more_paths_than_anybody_could_look_at_are_refused_before_git_lists_them() {
    let forge = Forge::new();
    let many = many_paths(&forge.dana);
    let started = std::time::Instant::now();
    for target in ["refs/countersign/many", "main"] {
        forge.refuses(&[&format!("{many}:{target}")], "more than 200000 paths differ");
    }
    // git alone takes minutes to list them, and gigabytes.
    assert!(started.elapsed() < std::time::Duration::from_secs(60), "{:?}", started.elapsed());
}
