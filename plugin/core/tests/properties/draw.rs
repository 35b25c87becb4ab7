//! Where the generator's choices come from.

use proptest::prelude::Rng;
use proptest::test_runner::TestRng;
use serde_json::Value;

/// Choices, one after the other, from a seed.
pub struct Draw<'r>(pub &'r mut TestRng);

impl Draw<'_> {
    /// A number below another.
    pub fn below(&mut self, number: usize) -> usize {
        self.0.next_u32() as usize % number.max(1)
    }

    /// True so many times in a hundred.
    pub fn often(&mut self, per_cent: u32) -> bool {
        self.0.next_u32() % 100 < per_cent
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One of several, each as often as its weight says.
    pub fn weighed<T: Copy>(&mut self, of: &[(u32, T)]) -> T {
        let mut at = self.below(of.iter().map(|(weight, _)| *weight as usize).sum()) as u32;
        for (weight, item) in of {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *item,
            }
        }
        of[0].1
    }

    /// At least one of several, each at most once, mostly few.
    pub fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        let mut rest = of.to_vec();
        let mut drawn = Vec::new();
        while !rest.is_empty() && (drawn.is_empty() || self.often(45)) {
            let at = self.below(rest.len());
            drawn.push(rest.swap_remove(at));
        }
        drawn
    }

    /// A value under a key, so many times in a hundred.
    pub fn set(
        &mut self,
        into: &mut Value,
        key: &str,
        per_cent: u32,
        value: impl FnOnce(&mut Self) -> Value,
    ) {
        if self.often(per_cent) {
            into[key] = value(self);
        }
    }
}
