//! How far a step has come that takes longer than a person waits without asking.

use super::OpId;
use serde::{Deserialize, Serialize};

/// What a long step has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moved {
    /// What it is at: "copy", "verify", "translate".
    pub what: String,
    /// Bytes done of it.
    pub done: u64,
    /// Bytes in all, once that is known.
    pub total: Option<u64>,
    /// Bytes a second, over the time since this part began.
    pub rate: u64,
}

/// A long step that is going on, as any controller can see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The operation.
    pub op: OpId,
    /// What the operation is: "copy the backup of primary (alpha)".
    pub title: String,
    /// How far its step is.
    pub moved: Moved,
}

impl Moved {
    /// Seconds left at the present rate; `None` while that is anybody's guess.
    pub fn left_s(&self) -> Option<u64> {
        let left = self.total?.saturating_sub(self.done);
        left.checked_div(self.rate)
    }

    /// Hundredths done, 100 only at the end.
    pub fn percent(&self) -> Option<u64> {
        let total = self.total?;
        Some(
            self.done
                .min(total)
                .saturating_mul(100)
                .checked_div(total)
                .unwrap_or(100),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(done: u64, total: Option<u64>, rate: u64) -> Moved {
        Moved {
            what: "copy".to_owned(),
            done,
            total,
            rate,
        }
    }

    #[test]
    fn time_left_is_told_only_when_it_can_be_known() {
        assert_eq!(moved(50, Some(150), 10).left_s(), Some(10));
        assert_eq!(moved(50, Some(150), 0).left_s(), None);
        assert_eq!(moved(50, None, 10).left_s(), None);
    }

    #[test]
    fn nothing_to_do_is_all_done() {
        assert_eq!(moved(0, Some(0), 0).percent(), Some(100));
        assert_eq!(moved(1, Some(3), 0).percent(), Some(33));
        assert_eq!(moved(9, Some(3), 0).percent(), Some(100));
    }
}
