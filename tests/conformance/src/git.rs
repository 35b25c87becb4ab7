//! What the git on this machine reads out of a message and a mailmap, and what the core does, in one form to compare.
//!
//! The fuzz targets include this file, so it knows nothing of the rest of the crate.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "of tests and fuzz targets, which stop where git cannot be asked"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_core::provenance::trailers;
use countersign_core::signoff::mailmap::Mailmap;

/// Runs git with nobody's configuration on this input, and gives what it printed.
fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        panic!("git {arguments:?} ended with {}: {:?}", output.status, String::from_utf8_lossy(input));
    }
    output.stdout
}

/// The trailers that `git interpret-trailers --parse` prints, a line each.
pub fn trailers_by_git(message: &[u8], divider: bool) -> Vec<u8> {
    let arguments = ["interpret-trailers", "--parse", "--no-divider"];
    let arguments = if divider { &arguments[..2] } else { &arguments[..] };
    git(&std::env::temp_dir(), arguments, message)
}

/// The trailers that the core reads, as git prints them.
pub fn trailers_by_us(message: &[u8], divider: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for trailer in trailers::parse(message, divider) {
        out.extend_from_slice(&trailer.key);
        out.extend_from_slice(b": ");
        out.extend_from_slice(&trailer.value);
        out.push(b'\n');
    }
    out
}

/// Holds both readings of the trailers of a message to each other, with git's divider and without.
///
/// # Panics
/// Where they differ.
pub fn assert_same_trailers(message: &[u8]) {
    // In divider mode git 2.39 never ends where the divider leaves nothing, or where scissors stand below it.
    let text = String::from_utf8_lossy(message);
    let ends = !text.starts_with("---") && !text.contains(">8");
    for divider in [false, true].into_iter().filter(|divider| !divider || ends) {
        let (git, ours) = (trailers_by_git(message, divider), trailers_by_us(message, divider));
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&git),
            "divider {divider}: {text:?}"
        );
    }
}

/// An empty repository, in which git can be asked about a mailmap.
///
/// # Panics
/// Where none can be made.
pub fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet"], b"");
    folder
}

/// Whom a mailmap takes each of these for, by `git check-mailmap` in a repository: a line each. The map is a blob, as a server has it:
/// of a file in a work tree git 2.39 reads on behind a NUL, and parts a line of more than 1,023 bytes.
pub fn mailmap_by_git(repository: &Path, map: &[u8], idents: &[(String, String)]) -> String {
    let id = git(repository, &["hash-object", "-w", "--stdin"], map);
    let blob = format!("mailmap.blob={}", String::from_utf8_lossy(&id).trim());
    let asked: String = idents.iter().map(|(name, email)| contact(name, email)).collect();
    let told = git(repository, &["-c", &blob, "check-mailmap", "--stdin"], asked.as_bytes());
    String::from_utf8_lossy(&told).into_owned()
}

/// Whom the core takes each of these for by a mailmap: a line each, as git prints it.
pub fn mailmap_by_us(map: &str, idents: &[(String, String)]) -> String {
    let mut mailmap = Mailmap::default();
    mailmap.read(map);
    let told = |(name, email): &(String, String)| {
        let (name, email) = mailmap.lookup(name, email);
        contact(name, email)
    };
    idents.iter().map(told).collect()
}

fn contact(name: &str, email: &str) -> String {
    if name.is_empty() { format!("<{email}>\n") } else { format!("{name} <{email}>\n") }
}

/// People whom the maps of tests speak of: each of a few names with each of a few addresses.
pub fn everybody() -> Vec<(String, String)> {
    let names = ["Ann", "ann lee", "Bob Ray", "", "Zoë"];
    let emails = ["ann@shop", "bob@shop", "BOB@Shop", "old@shop", "svn", "root@localhost", "Zoë@shop", ""];
    let pairs = names.iter().flat_map(|name| emails.iter().map(move |email| (*name, *email)));
    // Of an ident that holds nothing at all git makes none.
    pairs
        .filter(|(name, email)| !(name.is_empty() && email.is_empty()))
        .map(|(name, email)| (name.to_owned(), email.to_owned()))
        .collect()
}
