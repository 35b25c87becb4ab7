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

#[test]
fn a_branch_with_very_many_moves_and_commits_is_told_in_time() {
    use world::{Ask, Memory, World, full};
    let number = 3_000;
    let chain = (0..number).map(|at| format!("c{at}")).collect::<Vec<_>>();
    let mut drawn =
        World { remembers: true, watched: true, default: Some("main".into()), ..World::default() };
    drawn.draw("main", "A--B");
    let mut before = "B".to_owned();
    for name in chain {
        let commit = world::Commit { parents: vec![before], ..world::Commit::default() };
        drawn.commits.insert(name.clone(), commit);
        before = name;
    }
    drawn.branches.insert("main".into(), before);
    // Moves that lead to a branch of their own, and so never to the tip.
    let moves = |at: u64| (format!("x{at}"), format!("x{}", at + 1), at);
    let passed = (0..10_000).map(moves).collect();
    drawn.memory.insert("main".into(), Memory { in_order: Some("B".into()), passed, ..Memory::default() });
    assert_eq!(full("main"), "refs/heads/main");
    let started = std::time::Instant::now();
    let mut call = |history: &[u8]| countersign_core::ranges(history).unwrap();
    let (asked, _) = drawn.follow("main", &Ask::Tip, &mut call, &mut |range| drawn.judge(range));
    assert_eq!(asked.len(), 1);
    assert!(started.elapsed() < std::time::Duration::from_secs(60), "{:?}", started.elapsed());
}
