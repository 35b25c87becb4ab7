//! Who is named: reads tool and model out of an address, a display name, or the value of a declaring trailer.

use std::borrow::Cow;

use super::lines::trim;
use super::tools::{
    AI_WORDS, BOTS, Certainty, EMAILS, Family, GITHUB, MACHINES, MODEL_FAMILIES, MODEL_GRADES, NAMES, Name,
    OTHER_BOTS, RECORDED_AS, ROLES,
};
use super::words::Words;

/// The table of tools, with what a policy adds to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Tools of the policy.
    pub extra: Vec<ExtraTool>,
}

/// A tool that a policy adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ExtraTool {
    pub id: String,
    /// Names of the tool, folded.
    pub names: Vec<String>,
    /// Addresses, in lower case.
    pub emails: Vec<String>,
    /// Keys of trailers, in lower case.
    pub trailers: Vec<String>,
}

/// What an address or a name was found to mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    /// Id of the tool.
    pub tool: Option<Cow<'a, str>>,
    /// The tool was named by a word that is also a given name or a common word, and by nothing else: what follows it.
    pub only_common: Option<(Name, &'a str)>,
    /// The model, word for word.
    pub model: Option<&'a str>,
    /// Words that say AI without naming a tool.
    pub says_ai: bool,
}

/// A `Name <address>`, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    pub name: &'a str,
    pub email: Option<&'a str>,
    /// What stands in the angle brackets where it is no address.
    pub bracketed: &'a str,
}

impl<'a> Address<'a> {
    /// The model that stands in the angle brackets.
    pub fn model(&self) -> Option<&'a str> {
        Some(self.bracketed).filter(|text| looks_like_model(text))
    }
}

/// Takes `Name <address>` apart; the closing bracket may be missing, and so may both.
pub(crate) fn split_address(value: &str) -> Address<'_> {
    let value = trim(value);
    if let Some(open) = value.bytes().position(|byte| byte == b'<') {
        let (name, rest) = (value.get(..open).unwrap_or_default(), value.get(open + 1..).unwrap_or_default());
        let rest = rest.trim_start_matches('<');
        let close = rest.bytes().position(|byte| byte == b'>').unwrap_or(rest.len());
        let inner = strip_scheme(trim(rest.get(..close).unwrap_or(rest)));
        let email = is_bracketed_email(inner).then_some(inner);
        return Address { name: trim(name), email, bracketed: if email.is_none() { inner } else { "" } };
    }
    if !value.bytes().any(|byte| byte == b'@') {
        return Address { name: value, email: None, bracketed: "" };
    }
    let last = value.split_whitespace().next_back().unwrap_or_default();
    let bare = strip_scheme(last.trim_matches(['(', ')', '[', ']', ',', ';', '"']));
    if is_email(bare) {
        let name = value.strip_suffix(last).unwrap_or(value).trim();
        return Address { name, email: Some(bare), bracketed: "" };
    }
    Address { name: value, email: None, bracketed: "" }
}

/// The people that a value names, when it names several with their addresses: each part ends with its address.
pub(crate) fn split_people(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let names_more = |at: &usize| value.as_bytes().get(*at..).is_some_and(|rest| rest.contains(&b'@'));
        let after = memchr::memchr(b'>', value.as_bytes()).map(|at| at + 1).filter(names_more);
        match after {
            Some(at) => {
                rest = value.get(at..).map(|rest| rest.trim_start_matches([',', ';', '>', ' ']));
                value.get(..at)
            }
            None => rest.take(),
        }
    })
}

fn strip_scheme(address: &str) -> &str {
    match address.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => address.get(7..).unwrap_or_default(),
        _ => address,
    }
}

/// Brackets say already that it is an address, so a machine's `dev@buildbox` is one.
fn is_bracketed_email(text: &str) -> bool {
    let inside = |(local, domain): (&str, &str)| !local.is_empty() && !domain.is_empty();
    split_last(text, b'@').is_some_and(inside) && !text.bytes().any(|b| b.is_ascii_whitespace())
}

/// One `@`, something before it, and a domain that ends in letters: `claude-opus-4-6@default` and `tool@1.2` are none.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = split_last(text, b'@') else {
        return false;
    };
    let Some((host, top)) = split_last(domain, b'.') else {
        return false;
    };
    !local.is_empty()
        && !host.is_empty()
        && top.len() >= 2
        && (top.starts_with("xn--") || top.bytes().all(|b| b.is_ascii_alphabetic()))
        && !text.bytes().any(|b| b.is_ascii_whitespace())
}

/// `rsplit_once` at an ASCII character, for texts as short as addresses are.
fn split_last(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().rposition(|byte| byte == at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// Whether an address is a machine's that is neither a person nor an AI.
pub(crate) fn is_machine(email: &str) -> bool {
    MACHINES.iter().any(|machine| machine.eq_ignore_ascii_case(email))
}

/// Whether an address is an app's, as GitHub makes them (`1+NAME[bot]@...`). An AI's may be among them.
pub(crate) fn is_app(email: &str) -> bool {
    split_last(email, b'@').is_some_and(|(local, _)| ends_with_bot(local))
}

fn ends_with_bot(login: &str) -> bool {
    let start = login.len().saturating_sub("[bot]".len());
    login.get(start..).is_some_and(|end| end.eq_ignore_ascii_case("[bot]"))
}

/// Whether somebody is called an agent, by name and address: `Foo Agent <agent@foo.dev>`, `dev+ai@foo.dev`, `foo-llm-bot@foo.dev`.
pub(crate) fn is_called_ai(name: &str, email: &str) -> bool {
    let is = |words: &[&str], text: &str| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let (local, _) = split_last(trim(email), b'@').unwrap_or_default();
    let login = local.split_once('+').filter(|(id, _)| !id.bytes().all(|b| b.is_ascii_digit()));
    let of_name = name.rsplit([' ', '-', '_']).next().unwrap_or_default();
    // `Jing Ai` is a name, `Foo AI` is none.
    let named = is(&["agent", "llm", "copilot", "assistant"], of_name)
        || (of_name == "AI" && of_name.len() < name.len());
    let plus = login
        .is_some_and(|(_, tag)| is(AI_WORDS, tag) || is(&["agent", "claude", "codex", "cursor", "bot"], tag));
    let parts = || local.split(['-', '_', '.', '+']);
    let agent = parts().any(|part| is(&["agent", "aiagent", "llm", "genai"], part));
    plus || (named && (agent || parts().any(|part| is(&["ai", "assistant", "bot", "noreply"], part))))
        || (agent && parts().count() > 1)
        || (named && !name.contains(' '))
}

/// Whether an address is a machine's that no table knows: an app's, or one that nobody reads.
pub(crate) fn is_unknown_machine(email: &str) -> bool {
    let Some((local, domain)) = split_last(trim(email), b'@') else { return false };
    let login = local.split_once('+').map_or(local, |(_, login)| login);
    let unread = || {
        let of_forge =
            domain.len() >= 8 && ["github", "gitlab", "gitea", "codeberg"].iter().any(|f| domain.contains(f));
        !of_forge
            && ["noreply", "no-reply", "donotreply", "yesreply"].iter().any(|l| l.eq_ignore_ascii_case(local))
    };
    if ends_with_bot(login) {
        !OTHER_BOTS.iter().any(|bot| bot.eq_ignore_ascii_case(login))
    } else {
        unread()
    }
}

/// What a byte is compared as in names: lower case, with `-` and `_` as a space.
fn folded(byte: u8) -> u8 {
    if matches!(byte, b'-' | b'_') { b' ' } else { byte.to_ascii_lowercase() }
}

/// What follows a name at the start of `text`; the name is folded, the text as people write it.
fn strip_name<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let start = text.as_bytes().get(..name.len())?;
    start
        .iter()
        .zip(name.as_bytes())
        .all(|(byte, name)| folded(*byte) == *name)
        .then(|| text.get(name.len()..))?
}

/// What tells most domains from those of AI tools at once: which lengths those have that begin with each letter.
struct Domains([u64; 26]);

#[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
static DOMAINS: Domains = {
    let mut lengths = Domains([0; 26]);
    let mut at = 0;
    while at < EMAILS.entries().len() {
        lengths = lengths.with_domain_of(EMAILS.entries()[at].0);
        at += 1;
    }
    lengths.with_domain_of("@users.noreply.github.com").with_domain_of("@letta.com")
};

impl Domains {
    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
    const fn with_domain_of(mut self, email: &str) -> Self {
        let email = email.as_bytes();
        let mut at = email.len();
        while email[at - 1] != b'@' {
            at -= 1;
        }
        self.0[(email[at] - b'a') as usize] |= 1 << (email.len() - at);
        self
    }

    fn may_hold(&self, domain: &str) -> bool {
        let first = domain.as_bytes().first().map_or(0, |byte| byte.to_ascii_lowercase().wrapping_sub(b'a'));
        let lengths = self.0.get(usize::from(first)).copied().unwrap_or_default();
        lengths.checked_shr(domain.len() as u32).is_some_and(|lengths| lengths & 1 == 1)
    }
}

/// The ids of all tools of the tables.
fn tool_ids() -> impl Iterator<Item = &'static str> {
    let of_names = NAMES.entries().iter().map(|(_, (id, _))| *id);
    let of_emails = EMAILS.entries().iter().map(|(_, (id, _))| *id);
    let of_accounts = GITHUB.iter().map(|(_, _, id)| *id).chain(BOTS.iter().map(|(_, id)| *id));
    of_names.chain(of_emails).chain(of_accounts).chain(RECORDED_AS.iter().map(|(_, id)| *id))
}

/// The id of the tool that people or records call so: `copilot` is `github-copilot`.
pub(crate) fn tool_called(name: &str) -> Option<&'static str> {
    let recorded = || RECORDED_AS.iter().find(|(recorded, _)| *recorded == name).map(|(_, id)| *id);
    let named = || NAMES.get(&name.replace(['-', '_'], " ")).map(|(_, (id, _))| *id);
    tool_ids().find(|id| *id == name).or_else(named).or_else(recorded)
}

/// The id of a tool that was most likely meant.
pub(crate) fn tool_like(name: &str) -> Option<&'static str> {
    crate::policy::likely(name, &tool_ids().collect::<Vec<_>>())
}

impl Table {
    /// The tool of the policy whose trailer it is.
    pub fn tool_of_trailer(&self, key: &str) -> Option<&str> {
        let declares =
            |tool: &&ExtraTool| tool.trailers.iter().any(|trailer| trailer.eq_ignore_ascii_case(key));
        self.extra.iter().find(declares).map(|tool| tool.id.as_str())
    }

    /// The tool that commits from this address.
    pub fn tool_of_email(&self, email: &str) -> Option<(&str, Certainty)> {
        let (local, domain) = split_last(email, b'@')?;
        if !DOMAINS.may_hold(domain) && self.extra.is_empty() {
            return None;
        }
        for tool in &self.extra {
            if tool.emails.iter().any(|known| known.eq_ignore_ascii_case(email)) {
                return Some((&tool.id, Certainty::Sure));
            }
        }
        if let Some((_, (tool, certainty))) = EMAILS.get(email) {
            return Some((tool, *certainty));
        }
        if domain.eq_ignore_ascii_case("users.noreply.github.com") {
            return github_tool(local).map(|tool| (tool, Certainty::Sure));
        }
        if domain.eq_ignore_ascii_case("letta.com") && is_letta_agent(local) {
            return Some(("letta-code", Certainty::Sure));
        }
        None
    }

    /// The tool that an author or committer is, and whether the address proves it.
    pub fn tool_of_identity(&self, name: &str, email: &str) -> Option<(&str, Certainty)> {
        if let Some(found) = self.tool_of_email(email) {
            return Some(found);
        }
        if name.ends_with("[bot]")
            && let Some(bot) = GITHUB.iter().find(|g| g.1.eq_ignore_ascii_case(name))
        {
            return Some((bot.2, Certainty::Default));
        }
        // aider's `--attribute-author` and `--attribute-committer`.
        if name.ends_with(" (aider)") {
            return Some(("aider", Certainty::Sure));
        }
        name.bytes().position(|byte| matches!(byte, b'+' | b'&'))?;
        let (_, last) = name.rsplit_once(" + ").or_else(|| name.rsplit_once(" & "))?;
        let (id, length, kind) = self.name_at_start(last)?;
        // Two people may sit at one keyboard.
        (length == last.len() && kind != Name::Given).then_some((id, Certainty::Default))
    }

    /// The tool whose name begins `text`, the length of the name, and what else it means. The longest name counts.
    pub fn name_at_start(&self, text: &str) -> Option<(&str, usize, Name)> {
        let ends = |length: usize| text.get(length..).is_some_and(ends_name);
        let known = NAMES.that_begin(text, folded).filter(|(name, _)| ends(name.len())).last();
        let mut best = known.map(|(name, (id, kind))| (*id, name.len(), *kind));
        for tool in &self.extra {
            for name in &tool.names {
                if best.is_none_or(|(_, length, _)| name.len() > length)
                    && strip_name(text, name).is_some_and(ends_name)
                {
                    best = Some((&tool.id, name.len(), Name::Own));
                }
            }
        }
        best
    }

    /// The tool that is called exactly this.
    pub fn exact_name(&self, text: &str) -> Option<&str> {
        let text = undecorated(text);
        let (id, length, _) = self.name_at_start(text)?;
        (length == text.len()).then_some(id)
    }

    /// Whether this is the name of a tool, whole, and no person's.
    pub fn is_tools_own_name(&self, text: &str) -> bool {
        let text = undecorated(text);
        self.name_at_start(text).is_some_and(|(_, length, kind)| length == text.len() && kind == Name::Own)
    }

    /// The tool whose name begins `text`: its id, what follows, and what else the name means.
    pub fn leading_name<'t>(&self, text: &'t str) -> Option<(&str, &'t str, Name)> {
        let (id, length, kind) = self.name_at_start(text)?;
        Some((id, text.get(length..)?, kind))
    }

    /// What a person's name names where it is that of a model, with its version.
    pub fn model_with_version<'a>(&'a self, name: &'a str) -> Option<Named<'a>> {
        // Most names have no number, and no word of models.
        let may = name.bytes().any(|byte| byte.is_ascii_digit())
            && words_at(name).any(|(_, word)| after_family(word.trim_start_matches('(')).is_some());
        may.then(|| self.read(name)).filter(Named::has_version)
    }

    /// The model's name at the start of a text that begins with no tool's longer name.
    pub fn model_named(&self, text: &str) -> Option<Model> {
        let (_, rest) = family_at_start(text)?;
        let is_tool = self.name_at_start(text).is_some_and(|(_, length, _)| length > text.len() - rest.len());
        if is_tool { None } else { model_at_start(text) }
    }

    /// Whether a text is nothing but names of tools and models, with their versions and what joins them.
    pub fn is_name(&self, text: &str) -> bool {
        let mut rest = undecorated(text);
        let mut named = false;
        while let Some(first) = rest.chars().next() {
            let length = if let Some((_, length, kind)) = self.name_at_start(rest) {
                if kind == Name::Given {
                    return false;
                }
                named = true;
                length
            } else if let Some(model) = model_at_start(rest) {
                named = true;
                model.length
            } else if matches!(first, '(' | '<') {
                rest.find([')', '>']).map_or(rest.len(), |close| close + 1)
            } else if first.is_alphanumeric() {
                let word = rest
                    .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
                    .next()
                    .unwrap_or(rest);
                if !(is_version(word)
                    || is_grade(word)
                    || (named && is_role(word))
                    || JOINING.iter().any(|j| j.eq_ignore_ascii_case(word)))
                {
                    return false;
                }
                word.len()
            } else {
                first.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        named
    }

    /// Reads the people and tools that a value names: several when joined by `&`, `+`, `,` or `and`.
    pub fn read_all<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Named<'a>> {
        let pieces = split_pieces(text);
        let mut named: Vec<Named<'a>> = pieces.iter().map(|piece| self.read(piece)).collect();
        // `MODEL, TOOL`: one tool, and the models that it ran.
        if text.bytes().any(|byte| byte == b',') {
            let is_model = |piece: &str| self.model_named(undecorated(piece)).is_some();
            let is_host = |(piece, named): (&&str, &Named<'_>)| {
                named.tool.is_some() && named.model.is_none() && !is_family(undecorated(piece))
            };
            let mut hosts = pieces.iter().zip(&named).enumerate().filter(|(_, pair)| is_host(*pair));
            if let (Some((at, (_, host))), None) = (hosts.next(), hosts.next()) {
                let tool = host.tool.clone();
                let others = || (0..pieces.len()).filter(|other| *other != at);
                if others().next().is_some()
                    && others().all(|other| pieces.get(other).is_some_and(|p| is_model(p)))
                {
                    named.iter_mut().for_each(|named| named.tool.clone_from(&tool));
                    named.remove(at);
                }
            }
        }
        named.retain(Named::names_something);
        let whole = if named.is_empty() { Some(self.read(text)) } else { None };
        whole.into_iter().chain(named)
    }

    /// Reads one tool and model, in any of the grammars that people and tools use.
    pub fn read<'a>(&'a self, text: &'a str) -> Named<'a> {
        let text = undecorated(text);
        if let Some((left, joint, tool_first, right)) = joined(text) {
            let (tool, model) = if tool_first { (left, right) } else { (right, left) };
            let (tool, model) = (undecorated(tool), undecorated(model));
            let named = self.plain(tool);
            // `Max Power via Claude Dubois` is nobody's model, and `Claude with Anna` nobody's either.
            let sure = named.only_common.is_none_or(|(kind, rest)| kind != Name::Given && rest.is_empty());
            let is_model =
                self.model_named(model).is_some() || is_family(model) || find_model(model).is_some();
            if named.tool.is_some() && sure && (is_model || joint == "via") {
                return Named { model: Some(model).filter(|m| !m.is_empty()), only_common: None, ..named };
            }
        }
        match text.bytes().position(|byte| matches!(byte, b':' | b'/' | b'(' | b'@')) {
            Some(at) => {
                let left = text.get(..at).unwrap_or_default().trim();
                let right = text.get(at + 1..).unwrap_or_default();
                match text.as_bytes().get(at) {
                    Some(b':') => self.agent_and_model(text, left, right),
                    Some(b'/') => self.tool_and_version(text, left, right),
                    Some(b'@') => self.provider_at_version(text, left, right),
                    _ => self.with_parenthesis(text, left, right),
                }
            }
            None => self.plain(text),
        }
    }

    /// The kernel's `AGENT:MODEL [TOOL]...`; the model may stand in brackets.
    fn agent_and_model<'a>(&'a self, text: &'a str, left: &'a str, right: &'a str) -> Named<'a> {
        let right = right.trim();
        let model = match right.strip_prefix('[').and_then(|r| r.split_once(']')) {
            Some((inner, _)) => inner.trim(),
            None => right.split_whitespace().next().unwrap_or_default(),
        };
        let named = self.plain(left);
        let model = Some(model).filter(|m| !m.is_empty() && !m.starts_with("//"));
        if named.tool.is_some() {
            return named.confirmed_by(model);
        }
        match model {
            Some(m) if looks_like_model(m) => Named { model, ..Named::default() },
            _ => self.plain(text),
        }
    }

    /// `tool/version`, `tool / Model`, `provider/model`, `tool/<uuid of a session>`.
    fn tool_and_version<'a>(&'a self, text: &'a str, left: &'a str, right: &'a str) -> Named<'a> {
        let right = right.trim();
        if PROVIDERS.iter().any(|provider| provider.eq_ignore_ascii_case(left)) && looks_like_model(right) {
            return Named { tool: self.plain(right).tool, model: Some(text), ..Named::default() };
        }
        let named = self.plain(left);
        if named.tool.is_none() {
            return Named { says_ai: says_ai(text), ..Named::default() };
        }
        // What follows a version in parentheses or after a blank is a remark, unless it is part of a model's name.
        let first = right.split_whitespace().next().unwrap_or_default();
        let model = if looks_like_model(right) { right } else { first };
        named.confirmed_by(Some(model).filter(|m| !m.is_empty()))
    }

    /// `provider@version`; `model@deployment` is a model.
    fn provider_at_version<'a>(&'a self, text: &'a str, left: &'a str, right: &'a str) -> Named<'a> {
        // Somebody's handle says nothing of a model.
        let is_handle = text.get(left.len()..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
        if is_handle {
            return self.plain(left);
        }
        if looks_like_model(left) {
            return self.plain(text);
        }
        let named = self.plain(left);
        if named.tool.is_none() {
            return Named { says_ai: says_ai(text), ..Named::default() };
        }
        named.confirmed_by(Some(right.trim()).filter(|m| !m.is_empty()))
    }

    /// `Tool (Model)`, and a model whose own name ends in parentheses (`Claude Opus 4.6 (1M context)`).
    fn with_parenthesis<'a>(&'a self, text: &'a str, left: &'a str, right: &'a str) -> Named<'a> {
        let inner = right.rsplit_once(')').map_or(right, |(inner, _)| inner).trim();
        let outer = self.plain(left);
        // `GPT-5 (via Cursor)`
        let host = inner
            .split_once(' ')
            .filter(|(joint, _)| JOINTS.get(joint).is_some_and(|(_, tool_first)| !tool_first));
        if let Some((_, host)) =
            host.map(|(joint, host)| (joint, self.plain(host))).filter(|(_, host)| host.tool.is_some())
        {
            let same = outer.tool.is_some() && outer.tool == host.tool && outer.model.is_none();
            let model = Some(left).filter(|left| !same && !left.is_empty());
            return Named {
                tool: host.tool,
                model: host.model.or(model),
                only_common: None,
                says_ai: host.says_ai,
            };
        }
        let inner_is_model = looks_like_model(inner)
            || inner.split_once('/').is_some_and(|(_, model)| looks_like_model(model))
            || self.plain(inner).model.is_some();
        match outer.model {
            Some(model) if !inner_is_model => {
                // `left` is a slice of `text`, so what `model` begins can be followed to the end of the text.
                let begins = left.len() - model.len();
                let whole = if left.ends_with(model) { text.get(begins..) } else { None };
                Named { model: whole.or(Some(model)), ..outer }
            }
            _ if inner_is_model => {
                let tool = outer.tool.clone().or_else(|| self.plain(inner).tool);
                Named { tool, model: Some(inner), only_common: None, says_ai: outer.says_ai }
            }
            _ => {
                // `Cursor (cursor.com)`
                let again = inner.get(..left.len()).is_some_and(|start| start.eq_ignore_ascii_case(left));
                let sure = is_version(inner) || is_role(inner) || says_ai(inner) || again;
                Named {
                    only_common: outer.only_common.filter(|_| !sure).map(|(kind, _)| (kind, right)),
                    ..outer
                }
            }
        }
    }

    /// A name without a grammar: `Tool`, `Tool Model`, `Model`, or words.
    fn plain<'a>(&'a self, text: &'a str) -> Named<'a> {
        if let Some((id, length, kind)) = self.name_at_start(text) {
            let (name, rest) = text.split_at_checked(length).unwrap_or_default();
            let vendor = is_family(name);
            let glued = rest.starts_with(|c: char| c == 'v' || c.is_ascii_digit());
            let after = rest;
            let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
            // `Claude claude-opus-4`: the tool, then the model by its own name.
            let same = |(a, b)| folded(a) == folded(b);
            let twice = || rest.len() >= name.len() && rest.bytes().zip(name.bytes()).all(same);
            let model = if vendor && glued {
                Some(rest)
            } else if vendor
                && !twice()
                && let Some(model) = without_use(text)
            {
                Some(model)
            } else {
                find_model(rest)
            };
            let first = rest.split_whitespace().next().unwrap_or_default();
            let sure = kind == Name::Own || model.is_some() || is_version(first) || is_role(first);
            return Named {
                tool: Some(Cow::Borrowed(id)),
                only_common: (!sure).then_some((kind, after)),
                model,
                says_ai: says_ai(rest),
            };
        }
        if let Some(model) = without_use(text) {
            return Named { model: Some(model), ..Named::default() };
        }
        // A tool's unmistakable name inside other words.
        let starts = text
            .char_indices()
            .zip(std::iter::once(' ').chain(text.chars()))
            .filter_map(|((at, c), before)| (c.is_alphanumeric() && !before.is_alphanumeric()).then_some(at));
        for at in starts.skip(1) {
            let tail = text.get(at..).unwrap_or_default();
            if let Some((id, length, Name::Own)) = self.name_at_start(tail) {
                let rest = text.get(at + length..).unwrap_or_default();
                return Named { tool: Some(Cow::Borrowed(id)), model: find_model(rest), ..Named::default() };
            }
        }
        Named { says_ai: says_ai(text), model: None, tool: None, only_common: None }
    }
}

impl<'a> Named<'a> {
    /// Names a tool or a model.
    pub fn names_something(&self) -> bool {
        self.tool.is_some() || self.model.is_some()
    }

    /// The same with what stands behind the tool's name: a model or a version, or what makes of a common word a person
    /// or a sentence.
    fn confirmed_by(self, what: Option<&'a str>) -> Self {
        let Some(text) = what else { return self };
        let numbered = text.bytes().any(|byte| byte.is_ascii_digit()) && text.contains(['/', '-']);
        let is_sure = numbered || is_version(text) || after_family(text).is_some();
        let is_session = is_uuid(text);
        match self.only_common {
            Some((kind, _)) if !is_session && !is_sure => {
                Named { model: None, only_common: Some((kind, text)), ..self }
            }
            _ => Named { model: what.filter(|_| !is_session), only_common: None, ..self },
        }
    }

    /// Whether its model is named with a version.
    pub fn has_version(&self) -> bool {
        self.model
            .is_some_and(|model| after_family(model).is_some() && model.bytes().any(|b| b.is_ascii_digit()))
    }
}

/// What joins a tool and a model, and whether the tool stands first.
static JOINTS: Words<bool> = Words::new(&[
    ("in", false),
    ("on", false),
    ("powered by", true),
    ("running", true),
    ("through", false),
    ("using", true),
    ("via", false),
    ("with", true),
]);

/// What stands before and behind the first joint of a text, the joint, and whether the tool stands first.
fn joined(text: &str) -> Option<(&str, &'static str, bool, &str)> {
    let blanks = text.bytes().enumerate().filter(|(_, byte)| *byte == b' ');
    blanks.map(|(at, _)| at).find_map(|at| {
        let behind = text.get(at + 1..)?;
        let joints = JOINTS.beginning_with(*behind.as_bytes().first()?);
        joints.iter().find_map(|(joint, tool_first)| {
            let right = strip_name(behind, joint)?.strip_prefix(' ')?;
            Some((text.get(..at)?, *joint, *tool_first, right))
        })
    })
}

/// Words that may stand between the names of a tool and a model.
const JOINING: &[&str] = &[
    "via", "with", "using", "on", "in", "through", "and", "powered", "by", "running", "the", "mode", "model",
];

const PROVIDERS: &[&str] = &[
    "anthropic",
    "openai",
    "google",
    "vertex_ai",
    "vertex",
    "bedrock",
    "azure",
    "openrouter",
    "mistral",
    "xai",
    "meta",
    "deepseek",
    "groq",
    "fireworks",
    "together",
    "ollama",
];

/// What may follow a name: nothing, a character that belongs to no word, a version.
fn ends_name(rest: &str) -> bool {
    let mut rest = rest.chars();
    match rest.next() {
        None => true,
        Some('v') => rest.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_ascii_digit() || !c.is_alphanumeric(),
    }
}

fn github_tool(local: &str) -> Option<&'static str> {
    let (id, login) = match local.split_once('+') {
        Some((id, login)) => (id.parse::<u64>().ok(), login),
        None => (None, local),
    };
    GITHUB
        .iter()
        .find(|g| id == Some(g.0) || (g.1.ends_with("[bot]") && g.1.eq_ignore_ascii_case(login)))
        .map(|g| g.2)
        .or_else(|| BOTS.iter().find(|bot| bot.0.eq_ignore_ascii_case(login)).map(|bot| bot.1))
}

/// Letta's agents have people's first names; their addresses are `agent-<id>@letta.com`.
fn is_letta_agent(local: &str) -> bool {
    local.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("agent-"))
        && local.len() > 6
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Without emoji and punctuation before it, and punctuation or quotes around it.
fn undecorated(text: &str) -> &str {
    if let [first, .., last] = text.as_bytes()
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
    {
        return text;
    }
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[' && c != '(');
    let text =
        text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | '"' | '\'' | '`'));
    text.trim()
}

fn split_ignoring_case<'a>(text: &'a str, joint: &str) -> Option<(&'a str, &'a str)> {
    // The joints begin and end with a blank, so the blanks are where to look.
    let at = memchr::memchr_iter(b' ', text.as_bytes())
        .find(|&at| text.get(at..at + joint.len()).is_some_and(|found| found.eq_ignore_ascii_case(joint)))?;
    Some((text.get(..at)?, text.get(at + joint.len()..)?))
}

/// The parts of a text that joints part; none when there are no joints.
fn split_pieces(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b'&' | b'+' | b','))
        && split_ignoring_case(text, " and ").is_none()
    {
        return Vec::new();
    }
    let mut pieces = vec![text];
    for joint in [" & ", " + ", ", ", " and "] {
        pieces = pieces.into_iter().flat_map(|piece| piece.split(joint)).collect();
    }
    pieces
}

fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-').map(|group| (group.len(), group.bytes().all(|b| b.is_ascii_hexdigit())));
    [8, 4, 4, 4, 12].iter().all(|length| groups.next() == Some((*length, true))) && groups.next().is_none()
}

/// Begins with the name of a model.
pub(crate) fn looks_like_model(text: &str) -> bool {
    model_at_start(text).is_some()
}

/// A model's name at the start of a text.
pub(crate) struct Model {
    pub length: usize,
    /// There is a number in it.
    pub versioned: bool,
}

/// The name of a model at the start of a text: a word of a family with its number, or with words of models up to the number,
/// or with another word of models.
pub(crate) fn model_at_start(text: &str) -> Option<Model> {
    let (family, rest) = family_at_start(text)?;
    let first = words_at(text).next().map_or(text, |(_, word)| word);
    let length = first.trim_end_matches([',', ';', ':', ')', '.']).len();
    let glued = text.len() - rest.len() < length;
    if glued && first.bytes().any(|b| b.is_ascii_digit()) {
        return Some(Model { length, versioned: true });
    }
    // `Composer 2.7` manages packages, and `Nova Smith 2` is a person.
    if family == Family::Common {
        return None;
    }
    let mut end = None;
    for (start, word) in words_at(text).skip(1).take(4) {
        let word = word.trim_end_matches([',', ';', ':', ')', '.']);
        if is_version(word) {
            return Some(Model { length: start + word.len(), versioned: true });
        }
        if !is_grade(word) && after_family(word).is_none() {
            break;
        }
        end = Some(start + word.len());
    }
    end.map(|length| Model { length, versioned: false })
}

/// A text that begins with a model's name, without the sentence about its use that goes on behind it.
fn without_use(text: &str) -> Option<&str> {
    let model = model_at_start(text)?;
    let behind = text.get(model.length..).unwrap_or_default();
    let of_name = words_at(behind).take_while(|(_, word)| is_grade(word)).last();
    let length = model.length + of_name.map_or(0, |(start, word)| start + word.len());
    let behind = text.get(length..).unwrap_or_default().trim_start();
    let goes_on = behind.starts_with([',', ';']) || behind.starts_with(|c: char| c.is_ascii_lowercase());
    if goes_on { text.get(..length) } else { Some(text) }
}

/// Whether a text is the word of a family and nothing else.
fn is_family(text: &str) -> bool {
    after_family(text).is_some_and(str::is_empty)
}

/// A number as versions have: `4.6`, `v2`, `K2.7`, `3.5-preview`, and not `3rd`.
pub(crate) fn is_version(word: &str) -> bool {
    let bytes = word.as_bytes();
    let Some(digit) = bytes.iter().position(u8::is_ascii_digit).filter(|at| *at <= 2) else { return false };
    let letters = bytes.get(..digit).is_some_and(|start| start.iter().all(u8::is_ascii_alphabetic));
    let end = bytes.get(bytes.len().saturating_sub(2)..).unwrap_or_default();
    letters && ![b"st", b"nd", b"rd", b"th"].iter().any(|ordinal| ordinal.eq_ignore_ascii_case(end))
}

fn is_grade(word: &str) -> bool {
    MODEL_GRADES.iter().any(|grade| grade.eq_ignore_ascii_case(word))
}

fn is_role(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    ROLES.iter().any(|role| role.eq_ignore_ascii_case(first))
}

/// What follows a word of a model family.
fn after_family(text: &str) -> Option<&str> {
    family_at_start(text).map(|(_, rest)| rest)
}

fn family_at_start(text: &str) -> Option<(Family, &str)> {
    MODEL_FAMILIES
        .that_begin(text, folded)
        .filter_map(|(family, kind)| Some((*kind, text.get(family.len()..)?)))
        .find(|(_, rest)| ends_name(rest))
}

/// The first model with a number in a run of words.
pub(crate) fn find_model(text: &str) -> Option<&str> {
    words_at(text).find_map(|(start, _)| {
        let text = text.get(start..)?;
        let model = model_at_start(text).filter(|model| model.versioned)?;
        text.get(..model.length)
    })
}

/// The words of a text, each with where it begins.
fn words_at(text: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    let begins = move |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(move |word| (begins(word), word))
}

/// Words that say AI without naming a tool. `Ai` beside another name is a name.
pub(crate) fn says_ai(text: &str) -> bool {
    let words = || text.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'));
    let is_name = || words().any(|word| word != "Ai" && word.starts_with(char::is_uppercase));
    words()
        .any(|word| AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word)) && !(word == "Ai" && is_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String) {
        let table = Table::default();
        let named = table.read(text);
        (named.tool.map_or("-".into(), Cow::into_owned), named.model.unwrap_or("-").to_owned())
    }

    #[test]
    fn each_grammar_of_tool_and_model_is_read() {
        for (text, tool, model) in [
            ("Claude", "claude-code", "-"),
            ("Claude Opus 4.5", "claude-code", "Claude Opus 4.5"),
            ("Claude Opus 4.6 (1M context)", "claude-code", "Claude Opus 4.6 (1M context)"),
            ("Claude (claude-opus-4-6)", "claude-code", "claude-opus-4-6"),
            ("Claude (GLM-4.7)", "claude-code", "GLM-4.7"),
            (
                "Claude Code 2.1.133 / Claude Opus 4.7 (1M context)",
                "claude-code",
                "Claude Opus 4.7 (1M context)",
            ),
            ("Claude Code:claude-opus-4-7", "claude-code", "claude-opus-4-7"),
            ("Claude:claude-3-opus coccinelle sparse", "claude-code", "claude-3-opus"),
            ("Crush:[Qwen 3.7 Max]", "crush", "Qwen 3.7 Max"),
            ("Crush:accounts/fireworks/models/kimi-k2p6", "crush", "accounts/fireworks/models/kimi-k2p6"),
            ("Grok:4.5", "grok", "4.5"),
            ("GLM-5 via Crush", "crush", "GLM-5"),
            ("Opus 4.6 via Claude Code", "claude-code", "Opus 4.6"),
            ("Google Antigravity with Gemini", "antigravity", "Gemini"),
            ("amazon-q/2026-03", "amazon-q", "2026-03"),
            ("claude-code / Claude Sonnet 4.6", "claude-code", "Claude Sonnet 4.6"),
            ("devx/c659e918-9568-4750-b122-e3890447348a", "devx", "-"),
            ("anthropic@4.5", "anthropic", "4.5"),
            ("🤖 claude-opus-4-6@default", "claude-code", "claude-opus-4-6@default"),
            ("codex-cli 0.130.0 gpt-5.5 xhigh", "codex", "gpt-5.5"),
            ("codex-gpt-5.5-medium", "codex", "gpt-5.5-medium"),
            ("OpenHands-GPT-5", "openhands", "GPT-5"),
            ("aider (vertex_ai/gemini-2.5-pro-exp-03-25)", "aider", "vertex_ai/gemini-2.5-pro-exp-03-25"),
            ("Claude Code v2.1 (claude-opus-4-6)", "claude-code", "claude-opus-4-6"),
            ("Claude claude-opus-4-20250514", "claude-code", "claude-opus-4-20250514"),
            ("Kimi K2.7 Code", "kimi-cli", "Kimi K2.7 Code"),
            ("Opus 4.7", "-", "Opus 4.7"),
            ("GPT 5.6", "-", "GPT 5.6"),
            ("ChatGPTv5", "chatgpt", "v5"),
            ("IBM Bob 1.0.0", "ibm-bob", "-"),
            ("Emma (PR Sheriff)", "-", "-"),
            ("Maria Copilotti", "-", "-"),
            ("protoc 25.1", "-", "-"),
        ] {
            assert_eq!(read(text), (tool.to_owned(), model.to_owned()), "{text}");
        }
    }

    #[test]
    fn an_address_is_known_by_its_id_or_its_bot_login_and_never_by_its_domain() {
        let table = Table::default();
        let tool = |email| table.tool_of_email(email).map(|found| found.0);
        assert_eq!(tool("NOREPLY@Anthropic.com"), Some("claude-code"));
        assert_eq!(tool("198982749+Copilot@users.noreply.github.com"), Some("github-copilot"));
        assert_eq!(tool("198982749+renamed@users.noreply.github.com"), Some("github-copilot"));
        assert_eq!(tool("1+devin-ai-integration[bot]@users.noreply.github.com"), Some("devin"));
        assert_eq!(tool("agent-4140c4b5-f32e-475c-9573-bcfd9446ca7b@letta.com"), Some("letta-code"));
        for human in [
            "81847+claude@users.noreply.github.com",
            "5+Copilot@users.noreply.github.com",
            "dev@anthropic.com",
            "dev@openai.com",
            "sarah@letta.com",
            "gemini-cli-robot@google.com",
            "noreply@github.com",
            "",
        ] {
            assert_eq!(tool(human), None, "{human}");
        }
    }

    #[test]
    fn an_address_without_its_brackets_is_one_all_the_same() {
        let email = |value| split_address(value).email;
        assert_eq!(email("Charm Crush <crush@charm.land"), Some("crush@charm.land"));
        assert_eq!(email("OpenHands-GPT-5 openhands@all-hands.dev"), Some("openhands@all-hands.dev"));
        assert_eq!(email("unknown <>"), None);
        assert_eq!(email("claude-opus-4-6@default"), None);
        assert_eq!(email("Dev <dev@buildbox>"), Some("dev@buildbox"));
        assert_eq!(email("Dev <<dev@x.org>>"), Some("dev@x.org"));
        assert_eq!(email("Dev <mailto:dev@x.org>"), Some("dev@x.org"));
        assert_eq!(email("Dev dev@xn--e1afmkfd.xn--p1ai"), Some("dev@xn--e1afmkfd.xn--p1ai"));
        assert_eq!(split_address("Gemini <the loop was no more.>").bracketed, "the loop was no more.");
    }

    #[test]
    fn a_value_that_names_several_people_is_taken_apart() {
        let emails = |value| split_people(value).map(|part| split_address(part).email).collect::<Vec<_>>();
        for (value, found) in [
            ("Dev <dev@x.org>", vec![Some("dev@x.org")]),
            (
                "Dev <dev@x.org>, Claude <noreply@anthropic.com>",
                vec![Some("dev@x.org"), Some("noreply@anthropic.com")],
            ),
            ("Dev <dev@x.org> Eve <eve@x.org>", vec![Some("dev@x.org"), Some("eve@x.org")]),
            ("Claude (AI <assistant>) <noreply@anthropic.com>", vec![None, Some("noreply@anthropic.com")]),
            ("Claude", vec![None]),
            ("", vec![None]),
        ] {
            assert_eq!(emails(value), found, "{value}");
        }
    }
}
