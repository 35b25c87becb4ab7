//! Whether the head of a change is the one that was pushed: a sign-off of another is in vain.

use countersign_core::model::Change;
use countersign_core::{plain, shell_word};
use countersign_host::collect::Collector;
use countersign_host::git::{Head, Pushed};

use crate::change::ChangeChoice;

/// How the head of a change stands to what was pushed.
pub struct Standing {
    pushed: Pushed,
    head: String,
    target: String,
    remote: Option<String>,
}

impl Standing {
    /// Looks it up in what this clone has fetched.
    pub fn of(choice: &ChangeChoice, collector: &Collector<'_>, change: &Change<'_>) -> anyhow::Result<Self> {
        let repository = collector.repository();
        let (branch, is_named) = match choice.head.as_deref() {
            None | Some("HEAD" | "@") => (repository.symbolic_ref("HEAD")?, choice.head.is_some()),
            Some(name) if name.starts_with("refs/heads/") => (Some(name.to_owned()), true),
            Some(name) => (Some(format!("refs/heads/{name}")), true),
        };
        let branch = branch.filter(|branch| repository.has_ref(branch).unwrap_or_default());
        let head = Head { commit: change.head.as_str(), branch: branch.as_deref(), is_named };
        let remote = change.repository.remote.as_deref();
        let pushed = match (remote, change.target.strip_prefix("refs/heads/")) {
            (Some(remote), Some(target)) => {
                repository.pushed(head, &format!("refs/remotes/{remote}/{target}"), remote)?
            }
            _ => Pushed::Stands,
        };
        Ok(Standing {
            pushed,
            head: change.head.short().to_owned(),
            target: change.target.to_string(),
            remote: remote.map(str::to_owned),
        })
    }

    /// Whether a sign-off of it would be for a commit that nobody merges.
    pub fn is_in_vain(&self) -> bool {
        matches!(self.pushed, Pushed::Behind { .. } | Pushed::Replaced { .. } | Pushed::Unpushed)
    }

    /// What a reader should know of it.
    pub fn remark(&self) -> Option<String> {
        let head = &self.head;
        match &self.pushed {
            Pushed::Stands => None,
            Pushed::Behind { place, commits } => {
                let commits =
                    if *commits == 1 { "1 commit".to_owned() } else { format!("{commits} commits") };
                Some(format!(
                    "{} has {commits} that {head} does not hold: what is pushed there is another head.",
                    plain(place)
                ))
            }
            Pushed::Replaced { place } => Some(format!(
                "{} held {head} once and was made anew without it: what is pushed there is another head.",
                plain(place)
            )),
            Pushed::Unpushed => Some(format!(
                "No branch of a remote that was fetched holds {head}: as far as is known here, it is not pushed."
            )),
            Pushed::Elsewhere => Some(format!(
                "No branch of a remote that was fetched holds {head}: a sign-off of it counts where a change has exactly this head."
            )),
        }
    }

    /// Why nothing is signed, and what helps.
    pub fn refusal(&self) -> String {
        let why = self.remark().unwrap_or_default();
        let next = match &self.pushed {
            Pushed::Behind { place, .. } | Pushed::Replaced { place } => format!(
                "to look at what is pushed there and sign that:\n    git fetch {}\n    countersign approve --target {} --head {}",
                shell_word(self.remote.as_deref().unwrap_or_default()),
                shell_word(&self.target),
                shell_word(place)
            ),
            _ => format!(
                "to push it first:\n    git push {} HEAD",
                shell_word(self.remote.as_deref().unwrap_or_default())
            ),
        };
        format!(
            "It would be in vain, and nothing is signed: {why}\n  {next}\n  --anyway signs it all the same\n"
        )
    }
}
