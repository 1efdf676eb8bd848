//! What is wrong with the pair, from what both nodes say: pure, worst first, each with what to do about it.

mod alarm;
mod automatic;
mod drift;
mod health;
mod node;
mod pair;
mod traffic;

use super::{Severity, Status, Warning};
use crate::config::Profile;
use crate::error::Result;
use crate::facts::Facts;
use crate::model::{BySide, Pair, Side};

/// What the judgements look at.
struct View<'a> {
    pair: &'a Pair,
    profile: &'a Profile,
    facts: BySide<Option<&'a Facts>>,
    status: &'a Status,
}

impl View<'_> {
    fn name(&self, side: Side) -> &str {
        self.pair.nodes[side].hostname.as_str()
    }

    /// Sides that could be asked, with their facts.
    fn reached(&self) -> impl Iterator<Item = (Side, &Facts)> {
        self.facts
            .iter()
            .filter_map(|(side, facts)| Some((side, (*facts)?)))
    }

    fn both_reached(&self) -> bool {
        self.reached().count() == 2
    }
}

/// Every warning, worst first.
pub fn warnings(
    pair: &Pair,
    profile: &Profile,
    answers: &BySide<Result<(Facts, u64)>>,
    status: &Status,
) -> Vec<Warning> {
    let view = View {
        pair,
        profile,
        facts: answers
            .as_ref()
            .map(|_, answer| answer.as_ref().ok().map(|(facts, _)| facts)),
        status,
    };
    if view.both_reached()
        && view
            .reached()
            .all(|(_, facts)| facts.state.is_none() && node::damaged(facts).is_none())
    {
        return vec![warning(
            Severity::Warning,
            "not_configured",
            "the pair is described but not configured: neither node knows of it".to_owned(),
            "run `pairadm configure`",
        )];
    }
    let mut warnings = traffic::judge(&view);
    warnings.extend(pair::judge(&view));
    warnings.extend(health::judge(&view));
    warnings.extend(drift::judge(&view));
    for (side, answer) in answers.iter() {
        match answer {
            Ok((facts, _)) => {
                warnings.extend(node::judge(&view, side, facts));
                warnings.extend(automatic::judge(&view, side, facts));
                warnings.extend(alarm::judge(&view, side, facts));
            }
            Err(error) => warnings.push(unreachable(&view, side, error)),
        }
    }
    warnings.sort_by_key(|warning| std::cmp::Reverse(warning.severity));
    warnings
}

fn unreachable(view: &View<'_>, side: Side, error: &crate::error::Error) -> Warning {
    // A node that answers and refuses knows best what to do; of one that is silent the calls come first.
    let told = error.hint.clone().filter(|_| error.code != "unreachable");
    let hint = told.unwrap_or_else(|| {
        format!(
            "see whether it is up; if it is lost and was active: `pairadm takeover --to {} --peer-lost`",
            side.other()
        )
    });
    warning(
        Severity::Critical,
        "peer_unreachable",
        format!(
            "the {side} ({}) cannot be asked: {}",
            view.name(side),
            error.message
        ),
        hint,
    )
}

fn warning(severity: Severity, code: &str, text: String, hint: impl Into<String>) -> Warning {
    Warning {
        severity,
        code: code.to_owned(),
        text,
        hint: Some(hint.into()),
    }
}

#[cfg(test)]
mod tests;
