//! Logging in: every way once, the quiet ones first, and never more keys than a server tolerates.
//!
//! Order: the identity of the pair file, ssh-agent, the unprotected keys of this machine's user, keys
//! that need a passphrase, the password. A server counts every refused key, so at most [`KEYS`] are shown.

mod agent;
mod dialogue;
mod verdict;

use super::deadline::Deadline;
use super::keys::{KeyFile, KeySources};
use super::operator::{Questions, SecretWanted};
use super::sanitize::{excerpt, sanitize};
use super::ssh::{Connection, EAGAIN};
use super::target::Target;
use crate::error::{Error, Result};
use crate::model::Secret;
use agent::{Showing, Shown};
use dialogue::Dialogue;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use verdict::Verdict;

/// OpenSSH disconnects at the sixth refusal (`MaxAuthTries`); one is left for the password.
const KEYS: usize = 5;

/// One log-in.
pub(super) struct Login<'a> {
    connection: &'a Arc<Connection>,
    target: &'a Target,
    keys: &'a KeySources,
    questions: &'a Questions,
    deadline: &'a mut Deadline,
    tried: Vec<String>,
    shown: usize,
}

impl<'a> Login<'a> {
    pub fn new(
        connection: &'a Arc<Connection>,
        target: &'a Target,
        keys: &'a KeySources,
        questions: &'a Questions,
        deadline: &'a mut Deadline,
    ) -> Self {
        Self {
            connection,
            target,
            keys,
            questions,
            deadline,
            tried: Vec::new(),
            shown: 0,
        }
    }

    /// Logs in, or refuses with code `auth_failed`, what was tried and what the server would accept.
    pub fn log_in(mut self) -> Result<()> {
        let accepted = match self.accepted() {
            Ok(accepted) => accepted,
            Err(error) => return Err(self.cut_off(&error)),
        };
        let Some(accepted) = accepted else { return Ok(()) };
        match self.try_all(&accepted) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.refused(&accepted)),
            Err(error) => Err(self.cut_off(&error)),
        }
    }

    /// The methods that the server accepts; `None` when it wants none at all.
    fn accepted(&self) -> io::Result<Option<String>> {
        let session = self.connection.session();
        let answer = self.connection.attempt(self.deadline.instant(), || {
            session.auth_methods(&self.target.ssh.user).map(str::to_owned)
        })?;
        if session.authenticated() {
            return Ok(None);
        }
        Ok(Some(sanitize(&answer?).into_owned()))
    }

    fn try_all(&mut self, accepted: &str) -> io::Result<bool> {
        let accepts = |method: &str| accepted.split(',').any(|name| name == method);
        if accepts("publickey") && self.try_keys()? {
            return Ok(true);
        }
        if accepts("password") {
            return self.try_password();
        }
        if accepts("keyboard-interactive") {
            return self.try_keyboard();
        }
        Ok(false)
    }

    fn try_keys(&mut self) -> io::Result<bool> {
        let identity = self.target.ssh.identity.as_deref().map(PathBuf::from);
        let first = identity.as_deref().and_then(|path| self.identity(path));
        if let Some(key) = first.as_ref().filter(|key| !key.locked)
            && self.try_key(key, None)? == Verdict::Accepted
        {
            return Ok(true);
        }
        let preferred = first.as_ref().and_then(|key| key.public.clone());
        let Some(in_agent) = self.try_agent(preferred)? else {
            return Ok(true);
        };
        let defaults = self
            .keys
            .files
            .iter()
            .filter(|path| Some(path.as_path()) != identity.as_deref());
        let defaults: Vec<_> = defaults.filter_map(|path| KeyFile::read(path).ok()).collect();
        let (locked, open): (Vec<_>, Vec<_>) = first
            .into_iter()
            .filter(|key| key.locked)
            .chain(defaults)
            .partition(|key| key.locked);
        let fresh = |key: &&KeyFile| key.public.as_ref().is_none_or(|blob| !in_agent.contains(blob));
        for key in open.iter().filter(fresh) {
            if self.try_key(key, None)? == Verdict::Accepted {
                return Ok(true);
            }
        }
        for key in locked.iter().filter(fresh) {
            if self.try_locked(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The key of the pair file; noted when it cannot be read.
    fn identity(&mut self, path: &Path) -> Option<KeyFile> {
        KeyFile::read(path)
            .inspect_err(|error| self.note_key(path, &format!("cannot be read: {error}")))
            .ok()
    }

    fn note_key(&mut self, path: &Path, remark: &str) {
        let remark = if remark.is_empty() {
            String::new()
        } else {
            format!(" ({remark})")
        };
        self.tried.push(format!("key {}{remark}", path.display()));
    }

    fn try_locked(&mut self, key: &KeyFile) -> io::Result<bool> {
        let wanted = SecretWanted::Passphrase {
            key: key.path.display().to_string(),
        };
        let Some(passphrase) = self.questions.secret(self.deadline, &wanted) else {
            self.note_key(&key.path, "has a passphrase");
            return Ok(false);
        };
        let verdict = self.try_key(key, Some(&passphrase))?;
        if verdict == Verdict::Unusable {
            self.questions.forget(&wanted);
        }
        Ok(verdict == Verdict::Accepted)
    }

    fn try_key(&mut self, key: &KeyFile, passphrase: Option<&Secret>) -> io::Result<Verdict> {
        if self.shown == KEYS {
            return Ok(Verdict::Refused);
        }
        let (session, user) = (self.connection.session(), &self.target.ssh.user);
        let answer = self.connection.attempt(self.deadline.instant(), || {
            session.userauth_pubkey_memory(user, None, &key.text, passphrase.map(Secret::expose))
        })?;
        let verdict = Verdict::of(answer)?;
        match verdict {
            Verdict::Unusable if passphrase.is_some() => self.note_key(&key.path, "wrong passphrase"),
            Verdict::Unusable => self.note_key(&key.path, "not a usable private key"),
            Verdict::Accepted | Verdict::Refused => {
                self.shown += 1;
                self.note_key(&key.path, "");
            }
        }
        Ok(verdict)
    }

    /// Shows the keys of ssh-agent; the public keys that were refused, or `None` when one opened.
    fn try_agent(&mut self, preferred: Option<Vec<u8>>) -> io::Result<Option<Vec<Vec<u8>>>> {
        let Some(socket) = self.keys.agent.clone() else {
            return Ok(Some(Vec::new()));
        };
        let showing = Showing {
            connection: Arc::clone(self.connection),
            socket,
            user: self.target.ssh.user.clone(),
            preferred,
            room: KEYS - self.shown,
        };
        match showing.run(self.deadline.instant()) {
            Ok(Shown::LoggedIn) => Ok(None),
            Ok(Shown::Refused(blobs)) => {
                self.shown += blobs.len();
                self.tried.push(format!("ssh-agent ({} keys)", blobs.len()));
                Ok(Some(blobs))
            }
            Err(error) => {
                self.tried.push("ssh-agent".to_owned());
                Err(error)
            }
        }
    }

    fn try_password(&mut self) -> io::Result<bool> {
        let wanted = self.password();
        let Some(password) = self.questions.secret(self.deadline, &wanted) else {
            return Ok(false);
        };
        self.tried.push("password".to_owned());
        let (session, user) = (self.connection.session(), &self.target.ssh.user);
        let answer = self.connection.attempt(self.deadline.instant(), || {
            session.userauth_password(user, password.expose())
        })?;
        let accepted = Verdict::of(answer)? == Verdict::Accepted;
        if !accepted {
            self.questions.forget(&wanted);
        }
        Ok(accepted)
    }

    fn try_keyboard(&mut self) -> io::Result<bool> {
        self.tried.push("keyboard-interactive".to_owned());
        let (session, user) = (self.connection.session(), self.target.ssh.user.clone());
        let mut dialogue = Dialogue {
            password: self.password(),
            node: self.target.name(),
            questions: self.questions,
            deadline: self.deadline,
            asked: Vec::new(),
        };
        let answer = loop {
            match session.userauth_keyboard_interactive(&user, &mut dialogue) {
                Err(error) if error.code() == EAGAIN => self.connection.wait(dialogue.deadline.instant())?,
                done => break done,
            }
        };
        let accepted = Verdict::of(answer)? == Verdict::Accepted;
        dialogue
            .asked
            .iter()
            .filter(|wanted| !accepted || matches!(wanted, SecretWanted::Challenge { .. }))
            .for_each(|wanted| self.questions.forget(wanted));
        Ok(accepted)
    }

    fn password(&self) -> SecretWanted {
        SecretWanted::Password {
            user: self.target.ssh.user.clone(),
            node: self.target.name(),
        }
    }

    fn refused(&self, accepted: &str) -> Error {
        let tried = if self.tried.is_empty() {
            "nothing (no key, no password)".to_owned()
        } else {
            self.tried.join(", ")
        };
        Error::refused("auth_failed", format!("no way to log in as {}", self.target.ssh.user))
            .on(self.target.name())
            .because(format!("tried {tried}; the server accepts {}", accepted.replace(',', ", ")))
            .hint("put a public key of this machine into the node's authorized_keys, name the private key in ssh.identity, or run pairadm at a terminal to be asked for the password")
    }

    /// The server ended the conversation, or it took too long.
    fn cut_off(&self, error: &io::Error) -> Error {
        let what = if error.kind() == io::ErrorKind::TimedOut {
            Error::refused("unreachable", "the log-in did not end in time")
        } else {
            Error::refused("auth_failed", "the server ended the log-in").hint(
                "it may limit the number of attempts; name the right key in ssh.identity of the pair file",
            )
        };
        let tried = if self.tried.is_empty() {
            String::new()
        } else {
            format!("; tried {}", self.tried.join(", "))
        };
        what.on(self.target.name())
            .because(format!("{}{tried}", excerpt(error.to_string().as_bytes(), 200)))
    }
}
