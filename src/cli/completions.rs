//! `pairadm completions`.

use super::args::Arguments;
use super::output::Done;
use super::session::Session;
use crate::error::Result;
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use serde_json::json;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(session: &Session, args: &CompletionsArgs) -> Result<Done> {
    let mut script = Vec::new();
    generate(args.shell, &mut Arguments::command(), "pairadm", &mut script);
    let script = String::from_utf8_lossy(&script);
    session.output.raw(&script);
    Done::with(json!({ "script": script }))
}
