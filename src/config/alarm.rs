//! Alarm files, `/etc/pairadm/reactions.d/NAME.toml` on each node: what raises an alarm, what ends it, and
//! the program that is told.

use super::reader::Source;
use crate::error::Result;
use crate::model::syntax::{absolute_path, shown};
use crate::model::{Category, Event};

/// Longer than this nobody waits for an alarm to end by itself: 30 days.
const LONGEST_S: u32 = 30 * 86_400;

/// An alarm condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRule {
    /// Name of the file without `.toml`.
    pub name: String,
    /// How bad it is.
    pub category: Category,
    /// What raises it.
    pub events: Vec<Event>,
    /// What clears it.
    pub cancelled_by: Vec<Event>,
    /// Seconds after which it is cleared by itself.
    pub cancel_after_s: Option<u32>,
    /// Run when it is raised and when it is cleared.
    pub program: Option<String>,
}

/// Validates the text of an alarm file; `file` is its name in messages.
pub fn parse_alarm(name: &str, text: &str, file: &str) -> Result<AlarmRule> {
    let source = Source::parse(text, file, "bad_alarm_file")?;
    let mut root = source.root();
    root.need("events", "events such as [\"passive\"] or [\"4560\", \"4561\"]");
    root.refuse_empty("events", "no event; accepted: one or more that raise the alarm");
    let events = root.list("events", str::parse::<Event>);
    let cancelled_by = root.list("cancelled_by", str::parse::<Event>);
    let category = root.need_text("category", "critical, major, minor", str::parse::<Category>);
    let cancel_after = root.text("cancel_after", cancel_after);
    let program = root.text("program", absolute_path);
    root.close();
    let raising: Vec<u16> = events.iter().flat_map(|event| event.codes()).collect();
    let cancelling = cancelled_by.iter().flat_map(|event| event.codes());
    if let Some(both) = cancelling.into_iter().find(|code| raising.contains(code)) {
        let text = format!("`{both}` raises the alarm too; accepted: events that are not among `events`");
        source.fault("cancelled_by", &text);
    }
    let rule = category.map(|category| AlarmRule {
        name: name.to_owned(),
        category,
        events,
        cancelled_by,
        cancel_after_s: cancel_after.filter(|seconds| *seconds > 0),
        program,
    });
    source.finish(rule)
}

/// `0`, or a number with `s`, `m`, `h` or `d`; in seconds.
fn cancel_after(text: &str) -> std::result::Result<u32, String> {
    let refuse = || {
        format!(
            "`{}` is not a time; accepted: 0 (never), or a number with s, m, h or d up to 30d, such as 10m",
            shown(text)
        )
    };
    if text == "0" {
        return Ok(0);
    }
    let unit = match text.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => return Err(refuse()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| refuse())?;
    number
        .checked_mul(unit)
        .filter(|seconds| *seconds <= LONGEST_S)
        .ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "events = [\"passive\"]\ncategory = \"major\"\ncancelled_by = [\"active\"]\ncancel_after = \"10m\"\nprogram = \"/usr/local/sbin/page\"\n";

    #[test]
    fn a_sound_file_is_read() {
        let rule = parse_alarm("moved", SOUND, "x").unwrap();
        assert_eq!((rule.cancel_after_s, rule.category), (Some(600), Category::Major));
        let least = parse_alarm("moved", "events = [\"4560\"]\ncategory = \"minor\"\n", "x").unwrap();
        assert_eq!((least.cancel_after_s, least.program), (None, None));
        assert_eq!(cancel_after("0"), Ok(0));
        assert_eq!(cancel_after("30d"), Ok(LONGEST_S));
    }

    #[test]
    fn each_fault_is_named_with_line_key_value_and_what_is_accepted() {
        let cases: [(&str, &str, &[&str]); 9] = [
            (
                "\"passive\"",
                "\"gone\"",
                &["line 1", "events", "`gone`", "active, passive"],
            ),
            ("events = [\"passive\"]\n", "", &["`events` is missing"]),
            ("[\"passive\"]", "[]", &["events", "no event"]),
            (
                "major",
                "huge",
                &["line 2", "category", "`huge`", "critical, major, minor"],
            ),
            (
                "[\"active\"]",
                "[\"4560\"]",
                &["line 3", "cancelled_by", "`4560` raises"],
            ),
            ("10m", "10", &["line 4", "cancel_after", "`10`", "30d"]),
            ("10m", "31d", &["`31d`"]),
            ("10m", "é", &["`é`"]),
            (
                "program",
                "programme",
                &["line 5", "unknown key `programme`", "program"],
            ),
        ];
        for (is, becomes, parts) in cases {
            let error = parse_alarm("moved", &SOUND.replace(is, becomes), "/etc/x.toml").unwrap_err();
            let text = error.to_string();
            for part in parts.iter().chain(&["/etc/x.toml"]) {
                assert!(text.contains(part), "{becomes}: no `{part}` in {text}");
            }
        }
    }
}
