//! How fast addresses are translated in a large SQL dump, beside `cp`, `sed` and a Perl script that do
//! the same or less.
//!
//! `cargo bench --bench translate`, on a machine that does little else. `PAIRADM_BENCH_MB` sets the size
//! of the dump (360). Each run of the engine is a process of its own, whose peak memory is read from
//! `/proc/self/status`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss
)]

mod dump;
mod others;

use pairadm::translate::{Table, Translator};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs of each measurement; the fastest counts, because others use the machine too. Each writes a new file,
/// as pairadm does: to empty one that the disk does not have yet takes a third of the time.
const RUNS: usize = 5;

/// Peak memory beside the table that is promised, kB.
const MEMORY: u64 = 32 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, rows, source, target] = arguments.as_slice()
        && child == "--child"
    {
        return translate_alone(rows.parse().expect("a number"), source, target);
    }
    let megabytes = std::env::var("PAIRADM_BENCH_MB").map_or(360, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let (source, target) = (
        folder.path().join("dump.sql"),
        folder.path().join("translated.sql"),
    );
    let addresses = dump::write(&source, megabytes);
    let size = fs::metadata(&source).expect("the dump").len();
    println!(
        "dump: {} MB, an address every {} bytes",
        size / 1_000_000,
        size / addresses
    );
    println!("{:44} {:>8} {:>8} {:>10}", "", "MB/s", "of CPU", "peak MB");

    let cp = fastest(&target, || others::cp(&source, &target));
    line("cp", size, cp, None);
    let runs: Vec<Run> = [10, 100, 1000, 100_000]
        .map(|rows| engine(rows, &source, &target))
        .into();
    let crowded = engine(dump::CROWDED, &source, &target);
    let perl = fastest(&target, || others::perl(&source, &target, 1000));
    line("perl, one regex and a hash, 1000 rows", size, perl, None);
    let slice = folder.path().join("slice.sql");
    let (tenth, hundredth) = (size / 10, size / 50);
    let sed_10 = sed(10, &source, &slice, &target, tenth);
    let sed_100 = sed(100, &source, &slice, &target, hundredth);

    let thousand = &runs[2];
    let speed = |size: u64, time: Duration| size as f64 / time.as_secs_f64() / 1e6;
    let ours = speed(size, thousand.wall);
    let cpu = speed(size, thousand.cpu);
    let slowest = runs.iter().map(|run| run.cpu).max().expect("runs").as_secs_f64();
    let quickest = runs.iter().map(|run| run.cpu).min().expect("runs").as_secs_f64();
    let peak = runs
        .iter()
        .chain([&crowded])
        .map(|run| run.peak)
        .max()
        .expect("runs");
    println!("{:58} {:>8} {:>8}", "", "is", "wanted");
    goal("1000 rows, MB per second of one core", cpu, ">= 1000");
    goal("1000 rows / perl", ours / speed(size, perl), ">= 10");
    goal(
        "100 rows / sed with 100 rules",
        speed(size, runs[1].wall) / speed(hundredth, sed_100),
        ">= 100",
    );
    goal(
        "10 rows / sed with 10 rules",
        speed(size, runs[0].wall) / speed(tenth, sed_10),
        "",
    );
    goal(
        "slowest / quickest of 10 to 100 000 rows",
        slowest / quickest,
        "<= 1.2",
    );
    goal(
        "1000 rows / cp, time",
        thousand.wall.as_secs_f64() / cp.as_secs_f64(),
        "",
    );
    goal(
        "peak memory beside the table, MB",
        peak as f64 / 1024.0,
        &format!("<= {}", MEMORY / 1024),
    );
}

fn goal(what: &str, is: f64, wanted: &str) {
    println!("{what:58} {is:8.2} {wanted:>8}");
}

fn line(what: &str, size: u64, wall: Duration, run: Option<&Run>) {
    let speed = |time: Duration| format!("{:.0}", size as f64 / time.as_secs_f64() / 1e6);
    let cpu = run.map_or(String::new(), |run| speed(run.cpu));
    let peak = run.map_or(String::new(), |run| format!("{:.1}", run.peak as f64 / 1024.0));
    println!("{what:44} {:>8} {cpu:>8} {peak:>10}", speed(wall));
}

fn fastest(target: &Path, run: impl Fn() -> Duration) -> Duration {
    let runs = (0..RUNS).map(|_| {
        clear(target);
        run()
    });
    runs.min().expect("runs")
}

/// What was written goes, and what is left to be written is waited for.
fn clear(target: &Path) {
    let _ = fs::remove_file(target);
    let synced = Command::new("sync").status().expect("sync");
    assert!(synced.success(), "sync");
}

/// `sed` with `rules`, on the first `bytes` of the dump.
fn sed(rules: usize, source: &Path, slice: &Path, target: &Path, bytes: u64) -> Duration {
    let mut whole = io::Read::take(File::open(source).expect("the dump"), bytes);
    io::copy(&mut whole, &mut File::create(slice).expect("a slice")).expect("a slice");
    let time = fastest(target, || others::sed(slice, target, rules));
    line(
        &format!("sed, {rules} rules, on {} MB of it", bytes / 1_000_000),
        bytes,
        time,
        None,
    );
    time
}

/// What runs of the engine took at least.
struct Run {
    wall: Duration,
    cpu: Duration,
    /// Beyond what the program with its table takes, kB.
    peak: u64,
}

/// The engine with a table of so many rows, in a process of its own.
fn engine(rows: usize, source: &Path, target: &Path) -> Run {
    let program = std::env::current_exe().expect("this program");
    let runs = (0..RUNS).map(|_| {
        clear(target);
        let mut command = Command::new(&program);
        command
            .args(["--child", &rows.to_string()])
            .args([source, target]);
        let output = command.output().expect("a child");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).expect("text");
        let numbers: Vec<u64> = text
            .split_whitespace()
            .map(|word| word.parse().expect("a number"))
            .collect();
        let [wall, cpu, peak] = numbers[..] else {
            panic!("{text}")
        };
        Run {
            wall: Duration::from_nanos(wall),
            cpu: Duration::from_nanos(cpu),
            peak,
        }
    });
    let fastest = |one: Run, other: Run| Run {
        wall: one.wall.min(other.wall),
        cpu: one.cpu.min(other.cpu),
        peak: one.peak.max(other.peak),
    };
    let run = runs.reduce(fastest).expect("runs");
    let what = if rows == dump::CROWDED {
        format!("pairadm, {rows} rows, each address in the table")
    } else {
        format!("pairadm, {rows} rows")
    };
    line(
        &what,
        fs::metadata(source).expect("the dump").len(),
        run.wall,
        Some(&run),
    );
    run
}

/// The child: prints wall time, processor time (ns) and peak memory beside the table (kB).
fn translate_alone(rows: usize, source: &str, target: &str) {
    let table = Table {
        entries: dump::table(rows),
    };
    let translator = Translator::new(&table).expect("a table");
    let before = memory("VmRSS:");
    // The peak begins anew: proc(5), clear_refs.
    fs::write("/proc/self/clear_refs", "5").expect("proc");
    let (began, used) = (Instant::now(), processor_time());
    let mut source = File::open(source).expect("the dump");
    let counts = translator.copy(&mut source, &mut File::create(target).expect("a file"));
    let (wall, cpu) = (began.elapsed(), processor_time().saturating_sub(used));
    assert!(counts.expect("a translation").total() > 0);
    let peak = memory("VmHWM:").saturating_sub(before);
    println!("{} {} {peak}", wall.as_nanos(), cpu.as_nanos());
}

fn memory(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find(|line| line.starts_with(key)).expect("a line");
    line.split_whitespace()
        .nth(1)
        .expect("a number")
        .parse()
        .expect("a number")
}

/// What this thread has used: the first number of `schedstat`, ns.
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("proc");
    let first = text.split_whitespace().next().expect("a number");
    Duration::from_nanos(first.parse().expect("a number"))
}
