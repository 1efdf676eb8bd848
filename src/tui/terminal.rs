//! The terminal while the menu has it: taken over once, given back on every way out.

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{Command, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use signal_hook::consts::SIGTSTP;
use std::fmt;
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The terminal as ratatui sees it.
pub type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Bytes collected before they are written: a full 132×43 frame with styles fits.
const BUFFER: usize = 64 * 1024;

/// True while the menu has the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Threads with this prefix report a panic as a failed job; the menu goes on.
pub const WORKER: &str = "pairadm-job";

/// Holds the terminal; dropping it gives it back.
pub struct Held(());

impl Held {
    /// Raw mode, alternate screen, clicks and the wheel.
    pub fn take() -> io::Result<(Self, Screen)> {
        give_back_on_panic();
        let held = Self(());
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout());
        take(&mut out)?;
        Ok((held, Terminal::new(CrosstermBackend::new(out))?))
    }
}

/// Gives the terminal back and stops the process, as Ctrl-Z does elsewhere; returns when it is
/// continued. The terminal has to be taken again then.
pub fn suspend() -> io::Result<()> {
    give_back(&mut io::stdout());
    signal_hook::low_level::emulate_default_handler(SIGTSTP)
}

/// Takes the terminal anew: a shell may have had it meanwhile, and set its own modes.
pub fn retake() -> io::Result<()> {
    give_back(&mut io::stdout());
    take(&mut io::stdout())
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(&mut io::stdout());
    }
}

fn take(out: &mut impl Write) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, Clicks(true))
}

/// Gives the terminal back once, however often it is called. A terminal that has gone is no error.
fn give_back(out: &mut impl Write) {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            out,
            Clicks(false),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// The message of a panic is to be read on the ordinary screen. A worker's panic is caught by the
/// runner and shown in the menu, so it must not touch the terminal.
fn give_back_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let worker = std::thread::current()
                .name()
                .is_some_and(|name| name.starts_with(WORKER));
            if worker && TAKEN.load(Ordering::SeqCst) {
                return;
            }
            give_back(&mut io::stdout());
            next(info);
        }));
    });
}

/// Presses, releases and the wheel, without every movement in between, which would load a slow line.
struct Clicks(bool);

impl Command for Clicks {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str(if self.0 {
            "\x1b[?1000h\x1b[?1006h"
        } else {
            "\x1b[?1006l\x1b[?1000l"
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_terminal_is_given_back_exactly_once() {
        let mut out = Vec::new();
        give_back(&mut out);
        assert!(out.is_empty(), "a terminal that was not taken is left alone");
        TAKEN.store(true, Ordering::SeqCst);
        give_back(&mut out);
        give_back(&mut out);
        let written = String::from_utf8(out).unwrap();
        assert_eq!(written.matches("\x1b[?1049l").count(), 1);
        assert!(written.contains("\x1b[?25h") && written.contains("\x1b[?1000l"));
    }
}
