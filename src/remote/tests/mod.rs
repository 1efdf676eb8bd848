//! Against a real OpenSSH server: who is trusted, how one logs in, how the agent gets there, and what
//! happens to a conversation that goes wrong.

mod sshd;

use super::stub;
use super::*;
use crate::agent::protocol::{Request, Response};
use crate::error::Kind;
use crate::model::{Secret, Side};
use sshd::{Sshd, keygen};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);

/// An operator who gives set answers and notes the questions.
#[derive(Default)]
struct Scripted {
    accepts: bool,
    secret: Option<&'static str>,
    introductions: Mutex<Vec<Introduction>>,
    wanted: Mutex<Vec<SecretWanted>>,
}

impl Operator for Scripted {
    fn accepts(&self, introduction: &Introduction) -> bool {
        self.introductions.lock().unwrap().push(introduction.clone());
        self.accepts
    }

    fn secret(&self, wanted: &SecretWanted) -> Option<Secret> {
        self.wanted.lock().unwrap().push(wanted.clone());
        self.secret.map(|text| Secret::new(text.to_owned()))
    }
}

/// A directory on the "node" and a dialer that brings `program` there.
struct Bench {
    dialer: Dialer,
    guest: tempfile::TempDir,
}

fn bench(target: Target, keys: KeySources, program: &Path, operator: Arc<dyn Operator>) -> Bench {
    let guest = tempfile::tempdir().unwrap();
    let dialer = Dialer::new([target], operator)
        .with_keys(keys)
        .with_known_hosts(Vec::new())
        .with_program(Program {
            source: program.to_owned(),
            installed: guest.path().join("installed").display().to_string(),
            guest: vec![guest.path().join("run").display().to_string()],
        });
    Bench { dialer, guest }
}

fn simple(sshd: &Sshd, program: &Path) -> Bench {
    bench(
        sshd.target(),
        sshd.keys(),
        program,
        Arc::new(Unattended::default()),
    )
}

impl Bench {
    fn dial(&self) -> crate::error::Result<Box<dyn Link>> {
        self.dialer.dial(Side::Primary, SOON)
    }

    fn pings(&self) {
        let mut link = self.dial().unwrap();
        assert_eq!(link.call(Request::Ping, SOON).unwrap(), Response::Done);
    }

    fn refusal(&self) -> crate::error::Error {
        match self.dial() {
            Ok(_) => panic!("this must be refused"),
            Err(error) => {
                assert_eq!(error.kind, Kind::Refused, "{error}");
                error
            }
        }
    }

    fn guests(&self) -> Vec<String> {
        let Ok(dir) = std::fs::read_dir(self.guest.path().join("run")) else {
            return Vec::new();
        };
        dir.map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

mod agent;
mod login;
mod trust;
