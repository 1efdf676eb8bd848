//! `pairadm` without a command: the drawn menu, or the line mode where it cannot be drawn.

use super::output::Done;
use super::session::Session;
use crate::controller::Door;
use crate::error::{Error, Kind, Result};
use crate::lab::Trainer;
use crate::model::Secret;
use crate::prompt::{Console, Sink};
use crate::remote::{Introduction, Operator, Opinion, SecretWanted, Unattended};
use crate::render::{Line, Tone};
use crate::tui::Leaving;
use crate::tui::ask::{AskAnswer, AskRequest, Asker};
use crate::tui::look::Look;
use std::sync::{Arc, OnceLock};

/// Opens the menu, on a practice lab with its faults; returns when it is left.
pub fn run(session: &Session, trainer: Option<Trainer>) -> Result<Done> {
    if session.output.is_json() {
        return Err(Error::new(
            Kind::Usage,
            "usage",
            "the menu has no JSON; name a command",
        ));
    }
    match crate::tui::possible() {
        Ok(()) if !session.common.plain => drawn(session, trainer),
        impossible => {
            if let (Err(why), false) = (impossible, session.common.plain) {
                session
                    .output
                    .say([&Line::toned(Tone::Faint, format!("Line mode: {why}."))]);
            }
            plain(session, trainer)
        }
    }
}

fn plain(session: &Session, trainer: Option<Trainer>) -> Result<Done> {
    let door = Door::new(session.controller()?).practising(trainer);
    let mut console = Console::new(Sink::Stdout, session.output.colour(), session.cancel.clone());
    crate::prompt::menu(&mut console, &door, session.common.verbose, &session.cancel);
    Ok(Done::default())
}

fn drawn(session: &Session, trainer: Option<Trainer>) -> Result<Done> {
    let operator = Arc::new(InMenu {
        asker: OnceLock::new(),
        beforehand: session.unattended(),
    });
    // Before the screen is taken, so that faults of the pair file are told as text.
    let controller = session.controller_with(operator.clone())?;
    let look = Look::from_environment().with_colour(!session.common.no_color);
    let left = crate::tui::run(look, move |asker| {
        // Set once: the menu is opened once.
        let _ = operator.asker.set(asker);
        Arc::new(Door::new(controller).practising(trainer))
    });
    let left = left.map_err(|error| Error::refused("terminal", "the terminal failed").because(error))?;
    let signal = match left {
        Leaving::Quit => None,
        Leaving::Signal(signal) => Some(signal),
        Leaving::HangUp => Some(signal_hook::consts::SIGHUP),
    };
    // As a shell tells that a program was ended by a signal.
    let exit_code = signal.and_then(|signal| u8::try_from(128 + signal).ok());
    Ok(Done {
        exit_code: exit_code.unwrap_or(0),
        ..Done::default()
    })
}

/// Questions of a connection, shown as dialogs of the menu.
struct InMenu {
    asker: OnceLock<Asker>,
    beforehand: Unattended,
}

impl Operator for InMenu {
    fn accepts(&self, introduction: &Introduction) -> bool {
        if self.beforehand.accepts(introduction) {
            return true;
        }
        let known = match &introduction.opinion {
            Opinion::Same => "Your known_hosts records the same key.".to_owned(),
            Opinion::Nothing => {
                "Compare with `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` at its console.".to_owned()
            }
            Opinion::Different(other) => format!("Your known_hosts records another key: {other}"),
            Opinion::Revoked => "Your known_hosts marks this key as revoked.".to_owned(),
        };
        let request = AskRequest::HostKey {
            host: format!("{} ({})", introduction.node, introduction.address),
            fingerprint: introduction.key.to_string(),
            note: known,
        };
        let answer = self.asker.get().map(|asker| asker.ask(request));
        matches!(answer, Some(AskAnswer::Yes))
    }

    fn secret(&self, wanted: &SecretWanted) -> Option<Secret> {
        let prompt = match wanted {
            SecretWanted::Password { user, node } => format!("Password of {user} on {node}"),
            SecretWanted::Passphrase { key } => format!("Passphrase of {key}"),
            SecretWanted::Challenge { node, prompt } => format!("{node}: {prompt}"),
        };
        match self.asker.get()?.ask(AskRequest::Secret { prompt }) {
            AskAnswer::Secret(secret) => Some(secret),
            _ => None,
        }
    }
}
