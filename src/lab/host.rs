//! What the host must have before a lab can be built, and how to get it.

use super::{Progress, Tool};
use crate::error::{Error, Result};
use std::path::Path;
use std::time::Duration;

/// Programs a lab runs on the host, with the Debian package of each.
const PROGRAMS: [(&str, &str); 11] = [
    ("debootstrap", "debootstrap"),
    ("systemd-nspawn", "systemd-container"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("rsync", "rsync"),
    ("mkfs.ext4", "e2fsprogs"),
    ("mount", "mount"),
    ("nsenter", "util-linux"),
    ("setsid", "util-linux"),
];
/// Longest the package tools may take.
const INSTALLING: Duration = Duration::from_mins(15);

/// Debian packages that the host lacks, in order, each once.
pub fn missing_packages() -> Vec<&'static str> {
    let mut missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| *package)
        .collect();
    missing.dedup();
    missing
}

/// Installs packages with the host's own package manager.
pub fn install(packages: &[&str], progress: Progress<'_>) -> Result<()> {
    let apt = || {
        Tool::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .deadline(INSTALLING)
    };
    progress("reading the package lists");
    apt().args(["-q", "update"]).run()?;
    progress(&format!("installing {}", packages.join(" ")));
    apt()
        .args(["-q", "-y", "--no-install-recommends", "install"])
        .args(packages)
        .run()
        .map(drop)
}

/// Refuses what a lab cannot run without: root, and the packages.
pub fn check() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::refused(
            "lab_root",
            "a lab needs root: it makes network namespaces and mounts",
        )
        .hint("run it with sudo"));
    }
    let missing = missing_packages();
    if !missing.is_empty() {
        return Err(
            Error::refused("lab_packages", format!("this host lacks {}", missing.join(", ")))
                .hint("run `pairadm lab install-check`"),
        );
    }
    load_modules();
    Ok(())
}

/// Loads what a node's container cannot load for itself. Nothing is said of a failure: modules may be
/// built in, and what is really absent shows at its first use, by name.
fn load_modules() {
    const MODULES: [&str; 9] = [
        "overlay",
        "loop",
        "ext4",
        "veth",
        "bridge",
        "nf_tables",
        "ip_tables",
        "ip6_tables",
        "nf_conntrack",
    ];
    if is_installed("modprobe") {
        let _ = Tool::new("modprobe").args(["-a", "-q"]).args(MODULES).output();
    }
}

/// Looks in `PATH` and where system programs are when `PATH` is a plain user's.
fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin", "/sbin"])
        .any(|dir| Path::new(dir).join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_path_only_when_they_exist() {
        assert!(is_installed("sh"));
        assert!(!is_installed("pairadm-has-no-such-program"));
    }
}
