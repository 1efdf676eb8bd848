//! Where things are on a node. One place, so that the agent, the planners and the boot guard agree.

/// The installed program: tool, agent and boot guard.
pub const PROGRAM: &str = "/usr/local/sbin/pairadm";

/// The pair file.
pub const PAIR_FILE: &str = "/etc/pairadm/pair.toml";

/// Profiles of the administrator.
pub const PROFILES_DIR: &str = "/etc/pairadm/profiles.d";

/// The administrator's profile of this name, where there is one.
pub fn own_profile(name: &str) -> String {
    format!("{PROFILES_DIR}/{name}.toml")
}

/// Programs that are told when the node becomes active or passive.
pub const REACTIONS_DIR: &str = "/etc/pairadm/reactions.d";

/// Everything a node remembers.
pub const VAR_DIR: &str = "/var/lib/pairadm";

/// The node's recorded [`NodeState`](super::NodeState).
pub const STATE_FILE: &str = "/var/lib/pairadm/state/state.json";

/// Journals, a directory an operation.
pub const OPS_DIR: &str = "/var/lib/pairadm/ops";

/// Originals of files whose directory loads everything in it.
pub const BACKUPS_DIR: &str = "/var/lib/pairadm/backups";

/// The node's own key pair for its peer; the private half never leaves the node.
pub const NODE_KEY: &str = "/var/lib/pairadm/keys/id_ed25519";

/// Who holds the pair's lock on this node.
pub const LOCK_FILE: &str = "/run/pairadm/lock";

/// Reports.
pub const REPORT_DIR: &str = "/var/log/pairadm";
