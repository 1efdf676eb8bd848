//! The root file system under every node: built once with debootstrap, named by what went into it,
//! never changed afterwards.

use super::apt::Source;
use super::{Place, Progress, Tool};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The release the nodes run.
const SUITE: &str = "bookworm";
/// One package a line, `#` for comments.
const PACKAGES: &str = include_str!("../../templates/lab/packages");
/// Runs inside the new root file system.
const SETUP: &str = include_str!("../../templates/lab/setup-rootfs.sh");
/// A slow mirror may take its time; a dead one may not block for ever.
const BUILDING: Duration = Duration::from_mins(30);

/// The root file system of this version of pairadm, built if need be.
pub fn ensure(place: &Place, progress: Progress<'_>) -> Result<PathBuf> {
    let dir = directory(place);
    if dir.is_dir() {
        return Ok(dir);
    }
    let _lock = place.lock("rootfs")?;
    if dir.is_dir() {
        return Ok(dir);
    }
    let start = Instant::now();
    let draft = dir.with_extension("building");
    remove(&draft)?;
    build(place, &draft, progress)?;
    std::fs::rename(&draft, &dir).map_err(|error| failed(&dir).because(error))?;
    progress(&format!(
        "root file system built in {} s",
        start.elapsed().as_secs()
    ));
    Ok(dir)
}

/// Removes every cached root file system and the packages downloaded for them.
pub fn purge(place: &Place) -> Result<()> {
    let _lock = place.lock("rootfs")?;
    let entries = std::fs::read_dir(place.base()).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("rootfs-"))
        {
            remove(&path)?;
        }
    }
    remove(&place.packages())
}

fn build(place: &Place, dir: &Path, progress: Progress<'_>) -> Result<()> {
    let source = Source::of_host(SUITE)?;
    progress(&format!(
        "building the nodes' root file system from {} (a minute or two, once)",
        source.mirror
    ));
    let packages = place.packages();
    std::fs::create_dir_all(&packages).map_err(|error| failed(&packages).because(error))?;
    let list: Vec<_> = packages_wanted().collect();
    let mut debootstrap = Tool::new("debootstrap")
        .args(["--variant=minbase", "--merged-usr"])
        .arg(format!("--include={}", list.join(",")))
        .arg(format!("--cache-dir={}", packages.display()))
        .deadline(BUILDING);
    if let Some(authority) = &source.authority {
        debootstrap = debootstrap.arg(format!("--ca-certificate={authority}"));
    }
    for (variable, value) in &source.proxies {
        debootstrap = debootstrap.env(variable, value);
    }
    debootstrap
        .arg(SUITE)
        .arg(dir)
        .arg(&source.mirror)
        .run()
        .map_err(|error| {
            error.hint(format!(
                "see {}/debootstrap/debootstrap.log; the mirror comes from /etc/apt",
                dir.display()
            ))
        })?;
    progress("setting up its services");
    Tool::new("chroot")
        .arg(dir)
        .args(["/bin/sh", "-eu"])
        .input(SETUP)
        .deadline(BUILDING)
        .run()
        .map(drop)
}

fn packages_wanted() -> impl Iterator<Item = &'static str> {
    PACKAGES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn directory(place: &Place) -> PathBuf {
    let mut hash = Sha256::new();
    for part in [SUITE, PACKAGES, SETUP] {
        hash.update(part);
        hash.update([0]);
    }
    let digest = hash.finalize();
    let name = digest
        .iter()
        .take(6)
        .fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
    place.base().join(format!("rootfs-{name}"))
}

fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(dir).because(error)),
        _ => Ok(()),
    }
}

fn failed(dir: &Path) -> Error {
    Error::incomplete("lab_rootfs", "cannot put the root file system in place").at(dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_list_holds_names_that_debootstrap_takes() {
        let list: Vec<_> = packages_wanted().collect();
        assert!(list.contains(&"kamailio") && list.contains(&"openssh-server"));
        for name in list {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)),
                "{name}"
            );
        }
    }
}
