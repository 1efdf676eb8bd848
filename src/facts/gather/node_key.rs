//! The node's own SSH key for its peer. It is made here and its private half never leaves the node.

use crate::agent::program;
use crate::model::paths;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Instant;

/// The public half, if there is a key.
pub fn read() -> Option<String> {
    public_half(Path::new(paths::NODE_KEY))
}

/// The public half; makes the key first when there is none.
pub fn ensure(deadline: Instant) -> Result<String, String> {
    ensure_at(Path::new(paths::NODE_KEY), deadline)
}

fn ensure_at(private: &Path, deadline: Instant) -> Result<String, String> {
    if let Some(public) = public_half(private) {
        return Ok(public);
    }
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", private.display());
    let directory = private.parent().ok_or_else(|| failed(&"has no directory"))?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| failed(&error))?;
    // Made under another name and renamed, public half first: a reader that finds the private half finds
    // the pair complete, and a crash in between leaves nothing that is taken for a key.
    let made = private.with_extension("new");
    for stale in [made.clone(), public_path(&made)] {
        match fs::remove_file(&stale) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&error)),
            _ => {}
        }
    }
    let made_text = made.to_string_lossy();
    let argv = [
        "ssh-keygen",
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        "pairadm",
        "-f",
        made_text.as_ref(),
    ];
    let ran = program::run(&argv, "", deadline).map_err(|error| failed(&error))?;
    if !ran.status.success() {
        return Err(failed(&ran.last_words()));
    }
    fs::rename(public_path(&made), public_path(private)).map_err(|error| failed(&error))?;
    fs::rename(&made, private).map_err(|error| failed(&error))?;
    public_half(private).ok_or_else(|| failed(&"cannot be read back"))
}

/// `ssh-ed25519 AAAA…` without its comment; `None` unless both halves are there.
fn public_half(private: &Path) -> Option<String> {
    if !private.exists() {
        return None;
    }
    let text = fs::read_to_string(public_path(private)).ok()?;
    let mut words = text.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

fn public_path(private: &Path) -> std::path::PathBuf {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    #[test]
    fn a_key_is_made_once_and_only_root_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("keys/id_ed25519");
        let deadline = Instant::now() + Duration::from_secs(10);
        let first = ensure_at(&key, deadline).unwrap();
        assert!(first.starts_with("ssh-ed25519 AAAA"));
        assert_eq!(ensure_at(&key, deadline).unwrap(), first);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_public_half_alone_is_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("id_ed25519");
        fs::write(public_path(&key), "ssh-ed25519 AAAA pairadm\n").unwrap();
        assert_eq!(public_half(&key), None);
    }
}
