//! What sentences say of AI, as far as words can: that one was at work on this change, or reviewed it, or was not used.
//!
//! A clause is read as a run of kinds of words around the name of an AI, so that what is told apart is grammar and not
//! wording: who wrote (`Claude wrote the tests`), by whom it was written, with whose help, whose findings it answers. What a
//! product does with an AI (`show AI-generated summaries`, `the file is created by Claude CLI`) has another subject, or goes
//! on with another noun.

use super::names::{Table, is_version, model_at_start};
use super::parts::{PARTS, Part};
use super::structure::contains;
use super::tools::{AI_WORDS, Family, MODEL_FAMILIES, NAMES, Name, REVIEWERS};
use super::words::Words;

/// What a text says of an AI; of several things, the last of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// None was used.
    Unused,
    /// It reviewed, found or suggested something.
    Reviewed,
    /// It worked on the change, or helped with it.
    Worked,
    /// The same, as a whole sentence about this very change: `OpenAI Codex assisted with drafting this change`.
    Declared,
}

/// How much of a line is read as sentences.
const LINE_BYTES: usize = 4_000;

/// A word, or the name of an AI.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    part: Part,
    pub text: &'t str,
    /// Joined with a hyphen to what follows, or followed by `'s`.
    joint: Option<char>,
    /// A name that people are given too.
    given: bool,
    /// A name that nothing else has.
    own: bool,
}

impl Token<'_> {
    fn is(&self, part: Part) -> bool {
        self.part == part
    }

    fn is_ai(&self) -> bool {
        matches!(self.part, Part::Ai | Part::Name)
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| word.eq_ignore_ascii_case(self.text))
    }
}

/// Which first letters those words have that may name an AI, up to five of them: what tells most words from them at once.
struct Beginnings {
    five: [u64; 64],
    /// Of each letter, which may follow it.
    two: [u32; 28],
    /// Of each byte: a letter from 2 on, 1 a digit, 0 what ends a word.
    kinds: [u8; 256],
}

static BEGINNINGS: Beginnings = {
    let mut found = Beginnings { five: [0; 64], two: [0; 28], kinds: kinds() }.with("vibe").with("vibecoded");
    // Short names that are read with the `v` of a version too.
    found = found.with_letters("noriv").with_letters("roov").with_letters("yiv");
    let mut words = AI_WORDS;
    while let [word, rest @ ..] = words {
        found = found.with(word);
        words = rest;
    }
    let mut names = NAMES.entries();
    while let [(name, _), rest @ ..] = names {
        found = found.with(name);
        names = rest;
    }
    let mut families = MODEL_FAMILIES.entries();
    while let [(name, family), rest @ ..] = families {
        if matches!(family, Family::Own) {
            found = found.with(name);
        }
        families = rest;
    }
    found
};

/// What each byte is in a word.
#[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 26 {
        kinds[(b'a' + byte) as usize] = 2 + byte;
        kinds[(b'A' + byte) as usize] = 2 + byte;
        if byte < 10 {
            kinds[(b'0' + byte) as usize] = 1;
        }
        byte += 1;
    }
    kinds
}

/// How many letters tell one word from another.
const TOLD: usize = 5;

/// The letters that a word begins with, as a number: those before, and the kind of one more.
const fn hashed(letters: usize, kind: u8) -> usize {
    letters * 61 + kind as usize - 1
}

impl Beginnings {
    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
    const fn with(mut self, word: &str) -> Self {
        let (first, second) = (word.as_bytes()[0], word.as_bytes()[1]);
        // Of a word of one letter nothing can be told.
        if !second.is_ascii_alphanumeric() {
            return self;
        }
        self.two[self.kinds[first as usize] as usize] |= 1 << self.kinds[second as usize];
        self.with_letters(word)
    }

    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
    const fn with_letters(mut self, word: &str) -> Self {
        let (mut letters, mut at) = (0, 0);
        while at < TOLD && at < word.len() && word.as_bytes()[at].is_ascii_alphabetic() {
            letters = hashed(letters, self.kinds[word.as_bytes()[at] as usize]);
            at += 1;
        }
        let at = letters % 4096;
        self.five[at / 64] |= 1 << (at % 64);
        self
    }

    fn kind(&self, byte: u8) -> u8 {
        self.kinds.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// Whether a name may begin with a letter, by its kind, and what stands behind it.
    fn may_begin(&self, first: u8, behind: &[u8]) -> bool {
        let second = behind.first().map_or(0, |byte| self.kind(*byte));
        self.two.get(usize::from(first)).is_some_and(|seconds| seconds >> second & 1 == 1)
            && self.may_hold(first, behind)
    }

    /// The same by all the letters that tell.
    fn may_hold(&self, first: u8, behind: &[u8]) -> bool {
        let mut letters = hashed(0, first);
        for byte in behind.iter().take(TOLD - 1) {
            let kind = self.kind(*byte);
            if kind < 2 {
                break;
            }
            letters = hashed(letters, kind);
        }
        let at = letters % 4096;
        self.five.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }
}

/// Whether a text names an AI, or says the word.
pub(super) fn speaks_of_ai(table: &Table, text: &str) -> bool {
    Search::of(table, text, text.is_ascii()).is_before(text.len())
}

/// A search for where a text first names an AI, or says the word. It goes no further than somebody asks: most of what a
/// message says of AI stands in its trailers, and those are read by their keys.
pub(super) struct Search<'t> {
    table: &'t Table,
    text: &'t str,
    /// No word before is one.
    from: usize,
    found: Option<usize>,
}

impl<'t> Search<'t> {
    pub fn of(table: &'t Table, text: &'t str, ascii: bool) -> Self {
        // Of other languages it is not told where.
        let elsewhere = !ascii && contains_any(text, &["ИИ", "нейросет", "人工知能", "人工智能"]);
        Search { table, text, from: 0, found: elsewhere.then_some(0) }
    }

    /// Whether it stands before this place.
    pub fn is_before(&mut self, end: usize) -> bool {
        if self.found.is_none() && self.from < end {
            self.go_on(end);
        }
        self.found.is_some_and(|found| found < end)
    }

    fn go_on(&mut self, end: usize) {
        let of_policy = !self.table.extra.is_empty();
        let bytes = self.text.as_bytes();
        let mut rest = bytes.get(self.from..).unwrap_or_default();
        while let [first, behind @ ..] = rest {
            let kind = BEGINNINGS.kind(*first);
            if kind == 0 {
                rest = behind;
                continue;
            }
            let at = bytes.len() - rest.len();
            if at >= end {
                break;
            }
            if kind > 1
                && (of_policy || BEGINNINGS.may_begin(kind, behind))
                && named_at(self.table, self.text, at).is_some()
            {
                self.found = Some(at);
                return;
            }
            // What goes on with a word begins none.
            rest = behind;
            while let [byte, behind @ ..] = rest
                && BEGINNINGS.kind(*byte) > 0
            {
                rest = behind;
            }
        }
        self.from = bytes.len() - rest.len();
    }
}

fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Tools whose names are no words that a sentence has in lower case.
const LOWER: &[&str] = &["claude-code", "cline", "gemini", "kiro", "windsurf"];

/// Tools with a given name that review what others wrote.
const GIVEN: &[&str] = &["devin", "jules", "junie"];

/// The name of an AI or a word for one at a place of a text where a word begins: what it is, and its length.
fn ai_at(table: &Table, text: &str, at: usize) -> Option<(Part, usize)> {
    let (first, behind) = text.as_bytes().get(at..)?.split_first()?;
    let kind = BEGINNINGS.kind(*first);
    let may = !table.extra.is_empty() || (kind > 1 && BEGINNINGS.may_hold(kind, behind));
    if may { named_at(table, text, at) } else { None }
}

/// The same where the first letters may be those of a name.
fn named_at(table: &Table, text: &str, at: usize) -> Option<(Part, usize)> {
    let bytes = text.as_bytes().get(at..)?;
    let here = text.get(at..)?;
    let length = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(bytes.len());
    let word = here.get(..length)?;
    let named = || -> Option<usize> {
        if let Some((id, length, kind)) = table.name_at_start(here) {
            let capital = here.starts_with(char::is_uppercase) || LOWER.contains(&id);
            let counts = match kind {
                Name::Own => true,
                Name::Common => capital,
                Name::Given => capital && GIVEN.contains(&id),
            };
            // A company does many things.
            return (counts && id != "anthropic").then_some(length);
        }
        model_at_start(here).map(|model| model.length)
    };
    // `gpt` is a table of partitions too, and what is agentic is a product.
    let is_ai = !["gpt", "agentic"].iter().any(|not| word.eq_ignore_ascii_case(not))
        && AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word));
    let (part, length) = match named() {
        Some(length) => (Part::Name, length),
        // `Ai` beside another name is a name.
        None if is_ai && (word != "Ai" || here.get(2..).is_some_and(|rest| rest.starts_with('-'))) => {
            (Part::Ai, length)
        }
        None => {
            let vibe = here.get(..4).filter(|start| start.eq_ignore_ascii_case("vibe"))?;
            let coded = here.get(4..)?.trim_start_matches([' ', '-']);
            let coded = coded.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("coded"));
            return coded.then_some((Part::Ai, vibe.len()));
        }
    };
    // A path, an address, a name in code and a part of another name are none.
    let loud = word.bytes().all(|byte| byte.is_ascii_uppercase());
    let before = text.as_bytes().get(at.wrapping_sub(1)).copied().unwrap_or(b' ');
    let after = bytes.get(length..).unwrap_or_default();
    let apart = match before {
        b'/' => loud,
        b'.' | b'_' | b'@' | b'#' | b'$' | b'-' | b'\\' | b':' | b'=' => false,
        _ => true,
    };
    let whole = match (after.first(), after.get(1)) {
        (Some(b'/'), _) => loud,
        (Some(b'_' | b'@' | b'=' | b'\\'), _) => false,
        (Some(b'.' | b':'), Some(next)) => !next.is_ascii_alphanumeric(),
        (Some(b'-'), Some(_)) => {
            let next = here.get(length + 1..).unwrap_or_default();
            let next = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            PARTS.get(next).is_some_and(|(_, part)| {
                matches!(part, Part::Made | Part::Done | Part::Help | Part::Found | Part::Role)
            })
        }
        _ => true,
    };
    (apart && whole).then_some((part, length))
}

/// The words of a line, and where its clauses end.
pub(super) fn tokens<'t>(table: &Table, text: &'t str) -> Vec<Token<'t>> {
    let mut tokens: Vec<Token<'t>> = Vec::with_capacity(text.len().min(LINE_BYTES) / 5);
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()).filter(|_| at < LINE_BYTES) {
        let here = text.get(at..).unwrap_or_default();
        if c.is_alphanumeric() {
            let is_of_word = |c: char| c.is_alphanumeric() || c == '\'';
            let length = here.find(|c| !is_of_word(c)).unwrap_or(here.len());
            let (part, length) = ai_at(table, text, at).unwrap_or_else(|| {
                let word = here.get(..length).unwrap_or_default();
                (PARTS.get(word).map_or(Part::Other, |(_, part)| *part), length)
            });
            let text = here.get(..length).unwrap_or_default();
            at += length;
            let behind = here.get(length..).unwrap_or_default();
            let owns = ["'s", "’s"].iter().find(|end| behind.starts_with(**end));
            at += owns.map_or(0, |end| end.len());
            let joint = if owns.is_some() { Some('\'') } else { behind.chars().next().filter(|c| *c == '-') };
            let given = part == Part::Name && GIVEN.iter().any(|name| name.eq_ignore_ascii_case(text));
            let own = part == Part::Name && table.is_tools_own_name(text);
            tokens.push(Token { part, text, joint, given, own });
            continue;
        }
        let behind = here.get(c.len_utf8()..).unwrap_or_default();
        let ends = behind.is_empty() || behind.starts_with(char::is_whitespace);
        let is_break = match c {
            ',' | ';' | '(' | ')' | '—' | '–' | '|' => true,
            '.' | '!' | '?' | ':' | '-' => ends,
            _ => false,
        };
        if is_break {
            // `thanks, Claude`
            let thanks = c == ',' && tokens.last().is_some_and(|token| token.is_one_of(&["thanks"]));
            if !thanks {
                let text = here.get(..c.len_utf8()).unwrap_or_default();
                tokens.push(Token { part: Part::Break, text, joint: None, given: false, own: false });
            }
        }
        at += c.len_utf8();
    }
    tokens
}

/// What a line says of AI. A title names what a product does as often as how it was made, so there the grammar must say it.
pub(super) fn says(tokens: &[Token<'_>], title: bool) -> Option<Says> {
    let mut found = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let start = at;
        at += 1;
        if !token.is_ai() {
            continue;
        }
        // What it is called besides: `Codex bot reviewer`, `Claude Code 2.1`.
        let more = tokens.get(at..).unwrap_or_default();
        let called = |token: &&Token<'_>| {
            token.is_ai()
                || (token.is(Part::Role) && token.joint.is_none())
                || is_version(token.text)
                || MODEL_FAMILIES.get(token.text).is_some_and(|(_, family)| *family == Family::Own)
        };
        let besides = if token.joint.is_some() { 0 } else { more.iter().take_while(called).count() };
        at += besides;
        let last = tokens.get(at - 1).unwrap_or(token);
        // `Codex (GPT-5.6 high) fixed it`
        let more = tokens.get(at..).unwrap_or_default();
        if more.first().is_some_and(|token| token.text == "(")
            && let Some(close) = more.iter().take(7).position(|token| token.text == ")")
            && more.get(..close).is_some_and(|inner| inner.iter().any(Token::is_ai))
        {
            at += close + 1;
        }
        let before = tokens.get(..start).unwrap_or_default();
        let begins = before.iter().rposition(|token| token.is(Part::Break)).map_or(0, |at| at + 1);
        let behind = tokens.get(at..).unwrap_or_default();
        let ends = behind.iter().position(|token| token.is(Part::Break)).unwrap_or(behind.len());
        let clause = Clause {
            ai: token,
            joint: last.joint,
            before: before.get(begins.max(start.saturating_sub(CLAUSE))..).unwrap_or_default(),
            behind: behind.get(..ends.min(CLAUSE)).unwrap_or_default(),
            starts: begins == 0,
            speaks: behind.get(ends..).is_some_and(|end| matches!(end, [colon] if colon.text == ":")),
            answers: before
                .get(begins.saturating_sub(4)..)
                .is_some_and(|all| all.iter().any(|token| token.is(Part::Answers))),
            title,
        };
        found = found.max(clause.says());
    }
    found
}

/// What an AI did to a change that a sentence declares.
const DECLARING: &[&str] = &["assisted", "authored", "drafted", "helped", "wrote"];

/// What only somebody does who writes.
const AUTHORED: &[&str] = &["authored", "coauthored", "coded", "drafted", "rewritten", "written"];

/// How many words before and behind an AI are looked at.
const CLAUSE: usize = 14;

/// An AI in its clause.
struct Clause<'c> {
    ai: &'c Token<'c>,
    joint: Option<char>,
    before: &'c [Token<'c>],
    behind: &'c [Token<'c>],
    /// The line begins with it.
    starts: bool,
    /// A colon stands behind it, and nothing else.
    speaks: bool,
    /// Something was answered, here or right before: `fix: Copilot's suggestions`.
    answers: bool,
    title: bool,
}

fn skip_small<'c>(tokens: &'c [Token<'c>]) -> &'c [Token<'c>] {
    let small = tokens.iter().take_while(|token| token.is(Part::Small)).count();
    tokens.get(small..).unwrap_or_default()
}

fn skip_small_back<'c>(tokens: &'c [Token<'c>]) -> &'c [Token<'c>] {
    let small = tokens.iter().rev().take_while(|token| matches!(token.part, Part::Small | Part::Not)).count();
    tokens.get(..tokens.len() - small).unwrap_or_default()
}

impl Clause<'_> {
    fn says(&self) -> Option<Says> {
        let readings = [
            self.subject(),
            self.agent(),
            self.help(),
            self.asked(),
            self.review(),
            self.attribute(),
            self.alone(),
        ];
        let found = readings.into_iter().flatten().max()?;
        // `not only` denies nothing, and `without showing what AI does` denies something else.
        let far = self.before.len().saturating_sub(9);
        let near = self.before.get(far..).unwrap_or_default();
        let not = near.iter().rposition(|token| token.is(Part::Not)).is_some_and(|at| {
            !near.iter().skip(at).any(|token| {
                token.is_one_of(&["only", "just", "human", "longer"])
                    || (token.is(Part::Other) && token.text.ends_with("ing"))
            })
        });
        match found {
            // What is taken out again says nothing of how this was made.
            Says::Worked | Says::Declared if self.before.iter().any(|token| token.is(Part::Removed)) => None,
            Says::Worked | Says::Declared if self.ai.given => None,
            Says::Worked | Says::Declared if not => Some(Says::Unused),
            _ if not => None,
            found => Some(found),
        }
    }

    /// `Claude wrote the tests`, `my AI agent spotted them`.
    fn subject(&self) -> Option<Says> {
        // `Greptile's review caught`
        // `AI assistance was used`, too.
        let reviews =
            self.behind.iter().take_while(|token| matches!(token.part, Part::Review | Part::Help)).count();
        let lead = self.before.iter().rev().take_while(|token| token.is(Part::Small));
        let begins = lead.clone().count() == self.before.len()
            || lead.clone().any(|token| token.is_one_of(&["and", "because", "so", "then"]));
        if (self.joint.is_some() && reviews == 0) || !begins {
            return None;
        }
        let behind = self.behind.get(reviews..).unwrap_or_default();
        let verbs = skip_small(behind);
        let small = behind.get(..behind.len() - verbs.len()).unwrap_or_default();
        let passive =
            small.iter().any(|token| token.is_one_of(&["was", "were", "been", "be", "is", "being"]));
        let (verb, object) = verbs.split_first().unzip();
        let object = object.unwrap_or_default();
        let on_work = || object.iter().take(5).any(|token| matches!(token.part, Part::Work | Part::Review));
        let of_this = || {
            let pairs = object.iter().zip(object.iter().skip(1));
            pairs.take(10).any(|(this, noun)| this.is_one_of(&["this", "these"]) && noun.is(Part::Work))
        };
        match verb.map(|verb| (verb, verb.part)) {
            Some((verb, Part::Made))
                if self.starts
                    && self.ai.own
                    && !passive
                    && !self.title
                    && verb.is_one_of(DECLARING)
                    && of_this() =>
            {
                Some(Says::Declared)
            }
            _ if small.iter().any(|token| token.is_one_of(&["kind", "nice"])) => Some(Says::Worked),
            Some((verb, Part::Asked))
                if verb.is_one_of(&["used"]) && small.iter().any(|t| t.is_one_of(&["was", "were"])) =>
            {
                Some(Says::Worked)
            }
            // A model in a product reports and detects things as well.
            Some((verb, Part::Found))
                if !passive
                    && (self.is_reviewer()
                        || !verb.is_one_of(&["detected", "mentioned", "noted", "reported"])) =>
            {
                Some(Says::Reviewed)
            }
            // `AI generated summaries` are something else.
            Some((_, Part::Made)) if !passive && (self.ai.is(Part::Name) || follows(object) || on_work()) => {
                Some(Says::Worked)
            }
            Some((_, Part::Done)) if !passive && on_work() && !self.title => Some(Says::Worked),
            _ => None,
        }
    }

    /// `written with the help of Claude`, `flagged by Codex`, `fix by Copilot`.
    fn agent(&self) -> Option<Says> {
        let review = self.behind.iter().take_while(|token| token.is(Part::Review)).count();
        let behind = self.behind.get(review..).unwrap_or_default();
        // `Found by Codex Security` names a part of it.
        let part = behind.first().is_some_and(|next| {
            next.is(Part::Other) && (next.text.starts_with(char::is_uppercase) || next.is_one_of(&["thing"]))
        });
        if self.joint.is_some() || !(follows(behind) || part) {
            return None;
        }
        // `by switching Claude off` names another doing.
        let is_filler = |token: &Token<'_>| {
            matches!(token.part, Part::Small | Part::Help | Part::By | Part::Role | Part::Work)
                || (token.is(Part::Other) && !token.text.ends_with("ing"))
        };
        let verb =
            self.before.iter().rposition(|token| matches!(token.part, Part::Made | Part::Done | Part::Found));
        let noun = self.before.iter().rposition(|token| token.is(Part::By));
        let local = |token: &&Token<'_>| token.is(Part::Other) && !token.text.ends_with("ing");
        let leads = |by: &usize| {
            let lead = skip_small(self.before.get(by + 1..).unwrap_or_default());
            lead.iter().take_while(local).take(2).count() == lead.len()
        };
        if let Some(by) = noun.filter(leads) {
            let what = skip_small_back(self.before.get(..by).unwrap_or_default()).last();
            let joint = self.before.get(by).is_some_and(|token| token.is_one_of(&["by"]));
            match what.map(|token| token.part) {
                Some(Part::Work | Part::Answers) if joint => return Some(Says::Worked),
                Some(Part::Review)
                    if joint
                        || (self.before.get(by).is_some_and(|token| token.is_one_of(&["from"]))
                            && !what.is_some_and(|what| what.is_one_of(&["recommendation"]))) =>
                {
                    return Some(Says::Reviewed);
                }
                _ => {}
            }
        }
        let (verb_at, between) = verb.and_then(|at| Some((at, self.before.get(at + 1..)?)))?;
        let helped = between.iter().any(|token| token.is(Part::Help));
        let joined = between.iter().any(|token| {
            token.is(Part::By) && (helped || !token.is_one_of(&["from", "of", "de", "da", "von"]))
        });
        // What stands right before the AI leads to it.
        let from_joint = between.iter().rev().take_while(|token| !token.is(Part::By));
        let near = from_joint.clone().count() <= 3 && between.iter().all(is_filler);
        let verb = self.before.get(verb_at)?;
        let until = self.before.get(..verb_at).unwrap_or_default();
        let before_verb = until.get(until.len().saturating_sub(3)..).unwrap_or_default();
        let subject = skip_small_back(until).last();
        let of_change = subject.is_none_or(|token| {
            matches!(
                token.part,
                Part::Work | Part::Answers | Part::Review | Part::Me | Part::Made | Part::Done | Part::Found
            )
        });
        if !joined || !near || ((review > 0 || part) && !verb.is(Part::Found)) {
            return None;
        }
        match (verb.part, self.ai.part) {
            (Part::Found, _) if between.iter().any(|token| token.is_one_of(&["by", "from", "via"])) => {
                Some(Says::Reviewed)
            }
            // What is reported with a model is reported of a product that runs it.
            (Part::Found, _)
                if verb.is_one_of(&["caught", "discovered", "found", "identified", "spotted"])
                    && between.iter().any(|token| token.is_one_of(&["with", "using"])) =>
            {
                Some(Says::Reviewed)
            }
            (Part::Made, Part::Ai) if !self.title || of_change => Some(Says::Worked),
            // What was done once is told of this change, and what is done each time of a product.
            (Part::Made, _)
                if !self.title
                    && before_verb.iter().any(|token| token.is_one_of(&["was", "were"]))
                    && !before_verb.iter().any(|token| token.is_one_of(&["that", "which"])) =>
            {
                Some(Says::Worked)
            }
            (Part::Made, _) if of_change || (!self.title && verb.is_one_of(AUTHORED)) => Some(Says::Worked),
            (Part::Done, _) if of_change && subject.is_some() => Some(Says::Worked),
            _ => None,
        }
    }

    /// `with a little help from an LLM`, `some AI assistance`.
    fn help(&self) -> Option<Says> {
        let leads = |token: &&Token<'_>| matches!(token.part, Part::Small | Part::By | Part::Role);
        let lead = self.before.iter().rev().take_while(leads).count();
        let (rest, lead) = self.before.split_at_checked(self.before.len() - lead)?;
        if rest.last().is_some_and(|token| token.is(Part::Help))
            && lead.iter().any(|token| token.is(Part::By))
            && self.joint.is_none()
            && (follows(self.behind) || self.behind.first().is_some_and(|verb| verb.is(Part::Made)))
        {
            return Some(Says::Worked);
        }
        let (next, after) = self.behind.split_first()?;
        let owned = next.is(Part::Help) || next.is_one_of(&["work"]);
        if owned && self.joint == Some('\'') && follows(after) {
            return Some(Says::Worked);
        }
        let of_ai = next.is(Part::Disclosure) && self.ai.is(Part::Ai);
        let helps = (next.is(Part::Help) || of_ai) && follows(after);
        let by = self.before.iter().any(|token| token.is(Part::By) && !token.is_one_of(&["of", "from"]))
            || (after.is_empty() && self.starts && self.before.len() <= 2);
        (helps && by && !self.title).then_some(Says::Worked)
    }

    /// A line that says nothing else: `With the help of Codex CLI: LINK`, `Using Codex.`, and `Claude Code:` above what it said.
    fn alone(&self) -> Option<Says> {
        let begins = |token: &Token<'_>| token.text.starts_with(char::is_uppercase);
        if self.title || !self.starts || !self.ai.own || self.joint.is_some() || !self.behind.is_empty() {
            return None;
        }
        match self.before {
            [] => self.speaks.then_some(Says::Worked),
            [first, rest @ ..] if begins(first) => {
                let led = |token: &Token<'_>| {
                    matches!(token.part, Part::By | Part::Help | Part::Small | Part::Work)
                };
                let helped = rest.iter().any(|token| token.is(Part::Help));
                match first.part {
                    Part::By if helped && rest.iter().all(led) => Some(Says::Declared),
                    Part::By | Part::Made | Part::Done if rest.iter().all(led) => Some(Says::Worked),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `I asked ChatGPT`, `thanks to Copilot`.
    fn asked(&self) -> Option<Says> {
        let leads = |token: &&Token<'_>| {
            token.is_one_of(&["a", "an", "the", "my", "our", "some", "to", "also", "just"])
        };
        let lead = self.before.iter().rev().take_while(leads).count();
        let (verb, subject) = self.before.get(..self.before.len() - lead)?.split_last()?;
        let me = subject.iter().rev().take(3).any(|token| token.is(Part::Me));
        let starts = subject.is_empty() && !verb.is_one_of(&["had", "told"]);
        // `I had to use ChatGPT`
        let had = verb.is_one_of(&["use"]) && subject.iter().any(|token| token.is_one_of(&["had"]));
        let asked = (verb.is(Part::Asked) || had)
            && (!verb.is_one_of(&["according"]) || follows(self.behind))
            && (me || starts)
            && self.joint.is_none();
        asked.then_some(Says::Worked)
    }

    /// `addresses CodeRabbit's review`, `per Codex feedback`.
    fn review(&self) -> Option<Says> {
        if self.before.last().is_some_and(|token| token.is_one_of(&["per"])) && follows(self.behind) {
            return Some(Says::Reviewed);
        }
        let answered = self.answers
            || self.before.iter().any(|token| token.is(Part::Answers) || token.is_one_of(&["fixed"]));
        let at = self.behind.iter().take(4).position(|token| token.is(Part::Review))?;
        let rest = self.behind.get(at..)?;
        let nouns = rest.iter().take_while(|token| token.is(Part::Review)).count();
        let weak = ["issue", "issues", "comment", "comments", "warning", "warnings", "advice"];
        let sure = self.is_reviewer()
            || self.joint == Some('\'')
            || rest.iter().take(nouns).any(|token| !token.is_one_of(&weak));
        let after = rest.get(nouns..)?;
        // `review P1`
        let grade = |token: &Token<'_>| {
            token.text.len() <= 3
                && token.text.starts_with(['P', 'p'])
                && token.text.contains(char::is_numeric)
        };
        let goes_on = follows(after)
            || after.first().is_some_and(|next| grade(next) || next.is_one_of(&["follow", "fixes"]));
        let alone = self.before.is_empty()
            && self.ai.is(Part::Name)
            && at == 0
            && (nouns > 1 || self.is_reviewer() || (after.is_empty() && (self.starts || !self.title)));
        (sure && goes_on && (answered || alone)).then_some(Says::Reviewed)
    }

    fn is_reviewer(&self) -> bool {
        REVIEWERS.iter().any(|name| contains(self.ai.text, name))
    }

    /// `mostly AI generated`, `AI-written tests`, `vibe coded`.
    fn attribute(&self) -> Option<Says> {
        let (next, after) = self.behind.split_first()?;
        let made =
            matches!(next.part, Part::Made | Part::Done) && (self.ai.is(Part::Ai) || self.joint == Some('-'));
        if !made || (self.title && !self.ai.text.eq_ignore_ascii_case("vibe")) {
            return None;
        }
        let of_product = self.before.first().is_some_and(|token| token.is(Part::Other));
        let noun = after.first();
        let of_change = noun.is_some_and(|noun| {
            ["test", "doc", "unit"]
                .iter()
                .any(|start| noun.text.get(..start.len()).is_some_and(|t| t.eq_ignore_ascii_case(start)))
        });
        let goes_on = noun.is_none_or(|noun| {
            matches!(
                noun.part,
                Part::By | Part::Small | Part::Me | Part::Not | Part::Work | Part::Review | Part::Disclosure
            )
        });
        (of_change || (goes_on && !of_product)).then_some(Says::Worked)
    }
}

/// Whether what stands behind a name makes no other thing's name of it: `made with AI opponents`.
fn follows(behind: &[Token<'_>]) -> bool {
    behind.first().is_none_or(|token| {
        matches!(token.part, Part::By | Part::Small | Part::Me | Part::Not | Part::Answers)
    })
}

/// Whether a text heads a declaration: `AI disclosure`, `Use of AI tools`.
pub(super) fn heads_declaration(tokens: &[Token<'_>]) -> bool {
    let of_heading =
        |token: &Token<'_>| !matches!(token.part, Part::Other | Part::Break | Part::Found | Part::Not);
    let names_it = |token: &Token<'_>| {
        matches!(token.part, Part::Disclosure | Part::Help) || token.is_one_of(&["used", "assisted", "tools"])
    };
    tokens.len() <= 7
        && tokens.iter().all(of_heading)
        && tokens.iter().any(|token| token.is(Part::Ai))
        && tokens.iter().any(names_it)
}

/// Whether a text asks how a change was made.
pub(super) fn asks_of_work(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| {
        matches!(
            token.part,
            Part::Made | Part::Done | Part::Help | Part::Asked | Part::Disclosure | Part::Role
        )
    })
}

/// Whether a text, taken for a question, asks whether an AI was used: `AI assistance was used in this request`.
pub(super) fn is_about_use(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| matches!(token.part, Part::Ai | Part::Name)) && asks_of_work(tokens)
}

/// Whether a line of another language says it.
pub(super) fn says_elsewhere(text: &str) -> bool {
    let made = [
        "生成",
        "作成",
        "書い",
        "書か",
        "実装",
        "辅助",
        "協助",
        "协助",
        "编写",
        "撰写",
        "帮助",
        "支援",
        "сгенерирован",
        "написан",
        "помощью",
        "помог",
        "도움",
        "작성",
        "생성",
    ];
    !text.is_ascii() && contains_any(text, &made) && !contains_any(text, &["機能", "功能", "기능", "функци"])
}

/// How an assistant begins what it says in a chat, as far as no person begins a line of a commit's message so, and how people
/// head what they said to it.
static REPLIES: Words<()> = Words::new(&[
    ("absolutely! here", ()),
    ("as a large language model", ()),
    ("as an ai assistant", ()),
    ("as an ai language model", ()),
    ("as an ai model", ()),
    ("as an ai,", ()),
    ("certainly! ", ()),
    ("certainly, here", ()),
    ("great question!", ()),
    ("here is a commit message", ()),
    ("here is a suggested commit message", ()),
    ("here is the commit message", ()),
    ("here is the revised", ()),
    ("here's a commit message", ()),
    ("here's a suggested commit message", ()),
    ("here's the commit message", ()),
    ("here's the revised", ()),
    ("i apologize for the confusion", ()),
    ("i don't have access to", ()),
    ("i hope this helps", ()),
    ("i'm sorry, but i can", ()),
    ("let me know if you need any", ()),
    ("let me know if you want me to", ()),
    ("let me know if you would like", ()),
    ("let me know if you'd like", ()),
    ("of course! here", ()),
    ("original prompt:", ()),
    ("prompt used:", ()),
    ("prompt was:", ()),
    ("prompts used:", ()),
    ("sure thing! here", ()),
    ("sure! here", ()),
    ("sure, here", ()),
    ("the prompt was:", ()),
    ("user prompt:", ()),
    ("would you like me to", ()),
    ("you're absolutely right", ()),
]);

/// Whether a line was pasted from a chat with an assistant.
pub(super) fn is_reply(text: &str) -> bool {
    REPLIES.that_begin(text, |byte| byte.to_ascii_lowercase()).next().is_some()
}

/// The first name of a tool or a model.
pub(super) fn name_in<'t>(tokens: &[Token<'t>]) -> Option<&'t str> {
    tokens.iter().find(|token| token.is(Part::Name)).map(|token| token.text)
}

/// Whether a sentence says what was done, and not what holds whenever an AI is used.
pub(super) fn is_plain(tokens: &[Token<'_>]) -> bool {
    let hedges = [
        "if",
        "when",
        "any",
        "policy",
        "guidelines",
        "read",
        "reviewed",
        "understand",
        "checked",
        "all",
        "no",
        "not",
    ];
    !tokens.iter().any(|token| token.is_one_of(&hedges))
}

/// Whether the word itself is said.
pub(super) fn says_the_word(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| token.is(Part::Ai))
}

/// Whether an AI is named so far at the start that words of the line before may belong to it.
pub(super) fn begins_with_ai(tokens: &[Token<'_>]) -> bool {
    tokens.iter().take(8).any(Token::is_ai)
}
