//! Tests that are deleted, skipped, or ask for less.

use super::diff::{Diff, FileDiff, Line, Run};
use super::signal;
use crate::model::{FileStatus, Signal, SignalCode};

/// A test file is deleted, turned into a link, or moved to where no test runs, while production code changes and none goes
/// with it.
pub(super) fn test_deleted(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    let of_production = |other: &FileDiff<'_>| other.is_code && !other.is_test;
    let goes_with_code =
        || diff.files.iter().any(|other| of_production(other) && other.status == FileStatus::Deleted);
    let asserts_go =
        || file.runs().any(|run| run.removed().any(|line| is_assertion(line) && diff.goes(line)));
    let is_test = file.is_test && file.is_code;
    let message = match file.status {
        FileStatus::Deleted if is_test && asserts_go() => "a test file is deleted while the code changes",
        FileStatus::TypeChanged if is_test && asserts_go() => {
            "a test file becomes something else while the code changes"
        }
        FileStatus::Renamed if file.was_test_code && !is_test => {
            "a test file is moved to where no test runs while the code changes"
        }
        _ => return Vec::new(),
    };
    if !diff.changes_production() || goes_with_code() {
        return Vec::new();
    }
    vec![signal(SignalCode::TestDeleted, file, None, message)]
}

/// Attributes that skip the test below them. What may follow tells a condition, and a condition is a guard.
const SKIPS: &[&str] = &["@pytest.mark.skip", "@unittest.skip", "@skip", "#[ignore", "@Disabled", "@Ignore"];

/// How JavaScript's frameworks call a test that does not run, and one that runs.
const SKIPPED: &[(&str, &str)] = &[
    ("it.skip(", "it("),
    ("test.skip(", "test("),
    ("describe.skip(", "describe("),
    ("xit(", "it("),
    ("xtest(", "test("),
    ("xdescribe(", "describe("),
];

/// Calls that keep every other test from running.
const FOCUSED: &[&str] = &["it.only(", "test.only(", "describe.only(", "context.only(", "fit(", "fdescribe("];

/// A test that ran is skipped without a condition, or one is run alone.
pub(super) fn test_skipped(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    if !file.is_code || file.status == FileStatus::Added {
        return Vec::new();
    }
    let mut signals = Vec::new();
    for run in file.runs() {
        // A test that is new with the change weakens nothing, skipped or not.
        let adds_a_test = run.added().any(|line| begins_a_test(line.text));
        for line in run.added().filter(|line| diff.comes(line)) {
            let ran = |(skipped, plain): &(&str, &str)| {
                let rest = line.text.strip_prefix(skipped);
                rest.is_some_and(|rest| run.removed().any(|gone| gone.text.strip_prefix(plain) == Some(rest)))
            };
            let message = if !adds_a_test && skips(line.text) {
                "a test is skipped"
            } else if file.is_test && (SKIPPED.iter().any(ran) || is_go_skip(&run, line)) {
                "a test that ran is skipped"
            } else if file.is_test && FOCUSED.iter().any(|focus| line.text.starts_with(focus)) {
                "a test is run alone: no other of its file runs"
            } else {
                continue;
            };
            signals.push(signal(SignalCode::TestSkipped, file, Some(line), message));
        }
    }
    signals
}

fn skips(text: &str) -> bool {
    let behind = SKIPS.iter().find_map(|skip| text.strip_prefix(skip));
    behind.is_some_and(|behind| !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// `t.Skip()` as the first statement of a test; anywhere else it mostly stands under a condition.
fn is_go_skip(run: &Run<'_, '_>, line: &Line<'_>) -> bool {
    let first = run.added().next() == Some(line);
    let opens = run.before.is_some_and(|before| before.text.starts_with("func Test"));
    first && opens && (line.text.starts_with("t.Skip(") || line.text.starts_with("t.SkipNow("))
}

/// How tests begin in many languages.
const TESTS: &[&str] = &[
    "def test",
    "async def test",
    "fn ",
    "async fn ",
    "pub fn ",
    "func Test",
    "it(",
    "test(",
    "describe(",
    "@Test",
    "TEST(",
    "TEST_F(",
    "public void ",
    "void test",
    "test_expect_success",
    "fun ",
];

fn begins_a_test(text: &str) -> bool {
    TESTS.iter().any(|test| text.starts_with(test))
}

/// What lines hold that assert something.
const ASSERTIONS: &[&str] = &[
    "assert",
    "expect(",
    ".should",
    "EXPECT_",
    "ASSERT_",
    "XCTAssert",
    "t.Error",
    "t.Fatal",
    "require.",
    "verify(",
    "test_cmp",
    "test_must_fail",
];

fn is_assertion(line: &Line<'_>) -> bool {
    let comment = ["//", "#", "/*", "*", "--"].iter().any(|begin| line.text.starts_with(begin));
    !comment && ASSERTIONS.iter().any(|assertion| line.text.contains(assertion))
}

/// Fewest assertions that are missed: one is lost in many an honest change.
const LOST: usize = 2;

/// Tests that stay ask for less: on balance, and over the whole change, assertions are lost.
pub(super) fn assertions_lost(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    if !file.is_test
        || !file.is_code
        || file.status == FileStatus::Deleted
        || file.status == FileStatus::Added
    {
        return Vec::new();
    }
    let mut lost = 0_usize;
    let mut first = None;
    let mut gained = 0_usize;
    for run in file.runs() {
        gained += run.added().filter(|line| is_assertion(line)).count();
        // A test that goes as a whole is another matter.
        if run.removed().any(|line| begins_a_test(line.text)) {
            continue;
        }
        for line in run.removed().filter(|line| is_assertion(line) && diff.goes(line)) {
            lost += 1;
            first.get_or_insert(line);
        }
    }
    let others = diff.files.iter().filter(|other| other.is_test && other.path != file.path);
    let elsewhere =
        others.flat_map(FileDiff::runs).map(|run| run.added().filter(|line| is_assertion(line)).count());
    if lost < LOST + gained + elsewhere.sum::<usize>() || !diff.changes_production() {
        return Vec::new();
    }
    let message = format!("{} assertions are lost in tests that stay", lost - gained);
    vec![signal(SignalCode::AssertionsLost, file, first, message)]
}

/// An assertion asks for another value than before, in a change of the code that it tests.
pub(super) fn expected_value_edited(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    if !file.is_test || !file.is_code || !diff.changes_production() {
        return Vec::new();
    }
    let mut signals = Vec::new();
    for run in file.runs() {
        let removed: Vec<&Line<'_>> = run.removed().filter(|line| is_assertion(line)).collect();
        for line in run.added().filter(|line| is_assertion(line) && diff.comes(line)) {
            let plain = without_literals(line.text);
            let only_literals = |gone: &&&Line<'_>| {
                gone.text != line.text && without_literals(gone.text) == plain && diff.goes(gone)
            };
            if removed.iter().any(|gone| only_literals(&gone)) {
                signals.push(signal(
                    SignalCode::ExpectedValueEdited,
                    file,
                    Some(line),
                    "an expected value is edited together with the code",
                ));
            }
        }
    }
    signals
}

/// A line with its numbers and strings put out.
fn without_literals(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_word = false;
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' | '`' => {
                let mut escaped = false;
                for inner in chars.by_ref() {
                    if inner == c && !escaped {
                        break;
                    }
                    escaped = inner == '\\' && !escaped;
                }
                plain.push('·');
            }
            c if c.is_ascii_digit() && !in_word => {
                while chars
                    .next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '.' | '_'))
                    .is_some()
                {}
                plain.push('·');
            }
            c => plain.push(c),
        }
        in_word = c.is_alphanumeric() || c == '_';
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::signals;
    use super::super::testing::{codes, seen};
    use super::*;
    use crate::limits::Steps;
    use crate::model::FileStatus::{Deleted, Modified, Renamed, TypeChanged};
    use crate::model::{File, Text};

    #[test]
    fn a_test_file_deleted_while_the_code_changes() {
        let gone = "@@ -1,2 +0,0 @@\n-def test_a():\n-    assert a() == 1";
        let code = "@@ -1 +1 @@\n-a = 1\n+a = 2";
        let test = ("tests/test_a.py", Deleted, gone);
        assert_eq!(seen(&[test, ("src/a.py", Modified, code)]), [(SignalCode::TestDeleted, None)]);
        // Together with what it tests, or alone, or moved to another file, it may.
        assert_eq!(
            seen(&[test, ("src/a.py", Modified, code), ("src/b.py", Deleted, "@@ -1 +0,0 @@\n-b = 1")]),
            []
        );
        assert_eq!(seen(&[test]), []);
        let moved = "@@ -1 +1,2 @@\n+def test_a():\n+    assert a() == 1";
        assert_eq!(seen(&[test, ("src/a.py", Modified, code), ("tests/test_b.py", Modified, moved)]), []);
        let link = ("tests/test_a.py", TypeChanged, gone);
        assert_eq!(seen(&[link, ("src/a.py", Modified, code)]), [(SignalCode::TestDeleted, None)]);
    }

    #[test]
    fn a_test_file_moved_to_where_no_test_runs() {
        for (from, to, seen) in [
            ("tests/test_a.py", "tests/a_disabled.txt", true),
            ("tests/test_a.py", "attic/a.py", true),
            ("pkg/a_test.go", "pkg/a_test.go.off", true),
            ("tests/test_a.py", "tests/unit/test_a.py", false),
            ("src/a.py", "src/b.py", false),
        ] {
            let file = |path: &str, previous: Option<&str>| File {
                path: Text::from(path.to_owned()),
                previous_path: previous.map(|path| Text::from(path.to_owned())),
                status: if previous.is_some() { Renamed } else { Modified },
                hunks: Some(Text::from("@@ -1 +1 @@\n-a = 1\n+a = 2".to_owned())),
                ..File::default()
            };
            let files = [file(to, Some(from)), file("src/x.py", None)];
            let signals = signals(&files, &Steps::default()).unwrap();
            let codes: Vec<SignalCode> = signals.into_iter().map(|signal| signal.code).collect();
            assert_eq!(codes.contains(&SignalCode::TestDeleted), seen, "{from} {to}");
        }
    }

    #[test]
    fn a_test_that_ran_is_skipped() {
        for (path, lines, skipped) in [
            ("tests/a.py", "+@pytest.mark.skip(reason=\"flaky\")\n def test_a():", true),
            ("tests/a.py", "+@pytest.mark.skipif(WINDOWS)\n def test_a():", false),
            ("tests/a.py", "+@pytest.mark.skip\n+def test_new():", false),
            ("src/a.rs", "+#[ignore]\n fn works() {", true),
            ("src/ATest.java", "+@Disabled\n @Test", true),
            ("src/ATest.java", "+@DisabledOnOs(WINDOWS)\n @Test", false),
            ("a.test.js", "-it('works', () => {\n+it.skip('works', () => {", true),
            ("a.test.js", "+it.skip('is new', () => {", false),
            ("a.test.js", "-describe('a', () => {\n+xdescribe('a', () => {", true),
            ("a.test.js", "+it.only('works', () => {", true),
            ("src/fit.js", "+fit('works')", false),
            ("a_test.go", " func TestA(t *testing.T) {\n+\tt.Skip(\"later\")", true),
            ("a_test.go", " if testing.Short() {\n+\tt.Skip(\"short\")", false),
        ] {
            assert_eq!(codes(path, lines).contains(&SignalCode::TestSkipped), skipped, "{lines}");
        }
    }

    #[test]
    fn assertions_are_lost_on_balance() {
        for (lines, lost) in [
            ("-assert a == 1\n-assert b == 2\n+pass", true),
            ("-assert a == 1\n+pass", false),
            ("-assert a == 1\n-assert b == 2\n+assert (a, b) == (1, 2)", false),
            ("-def test_a():\n-    assert a == 1\n-    assert b == 2", false),
            ("-# assert a\n-# assert b", false),
            ("-assert a == 1\n-assert b == 2\n x\n+assert a == 1\n+assert b == 2", false),
        ] {
            assert_eq!(
                codes("tests/test_a.py", lines).contains(&SignalCode::AssertionsLost),
                lost,
                "{lines}"
            );
        }
        // Asserted in another file of the change instead.
        let lost = "@@ -1,2 +1 @@\n-assert a == 1\n-assert b == 2";
        let code = ("src/a.py", Modified, "@@ -1 +1 @@\n-a = 1\n+a = 2");
        let other = ("tests/test_b.py", Modified, "@@ -1 +1 @@\n+assert a == (1, 2)");
        assert_eq!(seen(&[("tests/test_a.py", Modified, lost), code, other]), []);
    }

    #[test]
    fn an_expected_value_edited_with_the_code() {
        let edited = |lines: &str| codes("tests/test_a.py", lines).contains(&SignalCode::ExpectedValueEdited);
        assert!(edited("-assert total(x1) == 41\n+assert total(x1) == 42"));
        assert!(edited("-assert name() == 'a'\n+assert name() == 'b'"));
        assert!(!edited("-assert total(x1) == 41\n+assert total(x2) == 41"));
        assert!(!edited("-total = 41\n+total = 42"));
    }
}
