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
        let signers = signers.get_or_insert_with(|| Signers::of(request, policy));
        let mut read = Act { actor: Account::default(), ..act.clone() };
        let mut also = Vec::new();
        let fault = match proved(&mut read, &mut also, signers, request, steps)? {
            Ok(bytes) => read_into(&mut read, &bytes, subject, request).err(),
            Err(fault) => Some(fault),
        };
        all.push(Some(Signed { act: read, also, fault }));
    }
    Ok(all)
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
) -> Result<Result<Vec<u8>, ActCode>, Error> {
    let armored = act.signature.as_ref().and_then(|armored| unarmored(&armored.to_str_lossy()));
    let signature = armored.as_deref().and_then(Signature::parse);
    let (Some(statement), Some(signature)) = (&act.statement, signature) else {
        return Ok(Err(ActCode::BadSignature));
    };
    if signature.namespace != SIGNATURE_NAMESPACE.as_bytes() {
        return Ok(Err(ActCode::WrongNamespace));
    }
    let principals = match signers.principals(&signature.key, request.trigger.now) {
        // A pattern names no person.
        Ok(principals) if principals.iter().any(|principal| principal.contains(['*', '?', '!'])) => {
            return Ok(Err(ActCode::UnknownKey));
        }
        Ok(principals) => principals,
        Err(fault) => return Ok(Err(fault)),
    };
    steps.take(SIGNATURE_STEPS)?;
    let bytes = statement.as_bytes().to_vec();
    if let Err(fault) = signature.verify(&bytes) {
        return Ok(Err(fault));
    }
    let account = |principal: &str| {
        if principal.contains('@') {
            Account { email: Some(Text::from(principal.to_owned())), ..Account::default() }
        } else {
            Account { login: Some(principal.to_owned().into()), ..Account::default() }
        }
    };
    let mut accounts = principals.iter().map(|principal| account(principal));
    let Some(first) = accounts.next() else { return Ok(Err(ActCode::UnknownKey)) };
    act.actor = first;
    also.extend(accounts);
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
