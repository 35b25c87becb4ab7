//! Reading of objects and of words, by tables.

/// Implements reading for a struct: each JSON key, the field that it goes into, and whether it must be there.
macro_rules! object {
    ($name:ident<$de:lifetime> $keys:tt) => {
        $crate::model::json::object!(@read $name<$de>, $de, $keys);
    };
    ($name:ident $keys:tt) => {
        $crate::model::json::object!(@read $name, 'de, $keys);
    };
    (@read $type:ty, $de:lifetime, { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        impl<$de> $crate::model::json::Read<$de> for $type {
            fn read(
                &mut self,
                json: &mut $crate::model::json::Json<$de>,
            ) -> Result<(), Box<$crate::model::json::Fault>> {
                const REQUIRED: u32 =
                    $crate::model::json::bits(&[$($crate::model::json::flag!($($required)?)),*]);
                const KEYS: &[$crate::model::json::Key] = &[$($crate::model::json::Key::new($key)),*];
                // Numbers the keys.
                #[allow(non_camel_case_types, reason = "the fields' own names")]
                enum At { $($field),* }
                json.object(KEYS, REQUIRED, &mut |key, json| {
                    $(
                        if key == At::$field as usize {
                            return $crate::model::json::Read::read(&mut self.$field, json);
                        }
                    )*
                    Ok(())
                })
            }
        }
    };
}

/// Implements reading for an enum whose values are words, and gives the words back.
macro_rules! words {
    // A word of a later contract is taken for this one.
    ($name:ident, else $other:ident { $($word:literal => $variant:ident,)* }) => {
        impl<'de> $crate::model::json::Read<'de> for $name {
            fn read(
                &mut self,
                json: &mut $crate::model::json::Json<'de>,
            ) -> Result<(), Box<$crate::model::json::Fault>> {
                *self = match json.string()?.as_ref() {
                    $($word => $name::$variant,)*
                    _ => $name::$other,
                };
                Ok(())
            }
        }

        impl $name {
            /// The word of the contract.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                    $name::$other => "other",
                }
            }
        }
    };
    ($name:ident { $($word:literal => $variant:ident,)* }) => {
        impl<'de> $crate::model::json::Read<'de> for $name {
            fn read(
                &mut self,
                json: &mut $crate::model::json::Json<'de>,
            ) -> Result<(), Box<$crate::model::json::Fault>> {
                const VALUES: &[$name] = &[$($name::$variant),*];
                let place = json.choice(&[$($word),*])?;
                *self = VALUES.get(place).copied().unwrap_or(*self);
                Ok(())
            }
        }

        #[allow(dead_code, reason = "of the words that stay inside, not all are asked for")]
        impl $name {
            /// Every word of the contract, with its value.
            pub const WORDS: &[(&str, $name)] = &[$(($word, $name::$variant)),*];

            /// The word of the contract.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
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

pub(crate) use {flag, object, words};

/// A bit for each flag that is set.
pub(crate) const fn bits(flags: &[bool]) -> u32 {
    match flags {
        [first, rest @ ..] => (*first as u32) | (bits(rest) << 1),
        [] => 0,
    }
}
