//! The console of the SIP service: commands that make it take something up, and the question whether it
//! lives. Servers' consoles exit 0 on errors, so the text decides.

use super::program::{Finished, run_from};
use super::protocol::StepReport;
use super::step::Context;
use crate::error::{Error, Result};
use crate::model::Patience;
use std::time::{Duration, Instant};

/// How long one command may take.
const COMMAND: Duration = Duration::from_secs(30);

/// How often a command is said again.
const PAUSE: Duration = Duration::from_millis(300);

/// Characters of the answer that go into messages.
const WORDS: usize = 500;

/// Has the service take something up.
pub fn reload(
    context: &Context<'_>,
    argv: &[String],
    optional: bool,
    patience: &Patience,
) -> Result<StepReport> {
    let patient = Duration::from_secs(patience.seconds.into());
    let until = (Instant::now() + patient).min(context.deadline);
    loop {
        let finished = say(context, argv, COMMAND)?;
        let answer = answer(&finished);
        let low = answer.to_ascii_lowercase();
        if finished.status.success() && !is_alarming(&low) {
            return Ok(report(true, format!("`{}`: {answer}", argv.join(" "))));
        }
        if optional && is_unknown(&low) {
            let line = argv.join(" ");
            return Ok(report(
                false,
                format!("`{line}`: the service has no such command"),
            ));
        }
        let busy = patience.busy.iter().any(|text| low.contains(text));
        if !busy || Instant::now() >= until {
            return Err(
                Error::incomplete("reload_failed", "the service did not take the data up")
                    .at(argv.join(" "))
                    .because(if answer.is_empty() {
                        finished.status.to_string()
                    } else {
                        answer
                    })
                    .hint("run it by hand on the node, and see the service's log"),
            );
        }
        std::thread::sleep(PAUSE);
    }
}

/// Asks until the service says that it lives.
pub fn alive(context: &Context<'_>, argv: &[String], timeout_ms: u64) -> Result<StepReport> {
    let until = (Instant::now() + Duration::from_millis(timeout_ms)).min(context.deadline);
    loop {
        let left = until.saturating_duration_since(Instant::now()).max(PAUSE);
        let said = match say(context, argv, left) {
            Ok(finished) => {
                let answer = answer(&finished);
                if finished.status.success() && !is_alarming(&answer.to_ascii_lowercase()) {
                    return Ok(report(false, "the service says that it lives".to_owned()));
                }
                answer
            }
            Err(error) => error.to_string(),
        };
        if Instant::now() >= until {
            return Err(Error::incomplete("not_alive", "the service does not live")
                .at(argv.join(" "))
                .because(said)
                .hint("see the service's log on the node"));
        }
        std::thread::sleep(PAUSE);
    }
}

fn say(context: &Context<'_>, argv: &[String], time: Duration) -> Result<Finished> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let deadline = context.deadline.min(Instant::now() + time);
    run_from(context.paths.search(), &words, deadline).map_err(|error| error.at(argv.join(" ")))
}

fn answer(finished: &Finished) -> String {
    let text = format!("{}{}", finished.stdout, finished.stderr);
    text.trim().chars().take(WORDS).collect()
}

/// Whether an answer in lower case tells of a failure.
pub fn is_alarming(answer: &str) -> bool {
    [
        "error",
        "-err",
        "unable to connect",
        "connection refused",
        "no such file",
        "no such command",
        "failed",
    ]
    .iter()
    .any(|word| answer.contains(word))
}

/// Whether an answer in lower case says that there is no such command: "error: 500 - command x not found" of
/// kamcmd, "Method not found" of opensips-cli, "No such command" of Asterisk.
pub fn is_unknown(answer: &str) -> bool {
    let not_found =
        answer.contains("not found") && ["command", "method"].iter().any(|word| answer.contains(word));
    not_found || answer.contains("no such command")
}

fn report(changed: bool, detail: String) -> StepReport {
    StepReport {
        changed,
        detail,
        backup: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_known_consoles_are_told_apart() {
        for (answer, alarming, unknown) in [
            ("ok. dispatcher successfully reloaded.", false, false),
            ("reload ok", false, false),
            ("error: 500 - command uac.reg_reload not found", true, true),
            ("error: 500 - ongoing reload", true, false),
            ("-err no such profile", true, false),
            (
                "no such command 'dialplan reload' (type 'core show help')",
                true,
                true,
            ),
            ("+ok acl reloaded", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (is_alarming(answer), is_unknown(answer)),
                (alarming, unknown),
                "{answer}"
            );
        }
    }
}
