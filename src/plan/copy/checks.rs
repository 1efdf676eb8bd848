//! What has to be true before a backup is copied.

use super::data;
use crate::error::{Error, Result};
use crate::facts::{BackupFacts, DataFacts};
use crate::model::{BackupSource, Side, Traffic};
use crate::plan::Basis;
use crate::render::bytes;

/// The backup of `source`: there, and not too old by the clock of the node that made it.
pub fn backup<'a>(basis: &Basis<'a>, source: Side) -> Result<&'a BackupFacts> {
    let (profile, name) = (basis.profile, basis.name(source));
    if profile.data.is_empty() {
        let message = format!("the profile {} names no data", profile.name);
        return Err(Error::refused("no_data_sets", message)
            .at("profile")
            .hint("add [[data]] sections to a profile in /etc/pairadm/profiles.d"));
    }
    let facts = data(basis, source)?;
    if let Some(why) = &facts.backup_fault {
        let error = Error::refused("backup_unreadable", "the current backup cannot be looked at");
        return Err(error.on(name).because(why));
    }
    let hint = match &profile.backup {
        BackupSource::Own if source == Side::Secondary => {
            "make one with `pairadm data backup --side secondary`, or in the same go with --backup"
        }
        BackupSource::Own => "make one with `pairadm data backup`",
        BackupSource::Directory(_) | BackupSource::Command(_) => {
            "make one with what makes them there, see [backup] in the profile"
        }
    };
    let Some(backup) = facts.backup.as_ref().filter(|backup| backup.files > 0) else {
        let message = format!("the {source} has no backup to copy");
        return Err(Error::refused("no_backup", message).on(name).hint(hint));
    };
    let now = basis.need(source)?.clock_us / 1_000_000;
    let hours = now.saturating_sub(backup.made) / 3600;
    let most = basis.pair.copying.max_age_h;
    if hours >= i64::from(most) {
        let message = format!("the backup is {hours} hours old; accepted: less than {most}");
        return Err(Error::refused("backup_too_old", message)
            .on(name)
            .at(&backup.path)
            .hint(format!(
                "{hint}, or allow more with `pairadm settings set backup_max_age=HOURS`"
            )));
    }
    Ok(backup)
}

/// The secondary does not serve calls: what it holds would be older than its own data.
pub fn secondary(basis: &Basis<'_>) -> Result<()> {
    let side = Side::Secondary;
    let recorded = basis.state(side)?.active.as_deref() == Some(basis.name(side));
    let serves = recorded || !basis.holds(side).is_empty() || basis.traffic(side) == Some(Traffic::Allowed);
    if !serves {
        return Ok(());
    }
    let message = "the secondary is active: its own data is newer than any backup of the primary";
    Err(Error::refused("secondary_active", message)
        .on(basis.name(side))
        .hint("give the traffic back first: pairadm takeover --to primary"))
}

/// Data of another version may mean something else.
pub fn versions(basis: &Basis<'_>) -> Result<()> {
    if basis.profile.version_command.is_empty() {
        return Ok(());
    }
    let version = |side| -> Result<&str> {
        basis.need(side)?.version.as_deref().ok_or_else(|| {
            Error::refused("no_version", "the service does not tell its version")
                .on(basis.name(side))
                .because(basis.profile.version_command.join(" "))
        })
    };
    let (primary, secondary) = (version(Side::Primary)?, version(Side::Secondary)?);
    if primary == secondary {
        return Ok(());
    }
    let message = format!("`{primary}` runs on the primary, `{secondary}` on the secondary");
    Err(Error::refused("different_versions", message)
        .on(basis.name(Side::Secondary))
        .hint("bring both to one version, make a backup, then copy"))
}

/// Bytes of the live data of `source`, for which there is room once more there: a backup of it is made first.
pub fn live(basis: &Basis<'_>, source: Side) -> Result<u64> {
    let Some(live) = data(basis, source)?.live else {
        let message = "the size of the live data is not known";
        return Err(Error::refused("live_unknown", message)
            .on(basis.name(source))
            .because(basis.need(source)?.gaps.join("; "))
            .hint("look whether the data of the profile can be read there"));
    };
    let (free, _) = basis.need(source)?.disk;
    if live <= free {
        return Ok(live);
    }
    let message = format!("{} are free for the backup; needed: {}", bytes(free), bytes(live));
    Err(Error::refused("no_room", message)
        .on(basis.name(source))
        .at("/var/lib/pairadm/backup")
        .hint("make room there"))
}

/// Room for all mirrors that are kept, if the next ones have `size` bytes as this backup and share with each
/// other what the newest mirror shares now. Where as many are there already, for one more: the oldest
/// goes only after the newest is verified.
pub fn room(basis: &Basis<'_>, size: u64, data: &DataFacts, source: Side) -> Result<()> {
    let keep = u64::from(basis.pair.copying.keep);
    let there = data.mirrors_of(source).count() as u64;
    let missing = keep.saturating_sub(there).max(1);
    let shared = data.mirrors_of(source).next().map_or(0, |newest| newest.shared);
    let needed = missing
        .saturating_mul(size.saturating_sub(shared))
        .saturating_sub(data.incoming);
    if needed <= data.free {
        return Ok(());
    }
    let message = format!(
        "{} are free for mirrors; needed: {} for {missing} of {}",
        bytes(data.free),
        bytes(needed),
        bytes(size)
    );
    Err(Error::refused("no_room", message)
        .on(basis.name(source.other()))
        .at("/var/lib/pairadm/mirrors")
        .hint("make room there, or keep fewer with `pairadm settings set mirrors_keep=N`"))
}
