//! What the installation says itself, whatever stands on a branch.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::model::{API_VERSION, PolicyReport, PolicySource, Role, Text, read};
use countersign_host::collect::HostRules;
use countersign_host::module::{Function, Module};

/// The flags of hook and service for it; both are to say the same.
#[derive(Debug, Clone, Args)]
pub struct HostRulesChoice {
    /// Refuse changes to a protected branch without a policy.
    #[arg(long, env = "COUNTERSIGN_REQUIRE_POLICY")]
    pub require_policy: bool,
    /// A file that says who may break the glass whatever the policy says, also where there is none or it has a fault.
    #[arg(long, env = "COUNTERSIGN_BREAK_GLASS_FILE", value_name = "FILE")]
    pub break_glass_file: Option<PathBuf>,
}

/// Which repositories of a server the hook judges.
#[derive(Debug, Clone, Args)]
pub struct Scope {
    /// Judge these repositories alone, OWNER/NAME or OWNER/* [default: all]. A fork carries the policy of what it was made of,
    /// and its owner can sign nothing off there.
    #[arg(long, env = "COUNTERSIGN_ONLY", value_name = "REPOSITORY", value_delimiter = ',', value_parser = only)]
    pub only: Vec<String>,
}

/// A list that names nothing would judge nothing, so what names nothing is no list.
fn only(text: &str) -> Result<String, String> {
    let text = text.trim();
    let names = |part: &str| !part.is_empty() && !part.contains(['*', '/']);
    match text.split_once('/') {
        Some((owner, name)) if names(owner) && (name == "*" || names(name)) => Ok(text.to_owned()),
        _ => Err("write OWNER/NAME, or OWNER/* for all that the owner has".to_owned()),
    }
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
    /// As the collector takes them, and what is wrong with the file: it lets nobody break the glass then, and stops no push
    /// beside that.
    pub fn rules(&self, module: &Module) -> (HostRules, Option<anyhow::Error>) {
        let file = self.break_glass_file.clone();
        let fault = file.as_ref().and_then(|path| check(module, path).err());
        let break_glass = file.filter(|_| fault.is_none());
        let fault = fault.map(|fault| fault.context("the file of who may break the glass"));
        (HostRules { require_policy: self.require_policy, break_glass }, fault)
    }
}

/// Says what is wrong with a file of who may break the glass.
fn check(module: &Module, path: &Path) -> anyhow::Result<()> {
    let name = path.display().to_string();
    let source = PolicySource {
        api_version: API_VERSION.into(),
        bytes: Text::from_bytes(std::fs::read(path).with_context(|| name.clone())?),
        name: name.into(),
        role: Some(Role::BreakGlass),
        ..PolicySource::default()
    };
    let answer = module.call(Function::CheckPolicy, &serde_json::to_vec(&source)?)?;
    let report: PolicyReport = read(answer.as_bytes())?;
    if !report.valid {
        bail!("it has a fault\n{}", module.render(&answer, "text", false, false)?.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_names_nothing_is_none() {
        for text in ["", " ", "acme", "acme/", "/app", "*/*", "*", "acme/a*", "acme/a/b"] {
            assert!(only(text).is_err(), "{text:?}");
        }
        assert_eq!(only(" acme/* ").as_deref(), Ok("acme/*"));
    }

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
