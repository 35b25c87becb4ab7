//! What the fuzz targets begin with: the calls of the corpus, and the messages of our cases of provenance.

use std::path::Path;

use anyhow::Context;

use crate::{corpus, provenance};

/// Functions whose calls a target begins with: the target, and the function.
const CALLS: &[(&str, &str)] = &[
    ("check_policy", "check-policy"),
    ("evaluate", "evaluate"),
    ("json", "evaluate"),
    ("json", "ranges"),
    ("needs", "needs"),
    ("provenance", "provenance"),
    ("ranges", "ranges"),
    ("render", "render"),
    ("test_policy", "test-policy"),
];

/// Targets that begin with messages.
const MESSAGES: &[&str] = &["trailers", "trailers_git"];

/// Targets that begin with the mailmaps that git's manual (git 2.39, gitmailmap) shows.
const MAILMAPS: (&str, &[&str]) = (
    "mailmap_git",
    &[
        "Ann Lee <ann@shop>\n",
        "<ann@shop> <old@shop>\n",
        "Ann Lee <ann@shop> <old@shop>\n",
        "Ann Lee <ann@shop> Bob Ray <root@localhost>\n# nobody\n",
    ],
);

/// Writes a folder for each target, with a file for each input, and gives how many files.
///
/// # Errors
/// When the corpus cannot be read, or a file not be written.
pub fn write(folder: &Path) -> anyhow::Result<usize> {
    let cases = countersign_packaging::workspace().join("tests/conformance/corpus/provenance.jsonl");
    let (calls, cases) = (corpus::calls()?, provenance::read(&cases)?);
    let mut seeds: Vec<(&str, &[u8])> = Vec::new();
    for (target, function) in CALLS {
        let of_function = calls.iter().filter(|call| call.function == *function);
        seeds.extend(of_function.map(|call| (*target, call.input.as_slice())));
    }
    for target in MESSAGES {
        seeds.extend(cases.iter().map(|case| (*target, case.message.as_bytes())));
    }
    seeds.extend(MAILMAPS.1.iter().map(|map| (MAILMAPS.0, map.as_bytes())));
    for (at, (target, seed)) in seeds.iter().enumerate() {
        let path = folder.join(target).join(format!("seed-{at}"));
        std::fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| std::fs::write(&path, seed))
            .with_context(|| path.display().to_string())?;
    }
    Ok(seeds.len())
}
