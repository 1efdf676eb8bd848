//! How long `status` and `configure` take on two practice nodes, beside what an operator would use
//! instead: one `ssh NODE true`, and an Ansible playbook that pushes as many files.
//!
//! `cargo bench --bench speed`, as root, on a machine that does little else. `PAIRADM_BENCH_RUNS` sets the
//! number of runs (15); `benches/ansible/install` puts the playbook's program in its place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod lab;

use lab::{Ansible, Controller, ssh};
use pairadm::lab::{Lab, LabName, Place, down, up};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn main() {
    let runs = std::env::var("PAIRADM_BENCH_RUNS").map_or(15, |text| text.parse().expect("a number"));
    let place = Place::new(std::env::var_os("PAIRADM_LAB_DIR").unwrap_or_else(|| Place::DEFAULT.into()));
    let name: LabName = "bench-speed".parse().expect("a name");
    let started = up(&place, &name, None, &|line| println!("{line}")).expect("the lab starts");
    let bench = Bench {
        lab: &started.lab,
        controller: Controller::of(&started.lab),
    };
    measure(&bench, runs);
    down(&place, &name).expect("the lab ends");
    let program = Path::new(env!("CARGO_BIN_EXE_pairadm"));
    let size = program.metadata().expect("the program").len();
    println!("program: {} kB, {}", size / 1000, linkage(program));
}

fn measure(bench: &Bench<'_>, runs: usize) {
    println!(
        "{:38} {:>7} {:>7} {:>7}   ms, {runs} runs",
        "", "min", "median", "max"
    );
    bench.pairadm(&["configure", "--yes"]);
    let ssh = series("ssh NODE true", runs, || ssh(bench.lab, "alpha", "true"));
    let status = series("pairadm status --json, both nodes", runs, || {
        bench.pairadm(&["status", "--json"]);
    });
    ratio("status / ssh", status, ssh);
    let unchanged = series("pairadm configure, nothing to change", runs, || {
        bench.pairadm(&["configure", "--yes"]);
    });
    ratio("unchanged configure / ssh", unchanged, ssh);
    let configure = series_after(
        "pairadm configure --yes, from nothing",
        runs,
        || bench.reset(),
        || {
            bench.pairadm(&["configure", "--yes"]);
        },
    );
    match Ansible::find(bench.lab) {
        Some(ansible) => {
            let playbook = series("ansible-playbook, the same amount", runs.min(5), || {
                push_files(&ansible);
            });
            ratio("configure / playbook", configure, playbook);
        }
        None => println!("ansible-playbook: skipped, run benches/ansible/install first"),
    }
}

fn series(name: &str, runs: usize, run: impl FnMut()) -> Duration {
    series_after(name, runs, || (), run)
}

/// Times `run`, each time after an untimed `prepare`; returns the median.
fn series_after(name: &str, runs: usize, mut prepare: impl FnMut(), mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            prepare();
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let median = times[times.len() / 2];
    println!(
        "{name:38} {:7.1} {:7.1} {:7.1}",
        ms(times[0]),
        ms(median),
        ms(times[times.len() - 1])
    );
    median
}

fn ratio(name: &str, ours: Duration, theirs: Duration) {
    println!("  {name}: {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
}

struct Bench<'l> {
    lab: &'l Lab,
    controller: Controller,
}

impl Bench<'_> {
    fn pairadm(&self, arguments: &[&str]) {
        self.controller
            .run(Command::new(env!("CARGO_BIN_EXE_pairadm")), arguments);
    }

    /// Both nodes as before the first `configure`, but for the program, which is brought once.
    fn reset(&self) {
        self.pairadm(&["remove", "--yes", "--set", "proceed=continue"]);
    }
}

/// Other content each time, so that there is something to do.
fn push_files(ansible: &Ansible) {
    let stamp = format!("stamp={:?}", Instant::now()).replace([' ', '{', '}', ':', ','], "");
    ansible.play(|program| Command::new(program), "configure.yml", &stamp);
}

fn linkage(program: &Path) -> &'static str {
    let output = Command::new("file").arg("-L").arg(program).output();
    let told = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    if told.contains("static") {
        "static"
    } else {
        "not known to be static: is `file` installed?"
    }
}
