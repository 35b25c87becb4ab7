//! Answers to the questions of a policy: found in a text, and weighed.

use crate::digest::sha256;
use crate::model::ActCode;

/// Fewest words that an answer has.
pub(crate) const WORDS: usize = 5;

/// An answer of an act.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'q> {
    /// The name of the question.
    pub question: &'q str,
    /// The answer, folded.
    pub folded: String,
}

/// A question of the policy.
#[derive(Debug)]
pub(crate) struct Question<'q> {
    pub name: &'q str,
    /// The text of the question, folded.
    pub folded: String,
}

impl<'q> Question<'q> {
    pub fn of(name: &'q str, text: &str) -> Self {
        Question { name, folded: fold(text) }
    }
}

impl Answer<'_> {
    /// `sha256:` and the digest of the folded answer: what a host keeps of it, to know it again in another change.
    pub fn digest(&self) -> String {
        sha256(self.folded.as_bytes())
    }
}

/// The name before the first colon of a line, without what Markdown may put around it, and what stands behind.
pub(super) fn named(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    Some((name.trim_matches(|c: char| c.is_whitespace() || "-*#`_".contains(c)), rest))
}

/// The answers of a text, each question once. Each begins on a line of its own with the question's name and a colon,
/// and runs to the next such line or to the end. A question itself, as a template puts it above its answer, ends the one
/// before it.
pub(crate) fn read<'q>(text: &str, questions: &[Question<'q>]) -> Vec<Answer<'q>> {
    let mut given: Vec<(&'q str, String)> = Vec::new();
    let mut open = None;
    for line in text.lines() {
        let begins = named(line).and_then(|(name, rest)| {
            let question = questions.iter().find(|question| question.name.eq_ignore_ascii_case(name))?;
            Some((question.name, rest))
        });
        match begins {
            Some((question, rest)) => {
                // The later of two answers to one question is the one meant.
                given.retain(|(name, _)| *name != question);
                open = Some(given.len());
                given.push((question, rest.to_owned()));
            }
            None => {
                let Some((_, answer)) = open.and_then(|at| given.get_mut(at)) else { continue };
                let folded = fold(line);
                if questions.iter().any(|question| question.folded == folded) {
                    open = None;
                } else {
                    answer.push('\n');
                    answer.push_str(line);
                }
            }
        }
    }
    given.into_iter().map(|(question, answer)| Answer { question, folded: fold(&answer) }).collect()
}

/// Case, white space and punctuation folded away, so that a copy stays a copy.
pub(crate) fn fold(answer: &str) -> String {
    let mut folded = String::with_capacity(answer.len());
    for word in answer.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        match word.is_ascii() {
            true => folded.extend(word.chars().map(|c| c.to_ascii_lowercase())),
            false => folded.extend(word.chars().flat_map(char::to_lowercase)),
        }
    }
    folded
}

/// How many words a folded text has. Scripts that put no blanks between words have one in about every two characters.
pub(crate) fn words(folded: &str) -> usize {
    let blankless = |c: &char| {
        matches!(u32::from(*c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff)
            || matches!(u32::from(*c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0x20000..=0x3ffff)
    };
    let of = |word: &str| word.chars().filter(blankless).count().div_ceil(2).max(1);
    folded.split_whitespace().map(of).sum()
}

/// Why a folded answer does not count by itself: empty, too short, the template, or the question given back.
pub(crate) fn weigh(folded: &str, question: &str) -> Option<ActCode> {
    if folded.is_empty() {
        return Some(ActCode::UnansweredQuestion);
    }
    // What the policy wrote is taken out before the words are counted.
    let question = fold(question);
    let mut own = folded.replace(FOLDED_TEMPLATE, "");
    if !question.is_empty() {
        own = own.replace(&question, "");
    }
    if words(&own) >= WORDS {
        return None;
    }
    Some(if own.len() < folded.len() { ActCode::AnswerTemplate } else { ActCode::AnswerTooShort })
}

/// What a template leaves for the answer to be written over.
pub(crate) const TEMPLATE: &str = "(your answer, five words or more)";

const FOLDED_TEMPLATE: &str = "your answer five words or more";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Answer<'static>> {
        let questions = [("topology", "Which running systems does it reach?"), ("scale", "How large is it?")];
        super::read(text, &questions.map(|(name, text)| Question::of(name, text)))
    }

    #[test]
    fn a_question_above_its_answer_is_no_part_of_the_answer_before() {
        let text = "# How large is it?\nscale: (your answer, five words or more)\n\
                    # Which running systems does it reach?\ntopology: (your answer, five words or more)\n";
        for answer in read(text) {
            assert_eq!(weigh(&answer.folded, "How large is it?"), Some(ActCode::AnswerTemplate));
        }
    }

    #[test]
    fn an_answer_runs_from_its_name_to_the_next_name_or_the_end() {
        let text = "Looks good.\n\ntopology: none outside the queue\nbecause it drains first\n**Scale**: as before\n";
        let answers = read(text);
        let expected =
            [("topology", "none outside the queue because it drains first"), ("scale", "as before")];
        assert_eq!(answers.len(), 2);
        for (answer, (question, folded)) in answers.iter().zip(expected) {
            assert_eq!((answer.question, answer.folded.as_str()), (question, folded));
        }
    }

    #[test]
    fn a_name_inside_a_sentence_begins_nothing() {
        assert!(read("I looked at topology: fine").is_empty());
    }

    #[test]
    fn the_folded_template_is_the_template_folded() {
        assert_eq!(fold(TEMPLATE), FOLDED_TEMPLATE);
    }

    #[test]
    fn empty_short_and_template_answers_do_not_count() {
        let question = "Which running systems does the change reach?";
        let code = |answer: &str| weigh(&fold(answer), question);
        assert_eq!(code(" … !"), Some(ActCode::UnansweredQuestion));
        assert_eq!(code("None, all good."), Some(ActCode::AnswerTooShort));
        assert_eq!(code("which running systems does the change reach"), Some(ActCode::AnswerTemplate));
        assert_eq!(code(TEMPLATE), Some(ActCode::AnswerTemplate));
        assert_eq!(code("none outside the billing queue, because it drains"), None);
        assert_eq!(code("这个变更只涉及账单队列和它的两个读取服务"), None);
        assert_eq!(code("没有问题"), Some(ActCode::AnswerTooShort));
    }
}
