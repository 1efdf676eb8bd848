//! Plans a change of the translation table: both nodes get the same file.

mod owners;
mod present;

pub use owners::owners;
pub use present::{Present, present};

use super::{Action, Basis, Draft, Keep, Plan, Wanted, put};
use crate::error::Result;
use crate::facts::FactsQuery;
use crate::intent::TranslationIntent;
use crate::model::Side;
use crate::translate::check::{Known, Severity, check};
use crate::translate::{TRANSLATION_FILE, Table};

/// It says who uses which address inside; nobody but root needs it.
pub const MODE: u32 = 0o600;

/// Problems named in a review; a long table may have thousands.
const SHOWN: usize = 8;

/// What has to be known of either node: the file, and which addresses it owns.
pub fn query() -> FactsQuery {
    FactsQuery {
        files: vec![TRANSLATION_FILE.to_owned()],
        brief: true,
        ..FactsQuery::default()
    }
}

/// The plan, or a refusal of changes that cannot be made.
pub fn plan(basis: &Basis<'_>, intent: &TranslationIntent) -> Result<Plan> {
    let present = present(basis)?;
    let mut table = present.table.clone();
    intent.edits.apply(&mut table)?;
    let text = Table::revised(&present.text, &table)?;
    let mut draft = Draft::default();
    draft.stage("Write the translation table");
    for side in Side::BOTH {
        let wanted = Wanted {
            path: TRANSLATION_FILE.to_owned(),
            content: Some(text.clone().into_bytes()),
            mode: MODE,
            keep: Keep::Beside,
            shown: true,
        };
        if let Some(file) = put(basis.need(side)?, wanted)? {
            draft.step(side, format!("change {TRANSLATION_FILE}"), Action::File(file));
        }
    }
    Ok(Plan {
        operation: "translation".to_owned(),
        title: "change the translation table".to_owned(),
        asked: vec![("changes".to_owned(), intent.edits.summary())],
        facts: basis.fingerprint(),
        notice: notice(basis, &present, &table),
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: "`pairadm undo` with the number of this operation gives both nodes their tables back"
            .to_owned(),
    })
}

fn notice(basis: &Basis<'_>, present: &Present, table: &Table) -> Vec<String> {
    let mut lines = vec![
        "Not service affecting: the table takes effect at the next data load on the secondary.".to_owned(),
    ];
    if present.differ {
        lines.push(format!(
            "The nodes' tables differ. The one of {} is taken, with these changes, for both.",
            basis.label(present.side)
        ));
    }
    let owners = owners(basis);
    let known = Known {
        findings: None,
        primary: &owners.primary,
        secondary: &owners.secondary,
        back: false,
        others: &owners.others,
    };
    let problems = check(table, &known);
    lines.extend(problems.iter().take(SHOWN).map(|problem| match problem.severity {
        Severity::Refuse => format!("Bars a load: {}.", problem.text),
        Severity::Warn => format!("Warning: {}.", problem.text),
    }));
    if problems.len() > SHOWN {
        let more = problems.len() - SHOWN;
        lines.push(format!("And {more} more: `pairadm translation check` names all."));
    }
    lines
}

#[cfg(test)]
mod tests;
