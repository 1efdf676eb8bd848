//! Reading the pair file: from TOML to a validated [`Pair`], or every fault with its line.

use super::pair_rules::pair_faults;
use super::reader::{Section, Source};
use crate::error::{Error, Result};
use crate::model::syntax::{
    absolute_path, host, host_address, host_key, host_v4, host_v6, interface, login, plain_name, shown,
};
use crate::model::{
    Addresses, BlockStyle, BySide, Copying, ExtraFile, Node, Pair, Port, Priority, ServerId, SshTarget,
    Standby, Takeover, Vip,
};
use std::path::Path;

/// Where the pair file lies unless `--pair` says otherwise.
pub const PAIR_FILE: &str = "/etc/pairadm/pair.toml";

/// Reads and validates the pair file; `None` when there is none yet.
pub fn load_pair(path: &Path) -> Result<Option<Pair>> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_pair(&text, &path.display().to_string()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(
            Error::refused("unreadable_pair_file", "the pair file cannot be read")
                .at(path.display())
                .because(error)
                .hint("check its permissions and that it is UTF-8 text, or name another with --pair"),
        ),
    }
}

/// Validates the text of a pair file; `file` is its name in messages.
pub fn parse_pair(text: &str, file: &str) -> Result<Pair> {
    let source = Source::parse(text, file, "bad_pair_file")?;
    let pair = read(source.root());
    for fault in pair.iter().flat_map(pair_faults) {
        source.fault(&fault.key, &fault.text);
    }
    source.finish(pair)
}

fn read(mut root: Section<'_>) -> Option<Pair> {
    let name = root.need_text("name", "a name for the pair, such as office", plain_name);
    let profile = root.need_text("profile", "a profile, such as kamailio or generic", plain_name);
    let ports = root.list("ports", str::parse::<Port>);
    let block = root.text("block", block_style);
    let takeover = root.text("takeover", takeover);
    let priority = root.text("priority", str::parse::<Priority>);
    let ntp = root.list("ntp", host);
    let standby = root.text("standby", str::parse::<Standby>);
    let encrypted_link = root.flag("encrypted_link");
    let copying = copying(&mut root);
    let primary = node(&mut root, "primary");
    let secondary = node(&mut root, "secondary");
    let vips: Option<Vec<Vip>> = root.sections("vip").into_iter().map(vip).collect();
    let files: Option<Vec<ExtraFile>> = root.sections("file").into_iter().map(extra_file).collect();
    root.close();
    Some(Pair {
        name: name?,
        profile: profile?,
        nodes: BySide {
            primary: primary?,
            secondary: secondary?,
        },
        vips: vips?,
        ports,
        block: block.unwrap_or_default(),
        takeover: takeover.unwrap_or_default(),
        priority: priority.unwrap_or_default(),
        ntp,
        files: files?,
        standby: standby.unwrap_or_default(),
        encrypted_link: encrypted_link.unwrap_or(true),
        copying,
    })
}

fn copying(root: &mut Section<'_>) -> Copying {
    let usual = Copying::default();
    let number = |parse: fn(&str) -> Result<u32, String>| move |number: i64| parse(&number.to_string());
    Copying {
        keep: root
            .number("mirrors_keep", number(Copying::parse_keep))
            .unwrap_or(usual.keep),
        max_age_h: root
            .number("backup_max_age", number(Copying::parse_max_age))
            .unwrap_or(usual.max_age_h),
        limit: root.number("copy_limit", number(Copying::parse_limit)),
    }
}

fn node(root: &mut Section<'_>, side: &'static str) -> Option<Node> {
    root.need(side, "a table with hostname, fqdn, server_id and address");
    let mut table = root.section(side)?;
    let hostname = table.need_text("hostname", "the node's host name, such as alpha", str::parse);
    let fqdn = table.need_text("fqdn", "the full name, such as alpha.example.net", str::parse);
    table.need("server_id", "1 to 256");
    let server_id = table.number("server_id", server_id);
    table.need("address", "{ v4 = \"…\" }, { v6 = \"…\" } or both");
    let address = table.section("address").map(addresses);
    let duplication = table.section("duplication").map(addresses);
    let health_check = table.section("health_check").map(addresses);
    let interface = table.text("interface", interface);
    let ssh = table.section("ssh").map(ssh_target);
    table.close();
    Some(Node {
        hostname: hostname?,
        fqdn: fqdn?,
        server_id: server_id?,
        address: address?,
        duplication: duplication.unwrap_or_default(),
        health_check: health_check.unwrap_or_default(),
        interface,
        ssh: ssh.unwrap_or_default(),
    })
}

fn addresses(mut table: Section<'_>) -> Addresses {
    let found = Addresses {
        v4: table.text("v4", host_v4),
        v6: table.text("v6", host_v6),
    };
    table.close();
    found
}

fn ssh_target(mut table: Section<'_>) -> SshTarget {
    let usual = SshTarget::default();
    let found = SshTarget {
        host: table.text("host", host),
        port: table.number("port", tcp_port).unwrap_or(usual.port),
        user: table.text("user", login).unwrap_or(usual.user),
        identity: table.text("identity", absolute_path),
        host_key: table.text("host_key", host_key),
    };
    table.close();
    found
}

fn vip(mut table: Section<'_>) -> Option<Vip> {
    let address = table.need_text("address", "an address without prefix length", host_address);
    let interface = table.need_text("interface", "an interface name, such as eth0", interface);
    table.close();
    Some(Vip {
        address: address?,
        interface: interface?,
    })
}

fn extra_file(mut table: Section<'_>) -> Option<ExtraFile> {
    let source = table.need_text("source", "an absolute path on this machine", absolute_path);
    let target = table.need_text("target", "an absolute path on the nodes", absolute_path);
    table.close();
    Some(ExtraFile {
        source: source?,
        target: target?,
    })
}

fn server_id(number: i64) -> Result<ServerId, String> {
    number.to_string().parse()
}

fn tcp_port(number: i64) -> Result<u16, String> {
    crate::model::syntax::tcp_port(&number.to_string())
}

fn block_style(text: &str) -> Result<BlockStyle, String> {
    match text {
        "drop" => Ok(BlockStyle::Drop),
        "reject" => Ok(BlockStyle::Reject),
        other => Err(format!(
            "`{}` is not a way to block; accepted: drop, reject",
            shown(other)
        )),
    }
}

/// A takeover without an operator needs keepalived on the nodes, which `configure` does not set up, so
/// only `manual` is accepted: a setting that does nothing would be believed.
fn takeover(text: &str) -> Result<Takeover, String> {
    match text {
        "manual" => Ok(Takeover::Manual),
        other => Err(format!(
            "`{}` is not a takeover method; accepted: manual",
            shown(other)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"name = "office"
profile = "kamailio"
[primary]
hostname = "alpha"
fqdn = "alpha.example.net"
server_id = 1
address = { v4 = "192.0.2.11" }
[secondary]
hostname = "beta"
fqdn = "beta.example.net"
server_id = 2
address = { v4 = "192.0.2.12" }
[[vip]]
address = "192.0.2.10"
interface = "eth0"
"#;

    fn refusal(text: &str) -> String {
        let error = parse_pair(text, "/etc/pairadm/pair.toml").unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Refused);
        error.to_string()
    }

    #[test]
    fn a_sound_file_is_read() {
        let pair = parse_pair(SOUND, "x").unwrap();
        assert_eq!(pair.nodes.secondary.hostname.as_str(), "beta");
        assert_eq!(pair.nodes.primary.ssh, SshTarget::default());
        assert!(pair.encrypted_link);
    }

    /// Each case: what is replaced, by what, and every part the message must have.
    #[test]
    fn each_fault_is_named_with_line_key_value_and_what_is_accepted() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "server_id = 1\n",
                "serverid = 1\n",
                &["line 6", "unknown key `primary.serverid`", "server_id"],
            ),
            (
                "server_id = 1\n",
                "",
                &["`primary.server_id` is missing", "1 to 256"],
            ),
            (
                "server_id = 2\n",
                "server_id = 257\n",
                &["line 11", "secondary.server_id", "`257`", "1 to 256"],
            ),
            (
                "server_id = 2\n",
                "server_id = \"2\"\n",
                &["line 11", "wrong type", "without quotes"],
            ),
            (
                "server_id = 2\n",
                "server_id = 1\n",
                &["line 11", "`1` is the primary's", "another number"],
            ),
            (
                "192.0.2.12",
                "192.0.2.12/24",
                &["line 12", "secondary.address.v4", "leave out `/24`"],
            ),
            (
                "192.0.2.12",
                "192.0.2.11",
                &["line 12", "already primary.address.v4"],
            ),
            (
                "192.0.2.10",
                "192.0.2.12",
                &["line 14", "vip.1.address", "already secondary.address.v4"],
            ),
            (
                "v4 = \"192.0.2.12\"",
                "v6 = \"2001:db8::1\"",
                &["secondary.address.v4", "on both sides or on none"],
            ),
            (
                "\"eth0\"",
                "\"a-name-too-long-x\"",
                &["line 15", "vip.1.interface", "1 to 15"],
            ),
            (
                "\"alpha\"",
                "\"al pha\"",
                &["line 4", "primary.hostname", "`al pha`"],
            ),
            (
                "\"kamailio\"",
                "\"kamailio\"\nports = [\"tcp/1-100\"]",
                &["line 3", "SSH port 22"],
            ),
            (
                "\"kamailio\"",
                "\"kamailio\"\nblock = \"deny\"",
                &["line 3", "`deny`", "drop, reject"],
            ),
            ("[[vip]]", "[vip]", &["line 13", "vip", "[[vip]]"]),
            ("name = \"office\"", "name = office", &["line 1", "not TOML"]),
        ];
        for (from, to, parts) in cases {
            let text = SOUND.replacen(from, to, 1);
            assert_ne!(text, SOUND, "{from}");
            let message = refusal(&text);
            for part in *parts {
                assert!(message.contains(part), "{to}: no `{part}` in: {message}");
            }
            assert!(message.contains("/etc/pairadm/pair.toml"), "{message}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once_in_the_order_of_the_file() {
        let text = SOUND
            .replace("192.0.2.12", "nowhere")
            .replace("server_id = 1\n", "server_id = 0\n");
        let message = refusal(&text);
        assert!(message.contains("2 faults"), "{message}");
        assert!(
            message.find("line 6").unwrap() < message.find("line 12").unwrap(),
            "{message}"
        );
    }

    #[test]
    fn control_characters_of_a_file_never_reach_the_message() {
        let message = refusal(&SOUND.replace("\"alpha\"", "\"al\\u001b[2Jpha\u{202e}\""));
        assert!(!message.contains(['\u{1b}', '\u{202e}']), "{message:?}");
    }

    #[test]
    fn a_missing_file_is_no_pair_and_an_unreadable_one_is_an_error() {
        assert_eq!(load_pair(Path::new("/nonexistent/pair.toml")), Ok(None));
        assert!(load_pair(Path::new("/")).is_err());
    }
}
