//! `pairadm lab`: the practice lab from the command line.

use super::menu;
use super::output::Done;
use super::session::Session;
use crate::error::{Error, Result};
use crate::lab::{self, Database, Fault, Lab, LabName, LabStatus, Place, Tool, Trainer};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

/// Two real servers on this machine, with faults on request
#[derive(Debug, Args)]
pub struct LabArgs {
    #[command(subcommand)]
    command: LabCommand,
    /// Which lab; several can run at once
    #[arg(long, global = true, env = "PAIRADM_LAB", default_value = "lab")]
    name: LabName,
    /// Where labs and the cached root file system are kept
    #[arg(long, global = true, env = "PAIRADM_LAB_DIR", default_value = Place::DEFAULT, value_name = "DIRECTORY")]
    dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum LabCommand {
    /// Install what is missing, start a lab and open the menu on it
    Try(NewLab),
    /// Start a lab: two nodes of a pair, or those that are off
    Up(NewLab),
    /// Stop a lab and remove everything it made
    Down {
        /// Also remove the cached root file system
        #[arg(long)]
        purge_cache: bool,
    },
    /// Show what runs, what answers and what is broken
    Status,
    /// Log in to a node as root, or run a command there
    Ssh {
        /// alpha or beta
        node: String,
        /// What to run; a login shell without it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Run a command on a node (or in the third host's network) without SSH
    Exec {
        /// alpha, beta or gamma
        node: String,
        /// What to run
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Put a fault on; without one, list them
    Break {
        /// The fault, such as `power alpha`
        fault: Vec<String>,
    },
    /// Take all faults off and wait until both nodes are ready
    Heal,
    /// Boot a node whose power was cut
    Start {
        /// alpha or beta
        node: String,
    },
    /// Build the cached root file system without starting a lab
    Build,
    /// Say what this host lacks for a lab, and install it
    InstallCheck,
}

/// What a lab is made with.
#[derive(Debug, Args)]
struct NewLab {
    /// Where Kamailio on the nodes has its tables; sqlite for a new lab
    #[arg(long, value_enum)]
    database: Option<Database>,
}

/// Runs the subcommand.
pub fn run(session: &Session, args: &LabArgs) -> Result<Done> {
    let bench = Bench {
        session,
        place: Place::new(&args.dir),
        name: &args.name,
    };
    match &args.command {
        LabCommand::Try(new) => bench.open_menu(new),
        LabCommand::Up(new) => Done::with(bench.up(new)?),
        LabCommand::Build => bench.build(),
        LabCommand::Down { purge_cache } => bench.down(*purge_cache),
        LabCommand::Status => bench.status(),
        LabCommand::Ssh { node, command } => become_ssh(&bench.load()?, node, command),
        LabCommand::Exec { node, command } => Err(bench.load()?.enter(node, command)?.become_it()),
        LabCommand::Break { fault } if fault.is_empty() => bench.list_faults(),
        LabCommand::Break { fault } => bench.break_it(&Fault::from_words(fault)?),
        LabCommand::Heal => bench.heal(),
        LabCommand::Start { node } => bench.start(node),
        LabCommand::InstallCheck => bench.install_check(),
    }
}

/// What the subcommands work with.
struct Bench<'a> {
    session: &'a Session,
    place: Place,
    name: &'a LabName,
}

impl Bench<'_> {
    fn load(&self) -> Result<Lab> {
        Lab::load(&self.place, self.name)
    }

    fn say(&self, line: &str) {
        self.session.output.raw(&format!("{line}\n"));
    }

    /// Starts the lab and opens the menu on its pair.
    fn open_menu(&self, new: &NewLab) -> Result<Done> {
        let lab = self.up(new)?;
        let mut common = self.session.common.clone();
        common.pair = lab.pair_file();
        let trainer = Trainer::new(self.place.clone(), self.name.clone());
        menu::run(&Session::new(common)?, Some(trainer))
    }

    fn up(&self, new: &NewLab) -> Result<Lab> {
        self.provide_packages()?;
        let started = lab::up(&self.place, self.name, new.database, &|line| self.say(line))?;
        let Lab {
            nodes,
            vip_v4,
            vip_v6,
            ..
        } = &started.lab;
        for (node, unit) in &started.failed_units {
            self.say(&format!("warning: {node}: {unit} failed at boot"));
        }
        let names: Vec<_> = nodes
            .iter()
            .map(|node| format!("{} {}", node.name, node.v4))
            .collect();
        let took = started.took.as_secs_f64();
        self.say(&format!(
            "lab {} is up in {took:.1} s: {}",
            self.name,
            names.join(", ")
        ));
        self.say(&format!("virtual addresses for the pair: {vip_v4} and {vip_v6}"));
        self.say(&format!("pair file: {}", started.lab.pair_file().display()));
        Ok(started.lab)
    }

    fn build(&self) -> Result<Done> {
        self.provide_packages()?;
        let rootfs = lab::build_cache(&self.place, &|line| self.say(line))?;
        self.say(&format!("the root file system is {}", rootfs.display()));
        Done::with(json!({ "rootfs": rootfs }))
    }

    fn down(&self, purge_cache: bool) -> Result<Done> {
        let existed = lab::down(&self.place, self.name)?;
        self.say(&format!(
            "lab {} {}",
            self.name,
            if existed { "is gone" } else { "does not exist" }
        ));
        if purge_cache {
            lab::purge_cache(&self.place)?;
            self.say("the cached root file system is gone");
        }
        Done::with(json!({ "existed": existed, "purged": purge_cache }))
    }

    fn status(&self) -> Result<Done> {
        let status = LabStatus::of(&self.load()?);
        for line in status_lines(&status) {
            self.say(&line);
        }
        Done::with(status)
    }

    fn list_faults(&self) -> Result<Done> {
        self.say("faults (`pairadm lab heal` takes all of them off):");
        for (form, effect) in Fault::LIST {
            self.say(&format!("  {form:24} {effect}"));
        }
        Done::with(json!({ "faults": Fault::LIST }))
    }

    fn break_it(&self, fault: &Fault) -> Result<Done> {
        self.load()?.break_it(&self.place, fault)?;
        self.say(&format!("broken: {fault}"));
        Done::with(json!({ "broken": fault }))
    }

    fn heal(&self) -> Result<Done> {
        let healed = self.load()?.heal(&self.place)?;
        for fault in &healed {
            self.say(&format!("healed: {fault}"));
        }
        self.say("both nodes are ready");
        Done::with(json!({ "healed": healed }))
    }

    fn start(&self, node: &str) -> Result<Done> {
        self.load()?.boot(&self.place, node)?;
        self.say(&format!("{node} is ready"));
        Done::with(json!({ "started": node }))
    }

    fn install_check(&self) -> Result<Done> {
        self.provide_packages()?;
        self.say("this host has what a lab needs");
        Ok(Done::default())
    }

    /// Names missing packages and installs them once the operator agrees.
    fn provide_packages(&self) -> Result<()> {
        let missing = lab::missing_packages();
        if missing.is_empty() {
            return Ok(());
        }
        self.say(&format!("this host lacks, for a lab: {}", missing.join(" ")));
        if !self.session.common.yes && !self.agreed("install them with apt-get?")? {
            return Err(
                Error::refused("lab_packages", format!("this host lacks {}", missing.join(", ")))
                    .hint("run it with --yes, or install them yourself"),
            );
        }
        lab::install(&missing, &|line| self.say(line))
    }

    fn agreed(&self, question: &str) -> Result<bool> {
        if !self.session.interactive() {
            return Ok(false);
        }
        dialoguer::Confirm::new()
            .with_prompt(question)
            .default(true)
            .interact()
            .map_err(|error| Error::refused("lab_packages", "no answer").because(error))
    }
}

/// Becomes the ssh client: its exit code is ours.
fn become_ssh(lab: &Lab, node: &str, command: &[String]) -> Result<Done> {
    let node = lab.node(node)?;
    Err(Tool::new("ssh")
        .args([
            "-F",
            "none",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=yes",
        ])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", lab.known_hosts().display()))
        .arg("-i")
        .arg(lab.key())
        .arg(format!("root@{}", node.v4))
        .args(command)
        .become_it())
}

fn status_lines(status: &LabStatus) -> Vec<String> {
    let LabStatus {
        name,
        vips,
        control,
        third,
        ..
    } = status;
    let mut lines = vec![
        format!(
            "lab {name}: VIPs {} {}, control address {}",
            vips[0], vips[1], control[0]
        ),
        format!(
            "{:8} {:>8}  {:10} {:10} {:4} {:16} {}",
            "NODE", "PID", "STATE", "SSH", "SIP", "IPv4", "IPv6"
        ),
    ];
    lines.extend(status.nodes.iter().map(|node| {
        format!(
            "{:8} {:>8}  {:10} {:10} {:4} {:16} {}",
            node.name,
            node.pid.map_or("-".to_owned(), |pid| pid.to_string()),
            node.state,
            node.ssh_us.map_or("-".to_owned(), |us| format!("{us} µs")),
            if node.sip { "yes" } else { "-" },
            node.addresses[0].to_string(),
            node.addresses[1],
        )
    }));
    lines.push(format!("third host {}: {} {}", Lab::THIRD, third[0], third[1]));
    let faults = if status.faults.is_empty() {
        "none".to_owned()
    } else {
        status.faults.join("; ")
    };
    lines.push(format!("faults: {faults}"));
    lines
}
