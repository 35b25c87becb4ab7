//! The limits of the contract, counted here so that every packaging gives the same typed `over-limit`.
//!
//! Deadline and memory of a host are backstops above these: no input within the limits reaches them.

/// Bytes of one request, policy, or batch of commits.
pub const REQUEST_BYTES: usize = 64 << 20;
/// Commits in one request. A longer history is read by `provenance` in chunks.
pub const COMMITS: usize = 20_000;
/// Files in one request.
pub const FILES: usize = 50_000;
/// How far the clocks of a signer and of a host may be apart, in seconds.
pub const CLOCK_SKEW: i64 = 300;
/// Documents in one request: policies, code owners, and the notes of each commit.
pub const DOCUMENTS: usize = 50_000;
/// Acts in one request.
pub const ACTS: usize = 10_000;
/// People, and groups, in one request.
pub const PEOPLE: usize = 10_000;
/// Entries of every other list in one request.
pub const ENTRIES: usize = 20_000;
/// Rules in one policy.
pub const RULES: usize = 1_000;
/// Cases in one file of cases.
pub const CASES: usize = 1_000;
/// Bytes of one policy document, and of one file of cases.
pub const POLICY_BYTES: usize = 1 << 20;
/// Nodes (scalars, sequences, mappings) in one policy document or file of cases, after aliases.
pub const POLICY_NODES: usize = 100_000;
/// Nesting of one policy document, and of predicates in a rule.
pub const POLICY_DEPTH: usize = 32;
/// Lines of one CODEOWNERS.
pub const CODEOWNERS_LINES: usize = 5_000;
/// Bytes of one path pattern.
pub const PATTERN_BYTES: usize = 1_024;
/// Steps of one call: each test of a pattern against a path costs one, plus one for each 64 bytes of the path; each
/// trailer or marker that is read costs [`TRAILER_STEPS`].
pub const STEPS: u64 = 60_000_000;
/// Steps that reading one trailer costs.
pub const TRAILER_STEPS: u64 = 200;
/// Steps that holding one act against one requirement costs.
pub const VERDICT_STEPS: u64 = 50;
/// Steps that looking up one member of a people set costs.
pub const MEMBER_STEPS: u64 = 10;
/// Bytes of what people said whose Markdown is read in one step.
pub const TEXT_BYTES: u64 = 2;
/// Bytes of what people said that are looked through for one thing in one step.
pub const SEARCHED_BYTES: u64 = 8;
/// Steps that verifying one signature costs.
pub const SIGNATURE_STEPS: u64 = 60_000;
/// Bytes of evidence that a finding quotes from a message.
pub const EVIDENCE_BYTES: usize = 240;

/// Counts the steps of one call against [`STEPS`].
#[derive(Debug, Default)]
pub struct Steps(std::cell::Cell<u64>);

impl Steps {
    /// Counts `steps` more.
    ///
    /// # Errors
    /// `over-limit` once the sum passes [`STEPS`].
    pub fn take(&self, steps: u64) -> Result<(), crate::Error> {
        let spent = self.0.get().saturating_add(steps);
        self.0.set(spent);
        if spent > STEPS {
            return Err(crate::Error::over_limit("steps of reading and matching", STEPS, spent));
        }
        Ok(())
    }
}
