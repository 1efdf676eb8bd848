//! Keys, clicks, signals and the end of the terminal, each from its thread into the one channel.

use super::event::Event;
use crossterm::event as terminal;
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

/// The bytes of one key may arrive apart on a serial line: at 9600 baud five take 5 ms. Waiting this
/// long after the first keeps `ESC [ A` one key and is too short to be felt.
const REST_OF_A_KEY: Duration = Duration::from_millis(8);

/// Turns signals into events from now on. To be called before the terminal is taken: a signal that
/// comes earlier ends the process, and the terminal would stay as it is.
pub fn listen_to_signals(events: &Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGTSTP, SIGCONT])?;
    let to = events.clone();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            if to.send(of_signal(signal)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Turns keys and clicks into events. To be called when the terminal is in raw mode.
pub fn listen_to_keys(events: &Sender<Event>) -> io::Result<()> {
    let to = events.clone();
    thread::Builder::new().name("keys".to_owned()).spawn(move || {
        // Whatever ends reading, the terminal cannot be used any more; the menu may be gone already.
        let _ = read_keys(&to);
        let _ = to.send(Event::HangUp);
    })?;
    Ok(())
}

fn of_signal(signal: i32) -> Event {
    match signal {
        SIGHUP => Event::HangUp,
        SIGTSTP => Event::Suspend,
        SIGCONT => Event::Continued,
        SIGWINCH => match crossterm::terminal::size() {
            Ok((columns, rows)) => Event::Resize(columns, rows),
            Err(_) => Event::HangUp,
        },
        other => Event::Terminate(other),
    }
}

/// Reads until the terminal hangs up. Waiting is done here and not in crossterm, which would spin on a
/// terminal that is gone.
fn read_keys(to: &Sender<Event>) -> io::Result<()> {
    loop {
        let stdin = rustix::stdio::stdin();
        let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut wanted, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let seen = wanted[0].revents();
        if seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Ok(());
        }
        thread::sleep(REST_OF_A_KEY);
        while terminal::poll(Duration::ZERO)? {
            let Some(event) = of_terminal(terminal::read()?) else {
                continue;
            };
            if to.send(event).is_err() {
                return Ok(());
            }
        }
    }
}

/// Sizes come with SIGWINCH; focus is of no interest.
fn of_terminal(event: terminal::Event) -> Option<Event> {
    match event {
        terminal::Event::Key(key) => Some(Event::Key(key)),
        terminal::Event::Mouse(mouse) => Some(Event::Mouse(mouse)),
        terminal::Event::Paste(text) => Some(Event::Paste(text)),
        _ => None,
    }
}
