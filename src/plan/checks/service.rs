//! The SIP service is installed on both nodes, and time and mind are there to see that it answers.

use super::{Findings, Subject};
use crate::model::Side;

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for side in Side::BOTH {
        let facts = subject.facts[side];
        for service in &subject.profile.services {
            match facts.unit(service) {
                Some(unit) if unit.load == "loaded" => {
                    if unit.enabled == "disabled" {
                        findings.warn(format!(
                            "{service} is not enabled on {}: it stays down after a restart",
                            facts.hostname
                        ));
                    }
                }
                Some(unit) => {
                    let text = format!(
                        "{service} is {} on `{}`; accepted: a profile whose services are installed on both nodes",
                        unit.load, facts.hostname
                    );
                    findings.refuse("no_service", "profile", text);
                }
                None => {
                    let text = format!(
                        "{service} of `{}` could not be asked for; accepted: a node that systemd runs",
                        facts.hostname
                    );
                    findings.refuse("no_service", "profile", text).cause = facts.gaps.first().cloned();
                }
            }
        }
        if facts.alive.as_ref().is_some_and(|(alive, _)| !alive) {
            findings.warn(format!(
                "{} does not answer on {}",
                subject.profile.title, facts.hostname
            ));
        }
    }
}
