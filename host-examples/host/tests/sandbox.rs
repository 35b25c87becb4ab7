//! The sandbox: no imports, and every backstop ends a call with a plain message.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use countersign_host::module::{Backstops, CallError, Function, Module, contract_of, sha256_hex};

/// The component that the host embeds, as `Module::embedded` runs it.
fn component() -> Vec<u8> {
    let version = countersign_packaging::contract_version().unwrap();
    countersign_packaging::component(&version).unwrap()
}

#[test]
fn the_component_imports_nothing() {
    let bytes = component();
    let (mut depth, mut core_modules) = (0, 0);
    for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            wasmparser::Payload::Version { encoding, .. } => {
                depth += 1;
                core_modules += usize::from(encoding == wasmparser::Encoding::Module);
            }
            wasmparser::Payload::End(_) => depth -= 1,
            // Components inside the component import from it.
            wasmparser::Payload::ComponentImportSection(_) => {
                assert!(depth > 1, "the component imports something")
            }
            wasmparser::Payload::ImportSection(section) => {
                assert_eq!(section.count(), 0, "the core module imports something");
            }
            _ => {}
        }
    }
    assert_eq!(core_modules, 1);
}

#[test]
fn one_version_of_the_contract_is_written_three_ways() {
    let version = countersign_packaging::contract_version().unwrap();
    assert_eq!(
        countersign_core::model::CONTRACT_VERSION,
        version,
        "what `describe` returns and the WIT package"
    );
    assert_eq!(contract_of(&component()).as_deref(), Some(version.as_str()), "the custom section");
    let about = Module::embedded().unwrap().call(Function::Describe, b"").unwrap();
    assert!(about.contains(&format!(r#""contract":"{version}""#)));
}

#[test]
fn another_build_runs_when_its_digest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    let bytes = component();
    std::fs::write(&path, &bytes).unwrap();
    let module = Module::from_file(&path, &sha256_hex(&bytes)).unwrap();
    assert_eq!(module.digest(), Module::embedded().unwrap().digest(), "the embedded module is this build");
    assert!(module.call(Function::Describe, b"").is_ok());
}

#[test]
fn a_module_of_another_contract_or_with_imports_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        match Module::from_file(&path, &sha256_hex(bytes)) {
            Ok(_) => panic!("it was taken"),
            Err(error) => error.to_string(),
        }
    };
    let mut other = component();
    let at = other.len() - countersign_core::model::CONTRACT_VERSION.len();
    other[at..].copy_from_slice(b"9.0.0");
    let message = refused(&other);
    assert!(
        message.contains("9.0.0") && message.contains(countersign_core::model::CONTRACT_VERSION),
        "{message}"
    );
    assert!(refused(b"\0asm\x0d\0\x01\0").contains("custom section"));

    // A component that wants a clock, with a section that claims our contract.
    let wants = wat::parse_str(format!(
        "(component (import \"wasi:clocks/wall-clock@0.2.0\" (instance)) (@custom \"countersign:contract\" \"{}\"))",
        countersign_core::model::CONTRACT_VERSION
    ));
    assert!(refused(&wants.unwrap()).contains("cannot be run"));
}

#[test]
fn each_backstop_ends_a_call_with_its_own_message() {
    let request = std::fs::read(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../plugin/schema/examples/request-git.json"),
    )
    .unwrap();
    let call = |backstops: Backstops| {
        Module::embedded().unwrap().with_backstops(backstops).call(Function::Evaluate, &request)
    };
    let most = Backstops::default();
    assert!(call(most).is_ok());
    assert!(matches!(call(Backstops { ticks: 0, ..most }), Err(CallError::Deadline)));
    assert!(matches!(
        call(Backstops { memory: 1 << 16, ..most }),
        Err(CallError::Memory | CallError::Trap(_))
    ));
    for error in [CallError::Deadline, CallError::Memory] {
        assert!(error.to_string().starts_with("cannot evaluate: "));
    }
}

/// Worst cases within the limits: the answer or a typed error, and never a backstop.
#[test]
fn no_input_within_the_limits_reaches_a_backstop() {
    let module = Module::embedded().unwrap();
    for (name, function, input) in worst::cases() {
        let started = std::time::Instant::now();
        match module.measured_call(function, &input) {
            Ok((_, cost)) => println!(
                "{name}: {} MiB in, {} MiB, {:?}",
                input.len() >> 20,
                cost.memory >> 20,
                started.elapsed()
            ),
            Err(CallError::Refused(document)) => println!("{name}: {document:.160} {:?}", started.elapsed()),
            Err(backstop) => panic!("{name}: {backstop}"),
        }
    }
}

mod worst {
    use countersign_host::module::Function;

    const HEAD: &str = r#"{"apiVersion":"countersign/v1","trigger":{"kind":"check","host":{"name":"h"},"platform":{"name":"git"},"now":0},"complete":["documents","commits","files","acts","notes","traces"],"absent":["people","pushes","opener","requester"]"#;

    fn request(policy: &str, commits: &str, files: &str, acts: &str, head: usize) -> Vec<u8> {
        let policy = serde_json::to_string(policy).unwrap();
        format!(
            r#"{HEAD},"documents":[{{"role":"policy","source":"x","bytes":{policy}}}],"change":{{"repository":{{}},"target":"refs/heads/main","base_tip":"{:040x}","head":"{head:040x}"}},"commits":[{commits}],"files":[{files}],"acts":[{acts}]}}"#,
            1
        )
        .into_bytes()
    }

    fn commit(n: usize, message: &str) -> String {
        let message = serde_json::to_string(message).unwrap();
        let (sha, parent, in_target) = (n + 2, n + 1, n == 0);
        format!(
            r#"{{"sha":"{sha:040x}","parents":[{{"sha":"{parent:040x}","in_target":{in_target}}}],"author":{{"name":"D{n}","email":"d{n}@x.example"}},"committer":{{"name":"C{n}","email":"c{n}@x.example"}},"message":{message}}}"#
        )
    }

    const ONE_RULE: &str = "countersign: 1\nname: x\npeople:\n  s: { users: [sam, rhea] }\nquestions:\n  q: Which one of them is it?\nrules:\n  - name: r\n    when: { ai: any }\n    require: { approvals: 1, by: s, answers: [q] }\n";

    /// Sign-offs with real signatures of the kind that costs most to verify.
    fn signatures(number: usize) -> Vec<u8> {
        use std::process::{Command, Stdio};
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-t", "ecdsa", "-b", "256", "-f"])
            .arg(&key)
            .status();
        assert!(made.unwrap().success());
        let statement = folder.path().join("statement");
        std::fs::write(&statement, "{}").unwrap();
        let signed = Command::new("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", "countersign", "-f"])
            .args([&key, &statement])
            .stderr(Stdio::null())
            .status();
        assert!(signed.unwrap().success());
        let signature = std::fs::read_to_string(folder.path().join("statement.sig")).unwrap();
        let signature = serde_json::to_string(&signature).unwrap();
        let acts: Vec<String> = (0..number)
            .map(|n| format!(r#"{{"id":"{n}","kind":"signed","actor":{{}},"proof":"signature","statement":"{{}}","signature":{signature}}}"#))
            .collect();
        request(ONE_RULE, &commit(0, "m"), "", &acts.join(","), 2)
    }

    pub fn cases() -> Vec<(&'static str, Function, Vec<u8>)> {
        let many_commits: Vec<String> = (0..20_000)
            .map(|n| commit(n, "Change\n\nBody of the message.\n\nCo-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>\nSigned-off-by: D <d@x.example>\n"))
            .collect();
        let one = |message: String| request(ONE_RULE, &commit(0, &message), "", "", 2);
        let files: Vec<String> = (0..50_000)
            .map(|n| {
                format!(r#"{{"path":"src/a/b/c/d/e/f/g/h/i/j/k/module_{n}/file.rs","status":"modified"}}"#)
            })
            .collect();
        let rules = |pattern: &str| {
            let rules: String = (0..1_000)
                .map(|n| {
                    format!(
                        "  - {{ name: r{n}, when: {{ paths: [\"{}\"] }}, deny: no }}\n",
                        pattern.replace('N', &n.to_string())
                    )
                })
                .collect();
            format!("countersign: 1\nname: x\nrules:\n{rules}")
        };
        let acts: Vec<String> = (0..10_000)
            .map(|n| format!(r#"{{"id":"{n}","kind":"approve","actor":{{"login":"p{n}"}},"proof":"claimed","head":"{:040x}","text":"q: five words of an answer {n}"}}"#, 2))
            .collect();
        let people: String = (0..10_000).map(|n| format!("p{n}, ")).collect();
        let many_people = format!(
            "countersign: 1\nname: x\npeople:\n  s: {{ users: [{people}z] }}\nquestions:\n  q: Which one of them is it?\nrules:\n  - name: r\n    require: {{ approvals: 100, by: s, answers: [q] }}\n"
        );
        let comments: Vec<String> = (0..10_000)
            .map(|n| format!(r#"{{"id":"{n}","kind":"comment","actor":{{"login":"p{n}"}},"proof":"forge","text":"> a quote\n\n/approve number {n}"}}"#))
            .collect();
        let comment_rule = "options: { methods: { comment-lines: [/approve x], comment-patterns: [\"(a|ap)+prove.*[0-9]{1,20}x\"] } }, require: [{ approvals: 1, by: s }] }\n";
        let comment_rules: String =
            (0..1_000).map(|n| format!("  - {{ name: r{n}, {comment_rule}")).collect();
        let comment_rules =
            format!("countersign: 1\nname: x\npeople:\n  s: {{ users: [sam] }}\nrules:\n{comment_rules}");
        let expressions: String = (0..100)
            .map(|n| format!("  - {{ name: r{n}, when: {{ paths: [\"re:(a|b|c|/)+module_[0-9]+{n}x$\"] }}, deny: no }}\n"))
            .collect();
        let expressions = format!("countersign: 1\nname: x\nrules:\n{expressions}");
        let trailers = "AI-Assisted: some tool or other, and more & still more\n".repeat(1_000_000);
        let note = format!("a.rs\n{}---\n{{}}", "  s_4ee96dfc105aa4 1-2,3-4,5-6\n".repeat(1_500_000));
        let batch = |message: &str, notes: &str| {
            let message = serde_json::to_string(message).unwrap();
            let notes = serde_json::to_string(notes).unwrap();
            format!(r#"{{"apiVersion":"countersign/v1","commits":[{{"id":"1","message":{message},"notes":[{{"ref":"refs/notes/ai","bytes":{notes}}}]}}]}}"#).into_bytes()
        };
        vec![
            (
                "20,000 commits",
                Function::Evaluate,
                request(ONE_RULE, &many_commits.join(","), "", "", 20_001),
            ),
            ("one message of 60 MiB", Function::Evaluate, one("word ".repeat(12 << 20))),
            (
                "a message of one line of 60 MiB with co-authors",
                Function::Evaluate,
                one("x Co-authored-by: A <a@x.example> ".repeat(1 << 20)),
            ),
            ("a message of backticks", Function::Evaluate, one("` Co-authored-by:".repeat(3 << 20))),
            ("a message of trailers", Function::Evaluate, one(format!("t\n\n{trailers}"))),
            ("a message of escapes", Function::Evaluate, one("\u{1}".repeat(10 << 20))),
            (
                "a message of scissors",
                Function::Evaluate,
                one("# ------------------------ >8 \n".repeat(1 << 20)),
            ),
            (
                "50,000 files and 1,000 rules of literals",
                Function::Evaluate,
                request(&rules("src/N/**"), &commit(0, "m"), &files.join(","), "", 2),
            ),
            (
                "50,000 files and 1,000 rules of globs",
                Function::Evaluate,
                request(&rules("s*c/**/*e_N*/?[f]*.rs"), &commit(0, "m"), &files.join(","), "", 2),
            ),
            (
                "10,000 acts of 10,000 people",
                Function::Evaluate,
                request(&many_people, &commit(0, "m"), "", &acts.join(","), 2),
            ),
            (
                "1,000 rules on 10,000 comments with patterns",
                Function::Evaluate,
                request(&comment_rules, &commit(0, "m"), "", &comments.join(","), 2),
            ),
            (
                "50,000 files and 100 regular expressions",
                Function::Evaluate,
                request(&expressions, &commit(0, "m"), &files.join(","), "", 2),
            ),
            ("1,000 signatures", Function::Evaluate, signatures(990)),
            ("more signatures than can be verified", Function::Evaluate, signatures(2_000)),
            ("a note of 45 MiB", Function::Provenance, batch("m", &note)),
            (
                "a batch of one long value",
                Function::Provenance,
                batch(&format!("t\n\nAI-Assisted: {}", "Claude Opus & ".repeat(4 << 20)), ""),
            ),
            (
                "empty objects",
                Function::Evaluate,
                format!("{HEAD},\"people\":[{}]}}", vec!["{}"; 15 << 20].join(",")).into_bytes(),
            ),
            (
                "unknown keys",
                Function::Evaluate,
                format!("{HEAD},\"x\":[{}]}}", vec!["{}"; 15 << 20].join(",")).into_bytes(),
            ),
        ]
    }
}
