//! For the panels of CI systems: JUnit, GitLab's Code Quality, SARIF.

use super::neutral::{plain, xml};
use crate::model::{Decision, RuleResult, RuleState};
use crate::wellknown;

/// What a rule has to say, in one line.
fn message(rule: &RuleResult) -> String {
    let parts = if rule.missing.is_empty() { &rule.because } else { &rule.missing };
    plain(&parts.join("; "))
}

/// Rules that a reader must act on.
fn open(decision: &Decision) -> impl Iterator<Item = &RuleResult> {
    decision.rules.iter().filter(|rule| matches!(rule.state, RuleState::Pending | RuleState::Denied))
}

/// JUnit's XML, as Jenkins reads it (xUnit plug-in, junit-10.xsd). Other systems read the same.
pub(super) fn junit(decision: &Decision) -> String {
    let blocks = |rule: &RuleResult| decision.blocks && !rule.observed;
    let failures = open(decision).filter(|rule| blocks(rule)).count();
    let skipped = decision.rules.iter().filter(|rule| rule.state == RuleState::Skipped).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"countersign\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  \
         <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n",
        tests = decision.rules.len(),
        name = xml(decision.policy.as_ref().map_or("no policy", |policy| &policy.name)),
    );
    for rule in &decision.rules {
        let name = xml(&rule.name);
        let message = xml(&message(rule));
        let inner = match rule.state {
            RuleState::Satisfied => String::new(),
            RuleState::Overridden => format!("<system-out>overridden: {message}</system-out>"),
            RuleState::Skipped => format!("<skipped message=\"{message}\"/>"),
            RuleState::Pending | RuleState::Denied if blocks(rule) => {
                format!("<failure type=\"{}\" message=\"{message}\"/>", rule.code.name())
            }
            RuleState::Pending | RuleState::Denied => format!("<system-out>observed: {message}</system-out>"),
        };
        out.push_str(&format!(
            "    <testcase classname=\"countersign\" name=\"{name}\">{inner}</testcase>\n"
        ));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Where the policy stands, as a path that a report can point to.
fn policy_path(decision: &Decision) -> String {
    let path = decision.policy.as_ref().and_then(|policy| policy.path.as_deref());
    plain(path.unwrap_or(wellknown::POLICY))
}

/// A path as a relative reference (RFC 3986, sections 2.3 and 4.2).
fn reference(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into())
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    crate::model::to_json(&text)
}

pub(super) fn codequality(decision: &Decision) -> String {
    let issues: Vec<String> = open(decision)
        .map(|rule| {
            let name = plain(&rule.name);
            let code = rule.code.name();
            let severity = if decision.blocks && !rule.observed { "blocker" } else { "info" };
            format!(
                r#"{{"description":{},"check_name":"countersign/{code}","fingerprint":{},"severity":"{severity}","location":{{"path":{},"lines":{{"begin":1}}}}}}"#,
                quoted(&format!("{name}: {}", message(rule))),
                quoted(&format!("countersign:{name}:{code}")),
                quoted(&policy_path(decision)),
            )
        })
        .collect();
    format!("[{}]", issues.join(","))
}

pub(super) fn sarif(decision: &Decision) -> String {
    let rules: Vec<String> = decision
        .rules
        .iter()
        .map(|rule| {
            let name = quoted(&plain(&rule.name));
            format!(r#"{{"id":{name},"shortDescription":{{"text":{name}}}}}"#)
        })
        .collect();
    let results: Vec<String> = open(decision)
        .map(|rule| {
            let level = if decision.blocks && !rule.observed { "error" } else { "note" };
            format!(
                r#"{{"ruleId":{},"level":"{level}","message":{{"text":{}}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":{}}}}}}}],"properties":{{"code":"{}"}}}}"#,
                quoted(&plain(&rule.name)),
                quoted(&message(rule)),
                quoted(&reference(&policy_path(decision))),
                rule.code.name(),
            )
        })
        .collect();
    format!(
        r#"{{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"countersign","rules":[{}]}}}},"results":[{}]}}]}}"#,
        rules.join(","),
        results.join(",")
    )
}
