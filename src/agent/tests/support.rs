//! A node in a temporary directory, an agent on it, and builders for plans.

use crate::agent::paths::NodePaths;
use crate::agent::protocol::{End, LockOwner, Request, Response, StepReport};
use crate::agent::session::Session;
use crate::error::{Error, Result};
use crate::model::{OpId, Side, digest};
use crate::plan::{Action, Content, FilePut, Keep, Plan, Stage, Step, StepId, UnitVerb, Window};
use rustix::fs::OFlags;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub const TAG: &str = "pairadm_42_1763600000";

/// A node's directory with `etc` for its files and `bin` for the programs that stand in for systemd's.
pub struct Node {
    pub root: PathBuf,
    /// Goes with the node.
    #[allow(dead_code)]
    temporary: Option<tempfile::TempDir>,
}

impl Node {
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut node = Self::at(temporary.path());
        node.temporary = Some(temporary);
        node
    }

    pub fn at(root: &Path) -> Self {
        for directory in ["etc", "bin"] {
            std::fs::create_dir_all(root.join(directory)).unwrap();
        }
        Self {
            root: root.to_owned(),
            temporary: None,
        }
    }

    pub fn paths(&self) -> NodePaths {
        NodePaths::under(&self.root)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join("etc").join(name)
    }

    pub fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Option<String> {
        Some(String::from_utf8(read_quietly(&self.file(name))?).unwrap())
    }

    /// A stand-in program.
    pub fn program(&self, name: &str, script: &str) {
        let path = self.root.join("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Every name in `etc`.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.root.join("etc"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The operation's step that makes `name` hold `after`.
    pub fn put(&self, name: &str, before: Option<&str>, after: Option<&str>) -> Action {
        Action::File(self.file_put(name, before, after))
    }

    pub fn file_put(&self, name: &str, before: Option<&str>, after: Option<&str>) -> FilePut {
        FilePut {
            path: self.file(name).display().to_string(),
            content: after.map(|text| Content::Text(text.to_owned())),
            mode: 0o644,
            force_mode: false,
            owner: None,
            before: before.map(|text| digest::sha256(text.as_bytes())),
            diff: String::new(),
            keep: Keep::Beside,
        }
    }
}

/// What S3 promises to give back.
#[derive(Debug, PartialEq, Eq)]
pub struct Looks {
    pub bytes: Vec<u8>,
    pub mode: u32,
    pub owner: (u32, u32),
    pub times: [(i64, i64); 2],
    pub xattrs: Vec<(String, Vec<u8>)>,
}

pub fn looks(path: &Path) -> Option<Looks> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    let mut xattrs: Vec<(String, Vec<u8>)> = xattr::list(path)
        .unwrap()
        .map(|name| {
            (
                name.to_string_lossy().into_owned(),
                xattr::get(path, &name).unwrap().unwrap(),
            )
        })
        .collect();
    xattrs.sort();
    Some(Looks {
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        times: [
            (metadata.atime(), metadata.atime_nsec()),
            (metadata.mtime(), metadata.mtime_nsec()),
        ],
        xattrs,
        bytes: read_quietly(path)?,
    })
}

/// Without the trace in the access time that a test would then find.
fn read_quietly(path: &Path) -> Option<Vec<u8>> {
    let mut file = std::fs::File::options()
        .read(true)
        .custom_flags(OFlags::NOATIME.bits().cast_signed())
        .open(path)
        .ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

pub fn owner() -> LockOwner {
    LockOwner {
        who: "root@alpha".to_owned(),
        pid: 42,
        operation: "configure".to_owned(),
        since: "2026-11-20T20:00:00+00:00".to_owned(),
    }
}

/// Tells another thread to end, also when this one panics.
pub struct Stop<'s>(pub &'s std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

/// A number that the node has not seen.
pub fn next_op(node: &Node) -> u64 {
    let numbers = crate::agent::journal::numbers(&node.paths()).unwrap();
    numbers.first().map_or(1, |op| op.0 + 1)
}

/// One stage a group of actions, steps numbered from 1.
pub fn plan(stages: Vec<Vec<Action>>) -> Plan {
    let mut number = 0;
    let stages = stages
        .into_iter()
        .map(|actions| Stage {
            title: "a stage".to_owned(),
            steps: actions
                .into_iter()
                .map(|action| {
                    number += 1;
                    Step {
                        id: StepId(number),
                        side: Side::Primary,
                        title: format!("step {number}"),
                        action,
                        armed: false,
                    }
                })
                .collect(),
            window: Window::None,
        })
        .collect();
    Plan {
        operation: "configure".to_owned(),
        title: "a test".to_owned(),
        asked: Vec::new(),
        facts: String::new(),
        notice: Vec::new(),
        stages,
        sides: vec![Side::Primary],
        service_affecting: false,
        how_to_undo: String::new(),
    }
}

pub fn unit(verb: UnitVerb) -> Action {
    Action::Unit {
        unit: "kamailio.service".to_owned(),
        verb,
    }
}

/// The engine's side, in a few words.
pub struct Controller {
    pub session: Session,
}

impl Controller {
    pub fn on(node: &Node) -> Self {
        let mut controller = Self {
            session: Session::new(node.paths()),
        };
        controller.ask(Request::Lock { owner: owner() }).unwrap();
        controller
    }

    pub fn ask(&mut self, request: Request) -> Result<Response> {
        self.session
            .answer(request, Instant::now() + Duration::from_secs(10))
    }

    pub fn begin(&mut self, op: u64, plan: &Plan) -> Result<()> {
        self.ask(Request::Begin {
            op: OpId(op),
            tag: format!("{TAG}{op}"),
            owner: owner(),
            plan: plan.clone(),
        })
        .map(drop)
    }

    pub fn prepare(&mut self, op: u64, steps: &[u32]) -> Result<()> {
        let steps = steps.iter().copied().map(StepId).collect();
        self.ask(Request::Prepare { op: OpId(op), steps }).map(drop)
    }

    pub fn apply(&mut self, op: u64, step: u32) -> Result<StepReport> {
        report(self.ask(Request::Apply {
            op: OpId(op),
            step: StepId(step),
        }))
    }

    pub fn verify(&mut self, op: u64, step: u32) -> Result<StepReport> {
        report(self.ask(Request::Verify {
            op: OpId(op),
            step: StepId(step),
        }))
    }

    pub fn revert(&mut self, op: u64, step: u32) -> Result<StepReport> {
        report(self.ask(Request::Revert {
            op: OpId(op),
            step: StepId(step),
        }))
    }

    pub fn finish(&mut self, op: u64, end: End) -> Result<()> {
        self.ask(Request::Finish { op: OpId(op), end }).map(drop)
    }

    /// Begins, prepares, applies and settles every stage, and commits.
    pub fn run(&mut self, op: u64, plan: &Plan) -> Result<Vec<StepReport>> {
        self.begin(op, plan)?;
        let mut reports = Vec::new();
        for stage in &plan.stages {
            let ids: Vec<u32> = stage.steps.iter().map(|step| step.id.0).collect();
            self.prepare(op, &ids)?;
            for id in ids {
                reports.push(self.apply(op, id)?);
            }
            self.ask(Request::Settle { op: OpId(op) })?;
        }
        self.finish(op, End::Committed)?;
        Ok(reports)
    }
}

fn report(answer: Result<Response>) -> Result<StepReport> {
    match answer? {
        Response::Step(report) => Ok(report),
        other => Err(Error::bug(format!("{other:?}"))),
    }
}
