//! SSH signatures as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig), verified here so that every host
//! verifies alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

use super::PublicKey;
use super::wire::{Wire, put, trimmed};
use crate::model::{ActCode, SIGNATURE_NAMESPACE};

/// A signature, taken apart.
pub(crate) struct Signature<'s> {
    pub key: PublicKey,
    pub namespace: &'s [u8],
    reserved: &'s [u8],
    hash: &'s [u8],
    signature: &'s [u8],
}

/// Bytes between the lines of an armored signature.
pub(crate) fn unarmored(armored: &str) -> Option<Vec<u8>> {
    let body = armored.trim().strip_prefix("-----BEGIN SSH SIGNATURE-----")?;
    let body = body.strip_suffix("-----END SSH SIGNATURE-----")?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}

/// The fingerprint of the key that signed these bytes as a sign-off; none where nothing shows that it did.
pub fn signed_by(bytes: &[u8], armored: &str) -> Option<String> {
    let signature = unarmored(armored)?;
    let signature = Signature::parse(&signature)?;
    let is_signoff = signature.namespace == SIGNATURE_NAMESPACE.as_bytes();
    (is_signoff && signature.verify(bytes).is_ok()).then(|| signature.key.fingerprint())
}

impl<'s> Signature<'s> {
    /// Takes the bytes of a signature apart.
    pub fn parse(bytes: &'s [u8]) -> Option<Self> {
        let mut wire = Wire(bytes.strip_prefix(b"SSHSIG")?);
        if wire.number()? != 1 {
            return None;
        }
        let key = PublicKey(wire.string()?.to_vec());
        let namespace = wire.string()?;
        let reserved = wire.string()?;
        let hash = wire.string()?;
        let signature = wire.string()?;
        wire.end()?;
        Some(Signature { key, namespace, reserved, hash, signature })
    }

    /// Whether the key signed the message.
    ///
    /// # Errors
    /// `key-type` for a kind of key or hash that is not verified here, `bad-signature` for everything else.
    pub fn verify(&self, message: &[u8]) -> Result<(), ActCode> {
        if !self.key.is_verified() {
            return Err(ActCode::KeyType);
        }
        let digest = match self.hash {
            b"sha256" => Sha256::digest(message).to_vec(),
            b"sha512" => Sha512::digest(message).to_vec(),
            _ => return Err(ActCode::KeyType),
        };
        let mut signed = b"SSHSIG".to_vec();
        for part in [self.namespace, self.reserved, self.hash, &digest] {
            put(&mut signed, part);
        }
        let mut key = Wire(&self.key.0);
        let mut signature = Wire(self.signature);
        let kind = key.string().ok_or(ActCode::BadSignature)?;
        let algorithm = signature.string().ok_or(ActCode::BadSignature)?;
        let good = match kind {
            b"ssh-ed25519" if algorithm == kind => ed25519(&mut key, &mut signature, &signed),
            b"sk-ssh-ed25519@openssh.com" if algorithm == kind => {
                security_key(&mut key, &mut signature, &signed)
            }
            b"ecdsa-sha2-nistp256" if algorithm == kind => p256(&mut key, &mut signature, &signed),
            b"ssh-rsa" if matches!(algorithm, b"rsa-sha2-256" | b"rsa-sha2-512") => {
                rsa(&mut key, &mut signature, algorithm, &signed)
            }
            b"ssh-ed25519" | b"sk-ssh-ed25519@openssh.com" | b"ecdsa-sha2-nistp256" => None,
            _ => return Err(ActCode::KeyType),
        };
        good.ok_or(ActCode::BadSignature)
    }
}

fn ed25519_key(key: &mut Wire<'_>) -> Option<ed25519_dalek::VerifyingKey> {
    ed25519_dalek::VerifyingKey::from_bytes(key.string()?.try_into().ok()?).ok()
}

fn ed25519(key: &mut Wire<'_>, signature: &mut Wire<'_>, signed: &[u8]) -> Option<()> {
    let verifying = ed25519_key(key)?;
    key.end()?;
    let bytes = signature.string()?;
    signature.end()?;
    let signature = ed25519_dalek::Signature::from_bytes(bytes.try_into().ok()?);
    verifying.verify_strict(signed, &signature).ok()
}

/// A security key signs the hash of its application's name, what it saw of its user, a counter, and the hash of the
/// message (OpenSSH's PROTOCOL.u2f).
fn security_key(key: &mut Wire<'_>, signature: &mut Wire<'_>, signed: &[u8]) -> Option<()> {
    /// Somebody touched the key.
    const PRESENT: u8 = 1;
    let verifying = ed25519_key(key)?;
    let application = key.string()?;
    key.end()?;
    let bytes = signature.string()?;
    let (flags, counter) = (signature.take(1)?, signature.take(4)?);
    signature.end()?;
    let present = flags.first().is_some_and(|flags| flags & PRESENT != 0);
    let mut message = Sha256::digest(application).to_vec();
    message.extend(flags);
    message.extend(counter);
    message.extend(Sha256::digest(signed));
    let signature = ed25519_dalek::Signature::from_bytes(bytes.try_into().ok()?);
    verifying.verify_strict(&message, &signature).ok().filter(|()| present)
}

fn p256(key: &mut Wire<'_>, signature: &mut Wire<'_>, signed: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::Verifier;
    if key.string()? != b"nistp256" {
        return None;
    }
    let verifying = p256::ecdsa::VerifyingKey::from_sec1_bytes(key.string()?).ok()?;
    key.end()?;
    let mut numbers = Wire(signature.string()?);
    signature.end()?;
    let mut scalar = || -> Option<[u8; 32]> {
        let number = trimmed(numbers.string()?);
        let mut padded = [0; 32];
        padded.get_mut(32_usize.checked_sub(number.len())?..)?.copy_from_slice(number);
        Some(padded)
    };
    let (r, s) = (scalar()?, scalar()?);
    numbers.end()?;
    let signature = p256::ecdsa::Signature::from_scalars(r, s).ok()?;
    verifying.verify(signed, &signature).ok()
}

fn rsa(key: &mut Wire<'_>, signature: &mut Wire<'_>, algorithm: &[u8], signed: &[u8]) -> Option<()> {
    use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey as RsaPublicKey};
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(trimmed(bytes));
    let exponent = key.string()?;
    let modulus = key.string()?;
    key.end()?;
    let bytes = signature.string()?;
    signature.end()?;
    let verifying = RsaPublicKey::new(number(modulus), number(exponent)).ok()?;
    // What OpenSSH strips from the front of a signature has to be there for the padding.
    let mut padded = vec![0; trimmed(modulus).len().saturating_sub(bytes.len())];
    padded.extend(bytes);
    match algorithm {
        b"rsa-sha2-256" => verifying.verify(
            Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() },
            &Sha256::digest(signed),
            &padded,
        ),
        _ => verifying.verify(
            Pkcs1v15Sign { hash_len: Some(64), prefix: SHA512_PREFIX.into() },
            &Sha512::digest(signed),
            &padded,
        ),
    }
    .ok()
}

/// DER of what names SHA-256 before a hash (RFC 8017, section 9.2).
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
/// DER of what names SHA-512 before a hash.
const SHA512_PREFIX: [u8; 19] = [
    0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00,
    0x04, 0x40,
];

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    /// What a security key gives for a message that it signs with these flags, by the application's name.
    fn by_security_key(kind: &[u8], application: &[u8], flags: u8, more: &[u8]) -> Vec<u8> {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let mut key = Vec::new();
        put(&mut key, kind);
        put(&mut key, signing.verifying_key().as_bytes());
        put(&mut key, application);
        let mut signed = b"SSHSIG".to_vec();
        for part in [b"countersign".as_slice(), b"", b"sha512", &Sha512::digest(b"words")] {
            put(&mut signed, part);
        }
        let mut message = Sha256::digest(b"ssh:").to_vec();
        message.extend([flags, 0, 0, 0, 9]);
        message.extend(Sha256::digest(&signed));
        let mut signature = Vec::new();
        put(&mut signature, kind);
        put(&mut signature, &signing.sign(&message).to_bytes());
        signature.extend([flags, 0, 0, 0, 9]);
        signature.extend(more);
        let mut whole = b"SSHSIG\0\0\0\x01".to_vec();
        for part in [key.as_slice(), b"countersign", b"", b"sha512", &signature] {
            put(&mut whole, part);
        }
        whole
    }

    #[test]
    fn a_security_key_signs_when_somebody_touched_it() {
        const KIND: &[u8] = b"sk-ssh-ed25519@openssh.com";
        let verify = |bytes: &[u8], message: &[u8]| Signature::parse(bytes).unwrap().verify(message);
        assert_eq!(verify(&by_security_key(KIND, b"ssh:", 1, b""), b"words"), Ok(()));
        assert_eq!(verify(&by_security_key(KIND, b"ssh:", 5, b""), b"words"), Ok(()));
        for (bytes, message) in [
            (by_security_key(KIND, b"ssh:", 4, b""), b"words".as_slice()),
            (by_security_key(KIND, b"ssh:other", 1, b""), b"words"),
            (by_security_key(KIND, b"ssh:", 1, b"more"), b"words"),
            (by_security_key(KIND, b"ssh:", 1, b""), b"other words"),
        ] {
            assert_eq!(verify(&bytes, message), Err(ActCode::BadSignature));
        }
        // One whose signature calls itself something else.
        let mut renamed = by_security_key(KIND, b"ssh:", 1, b"");
        let at = renamed.windows(KIND.len()).rposition(|part| part == KIND).unwrap();
        renamed.get_mut(at..at + 2).unwrap().copy_from_slice(b"ks");
        assert_eq!(verify(&renamed, b"words"), Err(ActCode::BadSignature));
        let unknown = by_security_key(b"sk-ssh-other@openssh.com", b"ssh:", 1, b"");
        assert_eq!(verify(&unknown, b"words"), Err(ActCode::KeyType));
    }

    #[test]
    fn rsa_signs_over_sha_256_as_well() {
        // By another tool than OpenSSH, which takes SHA-512.
        const SIGNATURE: &str = "\
        U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBANPWj10twqaW0+QCFF0DiSnEv0Y9PKvPgg2ZwVAF4h6cy4It\
        WcGlxVQRshQ9h3Fb1gn8wj67etvXBiyCNUEe6sW7u4gy8WsL02fMzaDkIX9R92bWU7rIdvJ7/qdNKphmYm5mmDNltm3fZ+K6\
        FcNN0WWCepvSYBGOjdrW2amWHW3iA8o2t110972yVBg5k3a+Y3Jb8PQ0tKtwNvTULLkGc+Sp2NKKWwihjadZotRui3+H3/Cu\
        zx+Nm3QUoP58/QXJ0wRUzvACFtY4huJfsmJOOebxaJCiZiJMgbOlt8C2753OYIgjpq0vkXfVtGo48wwdS4k1MQDqzJsehPuW\
        G//vBi0AAAALY291bnRlcnNpZ24AAAAAAAAABnNoYTUxMgAAARQAAAAMcnNhLXNoYTItMjU2AAABAGvtYks2s/S5GtzIt7DV\
        Wpi1AlXeGLPPyWY23pVVCiR96h8WCD0rTRMt191zh1rpkGCJMxRq4jexUq+B87i9pkEk5q2tPklFJaNP7Urz0K1EspTHrin7\
        B51181b6baRt5YXctFLgd5N9ClZn+UEk/eVju7sUwdFYRVx8Wn/L3QrKiVp4G5SJx5pRoJpAMdnUKcD0+n3XOnRfnoiMAVVJ\
        irT5AgcsSmg9z4TIY/5SzFn1+HUKB6T4gINH50YbMdvtcV1CEL72MXg6PAc0pDBQJfhxY475/s3wdQmhGYctCM73sVM7IPZN\
        1fIS0D+2+LTwzMoJTKuaV76ZI9a9K2y7RE4=";
        let bytes = STANDARD.decode(SIGNATURE).unwrap();
        let signature = Signature::parse(&bytes).unwrap();
        assert_eq!(signature.verify(b"words"), Ok(()));
        assert_eq!(signature.verify(b"other words"), Err(ActCode::BadSignature));
    }

    #[test]
    fn nothing_else_is_taken_for_a_signature() {
        let whole = by_security_key(b"sk-ssh-ed25519@openssh.com", b"ssh:", 1, b"");
        assert!(Signature::parse(&whole).is_some());
        for end in 0..whole.len() {
            assert!(Signature::parse(whole.get(..end).unwrap()).is_none(), "{end}");
        }
        let longer = [whole.as_slice(), b"x"].concat();
        assert!(Signature::parse(&longer).is_none());
        let other_version = [b"SSHSIG\0\0\0\x02".as_slice(), whole.get(10..).unwrap()].concat();
        assert!(Signature::parse(&other_version).is_none());
    }

    #[test]
    fn armour_is_what_ssh_keygen_puts_around() {
        for (text, bytes) in [
            (
                "-----BEGIN SSH SIGNATURE-----\nU1NI\nU0lH\n-----END SSH SIGNATURE-----\n",
                Some(&b"SSHSIG"[..]),
            ),
            ("\n -----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----", Some(b"SSHSIG")),
            ("-----BEGIN SSH SIGNATURE-----\nU1NI*\n-----END SSH SIGNATURE-----", None),
            ("-----BEGIN SSH SIGNATURE-----\nU1NI", None),
            ("U1NIU0lH", None),
        ] {
            assert_eq!(unarmored(text).as_deref(), bytes, "{text}");
        }
    }
}
