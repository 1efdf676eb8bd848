//! How long `data copy` takes on two practice nodes, beside plain rsync over SSH with the same cipher
//! between the same nodes; and what three mirrors of mostly equal data take of the disk. Both are
//! started on a third host, which logs in.
//!
//! `cargo bench --bench mirror`, as root, on a machine that does little else and has 8 GB of memory free: the
//! data lies in memory, because a practice node's disk is small, and so that no disk is measured.
//! `PAIRADM_BENCH_RUNS` sets the number of runs (5), `PAIRADM_BENCH_MIB` the data in MiB (1024).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[allow(dead_code)] // no playbook is played here
mod lab;

use lab::{Controller, ssh};
use pairadm::lab::{Lab, LabName, Place, down, up};
use std::process::Command;
use std::time::{Duration, Instant};

const MIRRORS: &str = "/var/lib/pairadm/mirrors";
const BACKUP: &str = "/var/lib/pairadm/backup/current/";

fn main() {
    let number =
        |name: &str, usual: usize| std::env::var(name).map_or(usual, |text| text.parse().expect("a number"));
    let (runs, mib) = (number("PAIRADM_BENCH_RUNS", 5), number("PAIRADM_BENCH_MIB", 1024));
    let place = Place::new(std::env::var_os("PAIRADM_LAB_DIR").unwrap_or_else(|| Place::DEFAULT.into()));
    let name: LabName = "bench-mirror".parse().expect("a name");
    let started = up(&place, &name, None, &|line| println!("{line}")).expect("the lab starts");
    let bench = Bench {
        lab: &started.lab,
        controller: Controller::of(&started.lab),
    };
    bench.prepare(mib);
    bench.measure(runs, mib);
    down(&place, &name).expect("the lab ends");
}

struct Bench<'l> {
    lab: &'l Lab,
    controller: Controller,
}

impl Bench<'_> {
    /// Half of the data in one file, half in files of one MiB; a key with which beta may run rsync on
    /// alpha as an operator would.
    fn prepare(&self, mib: usize) {
        self.pairadm(&["configure", "--yes"]);
        for (host, directory) in [
            ("alpha", "/etc/kamailio/big"),
            ("alpha", "/var/lib/pairadm/backup"),
            ("beta", MIRRORS),
            ("beta", "/var/lib/plain"),
        ] {
            let mount = format!("mkdir -p {directory} && mount -t tmpfs -o size=6g none {directory}");
            self.sh(host, &mount);
        }
        let key = std::fs::read_to_string(self.lab.key()).expect("the lab's key");
        self.sh(
            "beta",
            &format!("umask 077; printf %s '{key}' > /root/bench_key; echo >> /root/bench_key"),
        );
        let half = mib / 2;
        self.sh(
            "alpha",
            &format!(
                "cd /etc/kamailio/big && head -c {half}M /dev/urandom > one && \
                 for n in $(seq {half}); do head -c 1M /dev/urandom > many$n; done"
            ),
        );
        self.pairadm(&["data", "backup", "--yes"]);
    }

    fn measure(&self, runs: usize, mib: usize) {
        println!(
            "{:34} {:>8} {:>8} {:>8}   s, {runs} runs",
            "", "min", "median", "max"
        );
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            self.sh("beta", &format!("rm -rf {MIRRORS}/* /var/lib/plain/*; sync"));
            ours.push(timed(|| self.copy()));
            theirs.push(timed(|| self.plain()));
        }
        let (ours, theirs) = (row("data copy, first", ours), row("rsync -e ssh, first", theirs));
        println!("  rate of data copy / rsync: {:.2}", theirs / ours);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for run in 0..runs {
            self.change(run, mib);
            ours.push(timed(|| self.copy()));
            theirs.push(timed(|| self.plain()));
        }
        let (ours, theirs) = (
            row("data copy, 1 % changed", ours),
            row("rsync -e ssh, 1 % changed", theirs),
        );
        println!("  time of data copy / rsync: {:.2}", ours / theirs);
        while self.kibibytes(&format!("ls {MIRRORS} | wc -l")) < 3 {
            self.change(runs, mib);
            self.copy();
        }
        let all = self.kibibytes(&format!("du -sk {MIRRORS} | cut -f1"));
        let one = self.kibibytes(&format!("du -sk {MIRRORS}/$(ls {MIRRORS} | tail -1) | cut -f1"));
        println!("disk: three mirrors take {} % of one", all * 100 / one);
    }

    /// Other content in one file of a hundred.
    fn change(&self, run: usize, mib: usize) {
        let last = (mib / 100).max(1);
        self.sh(
            "alpha",
            &format!(
                "cd /etc/kamailio/big && for n in $(seq {last}); do head -c 1M /dev/urandom > many$((n + {run})); done"
            ),
        );
        self.pairadm(&["data", "backup", "--yes"]);
    }

    fn copy(&self) {
        self.pairadm(&["data", "copy", "--yes"]);
    }

    fn plain(&self) {
        let alpha = self.lab.node("alpha").expect("alpha").dup_v4;
        let line = format!(
            "rsync -aHAX --numeric-ids --delete \
             -e 'ssh -F none -i /root/bench_key -c aes128-gcm@openssh.com' root@{alpha}:{BACKUP} /var/lib/plain/"
        );
        ssh(self.lab, "beta", &line);
    }

    fn pairadm(&self, arguments: &[&str]) {
        self.controller
            .run(Command::new(env!("CARGO_BIN_EXE_pairadm")), arguments);
    }

    fn kibibytes(&self, line: &str) -> u64 {
        self.sh("beta", line).trim().parse().expect("a number")
    }

    fn sh(&self, host: &str, line: &str) -> String {
        let command = ["sh", "-c", line].map(str::to_owned);
        let tool = self.lab.enter(host, &command).expect("a node");
        let output = tool.output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{host}: {line}: {told}");
        String::from_utf8(output.stdout).expect("text")
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

/// Prints the times and returns the median, in seconds.
fn row(name: &str, mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    let median = seconds[seconds.len() / 2];
    println!(
        "{name:34} {:8.2} {median:8.2} {:8.2}",
        seconds[0],
        seconds[seconds.len() - 1]
    );
    median
}
