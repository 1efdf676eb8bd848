//! `pairadm status`.

use super::output::Done;
use super::session::Session;
use crate::error::Result;
use crate::render::{self, Line, Tone};
use clap::Args;
use std::time::{Duration, Instant};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Repeat until Ctrl-C, every so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", conflicts_with = "json",
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    watch: Option<u16>,
}

/// Shows the pair once, or until interrupted.
pub fn run(session: &Session, args: &StatusArgs) -> Result<Done> {
    let mut live = session.live()?;
    let Some(seconds) = args.watch else {
        let status = live.status(&session.cancel)?;
        session.output.say(&render::status(&status));
        return Done::with(status);
    };
    let pause = Duration::from_secs(u64::from(seconds));
    while !session.cancel.asked() && !session.output.closed() {
        match live.status(&session.cancel) {
            Ok(status) => session.output.say(&render::status(&status)),
            Err(_) if session.cancel.asked() => break,
            // What failed now may answer the next time.
            Err(error) => session.output.say([&Line::toned(Tone::Bad, error.to_string())]),
        }
        session.output.say([&Line::default()]);
        wait(session, pause);
    }
    Done::with(())
}

/// Waits, but not longer than it takes to notice Ctrl-C (L4).
fn wait(session: &Session, pause: Duration) {
    let until = Instant::now() + pause;
    while !session.cancel.asked() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
}
