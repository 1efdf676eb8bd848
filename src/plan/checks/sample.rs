//! Two nodes that are not a pair yet, for tests: everything a check could object to is in order.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use super::Subject;
use crate::agent::protocol::FileImage;
use crate::config::{Profile, profile, render_pair, sample};
use crate::facts::{Facts, Firewall, Interface, InterfaceAddress, UnitFacts};
use crate::intent::{Operation, RestartChoice};
use crate::model::{BySide, ExtraFile, Pair, Side, digest, paths};
use crate::plan::configure::{ConfigureInput, managed_paths};
use crate::plan::files::{guard_units, known_hosts};
use crate::plan::{Action, Basis, Content, FilePut, Plan, UnitVerb};
use std::net::IpAddr;
use std::path::Path;

/// Alpha and beta, to bend before a plan is made.
pub struct Nodes {
    /// The pair as it shall be.
    pub pair: Pair,
    /// The pair as it is configured.
    pub previous: Option<Pair>,
    /// Kamailio.
    pub profile: Profile,
    /// The administrator's text of it.
    pub own_profile: Option<String>,
    /// What the nodes are like.
    pub facts: BySide<Facts>,
    /// Files to install.
    pub extra: Vec<(ExtraFile, Vec<u8>)>,
    /// When services are restarted.
    pub restart: RestartChoice,
    /// Who answers for the VIPs.
    pub holders: Vec<(IpAddr, Vec<String>)>,
    /// Only shown.
    pub dry_run: bool,
    pair_file: String,
}

impl Default for Nodes {
    fn default() -> Self {
        let pair = sample::office();
        Self {
            pair_file: render_pair(None, &pair).unwrap(),
            facts: BySide::new(|side| facts(&pair, side)),
            pair,
            previous: None,
            profile: profile("kamailio", Path::new("/nonexistent")).unwrap(),
            own_profile: None,
            extra: Vec::new(),
            restart: RestartChoice::Now,
            holders: Vec::new(),
            dry_run: false,
        }
    }
}

impl Nodes {
    /// What the checks take.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            pair: &self.pair,
            profile: &self.profile,
            facts: self.facts.as_ref(),
            holders: &self.holders,
        }
    }

    /// What the planner takes.
    pub fn input(&self) -> ConfigureInput<'_> {
        ConfigureInput {
            operation: Operation::Configure,
            pair: &self.pair,
            previous: self.previous.as_ref(),
            profile: &self.profile,
            own_profile: self.own_profile.as_deref(),
            facts: self.facts.as_ref(),
            pair_file: &self.pair_file,
            extra: &self.extra,
            program: None,
            restart: self.restart,
            holders: &self.holders,
            dry_run: self.dry_run,
        }
    }

    /// What planners of a configured pair take.
    pub fn basis(&self) -> Basis<'_> {
        Basis {
            pair: &self.pair,
            profile: &self.profile,
            facts: self.facts.as_ref().map(|_, facts| Some(facts)),
        }
    }

    /// Changes the pair, and the pair file with it.
    pub fn change(&mut self, bend: impl FnOnce(&mut Pair)) {
        bend(&mut self.pair);
        self.pair_file = render_pair(Some(&self.pair_file), &self.pair).unwrap();
    }

    /// Plans to configure and does it; the pair is then the previous one.
    pub fn configure(&mut self) -> Plan {
        let plan = crate::plan::configure::plan(&self.input()).unwrap();
        self.carry_out(&plan);
        self.previous = Some(self.pair.clone());
        plan
    }

    /// Carries a plan out on the facts.
    pub fn carry_out(&mut self, plan: &Plan) {
        for step in plan.steps() {
            apply(&mut self.facts[step.side], &step.action);
        }
    }

    /// Writes a file on a node.
    pub fn write(&mut self, side: Side, path: &str, text: &str) {
        let facts = &mut self.facts[side];
        facts.files.retain(|file| file.path != path);
        facts.files.push(image(path, Some(text)));
    }

    /// The text of a file on a node.
    pub fn read(&self, side: Side, path: &str) -> String {
        crate::plan::configure::present(&self.facts[side], path)
    }
}

fn facts(pair: &Pair, side: Side) -> Facts {
    let node = &pair.nodes[side];
    let own = node.address.preferred().unwrap();
    let mut files: Vec<FileImage> = managed_paths().iter().map(|path| image(path, None)).collect();
    files.push(image(paths::STATE_FILE, None));
    files.push(image(&paths::own_profile("kamailio"), None));
    files.push(image(crate::translate::TRANSLATION_FILE, None));
    let mut facts = Facts {
        hostname: node.hostname.to_string(),
        machine_id: format!("{side}-machine-id"),
        clock_us: 1_000_000_000_000,
        time_zone: ("UTC".to_owned(), 0),
        cpus: 2,
        memory: 2 << 30,
        disk: (8 << 30, 16 << 30),
        addresses: vec![InterfaceAddress {
            interface: "eth0".to_owned(),
            address: own,
            prefix: 24,
        }],
        interfaces: vec![Interface {
            name: "eth0".to_owned(),
            mac: crate::plan::sample::mac(side).to_owned(),
            up: true,
        }],
        gateways: vec!["192.0.2.1".parse().unwrap()],
        firewall: Firewall {
            backend: Some("nf_tables".to_owned()),
            ..Firewall::default()
        },
        units: vec![
            unit("kamailio.service", "loaded", "active", "enabled"),
            unit("chrony.service", "loaded", "active", "enabled"),
            unit(guard_units::EARLY, "not-found", "inactive", ""),
            unit(guard_units::LATE, "not-found", "inactive", ""),
        ],
        version: Some("version: kamailio 5.6.3".to_owned()),
        alive: Some((true, "up".to_owned())),
        sip: vec![(own, Some(400))],
        files,
        sysctl: ["net.ipv4.ip_nonlocal_bind", "net.ipv6.ip_nonlocal_bind"]
            .map(|name| (name.to_owned(), "0".to_owned()))
            .into(),
        ssh_ports: vec![22],
        node_key: Some(format!("ssh-ed25519 AAAAKEY{side}")),
        ..Facts::default()
    };
    for (path, text) in [
        (
            "/etc/hosts",
            format!(
                "127.0.0.1 localhost\n127.0.1.1 {0}.example.net {0}\n",
                node.hostname
            ),
        ),
        (
            known_hosts::HOST_KEYS[0],
            format!("ssh-ed25519 HOST{side} root@{}\n", node.hostname),
        ),
        (
            "/etc/chrony/chrony.conf",
            "confdir /etc/chrony/conf.d\nsourcedir /etc/chrony/sources.d\n".to_owned(),
        ),
    ] {
        facts.files.retain(|file| file.path != path);
        facts.files.push(image(path, Some(&text)));
    }
    facts
}

/// A unit as systemd describes it.
pub fn unit(name: &str, load: &str, active: &str, enabled: &str) -> UnitFacts {
    UnitFacts {
        name: name.to_owned(),
        load: load.to_owned(),
        active: active.to_owned(),
        enabled: enabled.to_owned(),
        next: None,
    }
}

/// A file as the agent reads it.
pub fn image(path: &str, text: Option<&str>) -> FileImage {
    FileImage {
        path: path.to_owned(),
        content: text.map(|text| Content::Text(text.to_owned())),
        sha256: text.map(|text| digest::sha256(text.as_bytes())),
        mode: 0o644,
        owner: (0, 0),
        obstacle: None,
    }
}

/// What an agent would do, on the facts.
pub fn apply(facts: &mut Facts, action: &Action) {
    match action {
        Action::File(file) => put(facts, file),
        Action::Unit { unit: name, verb } if *verb != UnitVerb::DaemonReload => {
            let index = facts.units.iter().position(|unit| unit.name == *name).unwrap();
            let unit = &mut facts.units[index];
            match verb {
                UnitVerb::Enable => "enabled".clone_into(&mut unit.enabled),
                UnitVerb::Disable => "disabled".clone_into(&mut unit.enabled),
                UnitVerb::Stop => "inactive".clone_into(&mut unit.active),
                _ => "active".clone_into(&mut unit.active),
            }
            if let Some(state) = &mut facts.state {
                state.pending_restart.retain(|pending| pending != name);
            }
        }
        Action::Sysctl { values } => {
            facts
                .sysctl
                .retain(|(name, _)| values.iter().all(|(set, _)| set != name));
            facts.sysctl.extend(values.iter().cloned());
        }
        Action::Traffic(change) => {
            facts.firewall.v4 = Some(change.traffic);
            facts.firewall.v6 = Some(change.traffic);
            facts.firewall.blocked = match change.traffic {
                crate::model::Traffic::Allowed => Vec::new(),
                crate::model::Traffic::Blocked => change.ports.clone(),
            };
        }
        Action::RemoveChain { .. } => {
            facts.firewall.v4 = None;
            facts.firewall.v6 = None;
        }
        Action::Release { vips, .. } => {
            facts
                .addresses
                .retain(|entry| vips.iter().all(|vip| vip.address != entry.address));
        }
        Action::Acquire { vips } => facts.addresses.extend(vips.iter().map(|vip| InterfaceAddress {
            interface: vip.interface.clone(),
            address: vip.address,
            prefix: if vip.address.is_ipv4() { 32 } else { 128 },
        })),
        Action::State { state } => facts.state = Some(state.clone()),
        _ => {}
    }
}

fn put(facts: &mut Facts, file: &FilePut) {
    let present = facts.files.iter().find(|image| image.path == file.path);
    assert_eq!(
        present.and_then(|image| image.sha256.clone()),
        file.before,
        "{}",
        file.path
    );
    facts.files.retain(|image| image.path != file.path);
    let bytes = file.content.as_ref().map(|content| content.to_bytes().unwrap());
    facts.files.push(FileImage {
        sha256: bytes.as_deref().map(digest::sha256),
        content: file.content.clone(),
        ..image(&file.path, None)
    });
}
