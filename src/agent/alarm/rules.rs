//! The alarm files of this node. A file that is not sound raises nothing, and is told by its name.

use crate::agent::paths::NodePaths;
use crate::agent::reaction::distrusted;
use crate::config::{AlarmRule, parse_alarm};
use crate::error::{Error, Result};
use crate::model::syntax::plain_name;
use std::path::{Path, PathBuf};

/// What the directory says.
#[derive(Debug, Default)]
pub struct Rules {
    /// Alarms in order of name.
    pub sound: Vec<AlarmRule>,
    /// What is wrong with the other files, each at its path.
    pub faults: Vec<Error>,
}

impl Rules {
    /// Reads every `*.toml` of the reactions' directory.
    pub fn read(paths: &NodePaths) -> Self {
        let entries = std::fs::read_dir(paths.reactions())
            .into_iter()
            .flatten()
            .flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        files.sort();
        let mut rules = Self::default();
        for path in files {
            match rule(&path) {
                Ok(rule) => rules.sound.push(rule),
                Err(fault) => rules.faults.push(fault),
            }
        }
        rules
    }

    /// The alarm of this name.
    pub fn find(&self, name: &str) -> Option<&AlarmRule> {
        self.sound.iter().find(|rule| rule.name == name)
    }

    /// What is wrong with the file of this name.
    pub fn take_fault(&mut self, name: &str) -> Option<Error> {
        let of = |fault: &Error| {
            let path = fault.subject.as_deref().map(Path::new);
            path.and_then(Path::file_stem).is_some_and(|stem| stem == name)
        };
        let index = self.faults.iter().position(of)?;
        Some(self.faults.swap_remove(index))
    }

    /// The names for a message.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.sound.iter().map(|rule| rule.name.as_str()).collect();
        if names.is_empty() {
            "none; there is no alarm file".to_owned()
        } else {
            names.join(", ")
        }
    }
}

fn rule(path: &Path) -> Result<AlarmRule> {
    let refused = |why: &str| Error::refused("bad_alarm_file", why.to_owned()).at(path.display());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = plain_name(&stem).map_err(|why| refused(&why))?;
    let unreadable = |error: std::io::Error| refused("the alarm file cannot be read").because(error);
    // It says what root runs.
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if let Some(why) = distrusted(&meta) {
        return Err(refused(why));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    parse_alarm(&name, &text, &path.display().to_string())
}
