//! An operation that was left open is offered when the menu has the keyboard.

use crate::error::Result;
use crate::tui::backend::{Unfinished, Way};
use crate::tui::duration::moment;
use crate::tui::effect::{Effect, Job};
use crate::tui::look::Tone;
use crate::tui::screens::Screen;
use crate::tui::screens::confirm::{Choice, Confirm};
use crate::tui::state::State;
use crate::tui::turn::Turn;

/// The journals were asked for an open operation; it is offered when the menu has the keyboard.
pub(super) fn found(state: &mut State, found: Result<Option<Unfinished>>) -> Vec<Effect> {
    // Nodes that cannot be asked show up in the status; there is nothing to offer then.
    let Ok(found) = found else {
        return Vec::new();
    };
    let news = found.is_some() && state.pair.unfinished != found;
    state.pair.unfinished = found;
    if let (Some(open), true, 1) = (&state.pair.unfinished, news, state.screens.len()) {
        let dialog = offer(open);
        state.screens.push(Screen::Confirm(dialog));
    }
    Vec::new()
}

fn offer(open: &Unfinished) -> Confirm {
    let total = open.plan.steps().count();
    let body = format!(
        "{}\n\nBegun by {} at {}; {} of {total} steps were done.",
        open.plan.title,
        open.who,
        moment(&open.since),
        open.done
    );
    let ways = [
        ('r', "Go on with it", Way::Forward),
        ('u', "Take back what was done", Way::Back),
    ];
    let mut choices: Vec<Choice> = ways
        .into_iter()
        .filter(|(.., way)| open.can_go(*way))
        .map(|(letter, words, way)| Choice::new(letter, words, Turn::job(Job::Resume(open.op, way))))
        .collect();
    choices.push(Choice::new('l', "Leave it for now", Turn::Stay));
    Confirm::new(
        format!("Operation {} was interrupted", open.op),
        Tone::Warning,
        body,
        choices,
    )
}
