//! Plans the continuous synchronisation of administration files: on both nodes, so that a takeover has
//! nothing to switch. Every run looks who is active, and only the active node brings anything over.

use super::configure::plain;
use super::files::{guard_units, sync_unit};
use super::sync::{self, surveyed};
use super::{Action, Basis, Draft, Keep, Plan, UnitVerb, Wanted, put};
use crate::config::Profile;
use crate::data::Kind;
use crate::error::{Error, Result};
use crate::facts::FactsQuery;
use crate::model::Side;
use std::path::Path;

/// What has to be known of either node.
pub fn query(profile: &Profile) -> FactsQuery {
    let mut query = sync::query(profile);
    query.files.extend([
        sync_unit::CONFIGURATION.to_owned(),
        guard_units::path(sync_unit::UNIT),
    ]);
    query
        .units
        .extend([sync_unit::UNIT, sync_unit::LSYNCD].map(str::to_owned));
    query
}

/// Plans to switch it on or off.
pub fn plan(basis: &Basis<'_>, on: bool) -> Result<Plan> {
    let mut draft = Draft::default();
    if on {
        switch_on(basis, &mut draft)?;
    } else {
        draft.stage("Stop watching");
        for side in Side::BOTH {
            stop(basis, side, &mut draft)?;
        }
        draft.stage("Remove files");
        for side in Side::BOTH {
            write(basis, side, [None, None], &mut draft)?;
        }
        draft.stage("Put files into effect");
        reload(&mut draft);
    }
    Ok(Plan {
        operation: "sync".to_owned(),
        title: format!("continuous synchronisation {}", if on { "on" } else { "off" }),
        asked: vec![("when".to_owned(), if on { "on" } else { "off" }.to_owned())],
        facts: basis.fingerprint(),
        notice: notice(basis, on),
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: format!("pairadm data sync --continuous {}", if on { "off" } else { "on" }),
    })
}

fn switch_on(basis: &Basis<'_>, draft: &mut Draft) -> Result<()> {
    sync::needs_paths(basis.profile)?;
    let unit = sync_unit::unit()?;
    for side in Side::BOTH {
        let facts = basis.need(side)?;
        if facts
            .unit(sync_unit::LSYNCD)
            .is_none_or(|unit| unit.load == "not-found")
        {
            return Err(Error::refused("no_lsyncd", "lsyncd is not installed")
                .on(basis.name(side))
                .hint("install the package lsyncd on both nodes"));
        }
    }
    draft.stage("Install files");
    for side in Side::BOTH {
        let configuration = sync_unit::configuration(&directories(basis, side)?)?;
        write(basis, side, [Some(configuration), Some(unit.clone())], draft)?;
    }
    draft.stage("Put files into effect");
    reload(draft);
    let written: Vec<Side> = draft.steps().map(|step| step.side).collect();
    draft.stage("Watch");
    for side in Side::BOTH {
        let state = basis.need(side)?.unit(sync_unit::UNIT);
        if state.is_none_or(|unit| unit.enabled != "enabled") {
            draft.step(
                side,
                format!("enable {}", sync_unit::UNIT),
                verb(UnitVerb::Enable),
            );
        }
        if written.contains(&side) || state.is_none_or(|unit| unit.active != "active") {
            // A restart starts what does not run, and takes up what was written where it does.
            draft.step(
                side,
                format!("start {}", sync_unit::UNIT),
                verb(UnitVerb::Restart),
            );
        }
    }
    Ok(())
}

/// Stops the unit on one node and lets go of the next start, where that is so.
pub fn stop(basis: &Basis<'_>, side: Side, draft: &mut Draft) -> Result<()> {
    let Some(unit) = basis.need(side)?.unit(sync_unit::UNIT) else {
        return Ok(());
    };
    if matches!(unit.active.as_str(), "active" | "activating" | "reloading") {
        draft.step(side, format!("stop {}", sync_unit::UNIT), verb(UnitVerb::Stop));
    }
    if unit.enabled == "enabled" {
        draft.step(
            side,
            format!("disable {}", sync_unit::UNIT),
            verb(UnitVerb::Disable),
        );
    }
    Ok(())
}

/// lsyncd's configuration and the unit's file.
fn write(basis: &Basis<'_>, side: Side, texts: [Option<String>; 2], draft: &mut Draft) -> Result<()> {
    let [configuration, unit] = texts;
    let files: [Wanted; 2] = [
        plain(sync_unit::CONFIGURATION, configuration, Keep::Beside),
        plain(&guard_units::path(sync_unit::UNIT), unit, Keep::Aside),
    ];
    for wanted in files {
        if let Some(file) = put(basis.need(side)?, wanted)? {
            let verb = if file.content.is_some() { "write" } else { "remove" };
            draft.step(side, format!("{verb} {}", file.path), Action::File(file));
        }
    }
    Ok(())
}

/// systemd reads unit files again where one changes.
fn reload(draft: &mut Draft) {
    let unit = guard_units::path(sync_unit::UNIT);
    let changes = |side: Side, draft: &Draft| {
        draft
            .steps()
            .any(|step| step.side == side && step.action.file() == Some(&unit))
    };
    for side in Side::BOTH {
        if changes(side, draft) {
            draft.step(side, "read unit files again", verb(UnitVerb::DaemonReload));
        }
    }
}

fn verb(verb: UnitVerb) -> Action {
    Action::Unit {
        unit: sync_unit::UNIT.to_owned(),
        verb,
    }
}

/// Directories to watch on one node: those named, and for a file the one it lies in.
fn directories(basis: &Basis<'_>, side: Side) -> Result<Vec<String>> {
    let survey = surveyed(basis, side)?;
    let watched = basis.profile.admin_sync.paths.iter().filter_map(|path| {
        let found = survey.iter().find(|found| found.path == *path)?;
        match found.kind {
            Kind::Directory => Some(path.clone()),
            Kind::File { .. } | Kind::Link { .. } => {
                Some(Path::new(path).parent()?.to_string_lossy().into_owned())
            }
        }
    });
    let mut directories: Vec<String> = watched.collect();
    directories.sort_unstable();
    directories.dedup();
    if directories.is_empty() {
        return Err(
            Error::refused("no_admin_files", "none of the administration files is there")
                .on(basis.name(side))
                .at("admin_sync.paths"),
        );
    }
    Ok(directories)
}

fn notice(basis: &Basis<'_>, on: bool) -> Vec<String> {
    if !on {
        return vec!["Files that were brought over stay.".to_owned()];
    }
    vec![
        format!(
            "From now on a change below {} on the active node reaches the other within seconds, translated; each time as an operation that can be undone.",
            basis.profile.admin_sync.paths.join(", ")
        ),
        "What differs on the passive node is overwritten, except what is each node's own.".to_owned(),
        "A takeover turns the direction round by itself.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Surveyed;
    use crate::plan::checks::sample::{image, unit};
    use crate::plan::sample::Sample;

    fn pair() -> Sample {
        let mut sample = Sample::default();
        let of = |path: &str, kind: Kind| Surveyed {
            path: path.to_owned(),
            kind,
            mode: 0o755,
            owner: ("root".to_owned(), "root".to_owned()),
            translated: None,
        };
        let file = Kind::File {
            size: 1,
            blake3: String::new(),
        };
        for side in Side::BOTH {
            let facts = sample.side(side);
            facts.survey = Some(vec![
                of("/etc/kamailio", Kind::Directory),
                of("/etc/default/kamailio", file.clone()),
            ]);
            for path in [sync_unit::CONFIGURATION, &guard_units::path(sync_unit::UNIT)] {
                facts.files.push(image(path, None));
            }
            facts
                .units
                .push(unit(sync_unit::LSYNCD, "loaded", "inactive", "disabled"));
            facts
                .units
                .push(unit(sync_unit::UNIT, "not-found", "inactive", ""));
        }
        sample
    }

    #[test]
    fn both_nodes_watch_and_a_file_is_watched_by_its_directory() {
        let plan = plan(&pair().basis(), true).unwrap();
        for side in Side::BOTH {
            let titles: Vec<&str> = plan
                .steps()
                .filter(|step| step.side == side)
                .map(|step| step.title.as_str())
                .collect();
            assert_eq!(
                titles,
                [
                    "write /etc/pairadm/sync.lua",
                    "write /etc/systemd/system/pairadm-sync.service",
                    "read unit files again",
                    "enable pairadm-sync.service",
                    "start pairadm-sync.service"
                ]
            );
        }
        let text = serde_json::to_string(&plan).unwrap();
        assert!(text.contains("source = \\\"/etc/default\\\""), "{text}");
    }

    #[test]
    fn without_lsyncd_it_is_refused_and_switching_off_what_is_off_is_nothing() {
        let mut sample = pair();
        assert!(plan(&sample.basis(), false).unwrap().is_empty());
        sample.side(Side::Secondary).units.clear();
        assert_eq!(plan(&sample.basis(), true).unwrap_err().code, "no_lsyncd");
    }
}
