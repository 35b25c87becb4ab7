//! What a platform adds to what git knows.

use countersign_core::model::{Change, Fact, Needs, Request, Software, TriggerKind, Unavailable};

use super::CollectError;

/// Where a change is made: it knows who did what, and git does not. A platform copies what it is asked for, names what
/// it could not get, and says of each list whether it is whole; what that means is the module's matter.
pub trait Platform {
    /// What asks, and the platform that the facts come from.
    fn trigger(&self) -> (TriggerKind, Software<'static>);

    /// What the platform calls the change and its repository. Asked first, so that every answer names them.
    fn names(&self, change: &mut Change<'static>);

    /// The facts that the platform does not have at all.
    fn absent(&self) -> &[Fact];

    /// Copies the facts that are asked for into a request that holds what git knows. The acts are always asked for.
    ///
    /// # Errors
    /// When nothing can be decided without them; a fact that is merely missing is named in the request.
    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError>;
}

/// Says what is known where git alone is asked about commits that came by a push: all acts, which are signed statements, and no group.
/// `why` is the reason that nobody is asked for the members of groups.
pub fn of_git_alone(needs: &Needs, request: &mut Request<'static>, why: &'static str) {
    if needs.facts.contains(&Fact::Groups) {
        request.unavailable.push(Unavailable { fact: Fact::Groups, of: None, reason: why.into() });
    }
    request.complete.push(Fact::Acts);
}
