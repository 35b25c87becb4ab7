//! Which decision the status of a commit shows: a forge keeps one status for a commit, however many changes are open that bring it.

use countersign_audit::Link;
use countersign_audit::chain::Made;
use countersign_core::model::Publication;

/// A change that is open, and the last decision about it.
#[derive(Debug, Clone)]
pub struct Open {
    /// The decision.
    pub link: Link,
    /// What is done with it.
    pub publication: Publication,
    /// Who opened it, where the request says so.
    pub opener: Option<String>,
    /// Whether whoever opened it may do more in the repository than read; so where that is not known.
    pub by_writer: bool,
}

impl Open {
    fn number(&self) -> u64 {
        self.link.entry.change.as_deref().and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
    }

    fn passes(&self) -> bool {
        self.link.entry.made().is_some_and(Made::passes)
    }
}

/// The change of which the status of their commit speaks; none where there is no change.
///
/// Whoever may only read can bring another's commit too, and says nothing beside whoever may write: of those who may not, the one
/// who came first speaks. What nobody guards says nothing beside what somebody does. One passing change is enough for a branch,
/// since it brings the branch the same commit; and one branch that has to wait is enough for the status to wait.
pub fn speaker(open: &[Open]) -> Option<&Open> {
    let mut left: Vec<&Open> = open.iter().collect();
    left.sort_by_key(|open| open.number());
    let first = left.first()?;
    let opener = first.opener.clone();
    let writers = left.iter().any(|open| open.by_writer);
    left.retain(|open| if writers { open.by_writer } else { open.opener == opener });
    if left.iter().any(|open| open.publication.gated) {
        left.retain(|open| open.publication.gated);
    }
    let mut targets: Vec<&Open> = Vec::new();
    for open in left {
        let target = |known: &&mut &Open| known.link.entry.target == open.link.entry.target;
        match targets.iter_mut().find(target) {
            Some(known) if !known.passes() && open.passes() => *known = open,
            Some(_) => {}
            None => targets.push(open),
        }
    }
    targets.iter().find(|open| !open.passes()).or(targets.first()).copied()
}

#[cfg(test)]
mod tests {
    use countersign_audit::chain::{Entry, Event, Verdict};

    use super::*;

    /// `NUMBER TARGET OPENER writes|reads passes|waits|open`: the last is one that nobody guards.
    fn open(line: &str) -> Open {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [number, target, opener, may, outcome] = words[..] else { panic!("{line}") };
        let made = Made {
            verdict: if outcome == "waits" { Verdict::Pending } else { Verdict::Approved },
            blocks: outcome == "waits",
            ai: false,
            overridden: false,
            result: None,
            base: String::new(),
            request: String::new(),
            facts: String::new(),
            answer: String::new(),
            component: String::new(),
            policy: None,
            approvers: None,
        };
        let entry = Entry {
            number: 1,
            previous: String::new(),
            at: String::new(),
            repository: "acme/app".into(),
            target: target.into(),
            change: Some(number.into()),
            head: "head".into(),
            event: Event::Decision(made),
        };
        let link = Link { entry, hash: String::new() };
        let publication = Publication { gated: outcome != "open", ..Publication::default() };
        Open { link, publication, opener: Some(opener.into()), by_writer: may == "writes" }
    }

    #[test]
    fn a_commit_has_one_status_and_the_change_that_decides_speaks() {
        for (changes, speaks) in [
            (&["3 main dana writes waits"][..], "3"),
            (&["3 main dana writes passes"], "3"),
            // A branch gains the same commit by each of them.
            (&["3 main dana writes passes", "4 main omar writes waits"], "3"),
            (&["3 main dana writes waits", "4 main omar writes passes"], "4"),
            (&["3 main dana writes waits", "4 main omar writes waits"], "3"),
            // What another branch asks is not answered by the first.
            (&["3 main dana writes passes", "4 release omar writes waits"], "4"),
            (&["4 release omar writes passes", "3 main dana writes waits"], "3"),
            (&["3 main dana writes passes", "4 release omar writes passes"], "3"),
            (
                &["3 main dana writes passes", "4 release dana writes waits", "5 release omar writes passes"],
                "3",
            ),
            // Nobody guards it, so its green is none for what somebody guards.
            (&["3 main dana writes waits", "4 scratch dana writes open"], "3"),
            (&["3 scratch dana writes open", "4 main dana writes waits"], "4"),
            (&["3 scratch dana writes open", "4 other dana writes open"], "3"),
            // Whoever may only read holds up nobody, whenever they came.
            (&["3 main dana writes passes", "4 main out reads waits"], "3"),
            (&["3 main dana writes passes", "4 release out reads waits"], "3"),
            (&["2 release out reads waits", "3 main dana writes passes"], "3"),
            // And passes for nobody.
            (&["3 main dana writes waits", "4 main out reads passes"], "3"),
            (&["3 main out reads waits", "4 main other reads passes"], "3"),
            (&["3 main out reads passes", "4 release other reads waits"], "3"),
            (&["3 main out reads passes", "4 release out reads waits"], "4"),
        ] {
            let changes: Vec<Open> = changes.iter().map(|line| open(line)).collect();
            for turned in [false, true] {
                let mut changes = changes.clone();
                if turned {
                    changes.reverse();
                }
                let found = speaker(&changes).and_then(|open| open.link.entry.change.as_deref());
                assert_eq!(found, Some(speaks), "{changes:?}");
            }
        }
        assert!(speaker(&[]).is_none());
    }
}
