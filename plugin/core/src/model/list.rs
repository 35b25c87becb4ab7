use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

use crate::Error;

/// A list of the contract that may hold at most `MAX` entries.
///
/// Reading stops keeping entries at the limit and goes on counting, so that a hostile list costs no memory and the
/// error can say how many there were.
#[derive(Debug, Clone, PartialEq)]
pub struct List<T, const MAX: usize> {
    items: Vec<T>,
    found: usize,
}

impl<T, const MAX: usize> List<T, MAX> {
    /// Whether all entries are here.
    ///
    /// # Errors
    /// `over-limit`, naming `what`.
    pub fn within_limit(&self, what: &str) -> Result<(), Error> {
        if self.found > MAX {
            return Err(Error::over_limit(what, MAX as u64, self.found as u64));
        }
        Ok(())
    }

    /// Takes the entries out.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }

    /// Makes room for as many more entries, or for some of them: who says how many there are may be a stranger.
    pub(super) fn make_room(&mut self, more: usize) {
        self.items.reserve(more.min(256));
    }

    /// Adds an entry to be filled in; beyond the limit it is counted and not kept.
    pub(super) fn add(&mut self) -> Option<&mut T>
    where
        T: Default,
    {
        self.found += 1;
        if self.found > MAX {
            return None;
        }
        self.items.push(T::default());
        self.items.last_mut()
    }

    /// Adds an entry.
    pub fn push(&mut self, item: T) {
        self.items.push(item);
        self.found += 1;
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        List { items: Vec::new(), found: 0 }
    }
}

impl<T, const MAX: usize> From<Vec<T>> for List<T, MAX> {
    fn from(items: Vec<T>) -> Self {
        let found = items.len();
        List { items, found }
    }
}

impl<T, const MAX: usize> Extend<T> for List<T, MAX> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T, const MAX: usize> FromIterator<T> for List<T, MAX> {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        Vec::from_iter(iter).into()
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

/// Entries may be changed in place; how many there are stays.
impl<T, const MAX: usize> DerefMut for List<T, MAX> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a List<T, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Serialize, const MAX: usize> Serialize for List<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema, const MAX: usize> schemars::JsonSchema for List<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "array", "items": items, "maxItems": MAX })
    }
}
