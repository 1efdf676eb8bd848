//! What the checks found: refusals, and warnings that an operator reads before saying yes.

use crate::error::{Error, Result};

/// Refusals and warnings, in the order of the checks.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Reasons not to go on.
    pub refusals: Vec<Error>,
    /// Things to know.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Adds a refusal about a field.
    pub fn refuse(
        &mut self,
        code: &str,
        field: impl std::fmt::Display,
        text: impl Into<String>,
    ) -> &mut Error {
        self.refusals.push(Error::refused(code, text).at(field));
        let last = self.refusals.len() - 1;
        &mut self.refusals[last]
    }

    /// Adds a warning.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// The warnings, unless something was refused. Several refusals become one error that lists them.
    pub fn into_warnings(mut self) -> Result<Vec<String>> {
        match self.refusals.len() {
            0 => Ok(self.warnings),
            1 => Err(self.refusals.remove(0)),
            count => {
                let all: Vec<String> = self
                    .refusals
                    .iter()
                    .map(|refusal| match &refusal.hint {
                        Some(hint) => format!("{refusal} ({hint})"),
                        None => refusal.to_string(),
                    })
                    .collect();
                Err(Error::refused("checks_failed", format!("{count} checks failed")).because(all.join("\n")))
            }
        }
    }
}
