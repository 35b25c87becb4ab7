//! What a requirement asks for on this change, where it asks the owners of files: one approval set for each line of
//! CODEOWNERS that owns a file of the change.

use std::borrow::Cow;

use super::predicates::{Truth, count, quoted};
use super::rules::{RuleContext, pend};
use crate::Error;
use crate::model::{Role, RuleCode, RuleResult};
use crate::policy::{Approvals, CODE_OWNERS, CodeOwners, CodeOwnersUse, OwnersEntry, PeopleSet, Requirement};

/// A requirement as it stands for one change.
pub(super) struct Asked<'q> {
    pub requirement: Cow<'q, Requirement>,
    /// Whoever may approve beside the people sets.
    pub owners: Option<PeopleSet>,
}

impl RuleContext<'_, '_, '_> {
    /// The requirements of a rule, those of owners unfolded. What cannot be known leaves the rule pending.
    pub(super) fn asked<'q>(
        &self,
        requirements: &'q [Requirement],
        result: &mut RuleResult,
    ) -> Result<Vec<Asked<'q>>, Error> {
        let mut all = Vec::with_capacity(requirements.len());
        for requirement in requirements {
            if !requirement.by.iter().any(|name| name == CODE_OWNERS) {
                all.push(Asked { requirement: Cow::Borrowed(requirement), owners: None });
                continue;
            }
            let Some(CodeOwnersUse { unowned_blocks, file, .. }) = &self.facts.policy.codeowners else {
                continue;
            };
            match (file, self.facts.unread_files()) {
                (None, _) => {
                    let why = "the target holds no CODEOWNERS, and the rule asks the owners".to_owned();
                    pend(result, RuleCode::FactUnavailable, why);
                }
                (Some(Err(fault)), _) => pend(result, RuleCode::FactUnavailable, fault.clone()),
                (Some(Ok(_)), Some(Truth::Unknown(code, why))) => pend(result, code, why.join(", ")),
                (Some(Ok(file)), _) => {
                    if let Some(entry) = file.like_owners().find(|entry| !self.stands(&entry.pattern)) {
                        let why = format!(
                            "CODEOWNERS, line {}: `{}` begins the line and is nothing on the target; if it is an owner, \
                             write the files before it",
                            entry.line, entry.pattern
                        );
                        pend(result, RuleCode::FactUnavailable, why);
                    }
                    let (entries, unowned) = self.owning(file)?;
                    if let Some(path) = unowned.iter().min().filter(|_| *unowned_blocks) {
                        let more = match unowned.len() - 1 {
                            0 => String::new(),
                            more => format!(" and {}", count(more, "other file")),
                        };
                        let why = format!("nobody owns {}{more}, by CODEOWNERS", quoted(path));
                        pend(result, RuleCode::Impossible, why);
                    }
                    // Whoever is asked beside the owners is asked for what nobody owns.
                    let others = requirement.by.iter().filter(|name| *name != CODE_OWNERS);
                    let others: Vec<String> = others.cloned().collect();
                    if !others.is_empty() && (entries.is_empty() || !unowned.is_empty()) {
                        let requirement = Cow::Owned(Requirement { by: others, ..requirement.clone() });
                        all.push(Asked { requirement, owners: None });
                    }
                    all.extend(entries.into_iter().map(|entry| self.of_entry(requirement, entry)));
                }
            }
        }
        Ok(all)
    }

    /// Whether a path was looked for on the target and found: a file, a folder or a submodule.
    fn stands(&self, path: &str) -> bool {
        self.facts.request.documents.iter().any(|document| {
            let at = document.path.as_ref().map(|path| path.as_bytes());
            document.role == Role::Codeowners && at == Some(path.as_bytes())
        })
    }

    /// The lines that own files of the change, each once, and the files that nobody owns.
    fn owning<'o>(&self, file: &'o CodeOwners) -> Result<(Vec<&'o OwnersEntry>, Vec<String>), Error> {
        let mut entries: Vec<&OwnersEntry> = Vec::new();
        let mut unowned = Vec::new();
        for changed in &self.facts.request.files {
            for path in std::iter::once(&changed.path).chain(&changed.previous_path) {
                let path = path.to_str_lossy();
                let owning = file.of(&path, self.facts.steps)?;
                if owning.is_empty() {
                    unowned.push(path.into_owned());
                }
                for entry in owning {
                    if let Err(at) = entries.binary_search_by_key(&entry.line, |known| known.line) {
                        entries.insert(at, entry);
                    }
                }
            }
        }
        Ok((entries, unowned))
    }

    fn of_entry(&self, requirement: &Requirement, entry: &OwnersEntry) -> Asked<'static> {
        let mut owners = entry.owners.clone();
        let is_group = |name: &&String| self.facts.request.groups.iter().any(|group| group.name == **name);
        owners.groups.extend(entry.perhaps_groups.iter().filter(is_group).cloned());
        let whom = format!("the owners of {} (CODEOWNERS, line {})", quoted(&entry.pattern), entry.line);
        let by = requirement.by.iter().map(|name| match name.as_str() {
            CODE_OWNERS => whom.clone(),
            other => other.to_owned(),
        });
        let approvals = match requirement.approvals {
            Approvals::Number(number) if number > 0 => Approvals::Number(number.max(entry.approvals)),
            other => other,
        };
        let requirement = Requirement { approvals, by: by.collect(), answers: requirement.answers.clone() };
        Asked { requirement: Cow::Owned(requirement), owners: Some(owners) }
    }
}
