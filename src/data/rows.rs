//! Rows of a node's databases, told so that they can be compared with those of another node or with what
//! was loaded: the tables' sizes, and of small tables every row.

use crate::model::DataSet;
use serde::{Deserialize, Serialize};

/// Which rows are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsQuery {
    /// The databases; sets of files are passed over.
    pub sets: Vec<DataSet>,
    /// Folder of a saved set of data to look at in place of the live databases.
    pub below: Option<String>,
    /// Path of a translation table: values are told with their addresses translated.
    pub table: Option<String>,
    /// The table is taken the other way round: from the secondary's addresses to the primary's.
    #[serde(default)]
    pub back: bool,
    /// Of a table with more rows only their number is told.
    pub most: usize,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// The data set it belongs to.
    pub set: String,
    /// Its name; with the schema where that is not `public`.
    pub table: String,
    /// It holds clients' addresses and calls, which come and go by themselves.
    pub runtime: bool,
    /// Number of rows.
    pub count: u64,
    /// Every row; `None` where there are too many or where rows come and go by themselves.
    pub rows: Option<Vec<Row>>,
}

/// One row: its columns in the table's order, without those that are NULL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(pub Vec<(String, String)>);

impl Row {
    /// The value of a column.
    pub fn get(&self, column: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == column);
        found.map(|(_, value)| value.as_str())
    }
}
