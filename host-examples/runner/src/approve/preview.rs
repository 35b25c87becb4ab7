//! What somebody is about to sign, as they read it. Everything that others wrote is made visible and does nothing.

use countersign_core::model::{Decision, FileStatus, NoticeCode, Request, RuleState, Signing};
use countersign_core::{plain, visible};
use countersign_host::signing::Key;

/// Commits, and files, that are shown; git shows the rest.
const SHOWN: usize = 100;

/// The change, who signs, and what the rules say of it.
pub fn change(request: &Request<'_>, decision: &Decision, signing: &Signing, key: &Key) -> String {
    let change = &decision.change;
    let head = change.head.get(..12).unwrap_or(&change.head);
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(format!("Change     {} into {}, head {head}", plain(&change.repository), plain(&change.target)));
    if let Some(policy) = &decision.policy {
        line(format!("Policy     {}, from {}", plain(&policy.name), plain(&policy.origin)));
    }
    let signer = match &signing.signer {
        Some(signer) => who(signer, &signing.sets),
        None => "nobody whom the target knows".to_owned(),
    };
    line(format!("You        {signer}, with {}", plain(&key.name())));

    line(String::new());
    line(count(request.commits.len() as u64, "commit"));
    for commit in request.commits.iter().take(SHOWN) {
        let message = commit.message.to_str_lossy();
        let (name, email) = (commit.author.name.to_str_lossy(), commit.author.email.to_str_lossy());
        line(format!(
            "  {}  {}\n                {} <{}>",
            commit.sha.short(),
            plain(message.lines().next().unwrap_or_default()),
            plain(&name),
            plain(&email)
        ));
    }
    let all = format!("{}..{}", change.base_tip.get(..12).unwrap_or(&change.base_tip), head);
    more(request.commits.len(), &format!("git log {all}"), &mut line);
    line(count(request.files.len() as u64, "file"));
    for file in request.files.iter().take(SHOWN) {
        let mark = match file.status {
            FileStatus::Added => 'A',
            FileStatus::Deleted => 'D',
            FileStatus::Renamed => 'R',
            FileStatus::Copied => 'C',
            FileStatus::TypeChanged => 'T',
            FileStatus::Modified => 'M',
        };
        let from = file.previous_path.as_ref().map(|from| format!("{} -> ", plain(&from.to_str_lossy())));
        line(format!("  {mark} {}{}", from.unwrap_or_default(), plain(&file.path.to_str_lossy())));
    }
    more(request.files.len(), &format!("git diff --stat {}", all.replace("..", "...")), &mut line);

    line(String::new());
    line("Rules".to_owned());
    for rule in decision.rules.iter().filter(|rule| rule.state != RuleState::Skipped) {
        line(format!("  {}  [{}]", plain(&rule.name), rule.code.name()));
        rule.because.iter().for_each(|because| line(format!("    because  {}", plain(because))));
        for asked in &rule.requirements {
            let given = format!("{} of {} given", asked.counted, asked.needed);
            line(format!("    asks     {} ({given})", plain(&asked.asks)));
        }
    }
    let to_know = |notice: &NoticeCode| matches!(notice, NoticeCode::NoSignoffs | NoticeCode::MergeConflict);
    for notice in decision.notices.iter().filter(|notice| to_know(&notice.code)) {
        line(format!("\n{}", plain(&notice.message)));
    }
    line(String::new());
    out
}

fn more(all: usize, command: &str, line: &mut impl FnMut(String)) {
    if all > SHOWN {
        line(format!("  and {} more: {command}", all - SHOWN));
    }
}

/// The very bytes that are signed.
pub fn statement(statement: &[u8]) -> String {
    let text = String::from_utf8_lossy(statement);
    let lines: Vec<String> = text.lines().map(|line| format!("  {}", visible(line))).collect();
    format!("What the key signs\n{}\n\n", lines.join("\n"))
}

/// What the module says that it does.
pub fn verdict(signing: &Signing) -> String {
    let sentence = plain(&signing.sentence);
    if !signing.counts {
        return format!("This does not count: {sentence} [{}]\n", signing.code.name());
    }
    let mut out = format!("This counts: {sentence}\n");
    for left in &signing.left {
        if !sentence.contains(plain(left).as_str()) {
            out += &format!("  {}\n", plain(left));
        }
    }
    out
}

/// Somebody, and the sets of the policy that they are in.
pub fn who(signer: &str, sets: &[String]) -> String {
    let sets: Vec<String> = sets.iter().map(|set| plain(set)).collect();
    match sets.as_slice() {
        [] => format!("{}, in no set of the policy", plain(signer)),
        sets => format!("{}, one of {}", plain(signer), sets.join(", ")),
    }
}

pub(super) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
