//! Gathers what a scan finds into findings.

use crate::translate::{Findings, Found, Place, Subject};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// Where an address was found.
#[derive(Clone, Copy)]
pub struct Spot<'s> {
    /// Path below the scanned directory.
    pub file: &'s str,
    /// In a database or dump.
    pub table: Option<&'s str>,
    /// In a database.
    pub column: Option<&'s str>,
    /// In a text.
    pub line: Option<u64>,
}

impl Spot<'_> {
    /// Whether `place` is the same file, table and column.
    fn is(&self, place: &Place) -> bool {
        place.file == self.file
            && place.table.as_deref() == self.table
            && place.column.as_deref() == self.column
    }

    /// As a place of its own.
    pub fn place(&self) -> Place {
        Place {
            file: self.file.to_owned(),
            table: self.table.map(str::to_owned),
            column: self.column.map(str::to_owned),
            line: self.line,
            count: 1,
        }
    }
}

/// Everything found so far.
#[derive(Default)]
pub struct Collector {
    found: HashMap<Subject, Gathered>,
}

#[derive(Default)]
struct Gathered {
    spellings: HashSet<Box<[u8]>>,
    count: u64,
    places: Vec<Place>,
    /// The last place that is not listed, and how many there were.
    beyond: Option<Place>,
    more_places: u64,
}

impl Collector {
    /// One more occurrence.
    pub fn add(&mut self, subject: Subject, spelling: &[u8], spot: Spot<'_>) {
        let gathered = self.found.entry(subject).or_default();
        gathered.count += 1;
        if !gathered.spellings.contains(spelling) {
            gathered.spellings.insert(spelling.into());
        }
        if let Some(place) = gathered.places.iter_mut().rev().find(|place| spot.is(place)) {
            place.count += 1;
        } else if gathered.places.len() < Found::PLACES {
            gathered.places.push(spot.place());
        } else if !gathered.beyond.as_ref().is_some_and(|place| spot.is(place)) {
            gathered.beyond = Some(spot.place());
            gathered.more_places += 1;
        }
    }

    /// All of it; `opaque` are the files that were not looked into.
    pub fn findings(self, opaque: Vec<String>) -> Findings {
        let found = self.found.into_iter().map(|(subject, gathered)| Found {
            subject,
            spellings: gathered.spellings.len(),
            count: gathered.count,
            places: gathered.places,
            more_places: gathered.more_places,
        });
        let mut found: Vec<Found> = found.collect();
        let left_out = found.len().saturating_sub(Findings::LISTED);
        if left_out > 0 {
            found.sort_by_key(|found| Reverse(found.count));
            found.truncate(Findings::LISTED);
        }
        found.sort_by_key(|found| found.subject);
        let left_out = left_out as u64;
        Findings {
            found,
            opaque,
            left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(file: &str, line: u64) -> Spot<'_> {
        let line = Some(line);
        Spot {
            file,
            table: None,
            column: None,
            line,
        }
    }

    #[test]
    fn each_place_is_listed_once_with_its_first_line() {
        let mut collector = Collector::default();
        let subject: Subject = "10.0.0.1".parse().unwrap();
        for (file, line) in [("a", 3), ("a", 9), ("b", 1), ("a", 12)] {
            collector.add(subject, b"10.0.0.1", spot(file, line));
        }
        collector.add(subject, b"::ffff:10.0.0.1", spot("b", 2));
        let found = &collector.findings(Vec::new()).found[0];
        let places: Vec<_> = found
            .places
            .iter()
            .map(|place| (place.to_string(), place.count))
            .collect();
        assert_eq!(places, [("a:3".to_owned(), 3), ("b:1".to_owned(), 2)]);
        assert_eq!((found.count, found.spellings, found.more_places), (5, 2, 0));
    }

    #[test]
    fn places_are_bounded() {
        let mut collector = Collector::default();
        let subject: Subject = "10.0.0.1".parse().unwrap();
        for file in 0..Found::PLACES + 5 {
            for line in 1..3 {
                collector.add(subject, b"10.0.0.1", spot(&file.to_string(), line));
            }
        }
        let found = &collector.findings(Vec::new()).found[0];
        assert_eq!((found.places.len(), found.more_places), (Found::PLACES, 5));
    }
}
