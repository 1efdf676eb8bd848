//! Where questions are asked and lines are shown. On a terminal that can move its cursor an answer is
//! typed with dialoguer, which lets it be edited; on a dumb one and from a pipe lines are read as they
//! come. Secrets are typed unseen. Ctrl-C ends a waiting question (L4).

use super::keyboard::Keyboard;
use crate::controller::Cancel;
use crate::model::Secret;
use crate::render::{Line, printable};
use dialoguer::Input;
use dialoguer::console::Term;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{IsTerminal, Write};
use zeroize::Zeroize;

/// What came back for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A line, without surrounding blanks.
    Line(String),
    /// Input ended, or the operator pressed Ctrl-C.
    End,
}

/// Shows lines and asks questions.
pub trait Talk {
    /// Shows a line.
    fn say(&mut self, line: &Line);
    /// Asks for a line.
    fn ask(&mut self, prompt: &str) -> Reply;

    /// Asks for a line that is too short to be edited, so that a signal ends the waiting too (L4).
    fn ask_briefly(&mut self, prompt: &str) -> Reply {
        self.ask(prompt)
    }

    /// Asks until the answer is yes or no; the end of input is a no.
    fn agrees(&mut self, question: &str) -> bool {
        loop {
            match self.ask_briefly(&format!("{question} (y/n)")) {
                Reply::End => return false,
                Reply::Line(line) => match line.to_ascii_lowercase().as_str() {
                    "y" | "yes" => return true,
                    "n" | "no" => return false,
                    _ => self.say(&Line::plain("Answer y or n.")),
                },
            }
        }
    }
}

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Standard output: the line mode is the output.
    Stdout,
    /// Standard error: standard output is for the result.
    Stderr,
}

/// The operator's terminal, or the pipe in its place.
#[derive(Debug)]
pub struct Console {
    sink: Sink,
    colour: bool,
    cancel: Cancel,
    pending: Vec<u8>,
    ended: bool,
}

impl Console {
    /// `cancel` is set by Ctrl-C and ends a waiting question.
    pub fn new(sink: Sink, colour: bool, cancel: Cancel) -> Self {
        Self {
            sink,
            colour,
            cancel,
            pending: Vec::new(),
            ended: false,
        }
    }

    /// The terminal an answer can be edited on, if this is one.
    fn editor(&self) -> Option<Term> {
        let term = match self.sink {
            Sink::Stdout => Term::stdout(),
            Sink::Stderr => Term::stderr(),
        };
        let moves = std::env::var("TERM").is_ok_and(|name| !name.is_empty() && name != "dumb");
        (moves && term.is_term() && std::io::stdin().is_terminal()).then_some(term)
    }

    /// An edited answer; Ctrl-C or a terminal that went away ends it.
    fn edited(&self, term: &Term, prompt: &str) -> Reply {
        let _keys = Keyboard::keys();
        // After the change of modes: until then Ctrl-C is a signal.
        if self.cancel.asked() {
            return Reply::End;
        }
        let typed = Input::<String>::new()
            .with_prompt(printable(prompt))
            .allow_empty(true)
            .interact_text_on(term);
        if let Ok(line) = typed {
            return Reply::Line(line.trim().to_owned());
        }
        self.write("\n");
        Reply::End
    }

    /// Asks for a secret without showing what is typed; `None` without a terminal, or when it was cancelled.
    pub fn secret(&mut self, prompt: &str) -> Option<Secret> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        let _unseen = Keyboard::unseen().ok()?;
        self.write(&format!("{}: ", printable(prompt)));
        let typed = self.read_line();
        // What was typed stays nowhere else; another line may wait behind it when it was pasted.
        if self.pending.is_empty() {
            self.pending.zeroize();
        }
        self.write("\n");
        typed.map(Secret::new)
    }

    fn write(&self, text: &str) {
        // A reader that has gone is no reason to stop an operation.
        let _ = match self.sink {
            Sink::Stdout => {
                let mut out = std::io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
            Sink::Stderr => std::io::stderr().lock().write_all(text.as_bytes()),
        };
    }

    /// The next line of standard input, as it came; `None` at its end or when cancelled.
    fn read_line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.pending.drain(..=end).collect();
                line.pop();
                return Some(
                    String::from_utf8(line)
                        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
                );
            }
            if self.ended || self.cancel.asked() {
                return None;
            }
            self.read_more();
        }
    }

    /// Waits at most a fifth of a second, so that Ctrl-C is answered soon (L4).
    fn read_more(&mut self) {
        const LONGEST_LINE: usize = 64 * 1024;
        let stdin = rustix::stdio::stdin();
        let wait = Timespec {
            tv_sec: 0,
            tv_nsec: 200_000_000,
        };
        let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
        if !matches!(poll(&mut wanted, Some(&wait)), Ok(1..)) {
            return;
        }
        let mut buffer = [0; 4096];
        match rustix::io::read(stdin, &mut buffer) {
            Ok(read @ 1..) if self.pending.len() < LONGEST_LINE => {
                self.pending.extend(&buffer[..read]);
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            _ => self.ended = true,
        }
    }
}

/// Nobody there: nothing is shown, no question is answered.
#[derive(Debug)]
pub struct Silent;

impl Talk for Silent {
    fn say(&mut self, _: &Line) {}

    fn ask(&mut self, _: &str) -> Reply {
        Reply::End
    }
}

impl Talk for Console {
    fn say(&mut self, line: &Line) {
        self.write(&(line.paint(self.colour) + "\n"));
    }

    fn ask(&mut self, prompt: &str) -> Reply {
        if let Some(term) = self.editor() {
            return self.edited(&term, prompt);
        }
        self.ask_briefly(prompt)
    }

    fn ask_briefly(&mut self, prompt: &str) -> Reply {
        self.write(&format!("{}: ", printable(prompt)));
        if let Some(line) = self.read_line() {
            let line = line.trim().to_owned();
            if !std::io::stdin().is_terminal() {
                // No terminal echoed it.
                self.write(&(printable(&line) + "\n"));
            }
            return Reply::Line(line);
        }
        self.write("\n");
        Reply::End
    }
}
