//! The pair's NTP servers for chrony, as a file of its own in a directory that chrony.conf loads; where
//! it loads none, as a block in chrony.conf.

use super::template::render;
use crate::error::Result;
use minijinja::context;

/// chrony's own file: Debian and its kin, Red Hat and its kin.
pub const MAIN_FILES: [&str; 2] = ["/etc/chrony/chrony.conf", "/etc/chrony.conf"];

/// chrony's unit: Debian and its kin, Red Hat and its kin.
pub const UNITS: [&str; 2] = ["chrony.service", "chronyd.service"];

/// pairadm's file in `sourcedir`.
pub const SOURCES: &str = "/etc/chrony/sources.d/pairadm.sources";

/// pairadm's file in `confdir`.
pub const CONF: &str = "/etc/chrony/conf.d/pairadm.conf";

const TEMPLATE: &str = include_str!("../../../templates/chrony.sources");
const BLOCK_BEGINS: &str = "# pairadm: NTP servers of the pair";
const BLOCK_ENDS: &str = "# pairadm: end";

/// Where the servers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// [`SOURCES`].
    Sources,
    /// [`CONF`].
    Conf,
    /// A block in chrony.conf itself.
    Main,
}

impl Place {
    /// By what chrony.conf loads.
    pub fn of(main: &str) -> Self {
        let loads = |key: &str, path: &str| {
            main.lines().any(|line| {
                let mut words = line.split_whitespace();
                words.next() == Some(key)
                    && words.any(|directory| directory.trim_end_matches('/') == directory_of(path))
            })
        };
        if loads("sourcedir", SOURCES) {
            Self::Sources
        } else if loads("confdir", CONF) {
            Self::Conf
        } else {
            Self::Main
        }
    }
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The text of pairadm's own file.
pub fn text(servers: &[String]) -> Result<String> {
    render(
        "chrony.sources",
        TEMPLATE,
        context! { servers => servers.to_vec() },
    )
}

/// chrony.conf with a block for these servers, or without a block when there are none.
pub fn with_block(main: &str, servers: &[String]) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in main.split_inclusive('\n') {
        match line.trim_end() {
            BLOCK_BEGINS => inside = true,
            BLOCK_ENDS if inside => inside = false,
            _ if !inside => kept.push_str(line),
            _ => {}
        }
    }
    if servers.is_empty() {
        return kept;
    }
    if !kept.is_empty() && !kept.ends_with('\n') {
        kept.push('\n');
    }
    let lines: Vec<String> = servers
        .iter()
        .map(|server| format!("server {server} iburst"))
        .collect();
    format!("{kept}{BLOCK_BEGINS}\n{}\n{BLOCK_ENDS}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn servers() -> Vec<String> {
        vec!["ntp1.example.net".to_owned(), "192.0.2.123".to_owned()]
    }

    #[test]
    fn the_place_follows_what_chrony_loads() {
        assert_eq!(
            Place::of(
                "confdir /etc/chrony/conf.d\nsourcedir /run/chrony-dhcp\nsourcedir /etc/chrony/sources.d\n"
            ),
            Place::Sources
        );
        assert_eq!(
            Place::of("confdir /etc/chrony/conf.d/\n# sourcedir /etc/chrony/sources.d\n"),
            Place::Conf
        );
        assert_eq!(Place::of("pool 2.pool.ntp.org iburst\n"), Place::Main);
    }

    #[test]
    fn each_server_has_its_line() {
        let text = text(&servers()).unwrap();
        assert!(
            text.contains("\nserver ntp1.example.net iburst\nserver 192.0.2.123 iburst\n"),
            "{text}"
        );
    }

    #[test]
    fn a_block_is_replaced_and_removed_without_a_trace() {
        let main = "driftfile /var/lib/chrony/drift\n";
        let once = with_block(main, &servers());
        assert_eq!(with_block(&once, &servers()), once);
        assert_eq!(with_block(&once, &[]), main);
    }
}
