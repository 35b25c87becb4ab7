//! What a push would do to refs.

use countersign_core::model::ObjectId;
use countersign_core::wellknown::SIGNOFF_REFS;

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
