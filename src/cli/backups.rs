//! `pairadm backups`.

use super::output::Done;
use super::session::Session;
use crate::agent::protocol::Backup;
use crate::controller::NodeBackups;
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::prompt::Talk;
use crate::render::{Line, Tone};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Arguments of `backups`.
#[derive(Debug, Args)]
pub struct BackupsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the in-place backups on both nodes
    List,
    /// Remove backups; their operations can then no longer be undone
    Prune(Which),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Those of these operations
    #[arg(long, value_name = "OP")]
    op: Vec<OpId>,
    /// All but those of the newest N operations
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// All of them
    #[arg(long)]
    all: bool,
}

/// Lists or removes.
pub fn run(session: &Session, args: &BackupsArgs) -> Result<Done> {
    let controller = session.controller()?;
    let found = controller.backups(&session.cancel)?;
    let Action::Prune(which) = &args.action else {
        show(session, &found);
        return Done::with(json!({ "nodes": found }));
    };
    let chosen = choose(which, found)?;
    show(session, &chosen);
    let count: usize = chosen.iter().map(|node| node.backups.len()).sum();
    if count == 0 || session.common.dry_run {
        return Done::with(
            json!({ "dry_run": session.common.dry_run, "removed": Value::Null, "nodes": chosen }),
        );
    }
    let question = format!("Remove these {count} backups? Their operations can then not be undone");
    let agreed = session.common.yes || session.interactive() && session.questions().agrees(&question);
    if !agreed {
        return Err(Error::refused(
            "not_agreed",
            "nobody agreed to remove backups; nothing was changed",
        )
        .hint("agree with --yes, or run it on a terminal"));
    }
    controller.prune(&chosen, &session.cancel)?;
    session
        .output
        .say([&Line::toned(Tone::Good, format!("{count} backups removed"))]);
    Done::with(json!({ "removed": count, "nodes": chosen }))
}

/// The backups that `which` means; refused while a node cannot say what it has.
fn choose(which: &Which, mut found: Vec<NodeBackups>) -> Result<Vec<NodeBackups>> {
    if let Some(error) = found.iter().find_map(|node| node.error.clone()) {
        return Err(error);
    }
    let operations: BTreeSet<OpId> = found
        .iter()
        .flat_map(|node| &node.backups)
        .map(|backup| backup.op)
        .collect();
    let kept: BTreeSet<OpId> = operations
        .iter()
        .rev()
        .take(which.keep.unwrap_or(0))
        .copied()
        .collect();
    let wanted = |backup: &Backup| {
        if which.op.is_empty() {
            !kept.contains(&backup.op)
        } else {
            which.op.contains(&backup.op)
        }
    };
    for node in &mut found {
        node.backups.retain(wanted);
    }
    Ok(found)
}

fn show(session: &Session, nodes: &[NodeBackups]) {
    for node in nodes {
        if let Some(error) = &node.error {
            session.output.say([&Line::toned(Tone::Bad, error.to_string())]);
        } else if node.backups.is_empty() {
            session
                .output
                .say([&Line::plain(format!("{}: no backups", node.hostname))]);
        }
        for backup in &node.backups {
            let line = Line::plain(format!(
                "{}  {:>4}  {:>9}  {}",
                node.hostname, backup.op, backup.size, backup.path
            ));
            session.output.say([&line]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;

    fn nodes() -> Vec<NodeBackups> {
        let backup = |op| Backup {
            of: "/etc/hosts".to_owned(),
            path: format!("/etc/hosts.pairadm_1_{op}"),
            sha256: String::new(),
            size: 1,
            op: OpId(op),
        };
        let node = |side, hostname: &str, ops: &[u64]| NodeBackups {
            side,
            hostname: hostname.to_owned(),
            backups: ops.iter().copied().map(backup).collect(),
            error: None,
        };
        vec![
            node(Side::Primary, "alpha", &[1, 2, 3]),
            node(Side::Secondary, "beta", &[2, 4]),
        ]
    }

    fn chosen(which: &Which) -> Vec<u64> {
        let nodes = choose(which, nodes()).unwrap();
        nodes
            .iter()
            .flat_map(|node| &node.backups)
            .map(|backup| backup.op.0)
            .collect()
    }

    #[test]
    fn the_newest_operations_are_counted_over_both_nodes() {
        assert_eq!(
            chosen(&Which {
                op: Vec::new(),
                keep: Some(2),
                all: false
            }),
            [1, 2, 2]
        );
        assert_eq!(
            chosen(&Which {
                op: Vec::new(),
                keep: None,
                all: true
            }),
            [1, 2, 3, 2, 4]
        );
        assert_eq!(
            chosen(&Which {
                op: vec![OpId(2)],
                keep: None,
                all: false
            }),
            [2, 2]
        );
    }

    #[test]
    fn nothing_is_chosen_while_a_node_cannot_say_what_it_has() {
        let mut found = nodes();
        found[1].error = Some(Error::refused("unreachable", "no answer"));
        assert!(
            choose(
                &Which {
                    op: Vec::new(),
                    keep: None,
                    all: true
                },
                found
            )
            .is_err()
        );
    }
}
