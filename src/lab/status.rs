//! The lab at a glance: what runs, what answers, what is broken.

use super::machine::Machine;
use super::{Lab, reach};
use serde::Serialize;
use std::time::Duration;

/// A healthy node greets within a millisecond, on a busy machine somewhat later.
const GREETING: Duration = Duration::from_secs(2);

/// The lab now.
#[derive(Debug, Clone, Serialize)]
pub struct LabStatus {
    /// The lab's name.
    pub name: String,
    /// Virtual addresses.
    pub vips: [std::net::IpAddr; 2],
    /// The host's end: gateway and control address.
    pub control: [std::net::IpAddr; 2],
    /// The third host, to probe from.
    pub third: [std::net::IpAddr; 2],
    /// Both nodes.
    pub nodes: Vec<LabNodeStatus>,
    /// Faults that are on, as they are typed.
    pub faults: Vec<String>,
}

/// One node now.
#[derive(Debug, Clone, Serialize)]
pub struct LabNodeStatus {
    /// Host name.
    pub name: String,
    /// Number of its process 1 on the host; none when it is off.
    pub pid: Option<u32>,
    /// Systemd's word, `off`, or why it could not be asked.
    pub state: String,
    /// Addresses on `eth0`.
    pub addresses: [std::net::IpAddr; 2],
    /// Addresses on the duplication link.
    pub duplication: [std::net::IpAddr; 2],
    /// Microseconds to the SSH greeting.
    pub ssh_us: Option<u128>,
    /// Whether its SIP service answers OPTIONS at the node's own address.
    pub sip: bool,
}

impl LabStatus {
    /// Looks at every node of `lab`.
    pub fn of(lab: &Lab) -> Self {
        let nodes = lab.nodes.iter().map(|node| {
            let machine = Machine::of(lab, node);
            let pid = machine.init();
            let answers = pid.is_some();
            LabNodeStatus {
                name: node.name.clone(),
                pid,
                state: pid.map_or_else(|| "off".to_owned(), |_| system_state(&machine)),
                addresses: [node.v4.into(), node.v6.into()],
                duplication: [node.dup_v4.into(), node.dup_v6.into()],
                ssh_us: answers
                    .then(|| reach::ssh_greeting(node.v4.into(), GREETING).ok())
                    .flatten()
                    .map(|time| time.as_micros()),
                sip: answers && matches!(reach::sip_options(node.v4.into(), GREETING), Ok(Some(_))),
            }
        });
        Self {
            name: lab.name.clone(),
            vips: [lab.vip_v4.into(), lab.vip_v6.into()],
            control: [lab.control_v4.into(), lab.control_v6.into()],
            third: [lab.third_v4().into(), lab.third_v6().into()],
            nodes: nodes.collect(),
            faults: lab.faults.iter().map(ToString::to_string).collect(),
        }
    }
}

fn system_state(machine: &Machine<'_>) -> String {
    let asked = machine
        .enter(["systemctl", "is-system-running"])
        .and_then(|tool| tool.deadline(Duration::from_secs(5)).output());
    match asked {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(error) => error.to_string(),
    }
}
