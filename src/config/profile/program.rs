//! Programs that a profile names: hooks of a takeover and counters shown before it.

use crate::config::reader::Section;
use crate::facts::CounterQuery;
use crate::model::syntax::shown;

/// A program of the profile that runs on a node when its side changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Program and arguments; no shell.
    pub argv: Vec<String>,
    /// What takes it back, if anything does.
    pub undo: Option<Vec<String>>,
    /// Milliseconds it may take.
    pub timeout_ms: u64,
}

/// Hooks that do not say otherwise may take this long, seconds: a call to a server's console takes
/// milliseconds, and longer than this nobody wants to wait inside a takeover.
const HOOK_TIMEOUT_S: u64 = 5;

pub fn hook(mut table: Section<'_>) -> Hook {
    let argv = program(&mut table);
    let undo = table.list("undo", argument);
    let timeout_s = table.number("timeout_s", |seconds| match u64::try_from(seconds) {
        Ok(seconds @ 1..=300) => Ok(seconds),
        _ => Err(format!(
            "`{seconds}` is not a time-out; accepted: 1 to 300 seconds"
        )),
    });
    table.close();
    Hook {
        argv,
        undo: (!undo.is_empty()).then_some(undo),
        timeout_ms: timeout_s.unwrap_or(HOOK_TIMEOUT_S) * 1000,
    }
}

pub fn counter(mut table: Section<'_>) -> Option<CounterQuery> {
    let name = table.need_text("name", "calls or registrations", counter_name);
    let argv = program(&mut table);
    let after = table.text("after", |text| Ok(text.to_owned()));
    table.close();
    Some(CounterQuery {
        name: name?,
        argv,
        after: after.unwrap_or_default(),
    })
}

/// `argv`, which has to be there and to name a program.
pub fn program(table: &mut Section<'_>) -> Vec<String> {
    table.need(
        "argv",
        "program and arguments, such as [\"/usr/local/sbin/promote\"]",
    );
    let argv = table.list("argv", argument);
    table.refuse_empty("argv", "no program is named; accepted: program and arguments");
    argv
}

/// One word of a command.
pub fn argument(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("an argument is empty; accepted: program and arguments as separate texts".to_owned());
    }
    Ok(text.to_owned())
}

fn counter_name(text: &str) -> Result<String, String> {
    match text {
        "calls" | "registrations" => Ok(text.to_owned()),
        other => Err(format!(
            "`{}` is not a counter; accepted: calls, registrations",
            shown(other)
        )),
    }
}
