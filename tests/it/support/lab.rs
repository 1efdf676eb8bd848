//! Pairs of real nodes for tests: a fresh lab per test, or one that a module's tests share.
//!
//! A lab takes about a second to start. Only as many as there are slots run at once, over all test
//! processes of this build directory; the rest wait. A lab goes away with the test, and with the test
//! process if that is killed. `PAIRADM_LAB_KEEP=1` leaves labs up and says how to get at them.
//!
//! Without root or the lab's packages a test fails with the reason: end-to-end tests that were not run
//! must not look like tests that passed.

use super::snapshot::Snapshot;
use pairadm::lab::{self, Database, Fault, Lab, LabName, LabNode, Place};
use std::ffi::OsStr;
use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

/// Labs that may run at once; two nodes each.
const SLOTS: u32 = 2;
/// Longest one run of pairadm may take before a test gives up on it, on however slow a machine.
const PAIRADM_SECONDS: &str = "600";

/// Two running nodes, alpha and beta, and a controller's directories to administer them from.
pub struct LabPair {
    /// Names and addresses.
    pub lab: Lab,
    place: Place,
    controller: tempfile::TempDir,
    undertaker: Child,
}

/// A fresh pair with its slot.
pub struct FreshLab {
    pair: LabPair,
    _slot: File,
}

impl FreshLab {
    /// Starts two nodes for one test.
    pub fn start(test: &str) -> Self {
        Self::with(test, Database::Sqlite)
    }

    /// Starts two nodes whose Kamailio reads from a PostgreSQL of their own.
    pub fn with_postgresql(test: &str) -> Self {
        Self::with(test, Database::Postgresql)
    }

    fn with(test: &str, database: Database) -> Self {
        let slot = take_slot();
        Self {
            pair: LabPair::start(test, database),
            _slot: slot,
        }
    }
}

impl Deref for FreshLab {
    type Target = LabPair;
    fn deref(&self) -> &LabPair {
        &self.pair
    }
}

impl DerefMut for FreshLab {
    fn deref_mut(&mut self) -> &mut LabPair {
        &mut self.pair
    }
}

/// One lab for several tests that each leave it as they found it. After a test that panicked the next
/// gets a new one.
pub struct SharedLab(Mutex<Option<LabPair>>);

/// The shared lab while one test has it.
pub struct SharedGuard<'a> {
    guard: MutexGuard<'a, Option<LabPair>>,
    _slot: File,
}

impl SharedLab {
    /// For a `static`.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The lab, started by the first test that asks. `module` becomes part of its name.
    pub fn lock(&self, module: &str) -> SharedGuard<'_> {
        let mut guard = self.0.lock().unwrap_or_else(|poisoned| {
            let mut guard = PoisonError::into_inner(poisoned);
            *guard = None;
            guard
        });
        self.0.clear_poison();
        let slot = take_slot();
        guard.get_or_insert_with(|| LabPair::start(module, Database::Sqlite));
        SharedGuard { guard, _slot: slot }
    }
}

impl Deref for SharedGuard<'_> {
    type Target = LabPair;
    fn deref(&self) -> &LabPair {
        self.guard.as_ref().expect("filled when locked")
    }
}

impl DerefMut for SharedGuard<'_> {
    fn deref_mut(&mut self) -> &mut LabPair {
        self.guard.as_mut().expect("filled when locked")
    }
}

impl LabPair {
    fn start(test: &str, database: Database) -> Self {
        let place = Place::new(std::env::var_os("PAIRADM_LAB_DIR").unwrap_or_else(|| Place::DEFAULT.into()));
        let_the_disk_rest(&place);
        let short: String = test.replace('_', "-").chars().take(24).collect();
        let name = format!("t{}-{}", std::process::id(), short.trim_matches('-'));
        let name: LabName = name.parse().expect("a test's name makes a lab's name");
        // Started first: it also clears away what a failing start leaves.
        let undertaker = watch_over(&place, &name);
        let started = lab::up(&place, &name, Some(database), &|_| {}).unwrap_or_else(|error| {
            panic!(
                "no lab for this test: {error}; {}",
                error.hint.as_deref().unwrap_or_default()
            )
        });
        assert_eq!(started.failed_units, [], "units failed at boot");
        let controller = tempfile::tempdir().expect("a directory for the controller");
        std::fs::copy(started.lab.pair_file(), controller.path().join("pair.toml")).expect("the pair file");
        Self {
            lab: started.lab,
            place,
            controller,
            undertaker,
        }
    }

    /// The first node.
    pub fn alpha(&self) -> TestNode<'_> {
        self.node("alpha")
    }

    /// The second node.
    pub fn beta(&self) -> TestNode<'_> {
        self.node("beta")
    }

    /// A node by name.
    pub fn node(&self, name: &str) -> TestNode<'_> {
        TestNode {
            lab: &self.lab,
            node: self.lab.node(name).expect("a node of the lab"),
        }
    }

    /// Puts a fault on, written as for `pairadm lab break`.
    pub fn break_it(&mut self, fault: &str) {
        let fault: Fault = fault.parse().expect("a fault");
        self.lab
            .break_it(&self.place, &fault)
            .expect("the fault can be put on");
    }

    /// Takes all faults off and waits for both nodes.
    pub fn heal(&mut self) {
        self.lab.heal(&self.place).expect("the faults can be taken off");
    }

    /// Ends everything on the node at once; its disk stays.
    pub fn cut_power(&mut self, node: &str) {
        self.break_it(&format!("power {node}"));
    }

    /// Boots a node whose power was cut and waits for it.
    pub fn boot(&mut self, node: &str) {
        self.lab.boot(&self.place, node).expect("the node boots");
    }

    /// Pulls the node's SIP cable.
    pub fn cut_link(&mut self, node: &str) {
        self.break_it(&format!("link {node}"));
    }

    /// The controller's own pair file, a copy of the lab's.
    pub fn pair_file(&self) -> PathBuf {
        self.controller.path().join("pair.toml")
    }

    /// Where the controller keeps journals.
    pub fn state_dir(&self) -> PathBuf {
        self.controller.path().join("state")
    }

    /// Where the controller writes reports.
    pub fn report_dir(&self) -> PathBuf {
        self.controller.path().join("reports")
    }

    /// pairadm on this lab's pair, with directories and home of its own, ready to spawn.
    pub fn pairadm_command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        self.controlled(Command::new(env!("CARGO_BIN_EXE_pairadm")), args)
    }

    /// Runs pairadm on this lab's pair to its end.
    pub fn pairadm<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        let mut command = Command::new("timeout");
        command.args(["--signal=KILL", PAIRADM_SECONDS, env!("CARGO_BIN_EXE_pairadm")]);
        self.controlled(command, args)
            .stdin(Stdio::null())
            .output()
            .expect("pairadm runs")
    }

    fn controlled<S: AsRef<OsStr>>(
        &self,
        mut command: Command,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        command
            .arg("--pair")
            .arg(self.pair_file())
            .args(args)
            .env("PAIRADM_STATE_DIR", self.state_dir())
            .env("PAIRADM_REPORT_DIR", self.report_dir())
            .env("HOME", self.controller.path())
            .env_remove("SSH_AUTH_SOCK");
        command
    }

    /// Runs a program in the network of the third host.
    pub fn third<S: AsRef<str>>(&self, command: &[S]) -> Output {
        execute(&self.lab, Lab::THIRD, command)
    }
}

impl Drop for LabPair {
    fn drop(&mut self) {
        let _ = self.undertaker.kill();
        let _ = self.undertaker.wait();
        let name: LabName = self.lab.name.parse().expect("was parsed before");
        if std::env::var_os("PAIRADM_LAB_KEEP").is_some() {
            eprintln!(
                "kept: pairadm lab --dir {} --name {name} ssh alpha; controller in {}",
                self.place.base().display(),
                self.controller.path().display()
            );
            self.controller.disable_cleanup(true);
        } else if let Err(error) = lab::down(&self.place, &name) {
            eprintln!("lab {name} is not gone: {error}");
        }
    }
}

/// One node of the pair, looked at from outside: works without its SSH and without its network.
#[derive(Clone, Copy)]
pub struct TestNode<'a> {
    lab: &'a Lab,
    /// Name and addresses.
    pub node: &'a LabNode,
}

impl TestNode<'_> {
    /// Runs a program on the node to its end, whatever its status.
    pub fn exec<S: AsRef<str>>(&self, command: &[S]) -> Output {
        execute(self.lab, &self.node.name, command)
    }

    /// Runs a shell line that must succeed; its standard output.
    pub fn sh(&self, line: &str) -> String {
        let output = self.exec(&["sh", "-c", line]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: `{line}`: {}: {stderr}",
            self.node.name,
            output.status
        );
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs a program that reads `input` and must succeed.
    pub fn feed<S: AsRef<str>>(&self, command: &[S], input: &[u8]) {
        let command: Vec<_> = command.iter().map(|word| word.as_ref().to_owned()).collect();
        let fed = self.lab.enter(&self.node.name, &command);
        fed.and_then(|tool| tool.input(input).run())
            .unwrap_or_else(|error| panic!("{}: {command:?}: {error}", self.node.name));
    }

    /// Writes a file on the node.
    pub fn write(&self, path: &str, text: &str) {
        self.feed(&["sh", "-c", &format!("cat > '{path}'")], text.as_bytes());
    }

    /// The text of a file on the node, which may be off.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let bytes = super::snapshot::read_inside(&self.root(), path.as_ref());
        String::from_utf8(bytes.expect("the file can be read")).expect("text")
    }

    /// Everything about these files and the trees below them; the node may be off.
    pub fn snapshot<P: AsRef<Path>>(&self, paths: &[P]) -> Snapshot {
        Snapshot::take(&self.root(), paths)
    }

    /// Whether the node holds this address now.
    pub fn holds(&self, address: impl Into<std::net::IpAddr>) -> bool {
        self.sh("ip addr show").contains(&format!(" {}/", address.into()))
    }

    fn root(&self) -> PathBuf {
        self.lab.root(&self.node.name).expect("a node of the lab")
    }
}

fn execute<S: AsRef<str>>(lab: &Lab, host: &str, command: &[S]) -> Output {
    let command: Vec<_> = command.iter().map(|word| word.as_ref().to_owned()).collect();
    lab.enter(host, &command)
        .and_then(lab::Tool::output)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Waits, once, until nothing is left to be written: a compiler that ran just before leaves gigabytes, and a
/// node whose disk stands still for half a minute is a broken one, which other tests are about.
fn let_the_disk_rest(place: &Place) {
    static RESTED: Once = Once::new();
    RESTED.call_once(|| {
        let parents = place.base().ancestors();
        if let Some(directory) = parents.flat_map(File::open).next() {
            rustix::fs::syncfs(directory).expect("the disk writes what it has");
        }
    });
}

/// Takes the lab down when this process is gone, however it ended.
fn watch_over(place: &Place, name: &LabName) -> Child {
    let script = "while kill -0 \"$1\" 2>/dev/null; do sleep 1; done; shift; exec \"$@\"";
    Command::new("setsid")
        .args(["sh", "-c", script, "sh", &std::process::id().to_string()])
        .args([
            env!("CARGO_BIN_EXE_pairadm"),
            "lab",
            "down",
            "--name",
            &name.to_string(),
            "--dir",
        ])
        .arg(place.base())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the watching process starts")
}

/// Waits for one of the slots.
fn take_slot() -> File {
    loop {
        for slot in 0..SLOTS {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lab-slot-{slot}"));
            let file = File::create(path).expect("a slot's file");
            if file.try_lock().is_ok() {
                return file;
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
