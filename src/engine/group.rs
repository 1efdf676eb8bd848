//! Stages that are prepared together, with one wait for the disk: a whole dark window, the stages of a copy, and
//! otherwise one stage at a time, because what it finds may be what the one before it did.

use crate::plan::{Action, Stage, Window};

/// The end of the group of stages that begins at `from`.
pub(super) fn group_end(stages: &[Stage], from: usize) -> usize {
    let run = |member: fn(&Stage) -> bool| stages[from..].iter().take_while(|stage| member(stage)).count();
    let dark = run(|stage| stage.window == Window::Dark);
    from + dark.max(run(brings_data)).max(1)
}

/// True for stages of a copy: they find nothing that an earlier one of them changes, so that they can be prepared
/// together, with one wait for the disk.
fn brings_data(stage: &Stage) -> bool {
    stage.window == Window::None
        && stage.steps.iter().all(|step| {
            !step.armed
                && matches!(
                    step.action,
                    Action::Offer(_) | Action::Pull(_) | Action::Withdraw(_) | Action::KeepMirror { .. }
                )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;
    use crate::plan::{Step, StepId, UnitVerb};

    fn stage(window: Window, action: Action) -> Stage {
        Stage {
            title: String::new(),
            window,
            steps: vec![Step {
                id: StepId(1),
                side: Side::Primary,
                title: String::new(),
                armed: false,
                action,
            }],
        }
    }

    fn restart(window: Window) -> Stage {
        let unit = "kamailio.service".to_owned();
        let verb = UnitVerb::Restart;
        stage(window, Action::Unit { unit, verb })
    }

    fn keep(window: Window) -> Stage {
        let source = Side::Primary;
        stage(window, Action::KeepMirror { keep: 3, source })
    }

    #[test]
    fn only_what_finds_nothing_of_each_other_is_prepared_together() {
        let none = Window::None;
        let stages = [
            restart(none),
            restart(none),
            keep(none),
            keep(none),
            restart(Window::Dark),
            restart(Window::Dark),
            keep(Window::After),
            keep(none),
        ];
        let ends: Vec<usize> = (0..stages.len()).map(|from| group_end(&stages, from)).collect();
        assert_eq!(ends, [1, 2, 4, 4, 6, 6, 7, 8]);
    }
}
