//! Judges a change, keeps the decision in the trail, and shows it where people work.

use countersign_audit::chain::{Event, Finding};
use countersign_audit::{Kept, Link, Place, Trail};
use countersign_core::model::Fact;
use countersign_core::publication;
use countersign_host::cli::now;
use countersign_host::judged::Judged;
use serde::Deserialize;

use super::{SHORT, Shared, TIME};
use crate::forge::Shown;
use crate::open;
use crate::publish::{self, Talk};
use crate::shown::{Open, speaker};

impl Shared {
    /// Judges a change, keeps what came out, and shows it.
    pub(super) fn change(&self, repository: &str, number: u64) -> anyhow::Result<()> {
        self.memory().take_in()?;
        let change = number.to_string();
        let before = self.pool.with(|store| open::head(store, repository, &change))?;
        let client = self.forge.client(TIME);
        let Some(judged) = self.judge.change(&*client, self.memory(), repository, number)? else {
            self.pool.with(|store| open::close(store, repository, &change))?;
            return self.ask_commit(repository, before.as_deref());
        };
        let (link, new) = self.keep(&judged)?;
        let place = link.entry.place();
        self.pool.with(|store| open::put(store, &place, &link.hash))?;
        if before.as_ref() != Some(&place.head) {
            self.ask_commit(repository, before.as_deref())?;
        }
        if new {
            let verdict = link.entry.made().map(|made| made.word());
            tracing::info!(
                lane = format!("{repository}#{number}"),
                entry = link.entry.number,
                verdict,
                "decided"
            );
        }
        let shown = self.shown(&link, &judged)?;
        self.publish(&link, number, &judged, &shown)
    }

    /// Shows a decision about a change where people work.
    fn publish(&self, link: &Link, number: u64, judged: &Judged, shown: &Shown) -> anyhow::Result<()> {
        let client = self.forge.client(TIME);
        let place = link.entry.place();
        if let Some(foreign) = publish::status(&*client, &place.repository, &place.head, shown)? {
            self.found_foreign(&place, link.entry.number, &foreign)?;
        }
        let change = number.to_string();
        let known = self.pool.with(|store| open::comment(store, &place.repository, &change))?;
        let talk = Talk {
            publication: &judged.publication(),
            text: &self.module.render(&judged.answer, "markdown", false, false)?,
            known: known.as_deref(),
            veto: self.settings.veto,
        };
        let stands = publish::talk(&*client, &place, number, &talk)?;
        if let Some(id) = stands.filter(|id| Some(id) != known.as_ref()) {
            self.pool.with(|store| open::keep_comment(store, &place.repository, &change, &id))?;
        }
        Ok(())
    }

    /// Records that somebody else wrote the gate's status. It was written again, and so nothing is left to do.
    fn found_foreign(&self, place: &Place, decision: u64, foreign: &str) -> anyhow::Result<()> {
        let Place { repository, change, .. } = place;
        tracing::warn!(repository, change, foreign, "somebody else wrote the gate's status");
        let (at, finding) = (now()?, Finding::ForeignStatus);
        let found =
            self.pool.with(|store| Trail::of(store).find(at, place.clone(), finding, None, Some(foreign)))?;
        self.metrics.finding();
        let event = Event::Settled { finding: found.0.entry.number, decision: Some(decision) };
        self.pool.with(|store| Trail::of(store).note(at, place.clone(), event))?;
        Ok(())
    }

    /// What the status of the commit of a change says.
    fn shown(&self, link: &Link, judged: &Judged) -> anyhow::Result<Shown> {
        let own = || Shown::own(judged.publication().status, self.settings.page_of(&link.hash));
        let place = link.entry.place();
        let links = self.pool.with(|store| open::of_commit(store, &place.repository, &place.head))?;
        if links.len() < 2 {
            return Ok(own());
        }
        let writers = self.forge.client(SHORT).writers(&place.repository)?;
        let mut all = Vec::new();
        for link in links {
            let opener = self.asked(&link)?.and_then(|asked| asked.change.opened_by?.login);
            let is_writer =
                |opener: &String| writers.iter().flatten().any(|writer| writer.eq_ignore_ascii_case(opener));
            let by_writer = writers.is_none() || opener.as_ref().is_none_or(is_writer);
            let answer = self.kept(link.entry.made().map(|made| &made.answer))?.unwrap_or_default();
            all.push(Open { link, publication: publication(&answer), opener, by_writer });
        }
        let Some(speaks) = speaker(&all).filter(|speaks| speaks.link.entry.change != place.change) else {
            return Ok(own());
        };
        Ok(Shown::shared(speaks.publication.status.clone(), self.settings.page_of(&speaks.link.hash)))
    }

    /// The bytes of a document, as far as it is still there.
    fn kept(&self, digest: Option<&String>) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(digest) = digest else { return Ok(None) };
        Ok(self.pool.with(|store| Trail::of(store).document(digest))?.bytes())
    }

    /// The request that a decision was made of, as far as it is read here; none where it is not kept any more.
    pub(super) fn asked(&self, link: &Link) -> anyhow::Result<Option<Asked>> {
        let request = self.kept(link.entry.made().map(|made| &made.request))?;
        Ok(request.and_then(|request| serde_json::from_slice(&request).ok()))
    }

    pub(super) fn keep(&self, judged: &Judged) -> anyhow::Result<(Link, bool)> {
        let kept = Kept { request: &judged.request, answer: &judged.answer, component: self.module.digest() };
        Ok(self.pool.with(|store| Trail::of(store).keep(kept))?)
    }
}

/// The part of a request that the service reads again.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    change: AskedChange,
    complete: Vec<String>,
    unavailable: Vec<AskedFact>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedChange {
    opened_by: Option<AskedAccount>,
}

/// An account by the forge's name for it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedAccount {
    login: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedFact {
    fact: String,
}

impl Asked {
    /// Whether a fact was asked for: a host says of each that was whether it got all of it.
    pub(super) fn reads(&self, fact: Fact) -> bool {
        let name = fact.name();
        self.complete.iter().any(|known| known == name)
            || self.unavailable.iter().any(|missing| missing.fact == name)
    }
}
