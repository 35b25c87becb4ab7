//! Whether files have the rights that the hook relies on, as the server's account sees them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// Bits of a mode, for the owner; the group has them three places lower, and everybody else three lower still.
const READ: u32 = 0o400;
const WRITE: u32 = 0o200;
const ENTER: u32 = 0o100;

/// An account of this machine.
#[derive(Debug)]
pub struct Account {
    uid: u32,
    gids: Vec<u32>,
}

impl Account {
    /// By its name or its number; none where this machine does not know it.
    pub fn named(name: &str) -> Option<Self> {
        let id = |flag: &str| {
            let output = Command::new("id").args([flag, "--", name]).output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let gids = id("-G")?.split_whitespace().filter_map(|gid| gid.parse().ok()).collect();
        Some(Account { uid: id("-u")?.trim().parse().ok()?, gids })
    }

    /// The one that a file or folder belongs to.
    pub fn owning(path: &Path) -> Option<Self> {
        let owner = fs::metadata(path).ok()?;
        Some(
            Account::named(&owner.uid().to_string())
                .unwrap_or_else(|| Account { uid: owner.uid(), gids: vec![owner.gid()] }),
        )
    }

    fn may(&self, bits: u32, meta: &fs::Metadata) -> bool {
        let bits = if meta.uid() == self.uid {
            bits
        } else if self.gids.contains(&meta.gid()) {
            bits >> 3
        } else {
            bits >> 6
        };
        self.uid == 0 || meta.mode() & bits == bits
    }

    /// Whether it may do this with a file or folder, and get there.
    fn can(&self, bits: u32, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        let of = |bits: u32, path: &Path| fs::metadata(path).is_ok_and(|meta| self.may(bits, &meta));
        of(bits, &path) && path.ancestors().skip(1).all(|folder| of(ENTER, folder))
    }
}

/// Who else could change a file, a folder, or what it lies in.
pub fn writable(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.mode();
    let path = path.display();
    (mode & 0o022 != 0).then(|| format!("{path} can be written by others than its owner: chmod go-w {path}"))
}

/// Whether it belongs to root or to the server's account; anybody else could do with it what they like.
pub fn foreign(path: &Path, server: Option<&Account>) -> Option<String> {
    let (owner, server) = (fs::metadata(path).ok()?.uid(), server?);
    let path = path.display();
    (owner != 0 && owner != server.uid)
        .then(|| format!("{path} belongs to neither root nor the server's account: chown it to one of them"))
}

/// What is wrong with a file that holds a secret.
pub fn secret(path: &Path, server: Option<&Account>) -> Vec<String> {
    let Ok(meta) = fs::metadata(path) else {
        return vec![format!(
            "{} is missing or cannot be looked at: it should hold the token",
            path.display()
        )];
    };
    let mut faults = Vec::new();
    if meta.mode() & 0o007 != 0 {
        let path = path.display();
        faults.push(format!("{path} is open to everybody on this machine: chmod 640 {path}"));
    }
    faults.extend(writable(path).filter(|_| meta.mode() & 0o020 != 0));
    faults.extend(foreign(path, server));
    faults.extend(unreadable(path, server));
    faults
}

/// Whether the server's account may read a file.
pub fn unreadable(path: &Path, server: Option<&Account>) -> Option<String> {
    let cannot = !server?.can(READ, path);
    cannot.then(|| {
        format!("{} cannot be read by the server's account, and then nothing passes", path.display())
    })
}

/// What is wrong with the folder of the spool.
pub fn spool(path: &Path, server: Option<&Account>) -> Vec<String> {
    if !path.is_dir() {
        return vec![format!("{} is no folder: run install-hook without --check", path.display())];
    }
    let mut faults: Vec<String> = writable(path).into_iter().chain(foreign(path, server)).collect();
    if server.is_some_and(|server| !server.can(WRITE | ENTER, path)) {
        let path = path.display();
        faults.push(format!("{path} cannot be written by the server's account: chown it to that account"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    /// The tests run as root in some places and as a person in others; rights are asked of accounts that need not exist.
    fn account(uid: u32, gids: &[u32]) -> Account {
        Account { uid, gids: gids.to_owned() }
    }

    fn with_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_secret_is_for_its_owner_and_the_server_alone() {
        let folder = tempfile::tempdir().unwrap();
        with_mode(folder.path(), 0o755);
        let token = folder.path().join("token");
        fs::write(&token, "secret").unwrap();
        let meta = fs::metadata(&token).unwrap();
        let (owner, group, other) =
            (account(meta.uid(), &[]), account(4_000_001, &[meta.gid()]), account(4_000_001, &[4_000_002]));
        for (mode, who, said) in [
            (0o600, &owner, &[][..]),
            (0o640, &group, &[]),
            (0o644, &owner, &["is open to everybody"]),
            (0o604, &owner, &["is open to everybody"]),
            (0o602, &owner, &["is open to everybody"]),
            (0o660, &owner, &["can be written by others"]),
            (0o600, &group, &["cannot be read by the server's account"]),
            (0o640, &other, &["cannot be read by the server's account"]),
        ] {
            with_mode(&token, mode);
            let faults = secret(&token, Some(who));
            let faults: Vec<&String> = faults.iter().filter(|fault| !fault.contains("belongs to")).collect();
            assert_eq!(faults.len(), said.len(), "{mode:o} {who:?}: {faults:?}");
            assert!(faults.iter().zip(said).all(|(fault, said)| fault.contains(said)), "{faults:?}");
        }
        with_mode(&token, 0o640);
        with_mode(folder.path(), 0o700);
        assert!(unreadable(&token, Some(&group)).is_some(), "what lies in a closed folder cannot be read");
        assert!(secret(&folder.path().join("none"), None)[0].contains("is missing"));
    }

    #[test]
    fn a_spool_is_written_by_the_server_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let (path, meta) = (folder.path(), fs::metadata(folder.path()).unwrap());
        let (owner, other) = (account(meta.uid(), &[meta.gid()]), account(4_000_001, &[]));
        with_mode(path, 0o700);
        assert_eq!(spool(path, Some(&owner)), Vec::<String>::new());
        assert!(
            spool(path, Some(&other)).iter().any(|fault| fault.contains("cannot be written by the server"))
        );
        for mode in [0o777, 0o770, 0o722] {
            with_mode(path, mode);
            assert!(spool(path, Some(&owner))[0].contains("can be written by others"), "{mode:o}");
        }
        assert!(spool(&path.join("none"), None)[0].contains("is no folder"));
        with_mode(path, 0o755);
        if meta.uid() == 0 {
            chown(path, Some(4_000_003), None).unwrap();
            assert!(spool(path, Some(&other))[0].contains("belongs to neither"));
        }
    }
}
