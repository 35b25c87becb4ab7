//! What an entry says of a decision follows from its request and its answer, and so does who answered. Whoever shows a decision holds
//! the entry and its documents against each other: a chain that was made anew around one that was changed is found here.

use std::fmt::Display;

use countersign_core::is_overridden;
use countersign_core::model::{Decision, Request, When, read};

use crate::chain::{Entry, Link, Made, Place, Verdict};
use crate::database::{DatabaseError, Store};
use crate::documents::{self, Approver, Approvers, Document, Removals};
use crate::sense;
use crate::trail::TrailError;

/// What is to be recorded of a request and its answer. The digests of documents are not yet in it.
pub(crate) struct Record {
    pub place: Place,
    pub at: When,
    pub made: Made,
    pub approvers: Option<Approvers>,
    pub decision: Option<Decision>,
}

impl Record {
    /// What a request and its answer give. An answer that is no decision is the module's error.
    ///
    /// # Errors
    /// When the request cannot be read or is about no change.
    pub fn of(request: &[u8], answer: &[u8]) -> Result<Self, TrailError> {
        let request: Request<'_> = read(request).map_err(|e| TrailError::Odd(e.to_string()))?;
        let Some(change) = &request.change else {
            return Err(TrailError::Odd("the request is about no change".to_owned()));
        };
        let decision: Option<Decision> = read(answer).ok();
        let mut made = Said::of(decision.as_ref()).made();
        made.result = change.result.as_ref().map(|result| result.commit.to_string());
        made.base = change.base_tip.to_string();
        Ok(Record {
            place: Place {
                repository: change.repository.name.as_deref().unwrap_or_default().to_owned(),
                target: change.target.to_string(),
                change: change.id.as_ref().map(|id| id.to_string()),
                head: change.head.to_string(),
            },
            at: request.trigger.now,
            made,
            approvers: decision.as_ref().and_then(|decision| Approvers::of(Some(&request), decision)),
            decision,
        })
    }
}

/// The parts of a decision document that an entry repeats.
struct Said {
    verdict: Verdict,
    blocks: bool,
    overridden: bool,
    ai: bool,
    policy: Option<String>,
}

impl Said {
    fn of(decision: Option<&Decision>) -> Self {
        Said {
            verdict: decision.map_or(Verdict::Error, |decision| decision.outcome.into()),
            blocks: decision.is_none_or(|decision| decision.blocks),
            overridden: decision.is_some_and(is_overridden),
            ai: decision.is_some_and(|decision| decision.provenance.ai),
            policy: decision.and_then(|decision| decision.policy.as_ref()?.digest.clone()),
        }
    }

    fn made(self) -> Made {
        let Said { verdict, blocks, overridden, ai, policy } = self;
        let none = String::new;
        Made {
            verdict,
            blocks,
            overridden,
            ai,
            result: None,
            base: none(),
            request: none(),
            facts: none(),
            answer: none(),
            component: none(),
            policy,
            approvers: None,
        }
    }
}

/// The documents of a decision, as far as they are there and as they were recorded.
#[derive(Debug)]
pub struct Held {
    /// The answer of the module: a decision document.
    pub answer: Document,
    /// What it decided, where it is a decision and can be read.
    pub decision: Option<Decision>,
    /// Who answered, where the entry names such a document. One that says something else than answer and request is
    /// [`Document::Changed`].
    pub approvers: Option<Document>,
    /// Those who answered, where that document is there and can be read. Whoever overrode by the answer is named as one who did, also
    /// where a version made the record that did not say so.
    pub answered: Option<Vec<Approver>>,
    /// Whether it passes by an override.
    pub overridden: bool,
    /// What is wrong, a sentence each.
    pub faults: Vec<String>,
}

impl Held {
    /// Reads the documents of a decision, and holds them against each other and against its entry.
    ///
    /// # Errors
    /// When the database fails; what is wrong with the trail is no error.
    pub fn of(
        store: &mut dyn Store,
        removals: &Removals,
        link: &Link,
        made: &Made,
    ) -> Result<Self, DatabaseError> {
        let number = link.entry.number;
        let mut faults = Vec::new();
        let mut document = |digest: &str| {
            let document = documents::read(store, removals, digest)?;
            faults.extend(document.fault(digest, number));
            Ok::<_, DatabaseError>(document)
        };
        let (request, answer) = (document(&made.request)?, document(&made.answer)?);
        let approvers = made.approvers.as_deref().map(document).transpose()?;
        let differences = differences(&link.entry, made, &request, &answer, approvers.as_ref());
        let is_odd = !differences.of_answer.is_empty();
        let answer = if is_odd { Document::Changed } else { answer };
        let approvers = match approvers {
            Some(Document::Present(_)) if is_odd || !differences.of_approvers.is_empty() => {
                Some(Document::Changed)
            }
            approvers => approvers,
        };
        faults.extend(differences.all());
        let decision: Option<Decision> = match &answer {
            Document::Present(bytes) => read(bytes).ok(),
            _ => None,
        };
        let mut answered: Option<Vec<Approver>> = match &approvers {
            Some(Document::Present(bytes)) => {
                serde_json::from_slice::<Approvers>(bytes).ok().map(|known| known.approvers)
            }
            _ => None,
        };
        let overriding = decision.iter().flat_map(|decision| &decision.rules);
        let overriding: Vec<&str> =
            overriding.filter_map(|rule| Some(rule.overridden.as_ref()?.act.as_str())).collect();
        for approver in answered.iter_mut().flatten() {
            approver.overrides |= overriding.contains(&approver.act.as_str());
        }
        let by_record = answered.iter().flatten().any(|approver| approver.overrides);
        let by_answer = decision.as_ref().is_some_and(is_overridden);
        let overridden = made.overridden || by_answer || (made.verdict == Verdict::Approved && by_record);
        Ok(Held { answer, decision, approvers, answered, overridden, faults })
    }

    /// The outcome of a decision, in a word for a person.
    pub fn word(&self, made: &Made) -> String {
        Made { overridden: self.overridden, ..made.clone() }.word()
    }
}

/// What an entry says otherwise than its documents, a sentence each.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    of_entry: Vec<String>,
    of_answer: Vec<String>,
    of_approvers: Vec<String>,
}

impl Differences {
    /// All differences: of the entry, of the answer, of the approvers.
    pub fn all(self) -> impl Iterator<Item = String> {
        self.of_entry.into_iter().chain(self.of_answer).chain(self.of_approvers)
    }
}

/// Holds an entry against its request and its answer, and who answered against both. What was removed says nothing.
pub(crate) fn differences(
    entry: &Entry,
    made: &Made,
    request: &Document,
    answer: &Document,
    approvers: Option<&Document>,
) -> Differences {
    let number = entry.number;
    let mut found = Differences::default();
    let Document::Present(answer) = answer else { return found };
    let decision = match read::<Decision>(answer) {
        Ok(decision) => Some(decision),
        Err(error) if claims_to_decide(answer) => {
            found.of_entry.push(format!("the answer of entry {number} cannot be read: {error}"));
            found.of_approvers.extend(alone(number, approvers));
            return found;
        }
        Err(_) => None,
    };
    let record = match request {
        Document::Present(bytes) => match Record::of(bytes, answer) {
            Ok(record) => Some(record),
            Err(error) => {
                found.of_entry.push(format!("the request of entry {number} cannot be read: {error}"));
                found.of_approvers.extend(alone(number, approvers));
                return found;
            }
        },
        _ => None,
    };
    if let Some(decision) = &decision {
        let request: Option<Request<'_>> = match request {
            Document::Present(bytes) => read(bytes).ok(),
            _ => None,
        };
        found.of_answer = sense::faults(number, decision, request.as_ref());
    }
    let mut differs = |what: &str, entry: &dyn Display, of: &str, other: &dyn Display| {
        found.of_entry.extend(difference(number, what, entry, of, other));
    };
    let said = Said::of(decision.as_ref());
    differs("verdict", &made.verdict, "answer", &said.verdict);
    differs("refusal", &made.blocks, "answer", &said.blocks);
    differs("AI", &made.ai, "answer", &said.ai);
    differs("policy", &text(&made.policy), "answer", &text(&said.policy));
    // A version before it noted overrides says nothing of them.
    if made.overridden {
        differs("override", &true, "answer", &said.overridden);
    }
    if let Some(decision) = &decision {
        differs("target", &entry.target, "answer", &decision.change.target);
        differs("head", &entry.head, "answer", &decision.change.head);
        differs("base", &made.base, "answer", &decision.change.base_tip);
        differs("change", &text(&entry.change), "answer", &text(&decision.change.id));
    }
    if let Some(record) = &record {
        differs("time", &entry.at, "request", &record.at);
        differs("repository", &entry.repository, "request", &record.place.repository);
        differs("target", &entry.target, "request", &record.place.target);
        differs("change", &text(&entry.change), "request", &text(&record.place.change));
        differs("head", &entry.head, "request", &record.place.head);
        differs("base", &made.base, "request", &record.made.base);
        differs("result", &text(&made.result), "request", &text(&record.made.result));
    }
    let with_request = record.is_some();
    let expected = match record {
        Some(record) => record.approvers,
        None => decision.as_ref().and_then(|decision| Approvers::of(None, decision)),
    };
    let expected = expected.map(|known| known.approvers).unwrap_or_default();
    found.of_approvers = match approvers {
        None => whom(number, &expected, &[], made, with_request),
        Some(Document::Present(bytes)) => match serde_json::from_slice::<Approvers>(bytes) {
            Ok(said) => whom(number, &expected, &said.approvers, made, with_request),
            Err(_) => vec![format!("who answered cannot be read in the record of entry {number}")],
        },
        Some(_) => Vec::new(),
    };
    found
}

/// What an entry says otherwise than a document of it.
fn difference(number: u64, what: &str, entry: &dyn Display, of: &str, other: &dyn Display) -> Option<String> {
    let (entry, other) = (entry.to_string(), other.to_string());
    (entry != other).then(|| {
        let (entry, other) = (or_none(&entry), or_none(&other));
        format!("entry {number} says {entry} for its {what}, and its {of} {other}")
    })
}

/// That who answered stands alone: what it would be held against cannot be read.
fn alone(number: u64, approvers: Option<&Document>) -> Option<String> {
    let is_there = matches!(approvers, Some(Document::Present(_)));
    is_there
        .then(|| format!("who answered in entry {number} can be held against nothing, so it is not shown"))
}

/// Whether an answer that cannot be read calls itself a decision.
fn claims_to_decide(answer: &[u8]) -> bool {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    answer["kind"] == "Decision"
}

fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
}

fn or_none(value: &str) -> &str {
    if value.is_empty() { "nothing" } else { value }
}

/// Who answered by the record of an entry and otherwise by its answer and its request.
fn whom(
    number: u64,
    expected: &[Approver],
    said: &[Approver],
    made: &Made,
    with_request: bool,
) -> Vec<String> {
    let mut found = Vec::new();
    let of = |list: &[Approver], act: &str| list.iter().find(|one| one.act == act).cloned();
    let mut note = |what: String| found.push(format!("who answered in entry {number}: {what}"));
    for one in expected {
        let Some(other) = of(said, &one.act) else {
            note(format!("its answer names {}, and the record does not", one.person));
            continue;
        };
        if one.person != other.person {
            note(format!("its answer names {}, and the record names {}", one.person, other.person));
        }
        // Versions that noted no overrides in an entry did not note all of them here.
        let overrides = other.overrides || (one.overrides && !made.overridden);
        let other = Approver { overrides, ..other };
        let part = |approver: &Approver| {
            format!("{} {}", if approver.overrides { "overrode" } else { "for" }, approver.rules.join(", "))
        };
        if part(one) != part(&other) {
            note(format!("its answer says `{}`, and the record `{}`", part(one), part(&other)));
        }
        if !with_request {
            continue;
        }
        let known = [
            ("the key", text(&one.key), text(&other.key)),
            ("the proof", text(&one.proof), text(&other.proof)),
        ];
        // Versions before these fields left them out.
        for (what, one, other) in
            known.into_iter().filter(|(_, one, other)| !other.is_empty() && one != other)
        {
            note(format!("its request has {what} {}, and the record {other}", or_none(one)));
        }
        if one.when() != other.when() {
            note(format!(
                "its request says {}, and the record {}",
                or_none(text(&one.when())),
                or_none(text(&other.when()))
            ));
        }
        if one.text() != other.text() {
            note(format!("the record holds other words than {} wrote in the request", one.person));
        }
    }
    for other in said.iter().filter(|other| of(expected, &other.act).is_none()) {
        note(format!("the record names {}, and its answer does not", other.person));
    }
    found
}
