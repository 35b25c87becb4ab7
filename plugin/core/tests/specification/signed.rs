//! Signed sign-offs: whose key, over which words, for which change. The signatures are made by `ssh-keygen`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::common::{Case, POLICY, acts, id};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A key pair, made once for all tests.
struct Key(PathBuf);

/// Makes a key, or takes the one that an earlier test made.
fn key(name: &str, kind: &[&str]) -> Key {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    // Tests run at the same time; one makes the key, under a name of its own first.
    static MADE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = MADE.lock();
    if !path.exists() {
        run(Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", name, "-t"])
            .args(kind)
            .arg("-f")
            .arg(&path));
    }
    Key(path)
}

fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}

fn sams() -> Key {
    key("sam", &["ed25519"])
}

impl Key {
    /// `kind key`, without a comment.
    fn public(&self) -> String {
        let text = std::fs::read_to_string(self.0.with_extension("pub")).unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn sign(&self, namespace: &str, statement: &str) -> String {
        self.sign_hashed("sha512", namespace, statement)
    }

    fn sign_hashed(&self, hash: &str, namespace: &str, statement: &str) -> String {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = self.0.with_file_name(format!("statement-{number}"));
        std::fs::write(&file, statement).unwrap();
        run(Command::new("ssh-keygen")
            .args(["-q", "-Y", "sign", "-O", &format!("hashalg={hash}"), "-n", namespace, "-f"])
            .arg(&self.0)
            .arg(&file));
        std::fs::read_to_string(file.with_extension("sig")).unwrap()
    }
}

fn statement(decision: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "refs/heads/main", "digest": { "gitCommit": id("c1") } }],
        "predicateType": "urn:countersign:signoff:v1",
        "predicate": {
            "decision": decision, "repository": "o/r", "target": "refs/heads/main", "head": id("c1"),
            "policyDigest": "sha256:p", "at": "1970-01-12T00:00:00Z",
        },
    })
}

/// A change on which somebody signed these words.
fn signed_as(signers: &str, key: &Key, namespace: &str, statement: &str) -> Case {
    let mut case = Case::new();
    case.document("allowed-signers", ".countersign/allowed_signers", signers);
    let signature = key.sign(namespace, statement);
    let act = json!({
        "id": "signed", "kind": "signed", "actor": {}, "proof": "signature", "statement": statement,
        "signature": signature,
    });
    case.push("acts", act);
    case
}

/// A change on which sam signed this.
fn signed(statement: &Value) -> Case {
    signed_as(&format!("sam {}\n", sams().public()), &sams(), "countersign", &statement.to_string())
}

#[test]
fn the_kinds_of_key_that_people_have_sign() {
    for (name, kind) in
        [("sam", &["ed25519"][..]), ("p256", &["ecdsa", "-b", "256"]), ("rsa", &["rsa", "-b", "2048"])]
    {
        let key = key(name, kind);
        let text = statement("approve").to_string();
        let mut case = signed_as(&format!("sam {}\n", key.public()), &key, "countersign", &text);
        assert_eq!(case.codes(), ["counted"], "{name}");
        let decision = case.answer().unwrap();
        let act = &decision["rules"][0]["requirements"][0]["acts"][0];
        assert_eq!(act["sentence"], format!("sam approved {}, signed with an SSH key", &id("c1")[..12]));
        assert_eq!((&act["proof"], &act["actor"]), (&json!("signature"), &json!("sam")));
        // Of other words it is no signature.
        case.request["acts"][0]["statement"] = text.replace("approve", "withdraw").into();
        assert_eq!(case.codes(), ["bad-signature"], "{name}");
    }
    for (name, kind, code) in [
        ("p384", ["ecdsa", "-b", "384"], "key-type"),
        // A short key can be factored.
        ("weak", ["rsa", "-b", "1024"], "key-type"),
    ] {
        let key = key(name, &kind);
        let text = statement("approve").to_string();
        let case = signed_as(&format!("sam {}\n", key.public()), &key, "countersign", &text);
        assert_eq!(case.codes(), [code], "{name}");
    }
}

#[test]
fn words_are_hashed_as_the_signer_says() {
    let text = statement("approve").to_string();
    let mut case = signed(&statement("approve"));
    case.request["acts"][0]["signature"] = sams().sign_hashed("sha256", "countersign", &text).into();
    assert_eq!(case.codes(), ["counted"]);
}

#[test]
fn a_signature_that_calls_itself_something_else_is_none() {
    for (name, kind, label, code) in [
        ("sam", &["ed25519"][..], "ssh-ed25519", "bad-signature"),
        ("p256", &["ecdsa", "-b", "256"], "ecdsa-sha2-nistp256", "bad-signature"),
        ("rsa", &["rsa", "-b", "2048"], "rsa-sha2-512", "key-type"),
    ] {
        let key = key(name, kind);
        let text = statement("approve").to_string();
        let mut case = signed_as(&format!("sam {}\n", key.public()), &key, "countersign", &text);
        let armored = case.request["acts"][0]["signature"].as_str().unwrap().to_owned();
        let body: String = armored.lines().filter(|line| !line.starts_with('-')).collect();
        let mut bytes = STANDARD.decode(body).unwrap();
        // The last of its names is that of the signature itself.
        let at = bytes.windows(label.len()).rposition(|part| part == label.as_bytes()).unwrap();
        bytes[at + label.len() - 1] = b'x';
        let changed = STANDARD.encode(bytes);
        case.request["acts"][0]["signature"] =
            format!("-----BEGIN SSH SIGNATURE-----\n{changed}\n-----END SSH SIGNATURE-----\n").into();
        assert_eq!(case.codes(), [code], "{name}");
    }
}

#[test]
fn a_statement_is_good_for_what_it_says_alone() {
    for (pointer, value, code) in [
        ("/predicate/repository", json!("o/other"), "other-change"),
        ("/predicate/change", json!("7"), "counted"),
        ("/predicate/change", json!("8"), "other-change"),
        ("/predicate/policyDigest", json!("sha256:q"), "stale-policy"),
        ("/predicate/target", json!("refs/heads/next"), "bad-statement"),
        ("/predicate/head", json!(id("c2")), "bad-statement"),
        ("/subject/0/name", json!("refs/heads/next"), "bad-statement"),
        ("/subject/0/digest/gitCommit", json!(id("c2")), "bad-statement"),
        (
            "/subject/1",
            json!({ "name": "refs/heads/main", "digest": { "gitCommit": id("c1") } }),
            "bad-statement",
        ),
        ("/_type", json!("https://in-toto.io/Statement/v0.1"), "bad-statement"),
        ("/predicateType", json!("urn:other"), "bad-statement"),
        ("/predicate/decision", json!("maybe"), "bad-statement"),
    ] {
        let mut statement = statement("approve");
        match statement.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None if pointer == "/subject/1" => {
                statement["subject"].as_array_mut().unwrap().push(value.clone())
            }
            None => statement["predicate"]["change"] = value.clone(),
        }
        assert_eq!(signed(&statement).codes(), [code], "{pointer} {value}");
    }
    // Consistent, and of something else.
    let text = statement("approve").to_string();
    for (from, to, codes) in [
        ("refs/heads/main", "refs/heads/next".to_owned(), &["other-target"][..]),
        (id("c1").as_str(), id("gone"), &[]),
    ] {
        let signers = format!("sam {}\n", sams().public());
        let case = signed_as(&signers, &sams(), "countersign", &text.replace(from, &to));
        assert_eq!(case.codes(), codes, "{to}");
    }
}

/// A statement about a commit that is none of the change.
fn of_another_commit(policy: &str) -> Case {
    let mut said = statement("approve");
    said["subject"][0]["digest"]["gitCommit"] = id("gone").into();
    said["predicate"]["head"] = id("gone").into();
    said["predicate"]["diffId"] = id("diff").into();
    said["predicate"]["mergeTree"] = id("tree").into();
    let mut case = signed(&said);
    case.policy = policy.to_owned();
    (case.request["change"]["diff_id"], case.request["change"]["merge_tree"]) =
        (id("other diff").into(), id("other tree").into());
    case
}

#[test]
fn a_statement_about_a_former_head_is_named_and_counts_for_nothing() {
    let keeps = POLICY.replace("require:", "options: { stale: keep }\n    require:");
    let author = json!({ "name": "dana", "email": "dana@example.com", "time": 5 });
    type Tie = fn(&mut Case, &Value);
    let ties: [(&str, Tie, &str); 6] = [
        ("nothing", |_, _| {}, ""),
        (
            "another author",
            |case, author| {
                let other = json!({ "name": "omar", "email": "omar@example.com", "time": author["time"] });
                case.request["former"] = json!([{ "sha": id("gone"), "author": other }]);
            },
            "",
        ),
        (
            "the diff",
            |case, _| case.request["change"]["diff_id"] = id("diff").into(),
            " (its diff is the same)",
        ),
        ("the merge", |case, _| case.request["change"]["merge_tree"] = id("tree").into(), "-"),
        ("the forge", |case, _| case.request["pushes"] = json!([{ "head": id("gone") }]), "-"),
        (
            "an amend",
            |case, author| {
                case.request["former"] = json!([{ "sha": id("gone"), "author": author }]);
            },
            "-",
        ),
    ];
    for policy in [POLICY, &keeps] {
        for (what, tie, says) in &ties {
            let mut case = of_another_commit(policy);
            case.request["commits"][0]["author"]["time"] = 5.into();
            tie(&mut case, &author);
            assert_eq!(case.outcome(), "pending", "{what}");
            let acts = crate::common::acts(&case);
            let sentences: Vec<_> = acts.iter().map(|act| act["sentence"].as_str().unwrap()).collect();
            if says.is_empty() {
                assert!(sentences.is_empty(), "{what}: {sentences:?}");
                continue;
            }
            let says = if *says == "-" { "" } else { says };
            let head = id("gone")[..12].to_owned();
            let expected =
                format!("sam signed {head}, which is no longer part of this change{says}: ask again");
            assert_eq!(
                (sentences, acts[0]["code"].as_str()),
                (vec![expected.as_str()], Some("stale-head")),
                "{what}"
            );
        }
    }
}

#[test]
fn what_a_signer_says_of_another_change_replaces_nothing_that_was_said_of_this_one() {
    for stale in ["head", "diff", "tree", "keep"] {
        let policy = POLICY.replace("require:", &format!("options: {{ stale: {stale} }}\n    require:"));
        for decision in ["approve", "withdraw"] {
            let mut said = statement("approve");
            said["predicate"]["diffId"] = id("diff").into();
            said["predicate"]["mergeTree"] = id("tree").into();
            let mut case = signed(&said);
            case.policy = policy.clone();
            (case.request["change"]["diff_id"], case.request["change"]["merge_tree"]) =
                (id("diff").into(), id("tree").into());
            let mut other = of_another_commit(&policy);
            let mut later = statement(decision);
            later["subject"][0]["digest"]["gitCommit"] = id("gone").into();
            later["predicate"]["head"] = id("gone").into();
            later["predicate"]["at"] = "1970-01-12T01:00:00Z".into();
            let text = later.to_string();
            let mut act = other.request["acts"][0].take();
            (act["statement"], act["signature"]) =
                (text.clone().into(), sams().sign("countersign", &text).into());
            act["id"] = "of another change".into();
            case.push("acts", act);
            assert_eq!(
                (case.outcome().as_str(), case.codes()),
                ("approved", vec!["counted".to_owned()]),
                "{stale} {decision}"
            );
        }
    }
}

/// A change on which sam signed these, one after the other.
fn signed_in_turn(statements: &[Value]) -> Case {
    let mut case = signed(&statements[0]);
    for (at, statement) in statements.iter().enumerate().skip(1) {
        let text = statement.to_string();
        let signature = sams().sign("countersign", &text);
        case.push(
            "acts",
            json!({
                "id": format!("signed {at}"), "kind": "signed", "actor": {}, "proof": "signature", "statement": text,
                "signature": signature,
            }),
        );
    }
    case
}

/// The statement as it would be about another head and target, some minutes later.
fn about(decision: &str, head: &str, target: &str, minutes: u32) -> Value {
    let mut said = statement(decision);
    said["subject"][0]["name"] = target.into();
    said["subject"][0]["digest"]["gitCommit"] = id(head).into();
    (said["predicate"]["head"], said["predicate"]["target"]) = (id(head).into(), target.into());
    said["predicate"]["at"] = format!("1970-01-12T00:{minutes:02}:00Z").into();
    said
}

#[test]
fn a_sign_off_stands_beside_those_of_other_targets_and_of_other_heads() {
    const MAIN: &str = "refs/heads/main";
    const RELEASE: &str = "refs/heads/release";
    // In a stack of changes the lower one's head is a commit of the upper one, here c0 of c1.
    let stack = |case: &mut Case| {
        let mut lower = case.request["commits"][0].clone();
        lower["sha"] = id("c0").into();
        case.request["commits"][0]["parents"] = json!([{ "sha": id("c0") }]);
        case.push("commits", lower);
    };
    for (what, later, outcome) in [
        ("the same head into another target", about("approve", "c1", RELEASE, 5), "approved"),
        ("another head into another target", about("approve", "c0", RELEASE, 5), "approved"),
        ("the lower change of a stack", about("approve", "c0", MAIN, 5), "approved"),
        ("taking back what was signed for another target", about("withdraw", "c1", RELEASE, 5), "approved"),
        // What is taken back of this change is taken back, whichever head it had.
        ("taking it back", about("withdraw", "c1", MAIN, 5), "pending"),
        ("taking back another head of the change", about("withdraw", "c0", MAIN, 5), "pending"),
        ("refusing it", about("request-changes", "c1", MAIN, 5), "denied"),
    ] {
        let first = about("approve", "c1", MAIN, 0);
        for statements in [[first.clone(), later.clone()], [later.clone(), first]] {
            let mut case = signed_in_turn(&statements);
            stack(&mut case);
            assert_eq!(case.outcome(), outcome, "{what}: {:?}", case.codes());
        }
    }
}

#[test]
fn what_was_signed_about_an_earlier_head_can_be_taken_back() {
    let mut case = signed(&about("approve", "c0", "refs/heads/main", 0));
    let mut earlier = case.request["commits"][0].clone();
    earlier["sha"] = id("c0").into();
    case.request["commits"][0]["parents"] = json!([{ "sha": id("c0") }]);
    case.push("commits", earlier);
    let would = signing(&case, &sams(), &about("withdraw", "c1", "refs/heads/main", 5));
    assert_eq!((&would["counts"], &would["code"]), (&json!(true), &json!("withdrawn")), "{would}");
    assert_eq!(would["sentence"], "sam takes back what they signed about other heads of the change");
    // The control: nobody signed anything.
    let mut nothing = Case::new();
    nothing.document(
        "allowed-signers",
        ".countersign/allowed_signers",
        &format!("sam {}\n", sams().public()),
    );
    let would = signing(&nothing, &sams(), &about("withdraw", "c1", "refs/heads/main", 5));
    assert_eq!((&would["counts"], &would["code"]), (&json!(false), &json!("no-sign-off")));
}

/// What the module says of a statement before it is signed.
fn signing(case: &Case, key: &Key, statement: &Value) -> Value {
    let mut asked = case.whole();
    asked["to_sign"] = json!({ "key": key.public(), "statement": statement.to_string() });
    let answer = countersign_core::evaluate(asked.to_string().as_bytes()).unwrap();
    let mut decision: Value = serde_json::from_str(&answer).unwrap();
    let signing = decision["signing"].take();
    // Nothing else is told of it: the decision is what it is without.
    decision.as_object_mut().unwrap().remove("signing");
    assert_eq!(decision, case.answer().unwrap());
    signing
}

#[test]
fn what_somebody_would_sign_is_judged_as_if_it_were_signed_and_decides_nothing() {
    let mut case = Case::new();
    case.document("allowed-signers", ".countersign/allowed_signers", &format!("sam {}\n", sams().public()));
    let would = signing(&case, &sams(), &statement("approve"));
    assert_eq!(
        (&would["counts"], &would["code"], &would["signer"], &would["sets"], &would["sentence"]),
        (
            &json!(true),
            &json!("counted"),
            &json!("sam"),
            &json!(["seniors"]),
            &json!("\"sign-off\" is satisfied")
        )
    );
    // As soon as it is signed, the same comes of it.
    let text = statement("approve").to_string();
    let signature = sams().sign("countersign", &text);
    let act = json!({
        "id": "signed", "kind": "signed", "actor": {}, "proof": "signature", "statement": text, "signature": signature,
    });
    case.push("acts", act);
    assert_eq!(case.outcome(), "approved");
    let mut again = statement("approve");
    again["predicate"]["at"] = "1970-01-12T00:10:00Z".into();
    let would = signing(&case, &sams(), &again);
    assert_eq!((&would["counts"], &would["code"]), (&json!(false), &json!("not-asked")));
    assert_eq!(would["sentence"], "sam approved it already, and that counts");
    let would = signing(&case, &sams(), &statement("withdraw"));
    assert_eq!((&would["counts"], &would["code"]), (&json!(true), &json!("withdrawn")));
    assert_eq!(would["left"], json!(["\"sign-off\" still waits: 1 approval by seniors"]));
}

#[test]
fn what_is_no_signature_or_no_statement_is_worth_nothing() {
    for (key, value) in [
        ("statement", Value::Null),
        ("signature", Value::Null),
        ("signature", json!("")),
        ("signature", json!("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n")),
    ] {
        let mut case = signed(&statement("approve"));
        case.request["acts"][0][key] = value.clone();
        if value.is_null() {
            case.request["acts"][0].as_object_mut().unwrap().remove(key);
        }
        // Nor does it say who it was, whatever the host says.
        case.request["acts"][0]["actor"] = json!({ "login": "rhea" });
        let decision = case.answer().unwrap();
        let act = &decision["rules"][0]["requirements"][0]["acts"][0];
        assert_eq!(
            (&act["code"], &act["actor"]),
            (&json!("bad-signature"), &json!("nobody")),
            "{key} {value}"
        );
    }
    let signers = format!("sam {}\n", sams().public());
    assert_eq!(signed_as(&signers, &sams(), "countersign", "I approve").codes(), ["bad-statement"]);
    assert_eq!(
        signed_as(&signers, &sams(), "git", &statement("approve").to_string()).codes(),
        ["wrong-namespace"]
    );
    // Whatever the host says beside it, a signed act is its signer's.
    let mut case = signed(&statement("approve"));
    case.request["acts"][0]["actor"] = json!({ "login": "rhea" });
    case.request["acts"][0]["head"] = id("gone").into();
    let decision = case.answer().unwrap();
    let act = &decision["rules"][0]["requirements"][0]["acts"][0];
    assert_eq!((&act["code"], &act["actor"]), (&json!("counted"), &json!("sam")));
}

#[test]
fn refusing_and_taking_back_stay_good_under_another_policy() {
    for (decision, outcome, code) in [
        ("approve", "pending", "stale-policy"),
        ("waive", "pending", ""),
        ("request-changes", "denied", "no-sign-off"),
        ("withdraw", "pending", "withdrawn"),
    ] {
        let mut statement = statement(decision);
        statement["predicate"]["policyDigest"] = "sha256:q".into();
        let case = signed(&statement);
        assert_eq!(case.outcome(), outcome, "{decision}");
        assert_eq!(case.codes().first().map_or("", String::as_str), code, "{decision}");
    }
}

#[test]
fn a_moment_that_has_not_come_says_nothing_of_when() {
    for (at, code) in [
        ("1970-01-12T13:46:40Z", "counted"),
        // Two clocks may be a little apart.
        ("1970-01-12T13:51:40Z", "counted"),
        ("1970-01-12T13:51:41Z", "too-old"),
        ("1970-01-12T12:46:39Z", "too-old"),
    ] {
        let mut statement = statement("approve");
        statement["predicate"]["at"] = at.into();
        let mut case = signed(&statement);
        case.policy = POLICY.replace("require:", "options: { max-age: 1h }\n    require:");
        assert_eq!(case.codes(), [code], "{at}");
    }
}

#[test]
fn a_statement_names_the_diff_and_the_merge_that_it_is_for() {
    for (stale, key, code) in [
        ("diff", "diffId", "counted"),
        ("diff", "mergeTree", "fact-unavailable"),
        ("tree", "mergeTree", "counted"),
        ("tree", "diffId", "fact-unavailable"),
    ] {
        let mut statement = statement("approve");
        statement["predicate"][key] = id("same").into();
        let mut case = signed(&statement);
        case.policy = POLICY.replace("require:", &format!("options: {{ stale: {stale} }}\n    require:"));
        (case.request["change"]["diff_id"], case.request["change"]["merge_tree"]) =
            (id("same").into(), id("same").into());
        assert_eq!(case.codes(), [code], "{stale} {key}");
    }
}

#[test]
fn answers_and_waivers_are_signed_too() {
    let mut statement = statement("waive");
    statement["predicate"]["text"] =
        "waive: sign-off\nreason: both seniors are ill and it cannot wait\nuntil: 1970-01-31".into();
    let mut case = signed(&statement);
    case.policy = POLICY.replace("require:", "waivable-by: seniors\n    require:");
    assert_eq!(case.rule_code("sign-off"), "waived");
}

#[test]
fn allowed_signers_say_whose_key_it_is_and_for_what() {
    let rsa = key("rsa", &["rsa", "-b", "2048"]);
    let (public, other) = (sams().public(), rsa.public());
    let bare = public.split(' ').nth(1).unwrap().to_owned();
    for (signers, code) in [
        (format!("sam {public}"), "counted"),
        (format!("# sam's\n\n  sam {public} sam@laptop\r\n"), "counted"),
        (format!("\"sam\" {public}"), "counted"),
        (format!("rhea,sam {public}"), "counted"),
        (format!("omar {public}"), "not-eligible"),
        (format!("omar {public}\nsam {public}"), "counted"),
        (format!("sam {other}"), "unknown-key"),
        (String::new(), "unknown-key"),
        (format!("# sam {public}"), "unknown-key"),
        // A pattern names no person.
        (format!("* {public}"), "unknown-key"),
        (format!("sam,*@example.com {public}"), "unknown-key"),
        (format!("sam,!rhea {public}"), "unknown-key"),
        (format!("sa? {public}"), "unknown-key"),
        // What it may sign.
        (format!("sam namespaces=\"countersign\" {public}"), "counted"),
        (format!("sam Namespaces=\"git,countersign\" {public}"), "counted"),
        (format!("sam namespaces=\"*\" {public}"), "counted"),
        (format!("sam namespaces=\"git\" {public}"), "wrong-namespace"),
        (format!("sam namespaces=\"!git,*\" {public}"), "unknown-key"),
        // When: now is 1970-01-12 13:46:40.
        (format!("sam valid-after=\"19700112134640\" {public}"), "counted"),
        (format!("sam valid-after=\"19700112134641Z\" {public}"), "expired-key"),
        (format!("sam valid-before=\"19700112134641\" {public}"), "counted"),
        (format!("sam valid-before=\"197001121347\" {public}"), "counted"),
        (format!("sam valid-before=\"19700112134640\" {public}"), "expired-key"),
        (format!("sam valid-before=\"19700112\" {public}"), "expired-key"),
        (format!("sam valid-after=\"19700101\",valid-before=\"19700113\" {public}"), "counted"),
        (format!("sam valid-after=\"19700101\",valid-before=\"19700102\" {public}"), "expired-key"),
        (format!("sam valid-before=\"19700102\" {public}\nsam {public}"), "counted"),
        // What is not understood would not be obeyed.
        (format!("sam valid-before=\"tomorrow\" {public}"), "unknown-key"),
        (format!("sam valid-before=\"197001\" {public}"), "unknown-key"),
        (format!("sam valid-after=\"19700101\",valid-after=\"19700102\" {public}"), "unknown-key"),
        (format!("sam namespaces=\"git\",namespaces=\"countersign\" {public}"), "unknown-key"),
        (format!("sam cert-authority {public}"), "unknown-key"),
        (format!("sam verify-required=\"x\" {public}"), "unknown-key"),
        (format!("sam ssh-rsa {bare}"), "unknown-key"),
        (format!("sam unknown-kind {bare}"), "unknown-key"),
        ("sam ssh-ed25519 AAAA".to_owned(), "unknown-key"),
        ("sam".to_owned(), "unknown-key"),
    ] {
        let case = signed_as(&signers, &sams(), "countersign", &statement("approve").to_string());
        assert_eq!(case.codes(), [code], "{signers}");
    }
}

#[test]
fn a_line_that_has_the_key_and_names_nobody_is_told_with_its_number_and_its_fault() {
    let (public, other) = (sams().public(), key("rsa", &["rsa", "-b", "2048"]).public());
    let line = |line: &str| format!("# whose key is whose\r\n{line}\n");
    let none = "no line of the target's .countersign/allowed_signers says whose the key";
    for (signers, says) in [
        (line(&format!("sam valid-before=\"2026-11-30\" {public}")), "`valid-before` is no moment here"),
        (line(&format!("sam valid-after=\"soon\" {public}")), "`valid-after` is no moment here"),
        (
            line(&format!("sam cert-authority {public}")),
            "`cert-authority` is an option that is not read here",
        ),
        (line(&format!("sam until=\"x\" {public}")), "`until` is an option that is not read here"),
        (line(&format!("sam namespaces=\"!git,*\" {public}")), "`namespaces` with a `!` in it"),
        (
            line(&format!("sam namespaces=\"git\",namespaces=\"countersign\" {public}")),
            "`namespaces` stands there twice",
        ),
        (line(&format!("*@example.com {public}")), "names no person"),
        (line(&public), "whose it is stands before that"),
        (line(&format!("sam valid-before = \"20261130\" {public}")), "it is not whose the key is, options"),
        // What is wrong with the lines of others is none of this key.
        (line(&format!("sam cert-authority {other}")), none),
        (line(&format!("# sam {public}")), none),
    ] {
        let statement = statement("approve");
        let case = signed_as(&signers, &sams(), "countersign", &statement.to_string());
        let signed = acts(&case)[0]["sentence"].as_str().unwrap().to_owned();
        let mut before = Case::new();
        before.document("allowed-signers", ".countersign/allowed_signers", &signers);
        let to_sign = signing(&before, &sams(), &statement)["sentence"].as_str().unwrap().to_owned();
        for sentence in [signed, to_sign] {
            assert!(sentence.contains(says), "{signers}: {sentence}");
            assert_eq!(sentence.contains("line 2 of the target's"), says != none, "{signers}: {sentence}");
        }
    }
}

#[test]
fn what_would_take_away_what_counts_is_said_to_do_so() {
    let policy = POLICY
        .replace("rules:", "questions: { topology: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [topology] }");
    let says = "it would take away what counts now: \"sign-off\" still waits";
    for (earlier, answer, takes_away) in [
        (Some("topology: only the billing queue and its readers"), "topology: no", true),
        (
            Some("topology: only the billing queue and its readers"),
            "topology: still the billing queue and no more",
            false,
        ),
        (Some("topology: nothing"), "topology: no", false),
        (None, "topology: no", false),
    ] {
        let mut case = Case::under(&policy);
        case.document(
            "allowed-signers",
            ".countersign/allowed_signers",
            &format!("sam {}\n", sams().public()),
        );
        let said = |text: &str, at: u64| {
            let mut statement = statement("approve");
            (statement["predicate"]["text"], statement["predicate"]["at"]) = (text.into(), at.into());
            statement
        };
        if let Some(earlier) = earlier {
            let text = said(earlier, 100).to_string();
            let signature = sams().sign("countersign", &text);
            case.push(
                "acts",
                json!({
                    "id": "signed", "kind": "signed", "actor": {}, "proof": "signature", "statement": text,
                    "signature": signature,
                }),
            );
        }
        let would = signing(&case, &sams(), &said(answer, 200));
        let sentence = would["sentence"].as_str().unwrap();
        assert_eq!(sentence.contains(says), takes_away, "{earlier:?} {answer}: {would}");
    }
}

#[test]
fn a_principal_with_an_at_sign_is_an_address_and_every_other_a_login() {
    let text = statement("approve").to_string();
    let mut case = signed_as(&format!("sam@example.com {}", sams().public()), &sams(), "countersign", &text);
    assert_eq!(case.codes(), ["not-eligible"]);
    case.policy = POLICY.replace("rules:", "identities: { sam: { emails: [sam@example.com] } }\nrules:");
    assert_eq!(case.codes(), ["counted"]);
}

#[test]
fn a_key_that_was_revoked_signs_nothing() {
    let other = key("rsa", &["rsa", "-b", "2048"]);
    for (revoked, code) in [
        (sams().public(), "revoked-key"),
        (format!("# lost\n{}\n", sams().public()), "revoked-key"),
        (other.public(), "counted"),
        ("# none\n\n".to_owned(), "counted"),
        // A list that is not understood may hold any key.
        (format!("serial: 5\n{}", other.public()), "revoked-key"),
        ("SSHKRL\n".to_owned(), "revoked-key"),
    ] {
        let mut case = signed(&statement("approve"));
        case.document("revoked-keys", ".countersign/revoked_keys", &revoked);
        assert_eq!(case.codes(), [code], "{revoked}");
    }
}

#[test]
fn a_policy_lists_keys_under_people() {
    let text = statement("approve").to_string();
    let case = |keys: &str| {
        let mut case = signed_as("", &sams(), "countersign", &text);
        case.documents.clear();
        case.policy =
            POLICY.replace("rules:", &format!("identities: {{ sam: {{ keys: [\"{keys}\"] }} }}\nrules:"));
        case
    };
    assert_eq!(case(&sams().public()).codes(), ["counted"]);
    assert_eq!(case(&key("rsa", &["rsa", "-b", "2048"]).public()).codes(), ["unknown-key"]);
    assert_eq!(case("ssh-ed25519 AAAA").outcome(), "bad-policy");
}

/// Of many statements those that a host is told to keep, by their ids.
fn kept(case: &Case) -> Vec<String> {
    let mut request = case.whole();
    request["complete"] = json!(["documents", "commits"]);
    let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
    let needs: Value = serde_json::from_str(&needs).unwrap();
    let keep = needs["keep"].as_array().cloned().unwrap_or_default();
    let mut keep: Vec<String> = keep.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    keep.sort();
    keep
}

#[test]
fn of_many_statements_those_are_kept_that_verify_and_of_one_signer_the_latest() {
    let (ann, stranger) = (key("ann", &["ed25519"]), key("stranger", &["ed25519"]));
    let mut case = Case::new();
    let signers = format!("sam {}\nann {}\n", sams().public(), ann.public());
    case.document("allowed-signers", ".countersign/allowed_signers", &signers);
    let mut add = |id: &str, key: &Key, decision: &str, second: u32, target: &str, forged: bool| {
        let mut said = statement(decision);
        said["predicate"]["at"] = format!("1970-01-12T00:00:{second:02}Z").into();
        said["subject"][0]["name"] = target.into();
        said["predicate"]["target"] = target.into();
        let signature = key.sign("countersign", &said.to_string());
        if forged {
            said["predicate"]["text"] = "topology: whatever the forger likes to say here".into();
        }
        let act = json!({
            "id": id, "kind": "signed", "actor": {}, "proof": "signature", "statement": said.to_string(),
            "signature": signature,
        });
        case.push("acts", act);
    };
    let (here, elsewhere) = ("refs/heads/main", "refs/heads/other");
    let mut expected = Vec::new();
    // The latest ten of sam's approvals, and his only refusal, however old.
    for n in 0..12 {
        add(&format!("sam {n:02}"), &sams(), "approve", n, here, false);
        if n >= 2 {
            expected.push(format!("sam {n:02}"));
        }
    }
    add("sam refuses", &sams(), "request-changes", 0, here, false);
    expected.push("sam refuses".to_owned());
    // What he said of another target is copied here by anybody, and takes no room.
    for n in 0..12 {
        add(&format!("sam elsewhere {n:02}"), &sams(), "request-changes", 20 + n, elsewhere, false);
        if n >= 2 {
            expected.push(format!("sam elsewhere {n:02}"));
        }
    }
    add("ann", &ann, "approve", 0, here, false);
    expected.push("ann".to_owned());
    add("a stranger", &stranger, "approve", 0, here, false);
    add("words that sam did not sign", &sams(), "approve", 30, here, true);
    expected.sort();
    assert_eq!(kept(&case), expected);
    // Where the acts are complete, nobody asks.
    let needs = countersign_core::needs(case.whole().to_string().as_bytes()).unwrap();
    assert!(!needs.contains("keep"), "{needs}");
}

#[test]
fn statements_by_keys_that_nobody_lists_exhaust_no_limit() {
    let stranger = key("stranger", &["ed25519"]);
    let mut case = signed(&statement("approve"));
    let text = statement("withdraw").to_string();
    let signature = stranger.sign("countersign", &text);
    for n in 0..2_000 {
        let act = json!({
            "id": format!("stranger {n}"), "kind": "signed", "actor": {}, "proof": "signature", "statement": text,
            "signature": signature,
        });
        case.push("acts", act);
    }
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn a_key_of_two_people_counts_once_and_by_the_name_of_neither() {
    let two = POLICY.replace("approvals: 1", "approvals: 2");
    for (signers, signer, counted) in [("sam", "sam", 1), ("sam,rhea", "rhea or sam", 1)] {
        let mut case = signed_as(
            &format!("{signers} {}\n", sams().public()),
            &sams(),
            "countersign",
            &statement("approve").to_string(),
        );
        case.policy.clone_from(&two);
        let decision = case.answer().unwrap();
        let requirement = &decision["rules"][0]["requirements"][0];
        assert_eq!(requirement["counted"], counted, "{signers}");
        assert_eq!(requirement["acts"][0]["actor"], signer, "{signers}");
        let sentence = requirement["acts"][0]["sentence"].as_str().unwrap();
        assert!(sentence.starts_with(&format!("{signer} approved")), "{sentence}");
        // Who would sign is told before.
        case.request["acts"] = json!([]);
        assert_eq!(signing(&case, &sams(), &statement("approve"))["signer"], signer, "{signers}");
    }
}

#[test]
fn a_kind_of_key_that_no_line_makes_good_is_said_before_a_line_is_asked_for() {
    for (name, kind, code) in [
        ("listed-by-nobody", &["ed25519"][..], "unknown-key"),
        ("p384", &["ecdsa", "-b", "384"], "key-type"),
        ("short", &["rsa", "-b", "1024"], "key-type"),
    ] {
        let key = key(name, kind);
        let text = statement("approve").to_string();
        let signed = signed_as("", &key, "countersign", &text);
        assert_eq!(signed.codes(), [code], "{name}");
        let mut case = Case::new();
        case.document("allowed-signers", ".countersign/allowed_signers", "");
        assert_eq!(signing(&case, &key, &statement("approve"))["code"], code, "{name}");
    }
}
