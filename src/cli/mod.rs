//! The command line: arguments, a file a command.

pub mod lab;
