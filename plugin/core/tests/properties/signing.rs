//! Signatures as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig), with a key for each login.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

fn key(login: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed[..login.len()].copy_from_slice(login.as_bytes());
    SigningKey::from_bytes(&seed)
}

fn put(out: &mut Vec<u8>, string: &[u8]) {
    out.extend((string.len() as u32).to_be_bytes());
    out.extend(string);
}

fn public(key: &SigningKey) -> Vec<u8> {
    let mut wire = Vec::new();
    put(&mut wire, b"ssh-ed25519");
    put(&mut wire, key.verifying_key().as_bytes());
    wire
}

/// A list of allowed signers that names these principals, and lines that are over for others.
pub fn allowed(principals: &[(&str, String)], expired: &str) -> String {
    let line = |login: &str, principal: &str, options: &str| {
        format!("{principal} {options}ssh-ed25519 {}\n", STANDARD.encode(public(&key(login))))
    };
    let mut lines: String = principals.iter().map(|(login, principal)| line(login, principal, "")).collect();
    lines.push_str(&line(expired, expired, "valid-before=\"19700101\" "));
    lines
}

/// A list of keys that no longer sign, with this login's.
pub fn revoked(login: &str) -> String {
    format!("ssh-ed25519 {}\n", STANDARD.encode(public(&key(login))))
}

/// Makes the statement and the signature of what stands under `signed`.
pub fn sign(act: &mut Value, policy_digest: &str) {
    let Some(mut said) = act.as_object_mut().and_then(|act| act.remove("signed")) else { return };
    let Some(predicate) = said.as_object_mut() else { return };
    let by = predicate.remove("by").unwrap_or_default();
    let fault = predicate.remove("fault").unwrap_or_default();
    let digest = if fault == "policy" { "sha256:other" } else { policy_digest };
    predicate.insert("policyDigest".to_owned(), digest.into());
    let kind =
        if fault == "statement" { "https://example.com/v1" } else { "https://in-toto.io/Statement/v1" };
    let statement = json!({
        "_type": kind,
        "subject": [{ "name": said["target"], "digest": { "gitCommit": said["head"] } }],
        "predicateType": "urn:countersign:signoff:v1",
        "predicate": said,
    })
    .to_string();
    let login = if fault == "unknown" { "nobody" } else { by.as_str().unwrap_or("nobody") };
    let namespace: &[u8] = if fault == "namespace" { b"git" } else { b"countersign" };
    let hash: &[u8] = if fault == "key-type" { b"md5" } else { b"sha512" };
    let words = if fault == "words" { "other words" } else { &statement };
    act["signature"] = signature(&key(login), namespace, hash, words).into();
    act["statement"] = statement.into();
}

fn signature(key: &SigningKey, namespace: &[u8], hash: &[u8], words: &str) -> String {
    let mut signed = b"SSHSIG".to_vec();
    for part in [namespace, b"", hash, &Sha512::digest(words.as_bytes())] {
        put(&mut signed, part);
    }
    let mut signature = Vec::new();
    put(&mut signature, b"ssh-ed25519");
    put(&mut signature, &key.sign(&signed).to_bytes());
    let mut wire = b"SSHSIG".to_vec();
    wire.extend(1_u32.to_be_bytes());
    for part in [&public(key), namespace, b"", hash, &signature] {
        put(&mut wire, part);
    }
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", STANDARD.encode(wire))
}
