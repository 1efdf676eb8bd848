//! Plans `reverse`: the roles swap in the pair file and in what both nodes remember, and the translation
//! table turns round with them. Traffic, VIPs and rules stay where they are.

use super::configure::plain;
use super::{Action, Basis, Draft, Keep, Plan, Wanted, fingerprint, put, translation};
use crate::error::Result;
use crate::facts::FactsQuery;
use crate::model::{NodeState, Side, paths};
use crate::translate::{TRANSLATION_FILE, Table};

/// What has to be known of either node.
pub fn query() -> FactsQuery {
    FactsQuery {
        files: vec![paths::PAIR_FILE.to_owned(), TRANSLATION_FILE.to_owned()],
        brief: true,
        ..FactsQuery::default()
    }
}

/// The plan; `basis` has the roles as they are, `pair_file` is the text with the roles swapped.
pub fn plan(basis: &Basis<'_>, pair_file: &str) -> Result<Plan> {
    let generation = basis.generation().next();
    let mut draft = Draft::default();
    let table = turned_round(basis)?;
    draft.stage("Swap the roles");
    for side in Side::BOTH {
        let wanted = plain(paths::PAIR_FILE, Some(pair_file.to_owned()), Keep::Beside);
        if let Some(file) = put(basis.need(side)?, wanted)? {
            draft.step(side, format!("change {}", file.path), Action::File(file));
        }
        if let Some((text, _)) = &table {
            let wanted = Wanted {
                mode: translation::MODE,
                ..plain(TRANSLATION_FILE, Some(text.clone()), Keep::Beside)
            };
            if let Some(file) = put(basis.need(side)?, wanted)? {
                draft.step(side, format!("turn {} round", file.path), Action::File(file));
            }
        }
        let role = side.other();
        let state = NodeState {
            side: role,
            generation,
            ..basis.state(side)?.clone()
        };
        draft.step(
            side,
            format!("record: {} is {role}", basis.name(side)),
            Action::State { state },
        );
    }
    let mut notice = Vec::new();
    if let Some((_, gone)) = &table {
        notice.push("The translation table turns round on both nodes.".to_owned());
        if !gone.is_empty() {
            notice.push(format!(
                "Rows that are not decided and about addresses of {} go: {}.",
                basis.name(Side::Primary),
                gone.join(", ")
            ));
        }
    }
    let (primary, secondary) = (basis.name(Side::Secondary), basis.name(Side::Primary));
    Ok(Plan {
        operation: "reverse".to_owned(),
        title: format!("reverse the roles: {primary} becomes primary, {secondary} secondary"),
        asked: Vec::new(),
        facts: fingerprint(basis.facts),
        notice: [
            "This change is not service affecting: traffic and VIPs stay where they are.".to_owned(),
            format!("{primary} becomes primary, {secondary} becomes secondary."),
        ]
        .into_iter()
        .chain(notice)
        .collect(),
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: "`pairadm reverse` again".to_owned(),
    })
}

/// The translation table from the new primary to the new secondary, and what goes from it; `None` where
/// there is none. A row that is not decided has nothing to turn round: it stays, unless its address is only
/// the new secondary's, which the new primary's data cannot mean.
fn turned_round(basis: &Basis<'_>) -> Result<Option<(String, Vec<String>)>> {
    let present = translation::present(basis)?;
    if present.table.entries.is_empty() {
        return Ok(None);
    }
    let mut table = present.table.inverse().map_err(|error| {
        error
            .at(TRANSLATION_FILE)
            .hint("the table cannot be turned round: change the rows it names, then reverse")
    })?;
    let owners = translation::owners(basis);
    let mut gone = Vec::new();
    for entry in present.table.entries.iter().filter(|entry| entry.to.is_none()) {
        let address = entry.from.address();
        if owners.primary.contains(&address) && !owners.secondary.contains(&address) {
            gone.push(entry.from.to_string());
        } else if table.get(entry.from).is_none() {
            table.entries.push(entry.clone());
        }
    }
    Ok(Some((Table::revised(&present.text, &table)?, gone)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{parse_pair, render_pair};
    use crate::model::BySide;
    use crate::plan::checks::sample::Nodes;

    fn reversed(nodes: &Nodes) -> (Plan, String) {
        let text = render_pair(
            Some(&nodes.read(Side::Primary, paths::PAIR_FILE)),
            &nodes.pair.clone().reversed(),
        );
        let text = text.unwrap();
        (plan(&nodes.basis(), &text).unwrap(), text)
    }

    #[test]
    fn roles_swap_and_traffic_stays() {
        let mut nodes = Nodes::default();
        nodes.configure();
        let before = nodes.facts.as_ref().map(|_, facts| facts.state.clone().unwrap());
        let (plan, _) = reversed(&nodes);
        assert!(!plan.service_affecting);
        nodes.carry_out(&plan);
        for side in Side::BOTH {
            let state = nodes.facts[side].state.clone().unwrap();
            assert_eq!(state.side, side.other());
            assert_eq!(state.generation, before[side].generation.next());
            assert_eq!(
                (&state.active, state.traffic),
                (&before[side].active, before[side].traffic)
            );
        }
        let moving = |action: &Action| !matches!(action, Action::File(_) | Action::State { .. });
        assert!(!plan.steps().any(|step| moving(&step.action)));
    }

    #[test]
    fn configuring_the_reversed_pair_plans_nothing() {
        let mut nodes = Nodes::default();
        nodes.configure();
        let (plan, text) = reversed(&nodes);
        nodes.carry_out(&plan);
        let BySide { primary, secondary } = nodes.facts.clone();
        nodes.facts = BySide {
            primary: secondary,
            secondary: primary,
        };
        nodes.change(|pair| *pair = parse_pair(&text, "pair.toml").unwrap());
        nodes.previous = Some(nodes.pair.clone());
        let again = crate::plan::configure::plan(&nodes.input()).unwrap();
        let titles: Vec<&str> = again.steps().map(|step| step.title.as_str()).collect();
        assert!(again.is_empty(), "{titles:?}");
    }

    #[test]
    fn the_translation_table_turns_round() {
        let mut nodes = Nodes::default();
        nodes.configure();
        let table = "[[address]]\nfrom = \"192.0.2.11\"\nto = \"192.0.2.12\"\n";
        for side in Side::BOTH {
            nodes.write(side, TRANSLATION_FILE, table);
        }
        let (plan, _) = reversed(&nodes);
        nodes.carry_out(&plan);
        for side in Side::BOTH {
            let text = nodes.read(side, TRANSLATION_FILE);
            let table = Table::parse(&text, TRANSLATION_FILE).unwrap();
            let from = table.entries[0].from.address().to_string();
            assert_eq!(from, "192.0.2.12", "{text}");
        }
    }

    #[test]
    fn rows_that_are_not_decided_stay_unless_they_are_about_the_new_secondary() {
        let mut nodes = Nodes::default();
        nodes.configure();
        let table = "[[address]]\nfrom = \"192.0.2.11\"\n[[address]]\nfrom = \"192.0.2.12\"\n\
                     [[address]]\nfrom = \"198.51.100.7\"\n";
        for side in Side::BOTH {
            nodes.write(side, TRANSLATION_FILE, table);
        }
        let (plan, _) = reversed(&nodes);
        assert!(
            plan.notice.iter().any(|line| line.ends_with("go: 192.0.2.11.")),
            "{:?}",
            plan.notice
        );
        nodes.carry_out(&plan);
        let text = nodes.read(Side::Primary, TRANSLATION_FILE);
        let kept = Table::parse(&text, TRANSLATION_FILE).unwrap().entries;
        let kept: Vec<String> = kept.iter().map(|entry| entry.from.to_string()).collect();
        assert_eq!(kept, ["192.0.2.12", "198.51.100.7"]);
    }

    #[test]
    fn a_pair_that_was_never_configured_is_refused() {
        let mut nodes = Nodes::default();
        nodes.facts.secondary.state = None;
        assert_eq!(plan(&nodes.basis(), "").unwrap_err().code, "not_configured");
    }
}
