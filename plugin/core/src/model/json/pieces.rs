//! A document without some of its members, in place.

use std::ops::Range;

use super::{Fault, Json, Read, read_document};

/// The bytes of a document, in pieces, without the values of some members. Each is named by its keys, with dots between them.
///
/// # Errors
/// What is wrong with the document.
pub(crate) fn pieces<'d>(document: &'d [u8], without: &[String]) -> Result<Vec<&'d [u8]>, String> {
    let mut cut = Cut { without, path: String::new(), values: Vec::new() };
    read_document(document, &mut cut)?;
    let (mut pieces, mut rest, mut passed) = (Vec::new(), document, 0);
    for value in cut.values {
        let (before, behind) = rest.split_at_checked(value.start - passed).unwrap_or((rest, &[]));
        pieces.push(before);
        rest = behind.get(value.len()..).unwrap_or_default();
        passed = value.end;
    }
    pieces.push(rest);
    Ok(pieces)
}

/// Where the values stand that are left out.
struct Cut<'w> {
    without: &'w [String],
    /// The keys that lead to where the cursor is.
    path: String,
    values: Vec<Range<usize>>,
}

impl<'de> Read<'de> for Cut<'_> {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        if json.peek() != Some(b'{') {
            return json.skip();
        }
        json.entries(&mut |key, json| {
            let length = self.path.len();
            self.path.push_str(key);
            let below = self.without.iter().filter_map(|name| name.strip_prefix(&self.path));
            let (mut is_left_out, mut holds_one) = (false, false);
            for below in below {
                is_left_out |= below.is_empty();
                holds_one |= below.starts_with('.');
            }
            json.peek();
            let start = json.place();
            if holds_one && !is_left_out {
                self.path.push('.');
                self.read(json)?;
            } else {
                json.skip()?;
            }
            if is_left_out {
                self.values.push(start..json.place());
            }
            self.path.truncate(length);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(document: &str, without: &[&str]) -> String {
        let without: Vec<String> = without.iter().map(|name| (*name).to_owned()).collect();
        let pieces = pieces(document.as_bytes(), &without).unwrap();
        String::from_utf8(pieces.concat()).unwrap()
    }

    #[test]
    fn what_is_left_out_is_the_value_of_a_member_and_nothing_else() {
        for (document, without, expected) in [
            (r#"{"a":1,"b":{"c":2,"d":"x"}}"#, &["a", "b.c"][..], r#"{"a":,"b":{"c":,"d":"x"}}"#),
            (r#"{"a":1}"#, &[], r#"{"a":1}"#),
            (r#"{"a":1}"#, &["b", "a.b", "aa", "c"], r#"{"a":1}"#),
            (r#"{"b":{"a":1},"ab":2}"#, &["a"], r#"{"b":{"a":1},"ab":2}"#),
            (r#"{"a":{"b":[1,{"b":2}]},"c":3}"#, &["a.b"], r#"{"a":{"b":},"c":3}"#),
            (r#"{"a":[{"b":1}]}"#, &["a.b"], r#"{"a":[{"b":1}]}"#),
            (r#"{"\u0061": "}\"" , "b" : null }"#, &["a", "b"], r#"{"\u0061":  , "b" :  }"#),
            (r#"{"a":{"b":1}}"#, &["a", "a.b"], r#"{"a":}"#),
            (r#"[{"a":1}]"#, &["a"], r#"[{"a":1}]"#),
        ] {
            assert_eq!(left(document, without), expected, "{document} without {without:?}");
        }
        assert!(pieces(b"{\"a\":", &["a".to_owned()]).is_err());
    }

    proptest! {
        #[test]
        fn two_documents_leave_the_same_exactly_where_the_rest_of_them_is_the_same(
            kind in "[ab]", now in 0..3, text in "[x\"]{0,2}", other_kind in "[ab]", other_now in 0..3, other in "[x\"]{0,2}",
        ) {
            let document = |kind: &str, now: i32, text: &str| {
                serde_json::json!({ "trigger": { "kind": kind, "now": now, "host": text }, "x": text }).to_string()
            };
            let left = |document: &str| left(document, &["trigger.now", "trigger.kind"]);
            let same = left(&document(&kind, now, &text)) == left(&document(&other_kind, other_now, &other));
            prop_assert_eq!(same, text == other);
        }
    }
}
