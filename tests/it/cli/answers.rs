//! Answers by flag and file: everything missing or wrong is refused by name, before a node is asked.

use super::tool::{OFFICE, Tool};

const LEAST: &str = r#"
profile = "kamailio"
vips.v4 = ["192.0.2.10"]
[primary]
fqdn = "alpha.example.net"
address.v4 = "192.0.2.11"
ssh = { host = "localhost", port = 1 }
[secondary]
fqdn = "beta.example.net"
address.v4 = "192.0.2.12"
ssh = { host = "localhost", port = 1 }
"#;

fn tool() -> Tool {
    let tool = Tool::new();
    std::fs::write(tool.path("answers.toml"), LEAST).unwrap();
    tool
}

/// Runs `configure` on the least answers and these.
fn configure(tool: &Tool, more: &[&str]) -> super::tool::Said {
    let file = tool.path("answers.toml");
    let mut arguments = vec!["configure", "--yes", "--answers", file.to_str().unwrap()];
    arguments.extend(more);
    tool.run(&arguments)
}

#[test]
fn missing_answers_are_named_with_the_flags_that_give_them() {
    let said = Tool::new().run(&["configure", "--yes"]);
    said.refused(
        2,
        &[
            "profile: an answer is needed",
            "--set profile=VALUE",
            "--set secondary.fqdn=VALUE",
        ],
    );
    let said = Tool::with_pair(OFFICE).run(&["takeover", "--yes"]);
    said.refused(2, &["to: an answer is needed", "--set to=VALUE"]);
}

#[test]
fn a_wrong_answer_is_refused_by_field_value_and_what_is_accepted() {
    for (answer, parts) in [
        (
            "primary.address.v4=192.0.2.11/24",
            ["primary.address.v4", "leave out `/24`"],
        ),
        ("secondary.server_id=300", ["secondary.server_id", "1 to 256"]),
        ("vips.v4=192.0.2.12", ["vips.v4", "belongs to neither server"]),
        ("profile=asterix", ["profile", "kamailio, opensips, asterisk"]),
        ("colour=red", ["colour", "there is no such field"]),
        ("nothing", ["--set", "KEY=VALUE"]),
        ("restart=cancel", ["cancelled", "nothing was changed"]),
    ] {
        let tool = tool();
        configure(&tool, &["--set", answer]).refused(2, &parts);
        assert_eq!(tool.files(), ["answers.toml"], "{answer}");
    }
}

#[test]
fn a_set_answer_comes_before_the_file() {
    let tool = tool();
    configure(&tool, &["--set", "secondary.fqdn=al_pha"]).refused(2, &["secondary.fqdn", "`al_pha`"]);
}

#[test]
fn a_broken_answers_file_is_named() {
    let tool = tool();
    std::fs::write(tool.path("answers.toml"), "profile = \n").unwrap();
    configure(&tool, &[]).refused(2, &["answers.toml: line 1: not TOML"]);
    let said = tool.run(&["configure", "--answers", "/nonexistent/answers.toml"]);
    said.refused(2, &["/nonexistent/answers.toml", "cannot be read"]);
}

#[test]
fn nodes_that_cannot_be_reached_refuse_the_change_and_leave_no_pair_file() {
    let tool = tool();
    let said = configure(&tool, &["--json"]);
    let document = said.document();
    assert_eq!(said.code, 2, "{said:?}");
    let node = document["error"]["node"].as_str().unwrap();
    assert!(["alpha", "beta"].contains(&node), "{document}");
    assert_eq!(tool.files(), ["answers.toml"]);
}

#[test]
fn a_lost_peer_has_to_be_confirmed_by_name() {
    let tool = Tool::with_pair(OFFICE);
    let lost = ["takeover", "--to", "secondary", "--peer-lost", "--yes"];
    tool.run(&lost).refused(2, &["lost_primary"]);
    let wrong = [&lost[..], &["--confirm-lost", "beta"]].concat();
    tool.run(&wrong)
        .refused(2, &["`beta` does not confirm it", "alpha"]);
    // The right name leads on to the nodes.
    let right = [&lost[..], &["--confirm-lost", "alpha", "--json"]].concat();
    assert_eq!(tool.run(&right).document()["error"]["node"], "beta");
}

#[test]
fn traffic_by_hand_needs_the_override() {
    let tool = Tool::with_pair(OFFICE);
    let block = ["traffic", "block", "--node", "beta", "--yes"];
    tool.run(&block).refused(2, &["override", "takeover"]);
}

#[test]
fn a_removal_can_be_cancelled_by_its_answer() {
    let tool = Tool::with_pair(OFFICE);
    let said = tool.run(&["remove", "--yes", "--set", "proceed=cancel"]);
    said.refused(2, &["the removal was cancelled"]);
}
