//! A copy gives way to a takeover.

use super::{begin_copy, mirror, names, offers_nothing, wait_for, with_slow_copy_ahead};
use crate::support::drive::{both, json, run};
use rustix::process::{Pid, Signal, kill_process};

const MIB: u64 = 1 << 20;

#[test]
fn a_takeover_stops_a_copy_whose_progress_everybody_sees_and_the_copy_goes_on_later() {
    let lab = with_slow_copy_ahead("copytakeover", "40M", "3000");
    let before = mirror(&lab, "op3");
    let copy = begin_copy(&lab, 2 * MIB);
    wait_for("status shows the copy", || {
        let (_, status) = json(&lab, &["status"]);
        status["result"]["nodes"]["secondary"]["work"]["moved"]["what"] == "copy"
    });
    assert!(run(&lab, &["status"], 0).contains("copy: "));
    let (code, told) = json(&lab, &["settings", "set", "copy_limit=3001", "--dry-run"]);
    assert_eq!(code, 0, "looking disturbs nothing: {told}");

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", both(&output));
    assert!(
        both(&output).contains("stopped for takeover"),
        "{}",
        both(&output)
    );
    assert_eq!(names(lab.beta()), ["incoming", "op3"]);
    offers_nothing(&lab);

    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
    run(&lab, &["settings", "set", "copy_limit=", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
    assert_eq!(names(lab.beta()).len(), 2);
}

#[test]
fn a_hung_controller_of_a_copy_holds_up_nobody() {
    let lab = with_slow_copy_ahead("copyhung", "40M", "3000");
    let mut copy = begin_copy(&lab, 2 * MIB);
    let pid = Pid::from_child(&copy);
    kill_process(pid, Signal::STOP).unwrap();
    // It does not wait for the stopped controller, which nothing lets go on before.
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    assert!(lab.beta().holds(lab.lab.vip_v4));
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(copy.wait().unwrap().code(), Some(3));
    let (_, history) = json(&lab, &["history"]);
    let ends: Vec<_> = history["result"]["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| operation["end"].clone())
        .collect();
    assert!(
        !ends.contains(&serde_json::Value::Null),
        "nothing is left open: {history}"
    );
    assert_eq!(names(lab.beta()), ["incoming", "op3"]);
}
