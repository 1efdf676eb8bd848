//! What is brought over, what is refused, and that each node keeps what is its own.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::data::Kind;
use crate::plan::checks::sample::image;
use crate::plan::sample::Sample;
use crate::plan::{Content, FilePut};

const CONFIG: &str = "/etc/kamailio/kamailio.cfg";
const LIST: &str = "/etc/kamailio/dispatcher.list";

/// The pair with an empty translation table and no administration files.
fn pair() -> Sample {
    let mut sample = Sample::default();
    for side in Side::BOTH {
        let facts = sample.side(side);
        facts.survey = Some(Vec::new());
        facts.files.push(image(TRANSLATION_FILE, None));
    }
    sample
}

/// Gives a node a file, as its survey and as its content.
fn give(sample: &mut Sample, side: Side, path: &str, text: &str) {
    let facts = sample.side(side);
    facts.files.retain(|file| file.path != path);
    facts.files.push(image(path, Some(text)));
    let survey = facts.survey.as_mut().unwrap();
    survey.push(Surveyed {
        path: path.to_owned(),
        kind: Kind::File {
            size: text.len() as u64,
            blake3: text.to_owned(),
        },
        mode: 0o640,
        owner: ("root".to_owned(), "kamailio".to_owned()),
        translated: None,
    });
}

/// Tells a node that it does not have a file.
fn lack(sample: &mut Sample, side: Side, path: &str) {
    sample.side(side).files.push(image(path, None));
}

fn puts(sample: &Sample) -> Vec<(Side, FilePut)> {
    let plan = plan(&sample.basis()).unwrap();
    let put = |step: &crate::plan::Step| match &step.action {
        Action::File(file) => Some((step.side, file.clone())),
        _ => None,
    };
    plan.steps().filter_map(put).collect()
}

#[test]
fn a_change_goes_to_the_passive_side_and_a_restart_that_it_needs_is_noted() {
    let mut sample = pair();
    give(&mut sample, Side::Primary, CONFIG, "debug=3\n");
    give(&mut sample, Side::Secondary, CONFIG, "debug=2\n");
    let puts = puts(&sample);
    assert_eq!(puts.len(), 1);
    assert_eq!(puts[0].0, Side::Secondary);
    assert_eq!(puts[0].1.content, Some(Content::Text("debug=3\n".to_owned())));
    let plan = plan(&sample.basis()).unwrap();
    assert!(plan.steps().any(
        |step| matches!(&step.action, Action::Note { pending_restart, .. } if pending_restart.len() == 1)
    ));
}

#[test]
fn after_a_takeover_the_direction_turns_round() {
    let mut sample = pair().taken_over();
    give(&mut sample, Side::Primary, LIST, "old\n");
    give(&mut sample, Side::Secondary, LIST, "new\n");
    let puts = puts(&sample);
    assert_eq!(puts[0].0, Side::Primary);
    assert_eq!(puts[0].1.content, Some(Content::Text("new\n".to_owned())));
}

#[test]
fn a_new_file_brings_its_owner_and_one_that_is_gone_goes() {
    let mut sample = pair();
    give(&mut sample, Side::Primary, LIST, "1\n");
    lack(&mut sample, Side::Secondary, LIST);
    give(&mut sample, Side::Secondary, "/etc/kamailio/old.cfg", "x\n");
    let puts = puts(&sample);
    let owner = ("root".to_owned(), "kamailio".to_owned());
    assert_eq!((puts[0].1.mode, &puts[0].1.owner), (0o640, &Some(owner)));
    assert_eq!(puts[1].1.path, "/etc/kamailio/old.cfg");
    assert_eq!(puts[1].1.content, None);
}

#[test]
fn addresses_are_translated_on_the_way_and_an_own_one_that_is_not_is_refused() {
    let mut sample = pair();
    let own = sample.pair.nodes.primary.address.preferred().unwrap();
    let other = sample.pair.nodes.secondary.address.preferred().unwrap();
    give(&mut sample, Side::Primary, CONFIG, &format!("listen={own}\n"));
    give(&mut sample, Side::Secondary, CONFIG, "listen=x\n");
    let error = plan(&sample.basis()).unwrap_err();
    assert_eq!(error.code, "untranslated_address");
    assert!(error.message.contains("line 1"), "{error}");
    for side in Side::BOTH {
        let table = format!("[[address]]\nfrom = \"{own}\"\nto = \"{other}\"\n");
        let files = &mut sample.side(side).files;
        files.retain(|file| file.path != TRANSLATION_FILE);
        files.push(image(TRANSLATION_FILE, Some(&table)));
    }
    let wanted = Some(Content::Text(format!("listen={other}\n")));
    assert_eq!(puts(&sample)[0].1.content, wanted);

    // The other way round, by the same table.
    let mut sample = sample.taken_over();
    for side in Side::BOTH {
        sample.side(side).survey = Some(Vec::new());
    }
    give(&mut sample, Side::Secondary, CONFIG, &format!("listen={other}\n"));
    give(&mut sample, Side::Primary, CONFIG, "listen=x\n");
    let wanted = Some(Content::Text(format!("listen={own}\n")));
    assert_eq!(puts(&sample)[0].1.content, wanted);
}

#[test]
fn what_belongs_to_each_node_is_not_even_looked_at() {
    let sample = pair();
    let survey = query(&sample.profile).survey.unwrap();
    assert!(
        survey
            .without
            .contains(&"/etc/kamailio/kamailio-local.cfg".to_owned())
    );
    assert!(
        survey
            .without
            .contains(&"/etc/kamailio/kamailio.sqlite-wal".to_owned())
    );
}

#[test]
fn files_that_are_the_same_need_nothing_and_large_ones_are_data() {
    let mut sample = pair();
    for side in Side::BOTH {
        give(&mut sample, side, LIST, "1\n");
    }
    assert!(plan(&sample.basis()).unwrap().is_empty());
    let survey = sample.side(Side::Primary).survey.as_mut().unwrap();
    survey[0].kind = Kind::File {
        size: 2 << 20,
        blake3: "other".to_owned(),
    };
    assert_eq!(plan(&sample.basis()).unwrap_err().code, "too_large");
}

#[test]
fn other_permissions_are_a_change_too() {
    let mut sample = pair();
    for side in Side::BOTH {
        give(&mut sample, side, LIST, "1\n");
    }
    sample.side(Side::Primary).survey.as_mut().unwrap()[0].mode = 0o600;
    let puts = puts(&sample);
    assert_eq!((puts[0].1.mode, puts[0].1.force_mode), (0o600, true));
}

#[test]
fn a_passive_side_that_serves_calls_is_not_written_to() {
    let mut sample = pair();
    sample.side(Side::Secondary).firewall.v4 = Some(Traffic::Allowed);
    sample.side(Side::Secondary).firewall.v6 = Some(Traffic::Allowed);
    assert_eq!(plan(&sample.basis()).unwrap_err().code, "passive_serves");
}

#[test]
fn a_secret_is_not_in_the_diff() {
    let mut sample = pair();
    give(&mut sample, Side::Primary, CONFIG, "password=hunter2\n");
    give(&mut sample, Side::Secondary, CONFIG, "password=hunter1\n");
    let diff = &puts(&sample)[0].1.diff;
    assert!(diff.contains("password***") && !diff.contains("hunter"), "{diff}");
}
