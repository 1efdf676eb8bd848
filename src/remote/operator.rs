//! What only a person can answer while a connection is made: whether an unknown host key is the right
//! one, and secrets.

use super::deadline::Deadline;
use super::host_key::HostKey;
use super::known_hosts::Opinion;
use crate::model::Secret;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A host that is met for the first time.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// What the node is called.
    pub node: String,
    /// Where it answered.
    pub address: SocketAddr,
    /// The key it showed.
    pub key: HostKey,
    /// What the operator's own `known_hosts` says of that key.
    pub opinion: Opinion,
}

/// A secret that a log-in needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretWanted {
    /// The login's password.
    Password {
        /// Login.
        user: String,
        /// What the node is called.
        node: String,
    },
    /// The passphrase of a private key file of this machine.
    Passphrase {
        /// Its path.
        key: String,
    },
    /// Whatever else the node asks, in its own words, sanitized: a one-time code.
    Challenge {
        /// What the node is called.
        node: String,
        /// The node's question.
        prompt: String,
    },
}

/// Whoever can be asked. Questions come one at a time, also when two nodes are dialled at once, and the
/// time taken to answer does not count against any deadline.
pub trait Operator: Send + Sync {
    /// Whether this is the right host. The key is then pinned.
    fn accepts(&self, introduction: &Introduction) -> bool;

    /// The secret, or `None` to go on without it.
    fn secret(&self, wanted: &SecretWanted) -> Option<Secret>;
}

/// Nobody to ask: only host keys named beforehand are accepted, and no secret is known.
#[derive(Debug, Clone, Default)]
pub struct Unattended {
    /// Fingerprints (`SHA256:…`), with or without the key type before them.
    pub host_keys: Vec<String>,
}

impl Operator for Unattended {
    fn accepts(&self, introduction: &Introduction) -> bool {
        let key = &introduction.key;
        let full = key.to_string();
        self.host_keys
            .iter()
            .map(|listed| listed.trim().trim_end_matches('='))
            .any(|listed| listed == key.fingerprint() || listed == full)
    }

    fn secret(&self, _: &SecretWanted) -> Option<Secret> {
        None
    }
}

/// The operator behind a door that lets one question through at a time, and remembers the answers that
/// proved right: a second connection to the same node does not ask again.
pub(super) struct Questions {
    operator: Arc<dyn Operator>,
    remembered: Mutex<HashMap<SecretWanted, Secret>>,
}

impl Questions {
    pub fn to(operator: Arc<dyn Operator>) -> Self {
        Self {
            operator,
            remembered: Mutex::default(),
        }
    }

    /// Lets `ask` talk to the operator, with the clock stopped; no when it was given up meanwhile.
    pub fn ask(&self, deadline: &mut Deadline, ask: impl FnOnce(&dyn Operator) -> bool) -> bool {
        let give_up = deadline.give_up().clone();
        deadline.paused(|| {
            let _door = self.door();
            !give_up.asked() && ask(&*self.operator)
        })
    }

    /// A secret, asked for unless an earlier answer to the same question was right; none when it was given up
    /// meanwhile.
    pub fn secret(&self, deadline: &mut Deadline, wanted: &SecretWanted) -> Option<Secret> {
        let give_up = deadline.give_up().clone();
        deadline.paused(|| {
            let mut remembered = self.door();
            if give_up.asked() {
                return None;
            }
            if let Some(known) = remembered.get(wanted) {
                return Some(known.clone());
            }
            let secret = self.operator.secret(wanted)?;
            remembered.insert(wanted.clone(), secret.clone());
            Some(secret)
        })
    }

    /// The answer was wrong.
    pub fn forget(&self, wanted: &SecretWanted) {
        self.door().remove(wanted);
    }

    fn door(&self) -> MutexGuard<'_, HashMap<SecretWanted, Secret>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
