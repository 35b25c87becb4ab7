//! Who is who: which logins, addresses and ids belong to one person.

use std::collections::{HashMap, HashSet};

use crate::model::{Account, Fact, Ident, PersonKind, Request, Role};
use crate::policy::Policy;
use crate::provenance::{Table, is_ai, is_machine, split_address};

/// Something that names a person: `l:` a login, `e:` an address, `i:` the forge's id.
type Token = String;

/// One person, as a number that is the same for all their tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PersonId(usize);

/// All that policy, mailmap and platform say about who is who.
pub(crate) struct Directory {
    tokens: HashMap<Token, usize>,
    /// Union-find: each entry points to another of the same person, a root to itself.
    links: Vec<usize>,
    names: Vec<Token>,
    /// Of each person that has one: the token to call them by.
    labels: HashMap<usize, usize>,
    /// People with an address.
    addressed: HashSet<usize>,
    bots: HashSet<usize>,
    inactive: HashSet<usize>,
    /// Whether commits carry accounts: on a forge the account counts, else the address is the person.
    pub by_account: bool,
}

impl Directory {
    /// Gathers what the request and the policy say.
    pub fn of(request: &Request<'_>, policy: Option<&Policy>) -> Self {
        let mut directory = Directory {
            tokens: HashMap::new(),
            links: Vec::new(),
            names: Vec::new(),
            labels: HashMap::new(),
            addressed: HashSet::new(),
            bots: HashSet::new(),
            inactive: HashSet::new(),
            // Plain git says that it has no people; every forge has.
            by_account: !request.absent.contains(&Fact::People),
        };
        for (login, identity) in policy.iter().flat_map(|policy| &policy.identities) {
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
        directory.settle();
        for person in &request.people {
            let Some(id) = directory.person(&person.account) else {
                continue;
            };
            if matches!(person.kind, Some(PersonKind::Bot | PersonKind::Tool)) {
                directory.bots.insert(id.0);
            }
            if person.active == Some(false) {
                directory.inactive.insert(id.0);
            }
        }
        directory
    }

    fn token(&mut self, token: Token) -> usize {
        let next = self.links.len();
        let at = *self.tokens.entry(token.clone()).or_insert(next);
        if at == next {
            self.links.push(at);
            if token.starts_with("e:") {
                self.addressed.insert(at);
            }
            self.names.push(token);
        }
        at
    }

    /// Points every token to its person at once, and notes what people are called by.
    fn settle(&mut self) {
        for at in 0..self.links.len() {
            let root = self.root(at);
            if let Some(link) = self.links.get_mut(at) {
                *link = root;
            }
            if self.addressed.contains(&at) {
                self.addressed.insert(root);
            }
            let is_login = |at: usize| self.names.get(at).is_some_and(|name| name.starts_with("l:"));
            let is_id = |at: usize| self.names.get(at).is_some_and(|name| name.starts_with("i:"));
            match self.labels.get(&root) {
                Some(&label) if is_login(label) || (!is_login(at) && !is_id(label)) => {}
                _ => {
                    self.labels.insert(root, at);
                }
            }
        }
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(&next) = self.links.get(at)
            && next != at
        {
            at = next;
        }
        at
    }

    /// The root, halving the way to it for the next time.
    fn root_halving(&mut self, mut at: usize) -> usize {
        while let Some(&next) = self.links.get(at)
            && next != at
        {
            let after = self.links.get(next).copied().unwrap_or(next);
            if let Some(link) = self.links.get_mut(at) {
                *link = after;
            }
            at = after;
        }
        at
    }

    fn unite(&mut self, person: usize, token: Token) {
        let other = self.token(token);
        let (a, b) = (self.root_halving(person), self.root_halving(other));
        // The smaller number stays the root, so that a person is shown by what was said first.
        let (low, high) = (a.min(b), a.max(b));
        if let Some(link) = self.links.get_mut(high) {
            *link = low;
        }
    }

    fn find(&self, token: &str) -> Option<PersonId> {
        self.tokens.get(token).map(|&at| PersonId(self.root(at)))
    }

    /// The person of an account, by the first of id, login and address that is known; else a new one.
    fn person(&self, account: &Account<'_>) -> Option<PersonId> {
        account_tokens(account).iter().find_map(|token| self.find(token))
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

    /// The person of a word in the policy: an address when it has an `@`, else a login.
    pub fn named(&mut self, word: &str) -> PersonId {
        let at = self.token(if word.contains('@') { email_token(word) } else { login_token(word) });
        PersonId(self.root(at))
    }

    /// Whether anything maps this person to an address.
    pub fn has_address(&self, person: PersonId) -> bool {
        self.addressed.contains(&person.0)
    }

    /// Whether the person is a program.
    pub fn is_bot(&self, person: PersonId) -> bool {
        self.bots.contains(&person.0)
    }

    /// Whether the account is blocked or deleted.
    pub fn is_inactive(&self, person: PersonId) -> bool {
        self.inactive.contains(&person.0)
    }

    /// What to call a person: the login where there is one, else the address.
    pub fn label(&self, person: PersonId) -> String {
        let at = self.labels.get(&person.0).unwrap_or(&person.0);
        self.names.get(*at).and_then(|name| name.get(2..)).unwrap_or_default().to_owned()
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
        let line = line.split('#').next().unwrap_or_default();
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
