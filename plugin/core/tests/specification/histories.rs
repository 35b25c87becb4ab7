//! What is judged of a branch, by the shape of its history. The histories stand in `tests/histories/histories.txt`.

#[path = "../histories/read.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod read;
#[path = "../histories/world.rs"]
mod world;

const TABLE: &str = include_str!("../histories/histories.txt");

/// Set to write what comes out into the table, which somebody then reads line by line.
const WRITE: &str = "COUNTERSIGN_WRITE_HISTORIES";

#[test]
fn each_history_gives_the_ranges_and_the_verdict_of_the_table() {
    let cases = read::cases(TABLE);
    assert!(cases.len() >= 60, "{} histories", cases.len());
    if std::env::var_os(WRITE).is_some() {
        return write(&cases);
    }
    let mut wrong = String::new();
    for case in cases {
        let found = case.found();
        if found != case.expected {
            wrong += &format!("\n## {}\n=>\n    {}\n", case.source.trim_end(), found.join("\n    "));
        }
    }
    assert!(wrong.is_empty(), "these come out otherwise than the table says:{wrong}");
}

fn write(cases: &[read::Case]) {
    let (head, _) = TABLE.split_once("\n## ").unwrap();
    let mut table = head.to_owned();
    for case in cases {
        table += &format!("\n## {}\n=>\n  {}\n", case.source.trim_end(), case.found().join("\n  "));
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories/histories.txt"), table).unwrap();
}
