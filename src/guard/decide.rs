//! The decision after a start, as a pure function. Generations order the nodes' memories, clocks never do;
//! what is seen on the network overrules what is remembered.

use crate::model::{NodeState, Traffic};

/// What is known of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerView {
    /// It could not be asked.
    Unreachable,
    /// It answered.
    Answered {
        /// What it remembers, if it remembers a pair.
        state: Option<NodeState>,
        /// It holds a VIP, or its rules allow traffic: it serves, whatever is remembered.
        serves: bool,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Bring up the VIPs and allow traffic; record the state when it is new.
    Serve {
        /// What this node shall remember.
        state: NodeState,
    },
    /// Stay blocked, as recorded or as the peer knows better; record the state when it is new.
    Passive {
        /// What this node shall remember.
        state: NodeState,
    },
    /// Stay blocked although recorded active: a person has to look. What is recorded stays.
    Blocked {
        /// Why.
        why: String,
    },
}

/// Decides for the node `name` with the memory `own`. `network`: its control address answers. `silent`:
/// nobody answers for the VIPs.
pub fn decide(name: &str, own: &NodeState, peer: &PeerView, network: bool, silent: bool) -> Decision {
    let newer = match peer {
        PeerView::Answered {
            state: Some(state), ..
        } if state.pair == own.pair && state.generation > own.generation => Some(state),
        _ => None,
    };
    // What the peer learned after this node went away, seen from this side.
    let state = newer.map_or_else(|| own.clone(), |newer| following(name, own, newer));
    if state.active.as_deref() != Some(name) || state.traffic == Traffic::Blocked {
        return Decision::Passive { state };
    }
    match peer {
        PeerView::Answered { serves: true, .. } => blocked("the peer serves calls"),
        PeerView::Unreachable if !network => {
            blocked("neither the peer nor the control address answers: this node may be cut off")
        }
        _ if !silent => blocked("somebody else answers for a VIP"),
        _ => Decision::Serve { state },
    }
}

fn blocked(why: &str) -> Decision {
    Decision::Blocked { why: why.to_owned() }
}

/// This node's memory after hearing a newer one.
fn following(name: &str, own: &NodeState, newer: &NodeState) -> NodeState {
    let active = newer.active.as_deref() == Some(name);
    NodeState {
        side: newer.side.other(),
        active: newer.active.clone(),
        generation: newer.generation,
        traffic: if active { own.traffic } else { Traffic::Blocked },
        ..own.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Generation, OpId, Side};

    fn memory(side: Side, active: &str, generation: u64, traffic: Traffic) -> NodeState {
        NodeState {
            pair: "office".to_owned(),
            side,
            active: Some(active.to_owned()),
            generation: Generation(generation),
            traffic,
            last_op: OpId(1),
            pending_restart: Vec::new(),
            debts: Vec::new(),
            restarts: Vec::new(),
        }
    }

    /// Beta's answer.
    fn beta(active: &str, generation: u64, serves: bool) -> PeerView {
        let traffic = if active == "beta" {
            Traffic::Allowed
        } else {
            Traffic::Blocked
        };
        PeerView::Answered {
            state: Some(memory(Side::Secondary, active, generation, traffic)),
            serves,
        }
    }

    fn unconfigured(serves: bool) -> PeerView {
        PeerView::Answered { state: None, serves }
    }

    #[derive(Debug, PartialEq)]
    enum Outcome {
        Serves(u64),
        Passive(u64, &'static str),
        Blocked,
    }

    /// Alpha's outcome.
    fn outcome(own: &NodeState, peer: &PeerView, network: bool, silent: bool) -> Outcome {
        match decide("alpha", own, peer, network, silent) {
            Decision::Serve { state } => {
                assert_eq!(
                    (state.active.as_deref(), state.traffic),
                    (Some("alpha"), Traffic::Allowed)
                );
                Outcome::Serves(state.generation.0)
            }
            Decision::Passive { state } => {
                assert_eq!(state.traffic, Traffic::Blocked);
                let active = if state.active.as_deref() == Some("alpha") {
                    "alpha"
                } else {
                    "beta"
                };
                Outcome::Passive(state.generation.0, active)
            }
            Decision::Blocked { why } => {
                assert!(!why.is_empty());
                Outcome::Blocked
            }
        }
    }

    #[test]
    fn a_node_that_is_recorded_active() {
        use Outcome::{Blocked, Passive, Serves};
        let own = memory(Side::Primary, "alpha", 5, Traffic::Allowed);
        let lost = PeerView::Unreachable;
        for (peer, network, silent, expected) in [
            // The peer took over meanwhile.
            (beta("beta", 6, true), true, false, Passive(6, "beta")),
            (beta("beta", 6, false), true, true, Passive(6, "beta")),
            (beta("beta", 6, false), false, true, Passive(6, "beta")),
            // The peer agrees, or is behind.
            (beta("alpha", 5, false), true, true, Serves(5)),
            (beta("alpha", 4, false), true, true, Serves(5)),
            (beta("beta", 4, false), true, true, Serves(5)),
            (unconfigured(false), true, true, Serves(5)),
            // The roles were reversed meanwhile; traffic stayed.
            (beta("alpha", 6, false), true, true, Serves(6)),
            // A control address that is silent proves nothing when the peer answers.
            (beta("alpha", 5, false), false, true, Serves(5)),
            // What is on the network overrules memories.
            (beta("alpha", 5, true), true, true, Blocked),
            (unconfigured(true), true, true, Blocked),
            (beta("alpha", 5, false), true, false, Blocked),
            // Nobody to ask.
            (lost.clone(), true, true, Serves(5)),
            (lost.clone(), true, false, Blocked),
            (lost.clone(), false, true, Blocked),
            (lost, false, false, Blocked),
        ] {
            assert_eq!(
                outcome(&own, &peer, network, silent),
                expected,
                "{peer:?} {network} {silent}"
            );
        }
    }

    #[test]
    fn a_node_that_is_recorded_passive_or_blocked_never_serves() {
        for own in [
            memory(Side::Primary, "beta", 5, Traffic::Blocked),
            memory(Side::Primary, "alpha", 5, Traffic::Blocked),
            memory(Side::Primary, "beta", 5, Traffic::Allowed),
        ] {
            let peers = [
                PeerView::Unreachable,
                unconfigured(false),
                beta("beta", 5, false),
                beta("beta", 6, true),
                beta("beta", 4, false),
            ];
            for peer in peers {
                for (network, silent) in [(true, true), (true, false), (false, true), (false, false)] {
                    let decision = decide("alpha", &own, &peer, network, silent);
                    assert!(
                        matches!(decision, Decision::Passive { .. }),
                        "{own:?} {peer:?}: {decision:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_operators_block_outlives_a_start_even_when_the_peer_names_this_node_active() {
        let own = memory(Side::Primary, "beta", 5, Traffic::Blocked);
        assert_eq!(
            outcome(&own, &beta("alpha", 6, false), true, true),
            Outcome::Passive(6, "alpha")
        );
    }

    #[test]
    fn a_newer_memory_brings_the_role_along_and_another_pairs_does_not() {
        let own = memory(Side::Primary, "alpha", 5, Traffic::Allowed);
        let PeerView::Answered {
            state: Some(mut state),
            serves,
        } = beta("alpha", 6, false)
        else {
            return;
        };
        state.side = Side::Primary;
        let peer = PeerView::Answered {
            state: Some(state.clone()),
            serves,
        };
        let Decision::Serve { state: followed } = decide("alpha", &own, &peer, true, true) else {
            panic!("alpha is still active");
        };
        assert_eq!(followed.side, Side::Secondary);
        state.pair = "branch".to_owned();
        let stranger = PeerView::Answered {
            state: Some(state),
            serves,
        };
        assert_eq!(outcome(&own, &stranger, true, true), Outcome::Serves(5));
    }
}
