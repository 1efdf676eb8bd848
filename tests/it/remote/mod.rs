//! Real nodes and their real SSH servers: every way to be reached that operators have, and what a
//! conversation does when the node, its server or the cable goes away.

mod faults;
mod servers;
mod shells;
mod sudo;
mod uploads;

use crate::support::lab::{LabPair, SharedLab};
use pairadm::agent::protocol::{Request, Response};
use pairadm::error::Result;
use pairadm::model::{Secret, Side};
use pairadm::remote::{
    Dial, Dialer, Introduction, KeySources, Link, Operator, Program, SecretWanted, Target,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// For tests that leave the nodes as they found them.
static LAB: SharedLab = SharedLab::new();

/// Long enough for the first connection of a lab, which brings the program there.
const SOON: Duration = Duration::from_secs(120);

/// An operator with one password who accepts every host key, and notes what was asked.
#[derive(Default)]
struct Person {
    password: Option<&'static str>,
    asked: Mutex<Vec<SecretWanted>>,
}

impl Operator for Person {
    fn accepts(&self, _: &Introduction) -> bool {
        true
    }

    fn secret(&self, wanted: &SecretWanted) -> Option<Secret> {
        self.asked.lock().unwrap().push(wanted.clone());
        self.password.map(|text| Secret::new(text.to_owned()))
    }
}

fn alpha(lab: &LabPair) -> Target {
    Target::of(&lab.lab.pair().unwrap(), Side::Primary)
}

/// A dialer that knows nothing but what the target says.
fn dialer(target: Target, operator: Arc<Person>) -> Dialer {
    Dialer::new([target], operator)
        .with_keys(KeySources::default())
        .with_known_hosts(Vec::new())
        .with_program(Program {
            source: PathBuf::from(env!("CARGO_BIN_EXE_pairadm")),
            ..Program::default()
        })
}

fn dial(target: Target) -> Result<Box<dyn Link>> {
    dialer(target, Arc::default()).dial(Side::Primary, SOON)
}

/// Dials, and has the agent on alpha answer.
fn assert_reaches(target: Target) {
    let mut link = dial(target).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(link.hello().hostname, "alpha");
    assert_eq!(link.call(Request::Ping, SOON).unwrap(), Response::Done);
}
