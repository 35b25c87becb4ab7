//! What the installation says itself, whatever stands on a branch.

use std::path::PathBuf;

use clap::Args;
use countersign_host::collect::HostRules;

/// The flags of hook and service for it; both are to say the same.
#[derive(Args)]
pub struct HostRulesChoice {
    /// Refuse changes to a protected branch without a policy.
    #[arg(long, env = "COUNTERSIGN_REQUIRE_POLICY")]
    pub require_policy: bool,
    /// A file that says who may break the glass whatever the policy says, also where there is none or it has a fault.
    #[arg(long, env = "COUNTERSIGN_BREAK_GLASS_FILE", value_name = "FILE")]
    pub break_glass_file: Option<PathBuf>,
}

/// Which repositories of a server the hook judges.
#[derive(Args)]
pub struct Scope {
    /// Judge these repositories alone, OWNER/NAME or OWNER/* [default: all]. A fork carries the policy of what it was made of,
    /// and its owner can sign nothing off there.
    #[arg(long, env = "COUNTERSIGN_ONLY", value_name = "REPOSITORY", value_delimiter = ',')]
    pub only: Vec<String>,
}

impl Scope {
    /// Whether a repository is judged. Names have no case, as on the server; where it has none, it is.
    pub fn holds(&self, repository: &str) -> bool {
        let is_it = |only: &String| match only.strip_suffix("/*") {
            Some(owner) => {
                repository.split_once('/').is_some_and(|(known, _)| known.eq_ignore_ascii_case(owner))
            }
            None => repository.eq_ignore_ascii_case(only),
        };
        self.only.is_empty() || repository.is_empty() || self.only.iter().any(is_it)
    }
}

impl HostRulesChoice {
    /// As the collector takes them.
    pub fn rules(&self) -> HostRules {
        HostRules { require_policy: self.require_policy, break_glass: self.break_glass_file.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_repositories_or_all_of_an_owner() {
        let only = |list: &[&str]| Scope { only: list.iter().map(|only| (*only).to_owned()).collect() };
        for (list, judged, left) in [
            (&[][..], &["acme/app", "olga/app", ""][..], &[][..]),
            (&["acme/*"], &["acme/app", "Acme/other", ""], &["olga/app", "acme2/app", "acme"]),
            (&["acme/app", "shop/*"], &["acme/App", "shop/x"], &["acme/app2", "acme/ap"]),
        ] {
            judged.iter().for_each(|name| assert!(only(list).holds(name), "{list:?} {name}"));
            left.iter().for_each(|name| assert!(!only(list).holds(name), "{list:?} {name}"));
        }
    }
}
