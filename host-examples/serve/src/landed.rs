//! What is known of commits that came to a branch by no change.

use countersign_core::model::{Change, Fact, Needs, Request, Software, TriggerKind};
use countersign_host::collect::{CollectError, Platform, of_git_alone};

/// Commits that stand on a branch, of which git alone says anything.
pub struct Landed {
    /// The name of the forge's software.
    pub software: &'static str,
    /// The repository, `owner/name`.
    pub repository: String,
}

impl Platform for Landed {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (TriggerKind::Webhook, Software { name: self.software.into(), version: "".into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        change.repository.name = Some(self.repository.clone().into());
    }

    fn absent(&self) -> &[Fact] {
        &[Fact::Text, Fact::History, Fact::Opener, Fact::Requester, Fact::People, Fact::Pushes]
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        let why =
            "nobody is asked about commits that came in by no pull request; list the people under `users`";
        of_git_alone(needs, request, why);
        Ok(())
    }
}
