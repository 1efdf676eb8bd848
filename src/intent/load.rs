//! `data load`: make a mirror of the other side's data live.

use super::{Answers, Field, Form};
use crate::data::Choice;
use crate::error::{Error, Result};
use crate::model::{Pair, Side, syntax};

/// The answer that means the newest mirror.
const NEWEST: &str = "newest";

/// A load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadIntent {
    /// Which mirror.
    pub choice: Choice,
    /// Also when it is loaded already.
    pub again: bool,
}

/// The questions of a load on `side`.
pub fn form(pair: &Pair, side: Side) -> Form {
    const MIRROR_HELP: &str = "The mirror to load: its name, such as op12, or newest.
The other side's addresses in it are replaced as the translation table says;
the present data is kept aside for a rollback.";
    const AGAIN_HELP: &str = "Say yes to load a mirror that is loaded already,
for example when its database was changed by hand since.";
    let name = &pair.nodes[side].hostname;
    Form {
        title: format!("Load data of the pair {} on {name}", pair.name),
        fields: vec![
            Field::text("mirror", "Mirror", MIRROR_HELP)
                .required()
                .default(NEWEST)
                .check(|name, _| syntax::plain_name(name).map(drop)),
            Field::yes_no("again", "Load again", AGAIN_HELP, false),
        ],
    }
}

/// The load that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<LoadIntent> {
    let choice = match answers.get("mirror") {
        None | Some(NEWEST) => Choice::Newest,
        Some(name) => Choice::Named(
            syntax::plain_name(name).map_err(|why| Error::refused("bad_answer", why).at("mirror"))?,
        ),
    };
    Ok(LoadIntent {
        choice,
        again: answers.is_yes("again"),
    })
}
