//! `level`: the highest level of criticality that the change touches.

use super::{Facts, Truth, quoted};
use crate::Error;
use crate::model::Fact;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Files];

impl Facts<'_, '_, '_> {
    /// Whether the highest level that the change touches is one of these.
    pub(super) fn level(&self, names: &[String]) -> Result<Truth, Error> {
        for level in &self.policy.levels {
            let matching = self.matching(&level.paths)?;
            if let Some(file) = self.first(&matching) {
                let (path, _) = self.shown(file, &level.paths)?;
                let path = quoted(&path.to_str_lossy());
                let reason = format!("the change is of level {}, by {path}", level.name);
                return Ok(Truth::lasting(names.contains(&level.name), reason));
            }
            // A file that is not here could have this level.
            if let Some(unread) = self.unread_files() {
                return Ok(unread);
            }
        }
        Ok(Truth::no("no file of the change has a level"))
    }
}
