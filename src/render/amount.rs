//! Bytes, rates and times as people say them.

use crate::model::Moved;

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// `1.5 MiB`: three digits at most, whole bytes below 1 KiB.
pub fn bytes(count: u64) -> String {
    let mut unit = 0;
    let mut scale = 1_u64;
    while unit + 1 < UNITS.len() && count / scale >= 1024 {
        scale <<= 10;
        unit += 1;
    }
    let whole = count / scale;
    if unit == 0 || whole >= 100 {
        return format!("{whole} {}", UNITS[unit]);
    }
    // Units are powers of two of at least 1024, so a tenth of one is near enough.
    let tenth = (count % scale / (scale / 1024)) * 10 / 1024;
    format!("{whole}.{tenth} {}", UNITS[unit])
}

/// `45 s`, `3 min 20 s`, `2 h 5 min`.
pub fn seconds(count: u64) -> String {
    match (count / 3600, count / 60 % 60, count % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
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

/// `copy: 45 % of 1.0 GiB, 120 MiB/s, 5 s left`.
pub fn how_far(moved: &Moved) -> String {
    if moved.done == 0 && moved.total.is_none() {
        return moved.what.clone();
    }
    let mut parts = vec![match (moved.percent(), moved.total) {
        (Some(percent), Some(total)) => format!("{percent} % of {}", bytes(total)),
        _ => bytes(moved.done),
    }];
    if moved.rate > 0 {
        parts.push(format!("{}/s", bytes(moved.rate)));
    }
    if let Some(left) = moved.left_s() {
        parts.push(format!("{} left", seconds(left)));
    }
    format!("{}: {}", moved.what, parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits_at_most() {
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (150 << 20, "150 MiB"),
            ((1 << 30) - 1, "1023 MiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16777215 TiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn times_are_told_in_two_units() {
        assert_eq!(seconds(59), "59 s");
        assert_eq!(seconds(200), "3 min 20 s");
        assert_eq!(seconds(7500), "2 h 5 min");
    }

    #[test]
    fn progress_says_what_is_known() {
        let mut moved = Moved {
            what: "copy".to_owned(),
            done: 512 << 20,
            total: Some(1 << 30),
            rate: 128 << 20,
        };
        assert_eq!(how_far(&moved), "copy: 50 % of 1.0 GiB, 128 MiB/s, 4 s left");
        moved.total = None;
        assert_eq!(how_far(&moved), "copy: 512 MiB, 128 MiB/s");
    }

    #[test]
    fn what_was_long_ago_is_told_in_one_unit() {
        assert_eq!(age(3_999), "3 s");
        assert_eq!(age(150_000), "2 min");
        assert_eq!(since(100, 97), "3 s ago");
        assert_eq!(since(100_000, 0), "27 h ago");
        assert_eq!(since(864_000, 0), "10 days ago");
        assert_eq!(since(0, 50), "0 s ago");
    }
}
