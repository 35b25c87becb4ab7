//! The ref of sign-offs as a record on plain git: what it ever held counts, and what somebody heaps up in it stops nobody else.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{Repo, approve, key, repo_with_signers};
use countersign_host::module::sha256_hex;

/// A file of a commit: mode, path, content.
type File = (&'static str, String, Vec<u8>);

/// Puts a commit with these files, and no others, on top of a commit or alone, under a ref.
fn put(repo: &Repo, git_ref: &str, on: Option<&str>, files: &[File]) {
    let mut stream =
        format!("commit {git_ref}\ncommitter Dana <dana@example.com> 1772445600 +0000\ndata 1\n\n");
    if let Some(on) = on.map(|on| repo.git(&["rev-parse", on])) {
        stream.push_str(&format!("from {on}\ndeleteall\n"));
    }
    let mut stream = stream.into_bytes();
    for (mode, path, bytes) in files {
        match *mode {
            "160000" => {
                stream.extend(format!("M 160000 {} {path}\n", String::from_utf8_lossy(bytes)).bytes())
            }
            _ => {
                stream.extend(format!("M {mode} inline {path}\ndata {}\n", bytes.len()).bytes());
                stream.extend(bytes);
                stream.push(b'\n');
            }
        }
    }
    let mut import = common::command(&repo.path())
        .args(["fast-import", "--quiet", "--force", "--date-format=raw"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(&stream).unwrap();
    assert!(import.wait().unwrap().success());
}

/// A change that sam may sign off, and the folder of its sign-offs.
fn change() -> (Repo, String, String) {
    let repo = repo_with_signers(|repo| {
        let of = |name: &str| format!("{name}@example.com {}\n", key(repo, name, &["ed25519"]).1);
        [of("sam"), of("dana")].concat()
    });
    let sam = repo.beside("sam").to_str().unwrap().to_owned();
    let folder = format!("signoffs/{}", repo.git(&["rev-parse", "HEAD"]));
    (repo, sam, folder)
}

const REF: &str = "refs/countersign/signoffs";

#[test]
fn a_withdrawal_is_put_away_by_nothing_that_stands_on_top_of_it() {
    type Cover = fn(&Repo, &str, &str);
    let covers: &[(&str, Cover)] = &[
        ("the tree from before it", |repo, before, _| {
            let tree = format!("{before}^{{tree}}");
            let commit = repo.git(&["commit-tree", "-m", "Before", "-p", REF, &tree]);
            repo.git(&["update-ref", REF, &commit]);
        }),
        ("a merge that takes only the other side", |repo, before, _| {
            let tree = format!("{before}^{{tree}}");
            let commit = repo.git(&["commit-tree", "-m", "Merge", "-p", before, "-p", REF, &tree]);
            repo.git(&["update-ref", REF, &commit]);
        }),
        ("another file of its name", |repo, _, withdrawal| {
            let statement: Vec<File> = vec![("100644", withdrawal.to_owned(), b"{}".to_vec())];
            put(repo, REF, Some(REF), &statement);
        }),
        ("a link of its name", |repo, _, withdrawal| {
            put(repo, REF, Some(REF), &[("120000", withdrawal.to_owned(), b"elsewhere".to_vec())]);
        }),
        ("a folder of its name", |repo, _, withdrawal| {
            put(repo, REF, Some(REF), &[("100644", format!("{withdrawal}/x"), Vec::new())]);
        }),
        ("a file in place of the folder of all", |repo, _, _| {
            put(repo, REF, Some(REF), &[("100644", "signoffs".to_owned(), Vec::new())]);
        }),
        ("the ref made anew, where another still holds it", |repo, before, _| {
            repo.git(&["update-ref", "refs/countersign/others", REF]);
            repo.git(&["update-ref", REF, before]);
        }),
    ];
    for (name, cover) in covers {
        let (repo, sam, folder) = change();
        approve(&repo, &sam);
        let before = repo.git(&["rev-parse", REF]);
        assert_eq!(repo.check(&[]).code, 0, "{name}");
        let run = repo.countersign(&["approve", "--yes", "--target", "main", "--key", &sam, "--withdraw"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(repo.check(&[]).code, 1, "{name}");
        let diff = repo.git(&["diff-tree", "-r", "--name-only", &before, REF]);
        let withdrawal = diff.lines().find(|path| path.ends_with(".json")).unwrap();
        assert!(withdrawal.starts_with(&folder));
        cover(&repo, &before, withdrawal);
        let run = repo.check(&[]);
        assert_eq!(run.code, 1, "{name}: {run:?}");
        assert!(run.out.contains("withdrawn") || run.out.contains("took"), "{name}: {}", run.out);
    }
}

#[test]
fn a_statement_counts_whatever_its_files_are_called_and_whatever_stands_there_since() {
    let (repo, sam, folder) = change();
    approve(&repo, &sam);
    let approved = repo.git(&["rev-parse", REF]);
    assert_eq!(
        repo.countersign(&["approve", "--yes", "--target", "main", "--key", &sam, "--withdraw"]).code,
        0
    );
    // The withdrawal under a name of somebody's own, in a ref of its own.
    let diff = repo.git(&["diff-tree", "-r", "--name-only", &approved, REF]);
    let copy = |kind: &str| -> File {
        let path = diff.lines().find(|path| path.ends_with(kind)).unwrap();
        let output =
            common::command(&repo.path()).args(["cat-file", "blob", &format!("{REF}:{path}")]).output();
        ("100644", format!("{folder}/mine.{kind}"), output.unwrap().stdout)
    };
    let own = "refs/countersign/own";
    put(&repo, own, None, &[copy("json"), copy("sig")]);
    repo.git(&["update-ref", REF, &approved]);
    assert_eq!(repo.check(&[]).code, 1, "it takes the approval back");
    let other: [File; 2] = [
        ("100644", format!("{folder}/mine.json"), b"{}".to_vec()),
        ("100644", format!("{folder}/mine.sig"), b"x".to_vec()),
    ];
    put(&repo, own, Some(own), &other);
    assert_eq!(repo.check(&[]).code, 1, "what stands there since takes nothing away");
    repo.git(&["update-ref", "-d", own]);
    assert_eq!(repo.check(&[]).code, 0, "the control");
}

#[test]
fn an_approval_that_somebody_took_out_of_the_tree_still_counts() {
    let (repo, sam, _) = change();
    approve(&repo, &sam);
    put(&repo, REF, Some(REF), &[]);
    assert_eq!(repo.git(&["ls-tree", "-r", REF]), "");
    assert_eq!(repo.check(&[]).code, 0);
}

/// An armored signature with another last word: it names the same key, and is good for nothing.
fn spoilt(signature: &str, number: usize) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = signature.as_bytes().to_vec();
    let end = signature.find("\n-----END").unwrap();
    bytes[end - 10] = DIGITS[number % 64];
    bytes[end - 11] = DIGITS[number / 64 % 64];
    String::from_utf8(bytes).unwrap()
}

/// Signs many texts with one key, in one run of ssh-keygen.
fn sign(repo: &Repo, key: &str, texts: &[String]) -> Vec<Vec<u8>> {
    let folder = repo.beside(&format!("signed-by-{}", key.rsplit('/').next().unwrap()));
    std::fs::create_dir_all(&folder).unwrap();
    let files: Vec<_> = (0..texts.len()).map(|n| folder.join(n.to_string())).collect();
    files.iter().zip(texts).for_each(|(file, text)| std::fs::write(file, text).unwrap());
    let arguments = ["-q", "-Y", "sign", "-n", "countersign", "-f", key];
    let output = Command::new("ssh-keygen").args(arguments).args(&files).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    files.iter().map(|file| std::fs::read(file.with_extension("sig")).unwrap()).collect()
}

/// The statement of the one sign-off that a ref holds, and its signature.
fn the_one(repo: &Repo) -> (String, String) {
    let paths = repo.git(&["ls-tree", "-r", "--name-only", REF]);
    let name = paths.lines().find_map(|path| path.strip_suffix(".json")).unwrap();
    let blob = |kind: &str| repo.git(&["cat-file", "blob", &format!("{REF}:{name}.{kind}")]);
    (blob("json"), blob("sig"))
}

#[test]
fn what_somebody_heaps_up_among_the_sign_offs_pushes_out_nobody_elses() {
    const MANY: usize = 1_001;
    let (repo, sam, folder) = change();
    let (stranger, _) = key(&repo, "stranger", &["ed25519"]);
    approve(&repo, &sam);
    let (statement, signature) = the_one(&repo);
    let other = |n: usize| statement.replacen('{', &format!("{{{}", " ".repeat(n + 1)), 1);
    let named = |signature: Vec<u8>, n: usize| {
        let name = format!("{folder}/{}", sha256_hex(&signature));
        let pair: [File; 2] = [
            ("100644", format!("{name}.json"), other(n).into_bytes()),
            ("100644", format!("{name}.sig"), signature),
        ];
        pair
    };
    let junk = |n: usize| -> [File; 2] {
        let name = format!("{folder}/{n:064x}");
        [
            ("100644", format!("{name}.json"), format!("junk {n}").into_bytes()),
            ("100644", format!("{name}.sig"), b"junk".to_vec()),
        ]
    };
    // What dana really signed, in as many words.
    let words: Vec<String> = (0..MANY).map(other).collect();
    let dana = repo.beside("dana").to_str().unwrap().to_owned();
    let by_dana = sign(&repo, &dana, &words).into_iter().enumerate().flat_map(|(n, s)| named(s, n)).collect();
    let heaps: [(&str, Vec<File>); 4] = [
        ("files that are nothing", (0..MANY).flat_map(junk).collect()),
        (
            "signatures that name sam's key",
            (0..MANY).flat_map(|n| named(spoilt(&signature, n).into_bytes(), n)).collect(),
        ),
        (
            "statements by a key that nobody lists",
            sign(&repo, &stranger, &words).into_iter().enumerate().flat_map(|(n, s)| named(s, n)).collect(),
        ),
        ("statements by somebody who may sign", by_dana),
    ];
    for (name, files) in heaps {
        put(&repo, "refs/countersign/heap", None, &files);
        let run = repo.check(&[]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert!(run.out.lines().count() < 100, "{name}: {}", run.out);
    }
}

#[test]
fn what_is_no_statement_is_left_out() {
    let (repo, sam, folder) = change();
    approve(&repo, &sam);
    let head = repo.git(&["rev-parse", "HEAD"]);
    let odd: Vec<File> = vec![
        ("120000", format!("{folder}/link.json"), b"../../elsewhere".to_vec()),
        ("120000", format!("{folder}/link.sig"), b"/etc/passwd".to_vec()),
        ("160000", format!("{folder}/module.json"), head.into_bytes()),
        ("100644", format!("{folder}/folder.json/x"), b"x".to_vec()),
        ("100644", format!("{folder}/large.json"), vec![b'x'; 3 << 20]),
        ("100644", format!("{folder}/large.sig"), vec![b'x'; 3 << 20]),
        ("100644", format!("\"{folder}/\\377.json\""), b"x".to_vec()),
        ("100644", format!("{folder}/lone.sig"), b"x".to_vec()),
        ("100755", format!("{folder}/.json"), Vec::new()),
    ];
    put(&repo, "refs/countersign/odd", None, &odd);
    // A ref may name what is no commit.
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let blob = repo.git(&["rev-parse", "HEAD:src/page.rs"]);
    repo.git(&["tag", "--annotate", "--message", "A file", "of-a-file", &blob]);
    for (name, id) in [("tree", tree.as_str()), ("blob", &blob), ("tag", "of-a-file")] {
        repo.git(&["update-ref", &format!("refs/countersign/{name}"), id]);
    }
    let run = repo.check(&[]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn a_sign_off_whose_object_is_missing_is_no_missing_sign_off() {
    let (repo, sam, folder) = change();
    approve(&repo, &sam);
    let listed = repo.git(&["ls-tree", "-r", REF, "--", &folder]);
    let blob = listed.split_whitespace().nth(2).unwrap();
    std::fs::remove_file(repo.path().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let run = repo.check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("of the sign-offs is missing here"), "{}", run.err);
}

#[test]
fn a_part_of_the_record_is_not_the_record() {
    let (repo, sam, _) = change();
    approve(&repo, &sam);
    put(&repo, REF, Some(REF), &[]);
    approve(&repo, &sam);
    let clone = repo.beside("clone");
    let address = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--branch", "change", &address, clone.to_str().unwrap()]);
    let refspec = format!("{REF}:refs/countersign/others");
    let check = || common::run(&clone, &["check", "--target", "main"], &[]);
    let fetch = |depth: &[&str]| {
        let clone = ["-C", clone.to_str().unwrap(), "fetch", "--quiet"];
        repo.git(&[&clone[..], depth, &["origin", &refspec]].concat())
    };
    fetch(&["--depth=1"]);
    let run = check();
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("only a part of the history of refs/countersign/"), "{}", run.out);
    fetch(&["--unshallow"]);
    assert_eq!(check().code, 0);
}

#[test]
fn the_hook_that_the_docs_advise_lets_the_record_only_grow() {
    let (repo, sam, _) = change();
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SIGNING.md")).unwrap();
    let hook = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let server = repo.beside("server.git");
    repo.git(&["init", "--quiet", "--bare", server.to_str().unwrap()]);
    let file = server.join("hooks/update");
    std::fs::write(&file, hook).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.git(&["remote", "add", "origin", server.to_str().unwrap()]);
    let push = |refspec: &str| {
        let output = common::command(&repo.path()).args(["push", "--quiet", "origin", refspec]).output();
        output.unwrap().status.success()
    };
    assert!(push("main:main"));
    approve(&repo, &sam);
    let before = repo.git(&["rev-parse", REF]);
    assert!(push(&format!("{REF}:{REF}")), "it begins");
    approve(&repo, &sam);
    assert!(push(&format!("{REF}:{REF}")), "it grows");
    assert!(!push(&format!("+{before}:{REF}")), "it does not go back");
    assert!(!push(&format!(":{REF}")), "it does not go away");
    assert!(push("change:change") && push("+main:change") && push(":change"), "branches are others' matter");
}
