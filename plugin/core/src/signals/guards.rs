//! Errors that are swallowed, and guards that are gone.

use super::diff::{Diff, FileDiff, Line};
use super::signal;
use crate::model::{Signal, SignalCode};

/// Every error is caught, and nothing is done about it.
pub(super) fn broad_catch(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    if !file.is_code || file.is_test {
        return Vec::new();
    }
    let mut signals = Vec::new();
    for run in file.runs() {
        for (line, next) in run.added_with_next().filter(|(line, _)| diff.comes(line)) {
            if swallows(line.text, next.map(|next| next.text)) {
                let message = "every error is caught, and nothing is done about it";
                signals.push(signal(SignalCode::BroadCatch, file, Some(line), message));
            }
        }
    }
    signals
}

fn swallows(text: &str, next: Option<&str>) -> bool {
    let python = ["except:", "except Exception:", "except BaseException:"].contains(&text);
    if python {
        return matches!(next, Some("pass" | "..."));
    }
    let Some((_, caught)) = text.split_once("catch") else { return false };
    if !text.trim_start_matches(['}', ' ']).starts_with("catch") {
        return false;
    }
    // One kind of error is no broad catch, and a language that names none catches all.
    let broad = [
        "",
        "(e)",
        "(err)",
        "(error)",
        "(_)",
        "(ex)",
        "(Exception e)",
        "(Throwable t)",
        "(Exception)",
        "(...)",
    ];
    let (what, body) = match caught.split_once('{') {
        Some((what, body)) => (what.trim(), body.trim()),
        None => return false,
    };
    broad.contains(&what) && (body == "}" || (body.is_empty() && next == Some("}")))
}

/// Words that leave a function early.
const LEAVES: &[&str] = &["return", "throw ", "raise ", "panic!", "die(", "abort(", "bail!"];

/// Words that test something.
const GUARDS: &[&str] =
    &["if ", "if(", "guard ", "assert", "require", "ensure", "unless ", "match ", "switch"];

/// A test that left early is gone, and none comes in its place.
pub(super) fn guard_deleted(diff: &Diff<'_>, file: &FileDiff<'_>) -> Vec<Signal> {
    if !file.is_code || file.is_test {
        return Vec::new();
    }
    let mut signals = Vec::new();
    for run in file.runs() {
        if run
            .added()
            .any(|line| GUARDS.iter().any(|guard| line.text.trim_start_matches("} ").starts_with(guard)))
        {
            continue;
        }
        let removed: Vec<&Line<'_>> = run.removed().filter(|line| !line.text.is_empty()).collect();
        // A guard alone: in a function that goes as a whole, guards go with it.
        if removed.len() > 4 {
            continue;
        }
        let guard = removed.iter().zip(removed.iter().skip(1)).find(|(test, then)| {
            let tests = test.text.starts_with("if ") || test.text.starts_with("if(");
            tests && LEAVES.iter().any(|leaves| then.text.starts_with(leaves)) && diff.goes(test)
        });
        if let Some((test, _)) = guard {
            signals.push(signal(
                SignalCode::GuardDeleted,
                file,
                Some(test),
                "a guard that left early is gone",
            ));
        }
    }
    signals
}

#[cfg(test)]
mod tests {
    use super::super::testing::codes;
    use crate::model::SignalCode;

    #[test]
    fn every_error_is_swallowed() {
        for (path, lines, broad) in [
            ("src/a.py", "+except Exception:\n+    pass", true),
            ("src/a.py", "+except:\n     pass", true),
            ("src/a.py", "+except KeyError:\n+    pass", false),
            ("src/a.py", "+except Exception:\n+    log(e)", false),
            ("src/a.js", "+} catch (e) {}", true),
            ("src/a.js", "+} catch {\n+}", true),
            ("src/A.java", "+} catch (IOException e) {}", false),
            ("src/a.js", "+} catch (e) {\n+  report(e);", false),
            ("tests/test_a.py", "+except Exception:\n+    pass", false),
        ] {
            assert_eq!(codes(path, lines).contains(&SignalCode::BroadCatch), broad, "{lines}");
        }
    }

    #[test]
    fn a_guard_that_left_early_is_gone() {
        for (lines, gone) in [
            ("-if limit > MAX:\n-    raise TooMany()", true),
            ("-if (x == null) {\n-  return;\n-}", true),
            ("-if x:\n-    return\n+if y:\n+    return", false),
            ("-if x:\n-    y = 1", false),
            ("-if x:\n-    return\n z\n+if x:\n+    return", false),
        ] {
            assert_eq!(codes("src/a.py", lines).contains(&SignalCode::GuardDeleted), gone, "{lines}");
        }
    }
}
