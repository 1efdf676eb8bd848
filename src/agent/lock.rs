//! The pair's lock on this node (S8): a `flock` that the kernel gives back when the agent ends,
//! however it ends, with the owner's name inside the file (L5).

use super::paths::NodePaths;
use super::protocol::LockOwner;
use crate::error::{Error, Result};
use crate::plan::gives_way;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A look at the lock takes it shared for a few microseconds; a taker who meets one tries again.
const LOOKER: Duration = Duration::from_millis(50);

/// What the lock file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The operator's side of it.
    pub owner: LockOwner,
    /// The agent's process on this node.
    pub agent: u32,
    /// Its controller is gone: the agent takes back what has to be, and ends.
    #[serde(default)]
    pub left: bool,
}

/// The lock, held until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    owner: LockOwner,
}

/// Somebody more urgent wants the lock that this agent holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wish {
    agent: u32,
    to: String,
}

impl Lock {
    /// Takes the lock, or fails at once with code `locked` and the owner's name.
    pub fn take(paths: &NodePaths, owner: &LockOwner) -> Result<Self> {
        let mut file = open(paths)?;
        let until = Instant::now() + LOOKER;
        while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(fault(paths, error));
            }
            if Instant::now() >= until {
                return Err(locked(paths, &mut file));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let holder = Holder {
            owner: owner.clone(),
            agent: std::process::id(),
            left: false,
        };
        holder.write(&mut file).map_err(|error| fault(paths, error))?;
        // A wish for the lock of an earlier holder is none for this one.
        let _ = std::fs::remove_file(wish(paths));
        Ok(Self {
            file,
            owner: owner.clone(),
        })
    }

    /// Says to others who want it that its controller is gone.
    pub fn leave(&mut self) {
        let holder = Holder {
            owner: self.owner.clone(),
            agent: std::process::id(),
            left: true,
        };
        // Without it they wait less patiently.
        let _ = holder.write(&mut self.file);
    }

    /// For whom it is held.
    pub const fn owner(&self) -> &LockOwner {
        &self.owner
    }
}

impl Holder {
    fn write(&self, file: &mut File) -> std::io::Result<()> {
        let text = serde_json::to_vec(self)?;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&text)
    }
}

/// Asks the holder of the lock to give way to `to`; code `locked` when what it does is not of that
/// kind. Needs no lock.
pub fn ask_to_give_way(paths: &NodePaths, to: &str) -> Result<()> {
    let Some(holder) = holder(paths)? else {
        return Ok(());
    };
    if !gives_way(&holder.owner.operation) {
        return Err(refusal(paths, &holder));
    }
    let wanted = Wish {
        agent: holder.agent,
        to: to.to_owned(),
    };
    let text = serde_json::to_vec(&wanted).map_err(|error| Error::bug(error.to_string()))?;
    let (path, draft) = (wish(paths), paths.run().join("give-way.new"));
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(|error| fault(paths, error))
}

/// To whom this agent was asked to give way, if it was.
pub fn asked_to_give_way(paths: &NodePaths) -> Option<String> {
    let wish: Wish = serde_json::from_slice(&std::fs::read(wish(paths)).ok()?).ok()?;
    (wish.agent == std::process::id()).then_some(wish.to)
}

fn wish(paths: &NodePaths) -> PathBuf {
    paths.run().join("give-way")
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The kernel gives the lock back in any case; an owner's name left behind owns nothing.
        let _ = self.file.set_len(0);
    }
}

/// Who holds the lock now, if anybody does.
pub fn holder(paths: &NodePaths) -> Result<Option<Holder>> {
    let mut file = match File::open(paths.lock()) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(paths, error)),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(Some(read(&mut file))),
        Err(error) => Err(fault(paths, error)),
    }
}

fn open(paths: &NodePaths) -> Result<File> {
    if let Some(directory) = paths.lock().parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(directory)
            .map_err(|error| fault(paths, error))?;
    }
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(paths.lock())
        .map_err(|error| fault(paths, error))
}

/// A holder who has not written its name yet is shown without one.
fn read(file: &mut File) -> Holder {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .ok()
        .and_then(|_| serde_json::from_str(&text).ok())
        .unwrap_or_else(|| Holder {
            owner: LockOwner {
                who: "unknown".to_owned(),
                pid: 0,
                operation: "unknown".to_owned(),
                since: "just now".to_owned(),
            },
            agent: 0,
            left: false,
        })
}

fn locked(paths: &NodePaths, file: &mut File) -> Error {
    refusal(paths, &read(file))
}

fn refusal(paths: &NodePaths, Holder { owner, agent, .. }: &Holder) -> Error {
    Error::refused(
        "locked",
        format!(
            "{} (process {}) has been at work on this node since {}: {}",
            owner.who, owner.pid, owner.since, owner.operation
        ),
    )
    .at(paths.lock().display())
    .hint(format!(
        "wait until it ends; when that controller is gone, its agent here (process {agent}) ends by itself after its current step"
    ))
}

fn fault(paths: &NodePaths, error: impl Into<std::io::Error>) -> Error {
    super::file::fault(paths.lock(), "the pair's lock cannot be taken", &error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(who: &str) -> LockOwner {
        LockOwner {
            who: who.to_owned(),
            pid: 7,
            operation: "configure".to_owned(),
            since: "2026-11-20T20:00:00+00:00".to_owned(),
        }
    }

    #[test]
    fn the_second_taker_is_told_who_was_first_and_gets_it_afterwards() {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        assert_eq!(holder(&paths).unwrap(), None);
        let first = Lock::take(&paths, &owner("root@alpha")).unwrap();
        let error = Lock::take(&paths, &owner("root@beta")).unwrap_err();
        assert_eq!(error.code, "locked");
        for part in ["root@alpha", "configure", "2026-11-20T20:00:00", "process 7"] {
            assert!(error.message.contains(part), "{part} in {}", error.message);
        }
        assert_eq!(holder(&paths).unwrap().unwrap().owner, owner("root@alpha"));
        let mut first = first;
        first.leave();
        let left = holder(&paths).unwrap().unwrap();
        assert!(left.left && left.owner == owner("root@alpha"));
        drop(first);
        // A program that another test just starts may have the file open until it runs.
        let until = Instant::now() + Duration::from_secs(60);
        while holder(&paths).unwrap().is_some() {
            assert!(Instant::now() < until, "it is given back");
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(Lock::take(&paths, &owner("root@beta")).unwrap());
    }

    #[test]
    fn only_what_gives_way_is_asked_to_and_only_its_own_agent_hears_it() {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        let held = Lock::take(&paths, &owner("root@alpha")).unwrap();
        assert_eq!(
            ask_to_give_way(&paths, "takeover by root@beta").unwrap_err().code,
            "locked"
        );
        drop(held);
        let copying = LockOwner {
            operation: "copy".to_owned(),
            ..owner("root@alpha")
        };
        let held = Lock::take(&paths, &copying).unwrap();
        assert_eq!(asked_to_give_way(&paths), None);
        ask_to_give_way(&paths, "takeover by root@beta").unwrap();
        assert_eq!(
            asked_to_give_way(&paths).as_deref(),
            Some("takeover by root@beta")
        );
        drop(held);
        let _next = Lock::take(&paths, &copying).unwrap();
        assert_eq!(asked_to_give_way(&paths), None, "that was for the one before");
    }

    #[test]
    fn looking_never_makes_a_taker_fail() {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        drop(Lock::take(&paths, &owner("first")).unwrap());
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    holder(&paths).unwrap();
                }
            });
            let _ending = crate::agent::tests::support::Stop(&stop);
            for _ in 0..300 {
                drop(Lock::take(&paths, &owner("again")).unwrap());
            }
        });
    }
}
