//! Parses the command line, runs it, and turns an error into words and an exit code.

use clap::{Parser, Subcommand};
use pairadm::agent;
use pairadm::cli::lab::{self, LabArgs};
use pairadm::error::Result;
use pairadm::model::OpId;
use std::io::Write;
use std::process::ExitCode;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Lab(LabArgs),
    /// Answers a controller on standard input and output.
    #[command(hide = true)]
    Agent,
    /// Takes unconfirmed changes of an operation back; run by a timer on the node.
    #[command(hide = true)]
    AgentRevert {
        /// Number of the operation.
        op: OpId,
    },
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Lab(args) => lab::run(&args, &|_| Ok(0)),
        Command::Agent => agent::run(),
        Command::AgentRevert { op } => agent::revert_armed(op).map(|()| 0),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code.into(),
        Err(error) => {
            let mut stderr = std::io::stderr().lock();
            let _ = writeln!(stderr, "pairadm: {error}");
            if let Some(hint) = &error.hint {
                let _ = writeln!(stderr, "hint: {hint}");
            }
            error.kind.exit_code().into()
        }
    }
}
