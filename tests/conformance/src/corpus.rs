//! The corpus that all packagings answer: the examples of the contract, the policies, the histories of branches, our own cases of
//! provenance, and input of every malformed kind.

#[path = "../../../plugin/core/tests/histories/read.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "of the core's tests, which may stop and need more of it"
)]
mod read;
#[path = "../../../plugin/core/tests/histories/world.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "of the core's tests, which may stop and need more of it"
)]
mod world;

use countersign_core::model::{API_VERSION, Document, PolicySource, PolicyTests, Role, Text};

/// Histories of branches, with what `ranges` says of each.
const HISTORIES: &str = include_str!("../../../plugin/core/tests/histories/histories.txt");

/// One call.
pub struct Call {
    /// What it is, for a message.
    pub name: String,
    /// The function.
    pub function: &'static str,
    /// The input.
    pub input: Vec<u8>,
}

/// All calls.
///
/// # Errors
/// When a file of the corpus cannot be read.
pub fn calls() -> anyhow::Result<Vec<Call>> {
    let root = countersign_packaging::workspace();
    let mut calls = Vec::new();
    let mut call = |name: &str, function: &'static str, input: Vec<u8>| {
        calls.push(Call { name: name.to_owned(), function, input });
    };
    call("describe", "describe", Vec::new());
    let mut examples: Vec<_> =
        std::fs::read_dir(root.join("plugin/schema/examples"))?.collect::<Result<_, _>>()?;
    examples.sort_by_key(|entry| entry.path());
    for entry in examples {
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = std::fs::read(entry.path())?;
        if name.starts_with("request") {
            call(&name, "needs", bytes.clone());
            call(&name, "evaluate", bytes.clone());
            // What the core answers is what every packaging is asked to show.
            let Ok(decision) = countersign_core::evaluate(&bytes) else {
                continue;
            };
            for format in ["text", "markdown", "html", "junit", "codequality", "sarif"] {
                let request = format!(r#"{{"format":"{format}","colour":true,"document":{decision}}}"#);
                call(&format!("{name} as {format}"), "render", request.into_bytes());
            }
        } else if name.starts_with("batch") {
            call(&name, "provenance", bytes);
        }
    }
    let mut policies: Vec<_> = std::fs::read_dir(root.join("policies"))?.collect::<Result<_, _>>()?;
    policies.sort_by_key(|entry| entry.path());
    for entry in policies {
        let bytes = std::fs::read(entry.path().join("policy.yaml"))?;
        let path = entry.path();
        let name = path.display().to_string();
        let cases = std::fs::read(path.join("cases.yaml"))?;
        call(&name, "test-policy", tests(bytes.clone(), cases)?);
        call(&name, "check-policy", policy(bytes)?);
    }
    for (name, source) in BAD_POLICIES {
        call(name, "check-policy", policy(source.as_bytes().to_vec())?);
    }
    call("a policy that is not UTF-8", "check-policy", policy(b"countersign: 1\nname: \xff\n".to_vec())?);
    for (name, cases) in BAD_CASES {
        let bytes = b"countersign: 1\nname: x\nrules: []\n".to_vec();
        call(name, "test-policy", tests(bytes, cases.as_bytes().to_vec())?);
    }
    for case in read::cases(HISTORIES) {
        for (round, history) in case.asked().into_iter().enumerate() {
            call(&format!("{}, round {}", case.title, round + 1), "ranges", history);
        }
    }
    for function in
        ["needs", "ranges", "evaluate", "provenance", "check-policy", "test-policy", "guard", "render"]
    {
        for (name, input) in malformed() {
            call(name, function, input);
        }
    }
    Ok(calls)
}

fn policy(bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let source = PolicySource {
        api_version: API_VERSION.into(),
        name: "policy.yaml".into(),
        bytes: Text::from_bytes(bytes),
        ..PolicySource::default()
    };
    Ok(serde_json::to_vec(&source)?)
}

fn tests(policy: Vec<u8>, cases: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let policy = Document {
        role: Role::Policy,
        source: "flag".into(),
        path: Some("policy.yaml".into()),
        bytes: Text::from_bytes(policy),
        ..Document::default()
    };
    let tests = PolicyTests {
        api_version: API_VERSION.into(),
        name: "cases.yaml".into(),
        cases: Text::from_bytes(cases),
        documents: vec![policy].into(),
    };
    Ok(serde_json::to_vec(&tests)?)
}

const BAD_CASES: &[(&str, &str)] = &[
    ("an empty file of cases", ""),
    ("no cases", "cases: []\n"),
    ("a case without anything", "cases: [{}]\n"),
    (
        "a case of another policy",
        "cases: [{ name: x, commits: [], expect: approved, rules: { y: satisfied } }]\n",
    ),
    ("an outcome that is none", "cases: [{ name: x, commits: [], expect: aproved }]\n"),
];

const BAD_POLICIES: &[(&str, &str)] = &[
    ("an empty policy", ""),
    ("an unknown key", "countersign: 1\nname: x\nrulez: []\n"),
    ("no rules", "countersign: 1\nname: x\nrules: []\n"),
    ("a duplicate key", "countersign: 1\nname: x\nname: y\n"),
    ("two documents", "countersign: 1\n---\ncountersign: 1\n"),
    ("a list", "- a\n- b\n"),
    ("an alias of itself", "a: &a [*a]\n"),
    ("a tab", "countersign:\t1\n\tname: x\n"),
    (
        "a bomb",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
         d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
    ),
];

/// Input of every malformed kind.
pub fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let version = r#""apiVersion":"countersign/v1""#;
    let trigger = r#""trigger":{"kind":"check","host":{"name":"h"},"platform":{"name":"git"},"now":0}"#;
    let head = format!(r#"{{{version},{trigger},"complete":["documents","commits","files","acts"]"#);
    let id = "a".repeat(40);
    let other = "b".repeat(40);
    let change = format!(
        r#""change":{{"repository":{{}},"target":"refs/heads/main","base_tip":"{}","head":"{id}"}}"#,
        "0".repeat(40)
    );
    let commit = |sha: &str, parent: &str| {
        format!(
            r#"{{"sha":"{sha}","parents":[{{"sha":"{parent}"}}],"author":{{}},"committer":{{}},"message":"m"}}"#
        )
    };
    vec![
        ("nothing", Vec::new()),
        ("random bytes", (0..=255_u8).rev().collect()),
        ("bytes that are not UTF-8 in a string", b"{\"apiVersion\": \"\xff\xfe\"}".to_vec()),
        ("truncated JSON", br#"{"apiVersion": "countersign/v1", "trigger": {"kind": "#.to_vec()),
        ("deep nesting", [b"[".repeat(100_000), b"]".repeat(100_000)].concat()),
        ("deep nesting under an unknown key", format!("{{\"x\": {}", "{\"y\":".repeat(10_000)).into_bytes()),
        ("another version", br#"{"apiVersion": "countersign/v2"}"#.to_vec()),
        ("a string for an object", br#""countersign/v1""#.to_vec()),
        ("an array for an object", br#"["countersign/v1"]"#.to_vec()),
        ("no change", format!("{head}}}").into_bytes()),
        ("a change and no commits", format!("{head},{change}}}").into_bytes()),
        (
            "one commit twice",
            format!("{head},{change},\"commits\":[{0},{0}]}}", commit(&id, &other)).into_bytes(),
        ),
        (
            "a commit that is its own ancestor",
            format!("{head},{change},\"commits\":[{},{}]}}", commit(&id, &other), commit(&other, &id))
                .into_bytes(),
        ),
        ("an id that is none", format!("{head},\"commits\":[{}]}}", commit("abc", &other)).into_bytes()),
        (
            "base64 that is none",
            format!("{head},\"files\":[{{\"path\":{{\"b64\":\"???\"}},\"status\":\"added\"}}]}}")
                .into_bytes(),
        ),
        ("a field twice", format!("{{{version},{version},{trigger}}}").into_bytes()),
        (
            "more acts than the limit",
            format!("{head},{change},\"acts\":[{}]}}", vec!["{}"; 10_001].join(",")).into_bytes(),
        ),
        ("a branch and no question", format!("{{{version},\"target\":\"refs/heads/main\"}}").into_bytes()),
        (
            "a push of nothing",
            format!(
                r#"{{{version},"question":"push","target":"refs/heads/main","remembers":true,"watched":true}}"#
            )
            .into_bytes(),
        ),
        (
            "a branch that asks for itself for ever",
            format!(
                "{{{version},\"question\":\"tip\",\"target\":\"m\",\"remembers\":true,\"watched\":true,\
                 \"branches\":[{{\"name\":\"m\",\"tip\":\"{id}\",\"in_order\":\"{other}\",\
                 \"passed\":[{{\"from\":\"{id}\",\"to\":\"{id}\"}}]}}]}}"
            )
            .into_bytes(),
        ),
        ("a time that is none", br#"{"apiVersion":"countersign/v1","trigger":{"now":"yesterday"}}"#.to_vec()),
    ]
}
