//! What an operator would use instead.

use super::dump;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Copies without looking.
pub fn cp(source: &Path, target: &Path) -> Duration {
    timed(Command::new("cp").arg(source).arg(target))
}

/// One substitution a row; the dots are escaped, the ends of numbers are not looked at.
pub fn sed(source: &Path, target: &Path, rules: usize) -> Duration {
    let script: Vec<String> = dump::rules(rules)
        .iter()
        .map(|(from, to)| format!("s/{}/{to}/g", from.replace('.', "\\.")))
        .collect();
    let mut command = Command::new("sed");
    command.arg(script.join("\n")).arg(source);
    timed(command.stdout(File::create(target).expect("a file")))
}

/// The usual quick script: one pattern for any address, and a hash.
pub fn perl(source: &Path, target: &Path, rows: usize) -> Duration {
    let rows = dump::rules(rows);
    let hash: Vec<String> = rows.iter().map(|(from, to)| format!("'{from}','{to}'")).collect();
    let pattern = r"\b(\d{1,3}(?:\.\d{1,3}){3})\b";
    let hash = hash.join(",");
    let script = format!("BEGIN {{ %to = ({hash}) }} s{{{pattern}}}{{$to{{$1}} // $1}}ge");
    let mut command = Command::new("perl");
    command.args(["-pe", &script]).arg(source);
    timed(command.stdout(File::create(target).expect("a file")))
}

fn timed(command: &mut Command) -> Duration {
    let began = Instant::now();
    let status = command.status().expect("a program");
    assert!(status.success(), "{command:?}");
    began.elapsed()
}
