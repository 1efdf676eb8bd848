//! Hooks of a profile: a program by argument vector, its time limited, the end of its output kept.

use super::protocol::StepReport;
use super::step::Context;
use crate::agent::program::run_from;
use crate::error::{Error, Result};
use std::time::{Duration, Instant};

/// Characters of a hook's output that go into the report.
const TAIL: usize = 2000;

/// Runs a hook; any exit but 0 is a failure.
pub fn run(context: &Context<'_>, argv: &[String], timeout_ms: u64) -> Result<StepReport> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let deadline = context
        .deadline
        .min(Instant::now() + Duration::from_millis(timeout_ms));
    let line = argv.join(" ");
    let finished = run_from(context.paths.search(), &words, deadline).map_err(|error| {
        error
            .at(&line)
            .hint("run it by hand on the node to see what it waits for")
    })?;
    let output = tail(&format!("{}{}", finished.stdout, finished.stderr));
    if !finished.status.success() {
        return Err(
            Error::incomplete("hook_failed", format!("the hook ended with {}", finished.status))
                .at(&line)
                .because(output)
                .hint("run it by hand on the node"),
        );
    }
    Ok(StepReport {
        changed: true,
        detail: if output.is_empty() {
            format!("ran `{line}`")
        } else {
            format!("ran `{line}`: {output}")
        },
        backup: None,
    })
}

fn tail(text: &str) -> String {
    let text = text.trim();
    let skip = text.chars().count().saturating_sub(TAIL);
    text.chars().skip(skip).collect()
}
