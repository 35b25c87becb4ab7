//! Repositories that came with the files of another one: whoever wrote those says what stands in them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{GitError, command, failed};

/// The work tree, if any, whose index holds one of these places: the folder of a repository that is bare, the work tree of a
/// submodule, a link that leads to either. What a repository ignores or does not track is nobody's change to it.
///
/// # Errors
/// When git does not answer for a work tree that lies around.
pub(super) fn by_whom(places: &[PathBuf]) -> Result<Option<PathBuf>, GitError> {
    for place in places {
        for top in place.ancestors().skip(1).filter(|folder| folder.join(".git").exists()) {
            let Ok(inside) = place.strip_prefix(top) else { continue };
            // git tracks nothing that is called so.
            let in_git_folder = inside.iter().any(|name| name.eq_ignore_ascii_case(".git"));
            if !in_git_folder && tracks(top, inside)? {
                return Ok(Some(top.to_owned()));
            }
        }
    }
    Ok(None)
}

/// Every link on the way to a folder, by where it stands.
pub(super) fn links_to(folder: &Path) -> Vec<PathBuf> {
    let Ok(folder) = std::path::absolute(folder) else { return Vec::new() };
    let links = folder.ancestors().filter(|path| path.is_symlink());
    links.filter_map(|link| Some(link.parent()?.canonicalize().ok()?.join(link.file_name()?))).collect()
}

/// Whether the index of the repository at `top` holds a path, or anything below it, in upper or lower case.
fn tracks(top: &Path, inside: &Path) -> Result<bool, GitError> {
    let mut path = OsString::from(":(top,literal,icase)");
    path.push(inside);
    let mut command = command::as_user();
    command.current_dir(top).args(["-c", "core.fsmonitor=false", "--git-dir=.git", "--work-tree=."]);
    let output = command.args(["ls-files", "-z", "--"]).arg(path).output().map_err(GitError::Missing)?;
    if output.status.success() {
        return Ok(!output.stdout.is_empty());
    }
    let is_none = String::from_utf8_lossy(&output.stderr).contains("not a git repository");
    if is_none { Ok(false) } else { Err(failed(&["ls-files"], &output.stderr)) }
}
