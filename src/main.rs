//! Parses the command line, runs it, and turns an error into words and an exit code.

use clap::{Parser, Subcommand};
use pairadm::cli::lab::{self, LabArgs};
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
}

fn main() -> ExitCode {
    let Command::Lab(args) = Arguments::parse().command;
    match lab::run(&args, &|_| Ok(0)) {
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
