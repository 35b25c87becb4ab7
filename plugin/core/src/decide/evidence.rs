//! What every judged commit says about AI, from all that speaks of it.

use std::collections::BTreeMap;

use crate::Error;
use crate::change::Judged;
use crate::limits::Steps;
use crate::model::{CommitFindings, Document, Fact, Parent, Provenance, Rank, Request, Role, ToolSummary};
use crate::order::{self, Index};
use crate::provenance::{self, Anchor, Evidence, Table};

/// What ties trace records to this change.
struct ChangeAnchor<'r> {
    /// The judged commits.
    commits: Vec<&'r str>,
    /// Revisions, with the commit that a record of each belongs to.
    revisions: Index<'r>,
    /// The paths of the change, when all are here.
    paths: Option<Index<'r>>,
}

impl<'r> ChangeAnchor<'r> {
    fn of(request: &'r Request<'_>, judged: &Judged<'r, '_>) -> Self {
        let mut revisions = Vec::new();
        for (at, commit) in judged.all().enumerate() {
            revisions.push((commit.sha.as_bytes(), at));
        }
        let commits = Index::of_pairs(revisions.iter().copied());
        for (at, commit) in judged.all().enumerate() {
            let outside = |parent: &&Parent<'_>| commits.get(parent.sha.as_bytes()).is_none();
            revisions.extend(commit.parents.iter().filter(outside).map(|parent| (parent.sha.as_bytes(), at)));
        }
        let sides = request.files.iter().flat_map(|file| [Some(&file.path), file.previous_path.as_ref()]);
        let all_here = request.complete.contains(&Fact::Files);
        ChangeAnchor {
            commits: judged.all().map(|commit| commit.sha.as_str()).collect(),
            revisions: Index::of_pairs(revisions.into_iter()),
            paths: all_here.then(|| Index::of(sides.flatten().map(|path| path.as_bytes()))),
        }
    }
}

impl Anchor for ChangeAnchor<'_> {
    fn commit_of(&self, revision: &str) -> Option<&str> {
        self.commits.get(self.revisions.get(revision.as_bytes())?).copied()
    }

    fn touches(&self, path: &str) -> bool {
        self.paths.as_ref().is_none_or(|paths| paths.get(path.as_bytes()).is_some())
    }
}

/// What every judged commit says about AI: those that say something, in the order of the request.
pub(super) fn provenance_of<'r, 'a>(
    request: &'r Request<'a>,
    judged: &Judged<'r, 'a>,
    table: &Table,
    steps: &Steps,
) -> Result<Vec<CommitFindings>, Error> {
    let documents = &request.documents;
    let of_role = |role| documents.iter().enumerate().filter(move |(_, document)| document.role == role);
    let annotated =
        |(at, document): (usize, &'r Document<'a>)| Some((document.commit.as_ref()?.as_bytes(), at));
    let notes = Index::of_pairs(of_role(Role::Note).filter_map(annotated));
    let stored = |(at, document): (usize, &'r Document<'a>)| Some((document.path.as_ref()?.as_bytes(), at));
    let checkpoints = Index::of_pairs(of_role(Role::Checkpoint).filter_map(stored));
    let document = |at: usize| documents.get(at);
    let mut found: Vec<CommitFindings> = Vec::new();
    for commit in judged.all() {
        let wanted = if checkpoints.is_empty() {
            Vec::new()
        } else {
            provenance::wanted_checkpoints(&commit.message.to_str_lossy())
        };
        let evidence = Evidence {
            message: &commit.message,
            encoding: commit.encoding.as_ref(),
            author: &commit.author,
            committer: &commit.committer,
            notes: notes
                .all(commit.sha.as_bytes())
                .filter_map(document)
                .filter_map(|note| Some((note.git_ref.as_ref()?.as_ref(), note.bytes.as_bytes())))
                .collect(),
            checkpoints: wanted
                .iter()
                .filter_map(|wanted| {
                    let found = checkpoints.get(wanted.path.as_bytes()).and_then(document)?;
                    Some((wanted.path.as_str(), found.bytes.as_bytes()))
                })
                .collect(),
        };
        let findings = provenance::read(table, &evidence, steps)?;
        if !findings.findings.is_empty() || !findings.remarks.is_empty() {
            found.push(CommitFindings { id: commit.sha.as_str().to_owned(), ..findings });
        }
    }

    if of_role(Role::Trace).next().is_some() {
        let anchor = ChangeAnchor::of(request, judged);
        let mut all_traced = Vec::new();
        for (_, trace) in of_role(Role::Trace) {
            let path = trace.path.as_ref().map(|path| path.to_str_lossy().into_owned()).unwrap_or_default();
            all_traced.extend(provenance::read_trace(table, &path, trace.bytes.as_bytes(), &anchor));
        }
        let known = Index::of(found.iter().map(|commit| commit.id.as_bytes()));
        let places: Vec<Option<usize>> =
            all_traced.iter().map(|traced| known.get(traced.id.as_bytes())).collect();
        for (traced, place) in all_traced.into_iter().zip(places) {
            match place.and_then(|at| found.get_mut(at)) {
                Some(commit) => {
                    commit.findings.extend(traced.findings);
                    commit.remarks.extend(traced.remarks);
                }
                None => found.push(traced),
            }
        }
    }
    Ok(found)
}

/// The tools that contributed, and how surely.
pub(super) fn summarise(commits: Vec<CommitFindings>) -> Provenance {
    let mut tools: BTreeMap<&str, (Vec<String>, usize)> = BTreeMap::new();
    let mut rank = Rank::Unknown;
    for commit in &commits {
        let mut here: Vec<&str> = Vec::new();
        for finding in &commit.findings {
            rank = rank.max(finding.confidence);
            let (models, number) = tools.entry(&finding.tool).or_default();
            if let Some(model) = &finding.model
                && models.len() < 20
            {
                order::insert(models, model.clone());
            }
            if !here.contains(&finding.tool.as_str()) {
                here.push(&finding.tool);
                *number += 1;
            }
        }
    }
    let tools: Vec<ToolSummary> = tools
        .into_iter()
        .map(|(tool, (models, commits))| ToolSummary { tool: tool.to_owned(), models, commits })
        .collect();
    Provenance { ai: !tools.is_empty(), rank, tools, commits }
}
