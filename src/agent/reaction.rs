//! Tells that the node became active or passive: a line in the system's log, then every program in
//! `/etc/pairadm/reactions.d`, in order of name, with the mode and the event's number as arguments. A
//! reaction that fails is reported; it does not take a takeover back. Alarms of the same directory follow.

use super::alarm;
use super::paths::NodePaths;
use super::program::run_from;
use super::protocol::StepReport;
use crate::error::{Error, Result};
use crate::facts::ReactionFile;
use crate::model::{Mode, digest};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One reaction may take this long.
const EACH: Duration = Duration::from_secs(10);

/// Status asks for these files every few seconds: of larger ones it compares the size.
const LARGEST_COMPARED: u64 = 1 << 20;

/// Facility daemon, severity notice (RFC 5424, section 6.2.1).
const PRIORITY: u8 = 3 * 8 + 5;

/// What came of one reaction or alarm, in words; an error failed or was passed over.
pub type Outcome = std::result::Result<String, String>;

/// What came of all.
#[derive(Debug)]
pub struct Told {
    /// Each reaction and how it ended.
    pub detail: String,
    /// One of them failed or was passed over.
    pub failed: bool,
}

impl Told {
    /// Of one or more; `none` stands for nothing.
    pub fn of(outcomes: Vec<Outcome>, none: &str) -> Self {
        let failed = outcomes.iter().any(Result::is_err);
        let texts: Vec<String> = outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|why| why))
            .collect();
        let detail = if texts.is_empty() {
            none.to_owned()
        } else {
            texts.join("; ")
        };
        Self { detail, failed }
    }

    /// For a step: what a reaction says does not take a takeover back.
    pub fn report(self) -> StepReport {
        StepReport {
            changed: true,
            detail: self.detail,
            backup: None,
        }
    }
}

/// Tells it, until `deadline`.
pub fn react(paths: &NodePaths, mode: Mode, code: u16, deadline: Instant) -> Result<Told> {
    log(&format!("event {code}: this node is {mode}"));
    let mut told = run_all(paths, mode, code, deadline)?;
    told.extend(alarm::happened(paths, code, deadline));
    Ok(told_of(mode, code, told))
}

/// Runs the reactions alone, as a test: no alarm is raised or cleared.
pub fn try_out(paths: &NodePaths, mode: Mode, code: u16, deadline: Instant) -> Result<Told> {
    log(&format!("test of event {code}: this node is {mode}"));
    run_all(paths, mode, code, deadline).map(|told| told_of(mode, code, told))
}

fn told_of(mode: Mode, code: u16, outcomes: Vec<Outcome>) -> Told {
    let told = Told::of(outcomes, "no reactions");
    Told {
        detail: format!("event {code} ({mode}): {}", told.detail),
        ..told
    }
}

fn run_all(paths: &NodePaths, mode: Mode, code: u16, deadline: Instant) -> Result<Vec<Outcome>> {
    let (mode, code) = (mode.to_string(), code.to_string());
    let run = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match run_trusted(paths.search(), &[&path.to_string_lossy(), &mode, &code], deadline) {
            Ok(()) => Ok(format!("{name} ran")),
            Err(why) => Err(format!("{name} {why}")),
        }
    };
    Ok(programs(paths.reactions())?.into_iter().map(run).collect())
}

/// Runs a program of the administrator's, unless others than root may change it.
pub fn run_trusted(search: &str, argv: &[&str], deadline: Instant) -> std::result::Result<(), String> {
    let meta = argv.first().map(fs::metadata).transpose();
    if let Ok(Some(meta)) = &meta
        && let Some(why) = distrusted(meta)
    {
        return Err(format!("was passed over: {why}"));
    }
    let until = deadline.min(Instant::now() + EACH);
    match run_from(search, argv, until) {
        Ok(finished) if finished.status.success() => Ok(()),
        Ok(finished) => Err(format!("FAILED: {}", finished.last_words())),
        Err(error) => Err(format!("FAILED: {error}")),
    }
}

/// Executable files but alarm files, in order of name.
fn programs(directory: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        Error::incomplete("reactions_unreadable", "the reactions cannot be read")
            .at(directory.display())
            .because(error)
    };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        match fs::metadata(&path) {
            _ if path.extension().is_some_and(|extension| extension == "toml") => {}
            Ok(meta) if meta.is_file() && meta.mode() & 0o111 != 0 => found.push(path),
            // Not a program, or a link to nothing.
            _ => {}
        }
    }
    found.sort();
    Ok(found)
}

/// Every file of the directory, to compare the nodes. What cannot be read is not there, as for [`react`].
pub fn files(paths: &NodePaths) -> Vec<ReactionFile> {
    let entries = fs::read_dir(paths.reactions()).into_iter().flatten().flatten();
    let mut found: Vec<ReactionFile> = entries.filter_map(|entry| describe(&entry.path())).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn describe(path: &Path) -> Option<ReactionFile> {
    let meta = fs::metadata(path).ok().filter(Metadata::is_file)?;
    let digest = if meta.len() > LARGEST_COMPARED {
        format!("{} bytes", meta.len())
    } else {
        digest::sha256_of(fs::File::open(path).ok()?).ok()?
    };
    Some(ReactionFile {
        name: path.file_name()?.to_string_lossy().into_owned(),
        runs: meta.mode() & 0o111 != 0,
        digest,
    })
}

/// They run as root, so only root may be able to change them.
pub fn distrusted(meta: &Metadata) -> Option<&'static str> {
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Some("it does not belong to root");
    }
    (meta.mode() & 0o022 != 0).then_some("others may write to it")
}

/// A node without a system log is told by its reactions alone.
pub fn log(text: &str) {
    if let Ok(socket) = UnixDatagram::unbound() {
        let line = format!("<{PRIORITY}>pairadm: {text}");
        let _ = socket.send_to(line.as_bytes(), "/dev/log");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn node() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("reactions.d")).unwrap();
        directory
    }

    fn add(directory: &Path, name: &str, script: &str, mode: u32) {
        let path = directory.join("reactions.d").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn react_to(directory: &Path) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        let paths = NodePaths::under(directory);
        react(&paths, Mode::Active, 4562, deadline).unwrap().detail
    }

    #[test]
    fn they_run_in_order_with_mode_and_number_and_a_failure_stops_nobody() {
        let directory = node();
        let seen = directory.path().join("seen");
        let note = format!("echo $(basename $0) $* >> {}", seen.display());
        add(directory.path(), "20-last", &note, 0o755);
        add(
            directory.path(),
            "10-first",
            &format!("{note}\necho no pager >&2\nexit 1"),
            0o700,
        );
        add(directory.path(), "README", &note, 0o644);
        add(directory.path(), "no-program.toml", "", 0o644);
        let told = react_to(directory.path());
        assert_eq!(
            fs::read_to_string(seen).unwrap(),
            "10-first active 4562\n20-last active 4562\n"
        );
        assert!(told.contains("10-first FAILED: no pager; 20-last ran"), "{told}");
    }

    #[test]
    fn what_others_may_change_is_passed_over() {
        let directory = node();
        add(directory.path(), "open", "exit 0", 0o777);
        assert!(react_to(directory.path()).contains("open was passed over: others may write to it"));
        assert!(react_to(tempfile::tempdir().unwrap().path()).ends_with("no reactions"));
    }
}
