//! The entries about data: what they begin, what they refuse, and what the nodes hold.

use super::fixture::{BARE, Menu, RICH, held, plan, status};
use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pairadm::agent::protocol::End;
use pairadm::config::parse_pair;
use pairadm::error::Error;
use pairadm::facts::{DataHeld, MirrorFacts};
use pairadm::intent::{self, Known, Operation};
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

/// The questions that are asked with a mirror chosen.
fn asked(menu: &Menu) -> Option<(Operation, String)> {
    match menu.job().1 {
        Job::FormWith(operation, answers) => Some((*operation, answers.get("mirror").unwrap().to_owned())),
        _ => None,
    }
}

fn verifies(menu: &Menu, mirror: &str, side: Side) -> bool {
    matches!(menu.job().1, Job::Verify(wanted) if wanted.mirror == mirror && wanted.side == Some(side))
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
            | (Choice::Verify, Job::VerifyForm)
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
fn a_mirror_is_loaded_by_enter_and_of_a_loaded_one_it_is_asked_whether_again() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::Enter);
    assert_eq!(loads(&menu).unwrap(), "op11 no");
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('l'));
    assert_eq!(asked(&menu).unwrap(), (Operation::Load, "op9".to_owned()));

    let mut menu = mirrors(RICH, (80, 24), taken_over(), held());
    menu.press(KeyCode::Enter);
    menu.shows("Refused as things are");
    assert_eq!(loads(&menu), None);
}

#[test]
fn a_failback_mirror_is_verified_and_loaded_from_the_same_list() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::End);
    menu.press(KeyCode::Char('v'));
    assert!(verifies(&menu, "op8", Side::Primary));
    menu.reply(Reply::Text("Mirror op8".to_owned(), Ok("whole".to_owned())));
    assert!(
        matches!(menu.effects.last(), Some(Effect::Held)),
        "the list is read again"
    );
    menu.press(KeyCode::Esc);
    let mut damaged = held();
    let mirror = &mut damaged.primary.data.as_mut().unwrap().mirrors[0];
    mirror.verified.fault = Some("`database/kamailio.sqlite` is missing\u{1b}[2J".to_owned());
    menu.event(Event::Held(Ok(Box::new(damaged))));
    menu.shows("DAMAGED");
    menu.shows("op8 is damaged: `database/kamailio.sqlite` is missing");
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("mirrors_damaged", menu.text());
    });
    menu.press(KeyCode::Enter);
    menu.shows("The primary serves calls");

    let mut menu = mirrors(RICH, (80, 24), taken_over(), held());
    menu.press(KeyCode::End);
    menu.press(KeyCode::Enter);
    assert_eq!(asked(&menu).unwrap(), (Operation::FailbackLoad, "op8".to_owned()));
}

#[test]
fn a_mirror_of_a_former_role_is_verified_and_not_loaded() {
    let mut reversed = held();
    for mirror in &mut reversed.secondary.data.as_mut().unwrap().mirrors {
        mirror.source = Side::Secondary;
    }
    let mut menu = mirrors(RICH, (80, 24), status(), reversed);
    menu.shows("old role");
    menu.press(KeyCode::Enter);
    menu.shows("before the roles were reversed");
    assert_eq!(loads(&menu), None);
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Char('v'));
    assert!(verifies(&menu, "op11", Side::Secondary));
}

#[test]
fn forms_offer_the_mirrors_to_choose_from() {
    let pair = parse_pair(super::forms::PAIR, "pair.toml").unwrap();
    let held = held();
    let known = Known {
        pair: Some(&pair),
        held: Some(&held),
        ..Known::default()
    };
    let opened = |operation: Operation, status| {
        let mut menu = opened(RICH, (80, 24), status);
        menu.choose(&number(Choice::Operation(operation)));
        let form = intent::form(operation, &known).unwrap();
        menu.reply(Reply::Form(operation, Ok(form)));
        menu.press(KeyCode::Char(' '));
        menu
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        let mut load = opened(Operation::Load, status());
        insta::assert_snapshot!("load_choices", load.text());
        load.press(KeyCode::Down);
        load.press(KeyCode::Down);
        load.press(KeyCode::Enter);
        load.press(KeyCode::F(10));
        assert_eq!(loads(&load).unwrap(), "op9 no");
        let back = opened(Operation::FailbackLoad, taken_over());
        insta::assert_snapshot!("failback_load_choices", back.text());

        let mut menu = self::opened(RICH, (80, 24), status());
        menu.choose(&number(Choice::Verify));
        menu.reply(Reply::VerifyForm(intent::verify_form(&known)));
        insta::assert_snapshot!("verify_form", menu.text());
        menu.press(KeyCode::Char(' '));
        insta::assert_snapshot!("verify_choices", menu.text());
        menu.press(KeyCode::End);
        menu.press(KeyCode::Enter);
        menu.press(KeyCode::F(10));
        assert!(
            matches!(menu.job().1, Job::Verify(wanted) if wanted.mirror == "op8" && wanted.side.is_none())
        );
        menu.reply(Reply::Text(
            "Mirror op8".to_owned(),
            Ok("op8 is whole".to_owned()),
        ));
        menu.press(KeyCode::Esc);
        menu.press(KeyCode::Esc);
        menu.shows("q to go back");
    });
}

#[test]
fn a_list_of_choices_that_is_longer_than_the_screen_moves_with_the_cursor() {
    let pair = parse_pair(super::forms::PAIR, "pair.toml").unwrap();
    let mut held = held();
    let mirrors = &mut held.secondary.data.as_mut().unwrap().mirrors;
    let one = mirrors[0].clone();
    mirrors.extend((20..50).map(|op| MirrorFacts {
        name: format!("op{op}"),
        ..one.clone()
    }));
    let known = Known {
        pair: Some(&pair),
        held: Some(&held),
        ..Known::default()
    };
    let mut menu = opened(RICH, (80, 24), status());
    menu.choose(&number(Choice::Verify));
    menu.reply(Reply::VerifyForm(intent::verify_form(&known)));
    menu.press(KeyCode::Char(' '));
    menu.shows("▸ newest");
    for _ in 0..25 {
        menu.press(KeyCode::Down);
    }
    menu.shows("▸ op42");
    menu.press(KeyCode::End);
    menu.shows("▸ op8 on alpha");
}

#[test]
fn the_mirror_with_the_cursor_is_verified() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('v'));
    assert!(verifies(&menu, "op9", Side::Secondary));
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
        .position(|line| line.contains("op9    beta"))
        .unwrap();
    let mut click = || {
        menu.event(Event::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 5,
            row: u16::try_from(row).unwrap(),
            modifiers: KeyModifiers::NONE,
        }));
        asked(&menu)
    };
    assert_eq!(click(), None);
    assert_eq!(click().unwrap(), (Operation::Load, "op9".to_owned()));
}

#[test]
fn what_is_held_is_read_again_and_the_cursor_stays_at_its_mirror() {
    let mut menu = mirrors(RICH, (80, 24), status(), held());
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('r'));
    let mut more = held();
    let mirrors = &mut more.secondary.data.as_mut().unwrap().mirrors;
    let newer = MirrorFacts {
        name: "op14".to_owned(),
        ..mirrors[0].clone()
    };
    mirrors.insert(0, newer);
    menu.reply(Reply::Held(Ok(Box::new(more))));
    menu.shows("▸ op9");
    menu.press(KeyCode::Char('r'));
    let mut fewer = held();
    fewer.primary.data.as_mut().unwrap().mirrors.clear();
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
