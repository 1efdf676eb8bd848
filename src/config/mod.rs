//! What administrators write: the pair file and the profiles. Read strictly, so that a misspelt key is
//! an error with its line and never a setting that silently does nothing.

mod alarm;
pub(crate) mod in_place;
mod pair_file;
mod pair_rules;
mod pair_update;
mod profile;
mod profile_store;
pub(crate) mod reader;
#[cfg(test)]
pub mod sample;

pub use alarm::{AlarmRule, parse_alarm};
pub use pair_file::{PAIR_FILE, load_pair, parse_pair};
pub use pair_rules::{PairFault, pair_faults};
pub use pair_update::render_pair;
pub use profile::{Hook, Profile, is_within, parse_profile};
pub use profile_store::{PROFILES_DIRECTORY, own_profile, profile, profile_names};
