//! What every command works with: the flags, the gate for output, Ctrl-C, and the controller.

use super::args::Common;
use super::output::Output;
use crate::controller::{Cancel, Controller, Live, Looking, Options};
use crate::error::{Error, Result};
use crate::prompt::{self, Attended, Console, Silent, Sink, Talk};
use crate::remote::{Operator, Unattended};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

/// One run of a command.
#[derive(Debug)]
pub struct Session {
    /// Flags of every command.
    pub common: Common,
    /// The gate.
    pub output: Output,
    /// Set by Ctrl-C.
    pub cancel: Cancel,
}

impl Session {
    /// From now on Ctrl-C, a termination request and the end of the terminal stop a wait at once, and an
    /// operation after its current step (L4).
    pub fn new(common: Common) -> Result<Self> {
        let cancel = Cancel::default();
        for signal in heard() {
            signal_hook::flag::register(signal, cancel.flag())
                .map_err(|error| Error::bug("cannot catch signals").because(error))?;
        }
        Ok(Self {
            output: Output::new(common.json, common.no_color),
            common,
            cancel,
        })
    }

    /// True when somebody can be asked.
    pub fn interactive(&self) -> bool {
        !self.output.is_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// The terminal for questions; standard output stays free for results.
    pub fn questions(&self) -> Console {
        Console::new(Sink::Stderr, self.output.colour(), self.cancel.clone())
    }

    /// The terminal for reviews and progress; nothing of it is seen when a program reads.
    pub fn talk(&self) -> Box<dyn Talk + Send> {
        if self.output.is_json() {
            return Box::new(Silent);
        }
        Box::new(Console::new(
            Sink::Stdout,
            self.output.colour(),
            self.cancel.clone(),
        ))
    }

    /// Does what may have to look at much: tells how far it is, and Ctrl-C stops it.
    pub fn look<T>(&self, look: impl FnOnce(Looking<'_>) -> Result<T>) -> Result<T> {
        prompt::looking(self.talk().as_mut(), &self.cancel, look)
    }

    /// The controller of the pair that `--pair` names; asks no node yet.
    pub fn controller(&self) -> Result<Arc<Controller>> {
        self.controller_with(self.operator())
    }

    /// The controller, with somebody else to ask about host keys and secrets.
    pub fn controller_with(&self, operator: Arc<dyn Operator>) -> Result<Arc<Controller>> {
        let mut options = Options::new(operator);
        options.pair_file.clone_from(&self.common.pair);
        if let Some(directory) = directory("PAIRADM_STATE_DIR") {
            options.state_dir = directory;
        }
        if let Some(directory) = directory("PAIRADM_REPORT_DIR") {
            options.report_dir = directory;
        }
        Controller::open(options).map(Arc::new)
    }

    /// The controller of a node that acts by itself: nobody is asked.
    pub fn node_controller(&self) -> Result<Arc<Controller>> {
        let mut options = Options::new(Arc::new(Unattended::default()));
        options.pair_file.clone_from(&self.common.pair);
        options.as_node = true;
        Controller::open(options).map(Arc::new)
    }

    /// Status over links that stay open.
    pub fn live(&self) -> Result<Live> {
        Ok(Live::new(self.controller()?))
    }

    fn operator(&self) -> Arc<dyn Operator> {
        let unattended = self.unattended();
        if self.interactive() {
            Arc::new(Attended::new(self.questions(), unattended))
        } else {
            Arc::new(unattended)
        }
    }

    /// Knows only what `--accept-host-key` says.
    pub fn unattended(&self) -> Unattended {
        Unattended {
            host_keys: self.common.accept_host_key.clone(),
        }
    }
}

/// The signals that stop a command. `nohup` has it outlive its terminal, and that stays so.
fn heard() -> Vec<i32> {
    let mut signals = vec![SIGINT, SIGTERM];
    if !ignores(SIGHUP) {
        signals.push(SIGHUP);
    }
    signals
}

/// Whether this process was started with `signal` ignored (`SigIgn` of proc(5)).
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

fn directory(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
