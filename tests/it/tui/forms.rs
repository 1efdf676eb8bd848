//! The forms that operators really meet, in the menu at its smallest size.

use super::fixture::{Menu, RICH, status};
use crossterm::event::KeyCode;
use pairadm::config::parse_pair;
use pairadm::intent::{self, Known, Operation};
use pairadm::tui::event::Reply;

pub const PAIR: &str = r#"name = "office"
profile = "kamailio"
[primary]
hostname = "alpha"
fqdn = "alpha.example.net"
server_id = 1
address = { v4 = "10.77.0.2" }
[secondary]
hostname = "beta"
fqdn = "beta.example.net"
server_id = 2
address = { v4 = "10.77.0.3" }
[[vip]]
address = "10.77.0.10"
interface = "eth0"
"#;

fn opened(operation: Operation, number: &str, configured: bool) -> Menu {
    let pair = parse_pair(PAIR, "pair.toml").unwrap();
    let profiles = ["generic", "kamailio"].map(str::to_owned);
    let status = status();
    let known = Known {
        pair: configured.then_some(&pair),
        profiles: &profiles,
        status: Some(&status),
        ..Known::default()
    };
    let form = intent::form(operation, &known).unwrap();
    let mut menu = Menu::answered(RICH, (80, 24), status.clone());
    menu.choose(number);
    menu.reply(Reply::Form(operation, Ok(form)));
    menu
}

#[test]
fn every_form_fits_the_smallest_terminal() {
    let cases = [
        ("takeover", Operation::Takeover, "3"),
        ("traffic", Operation::Traffic, "4"),
        ("restart", Operation::Restart, "6"),
        ("settings", Operation::Settings, "10"),
        ("remove", Operation::Remove, "11"),
        ("configure_again", Operation::Configure, "2"),
    ];
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, operation, number) in cases {
            insta::assert_snapshot!(name, opened(operation, number, true).text());
        }
        let mut fresh = opened(Operation::Configure, "2", false);
        insta::assert_snapshot!("configure", fresh.text());
        for _ in 0..22 {
            fresh.press(KeyCode::Tab);
        }
        insta::assert_snapshot!("configure_scrolled", fresh.text());
        fresh.press(KeyCode::F(1));
        insta::assert_snapshot!("configure_help", fresh.text());
    });
}

#[test]
fn the_word_of_a_lost_peer_has_to_be_typed_exactly() {
    let mut menu = opened(Operation::Takeover, "3", true);
    menu.shows_not("lost primary's name");
    menu.press(KeyCode::Tab);
    menu.press(KeyCode::Char('y'));
    menu.shows("lost primary's name");
    menu.press(KeyCode::Tab);
    menu.type_text("beta");
    menu.press(KeyCode::F(10));
    menu.shows("accepted: alpha");
}
