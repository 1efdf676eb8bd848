//! What the running service says that it has is compared with what was loaded: a reload or a start that went
//! well may have left rows out.

use super::loading::{mirrored, translate, whole};
use crate::support::drive::run;
use crate::support::lab::FreshLab;

const SQLITE: &str = "sqlite3 /etc/kamailio/kamailio.sqlite";

#[test]
fn rows_that_the_service_leaves_out_fail_the_load_and_everything_goes_back() {
    let lab = FreshLab::start("loadcount");
    lab.alpha().sh(&format!(
        "{SQLITE} \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'nonsense'), (9, 'sip:192.0.2.99:5060')\""
    ));
    // Read once: so the service starts anew, and starting it passes over what it cannot read.
    lab.alpha().sh("echo '# another' >> /etc/kamailio/kamailio.cfg");
    mirrored(&lab);
    translate(&lab);
    let before = whole(&lab);
    let planned = run(&lab, &["data", "load", "--dry-run"], 0);
    assert!(
        planned.contains("see that the service has all dispatcher destinations"),
        "{planned}"
    );
    let told = run(&lab, &["data", "load", "--yes"], 3);
    assert!(
        told.contains("6 in table dispatcher of database were loaded, the service has 5"),
        "{told}"
    );
    assert_eq!(whole(&lab), before);
    let list = lab.beta().sh("kamcmd dispatcher.list");
    assert!(!list.contains("192.0.2.99"), "{list}");
    assert!(
        list.contains(&format!("URI: sip:{}:5070", lab.beta().node.v4)),
        "{list}"
    );
}

#[test]
fn a_list_in_a_file_is_counted_where_the_service_reads_that_and_rows_that_are_off_do_not_count() {
    let lab = FreshLab::start("loadlist");
    for node in [lab.alpha(), lab.beta()] {
        node.sh("sed -i 's/^##!define DISPATCHER_LIST/#!define DISPATCHER_LIST/' /etc/kamailio/kamailio.cfg && systemctl restart kamailio");
    }
    lab.alpha()
        .sh("echo '9 sip:192.0.2.99:5060' >> /etc/kamailio/dispatcher.list");
    lab.alpha().sh(&format!(
        "{SQLITE} \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'nonsense'), (9, 'more'); \
         INSERT INTO trusted (src_ip, proto) VALUES ('192.0.2.98', 'none'), ('192.0.2.97', 'udp')\""
    ));
    mirrored(&lab);
    translate(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 0);
    assert!(
        told.contains("see that the service has all dispatcher destinations"),
        "{told}"
    );
    assert!(
        told.contains("see that the service has all trusted addresses"),
        "{told}"
    );
    let list = lab.beta().sh("kamcmd dispatcher.list");
    assert!(list.contains("192.0.2.99"), "{list}");
    let trusted = lab.beta().sh("kamcmd permissions.trustedDump");
    assert!(
        trusted.contains("192.0.2.97") && !trusted.contains("192.0.2.98"),
        "{trusted}"
    );
}

#[test]
fn a_list_that_is_too_long_for_the_console_is_loaded_and_said_not_to_be_compared() {
    let lab = FreshLab::start("loadlong");
    lab.alpha().sh(&format!(
        "{SQLITE} \"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
         INSERT INTO dispatcher (setid, destination) \
         SELECT 9, 'sip:198.51.' || (i / 250) || '.' || (i % 250 + 1) || ':5060' FROM n\""
    ));
    mirrored(&lab);
    translate(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 0);
    let report = run(&lab, &["report", &operation(&told)], 0);
    for text in [&told, &report] {
        assert!(
            text.contains("Warning: dispatcher destinations not compared with what was loaded"),
            "{text}"
        );
    }
    let rows = lab
        .beta()
        .sh(&format!("{SQLITE} 'SELECT count(*) FROM dispatcher'"));
    assert!(rows.trim().parse::<u32>().unwrap() > 5000, "{rows}");

    // Now that the service has so many, it is said before.
    let planned = run(&lab, &["data", "load", "--again", "--dry-run"], 0);
    assert!(
        planned.contains("Not compared after the load: dispatcher destinations."),
        "{planned}"
    );
}

/// The number of the operation that was told of.
fn operation(told: &str) -> String {
    let line = told.lines().find(|line| line.starts_with("Operation ")).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}
