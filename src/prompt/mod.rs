//! The plain line mode: the menu's operations on any terminal that can show and read lines, such as a
//! serial console, and on none at all, when answers come through a pipe.

mod change;
mod console;
mod form;
mod menu;

pub use change::{Consent, change, go_on};
pub use console::{Console, Reply, Sink, Talk};
pub use form::{Asking, ask_form};
pub use menu::menu;

#[cfg(test)]
mod script;
