//! Words for people on a terminal: plan reviews, status, progress and history as lines of text whose
//! colours only repeat what the words say. Pure; where the lines go is decided elsewhere.

mod amount;
mod diff;
mod failback;
mod held;
mod history;
mod line;
mod progress;
mod review;
mod status;
pub mod translation;

pub use amount::{age, bytes, how_far, seconds, since};
pub use diff::differences;
pub use failback::losses;
pub use held::data_held;
pub use history::history;
pub use line::{Line, Tone, fill, printable};
pub use progress::Progress;
pub use review::review;
pub use status::status;
