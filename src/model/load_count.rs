//! What a running service says that it has of loaded data, and where that has to come from. Servers say
//! that a reload went well while they skip rows that they cannot read, so the numbers are compared.

use serde::{Deserialize, Serialize};

/// One kind of thing that the service keeps in its memory, such as Kamailio's dispatcher destinations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadCount {
    /// What is counted, for people.
    pub name: String,
    /// Questions to the service's console; their answers are added up.
    pub asks: Vec<CountAsk>,
    /// Texts of answers that mean none.
    pub none: Vec<String>,
    /// Table of a database that the service may have it from.
    pub table: String,
    /// Column and value of rows that the service leaves out on purpose.
    pub except: Vec<(String, String)>,
    /// File that the service may have it from instead: each line but empty ones and comments is one.
    pub file: Option<String>,
    /// Names of the data sets after whose load it is counted, and whose databases have the table.
    pub when: Vec<String>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountAsk {
    /// Program and arguments, no shell.
    pub argv: Vec<String>,
    /// Each line of the answer that begins with this is one; blanks before it are passed over.
    pub line: String,
}

/// What was counted before a load: from where the service has what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Name of the [`LoadCount`].
    pub name: String,
    /// What the service has; `None` where it does not say.
    pub has: Option<u64>,
    /// Why it does not say, where it should.
    pub why: String,
    /// Every place it may come from, with what is there.
    pub sources: Vec<(String, u64)>,
}

impl Counted {
    /// Places that hold as many as the service has: it is one of these that the service reads.
    pub fn origins(&self) -> Vec<String> {
        let fits = |(place, count): &(String, u64)| (Some(*count) == self.has).then(|| place.clone());
        self.sources.iter().filter_map(fits).collect()
    }
}
