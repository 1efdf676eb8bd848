//! On a real terminal: questions, colours, and Ctrl-C.

use super::tool::{OFFICE, Tool};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for a busy machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program on a terminal of 80 columns.
pub(super) struct Terminal {
    pub(super) seen: String,
    chunks: Receiver<String>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Terminal {
    fn open(tool: &Tool, term: &str, arguments: &[&str]) -> Self {
        Self::running(&tool.command(arguments), term)
    }

    /// With this program in it.
    pub(super) fn running(plain: &Command, term: &str) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        for (key, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            }
        }
        command.env("TERM", term);
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let keys = pty.master.take_writer().unwrap();
        let (send, chunks) = channel();
        std::thread::spawn(move || {
            // The pty stays open while it is read.
            let _held = pty.master;
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send
                    .send(String::from_utf8_lossy(&buffer[..read]).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        Self {
            seen: String::new(),
            chunks,
            keys,
            child,
        }
    }

    /// Waits until `text` was shown.
    pub(super) fn expect(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            let chunk = self.chunks.recv_timeout(left);
            self.seen += &chunk.unwrap_or_else(|_| panic!("no `{text}` in: {}", self.seen));
        }
    }

    pub(super) fn type_in(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Whether it has not ended; what it has shown by now is seen.
    pub(super) fn runs(&mut self) -> bool {
        self.seen.extend(self.chunks.try_iter());
        self.child.try_wait().unwrap().is_none()
    }

    /// The exit code; nothing more is typed.
    pub(super) fn end(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.seen);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_missing_answer_is_asked_and_explained() {
    for term in ["xterm", "dumb"] {
        let tool = Tool::with_pair(OFFICE);
        let mut terminal = Terminal::open(&tool, term, &["takeover", "--dry-run"]);
        terminal.expect("Take over to (1-2)");
        terminal.type_in("?\r");
        terminal.expect("The side that shall serve calls");
        terminal.type_in("7\r");
        terminal.expect("`7` is not a choice");
        terminal.type_in("2\r");
        // The answer is complete; the nodes cannot be reached.
        assert_eq!(terminal.end(), 2, "{term}: {}", terminal.seen);
    }
}

#[test]
fn an_answer_can_be_edited_where_the_cursor_can_move() {
    let tool = Tool::with_pair(OFFICE);
    let mut terminal = Terminal::open(&tool, "xterm", &["takeover", "--dry-run"]);
    terminal.expect("Take over to (1-2)");
    // "9", cursor left, "4", cursor right, rub out "9": 4.
    terminal.type_in("9\u{1b}[D4\u{1b}[C\u{7f}\r");
    terminal.expect("`4` is not a choice");
    terminal.type_in("2\r");
    assert_eq!(terminal.end(), 2, "{}", terminal.seen);
}

#[test]
fn ctrl_c_at_a_question_is_answered_without_another_key_and_changes_nothing() {
    for term in ["xterm", "dumb"] {
        let tool = Tool::with_pair(OFFICE);
        let mut terminal = Terminal::open(&tool, term, &["takeover"]);
        terminal.expect("Take over to (1-2)");
        terminal.type_in("\u{3}");
        assert_eq!(terminal.end(), 2, "{term}: {}", terminal.seen);
        assert_eq!(tool.files(), ["pair.toml"]);
    }
}

#[test]
fn colours_appear_on_a_terminal_unless_they_are_refused() {
    let tool = Tool::new();
    for (term, arguments, coloured) in [
        ("xterm", &["--plain"][..], true),
        ("xterm", &["--plain", "--no-color"], false),
        ("dumb", &[], false),
    ] {
        let mut terminal = Terminal::open(&tool, term, arguments);
        terminal.expect("q to quit");
        terminal.type_in("q\r");
        assert_eq!(terminal.end(), 0);
        let menu = terminal.seen.split("Enter choice").next().unwrap();
        assert_eq!(
            menu.contains("\u{1b}[1m"),
            coloured,
            "{term} {arguments:?}: {menu:?}"
        );
    }
}
