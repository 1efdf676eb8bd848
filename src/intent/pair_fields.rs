//! The questions about the pair as a whole, shared by `configure` and `settings`.

use super::{Answers, Field, read};
use crate::error::{Error, Result};
use crate::model::syntax::{absolute_path, host, host_address, interface, shown};
use crate::model::{BlockStyle, ExtraFile, Pair, Port, Vip};
use std::net::IpAddr;

type Parsed<T> = std::result::Result<T, String>;

/// When changed services are restarted (C4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartChoice {
    /// With this operation.
    Now,
    /// By a later `pairadm restart`; shown as pending until then.
    Later,
}

/// VIPs of both families.
pub fn vips() -> Vec<Field> {
    const HELP: &str = "Addresses that move with the traffic: only the active side holds them.
Several are separated by commas; empty when the pair has none of this family.
Another interface than \"VIP interface\" is added with @: 192.0.2.10@eth1.
They must lie in the network of that interface and belong to nobody else.
Do not enter them in the network configuration of either server.";
    const INTERFACE_HELP: &str = "The network interface that carries the VIPs on both servers.
1 to 15 characters, such as eth0; `ip link` lists them.
A server that calls it differently has its own question.";
    vec![
        Field::list("vips.v4", "Virtual IPv4 addresses", HELP).check(|value, answers| {
            check_vips(value, answers, IpAddr::is_ipv4, "192.0.2.10 or 192.0.2.10@eth1")
        }),
        Field::list("vips.v6", "Virtual IPv6 addresses", HELP).check(|value, answers| {
            check_vips(
                value,
                answers,
                IpAddr::is_ipv6,
                "2001:db8::10 or 2001:db8::10@eth1",
            )
        }),
        Field::text("vips.interface", "VIP interface", INTERFACE_HELP)
            .required()
            .default("eth0")
            .asked_if(|answers| answers.get("vips.v4").or(answers.get("vips.v6")).is_some())
            .check(|value, _| interface(value).map(drop)),
    ]
}

/// NTP servers.
pub fn ntp() -> Field {
    const HELP: &str = "Time servers that both nodes shall use, by name or address, with commas.
Needed when the clocks or time zones of the servers differ;
empty leaves their time keeping alone.";
    Field::list("ntp", "NTP servers", HELP)
        .check(|value, _| super::answers::list(value).try_for_each(|server| host(server).map(drop)))
}

/// Ports to block.
pub fn ports() -> Field {
    const HELP: &str = "Ports that are blocked on the passive side and allowed on the active one.
Protocol and port or range: udp/5060, tcp/5061, udp/16384-32768.
Empty means the ports of the profile. The SSH port must not be among them.";
    Field::list("ports", "SIP ports", HELP)
        .check(|value, _| super::answers::list(value).try_for_each(|port| port.parse::<Port>().map(drop)))
}

/// How to block.
pub fn block() -> Field {
    const HELP: &str = "What a client meets on the passive side.
drop: silence; it retransmits and reaches the new side after a takeover.
reject: an ICMP error at once; right for clients that know both servers
and try the other one then.";
    let choices = [("drop", "Drop silently"), ("reject", "Reject at once")];
    Field::choice("block", "Blocked traffic meets", HELP, choices).default("drop")
}

/// Whether the passive side keeps up.
pub fn standby() -> Field {
    const HELP: &str = "Whether the passive side keeps up with the active one.
warm: it starts from its last copy; registrations begin anew.
hot: its data is kept in step, by the servers or by continuous sync.
Decides the number of the event that a takeover tells (4562/4560, 4563/4561).";
    let choices = [("warm", "Warm standby"), ("hot", "Hot standby")];
    Field::choice("standby", "Standby", HELP, choices).default("warm")
}

/// By what the sides' health is compared (C2).
pub fn priority() -> Field {
    const HELP: &str = "By what status and doctor compare the health of the two sides.
high: service first, then control address, then links of the VIP interfaces.
equal: the number of control addresses that answer and of links.
ignore: they are not compared.
They warn when the passive side is the healthier one; nothing moves by itself.";
    let choices = [
        ("high", "Best health wins"),
        ("equal", "Connectivity counts"),
        ("ignore", "Not considered"),
    ];
    Field::choice("priority", "Takeover priority", HELP, choices).default("high")
}

/// Whether copies travel encrypted.
pub fn encrypted_link() -> Field {
    const HELP: &str = "Whether data copied between the servers is encrypted (AES-128).
Say no only when the duplication link is a cable of its own.";
    Field::yes_no("encrypted_link", "Encrypted duplication link", HELP, true)
}

/// Optional files to install on both nodes.
pub fn files() -> Field {
    const HELP: &str = "Files of this machine to install on both nodes, such as a license or
a package. SOURCE:TARGET with absolute paths, several with commas:
/root/license.xml:/etc/sip/license.xml
A reaction or an alarm file is named here too, to be on both nodes.
Nothing is installed when it stays empty.";
    Field::list("files", "Files to install", HELP)
        .check(|value, _| super::answers::list(value).try_for_each(|entry| extra_file(entry).map(drop)))
}

/// Restart now, later, or not go on.
pub fn restart() -> Field {
    const HELP: &str = "Services take up some of the changes only when they are restarted.
now: with this operation; calls in progress may be lost.
later: the restart stays pending in `status` until `pairadm restart`.
cancel: leave without changing anything.";
    let choices = [
        ("now", "Restart now"),
        ("later", "Restart later"),
        ("cancel", "Cancel"),
    ];
    Field::choice("restart", "Restart of services", HELP, choices).default("later")
}

/// What was chosen by [`restart`].
pub fn resolve_restart(answers: &Answers) -> Result<RestartChoice> {
    match answers.get("restart") {
        Some("now") => Ok(RestartChoice::Now),
        Some("cancel") => Err(Error::refused(
            "cancelled",
            "cancelled by the answer to `restart`; nothing was changed",
        )),
        _ => Ok(RestartChoice::Later),
    }
}

/// Puts what the settings questions say into `pair`.
pub fn apply_settings(answers: &Answers, pair: &mut Pair) -> Result<()> {
    pair.ports = read::values(answers, "ports", str::parse)?;
    pair.block = match answers.get("block") {
        Some("reject") => BlockStyle::Reject,
        _ => BlockStyle::Drop,
    };
    pair.ntp = read::values(answers, "ntp", host)?;
    pair.standby = read::value(answers, "standby", str::parse)?.unwrap_or_default();
    pair.priority = read::value(answers, "priority", str::parse)?.unwrap_or_default();
    pair.encrypted_link = answers.is_yes("encrypted_link");
    Ok(())
}

/// The VIPs that the answers name, IPv4 first.
pub fn resolve_vips(answers: &Answers) -> Result<Vec<Vip>> {
    let mut vips = Vec::new();
    for key in ["vips.v4", "vips.v6"] {
        let usual = answers.get("vips.interface").unwrap_or_default();
        vips.extend(read::values(answers, key, |entry| vip(entry, usual))?);
    }
    Ok(vips)
}

/// The files that the answers name.
pub fn resolve_files(answers: &Answers) -> Result<Vec<ExtraFile>> {
    read::values(answers, "files", extra_file)
}

/// The answers that describe the settings of `pair`.
pub fn describe(pair: &Pair, answers: &mut Answers) {
    let usual = pair.vips.first().map(|vip| vip.interface.as_str());
    for (key, v4) in [("vips.v4", true), ("vips.v6", false)] {
        let entries = pair.vips.iter().filter(|vip| vip.address.is_ipv4() == v4);
        let texts = entries.map(|vip| {
            if usual == Some(vip.interface.as_str()) {
                vip.address.to_string()
            } else {
                format!("{}@{}", vip.address, vip.interface)
            }
        });
        answers.set(key, texts.collect::<Vec<_>>().join(", "));
    }
    if let Some(usual) = usual {
        answers.set("vips.interface", usual);
    }
    let files = pair
        .files
        .iter()
        .map(|file| format!("{}:{}", file.source, file.target));
    answers.set("files", files.collect::<Vec<_>>().join(", "));
    let ports = pair.ports.iter().map(ToString::to_string);
    answers.set("ports", ports.collect::<Vec<_>>().join(", "));
    answers.set("ntp", pair.ntp.join(", "));
    answers.set("standby", pair.standby.as_str());
    answers.set("priority", pair.priority.as_str());
    answers.set("encrypted_link", if pair.encrypted_link { "yes" } else { "no" });
    answers.set(
        "block",
        match pair.block {
            BlockStyle::Drop => "drop",
            BlockStyle::Reject => "reject",
        },
    );
}

fn vip(entry: &str, usual: &str) -> Parsed<Vip> {
    let (address, interface_name) = entry.split_once('@').unwrap_or((entry, usual));
    Ok(Vip {
        address: host_address(address)?,
        interface: interface(interface_name)?,
    })
}

fn check_vips(value: &str, answers: &Answers, family: fn(&IpAddr) -> bool, accepted: &str) -> Parsed<()> {
    for entry in super::answers::list(value) {
        let (address, named) = entry.split_once('@').unwrap_or((entry, "eth0"));
        interface(named)?;
        let address = host_address(address)?;
        if !family(&address) {
            return Err(format!(
                "`{address}` is of the other family; accepted: {accepted}"
            ));
        }
        let own = ["primary.address", "secondary.address"]
            .iter()
            .flat_map(|key| [format!("{key}.v4"), format!("{key}.v6")])
            .find(|key| answers.get(key).and_then(|own| own.parse().ok()) == Some(address));
        if let Some(own) = own {
            return Err(format!(
                "`{address}` is {own}; accepted: an address that belongs to neither server"
            ));
        }
    }
    Ok(())
}

fn extra_file(entry: &str) -> Parsed<ExtraFile> {
    let Some((source, target)) = entry.split_once(':') else {
        return Err(format!(
            "`{}` names no target; accepted: SOURCE:TARGET, such as /root/license.xml:/etc/sip/license.xml",
            shown(entry)
        ));
    };
    Ok(ExtraFile {
        source: absolute_path(source.trim())?,
        target: absolute_path(target.trim())?,
    })
}
