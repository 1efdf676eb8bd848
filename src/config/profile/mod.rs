//! A profile: what pairadm has to know about one kind of SIP server.

mod data;
mod program;
mod rules;
#[cfg(test)]
mod tests;

use super::reader::{Section, Source};
use crate::error::Result;
use crate::facts::CounterQuery;
use crate::model::syntax::{absolute_path, shown, tcp_port};
use crate::model::{AdminSync, BackupSource, DataSet, Load, MatchRule, Port};
use crate::plan::UnitVerb;
use program::{argument, counter, hook};

pub use data::is_within;
pub use program::Hook;

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
    /// What a mirror holds, in the order in which it is loaded; empty when pairadm copies no data.
    pub data: Vec<DataSet>,
    /// Where the primary's current backup is.
    pub backup: BackupSource,
    /// How loaded data is validated and taken up.
    pub load: Load,
    /// Administration files kept in step.
    pub admin_sync: AdminSync,
    /// What a comparison of the nodes expects; a path without a rule is not compared.
    pub matches: Vec<MatchRule>,
}

/// Validates the text of a profile; `file` is its name in messages.
pub fn parse_profile(name: &str, text: &str, file: &str) -> Result<Profile> {
    let source = Source::parse(text, file, "bad_profile")?;
    let profile = read(name, source.root());
    if let Some(profile) = &profile {
        rules::check(profile, &source);
    }
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
    let data = data::data_sets(&mut root);
    let backup = data::backup(&mut root);
    let load = data::load(&mut root);
    let admin_sync = data::admin_sync(&mut root, data.as_deref().unwrap_or_default());
    let matches = data::matches(&mut root);
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
        data: data?,
        backup,
        load,
        admin_sync,
        matches: matches?,
    })
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
