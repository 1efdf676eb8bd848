//! Plans the continuous synchronisation of administration files: on both nodes, so that a takeover has
//! nothing to switch. Every run looks who is active, and only the active node brings anything over.

use super::files::{guard_units, sync_unit};
use super::sync::{self, surveyed};
use super::{Basis, Draft, Plan, own_unit};
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
            own_unit::stop(basis, side, sync_unit::UNIT, &mut draft)?;
        }
        draft.stage("Remove files");
        for side in Side::BOTH {
            own_unit::write(basis, side, &files(None, None), &mut draft)?;
        }
        draft.stage("Put files into effect");
        own_unit::reload(&[sync_unit::UNIT], &mut draft);
    }
    let (word, other) = if on { ("on", "off") } else { ("off", "on") };
    Ok(Plan {
        operation: "sync".to_owned(),
        title: format!("continuous synchronisation {word}"),
        asked: vec![("when".to_owned(), word.to_owned())],
        facts: basis.fingerprint(),
        notice: notice(basis, on),
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: format!("pairadm data sync --continuous {other}"),
    })
}

fn switch_on(basis: &Basis<'_>, draft: &mut Draft) -> Result<()> {
    sync::needs_paths(basis.profile)?;
    for side in Side::BOTH {
        let lsyncd = basis.need(side)?.unit(sync_unit::LSYNCD);
        if lsyncd.is_none_or(|unit| unit.load == "not-found") {
            return Err(Error::refused("no_lsyncd", "lsyncd is not installed")
                .on(basis.name(side))
                .hint("install the package lsyncd on both nodes"));
        }
    }
    draft.stage("Install files");
    let mut written = Vec::new();
    for side in Side::BOTH {
        let configuration = sync_unit::configuration(&directories(basis, side)?)?;
        let files = files(Some(configuration), Some(sync_unit::unit()?));
        if own_unit::write(basis, side, &files, draft)? {
            written.push(side);
        }
    }
    draft.stage("Put files into effect");
    own_unit::reload(&[sync_unit::UNIT], draft);
    draft.stage("Watch");
    for side in Side::BOTH {
        own_unit::start(basis, side, sync_unit::UNIT, written.contains(&side), draft)?;
    }
    Ok(())
}

/// lsyncd's configuration and the unit's file.
fn files(configuration: Option<String>, unit: Option<String>) -> [(String, Option<String>); 2] {
    [
        (sync_unit::CONFIGURATION.to_owned(), configuration),
        (guard_units::path(sync_unit::UNIT), unit),
    ]
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
