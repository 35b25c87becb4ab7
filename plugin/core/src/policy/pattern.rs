//! Path patterns: the convention of `.gitignore` and CODEOWNERS, compiled once.
//!
//! A pattern without `/` matches a name at any depth; one with `/` is anchored at the root of the repository; one that
//! ends in `/` or `/**` matches everything below that folder, and the folder itself: a submodule or a link has one path.
//! What matches a folder reaches all that is below it, as in gitignore(5): whoever asks what a change touches asks for that,
//! and whoever excuses files asks for the files that match.
//! `*` and `?` stay within one name, `**` spans folders, `[...]` and `{a,b}` choose. Matching is on bytes and tells upper
//! from lower case. What begins with `re:` is a regular expression instead, found anywhere in the path.

use memchr::memmem;

use crate::Error;
use crate::limits::{PATTERN_BYTES, Steps};
use crate::order::Index;

/// A compiled pattern. What most patterns are needs no glob at match time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// The whole path.
    Exact(String),
    /// The path begins with it (`docs/**`), or is it: a submodule or a link stands for all that is below.
    Prefix(String),
    /// The name begins with nothing special and ends with it, at any depth (`*.tf`).
    NameSuffix(String),
    /// The name, at any depth (`Makefile`).
    Name(String),
    /// What none of these is.
    Glob(Glob),
    /// A regular expression, found anywhere in the path.
    Regex(Regex),
}

/// A glob, and what tells most paths from those that it matches at once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Glob {
    source: String,
    /// What stands before the first special character.
    start: String,
    /// What stands behind the last, without a slash: `**/x` matches `x` too.
    end: String,
    /// The folder whose content it matches.
    folder: Option<String>,
}

impl Glob {
    fn new(source: String) -> Self {
        let special = |c: char| matches!(c, '*' | '?' | '[' | ']');
        let start = source.split(special).next().unwrap_or_default().to_owned();
        let end = source.rsplit(special).next().unwrap_or_default().trim_start_matches('/').to_owned();
        let folder = source.strip_suffix("/**").map(str::to_owned);
        Glob { source, start, end, folder }
    }

    fn matches(&self, path: &[u8]) -> bool {
        self.is_folder(path) || self.holds(path)
    }

    /// `a/**` may be found to match `a`, and `**/b/**` matches `b/b` for its own sake.
    fn excuses(&self, path: &[u8]) -> bool {
        self.holds(path) && (!self.is_folder(path) || self.is_in_folder(path))
    }

    fn is_folder(&self, path: &[u8]) -> bool {
        self.folder.as_ref().is_some_and(|folder| fast_glob::glob_match(folder, path))
    }

    fn is_in_folder(&self, path: &[u8]) -> bool {
        memchr::memchr_iter(b'/', path).filter_map(|end| path.get(..end)).any(|folder| self.is_folder(folder))
    }

    fn holds(&self, path: &[u8]) -> bool {
        path.starts_with(self.start.as_bytes())
            && path.ends_with(self.end.as_bytes())
            && fast_glob::glob_match(&self.source, path)
    }
}

/// A pattern as written, and the tests that it stands for; it matches when one of them does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    source: String,
    tests: Vec<Test>,
}

/// A regular expression, matched anywhere in a text, in time that is linear in the text.
#[derive(Debug, Clone)]
pub(crate) struct Regex(Box<Compiled>);

#[derive(Debug, Clone)]
struct Compiled {
    regex: regex_lite::Regex,
    /// What every text that matches holds: most texts do not, and looking for it is a hundred times faster.
    literal: memmem::Finder<'static>,
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Regex {}

impl Regex {
    /// Compiles an expression over texts; the error says what is wrong with it.
    pub fn compile(source: &str) -> Result<Self, String> {
        Self::build(source, false)
    }

    /// Compiles an expression over paths or titles. They have no lines: a line feed in one is a character like any other.
    pub fn of_name(source: &str) -> Result<Self, String> {
        Self::build(source, true)
    }

    fn build(source: &str, dot_matches_new_line: bool) -> Result<Self, String> {
        if source.len() > PATTERN_BYTES {
            return Err(format!("a pattern has at most {PATTERN_BYTES} bytes"));
        }
        let built = regex_lite::RegexBuilder::new(source)
            .size_limit(REGEX_BYTES)
            .dot_matches_new_line(dot_matches_new_line)
            .build();
        built
            .map(|regex| {
                let literal = memmem::Finder::new(&required_literal(source)).into_owned();
                Regex(Box::new(Compiled { regex, literal }))
            })
            .map_err(|e| e.to_string())
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        self.0.regex.as_str()
    }

    /// Whether it matches somewhere in the text.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_bytes(text.as_bytes())
    }

    /// Whether it matches somewhere in what is mostly text.
    fn matches_bytes(&self, bytes: &[u8]) -> bool {
        self.0.literal.find(bytes).is_some() && self.0.regex.is_match(&String::from_utf8_lossy(bytes))
    }

    /// Everything in the text that it matches.
    pub fn find_all<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.0.regex.find_iter(text).map(|found| found.as_str())
    }

    /// Steps that a text of this length takes.
    pub fn steps(&self, length: usize) -> u64 {
        (1 + self.source().len() * length / 4) as u64
    }
}

/// The longest text that stands in everything that an expression matches, as far as that shows at a glance: a run of
/// plain characters beside groups and classes. Empty when there may be none.
fn required_literal(expression: &str) -> String {
    let (mut best, mut run) = (String::new(), String::new());
    let mut depth = 0_usize;
    let mut chars = expression.chars().peekable();
    let mut keep = |run: &mut String| {
        let run = std::mem::take(run);
        if run.len() > best.len() {
            best = run;
        }
    };
    while let Some(c) = chars.next() {
        let optional = |next: Option<&char>| matches!(next, Some('*' | '+' | '?' | '{'));
        match c {
            // An alternative, or flags that could make letters or blanks mean something else.
            '|' if depth == 0 => return String::new(),
            '(' if chars.peek() == Some(&'?') => return String::new(),
            '(' => {
                keep(&mut run);
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            '[' => {
                keep(&mut run);
                // A bracket that comes first is one of the class.
                let mut first = true;
                while let Some(inner) = chars.next() {
                    match inner {
                        '\\' => drop(chars.next()),
                        '^' if first => continue,
                        // Classes can hold classes, and where one ends does not show at a glance.
                        '[' => return String::new(),
                        ']' if !first => break,
                        _ => {}
                    }
                    first = false;
                }
            }
            '\\' => {
                match chars.next() {
                    Some(escaped) if escaped.is_ascii_punctuation() && depth == 0 => {
                        if optional(chars.peek()) { keep(&mut run) } else { run.push(escaped) }
                    }
                    _ => keep(&mut run),
                }
            }
            '.' | '^' | '$' | '*' | '+' | '?' => keep(&mut run),
            '{' => {
                keep(&mut run);
                chars.by_ref().find(|c| *c == '}');
            }
            _ if depth > 0 => {}
            c if optional(chars.peek()) => {
                let _ = c;
                keep(&mut run);
            }
            c => run.push(c),
        }
    }
    keep(&mut run);
    best
}

/// Bytes that a compiled expression may take.
const REGEX_BYTES: usize = 64 << 10;

/// Begins a pattern that is a regular expression.
pub(super) const REGEX_PREFIX: &str = "re:";

/// Bytes of paths after which their steps are counted.
const CHUNK: usize = 64 << 10;

/// Most alternatives that the braces of one pattern may unfold to.
const ALTERNATIVES: usize = 64;

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub fn compile(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("an empty pattern matches nothing".into());
        }
        if source.len() > PATTERN_BYTES {
            return Err(format!("a pattern has at most {PATTERN_BYTES} bytes"));
        }
        if let Some(expression) = source.strip_prefix(REGEX_PREFIX) {
            let regex = Regex::of_name(expression)?;
            return Ok(Pattern { source: source.to_owned(), tests: vec![Test::Regex(regex)] });
        }
        if source.starts_with('!') {
            return Err("a pattern cannot be negated with `!`; list what to leave out under `ignore`".into());
        }
        if source.contains('\\') {
            return Err(
                "`\\` is no separator and escapes nothing; use `[*]` to match a special character".into()
            );
        }
        check_classes(source)?;
        let tests = unfold_braces(source)?
            .into_iter()
            .map(|plain| Test::compile(&plain))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Pattern { source: source.to_owned(), tests })
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether this is a plain path in lower case without an extension, as folders are called: as an excuse it is about
    /// a file, and nothing below a folder.
    pub fn looks_like_a_folder(&self) -> bool {
        let last = self.source.rsplit('/').next().unwrap_or_default();
        let plain = |test: &Test| matches!(test, Test::Exact(_) | Test::Name(_));
        last.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'))
            && self.tests.iter().all(plain)
    }

    /// Whether the path matches.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.tests.iter().any(|test| test.matches(path))
    }

    /// Whether the path matches by itself. What bears the name of a folder is nothing that the folder holds.
    pub fn excuses(&self, path: &[u8]) -> bool {
        self.tests.iter().any(|test| test.excuses(path))
    }

    /// Whether the path matches, or a folder does that it is in.
    pub fn reaches(&self, path: &[u8]) -> bool {
        self.tests.iter().any(|test| test.reaches(path))
    }

    /// Steps that a path of this length takes.
    pub fn steps(&self, length: usize) -> u64 {
        self.tests.iter().map(|test| test.steps(1, length)).sum()
    }

    /// Every path of an index that it reaches, with its place. Only those are looked at that begin as the pattern does: most
    /// rules are about one folder, and most files are in others.
    ///
    /// # Errors
    /// `over-limit`.
    pub fn find<'k>(&self, paths: &Index<'k>, steps: &Steps) -> Result<Vec<(&'k [u8], usize)>, Error> {
        let mut found = Vec::new();
        for test in &self.tests {
            let (mut number, mut bytes) = (0, 0);
            for (path, place) in paths.starting_with(test.start()) {
                (number, bytes) = (number + 1, bytes + path.len());
                if bytes > CHUNK {
                    steps.take(test.steps(number, bytes))?;
                    (number, bytes) = (0, 0);
                }
                if test.reaches(path) {
                    found.push((path, place));
                }
            }
            steps.take(1 + test.steps(number, bytes))?;
        }
        Ok(found)
    }
}

impl Test {
    fn compile(pattern: &str) -> Result<Self, String> {
        let anchored = pattern.trim_end_matches('/').contains('/');
        let folder = pattern.ends_with('/');
        let body = pattern.trim_start_matches('/').trim_end_matches('/');
        if body.is_empty() {
            return Err(format!("`{pattern}` names no path"));
        }
        if body.split('/').any(|name| name.contains("**") && name != "**") {
            return Err(format!("`**` stands alone between slashes, and in `{pattern}` it does not"));
        }
        let special = |text: &str| text.contains(['*', '?', '[']);
        if folder {
            return Ok(match (anchored, special(body)) {
                (true, false) => Test::Prefix(format!("{body}/")),
                (true, true) => Test::Glob(Glob::new(format!("{body}/**"))),
                (false, _) => Test::Glob(Glob::new(format!("**/{body}/**"))),
            });
        }
        if !anchored {
            return Ok(match body.strip_prefix('*') {
                _ if body == "*" || body == "**" => Test::Prefix(String::new()),
                Some(suffix) if !special(suffix) => Test::NameSuffix(suffix.to_owned()),
                _ if !special(body) => Test::Name(body.to_owned()),
                _ => Test::Glob(Glob::new(format!("**/{body}"))),
            });
        }
        Ok(match body.strip_suffix("/**") {
            Some(folder) if !special(folder) => Test::Prefix(format!("{folder}/")),
            _ if !special(body) => Test::Exact(body.to_owned()),
            _ => match body.strip_prefix("**/*") {
                Some("") => Test::Prefix(String::new()),
                Some(suffix) if !special(suffix) && !suffix.contains('/') => {
                    Test::NameSuffix(suffix.to_owned())
                }
                _ => Test::Glob(Glob::new(body.to_owned())),
            },
        })
    }

    /// How every path begins that matches.
    fn start(&self) -> &[u8] {
        match self {
            Test::Exact(whole) => whole.as_bytes(),
            Test::Prefix(folder) => folder.trim_end_matches('/').as_bytes(),
            Test::Glob(glob) => glob.start.as_bytes(),
            Test::NameSuffix(_) | Test::Name(_) | Test::Regex(_) => b"",
        }
    }

    /// Steps that paths of so many bytes together take.
    fn steps(&self, paths: usize, bytes: usize) -> u64 {
        let more = match self {
            Test::Glob(glob) => glob.source.len() * bytes / 128,
            Test::Regex(regex) => regex.source().len() * bytes / 4,
            _ => 0,
        };
        (paths + bytes / 64 + more) as u64
    }

    fn matches(&self, path: &[u8]) -> bool {
        match self {
            Test::Exact(whole) => path == whole.as_bytes(),
            // Mostly the first or the last byte tells already.
            Test::Prefix(folder) => {
                folder.is_empty()
                    || (folder.as_bytes().first() == path.first()
                        && (path.starts_with(folder.as_bytes())
                            || folder.as_bytes().strip_suffix(b"/") == Some(path)))
            }
            Test::NameSuffix(suffix) => {
                suffix.as_bytes().last() == path.last() && path.ends_with(suffix.as_bytes())
            }
            Test::Name(name) => path
                .strip_suffix(name.as_bytes())
                .is_some_and(|before| before.last().is_none_or(|&b| b == b'/')),
            Test::Regex(regex) => regex.matches_bytes(path),
            Test::Glob(glob) => glob.matches(path),
        }
    }

    fn excuses(&self, path: &[u8]) -> bool {
        match self {
            Test::Prefix(folder) => path.starts_with(folder.as_bytes()),
            Test::Glob(glob) => glob.excuses(path),
            _ => self.matches(path),
        }
    }

    fn reaches(&self, path: &[u8]) -> bool {
        let folders = || memchr::memchr_iter(b'/', path).filter_map(|end| path.get(..end));
        match self {
            Test::Exact(whole) => path
                .strip_prefix(whole.as_bytes())
                .is_some_and(|rest| rest.first().is_none_or(|&b| b == b'/')),
            // Mostly no folder ends with the name's last letter.
            Test::NameSuffix(end) | Test::Name(end) => {
                let last = end.as_bytes().last();
                let may = |folder: &&[u8]| last.is_none() || folder.last() == last;
                self.matches(path) || folders().filter(may).any(|folder| self.matches(folder))
            }
            Test::Glob(glob) if glob.folder.is_none() => {
                let begins = path.starts_with(glob.start.as_bytes());
                self.matches(path) || (begins && folders().any(|folder| glob.matches(folder)))
            }
            Test::Glob(_) | Test::Prefix(_) | Test::Regex(_) => self.matches(path),
        }
    }
}

fn check_classes(source: &str) -> Result<(), String> {
    let mut open = false;
    for (at, c) in source.char_indices() {
        match (c, open) {
            ('[', false) => {
                open = true;
                let body = source.get(at + 1..).unwrap_or_default().trim_start_matches(['!', '^']);
                if body.starts_with(']') {
                    return Err("`[]` matches nothing".into());
                }
            }
            (']', true) => open = false,
            (']', false) => return Err("`]` without `[`".into()),
            ('/', true) => return Err("`[...]` matches within one name and cannot hold `/`".into()),
            _ => {}
        }
    }
    if open { Err("`[` is never closed".into()) } else { Ok(()) }
}

/// `a{b,c}d` to `abd`, `acd`; nested braces too. Unfolding here keeps matching free of choices.
fn unfold_braces(source: &str) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    let mut open = vec![source.to_owned()];
    while let Some(pattern) = open.pop() {
        let Some(start) = pattern.find('{') else {
            if pattern.contains('}') {
                return Err("`}` without `{`".into());
            }
            done.push(pattern);
            continue;
        };
        let (mut depth, mut cuts, mut end) = (0_usize, vec![start], None);
        for (at, c) in pattern.char_indices().skip_while(|(at, _)| *at < start) {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 1 => cuts.push(at),
                _ => {}
            }
            if depth == 0 {
                end = Some(at);
                break;
            }
        }
        let Some(end) = end else {
            return Err("`{` is never closed".into());
        };
        cuts.push(end);
        for pair in cuts.windows(2) {
            if let [from, to] = pair {
                let piece = |range: std::ops::Range<usize>| pattern.get(range).unwrap_or_default();
                open.push(format!(
                    "{}{}{}",
                    piece(0..start),
                    piece(from + 1..*to),
                    piece(end + 1..pattern.len())
                ));
            }
        }
        if open.len() + done.len() > ALTERNATIVES {
            return Err(format!("the braces unfold to more than {ALTERNATIVES} patterns"));
        }
    }
    crate::order::strings(&mut done);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::compile(pattern).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn the_semantics_of_patterns_is_this_table() {
        for (pattern, yes, no) in [
            (
                "crypto/**",
                vec!["crypto", "crypto/a", "crypto/a/b.c", "crypto/.hidden"],
                vec!["src/crypto/a", "crypto2/a", "crypt"],
            ),
            ("crypto/", vec!["crypto", "crypto/a", "src/crypto/a", "src/crypto"], vec!["crypto2"]),
            ("/crypto/", vec!["crypto", "crypto/a"], vec!["src/crypto/a"]),
            ("a*/**", vec!["ab", "ab/c"], vec!["x/ab"]),
            ("*.tf", vec!["main.tf", "infra/prod/main.tf", ".tf"], vec!["main.tf.bak", "tf"]),
            ("/*.tf", vec!["main.tf"], vec!["infra/main.tf"]),
            ("**/*.tf", vec!["main.tf", "a/b/main.tf"], vec!["main.tfvars"]),
            ("infra/*.tf", vec!["infra/main.tf"], vec!["infra/prod/main.tf", "x/infra/main.tf"]),
            ("Makefile", vec!["Makefile", "a/Makefile"], vec!["GNUMakefile", "Makefile/x", "makefile"]),
            ("/Makefile", vec!["Makefile"], vec!["a/Makefile"]),
            ("src/**/test/*.rs", vec!["src/test/a.rs", "src/x/y/test/a.rs"], vec!["src/test/x/a.rs"]),
            ("a?c", vec!["abc", "x/abc"], vec!["ac", "abbc"]),
            ("[ab].c", vec!["a.c", "x/b.c"], vec!["c.c"]),
            ("{a,b}/*.c", vec!["a/x.c", "b/x.c"], vec!["c/x.c"]),
            ("*", vec!["a", "a/b"], vec![]),
            ("**", vec!["a", "a/b"], vec![]),
            ("**/*", vec!["a", "a/b"], vec![]),
            ("naïve/*", vec!["naïve/ä"], vec!["naive/a"]),
            ("with space/x", vec!["with space/x"], vec!["with/x"]),
        ] {
            for path in yes {
                assert!(matches(pattern, path), "{pattern} should match {path}");
            }
            for path in no {
                assert!(!matches(pattern, path), "{pattern} should not match {path}");
            }
        }
    }

    #[test]
    fn what_bears_the_name_of_a_folder_is_excused_by_nothing_that_the_folder_holds() {
        for (pattern, excused, asked) in [
            ("docs/**", vec!["docs/a", "docs/a/b"], vec!["docs", "docs2/a"]),
            ("docs/", vec!["docs/a", "x/docs/a", "docs/docs"], vec!["docs", "x/docs"]),
            ("/docs/", vec!["docs/a", "docs/docs"], vec!["docs", "x/docs/a"]),
            ("d*/**", vec!["docs/a", "d/d"], vec!["docs", "x/d"]),
            ("**/docs/**", vec!["docs/a", "x/docs/a", "x/docs/docs"], vec!["docs", "x/docs"]),
            ("{docs,man}/**", vec!["docs/a", "man/a"], vec!["docs", "man"]),
            // These are about what they name.
            ("docs", vec!["docs", "x/docs"], vec!["docs/a"]),
            ("/docs/*", vec!["docs/a"], vec!["docs"]),
            ("**", vec!["docs", "docs/a"], vec![]),
            ("**/*.md", vec!["a.md", "x/a.md"], vec!["a.md/x"]),
        ] {
            let compiled = Pattern::compile(pattern).unwrap();
            for path in excused {
                assert!(compiled.excuses(path.as_bytes()), "{pattern} should excuse {path}");
            }
            for path in asked {
                assert!(!compiled.excuses(path.as_bytes()), "{pattern} should not excuse {path}");
            }
        }
    }

    #[test]
    fn a_bad_pattern_is_refused_with_a_reason() {
        for bad in [
            "",
            "!a",
            "a[",
            "a]",
            "a[]b",
            "[a/b]",
            "{a",
            "a}",
            "a**b",
            "/",
            "a\\b",
            "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
        ] {
            assert!(Pattern::compile(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_match_as_bytes() {
        let pattern = Pattern::compile("infra/*").unwrap();
        assert!(pattern.matches(b"infra/d\xe9ploy.tf"));
    }

    #[test]
    fn what_an_expression_always_matches_is_found_at_a_glance() {
        for (expression, literal) in [
            ("^infra/", "infra/"),
            ("(^|/)s3[^/]*\\.(pem|key)$", "s3"),
            ("a+bc?d", "b"),
            ("abc|abd", ""),
            ("(?i)infra", ""),
            ("ab{2}cde", "cde"),
            ("[]x]yz[^]]w", "yz"),
            ("x*", ""),
        ] {
            assert_eq!(required_literal(expression), literal, "{expression}");
        }
    }

    proptest::proptest! {
        #[test]
        fn how_a_glob_starts_and_ends_hides_no_match(
            glob in "[ab/]{0,2}(\\*|\\*\\*/|\\?|\\[ab\\])[ab/.]{0,3}(\\*|/\\*\\*)?[ab.]{0,2}",
            path in "[ab.]{1,2}(/[ab.]{1,2}){0,3}",
        ) {
            if fast_glob::glob_match(&glob, &path) {
                proptest::prop_assert!(Glob::new(glob.clone()).matches(path.as_bytes()), "{} {}", glob, path);
            }
        }

        #[test]
        fn the_glance_never_hides_a_match(
            expression in "[ab/.()|*+?\\[\\]^$\\\\{}12,]{0,12}",
            text in "[ab/.\\[\\]12]{0,10}",
        ) {
            if let Ok(regex) = Regex::compile(&expression) {
                proptest::prop_assert_eq!(regex.matches(&text), regex.0.regex.is_match(&text));
            }
        }
    }
}
