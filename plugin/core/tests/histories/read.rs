//! Reads the table of histories.

use super::world::{Ask, Change, Memory, World, line, verdict};

/// A history of the table.
pub struct Case {
    pub title: String,
    pub world: World,
    pub target: String,
    pub ask: Ask,
    /// What is expected, line by line.
    pub expected: Vec<String>,
    /// What it was read from, without what is expected.
    pub source: String,
}

/// Reads a table: each history begins with a line `## title`, and `=>` stands before what is expected.
pub fn cases(table: &str) -> Vec<Case> {
    let mut parts = table.split("\n## ");
    parts.next();
    parts.map(case).collect()
}

fn case(text: &str) -> Case {
    let (source, expected) = text.split_once("\n=>").unwrap_or((text, ""));
    let mut lines = source.lines();
    let title = lines.next().unwrap().trim().to_owned();
    let mut case = Case {
        title,
        world: World { remembers: true, watched: true, default: Some("main".into()), ..World::default() },
        target: "main".into(),
        ask: Ask::Tip,
        expected: expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
        source: source.to_owned(),
    };
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        case.take(word, rest.trim());
    }
    case
}

impl Case {
    fn take(&mut self, word: &str, rest: &str) {
        let world = &mut self.world;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let or_none = |name: &str| (name != "nowhere").then(|| name.to_owned());
        match word {
            // main  in order at B (5)   |  main  passed B C (6)  |  main  open since B  |  main  by findings  |  main beside
            "remember" => {
                let memory: &mut Memory = world.memory.entry(words[0].to_owned()).or_default();
                match words[1..] {
                    ["in-order", commit] => memory.in_order = Some(commit.to_owned()),
                    ["in-order", commit, entry] => {
                        memory.in_order = Some(commit.to_owned());
                        memory.entry = Some(entry.parse().unwrap());
                    }
                    ["passed", from, to, entry] => {
                        memory.passed.push((from.to_owned(), to.to_owned(), entry.parse().unwrap()));
                    }
                    ["open-since", commit] => memory.open_since = Some(commit.to_owned()),
                    ["by-findings"] => memory.by_findings = true,
                    ["of-former-default"] => memory.of_former_default = true,
                    _ => panic!("{}: {rest}", self.title),
                }
            }
            "default" => world.default = or_none(rest),
            "without-memory" => world.remembers = false,
            "unwatched" => world.watched = false,
            "ungated" => world.ungated = true,
            "lost" => world.lost.extend(words.iter().map(|word| (*word).to_owned())),
            "deleted" => {
                world.branches.remove(rest);
            }
            "refused" => world.refused.extend(words.iter().map(|word| (*word).to_owned())),
            // C by strict
            "answered" => {
                world.answered.insert((words[0].to_owned(), words.get(2).map(|word| (*word).to_owned())));
            }
            // 7 of C from A as M
            "change" => {
                let mut change = Change { id: words[0].to_owned(), ..Change::default() };
                for pair in words[1..].chunks(2) {
                    match pair {
                        ["of", head] => change.head = (*head).to_owned(),
                        ["from", base] => change.merge_base = Some((*base).to_owned()),
                        ["as", result] => {
                            change.result = Some((*result).to_owned());
                            change.merged = true;
                        }
                        ["near", result] => change.result = Some((*result).to_owned()),
                        _ => panic!("{}: {rest}", self.title),
                    }
                }
                world.changes.push(change);
            }
            "stands" => {
                world.branches.insert(words[0].to_owned(), words[1].to_owned());
            }
            "tip" => {
                self.target = rest.to_owned();
                self.ask = Ask::Tip;
            }
            // main B to M merging 7
            "push" => {
                self.target = words[0].to_owned();
                self.ask = Ask::Push {
                    old: or_none(words[1]),
                    new: or_none(words[3]),
                    merges: words.get(5).map(|number| (*number).to_owned()),
                };
                match or_none(words[1]) {
                    Some(old) => world.branches.insert(words[0].to_owned(), old),
                    None => world.branches.remove(words[0]),
                };
            }
            "proposed" => {
                self.target = words[2].to_owned();
                self.ask = Ask::Change { head: words[0].to_owned() };
            }
            branch => world.draw(branch, rest),
        }
    }

    /// What comes out, line by line.
    pub fn found(&self) -> Vec<String> {
        let mut call = |history: &[u8]| countersign_core::ranges(history).unwrap();
        let (asked, ranges) =
            self.world.follow(&self.target, &self.ask, &mut call, &mut |range| self.world.judge(range));
        let numbered = asked
            .iter()
            .enumerate()
            .map(|(place, range)| format!("{}. {}", place + 1, line(range, self.world.judge(range).altered)));
        numbered.chain([verdict(&asked, &ranges)]).collect()
    }

    /// What the module is asked on the way, round by round.
    pub fn asked(&self) -> Vec<Vec<u8>> {
        let mut asked = Vec::new();
        let mut call = |history: &[u8]| {
            asked.push(history.to_vec());
            countersign_core::ranges(history).unwrap()
        };
        self.world.follow(&self.target, &self.ask, &mut call, &mut |range| self.world.judge(range));
        asked
    }
}
