//! What `needs` says of the part of a request that it reads, it says of all of it, at every stage of collecting.

use countersign_core::model::{Request, read};
use countersign_core::skeleton;
use serde_json::{Value, json};

use crate::case::{Case, Cases, list, list_mut};
use crate::hold;
use crate::world::id;

/// The answer, or the error that came instead.
fn needs(request: &[u8]) -> String {
    countersign_core::needs(request).unwrap_or_else(|error| error.to_document())
}

/// The case as it is while a host collects it, with the name of the stage.
fn stages(case: &Case) -> Vec<(String, Case)> {
    let unknown = |facts: &[&str]| {
        case.with(|request| {
            for list in ["complete", "absent"] {
                list_mut(request, list)
                    .for_each(|known| known.retain(|fact| !facts.iter().any(|f| fact == f)));
            }
            list_mut(request, "unavailable")
                .for_each(|missing| missing.retain(|one| !facts.iter().any(|fact| one["fact"] == *fact)));
        })
    };
    let mut stages = vec![
        ("as it is".to_owned(), case.clone()),
        ("before anything is known".to_owned(), unknown(crate::requests::FACTS)),
        ("before its acts are known".to_owned(), unknown(&["acts"])),
    ];
    for (at, document) in list(&case.request()["documents"]).iter().enumerate() {
        let less = case.with(|request| list_mut(request, "documents").for_each(|all| drop(all.remove(at))));
        stages.push((format!("without the {}", document["role"]), less));
    }
    let naming = unknown(&["checkpoints"]).with(|request| {
        for commit in list_mut(request, "commits").flatten() {
            commit["message"] = "Work\n\nEntire-Checkpoint: a1b2c3d4e5f6\n".into();
        }
    });
    stages.push(("with commits that name checkpoints".to_owned(), naming));
    for tree in ["t1", "other"] {
        let merged = case.with(|request| {
            request["change"]["merge_tree"] = id("t1").into();
            request["change"]["result"] = json!({ "commit": id("made"), "tree": id(tree), "kind": "squash" });
        });
        stages.push((format!("merged into the tree {tree}"), merged));
    }
    stages
}

#[test]
fn what_is_needed_of_a_request_is_needed_of_the_part_that_is_read() {
    hold(Cases { extra_rule: false }, |case| {
        for (stage, case) in stages(case) {
            let whole = case.document().to_string();
            let Ok(request) = read::<Request<'_>>(whole.as_bytes()) else { continue };
            let part = serde_json::to_string(&skeleton(&request)).map_err(|e| e.to_string())?;
            let (of_all, of_part) = (needs(whole.as_bytes()), needs(part.as_bytes()));
            if of_all != of_part {
                return Err(format!(
                    "{stage}: all of it needs {of_all}\nand the part that is read {of_part}"
                ));
            }
        }
        Ok(())
    });
}

#[test]
fn nothing_is_left_of_what_people_wrote_but_in_what_decides() {
    let words = "words that nobody asks for";
    let ident = json!({ "name": "dana", "email": "dana@example.com" });
    let document = |role: &str| json!({ "role": role, "source": "git", "path": "p", "bytes": words });
    let request = json!({
        "apiVersion": "countersign/v1",
        "trigger": { "kind": "check", "host": { "name": "test" }, "platform": { "name": "git" }, "now": 1 },
        "change": {
            "repository": {}, "target": "refs/heads/main", "base_tip": id("base"), "head": id("head"), "title": words,
        },
        "commits": [{ "sha": id("head"), "author": ident, "committer": ident, "message": words, "parents": [] }],
        "files": [{ "path": "a", "status": "modified", "hunks": words }],
        "acts": [{ "id": "a", "kind": "signed", "actor": {}, "proof": "signature", "statement": words }],
        "documents": [document("note"), document("trace"), document("mailmap"), document("checkpoint")],
        "complete": ["checkpoints", "acts"],
    });
    let part = |request: &Value| {
        let text = request.to_string();
        serde_json::to_string(&skeleton(&read::<Request<'_>>(text.as_bytes()).unwrap())).unwrap()
    };
    assert!(!part(&request).contains(words));
    for known in [json!(["checkpoints"]), json!(["acts"])] {
        let mut unknown = request.clone();
        unknown["complete"] = known;
        assert!(part(&unknown).contains(words), "what may be asked about stays");
    }
}
