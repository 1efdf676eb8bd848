//! The plain line mode: the menu's operations on any terminal that can show and read lines, such as a
//! serial console, and on none at all, when answers come through a pipe.

mod change;
mod console;
mod form;
mod keyboard;
mod looking;
mod menu;
mod operator;

pub use change::{Consent, Ended, change, offer, tell};
pub use console::{Console, Reply, Silent, Sink, Talk};
pub use form::{Asking, ask_form};
pub use looking::looking;
pub use menu::menu;
pub use operator::Attended;

#[cfg(test)]
mod script;
