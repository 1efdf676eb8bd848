//! What a table holds of pairadm, parsed from `iptables -S`, and the shortest text that corrects it.

use super::rules::{CHAIN, Family, Meaning, Place, meaning};
use crate::model::{Port, Traffic};

/// Our part of one table of one family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The chain exists.
    pub chain: bool,
    /// Its rules in order.
    pub rules: Vec<String>,
    /// Positions, from 1, of our jump in the built-in chain; `[1]` is right.
    pub jumps: Vec<usize>,
    /// Rules of others that lead to our chain.
    pub strays: Vec<String>,
}

impl Listing {
    /// Reads the output of `iptables -S` for `place`.
    pub fn parse(text: &str, place: Place) -> Self {
        let mut listing = Self::default();
        let (declaration, ours) = (format!("-N {CHAIN}"), format!("-A {CHAIN} "));
        let (base, jump) = (format!("-A {} ", place.base()), place.jump());
        let mut position = 0;
        for line in text.lines().map(str::trim_end) {
            let leads_here = line
                .split_whitespace()
                .zip(line.split_whitespace().skip(1))
                .any(|(flag, target)| matches!(flag, "-j" | "-g") && target == CHAIN);
            if line.starts_with(&base) {
                position += 1;
            }
            if line == declaration {
                listing.chain = true;
            } else if line.starts_with(&ours) {
                listing.rules.push(line.to_owned());
            } else if line == jump {
                listing.jumps.push(position);
            } else if leads_here {
                listing.strays.push(line.to_owned());
            }
        }
        listing
    }

    /// True when nothing of ours is there.
    pub fn is_absent(&self) -> bool {
        !self.chain && self.jumps.is_empty()
    }

    /// True when the chain is reached first, and by our jump alone.
    pub fn is_sound(&self) -> bool {
        self.chain && self.jumps == [1]
    }

    /// True when it holds exactly `wanted` and is reached as it must be.
    pub fn holds(&self, wanted: &[String]) -> bool {
        self.is_sound() && self.rules == wanted
    }

    /// Ports that are stopped now: none unless the chain is reached.
    pub fn blocked(&self, family: Family) -> Vec<Port> {
        if self.jumps.is_empty() {
            return Vec::new();
        }
        let stopped = self.rules.iter().filter_map(|rule| match meaning(rule, family) {
            Meaning::Stop(port) => Some(port),
            Meaning::Pass | Meaning::Foreign => None,
        });
        stopped.collect()
    }

    /// What the chain does now; `None` without one.
    pub fn traffic(&self, family: Family) -> Option<Traffic> {
        self.chain.then(|| {
            if self.blocked(family).is_empty() {
                Traffic::Allowed
            } else {
                Traffic::Blocked
            }
        })
    }

    /// Everything that is not as pairadm leaves it, one line each.
    pub fn faults(&self, place: Place, family: Family) -> Vec<String> {
        let mut faults = Vec::new();
        let at = format!("{} table {}", family.label(), place.table());
        match self.jumps.as_slice() {
            [] if self.chain => faults.push(format!("{at}: {} has no jump to {CHAIN}", place.base())),
            [] | [1] => {}
            [first] => faults.push(format!(
                "{at}: the jump to {CHAIN} is rule {first} of {}, not the first",
                place.base()
            )),
            more => faults.push(format!(
                "{at}: {} jumps to {CHAIN} {} times",
                place.base(),
                more.len()
            )),
        }
        for rule in &self.rules {
            if meaning(rule, family) == Meaning::Foreign {
                faults.push(format!(
                    "{at}: {CHAIN} holds a rule that pairadm did not write: {rule}"
                ));
            }
        }
        for rule in &self.strays {
            faults.push(format!("{at}: another rule leads to {CHAIN}: {rule}"));
        }
        faults
    }

    /// Commands for `iptables-restore --noflush` that leave exactly `wanted` in a sound chain; empty when
    /// nothing is to do. Rules are only ever added to an empty chain: with `nf_tables` a removal makes the
    /// program wait some 10 ms for the kernel's grace period, an addition takes 0.5 ms.
    pub fn correction(&self, place: Place, wanted: &[String]) -> String {
        let mut lines = Vec::new();
        if !self.chain {
            lines.push(format!(":{CHAIN} - [0:0]"));
        }
        if self.jumps != [1] {
            lines.extend(self.jumps.iter().map(|_| jump_removal(place)));
            lines.push(format!("-I {} 1 -j {CHAIN}", place.base()));
        }
        if self.rules != wanted {
            if !self.rules.is_empty() {
                lines.push(format!("-F {CHAIN}"));
            }
            lines.extend(wanted.iter().cloned());
        }
        transaction(place, &lines)
    }

    /// Commands that take our jump and our chain away.
    pub fn removal(&self, place: Place) -> String {
        let mut lines: Vec<String> = self.jumps.iter().map(|_| jump_removal(place)).collect();
        if self.chain {
            lines.push(format!("-F {CHAIN}"));
            lines.push(format!("-X {CHAIN}"));
        }
        transaction(place, &lines)
    }
}

fn jump_removal(place: Place) -> String {
    format!("-D {} -j {CHAIN}", place.base())
}

fn transaction(place: Place, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("*{}\n{}\nCOMMIT\n", place.table(), lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKED: &str = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N OTHER\n-N PAIRADM\n\
        -A PREROUTING -j PAIRADM\n-A PREROUTING -i eth9 -j OTHER\n-A OTHER -j ACCEPT\n\
        -A PAIRADM -s 10.0.0.2/32 -j RETURN\n-A PAIRADM ! -i lo -p udp -m udp --dport 5060 -j DROP\n";

    fn parsed(text: &str) -> Listing {
        Listing::parse(text, Place::Raw)
    }

    #[test]
    fn a_block_is_read_back() {
        let listing = parsed(BLOCKED);
        assert!(listing.is_sound());
        assert_eq!(listing.traffic(Family::V4), Some(Traffic::Blocked));
        assert_eq!(listing.blocked(Family::V4), ["udp/5060".parse().unwrap()]);
        assert_eq!(listing.faults(Place::Raw, Family::V4), [""; 0]);
        assert_eq!(listing.correction(Place::Raw, &listing.rules), "");
    }

    #[test]
    fn without_a_jump_nothing_is_blocked_and_it_is_a_fault() {
        let listing = parsed(&BLOCKED.replace("-A PREROUTING -j PAIRADM\n", ""));
        assert_eq!(listing.traffic(Family::V4), Some(Traffic::Allowed));
        assert!(listing.faults(Place::Raw, Family::V4)[0].contains("no jump"));
        assert!(!listing.holds(&listing.rules));
    }

    #[test]
    fn a_jump_that_is_not_first_or_doubled_is_a_fault_and_is_corrected() {
        let listing = parsed(&BLOCKED.replace(
            "-A PREROUTING -j PAIRADM\n-A PREROUTING -i eth9 -j OTHER\n",
            "-A PREROUTING -i eth9 -j OTHER\n-A PREROUTING -j PAIRADM\n-A PREROUTING -j PAIRADM\n",
        ));
        assert_eq!(listing.jumps, [2, 3]);
        assert!(!listing.is_sound());
        assert_eq!(
            listing.correction(Place::Raw, &listing.rules),
            "*raw\n-D PREROUTING -j PAIRADM\n-D PREROUTING -j PAIRADM\n-I PREROUTING 1 -j PAIRADM\nCOMMIT\n"
        );
    }

    #[test]
    fn a_foreign_rule_in_the_chain_and_a_stray_jump_are_faults() {
        let text = format!("{BLOCKED}-A PAIRADM -j ACCEPT\n-A PREROUTING -s 10.0.0.9/32 -g PAIRADM\n");
        let faults = parsed(&text).faults(Place::Raw, Family::V4);
        assert!(
            faults[0].contains("did not write: -A PAIRADM -j ACCEPT"),
            "{faults:?}"
        );
        assert!(faults[1].contains("another rule leads"), "{faults:?}");
    }

    #[test]
    fn a_chain_of_a_longer_name_is_not_ours() {
        let listing = parsed("-N PAIRADM2\n-A PREROUTING -j PAIRADM2\n-A PAIRADM2 -j DROP\n");
        assert!(listing.is_absent());
        assert_eq!(listing.rules, [""; 0]);
    }

    #[test]
    fn blocking_from_an_empty_chain_only_adds() {
        let empty = parsed("-P PREROUTING ACCEPT\n-N PAIRADM\n-A PREROUTING -j PAIRADM\n");
        assert_eq!(
            empty.correction(Place::Raw, &["-A PAIRADM -x".to_owned()]),
            "*raw\n-A PAIRADM -x\nCOMMIT\n"
        );
        assert_eq!(
            parsed(BLOCKED).correction(Place::Raw, &[]),
            "*raw\n-F PAIRADM\nCOMMIT\n"
        );
    }

    #[test]
    fn a_removal_takes_every_jump_and_then_the_chain() {
        assert_eq!(
            parsed(BLOCKED).removal(Place::Raw),
            "*raw\n-D PREROUTING -j PAIRADM\n-F PAIRADM\n-X PAIRADM\nCOMMIT\n"
        );
        assert_eq!(Listing::default().removal(Place::Raw), "");
    }
}
