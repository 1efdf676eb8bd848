//! The controller's own pair file after an operation that changed it on the nodes.

use super::Controller;
use crate::agent::protocol::{Request, Response};
use crate::config::render_pair;
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::model::{Pair, Side, paths};
use crate::plan::Plan;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reading one small file.
const READ: Duration = Duration::from_secs(10);

impl Controller {
    /// Brings the controller's pair file to what the nodes have now; both have the same. On a node
    /// that is its own controller the file is the same one and nothing is left to do.
    pub(super) fn adopt(&self, session: &mut Session, plan: &Plan) -> Result<()> {
        if let Some(side) = session.up().first().copied()
            && concerns_pair_file(plan)
        {
            let own = &self.options.pair_file;
            match read(session, side)? {
                Some(bytes) if std::fs::read(own).ok().as_ref() != Some(&bytes) => write(own, &bytes)?,
                None if own.exists() => retire(own)?,
                None | Some(_) => {}
            }
        }
        self.reload()
    }

    /// Before a removal: what the pair file says stays under another name. It is offered to the next
    /// `configure`, and tells how to reach the nodes when the removal is interrupted or undone.
    pub(super) fn keep_answers(&self, pair: &Pair) -> Result<()> {
        let own = &self.options.pair_file;
        let text = match std::fs::read(own) {
            Ok(text) => text,
            Err(_) => render_pair(None, pair)?.into_bytes(),
        };
        write(&removed(own), &text).map_err(|error| {
            let kept = Error::refused("answers_not_kept", "what the pair file says could not be kept");
            kept.at(removed(own).display()).because(error)
        })
    }
}

fn concerns_pair_file(plan: &Plan) -> bool {
    // An undo names steps of another plan: look in any case.
    plan.operation == "undo"
        || plan
            .steps()
            .any(|step| step.action.file() == Some(paths::PAIR_FILE))
}

fn read(session: &mut Session, side: Side) -> Result<Option<Vec<u8>>> {
    match session.ask(
        side,
        Request::Read {
            path: paths::PAIR_FILE.to_owned(),
        },
        READ,
    )? {
        Response::File(image) => image
            .content
            .map(|content| content.to_bytes().map_err(Error::bug))
            .transpose(),
        other => Err(Error::bug(format!("unexpected answer to a read: {other:?}"))),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let fault = |error: std::io::Error| {
        Error::incomplete(
            "pair_file_not_written",
            "both nodes have the new pair file, this machine does not",
        )
        .at(path.display())
        .because(error)
        .hint("copy /etc/pairadm/pair.toml from a node")
    };
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(fault)?;
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(fault)?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(fault)?;
    file.persist(path).map_err(|error| fault(error.error))?;
    Ok(())
}

/// Where the answers of a removed pair are kept.
pub(super) fn removed(path: &Path) -> PathBuf {
    let mut kept = path.as_os_str().to_owned();
    kept.push(".removed");
    kept.into()
}

/// The pair is no more; what the file said was kept under another name before.
fn retire(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|error| {
        Error::incomplete(
            "pair_file_not_removed",
            "the pair is removed from both nodes, its file is still here",
        )
        .at(path.display())
        .because(error)
    })
}
