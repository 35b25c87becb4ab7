//! Whether a value says that no AI was used, in the words that people find for it.

use super::lines::trim;
use super::markup::{Links, plain};
use super::names::{Table, says_ai};
use super::tools::AI_WORDS;
use super::words::Words;

/// Whether a value denies AI: its first clause does, and what follows neither takes it back nor names a tool.
pub(super) fn denies(table: &Table, value: &str) -> bool {
    // No denial begins with another letter.
    let first = value.bytes().next().map(|byte| byte.to_ascii_lowercase());
    if first.is_none_or(|byte| b"cegjpqrsuvxy".contains(&byte)) {
        return false;
    }
    let value = plain(value, Links::Resolve);
    let Some(value) = ticked(&value).map(trim) else { return false };
    if matches!(value, "-" | "–" | "—" | "✗" | "❌" | "☐" | "[ ]") {
        return true;
    }
    let clause_end = |(at, c): (usize, char)| {
        let next = value.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            ',' | ';' | '(' | '–' | '—' | '!' | ':' | '=' => true,
            // `n/a - docs only`, `No. I wrote it.`, and not `hand-written`, `0.5 %`.
            '-' | '.' | '/' => next.is_empty() || next.starts_with(' '),
            _ => false,
        }
    };
    let end = value.char_indices().find(|found| clause_end(*found)).map_or(value.len(), |(at, _)| at);
    let (clause, rest) = value.split_at_checked(end).unwrap_or((value, ""));
    if !is_denial(bare(clause)) {
        return is_whole(bare(value));
    }
    let rest = bare(rest);
    let named = || table.read_all(rest).any(|named| named.names_something() && named.only_common.is_none());
    let mut words = rest.split(|c: char| !c.is_alphanumeric());
    let takes_back = words.any(|word| TAKES_BACK.iter().any(|back| back.eq_ignore_ascii_case(word)));
    !takes_back && !named() && (!says_ai(rest) || is_denial(rest))
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric() && c != '%')
}

fn is_whole(value: &str) -> bool {
    WHOLE.iter().any(|whole| whole.len() == value.len() && whole.eq_ignore_ascii_case(value))
}

/// The value as its check boxes have it: what is ticked, or the whole where there are none; nothing where `yes` is ticked.
fn ticked(value: &str) -> Option<&str> {
    if value.is_ascii() && !value.bytes().any(|byte| byte == b'[') {
        return Some(value);
    }
    const TICKS: [&str; 4] = ["[x]", "[X]", "☑", "☒"];
    let Some((_, ticked)) = TICKS.iter().find_map(|tick| value.split_once(tick)) else {
        let empty = value.trim_start().strip_prefix("[ ]").or_else(|| value.trim_start().strip_prefix('☐'));
        return Some(if empty.is_some() { "☐" } else { value });
    };
    let text = ticked.split(['[', '☐', '☑', '☒']).next().unwrap_or(ticked);
    (!text.trim().is_empty()).then_some(text)
}

/// Whether a clause says that there was none: it has a word of denial and else only words of the question.
fn is_denial(clause: &str) -> bool {
    let share = clause.trim_end_matches(|c: char| c == '%' || c.is_whitespace());
    if (!share.is_empty() && share.bytes().all(|b| matches!(b, b'0' | b'.'))) || is_whole(clause) {
        return true;
    }
    let mut denied = false;
    let about = |word: &str| WORDS.get(word).is_some_and(|(_, denies)| !denies) || is_ai_word(word);
    for word in clause
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '%' | '-')))
        .filter(|w| !w.is_empty())
    {
        if matches!(word, "0" | "0%") || WORDS.get(word).is_some_and(|(_, denies)| *denies) {
            denied = true;
        } else if !word.split('-').all(about) {
            return false;
        }
    }
    denied
}

fn is_ai_word(word: &str) -> bool {
    AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word))
}

/// Values that deny AI without a word of denial, or in other words.
const WHOLE: &[&str] = &[
    "n/a",
    "na",
    "n.a",
    "n.a.",
    "false",
    "off",
    "human",
    "humans",
    "human only",
    "humans only",
    "only human",
    "100% human",
    "human-written",
    "human written",
    "handwritten",
    "hand-written",
    "hand written",
    "by hand",
    "manual",
    "manually",
    "manual only",
    "nein",
    "keine",
    "non",
    "aucun",
    "aucune",
    "ninguna",
    "ninguno",
    "nenhum",
    "nessuno",
    "нет",
    "なし",
    "无",
    "没有",
];

/// Words of which denials are made, in order: whether each denies, or is of the question whether AI was used.
static WORDS: Words<bool> = Words::new(&[
    ("all", false),
    ("any", false),
    ("applicable", false),
    ("are", false),
    ("artificial", false),
    ("as", false),
    ("assist", false),
    ("assistance", false),
    ("assistant", false),
    ("assistants", false),
    ("assisted", false),
    ("at", false),
    ("authored", false),
    ("been", false),
    ("by", false),
    ("change", false),
    ("changes", false),
    ("code", false),
    ("commit", false),
    ("contribution", false),
    ("did", false),
    ("didn't", true),
    ("false", true),
    ("for", false),
    ("generated", false),
    ("generation", false),
    ("generative", false),
    ("has", false),
    ("have", false),
    ("help", false),
    ("here", false),
    ("i", false),
    ("in", false),
    ("intelligence", false),
    ("involved", false),
    ("involvement", false),
    ("is", false),
    ("isn't", true),
    ("it", false),
    ("language", false),
    ("large", false),
    ("made", false),
    ("model", false),
    ("models", false),
    ("nah", true),
    ("needed", false),
    ("never", true),
    ("nil", true),
    ("no", true),
    ("non", true),
    ("none", true),
    ("nope", true),
    ("not", true),
    ("nothing", true),
    ("of", false),
    ("patch", false),
    ("pr", false),
    ("relevant", false),
    ("required", false),
    ("the", false),
    ("this", false),
    ("to", false),
    ("tool", false),
    ("tooling", false),
    ("tools", false),
    ("usage", false),
    ("use", false),
    ("used", false),
    ("using", false),
    ("was", false),
    ("wasn't", true),
    ("we", false),
    ("were", false),
    ("weren't", true),
    ("whatsoever", false),
    ("with", false),
    ("without", true),
    ("written", false),
    ("zero", true),
]);

/// Words that take a denial back.
const TAKES_BACK: &[&str] = &[
    "but",
    "except",
    "apart",
    "although",
    "though",
    "however",
    "only for",
    "besides",
    "other",
    "some",
    "partly",
    "partially",
    "yes",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_one_in_any_words() {
        for value in [
            "none",
            "No.",
            "no, just formatting",
            "None (human only)",
            "not applicable",
            "N/A - docs only",
            "none used",
            "No AI was used",
            "nope",
            "NO!",
            "**none**",
            "\"none\"",
            "0%",
            "0 %",
            "0.0 %",
            "[ ]",
            "[ ] yes",
            "[ ] yes [x] no",
            "☐",
            "none (vim)",
            "`none`",
            "no AI",
            "not used",
            "AI was not used.",
            "No generative AI tools were used",
            "never",
            "nil",
            "-",
            "—",
            "n.a.",
            "NA",
            "false",
            "no – typo fix",
            "None; written by hand",
            "none, no AI was used",
            "without AI",
            "human only",
            "100% human",
            "No: manual refactoring",
            "no/none",
            "Non",
            "nein",
            "No LLM used.",
            "None of the code was generated",
            "zero",
        ] {
            assert!(denies(&Table::default(), value), "{value}");
        }
    }

    #[test]
    fn what_takes_a_denial_back_is_none() {
        for value in [
            "",
            "yes",
            "Claude",
            "no, but Claude wrote the tests",
            "No (Copilot only completed lines)",
            "none except tests",
            "no human review",
            "None of it by hand",
            "10%",
            "0.5 %",
            "[x] yes",
            "[x] yes [ ] no",
            "notebook",
            "Nova",
            "nothing but Cursor",
            "not only Claude",
            "no-code tool",
            "No Man's Sky Bot",
        ] {
            assert!(!denies(&Table::default(), value), "{value}");
        }
    }
}
