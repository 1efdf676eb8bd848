//! How the terminal treats keys while a question waits, put back afterwards.
//!
//! A line is edited key by key, and between two keys Ctrl-C must not become a signal: one that comes just
//! before the next key is waited for wakes nobody (L4). So it stays a key while the question is open.

use rustix::io::Result;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// A terminal at standard input that has other modes than before, until this is dropped.
#[derive(Debug)]
pub struct Keyboard {
    before: Termios,
}

impl Keyboard {
    /// Every key is one byte to read, Ctrl-C too, and none is shown.
    pub fn keys() -> Result<Self> {
        Self::without(LocalModes::ISIG | LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Lines as ever, but what is typed is not shown.
    pub fn unseen() -> Result<Self> {
        Self::without(LocalModes::ECHO)
    }

    fn without(modes: LocalModes) -> Result<Self> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin)?;
        let mut now = before.clone();
        now.local_modes.remove(modes);
        tcsetattr(stdin, OptionalActions::Now, &now)?;
        Ok(Self { before })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // A terminal that has gone keeps no modes.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.before);
    }
}
