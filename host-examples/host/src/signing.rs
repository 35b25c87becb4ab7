//! Signs and verifies with SSH keys, through `ssh-keygen`, so that agents and security keys work.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use countersign_core::keys::fingerprint;
use countersign_core::shell_word;
use tempfile::NamedTempFile;

/// Why there is no signature, or none that holds.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// OpenSSH is missing.
    #[error("ssh-keygen cannot be run: {0}; install OpenSSH's client, 8.2 or newer")]
    Missing(std::io::Error),
    /// The key cannot be used.
    #[error("{path} cannot be read as an SSH key: {reason}")]
    NoKey {
        /// The path of the key.
        path: PathBuf,
        /// The reason why the key cannot be used.
        reason: String,
    },
    /// ssh-keygen did not sign.
    #[error("ssh-keygen did not sign with {key}: {reason}")]
    NotSigned {
        /// The key's file.
        key: String,
        /// What ssh-keygen printed on standard error.
        reason: String,
    },
    /// The signature is nobody's that is listed.
    #[error("the signature is by nobody whom {signers} lists: {reason}")]
    Unknown {
        /// The path of the list of allowed signers.
        signers: String,
        /// What ssh-keygen printed on standard error.
        reason: String,
    },
    /// A file or a pipe broke.
    #[error("talking to ssh-keygen: {0}")]
    Io(#[from] std::io::Error),
}

fn ssh_keygen(args: &[&str], key: &Path, rest: &[&str], input: &[u8]) -> Result<Output, SigningError> {
    let mut child = Command::new("ssh-keygen")
        .args(args)
        .arg(key)
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(SigningError::Missing)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may have failed before it read all; what it says then is the better error.
        let _ = stdin.write_all(input);
    }
    Ok(child.wait_with_output()?)
}

/// A key that signs.
#[derive(Debug)]
pub struct Key {
    path: PathBuf,
    public: String,
    /// Holds the file of a key that is none of the user's.
    _file: Option<NamedTempFile>,
}

impl Key {
    /// A key by its file: the private one, or the public one of a key that an agent holds.
    ///
    /// # Errors
    /// When it is none, or does not say which public key belongs to it.
    pub fn open(path: &Path) -> Result<Self, SigningError> {
        let no_key = |reason: String| SigningError::NoKey { path: path.to_owned(), reason };
        let text = std::fs::read(path).map_err(|e| no_key(e.to_string()))?;
        let beside = path.with_file_name(format!(
            "{}.pub",
            path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default()
        ));
        let public = match public_line(&String::from_utf8_lossy(&text)) {
            Some(public) => public,
            // What ssh-keygen takes first as well; that it belongs to the private one is seen once it signed.
            None => match std::fs::read_to_string(beside).ok().as_deref().and_then(public_line) {
                Some(public) => public,
                None => {
                    let output = ssh_keygen(&["-y", "-f"], path, &[], &[])?;
                    let public = public_line(&String::from_utf8_lossy(&output.stdout));
                    public.filter(|_| output.status.success()).ok_or_else(|| no_key(said(&output)))?
                }
            },
        };
        Ok(Key { path: path.to_owned(), public, _file: None })
    }

    /// A public key as text, which an agent holds the private one of.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_agent(text: &str) -> Result<Self, SigningError> {
        let public = public_line(text).ok_or_else(|| SigningError::NoKey {
            path: text.into(),
            reason: "it is no public key".to_owned(),
        })?;
        let mut file = tempfile::Builder::new().prefix("countersign-").suffix(".pub").tempfile()?;
        writeln!(file, "{public}")?;
        Ok(Key { path: file.path().to_owned(), public, _file: Some(file) })
    }

    /// The public key: its kind and its base64.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The path of the key's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a person knows it by: its file, or the fingerprint where an agent holds it and the file is none of theirs.
    pub fn name(&self) -> String {
        let of_agent = self._file.as_ref().and_then(|_| fingerprint(&self.public));
        of_agent.map_or_else(|| self.path.display().to_string(), |key| format!("the agent's key {key}"))
    }
}

/// The kind and the base64 of a line that is a public key.
fn public_line(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let (kind, key) = (words.next()?, words.next()?);
    let kinds = ["ssh-", "ecdsa-", "sk-"];
    (kinds.iter().any(|start| kind.starts_with(start)) && key.starts_with("AAAA"))
        .then(|| format!("{kind} {key}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Signs a message for a namespace: SSHSIG, armoured. The key is a private one, or the public one of a key that an agent
/// holds.
///
/// # Errors
/// When ssh-keygen does not sign.
pub fn sign(key: &Path, namespace: &str, message: &[u8]) -> Result<Vec<u8>, SigningError> {
    let output = ssh_keygen(&["-Y", "sign", "-n", namespace, "-f"], key, &[], message)?;
    if !output.status.success() {
        let reason = with_help(said(&output), key);
        return Err(SigningError::NotSigned { key: key.display().to_string(), reason });
    }
    Ok(output.stdout)
}

/// Why it did not sign, and what helps where nobody was there to type a passphrase.
fn with_help(reason: String, key: &Path) -> String {
    let asks = reason.to_lowercase().contains("passphrase");
    let help = asks.then(|| {
        let key = shell_word(&key.display().to_string());
        format!(
            "\n  help: where nobody can type the passphrase, let an agent hold the key first: ssh-add {key}"
        )
    });
    reason + &help.unwrap_or_default()
}

/// Verifies a signature against a list of allowed signers, with the times that it gives for each key; gives the signer.
///
/// # Errors
/// When it is by nobody who is listed for this namespace, or not for this message.
pub fn verify(
    signers: &Path,
    namespace: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<String, SigningError> {
    let mut kept = tempfile::Builder::new().prefix("countersign-").tempfile()?;
    kept.write_all(signature)?;
    let file = kept.path().display().to_string();
    let unknown = |output: &Output| SigningError::Unknown {
        signers: signers.display().to_string(),
        reason: said(output),
    };
    let found = ssh_keygen(&["-Y", "find-principals", "-s", &file, "-f"], signers, &[], &[])?;
    if !found.status.success() {
        return Err(unknown(&found));
    }
    let names = String::from_utf8_lossy(&found.stdout).into_owned();
    let name = names.lines().next().unwrap_or_default().to_owned();
    let rest = ["-I", &name, "-n", namespace, "-s", &file];
    let verified = ssh_keygen(&["-Y", "verify", "-f"], signers, &rest, message)?;
    if verified.status.success() { Ok(name) } else { Err(unknown(&verified)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_that_nobody_typed_is_told_with_what_helps() {
        for (said, helps) in [
            ("Load key \"/k\": incorrect passphrase supplied to decrypt private key", true),
            ("Couldn't sign message: agent refused operation", false),
        ] {
            let reason = with_help(said.to_owned(), Path::new("/my keys/k"));
            assert!(reason.starts_with(said));
            assert_eq!(reason.contains("ssh-add '/my keys/k'"), helps, "{reason}");
        }
    }
}
