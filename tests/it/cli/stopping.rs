//! Ctrl-C, a termination request and the end of the terminal while nodes are reached that never answer: they
//! are answered long before the attempt would end by itself, with exit 2, and nobody is asked anything.

use super::nodes::LAB;
use super::terminal::Terminal;
use super::tool::{OFFICE, Tool};
use crate::support::hold::{self, wait_until};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// What every command says then. One that waited to the end of its attempts says which node cannot be reached.
const STOPPED: &str = "stopped on request; nothing was changed";

const CTRL_C: &str = "\u{3}";

/// A server that accepts connections and never says a word, with a pair that has both nodes there.
struct Silent {
    listener: TcpListener,
    tool: Tool,
}

impl Silent {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let reached = format!("host = \"localhost\", port = {port}");
        let tool = Tool::with_pair(&OFFICE.replace("host = \"localhost\", port = 1", &reached));
        Self { listener, tool }
    }

    /// Runs the program until it has connected to one node at least.
    fn reached_by(&self, arguments: &[&str]) -> (Terminal, TcpStream) {
        let mut terminal = Terminal::running(&self.tool.command(arguments), "xterm");
        let node = self.next(|| {
            assert!(terminal.runs(), "{arguments:?}: {}", terminal.seen);
        });
        (terminal, node)
    }

    /// The next connection; `meanwhile` may say why there will be none.
    fn next(&self, mut meanwhile: impl FnMut()) -> TcpStream {
        loop {
            if let Some(node) = self.waiting() {
                return node;
            }
            meanwhile();
            sleep(Duration::from_millis(5));
        }
    }

    /// A connection that is there already.
    fn waiting(&self) -> Option<TcpStream> {
        let (node, _) = self.listener.accept().ok()?;
        node.set_nonblocking(false).unwrap();
        Some(node)
    }

    /// Takes what the run before left: its way to the other node.
    fn forget(&self) {
        while self.waiting().is_some() {}
    }
}

#[test]
fn ctrl_c_ends_every_command_that_waits_for_a_node() {
    let silent = Silent::new();
    for arguments in [
        &["status"][..],
        &["doctor"],
        &["configure", "--set", "restart=now"],
        &["takeover", "--to", "secondary"],
        &["takeover", "--to", "secondary", "--yes"],
        &["takeover", "--to", "secondary", "--dry-run"],
        &["traffic", "show"],
        &["translation", "list"],
        &["translation", "check"],
        &["translation", "scan"],
        &["data", "copy", "--yes"],
        &["data", "list"],
        &["data", "diff"],
        &["data", "verify"],
        &["data", "preview-failback"],
        &["history"],
        &["show", "7"],
        &["undo", "7"],
        &["resume"],
        &["backups", "list"],
        &["test", "reaction", "active", "--side", "primary"],
        &["remove"],
    ] {
        let (mut terminal, mut node) = silent.reached_by(arguments);
        terminal.type_in(CTRL_C);
        assert_eq!(terminal.end(), 2, "{arguments:?}: {}", terminal.seen);
        terminal.expect(STOPPED);
        assert_eq!(
            terminal.seen.matches("stopped").count(),
            1,
            "{arguments:?}: {}",
            terminal.seen
        );
        // The node sees it end.
        let said = std::io::copy(&mut node, &mut std::io::sink());
        assert!(said.is_ok(), "{arguments:?}: {said:?}");
        silent.forget();
    }
}

#[test]
fn a_watch_ends_as_it_always_does() {
    let (mut terminal, _node) = Silent::new().reached_by(&["status", "--watch"]);
    terminal.type_in(CTRL_C);
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
}

#[test]
fn a_termination_request_and_the_end_of_the_terminal_are_answered_too() {
    let silent = Silent::new();
    for signal in ["-TERM", "-HUP"] {
        let (mut terminal, _node) = silent.reached_by(&["takeover", "--to", "secondary"]);
        hold::signal(terminal.pid(), signal);
        assert_eq!(terminal.end(), 2, "{signal}: {}", terminal.seen);
        terminal.expect(STOPPED);
        silent.forget();
    }
}

#[test]
fn a_command_that_is_to_outlive_its_terminal_does() {
    let silent = Silent::new();
    let mut child = Command::new("nohup");
    let plain = silent.tool.command(&["takeover", "--to", "secondary", "--json"]);
    child.arg(plain.get_program()).args(plain.get_args());
    for (key, value) in plain.get_envs() {
        child.env(key, value.unwrap_or_default());
    }
    let mut child = child
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let _node = silent.next(|| assert!(child.try_wait().unwrap().is_none()));
    let pid = child.id();
    for signal in ["-HUP", "-TERM"] {
        hold::signal(pid, signal);
        if signal == "-HUP" {
            // Both are sent to one process: had the first been heard, its answer would be the same, so what
            // the process ignores is looked at.
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))
                .unwrap();
            assert_eq!(u64::from_str_radix(mask.trim(), 16).unwrap() & 1, 1, "{mask}");
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn ctrl_c_in_the_line_mode_brings_the_menu_back() {
    let silent = Silent::new();
    let mut terminal = Terminal::running(&silent.tool.command(&["--plain"]), "dumb");
    terminal.expect("q to quit");
    terminal.type_in("3\r2\r\r");
    let _node = silent.next(|| assert!(terminal.runs(), "{}", terminal.seen));
    terminal.type_in(CTRL_C);
    terminal.expect(STOPPED);
    // The menu may have come with it.
    terminal.seen = terminal.seen.split(STOPPED).skip(1).collect();
    terminal.expect("q to quit");
    terminal.type_in("q\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
}

/// The number of connections to an SSH server that the process has or tries to get.
fn dialling(pid: u32) -> usize {
    let own: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            std::fs::read_link(entry.ok()?.path())
                .ok()?
                .into_os_string()
                .into_string()
                .ok()
        })
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap_or_default();
    let ours = table.lines().filter(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns.get(2).is_some_and(|peer| peer.ends_with(":0016"))
            && columns
                .get(9)
                .is_some_and(|inode| own.contains(&format!("socket:[{inode}]")))
    });
    ours.count()
}

#[test]
fn ctrl_c_is_answered_while_real_nodes_hang_or_swallow_what_is_sent() {
    let mut lab = LAB.lock("cli");
    lab.break_it("hang alpha");
    lab.beta().sh("iptables -I INPUT -p tcp --dport 22 -j DROP");
    for arguments in [
        &["status"][..],
        &["takeover", "--to", "secondary", "--yes"],
        &["data", "copy", "--yes"],
    ] {
        let mut terminal = Terminal::running(&lab.pairadm_command(arguments), "xterm");
        wait_until("both nodes are dialled", || dialling(terminal.pid()) == 2);
        terminal.type_in(CTRL_C);
        assert_eq!(terminal.end(), 2, "{arguments:?}: {}", terminal.seen);
        terminal.expect(STOPPED);
    }
    lab.beta().sh("iptables -D INPUT -p tcp --dport 22 -j DROP");
    lab.heal();
}
