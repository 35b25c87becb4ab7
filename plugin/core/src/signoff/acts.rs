//! The acts on a change: what each says, who gave it, and whether it is about this change.

use super::answers::Answer;
use super::markdown::Words;
use super::people::PersonId;
use super::signed;
use crate::model::{Act, ActCode, ActKind, Change, ObjectId, Proof, Request};
use crate::order::Index;

/// The acts on a change, and who acted.
pub(crate) struct Acts<'d, 'a> {
    /// Acts as the platform has them, and last the change's own text, when there is one.
    pub list: Vec<&'d Act<'a>>,
    /// Whether the last of the list is the change's own text.
    pub description: bool,
    /// What each act says.
    pub words: Vec<Words<'d>>,
    /// Bytes of all that was said.
    pub bytes: u64,
    /// Everybody whom the account of each act may be.
    pub actors: Vec<Vec<PersonId>>,
    /// The answers of each act.
    pub answers: Vec<Vec<Answer<'d>>>,
    /// Why an act counts for nothing, whatever it says: nobody proved to have said it.
    pub faults: Vec<Option<ActCode>>,
    /// The fault of an act in a sentence, where it says more than the code.
    pub whys: Vec<Option<String>>,
    /// Acts that are about another change: as approvals they replace no refusal of this one.
    pub elsewhere: Vec<Elsewhere>,
    /// Whether any act overrides something.
    pub override_something: bool,
}

/// Whether an act says that it is about something else than this change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// It is about this change, or does not say.
    No,
    /// It is about another change or target, or about a commit that was a head of this change.
    Once,
    /// It is about a commit that nothing ties to this change.
    Unrelated,
}

/// The text of the change itself, as an act of whoever wrote it.
pub(crate) fn description<'a>(change: &Change<'a>) -> Option<Act<'a>> {
    let text = change.description.as_ref()?;
    Some(Act {
        id: "description".into(),
        kind: ActKind::Comment,
        actor: text.author.clone()?,
        proof: Proof::Forge,
        at: text.at,
        edited: text.edited.clone(),
        text: Some(text.text.clone()),
        ..Act::default()
    })
}

impl Acts<'_, '_> {
    pub(super) fn actor(&self, at: usize) -> &[PersonId] {
        self.actors.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn text(&self, at: usize) -> &str {
        self.words.get(at).map(Words::text).unwrap_or_default()
    }

    pub(super) fn is_description(&self, at: usize) -> bool {
        self.description && at + 1 == self.list.len()
    }

    pub(super) fn is_elsewhere(&self, at: usize) -> bool {
        self.elsewhere.get(at).is_some_and(|elsewhere| *elsewhere != Elsewhere::No)
    }

    /// Whether an act is no concern of this change at all: a refusal may be one of it all the same.
    pub(super) fn is_unrelated(&self, at: usize) -> bool {
        let refuses = self.list.get(at).is_some_and(|act| act.kind == ActKind::RequestChanges);
        self.elsewhere.get(at) == Some(&Elsewhere::Unrelated) && !refuses
    }

    pub(super) fn why(&self, at: usize) -> Option<&String> {
        self.whys.get(at)?.as_ref()
    }

    /// Whether an act is a statement that nobody signed yet.
    pub(super) fn is_to_sign(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|act| act.id == signed::TO_SIGN && act.proof == Proof::Signature)
    }

    pub(super) fn fault(&self, at: usize) -> Option<ActCode> {
        self.faults.get(at).copied().flatten()
    }
}

/// The commits of a request that one of them reaches.
pub(super) fn reachable<'r>(request: &'r Request<'_>, head: &ObjectId<'_>) -> Index<'r> {
    let places = Index::of(request.commits.iter().map(|commit| commit.sha.as_bytes()));
    let mut reached = vec![false; request.commits.len()];
    let mut open: Vec<usize> = places.get(head.as_bytes()).into_iter().collect();
    let mut commits = Vec::new();
    while let Some(at) = open.pop() {
        let (Some(seen), Some(commit)) = (reached.get_mut(at), request.commits.get(at)) else { continue };
        if !std::mem::replace(seen, true) {
            commits.push(commit.sha.as_bytes());
            open.extend(commit.parents.iter().filter_map(|parent| places.get(parent.sha.as_bytes())));
        }
    }
    Index::of(commits.into_iter())
}

/// Whether a text holds one of these lines, in upper or lower case.
pub(super) fn lowered_contains(text: &str, lines: &[String]) -> bool {
    let lowered = text.to_lowercase();
    lines.iter().any(|line| lowered.contains(line))
}
