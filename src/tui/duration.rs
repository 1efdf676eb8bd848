//! Durations in the unit that suits them, and moments to the minute.

use chrono::DateTime;

/// A moment as recorded (RFC 3339), to the minute of the time zone it was recorded in; any other text
/// as it is.
pub fn moment(recorded: &str) -> String {
    DateTime::parse_from_rfc3339(recorded).map_or_else(
        |_| recorded.to_owned(),
        |moment| moment.format("%Y-%m-%d %H:%M").to_string(),
    )
}

/// How long something took: `0.04 ms`, `1.4 ms`, `12 ms`, `3.1 s`.
pub fn took(us: u64) -> String {
    let whole_ms = us / 1_000;
    match us {
        0..1_000 => format!("0.{:02} ms", us / 10),
        1_000..10_000 => format!("{whole_ms}.{} ms", us % 1_000 / 100),
        10_000..1_000_000 => format!("{whole_ms} ms"),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

/// How long ago something was: `3 s`, `2 min`, `5 h`.
pub fn age(ms: u64) -> String {
    match ms / 1_000 {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7_199 => format!("{} min", s / 60),
        s => format!("{} h", s / 3_600),
    }
}

/// How long before `now` something was, both in Unix seconds: `3 s ago`, `2 min ago`, `5 h ago`,
/// `3 days ago`. Clocks that disagree make nothing older than now.
pub fn since(now: i64, then: i64) -> String {
    let seconds = u64::try_from(now.saturating_sub(then)).unwrap_or(0);
    match seconds / 86_400 {
        0..2 => format!("{} ago", age(seconds.saturating_mul(1_000))),
        days => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_suits_the_length() {
        assert_eq!(took(45), "0.04 ms");
        assert_eq!(took(410), "0.41 ms");
        assert_eq!(took(8_410), "8.4 ms");
        assert_eq!(took(12_345), "12 ms");
        assert_eq!(took(3_140_000), "3.1 s");
        assert_eq!(age(3_999), "3 s");
        assert_eq!(age(150_000), "2 min");
        assert_eq!(age(7_200_000), "2 h");
    }

    #[test]
    fn what_was_long_ago_is_told_in_days() {
        assert_eq!(since(100, 97), "3 s ago");
        assert_eq!(since(100_000, 0), "27 h ago");
        assert_eq!(since(864_000, 0), "10 days ago");
        assert_eq!(since(0, 50), "0 s ago");
    }

    #[test]
    fn a_moment_is_shown_in_its_own_zone() {
        assert_eq!(moment("2026-11-20T21:00:03+01:00"), "2026-11-20 21:00");
        assert_eq!(moment("yesterday"), "yesterday");
    }
}
