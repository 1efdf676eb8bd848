//! The pair file as the command line meets it.

use super::tool::{OFFICE, Tool};

#[test]
fn a_fault_is_named_by_file_line_key_value_and_what_is_accepted() {
    let tool = Tool::with_pair(&OFFICE.replace("server_id = 2", "serverid = 2"));
    let said = tool.run(&["status"]);
    let file = tool.pair_file();
    said.refused(
        2,
        &[
            file.to_str().unwrap(),
            "line 15",
            "unknown key `secondary.serverid`",
            "server_id",
        ],
    );
    let document = tool.run(&["status", "--json"]).document();
    assert_eq!(document["error"]["code"], "bad_pair_file");
}

#[test]
fn settings_are_shown_from_the_file_alone() {
    let tool = Tool::with_pair(&OFFICE.replace("profile", "ntp = [\"ntp.example.net\"]\nprofile"));
    let said = tool.run(&["settings"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stdout.contains("ntp              ntp.example.net\n"),
        "{said:?}"
    );
    let document = tool.run(&["settings", "show", "--json"]).document();
    assert_eq!(document["result"]["ntp"], "ntp.example.net");
    assert_eq!(document["result"]["block"], "drop");
}

#[test]
fn a_setting_that_cannot_be_is_refused_and_the_file_stays() {
    let tool = Tool::with_pair(OFFICE);
    let said = tool.run(&["settings", "set", "ports=tcp/1", "--yes"]);
    said.refused(2, &["ports", "SSH port 1"]);
    assert_eq!(std::fs::read_to_string(tool.pair_file()).unwrap(), OFFICE);
}

#[test]
fn a_profile_that_is_none_is_named_with_those_that_are() {
    let tool = Tool::with_pair(&OFFICE.replace("kamailio", "kamelio"));
    tool.run(&["takeover", "--to", "secondary", "--dry-run"])
        .refused(2, &["kamelio", "kamailio, opensips"]);
}
