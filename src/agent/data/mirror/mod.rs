//! Copying a backup from node to node, step by step.
//!
//! ```text
//!   the node that has it            the node that copies it
//!                                   login, while the rest is planned
//!   offer ── service (if plain)     pull ─┬─ alone: what a killed agent left running is ended
//!     │                                   ├─ resume: what a broken copy left is made safe to go on from
//!     │                                   ├─ rsync over SSH or to the service
//!     │                                   └─ verified against the manifest
//!   withdraw: still the same?       keep: the name, and at commit the oldest goes
//! ```

mod alone;
mod examine;
mod keep;
mod login;
mod offer;
mod pull;
mod resume;
mod rsync;
mod service;

pub use examine::examine;
pub use keep::{keep, rotate, take_name_back, verify_kept};
pub use login::{Ahead, Peer};
pub use offer::{OFFERED_MANIFEST, offer, offered, verify_offer, withdraw, withdraw_unchanged};
pub use pull::{pull, verify_pulled};
pub use rsync::BACKUP;
