//! `countersign-gitea setup`: everything that the API can set, and what it cannot.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::model::{API_VERSION, PolicyReport, read};
use countersign_core::visible;
use countersign_host::collect::POLICY_PATH;
use countersign_host::module::{Function, Module};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::api::{Api, ApiError, End, Entry, client};
use crate::serve::publish::CONTEXT;
use crate::serve::{is_repository, secret};

/// Time for all that is asked and set.
const TIME: Duration = Duration::from_secs(120);

/// Time in which a test delivery must have come.
const DELIVERY: Duration = Duration::from_secs(8);

/// The events that a webhook sends, by the names that the forge takes.
const EVENTS: &[&str] = &[
    "create",
    "delete",
    "push",
    "status",
    "pull_request",
    "pull_request_comment",
    "pull_request_review_approved",
    "pull_request_review_rejected",
    "pull_request_review_comment",
    "pull_request_sync",
    "pull_request_label",
    "pull_request_review_request",
];

/// Those among them by which the forge lists them again.
const LISTED: &[&str] =
    &["create", "delete", "push", "status", "pull_request", "pull_request_comment", "pull_request_sync"];

/// Set up webhook, required status and branch protection of a repository or an organisation, and name what is left open.
///
/// Shows what it would change; --apply does it. A second run finds nothing to do.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign-gitea setup --url https://git.example.com/ --token-file admin.token \\\n    \
    --repo acme/app --webhook-url https://gate.example.com/webhook \\\n    --webhook-secret-file webhook.secret --apply\n\n\
    Exit codes: 0 shown or done, also with warnings; 2 cannot be set up"
)]
pub struct Setup {
    /// The forge's root.
    #[arg(long, env = "COUNTERSIGN_FORGE_URL", value_name = "URL")]
    url: String,
    /// A file with a token of an administrator of the repository.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// The repository.
    #[arg(long, value_name = "OWNER/NAME", required_unless_present = "org", conflicts_with = "org")]
    repo: Option<String>,
    /// All repositories of an organisation, with one webhook for all.
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    /// Where the service takes webhooks, as the forge reaches it.
    #[arg(long, value_name = "URL")]
    webhook_url: String,
    /// A file with the secret that signs them.
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: PathBuf,
    /// The token that the service uses, to see what it lacks and what it has to spare [default: the administrator's].
    #[arg(long, value_name = "FILE")]
    gate_token_file: Option<PathBuf>,
    /// A branch or pattern of the forge to protect; several may be given [default: what the policy of the default branch
    /// protects].
    #[arg(long, value_name = "PATTERN")]
    branch: Vec<String>,
    /// Let people push to these branches, which the hook then judges. A branch can then be renamed into their place.
    #[arg(long)]
    allow_push: bool,
    /// Make the gate's own review a block that nobody else lifts (`serve --veto`).
    #[arg(long)]
    veto: bool,
    /// Change what was shown.
    #[arg(long)]
    apply: bool,
}

/// Something that should be otherwise.
struct Change {
    what: String,
    method: &'static str,
    path: String,
    body: Value,
}

/// What is to be said beside the changes.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    right: Vec<String>,
    warnings: Vec<String>,
}

/// What the gate's own account may not do with a repository: its status is required there, and nobody else writes it.
fn lacks_access(gate: &Api, repository: &str) -> Option<String> {
    let lacks = |what: &str| {
        Some(format!(
            "{repository}: the gate's account may not {what}, so no status will come: give it a team that writes, or make it a collaborator"
        ))
    };
    match gate.get::<Thing>(&format!("/repos/{repository}")) {
        Ok(found) => match found.0.get("permissions").and_then(|permissions| permissions["push"].as_bool()) {
            Some(false) => lacks("write to it"),
            _ => None,
        },
        Err(ApiError::Refused { status: 404, .. }) => lacks("read it"),
        // What its token lacks is said of the token.
        Err(_) => None,
    }
}

/// An object of the forge, of which only a few fields are read.
#[derive(Debug, Default, serde::Deserialize)]
struct Thing(Map<String, Value>);

impl Entry for Thing {
    fn id(&self) -> String {
        let named = self.0.get("id").or_else(|| self.0.get("rule_name"));
        named.map(ToString::to_string).unwrap_or_default()
    }
}

impl Thing {
    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    fn list(&self, key: &str) -> Vec<&str> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

impl Setup {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let api = client(&self.url, &secret(&self.token_file, "the administrator's token")?, TIME);
        let webhook_secret = secret(&self.webhook_secret_file, "the webhook's secret")?;
        let repositories = self.repositories(&api)?;
        let mut found = Found::default();
        self.webhook(&api, &webhook_secret, &mut found)?;
        for repository in &repositories {
            self.repository(&api, repository, &mut found)?;
        }
        self.scopes(&api, &repositories, &mut found)?;
        found.warnings.push(
            "the hook: whether it runs cannot be seen from here; on the server, `countersign-gitea install-hook --check` says it"
                .to_owned(),
        );

        for right in &found.right {
            say(&format!("is right      {right}"));
        }
        for change in &found.changes {
            if self.apply {
                let _: Value = api
                    .send(change.method, &change.path, Some(&change.body))
                    .with_context(|| format!("changing {}", change.what))?;
            }
            say(&format!("{}  {}", if self.apply { "changed      " } else { "would change" }, change.what));
        }
        if self.apply || found.changes.is_empty() {
            match self.delivery(&api, &repositories)? {
                Ok(()) => say("is right      a test delivery came to the service"),
                Err(why) => found.warnings.push(why),
            }
        }
        for warning in &found.warnings {
            say(&format!("warning       {warning}"));
        }
        match (found.changes.is_empty(), self.apply) {
            (true, _) => say("There is nothing to change."),
            (false, true) => {}
            (false, false) => say("Nothing was changed; --apply does it."),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn repositories(&self, api: &Api) -> anyhow::Result<Vec<String>> {
        if let Some(repository) = &self.repo {
            if !is_repository(repository) {
                bail!("`--repo {repository}` is no repository: write OWNER/NAME");
            }
            return Ok(vec![repository.clone()]);
        }
        let organisation = self.org.as_deref().unwrap_or_default();
        let all: Vec<Thing> = api
            .list(End::Counted, &format!("/orgs/{organisation}/repos"))
            .with_context(|| format!("listing the repositories of {organisation}"))?;
        Ok(all.iter().map(|repository| repository.text("full_name").to_owned()).collect())
    }

    fn hooks(&self) -> String {
        match (&self.repo, &self.org) {
            (Some(repository), _) => format!("/repos/{repository}/hooks"),
            (None, organisation) => format!("/orgs/{}/hooks", organisation.as_deref().unwrap_or_default()),
        }
    }

    fn is_ours(&self, hook: &Thing) -> bool {
        hook.0.get("config").is_some_and(|config| config["url"] == self.webhook_url.as_str())
    }

    fn webhook(&self, api: &Api, secret: &str, found: &mut Found) -> anyhow::Result<()> {
        let path = self.hooks();
        let hooks: Vec<Thing> =
            api.list(End::Counted, &path).context("reading the webhooks, which only an administrator may")?;
        let config = json!({ "url": self.webhook_url, "content_type": "json", "secret": secret });
        match hooks.iter().find(|hook| self.is_ours(hook)) {
            None => found.changes.push(Change {
                what: format!(
                    "a webhook to {}, for pushes, pull requests, reviews and statuses",
                    self.webhook_url
                ),
                method: "POST",
                path,
                body: json!({ "type": "gitea", "active": true, "events": EVENTS, "config": config }),
            }),
            Some(hook) => {
                let events = hook.list("events");
                let missing: Vec<&&str> = LISTED.iter().filter(|event| !events.contains(event)).collect();
                let as_json = hook.0.get("config").is_some_and(|config| config["content_type"] == "json");
                if hook.is("active") && missing.is_empty() && as_json {
                    found.right.push(format!("the webhook to {}", self.webhook_url));
                } else {
                    let id = hook.0.get("id").map(ToString::to_string).unwrap_or_default();
                    found.changes.push(Change {
                        what: format!("the webhook to {}: active, JSON, with {EVENTS:?}", self.webhook_url),
                        method: "PATCH",
                        path: format!("{path}/{id}"),
                        body: json!({ "active": true, "events": EVENTS, "config": config }),
                    });
                }
            }
        }
        Ok(())
    }

    /// The settings of a repository, and a rule for each branch that is to be protected.
    fn repository(&self, api: &Api, repository: &str, found: &mut Found) -> anyhow::Result<()> {
        let about: Thing = api.get(&format!("/repos/{repository}"))?;
        if about.is("mirror") {
            found
                .warnings
                .push(format!("{repository} is a mirror: what it pulls passes no hook and no rule"));
        }
        if about.is("allow_manual_merge") || about.is("autodetect_manual_merge") {
            found.changes.push(Change {
                what: format!("{repository}: nobody marks a pull request as merged by hand"),
                method: "PATCH",
                path: format!("/repos/{repository}"),
                body: json!({ "has_pull_requests": true, "allow_manual_merge": false, "autodetect_manual_merge": false }),
            });
        }
        let path = format!("/repos/{repository}/branch_protections");
        let rules: Vec<Thing> = api.get(&path).with_context(|| {
            format!("reading the branch protection of {repository}, which only an administrator may")
        })?;
        let mut names = self.branch.clone();
        if names.is_empty() {
            names = protected(api, repository, about.text("default_branch"), found)?;
        }
        for name in &names {
            let rule = rules.iter().find(|rule| rule.text("rule_name") == name.as_str());
            let mut wanted = self.wanted(rule);
            let named = format!("{repository}: the rule for {name}");
            match rule {
                None => {
                    wanted.insert("rule_name".to_owned(), name.as_str().into());
                    found.changes.push(Change {
                        what: format!("{named}, which is new: {}", words(&wanted)),
                        method: "POST",
                        path: path.clone(),
                        body: Value::Object(wanted),
                    });
                }
                Some(rule) => {
                    // The API names a rule in its path; a slash in it is part of the name.
                    let path = format!("{path}/{}", in_path(name));
                    wanted.retain(|key, value| rule.0.get(key).is_some_and(|known| known != value));
                    if wanted.is_empty() {
                        found.right.push(named.clone());
                    } else {
                        found.changes.push(Change {
                            what: format!("{named}: {}", words(&wanted)),
                            method: "PATCH",
                            path,
                            body: Value::Object(wanted),
                        });
                    }
                    holes(rule, &named, found);
                }
            }
            if self.allow_push {
                found.warnings.push(format!(
                    "{named} lets people push: whoever may can also rename a branch into its place, and no hook sees that"
                ));
            }
        }
        found.warnings.push(format!(
            "{repository}: its administrators can change these rules, and delete or rename branches, which runs no hook; the \
             service finds what came in so"
        ));
        Ok(())
    }

    fn wanted(&self, rule: Option<&Thing>) -> Map<String, Value> {
        let mut contexts = rule.map(|rule| rule.list("status_check_contexts")).unwrap_or_default();
        if !contexts.contains(&CONTEXT) {
            contexts.push(CONTEXT);
        }
        let mut wanted = Map::new();
        let mut want = |key: &str, value: Value| drop(wanted.insert(key.to_owned(), value));
        want("enable_status_check", true.into());
        want("status_check_contexts", json!(contexts));
        // Gitea's word and Forgejo's for rules that administrators obey too; each ignores the other's.
        want("block_admin_merge_override", true.into());
        want("apply_to_admins", true.into());
        // A new rule of Gitea's lets nobody push.
        if rule.is_none() || !self.allow_push {
            want("enable_push", self.allow_push.into());
        }
        if self.veto {
            want("block_on_rejected_reviews", true.into());
            want("block_on_official_review_requests", true.into());
        }
        wanted
    }

    /// Tries what each scope is for, with requests that change nothing.
    fn scopes(&self, admin: &Api, repositories: &[String], found: &mut Found) -> anyhow::Result<()> {
        let gate = match &self.gate_token_file {
            Some(file) => client(&self.url, &secret(file, "the gate's token")?, TIME),
            None => admin.clone(),
        };
        for repository in repositories.iter().filter(|_| self.gate_token_file.is_some()) {
            found.warnings.extend(lacks_access(&gate, repository));
        }
        let Some(repository) = repositories.first() else { return Ok(()) };
        let whose = if self.gate_token_file.is_some() { "the gate's token" } else { "the token" };
        for (scope, needed, method, path) in [
            ("write:repository", true, "POST", format!("/repos/{repository}/statuses/0")),
            // A comment on no issue at all.
            ("write:issue", true, "POST", format!("/repos/{repository}/issues/0/comments")),
            ("read:organization", true, "GET", "/orgs/0/teams".to_owned()),
            ("read:user", false, "GET", "/user".to_owned()),
            ("read:notification", false, "GET", "/notifications?limit=1".to_owned()),
            ("read:package", false, "GET", "/packages/0".to_owned()),
            ("read:admin", false, "GET", "/admin/cron?limit=1".to_owned()),
        ] {
            let body = (method == "POST").then(|| json!({}));
            let has = match gate.send::<Value>(method, &path, body.as_ref()) {
                Err(ApiError::Refused { status: 401, .. }) => bail!("the forge does not know {whose}"),
                Err(ApiError::Refused { status: 403, said, .. }) => {
                    // Whoever may not for another reason has the scope.
                    !said.contains("required scope") && !scope.ends_with("admin")
                }
                _ => true,
            };
            match (has, needed) {
                (false, true) => found.warnings.push(format!("{whose} lacks the scope {scope}")),
                (true, false) => {
                    found.warnings.push(format!("{whose} has the scope {scope} and needs it for nothing"));
                }
                (true, true) | (false, false) => {}
            }
        }
        Ok(())
    }

    /// Sends a test delivery and asks the service whether it came.
    fn delivery(&self, api: &Api, repositories: &[String]) -> anyhow::Result<Result<(), String>> {
        let service = self.webhook_url.trim_end_matches('/').trim_end_matches("webhook").to_owned();
        let silent = |why: &str| {
            Ok(Err(format!(
                "the service at {service} {why}; start it and run this again, which sends a test delivery"
            )))
        };
        let Some(before) = known_deliveries(&service) else { return silent("does not answer yet") };
        let hooks: Vec<Thing> = api.list(End::Counted, &self.hooks())?;
        let Some(hook) = hooks.iter().find(|hook| self.is_ours(hook)) else {
            return silent("has no webhook");
        };
        if self.repo.is_none() {
            return Ok(Err(format!(
                "the forge sends test deliveries for a repository's webhook only; push to one of {} to see that they come",
                repositories.len()
            )));
        }
        let id = hook.0.get("id").map(ToString::to_string).unwrap_or_default();
        let started = Instant::now();
        let mut sent = false;
        while started.elapsed() < DELIVERY {
            if !sent {
                match api.send::<Value>("POST", &format!("{}/{id}/tests", self.hooks()), None) {
                    Ok(_) => sent = true,
                    // A repository that was pushed to a moment ago still counts as empty.
                    Err(ApiError::Refused { status: 404, .. }) => {}
                    Err(error) => return Err(error).context("sending a test delivery"),
                }
            }
            std::thread::sleep(Duration::from_millis(200));
            if sent && known_deliveries(&service).is_some_and(|known| known > before) {
                return Ok(Ok(()));
            }
        }
        if sent {
            silent(
                "did not get the test delivery: its secret is another one, or the forge may not reach it \
                    ([webhook] ALLOWED_HOST_LIST in app.ini)",
            )
        } else {
            Ok(Err("the repository is empty, so the forge sends no test delivery; run this again after the first push".to_owned()))
        }
    }
}

/// The branches and patterns of the forge that stand for what the policy of the default branch protects.
fn protected(api: &Api, repository: &str, default: &str, found: &mut Found) -> anyhow::Result<Vec<String>> {
    let path = format!("/repos/{repository}/contents/{POLICY_PATH}?ref={}", in_path(default));
    let policy = match api.get::<Thing>(&path) {
        Ok(file) => json!({ "b64": file.text("content") }),
        Err(ApiError::Refused { status: 404, .. }) => {
            found.warnings.push(format!(
                "{repository} has no policy on {default} yet: the rules are for what is protected without one; run this again once \
                 it is there"
            ));
            json!("")
        }
        Err(error) => return Err(error).with_context(|| format!("reading {POLICY_PATH} of {repository}")),
    };
    let source = json!({ "apiVersion": API_VERSION, "name": POLICY_PATH, "bytes": policy });
    let answer = Module::embedded()?.call(Function::CheckPolicy, &serde_json::to_vec(&source)?)?;
    let report: PolicyReport = read(answer.as_bytes())?;
    let mut names = vec![rule_name(default)];
    for pattern in report.protects {
        match rule_for(&pattern) {
            Some(name) if names.contains(&name) => {}
            Some(name) => names.push(name),
            None => found.warnings.push(format!(
                "{repository}: no rule of the forge says `{pattern}`, which the policy protects; the hook judges pushes there, and \
                 whoever may rename branches can put one there past it; name those branches with --branch"
            )),
        }
    }
    Ok(names)
}

/// The rule that stands for a pattern of a policy; none where no rule can. In Gitea's patterns (1.26, modules/glob) a star ends at a
/// slash, and more letters than the star mean something.
fn rule_for(pattern: &str) -> Option<String> {
    let name = pattern.strip_prefix("refs/heads/").unwrap_or(pattern);
    let is_branch = !name.starts_with("re:") && !name.contains("refs/");
    is_branch.then(|| name.split('*').map(rule_name).collect::<Vec<_>>().join("**"))
}

/// The rule for one branch.
fn rule_name(branch: &str) -> String {
    let mut name = String::with_capacity(branch.len());
    for letter in branch.chars() {
        if "*?\\[]{}".contains(letter) {
            name.push('\\');
        }
        name.push(letter);
    }
    name
}

/// A name as a part of an address. What stands for itself there beside letters and digits: RFC 3986, section 2.3.
fn in_path(name: &str) -> PercentEncode<'_> {
    const WRITTEN_BY_BYTES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(name, WRITTEN_BY_BYTES)
}

/// What a rule leaves open that no flag of ours sets.
fn holes(rule: &Thing, named: &str, found: &mut Found) {
    if !rule.text("unprotected_file_patterns").is_empty() {
        let patterns = rule.text("unprotected_file_patterns");
        found
            .warnings
            .push(format!("{named} lets everybody who writes push {patterns} past it; the hook judges that"));
    }
    if rule.is("enable_force_push") {
        found.warnings.push(format!("{named} lets people force-push; the hook refuses that"));
    }
    let others = rule.list("status_check_contexts");
    if others.iter().any(|context| context.contains('*')) {
        found.warnings.push(format!("{named} requires statuses by a pattern, which any of them satisfies"));
    }
}

/// Settings as a person says them.
fn words(settings: &Map<String, Value>) -> String {
    let word = |(key, value): (&String, &Value)| match value {
        Value::Array(list) => {
            let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            format!("{key} {}", names.join(", "))
        }
        other => format!("{key} {other}"),
    };
    settings.iter().filter(|(key, _)| *key != "rule_name").map(word).collect::<Vec<_>>().join("; ")
}

/// How many deliveries the service remembers; none when it does not answer.
fn known_deliveries(service: &str) -> Option<u64> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(3))).build().into();
    let text = agent.get(format!("{service}metrics")).call().ok()?.body_mut().read_to_string().ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("countersign_deliveries_known "))?;
    line.trim().parse().ok()
}

fn say(text: &str) {
    println!("{}", visible(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_the_forge_stands_for_just_what_the_policy_protects_or_for_nothing() {
        for (pattern, rule) in [
            ("prod", Some("prod")),
            ("release/*", Some("release/**")),
            ("*", Some("**")),
            ("hotfix/*/eu", Some("hotfix/**/eu")),
            ("refs/heads/prod", Some("prod")),
            // These letters stand for themselves in a policy.
            ("v1.{x}", Some("v1.\\{x\\}")),
            ("re:^(prod|main)$", None),
            ("refs/tags/v*", None),
            ("*refs/heads/x", None),
        ] {
            assert_eq!(rule_for(pattern).as_deref(), rule, "{pattern}");
        }
    }

    #[test]
    fn a_name_is_one_part_of_a_path() {
        for (name, part) in [
            ("main", "main"),
            ("v1.0_rc-2~", "v1.0_rc-2~"),
            ("release/**", "release%2F%2A%2A"),
            ("50%", "50%25"),
            ("a b#c?ü", "a%20b%23c%3F%C3%BC"),
        ] {
            assert_eq!(in_path(name).to_string(), part, "{name}");
        }
    }
}
