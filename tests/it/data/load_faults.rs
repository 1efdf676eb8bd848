//! What a load leaves when something goes away in the middle of it: the old data or the new, whole, and one
//! rerun reaches the new.

use super::loading::{PSQL, hold_take_up, mirrored, translate, whole};
use crate::support::drive::{both, run};
use crate::support::hold::{go_on, interrupt, stop};
use crate::support::lab::{FreshLab, LabPair};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(240);

/// A pair with a mirror of so many files that a load can be caught in the middle; all data before and
/// after a load.
fn scene(test: &str) -> (FreshLab, String, String) {
    let lab = FreshLab::start(test);
    let fill = |word: &str| {
        format!(
            "mkdir /etc/kamailio/many && cd /etc/kamailio/many && for i in $(seq 3000); do echo {word} $i > $i; done"
        )
    };
    lab.alpha().sh(&fill("new"));
    lab.beta().sh(&fill("old"));
    lab.alpha().sh("sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')\"");
    mirrored(&lab);
    translate(&lab);
    let old = whole(&lab);
    run(&lab, &["data", "load", "--yes"], 0);
    let new = whole(&lab);
    run(&lab, &["data", "rollback", "--yes"], 0);
    assert_eq!(whole(&lab), old);
    (lab, old, new)
}

/// A moment in a load.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The secondary's journal says so of this step: 1 stages, 2 puts aside, 3 swaps, 4 reloads.
    Journal(&'static str, u32),
    /// The first of many files has its new content.
    FirstFile,
}

/// Starts a load and waits for the moment. It gets no further than to the service, which has to take the data
/// up, until the node lets go of that.
fn caught(lab: &LabPair, moment: Moment) -> Child {
    let newest = [lab.alpha(), lab.beta()].map(|node| {
        let newest = node.sh("ls /var/lib/pairadm/ops | sort -n | tail -n 1");
        newest.trim().parse::<u64>().unwrap()
    });
    let op = newest[0].max(newest[1]) + 1;
    hold_take_up(lab.beta());
    let load = lab
        .pairadm_command(["data", "load", "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let has_come = || match moment {
        Moment::Journal(is, step) => {
            let line = format!("\"is\":\"{is}\",\"step\":{step}");
            let journal = format!("/var/lib/pairadm/ops/{op}/journal.jsonl");
            lab.beta()
                .exec(&["grep", "-qF", &line, &journal])
                .status
                .success()
        }
        Moment::FirstFile => lab.beta().read("/etc/kamailio/many/1").starts_with("new"),
    };
    let until = Instant::now() + PATIENCE;
    while !has_come() {
        assert!(Instant::now() < until, "the load does not get to {moment:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    load
}

#[test]
fn a_power_cut_at_any_point_leaves_the_old_data_and_a_rerun_the_new() {
    let (mut lab, old, new) = scene("loadpower");
    for moment in [
        Moment::Journal("started", 1),
        Moment::Journal("started", 3),
        Moment::FirstFile,
        Moment::Journal("done", 3),
    ] {
        let mut load = caught(&lab, moment);
        lab.cut_power("beta");
        load.wait().unwrap();
        lab.boot("beta");
        assert_eq!(whole(&lab), old, "after a power cut at {moment:?}");
        run(&lab, &["data", "load", "--yes"], 0);
        assert_eq!(whole(&lab), new, "after a rerun from {moment:?}");
        run(&lab, &["data", "rollback", "--yes"], 0);
        assert_eq!(whole(&lab), old);
    }
}

#[test]
fn a_killed_tool_leaves_the_old_data_and_a_rerun_the_new() {
    let (lab, old, new) = scene("loadkill");
    for moment in [Moment::FirstFile, Moment::Journal("done", 3)] {
        let mut load = caught(&lab, moment);
        load.kill().unwrap();
        load.wait().unwrap();
        lab.beta().let_go();
        let until = Instant::now() + PATIENCE;
        while whole(&lab) != old {
            assert!(
                Instant::now() < until,
                "the node does not take the load back by itself"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
        run(&lab, &["data", "load", "--yes"], 0);
        assert_eq!(whole(&lab), new);
        run(&lab, &["data", "rollback", "--yes"], 0);
    }
}

#[test]
fn of_two_loads_at_once_the_second_is_told_who_is_at_it() {
    let (lab, _, new) = scene("loadtwice");
    // The service's own check is part of the first step.
    lab.beta().hold("kamailio", "-c");
    let mut load = caught(&lab, Moment::Journal("started", 1));
    lab.beta().until_held();
    stop(&load);
    lab.beta().let_go();
    let refused = run(&lab, &["data", "load", "--yes"], 2);
    go_on(&load);
    assert!(refused.contains("load") && refused.contains('@'), "{refused}");
    assert!(load.wait().unwrap().success());
    assert_eq!(whole(&lab), new);
}

#[test]
fn without_the_primary_a_load_is_undone_and_what_was_done_on_both_nodes_is_not() {
    let mut lab = FreshLab::start("loadundo");
    lab.alpha()
        .sh("echo '# on the primary' >> /etc/kamailio/dispatcher.list");
    mirrored(&lab);
    translate(&lab);
    let old = whole(&lab);
    run(&lab, &["data", "load", "--yes"], 0);
    let new = whole(&lab);
    assert_ne!(new, old);
    lab.cut_power("alpha");
    // The second was the primary's alone.
    for op in ["1", "2"] {
        let refused = run(&lab, &["undo", op, "--yes"], 2);
        assert!(refused.contains("alpha"), "operation {op}: {refused}");
    }
    assert_eq!(whole(&lab), new);
    run(&lab, &["undo", "3", "--yes"], 0);
    assert_eq!(whole(&lab), old);
    run(&lab, &["undo", "4", "--yes"], 0);
    assert_eq!(whole(&lab), new, "the undo is undone");
}

/// A pair with a mirror of more data than the secondary has; its live files lie on a file system of their own.
fn with_small_disk(test: &str, size: &str) -> FreshLab {
    let lab = FreshLab::start(test);
    lab.alpha().sh("head -c 8M /dev/urandom > /etc/kamailio/blob");
    mirrored(&lab);
    translate(&lab);
    lab.beta().sh(&format!(
        "mount -t tmpfs -o size={size} none /mnt && cp -a /etc/kamailio /mnt/ && mount --bind /mnt/kamailio /etc/kamailio"
    ));
    lab
}

#[test]
fn a_disk_without_room_for_the_live_files_is_refused_before() {
    let lab = with_small_disk("loadroom", "4m");
    let old = whole(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 2);
    assert!(
        told.contains("/etc/kamailio") && told.contains("are free"),
        "{told}"
    );
    assert_eq!(whole(&lab), old);
}

#[test]
fn a_disk_that_fills_up_leaves_the_old_data() {
    let lab = with_small_disk("loadfull", "20m");
    // Between the plan and the first new file: when the service's own check is asked.
    lab.beta().write(
        "/usr/local/sbin/kamailio",
        "#!/bin/sh\nif [ \"$1\" = -c ]; then dd if=/dev/zero of=/mnt/other bs=1M count=16 2>/dev/null; fi\nexec /usr/sbin/kamailio \"$@\"\n",
    );
    lab.beta().sh("chmod 755 /usr/local/sbin/kamailio");
    let old = whole(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 3);
    assert!(told.contains("No space left"), "{told}");
    lab.beta().sh("rm /mnt/other");
    assert_eq!(whole(&lab), old);
}

#[test]
fn a_database_server_that_starts_late_gets_its_data_back_before_the_service_starts() {
    let mut lab = FreshLab::with_postgresql("loadpgpower");
    lab.alpha().sh(&format!(
        "{PSQL} \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')\""
    ));
    mirrored(&lab);
    translate(&lab);
    let rows = format!("{PSQL} 'SELECT destination FROM dispatcher ORDER BY 1'");
    let old = lab.beta().sh(&rows);
    let mut load = caught(&lab, Moment::Journal("done", 3));
    lab.cut_power("beta");
    load.wait().unwrap();
    lab.boot("beta");
    assert_eq!(lab.beta().sh(&rows), old);
    let list = lab.beta().sh("kamcmd dispatcher.list");
    assert!(
        !list.contains("192.0.2.99"),
        "the service serves what was given back: {list}"
    );
    run(&lab, &["data", "load", "--yes"], 0);
    assert!(lab.beta().sh(&rows).contains("192.0.2.99"));
    let databases = lab
        .beta()
        .sh(&format!("{PSQL} 'SELECT datname FROM pg_database'"));
    assert!(!databases.contains("pairadm"), "{databases}");
}

#[test]
fn the_look_at_a_mirror_is_stopped_at_once_and_leaves_nothing_locked() {
    let lab = FreshLab::start("loadlook");
    mirrored(&lab);
    translate(&lab);
    let old = whole(&lab);
    for agreed in ["--dry-run", "--yes"] {
        // What the service has is counted at the end of the look.
        lab.beta().hold("kamcmd", "dispatcher.list");
        let load = lab
            .pairadm_command(["data", "load", agreed])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        lab.beta().until_held();
        interrupt(&load);
        let output = load.wait_with_output().unwrap();
        let told = both(&output);
        assert!(told.contains("stopped on request"), "{told}");
        assert_eq!(output.status.code(), Some(2), "{told}");
        lab.beta().let_go();
        assert_eq!(whole(&lab), old);
    }
    run(&lab, &["data", "load", "--yes"], 0);
}

#[test]
fn a_rerun_waits_for_what_a_killed_tool_left_and_says_so() {
    let (lab, old, new) = scene("loadrerun");
    // Its reload takes longer than any lock is waited for whose owner is not known to be gone.
    lab.beta().hold("kamcmd", "dispatcher.reload");
    let mut load = caught(&lab, Moment::Journal("started", 4));
    lab.beta().until_held();
    load.kill().unwrap();
    load.wait().unwrap();
    let mut again = lab
        .pairadm_command(["data", "load", "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(again.stdout.take().unwrap()).lines();
    let waits = lines.find(|line| line.as_ref().unwrap().contains("whose controller is gone"));
    lab.beta().let_go();
    let told: Vec<String> = lines.map(Result::unwrap).collect();
    let refused = std::io::read_to_string(again.stderr.take().unwrap()).unwrap();
    assert!(waits.is_some(), "{told:?} {refused}");
    assert!(again.wait().unwrap().success(), "{told:?} {refused}");
    assert_eq!(whole(&lab), new);
    run(&lab, &["data", "rollback", "--yes"], 0);
    assert_eq!(whole(&lab), old);
}
