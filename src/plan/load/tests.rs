#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::{Change, FileChange, Ledger, Manifest};
use crate::model::{Counted, Generation, OpId, Traffic};
use crate::plan::sample::Sample;
use crate::translate::{Findings, Found};

/// A mirror of alpha's data that lies on beta.
fn preview(changes: &[&str]) -> Preview {
    let mut manifest = Manifest::new("office".to_owned(), "alpha".to_owned(), Generation(3), OpId(7));
    manifest.version = Some("kamailio 5.6.3".to_owned());
    manifest.sets = vec!["configuration".to_owned(), "database".to_owned()];
    let change = |path: &&str| FileChange {
        path: (*path).to_owned(),
        change: Change::Changed,
        diff: String::new(),
    };
    Preview {
        origin: Origin::Mirror("op7".to_owned()),
        digest: "d1".to_owned(),
        manifest,
        size: (12, 40 << 20),
        live: 30 << 20,
        rooms: Vec::new(),
        findings: Some(Findings::default()),
        changes: changes.iter().map(change).collect(),
        more: 0,
        ledger: Ledger::default(),
        databases: Vec::new(),
        counted: Vec::new(),
    }
}

fn sample() -> Sample {
    let mut sample = Sample::default();
    sample.side(Side::Secondary).disk = (1 << 30, 1 << 30);
    sample
}

fn planned(sample: &Sample, preview: &Preview, table: &Table) -> Result<Plan> {
    load(&LoadInput {
        basis: sample.basis(),
        side: Side::Secondary,
        preview,
        table,
        no_way_back: &[],
        again: false,
    })
}

fn refusal(sample: &Sample, preview: &Preview) -> String {
    planned(sample, preview, &Table::default()).unwrap_err().code
}

fn steps(plan: &Plan) -> Vec<&str> {
    plan.steps().map(|step| step.title.as_str()).collect()
}

#[test]
fn data_is_staged_put_aside_swapped_taken_up_proved_and_recorded_on_the_secondary_alone() {
    let plan = planned(
        &sample(),
        &preview(&["/etc/kamailio/dispatcher.list"]),
        &Table::default(),
    )
    .unwrap();
    assert_eq!(plan.sides, [Side::Secondary]);
    assert!(plan.steps().all(|step| step.side == Side::Secondary));
    let steps = steps(&plan);
    assert_eq!(
        steps[..4],
        [
            "verify and check mirror op7",
            "put present configuration, database aside",
            "make configuration, database live",
            "say `kamcmd dispatcher.reload`",
        ]
    );
    assert_eq!(
        steps[steps.len() - 3..],
        [
            "see that the service lives",
            "see that SIP is answered at 192.0.2.12",
            "record that mirror op7 is loaded",
        ]
    );
    let unarmed = plan.steps().filter(|step| !step.armed);
    assert!(
        unarmed
            .map(|step| &step.action)
            .all(|action| action.only_prepares()
                || matches!(action, Action::Alive { .. } | Action::SipCheck { .. })),
        "whatever changes something is taken back by the node itself"
    );
    assert!(!plan.service_affecting);
}

#[test]
fn what_is_read_once_restarts_the_service_and_what_does_not_run_is_left_alone() {
    let plan = planned(
        &sample(),
        &preview(&["/etc/kamailio/kamailio.cfg"]),
        &Table::default(),
    )
    .unwrap();
    assert!(steps(&plan).contains(&"restart kamailio.service"), "{plan:?}");
    assert!(!steps(&plan).iter().any(|title| title.starts_with("say ")));
    let mut unlisted = preview(&[]);
    unlisted.more = 1;
    let plan = planned(&sample(), &unlisted, &Table::default()).unwrap();
    assert!(steps(&plan).contains(&"restart kamailio.service"));

    let mut off = sample();
    "inactive".clone_into(&mut off.side(Side::Secondary).units[0].active);
    let plan = planned(&off, &preview(&["/etc/kamailio/kamailio.cfg"]), &Table::default()).unwrap();
    assert_eq!(plan.steps().count(), 4, "{:?}", steps(&plan));
    assert!(
        plan.notice
            .iter()
            .any(|line| line.contains("does not run on beta"))
    );
}

#[test]
fn reloads_are_those_of_the_sets_that_change() {
    let plan = planned(&sample(), &preview(&[]), &Table::default()).unwrap();
    let steps = steps(&plan);
    assert!(steps.contains(&"say `kamcmd uac.reg_reload`"));
    assert!(!steps.contains(&"say `kamcmd tls.reload`"), "no file changes");
}

#[test]
fn an_active_secondary_is_refused_however_it_shows() {
    let taken_over = sample().taken_over();
    assert_eq!(refusal(&taken_over, &preview(&[])), "secondary_active");
    let mut open = sample();
    open.side(Side::Secondary).firewall.v4 = Some(Traffic::Allowed);
    open.side(Side::Secondary).firewall.v6 = Some(Traffic::Allowed);
    assert_eq!(refusal(&open, &preview(&[])), "secondary_active");
}

#[test]
fn another_pairs_node_version_or_generation_is_refused() {
    let bent = |bend: fn(&mut Manifest)| {
        let mut preview = preview(&[]);
        bend(&mut preview.manifest);
        refusal(&sample(), &preview)
    };
    assert_eq!(bent(|m| m.pair = "home".to_owned()), "foreign_mirror");
    assert_eq!(bent(|m| m.node = "beta".to_owned()), "foreign_mirror");
    assert_eq!(bent(|m| m.generation = Generation(5)), "foreign_mirror");
    assert_eq!(
        bent(|m| m.version = Some("kamailio 5.7".to_owned())),
        "other_version"
    );
}

#[test]
fn a_disk_without_room_is_refused_before_anything_is_written() {
    let mut preview = preview(&[]);
    let room = |at: &str, free| crate::data::Room {
        at: at.to_owned(),
        needed: 100,
        free,
    };
    preview.rooms = vec![room("/var/lib/pairadm", 100), room("/etc/kamailio", 100)];
    assert!(planned(&sample(), &preview, &Table::default()).is_ok());
    preview.rooms[1].free = 99;
    let error = planned(&sample(), &preview, &Table::default()).unwrap_err();
    assert_eq!(error.code, "disk_full");
    let told = error.to_string();
    assert!(
        told.contains("/etc/kamailio") && told.contains("are free"),
        "{told}"
    );
}

#[test]
fn an_address_of_the_primary_without_an_entry_is_refused_and_virtual_ones_need_none() {
    let found = |address: &str| {
        let mut preview = preview(&[]);
        preview.findings = Some(Findings {
            found: vec![Found {
                subject: address.parse().unwrap(),
                spellings: 1,
                count: 2,
                places: Vec::new(),
                more_places: 0,
            }],
            ..Findings::default()
        });
        preview
    };
    let error = planned(&sample(), &found("192.0.2.11"), &Table::default()).unwrap_err();
    assert_eq!(error.code, "translation_missing");
    assert!(error.hint.unwrap().contains("translation set 192.0.2.11"));
    assert!(planned(&sample(), &found("2001:db8::10"), &Table::default()).is_ok());
    let mut table = Table::default();
    let (from, to) = ("192.0.2.11".parse().unwrap(), "192.0.2.12".parse().unwrap());
    table.set(from, Some(to), None).unwrap();
    let plan = planned(&sample(), &found("192.0.2.11"), &table).unwrap();
    assert_eq!(steps(&plan)[0], "verify, translate and check mirror op7");
    let mut alone = sample();
    alone.facts.primary = None;
    assert!(
        planned(&alone, &found("192.0.2.11"), &Table::default()).is_err(),
        "the pair file knows the primary's address, too"
    );
}

#[test]
fn a_mirror_that_is_loaded_already_is_nothing_to_do_unless_asked_for_again() {
    let mut preview = preview(&[]);
    preview.ledger.loads.push(Loaded {
        op: OpId(9),
        mirror: "op7".to_owned(),
        node: "alpha".to_owned(),
        made: 0,
        sets: vec!["database".to_owned()],
        digest: "d1".to_owned(),
        table: digest_of(&Table::default()).unwrap(),
        at: 0,
    });
    assert!(
        planned(&sample(), &preview, &Table::default())
            .unwrap()
            .is_empty()
    );
    let sample = sample();
    let again = LoadInput {
        basis: sample.basis(),
        side: Side::Secondary,
        preview: &preview,
        table: &Table::default(),
        no_way_back: &[],
        again: true,
    };
    assert!(!load(&again).unwrap().is_empty());
    preview.changes.push(FileChange {
        path: "/etc/kamailio/x".to_owned(),
        change: Change::Added,
        diff: String::new(),
    });
    assert!(!planned(&sample, &preview, &Table::default()).unwrap().is_empty());
}

#[test]
fn a_rollback_covers_what_was_loaded_also_where_nothing_was_before() {
    let mut preview = preview(&[]);
    preview.origin = Origin::Aside(OpId(9));
    preview.findings = None;
    preview.manifest.sets = vec!["configuration".to_owned()];
    preview.ledger.loads.push(Loaded {
        op: OpId(9),
        mirror: "op7".to_owned(),
        node: "alpha".to_owned(),
        made: 0,
        sets: vec!["configuration".to_owned(), "database".to_owned()],
        digest: "d1".to_owned(),
        table: String::new(),
        at: 0,
    });
    let sample = sample();
    let plan = rollback(&sample.basis(), Side::Secondary, &preview).unwrap();
    let swap = plan.steps().find_map(|step| match &step.action {
        Action::Swap(order) => Some(order),
        _ => None,
    });
    let names: Vec<&str> = swap.unwrap().sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["configuration", "database"]);
    assert_eq!(steps(&plan).last(), Some(&"record the rollback"));
}

/// Beta's data on the passive alpha, after a takeover.
fn came_back() -> (Sample, Preview) {
    let mut sample = sample().taken_over();
    sample.side(Side::Primary).disk = (1 << 30, 1 << 30);
    let mut preview = preview(&["/etc/kamailio/dispatcher.list"]);
    preview.manifest.node = "beta".to_owned();
    preview.manifest.generation = Generation(4);
    preview.manifest.copied = Some(crate::data::Copied {
        at: 0,
        op: OpId(7),
        from: [192, 0, 2, 12].into(),
        encrypted: true,
        source: Side::Secondary,
    });
    (sample, preview)
}

fn failback(sample: &Sample, preview: &Preview, table: &Table) -> Result<Plan> {
    let (back, no_way_back) = table.way_back();
    load(&LoadInput {
        basis: sample.basis(),
        side: Side::Primary,
        preview,
        table: &back,
        no_way_back: &no_way_back,
        again: false,
    })
}

fn found(address: &str) -> Findings {
    Findings {
        found: vec![Found {
            subject: address.parse().unwrap(),
            spellings: 1,
            count: 1,
            places: Vec::new(),
            more_places: 0,
        }],
        ..Findings::default()
    }
}

fn rows(rows: &[(&str, &str)]) -> Table {
    let mut table = Table::default();
    for (from, to) in rows {
        table
            .set(from.parse().unwrap(), Some(to.parse().unwrap()), None)
            .unwrap();
    }
    table
}

#[test]
fn a_failback_is_loaded_on_the_passive_primary_with_the_table_the_other_way_round() {
    let (sample, mut preview) = came_back();
    preview.findings = Some(found("192.0.2.12"));
    let there = rows(&[("192.0.2.11", "192.0.2.12")]);
    let plan = failback(&sample, &preview, &there).unwrap();
    assert!(plan.steps().all(|step| step.side == Side::Primary));
    assert_eq!(plan.operation, "failback-load");
    let Some(Action::Stage(order)) = plan.steps().next().map(|step| &step.action) else {
        panic!("{plan:?}");
    };
    assert_eq!(order.table, rows(&[("192.0.2.12", "192.0.2.11")]));
}

#[test]
fn a_failback_is_refused_on_an_active_primary_and_after_the_next_takeover() {
    let (sample, preview) = came_back();
    let code =
        |sample: &Sample, preview: &Preview| failback(sample, preview, &Table::default()).unwrap_err().code;
    let mut active = super::tests::sample();
    active.side(Side::Primary).disk = (1 << 30, 1 << 30);
    assert_eq!(code(&active, &preview), "primary_active");
    let mut older = preview.clone();
    older.manifest.generation = Generation(3);
    assert_eq!(code(&sample, &older), "failback_too_old");
}

#[test]
fn mirrors_of_the_two_directions_never_stand_for_each_other() {
    let (sample, mut preview) = came_back();
    assert_eq!(refusal(&super::tests::sample(), &preview), "foreign_mirror");
    preview.manifest.copied = None;
    let error = failback(&sample, &preview, &Table::default()).unwrap_err();
    assert_eq!(error.code, "foreign_mirror");
    // After the roles were reversed it lies on the right node, and is still no mirror of the primary.
    let (_, mut reversed) = came_back();
    reversed.manifest.node = "alpha".to_owned();
    reversed.manifest.generation = Generation(3);
    assert_eq!(refusal(&super::tests::sample(), &reversed), "foreign_mirror");
}

#[test]
fn a_table_without_a_way_back_is_refused_only_where_the_data_needs_it() {
    let (sample, mut preview) = came_back();
    let there = rows(&[
        ("192.0.2.11", "192.0.2.12"),
        ("198.51.100.1", "198.51.100.9"),
        ("198.51.100.2", "198.51.100.9"),
    ]);
    preview.findings = Some(found("192.0.2.12"));
    assert!(failback(&sample, &preview, &there).is_ok());
    preview.findings = Some(found("198.51.100.9"));
    let error = failback(&sample, &preview, &there).unwrap_err();
    assert_eq!(error.code, "no_way_back");
    assert!(error.cause.unwrap().contains("198.51.100.1 and 198.51.100.2"));
    // An address of the secondary that the table does not know at all.
    preview.findings = Some(found("192.0.2.12"));
    let error = failback(&sample, &preview, &Table::default()).unwrap_err();
    assert_eq!(error.code, "translation_missing");
}

#[test]
fn what_the_service_has_is_counted_where_it_is_known_from_where_it_has_it() {
    let mut counted = preview(&["/etc/kamailio/dispatcher.list"]);
    let count = |name: &str, has, why: &str| Counted {
        name: name.to_owned(),
        has,
        why: why.to_owned(),
        sources: vec![
            ("table dispatcher of database".to_owned(), 4),
            ("/etc/kamailio/dispatcher.list".to_owned(), 3),
        ],
    };
    counted.counted = vec![
        count("dispatcher destinations", Some(4), ""),
        count("permitted addresses", Some(7), ""),
        count("trusted addresses", None, "not in use"),
    ];
    let plan = planned(&sample(), &counted, &Table::default()).unwrap();
    let counts: Vec<&CountData> = plan
        .steps()
        .filter_map(|step| match &step.action {
            Action::Count(order) => Some(order),
            _ => None,
        })
        .collect();
    assert_eq!(counts.len(), 1, "{:?}", steps(&plan));
    assert_eq!(counts[0].origins, ["table dispatcher of database"]);
    let told = |name: &str| plan.notice.iter().find(|line| line.contains(name));
    assert!(told("permitted addresses").is_some_and(|line| line.contains("the service has 7")));
    assert!(told("trusted addresses").is_some_and(|line| line.contains("not in use")));
    assert!(told("dispatcher destinations").is_none());
}
