//! The command line of a service, whatever forge it serves.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use countersign_audit::Database;
use countersign_audit::anchor::Anchorage;
use countersign_hook::HostRulesChoice;
use countersign_host::git::Remote;

use crate::service::Settings;

/// The options of `serve`. A forge adds those that only it knows.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Where it listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8420")]
    pub listen: SocketAddr,
    /// The forge's root.
    #[arg(long, env = "COUNTERSIGN_FORGE_URL", value_name = "URL")]
    pub url: String,
    /// A file with a token of the gate's own account.
    #[arg(long, env = "COUNTERSIGN_FORGE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: PathBuf,
    /// A file with the secret that the webhooks are signed with.
    #[arg(long, value_name = "FILE")]
    pub webhook_secret_file: PathBuf,
    /// Queue and audit trail: sqlite://PATH or postgres://USER@HOST/NAME.
    #[arg(
        long,
        env = "COUNTERSIGN_DATABASE",
        value_name = "URL",
        default_value = "sqlite://countersign.sqlite"
    )]
    pub database: Database,
    /// The address by which people reach the pages, the same for all replicas [default: http://ADDR].
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// A repository that is looked after before it sends a webhook. Others are from their first on.
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Vec<String>,
    /// The folder of the bare mirrors.
    #[arg(long, value_name = "DIR", default_value = "countersign-mirrors")]
    pub mirrors: PathBuf,
    /// The spool of the hook on this machine.
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,
    /// How many changes are judged at once.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub workers: usize,
    /// How often all that is open is looked at, in seconds: the forge says some things never and everything only once.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub reconcile: u64,
    /// How many seconds one change may take before another replica takes it over.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub lease: u64,
    /// Ask for changes by a review of the gate's own until it passes (see `setup --veto`).
    #[arg(long)]
    pub veto: bool,
    /// What the server's own configuration says.
    #[command(flatten)]
    pub host: HostRulesChoice,
    /// Remove requests, answers and the words of approvers after this many days [default: keep them].
    #[arg(long, value_name = "DAYS")]
    pub retention_days: Option<u32>,
    /// A bare repository that holds the anchors of the audit trail; made when missing.
    #[arg(long, value_name = "DIR", requires = "anchor_key")]
    pub anchors: Option<PathBuf>,
    /// The SSH key that signs them.
    #[arg(long, value_name = "FILE", requires = "anchors")]
    pub anchor_key: Option<PathBuf>,
    /// A repository that they are pushed to.
    #[arg(long, value_name = "URL", requires = "anchors")]
    pub anchor_remote: Option<String>,
}

impl ServeOptions {
    /// The token of the gate's own account.
    ///
    /// # Errors
    /// When its file cannot be read or is empty.
    pub fn token(&self) -> anyhow::Result<String> {
        secret(&self.token_file, "the forge's token")
    }

    /// The secret that the webhooks are signed with.
    ///
    /// # Errors
    /// When its file cannot be read or is empty.
    pub fn webhook_secret(&self) -> anyhow::Result<String> {
        secret(&self.webhook_secret_file, "the webhook's secret")
    }

    /// How the service runs. `authorization` is what git tells the forge in the header of that name: a remote of the anchors gets it
    /// where it is on the forge itself, and nobody else does.
    pub fn settings(&self, authorization: Option<String>) -> Settings {
        let root = format!("{}/", self.url.trim_end_matches('/'));
        let remote = self
            .anchor_remote
            .clone()
            .map(|url| Remote { authorization: authorization.filter(|_| url.starts_with(&root)), url });
        let anchorage = self.anchors.clone().zip(self.anchor_key.clone());
        Settings {
            listen: self.listen,
            database: self.database.clone(),
            public_url: self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen)),
            repositories: self.repo.clone(),
            workers: self.workers,
            lease: Duration::from_secs(self.lease),
            reconcile: Duration::from_secs(self.reconcile),
            spool: self.spool.clone(),
            retention_days: self.retention_days,
            anchorage: anchorage.map(|(folder, key)| Anchorage { folder, key, remote }),
            mirrors: self.mirrors.clone(),
            host: self.host.clone(),
            veto: self.veto,
        }
    }
}

/// Reads a file that holds one secret, without the space around it. `what` names the secret in an error, such as `the forge's token`.
///
/// # Errors
/// When the file cannot be read or is empty.
pub fn secret(path: &Path, what: &str) -> anyhow::Result<String> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {what} from {}", path.display()))?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        bail!("{} is empty: it should hold {what}", path.display());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: ServeOptions,
    }

    fn options(more: &[&str]) -> ServeOptions {
        let needed =
            ["serve", "--url", "https://git.example.com", "--token-file", "t", "--webhook-secret-file", "s"];
        Program::parse_from([&needed[..], more].concat()).options
    }

    #[test]
    fn the_token_of_the_forge_goes_to_no_other_server() {
        for (remote, told) in [
            ("https://git.example.com/acme/anchors.git", true),
            ("https://git.example.com.evil.example/acme/anchors.git", false),
            ("https://elsewhere.example/acme/anchors.git", false),
            ("/srv/anchors.git", false),
        ] {
            let options = options(&["--anchors", "a", "--anchor-key", "k", "--anchor-remote", remote]);
            let settings = options.settings(Some("token 0123".into()));
            let known = settings.anchorage.unwrap().remote.unwrap();
            assert_eq!((known.url.as_str(), known.authorization.is_some()), (remote, told));
        }
    }

    #[test]
    fn pages_stand_where_the_service_listens_unless_it_is_said_otherwise() {
        assert_eq!(options(&[]).settings(None).public_url, "http://127.0.0.1:8420");
        let said = options(&["--public-url", "https://gate.example.com/"]);
        assert_eq!(said.settings(None).public_url, "https://gate.example.com/");
    }

    #[test]
    fn a_file_without_a_secret_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, read) in [("", None), (" \n", None), ("0123\n", Some("0123"))] {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(secret(file.path(), "a secret").ok().as_deref(), read, "{text:?}");
        }
        assert!(secret(Path::new("/nowhere"), "a secret").is_err());
    }
}
