//! `takeover`: move traffic to a side; roles stay.

use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::{Pair, Side};

/// Traffic to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeoverIntent {
    /// The side that shall be active.
    pub to: Side,
    /// The other side cannot be reached and is confirmed to be off: go on without it.
    pub peer_lost: bool,
}

/// The questions. `passive` is offered as target when it is known.
pub fn form(pair: &Pair, passive: Option<Side>) -> Form {
    const TO_HELP: &str = "The side that shall serve calls from now on.
The other side is blocked first, then the VIPs move; roles stay as they are.
Moving back to the primary is the failback.";
    const LOST_HELP: &str = "Say yes only when the other server cannot be reached and you know that it
is off or cut from the network: it cannot be blocked then.
pairadm still probes that the VIPs are silent, and records what is left
to do; when the server returns it stays passive.";
    const CONFIRM_HELP: &str = "Type the host name of the server that is lost.
This confirms that you checked that it is off or disconnected:
if it still serves calls, both servers would.";
    let choices = Side::BOTH.map(|side| {
        let label = format!("{side} ({})", pair.nodes[side].hostname);
        (side.as_str().to_owned(), label)
    });
    let mut to = Field::choice("to", "Take over to", TO_HELP, choices);
    to.default = passive.map(|side| side.as_str().to_owned());
    let name = |side: Side| pair.nodes[side].hostname.as_str();
    let confirm = |key, prompt, side| Field::typed_confirmation(key, prompt, CONFIRM_HELP, name(side));
    Form {
        title: format!("Take over in the pair {}", pair.name),
        fields: vec![
            to,
            Field::yes_no("peer_lost", "Other side is lost", LOST_HELP, false),
            confirm("lost_primary", "Type the lost primary's name", Side::Primary)
                .asked_if(|answers| answers.is_yes("peer_lost") && answers.get("to") == Some("secondary")),
            confirm(
                "lost_secondary",
                "Type the lost secondary's name",
                Side::Secondary,
            )
            .asked_if(|answers| answers.is_yes("peer_lost") && answers.get("to") == Some("primary")),
        ],
    }
}

/// The takeover that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<TakeoverIntent> {
    Ok(TakeoverIntent {
        to: read::needed(answers, "to", str::parse)?,
        peer_lost: answers.is_yes("peer_lost"),
    })
}

/// The question that confirms the loss of `side`.
pub const fn confirmation_key(side: Side) -> &'static str {
    match side {
        Side::Primary => "lost_primary",
        Side::Secondary => "lost_secondary",
    }
}
