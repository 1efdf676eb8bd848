//! The menu on a real terminal: it is drawn at once, answers keys, and gives the terminal back on every
//! way out.

use super::child::{LOG, SCENARIO};
use super::pty::{PATIENCE, Pty};
use portable_pty::CommandBuilder;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

fn command(scenario: &str, log: Option<&Path>) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "tui::child::menu", "--ignored", "--nocapture"]);
    command.env(SCENARIO, scenario);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env("RUST_BACKTRACE", "0");
    if let Some(log) = log {
        command.env(LOG, log);
    }
    command
}

fn menu(scenario: &str) -> Pty {
    let pty = Pty::start(command(scenario, None));
    pty.wait_for("Enter choice");
    pty
}

/// A menu with an operation under way.
fn running(log: &Path) -> Pty {
    let mut pty = Pty::start(command("running", Some(log)));
    pty.wait_for("ACTIVE");
    pty.press("3\r");
    pty.wait_for("Carry it out?");
    pty.press("y");
    pty.wait_for("Operation 14");
    pty
}

fn wait_for_file(path: &Path) -> String {
    let began = Instant::now();
    loop {
        // A file is there before what is written into it.
        match std::fs::read_to_string(path) {
            Ok(text) if !text.is_empty() => return text,
            _ => {}
        }
        assert!(began.elapsed() < PATIENCE, "{} was not written", path.display());
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_menu_is_drawn_while_the_nodes_are_silent_and_left_with_q() {
    let mut pty = menu("slow");
    pty.wait_for("asking alpha");
    pty.press("q");
    pty.wait_for_end();
    pty.wait_for("left: Quit");
}

#[test]
fn what_is_not_waited_for_any_more_is_stopped() {
    for key in ["\x1b", "q", "\x03"] {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let mut pty = Pty::start(command("silent", Some(&log)));
        pty.wait_for("ACTIVE");
        pty.press("7\r");
        pty.wait_for("Reading the journals");
        pty.press(key);
        assert_eq!(wait_for_file(&log), "stopped");
        pty.press("\x1b");
        pty.wait_for("Enter choice");
    }
}

#[test]
fn keys_arrive_even_when_their_bytes_come_one_by_one() {
    let mut pty = menu("plain");
    pty.wait_for("ACTIVE");
    // Somewhat slower than 9600 baud. On a loaded machine a pause may be longer than the menu waits for
    // the rest of a key, so one of many has to arrive.
    let began = Instant::now();
    while pty.text().contains("▸ 1 ") {
        assert!(began.elapsed() < PATIENCE, "{}", pty.text());
        for byte in ["\x1b", "[", "B"] {
            pty.press(byte);
            sleep(Duration::from_millis(3));
        }
        sleep(Duration::from_millis(100));
    }
    pty.press("\x1b[<0;5;5M\x1b[<0;5;5m");
    pty.wait_for("Carry it out?");
}

#[test]
fn a_first_contact_is_asked_and_the_answer_reaches_the_worker() {
    let mut pty = menu("contact");
    pty.wait_for("SHA256:abc");
    pty.press("y");
    pty.wait_for("ACTIVE");
}

#[test]
fn sigterm_gives_the_terminal_back() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let mut pty = menu("plain");
        pty.signal(signal);
        pty.wait_for_end();
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_until_the_menu_is_continued() {
    for by_key in [true, false] {
        let mut pty = menu("plain");
        pty.wait_for("ACTIVE");
        if by_key {
            pty.press("\x1a");
        } else {
            pty.signal("-TSTP");
        }
        pty.wait_until("stopped", |pty| pty.is_stopped() && pty.given_back());
        pty.signal("-CONT");
        pty.wait_until("drawn again", |pty| !pty.given_back());
        pty.wait_for("Enter choice");
        pty.press("q");
        pty.wait_for_end();
    }
}

#[test]
fn a_stop_that_cannot_be_caught_is_survived() {
    let mut pty = menu("plain");
    pty.wait_for("ACTIVE");
    pty.signal("-STOP");
    pty.wait_until("stopped", Pty::is_stopped);
    pty.signal("-CONT");
    // Enter might meet the terminal just while it is taken again.
    pty.press("?");
    pty.wait_for("THE WORDS");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_readable() {
    let mut pty = Pty::start(command("panic", None));
    pty.wait_for("the second look at the pair file fails");
    pty.wait_for_end();
}

#[test]
fn a_worker_that_fails_is_reported_and_the_menu_goes_on() {
    let mut pty = menu("plain");
    pty.press("5\r");
    pty.wait_for("this worker fails");
    pty.press("\r");
    pty.wait_for("ACTIVE");
    pty.press("q");
    pty.wait_for_end();
}

#[test]
fn ctrl_c_stops_the_operation_and_offers_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut pty = running(&log);
    pty.press("\x03");
    pty.wait_for("INCOMPLETE");
    pty.wait_for("r go on with it");
    assert_eq!(wait_for_file(&log), "stopped");
}

#[test]
fn the_table_is_edited_reviewed_and_applied() {
    let mut pty = menu("plain");
    pty.wait_for("ACTIVE");
    pty.press("12\r");
    pty.wait_for("Translation table");
    let entries = pairadm::menu::DATA.iter();
    let translation = (1..)
        .zip(entries)
        .find(|(_, entry)| entry.label == "Translation table");
    pty.press(&format!("{}\r", translation.unwrap().0));
    pty.wait_for("MISSING");
    pty.press("\r10.77.0.3\r");
    pty.wait_for("NOT SAVED");
    pty.press("s");
    pty.wait_for("10.77.0.2=10.77.0.3");
    pty.press("y");
    pty.wait_for("DONE");
    pty.press("\r");
    pty.wait_for("q to go back");
    pty.press("q");
    pty.wait_for("Enter choice (1-12)");
    pty.press("q");
    pty.wait_for_end();
}

#[test]
fn a_hang_up_stops_the_operation_after_its_step_and_ends_the_menu() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let pty = running(&log);
    let mut child = pty.hang_up();
    assert_eq!(wait_for_file(&log), "stopped");
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "the menu outlives its terminal");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_terminal_made_too_small_says_so_and_goes_on_when_enlarged() {
    let mut pty = menu("plain");
    pty.wait_for("ACTIVE");
    pty.resize(70, 20);
    pty.wait_for("80 by 24");
    pty.resize(100, 30);
    pty.wait_for("Enter choice");
    pty.wait_for("ACTIVE");
}

#[test]
fn an_idle_menu_costs_next_to_nothing() {
    let mut pty = menu("plain");
    pty.wait_for("ACTIVE");
    let before = cpu_ticks(pty.pid());
    sleep(Duration::from_secs(3));
    let spent = cpu_ticks(pty.pid()) - before;
    // A tick is 10 ms: 3 of 300 are 1 %; a debug build gets three times that.
    assert!(spent <= 9, "{spent} ticks in 3 s");
    pty.press("q");
    pty.wait_for_end();
}

/// User and system time of a process, in hundredths of a second.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_search_of_the_data_goes_on_with_its_progress_until_esc_stops_it_and_the_table_is_shown() {
    let mut pty = menu("search");
    pty.wait_for("ACTIVE");
    let place = |entries: &[pairadm::menu::Entry], choice| {
        let found = entries.iter().position(|entry| entry.choice == choice);
        (found.unwrap() + 1).to_string()
    };
    let data = place(pairadm::menu::MAIN, pairadm::menu::Choice::Data);
    pty.press(&format!("{data}\r"));
    pty.wait_for("Translation");
    let table = place(pairadm::menu::DATA, pairadm::menu::Choice::Translation);
    pty.press(&format!("{table}\r"));
    pty.wait_for("search: 45 %");
    // Longer than menus once waited by themselves.
    pty.wait_for("(6 s)");
    pty.press("\x1b");
    pty.wait_for("stopped on request");
    pty.press("\x1b");
    pty.wait_for("Translation");
}
