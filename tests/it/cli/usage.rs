//! Wrong usage, help, and commands that need a pair there is not.

use super::tool::{OFFICE, Tool};

#[test]
fn wrong_usage_is_64_with_nothing_on_standard_output() {
    for arguments in [
        &["stat"][..],
        &["takeover", "--to", "third"],
        &["traffic"],
        &["traffic", "block", "--side", "primary", "--node", "alpha"],
        &["undo", "0"],
        &["report", "1", "--format", "pdf"],
        &["backups", "prune"],
        &["status", "--watch", "0"],
        &["--no-such-flag"],
    ] {
        let said = Tool::new().run(arguments);
        said.refused(64, &["error: "]);
        assert_eq!(said.stdout, "", "{arguments:?}");
    }
}

#[test]
fn wrong_usage_is_one_json_document_when_a_program_reads() {
    for arguments in [
        &["stat", "--json"][..],
        &["--json", "undo"],
        &["status", "--watch", "--json"],
        &["--json"],
    ] {
        let said = Tool::new().run(arguments);
        assert_eq!(said.code, 64, "{said:?}");
        let document = said.document();
        assert_eq!(document["error"]["kind"], "usage");
        assert_ne!(document["error"]["message"], "");
        assert_eq!(said.stderr, "");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["--version"],
        &["takeover", "--help"],
        &["lab", "--help"],
    ] {
        let said = Tool::new().run(arguments);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(said.stdout.contains("pairadm"), "{said:?}");
    }
}

#[test]
fn hidden_commands_are_for_programs() {
    let help = Tool::new().run(&["--help"]).stdout;
    for hidden in ["agent", "guard"] {
        assert!(!help.contains(hidden), "{hidden}: {help}");
    }
}

#[test]
fn without_a_pair_every_command_that_needs_one_is_refused_and_writes_nothing() {
    for arguments in [
        &["status"][..],
        &["doctor"],
        &["takeover", "--to", "secondary", "--yes"],
        &["traffic", "show", "--side", "primary"],
        &["traffic", "block", "--side", "primary"],
        &["reverse", "--yes"],
        &["settings"],
        &["restart", "--yes"],
        &["remove", "--yes"],
        &["undo", "1", "--yes"],
        &["resume"],
        &["backups", "list"],
    ] {
        let tool = Tool::new();
        tool.run(arguments)
            .refused(2, &["no pair is configured", "pairadm configure"]);
        let mut json = arguments.to_vec();
        json.push("--json");
        let document = tool.run(&json).document();
        assert_eq!(document["error"]["code"], "no_pair", "{arguments:?}");
        assert_eq!(document["command"], arguments[0]);
        assert_eq!(tool.files(), Vec::<String>::new(), "{arguments:?}");
    }
}

#[test]
fn what_was_done_without_a_pair_can_be_asked_for_where_nothing_was() {
    for arguments in [&["report", "1"][..], &["show", "1"]] {
        let tool = Tool::new();
        let said = tool.run(arguments);
        said.refused(
            2,
            &[
                "operation 1 is not in this controller's journal",
                "pairadm history",
            ],
        );
        assert_eq!(tool.files(), Vec::<String>::new(), "{arguments:?}");
    }
    let tool = Tool::new();
    assert_eq!(tool.run(&["history"]).code, 0);
    assert_eq!(tool.files(), Vec::<String>::new());
}

#[test]
fn a_node_that_is_none_of_the_pair_is_refused_with_those_that_are() {
    let said = Tool::with_pair(OFFICE).run(&["traffic", "block", "--node", "gamma", "--override", "--yes"]);
    said.refused(2, &["`gamma`", "alpha, beta"]);
}
