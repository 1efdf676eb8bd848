//! What a node is like: gathered by its agent in one request, read by planners and by status.

mod data;
mod gather;
mod held;

pub use data::{BackupFacts, DataFacts, DataQuery, MirrorFacts, Stamp};
pub use gather::gather;
pub use held::{DataHeld, HeldMirror, MirrorUse, mirrors};

use crate::agent::protocol::{FileImage, LockOwner};
use crate::data::{LastRun, Ledger, Survey, Surveyed};
use crate::error::Error;
use crate::model::{NodeState, OpId, Port, Raised, Side, Traffic, Work};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Kernel parameters that are always gathered: whether a service can bind a VIP that the node does not
/// hold yet, and whether removing an address removes its neighbours.
pub const SYSCTLS: [&str; 3] = [
    "net.ipv4.ip_nonlocal_bind",
    "net.ipv6.ip_nonlocal_bind",
    "net.ipv4.conf.all.promote_secondaries",
];

/// What to look at. Everything not named here is always gathered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FactsQuery {
    /// Files to read whole, with their obstacles.
    pub files: Vec<String>,
    /// Units to ask systemd about.
    pub units: Vec<String>,
    /// Program that prints the service's version, as an argument vector.
    pub version_command: Vec<String>,
    /// Program that exits 0 and prints nothing alarming when the service is alive.
    pub liveness_command: Vec<String>,
    /// Programs that print a number: name, argument vector, and the text before the number.
    pub counters: Vec<CounterQuery>,
    /// UDP port to ask for SIP OPTIONS at the node's own address, when set.
    pub sip_port: Option<u16>,
    /// Own addresses to ask at.
    pub sip_targets: Vec<IpAddr>,
    /// Addresses to ping: peer, control address. Empty where speed matters more.
    pub reach: Vec<IpAddr>,
    /// VIPs: looked for in addresses and in the network configuration of the distribution.
    pub vips: Vec<IpAddr>,
    /// Make the node's key for its peer when there is none: the only thing that asking may create. Not set
    /// for a dry run.
    #[serde(default)]
    pub ensure_node_key: bool,
    /// The peer's address, to look whether its key would open root's login here.
    #[serde(default)]
    pub login_from: Option<IpAddr>,
    /// Look also at what only setting the node up needs: the clock's synchronisation, the node's key, the
    /// installed program.
    #[serde(default)]
    pub setup: bool,
    /// Look also at backup and mirrors.
    #[serde(default)]
    pub data: Option<DataQuery>,
    /// Look for the newest mirror of the data of this side.
    #[serde(default)]
    pub newest_mirror: Option<Side>,
    /// Files to look at for a comparison with the other node.
    #[serde(default)]
    pub survey: Option<Survey>,
    /// Leave out everything slow (version, counters, disks, configuration search): for live status.
    pub brief: bool,
}

/// A counter of calls or registrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterQuery {
    /// `calls`, `registrations`.
    pub name: String,
    /// Argument vector.
    pub argv: Vec<String>,
    /// The number follows this text.
    pub after: String,
}

/// What a node is like now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// `uname -n`.
    pub hostname: String,
    /// Contents of `/etc/machine-id`: two nodes with one are a clone or the same machine.
    pub machine_id: String,
    /// `PRETTY_NAME` of os-release.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Boot id, to notice a reboot.
    pub boot_id: String,
    /// Seconds since boot.
    pub uptime_s: u64,
    /// Clock: microseconds since the epoch when the facts were gathered.
    pub clock_us: i64,
    /// Time zone name and offset in seconds.
    pub time_zone: (String, i32),
    /// True when the kernel clock is synchronised.
    pub clock_synchronised: bool,
    /// CPUs online.
    pub cpus: u32,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes free for `/var/lib/pairadm`, and total.
    pub disk: (u64, u64),
    /// Addresses by interface.
    pub addresses: Vec<InterfaceAddress>,
    /// Interfaces by name with MAC and whether the link is up.
    pub interfaces: Vec<Interface>,
    /// Default gateways.
    pub gateways: Vec<IpAddr>,
    /// Firewall.
    pub firewall: Firewall,
    /// Units asked for.
    pub units: Vec<UnitFacts>,
    /// First line of the version command, or why there is none.
    pub version: Option<String>,
    /// Whether the liveness command succeeded, with its last line.
    pub alive: Option<(bool, String)>,
    /// Milliseconds (as microseconds) until OPTIONS was answered at each target.
    pub sip: Vec<(IpAddr, Option<u64>)>,
    /// Counters that could be read.
    pub counters: Vec<(String, u64)>,
    /// Round-trip times asked for.
    pub reach: Vec<(IpAddr, Option<u64>)>,
    /// Files asked for.
    pub files: Vec<FileImage>,
    /// Files of the distribution's network configuration that name a VIP.
    pub vip_in_configuration: Vec<String>,
    /// `net.ipv4.ip_nonlocal_bind`, `net.ipv6.ip_nonlocal_bind` and others by name.
    pub sysctl: Vec<(String, String)>,
    /// keepalived: running, and whether it manages a VIP.
    pub keepalived: bool,
    /// TCP ports on which sshd listens.
    pub ssh_ports: Vec<u16>,
    /// Lines of sshd's effective configuration that keep the peer's key from opening root's login.
    #[serde(default)]
    pub root_login: Vec<String>,
    /// pairadm's recorded state.
    pub state: Option<NodeState>,
    /// What keeps the recorded state from being replaced.
    #[serde(default)]
    pub state_obstacle: Option<Error>,
    /// What was loaded from the other node, newest last.
    #[serde(default)]
    pub loaded: Ledger,
    /// Public half of the node's own key for its peer: `ssh-ed25519 AAAA…`.
    pub node_key: Option<String>,
    /// Who holds the lock.
    pub lock: Option<LockOwner>,
    /// The controller that holds it is gone; its agent takes back what has to be, and ends.
    #[serde(default)]
    pub lock_left: bool,
    /// Newest operation in the journal and whether it is still open.
    pub last_operation: Option<(OpId, String, bool)>,
    /// Files looked at for a comparison; `None` when that was not asked for or not possible.
    #[serde(default)]
    pub survey: Option<Vec<Surveyed>>,
    /// What the node last did by itself.
    #[serde(default)]
    pub runs: Vec<LastRun>,
    /// Alarms that are raised.
    #[serde(default)]
    pub alarms: Vec<Raised>,
    /// What is wrong with the alarm files.
    #[serde(default)]
    pub alarm_faults: Vec<String>,
    /// Reactions and alarm files, in order of name.
    #[serde(default)]
    pub reactions: Vec<ReactionFile>,
    /// Hash of the installed agent binary, if any.
    pub agent_sha256: Option<String>,
    /// Backup and mirrors, when they were asked for.
    pub data: Option<DataFacts>,
    /// The newest mirror, when it was asked for and there is one.
    #[serde(default)]
    pub newest_mirror: Option<Stamp>,
    /// The long step that is going on.
    pub work: Option<Work>,
    /// What could not be gathered, in words.
    pub gaps: Vec<String>,
}

/// A file of the reactions' directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionFile {
    /// Its name.
    pub name: String,
    /// SHA-256 of its content; of a large file only its size is told.
    pub digest: String,
    /// It may be run.
    pub runs: bool,
}

/// One address on one interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceAddress {
    /// Interface name.
    pub interface: String,
    /// Address.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix: u8,
}

/// One network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Name.
    pub name: String,
    /// MAC address, lower case with colons.
    pub mac: String,
    /// Operational state is up.
    pub up: bool,
}

/// What pairadm needs to know of the packet filter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Firewall {
    /// `nf_tables` or `legacy`, as `iptables -V` says; `None` without iptables.
    pub backend: Option<String>,
    /// What pairadm's chain does now for IPv4 and IPv6, read from the kernel; `None`: no chain.
    pub v4: Option<Traffic>,
    /// The same for IPv6.
    pub v6: Option<Traffic>,
    /// Ports that are blocked now.
    pub blocked: Vec<Port>,
    /// What is wrong with the chain: jump missing, not first, rules of somebody else in it.
    pub faults: Vec<String>,
    /// Other managers that rewrite rules: firewalld, ufw, nftables.service, netfilter-persistent.
    pub managers: Vec<String>,
}

/// A systemd unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFacts {
    /// Name with suffix.
    pub name: String,
    /// `loaded`, `not-found`, `masked`.
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`.
    pub active: String,
    /// `enabled`, `disabled`, `static`, ….
    pub enabled: String,
    /// When a timer elapses next, as systemd writes it; `None` for other units and stopped timers.
    #[serde(default)]
    pub next: Option<String>,
}

impl Facts {
    /// The interface that carries `address`, if any does.
    pub fn carrier(&self, address: IpAddr) -> Option<&str> {
        self.addresses
            .iter()
            .find(|entry| entry.address == address)
            .map(|entry| entry.interface.as_str())
    }

    /// MAC of the interface.
    pub fn mac(&self, interface: &str) -> Option<&str> {
        self.interfaces
            .iter()
            .find(|entry| entry.name == interface)
            .map(|entry| entry.mac.as_str())
    }

    /// The image of a file that was asked for.
    pub fn file(&self, path: &str) -> Option<&FileImage> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The unit that was asked for.
    pub fn unit(&self, name: &str) -> Option<&UnitFacts> {
        self.units.iter().find(|unit| unit.name == name)
    }
}
