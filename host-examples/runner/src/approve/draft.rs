//! A statement that is not signed yet, and what the module says of it.

use anyhow::{Context, bail};
use countersign_core::limits::CLOCK_SKEW;
use countersign_core::model::{
    Act, ActCode, ActKind, Change, Decision, Proof, Request, Signing, Signoff, SignoffDecision, Statement,
    Text, ToSign, When, read,
};
use countersign_host::module::{Function, Module};
use countersign_host::signing::Key;
use countersign_host::statements::STATEMENT_BYTES;

/// The id of the act once it is signed.
const SIGNED: &str = "signed";

/// How far ahead a statement may be dated, in seconds: less than the module lets one be, for it is judged somewhere else a moment
/// later.
const CLOCKS: i64 = CLOCK_SKEW - 60;

/// What an act says that is a statement.
fn signed(act: &Act<'_>) -> Option<Signoff> {
    Some(read::<Statement>(act.statement.as_ref()?.as_bytes()).ok()?.predicate)
}

/// A statement that is not signed yet.
pub struct Draft<'m> {
    module: &'m Module,
    request: Request<'m>,
    signoff: Signoff,
    key: String,
    merges_otherwise: bool,
}

impl<'m> Draft<'m> {
    /// A statement about the change of a request, bound to everything that it can be bound to.
    pub fn new(
        module: &'m Module,
        request: Request<'m>,
        decision: &Decision,
        key: &Key,
        kind: SignoffDecision,
        now: When,
        merges_otherwise: bool,
    ) -> Self {
        let change = request.change.as_ref();
        let id = |id: Option<&countersign_core::model::ObjectId<'_>>| id.map(|id| id.as_str().to_owned());
        let signoff = Signoff {
            decision: kind,
            repository: decision.change.subject.clone(),
            change: change.and_then(|change| change.id.as_ref()).map(|id| id.to_string()),
            target: decision.change.target.clone(),
            head: decision.change.head.clone(),
            diff_id: id(change.and_then(|change| change.diff_id.as_ref())),
            merge_tree: id(change.and_then(|change| change.merge_tree.as_ref())),
            policy_digest: decision
                .policy
                .as_ref()
                .and_then(|policy| policy.digest.clone())
                .unwrap_or_default(),
            at: Some(now),
            text: None,
        };
        Draft { module, request, signoff, key: key.public().to_owned(), merges_otherwise }
    }

    /// Dates it after everything that the same person signed here, whatever the clock says: of two statements the later one stands.
    /// And after what others signed, as far as clocks may be apart: of two answers in the same words the earlier one is nobody's copy.
    pub fn date_after_all(&mut self, decision: &Decision, signer: &str) {
        let is_near = |at: &When| at.seconds_until(self.request.trigger.now) >= -CLOCKS;
        let all =
            self.request.acts.iter().filter_map(signed).filter_map(|signoff| signoff.at).filter(is_near);
        let latest = self.of(decision, signer).filter_map(|signoff| signoff.at).chain(all).max();
        let next = latest.map(|at| When::from_seconds(When::from_seconds(0).seconds_until(at) + 1));
        self.signoff.at = self.signoff.at.max(next);
        self.request.trigger.now = self.request.trigger.now.max(self.signoff.at.unwrap_or_default());
    }

    /// What the same person approved about other heads: a withdrawal takes each back, because each may be the head again.
    pub fn own_of_other_heads(&self, decision: &Decision, signer: &str) -> Vec<Signoff> {
        let mut earlier: Vec<Signoff> = Vec::new();
        for signoff in self.of(decision, signer) {
            let approves = matches!(signoff.decision, SignoffDecision::Approve | SignoffDecision::Waive);
            let other = signoff.target == self.signoff.target && signoff.head != self.signoff.head;
            if approves && other && earlier.iter().all(|known| known.head != signoff.head) {
                earlier.push(signoff);
            }
        }
        earlier
    }

    /// What somebody signed, of all that is read for this change.
    fn of<'d>(&'d self, decision: &'d Decision, signer: &'d str) -> impl Iterator<Item = Signoff> + 'd {
        let acts = decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|asked| &asked.acts);
        let ids: Vec<&str> = acts.filter(|act| act.actor == signer).map(|act| act.act.as_str()).collect();
        let own = self.request.acts.iter().filter(move |act| ids.contains(&act.id.as_ref()));
        own.filter_map(signed)
    }

    /// The bytes of a withdrawal of what was signed about another head.
    pub fn withdrawal(&self, of: Signoff) -> anyhow::Result<Vec<u8>> {
        let signoff = Signoff { decision: SignoffDecision::Withdraw, at: self.signoff.at, text: None, ..of };
        Ok(serde_json::to_vec_pretty(&Statement::of(signoff))?)
    }

    /// The facts that it is about.
    pub fn request(&self) -> &Request<'m> {
        &self.request
    }

    /// The change that the draft is about.
    pub fn change(&self) -> anyhow::Result<&Change<'m>> {
        self.request.change.as_ref().context("a collected request has a change")
    }

    /// The bytes that are signed.
    pub fn statement(&self, text: Option<String>) -> anyhow::Result<Vec<u8>> {
        let signoff = Signoff { text, ..self.signoff.clone() };
        let statement = serde_json::to_vec_pretty(&Statement::of(signoff))?;
        if statement.len() > STATEMENT_BYTES {
            bail!(
                "the statement would have {} bytes, and more than {STATEMENT_BYTES} are not read: say it in fewer words",
                statement.len()
            );
        }
        Ok(statement)
    }

    /// What the statement would do with this text.
    pub fn weigh(&mut self, text: Option<String>) -> anyhow::Result<Signing> {
        let statement = self.statement(text)?;
        self.request.to_sign = Some(ToSign {
            key: self.key.clone().into(),
            statement: Text::from_bytes(statement),
            merges_otherwise: self.merges_otherwise,
        });
        let decision = self.decide()?;
        self.request.to_sign = None;
        decision.signing.context("the module does not say what the statement would do")
    }

    /// Whether the module takes the signature, now that there is one.
    pub fn holds(&mut self, statement: &[u8], signature: &[u8]) -> anyhow::Result<bool> {
        self.request.acts.push(Act {
            id: SIGNED.into(),
            kind: ActKind::Signed,
            proof: Proof::Signature,
            statement: Some(Text::from_bytes(statement.to_vec())),
            signature: Some(Text::from_bytes(signature.to_vec())),
            ..Act::default()
        });
        let decision = self.decide()?;
        let acts = decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|asked| &asked.acts);
        let wanted = match self.signoff.decision {
            SignoffDecision::Withdraw => ActCode::Withdrawn,
            _ => ActCode::Counted,
        };
        Ok(acts.filter(|act| act.act == SIGNED).any(|act| act.code == wanted))
    }

    fn decide(&self) -> anyhow::Result<Decision> {
        let answer = self.module.call(Function::Evaluate, &serde_json::to_vec(&self.request)?)?;
        Ok(read(answer.as_bytes())?)
    }
}
