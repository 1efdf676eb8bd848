//! How each file goes back to what it was.

use super::trace::Trace;
use super::{is_own, paths_of};
use crate::error::Result;
use crate::facts::Facts;
use crate::model::{Side, paths};
use crate::plan::configure::{plain, present};
use crate::plan::files::{authorized_keys, chrony, hosts, known_hosts};
use crate::plan::{Action, Basis, Draft, Keep, put};

/// Steps for every managed file of one node; returns lines about files that stay.
pub fn give_back(basis: &Basis<'_>, side: Side, trace: &Trace, draft: &mut Draft) -> Result<Vec<String>> {
    let facts = basis.need(side)?;
    let mut notice = Vec::new();
    for path in paths_of(basis) {
        let now = facts.file(&path).and_then(|file| file.sha256.as_deref());
        if let Some(((op, step), left_by)) = trace.way_back(&path, now) {
            let action = Action::TakeBack {
                op,
                step,
                left_by,
                takes_up: false,
            };
            push(draft, side, format!("give back {path}"), action, &path);
            continue;
        }
        if let Some(text) = without_our_lines(basis, side, facts, &path) {
            if let Some(file) = put(facts, plain(&path, Some(text), Keep::Beside))? {
                push(
                    draft,
                    side,
                    format!("take pairadm's lines out of {path}"),
                    Action::File(file),
                    &path,
                );
            }
        } else if now.is_some() && trace.knows(&path) {
            notice.push(format!(
                "{path} on {} was changed since pairadm wrote it and stays as it is.",
                facts.hostname
            ));
        } else if now.is_some() && is_own(&path) {
            remove(facts, side, &path, Keep::Aside, draft)?;
        }
    }
    Ok(notice)
}

/// The pair file and the recorded state, last of all.
pub fn forget(facts: &Facts, side: Side, draft: &mut Draft) -> Result<()> {
    remove(facts, side, paths::PAIR_FILE, Keep::Beside, draft)?;
    remove(facts, side, paths::STATE_FILE, Keep::Aside, draft)
}

fn remove(facts: &Facts, side: Side, path: &str, keep: Keep, draft: &mut Draft) -> Result<()> {
    if let Some(file) = put(facts, plain(path, None, keep))? {
        draft.step(side, format!("remove {path}"), Action::File(file));
    }
    Ok(())
}

/// Files shared with others: the text without what is pairadm's.
fn without_our_lines(basis: &Basis<'_>, side: Side, facts: &Facts, path: &str) -> Option<String> {
    facts.file(path)?.content.as_ref()?;
    let text = present(facts, path);
    match path {
        hosts::PATH => Some(hosts::without_pair(&text, basis.pair)),
        authorized_keys::PATH => Some(authorized_keys::without_peer(&text)),
        known_hosts::PATH => Some(known_hosts::without_peer(&text, &basis.pair.nodes[side.other()])),
        main if chrony::MAIN_FILES.contains(&main) => Some(chrony::with_block(&text, &[])),
        _ => None,
    }
}

fn push(draft: &mut Draft, side: Side, title: String, action: Action, path: &str) {
    if path == authorized_keys::PATH {
        draft.armed(side, title, action);
    } else {
        draft.step(side, title, action);
    }
}
