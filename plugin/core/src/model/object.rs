//! Reads JSON objects into documents, field by field and in place.
//!
//! What serde derives for reading a struct is written out anew for each: a visitor for the keys, one for objects, one
//! for arrays, and on every way out the dropping of what was read so far. For forty documents that was half of the
//! module. Here a table of keys is searched by one function for all, and a field is assigned where it stands.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

/// A document that is a JSON object.
pub(crate) trait Object<'de>: Default {
    /// Its keys.
    const KEYS: &'static [&'static str];
    /// A bit for each key that must be there, in the order of the keys.
    const REQUIRED: u32;

    /// Reads the value of the key at this place in the table.
    fn read<A: MapAccess<'de>>(&mut self, key: usize, map: &mut A) -> Result<(), A::Error>;
}

/// Implements reading for a struct: each JSON key, the field that it goes into, and whether it must be there.
macro_rules! object {
    ($name:ident<$de:lifetime> $keys:tt) => {
        $crate::model::object::object!(@read $name, $name<$de>, $de, $keys);
    };
    ($name:ident $keys:tt) => {
        $crate::model::object::object!(@read $name, $name, 'de, $keys);
    };
    (@read $name:ident, $type:ty, $de:lifetime, { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        impl<$de> $crate::model::object::Object<$de> for $type {
            const KEYS: &'static [&'static str] = &[$($key),*];
            const REQUIRED: u32 = $crate::model::object::bits(&[$($crate::model::object::flag!($($required)?)),*]);

            fn read<A: serde::de::MapAccess<$de>>(&mut self, key: usize, map: &mut A) -> Result<(), A::Error> {
                // Numbers the keys.
                #[allow(non_camel_case_types, reason = "the fields' own names")]
                enum At { $($field),* }
                $(
                    if key == At::$field as usize {
                        self.$field = map.next_value()?;
                        return Ok(());
                    }
                )*
                Ok(())
            }
        }

        impl<$de> serde::Deserialize<$de> for $type {
            fn deserialize<D: serde::Deserializer<$de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::object::deserialize(deserializer)
            }
        }
    };
}

macro_rules! flag {
    () => {
        false
    };
    (required) => {
        true
    };
}

pub(crate) use {flag, object};

/// A bit for each flag that is set.
pub(crate) const fn bits(flags: &[bool]) -> u32 {
    match flags {
        [first, rest @ ..] => (*first as u32) | (bits(rest) << 1),
        [] => 0,
    }
}

/// Reads an object.
pub(crate) fn deserialize<'de, T: Object<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        let mut seen = 0_u32;
        while let Some(key) = map.next_key_seed(Keys(T::KEYS))? {
            let Some(key) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen & (1 << key) != 0 {
                return Err(A::Error::custom(Fault("duplicate", T::KEYS, key)));
            }
            seen |= 1 << key;
            object.read(key, &mut map)?;
        }
        let missing = T::REQUIRED & !seen;
        if missing != 0 {
            return Err(A::Error::custom(Fault(
                "missing",
                T::KEYS,
                missing.trailing_zeros() as usize,
            )));
        }
        Ok(object)
    }
}

/// What is wrong with a key.
struct Fault(&'static str, &'static [&'static str], usize);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} field `{}`",
            self.0,
            self.1.get(self.2).copied().unwrap_or_default()
        )
    }
}

/// Finds a key in a table; none for a key that is not in it.
struct Keys(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Keys {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == key))
    }
}
