//! Signed statements: from bytes to an act of the person who signed, or the code that says why it is none.

use super::signers::{Signers, Unfit};
use crate::Error;
use crate::keys::{PublicKey, Signature, public_key, unarmored};
use crate::limits::{CLOCK_SKEW, SIGNATURE_STEPS, Steps};
use crate::model::{
    Account, Act, ActCode, ActKind, ObjectId, Proof, Request, SIGNATURE_NAMESPACE, SIGNOFF_TYPE,
    STATEMENT_TYPE, SignoffDecision, Statement, Text, ToSign, read,
};
use crate::policy::Policy;

/// A signed statement as an act, and why it counts for nothing, when it does.
pub(crate) struct Signed<'a> {
    pub act: Act<'a>,
    /// Others whose key it is as well.
    pub also: Vec<Account<'a>>,
    pub fault: Option<ActCode>,
    /// The fault in a sentence, where it says more than the code.
    pub why: Option<String>,
}

/// The id of the act that a statement is which nobody signed yet.
pub(crate) const TO_SIGN: &str = "to-sign";

/// What a statement must be about.
pub(crate) struct Subject<'s> {
    pub repository: &'s str,
    pub policy_digest: Option<&'s str>,
}

/// Reads and verifies the signed acts of a request; of every other act nothing. Behind them comes the statement that is
/// still to be signed, as if it were, where that is what is asked about.
///
/// # Errors
/// `over-limit` when there are more signatures than can be verified.
pub(crate) fn signed<'a>(
    request: &Request<'a>,
    policy: Option<&Policy>,
    subject: &Subject<'_>,
    to_sign: Option<&ToSign<'a>>,
    steps: &Steps,
) -> Result<Vec<Option<Signed<'a>>>, Error> {
    let mut signers = None;
    let mut all = Vec::with_capacity(request.acts.len());
    for act in &request.acts {
        if act.kind != ActKind::Signed {
            all.push(None);
            continue;
        }
        let signers = signers.get_or_insert_with(|| Signers::of(request, policy));
        let mut read = Act { actor: Account::default(), ..act.clone() };
        let mut also = Vec::new();
        let fault = match proved(&mut read, &mut also, signers, request, steps)? {
            Ok(bytes) => read_into(&mut read, &bytes, subject, request).err().map(Unfit::from),
            Err(fault) => Some(fault),
        };
        all.push(Some(Signed::of(read, also, fault)));
    }
    if let Some(to_sign) = to_sign {
        let signers = signers.get_or_insert_with(|| Signers::of(request, policy));
        let mut act = Act {
            id: TO_SIGN.into(),
            kind: ActKind::Signed,
            proof: Proof::Signature,
            statement: Some(to_sign.statement.clone()),
            ..Act::default()
        };
        let mut also = Vec::new();
        let fault = match public_key(&to_sign.key) {
            Some(key) if key.is_verified() => match holders(signers, &key, request) {
                Ok((holder, others)) => {
                    (act.actor, also) = (holder, others);
                    let bytes = to_sign.statement.as_bytes().to_vec();
                    read_into(&mut act, &bytes, subject, request).err().map(Unfit::from)
                }
                Err(unfit) => Some(unfit),
            },
            _ => Some(ActCode::KeyType.into()),
        };
        all.push(Some(Signed::of(act, also, fault)));
    }
    Ok(all)
}

/// Those who have a key that counts now, by what its line calls them.
pub(crate) fn able(request: &Request<'_>, policy: Option<&Policy>) -> Vec<Account<'static>> {
    Signers::of(request, policy).able(request.trigger.now).map(account).collect()
}

impl<'a> Signed<'a> {
    fn of(act: Act<'a>, also: Vec<Account<'a>>, unfit: Option<Unfit>) -> Self {
        let (fault, why) = unfit.map_or((None, None), |unfit| (Some(unfit.code), unfit.why));
        Signed { act, also, fault, why }
    }
}

/// Whom the principal of a line means.
fn account(principal: &str) -> Account<'static> {
    if principal.contains('@') {
        Account { email: Some(Text::from(principal.to_owned())), ..Account::default() }
    } else {
        Account { login: Some(principal.to_owned().into()), ..Account::default() }
    }
}

/// Whose key it is: somebody, and others who have it as well.
fn holders(
    signers: &Signers,
    key: &PublicKey,
    request: &Request<'_>,
) -> Result<(Account<'static>, Vec<Account<'static>>), Unfit> {
    let mut accounts = signers.principals(key, request.trigger.now)?.into_iter().map(account);
    let first = accounts.next().ok_or(ActCode::UnknownKey)?;
    Ok((first, accounts.collect()))
}

/// The bytes of a statement that somebody signed who may, or the code that says why nobody did.
///
/// # Errors
/// `over-limit`. Only a signature that says that it is by a key that may sign costs what verifying costs.
fn proved<'a>(
    act: &mut Act<'a>,
    also: &mut Vec<Account<'a>>,
    signers: &Signers,
    request: &Request<'_>,
    steps: &Steps,
) -> Result<Result<Vec<u8>, Unfit>, Error> {
    let armored = act.signature.as_ref().and_then(|armored| unarmored(&armored.to_str_lossy()));
    let signature = armored.as_deref().and_then(Signature::parse);
    let (Some(statement), Some(signature)) = (&act.statement, signature) else {
        return Ok(Err(ActCode::BadSignature.into()));
    };
    if signature.namespace != SIGNATURE_NAMESPACE.as_bytes() {
        return Ok(Err(ActCode::WrongNamespace.into()));
    }
    // No line of the target makes such a key count.
    if !signature.key.is_verified() {
        return Ok(Err(ActCode::KeyType.into()));
    }
    let bytes = statement.as_bytes().to_vec();
    let (holder, others) = match holders(signers, &signature.key, request) {
        Ok(holders) => holders,
        Err(unfit) => return Ok(Err(unfit)),
    };
    steps.take(SIGNATURE_STEPS)?;
    if let Err(fault) = signature.verify(&bytes) {
        return Ok(Err(fault.into()));
    }
    act.actor = holder;
    also.extend(others);
    Ok(Ok(bytes))
}

fn read_into(
    act: &mut Act<'_>,
    bytes: &[u8],
    subject: &Subject<'_>,
    request: &Request<'_>,
) -> Result<(), ActCode> {
    let statement: Statement = read(bytes).map_err(|_| ActCode::BadStatement)?;
    let said = &statement.predicate;
    let about = statement.subject.first();
    let consistent = statement.statement_type == STATEMENT_TYPE
        && statement.predicate_type == SIGNOFF_TYPE
        && statement.subject.len() == 1
        && about.is_some_and(|about| about.name == said.target && about.digest.git_commit == said.head);
    if !consistent {
        return Err(ActCode::BadStatement);
    }
    act.kind = match said.decision {
        SignoffDecision::Approve => ActKind::Signed,
        SignoffDecision::RequestChanges => ActKind::RequestChanges,
        SignoffDecision::Withdraw => ActKind::Withdraw,
        SignoffDecision::Waive => ActKind::Waiver,
    };
    let object = |id: &str| ObjectId::new(id.to_owned());
    // Clocks may be apart, and whoever signs twice in a second dates the later one after the earlier. A moment that is further off
    // says nothing of when.
    act.at = said.at.filter(|at| at.seconds_until(request.trigger.now) >= -CLOCK_SKEW);
    act.change = said.change.clone().map(Into::into);
    act.target = Some(said.target.clone().into());
    act.head = object(&said.head);
    act.diff_id = said.diff_id.as_deref().and_then(object);
    act.merge_tree = said.merge_tree.as_deref().and_then(object);
    act.text = said.text.clone().map(Text::from);
    if said.repository != subject.repository {
        return Err(ActCode::OtherChange);
    }
    // Taking back and refusing stay good under any policy.
    let approves = matches!(said.decision, SignoffDecision::Approve | SignoffDecision::Waive);
    if approves && subject.policy_digest != Some(said.policy_digest.as_str()) {
        return Err(ActCode::StalePolicy);
    }
    Ok(())
}
