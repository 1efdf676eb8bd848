//! How long steps took, and moments to the minute.

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
    }

    #[test]
    fn a_moment_is_shown_in_its_own_zone() {
        assert_eq!(moment("2026-11-20T21:00:03+01:00"), "2026-11-20 21:00");
        assert_eq!(moment("yesterday"), "yesterday");
    }
}
