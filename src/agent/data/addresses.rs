//! The addresses in a folder of data, data set by data set.

use super::translated::{rules, watched};
use crate::agent::meter::Meter;
use crate::error::Result;
use crate::model::DataSet;
use crate::model::mask::masked;
use crate::translate::{self, Explanation, Findings, Subject, Table, Translator, scan_tree};
use std::path::Path;

/// Every address in the folders of `sets` below `folder`.
pub fn scan(folder: &Path, sets: &[DataSet], meter: &Meter) -> Result<Findings> {
    let mut all = Vec::new();
    for set in sets {
        meter.begin(&format!("search {}", set.name), None);
        meter.go_on()?;
        all.push((
            set.name.as_str(),
            scan_tree(&folder.join(&set.name), &rules(set))?,
        ));
    }
    Ok(Findings::joined(all))
}

/// Every place of `subject` in the folders of `sets` below `folder`, before and after translation, secrets masked.
pub fn explain(
    folder: &Path,
    sets: &[&DataSet],
    subject: Subject,
    table: &Table,
    meter: &Meter,
) -> Result<Explanation> {
    let translator = Translator::new(table)?;
    let mut all = Vec::new();
    for set in sets {
        meter.begin(&format!("search {}", set.name), None);
        let (folder, rules) = (folder.join(&set.name), rules(set));
        let found = watched(Path::new(""), meter, || {
            translate::explain(&folder, subject, &translator, &rules)
        })?;
        all.push((set.name.as_str(), found));
    }
    let mut explanation = Explanation::joined(all);
    for explained in &mut explanation.places {
        explained.before = masked(&explained.before);
        explained.after = masked(&explained.after);
    }
    Ok(explanation)
}
