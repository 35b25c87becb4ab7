use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use super::json::{Fault, Json, Read};
use crate::order::same;

/// The id of a git object: 40 or 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ObjectId<'a>(Cow<'a, str>);

impl<'a> ObjectId<'a> {
    /// Takes an id when it is one.
    pub fn new(id: impl Into<Cow<'a, str>>) -> Option<Self> {
        let id = id.into();
        let (eights, _) = id.as_bytes().as_chunks();
        let sound = matches!(id.len(), 40 | 64) && eights.iter().all(|eight| is_hex(*eight));
        sound.then_some(ObjectId(id))
    }

    /// The hexadecimal digits of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits, as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether it names nothing: what git writes for a ref that is not there.
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }

    /// The first twelve digits, as people read them.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl Default for ObjectId<'_> {
    fn default() -> Self {
        ObjectId(Cow::Borrowed(""))
    }
}

impl PartialEq for ObjectId<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

/// Whether eight bytes are lower-case hexadecimal digits.
fn is_hex(eight: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let word = u64::from_le_bytes(eight);
    // With its highest bit set a byte never borrows; the bit stays where the byte is at least `least`.
    let from = |least: u8| (word | HIGH) - ONES * u64::from(least);
    let hex = (from(b'0') & !from(b'9' + 1)) | (from(b'a') & !from(b'f' + 1));
    hex & !word & HIGH == HIGH
}

impl fmt::Display for ObjectId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Read<'de> for ObjectId<'de> {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        let id = match json.digits(is_hex) {
            Some(id) => Some(ObjectId(Cow::Borrowed(id))),
            None => ObjectId::new(json.string()?),
        };
        *self = id.ok_or_else(|| json.fault("an object id has 40 or 64 lower-case hexadecimal digits"))?;
        Ok(())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ObjectId<'_> {
    fn schema_name() -> Cow<'static, str> {
        "ObjectId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The id of a git object.",
            "type": "string",
            "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_forty_or_sixty_four_lower_case_hexadecimal_digits() {
        for length in 0..70 {
            assert_eq!(ObjectId::new("a".repeat(length)).is_some(), matches!(length, 40 | 64), "{length}");
        }
        for byte in 0..=0x7f_u8 {
            let hex = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            for at in [0, 7, 8, 39] {
                let mut id = "0".repeat(40);
                id.replace_range(at..=at, std::str::from_utf8(&[byte]).unwrap());
                assert_eq!(ObjectId::new(id).is_some(), hex, "{byte:#x} at {at}");
            }
        }
        assert!(ObjectId::new("é".repeat(20)).is_none());
    }
}
