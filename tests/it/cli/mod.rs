//! The command line without nodes: usage, answers, files, output, line mode, manual.

mod answers;
mod completions;
mod manual;
mod output;
mod pair_file;
mod plain;
mod terminal;
mod tool;
mod usage;
