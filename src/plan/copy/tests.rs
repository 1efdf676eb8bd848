//! What a copy refuses, and what it orders.

#![allow(clippy::unwrap_used)]

use super::{Failback, failback, plan};
use crate::data::Verified;
use crate::facts::{BackupFacts, DataFacts, MirrorFacts};
use crate::model::{Addresses, BackupSource, BySide, Generation, OpId, Side, Traffic};
use crate::plan::sample::Sample;
use crate::plan::{Action, Content, Plan};

const GIB: u64 = 1 << 30;
const NOW: i64 = 1_800_000_000;

/// An ed25519 key as `ssh-keygen` writes it, and its fingerprint as `ssh-keygen -l` prints it.
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f root@alpha\n";

/// The primary has a backup of one GiB, two hours old; the secondary has room for it and no mirror.
fn sample() -> Sample {
    let mut sample = Sample::default();
    let primary = sample.side(Side::Primary);
    primary.clock_us = NOW * 1_000_000;
    primary.files.push(crate::agent::protocol::FileImage {
        path: "/etc/ssh/ssh_host_ed25519_key.pub".to_owned(),
        content: Some(Content::Text(KEY.to_owned())),
        sha256: None,
        mode: 0o644,
        owner: (0, 0),
        obstacle: None,
    });
    primary.data = Some(DataFacts {
        backup: Some(BackupFacts {
            path: "/var/lib/pairadm/backup/op2".to_owned(),
            manifest: Some("ab".to_owned()),
            made: NOW - 7200,
            bytes: GIB,
            files: 7,
            op: Some(OpId(2)),
            generation: Some(Generation(4)),
            version: None,
            node: None,
        }),
        ..DataFacts::default()
    });
    sample.side(Side::Secondary).data = Some(DataFacts {
        free: 3 * GIB,
        ..DataFacts::default()
    });
    sample
}

fn data(sample: &mut Sample, side: Side) -> &mut DataFacts {
    sample.side(side).data.as_mut().unwrap()
}

fn mirror(op: u64, shared: u64) -> MirrorFacts {
    MirrorFacts {
        name: format!("op{op}"),
        op: OpId(op),
        made: NOW,
        copied: NOW,
        verified: Verified::default(),
        bytes: GIB,
        shared,
        files: 7,
        generation: Generation(4),
        version: None,
        node: "alpha".to_owned(),
        source: Side::Primary,
    }
}

fn refusal(sample: &Sample) -> String {
    plan(&sample.basis()).unwrap_err().code
}

fn orders(plan: &Plan) -> (&crate::plan::OfferBackup, &crate::plan::PullBackup) {
    let actions: Vec<&Action> = plan.steps().map(|step| &step.action).collect();
    match actions[..] {
        [
            Action::Offer(offer),
            Action::Pull(pull),
            Action::Withdraw(_),
            Action::KeepMirror {
                keep: 3,
                source: Side::Primary,
            },
        ] => (offer, pull),
        _ => panic!("{actions:?}"),
    }
}

#[test]
fn the_secondary_pulls_what_the_primary_offers_and_keeps_it_last() {
    let plan = plan(&sample().basis()).unwrap();
    let (offer, pull) = orders(&plan);
    assert_eq!(
        (offer.folder.as_str(), offer.plain.as_ref()),
        ("/var/lib/pairadm/backup/op2", None)
    );
    assert_eq!(pull.manifest.as_deref(), Some("ab"));
    assert_eq!(format!("{} root@alpha\n", pull.host_key), KEY);
    let sides: Vec<Side> = plan.steps().map(|step| step.side).collect();
    let (primary, secondary) = (Side::Primary, Side::Secondary);
    assert_eq!(sides, [primary, secondary, primary, secondary]);
    assert!(plan.gives_way() && !plan.service_affecting);
}

#[test]
fn a_link_that_need_not_be_encrypted_is_served_to_the_other_duplication_address_only() {
    let mut sample = sample();
    sample.pair.encrypted_link = false;
    for (side, last) in [(Side::Primary, 1), (Side::Secondary, 2)] {
        sample.pair.nodes[side].duplication = Addresses {
            v4: Some([10, 0, 0, last].into()),
            v6: None,
        };
    }
    let plan = plan(&sample.basis()).unwrap();
    let (offer, pull) = orders(&plan);
    let service = offer.plain.as_ref().unwrap();
    assert_eq!(service.address.to_string(), "10.0.0.1");
    assert_eq!(service.reader.to_string(), "10.0.0.2");
    assert_eq!((pull.address, pull.plain), (service.address, Some(service.port)));
}

#[test]
fn only_the_pinned_host_key_is_talked_to() {
    let mut sample = sample();
    let pin = format!("ssh-ed25519 SHA256:{}", "A".repeat(43));
    sample.pair.nodes[Side::Primary].ssh.host_key = Some(pin);
    assert_eq!(refusal(&sample), "no_host_key");
}

#[test]
fn an_active_secondary_is_refused_whatever_tells_that_it_is() {
    let mut recorded = sample();
    recorded.side(Side::Secondary).state.as_mut().unwrap().active = Some("beta".to_owned());
    assert_eq!(refusal(&recorded), "secondary_active");
    let mut open = sample();
    let firewall = &mut open.side(Side::Secondary).firewall;
    (firewall.v4, firewall.v6) = (Some(Traffic::Allowed), Some(Traffic::Allowed));
    assert_eq!(refusal(&open), "secondary_active");
    let mut holding = sample();
    let vip = holding.side(Side::Primary).addresses.pop().unwrap();
    holding.side(Side::Secondary).addresses.push(vip);
    assert_eq!(refusal(&holding), "secondary_active");
}

#[test]
fn other_versions_are_refused_and_an_unknown_one_too() {
    let mut sample = sample();
    sample.side(Side::Secondary).version = Some("kamailio 5.7.0".to_owned());
    assert_eq!(refusal(&sample), "different_versions");
    sample.side(Side::Secondary).version = None;
    assert_eq!(refusal(&sample), "no_version");
}

#[test]
fn a_backup_must_be_there_and_younger_than_the_limit() {
    let mut sample = sample();
    data(&mut sample, Side::Primary).backup.as_mut().unwrap().made = NOW - 26 * 3600;
    assert_eq!(refusal(&sample), "backup_too_old");
    sample.pair.copying.max_age_h = 27;
    assert!(plan(&sample.basis()).is_ok());
    data(&mut sample, Side::Primary).backup = None;
    let error = plan(&sample.basis()).unwrap_err();
    assert_eq!(error.code, "no_backup");
    assert!(error.hint.unwrap().contains("pairadm data backup"));
    sample.profile.backup = BackupSource::Directory("/b".to_owned());
    assert!(
        !plan(&sample.basis())
            .unwrap_err()
            .hint
            .unwrap()
            .contains("data backup")
    );
    sample.profile.data.clear();
    assert_eq!(refusal(&sample), "no_data_sets");
}

#[test]
fn there_must_be_room_for_all_mirrors_less_what_links_save() {
    let mut sample = sample();
    let free = |sample: &mut Sample, bytes| data(sample, Side::Secondary).free = bytes;
    free(&mut sample, 3 * GIB - 1);
    assert_eq!(refusal(&sample), "no_room");
    // Part of the first is there already.
    data(&mut sample, Side::Secondary).incoming = 1;
    assert!(plan(&sample.basis()).is_ok());
    data(&mut sample, Side::Secondary).incoming = 0;
    // Two are missing, and nine tenths of the newest are shared.
    data(&mut sample, Side::Secondary).mirrors = vec![mirror(3, GIB / 10 * 9)];
    free(&mut sample, GIB / 4);
    assert!(plan(&sample.basis()).is_ok());
    free(&mut sample, GIB / 6);
    assert_eq!(refusal(&sample), "no_room");
    // None is missing, but the oldest goes only after the newest is whole.
    data(&mut sample, Side::Secondary).mirrors = vec![mirror(5, 0), mirror(4, 0), mirror(3, 0)];
    free(&mut sample, GIB - 1);
    assert_eq!(refusal(&sample), "no_room");
    free(&mut sample, GIB);
    let plan = plan(&sample.basis()).unwrap();
    assert!(
        plan.notice.iter().any(|line| line.contains("op3 goes")),
        "{:?}",
        plan.notice
    );
}

/// Beta serves calls since generation 4 and has a backup from then; alpha is passive and has room.
fn taken_over() -> Sample {
    let mut sample = sample().taken_over();
    sample.side(Side::Secondary).disk = (2 * GIB, 4 * GIB);
    let BySide { primary, secondary } = &mut sample.facts;
    let (primary, secondary) = (primary.as_mut().unwrap(), secondary.as_mut().unwrap());
    std::mem::swap(&mut primary.data, &mut secondary.data);
    std::mem::swap(&mut primary.files, &mut secondary.files);
    std::mem::swap(&mut primary.clock_us, &mut secondary.clock_us);
    secondary.data.as_mut().unwrap().live = Some(GIB);
    for facts in [primary, secondary] {
        facts.files.push(crate::agent::protocol::FileImage {
            path: crate::translate::TRANSLATION_FILE.to_owned(),
            content: None,
            sha256: None,
            mode: 0o600,
            owner: (0, 0),
            obstacle: None,
        });
    }
    sample
}

fn back(sample: &Sample, backup: bool) -> crate::error::Result<Plan> {
    failback(&Failback {
        basis: sample.basis(),
        backup,
        losses: &Err(crate::error::Error::refused("x", "not looked")),
    })
}

#[test]
fn the_passive_primary_pulls_what_the_active_secondary_offers_as_a_failback() {
    let plan = back(&taken_over(), false).unwrap();
    let sides: Vec<Side> = plan.steps().map(|step| step.side).collect();
    let (primary, secondary) = (Side::Primary, Side::Secondary);
    assert_eq!(sides, [secondary, primary, secondary, primary]);
    for step in plan.steps() {
        match &step.action {
            Action::Pull(pull) => assert_eq!(pull.source, secondary),
            Action::KeepMirror { source, .. } => assert_eq!(*source, secondary),
            _ => {}
        }
    }
    assert!(plan.gives_way());
    let made = back(&taken_over(), true).unwrap();
    let Some(Action::Save(order)) = made.steps().next().map(|step| &step.action) else {
        panic!("{made:?}");
    };
    assert_eq!(order.node, "beta");
    assert!(
        made.steps()
            .any(|step| matches!(&step.action, Action::Offer(offer) if offer.fresh))
    );
}

#[test]
fn a_failback_is_refused_unless_only_the_secondary_serves() {
    let code = |sample: &Sample| back(sample, true).unwrap_err().code;
    let mut usual = sample();
    usual.side(Side::Primary).files.clear();
    assert_eq!(code(&usual), "secondary_not_active");
    let mut open = taken_over();
    let firewall = &mut open.side(Side::Primary).firewall;
    (firewall.v4, firewall.v6) = (Some(Traffic::Allowed), Some(Traffic::Allowed));
    assert_eq!(code(&open), "passive_serves");
    let mut holding = taken_over();
    let vip = holding.side(Side::Secondary).addresses.pop().unwrap();
    holding.side(Side::Primary).addresses.push(vip);
    assert_eq!(code(&holding), "primary_active");
    let mut split = taken_over();
    split.side(Side::Primary).state.as_mut().unwrap().active = Some("alpha".to_owned());
    assert_eq!(code(&split), "views_differ");
}

#[test]
fn a_backup_from_before_the_takeover_is_not_brought_back() {
    let mut sample = taken_over();
    data(&mut sample, Side::Secondary)
        .backup
        .as_mut()
        .unwrap()
        .generation = Some(Generation(3));
    let error = back(&sample, false).unwrap_err();
    assert_eq!(error.code, "backup_before_takeover");
    assert!(back(&sample, true).is_ok(), "one that is made now is");
    sample.profile.backup = BackupSource::Directory("/b".to_owned());
    assert_eq!(back(&sample, true).unwrap_err().code, "foreign_backup");
}

#[test]
fn mirrors_are_counted_by_direction() {
    let mut sample = sample();
    let failback = MirrorFacts {
        source: Side::Secondary,
        ..mirror(6, 0)
    };
    data(&mut sample, Side::Secondary).mirrors = vec![failback, mirror(5, 0), mirror(4, 0)];
    let plan = plan(&sample.basis()).unwrap();
    assert!(
        plan.notice.iter().any(|line| line.contains("none has to go")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn before_a_backup_is_made_for_a_failback_there_is_room_for_it_and_for_its_copies() {
    let mut sample = taken_over();
    let refused = |sample: &Sample| back(sample, true).unwrap_err();
    sample.side(Side::Secondary).disk = (GIB - 1, 4 * GIB);
    let error = refused(&sample);
    assert_eq!(
        (error.code.as_str(), error.node.as_deref()),
        ("no_room", Some("beta"))
    );
    sample.side(Side::Secondary).disk = (GIB, 4 * GIB);
    assert!(back(&sample, true).is_ok());
    data(&mut sample, Side::Primary).free = 3 * GIB - 1;
    let error = refused(&sample);
    assert_eq!(
        (error.code.as_str(), error.node.as_deref()),
        ("no_room", Some("alpha"))
    );
    data(&mut sample, Side::Primary).free = 3 * GIB;
    data(&mut sample, Side::Secondary).live = None;
    assert_eq!(refused(&sample).code, "live_unknown");
}
