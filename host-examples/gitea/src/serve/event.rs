//! A webhook: whether the forge sent it, and what it is about. Nothing else is read from it.

use countersign_core::model::ObjectId;
use countersign_serve::{CONTEXT, Delivery, Refusal, Subject};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// The longest name of a delivery: Gitea's are UUIDs.
const ID_BYTES: usize = 100;

/// Checks a webhook. The signature is over the body alone, so nothing that stands in a header but the kind of event and the
/// delivery's name is used, and neither can do more than make the service look again.
///
/// # Errors
/// Why it is refused.
pub fn receive(
    secret: &[u8],
    own: Option<&str>,
    header: &dyn Fn(&str) -> Option<String>,
    body: &[u8],
) -> Result<Delivery, Refusal> {
    let either =
        |name: &str| header(&format!("X-Gitea-{name}")).or_else(|| header(&format!("X-Forgejo-{name}")));
    let signature = either("Signature").as_deref().and_then(unhex).ok_or(Refusal::Forged)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Refusal::Forged)?;
    mac.update(body);
    mac.verify_slice(&signature).map_err(|_| Refusal::Forged)?;
    let id =
        either("Delivery").filter(|id| !id.is_empty() && id.len() <= ID_BYTES).ok_or(Refusal::Malformed)?;
    let kind = either("Event-Type").or_else(|| either("Event")).ok_or(Refusal::Malformed)?;
    let event: Event = serde_json::from_slice(body).map_err(|_| Refusal::Malformed)?;
    Ok(Delivery { id, subjects: event.subjects(&kind, own)? })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// The part of every event that is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    action: String,
    number: u64,
    repository: Named,
    pull_request: Option<Pull>,
    issue: Option<Issue>,
    sender: Option<Account>,
    /// The ref that was pushed, by full name.
    #[serde(rename = "ref")]
    name: String,
    ref_type: String,
    /// The commit that a status is of.
    sha: String,
    /// The name of that status.
    context: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    full_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account {
    login: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pull {
    number: u64,
    merged: bool,
    base: Branch,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Branch {
    #[serde(rename = "ref")]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Issue {
    number: u64,
    pull_request: Option<serde::de::IgnoredAny>,
}

impl Event {
    /// What may have changed by it.
    fn subjects(&self, kind: &str, own: Option<&str>) -> Result<Vec<Subject>, Refusal> {
        let repository = self.repository.full_name.clone();
        if !is_repository(&repository) {
            return Err(Refusal::Malformed);
        }
        let change = |number: u64| Subject::Change { repository: repository.clone(), number };
        let branch = |name: &str| Subject::Branch {
            repository: repository.clone(),
            target: format!("refs/heads/{name}"),
        };
        let all = || Subject::Repository { repository: repository.clone() };
        // One push may move a thousand branches, and the forge tells of each; one look sees all that moved.
        let branches = || Subject::Branches { repository: repository.clone() };
        Ok(match kind {
            "push" if self.name.starts_with("refs/heads/") => vec![branches()],
            "push" if self.name.starts_with("refs/tags/") => vec![],
            // Sign-offs and notes can be about any change.
            "push" => vec![all()],
            "create" | "delete" if self.ref_type == "branch" => vec![branches()],
            // Our own status tells us nothing.
            "status" if self.sender.as_ref().is_some_and(|sender| own == Some(sender.login.as_str())) => {
                vec![]
            }
            "status" => match ObjectId::new(self.sha.clone()) {
                Some(head) => vec![Subject::Status {
                    repository: repository.clone(),
                    head: head.to_string(),
                    as_gate: self.context == CONTEXT,
                }],
                None => vec![all()],
            },
            _ => match (&self.pull_request, &self.issue) {
                (Some(pull), _) => {
                    let number = if pull.number > 0 { pull.number } else { self.number };
                    let mut subjects = vec![change(number)];
                    if self.action == "closed" && pull.merged && !pull.base.name.is_empty() {
                        subjects.push(branch(&pull.base.name));
                    }
                    subjects
                }
                (None, Some(issue)) if issue.pull_request.is_some() => vec![change(issue.number)],
                _ => vec![],
            },
        })
    }
}

/// Whether a name is `owner/name` in the letters that the forge lets them have: it becomes part of paths.
pub fn is_repository(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    name.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of this test";

    fn signed(body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
        mac.update(body.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn received(kind: &str, body: &str, signature: &str) -> Result<Delivery, Refusal> {
        let header = |name: &str| match name {
            "X-Gitea-Signature" => Some(signature.to_owned()),
            "X-Gitea-Delivery" => Some("d1".to_owned()),
            "X-Gitea-Event-Type" => Some(kind.to_owned()),
            _ => None,
        };
        receive(SECRET, Some("gate"), &header, body.as_bytes())
    }

    fn lanes(kind: &str, body: &str) -> Vec<String> {
        received(kind, body, &signed(body)).unwrap().subjects.iter().map(Subject::lane).collect()
    }

    #[test]
    fn bypass_38_a_webhook_that_nobody_signed_is_refused() {
        let body = r#"{"repository":{"full_name":"acme/app"},"pull_request":{"number":1}}"#;
        let other = signed(&body.replace('1', "2"));
        for forged in ["", "00", "zz", &other, &signed(body)[..62], "é"] {
            assert_eq!(received("pull_request", body, forged), Err(Refusal::Forged), "{forged}");
        }
        assert!(received("pull_request", body, &signed(body)).is_ok());
    }

    #[test]
    fn an_event_says_what_may_have_changed() {
        let of = r#""repository":{"full_name":"acme/app"}"#;
        for (kind, body, expected) in [
            ("pull_request_sync", r#""pull_request":{"number":3}"#, vec!["acme/app#3"]),
            (
                "pull_request",
                r#""action":"closed","pull_request":{"number":3,"merged":true,"base":{"ref":"main"}}"#,
                vec!["acme/app#3", "acme/app@refs/heads/main"],
            ),
            ("pull_request_review_approved", r#""number":4,"pull_request":{}"#, vec!["acme/app#4"]),
            ("pull_request_comment", r#""issue":{"number":5,"pull_request":{}}"#, vec!["acme/app#5"]),
            ("issue_comment", r#""issue":{"number":5,"pull_request":null}"#, vec![]),
            ("push", r#""ref":"refs/heads/main""#, vec!["acme/app@*"]),
            ("push", r#""ref":"refs/tags/v1""#, vec![]),
            ("push", r#""ref":"refs/countersign/signoffs""#, vec!["acme/app"]),
            ("push", r#""after":"""#, vec!["acme/app"]),
            ("create", r#""ref":"release/2","ref_type":"branch""#, vec!["acme/app@*"]),
            ("delete", r#""ref":"release/2","ref_type":"branch""#, vec!["acme/app@*"]),
            ("create", r#""ref":"v1","ref_type":"tag""#, vec![]),
            (
                "status",
                r#""sha":"1111111111111111111111111111111111111111","context":"ci","sender":{"login":"ci-bot"}"#,
                vec!["acme/app@1111111111111111111111111111111111111111"],
            ),
            (
                "status",
                r#""sha":"1111111111111111111111111111111111111111","context":"countersign","sender":{"login":"dana"}"#,
                vec!["acme/app@1111111111111111111111111111111111111111*"],
            ),
            ("status", r#""context":"ci","sender":{"login":"ci-bot"}"#, vec!["acme/app"]),
            ("status", r#""context":"countersign","sender":{"login":"gate"}"#, vec![]),
        ] {
            assert_eq!(lanes(kind, &format!("{{{of},{body}}}")), expected, "{kind} {body}");
        }
    }

    #[test]
    fn a_name_from_a_payload_never_leaves_its_place_in_a_path() {
        for odd in ["", "acme", "../app", "acme/..", "acme/app/x", "acme/a b", "acme/app?x", "acme/", "é/app"]
        {
            let body = format!(r#"{{"repository":{{"full_name":"{odd}"}}}}"#);
            assert_eq!(received("push", &body, &signed(&body)), Err(Refusal::Malformed), "{odd}");
        }
        assert_eq!(received("push", "no JSON", &signed("no JSON")), Err(Refusal::Malformed));
    }
}
