//! The table editor: what keys do to the table, and how it looks.

use super::fixture::{BARE, Menu, RICH, plan, status, translation_view};
use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pairadm::agent::protocol::End;
use pairadm::error::Error;
use pairadm::intent::Operation;
use pairadm::translate::{CsvKind, Table};
use pairadm::tui::backend::Finished;
use pairadm::tui::effect::{Effect, Job};
use pairadm::tui::event::{Event, Reply};
use pairadm::tui::look::Look;

fn opened(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.choose("12");
    menu.choose(entry());
    assert!(matches!(menu.job().1, Job::Translation));
    menu.reply(Reply::Translation(Ok(Box::new(translation_view()))));
    menu
}

/// The number of the editor among the entries about data.
fn entry() -> &'static str {
    let place = pairadm::menu::DATA
        .iter()
        .position(|entry| entry.choice == pairadm::menu::Choice::Translation);
    ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"][place.unwrap()]
}

fn editor() -> Menu {
    opened(RICH, (80, 24))
}

/// The changes that saving asks the planner for.
fn saved(menu: &mut Menu) -> String {
    menu.press(KeyCode::Char('s'));
    let (_, Job::Plan(Operation::Translation, answers)) = menu.job() else {
        panic!("no plan was asked for:\n{}", menu.text());
    };
    answers.get("changes").unwrap().to_owned()
}

fn mouse(menu: &mut Menu, kind: MouseEventKind, row: u16) {
    menu.event(Event::Mouse(MouseEvent {
        kind,
        column: 10,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

fn click(menu: &mut Menu, row: u16) {
    mouse(menu, MouseEventKind::Down(MouseButton::Left), row);
}

fn many(rows: u32) -> Menu {
    let mut view = translation_view();
    view.table.notice((0..rows).map(|number| {
        let [_, b, c, d] = number.to_be_bytes();
        std::net::IpAddr::from([172, 16 + b, c, d]).into()
    }));
    let mut menu = Menu::answered(RICH, (80, 24), status());
    menu.choose("12");
    menu.choose(entry());
    menu.reply(Reply::Translation(Ok(Box::new(view))));
    menu
}

#[test]
fn the_cursor_begins_on_what_needs_a_decision_and_the_edit_reaches_the_plan() {
    let mut menu = editor();
    menu.shows("▸ 10.77.0.2 ");
    menu.shows("MISSING");
    menu.press(KeyCode::Enter);
    menu.type_text("10.77.0.3");
    menu.shows("Enter takes it");
    menu.press(KeyCode::Enter);
    menu.shows("NOT SAVED");
    assert_eq!(saved(&mut menu), "10.77.0.2=10.77.0.3");
}

#[test]
fn what_is_no_address_is_told_while_typing_and_refused_by_enter() {
    let mut menu = editor();
    menu.press(KeyCode::Enter);
    menu.type_text("10.77");
    menu.shows("accepted: one such as 192.0.2.12");
    menu.press(KeyCode::Enter);
    menu.shows("! `10.77` is not an IPv4 address");
    menu.shows_not("NOT SAVED");
    menu.control('u');
    menu.type_text("fd77::3");
    menu.press(KeyCode::Enter);
    menu.shows("! `fd77::3` is not an IPv4 address");
    menu.press(KeyCode::Esc);
    menu.shows_not("NOT SAVED");
    menu.shows("Translation table");
}

#[test]
fn edits_are_undone_and_redone_one_by_one() {
    let mut menu = editor();
    for last in ["3", "4"] {
        menu.press(KeyCode::Enter);
        menu.control('u');
        menu.type_text(&format!("10.77.0.{last}"));
        menu.press(KeyCode::Enter);
    }
    menu.press(KeyCode::Char('u'));
    assert_eq!(saved(&mut menu), "10.77.0.2=10.77.0.3");
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Char('u'));
    menu.shows_not("NOT SAVED");
    menu.press(KeyCode::Char('u'));
    menu.shows("There is no edit to take back");
    menu.press(KeyCode::Char('r'));
    menu.press(KeyCode::Char('r'));
    assert_eq!(saved(&mut menu), "10.77.0.2=10.77.0.4");
}

#[test]
fn rows_are_added_noted_and_deleted() {
    let mut menu = editor();
    menu.press(KeyCode::Char('a'));
    menu.type_text("10.9.0.1");
    menu.press(KeyCode::Enter);
    menu.type_text("10.9.0.2");
    menu.press(KeyCode::Enter);
    menu.type_text("the gateway?");
    menu.press(KeyCode::Enter);
    menu.shows("▸ 10.9.0.1 ");
    menu.shows("note: the gateway?");
    menu.press(KeyCode::Char('o'));
    menu.press(KeyCode::Backspace);
    menu.press(KeyCode::Enter);
    assert_eq!(saved(&mut menu), "10.9.0.1=10.9.0.2 \"the gateway\"");
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Char('d'));
    menu.shows_not("NOT SAVED");
}

#[test]
fn an_address_is_added_once() {
    let mut menu = editor();
    menu.press(KeyCode::Char('a'));
    menu.type_text("10.50.1.20");
    for _ in 0..3 {
        menu.press(KeyCode::Enter);
    }
    menu.shows("10.50.1.20 is in the table already");
    menu.press(KeyCode::Esc);
    menu.shows_not("NOT SAVED");
}

#[test]
fn an_address_of_the_data_without_an_entry_cannot_be_deleted() {
    let mut menu = editor();
    menu.press(KeyCode::Char('d'));
    menu.shows("has no entry to delete");
}

#[test]
fn the_filter_looks_in_address_status_place_and_note() {
    for (filter, found) in [
        ("MISSING", "10.77.0.2"),
        ("2001:db8:50", "2001:db8:50::20"),
        ("location", "10.77.0.2"),
        ("sbc old", "10.50.1.20"),
    ] {
        let mut menu = editor();
        menu.press(KeyCode::Char('/'));
        menu.type_text(filter);
        menu.shows(found);
        menu.shows_not("192.0.2.77");
        menu.press(KeyCode::Enter);
        menu.press(KeyCode::Esc);
        menu.shows("192.0.2.77");
    }
    let mut menu = editor();
    menu.press(KeyCode::Char('/'));
    menu.type_text("nowhere?");
    menu.shows("No row holds these words");
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Char('d'));
    menu.press(KeyCode::Char('o'));
    menu.press(KeyCode::Char('x'));
    menu.shows_not("NOT SAVED");
}

#[test]
fn a_subnet_rule_says_what_it_would_do_before_it_does_it() {
    let mut menu = editor();
    menu.press(KeyCode::Char('f'));
    menu.type_text("10.77.0.0/24");
    menu.press(KeyCode::Tab);
    menu.type_text("10.88.0.0/16");
    menu.shows("differ in size");
    menu.press(KeyCode::Backspace);
    menu.press(KeyCode::Backspace);
    menu.type_text("24");
    menu.shows("1 row would be decided");
    menu.press(KeyCode::Enter);
    menu.shows("Decided 1 row;");
    assert_eq!(
        saved(&mut menu),
        "10.77.0.2=10.88.0.2",
        "the VIP and the secondary stay"
    );
}

#[test]
fn csv_goes_through_workers_and_import_is_an_edit() {
    let mut menu = editor();
    menu.press(KeyCode::Char('e'));
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Enter);
    menu.shows("a path is needed");
    menu.type_text("/root/t.csv");
    menu.press(KeyCode::Tab);
    menu.press(KeyCode::Char(' '));
    menu.press(KeyCode::Enter);
    assert!(matches!(
        menu.job().1,
        Job::Export(path, CsvKind::Spreadsheet, table)
            if path.ends_with("t.csv") && **table == translation_view().table
    ));
    menu.reply(Reply::Said(Ok("Wrote 5 rows to /root/t.csv.".to_owned())));
    menu.shows("Wrote 5 rows");

    menu.press(KeyCode::Char('i'));
    menu.type_text("/root/t.csv");
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Enter);
    assert!(matches!(menu.job().1, Job::Import(_, CsvKind::Plain)));
    let mut table = Table::default();
    table.notice(["10.99.0.1".parse().unwrap()]);
    menu.reply(Reply::Imported(Ok(table)));
    menu.shows("Read 1 row;");
    assert_eq!(saved(&mut menu), "10.99.0.1=", "the other rows stay");
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Char('u'));
    menu.shows_not("NOT SAVED");
}

#[test]
fn a_file_that_is_refused_leaves_the_table_as_it_is() {
    let mut menu = editor();
    menu.press(KeyCode::Char('i'));
    menu.type_text("/root/t.csv");
    menu.press(KeyCode::Enter);
    menu.press(KeyCode::Enter);
    let error = Error::refused("bad_translation_csv", "line 3: not CSV");
    menu.reply(Reply::Imported(Err(error)));
    menu.shows("line 3");
    menu.press(KeyCode::Enter);
    menu.shows("▸ 10.77.0.2 ");
    menu.shows_not("NOT SAVED");
}

#[test]
fn edits_are_not_lost_by_accident() {
    let mut menu = editor();
    menu.press(KeyCode::Enter);
    menu.type_text("10.77.0.3");
    menu.press(KeyCode::Enter);
    for key in [KeyCode::Esc, KeyCode::Char('q')] {
        menu.press(key);
        menu.shows("Discard the edits");
        menu.press(KeyCode::Enter);
        menu.shows("NOT SAVED");
    }
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Char('s'));
    assert!(matches!(menu.job().1, Job::Plan(Operation::Translation, _)));
    menu.press(KeyCode::Esc);
    menu.control('c');
    menu.press(KeyCode::Char('d'));
    menu.shows("Back up");
}

#[test]
fn a_table_without_edits_is_left_at_once_and_not_saved() {
    let mut menu = editor();
    menu.press(KeyCode::Char('s'));
    menu.shows("There is nothing to save");
    assert!(matches!(menu.job().1, Job::Translation));
    menu.press(KeyCode::Esc);
    menu.shows("Back up");
}

#[test]
fn a_plan_that_is_left_or_taken_back_gives_the_edits_back() {
    for error in [None, Some(Error::refused("locked", "another operation runs"))] {
        let mut menu = editor();
        menu.press(KeyCode::Enter);
        menu.type_text("10.77.0.3");
        menu.press(KeyCode::Enter);
        menu.press(KeyCode::Char('s'));
        menu.reply(Reply::Plan(Operation::Translation, Ok(plan())));
        menu.press(KeyCode::Char('y'));
        menu.reply(Reply::Finished(Finished {
            op: None,
            end: Some(End::RolledBack),
            error,
            report: None,
        }));
        menu.press(KeyCode::Esc);
        menu.shows("NOT SAVED");
    }
}

#[test]
fn tables_that_differ_can_be_saved_without_an_edit() {
    let mut view = translation_view();
    view.files.differ = true;
    let mut menu = Menu::answered(RICH, (80, 24), status());
    menu.choose("12");
    menu.choose(entry());
    menu.reply(Reply::Translation(Ok(Box::new(view))));
    menu.shows("tables differ");
    assert!(saved(&mut menu).starts_with("10.50.1.20=10.60.1.20"));
}

#[test]
fn an_address_is_explained() {
    let mut menu = editor();
    for key in [KeyCode::Char('x'), KeyCode::F(2)] {
        menu.press(key);
        assert!(matches!(menu.job().1, Job::Explain(subject) if subject.to_string() == "10.77.0.2"));
        menu.reply(Reply::Text("10.77.0.2".to_owned(), Ok("all about it".to_owned())));
        menu.shows("all about it");
        menu.press(KeyCode::Esc);
    }
}

#[test]
fn a_click_selects_a_second_one_edits_and_the_wheel_scrolls() {
    let mut menu = editor();
    click(&mut menu, 3);
    menu.shows("▸ 10.50.1.20 ");
    click(&mut menu, 3);
    menu.shows("[10.60.1.20");
    menu.press(KeyCode::Esc);
    let mut menu = many(100);
    menu.press(KeyCode::Home);
    mouse(&mut menu, MouseEventKind::ScrollDown, 5);
    menu.shows(" 4-16 of ");
    click(&mut menu, 40);
    menu.shows(" 4-16 of ");
}

#[test]
fn problems_are_visited_in_turn() {
    let mut menu = editor();
    menu.press(KeyCode::Home);
    let mut seen = Vec::new();
    for _ in 0..3 {
        menu.press(KeyCode::Char('n'));
        let text = menu.text();
        let line = text.lines().find(|line| line.contains("▸ ")).unwrap().to_owned();
        seen.push(line.split_whitespace().nth(1).unwrap().to_owned());
    }
    assert_eq!(seen[..2], ["10.77.0.2", "192.0.2.77"], "{seen:?}");
}

#[test]
fn thousands_of_rows_are_scrolled_by_page_and_to_both_ends() {
    let mut menu = many(5000);
    menu.press(KeyCode::End);
    menu.shows("-5008 of 5008");
    menu.press(KeyCode::Home);
    menu.press(KeyCode::PageDown);
    menu.shows(" 2-14 of 5008");
    menu.press(KeyCode::Char('/'));
    menu.type_text("172.16.19.13");
    menu.shows("172.16.19.135");
    let rows = menu
        .text()
        .lines()
        .filter(|line| line.contains("172.16.19.13"))
        .count();
    // The address itself and those that go on with 0 to 5; the headline, and the filter.
    assert_eq!(rows, 7 + 2, "{}", menu.text());
}

#[test]
fn hostile_text_of_the_nodes_cannot_reach_the_terminal() {
    let mut view = translation_view();
    let nasty = "\u{1b}[2J\u{202e}evil\u{7}";
    view.table.entries[0].note = Some(nasty.to_owned());
    view.owners
        .others
        .push(("192.0.2.77".parse().unwrap(), nasty.to_owned()));
    for found in view
        .scanned
        .iter_mut()
        .flat_map(|scanned| &mut scanned.findings.found)
    {
        for place in &mut found.places {
            place.file = format!("{nasty}{}", place.file);
            place.table = place.table.take().map(|table| nasty.to_owned() + &table);
        }
    }
    let mut menu = Menu::answered(RICH, (120, 40), status());
    menu.choose("12");
    menu.choose(entry());
    menu.reply(Reply::Translation(Ok(Box::new(view))));
    menu.press(KeyCode::Home);
    // What is dropped silently would look as if it had never been there.
    let shown = "\u{fffd}[2J\u{fffd}evil\u{fffd}";
    menu.shows(&format!("note: {shown}"));
    menu.shows(&format!("3 times: {shown}kamailio.sqlite {shown}address.ip_addr"));
    menu.shows(&format!("  3 {shown}address.ip_addr "));
    menu.press(KeyCode::Char('/'));
    menu.type_text("192.0.2.77");
    menu.shows(&format!("Is {shown}"));
    for symbol in menu.buffer().content.iter().map(ratatui::buffer::Cell::symbol) {
        assert!(!symbol.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{symbol:?}");
    }
}

#[test]
fn help_opens_from_the_list_and_question_marks_can_be_typed() {
    let mut menu = editor();
    menu.press(KeyCode::Char('?'));
    menu.shows("THE TRANSLATION TABLE");
    menu.press(KeyCode::Esc);
    menu.press(KeyCode::Char('/'));
    menu.press(KeyCode::Char('?'));
    menu.shows("/?");
}

#[test]
fn pasted_text_is_typed() {
    let mut menu = editor();
    menu.press(KeyCode::Enter);
    menu.event(Event::Paste("10.77.0.3\n".to_owned()));
    menu.press(KeyCode::Enter);
    assert_eq!(saved(&mut menu), "10.77.0.2=10.77.0.3");
    assert!(!menu.effects.iter().any(|effect| matches!(effect, Effect::Stop)));
}

fn editing(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened(look, size);
    menu.press(KeyCode::Enter);
    menu.type_text("10.77.");
    menu
}

fn filtered(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened(look, size);
    menu.press(KeyCode::Char('/'));
    menu.type_text("third");
    menu
}

fn filling(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened(look, size);
    menu.press(KeyCode::Char('f'));
    menu.type_text("10.77.0.0/24");
    menu.press(KeyCode::Tab);
    menu.type_text("10.88.0.0/24");
    menu
}

fn exporting(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened(look, size);
    menu.press(KeyCode::Char('e'));
    menu
}

fn leaving(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened(look, size);
    menu.press(KeyCode::Char('d'));
    menu.press(KeyCode::Home);
    menu.press(KeyCode::Char('d'));
    menu.press(KeyCode::Esc);
    menu
}

type Scene = fn(Look, (u16, u16)) -> Menu;

#[test]
fn the_editor_looks_as_agreed() {
    let scenes: [(&str, Scene); 6] = [
        ("list", opened),
        ("editing", editing),
        ("filtered", filtered),
        ("filling", filling),
        ("exporting", exporting),
        ("leaving", leaving),
    ];
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, scene) in scenes {
            insta::assert_snapshot!(format!("{name}_80x24"), scene(RICH, (80, 24)).text());
            insta::assert_snapshot!(format!("{name}_120x40"), scene(RICH, (120, 40)).text());
            let bare = scene(BARE, (80, 24)).text();
            assert!(bare.is_ascii(), "{name}: {bare}");
            insta::assert_snapshot!(format!("{name}_ascii"), bare);
        }
    });
}
