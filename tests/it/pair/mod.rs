//! Operations of a pair on real nodes, through the command line: what they do, what they refuse, and
//! what is left when the tool, a link or a node goes away in the middle.

mod alarms;
mod alone;
mod faults;
mod health;
mod operations;
mod priority;
mod record;
mod refusals;

use crate::support::drive::{both, json, run};
use crate::support::hold::wait_until;
use crate::support::lab::{LabPair, TestNode};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// Files that `configure` changes or creates, where an original must come back byte for byte.
const MANAGED: [&str; 5] = [
    "/etc/hosts",
    "/root/.ssh/authorized_keys",
    "/root/.ssh/known_hosts",
    "/etc/sysctl.d",
    "/etc/systemd/system/pairadm-guard.service",
];

/// Whether pairadm's chain on the node stops SIP, for IPv4 and IPv6.
fn blocks(node: TestNode<'_>) -> [bool; 2] {
    ["iptables", "ip6tables"].map(|program| {
        let rules = node.exec(&[program, "-t", "raw", "-S", "PAIRADM"]);
        String::from_utf8_lossy(&rules.stdout).contains("-j DROP")
    })
}

/// The whole truth about who serves: VIPs of both families, rules of both families, on both nodes.
#[track_caller]
fn assert_serves(lab: &LabPair, active: &str, case: &str) {
    let passive = if active == "alpha" { "beta" } else { "alpha" };
    for vip in vips(lab) {
        assert!(
            lab.node(active).holds(vip),
            "{case}: {active} does not hold {vip}"
        );
        assert!(!lab.node(passive).holds(vip), "{case}: {passive} holds {vip}");
    }
    assert_eq!(
        blocks(lab.node(active)),
        [false; 2],
        "{case}: {active} is blocked"
    );
    assert_eq!(
        blocks(lab.node(passive)),
        [true; 2],
        "{case}: {passive} is not blocked"
    );
}

fn vips(lab: &LabPair) -> [std::net::IpAddr; 2] {
    [lab.lab.vip_v4.into(), lab.lab.vip_v6.into()]
}

/// Takes the VIPs off by hand: `remove` leaves them to the side that serves.
fn drop_vips(lab: &LabPair) {
    for node in ["alpha", "beta"] {
        for vip in vips(lab) {
            let length = if vip.is_ipv4() { 32 } else { 128 };
            lab.node(node)
                .exec(&["ip", "addr", "del", &format!("{vip}/{length}"), "dev", "eth0"]);
        }
    }
}

/// Waits until the agents of a pairadm that is gone have noticed it.
fn until_unlocked(lab: &LabPair) {
    let free = ["flock", "--nonblock", "/run/pairadm/lock", "true"];
    wait_until("both locks are free", || {
        ["alpha", "beta"]
            .iter()
            .all(|node| lab.node(node).exec(&free).status.success())
    });
}

/// A pairadm whose progress is read line by line, so that something can be done to it in the middle.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(lab: &LabPair, args: &[&str]) -> Self {
        let mut child = lab
            .pairadm_command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("pairadm starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines }
    }

    /// Waits until `count` steps are done; the node of the last one, or `None` when pairadm ended first.
    fn until_steps(&mut self, count: usize) -> Option<String> {
        let mut seen = 0;
        for line in self.lines.by_ref().map_while(Result::ok) {
            let mut words = line.split_whitespace();
            let node = words.next().unwrap_or_default();
            if matches!(node, "alpha" | "beta") && matches!(words.next(), Some("done" | "unchanged")) {
                seen += 1;
                if seen == count {
                    return Some(node.to_owned());
                }
            }
        }
        None
    }

    /// Waits until a step with this in its title is done.
    fn until_done(&mut self, title: &str) {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        let done = lines.find(|line| line.contains(title) && line.contains(" done "));
        assert!(done.is_some(), "`{title}` was never done");
    }

    /// Reads the rest and returns the exit code; `None` after a signal.
    fn end(mut self) -> Option<i32> {
        for _ in self.lines.by_ref().map_while(Result::ok) {}
        self.child.wait().expect("pairadm can be waited for").code()
    }
}
