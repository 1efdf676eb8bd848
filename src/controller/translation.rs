//! The translation table with what is known around it. Asks the nodes, changes nothing.

use super::Controller;
use super::facts::gather;
use crate::error::{Error, Result};
use crate::model::{BySide, Side};
use crate::plan::{self, Basis};
use crate::remote::sanitize::sanitize;
use crate::translate::{Files, Row, Subject, Table, TranslationView};

impl Controller {
    /// The table, who owns which address, and what the last scan found. Works with one node.
    pub fn translation(&self) -> Result<TranslationView> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        let (mut session, faults) = self.connect(&pair, "translation", &Side::BOTH);
        let sides = session.up();
        let answers = gather(&mut session, &sides, |_| plan::translation::query());
        let unreachable = BySide::new(|side| {
            let failed = answers[side].as_ref().and_then(|answer| answer.as_ref().err());
            faults[side].as_ref().or(failed).map(ToString::to_string)
        });
        let facts = answers.map(|_, answer| answer.and_then(Result::ok).map(|(facts, _)| facts));
        let basis = Basis {
            pair: &pair,
            profile: &profile,
            facts: facts.as_ref().map(|_, facts| facts.as_ref()),
        };
        let present = plan::translation::present(&basis)?;
        Ok(TranslationView {
            files: Files {
                differ: present.differ,
                shown: Some(present.side),
                unreachable,
            },
            table: shown(present.table),
            scanned: None,
            owners: plan::translation::owners(&basis),
        })
    }

    /// Where `subject` was found, and what it becomes.
    pub fn explain(&self, subject: Subject) -> Result<(TranslationView, Row)> {
        let view = self.translation()?;
        let row = view.row_about(subject).ok_or_else(|| {
            Error::refused(
                "unknown_address",
                format!("`{subject}` is neither in the table nor found in the data"),
            )
            .hint("`pairadm translation list` shows the addresses that are")
        })?;
        Ok((view, row))
    }
}

/// The table with notes as they may be shown: a person may have written anything into the file.
fn shown(mut table: Table) -> Table {
    for note in table.entries.iter_mut().filter_map(|entry| entry.note.as_mut()) {
        *note = sanitize(note).into_owned();
    }
    table
}
