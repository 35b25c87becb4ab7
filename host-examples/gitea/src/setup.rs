//! `countersign-gitea setup`: everything that the API can set, and what it cannot.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::wellknown::POLICY;
use countersign_serve::CONTEXT;
use countersign_serve::setup::{Asked, Object, Report, SetupOptions, delivery, protected_by, words};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::api::{Api, ApiError, End, Entry, client};
use crate::serve::is_repository;

/// The time for all that is asked and set.
const TIME: Duration = Duration::from_secs(120);

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

/// Questions that change nothing and that a token without this scope is refused, and whether the gate needs the scope.
fn scopes(repository: &str) -> [(&'static str, bool, &'static str, String); 7] {
    [
        ("write:repository", true, "POST", format!("/repos/{repository}/statuses/0")),
        // A comment on no issue at all.
        ("write:issue", true, "POST", format!("/repos/{repository}/issues/0/comments")),
        ("read:organization", true, "GET", "/orgs/0/teams".to_owned()),
        ("read:user", false, "GET", "/user".to_owned()),
        ("read:notification", false, "GET", "/notifications?limit=1".to_owned()),
        ("read:package", false, "GET", "/packages/0".to_owned()),
        ("read:admin", false, "GET", "/admin/cron?limit=1".to_owned()),
    ]
}

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
    /// The repository.
    #[arg(long, value_name = "OWNER/NAME", required_unless_present = "org", conflicts_with = "org")]
    repo: Option<String>,
    /// All repositories of an organisation, with one webhook for all.
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    #[command(flatten)]
    options: SetupOptions,
    /// Let people push to these branches, which the hook then judges. A branch can then be renamed into their place.
    #[arg(long)]
    allow_push: bool,
    /// Make the gate's own review a block that nobody else lifts (`serve --veto`).
    #[arg(long)]
    veto: bool,
}

impl Setup {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let api = client(&self.options.url, &self.options.token()?, TIME);
        let repositories = self.repositories(&api)?;
        let report = self.survey(&api, &repositories)?;
        report.carry_out(&api, self.options.apply, || self.delivery(&api, &repositories))
    }

    /// What stands, what is to be changed, and what stays open.
    fn survey(&self, api: &Api, repositories: &[String]) -> anyhow::Result<Report> {
        let mut report = Report::default();
        self.webhook(api, &self.options.webhook_secret()?, &mut report)?;
        for repository in repositories {
            self.repository(api, repository, &mut report)?;
        }
        self.gate(api, repositories, &mut report)?;
        report.warn(
            "the hook: whether it runs cannot be seen from here; on the server, `countersign-gitea install-hook --check` says it",
        );
        Ok(report)
    }

    fn repositories(&self, api: &Api) -> anyhow::Result<Vec<String>> {
        if let Some(repository) = &self.repo {
            if !is_repository(repository) {
                bail!("`--repo {repository}` is no repository: write OWNER/NAME");
            }
            return Ok(vec![repository.clone()]);
        }
        let organisation = self.org.as_deref().unwrap_or_default();
        let all: Vec<Object> = api
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

    /// The webhook that sends to the service.
    fn own_hook(&self, api: &Api) -> Result<Option<Object>, ApiError> {
        let hooks: Vec<Object> = api.list(End::Counted, &self.hooks())?;
        let url = self.options.webhook_url.as_str();
        Ok(hooks.into_iter().find(|hook| hook.0.get("config").is_some_and(|config| config["url"] == url)))
    }

    fn webhook(&self, api: &Api, secret: &str, report: &mut Report) -> anyhow::Result<()> {
        let url = &self.options.webhook_url;
        let hook = self.own_hook(api).context("reading the webhooks, which only an administrator may")?;
        let is_right = |hook: &Object| {
            let events = hook.list("events");
            hook.is("active")
                && LISTED.iter().all(|event| events.contains(event))
                && hook.0.get("config").is_some_and(|config| config["content_type"] == "json")
        };
        let config = json!({ "url": url, "content_type": "json", "secret": secret });
        let mut body = json!({ "active": true, "events": EVENTS, "config": config });
        match hook {
            None => {
                body["type"] = "gitea".into();
                let what = format!("a webhook to {url}, for pushes, pull requests, reviews and statuses");
                report.fix(what, "POST", self.hooks(), body);
            }
            Some(hook) if is_right(&hook) => report.right(format!("the webhook to {url}")),
            Some(hook) => {
                let what = format!("the webhook to {url}: active, JSON, with {EVENTS:?}");
                report.fix(what, "PATCH", format!("{}/{}", self.hooks(), hook.id()), body);
            }
        }
        Ok(())
    }

    /// The settings of a repository, and a rule for each branch that is to be protected.
    fn repository(&self, api: &Api, repository: &str, report: &mut Report) -> anyhow::Result<()> {
        let about: Object = api.get(&format!("/repos/{repository}"))?;
        if about.is("mirror") {
            report.warn(format!("{repository} is a mirror: what it pulls passes no hook and no rule"));
        }
        if about.is("allow_manual_merge") || about.is("autodetect_manual_merge") {
            let what = format!("{repository}: nobody marks a pull request as merged by hand");
            let body = json!({ "has_pull_requests": true, "allow_manual_merge": false, "autodetect_manual_merge": false });
            report.fix(what, "PATCH", format!("/repos/{repository}"), body);
        }
        let path = format!("/repos/{repository}/branch_protections");
        let rules: Vec<Object> = api.get(&path).with_context(|| {
            format!("reading the branch protection of {repository}, which only an administrator may")
        })?;
        let mut names = self.options.branch.clone();
        if names.is_empty() {
            names = protected(api, repository, about.text("default_branch"), report)?;
        }
        for name in &names {
            let rule = rules.iter().find(|rule| rule.text("rule_name") == name.as_str());
            let mut wanted = self.wanted(rule);
            let named = format!("{repository}: the rule for {name}");
            match rule {
                None => {
                    let what = format!("{named}, which is new: {}", words(&wanted));
                    wanted.insert("rule_name".to_owned(), name.as_str().into());
                    report.fix(what, "POST", path.clone(), wanted);
                }
                Some(rule) => {
                    let lacks = rule.lacks(wanted);
                    if lacks.is_empty() {
                        report.right(&named);
                    } else {
                        // The API names a rule in its path; a slash in it is part of the name.
                        let path = format!("{path}/{}", in_path(name));
                        report.fix(format!("{named}: {}", words(&lacks)), "PATCH", path, lacks);
                    }
                    holes(rule, &named, report);
                }
            }
            if self.allow_push {
                report.warn(format!(
                    "{named} lets people push: whoever may can also rename a branch into its place, and no hook sees that"
                ));
            }
        }
        report.warn(format!(
            "{repository}: its administrators can change these rules, and delete or rename branches, which runs no hook; the \
             service finds what came in so"
        ));
        Ok(())
    }

    fn wanted(&self, rule: Option<&Object>) -> Map<String, Value> {
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

    /// What the gate's own account may do and need not, where its token was given, and else what the administrator's token may.
    fn gate(&self, admin: &Api, repositories: &[String], report: &mut Report) -> anyhow::Result<()> {
        let token = self.options.gate_token()?;
        let whose = if token.is_some() { "the gate's token" } else { "the token" };
        let gate = match &token {
            Some(token) => client(&self.options.url, token, TIME),
            None => admin.clone(),
        };
        for repository in repositories.iter().filter(|_| token.is_some()) {
            report.warnings.extend(lacks_access(&gate, repository));
        }
        let Some(repository) = repositories.first() else { return Ok(()) };
        for (scope, needed, method, path) in scopes(repository) {
            let body = (method == "POST").then(|| json!({}));
            let has = match gate.send::<Value>(method, &path, body.as_ref()) {
                Err(ApiError::Refused { status: 401, .. }) => bail!("the forge does not know {whose}"),
                Err(ApiError::Refused { status: 403, said, .. }) => {
                    // Whoever may not for another reason has the scope.
                    !said.contains("required scope") && !scope.ends_with("admin")
                }
                _ => true,
            };
            report.scope(whose, scope, has, needed);
        }
        Ok(())
    }

    /// Sends a test delivery and asks the service whether it came.
    fn delivery(&self, api: &Api, repositories: &[String]) -> anyhow::Result<Result<(), String>> {
        delivery(&self.options.webhook_url, "[webhook] ALLOWED_HOST_LIST in app.ini", || {
            if self.repo.is_none() {
                return Ok(Asked::Never(format!(
                    "the forge sends test deliveries for a repository's webhook only; push to one of {} to see that they come",
                    repositories.len()
                )));
            }
            let Some(hook) = self.own_hook(api)? else {
                return Ok(Asked::Never("the forge has no webhook to the service".to_owned()));
            };
            match api.send::<Value>("POST", &format!("{}/{}/tests", self.hooks(), hook.id()), None) {
                Ok(_) => Ok(Asked::Sent),
                // A repository that was pushed to a moment ago still counts as empty.
                Err(ApiError::Refused { status: 404, .. }) => Ok(Asked::NotYet(
                    "the repository is empty, so the forge sends no test delivery; run this again after the first push"
                        .to_owned(),
                )),
                Err(error) => Err(error).context("sending a test delivery"),
            }
        })
    }
}

/// What the gate's own account may not do with a repository: its status is required there, and nobody else writes it.
fn lacks_access(gate: &Api, repository: &str) -> Option<String> {
    let lacks = |what: &str| {
        Some(format!(
            "{repository}: the gate's account may not {what}, so no status will come: give it a team that writes, or make it a collaborator"
        ))
    };
    match gate.get::<Object>(&format!("/repos/{repository}")) {
        Ok(found) => match found.0.get("permissions").and_then(|permissions| permissions["push"].as_bool()) {
            Some(false) => lacks("write to it"),
            _ => None,
        },
        Err(ApiError::Refused { status: 404, .. }) => lacks("read it"),
        // What its token lacks is said of the token.
        Err(_) => None,
    }
}

/// The branches and patterns of the forge that stand for what the policy of the default branch protects.
fn protected(api: &Api, repository: &str, default: &str, report: &mut Report) -> anyhow::Result<Vec<String>> {
    let path = format!("/repos/{repository}/contents/{POLICY}?ref={}", in_path(default));
    let policy = match api.get::<Object>(&path) {
        Ok(file) => Some(file),
        Err(ApiError::Refused { status: 404, .. }) => {
            report.warn(format!(
                "{repository} has no policy on {default} yet: the rules are for what is protected without one; run this again once \
                 it is there"
            ));
            None
        }
        Err(error) => return Err(error).with_context(|| format!("reading {POLICY} of {repository}")),
    };
    let mut names = vec![rule_name(default)];
    for pattern in protected_by(policy.as_ref().map(|file| file.text("content")))? {
        match rule_for(&pattern) {
            Some(name) if names.contains(&name) => {}
            Some(name) => names.push(name),
            None => report.warn(format!(
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
fn holes(rule: &Object, named: &str, report: &mut Report) {
    let patterns = rule.text("unprotected_file_patterns");
    if !patterns.is_empty() {
        report
            .warn(format!("{named} lets everybody who writes push {patterns} past it; the hook judges that"));
    }
    if rule.is("enable_force_push") {
        report.warn(format!("{named} lets people force-push; the hook refuses that"));
    }
    if rule.list("status_check_contexts").iter().any(|context| context.contains('*')) {
        report.warn(format!("{named} requires statuses by a pattern, which any of them satisfies"));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use gitea_tests::recorded::Recording;
    use loopback::{Answer, Reply, Request};

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        setup: Setup,
    }

    /// What a set-up finds on a real Gitea that was set up, with the flags that set it up and others; `fault` makes of each answer what the
    /// server gives instead.
    fn found(more: &[&str], fault: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static) -> Report {
        let recording = Recording::read("setup");
        let webhook = hooks(&recording)[0]["config"]["url"].as_str().unwrap().to_owned();
        let (server, _) = recording.replay(move |_, request, answer| Reply::Whole(fault(request, answer)));
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "0123456789abcdef").unwrap();
        let file = secret.path().to_str().unwrap();
        let flags = [
            &["setup", "--url", &server.url, "--token-file", file, "--gate-token-file", file][..],
            &["--repo", "acme/app", "--webhook-url", &webhook, "--webhook-secret-file", file],
            more,
        ];
        let setup = Program::parse_from(flags.concat()).setup;
        let api = client(&server.url, "0123456789abcdef", TIME);
        setup.survey(&api, &["acme/app".to_owned()]).unwrap()
    }

    /// The webhooks of the repository.
    fn hooks(recording: &Recording) -> Vec<Value> {
        let path = recording.path("/hooks");
        let hooks = recording
            .exchanges()
            .iter()
            .find(|exchange| exchange.method == "GET" && exchange.path.contains(&path));
        hooks.unwrap().body.as_array().unwrap().clone()
    }

    /// What somebody did to a document of the forge.
    type Meddling = fn(&mut Value);

    /// Method, path and words of what would be changed.
    fn fixes(report: &Report) -> Vec<(&str, &str, &str)> {
        report.fixes.iter().map(|fix| (fix.method, fix.path.as_str(), fix.what.as_str())).collect()
    }

    #[test]
    fn what_was_set_up_is_right_and_what_is_wanted_beside_it_is_made() {
        let as_it_was = |_: &Request, answer| answer;
        let report = found(&["--veto"], as_it_was);
        assert_eq!(fixes(&report), []);
        assert_eq!(report.right.len(), 4, "{:?}", report.right);
        let report = found(&["--veto", "--branch", "v1"], as_it_was);
        let [(method, path, what)] = fixes(&report)[..] else { panic!("{report:?}") };
        assert_eq!((method, path), ("POST", "/repos/acme/app/branch_protections"));
        assert!(what.starts_with("acme/app: the rule for v1, which is new: "), "{what}");
        assert_eq!(report.fixes[0].body["rule_name"], "v1");
    }

    #[test]
    fn what_somebody_changed_since_is_changed_back() {
        let with = |path: &'static str, meddling: Meddling| {
            move |request: &Request, answer: Answer| {
                if !request.path.contains(path) {
                    return answer;
                }
                let mut known = serde_json::from_slice(&answer.body).unwrap();
                meddling(&mut known);
                Answer { body: known.to_string().into_bytes(), ..answer }
            }
        };
        let table: [(&str, Meddling, (&str, &str, &str)); 4] = [
            ("/hooks", |hooks| *hooks = json!([]), ("POST", "/repos/acme/app/hooks", "a webhook to ")),
            (
                "/hooks",
                |hooks| hooks[0]["active"] = false.into(),
                ("PATCH", "/repos/acme/app/hooks/1", "the webhook to "),
            ),
            (
                "/hooks",
                |hooks| hooks[0]["events"] = json!(["push"]),
                ("PATCH", "/repos/acme/app/hooks/1", "the webhook to "),
            ),
            (
                "/branch_protections",
                |rules| rules[0]["enable_status_check"] = false.into(),
                (
                    "PATCH",
                    "/repos/acme/app/branch_protections/main",
                    "acme/app: the rule for main: enable_status_check true",
                ),
            ),
        ];
        for (path, meddling, (method, changed, begins)) in table {
            let report = found(&["--veto"], with(path, meddling));
            let [(by, at, what)] = fixes(&report)[..] else { panic!("{report:?}") };
            assert_eq!((by, at), (method, changed));
            assert!(what.starts_with(begins), "{what}");
        }
    }

    #[test]
    fn what_the_token_lacks_and_has_to_spare_is_said() {
        let report = found(&["--veto"], |request, answer| {
            if request.path.ends_with("/orgs/0/teams") {
                let said = r#"{"message":"token does not have at least one of required scope(s), required=[read:organization]"}"#;
                return Answer::json(403, said);
            }
            answer
        });
        let said = |what: &str| report.warnings.iter().any(|warning| warning == what);
        assert!(said("the gate's token lacks the scope read:organization"), "{:?}", report.warnings);
        assert!(
            said("the gate's token has the scope read:user and needs it for nothing"),
            "{:?}",
            report.warnings
        );
        assert!(!said("the gate's token lacks the scope write:repository"), "{:?}", report.warnings);
    }

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
