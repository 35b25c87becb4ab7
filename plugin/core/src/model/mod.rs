//! The documents of the contract: what a request brings, what a decision says.
//!
//! Field names are the JSON names. The schemas under `plugin/schema` are generated from these types.

mod acts;
mod change;
mod codes;
mod decision;
mod findings;
pub mod json;
mod list;
mod needs;
mod object_id;
mod policy_report;
mod policy_tests;
mod publication;
mod ranges;
mod request;
mod signals;
mod signoffs;
mod statement;
mod text;
mod when;
mod write;

pub use acts::*;
pub use change::*;
pub use codes::*;
pub use decision::*;
pub use findings::*;
pub use list::List;
pub use needs::*;
pub use object_id::ObjectId;
pub use policy_report::*;
pub use policy_tests::*;
pub use publication::*;
pub use ranges::*;
pub use request::*;
pub use signals::*;
pub(crate) use signoffs::claimed;
pub use signoffs::*;
pub use statement::*;
pub(crate) use text::{LONE_RETURN, lone_return};
pub use text::{Text, visible, without_mark};
pub(crate) use text::{deceives, escaped, hidden_in, is_plain_number, plain_number};
pub use when::When;
pub(crate) use write::to_json;

/// Reads a document of the contract.
///
/// # Errors
/// What is wrong with it, with line and column.
pub fn read<'de, T: Default + json::Read<'de>>(bytes: &'de [u8]) -> Result<T, crate::Error> {
    json::document(bytes).map_err(crate::Error::bad_request)
}

/// `apiVersion` of every document.
pub const API_VERSION: &str = "countersign/v1";

/// Version of the contract: the WIT package, `describe` and the custom section of the module all say this.
pub const CONTRACT_VERSION: &str = "0.1.0";
