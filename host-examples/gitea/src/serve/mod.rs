//! `countersign-gitea serve`: judges pull requests as they change, shows what came out, and keeps the record.

mod client;
mod event;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use countersign_host::module::Module;
use countersign_serve::options::ServeOptions;

use crate::api;
use client::Gitea;

/// The time for the forge's first answer.
const SHORT: Duration = Duration::from_secs(5);

pub use event::is_repository;

/// Judges pull requests as they change: a webhook service with pages, a queue and the audit trail.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign-gitea serve --listen 127.0.0.1:8420 --url https://git.example.com/ \\\n    \
    --token-file gate.token --webhook-secret-file webhook.secret \\\n    --public-url https://gate.example.com/\n\n\
    POST /webhook takes events; GET / lists what is open, /decisions/HASH shows what was decided; /healthz, /readyz and\n\
    /metrics are for machines. SIGTERM ends it; what is not done stays in the queue.\n\nExit codes: 0 ended, 2 cannot run"
)]
pub struct Serve {
    #[command(flatten)]
    options: ServeOptions,
}

impl Serve {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let options = &self.options;
        let (token, webhook_secret) = (options.token()?, options.webhook_secret()?);
        if let Some(odd) = options.repo.iter().find(|name| !is_repository(name)) {
            bail!("`--repo {odd}` is no repository: write OWNER/NAME");
        }
        let mirrors = &options.mirrors;
        std::fs::create_dir_all(mirrors).with_context(|| mirrors.display().to_string())?;
        let module = Arc::new(Module::embedded()?);
        if let (_, Some(fault)) = options.host.rules(&module) {
            return Err(fault);
        }
        let api = api::client(&options.url, &token, SHORT);
        let settings = options.settings(api.authorization());
        let forge = Gitea::new(api, webhook_secret.into_bytes(), mirrors);
        countersign_serve::run(settings, Box::new(forge), module)?;
        Ok(ExitCode::SUCCESS)
    }
}
