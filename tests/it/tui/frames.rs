//! Every screen as it is drawn: snapshots at three sizes, and checks that hold for all of them.

use super::fixture::{
    BARE, Menu, RICH, done, empty_plan, form, long_step, past, plan, status, told, troubled, unfinished,
};
use crossterm::event::KeyCode;
use pairadm::agent::protocol::End;
use pairadm::engine::Progress;
use pairadm::error::{Error, Kind};
use pairadm::intent::Operation;
use pairadm::model::{OpId, Side};
use pairadm::plan::StepId;
use pairadm::tui::ask::{AskId, AskRequest};
use pairadm::tui::backend::Finished;
use pairadm::tui::event::{Event, Reply};
use pairadm::tui::look::Look;
use ratatui::style::Color;

const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (132, 43)];

type Scene = (&'static str, fn(Look, (u16, u16)) -> Menu);

const SCENES: &[Scene] = &[
    ("first_frame", first_frame),
    ("menu", |look, size| Menu::answered(look, size, status())),
    ("menu_troubled", |look, size| {
        Menu::answered(look, size, troubled())
    }),
    ("menu_unreachable", unreachable),
    ("menu_stale", stale),
    ("menu_unconfigured", unconfigured),
    ("menu_unfinished", interrupted),
    ("details", details),
    ("details_troubled", details_troubled),
    ("busy", busy),
    ("form", filled_form),
    ("form_fault", faulty_form),
    ("form_choices", form_choices),
    ("form_help", form_help),
    ("review", |look, size| review(look, size, plan())),
    ("review_empty", |look, size| review(look, size, empty_plan())),
    ("review_files", review_files),
    ("progress", progress),
    ("progress_long", progress_long),
    ("progress_failed", progress_failed),
    ("outcome_done", outcome_done),
    ("outcome_incomplete", outcome_incomplete),
    ("outcome_refused", outcome_refused),
    ("outcome_unknown", outcome_unknown),
    ("history", history),
    ("report", report),
    ("help", help),
    ("host_key", host_key),
    ("error", error),
    ("too_small", too_small),
];

fn first_frame(look: Look, size: (u16, u16)) -> Menu {
    Menu::new(look, size)
}

fn unreachable(look: Look, size: (u16, u16)) -> Menu {
    let mut status = status();
    status.active = Some(Side::Primary);
    status.nodes.secondary.unreachable = Some("no answer from 10.77.0.3 port 22 within 5 s".to_owned());
    Menu::answered(look, size, status)
}

fn stale(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.event(Event::Status {
        identity: super::fixture::identity(),
        status: Some(Err(Error::refused("link_lost", "neither node answers")
            .because("No route to host (os error 113)")
            .hint("check the network of this machine"))),
    });
    menu.at(42_500);
    menu
}

fn unconfigured(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::new(look, size);
    menu.event(Event::Status {
        identity: pairadm::tui::backend::Identity::default(),
        status: None,
    });
    menu
}

fn interrupted(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, troubled());
    menu.event(Event::Unfinished(Ok(Some(unfinished()))));
    menu
}

fn details(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.choose("1");
    menu
}

fn details_troubled(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, troubled());
    menu.choose("1");
    menu
}

fn busy(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.choose("9");
    menu.choose("1");
    menu.at(6_000);
    menu
}

fn opened_form(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.choose("2");
    menu.reply(Reply::Form(Operation::Configure, Ok(form())));
    menu
}

fn filled_form(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened_form(look, size);
    menu.press(KeyCode::Tab);
    menu.type_text("10.77.0.3");
    menu
}

fn faulty_form(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened_form(look, size);
    menu.press(KeyCode::Tab);
    menu.type_text("10.77.0.3/24");
    menu.press(KeyCode::F(10));
    menu
}

fn form_choices(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened_form(look, size);
    for _ in 0..3 {
        menu.press(KeyCode::Tab);
    }
    menu.press(KeyCode::Char(' '));
    menu
}

fn form_help(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = opened_form(look, size);
    menu.press(KeyCode::F(1));
    menu
}

fn review(look: Look, size: (u16, u16), plan: pairadm::plan::Plan) -> Menu {
    let mut menu = filled_form(look, size);
    menu.press(KeyCode::F(10));
    menu.reply(Reply::Plan(Operation::Configure, Ok(plan)));
    menu
}

fn review_files(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = review(look, size, plan());
    menu.press(KeyCode::Char('n'));
    menu
}

fn begun(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = review(look, size, plan());
    menu.press(KeyCode::Char('y'));
    menu.event(told(
        900,
        Progress::Begun {
            op: OpId(14),
            tag: "pairadm_4711_1795209667".to_owned(),
        },
    ));
    menu.event(done(1, Side::Primary, 8_400, true));
    menu.event(done(2, Side::Secondary, 11_300, true));
    menu.event(done(3, Side::Secondary, 400, false));
    menu.event(told(140_000, Progress::Stage { index: 1 }));
    menu.event(told(
        141_000,
        Progress::Started {
            step: StepId(4),
            side: Side::Secondary,
        },
    ));
    menu.at(5_000);
    menu
}

fn progress(look: Look, size: (u16, u16)) -> Menu {
    begun(look, size)
}

fn progress_long(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = begun(look, size);
    menu.event(long_step());
    menu
}

fn progress_failed(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = begun(look, size);
    menu.event(told(
        900_000,
        Progress::Failed {
            step: StepId(4),
            side: Side::Secondary,
            error: Error::refused("unit_failed", "kamailio.service did not start")
                .on("beta")
                .because("Job for kamailio.service failed"),
        },
    ));
    menu.event(told(
        950_000,
        Progress::Reverted {
            step: StepId(3),
            side: Side::Secondary,
            report: pairadm::agent::protocol::StepReport {
                changed: true,
                detail: String::new(),
                backup: None,
            },
        },
    ));
    menu.control('c');
    menu
}

fn outcome(look: Look, size: (u16, u16), finished: Finished) -> Menu {
    let mut menu = begun(look, size);
    menu.event(told(
        1_700_000,
        Progress::Outage {
            target: "10.77.0.10".parse().unwrap(),
            dark_us: 3_400,
        },
    ));
    menu.reply(Reply::Finished(finished));
    menu
}

fn finished(end: Option<End>, error: Option<Error>) -> Finished {
    Finished {
        op: Some(OpId(14)),
        end,
        error,
        report: Some("/var/log/pairadm/14-configure.txt".to_owned()),
    }
}

fn outcome_done(look: Look, size: (u16, u16)) -> Menu {
    outcome(look, size, finished(Some(End::Committed), None))
}

fn outcome_incomplete(look: Look, size: (u16, u16)) -> Menu {
    let error = Error::incomplete("link_lost", "the connection to beta was lost")
        .on("beta")
        .because("Connection timed out (os error 110)")
        .hint("bring the network back, then resume");
    outcome(look, size, finished(None, Some(error)))
}

fn outcome_refused(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = review(look, size, plan());
    menu.press(KeyCode::Char('y'));
    let error = Error::refused("locked", "another operation holds the pair's lock")
        .on("alpha")
        .because("root@gamma, process 815, configure, since 20:39")
        .hint("wait until it has ended");
    menu.reply(Reply::Finished(Finished::failed(error)));
    menu
}

fn outcome_unknown(look: Look, size: (u16, u16)) -> Menu {
    let error = Error::new(
        Kind::Unknown,
        "vip_not_read",
        "beta's addresses could not be read back",
    )
    .on("beta")
    .hint("look at `ip address` on beta");
    outcome(look, size, finished(None, Some(error)))
}

fn history(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.choose("7");
    menu.reply(Reply::History(Ok(past())));
    menu.press(KeyCode::Down);
    menu
}

fn report(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = history(look, size);
    menu.press(KeyCode::Enter);
    let lines: Vec<String> = (1..=60)
        .map(|line| format!("line {line} of the report"))
        .collect();
    menu.reply(Reply::Text(
        "Report of operation 12".to_owned(),
        Ok(lines.join("\n")),
    ));
    menu.press(KeyCode::PageDown);
    menu
}

fn help(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.press(KeyCode::F(1));
    menu
}

fn host_key(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::new(look, size);
    menu.event(Event::Ask {
        id: AskId(1),
        request: AskRequest::HostKey {
            host: "10.77.0.3".to_owned(),
            fingerprint: "ssh-ed25519 SHA256:jE1rTyPHNnsqRr5YyJNXMyLwbSEbJvKYIzN0dKQk9oM".to_owned(),
            note: "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on that host."
                .to_owned(),
        },
    });
    menu
}

fn error(look: Look, size: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, size, status());
    menu.choose("5");
    let error = Error::refused("peer_unreachable", "the secondary cannot be reached")
        .on("beta")
        .because("connection refused")
        .hint("start sshd on beta, or use take over with the peer lost");
    menu.reply(Reply::Form(Operation::Reverse, Err(error)));
    menu
}

fn too_small(look: Look, _: (u16, u16)) -> Menu {
    let mut menu = Menu::answered(look, (80, 24), status());
    menu.event(Event::Resize(60, 15));
    menu
}

#[test]
fn every_screen_looks_as_agreed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, scene) in SCENES {
            for size in SIZES {
                let text = scene(RICH, size).text();
                insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), text);
            }
            insta::assert_snapshot!(format!("{name}_ascii"), scene(BARE, SIZES[0]).text());
        }
    });
}

#[test]
fn without_unicode_every_cell_is_ascii() {
    for (name, scene) in SCENES {
        for size in SIZES {
            let text = scene(BARE, size).text();
            let stray: String = text.chars().filter(|c| !c.is_ascii()).collect();
            assert!(stray.is_empty(), "{name} draws `{stray}`");
        }
    }
}

#[test]
fn colour_adds_nothing_to_the_words() {
    let plain = Look {
        colour: false,
        unicode: true,
    };
    for (name, scene) in SCENES {
        let coloured = scene(RICH, SIZES[0]);
        let uncoloured = scene(plain, SIZES[0]);
        assert_eq!(coloured.text(), uncoloured.text(), "{name}");
        let stray = uncoloured
            .buffer()
            .content
            .iter()
            .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert!(!stray, "{name} is coloured in spite of NO_COLOR");
    }
}

#[test]
fn a_terminal_of_any_size_is_drawn_without_a_panic() {
    for (_, scene) in SCENES {
        for size in [(1, 1), (79, 24), (80, 23), (80, 25), (300, 100)] {
            let mut menu = scene(RICH, SIZES[0]);
            menu.event(Event::Resize(size.0, size.1));
            menu.text();
        }
    }
}

#[test]
fn wide_and_combining_characters_stay_in_their_box() {
    let mut odd = troubled();
    odd.nodes.primary.hostname = "日本語の名前がとても長いサーバー".to_owned();
    odd.warnings[0].text = "e\u{301}\u{301}".repeat(120) + "👩‍👩‍👧‍👦❤️";
    let menu = Menu::answered(RICH, (80, 24), odd);
    menu.shows("日本語");
    let buffer = menu.buffer();
    for row in 2..10 {
        // The right edge of the primary's box.
        assert_eq!(buffer[(52, row)].symbol(), "│", "row {row}");
    }
}
