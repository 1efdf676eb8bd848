//! What the machine is: names, clock, size. Read from files of the kernel and of the distribution.

use crate::facts::Facts;
use crate::model::paths;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Fills in everything about the machine that costs no program.
pub fn describe(facts: &mut Facts) {
    let uname = rustix::system::uname();
    facts.hostname = uname.nodename().to_string_lossy().into_owned();
    facts.kernel = uname.release().to_string_lossy().into_owned();
    facts.machine_id = line("/etc/machine-id", &mut facts.gaps);
    facts.boot_id = line("/proc/sys/kernel/random/boot_id", &mut facts.gaps);
    facts.os = os_name(&text("/etc/os-release", &mut facts.gaps));
    facts.uptime_s = uptime(&text("/proc/uptime", &mut facts.gaps));
    facts.memory = memory(&text("/proc/meminfo", &mut facts.gaps));
    facts.cpus = std::thread::available_parallelism()
        .ok()
        .and_then(|count| u32::try_from(count.get()).ok())
        .unwrap_or_default();
    facts.clock_us = clock_us();
    facts.time_zone = time_zone();
    match disk() {
        Ok(disk) => facts.disk = disk,
        Err(why) => facts.gaps.push(why),
    }
}

/// Microseconds since the epoch by the node's clock.
fn clock_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or_default()
}

/// Free for root, and total, of the file system that holds or will hold what pairadm keeps.
fn disk() -> Result<(u64, u64), String> {
    let existing = Path::new(paths::VAR_DIR)
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"));
    let stat = rustix::fs::statvfs(existing)
        .map_err(|error| format!("free space of {}: {error}", existing.display()))?;
    Ok((stat.f_bfree * stat.f_frsize, stat.f_blocks * stat.f_frsize))
}

/// Zone name by `/etc/localtime`, else `/etc/timezone`, and the offset now in seconds.
fn time_zone() -> (String, i32) {
    let offset = chrono::Local::now().offset().local_minus_utc();
    let name = fs::read_link("/etc/localtime")
        .ok()
        .and_then(|target| zone_of_link(&target.to_string_lossy()))
        .or_else(|| {
            let name = fs::read_to_string("/etc/timezone").ok()?;
            Some(name.trim().to_owned())
        })
        .unwrap_or_else(|| "UTC".to_owned());
    (name, offset)
}

fn zone_of_link(target: &str) -> Option<String> {
    target.split_once("/zoneinfo/").map(|(_, zone)| zone.to_owned())
}

fn os_name(os_release: &str) -> String {
    os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches(['"', '\'']).to_owned())
        .unwrap_or_default()
}

fn uptime(proc_uptime: &str) -> u64 {
    proc_uptime
        .split(['.', ' '])
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_default()
}

fn memory(meminfo: &str) -> u64 {
    meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .unwrap_or_default()
}

fn text(path: &str, gaps: &mut Vec<String>) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| {
        gaps.push(format!("{path}: {error}"));
        String::new()
    })
}

fn line(path: &str, gaps: &mut Vec<String>) -> String {
    text(path, gaps).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_named_without_quotes() {
        let release = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(os_name(release), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(os_name("ID=none\n"), "");
    }

    #[test]
    fn memory_and_uptime_are_numbers() {
        assert_eq!(
            memory("MemTotal:        2038268 kB\nMemFree: 1 kB\n"),
            2_038_268 * 1024
        );
        assert_eq!(uptime("350735.47 234388.90\n"), 350_735);
        assert_eq!(uptime(""), 0);
    }

    #[test]
    fn the_zone_is_the_path_below_zoneinfo() {
        assert_eq!(
            zone_of_link("../usr/share/zoneinfo/Europe/Berlin").as_deref(),
            Some("Europe/Berlin")
        );
        assert_eq!(zone_of_link("/etc/zone"), None);
    }

    #[test]
    fn this_machine_is_described() {
        let mut facts = Facts::default();
        describe(&mut facts);
        assert!(facts.memory > 0 && facts.cpus > 0 && facts.disk.1 > 0 && facts.clock_us > 0);
    }
}
