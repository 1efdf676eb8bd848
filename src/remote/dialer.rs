//! Opens links: to the local agent where the node is this machine, over SSH everywhere else.

use super::auth::Login;
use super::bootstrap::{Bootstrap, Program};
use super::deadline::Deadline;
use super::give_up::GiveUp;
use super::host_key::HostKey;
use super::keys::KeySources;
use super::known_hosts::KnownHosts;
use super::operator::{Operator, Questions, Unattended};
use super::ssh::Connection;
use super::target::Target;
use super::trust::Expectation;
use super::{Dial, Link, connect, local};
use crate::error::{Error, Result};
use crate::model::{Pair, Side, paths};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The host key that a node proved to hold.
#[derive(Clone)]
struct Met {
    key: HostKey,
    /// Type and base64.
    line: String,
}

/// Connects to the nodes of a pair, or to nodes that are to become one.
pub struct Dialer {
    targets: Vec<Target>,
    questions: Questions,
    keys: KeySources,
    known_hosts: Vec<PathBuf>,
    program: Program,
    met: Mutex<HashMap<Side, Met>>,
}

impl Dialer {
    /// For the given nodes; `operator` is asked what only a person can answer.
    pub fn new(targets: impl IntoIterator<Item = Target>, operator: Arc<dyn Operator>) -> Self {
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("/root"));
        Self {
            targets: targets.into_iter().collect(),
            questions: Questions::to(operator),
            keys: KeySources::of_this_user(),
            known_hosts: vec![
                home.join(".ssh/known_hosts"),
                PathBuf::from("/etc/ssh/ssh_known_hosts"),
            ],
            program: Program::default(),
            met: Mutex::default(),
        }
    }

    /// For both nodes of a pair.
    pub fn of(pair: &Pair, operator: Arc<dyn Operator>) -> Self {
        Self::new(Side::BOTH.map(|side| Target::of(pair, side)), operator)
    }

    /// For both nodes of a pair, from one of them: the other is reached with this node's own key, and by
    /// its pinned host key only (S6).
    pub fn of_node(pair: &Pair) -> Self {
        let targets = Side::BOTH.map(|side| Target::between_nodes(pair, side, pair.nodes[side].address));
        Self::new(targets, Arc::new(Unattended::default())).with_node_key()
    }

    /// Uses the node's own key and no known host but the pinned ones.
    #[must_use]
    pub fn with_node_key(self) -> Self {
        self.with_keys(KeySources {
            agent: None,
            files: vec![paths::NODE_KEY.into()],
        })
        .with_known_hosts(Vec::new())
    }

    /// Uses other keys than those of this machine's user.
    #[must_use]
    pub fn with_keys(mut self, keys: KeySources) -> Self {
        self.keys = keys;
        self
    }

    /// Consults other `known_hosts` files than the operator's and the machine's.
    #[must_use]
    pub fn with_known_hosts(mut self, files: Vec<PathBuf>) -> Self {
        self.known_hosts = files;
        self
    }

    /// Brings another program to the nodes than the one running, or keeps it elsewhere.
    #[must_use]
    pub fn with_program(mut self, program: Program) -> Self {
        self.program = program;
        self
    }

    /// The host key that the node of `side` proved to hold, to be pinned in the pair file as it is
    /// printed; `None` before a connection over SSH.
    pub fn host_key(&self, side: Side) -> Option<HostKey> {
        self.met().get(&side).map(|met| met.key.clone())
    }

    /// The same as `known_hosts` files have it: type and base64.
    pub fn host_key_line(&self, side: Side) -> Option<String> {
        self.met().get(&side).map(|met| met.line.clone())
    }

    fn dial_by(
        &self,
        keys: &KeySources,
        side: Side,
        deadline: Duration,
        give_up: &GiveUp,
    ) -> Result<Box<dyn Link>> {
        give_up.check()?;
        let opened = self.opened(keys, side, Deadline::after(deadline, give_up));
        // Whatever it was that failed then, failed because it was given up.
        opened.or_else(|error| give_up.check().and(Err(error)))
    }

    fn opened(&self, keys: &KeySources, side: Side, mut deadline: Deadline) -> Result<Box<dyn Link>> {
        let target = self.targets.iter().find(|target| target.side == side);
        let target =
            target.ok_or_else(|| Error::bug(format!("the {side} was to be dialled before it was named")))?;
        if target.is_this_machine() {
            let link = local::start(
                &self.program.source,
                &target.name(),
                deadline.instant(),
                deadline.give_up(),
            )?;
            return Ok(Box::new(link));
        }
        // The pair file may name the very key that is left out.
        let mut target = target.clone();
        let left_out = |path: &Path| {
            let has = |keys: &KeySources| keys.files.iter().any(|file| file == path);
            has(&self.keys) && !has(keys)
        };
        target.ssh.identity = target.ssh.identity.filter(|path| !left_out(Path::new(path)));
        self.ssh(&target, keys, &mut deadline)
    }

    fn ssh(&self, target: &Target, keys: &KeySources, deadline: &mut Deadline) -> Result<Box<dyn Link>> {
        let connection = self.connect(target, deadline)?;
        Login::new(&connection, target, keys, &self.questions, deadline).log_in()?;
        let bootstrap = Bootstrap {
            connection: &connection,
            program: &self.program,
            node: target.name(),
            user: &target.ssh.user,
            until: deadline.instant(),
        };
        Ok(Box::new(bootstrap.agent()?))
    }

    /// A connection to a host whose key is the right one.
    fn connect(&self, target: &Target, deadline: &mut Deadline) -> Result<Arc<Connection>> {
        let known_hosts = || KnownHosts::read(&self.known_hosts);
        let expectation = Expectation::of(target, self.host_key(target.side), known_hosts)?;
        let addresses = target.sockets(deadline.instant(), deadline.give_up())?;
        let (socket, address) = connect::first_answer(&addresses, deadline.instant(), deadline.give_up())
            .map_err(|failures| unreachable(target, &failures))?;
        let preference = expectation.preference(target, address);
        let connection = Connection::open(socket, &preference, deadline.instant(), deadline.give_up())
            .map_err(|error| unreachable(target, &[(address, error)]))?;
        let (key, line) = connection.host_key().ok_or_else(|| {
            Error::refused(
                "host_key_unreadable",
                format!("{address} shows a host key of an unknown form"),
            )
            .on(target.name())
        })?;
        expectation.check(target, address, &key, |ask| self.questions.ask(deadline, ask))?;
        self.met().insert(target.side, Met { key, line });
        Ok(Arc::new(connection))
    }

    fn met(&self) -> MutexGuard<'_, HashMap<Side, Met>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dial for Dialer {
    fn dial_unless(&self, side: Side, deadline: Duration, give_up: &GiveUp) -> Result<Box<dyn Link>> {
        self.dial_by(&self.keys, side, deadline, give_up)
    }
}

/// Opens the links of a dialer by every way but the node's own key, for an operation that takes that key away:
/// another way in has to be there before (S9).
pub struct WithoutNodeKey(pub Arc<Dialer>);

impl Dial for WithoutNodeKey {
    fn dial_unless(&self, side: Side, deadline: Duration, give_up: &GiveUp) -> Result<Box<dyn Link>> {
        let keys = self.0.keys.clone().without_node_key();
        self.0.dial_by(&keys, side, deadline, give_up).map_err(|mut fault| {
            if fault.code == "auth_failed" {
                let why = "pairadm's own key was not tried, because this takes it away: put a public key of this machine into the node's authorized_keys, run it at a terminal to be asked for the password, or from a machine that has a key";
                fault.hint = Some(why.to_owned());
            }
            fault
        })
    }
}

fn unreachable(target: &Target, failures: &[(std::net::SocketAddr, std::io::Error)]) -> Error {
    let failures: Vec<_> = failures
        .iter()
        .map(|(address, error)| {
            format!(
                "{address}: {}",
                super::sanitize::excerpt(error.to_string().as_bytes(), 160)
            )
        })
        .collect();
    Error::refused("unreachable", "the node cannot be reached by SSH")
        .on(target.name())
        .because(failures.join("; "))
        .hint(
            "check that the node is up, its address and ssh.port, and that its firewall lets this machine in",
        )
}
