//! Signed statements: from bytes to an act of the person who signed, or the code that says why it is none.

use super::signers::Signers;
use super::sshsig::{Signature, unarmored};
use crate::Error;
use crate::limits::{SIGNATURE_STEPS, Steps};
use crate::model::{
    Account, Act, ActCode, ActKind, ObjectId, Request, SIGNATURE_NAMESPACE, SIGNOFF_TYPE, STATEMENT_TYPE,
    SignoffDecision, Statement, Text, read,
};
use crate::policy::Policy;

/// A signed statement as an act, and why it counts for nothing, when it does.
pub(crate) struct Signed<'a> {
    pub act: Act<'a>,
    /// Others whose key it is as well.
    pub also: Vec<Account<'a>>,
    pub fault: Option<ActCode>,
}

/// What a statement must be about.
pub(crate) struct Subject<'s> {
    pub repository: &'s str,
    pub policy_digest: Option<&'s str>,
}

/// Reads and verifies the signed acts of a request; of every other act nothing.
///
/// # Errors
/// `over-limit` when there are more signatures than can be verified.
pub(crate) fn signed<'a>(
    request: &Request<'a>,
    policy: Option<&Policy>,
    subject: &Subject<'_>,
    steps: &Steps,
) -> Result<Vec<Option<Signed<'a>>>, Error> {
    let mut signers = None;
    let mut all = Vec::with_capacity(request.acts.len());
    for act in &request.acts {
        if act.kind != ActKind::Signed {
            all.push(None);
            continue;
        }
        steps.take(SIGNATURE_STEPS)?;
        let signers = signers.get_or_insert_with(|| Signers::of(request, policy));
        let mut read = Act { actor: Account::default(), ..act.clone() };
        let mut also = Vec::new();
        let fault = read_into(&mut read, &mut also, signers, subject, request).err();
        all.push(Some(Signed { act: read, also, fault }));
    }
    Ok(all)
}

fn read_into<'a>(
    act: &mut Act<'a>,
    also: &mut Vec<Account<'a>>,
    signers: &Signers,
    subject: &Subject<'_>,
    request: &Request<'_>,
) -> Result<(), ActCode> {
    let bytes = act.statement.as_ref().map(Text::as_bytes).ok_or(ActCode::BadSignature)?.to_vec();
    let armored = act.signature.as_ref().map(Text::to_str_lossy).ok_or(ActCode::BadSignature)?;
    let armored = unarmored(&armored).ok_or(ActCode::BadSignature)?;
    let signature = Signature::parse(&armored).ok_or(ActCode::BadSignature)?;
    signature.verify(&bytes)?;
    if signature.namespace != SIGNATURE_NAMESPACE.as_bytes() {
        return Err(ActCode::WrongNamespace);
    }
    let principals = signers.principals(&signature.key, request.trigger.now)?;
    // A pattern names no person.
    if principals.iter().any(|principal| principal.contains(['*', '?', '!'])) {
        return Err(ActCode::UnknownKey);
    }
    let account = |principal: &str| {
        if principal.contains('@') {
            Account { email: Some(Text::from(principal.to_owned())), ..Account::default() }
        } else {
            Account { login: Some(principal.to_owned().into()), ..Account::default() }
        }
    };
    let mut accounts = principals.iter().map(|principal| account(principal));
    act.actor = accounts.next().ok_or(ActCode::UnknownKey)?;
    also.extend(accounts);

    let statement: Statement = read(&bytes).map_err(|_| ActCode::BadSignature)?;
    let said = &statement.predicate;
    let about = statement.subject.first();
    let consistent = statement.statement_type == STATEMENT_TYPE
        && statement.predicate_type == SIGNOFF_TYPE
        && statement.subject.len() == 1
        && about.is_some_and(|about| about.name == said.target && about.digest.git_commit == said.head);
    if !consistent {
        return Err(ActCode::BadSignature);
    }
    act.kind = match said.decision {
        SignoffDecision::Approve => ActKind::Signed,
        SignoffDecision::RequestChanges => ActKind::RequestChanges,
        SignoffDecision::Withdraw => ActKind::Withdraw,
        SignoffDecision::Waive => ActKind::Waiver,
    };
    let object = |id: &str| ObjectId::new(id.to_owned());
    // A moment that has not come yet says nothing of when.
    act.at = said.at.filter(|at| *at <= request.trigger.now);
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
