//! Whose key signs a statement. A request holds signed statements without a name: who signed stands in the lists of keys beside them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::documents::{fingerprint, fingerprint_of_public};
use crate::naming::Names;

/// The fingerprint of the key that signs a statement, of an act or of what is still to be signed.
pub(crate) fn signed_with(act: &Value) -> Option<String> {
    act.get("statement")?;
    let signature = act.get("signature").and_then(Value::as_str);
    let key = || act.get("key")?.as_str()?.split_whitespace().find_map(fingerprint_of_public);
    signature.and_then(|armoured| fingerprint(armoured.as_bytes())).or_else(key)
}

/// The fingerprints of the keys that a request says are a person's. Whether one still counts, or ever did, is the module's to say:
/// whoever signed with it wrote what it signs.
pub(crate) fn of(request: &Value, names: &Names) -> Vec<String> {
    let mut person = Person { names, also: BTreeSet::new(), keys: Vec::new() };
    for known in items(request, "people") {
        let accounts = std::iter::once(&known["account"]).chain(items(known, "also"));
        let fields = accounts.flat_map(|account| ["login", "email", "id"].map(|field| &account[field]));
        let fields = fields.chain(items(known, "emails")).filter_map(Value::as_str);
        person.unite(fields.map(str::to_owned).collect());
    }
    let documents: Vec<(&str, &str)> = items(request, "documents")
        .filter_map(|document| Some((document["role"].as_str()?, document["bytes"].as_str()?)))
        .collect();
    for (_, text) in documents.iter().filter(|(role, _)| !LISTS.contains(role)) {
        person.policy(text);
    }
    for (_, text) in documents.iter().filter(|(role, _)| LISTS.contains(role)) {
        text.lines().for_each(|line| person.line(line));
    }
    person.keys
}

/// Documents that have a key on each line, behind those whose it is.
const LISTS: &[&str] = &["allowed-signers"];

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

struct Person<'n> {
    names: &'n Names,
    /// What the request calls the person besides, folded.
    also: BTreeSet<String>,
    keys: Vec<String>,
}

impl Person<'_> {
    fn is(&self, name: &str) -> bool {
        self.names.has(name) || self.also.contains(&name.to_lowercase())
    }

    /// Names of one person, who may be the one.
    fn unite(&mut self, names: Vec<String>) -> bool {
        let is_them = names.iter().any(|name| self.is(name));
        if is_them {
            self.also.extend(names.iter().map(|name| name.to_lowercase()));
        }
        is_them
    }

    /// The identities of a policy: addresses, accounts and keys under a login.
    fn policy(&mut self, text: &str) {
        let Ok(policy) = serde_yaml::from_str::<Value>(text) else { return };
        for (login, identity) in policy["identities"].as_object().into_iter().flatten() {
            let accounts = items(identity, "accounts").map(|account| {
                account.as_str().or_else(|| account.get("login")?.as_str()).unwrap_or_default().to_owned()
            });
            let emails = items(identity, "emails").filter_map(Value::as_str).map(str::to_owned);
            let names = std::iter::once(login.clone())
                .chain(accounts)
                .chain(emails)
                .chain(identity["id"].as_str().map(str::to_owned));
            if self.unite(names.filter(|name| !name.is_empty()).collect()) {
                let keys = items(identity, "keys").filter_map(Value::as_str).flat_map(str::split_whitespace);
                self.keys.extend(keys.filter_map(fingerprint_of_public));
            }
        }
    }

    /// A line of OpenSSH's allowed signers: principals, options, the kind of a key, the key.
    fn line(&mut self, line: &str) {
        let line = line.trim();
        let (principals, rest) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
        };
        if principals.split(',').any(|principal| self.is(principal)) {
            self.keys.extend(rest.split_whitespace().filter_map(fingerprint_of_public));
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    /// A public key in base64, made of a word.
    fn public(word: &str) -> String {
        let mut key = Vec::new();
        for part in ["ssh-ed25519", word] {
            key.extend((part.len() as u32).to_be_bytes());
            key.extend(part.bytes());
        }
        STANDARD.encode(key)
    }

    /// A signature that says that it is by that key.
    fn signature(word: &str) -> String {
        let key = STANDARD.decode(public(word)).unwrap();
        let mut bytes = b"SSHSIG\0\0\0\x01".to_vec();
        bytes.extend((key.len() as u32).to_be_bytes());
        bytes.extend(key);
        let text = STANDARD.encode(bytes);
        format!("-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n")
    }

    #[test]
    fn a_request_says_by_its_lists_whose_a_key_is() {
        let key = public("k");
        let signers = [
            (format!("sam@example.com ssh-ed25519 {key}"), true),
            (format!("SAM@example.com namespaces=\"countersign\" ssh-ed25519 {key} of sam"), true),
            (format!("rhea@example.com,sam@example.com valid-before=\"20200101\" ssh-ed25519 {key}"), true),
            (format!("\"rhea@example.com,sam@example.com\" ssh-ed25519 {key}"), true),
            (format!("sam ssh-ed25519 {key}"), true),
            (format!("s@home.example ssh-ed25519 {key}"), true),
            (format!("s@forge.example ssh-ed25519 {key}"), true),
            (format!("rhea@example.com ssh-ed25519 {key} sam"), false),
            (format!("# sam@example.com ssh-ed25519 {key}"), false),
            (format!("sam@example.com ssh-ed25519 {}", public("other")), false),
            (format!("*@example.com ssh-ed25519 {key}"), false),
            ("sam@example.com".to_owned(), false),
        ];
        let policy = "identities: { sam: { emails: [sam@example.com, s@home.example] } }";
        let of_policy = |login: &str| format!("identities: {{ {login}: {{ keys: [ssh-ed25519 {key} x] }} }}");
        let signers = signers.into_iter().map(|(line, is_theirs)| (policy.to_owned(), line, is_theirs));
        let keys = [(of_policy("sam"), true), (of_policy("rhea"), false)];
        let keys = keys.into_iter().map(|(policy, is_theirs)| (policy, String::new(), is_theirs));
        for (policy, line, is_theirs) in signers.chain(keys) {
            let request = json!({
                "documents": [
                    { "role": "allowed-signers", "bytes": line },
                    { "role": "policy", "bytes": policy },
                ],
                "people": [{ "account": { "login": "sam" }, "emails": ["s@forge.example"] }],
            });
            let act = json!({ "statement": "{}", "signature": signature("k") });
            let names = Names::new(&["sam".to_owned()]).unwrap();
            let is_known = of(&request, &names).contains(&signed_with(&act).unwrap());
            assert_eq!(is_known, is_theirs, "{policy}\n{line}");
        }
    }

    #[test]
    fn what_is_signed_or_to_be_signed_says_with_which_key() {
        let key = signed_with(&json!({ "statement": "{}", "signature": signature("k") }));
        assert!(key.is_some());
        assert_eq!(
            signed_with(&json!({ "statement": "{}", "key": format!("ssh-ed25519 {}", public("k")) })),
            key
        );
        for none in [
            json!({ "signature": signature("k") }),
            json!({ "statement": "{}" }),
            json!({ "statement": "{}", "signature": "no signature" }),
            json!({ "statement": "{}", "key": "ssh-ed25519 AAAA" }),
        ] {
            assert_eq!(signed_with(&none), None, "{none}");
        }
    }
}
