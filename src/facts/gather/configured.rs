//! Files of the node that name a VIP: the distribution's network configuration, which would bring the
//! VIP up behind pairadm's back, and keepalived's.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Where distributions keep addresses: ifupdown, netplan, systemd-networkd, `NetworkManager`, ifcfg, wicked.
const PLACES: [&str; 8] = [
    "/etc/network",
    "/etc/netplan",
    "/etc/systemd/network",
    "/run/systemd/network",
    "/etc/NetworkManager/system-connections",
    "/etc/sysconfig/network-scripts",
    "/etc/sysconfig/network",
    "/etc/wicked",
];

/// keepalived's configuration and what it includes by convention.
const KEEPALIVED: &str = "/etc/keepalived";

/// Larger files are no network configuration.
const LARGEST: u64 = 1 << 20;

/// How deep directories are searched.
const DEPTH: usize = 3;

/// Files of the network configuration that name one of the VIPs.
pub fn network_files(vips: &[IpAddr]) -> Vec<String> {
    PLACES
        .iter()
        .flat_map(|place| naming(Path::new(place), vips))
        .collect()
}

/// True when keepalived runs and its configuration names one of the VIPs.
pub fn keepalived_holds(vips: &[IpAddr]) -> bool {
    runs("/run/keepalived.pid", "keepalived") && !naming(Path::new(KEEPALIVED), vips).is_empty()
}

/// True when the process of this PID file lives and has this name: a PID file alone may be stale.
fn runs(pid_file: &str, name: &str) -> bool {
    let Ok(pid) = fs::read_to_string(pid_file) else {
        return false;
    };
    fs::read_to_string(format!("/proc/{}/comm", pid.trim())).is_ok_and(|comm| comm.trim() == name)
}

fn naming(place: &Path, vips: &[IpAddr]) -> Vec<String> {
    files(place, DEPTH)
        .into_iter()
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| names_any(&text, vips)))
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

fn files(place: &Path, depth: usize) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Ok(meta) = fs::metadata(entry.path()) else {
            continue;
        };
        if meta.is_dir() && depth > 0 {
            found.extend(files(&entry.path(), depth - 1));
        } else if meta.is_file() && meta.len() <= LARGEST {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// True when the text names one of the addresses outside a comment line, in whatever spelling.
fn names_any(text: &str, vips: &[IpAddr]) -> bool {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with(['#', ';', '!']))
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':')))
        // `address1=…` in keyfiles and `ip:` in YAML leave a colon or a dot at the edge of the word.
        .filter_map(|word| {
            word.parse::<IpAddr>()
                .or_else(|_| word.trim_matches(['.', ':']).parse())
                .ok()
        })
        .any(|address| vips.contains(&address))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn vips() -> Vec<IpAddr> {
        vec!["192.0.2.10".parse().unwrap(), "2001:db8::10".parse().unwrap()]
    }

    #[test]
    fn a_vip_is_found_in_each_syntax() {
        for text in [
            "iface eth0 inet static\n  address 192.0.2.10/24\n",
            "      addresses: [192.0.2.1/24, \"192.0.2.10/32\"]\n",
            "[Network]\nAddress=2001:db8:0:0::10/128\n",
            "[ipv4]\naddress1=192.0.2.10/24,192.0.2.254\n",
            "IPADDR2=\"192.0.2.10\"\n",
            "virtual_ipaddress {\n  192.0.2.10/32 dev eth0\n}\n",
        ] {
            assert!(names_any(text, &vips()), "{text}");
        }
    }

    #[test]
    fn comments_and_longer_addresses_do_not_count() {
        for text in [
            "# address 192.0.2.10\n",
            "address 192.0.2.100/24\n",
            "address 1192.0.2.10\n",
            "",
        ] {
            assert!(!names_any(text, &vips()), "{text}");
        }
    }

    #[test]
    fn files_are_named_by_path_and_directories_searched() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("interfaces.d")).unwrap();
        fs::write(dir.path().join("interfaces.d/vip"), "address 192.0.2.10/32\n").unwrap();
        fs::write(dir.path().join("interfaces"), "source interfaces.d/*\n").unwrap();
        let found = naming(dir.path(), &vips());
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("interfaces.d/vip"));
    }

    #[test]
    fn a_stale_pid_file_is_not_a_running_program() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        fs::write(&pid_file, "1\n").unwrap();
        assert!(!runs(&pid_file.to_string_lossy(), "keepalived"));
    }
}
