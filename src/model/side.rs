//! Primary and secondary: the designation of a server, independent of who serves calls.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The role a node is designated for in the pair file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The side that normally serves calls.
    Primary,
    /// The side that stands by.
    Secondary,
}

impl Side {
    /// Both sides, primary first.
    pub const BOTH: [Self; 2] = [Self::Primary, Self::Secondary];

    /// The peer.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// The word used in files, flags and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "primary" => Ok(Self::Primary),
            "secondary" => Ok(Self::Secondary),
            other => Err(format!("`{other}` is not a side; accepted: primary, secondary")),
        }
    }
}

/// One value for each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BySide<T> {
    /// The primary's value.
    pub primary: T,
    /// The secondary's value.
    pub secondary: T,
}

impl<T> BySide<T> {
    /// Makes each side's value by `f`.
    pub fn new(mut f: impl FnMut(Side) -> T) -> Self {
        Self {
            primary: f(Side::Primary),
            secondary: f(Side::Secondary),
        }
    }

    /// Both values, primary first.
    pub fn iter(&self) -> impl Iterator<Item = (Side, &T)> {
        [(Side::Primary, &self.primary), (Side::Secondary, &self.secondary)].into_iter()
    }

    /// Applies `f` to each value.
    pub fn map<U>(self, mut f: impl FnMut(Side, T) -> U) -> BySide<U> {
        BySide {
            primary: f(Side::Primary, self.primary),
            secondary: f(Side::Secondary, self.secondary),
        }
    }

    /// Borrows both.
    pub fn as_ref(&self) -> BySide<&T> {
        BySide {
            primary: &self.primary,
            secondary: &self.secondary,
        }
    }
}

impl<T> std::ops::Index<Side> for BySide<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::Primary => &self.primary,
            Side::Secondary => &self.secondary,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for BySide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Primary => &mut self.primary,
            Side::Secondary => &mut self.secondary,
        }
    }
}
