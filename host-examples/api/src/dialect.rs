//! What differs between the APIs of forges, as data.

use std::fmt;

/// How the API of a forge is addressed, and how it gives lists.
#[derive(Debug)]
pub struct Dialect {
    /// The path of the API below the root of the forge, such as `/api/v1`.
    pub base: &'static str,
    /// The header `User-Agent` of every question.
    pub user_agent: &'static str,
    /// How the API cuts lists.
    pub pages: Pages,
}

/// How an API cuts lists into pages. The parameter `page` is the number of a page, from 1, in every API that is known.
#[derive(Debug)]
pub struct Pages {
    /// The parameter that says how many entries a page has, such as `limit` or `per_page`.
    pub size: &'static str,
    /// Entries of the largest page that is asked for.
    pub most: usize,
    /// Where an installation of the forge says that its pages are smaller.
    pub cap: Option<Cap>,
    /// The header with the number of entries of the whole list.
    pub total: &'static str,
}

/// A setting of an installation: the most entries that one page has.
#[derive(Debug)]
pub struct Cap {
    /// The path of the document that holds the setting.
    pub path: &'static str,
    /// The field of that document.
    pub field: &'static str,
}

pub(crate) const AUTHORIZATION: &str = "Authorization";

/// The header by which a forge knows who asks.
#[derive(Clone)]
pub struct Credential {
    header: &'static str,
    value: String,
}

impl Credential {
    /// The header `Authorization` with a scheme such as `token` or `Bearer`.
    pub fn authorization(scheme: &str, token: &str) -> Self {
        Credential { header: AUTHORIZATION, value: format!("{scheme} {}", token.trim()) }
    }

    /// A header of the forge's own that holds the bare token, such as `PRIVATE-TOKEN` or `JOB-TOKEN`.
    pub fn header(name: &'static str, token: &str) -> Self {
        Credential { header: name, value: token.trim().to_owned() }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.header
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Credential {
    /// Without the token, which belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.header)
    }
}
