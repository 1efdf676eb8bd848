//! The schedule on a node: a timer, and the service that it starts. See systemd.timer(5).

use super::template::render;
use crate::error::Result;
use crate::intent::Schedule;
use crate::model::paths;
use minijinja::context;

/// The timer.
pub const TIMER: &str = "pairadm-auto.timer";

/// What it starts.
pub const SERVICE: &str = "pairadm-auto.service";

/// Texts of the unit files, timer first.
pub fn texts(schedule: &Schedule) -> Result<[(&'static str, String); 2]> {
    let timer = render(
        TIMER,
        include_str!("../../../templates/pairadm-auto.timer"),
        context! { calendar => schedule.calendar.clone(), spread => schedule.spread_s },
    )?;
    let service = render(
        SERVICE,
        include_str!("../../../templates/pairadm-auto.service"),
        context! {
            program => paths::PROGRAM,
            state => paths::STATE_FILE,
            what => schedule.what.as_str(),
            backup => schedule.backup,
        },
    )?;
    Ok([(TIMER, timer), (SERVICE, service)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::What;

    #[test]
    fn a_missed_run_is_made_up_for_and_a_backup_is_made_only_when_asked_for() {
        let mut schedule = Schedule {
            calendar: "*-*-* 03:30:00".to_owned(),
            spread_s: 1800,
            what: What::Copy,
            backup: false,
        };
        let [(_, timer), (_, service)] = texts(&schedule).unwrap();
        assert!(
            timer.contains("OnCalendar=*-*-* 03:30:00\nRandomizedDelaySec=1800\n"),
            "{timer}"
        );
        assert!(timer.contains("Persistent=true\n"));
        assert!(
            service.contains("ExecStart=/usr/local/sbin/pairadm data auto-run --what copy\n"),
            "{service}"
        );
        schedule.backup = true;
        let [_, (_, service)] = texts(&schedule).unwrap();
        assert!(service.contains("--what copy --backup\n"), "{service}");
    }
}
