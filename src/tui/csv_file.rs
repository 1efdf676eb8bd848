//! The translation table in files of this machine, for the table editor.

use crate::error::{Error, Result};
use crate::translate::{CsvKind, Table};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Reads a table.
///
/// # Errors
/// Refuses a file that cannot be read (`csv_file`) or is not such a table (`bad_translation_csv`).
pub fn read(path: &Path, kind: CsvKind) -> Result<Table> {
    let bytes = fs::read(path).map_err(|error| {
        Error::refused("csv_file", "the file cannot be read")
            .at(path.display())
            .because(error)
    })?;
    Table::from_csv(&bytes, kind, &path.display().to_string())
}

/// Writes a table into a new file that only its owner reads; returns what was done.
///
/// # Errors
/// Refuses a path that is taken or cannot be written (`csv_file`).
pub fn write(path: &Path, kind: CsvKind, table: &Table) -> Result<String> {
    let text = table.to_csv(kind)?;
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        Error::refused("csv_file", "the file cannot be written")
            .at(path.display())
            .because(error)
            .hint("give the path of a file that does not exist yet, in a directory that does")
    })?;
    Ok(format!(
        "Wrote {} rows to {}.",
        table.entries.len(),
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let mut table = Table::default();
        table
            .set("10.0.0.1".parse().unwrap(), None, Some("=note".to_owned()))
            .unwrap();
        write(&path, CsvKind::Spreadsheet, &table).unwrap();
        assert_eq!(read(&path, CsvKind::Spreadsheet).unwrap(), table);
        assert_eq!(write(&path, CsvKind::Plain, &table).unwrap_err().code, "csv_file");
        assert_eq!(
            read(&path, CsvKind::Spreadsheet).unwrap(),
            table,
            "left as it was"
        );
        assert_eq!(read(folder.path(), CsvKind::Plain).unwrap_err().code, "csv_file");
    }
}
