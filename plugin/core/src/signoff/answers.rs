//! Answers to the questions of a policy: found in a text, and weighed.

use std::collections::BTreeMap;

use crate::model::ActCode;

/// Fewest words that an answer has.
pub(crate) const WORDS: usize = 5;

/// The answers of a text. Each begins on a line of its own with the question's name and a colon, and runs to the next
/// such line or to the end.
pub(crate) fn read<'q>(
    text: &str,
    questions: impl Iterator<Item = &'q str> + Clone,
) -> BTreeMap<&'q str, String> {
    let mut answers: BTreeMap<&'q str, String> = BTreeMap::new();
    let mut open: Option<&'q str> = None;
    for line in text.lines() {
        let begins = line.split_once(':').and_then(|(name, rest)| {
            let name =
                name.trim().trim_start_matches(['-', '*', '#', ' ']).trim_matches(['*', '`', '_', ' ']);
            questions
                .clone()
                .find(|question| question.eq_ignore_ascii_case(name))
                .map(|question| (question, rest))
        });
        match (begins, open) {
            (Some((question, rest)), _) => {
                open = Some(question);
                // The later of two answers to one question is the one meant.
                answers.insert(question, rest.trim_start_matches(['*', '`']).trim().to_owned());
            }
            (None, Some(question)) => {
                if let Some(answer) = answers.get_mut(question) {
                    answer.push('\n');
                    answer.push_str(line);
                }
            }
            (None, None) => {}
        }
    }
    answers
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

/// Why an answer does not count by itself: missing, too short, the template, or the question given back.
pub(crate) fn weigh(answer: Option<&String>, question: &str) -> Option<ActCode> {
    let folded = fold(answer?);
    if folded.is_empty() {
        return Some(ActCode::UnansweredQuestion);
    }
    if folded.starts_with(FOLDED_TEMPLATE) || folded == fold(question) {
        return Some(ActCode::AnswerTemplate);
    }
    (folded.split(' ').count() < WORDS).then_some(ActCode::AnswerTooShort)
}

/// What a template leaves for the answer to be written over.
pub(crate) const TEMPLATE: &str = "(your answer, five words or more)";

const FOLDED_TEMPLATE: &str = "your answer five words or more";

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTIONS: [&str; 2] = ["topology", "scale"];

    #[test]
    fn an_answer_runs_from_its_name_to_the_next_name_or_the_end() {
        let text = "Looks good.\n\ntopology: none outside the queue\nbecause it drains first\n**Scale**: as before\n";
        let answers = read(text, QUESTIONS.into_iter());
        assert_eq!(answers["topology"], "none outside the queue\nbecause it drains first");
        assert_eq!(answers["scale"], "as before");
    }

    #[test]
    fn a_name_inside_a_sentence_begins_nothing() {
        assert!(read("I looked at topology: fine", QUESTIONS.into_iter()).is_empty());
    }

    #[test]
    fn the_folded_template_is_the_template_folded() {
        assert_eq!(fold(TEMPLATE), FOLDED_TEMPLATE);
    }

    #[test]
    fn empty_short_and_template_answers_do_not_count() {
        let question = "Which running systems does the change reach?";
        let code = |answer: &str| weigh(Some(&answer.to_owned()), question);
        assert_eq!(code(" … !"), Some(ActCode::UnansweredQuestion));
        assert_eq!(code("None, all good."), Some(ActCode::AnswerTooShort));
        assert_eq!(code("which running systems does the change reach"), Some(ActCode::AnswerTemplate));
        assert_eq!(code(TEMPLATE), Some(ActCode::AnswerTemplate));
        assert_eq!(code("none outside the billing queue, because it drains"), None);
    }
}
