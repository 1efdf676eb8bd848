//! The menu as a process of its own, for tests on a real terminal: this test binary starts itself with
//! the one ignored test below, over a backend that does as the test needs.

use super::fixture::{form, held, identity, past, plan, status, translation_view};
use pairadm::agent::protocol::End;
use pairadm::controller::{Cancel, Looking};
use pairadm::engine::{Event, Listener, Progress};
use pairadm::error::{Error, Result};
use pairadm::facts::DataHeld;
use pairadm::intent::{Answers, Form, Operation, VerifyIntent};
use pairadm::menu::Trial;
use pairadm::model::{BySide, Moved, OpId};
use pairadm::plan::Plan;
use pairadm::status::Status;
use pairadm::translate::{Subject, TranslationView};
use pairadm::tui::ask::{AskAnswer, AskRequest, Asker};
use pairadm::tui::backend::{Backend, Finished, Identity, Past, Unfinished, Way};
use pairadm::tui::look::Look;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Names the scenario.
pub const SCENARIO: &str = "PAIRADM_TEST_MENU";
/// A file to which the backend writes how an operation ended.
pub const LOG: &str = "PAIRADM_TEST_LOG";

struct Scripted {
    scenario: String,
    log: Option<PathBuf>,
    asker: Asker,
    looks: AtomicU32,
}

impl Backend for Scripted {
    fn identity(&self) -> Identity {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        assert!(
            self.scenario != "panic" || looks == 0,
            "the second look at the pair file fails this test's menu"
        );
        identity()
    }

    fn status(&self, _: &Cancel) -> Result<Status> {
        match self.scenario.as_str() {
            "slow" => sleep(Duration::from_secs(600)),
            "contact" => {
                let answer = self.asker.ask(AskRequest::HostKey {
                    host: "10.77.0.3".to_owned(),
                    fingerprint: "ssh-ed25519 SHA256:abc".to_owned(),
                    note: String::new(),
                });
                if !matches!(answer, AskAnswer::Yes) {
                    return Err(Error::refused(
                        "host_key_refused",
                        "the host key was not accepted",
                    ));
                }
            }
            _ => {}
        }
        Ok(status())
    }

    fn form(&self, operation: Operation, _: &Cancel) -> Result<Form> {
        assert!(operation != Operation::Reverse, "this worker fails");
        let mut form = form();
        if operation == Operation::Takeover {
            form.fields.clear();
        }
        Ok(form)
    }

    fn plan(&self, operation: Operation, answers: &Answers, _: Looking<'_>) -> Result<Plan> {
        let mut plan = plan();
        if operation == Operation::Translation {
            operation.verb().clone_into(&mut plan.operation);
            answers.get("changes").unwrap().clone_into(&mut plan.title);
        }
        Ok(plan)
    }

    fn apply(&self, plan: &Plan, listener: &mut dyn Listener, cancel: &Cancel) -> Result<Finished> {
        listener.on(&Event {
            at_us: 100,
            progress: Progress::Begun {
                op: OpId(14),
                tag: String::new(),
            },
        });
        if plan.operation == "translation" {
            return Ok(Finished {
                op: Some(OpId(14)),
                end: Some(End::Committed),
                error: None,
                report: None,
            });
        }
        let began = Instant::now();
        while !cancel.asked() && began.elapsed() < Duration::from_secs(600) {
            sleep(Duration::from_millis(5));
        }
        if let Some(log) = &self.log {
            std::fs::write(log, if cancel.asked() { "stopped" } else { "ran out" }).unwrap();
        }
        Ok(Finished {
            op: Some(OpId(14)),
            end: None,
            error: Some(Error::incomplete("cancelled", "stopped as asked")),
            report: None,
        })
    }

    fn resume(&self, op: OpId, _: Way, _: &mut dyn Listener, _: &Cancel) -> Result<Finished> {
        Ok(Finished {
            op: Some(op),
            end: Some(End::Committed),
            error: None,
            report: None,
        })
    }

    fn unfinished(&self, _: &Cancel) -> Result<Option<Unfinished>> {
        Ok(None)
    }

    fn history(&self, cancel: &Cancel) -> Result<Vec<Past>> {
        while self.scenario == "silent" && !cancel.asked() {
            sleep(Duration::from_millis(5));
        }
        if let (Some(log), "silent") = (&self.log, self.scenario.as_str()) {
            std::fs::write(log, "stopped").unwrap();
        }
        Ok(past())
    }

    fn report(&self, op: OpId, _: &Cancel) -> Result<String> {
        Ok(format!("report of {op}"))
    }

    fn doctor(&self, _: &Cancel) -> Result<String> {
        Ok("all well".to_owned())
    }

    fn translation(&self, looking: Looking<'_>) -> Result<TranslationView> {
        let mut view = translation_view();
        while self.scenario == "search" && !looking.cancel.asked() {
            (looking.told)(&Moved {
                what: "search".to_owned(),
                done: 45,
                total: Some(100),
                rate: 0,
            });
            sleep(Duration::from_millis(20));
        }
        if looking.cancel.asked() {
            view.scanned = None;
            view.not_scanned = Some("the search was stopped on request".to_owned());
        }
        Ok(view)
    }

    fn data_held(&self, _: &Cancel) -> Result<BySide<DataHeld>> {
        Ok(held())
    }

    fn verify_form(&self, _: &Cancel) -> Result<Form> {
        Ok(form())
    }

    fn verify(&self, wanted: &VerifyIntent, _: Looking<'_>) -> Result<String> {
        Ok(format!("{} is whole", wanted.mirror))
    }

    fn differences(&self, _: &Cancel) -> Result<String> {
        Ok("nothing differs".to_owned())
    }

    fn losses(&self, _: &Cancel) -> Result<String> {
        Ok("nothing would be lost".to_owned())
    }

    fn try_out(&self, trial: &Trial, _: &Cancel) -> Result<String> {
        Ok(format!("{trial:?}"))
    }

    fn explain(&self, subject: Subject, _: Looking<'_>) -> Result<String> {
        Ok(format!("{subject} stays"))
    }
}

#[test]
#[ignore = "started by the tests of the menu on a real terminal"]
fn menu() {
    let Ok(scenario) = std::env::var(SCENARIO) else {
        return;
    };
    let left = pairadm::tui::run(Look::from_environment(), |asker| {
        Arc::new(Scripted {
            scenario,
            log: std::env::var_os(LOG).map(PathBuf::from),
            asker,
            looks: AtomicU32::new(0),
        })
    })
    .unwrap();
    // The terminal may be gone.
    let _ = writeln!(std::io::stdout(), "left: {left:?}");
}
