//! Whom a commit's name and address stand for, by the target's `.mailmap` (gitmailmap(5), git 2.39).
//!
//! What differs from `git check-mailmap`, and why:
//!
//! | input | git | here |
//! |---|---|---|
//! | `a` stands for `b`, and `b` for `c` | `a` is shown as `b` | [`Mailmap::united`] has both pairs: all three may be one person |
//! | bytes that are no UTF-8 | are compared as they are | are all one character that stands for none, so that more is the same |

use std::collections::BTreeMap;

/// A map, read.
#[derive(Debug, Default)]
pub struct Mailmap {
    /// What an address stands for, whoever uses it; behind the address and a NUL a name, what that name stands for with it.
    /// Both in lower case.
    places: BTreeMap<String, usize>,
    entries: Vec<Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    name: Option<String>,
    email: Option<String>,
}

impl Mailmap {
    /// Adds the lines of a file. Of two lines about the same the later one counts.
    pub fn read(&mut self, text: &str) {
        // To git, which reads it as a string of C, it ends there.
        let text = text.split('\0').next().unwrap_or_default();
        text.split('\n').for_each(|line| self.line(line));
    }

    /// `Name <address>`, `<address> <old>`, `Name <address> <old>` or `Name <address> Old name <old>`; what follows is no
    /// part of it. A `#` begins a comment only where it begins the line.
    fn line(&mut self, line: &str) {
        if line.starts_with('#') {
            return;
        }
        let Some((name, email, rest)) = contact(line) else { return };
        if email.is_empty() {
            return;
        }
        let (old_name, old_email, new_email) = match contact(rest) {
            Some((old_name, old_email, _)) => (old_name, old_email, Some(email)),
            None => (None, email, None),
        };
        let mut key = old_email.to_ascii_lowercase();
        let whole = old_name.is_some();
        if let Some(old_name) = old_name {
            key = key_of(&key, old_name);
        }
        let at = self.places.get(&key).copied().unwrap_or(self.entries.len());
        if at == self.entries.len() {
            self.places.insert(key, at);
            self.entries.push(Entry::default());
        }
        if let Some(entry) = self.entries.get_mut(at) {
            // A line about an address adds to the lines before it; one about a name and an address takes their place.
            let kept = if whole { Entry::default() } else { std::mem::take(entry) };
            *entry = Entry {
                name: name.map(str::to_owned).or(kept.name),
                email: new_email.map(str::to_owned).or(kept.email),
            };
        }
    }

    /// Whether the map takes nobody for anybody else.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The name and the address that these stand for, in the words of the map where it says so.
    pub fn lookup<'m>(&'m self, name: &'m str, email: &'m str) -> (&'m str, &'m str) {
        let email_key = email.to_ascii_lowercase();
        let place = self.places.get(&key_of(&email_key, name)).or_else(|| self.places.get(&email_key));
        let entry = place.and_then(|at| self.entries.get(*at));
        let (new_name, new_email) =
            entry.map_or((None, None), |entry| (entry.name.as_deref(), entry.email.as_deref()));
        (new_name.unwrap_or(name), new_email.unwrap_or(email))
    }

    /// The pairs of addresses that are one person's whatever the name beside them: the one that is meant, and the other in
    /// lower case.
    pub fn united(&self) -> impl Iterator<Item = (&str, &str)> {
        let whole = self.places.iter().filter(|(key, _)| !key.contains('\0'));
        whole.filter_map(|(old, at)| Some((self.entries.get(*at)?.email.as_deref()?, old.as_str())))
    }
}

fn key_of(email: &str, name: &str) -> String {
    format!("{email}\0{}", name.to_ascii_lowercase())
}

/// The name, if there is one, the address and the rest of a line that begins with a contact.
fn contact(line: &str) -> Option<(Option<&str>, &str, &str)> {
    let (name, rest) = line.split_once('<')?;
    let (email, rest) = rest.split_once('>')?;
    // What git takes for white space (`sane_ctype`).
    let name = name.trim_matches([' ', '\t', '\n', '\r']);
    Some((Some(name).filter(|name| !name.is_empty()), email, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_ident_stands_for() {
        let text = "# everybody\nAnn <ann@shop>\n<bob@shop> <bob@home>\nCy <cy@shop> <cy@home> <cy@else>\n\
                    Ann <ann@shop> Ann Lee <root@localhost>\nBob <bob@shop> Bob Ray <root@localhost>\n\
                    Dee <dee@shop> < dee@home >\nNot <not@shop> <\nSvn <svn@shop> <svn>\nNone <none@shop> <>\n";
        let mut map = Mailmap::default();
        map.read(text);
        for (ident, stands_for) in [
            (("x", "ANN@shop"), ("Ann", "ANN@shop")),
            (("x", "bob@home"), ("x", "bob@shop")),
            (("x", "cy@home"), ("Cy", "cy@shop")),
            // The third address of a line is no part of it.
            (("x", "cy@else"), ("x", "cy@else")),
            (("ann lee", "ROOT@localhost"), ("Ann", "ann@shop")),
            (("Bob Ray", "root@localhost"), ("Bob", "bob@shop")),
            (("Eve", "root@localhost"), ("Eve", "root@localhost")),
            (("x", "dee@home"), ("x", "dee@home")),
            (("x", "not@shop"), ("Not", "not@shop")),
            (("x", "svn"), ("Svn", "svn@shop")),
            (("x", ""), ("None", "none@shop")),
        ] {
            assert_eq!(map.lookup(ident.0, ident.1), stands_for, "{ident:?}");
        }
        let united: Vec<_> = map.united().collect();
        assert_eq!(
            united,
            [
                ("none@shop", ""),
                ("dee@shop", " dee@home "),
                ("bob@shop", "bob@home"),
                ("cy@shop", "cy@home"),
                ("svn@shop", "svn"),
            ]
        );
    }
}
