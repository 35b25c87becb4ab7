//! The forge that a hook may ask about a change that its server merges, as the command line names it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

/// The options for it, of the hook itself and of what installs it. Without them nobody is asked.
#[derive(Debug, Clone, Default, Args)]
pub struct AskedForge {
    /// The forge's root, such as http://127.0.0.1:3000/.
    #[arg(long, env = "COUNTERSIGN_FORGE_URL", value_name = "URL", requires = "token_file")]
    url: Option<String>,
    /// A file with a token of the forge, which the server's account can read and nobody else.
    #[arg(long, env = "COUNTERSIGN_FORGE_TOKEN_FILE", value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
}

impl AskedForge {
    /// The forge's root, and the file with the token.
    pub fn named(&self) -> Option<(&str, &Path)> {
        Some((self.url.as_deref()?, self.token_file.as_deref()?))
    }

    /// The file with the token.
    pub fn token_file(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    /// The flags by which an installed hook knows the forge.
    ///
    /// # Errors
    /// When the file with the token is not there.
    pub fn flags(&self) -> anyhow::Result<Vec<String>> {
        let Some((url, file)) = self.named() else { return Ok(Vec::new()) };
        let file = file.canonicalize().with_context(|| format!("the token file {}", file.display()))?;
        Ok(vec!["--url".into(), url.to_owned(), "--token-file".into(), file.display().to_string()])
    }
}
