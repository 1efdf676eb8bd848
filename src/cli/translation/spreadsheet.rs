//! `pairadm translation import` and `export`: the table as CSV.

use super::change::make;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::prompt::Talk;
use crate::render::{Line, Tone};
use crate::translate::csv_file::{self, Existing};
use crate::translate::{CsvKind, Edits};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `translation import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; its first line is `from,to,note`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// It comes from a spreadsheet: take off the apostrophe before notes that begin like a formula
    #[arg(long)]
    spreadsheet: bool,
    /// Remove rows that the file does not have
    #[arg(long)]
    replace: bool,
}

/// Arguments of `translation export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file to write; standard output without it
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// It goes to a spreadsheet: put an apostrophe before notes that begin like a formula
    #[arg(long)]
    spreadsheet: bool,
}

const fn kind(spreadsheet: bool) -> CsvKind {
    if spreadsheet {
        CsvKind::Spreadsheet
    } else {
        CsvKind::Plain
    }
}

/// Takes rows over as one operation.
pub fn import(session: &Session, args: &ImportArgs) -> Result<Done> {
    let imported = csv_file::read(&args.file, kind(args.spreadsheet))?;
    let edits = if args.replace {
        Edits::between(&session.controller()?.table(&session.cancel)?, &imported)
    } else {
        Edits::setting(&imported)
    };
    make(session, &edits)
}

/// Writes the table.
pub fn export(session: &Session, args: &ExportArgs) -> Result<Done> {
    let table = session.controller()?.table(&session.cancel)?;
    let (kind, rows) = (kind(args.spreadsheet), table.entries.len());
    let Some(file) = &args.file else {
        let text = table.to_csv(kind)?;
        session.output.raw(&text);
        return Done::with(json!({ "rows": rows, "csv": text }));
    };
    let question = format!("{} exists. Replace it", file.display());
    let replace =
        session.common.yes || file.exists() && session.interactive() && session.questions().agrees(&question);
    let existing = if replace {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let told = csv_file::write(file, kind, &table, existing).map_err(|error| match error.code.as_str() {
        "file_exists" => error.hint("name another file, or agree with --yes"),
        _ => error,
    })?;
    session.output.say([&Line::toned(Tone::Good, told)]);
    Done::with(json!({ "rows": rows, "file": file.display().to_string() }))
}
