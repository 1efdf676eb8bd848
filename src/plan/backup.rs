//! Plans a backup of one side's data by pairadm, for profiles whose server makes none of its own.

use super::{Action, Basis, Draft, Plan, Purpose, SaveData};
use crate::error::{Error, Result};
use crate::intent::BackupIntent;
use crate::model::{BackupSource, Side};

/// Backups kept on a node: the newest, and the one before in case the newest is no good.
const KEEP: usize = 2;

/// Plans it, or refuses.
pub fn plan(basis: &Basis<'_>, intent: BackupIntent) -> Result<Plan> {
    let side = intent.side;
    let profile = basis.profile;
    if profile.data.is_empty() {
        return Err(Error::refused(
            "no_data_sets",
            format!("the profile {} names no data", profile.name),
        )
        .at("profile")
        .hint("add [[data]] sections to a profile in /etc/pairadm/profiles.d"));
    }
    ours(basis)?;
    let order = save(basis, side, Purpose::Backup)?;
    let names: Vec<&str> = profile.data.iter().map(|set| set.name.as_str()).collect();
    let mut draft = Draft::default();
    draft.stage("Save the data");
    draft.step(side, format!("save {}", names.join(", ")), Action::Save(order));
    Ok(Plan {
        operation: "backup".to_owned(),
        title: format!("back up the data of {}", basis.label(side)),
        asked: vec![("side".to_owned(), side.to_string())],
        facts: String::new(),
        notice: vec![
            "Not service affecting: the service goes on while its data is read.".to_owned(),
            format!("{KEEP} backups are kept; the oldest goes after the new one is whole."),
        ],
        stages: draft.finish(),
        sides: vec![side],
        service_affecting: false,
        how_to_undo: "pairadm undo removes the backup and makes the one before current again".to_owned(),
    })
}

/// Refuses unless pairadm makes the backups.
pub fn ours(basis: &Basis<'_>) -> Result<()> {
    let profile = basis.profile;
    match &profile.backup {
        BackupSource::Own => Ok(()),
        BackupSource::Directory(_) | BackupSource::Command(_) => Err(Error::refused(
            "foreign_backup",
            format!(
                "the profile {} says that something else makes the backup",
                profile.name
            ),
        )
        .at("backup")
        .hint("make it with that, or take [backup] out of the profile")),
    }
}

/// The live data of `side`, to be saved for `purpose`.
pub fn save(basis: &Basis<'_>, side: Side, purpose: Purpose) -> Result<SaveData> {
    Ok(SaveData {
        purpose,
        sets: basis.profile.data.clone(),
        pair: basis.pair.name.clone(),
        node: basis.name(side).to_owned(),
        generation: basis.state(side)?.generation,
        version_command: basis.profile.version_command.clone(),
        keep: KEEP,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample::Sample;

    #[test]
    fn only_the_asked_side_takes_part_and_every_set_of_the_profile_is_saved() {
        let sample = Sample::default();
        let plan = plan(&sample.basis(), BackupIntent { side: Side::Primary }).unwrap();
        assert_eq!(plan.sides, [Side::Primary]);
        let Some(Action::Save(order)) = plan.steps().next().map(|step| &step.action) else {
            panic!("{plan:?}");
        };
        assert_eq!(order.sets, sample.profile.data);
        assert_eq!(order.purpose, Purpose::Backup);
    }

    #[test]
    fn a_profile_without_data_and_one_with_a_backup_of_its_own_are_refused() {
        let mut sample = Sample::default();
        let code = |sample: &Sample| {
            plan(&sample.basis(), BackupIntent { side: Side::Primary })
                .unwrap_err()
                .code
        };
        sample.profile.backup = BackupSource::Directory("/b".to_owned());
        assert_eq!(code(&sample), "foreign_backup");
        sample.profile.data.clear();
        assert_eq!(code(&sample), "no_data_sets");
    }
}
