//! The command line: usage, answers, files, output, line mode, manual, and on real nodes what is told.

mod answers;
mod completions;
mod manual;
mod nodes;
mod output;
mod pair_file;
mod plain;
mod stopping;
mod terminal;
mod tool;
mod usage;
