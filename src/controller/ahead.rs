//! The node that will copy logs in to the other one while the copy is still being planned: that takes longer
//! than all planning.

use super::Controller;
use crate::agent::data::mirror::Peer;
use crate::agent::protocol::Request;
use crate::engine::Session;
use crate::intent::Operation;
use crate::model::{Pair, Side};
use crate::plan;
use std::time::Duration;

/// Beginning to log in.
const BEGIN: Duration = Duration::from_secs(20);

impl Controller {
    /// Begins it for a copy. Whatever is in the way of it, the copy itself meets again and tells.
    pub(super) fn log_in_ahead(&self, session: &mut Session, pair: &Pair, operation: Operation) {
        let source = match operation {
            Operation::Copy => Side::Primary,
            Operation::FailbackCopy => Side::Secondary,
            _ => return,
        };
        let host_key = self.dialer(pair).host_key_line(source);
        let address = plan::copy::address(pair, source);
        if let (Some(address), Some(host_key)) = (address, host_key) {
            let request = Request::LogInAhead(Peer {
                address,
                port: pair.nodes[source].ssh.port,
                host_key,
            });
            let _ = session.ask(source.other(), request, BEGIN);
        }
    }
}
