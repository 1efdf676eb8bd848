//! What is wrong with a table, given what was found in the data and who owns which address. Pure; each
//! rule a function, each problem one line.

use super::table::same_kind;
use super::{Entry, Findings, Subject, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

/// Whether a problem bars the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The table cannot be used.
    Refuse,
    /// A person should know.
    Warn,
}

/// What kind of problem; serialised as its [`key`](ProblemKind::key).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// An address that only the primary owns stands in the data and has no `to`.
    Missing,
    /// A row noticed but not decided, about an address that need not change.
    Undecided,
    /// The same `from` in several rows.
    DuplicateFrom,
    /// Several rows with the same `to`: there is no way back.
    SameTarget,
    /// The `to` also stands in the data and stays: the two become one.
    TargetInData,
    /// A→B and B→C, which is not a swap.
    Chain,
    /// The `to` belongs to a host outside the pair.
    TargetOfThirdHost,
    /// The `to` belongs to the primary.
    TargetOfPrimary,
    /// An address of the primary is kept on purpose.
    Kept,
    /// `from` and `to` differ in family or kind.
    Mismatch,
    /// The `from` does not stand in the data.
    NeverFound,
}

impl ProblemKind {
    /// A stable word for scripts.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Undecided => "undecided",
            Self::DuplicateFrom => "duplicate_from",
            Self::SameTarget => "same_target",
            Self::TargetInData => "target_in_data",
            Self::Chain => "chain",
            Self::TargetOfThirdHost => "target_of_third_host",
            Self::TargetOfPrimary => "target_of_primary",
            Self::Kept => "kept",
            Self::Mismatch => "mismatch",
            Self::NeverFound => "never_found",
        }
    }
}

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Problem {
    /// Whether it bars the way.
    pub severity: Severity,
    /// What kind.
    pub kind: ProblemKind,
    /// The row's `from`, or the address that lacks a row.
    pub subject: Subject,
    /// One line for people.
    pub text: String,
}

/// What is known outside the table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// What the data holds; `None` before the first scan.
    pub findings: Option<&'a Findings>,
    /// Addresses the primary owns.
    pub primary: &'a [IpAddr],
    /// Addresses the secondary owns; a virtual address of the pair stands in both lists.
    pub secondary: &'a [IpAddr],
    /// The table is the way back of a failback: what `primary` and `secondary` say is turned round, and so
    /// are the words.
    pub back: bool,
    /// Addresses of other known hosts, each with whose it is ("the control address").
    pub others: &'a [(IpAddr, String)],
}

/// Every problem of `table`, those that bar the way first.
pub fn check(table: &Table, known: &Known<'_>) -> Vec<Problem> {
    let checked = Checked::new(table, known);
    let mut problems = checked.missing();
    let missing: HashSet<Subject> = problems.iter().map(|problem| problem.subject).collect();
    checked.duplicates(&mut problems);
    checked.same_targets(&mut problems);
    for entry in &table.entries {
        let Some(to) = entry.to else {
            if !missing.contains(&entry.from) {
                let text = format!("{} has no `to` yet and stays as it is", entry.from);
                problems.push(warn(ProblemKind::Undecided, entry.from, text));
            }
            continue;
        };
        if let Err(why) = same_kind(entry.from, to) {
            problems.push(refuse(ProblemKind::Mismatch, entry.from, why));
            continue;
        }
        checked.chain(entry.from, to, &mut problems);
        checked.target(entry.from, to, &mut problems);
        checked.never_found(entry, &mut problems);
    }
    problems.sort_by_key(|problem| problem.severity);
    problems
}

struct Checked<'a> {
    table: &'a Table,
    known: &'a Known<'a>,
    /// Decided rows; of duplicates the first.
    targets: HashMap<Subject, Subject>,
    primary: HashSet<IpAddr>,
    secondary: HashSet<IpAddr>,
    others: HashMap<IpAddr, &'a str>,
    /// Found addresses, whatever their notation, and how often.
    counts: BTreeMap<IpAddr, u64>,
}

impl<'a> Checked<'a> {
    fn new(table: &'a Table, known: &'a Known<'a>) -> Self {
        let mut targets = HashMap::new();
        for entry in &table.entries {
            if let Some(to) = entry.to {
                targets.entry(entry.from).or_insert(to);
            }
        }
        let mut counts = BTreeMap::new();
        for found in known.findings.iter().flat_map(|findings| &findings.found) {
            *counts.entry(found.subject.address()).or_default() += found.count;
        }
        Self {
            table,
            known,
            targets,
            primary: known.primary.iter().copied().collect(),
            secondary: known.secondary.iter().copied().collect(),
            others: known
                .others
                .iter()
                .map(|(address, whose)| (*address, whose.as_str()))
                .collect(),
            counts,
        }
    }

    /// Words for whose data it is, and for where it is loaded.
    const fn sides(&self) -> [&'static str; 2] {
        if self.known.back {
            ["secondary", "primary"]
        } else {
            ["primary", "secondary"]
        }
    }

    fn only_primary(&self, address: IpAddr) -> bool {
        self.primary.contains(&address) && !self.secondary.contains(&address)
    }

    /// A row for the address also serves the notation with a prefix length.
    fn target_of(&self, subject: Subject) -> Option<Subject> {
        let address = Subject::Address(subject.address());
        self.targets
            .get(&subject)
            .or_else(|| self.targets.get(&address))
            .copied()
    }

    fn missing(&self) -> Vec<Problem> {
        let found = self.known.findings.iter().flat_map(|findings| &findings.found);
        let [source, target] = self.sides();
        found
            .filter(|found| self.only_primary(found.subject.address()))
            .filter(|found| self.target_of(found.subject).is_none())
            .map(|found| {
                let text = format!(
                    "{} belongs to the {source}, was found {} and has no address on the {target}",
                    found.subject,
                    times(found.count)
                );
                refuse(ProblemKind::Missing, found.subject, text)
            })
            .collect()
    }

    fn duplicates(&self, problems: &mut Vec<Problem>) {
        for (from, rows) in rows_by(self.table, |entry| Some(entry.from)) {
            if rows.len() > 1 {
                let text = format!("{from} stands in {} rows as `from`; keep one", rows.len());
                problems.push(refuse(ProblemKind::DuplicateFrom, from, text));
            }
        }
    }

    fn same_targets(&self, problems: &mut Vec<Problem>) {
        for (to, rows) in rows_by(self.table, |entry| entry.to) {
            let sources: HashSet<Subject> = rows.iter().map(|entry| entry.from).collect();
            if sources.len() > 1 {
                let text = format!(
                    "{to} replaces {} addresses, among them {}: what is copied back cannot tell them apart",
                    sources.len(),
                    rows[0].from
                );
                problems.push(warn(ProblemKind::SameTarget, rows[0].from, text));
            }
        }
    }

    fn chain(&self, from: Subject, to: Subject, problems: &mut Vec<Problem>) {
        match self.targets.get(&to) {
            Some(&next) if to != from && next != from && next != to => {
                let text = format!(
                    "{from} becomes {to}, which itself becomes {next}; only an exact swap ({from} to {to} and {to} to {from}) can be told apart afterwards"
                );
                problems.push(refuse(ProblemKind::Chain, from, text));
            }
            None if to != from => {
                if let Some(count) = self.counts.get(&to.address()) {
                    let text = format!(
                        "{from} becomes {to}, which was found {} by itself: the two become one",
                        times(*count)
                    );
                    problems.push(warn(ProblemKind::TargetInData, from, text));
                }
            }
            Some(_) | None => {}
        }
    }

    fn target(&self, from: Subject, to: Subject, problems: &mut Vec<Problem>) {
        let (source, target) = (from.address(), to.address());
        let swap = self.targets.get(&to) == Some(&from);
        let [owner, other] = self.sides();
        if from == to {
            if self.only_primary(source) {
                let text = format!("{from} belongs to the {owner} and is kept on the {other} on purpose");
                problems.push(warn(ProblemKind::Kept, from, text));
            }
        } else if self.only_primary(target) && !swap {
            let text = format!("{from} becomes {to}, an address of the {owner}");
            problems.push(refuse(ProblemKind::TargetOfPrimary, from, text));
        } else if let Some(whose) = self.others.get(&target)
            && !self.secondary.contains(&target)
        {
            let text = format!("{from} becomes {to}, which is {whose}");
            // A provider's host may well give way to another host; an address of the primary may not.
            let bars = self.only_primary(source);
            let make = if bars { refuse } else { warn };
            problems.push(make(ProblemKind::TargetOfThirdHost, from, text));
        }
    }

    fn never_found(&self, entry: &Entry, problems: &mut Vec<Problem>) {
        let Some(findings) = self.known.findings else {
            return;
        };
        let found = match entry.from {
            Subject::Address(address) => self.counts.contains_key(&address),
            Subject::Network(_) => findings.get(entry.from).is_some(),
        };
        if !found {
            let text = format!("{} was not found in the data", entry.from);
            problems.push(warn(ProblemKind::NeverFound, entry.from, text));
        }
    }
}

fn rows_by(table: &Table, key: impl Fn(&Entry) -> Option<Subject>) -> BTreeMap<Subject, Vec<&Entry>> {
    let mut rows: BTreeMap<Subject, Vec<&Entry>> = BTreeMap::new();
    for entry in &table.entries {
        if let Some(key) = key(entry) {
            rows.entry(key).or_default().push(entry);
        }
    }
    rows
}

fn refuse(kind: ProblemKind, subject: Subject, text: String) -> Problem {
    Problem {
        severity: Severity::Refuse,
        kind,
        subject,
        text,
    }
}

fn warn(kind: ProblemKind, subject: Subject, text: String) -> Problem {
    Problem {
        severity: Severity::Warn,
        kind,
        subject,
        text,
    }
}

fn times(count: u64) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::{Found, Place};
    use Severity::{Refuse, Warn};

    const PRIMARY: &str = "10.0.0.1";
    const SECONDARY: &str = "10.0.0.2";
    const VIRTUAL: &str = "10.0.0.10";
    const CONTROL: &str = "10.0.0.254";

    fn findings(addresses: &[&str]) -> Findings {
        let mut found: Vec<Found> = addresses
            .iter()
            .map(|text| Found {
                subject: text.parse().unwrap(),
                spellings: 1,
                count: 3,
                places: vec![Place {
                    file: "x".to_owned(),
                    table: None,
                    column: None,
                    line: Some(1),
                    count: 3,
                }],
                more_places: 0,
            })
            .collect();
        found.sort_by_key(|found| found.subject);
        Findings {
            found,
            opaque: Vec::new(),
            left_out: 0,
        }
    }

    /// What is said about a table of rows `from to` (`-`: not decided) with `found` in the data.
    fn said(rows: &[&str], found: &[&str]) -> Vec<(Severity, &'static str)> {
        let entries = rows.iter().map(|row| {
            let (from, to) = row.split_once(' ').unwrap();
            let to = (to != "-").then(|| to.parse().unwrap());
            Entry {
                from: from.parse().unwrap(),
                to,
                note: None,
            }
        });
        let table = Table {
            entries: entries.collect(),
        };
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let findings = findings(found);
        let known = Known {
            findings: Some(&findings),
            primary: &[address(PRIMARY), address(VIRTUAL)],
            secondary: &[address(SECONDARY), address(VIRTUAL)],
            back: false,
            others: &[(address(CONTROL), "the control address".to_owned())],
        };
        let problems = check(&table, &known);
        assert!(problems.iter().all(|problem| !problem.text.contains('\n')));
        problems
            .iter()
            .map(|problem| (problem.severity, problem.kind.key()))
            .collect()
    }

    #[test]
    fn each_rule_finds_its_problem_and_nothing_else() {
        for (rows, found, problems) in [
            (&["10.0.0.1 10.0.0.2"][..], &["10.0.0.1"][..], &[][..]),
            (&["10.0.0.1 10.0.0.2"], &["10.0.0.1/24"], &[]),
            (&[], &["10.0.0.1", "172.16.0.1", VIRTUAL], &[(Refuse, "missing")]),
            (&["10.0.0.1 -"], &["10.0.0.1"], &[(Refuse, "missing")]),
            (&["172.16.0.1 -"], &["172.16.0.1"], &[(Warn, "undecided")]),
            (&["10.0.0.1 10.0.0.2"], &[], &[(Warn, "never_found")]),
            (
                &["10.0.0.0/24 10.1.0.0/24"],
                &["10.0.0.0"],
                &[(Warn, "never_found")],
            ),
            (
                &["172.16.0.1 172.16.0.2", "172.16.0.1 172.16.0.3"],
                &["172.16.0.1"],
                &[(Refuse, "duplicate_from")],
            ),
            (
                &["172.16.0.1 172.16.0.3", "172.16.0.2 172.16.0.3"],
                &["172.16.0.1", "172.16.0.2"],
                &[(Warn, "same_target")],
            ),
            (
                &["10.0.0.1 10.0.0.2"],
                &["10.0.0.1", "10.0.0.2"],
                &[(Warn, "target_in_data")],
            ),
            (
                &["10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.1"],
                &["10.0.0.1", "10.0.0.2"],
                &[],
            ),
            (
                &["10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.3"],
                &["10.0.0.1", "10.0.0.2"],
                &[(Refuse, "chain")],
            ),
            (
                &[
                    "172.16.0.1 172.16.0.2",
                    "172.16.0.2 172.16.0.3",
                    "172.16.0.3 172.16.0.1",
                ],
                &["172.16.0.1", "172.16.0.2", "172.16.0.3"],
                &[(Refuse, "chain"), (Refuse, "chain"), (Refuse, "chain")],
            ),
            (
                &["172.16.0.1 10.0.0.1"],
                &["172.16.0.1"],
                &[(Refuse, "target_of_primary")],
            ),
            (
                &["10.0.0.1 10.0.0.254"],
                &["10.0.0.1"],
                &[(Refuse, "target_of_third_host")],
            ),
            (
                &["172.16.0.1 10.0.0.254"],
                &["172.16.0.1"],
                &[(Warn, "target_of_third_host")],
            ),
            (&["10.0.0.1 10.0.0.1"], &["10.0.0.1"], &[(Warn, "kept")]),
            (&["172.16.0.1 ::1"], &["172.16.0.1"], &[(Refuse, "mismatch")]),
            (
                &["172.16.0.1 10.0.0.0/8"],
                &["172.16.0.1"],
                &[(Refuse, "mismatch")],
            ),
        ] {
            assert_eq!(said(rows, found), problems, "{rows:?} with {found:?}");
        }
    }

    #[test]
    fn what_bars_the_way_comes_first() {
        let all = said(&["172.16.0.1 -", "172.16.0.2 ::1"], &["172.16.0.1", "172.16.0.2"]);
        assert_eq!(all, [(Refuse, "mismatch"), (Warn, "undecided")]);
    }

    #[test]
    fn without_a_scan_nothing_is_said_about_the_data() {
        let mut table = Table::default();
        table
            .set(
                "10.0.0.1".parse().unwrap(),
                Some("10.0.0.2".parse().unwrap()),
                None,
            )
            .unwrap();
        assert_eq!(check(&table, &Known::default()), []);
    }

    #[test]
    fn the_key_is_what_is_serialised() {
        let kind = ProblemKind::TargetOfThirdHost;
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
    }
}
