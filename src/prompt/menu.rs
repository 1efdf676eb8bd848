//! The numbered menu of the line mode.

use super::change::{Consent, change, go_on, tell_error};
use super::form::{Asking, ask_form};
use super::{Reply, Talk, looking};
use crate::controller::backend::{Backend, Unfinished, Way};
use crate::controller::{Cancel, Looking};
use crate::error::Result;
use crate::intent::{Answers, Operation, verify};
use crate::menu::{Choice, DATA, Entry, MAIN, TESTS, Trial};
use crate::model::OpId;
use crate::render::{self, Line, Tone};
use std::sync::atomic::Ordering;

/// Everything an entry needs.
struct Desk<'d> {
    talk: &'d mut (dyn Talk + Send),
    backend: &'d dyn Backend,
    cancel: &'d Cancel,
    verbose: bool,
}

/// Shows the menu until the operator quits or input ends.
pub fn menu(talk: &mut (dyn Talk + Send), backend: &dyn Backend, verbose: bool, cancel: &Cancel) {
    let mut desk = Desk {
        talk,
        backend,
        cancel,
        verbose,
    };
    match backend.practice() {
        None => desk.entries(MAIN, "q to quit"),
        Some(_) => desk.entries(MAIN, "f for faults of the lab, q to quit"),
    }
}

impl Desk<'_> {
    /// Shows a list of entries and carries out what is chosen, until the list is left.
    fn entries(&mut self, entries: &[Entry], way_out: &str) {
        loop {
            self.say_pair();
            for (number, entry) in (1..).zip(entries) {
                self.talk
                    .say(&Line::plain(format!("{number:3}) {}", entry.label)));
            }
            match self
                .talk
                .ask(&format!("Enter choice (1-{}) or {way_out}", entries.len()))
            {
                Reply::End => return,
                Reply::Line(line) if matches!(line.as_str(), "q" | "Q" | "quit") => return,
                Reply::Line(line) if line.is_empty() => {}
                Reply::Line(line) if line == "f" && self.backend.practice().is_some() => self.practise(),
                Reply::Line(line) => self.choose(entries, &line),
            }
            // A Ctrl-C that stopped an entry brings back the menu, it does not end it.
            self.cancel.flag().store(false, Ordering::SeqCst);
        }
    }

    /// Shows what can be broken in the practice lab, until the list is left.
    fn practise(&mut self) {
        let Some(lab) = self.backend.practice() else {
            return;
        };
        loop {
            let offers = match lab.faults() {
                Ok(offers) => offers,
                Err(error) => return tell_error(self.talk, &error),
            };
            self.talk.say(&Line::default());
            for (number, offer) in (1..).zip(&offers) {
                let on = if offer.on { "ON" } else { "" };
                let (fault, effect) = (offer.fault.to_string(), offer.fault.effect());
                let tone = if offer.on { Tone::Bad } else { Tone::Plain };
                let text = format!("{number:3}) {on:2} {fault:17} {effect}");
                self.talk.say(&Line::toned(tone, text));
            }
            let question = format!(
                "Break which (1-{}), h to heal everything, q to go back",
                offers.len()
            );
            let done = match self.talk.ask(&question) {
                Reply::End => return,
                Reply::Line(line) => match line.as_str() {
                    "q" | "" => return,
                    "h" => lab.heal(),
                    number => {
                        if let Some(offer) = place(number).and_then(|place| offers.get(place)) {
                            lab.break_it(&offer.fault)
                        } else {
                            self.wrong(number, offers.len());
                            Ok(())
                        }
                    }
                },
            };
            if let Err(error) = done {
                tell_error(self.talk, &error);
            }
        }
    }

    fn wrong(&mut self, line: &str, entries: usize) {
        let text = format!("`{line}` is not an entry; accepted: 1 to {entries} or q");
        self.talk.say(&Line::toned(Tone::Bad, text));
    }

    fn say_pair(&mut self) {
        self.talk.say(&Line::default());
        self.talk.say(&match self.backend.identity().pair {
            Some(pair) => Line::strong(format!("pairadm: pair {} ({})", pair.name, pair.profile)).then(
                Tone::Plain,
                format!(
                    "  primary {}, secondary {}",
                    pair.hosts.primary, pair.hosts.secondary
                ),
            ),
            None => Line::strong("pairadm: no pair is configured yet"),
        });
    }

    fn choose(&mut self, entries: &[Entry], line: &str) {
        let Some(entry) = place(line).and_then(|place| entries.get(place)) else {
            return self.wrong(line, entries.len());
        };
        let outcome = match entry.choice {
            Choice::Status => self.status(),
            Choice::Operation(operation) => self.operate(operation),
            Choice::History => self.history(),
            Choice::Reports => self.report(),
            Choice::Doctor => self.backend.doctor(self.cancel).map(|text| self.say_all(&text)),
            Choice::Mirrors => self.backend.data_held(self.cancel).map(|held| {
                for line in render::data_held(&held) {
                    self.talk.say(&line);
                }
            }),
            Choice::Verify => self.verify(),
            Choice::Differences => self
                .backend
                .differences(self.cancel)
                .map(|text| self.say_all(&text)),
            Choice::Losses => self.backend.losses(self.cancel).map(|text| self.say_all(&text)),
            Choice::Translation => self.translation(),
            Choice::Data => {
                self.entries(DATA, "q to go back");
                Ok(())
            }
            Choice::Tests => {
                self.entries(TESTS, "q to go back");
                Ok(())
            }
            Choice::TryReactions => self.try_one(&Trial::of_reactions()),
            Choice::TryAlarm => self
                .backend
                .status(self.cancel)
                .and_then(|status| self.try_one(&Trial::of_alarms(&status))),
        };
        if let Err(error) = outcome {
            tell_error(self.talk, &error);
        }
    }

    /// Looks at what may be much: tells how far it is, and Ctrl-C stops the look and not the menu.
    fn look<T>(&mut self, look: impl FnOnce(Looking<'_>) -> Result<T>) -> Result<T> {
        let seen = looking(self.talk, self.cancel, look);
        self.cancel.flag().store(false, Ordering::SeqCst);
        seen
    }

    fn status(&mut self) -> Result<()> {
        for line in render::status(&self.backend.status(self.cancel)?) {
            self.talk.say(&line);
        }
        Ok(())
    }

    fn operate(&mut self, operation: Operation) -> Result<()> {
        let form = self.backend.form(operation, self.cancel)?;
        let Some(typed) = ask_form(self.talk, &form, &Answers::default(), Asking::All) else {
            self.talk.say(&Line::plain("Nothing was changed."));
            return Ok(());
        };
        let answers = form.complete(&typed)?;
        let backend = self.backend;
        let plan = self.look(|looking| backend.plan(operation, &answers, looking))?;
        change(
            self.talk,
            self.backend,
            &plan,
            Consent::Asked,
            self.verbose,
            self.cancel,
        );
        Ok(())
    }

    fn verify(&mut self) -> Result<()> {
        let form = self.backend.verify_form(self.cancel)?;
        let Some(typed) = ask_form(self.talk, &form, &Answers::default(), Asking::All) else {
            return Ok(());
        };
        let wanted = verify::resolve(&form.complete(&typed)?)?;
        let backend = self.backend;
        let read = self.look(|looking| backend.verify(&wanted, looking))?;
        self.say_all(&read);
        Ok(())
    }

    /// Offers to go on with what was left open, which bars everything else; then to undo what is done.
    fn history(&mut self) -> Result<()> {
        // Nodes that cannot be asked leave nothing to go on with, and their history can still be read.
        if let Ok(Some(open)) = self.backend.unfinished(self.cancel)
            && self.resume(&open)
        {
            return Ok(());
        }
        let Some(op) = self.pick("Number of the operation to undo, Enter for none")? else {
            return Ok(());
        };
        self.operate(Operation::Undo(op))
    }

    /// Shows the table, and asks for changes of it.
    fn translation(&mut self) -> Result<()> {
        let backend = self.backend;
        let view = self.look(|looking| backend.translation(looking))?;
        for line in render::translation::list(&view) {
            self.talk.say(&line);
        }
        self.operate(Operation::Translation)
    }

    fn report(&mut self) -> Result<()> {
        let Some(op) = self.pick("Number of the report to read, Enter for none")? else {
            return Ok(());
        };
        let text = self.backend.report(op, self.cancel)?;
        self.say_all(&text);
        Ok(())
    }

    /// Says whether the operator went on with it, one way or the other.
    fn resume(&mut self, open: &Unfinished) -> bool {
        self.talk.say(&Line::strong(format!(
            "Operation {}: {}",
            open.op, open.plan.title
        )));
        self.talk.say(&Line::plain(format!(
            "{} of {} steps are done; begun by {} at {}",
            open.done,
            open.plan.steps().count(),
            open.who,
            open.since
        )));
        let question = match open.decided {
            None => "1) resume  2) roll back, Enter for neither",
            Some(Way::Forward) => "1) resume, Enter for not now",
            Some(Way::Back) => "2) roll back, Enter for not now",
        };
        let way = match self.talk.ask(question) {
            Reply::Line(line) if line == "1" && open.can_go(Way::Forward) => Way::Forward,
            Reply::Line(line) if line == "2" && open.can_go(Way::Back) => Way::Back,
            _ => return false,
        };
        go_on(
            self.talk,
            self.backend,
            &open.plan,
            open.op,
            way,
            self.verbose,
            self.cancel,
        );
        true
    }

    /// Lists the operations and asks for one.
    fn pick(&mut self, question: &str) -> Result<Option<OpId>> {
        let past = self.backend.history(self.cancel)?;
        for line in render::history(&past) {
            self.talk.say(&line);
        }
        if past.is_empty() {
            return Ok(None);
        }
        loop {
            match self.talk.ask(question) {
                Reply::End => return Ok(None),
                Reply::Line(line) if line.is_empty() => return Ok(None),
                Reply::Line(line) => match line.parse() {
                    Ok(op) => return Ok(Some(op)),
                    Err(why) => self.talk.say(&Line::toned(Tone::Bad, why)),
                },
            }
        }
    }

    /// Lists what can be tried, and tries one.
    fn try_one(&mut self, trials: &[Trial]) -> Result<()> {
        let pair = self.backend.identity().pair;
        let Some(hosts) = pair.map(|pair| pair.hosts).filter(|_| !trials.is_empty()) else {
            self.talk.say(&Line::plain("There is nothing to try."));
            return Ok(());
        };
        for (number, trial) in (1..).zip(trials) {
            self.talk
                .say(&Line::plain(format!("{number:3}) {}", trial.label(&hosts))));
        }
        loop {
            let question = format!("Which one (1-{}), Enter for none", trials.len());
            let line = match self.talk.ask(&question) {
                Reply::Line(line) if !line.is_empty() => line,
                _ => return Ok(()),
            };
            let number = line
                .parse::<usize>()
                .ok()
                .and_then(|number| number.checked_sub(1));
            if let Some(trial) = number.and_then(|index| trials.get(index)) {
                let said = self.backend.try_out(trial, self.cancel)?;
                self.say_all(&said);
                return Ok(());
            }
            let text = format!("`{line}` is not one of them; accepted: 1 to {}", trials.len());
            self.talk.say(&Line::toned(Tone::Bad, text));
        }
    }

    fn say_all(&mut self, text: &str) {
        for line in text.lines() {
            self.talk.say(&Line::plain(line));
        }
    }
}

/// The place in a list that a number names.
fn place(number: &str) -> Option<usize> {
    number.parse::<usize>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::End;
    use crate::prompt::script::{Fake, Script};

    /// Runs the menu on what is typed; what was shown and what the backend was asked.
    fn run(end: Option<End>, typed: &[&str]) -> (String, Vec<String>) {
        let fake = Fake::ending(end);
        let mut script = Script::of(typed);
        menu(&mut script, &fake, false, &Cancel::default());
        assert_eq!(script.left(), 0, "{}", script.shown());
        (script.shown().to_owned(), fake.asked.into_inner().unwrap())
    }

    #[test]
    fn every_entry_is_numbered_and_q_or_the_end_of_input_quits() {
        let (shown, asked) = run(None, &["q"]);
        assert!(shown.contains("  3) Take over"), "{shown}");
        assert!(shown.contains("Enter choice (1-12) or q to quit"), "{shown}");
        assert!(asked.is_empty());
        run(None, &[]);
    }

    #[test]
    fn a_takeover_is_asked_reviewed_agreed_and_told() {
        let (shown, asked) = run(Some(End::Committed), &["3", "secondary", "", "y", "q"]);
        assert_eq!(asked, ["plan takeover peer_lost=no to=secondary", "apply"]);
        for part in [
            "This is service affecting",
            "announce the VIPs",
            "1/1 announce",
            "Done, and read back",
            "/var/log/pairadm/7.txt",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn a_no_after_the_review_changes_nothing() {
        let (shown, asked) = run(None, &["3", "1", "", "maybe", "n", "q"]);
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(
            shown.contains("Answer y or n.") && shown.contains("Nothing was changed."),
            "{shown}"
        );
    }

    #[test]
    fn an_interrupted_operation_offers_resume_and_rollback() {
        let (_, asked) = run(None, &["3", "1", "", "y", "5", "1", "q"]);
        assert_eq!(asked.last().unwrap(), "resume 7 Forward");
        let (_, asked) = run(None, &["3", "1", "", "y", "2", "q"]);
        assert_eq!(asked.last().unwrap(), "resume 7 Back");
        let (shown, asked) = run(None, &["3", "1", "", "y", "3", "q"]);
        assert_eq!(asked.last().unwrap(), "apply");
        assert!(shown.contains("pairadm resume 7"), "{shown}");
    }

    #[test]
    fn operations_are_picked_by_number_for_undo_and_reports() {
        let (shown, asked) = run(Some(End::Committed), &["7", "", "six", "6", "y", "8", "6", "q"]);
        assert_eq!(asked, ["plan undo ", "apply"]);
        assert!(shown.contains("`six` is not an operation number"), "{shown}");
        assert!(shown.contains("report of 6\u{fffd}[2J"), "{shown}");
        let (_, asked) = run(None, &["7", "2", "q"]);
        assert_eq!(asked, ["resume 7 Back"]);
    }

    #[test]
    fn the_entries_about_data_are_a_list_of_their_own() {
        let (shown, asked) = run(Some(End::Committed), &["12", "1", "", "y", "q", "q"]);
        assert_eq!(asked, ["plan backup side=primary", "apply"]);
        assert!(shown.contains("q to go back"), "{shown}");
    }

    #[test]
    fn a_mirror_is_chosen_from_a_list_to_be_verified_and_to_be_loaded() {
        let (shown, _) = run(None, &["12", "6", "3", "q", "q"]);
        for part in [
            "2) op9 on secondary, mirror",
            "3) op12 on primary, failback",
            "op12 is whole",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let (shown, asked) = run(None, &["12", "3", "2", "", "n", "q", "q"]);
        assert!(shown.contains("2) op9, ") && !shown.contains("op12"), "{shown}");
        assert_eq!(asked, ["plan load again=no mirror=op9"]);
        let (shown, asked) = run(None, &["12", "13", "op12", "", "alpha", "n", "q", "q"]);
        assert!(shown.contains("2) op12, ") && !shown.contains("op9"), "{shown}");
        assert_eq!(
            asked,
            ["plan failback-load again=no confirm_primary=alpha mirror=op12"]
        );
    }

    #[test]
    fn only_a_practice_lab_is_broken_and_healed() {
        let fake = Fake::practising();
        let mut script = Script::of(&["f", "2", "9", "h", "q", "q"]);
        menu(&mut script, &fake, false, &Cancel::default());
        assert_eq!(*fake.asked.lock().unwrap(), ["break duplicate-vip", "heal"]);
        assert!(
            script.shown().contains("  2) ON duplicate-vip"),
            "{}",
            script.shown()
        );
        assert!(script.shown().contains("`9` is not an entry; accepted: 1 to 2"));
        let (shown, asked) = run(None, &["f", "q"]);
        assert!(
            asked.is_empty() && shown.contains("`f` is not an entry"),
            "{shown}"
        );
    }

    #[test]
    fn reactions_are_tried_by_number() {
        let (shown, asked) = run(None, &["9", "2", "5", "3", "2", "", "q", "q"]);
        assert_eq!(asked, ["try Reactions(Secondary, Active)"]);
        for part in [
            "2) alpha: as if it became passive",
            "`5` is not one of them",
            "all told",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn errors_and_wrong_entries_bring_the_menu_back() {
        let (shown, _) = run(None, &["99", "1", "9", "1", "3", "q", "q"]);
        for part in ["`99` is not an entry", "no status here", "all well"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
