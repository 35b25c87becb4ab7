/*!
The audit trail: who approved what, when, and why that counted.

A trail is a [chain](chain) of entries. Each holds the hash of the one before, and of everything that is personal or large
only the digest: requests, decisions, the words of approvers and the module itself are [documents](documents) beside it. So a
document can be removed on request, and the chain still verifies.

Everything stands in one [database](database), SQLite or PostgreSQL. Whoever can rewrite that can rewrite a chain from its
beginning, so its head is [anchored](anchor) elsewhere.
*/

pub mod anchor;
pub mod chain;
pub mod database;
pub mod documents;
pub mod export;
pub mod removal;
pub mod replay;
pub mod report;
pub mod spool;
pub mod trail;
pub mod verify;

pub use chain::Place;
pub use database::{Database, DatabaseError, Store};
pub use trail::{Kept, Trail};
