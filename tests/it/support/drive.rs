//! Runs pairadm on a lab's pair and checks what every run has to keep: exit code, and JSON that agrees.

use super::lab::LabPair;
use std::process::Output;

/// Runs pairadm and expects this exit code; both outputs as one text.
pub fn run(lab: &LabPair, args: &[&str], code: i32) -> String {
    let output = lab.pairadm(args);
    let text = both(&output);
    assert_eq!(output.status.code(), Some(code), "pairadm {args:?}: {text}");
    text
}

/// Both outputs as one text.
pub fn both(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs pairadm with `--json`; the document must parse and agree with the exit code.
pub fn json(lab: &LabPair, args: &[&str]) -> (i32, serde_json::Value) {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let output = lab.pairadm(&args);
    let code = output.status.code().expect("pairadm ends by itself");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("pairadm {args:?}: {error}: {}", both(&output)));
    assert_eq!(value["exit_code"], code, "pairadm {args:?}: {value}");
    (code, value)
}
