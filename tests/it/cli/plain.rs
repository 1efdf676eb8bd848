//! The line mode on a pipe: every way through it ends cleanly.

use super::tool::{OFFICE, Tool};

#[test]
fn the_end_of_input_ends_the_menu() {
    let said = Tool::new().run(&["--plain"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said:?}");
    assert!(said.stdout.contains("no pair is configured yet"), "{said:?}");
    assert!(
        said.stdout.contains("Enter choice (1-12) or q to quit: "),
        "{said:?}"
    );
}

#[test]
fn without_a_terminal_the_menu_is_lines_and_says_why() {
    let said = Tool::new().run_with(&[], "q\n");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stdout
            .contains("Line mode: standard input is not a terminal."),
        "{said:?}"
    );
}

#[test]
fn every_line_fits_a_serial_console() {
    let said = Tool::with_pair(OFFICE).run_with(&["--plain"], "2\n?\n?\n<\n");
    for line in said.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn errors_bring_the_menu_back() {
    let said = Tool::new().run_with(&["--plain"], "3\nnonsense\nq\n");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("no pair is configured\n"), "{said:?}");
    assert!(
        said.stdout
            .contains("`nonsense` is not an entry; accepted: 1 to 12 or q"),
        "{said:?}"
    );
    assert_eq!(said.stdout.matches("Enter choice").count(), 3, "{said:?}");
}

#[test]
fn a_form_is_asked_line_by_line_and_can_be_left() {
    // Name, profile by number, then the input ends: nothing is changed.
    let tool = Tool::new();
    let said = tool.run_with(&["--plain"], "2\noffice\n1\n192.0.2.11/24\n");
    assert_eq!(said.code, 0, "{said:?}");
    for part in [
        "Configure a pair",
        "1) kamailio",
        "leave out `/24`",
        "Nothing was changed.",
    ] {
        assert!(said.stdout.contains(part), "no `{part}` in: {said:?}");
    }
    assert_eq!(tool.files(), Vec::<String>::new());
}
