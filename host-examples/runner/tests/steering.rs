//! Nothing of the repository and nothing of the machine steers what is copied: the same two commits give the same request in
//! every clone, whatever attributes, configuration and environment say.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::path::{Path, PathBuf};

use common::{Repo, command, run, text};
use proptest::prelude::*;
use serde_json::Value;

/// Asks for every fact that git knows of files.
const POLICY: &str = "\
countersign: 1
name: test
people: { seniors: { users: [sam] } }
identities: { sam: { emails: [sam@example.com] } }
rules:
  - { name: paths, when: { paths: [\"src/**\"] }, require: [{ approvals: 1, by: seniors }], options: { stale: diff } }
  - { name: lines, when: { lines: { deleted: \"> 1\" } }, require: [{ approvals: 1, by: seniors }], options: { stale: tree } }
  - { name: declared, when: { declaration: missing }, require: [{ approvals: 1, by: seniors }] }
  - { name: signals, when: { signals: any }, require: [{ approvals: 1, by: seniors }] }
";

/// Files of all kinds, which both sides change.
const FILES: [&str; 8] = [
    "src/page.py",
    "src/deep/limits.conf",
    "tests/test_page.py",
    "CHANGELOG.md",
    "src/latin.py",
    "src/wide.py",
    "src/picture.bin",
    "odd \"name\"\t.py",
];

const ATTRIBUTES: [&str; 12] = [
    "* -diff",
    "* binary",
    "* diff=evil",
    "* merge=union",
    "* -merge",
    "* merge=evil",
    "* merge=binary",
    "* text eol=crlf working-tree-encoding=UTF-16",
    "* filter=evil ident",
    "tests/** -diff -merge",
    "*.py diff=python whitespace=-trailing-space",
    "* -text conflict-marker-size=3",
];

const SETTINGS: [(&str, &str); 44] = [
    ("diff.external", "false"),
    ("diff.evil.command", "false"),
    ("diff.evil.textconv", "true"),
    ("diff.evil.binary", "true"),
    ("diff.python.xfuncname", "^$"),
    ("diff.renames", "false"),
    ("diff.renames", "copies"),
    ("diff.renameLimit", "1"),
    ("diff.algorithm", "patience"),
    ("diff.noprefix", "true"),
    ("diff.context", "0"),
    ("diff.interHunkContext", "9"),
    ("diff.orderFile", "/dev/null"),
    ("diff.ignoreSubmodules", "all"),
    ("diff.submodule", "log"),
    ("diff.indentHeuristic", "false"),
    ("diff.suppressBlankEmpty", "true"),
    ("diff.relative", "true"),
    ("submodule.dep.ignore", "all"),
    ("merge.default", "union"),
    ("merge.evil.driver", "true"),
    ("merge.renames", "false"),
    ("merge.renameLimit", "1"),
    ("merge.directoryRenames", "true"),
    ("merge.conflictStyle", "diff3"),
    ("core.attributesFile", "/dev/null"),
    ("core.bigFileThreshold", "1"),
    ("core.quotePath", "false"),
    ("core.commitGraph", "true"),
    ("core.useReplaceRefs", "true"),
    ("core.autocrlf", "true"),
    ("core.ignoreCase", "true"),
    ("core.excludesFile", "~/nothing"),
    ("core.hooksPath", "/nothing"),
    ("core.fsmonitor", "false"),
    ("core.abbrev", "4"),
    ("i18n.logOutputEncoding", "UTF-16"),
    ("i18n.commitEncoding", "ISO-8859-1"),
    ("log.showSignature", "true"),
    ("log.mailmap", "false"),
    ("log.follow", "true"),
    ("color.ui", "always"),
    ("pager.diff-tree", "false"),
    ("alias.diff-tree", "!false"),
];

const VARIABLES: [(&str, &str); 28] = [
    ("GIT_DIR", "/nothing"),
    ("GIT_WORK_TREE", "/"),
    ("GIT_INDEX_FILE", "/nothing"),
    ("GIT_OBJECT_DIRECTORY", "/nothing"),
    ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nothing"),
    ("GIT_QUARANTINE_PATH", "/nothing"),
    ("GIT_COMMON_DIR", "/nothing"),
    ("GIT_NAMESPACE", "other"),
    ("GIT_SHALLOW_FILE", "/nothing"),
    ("GIT_GRAFT_FILE", "/nothing"),
    ("GIT_REPLACE_REF_BASE", "refs/heads/"),
    ("GIT_NO_REPLACE_OBJECTS", "0"),
    ("GIT_ATTR_SOURCE", "HEAD"),
    ("GIT_EXTERNAL_DIFF", "false"),
    ("GIT_DIFF_OPTS", "-u0"),
    ("GIT_CONFIG", "/nothing"),
    ("GIT_CONFIG_PARAMETERS", "'diff.renames=false' 'diff.ignoresubmodules=all'"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_ICASE_PATHSPECS", "1"),
    ("GIT_DEFAULT_HASH", "sha256"),
    ("GIT_PAGER", "false"),
    ("GIT_TRACE", "1"),
    ("GIT_MERGE_VERBOSITY", "5"),
    ("LC_ALL", "tr_TR.UTF-8"),
    ("LANG", "de_DE.ISO-8859-1"),
    ("LANGUAGE", "de"),
    ("TZ", "Asia/Kathmandu"),
    ("GREP_OPTIONS", "-v"),
];

/// What a case makes of a repository and of the machine.
#[derive(Debug, Clone)]
struct Steering {
    /// Lines of attributes: in the tree of the target, in that of the change, and beside the tree.
    attributes: [Vec<usize>; 3],
    settings: Vec<usize>,
    variables: Vec<usize>,
    /// How either side changes each file.
    edits: [Vec<u8>; 2],
    /// The target moves a folder.
    moves: bool,
    /// The change takes a commit of the target in, and the target the change's: two merge bases.
    crosses: bool,
}

fn steering() -> impl Strategy<Value = Steering> {
    let some = |of: usize, most: usize| prop::collection::vec(0..of, 0..most);
    let attributes = || some(ATTRIBUTES.len(), 3);
    let edits = || prop::collection::vec(0..6_u8, FILES.len());
    (
        [attributes(), attributes(), attributes()],
        some(SETTINGS.len(), 12),
        some(VARIABLES.len(), 8),
        [edits(), edits()],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(attributes, settings, variables, edits, moves, crosses)| Steering {
            attributes,
            settings,
            variables,
            edits,
            moves,
            crosses,
        })
}

fn content(path: &str) -> Vec<u8> {
    let lines: String = (0..30).map(|n| format!("def f{n}(): assert {n}\n")).collect();
    match path {
        "src/latin.py" => [b"# \xe9t\xe9\n", lines.as_bytes()].concat(),
        "src/wide.py" => lines.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "src/picture.bin" => [b"\0\x01\x02", lines.as_bytes()].concat(),
        _ => lines.into_bytes(),
    }
}

/// Edits a file, at the place that is this side's own or at one that both have; some edits only show in some encoding or behind
/// a NUL.
fn edit(bytes: &[u8], how: u8, side: usize) -> Option<Vec<u8>> {
    let at = bytes.len() * (1 + 2 * side) / 4;
    match how {
        0 | 1 => Some(bytes.to_vec()),
        2 => Some([&bytes[..at], b"\npass\n", &bytes[at..]].concat()),
        3 => Some([bytes, format!("- {side}\n").as_bytes()].concat()),
        4 => Some([bytes, b"tail \0 behind\n"].concat()),
        _ => None,
    }
}

impl Steering {
    fn lines(&self, place: usize) -> String {
        self.attributes[place].iter().map(|at| format!("{}\n", ATTRIBUTES[*at])).collect()
    }

    fn settings(&self) -> String {
        let section = |at: &usize| {
            let (key, value) = SETTINGS[*at];
            let (section, name) = key.rsplit_once('.').unwrap();
            let section = match section.split_once('.') {
                Some((section, of)) => format!("{section} \"{of}\""),
                None => section.to_owned(),
            };
            format!("[{section}]\n\t{name} = \"{value}\"\n")
        };
        self.settings.iter().map(section).collect()
    }

    /// One side's edits, committed.
    fn side(&self, repo: &Repo, side: usize) {
        for (path, how) in FILES.iter().zip(&self.edits[side]) {
            let Ok(bytes) = std::fs::read(repo.path().join(path)) else { continue };
            match edit(&bytes, *how, side) {
                Some(bytes) => std::fs::write(repo.path().join(path), bytes).unwrap(),
                None => std::fs::remove_file(repo.path().join(path)).unwrap(),
            }
        }
        repo.write(".gitattributes", &self.lines(side));
        repo.git(&["add", "--all"]);
        let submodule = if side == 0 { "1" } else { "2" }.repeat(40);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{submodule},dep{side}")]);
        repo.git(&["commit", "--quiet", "--allow-empty", "--message", "Edit"]);
    }

    /// The history, with `main` and `work`.
    fn repo(&self) -> Repo {
        let repo = Repo::empty();
        // What is committed is what the files hold.
        let raw = "* -text !eol !ident !filter !working-tree-encoding\n";
        std::fs::write(repo.path().join(".git/info/attributes"), raw).unwrap();
        for n in 0..9 {
            repo.commit(&format!("Before {n}"));
        }
        repo.write(".countersign/policy.yaml", POLICY);
        repo.write(".gitmodules", "[submodule \"dep\"]\n\tpath = dep1\n\turl = ../dep\n\tignore = all\n");
        for path in FILES {
            repo.write(path, "");
            std::fs::write(repo.path().join(path), content(path)).unwrap();
        }
        repo.commit("Begin");
        repo.git(&["switch", "--quiet", "--create", "work"]);
        self.side(&repo, 1);
        let before = repo.git(&["rev-parse", "HEAD"]);
        repo.git(&["switch", "--quiet", "--force", "main"]);
        self.side(&repo, 0);
        let ours = repo.git(&["rev-parse", "HEAD"]);
        if self.moves {
            repo.git(&["mv", "src", "lib"]);
            repo.commit("Move the sources");
        }
        if self.crosses {
            repo.git(&["merge", "--quiet", "--strategy=ours", "--message", "Take the change", &before]);
            repo.git(&["switch", "--quiet", "--force", "work"]);
            repo.git(&["merge", "--quiet", "--strategy=ours", "--message", "Take the target", &ours]);
            repo.write("src/more.py", "def more(): assert True\n");
            repo.git(&["add", "--force", "src/more.py"]);
            repo.git(&["commit", "--quiet", "--message", "More"]);
        } else {
            repo.git(&["switch", "--quiet", "--force", "work"]);
        }
        repo
    }

    /// Puts into a git folder what would steer git: attributes, settings, and a history that is another one.
    fn put_into(&self, repo: &Repo, git_dir: &Path) {
        let [head, other] = ["work", "main"].map(|name| repo.git(&["rev-parse", name]));
        std::fs::create_dir_all(git_dir.join("refs/replace")).unwrap();
        std::fs::write(git_dir.join("refs/replace").join(&head), format!("{other}\n")).unwrap();
        std::fs::write(git_dir.join("info/grafts"), format!("{head}\n")).unwrap();
        std::fs::create_dir_all(git_dir.join("info")).unwrap();
        std::fs::write(git_dir.join("info/attributes"), self.lines(2)).unwrap();
        let config = git_dir.join("config");
        let own = std::fs::read_to_string(&config).unwrap();
        std::fs::write(config, format!("{own}{}", self.settings())).unwrap();
    }
}

/// Clones of a repository: each with its folder, and the one of its git.
fn clones(repo: &Repo) -> Vec<(&'static str, PathBuf, PathBuf)> {
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", repo.path().display());
    let local = repo.path().display().to_string();
    let clone = |name: &str, args: &[&str], from: &str| {
        let to = repo.beside(name);
        text(
            &command(&repo.path()).args(["clone", "--quiet"]).args(args).arg(from).arg(&to).output().unwrap(),
        );
        to
    };
    let mut all = Vec::new();
    for (name, args, from) in [
        ("bare", &["--bare"][..], &local),
        ("mirror", &["--mirror"], &local),
        ("shallow", &["--bare", "--depth=8", "--no-single-branch"], &from),
        ("alternates", &["--bare", "--shared"], &local),
        ("partial", &["--bare", "--filter=blob:none"], &from),
    ] {
        let folder = clone(name, args, from);
        all.push((name, folder.clone(), folder));
    }
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", "--force", linked.to_str().unwrap(), "main"]);
    let git_dir = repo.path().join(".git");
    all.push(("linked", linked, git_dir.clone()));
    all.push(("work tree", repo.path(), git_dir));
    all
}

/// The request that `check` judges, but for where the repository stands and when it was asked.
fn request(repo: &Repo, folder: &Path, variables: &[(&str, &str)]) -> Value {
    let spool = repo.beside("spool");
    let args = ["check", "--target", "main", "--head", "work", "--spool", spool.to_str().unwrap(), "--repo"];
    let ran = run(repo.beside("").as_path(), &[&args[..], &[folder.to_str().unwrap()]].concat(), variables);
    assert!(ran.code < 2, "{ran:?}");
    let records = std::fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path());
    let record =
        records.into_iter().find(|path| path.extension().is_some_and(|end| end == "record")).unwrap();
    let left = std::fs::read_to_string(&record).unwrap();
    std::fs::remove_file(record).unwrap();
    let mut request: Value = serde_json::from_str(left.lines().nth(1).unwrap()).unwrap();
    request["trigger"]["now"].take();
    request["change"]["repository"]["name"].take();
    request["change"]["repository"]["remote"].take();
    request["change"]["default_branch"].take();
    for document in request["documents"].as_array_mut().unwrap() {
        document["ref"].take();
    }
    request
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn the_same_two_commits_give_the_same_request_in_every_clone(steering in steering()) {
        let repo = steering.repo();
        let plain = request(&repo, &repo.path(), &[]);
        let home = repo.beside("home");
        let attributes = home.join(".config/git");
        std::fs::create_dir_all(&attributes).unwrap();
        std::fs::write(attributes.join("attributes"), steering.lines(2)).unwrap();
        std::fs::write(home.join(".gitconfig"), steering.settings()).unwrap();
        let (home, config) = (home.display().to_string(), home.join(".gitconfig").display().to_string());
        let mut variables: Vec<(&str, &str)> = steering.variables.iter().map(|at| VARIABLES[*at]).collect();
        variables.extend([("HOME", home.as_str()), ("GIT_CONFIG_GLOBAL", config.as_str())]);
        let clones = clones(&repo);
        // Not committed: in the index and the work tree.
        repo.write(".gitattributes", &steering.lines(2));
        repo.git(&["add", "--force", ".gitattributes"]);
        for (name, folder, git_dir) in clones {
            prop_assert_eq!(&plain, &request(&repo, &folder, &[]), "{}, as it is", name);
            steering.put_into(&repo, &git_dir);
            prop_assert_eq!(&plain, &request(&repo, &folder, &variables), "{}, steered", name);
        }
        prop_assert_eq!(&plain, &request(&repo, &repo.path().join(".countersign"), &variables), "a folder in it");
    }
}

#[test]
fn what_a_policy_would_have_said_is_the_same_whatever_the_log_shows() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    for message in ["One\nand more\n\nbody", "Zwei \u{e4}", "Three"] {
        repo.commit(message);
    }
    let tried = || {
        let run =
            repo.countersign(&["policy", "try", "main~3..main", "--target", "main", "--format", "json"]);
        assert_eq!(run.code, 0, "{run:?}");
        run.out
    };
    let plain = tried();
    assert!(plain.contains("One and more") && plain.contains("Zwei \u{e4}"), "{plain}");
    for (key, value) in [
        ("log.showSignature", "true"),
        ("format.pretty", "fuller"),
        ("i18n.logOutputEncoding", "UTF-16"),
        ("log.decorate", "full"),
        ("log.showRoot", "false"),
        ("color.ui", "always"),
        ("log.diffMerges", "first-parent"),
    ] {
        repo.git(&["config", key, value]);
    }
    assert_eq!(plain, tried());
}
