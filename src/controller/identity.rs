//! Who the operator is, for locks, journals and reports.

use crate::agent::protocol::LockOwner;
use chrono::{Local, SecondsFormat};

/// The operator at this terminal, about to do `operation`.
pub fn owner(operation: &str) -> LockOwner {
    LockOwner {
        who: format!("{}@{}", login(), host()),
        pid: std::process::id(),
        operation: operation.to_owned(),
        since: now(),
    }
}

/// The name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Local time as RFC 3339 to the second.
pub fn now() -> String {
    Local::now().to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// The suffix of this run's in-place backups: process and epoch second.
pub fn backup_tag() -> String {
    format!("pairadm_{}_{}", std::process::id(), Local::now().timestamp())
}

/// The person behind `sudo` counts, not root.
fn login() -> String {
    let named = ["SUDO_USER", "LOGNAME", "USER"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let named = named.map(|name| {
        name.chars()
            .filter(char::is_ascii_graphic)
            .take(32)
            .collect::<String>()
    });
    named
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()))
}
