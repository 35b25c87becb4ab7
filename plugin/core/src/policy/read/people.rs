//! People, who is who, tools and questions.

use std::collections::BTreeMap;

use super::faults::{Faults, PLAIN, choice, flag, is_number, lower, map, prose, word, words};
use crate::keys::is_public_key;
use crate::model::is_plain_number;
use crate::policy::yaml::{Node, Place, Value};
use crate::policy::{
    CODE_OWNERS, CodeOwnersUse, Dialect, Identity, PeopleSet, User, is_nobodys, is_programs,
};
use crate::provenance::ExtraTool;

/// A login, or an address where there are no logins.
fn user(text: &str, place: Place, faults: &mut Faults<'_>) -> Option<String> {
    if !text.is_ascii() || text.contains(char::is_whitespace) {
        faults.error_with_help(
            place,
            &format!("`{text}` is no login and no e-mail address"),
            "logins and addresses are ASCII, so that no two can look alike",
        );
        return None;
    }
    let login = text.strip_prefix('@').unwrap_or(text).to_ascii_lowercase();
    if is_nobodys(&login) {
        faults.error_with_help(
            place,
            &format!("`{text}` is what forges call accounts that are gone, and so it is nobody"),
            "name the people themselves",
        );
        return None;
    }
    Some(login)
}

pub(super) fn people(node: &Node<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, PeopleSet> {
    const KEYS: &[&str] = &["users", "groups", "inherited", "permissions", "roles", "bots"];
    let mut sets = BTreeMap::new();
    for (name, node) in map(node, "`people`", faults).unwrap_or_default() {
        let mut set = PeopleSet::default();
        for (key, node) in map(node, "a set of people", faults).unwrap_or_default() {
            let mut texts = |what| -> Vec<String> {
                words(node, what, faults).into_iter().map(|(text, _)| text.to_owned()).collect()
            };
            match key.text.as_ref() {
                "users" => {
                    set.users = users(node, faults);
                    no_programs(&set.users, node.place, faults);
                }
                "groups" => set.groups = texts("`groups`"),
                "inherited" => set.inherited = flag(node, "`inherited`", faults).unwrap_or_default(),
                "permissions" => set.permissions = lower(node, "`permissions`", faults),
                "roles" => set.roles = texts("`roles`"),
                "bots" => set.bots = users(node, faults),
                _ => faults.unknown_key(key, KEYS),
            }
        }
        if !set.names_somebody() {
            faults.error_with_help(
                name.place,
                &format!("`{}` names nobody, so nobody could ever approve for it", name.text),
                "list `users`, `groups`, `permissions`, `roles` or `bots`",
            );
        }
        if name.text == CODE_OWNERS {
            faults.error(
                name.place,
                "`code-owners` are whom the target's CODEOWNERS names: choose another name",
            );
        }
        sets.insert(name.text.to_string(), set);
    }
    sets
}

/// Programs are no people, whoever's address they have.
fn no_programs(users: &[User], place: Place, faults: &mut Faults<'_>) {
    for user in users.iter().filter(|user| is_programs(&user.login)) {
        faults.error_with_help(
            place,
            &format!("`{}` is what forges call a program, and programs are no people", user.login),
            "name it under `bots`, where a program is to approve",
        );
    }
}

/// Logins, or `{ login, id }`.
fn users(node: &Node<'_>, faults: &mut Faults<'_>) -> Vec<User> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() {
        faults.error(node.place, "`users` is an empty list");
    }
    items.iter().filter_map(|item| one_user(item, faults)).collect()
}

fn one_user(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<User> {
    let Value::Map(entries) = &node.value else {
        let login = user(word(node, "a user", faults)?, node.place, faults)?;
        return Some(User { login, id: None });
    };
    let (mut login, mut id) = (None, None);
    for (key, node) in entries {
        match key.text.as_ref() {
            "login" => login = word(node, "`login`", faults).and_then(|text| user(text, node.place, faults)),
            "id" => id = self::id(node, faults).map(|id| (id, node.place)),
            _ => faults.unknown_key(key, &["login", "id"]),
        }
    }
    if login.is_none() {
        faults.error_with_help(
            node.place,
            "a user has no `login`",
            "write it beside the `id`, for people to read",
        );
    }
    let login = login?;
    if let Some((id, place)) = &id {
        give_id(&login, id, *place, faults);
    }
    Some(User { login, id: id.map(|(id, _)| id) })
}

/// The forge's id of an account.
fn id(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let id = word(node, "`id`", faults)?;
    if is_number(id) && !is_plain_number(id) {
        let help = format!("write the id as the forge does; {PLAIN}");
        faults.error_with_help(
            node.place,
            &format!("`{id}` is a number that can be read in several ways"),
            help,
        );
        return None;
    }
    Some(id.to_owned())
}

/// Notes which id a login has; it has one.
fn give_id(login: &str, id: &str, place: Place, faults: &mut Faults<'_>) {
    match faults.ids.iter().find(|(known, _)| known == login) {
        Some((_, other)) if other != id => {
            let message = format!("`{login}` has the id {id} here, and {other} elsewhere in the policy");
            faults.error_with_help(place, &message, "an account has one id: name two accounts by two logins");
        }
        Some(_) => {}
        None => faults.ids.push((login.to_owned(), id.to_owned())),
    }
}

/// Whose each address, account, id and key is.
#[derive(Default)]
struct Owners(BTreeMap<String, String>);

impl Owners {
    /// Gives one to a person. What belongs to two would make one person of both, who counts by the name of either.
    fn give(&mut self, login: &str, what: &str, place: Place, faults: &mut Faults<'_>) {
        let owner = self.0.entry(what.to_owned()).or_insert_with(|| login.to_owned());
        if owner != login {
            faults.error_with_help(
                place,
                &format!("`{what}` belongs to `{owner}` and to `{login}`, and so to neither"),
                "leave it with whose it is; another name of one person stands under their `accounts`",
            );
        }
    }
}

pub(super) fn identities(node: &Node<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, Identity> {
    const KEYS: &[&str] = &["emails", "accounts", "id", "keys"];
    let mut identities = BTreeMap::new();
    let mut owners = Owners::default();
    for (login, node) in map(node, "`identities`", faults).unwrap_or_default() {
        let Some(login) = user(&login.text, login.place, faults) else {
            continue;
        };
        let mut identity = Identity::default();
        for (key, node) in map(node, "an identity", faults).unwrap_or_default() {
            match key.text.as_ref() {
                "emails" => {
                    for (text, place) in words(node, "`emails`", faults) {
                        let email = text.to_lowercase();
                        if !email.contains('@') {
                            faults.error_with_help(
                                place,
                                &format!("`{text}` is no e-mail address"),
                                "write it with its `@`; a login stands under `accounts`",
                            );
                        }
                        owners.give(&login, &email, place, faults);
                        identity.emails.push(email);
                    }
                }
                "accounts" => {
                    let accounts = words(node, "`accounts`", faults);
                    let mut account = |(text, place)| {
                        let account = User { login: user(text, place, faults)?, id: None };
                        owners.give(&login, &account.login, place, faults);
                        Some(account)
                    };
                    identity.accounts = accounts.into_iter().filter_map(&mut account).collect();
                }
                "id" => {
                    identity.id = id(node, faults);
                    if let Some(id) = &identity.id {
                        owners.give(&login, id, node.place, faults);
                        give_id(&login, id, node.place, faults);
                    }
                }
                "keys" => {
                    identity.keys = keys(node, faults);
                    identity.keys.iter().for_each(|key| owners.give(&login, key, node.place, faults));
                }
                _ => faults.unknown_key(key, KEYS),
            }
        }
        identities.insert(login, identity);
    }
    identities
}

/// `github`, or `{ dialect: gitlab, unowned: block }`.
pub(super) fn codeowners(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<CodeOwnersUse> {
    const DIALECTS: &[(&str, Dialect)] =
        &[("github", Dialect::GitHub), ("gitlab", Dialect::GitLab), ("gitea", Dialect::Gitea)];
    let (mut dialect, mut unowned_blocks) = (None, false);
    match &node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                match key.text.as_ref() {
                    "dialect" => dialect = choice(node, "`dialect`", DIALECTS, faults),
                    "unowned" => {
                        let choices = [("pass", false), ("block", true)];
                        unowned_blocks = choice(node, "`unowned`", &choices, faults).unwrap_or(true);
                    }
                    _ => faults.unknown_key(key, &["dialect", "unowned"]),
                }
            }
            if dialect.is_none() {
                faults.error(node.place, "`codeowners` has no `dialect`: `github`, `gitlab` or `gitea`");
            }
        }
        _ => dialect = choice(node, "`codeowners`", DIALECTS, faults),
    }
    Some(CodeOwnersUse { dialect: dialect?, unowned_blocks, file: None })
}

/// Public SSH keys, as `ssh-keygen` writes them.
fn keys(node: &Node<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    for (text, place) in words(node, "`keys`", faults) {
        if is_public_key(text) {
            keys.push(text.to_owned());
        } else {
            faults.error_with_help(
                place,
                "this is no public SSH key",
                "write the first two words of the .pub file: `ssh-ed25519 AAAA...`",
            );
        }
    }
    keys
}

pub(super) fn provenance(node: &Node<'_>, faults: &mut Faults<'_>) -> Vec<ExtraTool> {
    const KEYS: &[&str] = &["names", "emails", "trailers"];
    let mut tools = Vec::new();
    for (section, node) in map(node, "`provenance`", faults).unwrap_or_default() {
        if section.text != "tools" {
            faults.unknown_key(section, &["tools"]);
            continue;
        }
        for (id, node) in map(node, "`tools`", faults).unwrap_or_default() {
            let mut tool = ExtraTool { id: id.text.to_string(), ..ExtraTool::default() };
            for (key, node) in map(node, "a tool", faults).unwrap_or_default() {
                let mut lower =
                    || words(node, "this", faults).into_iter().map(|(text, _)| text.to_lowercase()).collect();
                match key.text.as_ref() {
                    "names" => {
                        let names: Vec<String> = lower();
                        tool.names = names.into_iter().map(|name| name.replace(['-', '_'], " ")).collect();
                    }
                    "emails" => tool.emails = lower(),
                    "trailers" => tool.trailers = lower(),
                    _ => faults.unknown_key(key, KEYS),
                }
            }
            tools.push(tool);
        }
    }
    tools
}

pub(super) fn questions(node: &Node<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let mut questions = BTreeMap::new();
    for (name, node) in map(node, "`questions`", faults).unwrap_or_default() {
        let plain = name.text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !plain || name.text.len() > 40 {
            faults.error_with_help(
                name.place,
                &format!("`{}` cannot name a question", name.text),
                "an answer begins with the name and a colon, so it is one word of letters, digits, `-` and `_`",
            );
        }
        if let Some(text) = prose(node, "a question", faults) {
            questions.insert(name.text.to_string(), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    questions
}
