//! Host keys and secrets, asked on the operator's terminal.

use super::{Console, Talk};
use crate::model::Secret;
use crate::remote::{Introduction, Operator, Opinion, SecretWanted, Unattended};
use crate::render::{Line, Tone};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An operator at a terminal, who may have accepted keys beforehand.
pub struct Attended {
    console: Mutex<Console>,
    beforehand: Unattended,
}

impl Attended {
    /// Asks on `console` what `beforehand` does not know.
    pub fn new(console: Console, beforehand: Unattended) -> Self {
        Self {
            console: Mutex::new(console),
            beforehand,
        }
    }

    fn console(&self) -> MutexGuard<'_, Console> {
        self.console.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operator for Attended {
    fn accepts(&self, introduction: &Introduction) -> bool {
        if self.beforehand.accepts(introduction) {
            return true;
        }
        let Introduction {
            node,
            address,
            key,
            opinion,
        } = introduction;
        let (tone, known) = match opinion {
            Opinion::Same => (Tone::Good, "Your known_hosts records the same key.".to_owned()),
            Opinion::Nothing => (
                Tone::Plain,
                "Your known_hosts does not know this host.".to_owned(),
            ),
            Opinion::Different(other) => (
                Tone::Bad,
                format!("Your known_hosts records another key: {other}"),
            ),
            Opinion::Revoked => (
                Tone::Bad,
                "Your known_hosts marks this key as revoked.".to_owned(),
            ),
        };
        let mut console = self.console();
        console.say(&Line::strong(format!("First contact with {node} at {address}")));
        console.say(&Line::plain(format!("  host key {key}")));
        console.say(&Line::toned(tone, format!("  {known}")));
        console.say(&Line::plain(
            "  Compare with `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` at its console.",
        ));
        console.agrees("Is this the right host")
    }

    fn secret(&self, wanted: &SecretWanted) -> Option<Secret> {
        let prompt = match wanted {
            SecretWanted::Password { user, node } => format!("Password of {user} on {node}"),
            SecretWanted::Passphrase { key } => format!("Passphrase of {key}"),
            SecretWanted::Challenge { node, prompt } => format!("{node}: {prompt}"),
        };
        self.console().secret(&prompt)
    }
}
