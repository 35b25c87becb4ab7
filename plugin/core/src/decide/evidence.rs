//! What every judged commit says about AI, from all that speaks of it.

use std::collections::BTreeMap;

use crate::Error;
use crate::change::{CoAuthor, Judged};
use crate::limits::{EVIDENCE_BYTES, Steps};
use crate::model::{
    CommitFindings, Document, Fact, FileStatus, Parent, Provenance, Rank, Remark, RemarkCode, Request, Role,
    ToolSummary,
};
use crate::order::Index;
use crate::provenance::{self, Anchor, Evidence, Met, TRACES_FOLDER, Table};

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

/// What every judged commit says about AI: those that say something, in the order of the request; and whom the messages
/// name as authors.
pub(super) fn provenance_of<'r, 'a>(
    request: &'r Request<'a>,
    judged: &Judged<'r, 'a>,
    table: &Table,
    steps: &Steps,
) -> Result<(Vec<CommitFindings>, Vec<CoAuthor>), Error> {
    let documents = &request.documents;
    let of_role = |role| documents.iter().enumerate().filter(move |(_, document)| document.role == role);
    let annotated =
        |(at, document): (usize, &'r Document<'a>)| Some((document.commit.as_ref()?.as_bytes(), at));
    let notes = Index::of_pairs(of_role(Role::Note).filter_map(annotated));
    let stored = |(at, document): (usize, &'r Document<'a>)| Some((document.path.as_ref()?.as_bytes(), at));
    let checkpoints = Index::of_pairs(of_role(Role::Checkpoint).filter_map(stored));
    let document = |at: usize| documents.get(at);
    let mut found: Vec<CommitFindings> = Vec::new();
    let mut co_authors = Vec::new();
    let mut met = Met::default();
    for (at, commit) in judged.all().enumerate() {
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
        let mut reading = provenance::read(table, &evidence, &mut met, steps)?;
        let authors = std::mem::take(&mut reading.authors);
        co_authors.extend(authors.into_iter().map(|(name, email)| CoAuthor { commit: at, name, email }));
        if !reading.is_silent() {
            found.push(reading.under(commit.sha.as_str().to_owned()));
        }
    }

    found.extend(unread_traces(request));
    if of_role(Role::Trace).next().is_some() {
        let anchor = ChangeAnchor::of(request, judged);
        let mut all_traced = Vec::new();
        for (_, trace) in of_role(Role::Trace) {
            let path = trace.path.as_ref().map(|path| path.to_str_lossy().into_owned()).unwrap_or_default();
            let same_file = |(_, earlier): &(usize, &Document<'_>)| earlier.path == trace.path;
            let before =
                of_role(Role::EarlierTrace).find(same_file).map(|(_, earlier)| earlier.bytes.as_bytes());
            all_traced.extend(provenance::read_trace(table, &path, trace.bytes.as_bytes(), before, &anchor));
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
    Ok((found, co_authors))
}

/// Files that a change brings where traces are kept, and that are none of those that are read.
fn unread_traces(request: &Request<'_>) -> Option<CommitFindings> {
    let is_read = |path: &[u8]| {
        let traces = request.documents.iter().filter(|document| document.role == Role::Trace);
        traces.filter_map(|trace| trace.path.as_ref()).any(|read| read.as_bytes() == path)
    };
    let file = request.files.iter().find(|file| {
        let path = file.path.as_bytes();
        path.starts_with(TRACES_FOLDER)
            && [&b".json"[..], b".jsonl", b".ndjson"].iter().any(|end| path.ends_with(end))
            && file.status != FileStatus::Deleted
            && !is_read(path)
    })?;
    let remark = Remark {
        code: RemarkCode::UnplacedTrace,
        message: "the change brings a file of traces that is not read".to_owned(),
        evidence: provenance::cut(&file.path.to_str_lossy(), EVIDENCE_BYTES),
    };
    Some(CommitFindings { remarks: vec![remark], ..CommitFindings::default() })
}

/// The tools that contributed, and how surely.
pub(super) fn summarise(commits: Vec<CommitFindings>) -> Provenance {
    let mut tools: BTreeMap<&str, (Vec<String>, usize)> = BTreeMap::new();
    let mut rank = Rank::Unknown;
    let mut here: Vec<&str> = Vec::new();
    for commit in &commits {
        here.clear();
        for finding in &commit.findings {
            rank = rank.max(finding.confidence);
            let (models, number) = tools.entry(&finding.tool).or_default();
            if let Some(model) = &finding.model
                && models.len() < 20
                && let Err(at) = models.binary_search(model)
            {
                models.insert(at, model.clone());
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
