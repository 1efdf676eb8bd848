//! Calls are dark while traffic moves, so what moves it does not queue behind the load of a busy server.

use rustix::process::{Pid, getppid, getpriority_process, setpriority_process};

/// The highest priority below real time. On two CPUs with a load of 13 it halves the time that a block
/// and its reading back take.
const HIGHEST: i32 = -20;

/// While it lives, this thread and the programs and threads it starts go first. Where that is not
/// permitted, nothing changes but the time it takes.
#[derive(Debug)]
pub struct Urgency {
    raised: Vec<Raised>,
}

/// A process, or this thread, and the priority it had.
#[derive(Debug)]
struct Raised {
    who: Option<Pid>,
    before: i32,
}

impl Urgency {
    /// Begins it for this thread.
    pub fn begin() -> Self {
        Self {
            raised: raise(None).into_iter().collect(),
        }
    }

    /// Begins it for this thread of an agent, and for the SSH server that carries its requests: an order
    /// waits for both.
    pub fn with_carrier() -> Self {
        let carrier = getppid().filter(|&parent| carries(parent));
        let carrier = carrier.and_then(|parent| raise(Some(parent)));
        Self {
            raised: raise(None).into_iter().chain(carrier).collect(),
        }
    }
}

impl Drop for Urgency {
    fn drop(&mut self) {
        for Raised { who, before } in &self.raised {
            // Lowering is always permitted.
            let _ = setpriority_process(*who, *before);
        }
    }
}

fn raise(who: Option<Pid>) -> Option<Raised> {
    let before = getpriority_process(who).ok()?;
    setpriority_process(who, HIGHEST).ok()?;
    Some(Raised { who, before })
}

/// Whether a process is the SSH server of one connection. The agent's parent may also be a controller, a
/// shell or `sudo`, which carry nothing or serve others as well.
fn carries(process: Pid) -> bool {
    let comm = format!("/proc/{}/comm", process.as_raw_nonzero());
    std::fs::read_to_string(comm).is_ok_and(|name| ["sshd", "dropbear"].iter().any(|it| name.starts_with(it)))
}
