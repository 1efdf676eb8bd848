//! Logging in: every way once, the quiet ones first, and never more keys than a server tolerates.
//!
//! Order: the identity of the pair file, ssh-agent, the unprotected keys of this machine's user, keys
//! that need a passphrase, the password. A server counts every refused key, so at most [`KEYS`] are shown.

use super::deadline::Deadline;
use super::keys::{KeyFile, KeySources};
use super::operator::{Questions, SecretWanted};
use super::sanitize::{excerpt, sanitize};
use super::ssh::{Connection, EAGAIN};
use super::target::Target;
use crate::error::{Error, Result};
use crate::model::Secret;
use ssh2::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// OpenSSH disconnects at the sixth refusal (`MaxAuthTries`); one is left for the password.
const KEYS: usize = 5;

/// How long ssh-agent may keep a signature waiting: it may ask a person to confirm or to touch a key.
const AGENT: Duration = Duration::from_secs(20);

/// One log-in.
pub(super) struct Login<'a> {
    pub connection: &'a Arc<Connection>,
    pub target: &'a Target,
    pub keys: &'a KeySources,
    pub questions: &'a Questions,
    pub deadline: &'a mut Deadline,
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
        let first = identity.as_deref().and_then(|path| self.read(path, true));
        if let Some(key) = first.as_ref().filter(|key| !key.locked)
            && self.try_key(key, None)?
        {
            return Ok(true);
        }
        let in_agent = match self.keys.agent.clone() {
            Some(socket) => {
                let preferred = first.as_ref().and_then(|key| key.public.clone());
                match self.try_agent(socket, preferred)? {
                    Shown::LoggedIn => return Ok(true),
                    Shown::Refused(blobs) => blobs,
                }
            }
            None => Vec::new(),
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
            if self.try_key(key, None)? {
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

    fn read(&mut self, path: &Path, wanted: bool) -> Option<KeyFile> {
        match KeyFile::read(path) {
            Ok(key) => Some(key),
            Err(error) => {
                if wanted {
                    self.tried
                        .push(format!("key {} (cannot be read: {error})", path.display()));
                }
                None
            }
        }
    }

    fn try_locked(&mut self, key: &KeyFile) -> io::Result<bool> {
        let wanted = SecretWanted::Passphrase {
            key: key.path.display().to_string(),
        };
        let Some(passphrase) = self.questions.secret(self.deadline, &wanted) else {
            self.tried
                .push(format!("key {} (has a passphrase)", key.path.display()));
            return Ok(false);
        };
        let in_ = self.try_key(key, Some(&passphrase))?;
        if !in_ {
            self.questions.forget(&wanted);
        }
        Ok(in_)
    }

    fn try_key(&mut self, key: &KeyFile, passphrase: Option<&Secret>) -> io::Result<bool> {
        if self.shown == KEYS {
            return Ok(false);
        }
        let (session, user) = (self.connection.session(), &self.target.ssh.user);
        let answer = self.connection.attempt(self.deadline.instant(), || {
            session.userauth_pubkey_memory(user, None, &key.text, passphrase.map(Secret::expose))
        })?;
        let verdict = verdict(answer)?;
        self.tried.push(match verdict {
            Verdict::Unusable if passphrase.is_some() => {
                format!("key {} (wrong passphrase)", key.path.display())
            }
            Verdict::Unusable => format!("key {} (not a usable private key)", key.path.display()),
            _ => {
                self.shown += 1;
                format!("key {}", key.path.display())
            }
        });
        Ok(verdict == Verdict::Accepted)
    }

    /// Shows the keys of ssh-agent. That program may hang, and the library waits for it without a
    /// limit, so it is talked to from a thread that is left behind at the deadline.
    fn try_agent(&mut self, socket: PathBuf, preferred: Option<Vec<u8>>) -> io::Result<Shown> {
        let until = self.deadline.instant().min(Instant::now() + AGENT);
        let (connection, user) = (Arc::clone(self.connection), self.target.ssh.user.clone());
        let (sender, receiver) = mpsc::channel();
        let room = KEYS - self.shown;
        std::thread::Builder::new()
            .name("ssh-agent".to_owned())
            .spawn(move || {
                let _ = sender.send(show_agent_keys(
                    &connection,
                    &socket,
                    &user,
                    preferred.as_deref(),
                    room,
                    until,
                ));
            })?;
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Ok(Shown::Refused(blobs))) => {
                self.shown += blobs.len();
                self.tried.push(format!("ssh-agent ({} keys)", blobs.len()));
                Ok(Shown::Refused(blobs))
            }
            Ok(done) => done,
            Err(_) => {
                self.tried.push("ssh-agent (does not answer)".to_owned());
                let _ = self.connection.socket().shutdown(std::net::Shutdown::Both);
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "ssh-agent does not answer",
                ))
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
        let accepted = verdict(answer)? == Verdict::Accepted;
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
        let accepted = verdict(answer)? == Verdict::Accepted;
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

/// What came of showing ssh-agent's keys.
enum Shown {
    LoggedIn,
    /// These keys were refused.
    Refused(Vec<Vec<u8>>),
}

fn show_agent_keys(
    connection: &Connection,
    socket: &Path,
    user: &str,
    preferred: Option<&[u8]>,
    room: usize,
    until: Instant,
) -> io::Result<Shown> {
    let listed = || {
        let mut agent = connection.session().agent()?;
        agent.set_identity_path(socket)?;
        agent.connect()?;
        agent.list_identities()?;
        let keys = agent.identities()?;
        Ok::<_, ssh2::Error>((agent, keys))
    };
    let Ok((agent, mut keys)) = listed() else {
        return Ok(Shown::Refused(Vec::new()));
    };
    keys.sort_by_key(|key| Some(key.blob()) != preferred);
    let mut refused = Vec::new();
    for key in keys.iter().take(room) {
        let answer = connection.attempt(until, || agent.userauth(user, key))?;
        if verdict(answer)? == Verdict::Accepted {
            return Ok(Shown::LoggedIn);
        }
        refused.push(key.blob().to_vec());
    }
    Ok(Shown::Refused(refused))
}

/// What one attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Refused,
    /// The key never got as far as the server.
    Unusable,
}

/// Tells a refusal, after which the next way may be tried, from a connection that has ended.
fn verdict(answer: Result<(), ssh2::Error>) -> io::Result<Verdict> {
    use libssh2_sys::{
        LIBSSH2_ERROR_AGENT_PROTOCOL as AGENT_SAYS_NO, LIBSSH2_ERROR_ALGO_UNSUPPORTED as ALGORITHM,
        LIBSSH2_ERROR_AUTHENTICATION_FAILED as FAILED, LIBSSH2_ERROR_FILE as FILE,
        LIBSSH2_ERROR_KEYFILE_AUTH_FAILED as KEY, LIBSSH2_ERROR_METHOD_NOT_SUPPORTED as METHOD,
        LIBSSH2_ERROR_PASSWORD_EXPIRED as EXPIRED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED as UNVERIFIED,
    };
    match answer {
        Ok(()) => Ok(Verdict::Accepted),
        Err(error) => match error.code() {
            ErrorCode::Session(FAILED | UNVERIFIED | EXPIRED | AGENT_SAYS_NO) => Ok(Verdict::Refused),
            ErrorCode::Session(FILE | KEY | METHOD | ALGORITHM) => Ok(Verdict::Unusable),
            _ => Err(error.into()),
        },
    }
}

/// Answers what a server asks interactively: the first hidden question is the password.
struct Dialogue<'a> {
    password: SecretWanted,
    node: String,
    questions: &'a Questions,
    deadline: &'a mut Deadline,
    asked: Vec<SecretWanted>,
}

impl ssh2::KeyboardInteractivePrompt for Dialogue<'_> {
    fn prompt(&mut self, _: &str, _: &str, prompts: &[ssh2::Prompt<'_>]) -> Vec<String> {
        let mut answers = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            let wanted = if !prompt.echo && self.asked.is_empty() {
                self.password.clone()
            } else {
                SecretWanted::Challenge {
                    node: self.node.clone(),
                    prompt: excerpt(prompt.text.as_bytes(), 200),
                }
            };
            let answer = self.questions.secret(self.deadline, &wanted);
            self.asked.push(wanted);
            answers.push(
                answer
                    .map(|secret| secret.expose().to_owned())
                    .unwrap_or_default(),
            );
        }
        answers
    }
}
