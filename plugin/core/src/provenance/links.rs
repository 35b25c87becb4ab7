//! Links to sessions, chats and transcripts.

use super::Collector;
use super::markup::{Links, plain};
use super::message::finding;
use super::names::{Named, Table};
use super::tools::{LINKS, TRANSCRIPTS};
use crate::limits;
use crate::model::{Finding, Rank, RemarkCode, Source, Whereabouts};

/// Whether there may be links in a text.
pub(super) fn has_links(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes).any(|at| bytes.get(at + 1..at + 3) == Some(b"//"))
}

/// Reads the links of a piece: sessions are evidence, chats are remarked on, and either is evidence behind the name of a tool.
/// Says whether there was one.
pub(super) fn links(table: &Table, out: &mut Collector, text: &str, place: &dyn Fn() -> Whereabouts) -> bool {
    let mut any = false;
    for at in memchr::memchr_iter(b':', text.as_bytes()) {
        if !text.get(at..).is_some_and(|rest| rest.starts_with("://")) {
            continue;
        }
        let before = text.get(..at).unwrap_or_default();
        let url = text.get(at + 3..).unwrap_or_default();
        let url = url.strip_prefix("www.").unwrap_or(url);
        let ends = |c: char| c.is_whitespace() || matches!(c, ')' | ']' | '>' | '"' | '`');
        let url = url.split(ends).next().unwrap_or_default();
        if before.bytes().filter(|byte| *byte == b'`').count() % 2 == 1 {
            continue;
        }
        let link = LINKS.iter().find(|(address, _)| is_at(url, address));
        let is_transcript = || TRANSCRIPTS.iter().any(|host| is_at(url, host));
        if link.is_none() && !is_transcript() {
            continue;
        }
        out.cost += limits::TRAILER_STEPS;
        let label = label(before).filter(|label| table.is_name(label));
        let named = label.as_deref().map(|label| table.read(label)).filter(Named::names_something);
        let tool = link.and_then(|(_, tool)| *tool);
        let Some(key) = link.map(|(address, _)| *address).or_else(|| named.as_ref().map(|_| "transcript"))
        else {
            continue;
        };
        any = true;
        if tool.is_none() && named.is_none() {
            out.remark(RemarkCode::ChatLink, CHAT_LINK, text);
            continue;
        }
        let by_label = named.as_ref().and_then(|named| named.tool.as_deref());
        let model = named.as_ref().and_then(|named| named.model);
        out.add(Finding {
            model: model.map(str::to_owned),
            place: place(),
            evidence: text.to_owned(),
            ..finding(tool.or(by_label).unwrap_or("unknown"), Source::BodyMarker, key, Rank::Inferred)
        });
    }
    any
}

/// Said of a chat's address.
const CHAT_LINK: &str =
    "a chat with an AI is linked; write `AI-Assisted: <tool>` where its words came into the change";

/// Whether a link without its scheme is at an address of the table, and goes on behind it.
fn is_at(url: &str, address: &str) -> bool {
    let first = |text: &str| text.as_bytes().first().map(u8::to_ascii_lowercase);
    if first(url) != first(address) && !address.starts_with('/') {
        return false;
    }
    let is_id = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    if address.starts_with('/') {
        return url.split_once(address).is_some_and(|(_, rest)| is_id(rest));
    }
    let mut rest = url;
    for (at, part) in address.split('*').enumerate() {
        if at > 0 {
            rest = rest.get(rest.find('/').unwrap_or(rest.len())..).unwrap_or_default();
        }
        match rest.get(..part.len()) {
            Some(start) if start.eq_ignore_ascii_case(part) => {
                rest = rest.get(part.len()..).unwrap_or_default()
            }
            _ => return false,
        }
    }
    is_id(rest)
}

/// What stands before a link and its colon, without the words that say what a link is.
fn label(before: &str) -> Option<String> {
    let before =
        before.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).trim_end_matches(['<', '(', '[', ' ']);
    let label = plain(before.strip_suffix(':')?, Links::Resolve).into_owned();
    let mut words: Vec<&str> = label.split_whitespace().collect();
    words.retain(|word| !LABELS.iter().any(|known| known.eq_ignore_ascii_case(word)));
    Some(words.join(" "))
}

/// Words of a label that name no tool.
const LABELS: &[&str] = &[
    "-",
    "*",
    "a",
    "built",
    "by",
    "chat",
    "coded",
    "conversation",
    "created",
    "done",
    "full",
    "generated",
    "history",
    "implementation",
    "implemented",
    "it",
    "link",
    "log",
    "logs",
    "made",
    "my",
    "prompt",
    "prompts",
    "session",
    "share",
    "shared",
    "task",
    "the",
    "this",
    "thread",
    "trace",
    "transcript",
    "transcripts",
    "with",
    "written",
    "wrote",
];
