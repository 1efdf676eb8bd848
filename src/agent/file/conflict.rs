//! A file that somebody changed after pairadm looked at it (S5) or after pairadm wrote it (S10): told
//! with what differs, never overwritten.

use super::live::{Live, Seal};
use crate::error::Error;
use crate::model::diff::unified;
use std::path::Path;

/// Lines of a diff that are shown; the file itself has the rest.
const LINES: usize = 400;

/// `live` is neither what was planned against nor what pairadm wrote. `expected` are the bytes to
/// compare with, where they are known.
pub fn conflict(
    path: &Path,
    code: &str,
    seal: Option<&Seal>,
    expected: Option<&[u8]>,
    live: Option<&Live>,
) -> Error {
    let message = match code {
        "file_changed" => "the file is not what the plan was made from",
        _ => "somebody changed the file since",
    };
    let error = Error::refused(code, message)
        .at(path.display())
        .because(difference(seal, live))
        .hint(match code {
            "file_changed" => "plan again; the new plan shows the change",
            _ => "decide by hand which content is right; the backup has the original",
        });
    match diff(path, expected, live) {
        Some(diff) => error.with_diff(diff),
        None => error,
    }
}

fn difference(seal: Option<&Seal>, live: Option<&Live>) -> String {
    match (seal, live) {
        (Some(_), None) => "the file is gone".to_owned(),
        (None, Some(live)) => format!(
            "there was no file; now there is one of {} bytes",
            live.bytes.len()
        ),
        (Some(seal), Some(live)) if seal.sha256 != live.sha256 => {
            format!(
                "SHA-256 {} expected, {} found",
                short(&seal.sha256),
                short(&live.sha256)
            )
        }
        (Some(seal), Some(live)) => format!(
            "mode {:o}, owner {}:{} expected, mode {:o}, owner {}:{} found",
            seal.mode, seal.uid, seal.gid, live.meta.mode, live.meta.uid, live.meta.gid
        ),
        (None, None) => "no difference".to_owned(),
    }
}

fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

/// Where pairadm's own configuration is: it names addresses, and no secrets.
const OWN: &str = "/etc/pairadm";

/// Only of text that everybody on the node may read, or that is pairadm's own: anything else may hold a
/// secret (S11).
fn diff(path: &Path, expected: Option<&[u8]>, live: Option<&Live>) -> Option<String> {
    if live.is_some_and(|live| live.meta.mode & 0o004 == 0) && !path.starts_with(OWN) {
        return None;
    }
    let old = std::str::from_utf8(expected?).ok()?;
    let new = live
        .map_or(Ok(""), |live| std::str::from_utf8(&live.bytes))
        .ok()?;
    let diff = unified(["expected", "found"], old, new);
    if diff.is_empty() {
        return None;
    }
    Some(diff.split_inclusive('\n').take(LINES).collect())
}
