//! The set-up of a forge: what stands as it should, what is changed, and what stays open whatever is set.
//!
//! A forge brings what it alone knows: its settings, as what it has and what is wanted of it, and how it sends a test delivery. The
//! report, its words and its order are the same everywhere, and nothing is changed before all of it is known.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use countersign_api::{Api, Entry};
use countersign_core::model::{API_VERSION, PolicyReport, read};
use countersign_core::visible;
use countersign_core::wellknown::POLICY;
use countersign_host::module::{Function, Module};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::options::secret;

/// The time in which a test delivery must have come, and between two looks whether it has.
const DELIVERY: Duration = Duration::from_secs(8);
const LOOK: Duration = Duration::from_millis(200);

/// The time for one answer of the service.
const SERVICE: Duration = Duration::from_secs(3);

/// The options of `setup`. A forge adds which repositories it is for, and what only it can set.
#[derive(Debug, Clone, Args)]
pub struct SetupOptions {
    /// The forge's root.
    #[arg(long, env = "COUNTERSIGN_FORGE_URL", value_name = "URL")]
    pub url: String,
    /// A file with a token of an administrator of the repository.
    #[arg(long, value_name = "FILE")]
    pub token_file: PathBuf,
    /// Where the service takes webhooks, as the forge reaches it.
    #[arg(long, value_name = "URL")]
    pub webhook_url: String,
    /// A file with the secret that signs them.
    #[arg(long, value_name = "FILE")]
    pub webhook_secret_file: PathBuf,
    /// The token that the service uses, to see what it lacks and what it has to spare [default: the administrator's].
    #[arg(long, value_name = "FILE")]
    pub gate_token_file: Option<PathBuf>,
    /// A branch or pattern of the forge to protect; several may be given [default: what the policy of the default branch
    /// protects].
    #[arg(long, value_name = "PATTERN")]
    pub branch: Vec<String>,
    /// Change what was shown.
    #[arg(long)]
    pub apply: bool,
}

impl SetupOptions {
    /// The token of an administrator.
    ///
    /// # Errors
    /// When its file cannot be read or is empty.
    pub fn token(&self) -> anyhow::Result<String> {
        secret(&self.token_file, "the administrator's token")
    }

    /// The secret that signs webhooks.
    ///
    /// # Errors
    /// When its file cannot be read or is empty.
    pub fn webhook_secret(&self) -> anyhow::Result<String> {
        secret(&self.webhook_secret_file, "the webhook's secret")
    }

    /// The token that the service uses, where it is another one than the administrator's.
    ///
    /// # Errors
    /// When its file cannot be read or is empty.
    pub fn gate_token(&self) -> anyhow::Result<Option<String>> {
        self.gate_token_file.as_deref().map(|file| secret(file, "the gate's token")).transpose()
    }
}

/// An object of a forge, of which a set-up reads a few fields.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Object(pub Map<String, Value>);

impl Entry for Object {
    fn id(&self) -> String {
        self.0.get("id").map(ToString::to_string).unwrap_or_default()
    }
}

impl Object {
    /// A text; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A flag; not set where there is none.
    pub fn is(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The texts of a list; none where there is none.
    pub fn list(&self, key: &str) -> Vec<&str> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The settings that are not as they are wanted. One that the object does not have is none of them: versions of a forge differ, and
    /// what it does not know it would not set.
    pub fn lacks(&self, mut wanted: Map<String, Value>) -> Map<String, Value> {
        wanted.retain(|key, value| self.0.get(key).is_some_and(|known| known != value));
        wanted
    }
}

/// A write that sets something right.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// What is so afterwards, for a person.
    pub what: String,
    /// The method of HTTP.
    pub method: &'static str,
    /// The path of the API.
    pub path: String,
    /// The document that is sent.
    pub body: Value,
}

/// What a set-up found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What stands as it should.
    pub right: Vec<String>,
    /// What does not, and the write that sets it right.
    pub fixes: Vec<Fix>,
    /// What stays open, whatever is set.
    pub warnings: Vec<String>,
}

impl Report {
    /// Notes what stands as it should.
    pub fn right(&mut self, what: impl Into<String>) {
        self.right.push(what.into());
    }

    /// Notes what stays open.
    pub fn warn(&mut self, what: impl Into<String>) {
        self.warnings.push(what.into());
    }

    /// Notes a scope of a token, as far as it is not as needed.
    pub fn scope(&mut self, whose: &str, scope: &str, has: bool, needed: bool) {
        match (has, needed) {
            (false, true) => self.warn(format!("{whose} lacks the scope {scope}")),
            (true, false) => self.warn(format!("{whose} has the scope {scope} and needs it for nothing")),
            (true, true) | (false, false) => {}
        }
    }

    /// Notes a write that sets something right.
    pub fn fix(&mut self, what: String, method: &'static str, path: String, body: impl Into<Value>) {
        self.fixes.push(Fix { what, method, path, body: body.into() });
    }

    /// Says what was found, and changes it where that was asked for: then, and where nothing is to be changed, `deliver` has the
    /// service tell whether deliveries come.
    ///
    /// # Errors
    /// When the forge refuses a change.
    pub fn carry_out(
        mut self,
        api: &Api,
        apply: bool,
        deliver: impl FnOnce() -> anyhow::Result<Result<(), String>>,
    ) -> anyhow::Result<ExitCode> {
        for right in &self.right {
            say("is right      ", right);
        }
        for fix in &self.fixes {
            if apply {
                let _: Value = api
                    .send(fix.method, &fix.path, Some(&fix.body))
                    .with_context(|| format!("changing {}", fix.what))?;
            }
            say(if apply { "changed       " } else { "would change  " }, &fix.what);
        }
        if apply || self.fixes.is_empty() {
            match deliver()? {
                Ok(()) => say("is right      ", "a test delivery came to the service"),
                Err(why) => self.warn(why),
            }
        }
        for warning in &self.warnings {
            say("warning       ", warning);
        }
        match (self.fixes.is_empty(), apply) {
            (true, _) => say("", "There is nothing to change."),
            (false, true) => {}
            (false, false) => say("", "Nothing was changed; --apply does it."),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Settings as a person says them.
pub fn words(settings: &Map<String, Value>) -> String {
    let word = |(key, value): (&String, &Value)| match value {
        Value::Array(list) => {
            let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            format!("{key} {}", names.join(", "))
        }
        other => format!("{key} {other}"),
    };
    settings.iter().map(word).collect::<Vec<_>>().join("; ")
}

#[expect(clippy::print_stdout, reason = "a report on the terminal")]
fn say(label: &str, text: &str) {
    println!("{}", visible(&format!("{label}{text}")));
}

/// What a policy protects, as it names branches; without a policy, what is protected then. APIs give the bytes of a file in Base64.
///
/// # Errors
/// When the module cannot be asked.
pub fn protected_by(base64: Option<&str>) -> anyhow::Result<Vec<String>> {
    let bytes = base64.map_or_else(|| json!(""), |base64| json!({ "b64": base64 }));
    let source = json!({ "apiVersion": API_VERSION, "name": POLICY, "bytes": bytes });
    let answer = Module::embedded()?.call(Function::CheckPolicy, &serde_json::to_vec(&source)?)?;
    let report: PolicyReport = read(answer.as_bytes())?;
    Ok(report.protects)
}

/// What a forge does when it is asked for a test delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It sends one.
    Sent,
    /// It may send one in a moment. Says why it does not, and what to do if that lasts.
    NotYet(String),
    /// It sends none. Says why, and what to do instead.
    Never(String),
}

/// Has the forge send a test delivery to the service that takes webhooks at an address, and asks the service whether it came. Where it
/// did not, the answer says why and what to do. `hosts` says where the forge is told which hosts its webhooks may reach.
///
/// # Errors
/// When the forge cannot be asked.
pub fn delivery(
    webhook_url: &str,
    hosts: &str,
    mut ask: impl FnMut() -> anyhow::Result<Asked>,
) -> anyhow::Result<Result<(), String>> {
    let service = webhook_url.trim_end_matches('/').trim_end_matches("webhook");
    let silent = |why: &str| {
        Err(format!(
            "the service at {service} {why}; start it and run this again, which sends a test delivery"
        ))
    };
    let Some(before) = known_deliveries(service) else { return Ok(silent("does not answer yet")) };
    let started = Instant::now();
    let mut asked = ask()?;
    while started.elapsed() < DELIVERY {
        match &asked {
            Asked::Never(why) => return Ok(Err(why.clone())),
            Asked::NotYet(_) => {
                std::thread::sleep(LOOK);
                asked = ask()?;
            }
            Asked::Sent => {
                std::thread::sleep(LOOK);
                if known_deliveries(service).is_some_and(|known| known > before) {
                    return Ok(Ok(()));
                }
            }
        }
    }
    Ok(match asked {
        Asked::Sent => silent(&format!(
            "did not get the test delivery: its secret is another one, or the forge may not reach it ({hosts})"
        )),
        Asked::NotYet(why) | Asked::Never(why) => Err(why),
    })
}

/// How many deliveries the service remembers; none when it does not answer.
fn known_deliveries(service: &str) -> Option<u64> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(SERVICE)).build().into();
    let text = agent.get(format!("{service}metrics")).call().ok()?.body_mut().read_to_string().ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("countersign_deliveries_known "))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use loopback::{Answer, Loopback, Reply};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn object(value: Value) -> Object {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_setting_is_lacking_where_the_forge_has_it_and_has_it_otherwise() {
        let known = object(json!({ "push": true, "checks": ["ci"], "admins": false }));
        for (wanted, lacking) in [
            (json!({ "push": true }), json!({})),
            (json!({ "push": false }), json!({ "push": false })),
            (json!({ "checks": ["ci", "countersign"] }), json!({ "checks": ["ci", "countersign"] })),
            (json!({ "admins": true, "of_another_version": true }), json!({ "admins": true })),
        ] {
            let lacks = known.lacks(wanted.as_object().unwrap().clone());
            assert_eq!(Value::Object(lacks), lacking, "{wanted}");
        }
    }

    #[test]
    fn a_scope_is_named_where_it_is_needed_and_missing_or_there_and_not_needed() {
        for (has, needed, said) in [
            (true, true, None),
            (false, false, None),
            (false, true, Some("the token lacks the scope write")),
            (true, false, Some("the token has the scope write and needs it for nothing")),
        ] {
            let mut report = Report::default();
            report.scope("the token", "write", has, needed);
            assert_eq!(report.warnings.first().map(String::as_str), said);
        }
    }

    #[test]
    fn without_a_policy_the_default_patterns_are_protected() {
        let text =
            "countersign: 1\nname: n\nprotects: [prod]\nrules: [{ name: r, require: [{ approvals: 1 }] }]\n";
        let base64: String = {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(text)
        };
        assert_eq!(protected_by(Some(&base64)).unwrap(), ["prod"]);
        assert!(protected_by(None).unwrap().iter().any(|name| name == "main"));
    }

    /// A service that knows one delivery more after each that is sent to it.
    fn service(known: &Arc<AtomicU64>) -> String {
        let known = known.clone();
        let server = Loopback::start(move |request| {
            assert_eq!(request.path, "/metrics");
            let known = known.load(Ordering::Relaxed);
            Reply::Whole(Answer::json(200, format!("# EOF\ncountersign_deliveries_known {known}\n")))
        });
        format!("{}/webhook", server.url)
    }

    #[test]
    fn a_test_delivery_is_waited_for_until_the_service_knows_of_it() {
        let known = Arc::new(AtomicU64::new(3));
        let mut asked = 0;
        let came = delivery(&service(&known), "", || {
            asked += 1;
            if asked == 1 {
                return Ok(Asked::NotYet("the repository is empty".into()));
            }
            known.fetch_add(1, Ordering::Relaxed);
            Ok(Asked::Sent)
        });
        assert_eq!((came.unwrap(), asked), (Ok(()), 2));
    }

    #[test]
    fn where_no_test_delivery_can_come_the_reason_is_said_at_once() {
        let known = Arc::default();
        let never = || Ok(Asked::Never("a group has no test".into()));
        assert_eq!(delivery(&service(&known), "", never).unwrap(), Err("a group has no test".into()));
        let nobody = delivery("http://127.0.0.1:1/webhook", "", || panic!("nobody is there to take it"));
        assert!(nobody.unwrap().unwrap_err().contains("does not answer yet"));
    }
}
