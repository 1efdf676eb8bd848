//! The table together with what the data holds and who owns what: what lists, the table editor and
//! programs show. Rows and problems can be worked out again for a table that is being edited.

use super::check::{Known, Problem, ProblemKind, Severity, check};
use super::{Findings, Found, Place, Subject, Table};
use crate::error::Result;
use crate::model::{BySide, Side};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// Everything about the translation of a pair.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TranslationView {
    /// The table that edits start from.
    pub table: Table,
    /// What the nodes' files are like.
    pub files: Files,
    /// What was found in the data, if it was looked through.
    pub scanned: Option<Scanned>,
    /// Why it was not, if so.
    pub not_scanned: Option<String>,
    /// There is no data yet that could be.
    pub no_data: bool,
    /// Who owns which address.
    pub owners: Owners,
}

/// The two nodes' files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Files {
    /// The nodes' tables differ: the next edit brings both to one.
    pub differ: bool,
    /// The node whose table is shown.
    pub shown: Option<Side>,
    /// Why a node could not be asked.
    pub unreachable: BySide<Option<String>>,
}

/// The result of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// The node on which the data was looked through.
    pub side: Side,
    /// What was looked through: `mirror op7` or `backup`.
    pub what: String,
    /// When that data was saved, Unix seconds.
    pub made: i64,
    /// What it holds.
    pub findings: Findings,
}

/// Who owns which address. A virtual address belongs to both nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    /// Addresses of the primary.
    pub primary: Vec<IpAddr>,
    /// Addresses of the secondary.
    pub secondary: Vec<IpAddr>,
    /// Virtual addresses of the pair.
    pub virtual_addresses: Vec<IpAddr>,
    /// Other hosts whose addresses are known, each with what it is.
    pub others: Vec<(IpAddr, String)>,
}

/// Whose an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Only the primary has it: it must be changed.
    Primary,
    /// The secondary has it.
    Secondary,
    /// Both have it, or whoever is active.
    Virtual,
    /// A host outside the pair.
    Other,
}

impl Owner {
    /// One word for lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Virtual => "VIP",
            Self::Other => "other",
        }
    }
}

/// Where a row of the list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Becomes another address.
    Changed,
    /// Stays on purpose.
    Kept,
    /// In the table without a target.
    Undecided,
    /// Found in the data, not in the table.
    Unlisted,
}

/// One address of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The address.
    pub from: Subject,
    /// Whose it is.
    pub owner: Owner,
    /// It has to be changed: the secondary cannot use it.
    pub must: bool,
    /// How often it was found; `None` before the first scan.
    pub count: Option<u64>,
    /// Where it was found; at most [`Found::PLACES`].
    pub places: Vec<Place>,
    /// In how many places beyond those.
    pub more_places: u64,
    /// What it becomes.
    pub to: Option<Subject>,
    /// The row's note.
    pub note: Option<String>,
    /// Where it stands.
    pub decision: Decision,
    /// The worst problem with it.
    pub problem: Option<(Severity, ProblemKind)>,
}

impl Row {
    /// One or two words: the worst problem, else where it stands.
    pub fn status(&self) -> String {
        match (self.problem, self.decision) {
            (Some((_, kind)), _) => kind.key().replace('_', " "),
            (None, Decision::Changed) => "changed".to_owned(),
            (None, Decision::Kept) => "kept".to_owned(),
            (None, Decision::Undecided) => "undecided".to_owned(),
            (None, Decision::Unlisted) => "stays".to_owned(),
        }
    }
}

impl Owners {
    /// Whose `address` is.
    pub fn owner(&self, address: IpAddr) -> Owner {
        let on = BySide {
            primary: self.primary.contains(&address),
            secondary: self.secondary.contains(&address),
        };
        if self.virtual_addresses.contains(&address) || on.primary && on.secondary {
            Owner::Virtual
        } else if on.primary {
            Owner::Primary
        } else if on.secondary {
            Owner::Secondary
        } else {
            Owner::Other
        }
    }
}

impl TranslationView {
    /// Every address of `table` in its order, then those that were only found: what must be changed
    /// first, then by address.
    pub fn rows(&self, table: &Table) -> Vec<Row> {
        let mut found: BTreeMap<Subject, &Found> = BTreeMap::new();
        for one in self.scanned.iter().flat_map(|scanned| &scanned.findings.found) {
            found.insert(one.subject, one);
        }
        let mut worst: HashMap<Subject, (Severity, ProblemKind)> = HashMap::new();
        for problem in self.problems(table) {
            // Those that bar a load come first.
            worst
                .entry(problem.subject)
                .or_insert((problem.severity, problem.kind));
        }
        let mut rows: Vec<Row> = table
            .entries
            .iter()
            .map(|entry| Row {
                to: entry.to,
                note: entry.note.clone(),
                decision: match entry.to {
                    None => Decision::Undecided,
                    Some(to) if to == entry.from => Decision::Kept,
                    Some(_) => Decision::Changed,
                },
                ..self.row(entry.from, found.get(&entry.from).copied())
            })
            .collect();
        for entry in &table.entries {
            found.remove(&entry.from);
        }
        let mut only_found: Vec<Row> = found
            .into_iter()
            .map(|(subject, found)| self.row(subject, Some(found)))
            .collect();
        only_found.sort_by_key(|row| !row.must);
        rows.append(&mut only_found);
        for row in &mut rows {
            row.problem = worst.get(&row.from).copied();
        }
        rows
    }

    fn row(&self, from: Subject, found: Option<&Found>) -> Row {
        let owner = self.owners.owner(from.address());
        let none = self.scanned.is_some().then_some(0);
        Row {
            from,
            owner,
            must: owner == Owner::Primary,
            count: found.map(|found| found.count).or(none),
            places: found.map(|found| found.places.clone()).unwrap_or_default(),
            more_places: found.map_or(0, |found| found.more_places),
            to: None,
            note: None,
            decision: Decision::Unlisted,
            problem: None,
        }
    }

    /// What is known of one address.
    pub fn row_about(&self, subject: Subject) -> Option<Row> {
        self.rows(&self.table).into_iter().find(|row| row.from == subject)
    }

    /// Every problem of `table`, those that bar a load first.
    pub fn problems(&self, table: &Table) -> Vec<Problem> {
        check(table, &self.known())
    }

    /// What is known beside the table.
    pub fn known(&self) -> Known<'_> {
        Known {
            findings: self.scanned.as_ref().map(|scanned| &scanned.findings),
            primary: &self.owners.primary,
            secondary: &self.owners.secondary,
            back: false,
            others: &self.owners.others,
        }
    }

    /// `table` with the subnet rule applied to every undecided address in it and in the data, and how many
    /// rows it decided. Addresses that the secondary has as well stay out of it.
    ///
    /// # Errors
    /// Refuses networks of different families or prefix lengths (`bad_subnet_rule`).
    pub fn filled(&self, table: &Table, from_net: IpNet, to_net: IpNet) -> Result<(Table, usize)> {
        let found = self.scanned.iter().flat_map(|scanned| &scanned.findings.found);
        let found = found.map(|found| found.subject);
        let listed = table.entries.iter().map(|entry| entry.from);
        let subjects: Vec<Subject> = listed
            .chain(found)
            .filter(|subject| {
                let owner = self.owners.owner(subject.address());
                matches!(owner, Owner::Primary | Owner::Other)
            })
            .collect();
        let mut filled = table.clone();
        let decided = filled.fill(from_net, to_net, subjects)?;
        Ok((filled, decided))
    }

    /// Addresses that were found and have to be changed.
    pub fn found_must(&self) -> impl Iterator<Item = Subject> {
        self.scanned
            .iter()
            .flat_map(|scanned| &scanned.findings.found)
            .map(|found| found.subject)
            .filter(|subject| self.owners.owner(subject.address()) == Owner::Primary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::check::ProblemKind;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn view(found: &[&str]) -> TranslationView {
        let found = found.iter().map(|text| Found {
            subject: text.parse().unwrap(),
            spellings: 1,
            count: 2,
            places: Vec::new(),
            more_places: 0,
        });
        let (virtual_address, primary) = (address("10.0.0.10"), address("10.0.0.1"));
        TranslationView {
            scanned: Some(Scanned {
                side: Side::Secondary,
                what: "mirror op7".to_owned(),
                made: 0,
                findings: Findings {
                    found: found.collect(),
                    opaque: Vec::new(),
                    left_out: 0,
                },
            }),
            owners: Owners {
                primary: vec![primary, virtual_address],
                secondary: vec![address("10.0.0.2"), virtual_address],
                virtual_addresses: vec![virtual_address],
                others: Vec::new(),
            },
            ..TranslationView::default()
        }
    }

    #[test]
    fn rows_of_the_table_come_first_then_what_must_be_changed_then_the_rest() {
        let view = view(&["10.0.0.1", "10.0.0.1/24", "10.0.0.10", "172.16.0.1"]);
        let mut table = Table::default();
        table
            .set("172.16.0.9".parse().unwrap(), None, Some("n".to_owned()))
            .unwrap();
        let rows = view.rows(&table);
        let shown: Vec<(String, &str, bool, Option<u64>, Decision)> = rows
            .iter()
            .map(|row| {
                (
                    row.from.to_string(),
                    row.owner.word(),
                    row.must,
                    row.count,
                    row.decision,
                )
            })
            .collect();
        let row = |from: &str, owner, must, count, decision| (from.to_owned(), owner, must, count, decision);
        let wanted = [
            row("172.16.0.9", "other", false, Some(0), Decision::Undecided),
            row("10.0.0.1", "primary", true, Some(2), Decision::Unlisted),
            row("10.0.0.1/24", "primary", true, Some(2), Decision::Unlisted),
            row("10.0.0.10", "VIP", false, Some(2), Decision::Unlisted),
            row("172.16.0.1", "other", false, Some(2), Decision::Unlisted),
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn problems_follow_the_table_that_is_being_edited() {
        let view = view(&["10.0.0.1"]);
        let mut table = Table::default();
        assert_eq!(view.problems(&table)[0].kind, ProblemKind::Missing);
        table
            .set("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().ok(), None)
            .unwrap();
        assert_eq!(view.problems(&table), []);
    }

    #[test]
    fn the_subnet_rule_reaches_what_was_found_and_leaves_virtual_addresses_alone() {
        let view = view(&["10.0.0.1", "10.0.0.2", "10.0.0.10", "10.0.0.77"]);
        let nets = ("10.0.0.0/24".parse().unwrap(), "10.9.0.0/24".parse().unwrap());
        let (filled, decided) = view.filled(&Table::default(), nets.0, nets.1).unwrap();
        let rows: Vec<String> = filled
            .entries
            .iter()
            .map(|row| format!("{} {}", row.from, row.to.unwrap()))
            .collect();
        assert_eq!(
            (decided, rows),
            (
                2,
                vec!["10.0.0.1 10.9.0.1".to_owned(), "10.0.0.77 10.9.0.77".to_owned()]
            )
        );
    }

    #[test]
    fn nothing_is_said_to_be_not_found_before_a_scan() {
        let mut view = view(&[]);
        view.scanned = None;
        let mut table = Table::default();
        table.set("172.16.0.9".parse().unwrap(), None, None).unwrap();
        assert_eq!(view.rows(&table)[0].count, None);
    }
}
