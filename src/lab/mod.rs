//! The practice lab: two real servers on one machine, with faults on request.
//!
//! A node is a full Debian booted by `systemd-nspawn` in a network namespace of its own: an overlay
//! of one cached root file system over the node's own small disk image. The nodes hang on two bridges
//! (SIP and duplication link) in a namespace that only holds the bridges, so that labs never meet;
//! one veth per lab joins the host to the SIP bridge and gives it the control address.
//!
//! ```text
//!   host --plab<n>-- [ <lab>-net: br0 ] --eth0-- <lab>-alpha  (systemd, sshd, kamailio)
//!                    [            br0 ] --eth0-- <lab>-beta   (systemd, sshd, kamailio)
//!                    [            br0 ] --eth0-- <lab>-gamma  (a third host: namespace only)
//!                    [            br1 ] --eth1-- alpha, beta  (duplication link)
//! ```
//!
//! What runs is read from the kernel (each node has its own control group), never from recorded
//! process numbers, so a recycled number is never killed and a host that was rebooted needs no repair.

mod apt;
mod cgroup;
mod create;
mod database;
mod disk;
mod fault;
mod fault_effect;
mod host;
mod identity;
mod lifecycle;
mod machine;
mod network;
mod pair;
mod place;
mod reach;
mod rootfs;
mod state;
mod status;
mod subnet;
mod tool;
mod trainer;

pub use database::Database;
pub use fault::Fault;
pub use host::{install, missing_packages};
pub use lifecycle::{Started, build_cache, down, purge_cache, up};
pub use place::{LabName, Place};
pub use reach::sip_options;
pub use state::{Lab, LabNode};
pub use status::{LabNodeStatus, LabStatus};
pub use tool::Tool;
pub use trainer::{FaultOffer, Trainer};

/// Receives one line of progress at a time.
pub type Progress<'a> = &'a dyn Fn(&str);
