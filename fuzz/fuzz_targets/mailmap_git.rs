//! A mailmap of any text takes people for those whom the git on this machine takes them for.
#![no_main]

#[path = "../../tests/conformance/src/git.rs"]
#[allow(dead_code, reason = "another target needs the rest")]
mod git;

thread_local! {
    static REPOSITORY: tempfile::TempDir = git::repository();
}

libfuzzer_sys::fuzz_target!(|map: &str| {
    let people = git::everybody();
    let theirs = REPOSITORY.with(|folder| git::mailmap_by_git(folder.path(), map.as_bytes(), &people));
    assert_eq!(git::mailmap_by_us(map, &people), theirs);
});
