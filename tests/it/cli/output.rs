//! The gate: no colours into a pipe, and a reader that goes away is no error.

use super::tool::{OFFICE, Tool};
use std::process::Stdio;

#[test]
fn nothing_that_is_piped_has_colours() {
    let tool = Tool::with_pair(OFFICE);
    for arguments in [
        &["settings"][..],
        &["status"],
        &["--help"],
        &["nonsense"],
        &["--plain"],
    ] {
        let said = tool.run(arguments);
        assert!(
            !said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'),
            "{said:?}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let tool = Tool::with_pair(OFFICE);
    for arguments in [
        &["--help"][..],
        &["settings"],
        &["completions", "bash"],
        &["settings", "--json"],
        &["--plain"],
    ] {
        let mut child = tool
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[test]
fn what_a_file_hides_in_its_text_does_not_reach_the_terminal() {
    let tool = Tool::with_pair(&OFFICE.replace("\"alpha\"", "\"al\\u001b[2Jpha\\u202e\""));
    let said = tool.run(&["status"]);
    said.refused(2, &["primary.hostname"]);
    assert!(!said.stderr.contains(['\u{1b}', '\u{202e}']), "{said:?}");
}
