//! What pairadm itself left on the node: recorded state and the installed program.

use crate::data::{LastRun, Trigger};
use crate::model::{NodeState, digest, paths};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

/// The recorded state; `None` on a node that was never configured. A state that cannot be read is an
/// error: taking it for absent would make a configured node look new.
pub fn state() -> Result<Option<NodeState>, String> {
    let text = match std::fs::read(paths::STATE_FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", paths::STATE_FILE)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| format!("{}: {error}", paths::STATE_FILE))
}

/// What the node last did by itself, of each kind.
pub fn runs() -> Vec<LastRun> {
    let var = Path::new(paths::VAR_DIR);
    Trigger::ALL
        .into_iter()
        .filter_map(|trigger| LastRun::read(var, trigger))
        .collect()
}

/// SHA-256 of the installed program, if there is one.
pub fn program_sha256() -> Option<String> {
    digest::sha256_of(File::open(paths::PROGRAM).ok()?).ok()
}
