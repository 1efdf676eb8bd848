//! How long calls at a virtual address are dark while traffic moves.
//!
//! A third host asks for SIP OPTIONS a thousand times a second; Kamailio on two practice nodes answers.
//! Shown is the longest time without an answer, for moves by `pairadm takeover` with all its checks, for
//! the same moves as a shell script over two open SSH sessions, and as an Ansible playbook. The first
//! line, without any move, is what the machine's own load adds.
//!
//! `cargo bench --bench dark_time`, as root, on a machine that does little else: with every CPU busy, each
//! hop from process to process costs a time slice. `-- pairadm` measures that alone; `PAIRADM_BENCH_MOVES`
//! sets the number of moves (50); `benches/ansible/install` puts the playbook's program in its place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod ansible;
#[allow(dead_code)] // sessions stand here, see `script`
#[path = "../lab/mod.rs"]
mod lab;
mod mover;
mod prober;
mod script;
mod tool;

use mover::{Mover, Stay};
use pairadm::lab::{Lab, LabName, Place, down, up};
use prober::Family;
use std::time::Duration;

/// Slow movers are measured less often: they take seconds each.
const FEW: usize = 10;

fn main() {
    // The instrument goes before what it measures; every program it starts runs at normal priority.
    rustix::process::setpriority_process(None, -20).expect("run as root");
    let count = std::env::var("PAIRADM_BENCH_MOVES").map_or(50, |text| text.parse().expect("a number"));
    let place = Place::new(std::env::var_os("PAIRADM_LAB_DIR").unwrap_or_else(|| Place::DEFAULT.into()));
    let name: LabName = "bench-dark".parse().expect("a name");
    let started = up(&place, &name, None, &|line| println!("{line}")).expect("the lab starts");
    measure(&started.lab, count);
    down(&place, &name).expect("the lab ends");
}

fn measure(lab: &Lab, count: usize) {
    // cargo adds a flag of its own.
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let few = FEW.min(count);
    let mut tool = tool::Tool::configure(lab);
    println!("dark time in ms, OPTIONS at 1000 Hz    family  moves  median     p99     max");
    for family in [Family::V4, Family::V6] {
        series("no move at all", lab, family, count, &mut Stay);
        if wanted("pairadm takeover") {
            series("pairadm takeover", lab, family, count, &mut tool);
        }
        let mut active = tool.active();
        if wanted("shell script") {
            let mut script = script::Script::open(lab, active);
            series("shell script, two SSH sessions", lab, family, few, &mut script);
            active = script.active();
        }
        if wanted("Ansible playbook") {
            match ansible::Playbook::find(lab, active) {
                Some(mut playbook) => series("Ansible playbook", lab, family, few, &mut playbook),
                None => println!("Ansible playbook: skipped, run benches/ansible/install first"),
            }
        }
        tool.settle();
    }
}

fn series(title: &str, lab: &Lab, family: Family, count: usize, mover: &mut dyn Mover) {
    // The first move finds cold caches: it is made and not counted.
    prober::dark(lab, family, mover);
    let mut dark: Vec<Duration> = (0..count).map(|_| prober::dark(lab, family, mover)).collect();
    dark.sort_unstable();
    // The nearest rank; of 50 the 99th percentile is the largest.
    let at = |percent: usize| ms(dark[(dark.len() * percent).div_ceil(100) - 1]);
    println!(
        "{title:<38} {:<6} {count:>6} {:>7.1} {:>7.1} {:>7.1}",
        family.label(),
        at(50),
        at(99),
        at(100)
    );
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
