//! `pairadm lab`: the practice lab from the command line.

use crate::error::{Error, Result};
use crate::lab::{self, Fault, Lab, LabName, LabStatus, Place, Tool};
use clap::{Args, Subcommand};
use std::io::{IsTerminal, Write};
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
    Try(Consent),
    /// Start a lab: two nodes of a pair, or those that are off
    Up(Consent),
    /// Stop a lab and remove everything it made
    Down {
        /// Also remove the cached root file system
        #[arg(long)]
        purge_cache: bool,
    },
    /// Show what runs, what answers and what is broken
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
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
    Build(Consent),
    /// Say what this host lacks for a lab, and install it
    InstallCheck(Consent),
}

#[derive(Debug, Args)]
struct Consent {
    /// Install missing packages without asking
    #[arg(long, short)]
    yes: bool,
}

/// Runs the subcommand. `open_menu` is called by `lab try` once the nodes are up; its result is the
/// exit code.
pub fn run(args: &LabArgs, open_menu: &dyn Fn(&Lab) -> Result<u8>) -> Result<u8> {
    let place = Place::new(&args.dir);
    let load = || Lab::load(&place, &args.name);
    match &args.command {
        LabCommand::Try(consent) => {
            provide_packages(consent.yes)?;
            open_menu(&start(&place, &args.name)?)
        }
        LabCommand::Up(consent) => {
            provide_packages(consent.yes)?;
            start(&place, &args.name).map(|_| 0)
        }
        LabCommand::Build(consent) => {
            provide_packages(consent.yes)?;
            let rootfs = lab::build_cache(&place, &say)?;
            say(&format!("the root file system is {}", rootfs.display()));
            Ok(0)
        }
        LabCommand::Down { purge_cache } => {
            let existed = lab::down(&place, &args.name)?;
            say(&format!(
                "lab {} {}",
                args.name,
                if existed { "is gone" } else { "does not exist" }
            ));
            if *purge_cache {
                lab::purge_cache(&place)?;
                say("the cached root file system is gone");
            }
            Ok(0)
        }
        LabCommand::Status { json } => print_status(&LabStatus::of(&load()?), *json),
        LabCommand::Ssh { node, command } => become_ssh(&load()?, node, command),
        LabCommand::Exec { node, command } => Err(load()?.enter(node, command)?.become_it()),
        LabCommand::Break { fault } if fault.is_empty() => {
            list_faults();
            Ok(0)
        }
        LabCommand::Break { fault } => {
            let fault = Fault::from_words(fault)?;
            load()?.break_it(&place, &fault)?;
            say(&format!("broken: {fault}"));
            Ok(0)
        }
        LabCommand::Heal => {
            let healed = load()?.heal(&place)?;
            for fault in &healed {
                say(&format!("healed: {fault}"));
            }
            say("both nodes are ready");
            Ok(0)
        }
        LabCommand::Start { node } => {
            load()?.boot(&place, node)?;
            say(&format!("{node} is ready"));
            Ok(0)
        }
        LabCommand::InstallCheck(consent) => {
            provide_packages(consent.yes)?;
            say("this host has what a lab needs");
            Ok(0)
        }
    }
}

fn start(place: &Place, name: &LabName) -> Result<Lab> {
    let started = lab::up(place, name, &say)?;
    let Lab {
        nodes,
        vip_v4,
        vip_v6,
        ..
    } = &started.lab;
    for (node, unit) in &started.failed_units {
        say(&format!("warning: {node}: {unit} failed at boot"));
    }
    let names: Vec<_> = nodes
        .iter()
        .map(|node| format!("{} {}", node.name, node.v4))
        .collect();
    say(&format!(
        "lab {name} is up in {:.1} s: {}",
        started.took.as_secs_f64(),
        names.join(", ")
    ));
    say(&format!("virtual addresses for the pair: {vip_v4} and {vip_v6}"));
    Ok(started.lab)
}

/// Names missing packages and installs them once the operator agrees.
fn provide_packages(yes: bool) -> Result<()> {
    let missing = lab::missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("this host lacks, for a lab: {}", missing.join(" ")));
    if !yes && !agreed("install them with apt-get?")? {
        return Err(
            Error::refused("lab_packages", format!("this host lacks {}", missing.join(", ")))
                .hint("run it with --yes, or install them yourself"),
        );
    }
    lab::install(&missing, &say)
}

fn agreed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    dialoguer::Confirm::new()
        .with_prompt(question)
        .default(true)
        .interact()
        .map_err(|error| Error::refused("lab_packages", "no answer").because(error))
}

/// Becomes the ssh client: its exit code is ours.
fn become_ssh(lab: &Lab, node: &str, command: &[String]) -> Result<u8> {
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

fn list_faults() {
    say("faults (`pairadm lab heal` takes all of them off):");
    for (form, effect) in Fault::LIST {
        say(&format!("  {form:24} {effect}"));
    }
}

fn print_status(status: &LabStatus, json: bool) -> Result<u8> {
    if json {
        say(&serde_json::to_string_pretty(status).map_err(|error| Error::bug(error.to_string()))?);
        return Ok(0);
    }
    say(&format!(
        "lab {}: VIPs {} {}, control address {}",
        status.name, status.vips[0], status.vips[1], status.control[0]
    ));
    say(&format!(
        "{:8} {:>8}  {:10} {:10} {:4} {:16} {}",
        "NODE", "PID", "STATE", "SSH", "SIP", "IPv4", "IPv6"
    ));
    for node in &status.nodes {
        say(&format!(
            "{:8} {:>8}  {:10} {:10} {:4} {:16} {}",
            node.name,
            node.pid.map_or("-".to_owned(), |pid| pid.to_string()),
            node.state,
            node.ssh_us.map_or("-".to_owned(), |us| format!("{us} µs")),
            if node.sip { "yes" } else { "-" },
            node.addresses[0].to_string(),
            node.addresses[1],
        ));
    }
    say(&format!(
        "third host {}: {} {}",
        Lab::THIRD,
        status.third[0],
        status.third[1]
    ));
    let faults = if status.faults.is_empty() {
        "none".to_owned()
    } else {
        status.faults.join("; ")
    };
    say(&format!("faults: {faults}"));
    Ok(0)
}

/// One line to the operator; a closed pipe is the reader's choice, not an error.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
