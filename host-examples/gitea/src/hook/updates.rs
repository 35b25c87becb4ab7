//! What a push would do to refs, and which change that is.

use countersign_core::model::{MergeKind, MergeResult, ObjectId};
use countersign_host::collect::{CollectError, Collector, HostRules, PolicyFrom, Subject, Target};
use countersign_host::statements::SIGNOFF_REFS;

use crate::branch::Grounds;

/// One line of what git tells its hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The commit that the ref names; none for one that is new.
    pub old: Option<ObjectId<'static>>,
    /// The object that it is to name; all zeros for one that would be deleted.
    pub new: ObjectId<'static>,
    /// The ref, by full name.
    pub name: String,
}

impl Update {
    /// Reads a line: old, new, name.
    pub fn parse(line: &str) -> Option<Self> {
        let (old, rest) = line.split_once(' ')?;
        let (new, name) = rest.split_once(' ')?;
        let id = |text: &str| ObjectId::new(text.to_owned());
        let old = id(old)?;
        Some(Update { old: Some(old).filter(|old| !old.is_zero()), new: id(new)?, name: name.to_owned() })
    }

    /// Whether the ref would be deleted.
    pub fn deletes(&self) -> bool {
        self.new.is_zero()
    }

    /// Whether the ref holds sign-offs.
    pub fn holds_signoffs(&self) -> bool {
        self.name.starts_with(SIGNOFF_REFS)
    }

    /// What the ref is to name; none when it would be deleted.
    pub fn becomes(&self) -> Option<ObjectId<'static>> {
        (!self.deletes()).then(|| self.new.clone())
    }

    /// Whether the server keeps the head of a pull request in it: nothing is merged by that, and the forge must not be
    /// asked while it writes one.
    pub fn is_pull_head(&self) -> bool {
        self.name.starts_with("refs/pull/")
    }

    /// The change that is judged, of a push with all that it brings: a merge is told from it by the shape of the history alone.
    ///
    /// # Errors
    /// When git fails.
    pub fn subject(
        &self,
        collector: &mut Collector<'_>,
        push: &Subject,
        pull_head: Option<&str>,
    ) -> Result<Subject, CollectError> {
        let (Some(old), Some(result)) = (&self.old, &push.result) else { return Ok(push.clone()) };
        let parents = collector.repository().parents(result.commit.as_str())?;
        let as_merge = |kind: MergeKind, head: ObjectId<'static>| Subject {
            head,
            result: Some(MergeResult { kind, ..result.clone() }),
            ..push.clone()
        };
        let merges = match parents.as_slice() {
            [first, second] if first == old => Some(second.clone()),
            _ => None,
        };
        match (merges, pull_head) {
            // What is merged is what the merge says, whatever the forge still thinks that the head is.
            (Some(head), _) => Ok(as_merge(MergeKind::Merge, head)),
            (None, Some(head)) if head == result.commit.as_str() => {
                Ok(as_merge(MergeKind::FastForward, result.commit.clone()))
            }
            (None, Some(head)) => {
                let kind = if parents == [old.clone()] { MergeKind::Squash } else { MergeKind::Rebase };
                Ok(as_merge(kind, collector.resolve(head)?))
            }
            (None, None) => Ok(push.clone()),
        }
    }

    /// Everything that the ref would gain, as a change of its own.
    ///
    /// # Errors
    /// When git fails.
    pub fn as_push(&self, collector: &mut Collector<'_>, grounds: &Grounds) -> Result<Subject, CollectError> {
        let (head, result) = if self.deletes() {
            (self.new.clone(), None)
        } else {
            let head = collector.resolve(self.new.as_str())?;
            let tree = collector.repository().tree(head.as_str())?;
            let result = MergeResult { commit: head.clone(), tree, kind: MergeKind::Push };
            (head, Some(result))
        };
        // What a branch that a push makes has from the default branch is not its change. A ref of sign-offs has nothing from it.
        let beside = grounds.beside.clone().filter(|_| result.is_some() && !self.holds_signoffs());
        Ok(Subject {
            target: Target {
                name: self.name.clone(),
                tip: self.old.clone().map(|old| (self.name.clone(), old)),
            },
            default_branch: grounds.default_branch.clone(),
            base: self.old.clone(),
            since: self.old.clone().or(beside),
            head,
            result,
            policy: PolicyFrom::Branch(grounds.rules.clone()),
            host: HostRules::default(),
            to_sign: false,
            audited: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "1111111111111111111111111111111111111111";
    const NEW: &str = "2222222222222222222222222222222222222222";
    const NOTHING: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn a_line_holds_old_new_and_a_name_that_may_hold_anything() {
        let update = Update::parse(&format!("{OLD} {NEW} refs/heads/a b")).unwrap();
        assert_eq!((update.name.as_str(), update.deletes()), ("refs/heads/a b", false));
        assert_eq!(Update::parse(&format!("{NOTHING} {NEW} refs/heads/a")).unwrap().old, None);
        assert!(Update::parse(&format!("{OLD} {NOTHING} refs/heads/a")).unwrap().deletes());
        for odd in ["", OLD, "1 2 refs/heads/a", &format!("{OLD} {NEW}")] {
            assert_eq!(Update::parse(odd), None, "{odd}");
        }
    }
}
