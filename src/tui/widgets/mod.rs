//! Parts of screens that more than one screen uses.

pub mod bars;
pub mod dialog;
pub mod node;
pub mod pair;
pub mod panel;
