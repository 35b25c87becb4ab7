//! How a ref would be moved, which comes before every rule: whether it is protected at all, and what no rule about
//! commits and files can see.

use crate::model::{Change, Fact, FileStatus, MergeKind, Outcome, Request, Role, TriggerKind, signoff_files};
use crate::order::Index;
use crate::policy::Protects;
use crate::wellknown::{SIGNOFF_REFS, SIGNOFFS};

/// Whether a push would move a ref that holds sign-offs. No policy is asked about it.
pub(super) fn holds_signoffs(request: &Request<'_>, change: &Change<'_>) -> bool {
    request.trigger.kind == TriggerKind::PreReceive && change.target.starts_with(SIGNOFF_REFS)
}

/// What is said of a push to a ref that holds sign-offs. They are only ever added: whoever may push could else put away what
/// somebody refused.
pub(super) fn of_signoffs(request: &Request<'_>, change: &Change<'_>) -> (Outcome, String) {
    let (target, tip) = (&change.target, &change.base_tip);
    let denied = |what: String| {
        let why =
            format!("Denied: {what}, where sign-offs are only added; fetch it, and add to what it holds");
        (Outcome::Denied, why)
    };
    if change.head.is_zero() {
        return denied(format!("this would delete {target}"));
    }
    // Git keeps no ref below another, so that one below the documented one would keep that from ever being made.
    if target.strip_prefix(SIGNOFFS).is_some_and(|below| below.starts_with('/')) {
        let why = format!("Denied: {target} would stand in the place of {SIGNOFFS}; push to that");
        return (Outcome::Denied, why);
    }
    if !request.complete.contains(&Fact::Files) {
        return denied(format!("what this would do to {target} is not known"));
    }
    if !tip.is_zero() && change.merge_base.as_ref() != Some(tip) {
        return denied(format!("{} does not hold {} of {target}", change.head.short(), tip.short()));
    }
    if let Some(taken) = request.files.iter().find(|file| file.status != FileStatus::Added) {
        let path = taken.previous_path.as_ref().unwrap_or(&taken.path).to_str_lossy();
        return denied(format!("this would change or take away {path} of {target}"));
    }
    let added = Index::of(request.files.iter().map(|file| file.path.as_bytes()));
    // What git puts into no index, such as `.git/x` or `../x`, would keep everybody from adding to it.
    let is_whole = |path: &str| {
        signoff_files(path).is_some_and(|(name, endings)| {
            endings.iter().all(|ending| added.get(format!("{name}.{ending}").as_bytes()).is_some())
        })
    };
    match request.files.iter().find(|file| !is_whole(&file.path.to_str_lossy())) {
        Some(odd) => {
            let path = odd.path.to_str_lossy();
            denied(format!(
                "{path} is no statement with its signature beside it, and {target} holds no other"
            ))
        }
        None => (Outcome::NotApplicable, format!("Passes: {target} only gains sign-offs")),
    }
}

/// What is said of a push that makes or moves a branch or a tag whose name begins like the full name of a ref: git takes a full name
/// for either (git 2.39, "git help revisions"), so that whoever makes one keeps everybody from pushing to the ref that is meant.
pub(super) fn shadows(request: &Request<'_>, change: &Change<'_>) -> Option<(Outcome, String)> {
    let target = &change.target;
    let short = ["refs/heads/", "refs/tags/"].iter().find_map(|folder| target.strip_prefix(folder))?;
    let makes = request.trigger.kind == TriggerKind::PreReceive && !change.head.is_zero();
    (makes && short.starts_with("refs/")).then(|| {
        let why = format!(
            "Denied: git would take {target} for {short}; take a name that does not begin with `refs/`"
        );
        (Outcome::Denied, why)
    })
}

/// Why nothing is gated: a hook or a service was asked about a ref that is not protected. A command judges the target that
/// it is given.
pub(super) fn unprotected(request: &Request<'_>, change: &Change<'_>) -> Option<String> {
    let gates = matches!(
        request.trigger.kind,
        TriggerKind::PreReceive | TriggerKind::Webhook | TriggerKind::Reconcile
    );
    let target = change.target.as_ref();
    // Where the default branch is not known, the target takes its place.
    let default = change.default_branch.as_deref().unwrap_or(target);
    if !gates || target == default {
        return None;
    }
    // The list stands in the policy of the default branch. The first that can be read is the last that was valid.
    let mut says = request.documents.iter().filter(|document| document.role == Role::Protection);
    let protects = says.find_map(|document| Protects::read(document.bytes.as_bytes()));
    let protects = protects.unwrap_or_default();
    if protects.matches(target) {
        return None;
    }
    let short = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    let all: Vec<String> = std::iter::once(short(default)).chain(protects.sources()).collect();
    Some(format!("Passes: {} is not protected: the policy protects {}", short(target), all.join(", ")))
}

/// Whether what a merge made holds what merging the change gives; not known without that tree.
pub(super) fn is_altered(change: &Change<'_>) -> Option<bool> {
    let result = change.result.as_ref().filter(|result| result.kind != MergeKind::Push)?;
    change.merge_tree.as_ref().map(|tree| *tree != result.tree)
}

/// Whether a merge may hold something else than what was answered for.
pub(super) fn is_doubtful(change: &Change<'_>) -> bool {
    let merges = change.result.as_ref().is_some_and(|result| result.kind != MergeKind::Push);
    merges && is_altered(change) != Some(false)
}

/// What came into the target before this change and was never decided about. It is a change of its own, and settled first:
/// what stands on it would carry it along.
pub(super) fn unsettled(request: &Request<'_>, change: &Change<'_>) -> Option<String> {
    let audited = request.history.as_ref()?.audited.as_ref()?;
    let (tip, target) =
        (&change.base_tip, change.target.strip_prefix("refs/heads/").unwrap_or(&change.target));
    (audited != tip && !tip.is_zero()).then(|| {
        let since =
            if audited.is_zero() { "all of it".to_owned() } else { format!("what came in after {}", audited.short()) };
        format!(
            "Blocked: {target} stands at {}, and {since} was never decided about; that is settled first, by a signed \
             sign-off for exactly {}",
            tip.short(),
            tip.short()
        )
    })
}

/// What stops a move of a protected ref, whatever its rules say.
pub(super) fn stops(change: &Change<'_>) -> Option<(Outcome, String)> {
    let target = change.target.strip_prefix("refs/heads/").unwrap_or(&change.target);
    if change.head.is_zero() {
        let why = format!("Denied: this would delete {target}, which is protected");
        return Some((Outcome::Denied, why));
    }
    let result = change.result.as_ref()?;
    if result.kind == MergeKind::Push {
        let drops = !change.base_tip.is_zero() && change.merge_base.as_ref() != Some(&change.base_tip);
        return drops.then(|| {
            let (tip, head) = (change.base_tip.short(), change.head.short());
            let why = format!(
                "Denied: this would take commits off {target}, which is protected: {head} does not hold {tip}; \
                 push commits that stand on {tip}, such as those of `git revert`"
            );
            (Outcome::Denied, why)
        });
    }
    let made = result.commit.short();
    match is_altered(change) {
        Some(false) => None,
        Some(true) => Some((
            Outcome::Pending,
            format!(
                "Blocked: {made} holds something else than merging {} into {target} gives",
                change.head.short()
            ),
        )),
        None => Some((
            Outcome::Pending,
            format!(
                "Blocked: whether {made} holds just what merging {} gives is not known",
                change.head.short()
            ),
        )),
    }
}
