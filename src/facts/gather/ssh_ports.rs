//! TCP ports on which an SSH server listens, by the sockets its processes hold.

use std::collections::BTreeSet;
use std::fs;

/// Process names of SSH servers.
const SERVERS: [&str; 2] = ["sshd", "dropbear"];

/// State `LISTEN` in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// The ports in rising order. The port of the connection this process was started over counts too: with
/// socket activation systemd, not the server, holds the listening socket.
pub fn read() -> Vec<u16> {
    let mut listening = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        listening.extend(listeners(&fs::read_to_string(table).unwrap_or_default()));
    }
    let held = sockets_of_servers();
    let mut ports: BTreeSet<u16> = listening
        .into_iter()
        .filter(|(_, inode)| held.contains(inode))
        .map(|(port, _)| port)
        .collect();
    ports.extend(
        std::env::var("SSH_CONNECTION")
            .ok()
            .and_then(|text| own_port(&text)),
    );
    ports.into_iter().collect()
}

/// Port and socket inode of each listening line.
fn listeners(table: &str) -> Vec<(u16, u64)> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, port) = fields.get(1)?.rsplit_once(':')?;
            (*fields.get(3)? == LISTEN)
                .then_some((u16::from_str_radix(port, 16).ok()?, fields.get(9)?.parse().ok()?))
        })
        .collect()
}

/// Inodes of the sockets that SSH servers have open. Processes come and go meanwhile: what cannot be read
/// has gone.
fn sockets_of_servers() -> BTreeSet<u64> {
    let mut inodes = BTreeSet::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if !process
            .file_name()
            .as_encoded_bytes()
            .iter()
            .all(u8::is_ascii_digit)
        {
            continue;
        }
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        if !SERVERS.contains(&name.trim()) {
            continue;
        }
        for entry in fs::read_dir(process.path().join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            if let Ok(target) = fs::read_link(entry.path()) {
                inodes.extend(socket_inode(&target.to_string_lossy()));
            }
        }
    }
    inodes
}

fn socket_inode(target: &str) -> Option<u64> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The last word of `SSH_CONNECTION`: the server's port.
fn own_port(ssh_connection: &str) -> Option<u16> {
    ssh_connection.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listening_sockets_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 123 1 0\n\
            1: 0100007F:0016 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 456 1 0\n";
        assert_eq!(listeners(table), [(22, 123)]);
    }

    #[test]
    fn links_to_sockets_name_the_inode() {
        assert_eq!(socket_inode("socket:[123]"), Some(123));
        assert_eq!(socket_inode("/dev/null"), None);
    }

    #[test]
    fn the_connection_tells_the_servers_port() {
        assert_eq!(own_port("192.0.2.9 40000 192.0.2.1 2222"), Some(2222));
        assert_eq!(own_port(""), None);
    }
}
