//! Public keys as SSH writes them, and the signatures that they make.

mod sshsig;
mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

pub use sshsig::signed_by;
pub(crate) use sshsig::{Signature, unarmored};
use wire::{Wire, trimmed};

/// Bytes of the modulus of an RSA key: shorter ones can be factored, longer ones take long to verify.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;

/// A public key in the wire format of SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// From the base64 of a line of allowed_signers, authorized_keys or a `.pub` file.
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().map(PublicKey)
    }

    /// The kind that the key says it is of.
    pub fn kind(&self) -> Option<&[u8]> {
        Wire(&self.0).string()
    }

    /// Its base64, as in a `.pub` file.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// What `ssh-keygen -l` calls it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.0)))
    }

    /// Whether signatures by such a key are verified here, as far as the key itself says.
    pub fn is_verified(&self) -> bool {
        let mut wire = Wire(&self.0);
        match wire.string() {
            Some(b"ssh-ed25519" | b"sk-ssh-ed25519@openssh.com" | b"ecdsa-sha2-nistp256") => true,
            Some(b"ssh-rsa") => {
                let (_, modulus) = (wire.string(), wire.string());
                modulus.is_some_and(|modulus| RSA_BYTES.contains(&trimmed(modulus).len()))
            }
            _ => false,
        }
    }
}

/// The parts of a text; what parts them belongs to a part inside of quotes, and the quotes stay.
pub(crate) fn parts(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    let mut quoted = false;
    let parts = text.split(move |c: char| {
        quoted ^= c == '"';
        !quoted && separates(c)
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// The words of a line, as sshd reads them: what stands in quotes is one.
pub(crate) fn words(line: &str) -> Vec<&str> {
    parts(line, char::is_whitespace)
}

/// Kinds of keys as lines name them.
pub(crate) const KINDS: &[&str] = &[
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
];

/// A kind and the key behind it, which says the same kind itself.
pub(crate) fn key_of(kind: &str, key: &str) -> Option<PublicKey> {
    let key = PublicKey::from_base64(key)?;
    (KINDS.contains(&kind) && key.kind() == Some(kind.as_bytes())).then_some(key)
}

/// Whether a text is a public key, as `ssh-keygen` writes it.
pub(crate) fn is_public_key(text: &str) -> bool {
    public_key(text).is_some()
}

/// What `ssh-keygen -l` calls a public key; none of a text that is none.
pub fn fingerprint(public: &str) -> Option<String> {
    Some(public_key(public)?.fingerprint())
}

/// The public key that a text is, as `ssh-keygen` writes it.
pub(crate) fn public_key(text: &str) -> Option<PublicKey> {
    plain_key(&words(text))
}

/// The key of a line that holds nothing else, but for a comment.
pub(crate) fn plain_key(words: &[&str]) -> Option<PublicKey> {
    match words {
        [kind, key, ..] => key_of(kind, key),
        _ => None,
    }
}
