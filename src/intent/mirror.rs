//! The question which mirror: a choice where the nodes said what they hold, else a name to type.

use super::Field;
use crate::facts::{DataHeld, HeldMirror, MirrorUse, mirrors};
use crate::model::{BySide, Side, syntax};
use crate::render::{bytes, since};

/// The answer that means the newest one.
pub const NEWEST: &str = "newest";

/// Key of the question.
pub const KEY: &str = "mirror";

/// Which mirrors are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Those that can be loaded on the node of this side.
    LoadedOn(Side),
    /// Every one, with the node that holds it.
    All,
}

/// The question; `known` is what both nodes said that they hold.
pub fn field(help: &'static str, known: Option<&BySide<DataHeld>>, offer: Offer) -> Field {
    let Some(known) = known.filter(|known| answered(known, offer)) else {
        return Field::text(KEY, "Mirror", help)
            .required()
            .default(NEWEST)
            .check(|name, _| syntax::plain_name(name).map(drop));
    };
    let offered = mirrors(known).into_iter().filter(|held| match offer {
        Offer::LoadedOn(side) => held.side == side && held.used != MirrorUse::FormerRole,
        Offer::All => true,
    });
    let named = offered.map(|held| (held.mirror.name.clone(), label(&held, offer)));
    let newest = (NEWEST.to_owned(), "newest, whichever that is then".to_owned());
    Field::choice(KEY, "Mirror", help, std::iter::once(newest).chain(named)).default(NEWEST)
}

/// Whether the nodes whose mirrors are offered said what they hold.
fn answered(held: &BySide<DataHeld>, offer: Offer) -> bool {
    match offer {
        Offer::LoadedOn(side) => held[side].data.is_some(),
        Offer::All => held.iter().all(|(_, held)| held.data.is_some()),
    }
}

/// `op11, made 26 h ago, 150 MiB, loaded`, and of all mirrors `op13 on alpha, failback, ...`.
fn label(held: &HeldMirror<'_>, offer: Offer) -> String {
    let mirror = held.mirror;
    let which = match offer {
        Offer::LoadedOn(_) => mirror.name.clone(),
        Offer::All => format!("{} on {}, {}", mirror.name, held.holder.hostname, held.used),
    };
    let made = since(held.holder.now, mirror.made);
    let loaded = if held.loaded { ", loaded" } else { "" };
    let damaged = mirror.verified.fault.as_ref().map_or("", |_| ", DAMAGED");
    format!("{which}, made {made}, {}{loaded}{damaged}", bytes(mirror.bytes))
}
