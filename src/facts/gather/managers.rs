//! Other programs that rewrite the packet filter, and what they would do to pairadm's chain.

use crate::facts::UnitFacts;
use std::fs;

/// Their units; asked together with the profile's, so they cost nothing extra.
pub const UNITS: [&str; 4] = [
    "firewalld.service",
    "ufw.service",
    "nftables.service",
    "netfilter-persistent.service",
];

/// Names of those at work now or at the next boot, with what makes them dangerous.
pub fn named(units: &[UnitFacts]) -> Vec<String> {
    let ufw = fs::read_to_string("/etc/ufw/ufw.conf").unwrap_or_default();
    let nftables = fs::read_to_string("/etc/nftables.conf").unwrap_or_default();
    judge(units, &ufw, &nftables)
}

fn judge(units: &[UnitFacts], ufw: &str, nftables: &str) -> Vec<String> {
    let at_work = |name: &str| {
        units
            .iter()
            .any(|unit| unit.name == name && (unit.active == "active" || unit.enabled == "enabled"))
    };
    let mut found = Vec::new();
    if at_work("firewalld.service") {
        found.push("firewalld".to_owned());
    }
    // ufw's unit is enabled wherever it is installed; its own switch tells.
    if at_work("ufw.service") && has_line(ufw, "ENABLED=yes") {
        found.push("ufw".to_owned());
    }
    if at_work("nftables.service") {
        found.push(if has_line(nftables, "flush ruleset") {
            "nftables.service (its rules begin with `flush ruleset`)".to_owned()
        } else {
            "nftables.service".to_owned()
        });
    }
    if at_work("netfilter-persistent.service") {
        found.push("netfilter-persistent".to_owned());
    }
    found
}

fn has_line(text: &str, wanted: &str) -> bool {
    text.lines()
        .any(|line| line.trim().trim_end_matches(';') == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enabled(name: &str) -> UnitFacts {
        UnitFacts {
            name: name.to_owned(),
            load: "loaded".to_owned(),
            active: "inactive".to_owned(),
            enabled: "enabled".to_owned(),
        }
    }

    #[test]
    fn ufw_counts_only_when_switched_on() {
        let units = [enabled("ufw.service")];
        assert!(judge(&units, "ENABLED=no\n", "").is_empty());
        assert_eq!(judge(&units, "ENABLED=yes\n", ""), ["ufw"]);
    }

    #[test]
    fn a_flushing_rule_file_is_said() {
        let units = [enabled("nftables.service"), enabled("firewalld.service")];
        let named = judge(&units, "", "#!/usr/sbin/nft -f\nflush ruleset\n");
        assert_eq!(named[0], "firewalld");
        assert!(named[1].contains("flush ruleset"));
    }

    #[test]
    fn what_is_not_installed_is_not_named() {
        assert!(judge(&[], "ENABLED=yes\n", "flush ruleset\n").is_empty());
    }
}
