//! The lab's cables: bridges in a namespace of their own, a veth per host, one to the machine itself.

use super::{Lab, Tool};
use crate::error::Result;
use std::path::Path;

/// Suffix of the namespace that holds only the bridges.
const SWITCH: &str = "net";

/// Makes the bridges and the host's end of the lab, unless they exist.
pub fn connect_host(lab: &Lab) -> Result<()> {
    let switch = lab.namespace(SWITCH);
    add_namespace(&switch)?;
    let host = host_interface(lab);
    if !interface_exists(&switch, "host0") {
        Tool::new("ip")
            .args([
                "link", "add", &host, "type", "veth", "peer", "name", "host0", "netns", &switch,
            ])
            .run()?;
    }
    if interface_exists(&switch, "br1") {
        return Ok(());
    }
    batch(
        Some(&switch),
        "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
         link add br1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
         link set lo up
         link set br0 up
         link set br1 up
         link set host0 master br0 up",
    )?;
    // A host may have IPv6 switched off by default; this interface needs it. A kernel without IPv6
    // fails at the address below, with its own words.
    let conf = Path::new("/proc/sys/net/ipv6/conf").join(&host);
    let _ = std::fs::write(conf.join("disable_ipv6"), "0");
    let _ = std::fs::write(conf.join("accept_ra"), "0");
    batch(
        None,
        &format!(
            "link set {host} up
             addr replace {}/24 dev {host}
             addr replace {}/64 dev {host} nodad",
            lab.control_v4, lab.control_v6
        ),
    )
}

/// Gives `host` its namespace with `eth0` on the SIP bridge, and `eth1` on the duplication link if asked.
pub fn plug(lab: &Lab, host: &str, duplication: bool) -> Result<()> {
    let (switch, namespace) = (lab.namespace(SWITCH), lab.namespace(host));
    add_namespace(&namespace)?;
    for link in 0..=u8::from(duplication) {
        let port = port(host, link);
        if interface_exists(&switch, &port) {
            continue;
        }
        batch(
            Some(&switch),
            &format!(
                "link add {port} type veth peer name eth{link} address {} netns {namespace}
                 link set {port} master br{link} up",
                hardware_address(lab, host, link),
            ),
        )?;
    }
    batch(Some(&namespace), "link set lo up")
}

/// Configures the third host, which has no system to do it.
pub fn configure_third(lab: &Lab) -> Result<()> {
    batch(
        Some(&lab.namespace(Lab::THIRD)),
        &format!(
            "addr replace {}/24 dev eth0
             addr replace {}/64 dev eth0 nodad
             link set eth0 up
             route replace default via {}",
            lab.third_v4(),
            lab.third_v6(),
            lab.control_v4
        ),
    )
}

/// Takes `host` off the bridges with everything its kernel knew: addresses, rules, neighbours.
pub fn unplug(lab: &Lab, host: &str) -> Result<()> {
    let switch = lab.namespace(SWITCH);
    for link in 0..=1 {
        let port = port(host, link);
        if interface_exists(&switch, &port) {
            batch(Some(&switch), &format!("link del {port}"))?;
        }
    }
    remove_namespace(&lab.namespace(host))
}

/// Removes bridges and the host's end.
///
/// Deletes the veth from inside the lab's own namespace, so never another lab's; with it the host's
/// end goes at once, while a removed namespace is taken apart later.
pub fn demolish(lab: &Lab) -> Result<()> {
    let switch = lab.namespace(SWITCH);
    if interface_exists(&switch, "host0") {
        batch(Some(&switch), "link del host0")?;
    }
    remove_namespace(&switch)
}

/// Pulls (`false`) or puts back (`true`) a host's cable, at the bridge's end.
pub fn set_cable(lab: &Lab, host: &str, link: u8, connected: bool) -> Result<()> {
    let to = if connected { "up" } else { "down" };
    batch(
        Some(&lab.namespace(SWITCH)),
        &format!("link set {} {to}", port(host, link)),
    )
}

/// Gives the third host the virtual addresses, or takes them away.
pub fn set_duplicate(lab: &Lab, on: bool) -> Result<()> {
    let namespace = lab.namespace(Lab::THIRD);
    for address in [format!("{}/32", lab.vip_v4), format!("{}/128", lab.vip_v6)] {
        if on {
            let nodad: &[&str] = if address.contains(':') { &["nodad"] } else { &[] };
            Tool::new("ip")
                .args(["-n", &namespace, "addr", "replace", &address, "dev", "eth0"])
                .args(nodad)
                .run()?;
        } else if Tool::new("ip")
            .args(["-n", &namespace, "addr", "show", "to", &address])
            .run()?
            .contains("inet")
        {
            Tool::new("ip")
                .args(["-n", &namespace, "addr", "del", &address, "dev", "eth0"])
                .run()?;
        }
    }
    Ok(())
}

/// True when the namespace exists.
pub fn has_namespace(lab: &Lab, host: &str) -> bool {
    Path::new("/run/netns").join(lab.namespace(host)).exists()
}

/// True when a lab of this name, perhaps of another directory, has its bridges up.
pub fn in_use(lab_name: &str) -> bool {
    Path::new("/run/netns")
        .join(format!("{lab_name}-{SWITCH}"))
        .exists()
}

/// The host's end of the lab.
pub fn host_interface(lab: &Lab) -> String {
    format!("plab{}", lab.subnet.number())
}

fn port(host: &str, link: u8) -> String {
    format!("{host}{link}")
}

/// Fixed per host and lab, as real hardware: neighbours keep their entries over a reboot.
fn hardware_address(lab: &Lab, host: &str, link: u8) -> String {
    let host = host.bytes().next().unwrap_or_default();
    format!("02:50:41:{:02x}:{host:02x}:{link:02x}", lab.subnet.number())
}

fn add_namespace(namespace: &str) -> Result<()> {
    if Path::new("/run/netns").join(namespace).exists() {
        return Ok(());
    }
    Tool::new("ip").args(["netns", "add", namespace]).run().map(drop)
}

fn remove_namespace(namespace: &str) -> Result<()> {
    if !Path::new("/run/netns").join(namespace).exists() {
        return Ok(());
    }
    Tool::new("ip").args(["netns", "del", namespace]).run().map(drop)
}

fn interface_exists(namespace: &str, interface: &str) -> bool {
    Tool::new("ip")
        .args(["-n", namespace, "link", "show", "dev", interface])
        .run()
        .is_ok()
}

/// Several `ip` commands in one process.
fn batch(namespace: Option<&str>, commands: &str) -> Result<()> {
    let inside = namespace.map(|namespace| ["-n", namespace]).into_iter().flatten();
    Tool::new("ip")
        .args(inside)
        .args(["-batch", "-"])
        .input(commands)
        .run()
        .map(drop)
}
