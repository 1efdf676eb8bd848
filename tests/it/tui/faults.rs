//! Faults of the practice lab at a key press, and nowhere else.

use super::fixture::{BARE, Menu, RICH};
use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pairadm::error::Error;
use pairadm::lab::{Fault, FaultOffer};
use pairadm::tui::effect::{Effect, Job};
use pairadm::tui::event::{Event, Reply};
use pairadm::tui::look::Look;

fn offers(on: &str) -> Vec<FaultOffer> {
    let offer = |text: &str| FaultOffer {
        fault: text.parse().unwrap(),
        on: text == on,
    };
    [
        "power alpha",
        "link alpha eth0",
        "readonly alpha /",
        "duplicate-vip",
    ]
    .map(offer)
    .into()
}

fn opened(look: Look) -> Menu {
    let mut menu = Menu::practising(look, (80, 24));
    menu.press(KeyCode::Char('f'));
    assert!(matches!(menu.job().1, Job::Faults));
    menu.reply(Reply::Faults(Ok(offers(""))));
    menu
}

#[test]
fn a_fault_is_put_on_by_enter_and_all_are_healed_by_h() {
    let mut menu = opened(RICH);
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Enter);
    assert!(matches!(menu.job().1, Job::Break(Fault::Link(node, 0)) if node == "alpha"));
    menu.reply(Reply::Faults(Ok(offers("link alpha eth0"))));
    let jobs = menu.effects.len();
    menu.press(KeyCode::Enter);
    assert_eq!(menu.effects.len(), jobs, "what is on is not put on again");
    menu.press(KeyCode::Char('h'));
    assert!(matches!(menu.job().1, Job::Heal));
    menu.reply(Reply::Faults(Err(Error::refused("lab_off", "the node is off"))));
    menu.shows("the node is off");
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Esc);
    menu.shows("q to quit");
}

#[test]
fn a_click_chooses_a_fault_and_a_second_one_puts_it_on() {
    let mut menu = opened(RICH);
    let row = menu
        .text()
        .lines()
        .position(|line| line.contains("duplicate-vip"));
    let click = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 10,
        row: u16::try_from(row.unwrap()).unwrap(),
        modifiers: KeyModifiers::NONE,
    };
    menu.event(Event::Mouse(click));
    assert!(matches!(menu.job().1, Job::Faults));
    menu.event(Event::Mouse(click));
    assert!(matches!(menu.job().1, Job::Break(Fault::DuplicateVip)));
}

#[test]
fn a_pair_that_serves_calls_has_no_such_key() {
    let mut menu = Menu::new(RICH, (80, 24));
    menu.press(KeyCode::Char('f'));
    menu.shows_not("faults");
    let broken = |effect: &Effect| matches!(effect, Effect::Job(_, Job::Faults | Job::Break(_)));
    assert!(!menu.effects.iter().any(broken));
    Menu::practising(RICH, (80, 24)).shows("f faults");
}

#[test]
fn the_faults_look_as_agreed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        let mut menu = opened(RICH);
        menu.press(KeyCode::Char('r'));
        menu.reply(Reply::Faults(Ok(offers("power alpha"))));
        menu.press(KeyCode::Down);
        insta::assert_snapshot!("faults", menu.text());
        let bare = opened(BARE).text();
        assert!(bare.is_ascii(), "{bare}");
    });
}
