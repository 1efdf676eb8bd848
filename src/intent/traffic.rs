//! `traffic`: block or allow one side by hand, past the takeover that normally does it.

use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::syntax::shown;
use crate::model::{Pair, Side, Traffic};

/// Traffic to block or allow on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficIntent {
    /// What the side's rules shall do.
    pub traffic: Traffic,
    /// The side.
    pub side: Side,
}

/// What to do, with a pair and without one.
pub(super) fn action_field() -> Field {
    const HELP: &str = "block: SIP no longer gets in, calls in progress included.
allow: SIP gets in again; in a pair refused unless the other side is blocked.
Only pairadm's own firewall chain changes.";
    let actions = [("block", "Block traffic"), ("allow", "Allow traffic")];
    Field::choice("action", "Action", HELP, actions)
}

/// The answer to it.
pub(super) fn action(answer: &str) -> std::result::Result<Traffic, String> {
    match answer {
        "block" => Ok(Traffic::Blocked),
        "allow" => Ok(Traffic::Allowed),
        other => Err(format!(
            "`{}` is not an action; accepted: block, allow",
            shown(other)
        )),
    }
}

/// The questions.
pub fn form(pair: &Pair) -> Form {
    const SIDE_HELP: &str = "The side whose rules change.
`pairadm status` shows which side is blocked now.";
    const OVERRIDE_HELP: &str = "In a configured pair a takeover blocks and allows traffic, together with the
VIPs. Changing one side by hand can leave the pair without any service.
Say yes to do it nevertheless; otherwise use takeover.";
    let sides = Side::BOTH.map(|side| {
        let label = format!("{side} ({})", pair.nodes[side].hostname);
        (side.as_str().to_owned(), label)
    });
    Form {
        title: format!("Block or allow traffic in the pair {}", pair.name),
        fields: vec![
            action_field(),
            Field::choice("side", "Side", SIDE_HELP, sides),
            Field::yes_no("override", "Override the pair", OVERRIDE_HELP, false).check(|value, _| {
                if value == "yes" {
                    return Ok(());
                }
                Err(format!(
                    "`{}` leaves traffic to takeover, as it should be in a configured pair; accepted to go on: yes",
                    shown(value)
                ))
            }),
        ],
    }
}

/// The change that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<TrafficIntent> {
    Ok(TrafficIntent {
        traffic: read::needed(answers, "action", action)?,
        side: read::needed(answers, "side", str::parse)?,
    })
}
