//! Signs and verifies with SSH keys, through `ssh-keygen`, so that agents and security keys work.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Why there is no signature, or none that holds.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// OpenSSH is missing.
    #[error("ssh-keygen cannot be run: {0}; install OpenSSH's client, 8.2 or newer")]
    Missing(std::io::Error),
    /// It did not sign.
    #[error("ssh-keygen did not sign with {key}: {reason}")]
    NotSigned {
        /// The key's file.
        key: String,
        /// What it said.
        reason: String,
    },
    /// The signature is nobody's that is listed.
    #[error("the signature is by nobody whom {signers} lists: {reason}")]
    Unknown {
        /// The list.
        signers: String,
        /// What ssh-keygen said.
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
        return Err(SigningError::NotSigned { key: key.display().to_string(), reason: said(&output) });
    }
    Ok(output.stdout)
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
    let folder = std::env::temp_dir().join(format!("countersign-{}-{}", std::process::id(), unique()));
    std::fs::create_dir_all(&folder)?;
    let result = verify_in(&folder, signers, namespace, message, signature);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn verify_in(
    folder: &Path,
    signers: &Path,
    namespace: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<String, SigningError> {
    let file = folder.join("signature");
    std::fs::write(&file, signature)?;
    let file = file.display().to_string();
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

/// Different for each call of this process.
fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
