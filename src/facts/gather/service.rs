//! The SIP service by the profile's own commands: version, liveness, counters. The programs exit 0 on
//! errors, so their text is read.

use crate::agent::console::is_alarming;
use crate::agent::program::{self, Finished};
use crate::facts::CounterQuery;
use std::time::Instant;

/// The first line that the version command prints.
pub fn version(argv: &[String], deadline: Instant) -> Result<String, String> {
    let ran = run(argv, deadline)?;
    let first = ran
        .stdout
        .lines()
        .chain(ran.stderr.lines())
        .find(|line| !line.trim().is_empty());
    match first {
        Some(line) if ran.status.success() => Ok(line.trim().to_owned()),
        _ => Err(format!("{}: {}", argv.join(" "), ran.last_words())),
    }
}

/// Whether the service says it lives, with its last line.
pub fn alive(argv: &[String], deadline: Instant) -> (bool, String) {
    match run(argv, deadline) {
        Ok(ran) => (ran.status.success() && !alarming(&ran), ran.last_words()),
        Err(why) => (false, why),
    }
}

/// One counter.
pub fn counter(query: &CounterQuery, deadline: Instant) -> Result<u64, String> {
    let ran = run(&query.argv, deadline)?;
    number_after(&ran.stdout, &query.after).ok_or_else(|| {
        format!(
            "counter {}: no number after `{}` in the answer",
            query.name, query.after
        )
    })
}

fn run(argv: &[String], deadline: Instant) -> Result<Finished, String> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    program::run(&words, "", deadline).map_err(|error| error.to_string())
}

fn alarming(ran: &Finished) -> bool {
    is_alarming(&format!("{}{}", ran.stdout, ran.stderr).to_ascii_lowercase())
}

/// The first whole number after the first occurrence of `after`, on the same line.
fn number_after(output: &str, after: &str) -> Option<u64> {
    let rest = &output[output.find(after)? + after.len()..];
    let line = rest.lines().next()?;
    let digits: String = line
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_counter_follows_its_text() {
        let answer = "{\n\tall: 12\n\tearly: 3\n\tAOR: none\n}\n";
        assert_eq!(number_after(answer, "early:"), Some(3));
        assert_eq!(
            number_after(answer, "AOR:"),
            None,
            "a number of a later line is not the counter"
        );
        assert_eq!(number_after("17 active calls", ""), Some(17));
        assert_eq!(number_after(answer, "absent"), None);
    }

    #[test]
    fn exit_0_with_an_error_text_is_not_alive() {
        let argv = ["echo", "ERROR: connect: no such file"].map(str::to_owned);
        let (alive, line) = alive(&argv, Instant::now() + std::time::Duration::from_secs(5));
        assert!(!alive);
        assert!(line.contains("connect"));
    }

    #[test]
    fn a_failing_version_command_is_a_gap() {
        let argv = ["sh", "-c", "echo 1.0; exit 1"].map(str::to_owned);
        assert!(version(&argv, Instant::now() + std::time::Duration::from_secs(5)).is_err());
    }
}
