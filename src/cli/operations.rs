//! Commands about operations of the past: `show`, `undo`, `resume`, `report`.

use super::change;
use super::output::Done;
use super::session::Session;
use super::told::told;
use crate::engine::Direction;
use crate::error::{Error, Kind, Result};
use crate::intent::{Answers, Operation};
use crate::model::OpId;
use crate::report::{Format, Report, render};
use clap::Args;
use serde_json::json;

/// The number of an operation.
#[derive(Debug, Args)]
pub struct OperationArgs {
    /// Number of the operation, as `history` lists it
    #[arg(value_name = "OP")]
    op: OpId,
}

/// An operation to read about.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Number of the operation, as `history` lists it
    #[arg(value_name = "OP")]
    op: OpId,
    /// Without a pair: the server it was done on, as `traffic` names it
    #[arg(long, value_name = "HOSTNAME")]
    node: Option<String>,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    operation: ShowArgs,
    /// text, md, html or json
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Number of the operation; the unfinished one without it
    #[arg(value_name = "OP")]
    op: Option<OpId>,
    /// Take back what was done
    #[arg(long, conflicts_with = "forward")]
    roll_back: bool,
    /// Do what is left
    #[arg(long)]
    forward: bool,
}

/// Prints the report.
pub fn report(session: &Session, args: &ReportArgs) -> Result<Done> {
    let report = find(session, &args.operation)?;
    session.output.raw(&render(&report, args.format)?);
    Done::with(report)
}

/// Shows what the journals say.
pub fn show(session: &Session, args: &ShowArgs) -> Result<Done> {
    let report = find(session, args)?;
    session.output.raw(&render(&report, Format::Text)?);
    Done::with(report)
}

fn find(session: &Session, args: &ShowArgs) -> Result<Report> {
    let controller = session.controller()?;
    match args.node.as_deref() {
        None => controller.report(args.op, &session.cancel),
        server => controller.report_alone(args.op, server, &session.cancel),
    }
}

/// Takes an operation back; one that is still open is rolled back instead.
pub fn undo(session: &Session, args: &OperationArgs) -> Result<Done> {
    let undone = change::run(session, Operation::Undo(args.op), &Answers::default());
    match undone {
        Err(error) if error.code == "unfinished" && is_open(session, args.op)? => {
            change::resume(session, Some(args.op), Some(Direction::Back))
        }
        // Taking back is what was asked for.
        Ok(done) if done.exit_code == Kind::RolledBack.exit_code() && done.result["op"] == args.op.0 => {
            Ok(Done {
                exit_code: 0,
                error: None,
                ..done
            })
        }
        other => other,
    }
}

/// Goes on with an interrupted operation.
pub fn resume(session: &Session, args: &ResumeArgs) -> Result<Done> {
    let direction = match (args.forward, args.roll_back) {
        (true, _) => Some(Direction::Forward),
        (_, true) => Some(Direction::Back),
        _ => None,
    };
    if session.common.dry_run {
        let open = session
            .controller()?
            .unfinished(&session.cancel)?
            .ok_or_else(|| {
                Error::refused("nothing_open", "no operation is unfinished")
                    .hint("`pairadm history` lists what was done")
            })?;
        return Done::with(
            json!({ "dry_run": true, "op": open.op, "done": open.done, "plan": told(&open.plan)? }),
        );
    }
    change::resume(session, args.op, direction)
}

fn is_open(session: &Session, op: OpId) -> Result<bool> {
    Ok(session
        .controller()?
        .unfinished(&session.cancel)?
        .is_some_and(|open| open.op == op))
}
