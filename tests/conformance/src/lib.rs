//! The packagings side by side: each answers the same call, and the answers must be the same bytes.

pub mod approvals;
pub mod corpus;
pub mod git;
pub mod provenance;
pub mod schemas;
pub mod seeds;
pub mod via;
