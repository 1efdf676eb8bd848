//! The questions about one server of the pair, and the server that the answers describe.

use super::{Answers, Field, read};
use crate::error::Result;
use crate::model::syntax::{absolute_path, host, host_v4, host_v6, interface, login, tcp_port};
use crate::model::{Addresses, BySide, Hostname, Node, ServerId, Side, SshTarget};

/// Keys and prompts of one side's questions.
struct Keys {
    address: [(&'static str, &'static str); 2],
    fqdn: (&'static str, &'static str),
    hostname: (&'static str, &'static str),
    server_id: (&'static str, &'static str),
    duplication: [(&'static str, &'static str); 2],
    health_check: [(&'static str, &'static str); 2],
    interface: (&'static str, &'static str),
    ssh_host: (&'static str, &'static str),
    ssh_port: (&'static str, &'static str),
    ssh_user: (&'static str, &'static str),
    ssh_identity: (&'static str, &'static str),
}

const KEYS: BySide<Keys> = BySide {
    primary: Keys {
        address: [
            ("primary.address.v4", "Primary IPv4 address"),
            ("primary.address.v6", "Primary IPv6 address"),
        ],
        fqdn: ("primary.fqdn", "Primary full name (FQDN)"),
        hostname: ("primary.hostname", "Primary host name"),
        server_id: ("primary.server_id", "Primary server ID"),
        duplication: [
            ("primary.duplication.v4", "Primary duplication IPv4"),
            ("primary.duplication.v6", "Primary duplication IPv6"),
        ],
        health_check: [
            ("primary.health_check.v4", "Primary health-check IPv4"),
            ("primary.health_check.v6", "Primary health-check IPv6"),
        ],
        interface: ("primary.interface", "Primary VIP interface"),
        ssh_host: ("primary.ssh.host", "Primary SSH address"),
        ssh_port: ("primary.ssh.port", "Primary SSH port"),
        ssh_user: ("primary.ssh.user", "Primary SSH login"),
        ssh_identity: ("primary.ssh.identity", "Primary SSH key file"),
    },
    secondary: Keys {
        address: [
            ("secondary.address.v4", "Secondary IPv4 address"),
            ("secondary.address.v6", "Secondary IPv6 address"),
        ],
        fqdn: ("secondary.fqdn", "Secondary full name (FQDN)"),
        hostname: ("secondary.hostname", "Secondary host name"),
        server_id: ("secondary.server_id", "Secondary server ID"),
        duplication: [
            ("secondary.duplication.v4", "Secondary duplication IPv4"),
            ("secondary.duplication.v6", "Secondary duplication IPv6"),
        ],
        health_check: [
            ("secondary.health_check.v4", "Secondary health-check IPv4"),
            ("secondary.health_check.v6", "Secondary health-check IPv6"),
        ],
        interface: ("secondary.interface", "Secondary VIP interface"),
        ssh_host: ("secondary.ssh.host", "Secondary SSH address"),
        ssh_port: ("secondary.ssh.port", "Secondary SSH port"),
        ssh_user: ("secondary.ssh.user", "Secondary SSH login"),
        ssh_identity: ("secondary.ssh.identity", "Secondary SSH key file"),
    },
};

const ADDRESS_HELP: &str = "Where SIP and administration reach this server itself, not the VIP.
One address without prefix length: 192.0.2.11, not 192.0.2.11/24.
Both servers need the same families; one family is enough.
`ip address` on the server shows it.";

const FQDN_HELP: &str = "The server's fully qualified name, such as alpha.example.net.
It is entered in /etc/hosts of both nodes as: address, full name, host name.
Labels of letters, digits and hyphens, joined by dots.";

const HOSTNAME_HELP: &str = "What `hostname` prints on the server; pairadm checks that it agrees.
Leave it empty for the first label of the full name.";

const SERVER_ID_HELP: &str = "A number from 1 to 256 that no other server of the pair has.
It tells the two servers apart in logs and reports.";

const DUPLICATION_HELP: &str = "This server's address on a separate link between the two servers.
It carries copies and the heartbeat, so that SIP traffic does not delay them.
Enter one on both servers or on none; empty means the server's own address.
One address without prefix length.";

const HEALTH_CHECK_HELP: &str = "An address that answers ping whenever this server has a network.
Empty means the server's default gateway.
Any other device that answers will do, but nothing of the pair itself.
One address without prefix length.";

const INTERFACE_HELP: &str = "The interface that carries the VIPs on this server.
Needed only when it is called differently here than under \"VIP interface\".
1 to 15 characters, such as eth0; `ip link` lists them.";

const SSH_HOST_HELP: &str = "Address or name for administration over SSH.
Empty means the server's own address; enter another one when
administration runs over a network of its own.";

const SSH_PORT_HELP: &str = "The TCP port of the server's sshd, 1 to 65535; usually 22.
`ss -ltnp` on the server shows it.";

const SSH_USER_HELP: &str = "The login on the server; it has to act as root: files, firewall and
addresses are changed. Usually root.";

const SSH_IDENTITY_HELP: &str =
    "Absolute path of a private key on this machine, such as /root/.ssh/id_ed25519.
Empty tries the keys of ssh-agent, then the usual files in ~/.ssh,
then asks for the password.";

/// The questions about the server of `side`.
pub fn questions(side: Side) -> Vec<Field> {
    let keys = &KEYS[side];
    let [address_v4, address_v6] = keys.address;
    let [duplication_v4, duplication_v6] = keys.duplication;
    let [health_v4, health_v6] = keys.health_check;
    let text = |(key, prompt), help| Field::text(key, prompt, help);
    vec![
        text(address_v4, ADDRESS_HELP).check(match side {
            Side::Primary => |value, _| host_v4(value).map(drop),
            Side::Secondary => |value, answers| {
                host_v4(value)?;
                differs(value, answers, "primary.address.v4", "address")
            },
        }),
        text(address_v6, ADDRESS_HELP).check(match side {
            Side::Primary => |value, _| host_v6(value).map(drop),
            Side::Secondary => |value, answers| {
                host_v6(value)?;
                differs(value, answers, "primary.address.v6", "address")
            },
        }),
        text(keys.fqdn, FQDN_HELP)
            .required()
            .check(|value, _| value.parse::<Hostname>().map(drop)),
        text(keys.hostname, HOSTNAME_HELP).check(|value, _| value.parse::<Hostname>().map(drop)),
        text(keys.server_id, SERVER_ID_HELP)
            .required()
            .default(match side {
                Side::Primary => "1",
                Side::Secondary => "2",
            })
            .check(match side {
                Side::Primary => |value, _| value.parse::<ServerId>().map(drop),
                Side::Secondary => |value, answers| {
                    value.parse::<ServerId>()?;
                    differs(value, answers, "primary.server_id", "server ID")
                },
            }),
        text(duplication_v4, DUPLICATION_HELP).check(|value, _| host_v4(value).map(drop)),
        text(duplication_v6, DUPLICATION_HELP).check(|value, _| host_v6(value).map(drop)),
        text(health_v4, HEALTH_CHECK_HELP).check(|value, _| host_v4(value).map(drop)),
        text(health_v6, HEALTH_CHECK_HELP).check(|value, _| host_v6(value).map(drop)),
        text(keys.interface, INTERFACE_HELP).check(|value, _| interface(value).map(drop)),
        text(keys.ssh_host, SSH_HOST_HELP).check(|value, _| host(value).map(drop)),
        text(keys.ssh_port, SSH_PORT_HELP)
            .required()
            .default("22")
            .check(|value, _| tcp_port(value).map(drop)),
        text(keys.ssh_user, SSH_USER_HELP)
            .required()
            .default("root")
            .check(|value, _| login(value).map(drop)),
        text(keys.ssh_identity, SSH_IDENTITY_HELP).check(|value, _| absolute_path(value).map(drop)),
    ]
}

/// The server that the answers describe. A host key that was pinned for the same address is kept.
pub fn resolve(answers: &Answers, side: Side, present: &[&Node]) -> Result<Node> {
    let keys = &KEYS[side];
    let fqdn: Hostname = read::needed(answers, keys.fqdn.0, str::parse)?;
    let hostname = match read::value(answers, keys.hostname.0, str::parse)? {
        Some(hostname) => hostname,
        None => read::needed(answers, keys.fqdn.0, |_| fqdn.short().parse())?,
    };
    let usual = SshTarget::default();
    let mut node = Node {
        hostname,
        fqdn,
        server_id: read::needed(answers, keys.server_id.0, str::parse)?,
        address: addresses(answers, keys.address)?,
        duplication: addresses(answers, keys.duplication)?,
        health_check: addresses(answers, keys.health_check)?,
        interface: read::value(answers, keys.interface.0, interface)?,
        ssh: SshTarget {
            host: read::value(answers, keys.ssh_host.0, host)?,
            port: read::value(answers, keys.ssh_port.0, tcp_port)?.unwrap_or(usual.port),
            user: read::value(answers, keys.ssh_user.0, login)?.unwrap_or(usual.user),
            identity: read::value(answers, keys.ssh_identity.0, absolute_path)?,
            host_key: None,
        },
    };
    let reached = |node: &Node| {
        let address = node.address.preferred().map(|address| address.to_string());
        (node.ssh.host.clone().or(address), node.ssh.port)
    };
    let known = present.iter().find(|known| reached(known) == reached(&node));
    node.ssh.host_key = known.and_then(|known| known.ssh.host_key.clone());
    Ok(node)
}

/// The answers that describe `node`.
pub fn describe(node: &Node, side: Side, answers: &mut Answers) {
    let keys = &KEYS[side];
    for (pair, addresses) in [
        (keys.address, node.address),
        (keys.duplication, node.duplication),
        (keys.health_check, node.health_check),
    ] {
        let [(v4, _), (v6, _)] = pair;
        answers.set(v4, addresses.v4.map(|v4| v4.to_string()).unwrap_or_default());
        answers.set(v6, addresses.v6.map(|v6| v6.to_string()).unwrap_or_default());
    }
    answers.set(keys.fqdn.0, node.fqdn.as_str());
    answers.set(keys.hostname.0, node.hostname.as_str());
    answers.set(keys.server_id.0, node.server_id.to_string());
    answers.set(keys.interface.0, node.interface.clone().unwrap_or_default());
    answers.set(keys.ssh_host.0, node.ssh.host.clone().unwrap_or_default());
    answers.set(keys.ssh_port.0, node.ssh.port.to_string());
    answers.set(keys.ssh_user.0, node.ssh.user.clone());
    answers.set(keys.ssh_identity.0, node.ssh.identity.clone().unwrap_or_default());
}

fn addresses(answers: &Answers, [(v4, _), (v6, _)]: [(&str, &str); 2]) -> Result<Addresses> {
    Ok(Addresses {
        v4: read::value(answers, v4, host_v4)?,
        v6: read::value(answers, v6, host_v6)?,
    })
}

fn differs(value: &str, answers: &Answers, peer: &str, what: &str) -> std::result::Result<(), String> {
    if answers.get(peer) == Some(value) {
        return Err(format!(
            "`{value}` is the primary's {what} too; accepted: one of its own"
        ));
    }
    Ok(())
}
