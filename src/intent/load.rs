//! `data load`: make a mirror of the other side's data live.

use super::mirror::{self, NEWEST, Offer};
use super::{Answers, Field, Form};
use crate::data::Choice;
use crate::error::{Error, Result};
use crate::facts::DataHeld;
use crate::model::{BySide, Pair, Side, syntax};

/// A load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadIntent {
    /// Which mirror.
    pub choice: Choice,
    /// Also when it is loaded already.
    pub again: bool,
}

/// The questions of a load on `side`; `held` is what both nodes said that they hold.
pub fn form(pair: &Pair, side: Side, held: Option<&BySide<DataHeld>>) -> Form {
    const MIRROR_HELP: &str = "The mirror to load: its name, such as op12, or newest.
The other side's addresses in it are replaced as the translation table says;
the present data is kept aside for a rollback.";
    const AGAIN_HELP: &str = "Say yes to load a mirror that is loaded already,
for example when its database was changed by hand since.";
    let name = &pair.nodes[side].hostname;
    Form {
        title: format!("Load data of the pair {} on {name}", pair.name),
        fields: vec![
            mirror::field(MIRROR_HELP, held, Offer::LoadedOn(side)),
            Field::yes_no("again", "Load again", AGAIN_HELP, false),
        ],
    }
}

/// The load that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<LoadIntent> {
    let choice = match answers.get(mirror::KEY) {
        None | Some(NEWEST) => Choice::Newest,
        Some(name) => Choice::Named(
            syntax::plain_name(name).map_err(|why| Error::refused("bad_answer", why).at(mirror::KEY))?,
        ),
    };
    Ok(LoadIntent {
        choice,
        again: answers.is_yes("again"),
    })
}
