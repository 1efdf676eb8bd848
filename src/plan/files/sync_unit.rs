//! The continuous synchronisation on a node: lsyncd's configuration, and the unit that runs it.
//!
//! lsyncd's own transfer by rsync could neither translate addresses nor know who is active, and its
//! transfer by ssh runs programs of its choice on the other node. So it only watches.

use super::template::render;
use crate::error::Result;
use crate::model::paths;
use minijinja::context;

/// The unit.
pub const UNIT: &str = "pairadm-sync.service";

/// lsyncd's unit as distributions ship it: where it is known, lsyncd is installed.
pub const LSYNCD: &str = "lsyncd.service";

/// lsyncd's configuration.
pub const CONFIGURATION: &str = "/etc/pairadm/sync.lua";

/// Seconds from a change until it is looked at: what an editor writes in several steps is one change.
const DELAY_S: u32 = 2;

/// Seconds after a failure until it is tried again.
const PAUSE_S: u32 = 20;

/// Text of the unit's file.
pub fn unit() -> Result<String> {
    render(
        UNIT,
        include_str!("../../../templates/pairadm-sync.service"),
        context! { state => paths::STATE_FILE, configuration => CONFIGURATION },
    )
}

/// lsyncd's configuration for these directories.
pub fn configuration(directories: &[String]) -> Result<String> {
    let quoted: Vec<String> = directories
        .iter()
        .map(|directory| directory.replace('\\', "\\\\").replace('"', "\\\""))
        .collect();
    render(
        "sync.lua",
        include_str!("../../../templates/sync.lua"),
        context! { program => paths::PROGRAM, delay => DELAY_S, pause => PAUSE_S, directories => quoted },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_is_watched_and_no_name_ends_its_quotes() {
        let text = configuration(&["/etc/sip".to_owned(), "/etc/a\"b".to_owned()]).unwrap();
        assert!(text.contains("sync { bring, source = \"/etc/sip\" }\n"), "{text}");
        assert!(text.contains("source = \"/etc/a\\\"b\""), "{text}");
        assert!(unit().unwrap().contains("-nodaemon /etc/pairadm/sync.lua\n"));
    }
}
