use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::json::{Fault, Json, Read};
use super::plain_number;

/// A moment, to the microsecond, as the platform stated it.
///
/// In JSON whole seconds since 1970 (git's own form), or a string: RFC 3339, or `2026-03-01 09:00:00 UTC` as GitLab's
/// webhooks write it. Written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    micros: i64,
}

impl When {
    /// The moment so many seconds after 1970-01-01T00:00:00Z.
    pub fn from_seconds(seconds: i64) -> Self {
        When { micros: seconds.saturating_mul(1_000_000) }
    }

    /// Seconds from this moment to another.
    pub fn seconds_until(self, later: When) -> i64 {
        later.micros.saturating_sub(self.micros) / 1_000_000
    }

    /// Reads what a person writes: whole seconds since 1970, or RFC 3339.
    pub fn written(text: &str) -> Option<Self> {
        plain_number(text).map(When::from_seconds).or_else(|| When::parse(text))
    }

    /// Reads RFC 3339, or GitLab's `2026-03-01 09:00:00 UTC`.
    pub fn parse(text: &str) -> Option<Self> {
        let gitlab;
        let text = match text.strip_suffix(" UTC").and_then(|t| t.split_once(' ')) {
            Some((date, time)) => {
                gitlab = format!("{date}T{time}Z");
                &gitlab
            }
            None => text,
        };
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(When { micros: i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok()? })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.micros) * 1_000)
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            // Outside the years that RFC 3339 can write: git allows such dates.
            None => write!(f, "@{}", self.micros / 1_000_000),
        }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.micros % 1_000_000 == 0 {
            serializer.serialize_i64(self.micros / 1_000_000)
        } else {
            serializer.collect_str(self)
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WhenVisitor;

        impl Visitor<'_> for WhenVisitor {
            type Value = When;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970, or a date and time as in RFC 3339")
            }

            fn visit_i64<E>(self, seconds: i64) -> Result<When, E> {
                Ok(When::from_seconds(seconds))
            }

            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<When, E> {
                i64::try_from(seconds).map(When::from_seconds).map_err(|_| E::custom("seconds out of range"))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<When, E> {
                When::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(WhenVisitor).map_err(D::Error::custom)
    }
}

impl<'de> Read<'de> for When {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        if json.peek() != Some(b'"') {
            *self = When::from_seconds(json.integer()?);
            return Ok(());
        }
        let text = json.string()?;
        *self = When::parse(&text)
            .ok_or_else(|| json.fault(format!("{text:.40} is no date and time as in RFC 3339")))?;
        Ok(())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for When {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Seconds since 1970, or RFC 3339, or GitLab's `2026-03-01 09:00:00 UTC`.",
            "type": ["integer", "string"]
        })
    }
}
