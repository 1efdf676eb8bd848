//! At every step boundary of `configure` and `takeover` the tool is killed, the link is cut, or a node
//! loses power; then the same command runs once more. The pair must be in the new state with exactly one
//! side serving, and after `remove` every original byte must be back. All the while the kernels of both
//! nodes are watched: no VIP is ever on both, nor are calls let in on both, also when one of them is cut off
//! from the network (its lease runs out before calls return to the node that is left).
//!
//! A cut link and a cut power cost ten seconds each until the tool gives up waiting: whoever works on
//! something else may say `PAIRADM_FEW_BOUNDARIES=1`, and only every fourth of `configure`'s is tried.

use super::{
    MANAGED, Running, assert_serves, blocks, drop_vips, json, run, until_unlocked, vips, wait_until,
};
use crate::support::hold::interrupt;
use crate::support::lab::{FreshLab, LabPair};
use crate::support::sentinel::Sentinel;
use crate::support::snapshot::Snapshot;

const CONFIGURE: [&str; 2] = ["configure", "--yes"];
const TO_BETA: [&str; 4] = ["takeover", "--to", "secondary", "--yes"];
const TO_ALPHA: [&str; 4] = ["takeover", "--to", "primary", "--yes"];
const REMOVE: [&str; 4] = ["remove", "--yes", "--set", "proceed=continue"];

/// How a run went on that was to be interrupted.
enum Met {
    /// It was, and ended with this code; `None` for a killed one.
    Fault(Option<i32>),
    /// It had fewer steps than that and came to its good end.
    NoSuchStep,
}

/// Runs `args` and does `fault` to it after `boundary` steps.
fn interrupted(lab: &mut FreshLab, args: &[&str], boundary: usize, fault: FaultFn) -> Met {
    let mut running = Running::start(lab, args);
    let Some(node) = running.until_steps(boundary) else {
        assert_eq!(running.end(), Some(0), "{args:?} without a fault");
        return Met::NoSuchStep;
    };
    fault(lab, &mut running, &node);
    Met::Fault(running.end())
}

fn kill(_: &mut FreshLab, running: &mut Running, _: &str) {
    running.child.kill().expect("pairadm can be killed");
}

fn cut_link(lab: &mut FreshLab, _: &mut Running, node: &str) {
    lab.cut_link(node);
}

fn cut_power(lab: &mut FreshLab, _: &mut Running, node: &str) {
    lab.cut_power(node);
}

fn stride() -> usize {
    if std::env::var_os("PAIRADM_FEW_BOUNDARIES").is_some() {
        4
    } else {
        1
    }
}

fn originals(lab: &LabPair) -> [Snapshot; 2] {
    [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)]
}

type FaultFn = fn(&mut FreshLab, &mut Running, &str);

fn configure_survives(name: &str, fault: FaultFn, stride: usize) {
    let mut lab = FreshLab::start(name);
    let before = originals(&lab);
    let pair_file = std::fs::read(lab.pair_file()).expect("the lab's pair file");
    for boundary in (1..).step_by(stride) {
        let case = format!("{name} after step {boundary}");
        let Met::Fault(code) = interrupted(&mut lab, &CONFIGURE, boundary, fault) else {
            assert!(boundary > 10, "{case}: configure has more steps than that");
            return;
        };
        lab.heal();
        let rerun = run(&lab, &CONFIGURE, 0);
        assert_serves(&lab, "alpha", &format!("{case} (exit {code:?}), then: {rerun}"));
        run(&lab, &REMOVE, 0);
        drop_vips(&lab);
        // `remove` took the controller's pair file away as well.
        std::fs::write(lab.pair_file(), &pair_file).expect("the pair file");
        for (before, after) in before.iter().zip(originals(&lab)) {
            assert_eq!(before.changes_to(&after), Vec::<String>::new(), "{case}");
        }
    }
}

fn takeover_survives(name: &str, fault: FaultFn, boots: bool) {
    let mut lab = FreshLab::start(name);
    run(&lab, &CONFIGURE, 0);
    for boundary in 1.. {
        let case = format!("{name} after step {boundary}");
        assert_serves(&lab, "alpha", &format!("before {case}"));
        let sentinel = Sentinel::over(&lab);
        let Met::Fault(code) = interrupted(&mut lab, &TO_BETA, boundary, fault) else {
            assert!(boundary > 8, "{case}: takeover has more steps than that");
            return;
        };
        let (mut broken, mut sentinel) = (Vec::new(), sentinel);
        if boots {
            // A start gives the node another network to watch.
            broken = sentinel.report();
            lab.heal();
            sentinel = Sentinel::over(&lab);
        } else {
            // What a node does when it hears the others again is watched, before anybody cleans up; the agent
            // of a connection that was cut notices with the next packet that TCP sends once more.
            lab.heal();
            until_unlocked(&lab);
        }
        let rerun = run(&lab, &TO_BETA, 0);
        broken.extend(sentinel.report());
        assert_eq!(broken, Vec::<String>::new(), "{case} (exit {code:?}); {rerun}");
        assert_serves(&lab, "beta", &format!("{case} (exit {code:?}), then: {rerun}"));
        run(&lab, &TO_ALPHA, 0);
    }
}

/// The number of the newest operation.
fn newest(lab: &LabPair) -> String {
    let (_, history) = json(lab, &["history"]);
    history["result"]["operations"][0]["op"].to_string()
}

#[test]
fn a_removal_and_its_undo_killed_at_every_third_boundary() {
    let mut lab = FreshLab::start("remove-killed");
    let before = originals(&lab);
    run(&lab, &CONFIGURE, 0);
    let configured = originals(&lab);
    let same = |expected: &[Snapshot; 2], lab: &LabPair, case: &str| {
        for (expected, now) in expected.iter().zip(originals(lab)) {
            assert_eq!(expected.changes_to(&now), Vec::<String>::new(), "{case}");
        }
    };
    let mut whole = 0;
    for boundary in (1..).step_by(3) {
        let case = format!("remove after step {boundary}");
        if let Met::NoSuchStep = interrupted(&mut lab, &REMOVE, boundary, kill) {
            whole += 1;
        } else {
            if boundary % 2 == 0 {
                // A node that is its own controller loses the file among the last steps.
                std::fs::remove_file(lab.pair_file()).expect("the pair file");
                if boundary < 10 {
                    let told = run(&lab, &["status"], 2);
                    assert!(told.contains("pairadm resume"), "{case}: {told}");
                }
            }
            run(&lab, &REMOVE, 0);
        }
        same(&before, &lab, &case);
        let removal = newest(&lab);
        let undo = ["undo", &removal, "--yes"];
        if let Met::NoSuchStep = interrupted(&mut lab, &undo, boundary, kill) {
            whole += 1;
        } else {
            run(&lab, &undo, 0);
        }
        same(&configured, &lab, &format!("undo of {case}"));
        assert_serves(&lab, "alpha", &case);
        if whole == 2 {
            assert!(boundary > 10, "{case}: there are more steps than that");
            return;
        }
        whole = 0;
    }
}

#[test]
fn configure_killed_at_every_boundary() {
    configure_survives("configure-killed", kill, 1);
}

#[test]
fn configure_with_the_link_cut() {
    configure_survives("configure-link", cut_link, stride());
}

#[test]
fn configure_with_the_power_cut() {
    configure_survives("configure-power", cut_power, stride());
}

#[test]
fn takeover_killed_at_every_boundary() {
    takeover_survives("takeover-killed", kill, false);
}

#[test]
fn takeover_with_the_link_cut_at_every_boundary() {
    takeover_survives("takeover-link", cut_link, false);
}

#[test]
fn takeover_with_the_power_cut_at_every_boundary() {
    takeover_survives("takeover-power", cut_power, true);
}

/// A takeover to beta does not come to its end before alpha lets go: with its VIPs gone, what alpha blocks is
/// read once more at the end.
fn hold_the_end(lab: &LabPair) {
    let released = format!("! ip address show | grep -q ' {}/'", lab.lab.vip_v4);
    lab.alpha().hold_once(&released, "iptables", "-S");
}

/// Its lease is watched by a process of its own.
#[test]
fn a_node_that_is_cut_off_takes_itself_down_even_when_its_agent_is_killed() {
    let mut lab = FreshLab::start("lease-agent");
    run(&lab, &CONFIGURE, 0);
    hold_the_end(&lab);
    let mut running = Running::start(&lab, &TO_BETA);
    running.until_done("announce again");
    lab.alpha().until_held();
    cut_link(&mut lab, &mut running, "beta");
    lab.alpha().let_go();
    lab.beta().sh("pkill -KILL -f '[p]airadm.* agent$'");
    wait_until("beta has no VIP", || {
        vips(&lab).iter().all(|vip| !lab.beta().holds(*vip))
    });
    wait_until("beta is blocked", || blocks(lab.beta()) == [true; 2]);
    let code = running.end();
    assert_ne!(code, Some(0), "the takeover was interrupted");
    wait_until("calls are back", || {
        vips(&lab).iter().all(|vip| lab.alpha().holds(*vip))
    });
    let sentinel = Sentinel::over(&lab);
    lab.heal();
    run(&lab, &TO_BETA, 0);
    assert_eq!(sentinel.report(), Vec::<String>::new());
    assert_serves(&lab, "beta", "after the rerun");
}

/// A connection may be known to be lost long before the node knows: its lease then lasts as long as the hook that
/// was asked for, and the network, in which it is not to be seen, says nothing of what it holds.
#[test]
fn calls_do_not_return_while_a_node_that_is_cut_off_may_still_hold_them() {
    let mut lab = FreshLab::start("lease-hook");
    run(&lab, &CONFIGURE, 0);
    for node in [lab.alpha(), lab.beta()] {
        node.write("/usr/local/sbin/promote", PROMOTE);
        node.sh("chmod 755 /usr/local/sbin/promote && mkdir -p /etc/pairadm/profiles.d");
        node.write("/etc/pairadm/profiles.d/kamailio.toml", PROFILE);
    }
    lab.alpha().sh(&format!(
        "nohup pairadm {} > /root/told 2>&1 < /dev/null &",
        TO_BETA.join(" ")
    ));
    wait_until("the hook runs", || {
        lab.beta()
            .exec(&["test", "-e", "/run/promoting"])
            .status
            .success()
    });
    let sentinel = Sentinel::over(&lab);
    lab.cut_link("beta");
    let beta = lab.beta().node.v4;
    let killed = lab.alpha().sh(&format!("ss -H -K dst {beta}"));
    assert!(killed.contains(&beta.to_string()), "the connection: {killed}");
    let told = || lab.alpha().read("/root/told");
    let running = || lab.alpha().exec(&["pgrep", "-x", "pairadm"]).status.success();
    wait_until("it waits", || {
        told().contains("until it has taken its VIPs down") || !running()
    });
    lab.beta().sh("rm /run/promoting");
    wait_until("it ends", || !running());
    assert_eq!(sentinel.report(), Vec::<String>::new(), "{}", told());
    lab.heal();
    until_unlocked(&lab);
    run(&lab, &TO_BETA, 0);
    assert_serves(&lab, "beta", "after the rerun");
}

/// Waits on the node that is told, for as long as it may.
const PROMOTE: &str = "#!/bin/sh\n\
    touch /run/promoting; while [ -e /run/promoting ]; do sleep 0.1; done\n";

const PROFILE: &str = "title = \"Kamailio\"\nservices = [\"kamailio.service\"]\nrefresh = \"restart\"\n\
    ports = [\"udp/5060\"]\nsip_port = 5060\n\
    [[promote]]\nargv = [\"/usr/local/sbin/promote\"]\ntimeout_s = 20\n";

/// A takeover to beta whose tool is killed after beta has recorded that it serves, and before any node ends it.
fn kill_once_recorded(lab: &LabPair) {
    hold_the_end(lab);
    let mut running = Running::start(lab, &TO_BETA);
    running.until_done("record generation");
    lab.alpha().until_held();
    running.child.kill().expect("pairadm can be killed");
    lab.alpha().let_go();
    assert_eq!(running.end(), None, "it was killed in the middle");
}

/// A terminal that goes away must not end calls that are served already.
#[test]
fn a_node_that_recorded_itself_active_serves_on_when_only_the_tool_is_gone() {
    let lab = FreshLab::start("lease-tool");
    run(&lab, &CONFIGURE, 0);
    kill_once_recorded(&lab);
    let lease = ["test", "!", "-e", "/run/pairadm/lease.json"];
    wait_until("the lease is over", || lab.beta().exec(&lease).status.success());
    assert_serves(&lab, "beta", "without the tool");
    run(&lab, &TO_BETA, 0);
    assert_serves(&lab, "beta", "after the rerun");
}

/// Takes from beta's journal of the newest operation that it has ended: what a link that breaks while that is
/// said leaves behind.
fn forget_the_end(lab: &LabPair) {
    let journal = format!("/var/lib/pairadm/ops/{}/journal.jsonl", newest(lab));
    let count = format!("grep -c '\"is\":\"finished\"' {journal}");
    assert_eq!(lab.beta().sh(&count).trim(), "1");
    lab.beta()
        .sh(&format!("sed -i '/\"is\":\"finished\"/d' {journal}"));
    let status = run(lab, &["status"], 0);
    assert!(status.contains("pairadm resume"), "{status}");
}

/// Both nodes are told of the end at once; the link may break when only one has heard.
#[test]
fn an_end_that_only_one_node_knows_is_the_end_for_both_after_one_rerun() {
    let mut lab = FreshLab::start("half-ended");
    run(&lab, &CONFIGURE, 0);
    run(&lab, &TO_BETA, 0);
    forget_the_end(&lab);
    let sentinel = Sentinel::over(&lab);
    run(&lab, &TO_BETA, 0);
    let told = run(&lab, &["show", &newest(&lab)], 0);
    assert!(told.contains("alpha has ended operation"), "{told}");
    assert_eq!(sentinel.report(), Vec::<String>::new());
    assert_serves(&lab, "beta", "after the rerun");

    run(&lab, &TO_ALPHA, 0);
    run(&lab, &TO_BETA, 0);
    forget_the_end(&lab);
    lab.cut_power("beta");
    lab.heal();
    run(&lab, &TO_BETA, 0);
    assert_serves(&lab, "beta", "after the power cut and the rerun");

    run(&lab, &TO_ALPHA, 0);
    interrupted(&mut lab, &TO_BETA, 5, kill);
    until_unlocked(&lab);
    run(&lab, &["undo", &newest(&lab), "--yes"], 0);
    forget_the_end(&lab);
    run(&lab, &TO_BETA, 0);
    assert_serves(&lab, "beta", "after the rerun of what was taken back");
    let (_, history) = json(&lab, &["history"]);
    let operations = history["result"]["operations"].as_array().expect("a list");
    let open = operations.iter().filter(|operation| operation["end"].is_null());
    assert_eq!(open.count(), 0, "{history}");
}

/// Whatever was going on with a peer that is lost is not gone on with when it returns.
#[test]
fn what_was_open_with_a_lost_peer_is_taken_back_when_it_returns() {
    let to_alpha_alone = [&TO_ALPHA[..], &["--peer-lost", "--confirm-lost", "beta"]].concat();
    let mut lab = FreshLab::start("lost-half-way");
    run(&lab, &CONFIGURE, 0);
    // Once alpha has ended the takeover to beta and beta has not, once neither has.
    for half_ended in [true, false] {
        if half_ended {
            run(&lab, &TO_BETA, 0);
            forget_the_end(&lab);
        } else {
            kill_once_recorded(&lab);
            until_unlocked(&lab);
        }
        lab.cut_power("beta");
        run(&lab, &to_alpha_alone, 0);
        lab.heal();
        assert_serves(&lab, "alpha", "beta returned");
        let sentinel = Sentinel::over(&lab);
        run(&lab, &TO_BETA, 0);
        assert_eq!(sentinel.report(), Vec::<String>::new());
        assert_serves(&lab, "beta", &format!("after one rerun, {half_ended}"));
        run(&lab, &TO_ALPHA, 0);
    }
}

/// A rerun finishes what is left; to swap once more would be what nobody asked for.
#[test]
fn a_reversal_that_is_killed_and_run_again_swaps_the_roles_once() {
    const REVERSE: [&str; 2] = ["reverse", "--yes"];
    let mut lab = FreshLab::start("reverse-killed");
    run(&lab, &CONFIGURE, 0);
    let primary = |lab: &LabPair| {
        let (_, status) = json(lab, &["status"]);
        status["result"]["nodes"]["primary"]["hostname"].to_string()
    };
    for boundary in 1.. {
        let before = primary(&lab);
        if let Met::NoSuchStep = interrupted(&mut lab, &REVERSE, boundary, kill) {
            assert!(boundary > 4, "there are more steps than that");
            return;
        }
        run(&lab, &REVERSE, 0);
        assert_ne!(primary(&lab), before, "after step {boundary}");
        assert_serves(&lab, "alpha", &format!("after step {boundary}"));
    }
}

/// Counts what alpha has begun of the first takeover: in the window it does its second step, which is in its
/// journal once there is no turning back.
const INTENTS: &str =
    "cat /var/lib/pairadm/ops/2/journal.jsonl 2>/dev/null | grep -c '\"is\":\"intent\"' || true";

/// Whoever presses Ctrl-C while calls are dark wants to stop, not to end calls: the window is gone through, and
/// the side that serves then keeps them although nothing of it is recorded yet (L4).
#[test]
fn a_takeover_that_is_stopped_in_its_window_leaves_calls_where_they_are() {
    let lab = FreshLab::start("stopped-in-window");
    run(&lab, &CONFIGURE, 0);
    lab.alpha().hold("iptables-restore", "--noflush");
    let running = Running::start(&lab, &TO_BETA);
    wait_until("the window begins", || lab.alpha().sh(INTENTS).trim() == "2");
    interrupt(&running.child);
    lab.alpha().let_go();
    assert_eq!(running.end(), Some(4), "it was stopped");
    let lease = ["test", "!", "-e", "/run/pairadm/lease.json"];
    wait_until("the lease is over", || lab.beta().exec(&lease).status.success());
    assert_serves(&lab, "beta", "without a record of it");
    run(&lab, &TO_BETA, 0);
    assert_serves(&lab, "beta", "after the rerun");
}

/// On the way back the network is looked at once more: what was silent before the window may not be any longer.
#[test]
fn a_vip_that_a_stranger_took_in_the_window_is_not_taken_back() {
    let mut lab = FreshLab::start("stranger-in-window");
    run(&lab, &CONFIGURE, 0);
    lab.alpha().hold("iptables-restore", "--noflush");
    let running = Running::start(&lab, &TO_BETA);
    wait_until("the window begins", || lab.alpha().sh(INTENTS).trim() == "2");
    lab.break_it("duplicate-vip");
    lab.break_it("service beta");
    lab.alpha().let_go();
    let code = running.end();
    let held = vips(&lab).map(|vip| [lab.alpha(), lab.beta()].map(|node| node.holds(vip)));
    assert!(!held[0].contains(&true), "the stranger has it: {held:?}");
    assert!(matches!(code, Some(4 | 5)), "{code:?}");
    lab.heal();
    run(&lab, &TO_BETA, 0);
    assert_serves(&lab, "beta", "after the rerun");
}

#[test]
fn the_watch_sees_a_vip_that_is_on_both_nodes_for_a_moment() {
    let lab = FreshLab::start("sentinel");
    run(&lab, &CONFIGURE, 0);
    let sentinel = Sentinel::over(&lab);
    let vip = lab.lab.vip_v4;
    lab.beta().sh(&format!(
        "ip address add {vip}/32 dev eth0; ip address del {vip}/32 dev eth0"
    ));
    let seen = sentinel.report();
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn the_watch_sees_calls_that_are_let_in_on_both_nodes_for_a_moment() {
    let lab = FreshLab::start("sentinel-rules");
    run(&lab, &CONFIGURE, 0);
    let sentinel = Sentinel::over(&lab);
    lab.beta().sh(
        "ip6tables-save -t raw > /tmp/rules && ip6tables -t raw -F PAIRADM && ip6tables-restore /tmp/rules",
    );
    let seen = sentinel.report();
    assert!(
        seen.len() == 1 && seen[0].contains("S2: IPv6"),
        "one family, once: {seen:?}"
    );
}
