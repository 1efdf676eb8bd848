//! What keys, answers and signals lead to.

use super::fixture::{
    Menu, RICH, empty_plan, form, identity, long_step, past, plan, status, told, unfinished,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pairadm::agent::protocol::End;
use pairadm::engine::Progress;
use pairadm::error::Error;
use pairadm::intent::{Form, Operation};
use pairadm::menu::Trial;
use pairadm::model::{Category, Mode, OpId, Side};
use pairadm::status::Alarm;
use pairadm::tui::Leaving;
use pairadm::tui::ask::{AskAnswer, AskId, AskRequest};
use pairadm::tui::backend::{Finished, Unfinished, Way};
use pairadm::tui::effect::{Effect, Job};
use pairadm::tui::event::{Event, Reply};
use pairadm::tui::state::Wish;

fn menu() -> Menu {
    Menu::answered(RICH, (80, 24), status())
}

fn with_form() -> Menu {
    let mut menu = menu();
    menu.choose("2");
    menu.reply(Reply::Form(Operation::Configure, Ok(form())));
    menu
}

fn with_review() -> Menu {
    let mut menu = with_form();
    menu.press(KeyCode::Tab);
    menu.type_text("10.77.0.3");
    menu.press(KeyCode::F(10));
    menu.reply(Reply::Plan(Operation::Configure, Ok(plan())));
    menu
}

fn running() -> Menu {
    let mut menu = with_review();
    menu.press(KeyCode::Char('y'));
    menu
}

fn asked_to_stop(menu: &Menu) -> bool {
    menu.effects.iter().any(|effect| matches!(effect, Effect::Stop))
}

fn looks(menu: &Menu) -> usize {
    let looks = menu
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Status));
    looks.count()
}

fn click(menu: &mut Menu, column: u16, row: u16) {
    menu.event(Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

fn row_of(menu: &Menu, words: &str) -> u16 {
    let text = menu.text();
    let row = text.lines().position(|line| line.contains(words));
    u16::try_from(row.unwrap_or_else(|| panic!("`{words}` is not in\n{text}"))).unwrap()
}

#[test]
fn the_first_frame_needs_no_answer_from_the_nodes() {
    let menu = Menu::new(RICH, (80, 24));
    menu.shows("alpha");
    menu.shows("asking");
    menu.shows("not read yet");
}

#[test]
fn an_entry_is_chosen_by_digits_arrows_or_a_click() {
    let mut by_digits = menu();
    by_digits.choose("3");
    assert!(matches!(by_digits.job().1, Job::Form(Operation::Takeover)));

    let mut two_digits = menu();
    two_digits.choose("11");
    assert!(matches!(two_digits.job().1, Job::Form(Operation::Remove)));

    let mut by_arrows = menu();
    by_arrows.press(KeyCode::Down);
    by_arrows.press(KeyCode::Down);
    by_arrows.press(KeyCode::Enter);
    assert!(matches!(by_arrows.job().1, Job::Form(Operation::Takeover)));

    let mut by_click = menu();
    click(&mut by_click, 5, 4);
    assert!(matches!(by_click.job().1, Job::Form(Operation::Takeover)));
}

#[test]
fn a_number_beyond_the_last_entry_begins_anew() {
    let mut menu = menu();
    menu.choose("13");
    assert!(
        matches!(menu.job().1, Job::Form(Operation::Takeover)),
        "1 was dropped, 3 is meant"
    );
}

#[test]
fn the_pair_is_asked_again_three_seconds_after_its_answer() {
    let mut menu = Menu::new(RICH, (80, 24));
    assert_eq!(looks(&menu), 1);
    menu.at(2_000);
    assert_eq!(looks(&menu), 1, "never two at a time");
    menu.status(status());
    menu.at(4_900);
    assert_eq!(looks(&menu), 1);
    menu.at(5_000);
    assert_eq!(looks(&menu), 2);
}

#[test]
fn old_data_says_so_in_every_word() {
    let mut menu = Menu::answered(RICH, (80, 24), status());
    menu.shows("● ACTIVE");
    menu.at(3_000 + 10_000);
    menu.shows("OLD DATA");
    menu.shows("was ACTIVE");
    menu.shows_not("● ACTIVE");
}

#[test]
fn an_idle_menu_wakes_once_a_second_at_most() {
    let mut menu = Menu::new(RICH, (80, 24));
    menu.status(status());
    menu.at(100);
    assert_eq!(menu.state.wake_at(), Some(1_000));
}

#[test]
fn a_form_shows_a_fault_after_the_question_is_left_and_does_not_go_on_with_it() {
    let mut menu = with_form();
    menu.press(KeyCode::Tab);
    menu.type_text("10.77.0.3/24");
    menu.press(KeyCode::F(10));
    menu.shows("is not an address");
    assert!(matches!(menu.job().1, Job::Form(_)), "no plan was asked for");
}

#[test]
fn a_question_appears_when_an_answer_makes_it_needed() {
    let mut menu = with_form();
    menu.shows_not("NTP servers");
    menu.press(KeyCode::Tab);
    menu.press(KeyCode::Tab);
    menu.press(KeyCode::Right);
    menu.shows("NTP servers");
}

#[test]
fn answers_reach_the_plan_and_are_kept_when_the_plan_is_left() {
    let mut menu = with_review();
    let (_, Job::Plan(Operation::Configure, answers)) = menu.job() else {
        panic!("a plan was asked for");
    };
    assert_eq!(answers.get("secondary.address"), Some("10.77.0.3"));
    assert_eq!(answers.get("ntp.servers"), None, "not asked, so not answered");
    menu.press(KeyCode::Esc);
    menu.shows("[10.77.0.3 ");
}

#[test]
fn a_changed_form_is_left_only_after_a_question() {
    let mut menu = with_form();
    menu.press(KeyCode::Esc);
    menu.shows("Enter choice");

    let mut menu = with_form();
    menu.type_text("1");
    menu.press(KeyCode::Esc);
    menu.shows("Discard the answers");
    menu.press(KeyCode::Enter);
    menu.shows("Review the plan");
    menu.press(KeyCode::Esc);
    menu.type_text("d");
    menu.shows("Enter choice");
}

#[test]
fn only_y_carries_a_plan_out() {
    let mut menu = with_review();
    menu.press(KeyCode::Enter);
    assert!(matches!(menu.job().1, Job::Plan(..)), "Enter carries nothing out");
    menu.press(KeyCode::Enter);
    menu.shows("SERVICE AFFECTING");
    menu.press(KeyCode::Char('y'));
    assert!(matches!(menu.job().1, Job::Apply(_)));
}

#[test]
fn an_empty_plan_cannot_be_carried_out() {
    let mut menu = with_form();
    menu.press(KeyCode::Tab);
    menu.type_text("10.77.0.3");
    menu.press(KeyCode::F(10));
    menu.reply(Reply::Plan(Operation::Configure, Ok(empty_plan())));
    menu.shows("nothing to change");
    menu.press(KeyCode::Char('y'));
    assert!(matches!(menu.job().1, Job::Plan(..)));
}

#[test]
fn an_operation_without_questions_goes_straight_to_its_plan() {
    let mut menu = menu();
    menu.choose("5");
    let form = Form {
        title: "Reverse".to_owned(),
        fields: Vec::new(),
    };
    menu.reply(Reply::Form(Operation::Reverse, Ok(form)));
    assert!(matches!(menu.job().1, Job::Plan(Operation::Reverse, _)));
}

#[test]
fn ctrl_c_stops_after_the_step_and_esc_asks_first() {
    let mut menu = running();
    menu.press(KeyCode::Esc);
    assert!(!asked_to_stop(&menu));
    menu.shows("Stop after the current step");
    menu.press(KeyCode::Esc);
    assert!(!asked_to_stop(&menu));
    menu.control('c');
    assert!(asked_to_stop(&menu));
    menu.shows("STOPPING");
}

#[test]
fn a_long_step_is_stopped_at_once_and_says_so() {
    let mut menu = running();
    menu.event(long_step());
    menu.shows("copy: 44 % of 1.0 GiB, 120 MiB/s, 4 s left");
    menu.shows("Ctrl-C stop this step now");
    menu.press(KeyCode::Esc);
    menu.shows("Stop now");
    menu.press(KeyCode::Esc);
    menu.control('c');
    menu.shows("STOPPING the current step");
}

#[test]
fn ctrl_z_suspends_but_never_in_the_middle_of_an_operation() {
    let mut idle = with_form();
    idle.control('z');
    assert_eq!(idle.state.wish, Wish::Suspend);
    let mut busy = running();
    busy.control('z');
    busy.event(Event::Suspend);
    assert_eq!(busy.state.wish, Wish::Keep);
    busy.shows("Ctrl-Z does nothing while nodes are changed");
    busy.event(Event::Continued);
    assert_eq!(busy.state.wish, Wish::Retake);
}

#[test]
fn one_click_on_a_plan_changes_nothing_and_a_second_one_carries_it_out() {
    let mut menu = with_review();
    let question = row_of(&menu, "Carry it out?");
    click(&mut menu, 30, question);
    assert!(matches!(menu.job().1, Job::Plan(..)));
    let choice = row_of(&menu, "y  Carry it out");
    click(&mut menu, 30, choice + 1);
    menu.shows("Carry it out?");
    click(&mut menu, 30, question);
    click(&mut menu, 30, choice);
    assert!(matches!(menu.job().1, Job::Apply(_)));
}

/// Clicks on this word in the footer.
fn click_key(menu: &mut Menu, word: &str) {
    let text = menu.text();
    let footer = text.lines().last().unwrap();
    let column = footer
        .find(word)
        .unwrap_or_else(|| panic!("`{word}` is not in\n{footer}"));
    let row = menu.state.size.1 - 1;
    click(menu, u16::try_from(column).unwrap(), row);
}

#[test]
fn a_click_on_a_key_in_the_footer_presses_it() {
    let mut menu = menu();
    click_key(&mut menu, "F1");
    menu.shows("THE WORDS");
    click_key(&mut menu, "Esc");
    assert_eq!(menu.state.screens.len(), 1);
    menu.status(status());
    let before = looks(&menu);
    click_key(&mut menu, "ask again");
    assert!(looks(&menu) > before);
    menu.press(KeyCode::Char('3'));
    click_key(&mut menu, "1-12");
    assert_eq!(menu.state.screens.len(), 1, "that is no key");
    click_key(&mut menu, "Enter");
    assert!(matches!(menu.job().1, Job::Form(Operation::Takeover)));
    let mut menu = self::menu();
    click_key(&mut menu, "quit");
    assert_eq!(menu.state.over(), Some(Leaving::Quit));
}

#[test]
fn one_click_in_the_footer_changes_nothing_on_the_nodes() {
    let mut menu = with_review();
    click_key(&mut menu, "y ");
    menu.shows("Nothing has been done yet");
    assert!(matches!(menu.job().1, Job::Plan(..)));
    click_key(&mut menu, "Esc");
    menu.shows("Carry it out?");

    let mut menu = running();
    click_key(&mut menu, "Ctrl-C");
    assert!(!asked_to_stop(&menu));
    let stop = row_of(&menu, "Stop after the current step");
    click(&mut menu, 30, stop);
    assert!(asked_to_stop(&menu));

    for (key, choice, forward) in [("r ", "Go on with it", true), ("u ", "Take it back", false)] {
        let mut menu = running();
        let mut open = Finished::failed(Error::incomplete("link_lost", "the link is gone"));
        open.op = Some(OpId(14));
        menu.reply(Reply::Finished(open));
        click_key(&mut menu, key);
        assert!(matches!(menu.job().1, Job::Apply(_)), "{key}");
        let choice = row_of(&menu, choice);
        click(&mut menu, 30, choice);
        let Job::Resume(OpId(14), way) = menu.job().1 else {
            panic!("{key}: {:?}", menu.job().1);
        };
        assert_eq!(*way == Way::Forward, forward, "{key}");
    }
}

#[test]
fn reactions_and_alarms_are_tried_from_a_list_of_what_there_is() {
    let mut menu = menu();
    menu.choose("9");
    menu.choose("2");
    menu.shows("2  alpha: as if it became passive");
    menu.press(KeyCode::Char('3'));
    let expected = Trial::Reactions(Side::Secondary, Mode::Active);
    assert!(matches!(menu.job().1, Job::Try(trial) if *trial == expected));
    menu.reply(Reply::Text("Tried".to_owned(), Ok("page ran".to_owned())));
    menu.shows("page ran");
    menu.press(KeyCode::Esc);
    menu.choose("3");
    menu.shows("There is no alarm file");

    let mut status = status();
    status.nodes.primary.alarm_files = vec!["long".to_owned(), "moved".to_owned()];
    status.nodes.primary.alarms = vec![Alarm {
        name: "moved".to_owned(),
        category: Category::Minor,
        since: String::new(),
        left_s: None,
        cause: "4560".to_owned(),
    }];
    let mut menu = Menu::answered(RICH, (80, 24), status);
    menu.choose("9");
    menu.choose("3");
    menu.shows("1  alpha: raise long");
    menu.shows("2  alpha: clear moved");
    // Enter alone takes the harmless choice.
    menu.press(KeyCode::Enter);
    menu.choose("3");
    menu.press(KeyCode::Char('2'));
    let Job::Try(Trial::Alarm { name, raise, .. }) = menu.job().1 else {
        panic!("{:?}", menu.job().1);
    };
    assert_eq!((name.as_str(), *raise), ("moved", false));
}

#[test]
fn a_question_is_not_answered_by_a_click() {
    let mut menu = menu();
    let request = AskRequest::YesNo {
        prompt: "Go on?".to_owned(),
    };
    menu.event(Event::Ask {
        id: AskId(1),
        request,
    });
    let answered = |menu: &Menu| menu.effects.iter().any(|e| matches!(e, Effect::Answer(..)));
    click_key(&mut menu, "y ");
    assert!(!answered(&menu));
    click_key(&mut menu, "Esc");
    assert!(answered(&menu));
}

#[test]
fn a_click_outside_the_choices_of_a_dialog_does_nothing() {
    let mut menu = running();
    menu.press(KeyCode::Esc);
    let stop = row_of(&menu, "Stop after the current step");
    click(&mut menu, 2, stop);
    click(&mut menu, 30, stop - 1);
    assert!(!asked_to_stop(&menu));
    click(&mut menu, 30, stop);
    assert!(asked_to_stop(&menu));
}

#[test]
fn a_running_operation_cannot_be_left_or_doubled() {
    let mut menu = running();
    menu.status(status());
    let before = looks(&menu);
    menu.press(KeyCode::Char('q'));
    menu.at(60_000);
    assert_eq!(menu.state.over(), None);
    assert_eq!(looks(&menu), before, "the operation has the connections");
    menu.shows("Stage 1 of 2");
}

#[test]
fn a_stopped_operation_offers_both_ways() {
    for (key, way) in [('r', Way::Forward), ('u', Way::Back)] {
        let mut menu = running();
        menu.event(told(
            900,
            Progress::Begun {
                op: OpId(14),
                tag: String::new(),
            },
        ));
        let error = Error::incomplete("cancelled", "stopped as asked");
        menu.reply(Reply::Finished(Finished::failed(error)));
        menu.shows("INCOMPLETE");
        menu.press(KeyCode::Char(key));
        assert!(matches!(menu.job().1, Job::Resume(OpId(14), taken) if *taken == way));
    }
}

#[test]
fn a_signal_waits_for_the_current_step() {
    let mut menu = running();
    menu.event(Event::Terminate(15));
    assert!(asked_to_stop(&menu));
    assert_eq!(menu.state.over(), None);
    menu.reply(Reply::Finished(Finished::failed(Error::incomplete(
        "cancelled",
        "stopped",
    ))));
    assert_eq!(menu.state.over(), Some(Leaving::Signal(15)));
}

#[test]
fn a_hang_up_ends_the_menu_and_refuses_questions() {
    let mut menu = running();
    menu.event(Event::HangUp);
    menu.event(Event::Ask {
        id: AskId(3),
        request: AskRequest::Secret {
            prompt: "password".to_owned(),
        },
    });
    assert!(matches!(
        menu.effects.last(),
        Some(Effect::Answer(AskId(3), AskAnswer::No))
    ));
    menu.reply(Reply::Finished(Finished::failed(Error::incomplete(
        "cancelled",
        "stopped",
    ))));
    assert_eq!(menu.state.over(), Some(Leaving::HangUp));
}

#[test]
fn dialogs_over_the_progress_go_when_the_operation_ends() {
    let mut menu = running();
    menu.press(KeyCode::Esc);
    menu.reply(Reply::Finished(Finished {
        op: Some(OpId(14)),
        end: Some(End::Committed),
        error: None,
        report: None,
    }));
    menu.shows("DONE");
    menu.press(KeyCode::Enter);
    menu.shows("Enter choice");
}

#[test]
fn a_refused_operation_leads_back_to_its_answers() {
    let mut menu = running();
    let error = Error::refused("stale_plan", "beta has changed since the plan was made");
    menu.reply(Reply::Finished(Finished::failed(error)));
    menu.shows("NOTHING WAS CHANGED");
    menu.press(KeyCode::Esc);
    menu.shows("[10.77.0.3 ");
}

#[test]
fn an_operation_that_was_left_is_not_offered_twice_in_a_row() {
    let mut menu = running();
    menu.reply(Reply::Finished(Finished::failed(Error::incomplete(
        "cancelled",
        "stopped",
    ))));
    menu.event(Event::Unfinished(Ok(Some(unfinished()))));
    menu.press(KeyCode::Enter);
    menu.event(Event::Unfinished(Ok(Some(unfinished()))));
    menu.shows_not("Take back what was done");
    menu.shows("Operation 13 is open");
}

#[test]
fn an_answer_nobody_waits_for_is_dropped() {
    let mut menu = menu();
    menu.choose("2");
    menu.press(KeyCode::Esc);
    menu.reply(Reply::Form(Operation::Configure, Ok(form())));
    menu.shows("Enter choice");
}

#[test]
fn an_interrupted_operation_is_offered_once() {
    let mut menu = menu();
    menu.event(Event::Unfinished(Ok(Some(unfinished()))));
    menu.shows("Operation 13 was interrupted");
    menu.press(KeyCode::Esc);
    menu.event(Event::Unfinished(Ok(Some(unfinished()))));
    menu.shows_not("Take back what was done");
    menu.shows("Operation 13 is open");
}

#[test]
fn only_the_way_that_is_left_is_offered() {
    let mut menu = menu();
    let decided = Some(Way::Forward);
    let open = Unfinished {
        decided,
        ..unfinished()
    };
    menu.event(Event::Unfinished(Ok(Some(open))));
    menu.shows("Go on with it");
    menu.shows_not("Take back what was done");
}

#[test]
fn undo_from_the_history_is_planned_and_reviewed_first() {
    let mut menu = menu();
    menu.choose("7");
    menu.reply(Reply::History(Ok(past())));
    menu.press(KeyCode::Down);
    menu.press(KeyCode::Char('u'));
    assert!(matches!(menu.job().1, Job::Plan(Operation::Undo(OpId(12)), _)));
}

#[test]
fn a_host_key_needs_y_and_esc_refuses_it() {
    for (key, accepted) in [(KeyCode::Char('y'), true), (KeyCode::Esc, false)] {
        let mut menu = menu();
        menu.event(Event::Ask {
            id: AskId(1),
            request: AskRequest::HostKey {
                host: "10.77.0.3".to_owned(),
                fingerprint: "ssh-ed25519 SHA256:x".to_owned(),
                note: String::new(),
            },
        });
        menu.press(KeyCode::Enter);
        menu.shows("Is this the right key?");
        menu.press(key);
        let Some(Effect::Answer(AskId(1), answer)) = menu.effects.last() else {
            panic!("the question is answered");
        };
        assert_eq!(matches!(answer, AskAnswer::Yes), accepted);
    }
}

#[test]
fn a_secret_is_never_drawn() {
    let mut menu = menu();
    menu.event(Event::Ask {
        id: AskId(1),
        request: AskRequest::Secret {
            prompt: "Password of root on beta".to_owned(),
        },
    });
    menu.type_text("hunter2?");
    menu.event(Event::Paste("rest\n".to_owned()));
    menu.shows_not("hunter2");
    menu.press(KeyCode::Enter);
    let Some(Effect::Answer(_, AskAnswer::Secret(secret))) = menu.effects.last() else {
        panic!("the secret is answered");
    };
    assert_eq!(secret.expose(), "hunter2?rest");
    assert!(!format!("{:?}", menu.effects).contains("hunter2"));
}

#[test]
fn a_small_terminal_says_so_and_goes_on_when_enlarged() {
    let mut menu = with_form();
    menu.event(Event::Resize(79, 24));
    menu.shows("80 by 24");
    menu.type_text("zzz");
    menu.event(Event::Resize(80, 24));
    menu.shows("Address of the secondary");
    menu.shows_not("zzz");
}

#[test]
fn help_opens_and_closes_on_every_screen() {
    let mut menu = menu();
    menu.press(KeyCode::Char('?'));
    menu.shows("THE WORDS");
    menu.press(KeyCode::F(1));
    menu.press(KeyCode::Esc);
    menu.shows("Enter choice");
    let mut menu = with_form();
    menu.event(Event::Key(KeyEvent::from(KeyCode::F(1))));
    menu.shows("--set primary.address=VALUE");
}

#[test]
fn a_pair_that_is_replaced_shows_nothing_of_the_old_one() {
    let mut menu = menu();
    let mut other = identity();
    if let Some(names) = &mut other.pair {
        names.name = "branch".to_owned();
    }
    menu.event(Event::Status {
        identity: other,
        status: Some(Err(Error::refused("link_lost", "neither node answers"))),
    });
    menu.shows_not("ACTIVE");
}
