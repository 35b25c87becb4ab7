//! Whose key is whose: `allowed_signers` of the target (ssh-keygen(1), ALLOWED SIGNERS), and keys that are no longer
//! anybody's.

use time::{Date, Month, PrimitiveDateTime, Time};

use crate::keys::{KINDS, PublicKey, key_of, parts, plain_key, words};
use crate::model::{ActCode, Request, Role, SIGNATURE_NAMESPACE, When};
use crate::policy::Policy;

/// Keys that may sign.
#[derive(Debug, Default)]
pub(crate) struct Signers {
    lines: Vec<Line>,
    faulty: Vec<Faulty>,
    revoked: Vec<PublicKey>,
    /// The list of revoked keys says something that is not read here, such as a binary KRL: any key may be in it.
    revoked_unread: bool,
}

/// Why a key signs for nobody: the code, and the sentence where it says more than the code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub code: ActCode,
    pub why: Option<String>,
}

impl From<ActCode> for Unfit {
    fn from(code: ActCode) -> Self {
        Unfit { code, why: None }
    }
}

/// A line of allowed_signers that names nobody, and why.
#[derive(Debug)]
struct Faulty {
    number: usize,
    text: String,
    why: String,
}

impl Faulty {
    /// Whether a key stands in it, wherever that is.
    fn has(&self, key: &PublicKey) -> bool {
        words(&self.text).into_iter().any(|word| PublicKey::from_base64(word).as_ref() == Some(key))
    }
}

#[derive(Debug)]
struct Line {
    /// Which of the target's list it is; none of a key that the policy lists.
    number: Option<usize>,
    principals: Vec<String>,
    key: PublicKey,
    namespaces: Option<Vec<String>>,
    valid_after: Option<When>,
    valid_before: Option<When>,
}

impl Line {
    /// A key that is always good for one person.
    fn of_person(login: &str, key: PublicKey) -> Self {
        let principals = vec![login.to_owned()];
        Line { number: None, principals, key, namespaces: None, valid_after: None, valid_before: None }
    }

    /// Takes an option. One that is not known here, or given twice, says something that would not be obeyed.
    ///
    /// # Errors
    /// What is wrong with it.
    fn obey(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        let when = || {
            moment(value).ok_or_else(|| {
                format!("`{name}` is no moment here, which is written as 20261130 or 20261130235959Z")
            })
        };
        let is_given_twice = match name.to_ascii_lowercase().as_str() {
            "namespaces" if value.contains('!') => {
                return Err("`namespaces` with a `!` in it is not read here".to_owned());
            }
            "namespaces" => self.namespaces.replace(value.split(',').map(str::to_owned).collect()).is_some(),
            "valid-after" => self.valid_after.replace(when()?).is_some(),
            "valid-before" => self.valid_before.replace(when()?).is_some(),
            _ => return Err(format!("`{name}` is an option that is not read here")),
        };
        if is_given_twice { Err(format!("`{name}` stands there twice")) } else { Ok(()) }
    }

    /// Whether it is for sign-offs.
    fn is_for_signoffs(&self) -> bool {
        let named = self.namespaces.as_ref();
        named.is_none_or(|named| named.iter().any(|name| name == SIGNATURE_NAMESPACE || name == "*"))
    }

    /// Why it does not hold at a moment.
    fn out_of_time(&self, now: When) -> Option<String> {
        if let Some(after) = self.valid_after.filter(|after| now < *after) {
            return Some(format!("is not valid before {after}"));
        }
        let before = self.valid_before.filter(|before| now >= *before)?;
        Some(format!("is not valid since {before}"))
    }

    /// Whether a principal of it is a pattern, which names no person.
    fn has_pattern(&self) -> bool {
        self.principals.iter().any(|principal| principal.contains(['*', '?', '!']))
    }
}

impl Signers {
    /// Reads the documents of a request, and the keys that the policy lists under its people.
    pub fn of(request: &Request<'_>, policy: Option<&Policy>) -> Self {
        let mut signers = Signers::default();
        for (login, identity) in policy.iter().flat_map(|policy| &policy.identities) {
            let keys = identity.keys.iter().filter_map(|key| plain_key(&words(key)));
            signers.lines.extend(keys.map(|key| Line::of_person(login, key)));
        }
        for document in &request.documents {
            let text = document.text();
            let lines = (1..).zip(text.split('\n')).flat_map(|(number, text)| {
                let parts = text.split('\r').map(str::trim);
                parts
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(move |line| (number, line))
            });
            match document.role {
                Role::AllowedSigners => lines.for_each(|(number, text)| signers.take_line(number, text)),
                Role::RevokedKeys => {
                    for (_, line) in lines {
                        match plain_key(&words(line)) {
                            Some(key) => signers.revoked.push(key),
                            None => signers.revoked_unread = true,
                        }
                    }
                }
                _ => {}
            }
        }
        signers
    }

    /// Takes a line of the target's list.
    fn take_line(&mut self, number: usize, text: &str) {
        match line(number, text) {
            Ok(line) => self.lines.push(line),
            Err(why) => self.faulty.push(Faulty { number, text: text.to_owned(), why }),
        }
    }

    /// Who signs with a key, by the principals of its line.
    ///
    /// # Errors
    /// `revoked-key`, `unknown-key`, `wrong-namespace`, `expired-key`. A line with a pattern names nobody.
    pub fn principals(&self, key: &PublicKey, now: When) -> Result<Vec<&str>, Unfit> {
        if self.revoked_unread || self.revoked.contains(key) {
            return Err(ActCode::RevokedKey.into());
        }
        let mut principals: Vec<&str> = Vec::new();
        let (mut worst, mut pattern) = (None, None);
        for line in self.lines.iter().filter(|line| line.key == *key) {
            let whose = || format!("the key {} of {}", key.fingerprint(), line.principals.join(", "));
            let unfit = |code, why| Some(Unfit { code, why: Some(format!("{} {why}", whose())) });
            if !line.is_for_signoffs() {
                let lacks = format!("signs for other namespaces than `{SIGNATURE_NAMESPACE}`");
                worst = unfit(ActCode::WrongNamespace, lacks);
            } else if let Some(why) = line.out_of_time(now) {
                worst = unfit(ActCode::ExpiredKey, why);
            } else {
                pattern = pattern.or(line.number.filter(|_| line.has_pattern()));
                principals.extend(line.principals.iter().map(String::as_str));
            }
        }
        if let Some(number) = pattern {
            let why = "a principal with `*`, `?` or `!` in it names no person";
            return Err(worst.unwrap_or_else(|| nobody(key, number, why)));
        }
        if principals.is_empty() {
            let faulty = || self.faulty.iter().find(|faulty| faulty.has(key));
            let unknown =
                || faulty().map_or_else(|| unknown(key), |faulty| nobody(key, faulty.number, &faulty.why));
            return Err(worst.unwrap_or_else(unknown));
        }
        Ok(principals)
    }

    /// The principals that have a key which counts now.
    pub fn able(&self, now: When) -> impl Iterator<Item = &str> {
        let able = move |line: &&Line| {
            line.is_for_signoffs()
                && line.out_of_time(now).is_none()
                && !line.has_pattern()
                && line.key.is_verified()
                && !self.revoked_unread
                && !self.revoked.contains(&line.key)
        };
        self.lines.iter().filter(able).flat_map(|line| &line.principals).map(String::as_str)
    }
}

/// Why a key signs for nobody although it stands in a line.
fn nobody(key: &PublicKey, number: usize, why: &str) -> Unfit {
    let fingerprint = key.fingerprint();
    let why = format!(
        "line {number} of the target's .countersign/allowed_signers has the key {fingerprint} and names nobody by it: {why}"
    );
    Unfit { code: ActCode::UnknownKey, why: Some(why) }
}

/// Why a key signs for nobody that no line names, with the line that would.
fn unknown(key: &PublicKey) -> Unfit {
    let kind = KINDS.iter().find(|kind| key.kind() == Some(kind.as_bytes()));
    let line = kind.map(|kind| {
        format!("; a line that does is: ADDRESS namespaces=\"{SIGNATURE_NAMESPACE}\" {kind} {}", key.base64())
    });
    let fingerprint = key.fingerprint();
    let why = format!(
        "no line of the target's .countersign/allowed_signers says whose the key {fingerprint} is{}",
        line.unwrap_or_default()
    );
    Unfit { code: ActCode::UnknownKey, why: Some(why) }
}

/// `principals [options] kind key [comment]`; a line that says anything else names nobody.
///
/// # Errors
/// Why it names nobody.
fn line(number: usize, text: &str) -> Result<Line, String> {
    let words = words(text);
    if plain_key(&words).is_some() {
        return Err("it begins with the key, and whose it is stands before that".to_owned());
    }
    let odd = || "it is not whose the key is, options, the kind of the key and the key".to_owned();
    let (principals, options, kind, key) = match words.as_slice() {
        [principals, kind, key, ..] if KINDS.contains(kind) => (principals, None, kind, key),
        [principals, options, kind, key, ..] => (principals, Some(options), kind, key),
        _ => return Err(odd()),
    };
    let mut line = Line {
        number: Some(number),
        principals: principals.trim_matches('"').split(',').map(str::to_owned).collect(),
        key: key_of(kind, key).ok_or_else(odd)?,
        namespaces: None,
        valid_after: None,
        valid_before: None,
    };
    for option in options.into_iter().flat_map(|options| parts(options, |c| c == ',')) {
        line.obey(option)?;
    }
    Ok(line)
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with `Z` or without, taken for UTC either way: a module knows no zone.
fn moment(text: &str) -> Option<When> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u8>().ok();
    let month = Month::try_from(number(4, 6)?).ok()?;
    let date = Date::from_calendar_date(digits.get(..4)?.parse().ok()?, month, number(6, 8)?).ok()?;
    let time = match digits.len() {
        8 => Time::MIDNIGHT,
        12 => Time::from_hms(number(8, 10)?, number(10, 12)?, 0).ok()?,
        14 => Time::from_hms(number(8, 10)?, number(10, 12)?, number(12, 14)?).ok()?,
        _ => return None,
    };
    let moment = PrimitiveDateTime::new(date, time).assume_utc();
    Some(When::from_seconds(moment.unix_timestamp()))
}
