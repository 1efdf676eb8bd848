//! `configure`: everything about the pair, asked in an order in which each answer helps the next.

use super::{Answers, Field, Form, RestartChoice, node_fields, pair_fields, read};
use crate::config::{PairFault, pair_faults};
use crate::error::{Error, Result};
use crate::model::syntax::plain_name;
use crate::model::{BySide, Node, Pair, Priority, Side, Standby, Takeover};

/// A pair to set up or change on both nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigureIntent {
    /// The pair as it shall be.
    pub pair: Pair,
    /// When services are restarted.
    pub restart: RestartChoice,
}

/// The questions; defaults come from the pair file when there is one.
pub fn form(present: Option<&Pair>, profiles: &[String]) -> Form {
    const NAME_HELP: &str = "A name for this pair in the menu and in reports, such as office.
1 to 32 letters, digits, dots, hyphens and underscores.";
    const PROFILE_HELP: &str =
        "Which SIP server runs on the two nodes: it decides services, ports and checks.
generic fits others after its file was copied and adapted
in /etc/pairadm/profiles.d.";
    let choices = profiles.iter().map(|name| (name.as_str(), name.as_str()));
    let mut fields = vec![
        Field::text("name", "Name of the pair", NAME_HELP)
            .required()
            .default("sip")
            .check(|value, _| plain_name(value).map(drop)),
        Field::choice("profile", "SIP server (profile)", PROFILE_HELP, choices),
    ];
    for side in Side::BOTH {
        fields.extend(node_fields::questions(side));
    }
    fields.extend(pair_fields::vips());
    fields.extend([
        pair_fields::ports(),
        pair_fields::block(),
        pair_fields::ntp(),
        pair_fields::files(),
        pair_fields::standby(),
        pair_fields::priority(),
        pair_fields::encrypted_link(),
        pair_fields::restart(),
    ]);
    let form = Form {
        title: match present {
            Some(pair) => format!("Configure the pair {}", pair.name),
            None => "Configure a pair".to_owned(),
        },
        fields,
    };
    match present {
        Some(pair) => form.with_defaults(&describe(pair)),
        None => form,
    }
}

/// The pair that completed answers describe; every broken rule names its question.
pub fn resolve(answers: &Answers, present: Option<&Pair>) -> Result<ConfigureIntent> {
    let restart = pair_fields::resolve_restart(answers)?;
    let known: Vec<&Node> = present
        .iter()
        .flat_map(|pair| pair.nodes.iter().map(|(_, node)| node))
        .collect();
    let mut pair = Pair {
        name: read::needed(answers, "name", plain_name)?,
        profile: read::needed(answers, "profile", plain_name)?,
        nodes: BySide {
            primary: node_fields::resolve(answers, Side::Primary, &known)?,
            secondary: node_fields::resolve(answers, Side::Secondary, &known)?,
        },
        vips: pair_fields::resolve_vips(answers)?,
        ports: Vec::new(),
        block: present.map(|pair| pair.block).unwrap_or_default(),
        takeover: present.map_or(Takeover::Manual, |pair| pair.takeover),
        priority: Priority::default(),
        ntp: Vec::new(),
        files: pair_fields::resolve_files(answers)?,
        standby: Standby::default(),
        encrypted_link: true,
        copying: present.map(|pair| pair.copying).unwrap_or_default(),
    };
    pair_fields::apply_settings(answers, &mut pair)?;
    refuse_faults(&pair)?;
    Ok(ConfigureIntent { pair, restart })
}

/// The answers that describe a pair: defaults for configuring it again.
pub fn describe(pair: &Pair) -> Answers {
    let mut answers = Answers::default();
    answers.set("name", pair.name.clone());
    answers.set("profile", pair.profile.clone());
    for (side, node) in pair.nodes.iter() {
        node_fields::describe(node, side, &mut answers);
    }
    pair_fields::describe(pair, &mut answers);
    answers
}

/// Refuses a pair that breaks a rule, by the question to answer differently.
pub fn refuse_faults(pair: &Pair) -> Result<()> {
    let faults = pair_faults(pair);
    let Some((first, others)) = faults.split_first() else {
        return Ok(());
    };
    let error = Error::refused("bad_answer", first.text.clone()).at(question(pair, first));
    let others: Vec<String> = others
        .iter()
        .map(|fault| format!("{}: {}", question(pair, fault), fault.text))
        .collect();
    Err(if others.is_empty() {
        error
    } else {
        error.hint(format!("also mend {}", others.join("; ")))
    })
}

/// The question that a broken rule is about.
fn question(pair: &Pair, fault: &PairFault) -> String {
    let mut parts = fault.key.split('.');
    match (
        parts.next(),
        parts.next().and_then(|number| number.parse::<usize>().ok()),
    ) {
        (Some("vip"), Some(number)) => match pair.vips.get(number - 1) {
            Some(vip) if vip.address.is_ipv6() => "vips.v6".to_owned(),
            _ => "vips.v4".to_owned(),
        },
        (Some("file"), _) => "files".to_owned(),
        (Some(side), _) if fault.key == format!("{side}.address") => format!("{side}.address.v4"),
        _ => fault.key.clone(),
    }
}
