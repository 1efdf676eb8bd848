//! Only one rsync writes into the incoming folder, and only one login is made ahead. An agent that is killed
//! leaves its rsync behind, and that would go on writing into the folder even when it has become a mirror: its
//! working directory moves with the name. Every rsync has the same lock as its standard input, and keeps it as
//! long as it lives.

use crate::agent::data::copy::failed;
use crate::error::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long those that were told to end may take: rsync puts away what it has of a file.
const ENDING: Duration = Duration::from_secs(15);

/// The lock at `path`, for the standard input of rsync or ssh. What an earlier one left running is ended first.
pub fn alone(path: &Path) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| failed(path, error))?;
    let until = Instant::now() + ENDING;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK) if Instant::now() < until => {
                end_holders(path);
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(
                    Error::refused("copy_runs_on", "what an earlier copy left running does not end")
                        .at(path.display())
                        .hint("see with `fuser` on the node what it is"),
                );
            }
            Err(error) => return Err(failed(path, error.into())),
        }
    }
}

/// Tells every process whose standard input is the lock to end; nothing else has that.
fn end_holders(path: &Path) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let holds = fs::read_link(entry.path().join("fd/0")).is_ok_and(|input| input == path);
        if let Some(pid) = pid.filter(|_| holds).and_then(Pid::from_raw) {
            // One that ended by itself is what was wanted.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_an_earlier_copy_left_running_is_ended_before_the_next_begins() {
        let root = tempfile::tempdir().unwrap();
        let lock = root.path().join("lock");
        let first = alone(&lock).unwrap();
        let mut left = Command::new("sleep").arg("600").stdin(first).spawn().unwrap();
        let began = Instant::now();
        alone(&lock).unwrap();
        assert!(!left.wait().unwrap().success(), "it was ended");
        assert!(began.elapsed() < ENDING);
    }
}
