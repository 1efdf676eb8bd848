//! Carries out effects: each job on a thread of its own, its answer into the event channel.

use super::ask::Asker;
use super::backend::{Backend, Finished, Practice};
use super::effect::{Effect, Job};
use super::event::{Event, JobId, Reply};
use super::terminal::WORKER;
use crate::controller::{Cancel, Looking};
use crate::engine::{self, Listener};
use crate::error::{Error, Result};
use crate::intent::Operation;
use crate::lab::FaultOffer;
use crate::model::Moved;
use crate::translate::csv_file::{self, Existing};
use crate::translate::{CsvKind, Table};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

/// Does what `update` asks for.
pub struct Runner {
    backend: Arc<dyn Backend>,
    events: Sender<Event>,
    asker: Asker,
    cancel: Cancel,
    /// Jobs that change nothing, newest last, and the wish to stop each.
    looks: Vec<(JobId, Cancel)>,
}

/// Looks that can be stopped; those before have long ended or are waited for by nobody.
const LOOKS: usize = 16;

/// Passes the engine's events on.
struct ToMenu(Sender<Event>);

impl Listener for ToMenu {
    fn on(&mut self, event: &engine::Event) {
        // The operation goes on when the menu is gone.
        let _ = self.0.send(Event::Progress(event.clone()));
    }
}

impl Runner {
    /// A runner whose answers go to `events`.
    pub fn new(backend: Arc<dyn Backend>, events: Sender<Event>, asker: Asker) -> Self {
        Self {
            backend,
            events,
            asker,
            cancel: Cancel::default(),
            looks: Vec::new(),
        }
    }

    /// Starts an effect; returns at once.
    pub fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Stop => self.cancel.ask(),
            Effect::StopJob(job) => {
                if let Some((_, cancel)) = self.looks.iter().find(|(look, _)| *look == job) {
                    cancel.ask();
                }
            }
            Effect::Answer(id, answer) => self.asker.answer(id, answer),
            Effect::Status => self.status(),
            Effect::Unfinished => self.worker(
                |backend| Event::Unfinished(backend.unfinished(&Cancel::default())),
                |error| Event::Unfinished(Err(error)),
            ),
            Effect::Held => self.worker(
                |backend| Event::Held(backend.data_held(&Cancel::default()).map(Box::new)),
                |error| Event::Held(Err(error)),
            ),
            Effect::Job(id, job) => self.job(id, job),
        }
    }

    fn status(&self) {
        let identity = self.backend.identity();
        let named = identity.clone();
        self.worker(
            |backend| {
                let status = identity
                    .pair
                    .is_some()
                    .then(|| backend.status(&Cancel::default()).map(Box::new));
                Event::Status { identity, status }
            },
            |error| Event::Status {
                identity: named,
                status: Some(Err(error)),
            },
        );
    }

    fn job(&mut self, id: JobId, job: Job) {
        let kind = JobKind::of(&job);
        let cancel = Cancel::default();
        if job.changes() {
            self.cancel = cancel.clone();
        } else {
            self.looks.push((id, cancel.clone()));
            let old = self.looks.len().saturating_sub(LOOKS);
            self.looks.drain(..old);
        }
        let mut listener = ToMenu(self.events.clone());
        let events = self.events.clone();
        let told = move |moved: &Moved| {
            let _ = events.send(Event::Looked(id, moved.clone()));
        };
        self.worker(
            move |backend| {
                let looking = Looking {
                    told: &told,
                    cancel: &cancel,
                };
                Event::Reply(id, carry_out(backend, job, &mut listener, looking))
            },
            move |error| Event::Reply(id, kind.failed(error)),
        );
    }

    /// Runs `work` on a thread; `failed` makes the event when it panics or no thread can be had.
    fn worker(
        &self,
        work: impl FnOnce(&dyn Backend) -> Event + Send + 'static,
        failed: impl FnOnce(Error) -> Event + Clone + Send + 'static,
    ) {
        let backend = Arc::clone(&self.backend);
        let events = self.events.clone();
        let on_panic = failed.clone();
        let spawned = thread::Builder::new().name(WORKER.to_owned()).spawn(move || {
            let event = catch_unwind(AssertUnwindSafe(|| work(backend.as_ref())))
                .unwrap_or_else(|panic| on_panic(Error::bug(panic_message(panic.as_ref()))));
            // Nobody is left to tell when the menu has ended.
            let _ = events.send(event);
        });
        if let Err(error) = spawned {
            let error = Error::refused("no_thread", "no thread could be started").because(error);
            let _ = self.events.send(failed(error));
        }
    }
}

/// What kind of answer a job gives, kept for the case that it gives none.
#[derive(Clone, Copy)]
enum JobKind {
    Form(Operation),
    VerifyForm,
    Plan(Operation),
    Change,
    History,
    Text,
    Held,
    Translation,
    Import,
    Export,
    Faults,
}

impl JobKind {
    fn of(job: &Job) -> Self {
        match job {
            Job::Form(operation) | Job::FormWith(operation, _) => Self::Form(*operation),
            Job::VerifyForm => Self::VerifyForm,
            Job::Plan(operation, _) => Self::Plan(*operation),
            Job::Apply(_) | Job::Resume(..) => Self::Change,
            Job::History => Self::History,
            Job::Report(_)
            | Job::Doctor
            | Job::Try(_)
            | Job::Explain(_)
            | Job::Verify(_)
            | Job::Differences
            | Job::Losses => Self::Text,
            Job::Held => Self::Held,
            Job::Translation => Self::Translation,
            Job::Import(..) => Self::Import,
            Job::Export(..) => Self::Export,
            Job::Faults | Job::Break(_) | Job::Heal => Self::Faults,
        }
    }

    fn failed(self, error: Error) -> Reply {
        match self {
            Self::Form(operation) => Reply::Form(operation, Err(error)),
            Self::VerifyForm => Reply::VerifyForm(Err(error)),
            Self::Plan(operation) => Reply::Plan(operation, Err(error)),
            Self::Change => Reply::Finished(Finished::failed(error)),
            Self::History => Reply::History(Err(error)),
            Self::Text => Reply::Text(String::new(), Err(error)),
            Self::Held => Reply::Held(Err(error)),
            Self::Translation => Reply::Translation(Err(error)),
            Self::Import => Reply::Imported(Err(error)),
            Self::Export => Reply::Said(Err(error)),
            Self::Faults => Reply::Faults(Err(error)),
        }
    }
}

fn carry_out(backend: &dyn Backend, job: Job, listener: &mut dyn Listener, looking: Looking<'_>) -> Reply {
    let cancel = looking.cancel;
    match job {
        Job::Form(operation) => Reply::Form(operation, backend.form(operation, cancel)),
        Job::FormWith(operation, answers) => {
            let form = backend.form(operation, cancel);
            Reply::Form(operation, form.map(|form| form.with_defaults(&answers)))
        }
        Job::VerifyForm => Reply::VerifyForm(backend.verify_form(cancel)),
        Job::Plan(operation, answers) => Reply::Plan(operation, backend.plan(operation, &answers, looking)),
        Job::Apply(plan) => Reply::Finished(
            backend
                .apply(&plan, listener, cancel)
                .unwrap_or_else(Finished::failed),
        ),
        Job::Resume(op, way) => Reply::Finished(
            backend
                .resume(op, way, listener, cancel)
                .unwrap_or_else(Finished::failed),
        ),
        Job::History => Reply::History(backend.history(cancel)),
        Job::Report(op) => Reply::Text(format!("Report of operation {op}"), backend.report(op, cancel)),
        Job::Doctor => Reply::Text("Doctor".to_owned(), backend.doctor(cancel)),
        Job::Held => Reply::Held(backend.data_held(cancel).map(Box::new)),
        Job::Verify(wanted) => {
            let title = format!("Mirror {}", wanted.mirror);
            Reply::Text(title, backend.verify(&wanted, looking))
        }
        Job::Differences => Reply::Text("Compared".to_owned(), backend.differences(cancel)),
        Job::Losses => Reply::Text("Preview of a failback".to_owned(), backend.losses(cancel)),
        Job::Try(trial) => Reply::Text("Tried".to_owned(), backend.try_out(&trial, cancel)),
        Job::Translation => Reply::Translation(backend.translation(looking).map(Box::new)),
        Job::Explain(subject) => Reply::Text(subject.to_string(), backend.explain(subject, looking)),
        Job::Import(path, kind) => Reply::Imported(csv_file::read(&path, kind)),
        Job::Export(path, kind, table) => Reply::Said(exported(&path, kind, &table)),
        Job::Faults => Reply::Faults(faults_after(backend, |_| Ok(()))),
        Job::Break(fault) => Reply::Faults(faults_after(backend, |lab| lab.break_it(&fault))),
        Job::Heal => Reply::Faults(faults_after(backend, |lab| lab.heal())),
    }
}

/// The editor never replaces a file.
fn exported(path: &Path, kind: CsvKind, table: &Table) -> Result<String> {
    csv_file::write(path, kind, table, Existing::Keep)
        .map(|told| format!("{told}."))
        .map_err(|error| match error.code.as_str() {
            "file_exists" => error.hint("give the path of a file that does not exist yet"),
            _ => error,
        })
}

/// Does something to the practice lab; its faults afterwards.
fn faults_after(
    backend: &dyn Backend,
    change: impl FnOnce(&dyn Practice) -> Result<()>,
) -> Result<Vec<FaultOffer>> {
    let lab = backend.practice();
    let lab = lab.ok_or_else(|| Error::bug("faults were asked for where there is no practice lab"))?;
    change(lab)?;
    lab.faults()
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a worker ended without saying why".to_owned())
}
