//! Who goes first on a busy server: what moves traffic before everything, because calls are dark
//! meanwhile; calls before a mere look at the node.

use rustix::process::{Pid, geteuid, getpid, getppid, getpriority_process, setpriority_process};

/// The highest priority below real time. On two CPUs with a load of 13 it halves the time that a block
/// and its reading back take.
const URGENT: i32 = -20;

/// A third of the usual share of a busy CPU. A look starts a dozen programs at once, behind which the answer of
/// a SIP server waited up to 30 ms on two CPUs.
const LEISURELY: i32 = 5;

/// Priority of this process' session.
const SESSION: &str = "/proc/self/autogroup";

/// While it lives, this thread and the programs and threads it starts have another priority. Where that is not
/// permitted, nothing changes but the time it takes.
#[derive(Debug)]
pub struct Priority {
    changed: Vec<Changed>,
    /// What the session of this process had.
    session: Option<i32>,
}

/// A process, or this thread, and the priority it had.
#[derive(Debug)]
struct Changed {
    who: Option<Pid>,
    before: i32,
}

impl Priority {
    /// Goes first.
    pub fn urgent() -> Self {
        Self {
            changed: change(None, URGENT).into_iter().collect(),
            session: None,
        }
    }

    /// An agent goes first, and so does the SSH server that carries its requests: an order waits for both.
    pub fn urgent_with_carrier() -> Self {
        let carrier = getppid().filter(|&parent| carries(parent));
        let carrier = carrier.and_then(|parent| change(Some(parent), URGENT));
        Self {
            changed: change(None, URGENT).into_iter().chain(carrier).collect(),
            session: None,
        }
    }

    /// Lets the calls of this node go first. Linux weighs sessions first and the processes of each only then
    /// (sched(7), autogroup), so the session counts as well, where this process leads it.
    pub fn leisurely() -> Self {
        Self {
            changed: change(None, LEISURELY).into_iter().collect(),
            session: change_session(LEISURELY),
        }
    }
}

impl Drop for Priority {
    fn drop(&mut self) {
        for Changed { who, before } in &self.changed {
            // What was permitted the one way may not be the other; then it is only slower.
            let _ = setpriority_process(*who, *before);
        }
        if let Some(before) = self.session {
            let _ = std::fs::write(SESSION, before.to_string());
        }
    }
}

/// Changes a priority that can be given back: lowering is always permitted, raising takes root.
fn change(who: Option<Pid>, to: i32) -> Option<Changed> {
    if !geteuid().is_root() {
        return None;
    }
    let before = getpriority_process(who).ok()?;
    setpriority_process(who, to).ok()?;
    Some(Changed { who, before })
}

/// Changes the session's priority, likewise; a session that somebody else leads, such as an operator's shell,
/// stays as it is.
fn change_session(to: i32) -> Option<i32> {
    if !geteuid().is_root() || !leads_session() {
        return None;
    }
    // `/autogroup-7 nice 0`; kernels without such groups have no such file.
    let text = std::fs::read_to_string(SESSION).ok()?;
    let before = text.split_whitespace().last()?.parse().ok()?;
    std::fs::write(SESSION, to.to_string()).ok()?;
    Some(before)
}

/// Whether this process leads its session. Not by getsid(2), which says 0 of a leader outside the container, and
/// rustix takes that for impossible.
fn leads_session() -> bool {
    let own = getpid().as_raw_nonzero().to_string();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets: state, parent, group, session.
    let session = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(3));
    session == Some(own.as_str())
}

/// Whether a process is the SSH server of one connection. The agent's parent may also be a controller, a
/// shell or `sudo`, which carry nothing or serve others as well.
fn carries(process: Pid) -> bool {
    let comm = format!("/proc/{}/comm", process.as_raw_nonzero());
    std::fs::read_to_string(comm).is_ok_and(|name| ["sshd", "dropbear"].iter().any(|it| name.starts_with(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_given_back_one_inside_the_other() {
        let now = || getpriority_process(None).ok();
        let before = now();
        let leisurely = Priority::leisurely();
        let urgent = Priority::urgent();
        if geteuid().is_root() {
            assert_eq!(now(), Some(URGENT));
        }
        drop(urgent);
        drop(leisurely);
        assert_eq!(now(), before);
    }
}
