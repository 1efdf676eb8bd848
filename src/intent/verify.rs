//! `data verify`: read every byte of a mirror again. Nothing is changed, so there is no plan.

use super::mirror::{self, NEWEST, Offer};
use super::{Answers, Form};
use crate::error::{Error, Result};
use crate::facts::DataHeld;
use crate::model::{BySide, Pair, Side, syntax};

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyIntent {
    /// Name of the mirror, or `newest`.
    pub mirror: String,
    /// The role of the node that holds it; without it whichever node does. Of `newest`: the secondary.
    pub side: Option<Side>,
}

/// The question; `held` is what both nodes said that they hold.
pub fn form(pair: &Pair, held: Option<&BySide<DataHeld>>) -> Form {
    const HELP: &str = "The mirror to read: its name, such as op12, or newest, which is the newest
on the secondary. Mirrors of both nodes can be named. Nothing is changed.";
    Form {
        title: format!("Verify a mirror of the pair {}", pair.name),
        fields: vec![mirror::field(HELP, held, Offer::All)],
    }
}

/// What completed answers ask for.
pub fn resolve(answers: &Answers) -> Result<VerifyIntent> {
    let name = answers.get(mirror::KEY).unwrap_or(NEWEST);
    let mirror = syntax::plain_name(name).map_err(|why| Error::refused("bad_answer", why).at(mirror::KEY))?;
    Ok(VerifyIntent { mirror, side: None })
}
