//! The words of the field as validated types: once a value has one of these types, nothing inside
//! checks it again.

mod activity;
mod alarm;
mod cancel;
mod copying;
mod data;
pub mod diff;
pub mod digest;
mod load_count;
pub mod mask;
mod mode;
mod moved;
mod node;
mod pair;
pub mod paths;
mod priority;
mod secret;
mod side;
mod state;
pub mod syntax;

pub use activity::{Takeover, Traffic};
pub use alarm::{Category, Event, Raised, TEST};
pub use cancel::Cancel;
pub use copying::Copying;
pub use data::{AdminSync, BackupSource, DataSet, DataSource, Expect, Load, MatchRule, Patience, Reload};
pub use load_count::{CountAsk, Counted, LoadCount};
pub use mode::{Mode, Standby};
pub use moved::{Moved, Work};
pub use node::{Addresses, Hostname, Node, ServerId, SshTarget};
pub use pair::{BlockStyle, ExtraFile, Pair, Port, Transport, Vip};
pub use priority::Priority;
pub use secret::Secret;
pub use side::{BySide, Side};
pub use state::{Debt, Generation, NodeState, OpId};
