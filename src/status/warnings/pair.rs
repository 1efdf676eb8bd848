//! Whether both nodes remember the same pair, and keep the same time.

use super::{View, warning};
use crate::facts::Facts;
use crate::model::paths;
use crate::status::{Severity, Warning};

/// Clocks further apart make logs of a call hard to bring together, microseconds.
const LARGEST_SKEW_US: u64 = 1_000_000;

/// Reactions and alarm files: on either node they are its administrator's, and after a takeover the other's
/// are the ones that count.
fn reactions(primary: &Facts, secondary: &Facts) -> Option<Warning> {
    let mut differing: Vec<&str> = primary
        .reactions
        .iter()
        .filter(|file| !secondary.reactions.contains(file))
        .chain(
            secondary
                .reactions
                .iter()
                .filter(|file| !primary.reactions.contains(file)),
        )
        .map(|file| file.name.as_str())
        .collect();
    differing.sort_unstable();
    differing.dedup();
    let first = *differing.first()?;
    let directory = paths::REACTIONS_DIR;
    Some(warning(
        Severity::Warning,
        "reactions_differ",
        format!(
            "{} not the same on both nodes in {directory}: {}",
            if differing.len() == 1 {
                "a file is"
            } else {
                "files are"
            },
            differing.join(", ")
        ),
        format!(
            "put the same on both; `pairadm configure --set files={directory}/{first}:{directory}/{first}` takes it from the machine it runs on"
        ),
    ))
}

pub fn judge(view: &View<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let (Some(primary), Some(secondary)) = (view.facts.primary, view.facts.secondary) else {
        return warnings;
    };
    if let (Some(one), Some(other)) = (&primary.state, &secondary.state) {
        if one.generation != other.generation {
            let newer = if one.generation > other.generation {
                primary
            } else {
                secondary
            };
            warnings.push(warning(
                Severity::Warning,
                "generation_differs",
                format!(
                    "the nodes remember different generations, {} and {}; {} knows better",
                    one.generation, other.generation, newer.hostname
                ),
                "the next `pairadm takeover` to the active side settles it",
            ));
        } else if one.active != other.active || one.side == other.side {
            warnings.push(warning(
                Severity::Critical,
                "views_differ",
                "the nodes remember different roles or active sides".to_owned(),
                "`pairadm configure` writes them anew",
            ));
        }
    }
    let profile = paths::own_profile(&view.pair.profile);
    for (path, code) in [
        (paths::PAIR_FILE, "pair_file_differs"),
        (&profile, "profile_differs"),
    ] {
        let content = |facts: &Facts| facts.file(path).map(|file| file.sha256.clone());
        if content(primary) != content(secondary) {
            warnings.push(warning(
                Severity::Warning,
                code,
                format!("{path} is not the same on both nodes"),
                "`pairadm configure` makes it the same",
            ));
        }
    }
    warnings.extend(reactions(primary, secondary));
    let skew = primary.clock_us.abs_diff(secondary.clock_us);
    if skew > LARGEST_SKEW_US {
        warnings.push(warning(
            Severity::Warning,
            "clocks_differ",
            format!("the clocks are {} s apart", skew / 1_000_000),
            "name NTP servers in `pairadm settings`",
        ));
    }
    if let Some((op, title, true)) = &view.status.last_operation {
        let running = view.reached().any(|(_, facts)| facts.lock.is_some());
        if !running {
            warnings.push(warning(
                Severity::Warning,
                "unfinished_operation",
                format!("operation {op} ({title}) is unfinished"),
                format!("`pairadm resume {op}` goes on, `pairadm undo {op}` takes it back"),
            ));
        }
    }
    warnings
}
