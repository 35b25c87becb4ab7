//! Who is who: which logins, addresses and ids belong to one person.

use std::collections::BTreeMap;

use crate::model::{Account, Fact, Ident, PersonKind, Proof, Request, Role};
use crate::policy::{Policy, User};
use crate::provenance::{Table, is_ai, is_machine, split_address};

/// Something that names a person: `l:` a login, `e:` an address, `i:` the forge's id.
type Token = String;

/// One person, as a number that is the same for all their tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PersonId(usize);

/// One token, and what is known of the person whose root it is.
struct Entry {
    name: Token,
    /// Union-find: points to another token of the same person, a root to itself.
    link: usize,
    /// The token to call the person by.
    label: Option<usize>,
    /// The person has an address.
    addressed: bool,
    bot: bool,
    /// An AI tool.
    tool: bool,
    inactive: bool,
    /// The platform did not say what the person may.
    unreadable: bool,
}

/// All that policy, mailmap and platform say about who is who.
pub(crate) struct Directory {
    tokens: BTreeMap<Token, usize>,
    /// One entry a token.
    entries: Vec<Entry>,
    /// Whether commits carry accounts: on a forge the account counts, else the address is the person.
    pub by_account: bool,
}

impl Directory {
    /// Gathers what the request and the policy say.
    pub fn of(request: &Request<'_>, policies: [Option<&Policy>; 2], table: &Table) -> Self {
        let mut directory = Directory {
            tokens: BTreeMap::new(),
            entries: Vec::new(),
            // Plain git says that it has no people; every forge has.
            by_account: !request.absent.contains(&Fact::People),
        };
        for (login, identity) in policies.iter().flatten().flat_map(|policy| &policy.identities) {
            let person = directory.token(login_token(login));
            for email in &identity.emails {
                directory.unite(person, email_token(email));
            }
            for account in &identity.accounts {
                directory.unite(person, login_token(account));
            }
            if let Some(id) = &identity.id {
                directory.unite(person, format!("i:{id}"));
            }
        }
        for document in request.documents.iter().filter(|document| document.role == Role::Mailmap) {
            for (proper, other) in mailmap(&document.bytes.to_str_lossy()) {
                let person = directory.token(email_token(&proper));
                directory.unite(person, email_token(&other));
            }
        }
        for person in &request.people {
            let mut tokens = account_tokens(&person.account).into_iter();
            let Some(first) = tokens.next() else { continue };
            let at = directory.token(first);
            tokens.for_each(|token| directory.unite(at, token));
            for email in &person.emails {
                directory.unite(at, email_token(&email.to_str_lossy()));
            }
            for other in person.also.iter().flat_map(account_tokens) {
                directory.unite(at, other);
            }
        }
        // A forge's account is one person by its id and its login. An address that somebody states proves nothing.
        let idents = request.commits.iter().flat_map(|commit| [&commit.author, &commit.committer]);
        let stated = idents.filter_map(|ident| ident.account.as_ref());
        let acted = request.acts.iter().filter(|act| act.proof == Proof::Forge).map(|act| &act.actor);
        let pushed = request.pushes.iter().filter_map(|push| push.by.as_ref());
        let change = request.change.as_ref();
        let opened = change.and_then(|change| change.opened_by.as_ref());
        let asked = change.and_then(|change| change.asked_by.as_ref());
        let members = request.groups.iter().flat_map(|group| group.members.iter().chain(&group.inherited));
        for account in stated.chain(acted).chain(pushed).chain(opened).chain(asked).chain(members) {
            if let (Some(id), Some(login)) = (&account.id, &account.login) {
                let person = directory.token(format!("i:{id}"));
                directory.unite(person, login_token(login));
            }
        }
        // Whom a policy names and the groups hold may act, whether anything else is known of them or not.
        let policies = || policies.iter().flatten();
        let owners = policies().filter_map(|policy| policy.codeowners.as_ref()?.file.as_ref()?.as_ref().ok());
        let owners = owners.flat_map(|owners| owners.entries()).map(|entry| &entry.owners);
        for set in policies().flat_map(|policy| policy.people.values()).chain(owners) {
            for user in set.users.iter().filter(|user| user.id.is_none()) {
                directory.token(user_token(&user.login));
            }
            for bot in &set.bots {
                directory.token(login_token(bot));
            }
        }
        for group in &request.groups {
            for member in group.members.iter().chain(&group.inherited) {
                directory.all_of(member);
            }
        }
        directory.settle();
        directory.unmask_tools(table);
        for person in &request.people {
            let id = directory.person(&person.account);
            if let Some(entry) = id.and_then(|id| directory.entries.get_mut(id.0)) {
                entry.bot |= matches!(person.kind, Some(PersonKind::Bot | PersonKind::Tool));
                entry.tool |= person.kind == Some(PersonKind::Tool);
                entry.inactive |= person.active == Some(false);
                entry.unreadable |= person.unreadable;
            }
        }
        directory
    }

    fn token(&mut self, token: Token) -> usize {
        if let Some(&at) = self.tokens.get(&token) {
            return at;
        }
        let at = self.entries.len();
        self.tokens.insert(token.clone(), at);
        let addressed = token.starts_with("e:");
        let entry = Entry {
            name: token,
            link: at,
            label: None,
            addressed,
            bot: false,
            tool: false,
            inactive: false,
            unreadable: false,
        };
        self.entries.push(entry);
        at
    }

    /// Points every token to its person at once, and notes what people are called by.
    fn settle(&mut self) {
        for at in 0..self.entries.len() {
            let root = self.root(at);
            let addressed = self.entries.get(at).is_some_and(|entry| entry.addressed);
            let kind = |at: usize| self.entries.get(at).and_then(|entry| entry.name.bytes().next());
            let label = match self.entries.get(root).and_then(|entry| entry.label) {
                // A login before an address, and both before an id, which says nothing to a reader.
                Some(label) if kind(label) == Some(b'l') => label,
                Some(label) if kind(at) != Some(b'l') && kind(label) != Some(b'i') => label,
                _ => at,
            };
            if let Some(entry) = self.entries.get_mut(at) {
                entry.link = root;
            }
            if let Some(entry) = self.entries.get_mut(root) {
                entry.addressed |= addressed;
                entry.label = Some(label);
            }
        }
    }

    /// Whoever has a tool's own address is a program, whatever else is said of them.
    fn unmask_tools(&mut self, table: &Table) {
        for at in 0..self.entries.len() {
            let email = self.entries.get(at).and_then(|entry| entry.name.strip_prefix("e:"));
            if email.is_some_and(|email| table.tool_of_email(email).is_some()) {
                let root = self.root(at);
                if let Some(entry) = self.entries.get_mut(root) {
                    (entry.bot, entry.tool) = (true, true);
                }
            }
        }
    }

    fn link(&self, at: usize) -> Option<usize> {
        self.entries.get(at).map(|entry| entry.link).filter(|link| *link != at)
    }

    fn set_link(&mut self, at: usize, link: usize) {
        if let Some(entry) = self.entries.get_mut(at) {
            entry.link = link;
        }
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(next) = self.link(at) {
            at = next;
        }
        at
    }

    /// The root, halving the way to it for the next time.
    fn root_halving(&mut self, mut at: usize) -> usize {
        while let Some(next) = self.link(at) {
            let after = self.link(next).unwrap_or(next);
            self.set_link(at, after);
            at = after;
        }
        at
    }

    fn unite(&mut self, person: usize, token: Token) {
        let other = self.token(token);
        let (a, b) = (self.root_halving(person), self.root_halving(other));
        // The smaller number stays the root, so that a person is shown by what was said first.
        let (low, high) = (a.min(b), a.max(b));
        self.set_link(high, low);
    }

    fn find(&self, token: &str) -> Option<PersonId> {
        self.tokens.get(token).map(|&at| PersonId(self.root(at)))
    }

    /// The person of an account, by the first of id, login and address that is known; else a new one.
    fn person(&self, account: &Account<'_>) -> Option<PersonId> {
        account_tokens(account).iter().find_map(|token| self.find(token))
    }

    /// Everybody whom an account may be, of those who are known.
    pub fn known(&self, account: &Account<'_>) -> Vec<PersonId> {
        account_tokens(account).iter().filter_map(|token| self.find(token)).collect()
    }

    /// Everybody whom an account may be: its id, its login and its address may have been given by different hands.
    pub fn all_of(&mut self, account: &Account<'_>) -> Vec<PersonId> {
        let mut people = Vec::new();
        for token in account_tokens(account) {
            let at = self.token(token);
            crate::order::insert(&mut people, PersonId(self.root(at)));
        }
        people
    }

    /// The person whom a policy names: by the forge's id alone where it is given, else by login or address.
    pub fn named(&self, user: &User) -> Option<PersonId> {
        match &user.id {
            Some(id) => self.find(&format!("i:{id}")),
            None => self.find(&user_token(&user.login)),
        }
    }

    /// The person of a login.
    pub fn login(&self, login: &str) -> Option<PersonId> {
        self.find(&login_token(login))
    }

    /// Whether anything maps this person to an address.
    pub fn has_address(&self, person: PersonId) -> bool {
        self.entries.get(person.0).is_some_and(|entry| entry.addressed)
    }

    /// Whether the person is a program.
    pub fn is_bot(&self, person: PersonId) -> bool {
        self.entries.get(person.0).is_some_and(|entry| entry.bot)
    }

    /// Whether the program is an AI tool.
    pub fn is_tool(&self, person: PersonId) -> bool {
        self.entries.get(person.0).is_some_and(|entry| entry.tool)
    }

    /// Whether the account is blocked or deleted.
    pub fn is_inactive(&self, person: PersonId) -> bool {
        self.entries.get(person.0).is_some_and(|entry| entry.inactive)
    }

    /// Whether the platform did not say what the person may.
    pub fn is_unreadable(&self, person: PersonId) -> bool {
        self.entries.get(person.0).is_some_and(|entry| entry.unreadable)
    }

    /// What to call a person: the login where there is one, else the address.
    pub fn label(&self, person: PersonId) -> String {
        let label = self.entries.get(person.0).and_then(|entry| entry.label).unwrap_or(person.0);
        let name = self.entries.get(label).and_then(|entry| entry.name.get(2..));
        name.unwrap_or_default().to_owned()
    }

    /// Who an author or committer is.
    pub fn of_ident(&mut self, table: &Table, ident: &Ident<'_>) -> Attribution {
        if let Some(account) = &ident.account {
            let mut person = None;
            for token in account_tokens(account) {
                let at = self.token(token);
                person.get_or_insert(PersonId(self.root(at)));
            }
            if let Some(person) = person {
                return Attribution::Person(person);
            }
        }
        self.of_address(table, &ident.name.to_str_lossy(), &ident.email.to_str_lossy())
    }

    /// Who an address is.
    pub fn of_address(&mut self, table: &Table, name: &str, email: &str) -> Attribution {
        let email = email.trim();
        if is_ai(table, name, email) {
            return Attribution::Ai;
        }
        let token = email_token(email);
        match self.find(&token) {
            Some(person) => Attribution::Person(person),
            None if is_machine(email) => Attribution::Machine,
            // On a forge an address that maps to no account could be anybody's, a reviewer's too.
            None if self.by_account => Attribution::Nobody,
            None if !email.contains('@') => Attribution::Nobody,
            None => {
                let at = self.token(token);
                Attribution::Person(PersonId(self.root(at)))
            }
        }
    }
}

/// Who is behind an author, committer or co-author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribution {
    /// A person.
    Person(PersonId),
    /// An AI tool: never a person, and never unattributable.
    Ai,
    /// A forge or a release bot.
    Machine,
    /// Nobody can be made answerable.
    Nobody,
}

/// An address when it has an `@`, else a login.
fn user_token(user: &str) -> Token {
    if user.contains('@') { email_token(user) } else { login_token(user) }
}

fn login_token(login: &str) -> Token {
    format!("l:{}", login.trim_start_matches('@').to_ascii_lowercase())
}

fn email_token(email: &str) -> Token {
    format!("e:{}", email.trim().to_lowercase())
}

fn account_tokens(account: &Account<'_>) -> Vec<Token> {
    let mut tokens = Vec::new();
    tokens.extend(account.id.as_ref().map(|id| format!("i:{id}")));
    tokens.extend(account.login.as_ref().filter(|login| !login.is_empty()).map(|login| login_token(login)));
    let email = account.email.as_ref().map(|email| email.to_str_lossy());
    tokens.extend(email.filter(|email| !email.is_empty()).map(|email| email_token(&email)));
    tokens
}

/// The pairs of addresses that a mailmap unites: the proper one first.
fn mailmap(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for line in text.lines() {
        // As in git, `#` begins a comment only where it begins the line.
        if line.starts_with('#') {
            continue;
        }
        let emails: Vec<&str> = line
            .split('>')
            .filter_map(|part| split_address(part).email.or(part.split_once('<').map(|p| p.1)))
            .collect();
        if let [proper, other] = emails.as_slice() {
            pairs.push((proper.to_lowercase(), other.to_lowercase()));
        }
    }
    pairs
}
