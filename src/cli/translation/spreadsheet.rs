//! `pairadm translation import` and `export`: the table as CSV.

use super::change::make;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::prompt::Talk;
use crate::render::{Line, Tone};
use crate::translate::{CsvKind, Edits, Table};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

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
    let bytes = std::fs::read(&args.file).map_err(|error| {
        Error::refused("unreadable_csv", "the file cannot be read")
            .at(args.file.display())
            .because(error)
    })?;
    let name = args.file.display().to_string();
    let imported = Table::from_csv(&bytes, kind(args.spreadsheet), &name)?;
    let edits = if args.replace {
        Edits::between(&session.controller()?.translation()?.table, &imported)
    } else {
        Edits::setting(&imported)
    };
    make(session, &edits)
}

/// Writes the table.
pub fn export(session: &Session, args: &ExportArgs) -> Result<Done> {
    let table = session.controller()?.translation()?.table;
    let text = table.to_csv(kind(args.spreadsheet))?;
    let rows = table.entries.len();
    let Some(file) = &args.file else {
        session.output.raw(&text);
        return Done::with(json!({ "rows": rows, "csv": text }));
    };
    let question = format!("{} exists. Replace it", file.display());
    let may = !file.exists()
        || session.common.yes
        || session.interactive() && session.questions().agrees(&question);
    if !may {
        return Err(Error::refused("file_exists", "the file exists already")
            .at(file.display())
            .hint("name another file, or agree with --yes"));
    }
    write(file, text.as_bytes()).map_err(|error| {
        Error::refused("not_exported", "the file cannot be written")
            .at(file.display())
            .because(error)
    })?;
    let told = format!("{rows} rows written to {}", file.display());
    session.output.say([&Line::toned(Tone::Good, told)]);
    Done::with(json!({ "rows": rows, "file": file.display().to_string() }))
}

/// Whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut draft = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    draft.persist(path)?;
    Ok(())
}
