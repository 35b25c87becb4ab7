//! Paths and refs at which documents stand, each named once for the module and for every host. `describe` names them too, for a
//! host that is not built with this crate.

/// The path of the policy, in the tree of the target.
pub const POLICY: &str = ".countersign/policy.yaml";
/// The path of the keys that sign-offs are signed with, in the tree of the target: a file of allowed signers as ssh-keygen(1) of
/// OpenSSH describes it.
pub const ALLOWED_SIGNERS: &str = ".countersign/allowed_signers";
/// The path of the keys that sign nothing any more, in the tree of the target: one public key a line.
pub const REVOKED_KEYS: &str = ".countersign/revoked_keys";
/// The path of git's own map of people, in the tree of the target: gitmailmap(5).
pub const MAILMAP: &str = ".mailmap";

/// The folder of the refs that hold signed sign-offs.
pub const SIGNOFF_REFS: &str = "refs/countersign/";
/// The ref of signed sign-offs that people push to.
pub const SIGNOFFS: &str = "refs/countersign/signoffs";
/// The refspec that brings the sign-offs of others into a clone. A pattern matches nothing where nobody signed yet, and is no error.
pub const FETCHED_SIGNOFFS: &str = "refs/countersign/*:refs/countersign/others/*";
/// The ref of the checkpoints of Entire.
pub const CHECKPOINTS: &str = "refs/heads/entire/checkpoints/v1";
/// The folder of git's notes: git-notes(1).
pub const NOTES: &str = "refs/notes/";

/// The branches that are protected beside the default branch where no policy names any.
pub const PROTECTED: &[&str] = &["main", "master", "release/*"];
/// The branches that a repository without a word about its default branch is taken to mean, the first that is there.
pub const DEFAULT_BRANCHES: &[&str] = &["main", "master"];
