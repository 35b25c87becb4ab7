//! A forge in memory: changes, reviews, statuses and comments as data, and a bare repository of real git.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use countersign_core::model::{
    Account, Act, ActKind, Change as ChangeFacts, Fact, Needs, ObjectId, Proof, Push, Request, Software,
    Status, TextIntegrity, TriggerKind, When,
};
use countersign_host::collect::{CollectError, Platform};
use countersign_host::forge::{Beside, ForgeChange, Proposal};
use countersign_host::git::Remote;
use countersign_serve::forge::{
    ReviewRequest, Standing, StandingComment, StandingObjection, StandingStatus, What, Write, Writer,
};
use countersign_serve::{Client, Delivery, Forge, ForgeError, Refusal};

/// A change.
#[derive(Debug, Clone)]
pub struct Change {
    pub opener: String,
    pub source: String,
    pub target: String,
    pub head: String,
    pub is_open: bool,
    /// The commit that its own commits begin after.
    pub merge_base: Option<String>,
    /// The last commit that merging made.
    pub result: Option<String>,
    /// Who approved which commit.
    pub approvals: Vec<(String, String)>,
}

/// Everything that the forge keeps.
#[derive(Debug, Default)]
pub struct State {
    pub changes: BTreeMap<u64, Change>,
    /// Statuses in the gate's context, by commit, the newest last.
    pub statuses: Vec<(String, StandingStatus)>,
    /// Statuses in other contexts that are good: commit and context.
    pub checks: Vec<(String, String)>,
    /// What stands on each change.
    pub standing: BTreeMap<u64, Standing>,
    /// Logins of those who may only read.
    pub readers: Vec<String>,
    /// Answers nothing for now.
    pub is_away: bool,
    /// Asks to be asked later, after so long.
    pub busy_for: Option<Duration>,
    /// Refuses to ask these for reviews.
    pub refuses: Vec<String>,
    /// The number of its repository; none where it is gone.
    pub id: Option<String>,
    /// The changes that were read, in order.
    pub read: Vec<u64>,
    /// What was written, in order.
    pub writes: Vec<String>,
}

/// The forge.
#[derive(Clone)]
pub struct InMemory {
    pub repository: PathBuf,
    state: Arc<Mutex<State>>,
}

impl InMemory {
    pub fn new(repository: PathBuf) -> Self {
        let state = State { id: Some("1".into()), ..State::default() };
        InMemory { repository, state: Arc::new(Mutex::new(state)) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What it keeps, unless it does not answer.
    fn asked(&self) -> Result<MutexGuard<'_, State>, ForgeError> {
        let state = self.state();
        if state.is_away || state.busy_for.is_some() {
            let reason = "the forge did not answer".to_owned();
            return Err(ForgeError { reason, retry_after: state.busy_for, may_pass: true });
        }
        Ok(state)
    }

    fn read(&self, number: u64, change: &Change) -> Box<dyn ForgeChange> {
        let proposal = Proposal {
            number,
            is_open: change.is_open,
            is_merged: change.result.is_some(),
            target: format!("refs/heads/{}", change.target),
            head: change.head.clone(),
            result: change.result.clone(),
            merge_base: change.merge_base.clone(),
            default_branch: Some("refs/heads/main".into()),
            repository_id: Some("1".into()),
            heads: vec![(self.remote(""), format!("refs/changes/{number}"))],
        };
        let checks = self.state.clone();
        Box::new(Read { proposal, change: change.clone(), checks })
    }
}

impl Forge for InMemory {
    fn software(&self) -> &'static str {
        "in-memory"
    }

    fn receive(&self, _: &dyn Fn(&str) -> Option<String>, _: &[u8]) -> Result<Delivery, Refusal> {
        Err(Refusal::Malformed)
    }

    fn waited(&self) -> Duration {
        Duration::ZERO
    }

    fn client(&self, _: Duration) -> Box<dyn Client + '_> {
        Box::new(self.clone())
    }
}

impl Client for InMemory {
    fn ready(&self) -> Result<(), ForgeError> {
        self.asked().map(drop)
    }

    fn repository_id(&self, _: &str) -> Result<Option<String>, ForgeError> {
        Ok(self.asked()?.id.clone())
    }

    fn remote(&self, _: &str) -> Remote {
        Remote { url: self.repository.display().to_string(), authorization: None }
    }

    fn open(&self, _: &str) -> Result<Vec<u64>, ForgeError> {
        let state = self.asked()?;
        let open = state.changes.iter().filter(|(_, change)| change.is_open);
        Ok(open.map(|(number, _)| *number).collect())
    }

    fn change(&self, _: &str, number: u64) -> Result<Box<dyn ForgeChange + '_>, ForgeError> {
        let mut state = self.asked()?;
        state.read.push(number);
        let change = state.changes[&number].clone();
        Ok(self.read(number, &change))
    }

    fn change_of(
        &self,
        _: &str,
        commit: &ObjectId<'_>,
    ) -> Result<Option<Box<dyn ForgeChange + '_>>, ForgeError> {
        let state = self.asked()?;
        let is_of = |change: &Change| {
            change.result.as_deref() == Some(commit.as_str()) || change.head == commit.as_str()
        };
        let found = state.changes.iter().find(|(_, change)| is_of(change));
        Ok(found.map(|(number, change)| self.read(*number, change)))
    }

    fn writers(&self, _: &str) -> Result<Option<Vec<String>>, ForgeError> {
        let state = self.asked()?;
        let openers = state.changes.values().map(|change| change.opener.clone());
        Ok(Some(openers.filter(|opener| !state.readers.contains(opener)).collect()))
    }

    fn status(&self, _: &str, head: &str) -> Result<Option<StandingStatus>, ForgeError> {
        let state = self.asked()?;
        let newest = state.statuses.iter().rev().find(|(commit, _)| commit == head);
        Ok(newest.map(|(_, status)| status.clone()))
    }

    fn standing(&self, _: &str, number: u64, _: bool) -> Result<Standing, ForgeError> {
        Ok(self.asked()?.standing.get(&number).cloned().unwrap_or_default())
    }

    fn write(&self, write: &Write<'_>) -> Result<Option<String>, ForgeError> {
        let mut state = self.asked()?;
        if let What::Ask(login) = &write.what
            && state.refuses.contains(login)
        {
            let reason = format!("{login} cannot be asked");
            return Err(ForgeError { reason, retry_after: None, may_pass: false });
        }
        let number = write.number.unwrap_or_default();
        let id = format!("{}", state.writes.len() + 1);
        let said = match &write.what {
            What::Status(shown) => format!("status {}", shown.state.name()),
            What::Comment(_) => format!("#{number} comment"),
            What::Rewrite { .. } => format!("#{number} rewrite"),
            What::Ask(login) => format!("#{number} ask {login}"),
            What::TakeBack(login) => format!("#{number} take back {login}"),
            What::Object(_) => format!("#{number} object"),
            What::Lift(_) => format!("#{number} lift"),
        };
        state.writes.push(said);
        let standing = state.standing.entry(number).or_default();
        match &write.what {
            What::Status(shown) => {
                let status = StandingStatus {
                    state: shown.state.name().to_owned(),
                    description: shown.description.clone(),
                    page: shown.page.clone(),
                    by: Writer::Gate,
                };
                state.statuses.push((write.head.to_owned(), status));
            }
            What::Comment(body) => {
                standing.comments.push(StandingComment { id: id.clone(), body: body.clone() });
                return Ok(Some(id));
            }
            What::Rewrite { id, body } => {
                let of_id = standing.comments.iter_mut().filter(|comment| comment.id == *id);
                of_id.for_each(|comment| comment.body.clone_from(body));
            }
            What::Ask(login) => {
                standing.requests.push(ReviewRequest { login: login.clone(), by_gate: true });
            }
            What::TakeBack(login) => standing.requests.retain(|request| request.login != *login),
            What::Object(body) => {
                standing.objections.push(StandingObjection { id, body: body.clone(), dismissed: false });
            }
            What::Lift(id) => standing.objections.retain(|review| review.id != *id),
        }
        Ok(None)
    }

    fn trouble(&self) -> Option<String> {
        None
    }
}

/// A change that was read.
struct Read {
    proposal: Proposal,
    change: Change,
    checks: Arc<Mutex<State>>,
}

impl ForgeChange for Read {
    fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    fn platform(&self, beside: Beside) -> Box<dyn Platform + '_> {
        Box::new(Facts { of: self, beside })
    }
}

struct Facts<'r> {
    of: &'r Read,
    beside: Beside,
}

fn account(login: &str) -> Account<'static> {
    Account { login: Some(login.to_owned().into()), ..Account::default() }
}

impl Platform for Facts<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (TriggerKind::Webhook, Software { name: "in-memory".into(), version: "".into() })
    }

    fn names(&self, change: &mut ChangeFacts<'static>) {
        change.id = Some(self.of.proposal.number.to_string().into());
        change.repository.name = Some("acme/app".into());
        change.source = Some(format!("refs/heads/{}", self.of.change.source).into());
    }

    fn absent(&self) -> &[Fact] {
        &[Fact::Requester]
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        let (change, number) = (&self.of.change, self.of.proposal.number);
        if let Some(facts) = &mut request.change {
            facts.title = Some("Work".into());
            facts.fork = Some(false);
            facts.draft = Some(false);
            facts.opened_by = Some(account(&change.opener));
        }
        for commit in request.commits.iter_mut() {
            for person in [&mut commit.author, &mut commit.committer] {
                let email = person.email.to_str_lossy().into_owned();
                person.account = email.split_once('@').map(|(login, _)| account(login));
            }
        }
        let at = |seconds: usize| Some(When::from_seconds(1_700_000_000 + seconds as i64));
        for (nth, (login, head)) in change.approvals.iter().enumerate() {
            request.acts.push(Act {
                id: format!("review-{nth}").into(),
                kind: ActKind::Approve,
                actor: account(login),
                proof: Proof::Forge,
                at: at(nth),
                change: Some(number.to_string().into()),
                target: Some(self.of.proposal.target.clone().into()),
                head: ObjectId::new(head.clone()),
                text: Some("".into()),
                text_integrity: Some(TextIntegrity::Original),
                ..Act::default()
            });
        }
        let head = ObjectId::new(change.head.clone()).unwrap();
        let by = Some(account(&change.opener));
        request.pushes = vec![Push { by, at: at(0), head: head.clone(), forced: false }].into();
        request.history.get_or_insert_default().answers =
            self.beside.answers.take().unwrap_or_default().into();
        request.complete.extend([
            Fact::Text,
            Fact::Opener,
            Fact::Acts,
            Fact::People,
            Fact::Groups,
            Fact::Pushes,
            Fact::History,
        ]);
        if needs.facts.contains(&Fact::Statuses) {
            let state = self.of.checks.lock().unwrap();
            let good = state.checks.iter().filter(|(commit, _)| *commit == change.head);
            request.statuses.extend(good.map(|(_, context)| Status {
                context: context.clone().into(),
                state: "success".into(),
                source: Some(account("ci")),
                sha: Some(head.clone()),
                at: at(0),
            }));
            request.complete.push(Fact::Statuses);
        }
        Ok(())
    }
}
