/*!
The audit trail: who approved what, when, and why that counted.

A trail is a [`chain`] of entries. Each holds the hash of the one before, and of everything that is personal or large
only the digest: requests, decisions, the words of approvers and the module itself are [`documents`] beside it. So a
document can be removed on request, and the chain still verifies.

Whoever shows something of it [walks](walk) the chain: what was changed since it was written is named, and never shown as if it
had been recorded.

Everything stands in one [`database`], SQLite or PostgreSQL, whose [tables](schema) are brought from version to version.
Whoever can rewrite that can rewrite a chain from its beginning, so its head is [anchored](anchor) elsewhere.
*/

pub mod anchor;
mod bearer;
pub mod chain;
pub mod database;
pub mod documents;
pub mod export;
mod keys;
pub mod naming;
pub mod record;
pub mod removal;
pub mod replay;
pub mod report;
pub mod schema;
mod sense;
pub mod spool;
mod tables;
pub mod tls;
pub mod trail;
pub mod verify;
pub mod walk;

pub use chain::{Link, Place};
pub use database::{Database, DatabaseError, Store};
pub use trail::{Kept, Trail};
