//! The units of the boot guard. Two, because the block has to be there before the network is, and the
//! decision needs the network.

use super::template::render;
use crate::error::Result;
use crate::model::paths;
use minijinja::context;

/// Blocks SIP before the network is up.
pub const EARLY: &str = "pairadm-guard.service";

/// Decides once the network is up.
pub const LATE: &str = "pairadm-guard-late.service";

/// Runs the promote hooks after a start; systemd knows it only then.
pub const PROMOTE: &str = "pairadm-promote.service";

/// Unit names with the texts of their files.
pub fn texts(services: &[String]) -> Result<[(&'static str, String); 2]> {
    let values = context! { program => paths::PROGRAM, var => paths::VAR_DIR, state => paths::STATE_FILE, services => services.to_vec() };
    let early = render(
        EARLY,
        include_str!("../../../templates/pairadm-guard.service"),
        values.clone(),
    )?;
    let late = render(
        LATE,
        include_str!("../../../templates/pairadm-guard-late.service"),
        values,
    )?;
    Ok([(EARLY, early), (LATE, late)])
}

/// Path of a unit's file.
pub fn path(unit: &str) -> String {
    format!("/etc/systemd/system/{unit}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_block_comes_before_the_network_and_after_those_who_flush() {
        let [(_, early), (_, late)] = texts(&["kamailio.service".to_owned()]).unwrap();
        assert!(early.contains("Before=network-pre.target"));
        assert!(early.contains("After=local-fs.target nftables.service"));
        assert!(early.contains("ExecStart=/usr/local/sbin/pairadm guard early\n"));
        assert!(early.contains("Before=kamailio.service\n"));
        assert!(late.contains("Before=kamailio.service\n"));
        assert!(late.contains("After=network-online.target pairadm-guard.service postgresql.service\n"));
    }
}
