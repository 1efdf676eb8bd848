//! The command line: arguments, a file a command, one gate for output.

mod args;
mod backups;
mod change;
mod completions;
mod data;
mod doctor;
mod history;
mod lab;
mod menu;
mod node;
mod operations;
pub mod output;
mod restart;
mod session;
mod settings;
mod shown;
mod status;
mod takeover;
mod test;
mod told;
mod traffic;
mod translation;

pub use args::Arguments;

use crate::error::{Error, Kind, Result};
use crate::intent::{Answers, Operation};
use args::Command;
use clap::Parser;
use output::{Done, Output};
use session::Session;
use std::ffi::OsString;

/// Runs the program on these arguments (the first is its name); the process exit code.
pub fn run(arguments: Vec<OsString>) -> u8 {
    let json = arguments.iter().any(|argument| argument == "--json");
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => return wrong_usage(&error, json),
    };
    let name = parsed.command.as_ref().map_or("menu", Command::name);
    let output = Output::new(parsed.common.json, parsed.common.no_color);
    let session = match Session::new(parsed.common) {
        Ok(session) => session,
        Err(error) => return output.finish(name, Err(error)),
    };
    let outcome = match parsed.command {
        None => menu::run(&session, None),
        Some(command) => dispatch(&session, command),
    };
    session.output.finish(name, outcome)
}

fn dispatch(session: &Session, command: Command) -> Result<Done> {
    match command {
        Command::Status(args) => status::run(session, &args),
        Command::Doctor => doctor::run(session),
        Command::Configure(args) => change::run(session, Operation::Configure, &args.collect()?),
        Command::Reverse => change::run(session, Operation::Reverse, &Answers::default()),
        Command::Takeover(args) => takeover::run(session, &args),
        Command::Traffic(args) => traffic::run(session, &args),
        Command::Settings(args) => settings::run(session, &args),
        Command::Restart(args) => restart::run(session, &args),
        Command::Translation(args) => translation::run(session, &args),
        Command::Data(args) => data::run(session, &args),
        Command::Remove(args) => change::run(session, Operation::Remove, &args.collect()?),
        Command::History(args) => history::run(session, &args),
        Command::Show(args) => operations::show(session, &args),
        Command::Undo(args) => operations::undo(session, &args),
        Command::Resume(args) => operations::resume(session, &args),
        Command::Report(args) => operations::report(session, &args),
        Command::Test(args) => test::run(session, &args),
        Command::Backups(args) => backups::run(session, &args),
        Command::Lab(args) => lab::run(session, &args),
        Command::Completions(args) => completions::run(session, &args),
        Command::Agent => node::agent(),
        Command::Peer => node::peer(),
        Command::AgentRevert(args) => node::revert(&args),
        Command::AlarmsDue => node::alarms_due(session),
        Command::AgentLease => node::lease(session),
        Command::Guard(args) => node::guard(session, &args),
    }
}

/// Help and version go out as they are; wrong usage is exit 64, as JSON where that was asked for.
fn wrong_usage(error: &clap::Error, json: bool) -> u8 {
    if !error.use_stderr() {
        // A reader that has gone has seen enough.
        let _ = error.print();
        return 0;
    }
    if json {
        let text = error.render().to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines.next().unwrap_or_default().trim_start_matches("error: ");
        let hint: Vec<&str> = lines.collect();
        let error = Error::new(Kind::Usage, "usage", message).hint(hint.join("; "));
        return Output::new(true, true).finish("usage", Err(error));
    }
    let _ = error.print();
    Kind::Usage.exit_code()
}
