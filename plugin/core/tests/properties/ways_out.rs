//! Whatever blocks names a way out.

use crate::case::Cases;
use crate::hold;

#[test]
fn a_decision_that_blocks_has_a_remedy() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        if answer.blocks() && answer.remedies().is_empty() {
            return Err(format!("nobody is told what to do\n{answer}"));
        }
        Ok(())
    });
}
