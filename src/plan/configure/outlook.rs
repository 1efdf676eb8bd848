//! Which side serves calls and what each node shall remember: kept from what is recorded, or, in a new
//! pair, decided by who holds a VIP already. Configuring never moves traffic.

use super::ConfigureInput;
use crate::error::{Error, Result};
use crate::model::{BySide, Generation, NodeState, OpId, Side, Traffic};

/// The pair's traffic as it is to stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The side that serves calls, or shall.
    pub active: Side,
    /// What each side's rules are to do.
    pub traffic: BySide<Traffic>,
    /// The newest generation known, or the first.
    pub generation: Generation,
}

/// Decides; refuses where the nodes contradict each other or what is on the network.
pub fn outlook(input: &ConfigureInput<'_>) -> Result<Outlook> {
    let holder = holder(input)?;
    let newest = Side::BOTH
        .into_iter()
        .filter_map(|side| input.facts[side].state.as_ref())
        .max_by_key(|state| state.generation);
    let Some(newest) = newest else {
        let active = holder.unwrap_or(Side::Primary);
        return Ok(Outlook {
            active,
            traffic: BySide::new(|side| served(side == active)),
            generation: Generation(1),
        });
    };
    let recorded = newest.active.as_deref().and_then(|name| input.pair.side_of(name));
    let active = recorded.or(holder).unwrap_or(Side::Primary);
    if let Some(holder) = holder.filter(|&holder| holder != active) {
        let text = format!(
            "{} holds a VIP, but {} is recorded as active",
            input.facts[holder].hostname, input.facts[active].hostname
        );
        return Err(Error::refused("holder_is_not_active", text)
            .hint("run `pairadm takeover` to the side that shall be active first"));
    }
    let traffic = BySide::new(|side| match &input.facts[side].state {
        Some(state) if state.generation == newest.generation => state.traffic,
        _ => served(side == active),
    });
    if traffic.primary == Traffic::Allowed && traffic.secondary == Traffic::Allowed {
        return Err(Error::refused("both_allowed", "traffic is allowed on both sides")
            .hint("block the side that shall be passive: `pairadm traffic block --side SIDE`"));
    }
    Ok(Outlook {
        active,
        traffic,
        generation: newest.generation,
    })
}

fn served(active: bool) -> Traffic {
    if active {
        Traffic::Allowed
    } else {
        Traffic::Blocked
    }
}

/// The side that holds VIPs of the pair, present or wanted.
fn holder(input: &ConfigureInput<'_>) -> Result<Option<Side>> {
    let vips = || {
        [Some(input.pair), input.previous]
            .into_iter()
            .flatten()
            .flat_map(|pair| &pair.vips)
    };
    let holds = |side: Side| vips().any(|vip| input.facts[side].carrier(vip.address).is_some());
    match (holds(Side::Primary), holds(Side::Secondary)) {
        (true, true) => Err(Error::refused("vip_on_both", "both nodes hold VIPs of the pair")
            .at("vips")
            .hint("see `pairadm status` for the way out")),
        (true, false) => Ok(Some(Side::Primary)),
        (false, true) => Ok(Some(Side::Secondary)),
        (false, false) => Ok(None),
    }
}

/// What the node of `side` shall remember.
pub fn state(input: &ConfigureInput<'_>, outlook: &Outlook, side: Side) -> NodeState {
    let fresh = NodeState {
        pair: String::new(),
        side,
        active: None,
        generation: outlook.generation,
        traffic: Traffic::Blocked,
        last_op: OpId(0),
        pending_restart: Vec::new(),
        debts: Vec::new(),
        restarts: Vec::new(),
    };
    NodeState {
        pair: input.pair.name.clone(),
        side,
        active: Some(input.pair.nodes[outlook.active].hostname.to_string()),
        generation: outlook.generation,
        traffic: outlook.traffic[side],
        // Both nodes take part and remember the same from here on: nothing is owed any more.
        debts: Vec::new(),
        ..input.facts[side].state.clone().unwrap_or(fresh)
    }
}
