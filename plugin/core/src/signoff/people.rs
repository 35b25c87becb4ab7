//! Who is who: which logins, addresses and ids belong to one person.
//!
//! There are two relations. Somebody *is named as* a person by the policy, by the forge's account or by a principal of
//! allowed_signers: two [`PersonId`]s are then equal, and that admits. Somebody *may be* a person by all of that, by the
//! target's `.mailmap` and by what the others contradict each other in ([`PersonId::may_be`]): that bars, and never admits,
//! for nobody vouches for a line of a mailmap.

use std::collections::BTreeMap;

use super::mailmap::Mailmap;
use crate::model::{Account, Fact, Ident, PersonKind, Proof, Request, Role};
use crate::policy::{Policy, User, is_nobody, is_programs};
use crate::provenance::{Table, is_ai, is_app, is_machine};

/// Something that names a person: `l:` a login, `e:` an address, `i:` the forge's id.
type Token = String;

/// One person, as two numbers: above, one that is the same for all who may be one person, so that those stand side by side
/// in a list in order; below, one that is the same for all that is named as this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PersonId(u64);

impl PersonId {
    fn new(kin: usize, root: usize) -> Self {
        PersonId((kin as u64) << 32 | root as u64)
    }

    fn root(self) -> usize {
        self.0 as u32 as usize
    }

    /// Whether the two may be one person. That bars, and never admits.
    pub fn may_be(self, other: PersonId) -> bool {
        self.0 >> 32 == other.0 >> 32
    }

    /// Those of a list in order who may be this person, and with each what stands beside.
    pub fn kin_in<T>(self, list: &[(PersonId, T)]) -> impl Iterator<Item = &(PersonId, T)> {
        let from = list.partition_point(|(known, _)| known.0 >> 32 < self.0 >> 32);
        let rest = list.get(from..).unwrap_or_default();
        rest.iter().take_while(move |(known, _)| known.may_be(self))
    }

    /// The first of a list in order who may be this person.
    pub fn first_in(self, list: &[PersonId]) -> Option<PersonId> {
        let from = list.partition_point(|known| known.0 >> 32 < self.0 >> 32);
        list.get(from).copied().filter(|known| known.may_be(self))
    }
}

/// One token, and what is known of the person whose root it is.
struct Entry {
    name: Token,
    /// Union-find: points to another token of the same person, a root to itself.
    link: usize,
    /// Union-find over roots: points to a root that may be the same person, the first of them to itself.
    kin: usize,
    /// The token to call the person by.
    label: Option<usize>,
    /// Something but `.mailmap` or the label of an account speaks of it.
    known: bool,
    /// The policy says whose it is.
    given: bool,
    /// Whose it is by the forge.
    owner: Owner,
    /// The person has an address.
    addressed: bool,
    /// The person has an account: a login, or a forge's id.
    has_account: bool,
    bot: bool,
    /// An AI tool.
    tool: bool,
    inactive: bool,
    /// The platform lists an account of the person that is not blocked.
    reachable: bool,
    /// What the platform says of the account that this very token belongs to, where it says anything.
    active: Option<bool>,
    /// The platform did not say what the person may.
    unreadable: bool,
}

/// Whose a login or an address is by the forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Unsaid,
    One(usize),
    /// Several accounts have it, so it names none of them.
    Several,
}

/// All that policy, mailmap and platform say about who is who.
pub(crate) struct Directory {
    tokens: BTreeMap<Token, usize>,
    /// The entries, one for each token of an identity.
    entries: Vec<Entry>,
    /// Tokens that the forge gives to accounts, until all is settled.
    claims: Vec<(usize, usize)>,
    mailmap: Mailmap,
    /// Some of them may be one person without being named as one.
    united: bool,
    /// Whether commits carry accounts: on a forge the account counts, else the address is the person.
    pub by_account: bool,
    /// Whether any account is blocked or deleted.
    pub any_blocked: bool,
    /// How many entries the policies make: those come in their order, whatever the request's.
    of_policies: usize,
}

impl Directory {
    /// Gathers what the request and the policy say.
    pub fn of(request: &Request<'_>, policies: [Option<&Policy>; 2], table: &Table) -> Self {
        let mut directory = Directory {
            tokens: BTreeMap::new(),
            entries: Vec::new(),
            claims: Vec::new(),
            mailmap: Mailmap::default(),
            united: false,
            // Plain git says that it has no people; every forge has.
            by_account: !request.absent.contains(&Fact::People),
            any_blocked: request.people.iter().any(|person| person.active == Some(false)),
            of_policies: 0,
        };
        let policies = || policies.iter().flatten();
        for (login, identity) in policies().flat_map(|policy| &policy.identities) {
            let person = directory.policy_user(&User { login: login.clone(), id: identity.id.clone() });
            for email in &identity.emails {
                let email = directory.token(email_token(email));
                directory.unite(person, email);
                if let Some(entry) = directory.entries.get_mut(email) {
                    entry.given = true;
                }
            }
            for account in &identity.accounts {
                let account = directory.policy_user(account);
                directory.unite(person, account);
            }
        }
        // Whom a policy names may act, whether anything else is known of them or not.
        let owners = policies().filter_map(|policy| policy.codeowners.as_ref()?.file.as_ref()?.as_ref().ok());
        let owners = owners.flat_map(|owners| owners.entries()).map(|entry| &entry.owners);
        for set in policies().flat_map(|policy| policy.people.values()).chain(owners) {
            for user in set.users.iter().chain(&set.bots) {
                directory.policy_user(user);
            }
        }
        directory.of_policies = directory.entries.len();
        directory.of_forge(request);
        for document in request.documents.iter().filter(|document| document.role == Role::Mailmap) {
            directory.mailmap.read(&document.text());
        }
        directory.settle();
        directory.unmask_programs(table);
        if directory.any_blocked {
            directory.note_blocked(request);
        }
        for person in &request.people {
            let id = directory.person(&person.account);
            if let Some(entry) = id.and_then(|id| directory.entries.get_mut(id.root())) {
                entry.bot |= matches!(person.kind, Some(PersonKind::Bot | PersonKind::Tool));
                entry.tool |= person.kind == Some(PersonKind::Tool);
                let blocked = person.active == Some(false);
                (entry.inactive, entry.reachable) = (entry.inactive | blocked, entry.reachable | !blocked);
                entry.unreadable |= person.unreadable;
            }
        }
        directory
    }

    /// Notes of each token what the platform says of the account that it belongs to.
    fn note_blocked(&mut self, request: &Request<'_>) {
        for person in &request.people {
            let emails = person.emails.iter().map(|email| email_token(&email.to_str_lossy()));
            let login = person.account.login.as_deref().map(login_token);
            for token in account_tokens(&person.account).into_iter().chain(login).chain(emails) {
                let at = self.tokens.get(&token);
                if let Some(entry) = at.and_then(|at| self.entries.get_mut(*at)) {
                    // Of two accounts with one login or address the blocked one is believed.
                    entry.active = Some(person.active != Some(false) && entry.active != Some(false));
                }
            }
        }
    }

    /// Gathers the forge's accounts. An account is its id, and where there is none its login; with an id a login is a label
    /// that can change hands, and is the account's own while no other has it.
    fn of_forge(&mut self, request: &Request<'_>) {
        for person in &request.people {
            let Some(at) = self.account(&person.account) else { continue };
            for other in &person.also {
                if let Some(other) = self.account(other) {
                    self.unite(at, other);
                }
            }
            for email in &person.emails {
                let email = self.label_of(email_token(&email.to_str_lossy()));
                self.claims.push((email, at));
            }
        }
        let idents = request.commits.iter().flat_map(|commit| [&commit.author, &commit.committer]);
        let stated = idents.filter_map(|ident| ident.account.as_ref());
        let acted = request.acts.iter().filter(|act| act.proof == Proof::Forge).map(|act| &act.actor);
        let pushed = request.pushes.iter().filter_map(|push| push.by.as_ref());
        let change = request.change.as_ref();
        let opened = change.and_then(|change| change.opened_by.as_ref());
        let asked = change.into_iter().flat_map(|change| &change.asked_by);
        let members = request.groups.iter().flat_map(|group| group.members.iter().chain(&group.inherited));
        let mut before = None;
        for account in stated.chain(acted).chain(pushed).chain(opened).chain(asked).chain(members) {
            // Mostly the one who wrote a commit committed it, and wrote the one before.
            if before != Some(account) {
                self.account(account);
                before = Some(account);
            }
        }
    }

    /// An account of the forge; none where it stands for nobody.
    fn account(&mut self, account: &Account<'_>) -> Option<usize> {
        let token = account_tokens(account).into_iter().next()?;
        let person = self.token(token);
        if let Some(login) = account.login.as_deref().filter(|login| !login.is_empty()) {
            if account.id.as_ref().is_some_and(|id| !id.is_empty()) {
                let label = self.label_of(login_token(login));
                self.claims.push((label, person));
                self.call(person, label);
            }
            if let Some(entry) = self.entries.get_mut(person) {
                entry.bot |= is_programs(login);
            }
        }
        Some(person)
    }

    /// Somebody whom the policy names.
    fn policy_user(&mut self, user: &User) -> usize {
        let person = self.token(user_token(user));
        if user.id.is_some() {
            let label = self.label_of(login_token(&user.login));
            self.call(person, label);
            let name = name_token(&user.login);
            if self.find(&name).is_none() {
                let name = self.label_of(name);
                self.unite(person, name);
            }
        }
        person
    }

    /// A token that somebody speaks of.
    fn token(&mut self, token: Token) -> usize {
        let at = self.label_of(token);
        if let Some(entry) = self.entries.get_mut(at) {
            entry.known = true;
        }
        at
    }

    /// A token that so far is a label, or a word of the mailmap.
    fn label_of(&mut self, token: Token) -> usize {
        if let Some(&at) = self.tokens.get(&token) {
            return at;
        }
        let at = self.entries.len();
        self.tokens.insert(token.clone(), at);
        let addressed = token.starts_with("e:");
        let entry = Entry {
            name: token,
            link: at,
            kin: at,
            label: None,
            known: false,
            given: false,
            owner: Owner::Unsaid,
            addressed,
            has_account: !addressed,
            bot: false,
            tool: false,
            inactive: false,
            reachable: false,
            active: None,
            unreadable: false,
        };
        self.entries.push(entry);
        at
    }

    /// Calls somebody by a token, unless they are called by another.
    fn call(&mut self, person: usize, label: usize) {
        if let Some(entry) = self.entries.get_mut(person) {
            entry.label.get_or_insert(label);
        }
    }

    /// Makes people of tokens: says whose logins and addresses are, points every token to its person at once, and notes who
    /// may be whom and what people are called by.
    fn settle(&mut self) {
        let claims = std::mem::take(&mut self.claims);
        let mut perhaps = Vec::new();
        // Logins first: whose an address is by the policy, shows by them.
        for kind in *b"le" {
            self.grant(
                claims.iter().copied().filter(|(token, _)| self.kind(*token) == kind).collect(),
                &mut perhaps,
            );
        }
        let mailmap = std::mem::take(&mut self.mailmap);
        for (proper, other) in mailmap.united() {
            let at = self.label_of(format!("e:{}", proper.to_lowercase()));
            perhaps.push((at, self.label_of(format!("e:{}", other.to_lowercase()))));
        }
        self.mailmap = mailmap;
        let mut labels: Vec<Option<usize>> = vec![None; self.entries.len()];
        for at in 0..self.entries.len() {
            let root = self.root(at);
            let Some(entry) = self.entries.get_mut(at) else { continue };
            entry.link = root;
            let label = entry.label.unwrap_or(at);
            let (addressed, has_account, bot) = (entry.addressed, entry.has_account, entry.bot);
            if let Some(entry) = self.entries.get_mut(root) {
                entry.addressed |= addressed;
                entry.has_account |= has_account;
                entry.bot |= bot;
            }
            // A login before an address, and both before an id, which says nothing to a reader; then as the policy has it,
            // and where it says nothing by the name: the order in which a forge lists people is no fact.
            let rank = |at: usize| {
                let kind = b"lein".iter().position(|kind| *kind == self.kind(at));
                let name = self.entries.get(at).map(|entry| entry.name.as_str());
                (kind, at.min(self.of_policies), name.filter(|_| at >= self.of_policies))
            };
            if let Some(known) = labels.get_mut(root)
                && known.is_none_or(|known| rank(label) < rank(known))
            {
                *known = Some(label);
            }
        }
        for (entry, label) in self.entries.iter_mut().zip(labels) {
            entry.label = label;
        }
        self.united = !perhaps.is_empty();
        for (a, b) in perhaps {
            let (a, b) = (self.kin(self.root(a)), self.kin(self.root(b)));
            if let Some(entry) = self.entries.get_mut(a.max(b)) {
                entry.kin = a.min(b);
            }
        }
        for at in 0..self.entries.len() {
            let kin = self.kin(at);
            if let Some(entry) = self.entries.get_mut(at) {
                entry.kin = kin;
            }
        }
    }

    /// Gives accounts the logins, or the addresses, that the forge says are theirs: those that no other account has, and
    /// that the policy gives to nobody else. With the others they only may be one person.
    fn grant(&mut self, claims: Vec<(usize, usize)>, perhaps: &mut Vec<(usize, usize)>) {
        for &(token, account) in &claims {
            let root = self.root(account);
            if let Some(entry) = self.entries.get_mut(token) {
                entry.owner = match entry.owner {
                    Owner::One(owner) if owner != root => Owner::Several,
                    Owner::Several => Owner::Several,
                    _ => Owner::One(root),
                };
            }
        }
        for (token, account) in claims {
            let is_other = self.root(token) != self.root(account);
            let Some(entry) = self.entries.get_mut(token) else { continue };
            if entry.owner != Owner::Several && !(entry.given && is_other) {
                entry.known = true;
                self.unite(account, token);
            } else if entry.known || entry.addressed {
                entry.known = true;
                perhaps.push((token, account));
            }
        }
    }

    /// What kind of token an entry is.
    fn kind(&self, at: usize) -> u8 {
        self.entries.get(at).and_then(|entry| entry.name.bytes().next()).unwrap_or_default()
    }

    /// Whoever has a tool's or an app's own address is a program, whatever else is said of them.
    fn unmask_programs(&mut self, table: &Table) {
        for at in 0..self.entries.len() {
            let email = self.entries.get(at).and_then(|entry| entry.name.strip_prefix("e:"));
            let Some(email) = email else { continue };
            let (tool, app) = (table.tool_of_email(email).is_some(), is_app(email));
            let root = self.root(at);
            if let Some(entry) = self.entries.get_mut(root).filter(|_| tool || app) {
                entry.bot = true;
                entry.tool |= tool;
            }
        }
    }

    fn link(&self, at: usize) -> Option<usize> {
        self.entries.get(at).map(|entry| entry.link).filter(|link| *link != at)
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(next) = self.link(at) {
            at = next;
        }
        at
    }

    /// The first of the roots that may be the same person.
    fn kin(&self, mut at: usize) -> usize {
        while let Some(next) = self.entries.get(at).map(|entry| entry.kin).filter(|next| *next != at) {
            at = next;
        }
        at
    }

    /// The root, halving the way to it for the next time.
    fn root_halving(&mut self, mut at: usize) -> usize {
        while let Some(next) = self.link(at) {
            let after = self.link(next).unwrap_or(next);
            if let Some(entry) = self.entries.get_mut(at) {
                entry.link = after;
            }
            at = after;
        }
        at
    }

    /// The smaller number stays the root, so that a person is shown by what was said first.
    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root_halving(a), self.root_halving(b));
        if let Some(entry) = self.entries.get_mut(a.max(b)) {
            entry.link = a.min(b);
        }
    }

    /// The person of a token, once all is settled.
    fn id(&self, at: usize) -> PersonId {
        let root = self.root(at);
        PersonId::new(self.entries.get(root).map_or(root, |entry| entry.kin), root)
    }

    fn find(&self, token: &str) -> Option<PersonId> {
        self.tokens.get(token).map(|&at| self.id(at))
    }

    /// The person of an account, by its id, else its login, else its address; none where it is not known.
    fn person(&self, account: &Account<'_>) -> Option<PersonId> {
        account_tokens(account).iter().find_map(|token| self.find(token))
    }

    /// Everybody whom an account of the forge may be, of those who are known.
    pub fn known(&self, account: &Account<'_>) -> Vec<PersonId> {
        account_tokens(account).iter().filter_map(|token| self.find(token)).collect()
    }

    /// Everybody whom an account of the forge may be: who it is and its address may have been given by different hands.
    pub fn all_of(&mut self, account: &Account<'_>) -> Vec<PersonId> {
        let mut people = Vec::new();
        for token in account_tokens(account) {
            let at = self.token(token);
            crate::order::insert(&mut people, self.id(at));
        }
        people
    }

    /// Everybody whom a login and an address may be that a person wrote, in a file or beside a key: who has a login, the
    /// policy says before the forge.
    pub fn all_named(&mut self, account: &Account<'_>) -> Vec<PersonId> {
        let named = account.login.as_deref().and_then(|login| self.find(&name_token(login)));
        let Some(named) = named else { return self.all_of(account) };
        let mut people = self.all_of(&Account { login: None, ..account.clone() });
        crate::order::insert(&mut people, named);
        people
    }

    /// The person whom a policy names: by the forge's id alone where it is given, else by login or address.
    pub fn named(&self, user: &User) -> Option<PersonId> {
        self.find(&user_token(user))
    }

    /// Whether the person can be told from those who took part: by an account on a forge, else by an address.
    pub fn is_told_apart(&self, person: PersonId) -> bool {
        match self.by_account {
            true => self.entries.get(person.root()).is_some_and(|entry| entry.has_account),
            false => self.has_address(person),
        }
    }

    /// Whether anything maps this person to an address.
    pub fn has_address(&self, person: PersonId) -> bool {
        self.entries.get(person.root()).is_some_and(|entry| entry.addressed)
    }

    /// Whether the person is a program.
    pub fn is_bot(&self, person: PersonId) -> bool {
        self.entries.get(person.root()).is_some_and(|entry| entry.bot)
    }

    /// Whether the program is an AI tool.
    pub fn is_tool(&self, person: PersonId) -> bool {
        self.entries.get(person.root()).is_some_and(|entry| entry.tool)
    }

    /// Whether this very account is blocked or deleted, whatever other accounts the person has.
    pub fn is_blocked(&self, account: &Account<'_>) -> bool {
        if !self.any_blocked {
            return false;
        }
        let known = account_tokens(account).into_iter().find_map(|token| self.tokens.get(&token).copied());
        known.and_then(|at| self.entries.get(at)?.active) == Some(false)
    }

    /// Whether an author, committer or co-author worked by an account that is blocked or deleted. An address that belongs
    /// to no account is blocked where every account of its person is.
    pub fn is_blocked_ident(&self, account: Option<&Account<'_>>, email: &str) -> bool {
        if let Some(account) = account {
            return self.is_blocked(account);
        }
        let entry = self.tokens.get(&email_token(email)).and_then(|at| Some((*at, self.entries.get(*at)?)));
        entry.is_some_and(|(at, entry)| match entry.active {
            Some(active) => !active,
            None => self.is_inactive(self.id(at)),
        })
    }

    /// Whether every account of the person is blocked or deleted, of those that the platform lists.
    pub fn is_inactive(&self, person: PersonId) -> bool {
        self.entries.get(person.root()).is_some_and(|entry| entry.inactive && !entry.reachable)
    }

    /// Whether the platform did not say what the person may.
    pub fn is_unreadable(&self, person: PersonId) -> bool {
        self.entries.get(person.root()).is_some_and(|entry| entry.unreadable)
    }

    /// What to call a person: the login where there is one, else the address.
    pub fn label(&self, person: PersonId) -> String {
        let label = self.entries.get(person.root()).and_then(|entry| entry.label).unwrap_or(person.root());
        let name = self.entries.get(label).and_then(|entry| entry.name.get(2..));
        name.unwrap_or_default().to_owned()
    }

    /// Whether `.mailmap` says anything.
    pub fn has_mailmap(&self) -> bool {
        !self.mailmap.is_empty()
    }

    /// Whether an address may stand for somebody beside whoever has it: by `.mailmap`, and as a forge's mask.
    pub fn may_map(&self, email: &[u8]) -> bool {
        self.has_mailmap() || is_mask(email)
    }

    /// Whom an address stands for beside whoever has it, by `.mailmap`. That bars them, and makes nobody answerable.
    pub fn mapped(&mut self, name: &str, email: &str) -> Option<PersonId> {
        let email = email.trim();
        let proper = if self.mailmap.is_empty() { email } else { self.mailmap.lookup(name, email).1 };
        if proper.eq_ignore_ascii_case(email) {
            // A forge's mask names the login of whoever wrote in the forge's own pages. Of a co-author no forge says more.
            let person = self.find(&login_token(masked_login(email)?));
            return person.filter(|person| self.find(&email_token(email)) != Some(*person));
        }
        let token = format!("e:{}", proper.to_lowercase());
        let at = self.label_of(token);
        Some(self.id(at))
    }

    /// How far whoever wrote a commit is whoever has an address, where both are as stated.
    pub fn is_same(&self, ident: &Ident<'_>, name: &str, email: &str) -> Same {
        let stated = (ident.name.to_str_lossy(), ident.email.to_str_lossy());
        if is_same_mask(stated.1.trim(), email.trim()) {
            return Same::Yes;
        }
        let account = ident.account.as_ref().and_then(|account| self.person(account));
        let author = account.or_else(|| self.find(&email_token(&stated.1)));
        match (author, self.find(&email_token(email))) {
            (Some(author), Some(other)) if author == other => Same::Yes,
            (Some(author), Some(other)) if author.may_be(other) => Same::Perhaps,
            _ => {
                let (_, author) = self.mailmap.lookup(&stated.0, stated.1.trim());
                let (_, other) = self.mailmap.lookup(name, email.trim());
                if author.eq_ignore_ascii_case(other) { Same::Perhaps } else { Same::No }
            }
        }
    }

    /// Whether a program wrote a commit, by the forge's word or its address.
    pub fn is_programs(&self, ident: &Ident<'_>) -> bool {
        let account = ident.account.as_ref().and_then(|account| self.person(account));
        account.is_some_and(|person| self.is_bot(person)) || is_app(ident.email.to_str_lossy().trim())
    }

    /// Whether there may be two who may be one and are not named as one.
    pub fn may_unite(&self) -> bool {
        self.united || self.has_mailmap() || !self.by_account
    }

    /// What says that two people may be one who are not named as one.
    pub fn unites(&self) -> &'static str {
        if self.mailmap.is_empty() { "a login or an address" } else { "`.mailmap`" }
    }

    /// Who an author or committer is.
    pub fn of_ident(&mut self, table: &Table, ident: &Ident<'_>) -> Attribution {
        let account = ident.account.as_ref().and_then(|account| account_tokens(account).into_iter().next());
        match account {
            Some(token) => {
                let at = self.token(token);
                Attribution::Person(self.id(at))
            }
            None => self.of_address(table, &ident.name.to_str_lossy(), &ident.email.to_str_lossy()),
        }
    }

    /// The person whom an address belongs to.
    pub fn of_address(&mut self, table: &Table, name: &str, email: &str) -> Attribution {
        let email = email.trim();
        if is_ai(table, name, email) {
            return Attribution::Ai;
        }
        let token = email_token(email);
        let is_known = |at: &usize| self.entries.get(*at).is_some_and(|entry| entry.known);
        match self.tokens.get(&token).copied().filter(is_known) {
            Some(at) => Attribution::Person(self.id(at)),
            None if is_app(email) => Attribution::App,
            None if is_machine(email) => Attribution::Machine,
            // On a forge an address that maps to no account could be anybody's, a reviewer's too.
            None if self.by_account => Attribution::Nobody,
            None if !email.contains('@') => Attribution::Nobody,
            None => {
                let at = self.token(token);
                Attribution::Person(self.id(at))
            }
        }
    }
}

/// How far two are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    /// They are named as one.
    Yes,
    /// The two may be one person.
    Perhaps,
    No,
}

/// Whether two addresses are one, or one account's behind a forge's mask: GitHub writes `1+sam@` and wrote `sam@`, GitLab
/// writes `1-sam@`. Of two that both have a number, the number decides.
fn is_same_mask(a: &str, b: &str) -> bool {
    let ((a_numbered, a_bare), (b_numbered, b_bare)) = (without_number(a), without_number(b));
    a.eq_ignore_ascii_case(b) || ((a_numbered != b_numbered) && a_bare.eq_ignore_ascii_case(b_bare))
}

/// Whether a mask begins with the number of its account, and what stands behind that.
fn without_number(email: &str) -> (bool, &str) {
    let bare = email.trim_start_matches(|c: char| c.is_ascii_digit());
    let login =
        bare.strip_prefix(['+', '-']).filter(|_| is_mask(email.as_bytes()) && bare.len() < email.len());
    login.map_or((false, email), |login| (true, login))
}

/// Whether an address is one that a forge gives out in place of a person's own: GitHub and GitLab have
/// `users.noreply.DOMAIN`, Gitea `noreply.DOMAIN`.
fn is_mask(email: &[u8]) -> bool {
    let Some(at) = email.iter().position(|byte| *byte == b'@') else { return false };
    let domain = email.get(at + 1..).unwrap_or_default();
    let begins = |with: &[u8]| domain.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    begins(b"users.noreply.") || begins(b"noreply.")
}

/// The login that a forge's mask names.
fn masked_login(email: &str) -> Option<&str> {
    let (login, _) = without_number(email).1.split_once('@').filter(|_| is_mask(email.as_bytes()))?;
    Some(login)
}

/// Who is behind an author, committer or co-author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribution {
    /// A person that the directory knows.
    Person(PersonId),
    /// An AI tool: never a person, and never unattributable.
    Ai,
    /// An app: nobody, and nobody has to answer for what it wrote.
    App,
    /// A forge or a release bot. As an author its address is a mask that anybody can put on.
    Machine,
    /// Nobody can be made answerable.
    Nobody,
}

/// The forge's id where it is given, an address when the login has an `@`, else the login.
fn user_token(user: &User) -> Token {
    match &user.id {
        Some(id) => format!("i:{id}"),
        None if user.login.contains('@') => email_token(&user.login),
        None => login_token(&user.login),
    }
}

fn login_token(login: &str) -> Token {
    format!("l:{}", login.trim_start_matches('@').to_ascii_lowercase())
}

/// A login as the policy, which gives it an id, uses it.
fn name_token(login: &str) -> Token {
    format!("n:{}", login.trim_start_matches('@').to_ascii_lowercase())
}

fn email_token(email: &str) -> Token {
    format!("e:{}", email.trim().to_lowercase())
}

/// What names the account, and its address; nothing where it stands for nobody.
fn account_tokens(account: &Account<'_>) -> Vec<Token> {
    let mut tokens = Vec::new();
    if is_nobody(account) {
        return tokens;
    }
    let login = account.login.as_ref().filter(|login| !login.is_empty());
    match (account.id.as_ref().filter(|id| !id.is_empty()), login) {
        (Some(id), _) => tokens.push(format!("i:{id}")),
        (None, Some(login)) => tokens.push(login_token(login)),
        (None, None) => {}
    }
    let email = account.email.as_ref().map(|email| email.to_str_lossy());
    tokens.extend(email.filter(|email| !email.is_empty()).map(|email| email_token(&email)));
    tokens
}
