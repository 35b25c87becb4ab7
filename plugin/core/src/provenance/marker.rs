//! Lines that tools leave behind: `Generated with [Tool](url)` and their kin, and sentences that declare by their grammar.

use super::Collector;
use super::markup::{Links, plain};
use super::message::{VALUE_BYTES, finding, start_of};
use super::names::Table;
use super::tools::{AI_WORDS, KEYS, Key, MARKER_VERBS, Name, ROLES};
use super::words::Words;
use crate::model::{Finding, Help, Rank, RemarkCode, Source, Whereabouts};

/// Reads a line that a tool leaves behind, and says whether it is one.
pub(super) fn marker(
    table: &Table,
    out: &mut Collector,
    text: &str,
    ascii: bool,
    place: &dyn Fn() -> Whereabouts,
) -> bool {
    let mut add = |tool: &str, key: &str, rank: Rank, help: Vec<Help>| {
        let evidence = text.to_owned();
        out.add(Finding { help, place: place(), evidence, ..finding(tool, Source::BodyMarker, key, rank) });
        true
    };
    if text == "<!-- agent -->" {
        return add("unknown", text, Rank::Inferred, vec![Help::Generated]);
    }
    if let Some(stats) = text.strip_prefix("AI: ")
        && stats.contains(" accepted")
        && stats.contains(" generated")
    {
        return add("git-ai", "AI:", Rank::Attested, vec![]);
    }
    if let Some(rest) = text.strip_prefix("🤖 ")
        && table
            .exact_name(rest.split(['→', ':', '-']).next().unwrap_or(rest))
            .is_some_and(|tool| tool == "plandex")
    {
        return add("plandex", "🤖", Rank::Inferred, vec![]);
    }
    // A line of code shows something.
    if text.starts_with(['`', '"', '“']) {
        return false;
    }
    let text = text.strip_prefix("Disclosure: ").or_else(|| text.strip_prefix("Note: ")).unwrap_or(text);
    // Most lines begin with another word.
    let first = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if first && ascii && verb_and_name(text).is_none() && !text.starts_with("via ") {
        return false;
    }
    let whole = plain(text, Links::Keep);
    let is_decoration = |c: char| !c.is_alphanumeric() && c != '[';
    let undecorated = if first { &*whole } else { whole.trim_start_matches(is_decoration) };
    let undecorated = undecorated.strip_prefix("<!-- ").unwrap_or(undecorated);
    let robot = !ascii && text.contains('🤖');
    if let Some(found) = marker_at(table, undecorated, robot) {
        out.add(Finding { place: place(), ..found });
        return true;
    }
    // Newlines lost: the marker stands after a robot in the middle of a line.
    if robot && let Some((_, rest)) = whole.split_once('🤖') {
        let rest = rest.trim_start();
        if let Some(found) = marker_at(table, rest, true) {
            out.add(Finding { place: Whereabouts::Inline, ..found });
            return true;
        }
        if let Some((_, _, name)) = verb_and_name(rest)
            && name.starts_with('[')
        {
            out.remark(RemarkCode::UnknownMarker, UNKNOWN_MARKER, text);
            return true;
        }
    }
    false
}

/// Said of a marker whose name is in no table.
const UNKNOWN_MARKER: &str = "a robot leaves lines like this one, and what it names is in no table; add it under `provenance` in the \
                              policy if it is an AI";

/// `<Verb> with|by|using|via NAME`, with what may stand before the verb: `Unit tests written by NAME`.
fn verb_and_name(text: &str) -> Option<(&str, &str, &str)> {
    // Each word up to the verb is one of those that say what was made.
    let mut rest = text;
    let mut scope = 0;
    while scope < 8 {
        // No verb is longer.
        let end = rest.bytes().take(20).position(|byte| !byte.is_ascii_alphabetic())?;
        let blank = end + rest.bytes().skip(end).take(20 - end).position(|byte| byte == b' ')?;
        let (mut word, after) = (rest.get(..blank)?, rest.get(blank + 1..)?.trim_start());
        if end < blank {
            // A key that lost its colon.
            let key = if word.contains('-') { KEYS.get(word) } else { None };
            if matches!(key, Some((_, Key::Assists(Some(_)) | Key::Declares(_)))) {
                return Some((word, "", after));
            }
            // `Created/Modified with`
            word = word.split('/').next().unwrap_or(word);
        }
        let joins =
            matches!(after.bytes().next(), Some(b'w' | b'W' | b'b' | b'B' | b'u' | b'U' | b'v' | b'V'));
        if joins && MARKER_VERBS.get(word).is_some() {
            let (joint, name) = after.split_once(' ')?;
            let is_joint = ["with", "by", "using", "via"].iter().any(|j| j.eq_ignore_ascii_case(joint));
            // Behind other words it must be all that the line says.
            return is_joint.then(|| (word, joint, name.trim_start()));
        }
        SCOPES.get(word)?;
        scope += 1;
        rest = after;
    }
    None
}

/// Words that say what was made, or how much of it, in order.
static SCOPES: Words<()> = Words::new(&[
    ("all", ()),
    ("and", ()),
    ("assistance", ()),
    ("been", ()),
    ("body", ()),
    ("boilerplate", ()),
    ("bulk", ()),
    ("change", ()),
    ("changes", ()),
    ("co", ()),
    ("code", ()),
    ("comments", ()),
    ("commit", ()),
    ("conflict", ()),
    ("conflicts", ()),
    ("contribution", ()),
    ("description", ()),
    ("doc", ()),
    ("docs", ()),
    ("docstring", ()),
    ("docstrings", ()),
    ("documentation", ()),
    ("draft", ()),
    ("entire", ()),
    ("entirely", ()),
    ("fix", ()),
    ("fully", ()),
    ("has", ()),
    ("have", ()),
    ("heavily", ()),
    ("implementation", ()),
    ("in", ()),
    ("initial", ()),
    ("is", ()),
    ("largely", ()),
    ("logic", ()),
    ("mainly", ()),
    ("majority", ()),
    ("merge", ()),
    ("message", ()),
    ("most", ()),
    ("mostly", ()),
    ("much", ()),
    ("of", ()),
    ("part", ()),
    ("partially", ()),
    ("partly", ()),
    ("parts", ()),
    ("patch", ()),
    ("pr", ()),
    ("primarily", ()),
    ("pull", ()),
    ("refactor", ()),
    ("refactoring", ()),
    ("request", ()),
    ("significantly", ()),
    ("some", ()),
    ("substantially", ()),
    ("test", ()),
    ("tests", ()),
    ("the", ()),
    ("these", ()),
    ("this", ()),
    ("translations", ()),
    ("unit", ()),
    ("vibe", ()),
    ("was", ()),
    ("were", ()),
    ("work", ()),
]);

/// Verbs of which a product may be the object: `Built by Gemini`, `Powered by Gemini`.
const WEAK_VERBS: &[&str] = &["built", "powered"];

/// The marker at the start of `text`; `sure` where a robot stands before it.
fn marker_at(table: &Table, text: &str, sure: bool) -> Option<Finding> {
    let (verb, joint, rest) = verb_and_name(text).or_else(|| {
        // The second half of a marker of two lines.
        text.strip_prefix("via ").filter(|rest| rest.starts_with('[')).map(|rest| ("via", "", rest))
    })?;
    let rest = without_fillers(start_of(rest, VALUE_BYTES));
    let scoped = !text.starts_with(verb) || joint.is_empty();
    let (name, linked) = match rest.strip_prefix('[').and_then(|r| r.split_once("](")) {
        Some((name, _)) => (name, true),
        None => (rest.trim_start_matches(|c: char| !c.is_alphanumeric()), false),
    };
    let model = table.model_named(name).filter(|model| model.versioned);
    let named = table.leading_name(name).or_else(|| leading_ai_word(name));
    let (tool, after, kind) = match (named, &model) {
        (Some(named), _) => named,
        (None, Some(model)) => ("unknown", name.get(model.length..)?, Name::Own),
        (None, None) => return None,
    };
    // `created with an aider_service folder`
    if !linked && after.starts_with(['_', '/', '\\', '@']) && !after.starts_with("/claude") {
        return None;
    }
    let common = kind != Name::Own && model.is_none();
    // `Generated with Continue` is a marker, `Made with continue statements` is prose: a common word must end the
    // line, be linked, or go on as only a tool does.
    let version = after.trim_start().split([' ', ',']).next().unwrap_or_default();
    let is_version = version.starts_with(|c: char| c == 'v' || c.is_ascii_digit())
        && version.bytes().any(|b| b.is_ascii_digit());
    let behind = if is_version { after.trim_start().get(version.len()..)? } else { after };
    let ends = behind.trim_start_matches([' ', '.', '!', ')', ']', '*', '-', '>']).is_empty();
    let weak = WEAK_VERBS.iter().any(|weak| weak.eq_ignore_ascii_case(verb)) && !is_version;
    let after = behind.trim_start().to_ascii_lowercase();
    let goes_on =
        ["assist", "help", "support", "and ", "(", "/", ","].iter().any(|word| after.starts_with(word));
    let proper = name.starts_with(|c: char| c.is_uppercase());
    // All that its clause says: `Cursor <Auto>`, `an AI tool; reviewed by me`.
    let clause = [". ", "; ", ", ", " (", " - ", " — "]
        .iter()
        .fold(name, |name, end| name.split(end).next().unwrap_or(name));
    let clause = clause.trim_end_matches(['.', '!', ';', ')', ']', '*', '_']);
    let whole = table.is_name(clause) || says_only_ai(clause);
    let by_word = (ends && !weak) || (goes_on && proper && !weak) || (whole && !weak);
    let is_marker = linked || sure || !common || (kind != Name::Given && by_word) || (is_version && ends);
    if !is_marker || (scoped && !whole && !linked) {
        return None;
    }
    let model = if linked {
        None
    } else {
        table.read(name.split(". ").next().unwrap_or(name)).model.map(str::to_owned)
    };
    let help = match verb.to_ascii_lowercase().as_str() {
        "prepared" | "assisted" | "powered" | "made" | "built" | "via" => Help::Assisted,
        _ => Help::Generated,
    };
    let key = format!("{} {}", capitalised(verb), joint.to_ascii_lowercase());
    Some(Finding {
        model,
        help: vec![help],
        evidence: text.to_owned(),
        ..finding(tool, Source::BodyMarker, key.trim_end(), Rank::Inferred)
    })
}

/// `AI` and the like in the place of a tool's name: what follows, as of a common word.
fn leading_ai_word(text: &str) -> Option<(&'static str, &str, Name)> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end)?;
    AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word)).then_some(("unknown", after, Name::Common))
}

/// Whether a text is a word for AI, with what AIs are called besides.
fn says_only_ai(text: &str) -> bool {
    let mut words = text.split([' ', '-']);
    words.next().is_some_and(|first| AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(first)))
        && words.all(|word| {
            is_filler(word) || ROLES.iter().any(|role| role.eq_ignore_ascii_case(word.trim_end_matches('s')))
        })
}

/// What stands before a name: `the help of`, `significant assistance from AI:`.
fn without_fillers(mut text: &str) -> &str {
    while let Some((word, after)) = text.split_once(' ') {
        let label = word
            .strip_suffix(':')
            .is_some_and(|word| AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word)));
        if !label && !is_filler(word) {
            break;
        }
        text = after.trim_start();
    }
    text
}

fn is_filler(word: &str) -> bool {
    const FILLERS: &[&str] = &[
        "a",
        "aid",
        "an",
        "assist",
        "assistance",
        "bit",
        "by",
        "considerable",
        "from",
        "generative",
        "help",
        "heavy",
        "little",
        "lots",
        "much",
        "my",
        "of",
        "significant",
        "some",
        "substantial",
        "the",
        "use",
        "using",
        "various",
    ];
    FILLERS.iter().any(|filler| filler.eq_ignore_ascii_case(word))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default()
        + &chars.as_str().to_lowercase()
}
