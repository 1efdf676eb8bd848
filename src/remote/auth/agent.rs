//! The keys that ssh-agent holds.

use super::super::ssh::Connection;
use super::verdict::Verdict;
use std::io;
use std::net::Shutdown;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// How long ssh-agent may keep a signature waiting: it may ask a person to confirm or to touch a key.
const AGENT: Duration = Duration::from_secs(20);

/// What came of showing ssh-agent's keys.
pub(super) enum Shown {
    LoggedIn,
    /// These public keys were refused.
    Refused(Vec<Vec<u8>>),
}

/// Shows a server the keys of ssh-agent.
pub(super) struct Showing {
    pub connection: Arc<Connection>,
    pub socket: PathBuf,
    pub user: String,
    /// The public key to begin with.
    pub preferred: Option<Vec<u8>>,
    /// How many keys may be shown.
    pub room: usize,
}

impl Showing {
    /// Runs on a thread that is left behind at the deadline, or when it is given up: ssh-agent may hang, and libssh2 waits for it
    /// without a limit and with the session locked. The connection is of no use afterwards.
    pub fn run(self, until: Instant) -> io::Result<Shown> {
        let until = until.min(Instant::now() + AGENT);
        let connection = Arc::clone(&self.connection);
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name("ssh-agent".to_owned());
        thread.spawn(move || sender.send(self.show(until)))?;
        connection
            .give_up()
            .receive(&receiver, until)
            .unwrap_or_else(|_| {
                let _ = connection.socket().shutdown(Shutdown::Both);
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "ssh-agent does not answer",
                ))
            })
    }

    fn show(&self, until: Instant) -> io::Result<Shown> {
        let Ok((agent, mut keys)) = self.listed() else {
            return Ok(Shown::Refused(Vec::new()));
        };
        keys.sort_by_key(|key| Some(key.blob()) != self.preferred.as_deref());
        let mut refused = Vec::new();
        for key in keys.iter().take(self.room) {
            let answer = self
                .connection
                .attempt(until, || agent.userauth(&self.user, key))?;
            if Verdict::of(answer)? == Verdict::Accepted {
                return Ok(Shown::LoggedIn);
            }
            refused.push(key.blob().to_vec());
        }
        Ok(Shown::Refused(refused))
    }

    fn listed(&self) -> Result<(ssh2::Agent, Vec<ssh2::PublicKey>), ssh2::Error> {
        let mut agent = self.connection.session().agent()?;
        agent.set_identity_path(&self.socket)?;
        agent.connect()?;
        agent.list_identities()?;
        let keys = agent.identities()?;
        Ok((agent, keys))
    }
}
