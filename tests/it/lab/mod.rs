//! The practice lab itself: it starts, serves SIP, breaks as told and heals.

mod command_line;
mod database;

use crate::support::lab::{FreshLab, LabPair, SharedLab, TestNode};
use pairadm::lab::{LabStatus, sip_options};
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

/// For tests that change nothing that another would notice.
static UNBROKEN: SharedLab = SharedLab::new();

/// How long silence is listened to.
const SILENCE: Duration = Duration::from_millis(500);

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Logs in with the program that operators have.
fn ssh(lab: &LabPair, node: &str, command: &str) -> std::process::Output {
    Command::new("timeout")
        .args([
            "120",
            "ssh",
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=100",
            "-i",
        ])
        .arg(lab.lab.key())
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", lab.lab.known_hosts().display()))
        .arg(format!("root@{}", lab.node(node).node.v4))
        .arg(command)
        .output()
        .unwrap()
}

fn sip_answer(address: impl Into<IpAddr>) -> Option<String> {
    sip_options(address.into(), SILENCE).ok().flatten()
}

/// The answer that has to come: asked for again and again, as a datagram may be lost.
fn awaited_answer(address: IpAddr) -> Option<String> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(answer) = sip_answer(address) {
            return Some(answer);
        }
    }
    None
}

fn listens(address: IpAddr, port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::new(address, port), PATIENCE).is_ok()
}

/// Whether an SSH server says what it is within a moment.
fn ssh_greets(address: IpAddr) -> bool {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, 22), PATIENCE).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.read(&mut [0; 4]).is_ok()
}

fn assert_serves(node: TestNode<'_>) {
    let name = &node.node.name;
    for address in [IpAddr::from(node.node.v4), node.node.v6.into()] {
        let answer = awaited_answer(address).unwrap_or_else(|| panic!("{name} is silent at {address}"));
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        assert!(
            answer.contains(&format!("Server: pairadm-lab/{name}")),
            "{answer}"
        );
    }
}

#[test]
fn two_real_nodes_start_and_serve() {
    let lab = UNBROKEN.lock("unbroken");
    for (node, peer) in [(lab.alpha(), lab.beta()), (lab.beta(), lab.alpha())] {
        assert_eq!(node.sh("systemctl is-system-running"), "running\n");
        assert_eq!(node.sh("hostname"), format!("{}\n", node.node.name));
        assert_serves(node);
        assert!(listens(node.node.v4.into(), 5060), "SIP over TCP");
        node.sh(&format!("ping -c1 -W30 -I eth1 {}", peer.node.dup_v4));
        node.sh(&format!("ping -c1 -W30 -I eth1 {}", peer.node.dup_v6));
        node.sh(&format!("ping -c1 -W30 {}", lab.lab.control_v4));
        node.sh("kamcmd core.uptime && sysctl -w net.ipv4.ip_nonlocal_bind=1");
        node.sh("iptables-nft -S && iptables-legacy -S && ip6tables-nft -S && conntrack -C");
        assert!(!node.holds(lab.lab.vip_v4) && !node.holds(lab.lab.vip_v6));
    }
    assert_ne!(
        lab.alpha().read("/etc/machine-id"),
        lab.beta().read("/etc/machine-id")
    );
    let login = ssh(&lab, "beta", "hostname");
    assert_eq!(String::from_utf8_lossy(&login.stdout), "beta\n", "{login:?}");
}

#[test]
fn the_virtual_addresses_are_served_by_whoever_holds_them() {
    let lab = FreshLab::start("virtual-addresses");
    let (v4, v6) = (lab.lab.vip_v4, lab.lab.vip_v6);
    assert_eq!(sip_answer(v4).or(sip_answer(v6)), None);
    lab.beta().sh(&format!(
        "ip addr add {v4}/32 dev eth0 && ip addr add {v6}/128 dev eth0 nodad"
    ));
    for vip in [IpAddr::from(v4), v6.into()] {
        let answer = awaited_answer(vip).unwrap_or_else(|| panic!("{vip} is silent"));
        assert!(answer.contains("Server: pairadm-lab/beta"), "{answer}");
    }
}

#[test]
fn services_of_one_node_are_not_the_others() {
    let lab = FreshLab::start("separate-services");
    lab.alpha().sh("systemctl stop ssh kamailio");
    assert!(!listens(lab.alpha().node.v4.into(), 22));
    assert!(listens(lab.beta().node.v4.into(), 22));
    assert_serves(lab.beta());
}

#[test]
fn a_power_cut_keeps_the_disk_and_forgets_the_rest() {
    let mut lab = FreshLab::start("power-cut");
    let vip = lab.lab.vip_v4;
    lab.alpha().sh(&format!(
        "ip addr add {vip}/32 dev eth0 && iptables -I INPUT -s 192.0.2.1 -j DROP"
    ));
    lab.alpha()
        .sh("echo kept > /etc/kept && sync && systemctl enable --now dropbear 2>/dev/null; true");
    assert!(lab.alpha().holds(vip));
    lab.cut_power("alpha");
    assert_eq!(sip_answer(lab.alpha().node.v4), None);
    assert_eq!(lab.alpha().read("/etc/kept"), "kept\n");
    assert_serves(lab.beta());
    lab.boot("alpha");
    assert!(!lab.alpha().holds(vip), "an address outlived the power cut");
    assert!(
        !lab.alpha().sh("iptables -S").contains("192.0.2.1"),
        "a rule outlived the power cut"
    );
    assert_eq!(lab.alpha().read("/etc/kept"), "kept\n");
    assert_serves(lab.alpha());
}

#[test]
fn network_faults_come_and_go() {
    let mut lab = FreshLab::start("network-faults");
    let (alpha, beta) = (lab.alpha().node.clone(), lab.beta().node.clone());
    lab.cut_link("alpha");
    assert_eq!(sip_answer(alpha.v4), None);
    assert!(lab.alpha().sh("ip link show eth0").contains("NO-CARRIER"));
    lab.alpha().sh(&format!("ping -c1 -W30 {}", beta.dup_v4));
    lab.break_it("link beta eth1");
    assert!(
        !lab.alpha()
            .exec(&["ping", "-c1", "-W1", &beta.dup_v4.to_string()])
            .status
            .success()
    );

    let vip = lab.lab.vip_v4.to_string();
    let probe = ["arping", "-D", "-c3", "-w3", "-I", "eth0", &vip];
    assert!(
        lab.beta().exec(&probe).status.success(),
        "nobody has the address yet"
    );
    lab.break_it("duplicate-vip");
    assert!(
        !lab.beta().exec(&probe).status.success(),
        "the third host must answer for the address"
    );
    lab.beta().sh(&format!("ping -c1 -W30 {}", lab.lab.vip_v6));

    lab.heal();
    assert_serves(lab.alpha());
    lab.alpha().sh(&format!("ping -c1 -W30 {}", beta.dup_v4));
    assert!(
        lab.beta().exec(&probe).status.success(),
        "the third host still answers"
    );
    assert!(lab.lab.faults.is_empty());
}

#[test]
fn disk_faults_come_and_go() {
    let mut lab = FreshLab::start("disk-faults");
    lab.break_it("disk alpha");
    let write = ["sh", "-c", "head -c 4096 /dev/zero > /etc/new"];
    let output = lab.alpha().exec(&write);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("No space left"),
        "{output:?}"
    );
    lab.break_it("readonly beta");
    let output = lab.beta().exec(&write);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("Read-only file system"),
        "{output:?}"
    );
    lab.heal();
    lab.break_it("readonly alpha /etc");
    assert!(!lab.alpha().exec(&write).status.success());
    lab.alpha().sh("touch /root/elsewhere");
    lab.heal();
    for node in [lab.alpha(), lab.beta()] {
        assert!(node.exec(&write).status.success());
    }
}

#[test]
fn service_faults_come_and_go() {
    let mut lab = FreshLab::start("service-faults");
    let (alpha, beta) = (lab.alpha().node.clone(), lab.beta().node.clone());
    lab.break_it("sshd alpha");
    assert!(!listens(alpha.v4.into(), 22));
    lab.break_it("hang beta");
    assert!(listens(beta.v4.into(), 22), "a hung server still accepts");
    let greeted = ssh_greets(beta.v4.into());
    assert!(!greeted, "and says nothing");
    lab.break_it("service beta");
    assert_eq!(sip_answer(beta.v4), None);
    assert!(
        !lab.beta()
            .exec(&["systemctl", "start", "kamailio"])
            .status
            .success(),
        "it must stay down"
    );
    let status = LabStatus::of(&lab.lab);
    assert_eq!(status.faults, ["sshd alpha", "hang beta", "service beta"]);
    assert!(status.nodes[0].ssh_us.is_none() && status.nodes[0].sip && !status.nodes[1].sip);
    lab.heal();
    for node in ["alpha", "beta"] {
        assert_serves(lab.node(node));
        assert!(ssh(&lab, node, "true").status.success());
    }
}

#[test]
fn a_snapshot_sees_every_kind_of_change() {
    let lab = UNBROKEN.lock("unbroken");
    let node = lab.alpha();
    node.sh(
        "mkdir /etc/s && cd /etc/s && for f in a b c d e f; do echo $f > $f; done; ln -s /etc/hostname link",
    );
    let before = node.snapshot(&["/etc/s", "/etc/absent"]);
    assert_eq!(before.0.len(), 8);
    assert_eq!(before.changes_to(&node.snapshot(&["/etc/s"])), [""; 0]);
    node.sh("cd /etc/s; chmod 600 a; chown 7 b; touch -d @5 c; setfacl -m u:7:r d; rm e; ln -sf /x link; echo > new");
    let changes = before.changes_to(&node.snapshot(&["/etc/s"]));
    let expected = [
        "/etc/s/a: mode",
        "/etc/s/b: owner",
        "/etc/s/c: time",
        "/etc/s/d: attributes",
        "/etc/s/e is gone",
        "/etc/s/link: content, time",
        "/etc/s/new is new",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_lab_leaves_nothing_behind() {
    let lab = FreshLab::start("leaves-nothing");
    let (dir, name) = (lab.lab.dir.clone(), lab.lab.name.clone());
    let traces = || {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let groups = [
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/unified",
            "/sys/fs/cgroup/systemd",
        ];
        let group = |top| {
            std::path::Path::new(top)
                .join("pairadm-lab")
                .join(format!("{name}-alpha"))
                .exists()
        };
        [
            dir.exists(),
            mounts.contains(&*dir.to_string_lossy()),
            std::path::Path::new("/run/netns")
                .join(format!("{name}-net"))
                .exists(),
            groups.into_iter().any(group),
        ]
    };
    assert_eq!(traces(), [true; 4]);
    drop(lab);
    assert_eq!(traces(), [false; 4]);
}
