//! The entries about data: what they begin, what they refuse, and what the nodes hold.

use super::fixture::{BARE, Menu, RICH, held, plan, status};
use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pairadm::agent::protocol::End;
use pairadm::controller::DataHeld;
use pairadm::error::Error;
use pairadm::intent::Operation;
use pairadm::menu::{Choice, DATA};
use pairadm::model::{BySide, Side};
use pairadm::status::Status;
use pairadm::tui::backend::Finished;
use pairadm::tui::effect::{Effect, Job};
use pairadm::tui::event::{Event, Reply};
use pairadm::tui::look::Look;

fn opened(look: Look, size: (u16, u16), status: Status) -> Menu {
    let mut menu = Menu::answered(look, size, status);
    menu.event(Event::Held(Ok(Box::new(held()))));
    menu.choose("12");
    menu
}

/// The number of an entry.
fn number(choice: Choice) -> String {
    let place = DATA.iter().position(|entry| entry.choice == choice);
    (place.unwrap() + 1).to_string()
}

fn taken_over() -> Status {
    Status {
        active: Some(Side::Secondary),
        ..status()
    }
}

fn mirrors(look: Look, size: (u16, u16), status: Status, held: BySide<DataHeld>) -> Menu {
    let mut menu = opened(look, size, status);
    menu.choose(&number(Choice::Mirrors));
    menu.reply(Reply::Held(Ok(Box::new(held))));
    menu
}

fn loads(menu: &Menu) -> Option<String> {
    match menu.job().1 {
        Job::Plan(Operation::Load, answers) => Some(format!(
            "{} {}",
            answers.get("mirror").unwrap(),
            answers.get("again").unwrap()
        )),
        _ => None,
    }
}

/// What changes the primary's data: for a passive primary only.
const INTO_PRIMARY: [Operation; 3] = [
    Operation::FailbackCopy,
    Operation::FailbackLoad,
    Operation::FailbackRollback,
];

#[test]
fn every_entry_begins_what_it_says() {
    for entry in DATA {
        let back = INTO_PRIMARY.map(Choice::Operation);
        let known = if back.contains(&entry.choice) {
            taken_over()
        } else {
            status()
        };
        let mut menu = opened(RICH, (80, 24), known);
        menu.choose(&number(entry.choice));
        let begun = match (entry.choice, menu.job().1) {
            (Choice::Operation(operation), Job::Form(asked)) => operation == *asked,
            (Choice::Mirrors, Job::Held)
            | (Choice::Verify, Job::Verify(_))
            | (Choice::Translation, Job::Translation)
            | (Choice::Differences, Job::Differences)
            | (Choice::Losses, Job::Losses) => true,
            _ => false,
        };
        assert!(begun, "{}", entry.label);
        menu.press(KeyCode::Esc);
        menu.shows("q to go back");
        menu.press(KeyCode::Char('q'));
        menu.shows("q to quit");
    }
}

#[test]
fn what_was_done_with_data_leads_back_to_the_entries_about_data() {
    let mut menu = opened(RICH, (80, 24), status());
    menu.choose(&number(Choice::Operation(Operation::Backup)));
    menu.reply(Reply::Plan(Operation::Backup, Ok(plan())));
    menu.press(KeyCode::Char('y'));
    menu.reply(Reply::Finished(Finished {
        op: None,
        end: Some(End::Committed),
        error: None,
        report: None,
    }));
    menu.shows("DONE");
    menu.press(KeyCode::Enter);
    menu.shows("q to go back");
}

#[test]
fn the_entries_about_data_have_a_help_of_their_own() {
    let mut menu = opened(RICH, (80, 24), status());
    menu.press(KeyCode::F(1));
    menu.shows("so that the load can be rolled back");
}

#[test]
fn nothing_is_brought_into_a_secondary_that_serves_calls() {
    for operation in [Operation::Copy, Operation::Load, Operation::Rollback] {
        let mut menu = opened(RICH, (80, 24), taken_over());
        let before = menu.effects.len();
        menu.choose(&number(Choice::Operation(operation)));
        menu.shows("Refused as things are");
        menu.shows("Take over to the primary first");
        assert_eq!(menu.effects.len(), before, "{operation:?}");
        menu.press(KeyCode::Enter);
        menu.shows("q to go back");
    }
    let mut menu = opened(RICH, (80, 24), taken_over());
    menu.choose(&number(Choice::Operation(Operation::Backup)));
    assert!(matches!(menu.job().1, Job::Form(Operation::Backup)));
}

#[test]
fn nothing_goes_back_to_a_primary_that_serves_calls() {
    for operation in INTO_PRIMARY {
        let mut menu = opened(RICH, (80, 24), status());
        let before = menu.effects.len();
        menu.choose(&number(Choice::Operation(operation)));
        menu.shows("Refused as things are");
        assert_eq!(menu.effects.len(), before, "{operation:?}");
    }
}

#[test]
fn a_mirror_is_loaded_by_enter_and_a_loaded_one_again() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::Enter);
    assert_eq!(loads(&menu).unwrap(), "op11 no");
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('l'));
    assert_eq!(loads(&menu).unwrap(), "op9 yes");

    let mut menu = mirrors(RICH, (80, 24), taken_over(), held());
    menu.press(KeyCode::Enter);
    menu.shows("Refused as things are");
    assert_eq!(loads(&menu), None);
}

#[test]
fn the_mirror_with_the_cursor_is_verified() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('v'));
    assert!(matches!(menu.job().1, Job::Verify(mirror) if mirror == "op9"));
    menu.reply(Reply::Text(
        "Mirror op9".to_owned(),
        Ok("412 files are whole".to_owned()),
    ));
    menu.shows("412 files are whole");
    menu.press(KeyCode::Esc);
    menu.shows("Backup and mirrors");
}

#[test]
fn a_mirror_is_chosen_by_a_click() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    let row = menu
        .text()
        .lines()
        .position(|line| line.contains(" op9 "))
        .unwrap();
    let mut click = || {
        menu.event(Event::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 5,
            row: u16::try_from(row).unwrap(),
            modifiers: KeyModifiers::NONE,
        }));
        loads(&menu)
    };
    assert_eq!(click(), None);
    assert_eq!(click().unwrap(), "op9 yes");
}

#[test]
fn what_is_held_is_read_again_in_place() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('r'));
    let mut fewer = held();
    fewer.secondary.data.as_mut().unwrap().mirrors.pop();
    menu.reply(Reply::Held(Ok(Box::new(fewer))));
    menu.shows("▸ op11");
    menu.press(KeyCode::Esc);
    menu.shows("q to go back");
}

#[test]
fn a_node_that_cannot_say_leaves_the_other_readable() {
    let mut one = held();
    one.secondary.data = None;
    one.secondary.error = Some(Error::refused("link_lost", "beta does not answer\u{1b}[2J"));
    let mut menu = mirrors(RICH, (80, 24), status(), one);
    menu.shows("beta does not answer");
    menu.shows("made 2 h ago, 150 MiB in 412 files");
    for key in [KeyCode::Enter, KeyCode::Down, KeyCode::End] {
        menu.press(key);
    }
    assert_eq!(loads(&menu), None);
}

#[test]
fn the_pair_view_tells_the_age_of_the_data_and_lets_it_grow() {
    let mut menu = opened(RICH, (80, 24), status());
    menu.shows("data: mirror op11 from 26 h ago, op9 loaded");
    menu.at(3_000 + 3_600_000);
    menu.shows("mirror op11 from 27 h ago");
}

#[test]
fn what_is_held_is_asked_at_the_start_and_not_with_every_look() {
    let mut menu = Menu::new(RICH, (80, 24));
    let asked = |menu: &Menu| {
        let held = menu
            .effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Held));
        held.count()
    };
    assert_eq!(asked(&menu), 1);
    menu.status(status());
    menu.at(10_000);
    menu.status(status());
    menu.at(20_000);
    assert_eq!(asked(&menu), 1);
}

#[test]
fn the_screens_about_data_look_as_agreed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        let mut barred = opened(RICH, (80, 24), taken_over());
        barred.press(KeyCode::Down);
        insta::assert_snapshot!("data_refused", barred.text());
        for (size, name) in [((80, 24), "80x24"), ((120, 40), "120x40")] {
            let menu = opened(RICH, size, status());
            insta::assert_snapshot!(format!("data_{name}"), menu.text());
            let menu = mirrors(RICH, size, status(), held());
            insta::assert_snapshot!(format!("mirrors_{name}"), menu.text());
        }
        let bare = mirrors(BARE, (80, 24), status(), held()).text();
        assert!(bare.is_ascii(), "{bare}");
        let none = mirrors(RICH, (80, 24), status(), BySide::new(|_| DataHeld::default()));
        insta::assert_snapshot!("mirrors_none", none.text());
    });
}
