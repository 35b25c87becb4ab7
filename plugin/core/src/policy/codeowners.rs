//! CODEOWNERS, in the dialects of GitHub, GitLab and Gitea: which people own which paths.
//!
//! | | GitHub | GitLab | Gitea and Forgejo |
//! |---|---|---|---|
//! | patterns | as in `.gitignore`, without `!` and `[ ]`; a folder's name stands for what is below | anchored by a `/` in front, else at any depth; `!` leaves out | expressions over the whole path; `!` negates |
//! | which lines | the last that matches | the last that matches in each section | every one that matches |
//!
//! The forges skip lines that they cannot read, or the whole file. Here such a file is a fault: a line that is skipped
//! may be the one that names the owner.

use super::{Pattern, PeopleSet, Regex, User, is_nobodys};
use crate::Error;
use crate::limits::{self, Steps};
use crate::model::{hidden_in, plain_number};

/// Whose CODEOWNERS it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    GitHub,
    GitLab,
    Gitea,
}

impl Dialect {
    /// Where the forge looks, in its order; the first that exists counts.
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Dialect::GitHub => &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"],
            Dialect::GitLab => &["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
            Dialect::Gitea => &["CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS"],
        }
    }
}

/// What a line says of the paths that it is about.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The number of the line, from 1.
    pub line: usize,
    /// The pattern of the line, as it is written there.
    pub pattern: String,
    matcher: Matcher,
    pub owners: PeopleSet,
    /// Owners by a plain name, which GitLab gives to groups too.
    pub perhaps_groups: Vec<String>,
    /// Approvals that its section asks for.
    pub approvals: u32,
    /// Nobody has to approve.
    optional: bool,
}

#[derive(Debug, Clone)]
enum Matcher {
    Globs(Vec<Pattern>),
    /// Over the whole path; whether it is what does not match.
    Expression(Regex, bool),
}

impl Matcher {
    fn matches(&self, path: &str) -> bool {
        match self {
            Matcher::Globs(patterns) => patterns.iter().any(|pattern| pattern.matches(path.as_bytes())),
            Matcher::Expression(regex, negated) => regex.matches(path) != *negated,
        }
    }

    fn steps(&self, length: usize) -> u64 {
        match self {
            Matcher::Globs(patterns) => patterns.iter().map(|pattern| pattern.steps(length)).sum(),
            Matcher::Expression(regex, _) => regex.steps(length),
        }
    }
}

/// A part of the file that is asked apart from the others; only GitLab has more than one.
#[derive(Debug, Clone, Default)]
struct Section {
    name: String,
    entries: Vec<Entry>,
    excluded: Vec<Matcher>,
}

/// What a line `[Name]` says of the lines below it, up to the next; another of the same name can say otherwise.
#[derive(Debug, Default)]
struct Header {
    name: String,
    optional: bool,
    approvals: u32,
    owners: Vec<String>,
}

/// A file, read.
#[derive(Debug, Clone)]
pub(crate) struct CodeOwners {
    dialect: Dialect,
    sections: Vec<Section>,
}

impl CodeOwners {
    /// Reads a file.
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub fn read(dialect: Dialect, text: &str) -> Result<Self, String> {
        let mut sections = vec![Section::default()];
        let mut header = Header { approvals: 1, ..Header::default() };
        let mut entries = 0;
        let mut at = 0;
        for (number, line) in text.lines().enumerate() {
            let fault = |why: String| format!("line {}: {why}", number + 1);
            let words = words(dialect, line);
            let Some((first, owners)) = words.split_first() else { continue };
            if let Some(hidden) = words.iter().find_map(|word| hidden_in(word)) {
                let column = line.chars().position(|c| c == hidden.1).unwrap_or_default() + 1;
                let hidden = u32::from(hidden.1);
                return Err(format!(
                    "line {}, column {column}: U+{hidden:04X}, which nobody sees",
                    number + 1
                ));
            }
            entries += 1;
            if entries > limits::CODEOWNERS_LINES {
                return Err(fault(format!("more than {} lines", limits::CODEOWNERS_LINES)));
            }
            if dialect == Dialect::GitLab
                && let Some(next) = read_header(line).map_err(fault)?
            {
                let same = |known: &Section| known.name.eq_ignore_ascii_case(&next.name);
                at = sections.iter().position(same).unwrap_or(sections.len());
                if at == sections.len() {
                    sections.push(Section { name: next.name.clone(), ..Section::default() });
                }
                header = next;
                continue;
            }
            let Some(section) = sections.get_mut(at) else { continue };
            if dialect == Dialect::GitLab
                && let Some(excluded) = first.strip_prefix('!')
            {
                section.excluded.push(matcher(dialect, excluded).map_err(fault)?);
                continue;
            }
            if let Some(why) = no_pattern(dialect, first) {
                return Err(fault(format!(
                    "`{first}` is {why}: a line begins with the files that it is about"
                )));
            }
            let owners = if owners.is_empty() { &header.owners } else { owners };
            let (owners, perhaps_groups) = people(dialect, owners).map_err(fault)?;
            let entry = Entry {
                line: number + 1,
                pattern: first.clone(),
                matcher: matcher(dialect, first).map_err(fault)?,
                owners,
                perhaps_groups,
                approvals: header.approvals,
                optional: header.optional,
            };
            // GitLab keeps a pattern that stands twice where it stood first.
            let twice = |known: &&mut Entry| dialect == Dialect::GitLab && known.pattern == entry.pattern;
            match section.entries.iter_mut().find(twice) {
                Some(known) => *known = entry,
                None => section.entries.push(entry),
            }
        }
        Ok(CodeOwners { dialect, sections })
    }

    /// The lines that say who owns a path. A line without owners says that nobody does, and is not among them.
    ///
    /// # Errors
    /// `over-limit`.
    pub fn of(&self, path: &str, steps: &Steps) -> Result<Vec<&Entry>, Error> {
        let mut found = Vec::new();
        let mut cost = 1;
        let mut matches = |matcher: &Matcher| {
            cost += matcher.steps(path.len());
            matcher.matches(path)
        };
        for section in &self.sections {
            if section.excluded.iter().any(&mut matches) {
                continue;
            }
            match self.dialect {
                Dialect::Gitea => {
                    found.extend(section.entries.iter().filter(|entry| matches(&entry.matcher)));
                }
                _ => found.extend(section.entries.iter().rev().find(|entry| matches(&entry.matcher))),
            }
        }
        steps.take(cost)?;
        found.retain(|entry| {
            !entry.optional && (entry.owners.names_somebody() || !entry.perhaps_groups.is_empty())
        });
        Ok(found)
    }

    /// The same, with the ids that the policy gives logins: another account of such a login owns nothing.
    pub fn with_ids(mut self, ids: &[(String, String)]) -> Self {
        let entries = self.sections.iter_mut().flat_map(|section| &mut section.entries);
        for user in entries.flat_map(|entry| &mut entry.owners.users) {
            let given = ids.iter().find(|(login, _)| *login == user.login);
            user.id = given.map(|(_, id)| id.clone());
        }
        self
    }

    /// The lines that begin with what a group is called too, `@acme/platform`: paths where the target has them.
    pub fn like_owners(&self) -> impl Iterator<Item = &Entry> {
        self.entries().filter(|entry| {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
            let name = entry.pattern.strip_prefix('@');
            name.is_some_and(|name| !name.ends_with('/') && name.chars().all(plain))
        })
    }

    /// Every line's owners, for what has to be known of them beforehand.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sections.iter().flat_map(|section| &section.entries)
    }
}

/// The words of a line, without its comment; `\ ` and `\#` stand for themselves. Gitea drops every backslash, and begins a
/// comment in the middle of a word; GitLab has none behind a pattern.
fn words(dialect: Dialect, line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = line.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => match dialect {
                Dialect::Gitea => break,
                Dialect::GitHub if word.is_empty() => break,
                Dialect::GitLab if word.is_empty() && words.is_empty() => break,
                _ => word.push(c),
            },
            '\\' if dialect == Dialect::Gitea
                || chars.peek().is_some_and(|next| matches!(next, ' ' | '#' | '\t')) =>
            {
                word.extend(chars.next());
            }
            // Any other blank is a part of the word, and a fault.
            c if c.is_ascii_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// What the first word of a line is where it is no pattern: an owner, or a bullet. A forge takes it for a path that is not
/// there, so the line owns nothing.
fn no_pattern(dialect: Dialect, first: &str) -> Option<&'static str> {
    const BULLETS: &[&str] =
        &["-", "--", "+", "\u{2022}", "\u{2013}", "\u{2014}", "\u{b7}", "\u{25e6}", "\u{25aa}"];
    let numbered = |rest: &str| !first.starts_with(rest) && matches!(rest, "." | ")");
    let is_number = numbered(first.trim_start_matches(|c: char| c.is_ascii_digit()));
    if BULLETS.contains(&first) || is_number {
        return Some("a bullet");
    }
    // A list of checks in Gitea's expressions may be written with a star as well.
    if dialect == Dialect::Gitea && first == "*" {
        return Some("a bullet");
    }
    match first.trim_start_matches('@').split_once('/') {
        None if first.starts_with('@') => Some("an owner"),
        None if is_address(first) => Some("an address"),
        _ => None,
    }
}

/// Whether it is an address, and no file that is called like one: those have an ending behind the `@` too.
fn is_address(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else { return false };
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-[]".contains(&b));
    !local.is_empty() && !domain.is_empty() && !domain.contains('@') && plain(local) && plain(domain)
}

/// `[Name]`, `^[Name]`, `[Name][2] @default`
fn read_header(line: &str) -> Result<Option<Header>, String> {
    let line = line.trim();
    let (optional, rest) = match line.strip_prefix('^') {
        Some(rest) if rest.starts_with('[') => (true, rest),
        _ => (false, line),
    };
    let Some((name, mut rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Ok(None);
    };
    let mut approvals = 1;
    if let Some((number, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        approvals = match plain_number(number) {
            Some(number) if (1..=100).contains(&number) => number,
            _ => return Err(format!("`[{number}]` is no number of approvals")),
        };
        rest = behind;
    }
    // `[abc].rb @owner` is a pattern.
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return Ok(None);
    }
    let owners = words(Dialect::GitLab, rest);
    Ok(Some(Header { name: name.trim().to_owned(), optional, approvals, owners }))
}

fn matcher(dialect: Dialect, pattern: &str) -> Result<Matcher, String> {
    let bad = |why: String| format!("bad pattern `{pattern}`: {why}");
    if dialect == Dialect::Gitea {
        let (source, negated) = match pattern.strip_prefix('!') {
            Some(source) => (source, true),
            None => (pattern, false),
        };
        // As Gitea anchors it: of alternatives the first at its beginning, the last at its end.
        let regex = Regex::of_name(&format!("^{source}$")).map_err(bad)?;
        return Ok(Matcher::Expression(regex, negated));
    }
    let odd: &[char] = if dialect == Dialect::GitHub { &['!', '[', ']', '{', '}'] } else { &['{', '}'] };
    if let Some(odd) = pattern.chars().find(|c| odd.contains(c)) {
        return Err(bad(format!("`{odd}` means nothing in this dialect")));
    }
    let mut globs = Vec::new();
    if dialect == Dialect::GitLab {
        let anchored = if pattern.starts_with('/') { pattern.to_owned() } else { format!("**/{pattern}") };
        // At the end two stars match one name, and a slash everything below.
        globs.push(match anchored.strip_suffix("/**") {
            _ if pattern == "/" => "**".to_owned(),
            Some(folder) => format!("{folder}/*"),
            None => anchored,
        });
    } else if pattern.trim_matches('/').is_empty() {
        // A lone slash is the root itself, and no file is that.
    } else {
        globs.push(pattern.to_owned());
        // What is called like a folder stands for everything in it; `docs/*` for what is in it and no deeper.
        let last = pattern.rsplit('/').next().unwrap_or_default();
        if !matches!(last, "" | "*" | "**") {
            globs.push(format!("{pattern}/"));
        }
    }
    let patterns = globs.iter().map(|glob| Pattern::compile(glob)).collect::<Result<_, _>>().map_err(bad)?;
    Ok(Matcher::Globs(patterns))
}

/// The owners of a line, and those of them who may be groups.
fn people(dialect: Dialect, owners: &[String]) -> Result<(PeopleSet, Vec<String>), String> {
    let mut set = PeopleSet::default();
    let mut perhaps_groups = Vec::new();
    for owner in owners {
        let name = match owner.strip_prefix('@') {
            Some(name) => name,
            None if owner.contains('@') => owner.as_str(),
            None => return Err(format!("`{owner}` is no owner: neither `@name` nor an e-mail address")),
        };
        if name.is_empty() || !name.is_ascii() {
            return Err(format!("`{owner}` is no login, group or address"));
        }
        if is_nobodys(name) {
            return Err(format!("`{owner}` is what forges call accounts that are gone, and owns nothing"));
        }
        let user = || User { login: name.to_ascii_lowercase(), id: None };
        match (dialect, name.strip_prefix('@')) {
            (Dialect::GitLab, Some(role)) => set.roles.push(role.trim_end_matches('s').to_ascii_lowercase()),
            (_, Some(_)) => return Err(format!("`{owner}` is no login, group or address")),
            (_, None) if name.contains('/') => set.groups.push(name.to_owned()),
            (Dialect::GitLab, None) if !name.contains('@') => {
                set.users.push(user());
                perhaps_groups.push(name.to_owned());
            }
            _ => set.users.push(user()),
        }
    }
    Ok((set, perhaps_groups))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The patterns of the lines that own a path.
    fn owning(dialect: Dialect, text: &str, path: &str) -> Vec<String> {
        let owners = CodeOwners::read(dialect, text).unwrap();
        owners.of(path, &Steps::default()).unwrap().iter().map(|entry| entry.pattern.clone()).collect()
    }

    #[test]
    fn patterns_match_as_their_forge_matches_them() {
        use Dialect::{GitHub, GitLab, Gitea};
        for (dialect, pattern, yes, no) in [
            (GitHub, "*", &["a", "a/b"][..], &[][..]),
            (GitHub, "foo", &["foo", "foo/a", "x/foo", "x/foo/a/b"], &["food", "x/food"]),
            (GitHub, "/foo", &["foo", "foo/a"], &["x/foo"]),
            (GitHub, "foo/", &["foo/a", "x/foo/a/b"], &["food/a"]),
            (GitHub, "docs/*", &["docs/a"], &["docs/a/b", "x/docs/a"]),
            (GitHub, "docs/**", &["docs/a", "docs/a/b"], &["x/docs/a"]),
            (GitHub, "*.js", &["a.js", "x/a.js"], &["a.jsx"]),
            (GitHub, "**/logs", &["logs", "logs/x", "a/logs/x"], &["log"]),
            (GitHub, "/apps/web", &["apps/web/x", "apps/web"], &["apps/webx"]),
            (GitHub, "/", &[], &["a"]),
            (GitHub, "with\\ space", &["with space"], &["with"]),
            (GitLab, "README.md", &["README.md", "x/README.md"], &["README.mdx"]),
            (GitLab, "/README.md", &["README.md"], &["x/README.md"]),
            (GitLab, "model/db", &["model/db", "x/model/db"], &["model/db/a"]),
            (GitLab, "*", &["a", "a/b"], &[]),
            (GitLab, "docs/", &["docs/a", "x/docs/a/b"], &["docsx/a"]),
            (GitLab, "/docs/*", &["docs/a"], &["docs/a/b"]),
            (GitLab, "/docs/**/index.md", &["docs/index.md", "docs/a/b/index.md"], &["index.md"]),
            (GitLab, "[ab].rb", &["a.rb"], &["c.rb"]),
            (GitLab, "/", &["a", "a/b"], &[]),
            (GitLab, "/lib/**", &["lib/a"], &["lib/a/b", "x/lib/a"]),
            // Gitea drops a backslash that stands alone.
            (Gitea, ".*\\\\.go", &["a.go", "x/a.go"], &["a.gox", "a_go"]),
            (Gitea, ".*\\.go", &["a.go", "a_go"], &["a.gox"]),
            (Gitea, "docs/(aws|google)/[^/]*\\\\.(md|txt)", &["docs/aws/a.md"], &["docs/a.md"]),
            (Gitea, "src/|lib/.*", &["src/x", "lib/y"], &["x/src/y"]),
            (Gitea, "with\\ space", &["with space"], &["with"]),
            (Gitea, "docs/.*", &["docs/a/b"], &["x/docs/a"]),
            (Gitea, "!docs/.*", &["x"], &["docs/a"]),
        ] {
            let text = format!("{pattern} @sam");
            for (paths, owned) in [(yes, true), (no, false)] {
                for path in paths {
                    let found = !owning(dialect, &text, path).is_empty();
                    assert_eq!(found, owned, "{dialect:?} `{pattern}` and {path}");
                }
            }
        }
    }

    #[test]
    fn the_last_line_that_matches_owns_and_one_without_owners_owns_nothing() {
        let text = "* @all\n*.js @js # the front end\n/vendor/\n";
        assert_eq!(owning(Dialect::GitHub, text, "a.js"), ["*.js"]);
        assert_eq!(owning(Dialect::GitHub, text, "a.rs"), ["*"]);
        assert_eq!(owning(Dialect::GitHub, text, "vendor/a.js"), [""; 0]);
    }

    #[test]
    fn every_section_of_gitlab_is_asked_and_an_optional_one_is_not() {
        let text =
            "* @all\n[Database][2] @dba\n*.sql\n!old.sql\n^[Docs]\n*.md @writers\n[database]\n/x.sql @rhea\n";
        assert_eq!(owning(Dialect::GitLab, text, "a.sql"), ["*", "*.sql"]);
        assert_eq!(owning(Dialect::GitLab, text, "x.sql"), ["*", "/x.sql"]);
        assert_eq!(owning(Dialect::GitLab, text, "old.sql"), ["*"]);
        assert_eq!(owning(Dialect::GitLab, text, "a.md"), ["*"]);
        let owners = CodeOwners::read(Dialect::GitLab, text).unwrap();
        let entry = owners.of("a.sql", &Steps::default()).unwrap()[1];
        assert_eq!((entry.approvals, entry.owners.users[0].login.as_str()), (2, "dba"));
    }

    #[test]
    fn each_header_of_a_gitlab_section_speaks_for_the_lines_below_it() {
        let asked = |text: &str| {
            let owners = CodeOwners::read(Dialect::GitLab, text).unwrap();
            let found = owners.of("a.sql", &Steps::default()).unwrap();
            found
                .iter()
                .map(|entry| (entry.owners.users[0].login.clone(), entry.approvals))
                .collect::<Vec<_>>()
        };
        let dba = |approvals| vec![("dba".to_owned(), approvals)];
        assert_eq!(asked("^[DB]\ndocs/ @x\n[DB]\n*.sql @dba\n"), dba(1));
        assert_eq!(asked("[DB]\n/schema/ @x\n[Docs]\nREADME @x\n[DB] @dba\n*.sql\n"), dba(1));
        assert_eq!(asked("[DB]\n/schema/ @x\n[DB][2]\n*.sql @dba\n"), dba(2));
        // The line that matches last decides, and where that is optional nobody is asked.
        assert_eq!(asked("[DB]\n*.sql @dba\n^[DB]\na.sql @x\n"), []);
        // A pattern that stands again stands where it stood.
        assert_eq!(asked("*.sql @x\na.sql @dba\n*.sql @sam\n"), dba(1));
    }

    #[test]
    fn every_line_of_gitea_that_matches_owns() {
        assert_eq!(owning(Dialect::Gitea, ".* @all\n.*\\\\.go @gophers", "a.go"), [".*", ".*\\.go"]);
        assert_eq!(owning(Dialect::Gitea, ".*#a comment @all\n", "a.go"), [""; 0]);
        // A path has no lines.
        assert_eq!(owning(Dialect::Gitea, "src/.* @all", "src/new\nline"), ["src/.*"]);
    }

    #[test]
    fn owners_are_logins_groups_roles_and_addresses() {
        let (set, perhaps) = people(
            Dialect::GitLab,
            &["@Sam", "@acme/core/db", "@@maintainers", "rhea@example.com"].map(str::to_owned),
        )
        .unwrap();
        assert_eq!(
            set.users.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(),
            ["sam", "rhea@example.com"]
        );
        assert_eq!((set.groups, set.roles), (vec!["acme/core/db".to_owned()], vec!["maintainer".to_owned()]));
        assert_eq!(perhaps, ["Sam"]);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_a_fault_of_the_file() {
        for (dialect, line) in [
            (Dialect::GitHub, "!x @sam"),
            (Dialect::GitHub, "[ab] @sam"),
            (Dialect::GitHub, "a*** @sam"),
            (Dialect::GitHub, "x sam"),
            (Dialect::GitHub, "x @@maintainer"),
            (Dialect::GitHub, "x @sаm"),
            (Dialect::GitLab, "[Docs][many] @sam"),
            // There are no comments behind a pattern.
            (Dialect::GitLab, "docs/ # @sam"),
            (Dialect::Gitea, "( @sam"),
        ] {
            let fault = CodeOwners::read(dialect, &format!("# owners\n{line}\n")).unwrap_err();
            assert!(fault.starts_with("line 2: "), "{fault}");
        }
    }
}
