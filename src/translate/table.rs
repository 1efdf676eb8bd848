//! The translation table: which address becomes which, with a note for people.

use super::Subject;
use crate::error::{Error, Result};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

/// One row: an address used by the primary, and what the secondary uses instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Used by the primary.
    pub from: Subject,
    /// Used by the secondary; `None`: noticed in the data, not decided yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Subject>,
    /// For people; means nothing to pairadm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Rows in the order of the file. What a person may have written wrong across rows is found by
/// [`check`](super::check::check).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Rows in the order of the file.
    pub entries: Vec<Entry>,
}

impl Table {
    /// The row about `from`; the first when there are several.
    pub fn get(&self, from: Subject) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.from == from)
    }

    /// Adds or changes the row about `from`; a note of `None` keeps the present one, an empty one removes
    /// it.
    ///
    /// # Errors
    /// Refuses a `to` of another family or kind than `from` (`bad_translation`).
    pub fn set(&mut self, from: Subject, to: Option<Subject>, note: Option<String>) -> Result<()> {
        if let Some(to) = to {
            same_kind(from, to).map_err(|why| Error::refused("bad_translation", why).at("to"))?;
        }
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.from == from) {
            entry.to = to;
            entry.note = present(note.or(entry.note.take()));
        } else {
            let note = present(note);
            self.entries.push(Entry { from, to, note });
        }
        Ok(())
    }

    /// Removes every row about `from`; says whether there was one.
    pub fn unset(&mut self, from: Subject) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.from != from);
        self.entries.len() != before
    }

    /// Adds a row without a `to` for each of `subjects` that has none; returns how many were added.
    pub fn notice(&mut self, subjects: impl IntoIterator<Item = Subject>) -> usize {
        let mut known: HashSet<Subject> = self.entries.iter().map(|entry| entry.from).collect();
        let before = self.entries.len();
        for from in subjects {
            if known.insert(from) {
                self.entries.push(Entry {
                    from,
                    to: None,
                    note: None,
                });
            }
        }
        self.entries.len() - before
    }

    /// The subnet rule: gives each of `subjects` that lies in `from_net` and is not decided yet the
    /// address with the same host part in `to_net`. Returns how many rows were decided.
    ///
    /// # Errors
    /// Refuses networks of different families or prefix lengths (`bad_subnet_rule`).
    pub fn fill(
        &mut self,
        from_net: IpNet,
        to_net: IpNet,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Result<usize> {
        let same_family = from_net.addr().is_ipv4() == to_net.addr().is_ipv4();
        if !same_family || from_net.prefix_len() != to_net.prefix_len() {
            return Err(Error::refused(
                "bad_subnet_rule",
                format!(
                    "`{from_net}` and `{to_net}` differ in size; accepted: two networks of the same family and prefix length"
                ),
            ));
        }
        let mut rows: HashMap<Subject, usize> = HashMap::new();
        for (row, entry) in self.entries.iter().enumerate() {
            rows.entry(entry.from).or_insert(row);
        }
        let mut decided = 0;
        for from in subjects {
            let Some(to) = moved(from, from_net, to_net) else {
                continue;
            };
            let row = *rows.entry(from).or_insert_with(|| {
                self.entries.push(Entry {
                    from,
                    to: None,
                    note: None,
                });
                self.entries.len() - 1
            });
            if self.entries[row].to.is_none() {
                self.entries[row].to = Some(to);
                decided += 1;
            }
        }
        Ok(decided)
    }

    /// The way back: every decided row turned round. Rows without a `to` stay out.
    ///
    /// # Errors
    /// Refuses a table in which two rows have the same `from` or the same `to` (`not_invertible`).
    pub fn inverse(&self) -> Result<Self> {
        let (mut sources, mut targets) = (HashSet::new(), HashSet::new());
        let mut entries = Vec::new();
        for entry in &self.entries {
            let Some(to) = entry.to else { continue };
            for (seen, twice) in [(&mut sources, entry.from), (&mut targets, to)] {
                if !seen.insert(twice) {
                    return Err(Error::refused(
                        "not_invertible",
                        format!("`{twice}` stands in two rows, so the translation has no way back"),
                    )
                    .hint("run: pairadm translation check"));
                }
            }
            entries.push(Entry {
                from: to,
                to: Some(entry.from),
                note: entry.note.clone(),
            });
        }
        Ok(Self { entries })
    }

    /// The way back as far as there is one: the decided rows turned round but those that contradict each
    /// other, which are told beside it.
    pub fn way_back(&self) -> (Self, Vec<NoWayBack>) {
        let mut sources: BTreeMap<Subject, Vec<Subject>> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(to) = entry.to {
                let known = sources.entry(to).or_default();
                if !known.contains(&entry.from) {
                    known.push(entry.from);
                }
            }
        }
        let mut back = Self::default();
        for entry in &self.entries {
            let Some(to) = entry.to else { continue };
            let alone = sources.get(&to).is_some_and(|known| known.len() == 1);
            if alone && back.get(to).is_none() {
                back.entries.push(Entry {
                    from: to,
                    to: Some(entry.from),
                    note: entry.note.clone(),
                });
            }
        }
        sources.retain(|_, known| known.len() > 1);
        let lost = sources.into_iter();
        (back, lost.map(|(to, from)| NoWayBack { to, from }).collect())
    }
}

/// Rows whose `to` is the same: what it was before cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoWayBack {
    /// What they all become.
    pub to: Subject,
    /// What becomes it, in the order of the rows.
    pub from: Vec<Subject>,
}

impl fmt::Display for NoWayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: Vec<String> = self.from.iter().map(ToString::to_string).collect();
        write!(f, "{} all become {}", from.join(" and "), self.to)
    }
}

/// An empty note is none.
fn present(note: Option<String>) -> Option<String> {
    note.filter(|note| !note.is_empty())
}

/// Whether `to` may stand for `from`.
///
/// # Errors
/// The reason, with what is accepted.
pub(super) fn same_kind(from: Subject, to: Subject) -> std::result::Result<(), String> {
    if from.same_kind(to) {
        return Ok(());
    }
    Err(format!(
        "`{to}` is {}, `{from}` {}; accepted: {}",
        to.kind(),
        from.kind(),
        from.kind()
    ))
}

/// `subject` with its network part replaced; `None` when it does not lie in `from_net`.
fn moved(subject: Subject, from_net: IpNet, to_net: IpNet) -> Option<Subject> {
    let inside = match subject {
        Subject::Address(address) => from_net.contains(&address),
        Subject::Network(network) => from_net.contains(&network),
    };
    if !inside {
        return None;
    }
    let address: IpAddr = match (subject.address(), from_net.hostmask(), to_net.network()) {
        (IpAddr::V4(address), IpAddr::V4(host), IpAddr::V4(to)) => (to | (address & host)).into(),
        (IpAddr::V6(address), IpAddr::V6(host), IpAddr::V6(to)) => (to | (address & host)).into(),
        _ => return None,
    };
    match subject {
        Subject::Address(_) => Some(Subject::Address(address)),
        Subject::Network(network) => IpNet::new(address, network.prefix_len())
            .ok()
            .map(Subject::Network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    fn table(rows: &[(&str, &str)]) -> Table {
        let mut table = Table::default();
        for (from, to) in rows {
            table.set(subject(from), Some(subject(to)), None).unwrap();
        }
        table
    }

    #[test]
    fn a_row_is_set_changed_and_removed() {
        let mut table = table(&[("10.0.0.1", "10.0.0.2")]);
        table
            .set(subject("10.0.0.1"), None, Some("ours".to_owned()))
            .unwrap();
        table
            .set(subject("10.0.0.1"), Some(subject("10.0.0.3")), None)
            .unwrap();
        let entry = table.get(subject("10.0.0.1")).unwrap();
        assert_eq!(
            (entry.to, entry.note.as_deref()),
            (Some(subject("10.0.0.3")), Some("ours"))
        );
        assert!(table.unset(subject("10.0.0.1")));
        assert!(!table.unset(subject("10.0.0.1")));
    }

    #[test]
    fn another_family_or_kind_is_refused() {
        for (from, to) in [
            ("10.0.0.1", "2001:db8::1"),
            ("10.0.0.0/24", "10.1.0.0"),
            ("::1", "::/0"),
        ] {
            let error = Table::default()
                .set(subject(from), Some(subject(to)), None)
                .unwrap_err();
            assert_eq!(error.code, "bad_translation");
            assert!(error.message.contains("accepted: an IPv"), "{error}");
        }
    }

    #[test]
    fn the_subnet_rule_keeps_the_host_part() {
        for (from_net, to_net, from, to) in [
            ("10.1.0.0/16", "10.2.0.0/16", "10.1.3.4", "10.2.3.4"),
            ("10.1.0.0/17", "10.2.128.0/17", "10.1.3.4", "10.2.131.4"),
            ("10.1.0.0/16", "10.2.0.0/16", "10.1.3.0/24", "10.2.3.0/24"),
            (
                "2001:db8:1::/48",
                "2001:db8:2::/48",
                "2001:db8:1:5::9",
                "2001:db8:2:5::9",
            ),
            ("10.0.0.1/32", "10.9.9.9/32", "10.0.0.1", "10.9.9.9"),
        ] {
            let mut table = Table::default();
            let outside = [subject("172.16.0.1/4"), subject("fd00::1")];
            let decided = table
                .fill(
                    from_net.parse().unwrap(),
                    to_net.parse().unwrap(),
                    [subject(from), outside[0], outside[1]],
                )
                .unwrap();
            assert_eq!((decided, table.entries.len()), (1, 1), "{from_net}");
            assert_eq!(table.entries[0].to, Some(subject(to)));
        }
    }

    #[test]
    fn the_subnet_rule_leaves_decided_rows_alone() {
        let mut table = table(&[("10.1.0.1", "10.9.9.9")]);
        table.notice([subject("10.1.0.2"), subject("10.1.0.1")]);
        let all: Vec<Subject> = table.entries.iter().map(|entry| entry.from).collect();
        let nets = ("10.1.0.0/16".parse().unwrap(), "10.2.0.0/16".parse().unwrap());
        assert_eq!(table.fill(nets.0, nets.1, all).unwrap(), 1);
        assert_eq!(
            table.get(subject("10.1.0.1")).unwrap().to,
            Some(subject("10.9.9.9"))
        );
        assert_eq!(
            table.get(subject("10.1.0.2")).unwrap().to,
            Some(subject("10.2.0.2"))
        );
    }

    #[test]
    fn networks_of_different_size_are_no_subnet_rule() {
        for (from, to) in [("10.1.0.0/16", "10.2.0.0/24"), ("10.1.0.0/16", "2001:db8::/16")] {
            let error = Table::default()
                .fill(from.parse().unwrap(), to.parse().unwrap(), [])
                .unwrap_err();
            assert_eq!(error.code, "bad_subnet_rule");
        }
    }

    #[test]
    fn the_way_back_leaves_out_only_rows_that_contradict_each_other() {
        let there = table(&[
            ("10.0.0.1", "10.0.0.9"),
            ("10.0.0.2", "10.0.0.9"),
            ("10.0.0.3", "10.0.0.4"),
        ]);
        let (back, lost) = there.way_back();
        assert_eq!(back, table(&[("10.0.0.4", "10.0.0.3")]));
        assert_eq!(lost.len(), 1);
        assert_eq!(lost[0].to_string(), "10.0.0.1 and 10.0.0.2 all become 10.0.0.9");
    }

    #[test]
    fn only_a_table_with_a_way_back_has_an_inverse() {
        let there = table(&[("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1"), ("::1", "::2")]);
        assert_eq!(there.inverse().unwrap().inverse().unwrap(), there);
        let merging = table(&[("10.0.0.1", "10.0.0.3"), ("10.0.0.2", "10.0.0.3")]);
        assert_eq!(merging.inverse().unwrap_err().code, "not_invertible");
    }
}
