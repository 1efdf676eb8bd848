//! A profile: what pairadm has to know about one kind of SIP server.

use super::reader::{Section, Source};
use crate::error::Result;
use crate::facts::CounterQuery;
use crate::model::Port;
use crate::model::syntax::{absolute_path, shown, tcp_port};
use crate::plan::UnitVerb;

/// What pairadm has to know about one kind of SIP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The file's name without `.toml`; what the pair file says.
    pub name: String,
    /// The server's name as people write it.
    pub title: String,
    /// systemd units with suffix, in the order in which they start.
    pub services: Vec<String>,
    /// What makes the services take up changed files.
    pub refresh: UnitVerb,
    /// Ports where SIP enters: blocked and allowed unless the pair file lists its own.
    pub ports: Vec<Port>,
    /// UDP port that answers SIP OPTIONS; `None` when the service has none.
    pub sip_port: Option<u16>,
    /// Prints the version; the first line that differs between the nodes refuses `configure`.
    pub version_command: Vec<String>,
    /// Shows that the service is alive: exits 0 and prints no error text. The text counts because
    /// several servers' consoles exit 0 on errors.
    pub liveness_command: Vec<String>,
    /// The service binds the VIP on the passive node too, so `ip_nonlocal_bind` is set.
    pub nonlocal_bind: bool,
    /// Files that hold addresses of the node.
    pub address_files: Vec<String>,
    /// Run on the side that becomes active, after it holds the VIPs.
    pub promote: Vec<Hook>,
    /// Run on the side that becomes passive, before it gives up the VIPs.
    pub demote: Vec<Hook>,
    /// Calls and registrations.
    pub counters: Vec<CounterQuery>,
}

/// A program of the profile that runs on a node when its side changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Program and arguments; no shell.
    pub argv: Vec<String>,
    /// What takes it back, if anything does.
    pub undo: Option<Vec<String>>,
    /// Milliseconds it may take.
    pub timeout_ms: u64,
}

/// Hooks that do not say otherwise may take this long, seconds: a call to a server's console takes
/// milliseconds, and longer than this nobody wants to wait inside a takeover.
const HOOK_TIMEOUT_S: u64 = 5;

/// Validates the text of a profile; `file` is its name in messages.
pub fn parse_profile(name: &str, text: &str, file: &str) -> Result<Profile> {
    let source = Source::parse(text, file, "bad_profile")?;
    let profile = read(name, source.root());
    source.finish(profile)
}

fn read(name: &str, mut root: Section<'_>) -> Option<Profile> {
    let title = root.need_text("title", "the server's name", |text| Ok(text.to_owned()));
    root.need("services", "systemd units, such as [\"kamailio.service\"]");
    let services = root.list("services", unit);
    root.refuse_empty("services", "no unit is named; accepted: at least one");
    let refresh = root.text("refresh", refresh);
    root.need("ports", "ports, such as [\"udp/5060\", \"tcp/5060\"]");
    let ports = root.list("ports", str::parse::<Port>);
    root.refuse_empty("ports", "no port is named; accepted: at least one");
    let sip_port = root.number("sip_port", |number| tcp_port(&number.to_string()));
    let version_command = root.list("version_command", argument);
    let liveness_command = root.list("liveness_command", argument);
    let nonlocal_bind = root.flag("nonlocal_bind");
    let address_files = root.list("address_files", absolute_path);
    let promote = root.sections("promote").into_iter().map(hook).collect();
    let demote = root.sections("demote").into_iter().map(hook).collect();
    let counters: Option<Vec<CounterQuery>> = root.sections("counter").into_iter().map(counter).collect();
    root.close();
    Some(Profile {
        name: name.to_owned(),
        title: title?,
        services,
        refresh: refresh.unwrap_or(UnitVerb::Restart),
        ports,
        sip_port,
        version_command,
        liveness_command,
        nonlocal_bind: nonlocal_bind.unwrap_or(true),
        address_files,
        promote,
        demote,
        counters: counters?,
    })
}

fn hook(mut table: Section<'_>) -> Hook {
    let argv = program(&mut table);
    let undo = table.list("undo", argument);
    let timeout_s = table.number("timeout_s", |seconds| match u64::try_from(seconds) {
        Ok(seconds @ 1..=300) => Ok(seconds),
        _ => Err(format!(
            "`{seconds}` is not a time-out; accepted: 1 to 300 seconds"
        )),
    });
    table.close();
    Hook {
        argv,
        undo: (!undo.is_empty()).then_some(undo),
        timeout_ms: timeout_s.unwrap_or(HOOK_TIMEOUT_S) * 1000,
    }
}

fn counter(mut table: Section<'_>) -> Option<CounterQuery> {
    let name = table.need_text("name", "calls or registrations", counter_name);
    let argv = program(&mut table);
    let after = table.text("after", |text| Ok(text.to_owned()));
    table.close();
    Some(CounterQuery {
        name: name?,
        argv,
        after: after.unwrap_or_default(),
    })
}

fn program(table: &mut Section<'_>) -> Vec<String> {
    table.need(
        "argv",
        "program and arguments, such as [\"/usr/local/sbin/promote\"]",
    );
    let argv = table.list("argv", argument);
    table.refuse_empty("argv", "no program is named; accepted: program and arguments");
    argv
}

fn counter_name(text: &str) -> Result<String, String> {
    match text {
        "calls" | "registrations" => Ok(text.to_owned()),
        other => Err(format!(
            "`{}` is not a counter; accepted: calls, registrations",
            shown(other)
        )),
    }
}

fn refresh(text: &str) -> Result<UnitVerb, String> {
    match text {
        "restart" => Ok(UnitVerb::Restart),
        "reload" => Ok(UnitVerb::Reload),
        other => Err(format!(
            "`{}` is not a way to refresh; accepted: restart, reload",
            shown(other)
        )),
    }
}

fn unit(text: &str) -> Result<String, String> {
    let clean = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b':' | b'\\'));
    let known = [".service", ".socket", ".target", ".timer"];
    if clean && !text.starts_with('-') && known.iter().any(|suffix| text.ends_with(suffix)) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not a systemd unit; accepted: a name with its suffix, such as kamailio.service",
        shown(text)
    ))
}

fn argument(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("an argument is empty; accepted: program and arguments as separate texts".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_profile_is_read() {
        let text = r#"
title = "X"
services = ["x.service", "y@1.service"]
refresh = "reload"
ports = ["udp/5060"]
nonlocal_bind = false
[[promote]]
argv = ["/bin/true", "--now"]
undo = ["/bin/false"]
timeout_s = 2
[[demote]]
argv = ["/bin/false"]
[[counter]]
name = "calls"
argv = ["x"]
"#;
        let profile = parse_profile("x", text, "x").unwrap();
        assert_eq!(profile.refresh, UnitVerb::Reload);
        assert_eq!(profile.promote[0].timeout_ms, 2000);
        assert_eq!(profile.demote[0].undo, None);
        assert_eq!(profile.demote[0].timeout_ms, 5000);
        assert_eq!(profile.sip_port, None);
    }

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            ("", "`title` is missing"),
            (
                "title = \"X\"\nports = [\"udp/1\"]\nservices = []",
                "no unit is named",
            ),
            ("services = [\"x\"]", "kamailio.service"),
            ("ports = [\"5060\"]", "udp/5060"),
            ("[[promote]]\ntimeout_s = 3", "`promote.1.argv` is missing"),
            ("[[promote]]\nargv = []\n", "no program"),
            ("[[promote]]\nargv=[\"x\"]\ntimeout_s = 0", "1 to 300"),
            ("sip_port = 70000", "1 to 65535"),
        ] {
            let message = parse_profile("x", text, "x").unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
