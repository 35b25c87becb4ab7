//! Faults with their places, and the plain values that everything else is read from.

use crate::model::{Diagnostic, Severity, hidden_in};
use crate::policy::yaml::{Key, Node, Place, Value};

/// What is wrong with a policy, as it is found.
#[derive(Default)]
pub(super) struct Faults<'s> {
    pub lines: Vec<&'s str>,
    pub diagnostics: Vec<Diagnostic>,
    /// Names may be defined in a policy that is not here.
    pub names_elsewhere: bool,
    /// Logins that were given the forge's id, and which.
    pub ids: Vec<(String, String)>,
}

/// Faults beyond this number say nothing more.
const MOST_FAULTS: usize = 100;

/// Lines that one value is looked for in.
const MOST_FOLDED: usize = 100;

impl Faults<'_> {
    /// Adds a fault, in the order of the source.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        place: Place,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if self.diagnostics.len() < MOST_FAULTS {
            let source = self.lines.get(place.line.saturating_sub(1)).copied().unwrap_or_default();
            let at = self.diagnostics.partition_point(|d| (d.line, d.column) <= (place.line, place.column));
            let diagnostic = Diagnostic {
                severity,
                message: message.into(),
                help,
                line: place.line,
                column: place.column,
                length: place.length,
                source: source.chars().take(200).collect(),
            };
            self.diagnostics.insert(at, diagnostic);
        }
    }

    pub(super) fn error(&mut self, place: Place, message: &str) {
        self.add(Severity::Error, place, message, None);
    }

    pub(super) fn error_with_help(&mut self, place: Place, message: &str, help: impl Into<String>) {
        self.add(Severity::Error, place, message, Some(help.into()));
    }

    /// What nobody sees in a name or a pattern that begins at a place, or looks like a blank and is none.
    #[inline(never)]
    pub(super) fn hidden_in(&mut self, text: &str, place: Place) {
        let Some((_, hidden)) = hidden_in(text) else { return };
        // Quotes, folds and escapes move it: it is looked for in the source.
        let (mut line, mut column) = (place.line, place.column);
        let from = place.line.saturating_sub(1);
        for (at, source) in self.lines.iter().enumerate().skip(from).take(MOST_FOLDED) {
            let before = if at == from { place.column.saturating_sub(1) } else { 0 };
            if let Some(found) = source.chars().skip(before).position(|c| c == hidden) {
                (line, column) = (at + 1, before + found + 1);
                break;
            }
        }
        self.error_with_help(
            Place { line, column, length: 1 },
            &format!("here stands U+{:04X}, which nobody sees", u32::from(hidden)),
            "take it out, or write the blank or the letter that is meant",
        );
    }

    pub(super) fn unknown_key(&mut self, key: &Key<'_>, known: &[&str]) {
        let help = match likely(&key.text, known) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => format!("the keys here are {}", list_of(known)),
        };
        self.error_with_help(key.place, &format!("unknown key `{}`", key.text), help);
    }
}

/// `a`, `b` and `c`
pub(super) fn list_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The known word that a mistyped one was most likely meant to be.
pub fn likely<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word: String = word.to_ascii_lowercase().chars().take(40).collect();
    known
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance in which two swapped neighbours cost one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut cost =
                (at(&last, j) + usize::from(ca != cb)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && Some(ca) == b.get(j - 1) && a.get(i - 1) == Some(cb) {
                cost = cost.min(at(&before_last, j - 1) + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

/// Keys and values of a mapping.
pub(super) type Entries<'n, 'a> = &'n [(Key<'a>, Node<'a>)];

pub(super) fn map<'n, 'a>(
    node: &'n Node<'a>,
    what: &str,
    faults: &mut Faults<'_>,
) -> Option<Entries<'n, 'a>> {
    match &node.value {
        Value::Map(entries) => {
            entries.iter().for_each(|(key, _)| faults.hidden_in(&key.text, key.place));
            Some(entries)
        }
        _ => {
            faults.error(node.place, &format!("{what} is a mapping, and here is {}", node.kind()));
            None
        }
    }
}

/// A name, a pattern, a number: one value without anything in it that nobody sees.
pub(super) fn word<'n>(node: &'n Node<'_>, what: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    let word = prose(node, what, faults)?;
    faults.hidden_in(word, node.place);
    Some(word)
}

/// One value, for people to read.
pub(super) fn prose<'n>(node: &'n Node<'_>, what: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    let text = text(node, what, faults)?;
    if text.trim().is_empty() {
        faults.error(node.place, &format!("{what} is empty"));
        return None;
    }
    Some(text)
}

/// One value of any kind, the empty one too.
pub(super) fn text<'n>(node: &'n Node<'_>, what: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Scalar(text) => Some(text),
        _ => {
            faults.error(node.place, &format!("{what} is a single value, and here is {}", node.kind()));
            None
        }
    }
}

/// The items of a list.
pub(super) fn list<'n, 'a>(
    node: &'n Node<'a>,
    what: &str,
    faults: &mut Faults<'_>,
) -> Option<&'n [Node<'a>]> {
    match &node.value {
        Value::List(items) => Some(items),
        _ => {
            faults.error(node.place, &format!("{what} is a list, and here is {}", node.kind()));
            None
        }
    }
}

/// One word, or a list of them.
pub(super) fn words<'n>(node: &'n Node<'_>, what: &str, faults: &mut Faults<'_>) -> Vec<(&'n str, Place)> {
    match &node.value {
        Value::List(items) => {
            if items.is_empty() {
                faults.error(node.place, &format!("{what} is an empty list"));
            }
            items.iter().filter_map(|item| Some((word(item, what, faults)?, item.place))).collect()
        }
        _ => word(node, what, faults).map(|text| (text, node.place)).into_iter().collect(),
    }
}

/// One of the named values.
pub(super) fn choice<T: Copy>(
    node: &Node<'_>,
    what: &str,
    choices: &[(&str, T)],
    faults: &mut Faults<'_>,
) -> Option<T> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    choices.get(chosen(node, what, &names, faults)?).map(|(_, value)| *value)
}

/// The place of the name that is chosen.
fn chosen(node: &Node<'_>, what: &str, names: &[&str], faults: &mut Faults<'_>) -> Option<usize> {
    let text = word(node, what, faults)?;
    let found = names.iter().position(|name| *name == text);
    if found.is_none() {
        faults.error_with_help(
            node.place,
            &format!("{what} cannot be `{text}`"),
            format!("it is one of {}", list_of(names)),
        );
    }
    found
}

/// What is said of a number that is not written so that every reader of YAML reads it alike.
pub(super) const PLAIN: &str =
    "write digits alone, the first of them no zero: other readers of YAML read the rest in other ways";

/// Whether a text is a number to some reader of YAML: with a sign, a point, an exponent, underscores, colons, or of another base.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_start_matches(['+', '-', '.', '_']).as_bytes();
    let hexadecimal = digits.starts_with(b"0x");
    digits.first().is_some_and(u8::is_ascii_digit)
        && digits
            .iter()
            .all(|b| b.is_ascii_digit() || b"_.:e+-xob".contains(b) || (hexadecimal && b.is_ascii_hexdigit()))
}

/// `true` or `false`.
pub(super) fn flag(node: &Node<'_>, what: &str, faults: &mut Faults<'_>) -> Option<bool> {
    choice(node, what, &[("true", true), ("false", false)], faults)
}

/// Things that are read from each of one or several words.
pub(super) fn compiled<T>(
    node: &Node<'_>,
    what: &str,
    faults: &mut Faults<'_>,
    compile: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (text, place) in words(node, what, faults) {
        match compile(text) {
            Ok(one) => all.push(one),
            Err(why) => faults.error(place, &format!("bad pattern `{text}`: {why}")),
        }
    }
    all
}

/// Words of a list, in lower case.
pub(super) fn lower(node: &Node<'_>, what: &str, faults: &mut Faults<'_>) -> Vec<String> {
    words(node, what, faults).into_iter().map(|(text, _)| text.to_lowercase()).collect()
}

/// Names that must stand in a table of the policy.
pub(super) fn defined<V>(
    node: &Node<'_>,
    key: &str,
    table: &std::collections::BTreeMap<String, V>,
    section: &str,
    faults: &mut Faults<'_>,
) -> Vec<String> {
    let mut names = Vec::new();
    for (name, place) in words(node, &format!("`{key}`"), faults) {
        if table.contains_key(name) || faults.names_elsewhere {
            names.push(name.to_owned());
            continue;
        }
        let known: Vec<&str> = table.keys().map(String::as_str).collect();
        let help = match likely(name, &known) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => format!("define it under `{section}`"),
        };
        faults.error_with_help(place, &format!("`{section}` has no `{name}`"), help);
    }
    names
}
