//! The translation table in CSV files of this machine.

use super::{CsvKind, Table};
use crate::error::{Error, Result};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// Reads a table.
///
/// # Errors
/// Refuses a file that cannot be read (`unreadable_csv`) or is not such a table (`bad_translation_csv`).
pub fn read(path: &Path, kind: CsvKind) -> Result<Table> {
    let bytes = fs::read(path).map_err(|error| {
        Error::refused("unreadable_csv", "the file cannot be read")
            .at(path.display())
            .because(error)
    })?;
    Table::from_csv(&bytes, kind, &path.display().to_string())
}

/// Writes a table into a file that only its owner reads, whole or not at all; returns what was done.
///
/// # Errors
/// Refuses a path that is taken (`file_exists`) or cannot be written (`not_exported`).
pub fn write(path: &Path, kind: CsvKind, table: &Table, existing: Existing) -> Result<String> {
    let text = table.to_csv(kind)?;
    put(path, text.as_bytes(), existing).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            Error::refused("file_exists", "the file exists already").at(path.display())
        } else {
            Error::refused("not_exported", "the file cannot be written")
                .at(path.display())
                .because(error)
                .hint("give the path of a file in a directory that exists")
        }
    })?;
    let rows = table.entries.len();
    let plural = if rows == 1 { "" } else { "s" };
    Ok(format!("{rows} row{plural} written to {}", path.display()))
}

fn put(path: &Path, bytes: &[u8], existing: Existing) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut draft = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    match existing {
        Existing::Keep => draft.persist_noclobber(path)?,
        Existing::Replace => draft.persist(path)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn a_table_is_written_whole_read_again_and_replaced_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let mut table = Table::default();
        table
            .set("10.0.0.1".parse().unwrap(), None, Some("=note".to_owned()))
            .unwrap();
        let kind = CsvKind::Spreadsheet;
        let told = write(&path, kind, &table, Existing::Keep).unwrap();
        assert_eq!(told, format!("1 row written to {}", path.display()));
        assert_eq!(read(&path, kind).unwrap(), table);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

        let more = Table::default();
        let refused = write(&path, kind, &more, Existing::Keep).unwrap_err();
        assert_eq!(refused.code, "file_exists");
        assert_eq!(read(&path, kind).unwrap(), table, "left as it was");
        write(&path, kind, &more, Existing::Replace).unwrap();
        assert_eq!(read(&path, kind).unwrap(), more);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "no draft stays");

        assert_eq!(read(folder.path(), kind).unwrap_err().code, "unreadable_csv");
        let nowhere = folder.path().join("no/table.csv");
        let refused = write(&nowhere, kind, &table, Existing::Keep).unwrap_err();
        assert_eq!(refused.code, "not_exported");
    }
}
