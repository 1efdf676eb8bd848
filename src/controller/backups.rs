//! In-place backups on both nodes: what there is, and removing what is not needed any more.

use super::looking::Looking;
use super::{Cancel, Controller};
use crate::agent::protocol::{Backup, Request, Response};
use crate::error::{Error, Result};
use crate::model::Side;
use serde::Serialize;
use std::time::Duration;

/// Reading every journal of a node, hashes included.
const LIST: Duration = Duration::from_secs(20);

/// The backups of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeBackups {
    /// Its role.
    pub side: Side,
    /// Its name.
    pub hostname: String,
    /// Newest operation first.
    pub backups: Vec<Backup>,
    /// Why it could not say.
    pub error: Option<Error>,
}

impl Controller {
    /// What each node has; a node that cannot be asked says why.
    pub fn backups(&self, cancel: &Cancel) -> Result<Vec<NodeBackups>> {
        let pair = self.need_pair()?;
        let (mut session, mut faults) = self.connect(&pair, "backups", &Side::BOTH, cancel)?;
        let mut answers = session.each(&Side::BOTH, |node| node.ask(Request::Backups, LIST));
        session.heed()?;
        let nodes = Side::BOTH.map(|side| {
            let (backups, error) = match answers[side].take() {
                Some(Ok(Response::Backups { backups })) => (backups, None),
                Some(Ok(other)) => (
                    Vec::new(),
                    Some(Error::bug(format!("backups were answered by {other:?}"))),
                ),
                Some(Err(error)) => (Vec::new(), Some(error)),
                None => (Vec::new(), faults[side].take()),
            };
            NodeBackups {
                side,
                hostname: pair.nodes[side].hostname.to_string(),
                backups,
                error,
            }
        });
        Ok(nodes.into())
    }

    /// Removes the backups named, under the lock: an operation that runs may need them.
    pub fn prune(&self, chosen: &[NodeBackups], cancel: &Cancel) -> Result<()> {
        let pair = self.need_pair()?;
        let mut session = self.locked(&pair, "prune backups", &Side::BOTH, &[], Looking::quietly(cancel))?;
        session.carries_out();
        for node in chosen.iter().filter(|node| !node.backups.is_empty()) {
            let paths = node.backups.iter().map(|backup| backup.path.clone()).collect();
            session.ask(node.side, Request::Prune { paths }, LIST)?;
        }
        Ok(())
    }
}
