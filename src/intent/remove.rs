//! `remove`: take the pair off both nodes, after a look at where the traffic is (A9).

use super::{Answers, Field, Form};
use crate::error::{Error, Result};
use crate::model::{Pair, Side};
use crate::status::Status;

/// The questions; the title says where traffic is allowed now.
pub fn form(pair: &Pair, status: Option<&Status>) -> Form {
    const HELP: &str = "continue: take rules, units and files of pairadm off both nodes, bring back
the originals; the side that is active now keeps the VIPs and goes on.
cancel: leave everything as it is.
takeover: cancel, so that you can move traffic first to the side that
shall stay in service.";
    let choices = [
        ("continue", "Continue with the removal"),
        ("cancel", "Cancel"),
        ("takeover", "Cancel and take over first"),
    ];
    Form {
        title: format!("Remove the pair {}; {}", pair.name, situation(pair, status)),
        fields: vec![Field::choice("proceed", "Remove the pair", HELP, choices).default("continue")],
    }
}

/// Goes on, or says why not.
pub fn resolve(answers: &Answers) -> Result<()> {
    match answers.get("proceed") {
        Some("takeover") => Err(Error::refused(
            "takeover_first",
            "the removal was cancelled to take over first; nothing was changed",
        )
        .hint("run `pairadm takeover --to SIDE`, then `pairadm remove`")),
        Some("cancel") => Err(Error::refused(
            "cancelled",
            "the removal was cancelled; nothing was changed",
        )),
        _ => Ok(()),
    }
}

fn situation(pair: &Pair, status: Option<&Status>) -> String {
    let Some(status) = status else {
        return "traffic of both sides not known yet".to_owned();
    };
    let describe = |side: Side| {
        let traffic = status.nodes[side].traffic;
        let traffic = traffic.map_or_else(|| "unknown".to_owned(), |traffic| traffic.to_string());
        let active = if status.active == Some(side) {
            ", active"
        } else {
            ""
        };
        format!("{side} {}: traffic {traffic}{active}", pair.nodes[side].hostname)
    };
    Side::BOTH.map(describe).join("; ")
}
