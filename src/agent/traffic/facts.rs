//! The packet filter as a fact of the node, for `status`, `doctor` and the planners.

use super::chains::{self, Chains};
use super::rules::{CHAIN, Family, Place};
use crate::agent::program::{self, Running};
use crate::error::Result;
use crate::facts::Firewall;
use crate::model::{Port, Traffic};
use std::path::Path;
use std::time::Instant;

/// Services that load rule sets of their own and may take ours away with the old ones.
const MANAGERS: [&str; 5] = [
    "firewalld.service",
    "ufw.service",
    "nftables.service",
    "netfilter-persistent.service",
    "iptables.service",
];

/// Reads the packet filter from the kernel. A node without `iptables` has no back end and no faults.
pub fn read(deadline: Instant) -> Result<Firewall> {
    let version = match Running::start(&["iptables", "-V"]) {
        Ok(running) => running,
        Err(error) if error.code == "no_program" => return Ok(Firewall::default()),
        Err(error) => return Err(error),
    };
    let read = chains::read(deadline)?;
    let version = version.finish("", deadline)?.stdout;
    let backend = if version.contains("nf_tables") {
        "nf_tables"
    } else {
        "legacy"
    };
    let mut firewall = summary(&read);
    firewall.faults.extend(shadowed(backend, deadline));
    firewall.backend = Some(backend.to_owned());
    firewall.managers = managers(Path::new("/etc/systemd/system"));
    Ok(firewall)
}

/// What the chains of both families do together.
fn summary(read: &[Chains]) -> Firewall {
    let mut firewall = Firewall::default();
    let mut blocked: Vec<(Family, Vec<Port>)> = Vec::new();
    for chains in read {
        let family = chains.family;
        let mut ports = Vec::new();
        let mut traffic = None;
        for place in Place::ALL {
            let listing = chains.at(place);
            firewall.faults.extend(listing.faults(place, family));
            ports.extend(listing.blocked(family));
            traffic = stricter(traffic, listing.traffic(family));
        }
        if Place::ALL.iter().all(|&place| chains.at(place).chain) {
            firewall
                .faults
                .push(format!("{}: {CHAIN} is in two tables", family.label()));
        }
        match family {
            Family::V4 => firewall.v4 = traffic,
            Family::V6 => firewall.v6 = traffic,
        }
        blocked.push((family, ports));
    }
    if let [(_, v4), (_, v6)] = blocked.as_slice()
        && v4 != v6
    {
        firewall
            .faults
            .push("IPv4 and IPv6 block different ports".to_owned());
    }
    firewall.blocked = blocked.into_iter().flat_map(|(_, ports)| ports).collect();
    firewall.blocked.sort_unstable();
    firewall.blocked.dedup();
    firewall
}

/// Of two tables, the one that blocks decides.
fn stricter(one: Option<Traffic>, other: Option<Traffic>) -> Option<Traffic> {
    match (one, other) {
        (Some(Traffic::Blocked), _) | (_, Some(Traffic::Blocked)) => Some(Traffic::Blocked),
        (one, other) => one.or(other),
    }
}

/// A chain of ours in the back end that `iptables` does *not* point to still acts in the kernel.
fn shadowed(backend: &str, deadline: Instant) -> Option<String> {
    let other = if backend == "legacy" {
        "iptables-nft"
    } else {
        // Asking would load the legacy tables into a kernel that does without them.
        let names = std::fs::read_to_string("/proc/net/ip_tables_names").unwrap_or_default();
        names
            .lines()
            .any(|table| table == "raw")
            .then_some("iptables-legacy")?
    };
    let done = program::run(&[other, "-w", "-t", "raw", "-S"], "", deadline).ok()?;
    done.stdout
        .contains(&format!("-N {CHAIN}\n"))
        .then(|| format!("{CHAIN} is also in the rules of `{other}`, which act beside those of `iptables`"))
}

/// Managers that systemd starts at boot.
fn managers(units: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(units) else {
        return Vec::new();
    };
    let wants: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wants"))
        .collect();
    let enabled = |unit: &&str| {
        wants
            .iter()
            .any(|wants| wants.join(unit).symlink_metadata().is_ok())
    };
    MANAGERS
        .iter()
        .filter(|unit| enabled(unit))
        .map(|unit| (*unit).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enabled_manager_is_found_and_a_disabled_one_is_not() {
        let root = tempfile::tempdir().unwrap();
        let wants = root.path().join("sysinit.target.wants");
        std::fs::create_dir(&wants).unwrap();
        std::os::unix::fs::symlink("/nowhere", wants.join("nftables.service")).unwrap();
        std::fs::write(root.path().join("ufw.service"), "").unwrap();
        assert_eq!(managers(root.path()), ["nftables.service"]);
    }
}
