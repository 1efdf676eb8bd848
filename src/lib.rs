//! pairadm administers a redundant pair of SIP servers: an operator configures the pair, moves
//! traffic, blocks and allows it, reverses the roles; pairadm plans the change, shows it, pushes it to
//! both nodes over SSH with in-place backups, verifies it, undoes it, and writes a change report.
//!
//! # One intent, three doors
//!
//! ```text
//!  menu (tui)      line mode (prompt)      flags and answers file (cli)
//!        \               |                    /
//!         one Form per operation (intent): prompt, help, default, validation
//!                        v
//!  facts of both nodes + intent ──pure planner (plan)──> Plan: stages of typed steps, diffs
//!                        v   shown, confirmed
//!  engine: lock both ─> journal ─> apply stage by stage ─> verify ─> commit ─> report
//!                        v
//!  agent on each node: the same binary, JSON lines over one SSH channel (remote)
//! ```
//!
//! - [`model`]: the field's words as validated types. [`config`]: pair file and profiles.
//! - [`intent`]: forms, and what completed answers resolve to. [`facts`]: what a node is like.
//! - [`plan`]: pure planners. A plan is data; the engine decides nothing.
//! - [`engine`]: carries a plan out, takes it back, finds what an interrupted run left.
//! - [`data`]: the data sets of a SIP server: saved, copied, loaded.
//! - [`agent`]: runs on a node. [`remote`]: reaches it. [`guard`]: what a node does when it boots.
//! - [`controller`]: the life of an operation from answers to report; what the doors stand on.
//! - [`translate`]: which addresses become which when a mirror is loaded on the other side.
//! - [`status`], [`report`], [`render`]: what is, what was done, and lines of text for both.
//! - [`tui`], [`prompt`], [`cli`]: the doors; [`menu`]: the entries that the first two show. [`lab`]: two real nodes to practise on.
//!
//! # Promises
//!
//! Each has tests that try to break it; comments name them where they are kept.
//!
//! - S1 pairadm never brings a VIP up on a node unless it has seen it absent on the reachable peer and
//!   silent on the network. Where keepalived runs the VIP, pairadm never adds the address itself.
//! - S2 Traffic is never allowed on one side before the other side's block is verified.
//! - S3 The original bytes, owner, mode, times, ACLs and extended attributes of every changed file can
//!   be restored; a rerun never backs up changed content.
//! - S4 No reader ever sees a partly written file.
//! - S5 Nothing is written if the file's hash differs from the one in the plan.
//! - S6 Nothing is sent to a host, credentials included, before its host key matches.
//! - S7 "Done" is said only after reading back.
//! - S8 One operation at a time per pair, by locks on both nodes, with the owner shown.
//! - S9 A working login path always survives: changes to it are armed with an on-node timer and
//!   confirmed over a new connection.
//! - S10 Undo touches only what pairadm changed; a later edit by a person is a conflict, shown as a diff.
//! - S11 No secret and no raw control or bidi character in any output, log or report.
//! - L1 After any single crash (tool, link, node) one rerun reaches the old or the new state.
//! - L2 Every wait has a deadline. L3 Status works with one node down.
//! - L4 Ctrl-C is answered within 1 s: it stops after the current step and offers resume or rollback.
//! - L5 A stale lock is reported with its owner.

pub mod agent;
pub mod cli;
pub mod config;
pub mod controller;
pub mod data;
pub mod engine;
pub mod error;
pub mod facts;
pub mod guard;
pub mod intent;
pub mod lab;
pub mod menu;
pub mod model;
mod netlink;
pub mod plan;
mod priority;
pub mod probe;
pub mod prompt;
pub mod remote;
pub mod render;
pub mod report;
pub mod status;
pub mod translate;
pub mod tui;
