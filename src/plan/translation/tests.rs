#![allow(clippy::unwrap_used)]

use super::*;
use crate::plan::Content;
use crate::plan::checks::sample::image;
use crate::plan::sample::Sample;
use std::net::IpAddr;

const BY_HAND: &str = "# ours\n[[address]]\nfrom = \"192.0.2.11\" # the box\nto = \"192.0.2.12\"\n";

/// The pair with these texts as its nodes' tables; `None`: no file.
fn nodes(primary: Option<&str>, secondary: Option<&str>) -> Sample {
    let mut sample = Sample::default();
    for (side, text) in [(Side::Primary, primary), (Side::Secondary, secondary)] {
        sample.side(side).files = vec![image(TRANSLATION_FILE, text)];
    }
    sample
}

fn planned(sample: &Sample, changes: &str) -> Result<Plan> {
    let edits = changes.parse().unwrap();
    plan(&sample.basis(), &TranslationIntent { edits })
}

/// The text each side gets.
fn written(plan: &Plan) -> Vec<(Side, String)> {
    let text = |step: &crate::plan::Step| match &step.action {
        Action::File(put) => match &put.content {
            Some(Content::Text(text)) => (step.side, text.clone()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    plan.steps().map(text).collect()
}

#[test]
fn both_nodes_get_the_same_file_and_its_comments_stay() {
    let plan = planned(&nodes(Some(BY_HAND), Some(BY_HAND)), "172.16.0.1=").unwrap();
    let texts = written(&plan);
    assert_eq!([texts[0].0, texts[1].0], Side::BOTH);
    assert_eq!(texts[0].1, texts[1].1);
    assert!(texts[0].1.starts_with(BY_HAND), "{}", texts[0].1);
    assert!(
        plan.notice[0].contains("takes effect at the next data load"),
        "{:?}",
        plan.notice
    );
    assert!(!plan.service_affecting);
    let Some(Action::File(put)) = plan.steps().next().map(|step| &step.action) else {
        panic!("{plan:?}");
    };
    assert_eq!(put.mode, 0o600);
    assert!(put.diff.contains("+from = \"172.16.0.1\""), "{}", put.diff);
}

#[test]
fn a_table_that_is_as_asked_needs_no_step() {
    let sample = nodes(Some(BY_HAND), Some(BY_HAND));
    assert!(planned(&sample, "192.0.2.11=192.0.2.12").unwrap().is_empty());
}

#[test]
fn of_two_tables_the_secondarys_is_taken_and_both_nodes_get_the_result() {
    let other = "[[address]]\nfrom = \"10.0.0.1\"\n";
    let plan = planned(&nodes(Some(other), Some(BY_HAND)), "172.16.0.1=").unwrap();
    let texts = written(&plan);
    assert_eq!(texts.len(), 2);
    assert!(
        texts.iter().all(|(_, text)| text.starts_with(BY_HAND)),
        "{texts:?}"
    );
    let said = plan.notice.iter().any(|line| line.contains("differ"));
    assert!(said, "{:?}", plan.notice);
    assert!(
        plan.notice
            .iter()
            .any(|line| line.contains("secondary (beta) is taken")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn a_secondary_without_a_table_does_not_empty_the_primarys() {
    let plan = planned(&nodes(Some(BY_HAND), None), "172.16.0.1=").unwrap();
    assert!(written(&plan).iter().all(|(_, text)| text.starts_with(BY_HAND)));
}

#[test]
fn problems_of_the_new_table_are_told_before_it_is_written() {
    let plan = planned(&nodes(None, None), "172.16.0.1=192.0.2.11").unwrap();
    assert!(
        plan.notice
            .iter()
            .any(|line| line.starts_with("Bars a load: ") && line.contains("an address of the primary")),
        "{:?}",
        plan.notice
    );
    let many: Vec<String> = (1..=20).map(|last| format!("172.16.0.{last}=")).collect();
    let plan = planned(&nodes(None, None), &many.join(",")).unwrap();
    assert!(
        plan.notice.last().unwrap().starts_with("And 12 more"),
        "{:?}",
        plan.notice
    );
}

#[test]
fn a_file_that_is_no_table_is_refused_with_its_node_and_line() {
    let error = planned(&nodes(None, Some("[[address]]\nfrom = \"x\"\n")), "10.0.0.1=").unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.node.as_deref()),
        ("bad_translation_file", Some("beta"))
    );
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn a_virtual_address_belongs_to_both_and_loopback_to_nobody() {
    let mut sample = Sample::default();
    for (address, interface) in [
        ("127.0.0.1", "lo"),
        ("169.254.7.7", "eth1"),
        ("2001:db8::11", "eth0"),
    ] {
        sample
            .side(Side::Primary)
            .addresses
            .push(crate::facts::InterfaceAddress {
                interface: interface.to_owned(),
                address: address.parse().unwrap(),
                prefix: 24,
            });
    }
    let owners = owners(&sample.basis());
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let word = |text: &str| owners.owner(address(text)).word();
    for (text, wanted) in [
        ("192.0.2.10", "VIP"),
        ("2001:db8::10", "VIP"),
        ("192.0.2.11", "primary"),
        ("2001:db8::11", "primary"),
        ("169.254.7.7", "primary"),
        ("192.0.2.12", "secondary"),
        ("127.0.0.1", "other"),
        ("192.0.2.254", "other"),
    ] {
        assert_eq!(word(text), wanted, "{text}");
    }
}
