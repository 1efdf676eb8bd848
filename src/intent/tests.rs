//! What every form has in common, and what each resolves to.

use super::*;
use crate::config::sample::{office, pairs};
use crate::error::Kind;
use crate::model::{OpId, Traffic};
use proptest::prelude::*;

const OPERATIONS: [Operation; 11] = [
    Operation::Configure,
    Operation::Takeover,
    Operation::Traffic,
    Operation::Reverse,
    Operation::Remove,
    Operation::Settings,
    Operation::Restart,
    Operation::Translation,
    Operation::Sync,
    Operation::Auto,
    Operation::Undo(OpId(3)),
];

fn profiles() -> Vec<String> {
    ["kamailio", "generic"].map(str::to_owned).to_vec()
}

fn known<'a>(pair: Option<&'a Pair>, profiles: &'a [String]) -> Known<'a> {
    Known {
        pair,
        profiles,
        ..Known::default()
    }
}

fn answers(pairs: &[&str]) -> Answers {
    let mut answers = Answers::default();
    for pair in pairs {
        answers.set_pair(pair).unwrap();
    }
    answers
}

/// The least that `configure` needs.
fn least() -> Answers {
    answers(&[
        "profile=kamailio",
        "primary.fqdn=alpha.example.net",
        "primary.address.v4=192.0.2.11",
        "secondary.fqdn=beta.example.net",
        "secondary.address.v4=192.0.2.12",
        "vips.v4=192.0.2.10",
    ])
}

fn configure_with(more: &[&str]) -> Result<ConfigureIntent> {
    let mut given = least();
    given.merge(answers(more));
    let form = configure::form(None, &profiles());
    configure::resolve(&form.complete(&given)?, None)
}

#[test]
fn prompts_fit_beside_their_answers_and_help_fits_its_box() {
    let pair = office();
    for operation in OPERATIONS {
        let form = form(operation, &known(Some(&pair), &profiles())).unwrap();
        for field in &form.fields {
            assert!(field.prompt.len() <= 30, "{}", field.key);
            let lines: Vec<&str> = field.help.lines().collect();
            assert!(
                (2..=6).contains(&lines.len()),
                "{}: {} lines",
                field.key,
                lines.len()
            );
            for line in lines {
                assert!(line.chars().count() <= 78, "{}: {line}", field.key);
            }
        }
    }
}

#[test]
fn every_key_is_asked_once() {
    let pair = office();
    for operation in OPERATIONS {
        let form = form(operation, &known(Some(&pair), &profiles())).unwrap();
        let mut keys: Vec<&str> = form.fields.iter().map(|field| field.key).collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all, "{operation:?}");
    }
}

#[test]
fn only_configure_and_traffic_work_without_a_pair() {
    for operation in OPERATIONS {
        let made = form(operation, &known(None, &profiles()));
        match operation {
            Operation::Configure | Operation::Traffic => assert!(made.is_ok()),
            _ => assert_eq!(made.unwrap_err().code, "no_pair", "{operation:?}"),
        }
    }
}

#[test]
fn the_least_answers_make_a_pair() {
    let intent = configure_with(&[]).unwrap();
    let mut wanted = office();
    wanted.name = "sip".to_owned();
    assert_eq!(intent.pair, wanted);
    assert_eq!(intent.restart, RestartChoice::Later);
}

#[test]
fn missing_answers_are_named_together() {
    let error = configure::form(None, &profiles())
        .complete(&Answers::default())
        .unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    assert_eq!(error.subject.as_deref(), Some("profile"));
    let hint = error.hint.unwrap();
    assert!(
        hint.contains("primary.fqdn") && hint.contains("secondary.fqdn"),
        "{hint}"
    );
}

/// Each case: an answer, the field that is blamed, and what the message must say.
#[test]
fn bad_answers_are_refused_by_field_value_and_what_is_accepted() {
    let cases = [
        (
            "primary.address.v4=192.0.2.11/24",
            "primary.address.v4",
            "leave out `/24`",
        ),
        (
            "primary.address.v4=alpha",
            "primary.address.v4",
            "`alpha` is not an IPv4",
        ),
        ("primary.address.v6=fe80::1", "primary.address.v6", "link-local"),
        (
            "secondary.address.v4=192.0.2.11",
            "secondary.address.v4",
            "the primary's address too",
        ),
        (
            "secondary.server_id=1",
            "secondary.server_id",
            "the primary's server ID too",
        ),
        ("secondary.server_id=0", "secondary.server_id", "1 to 256"),
        ("primary.server_id=257", "primary.server_id", "1 to 256"),
        (
            "primary.fqdn=al_pha",
            "primary.fqdn",
            "letters, digits and hyphens",
        ),
        (
            "primary.duplication.v4=10.0.0.1",
            "secondary.duplication.v4",
            "both sides or on none",
        ),
        (
            "primary.address.v6=2001:db8::1",
            "secondary.address.v6",
            "both sides or on none",
        ),
        (
            "primary.health_check.v4=192.0.2.12",
            "primary.health_check.v4",
            "belongs to the pair",
        ),
        ("primary.ssh.port=0", "primary.ssh.port", "1 to 65535"),
        (
            "primary.ssh.identity=id_rsa",
            "primary.ssh.identity",
            "absolute path",
        ),
        ("vips.v4=192.0.2.11", "vips.v4", "belongs to neither server"),
        ("vips.v4=192.0.2.10/32", "vips.v4", "leave out `/32`"),
        ("vips.v4=2001:db8::1", "vips.v4", "other family"),
        ("vips.v4=192.0.2.10@no such", "vips.v4", "interface name"),
        (
            "vips.v4=192.0.2.10,192.0.2.10",
            "vips.v4",
            "already vip.1.address",
        ),
        ("vips.interface=a-name-too-long-x", "vips.interface", "1 to 15"),
        ("ports=5060", "ports", "udp/5060"),
        ("ports=tcp/1-1000", "ports", "SSH port 22"),
        ("ntp=192.0.2.300", "ntp", "IPv4"),
        ("files=/root/x", "files", "SOURCE:TARGET"),
        ("files=/root/x:/etc/pairadm/x", "files", "elsewhere"),
        ("files=/root/x:/etc/pairadm/reactions.d/x/y", "files", "elsewhere"),
        ("profile=asterix", "profile", "kamailio, generic"),
        ("restart=maybe", "restart", "now, later, cancel"),
        ("priority=low", "priority", "high, equal, ignore"),
        ("encrypted_link=maybe", "encrypted_link", "yes, no"),
    ];
    for (answer, field, part) in cases {
        let error = configure_with(&[answer]).unwrap_err();
        assert_eq!(error.kind, Kind::Refused, "{answer}");
        assert_eq!(error.subject.as_deref(), Some(field), "{answer}: {error}");
        assert!(error.message.contains(part), "{answer}: {error}");
    }
}

#[test]
fn cancelling_the_restart_question_changes_nothing() {
    let error = configure_with(&["restart=cancel"]).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (Kind::Refused, "cancelled"));
}

#[test]
fn a_pinned_host_key_is_kept_while_the_server_is_reached_at_the_same_place() {
    let mut present = office();
    let key = format!("ssh-ed25519 SHA256:{}", "A".repeat(43));
    present.nodes.secondary.ssh.host_key = Some(key.clone());
    let form = configure::form(Some(&present), &profiles());
    let same = configure::resolve(&form.complete(&Answers::default()).unwrap(), Some(&present)).unwrap();
    assert_eq!(same.pair, present);
    let moved = form
        .complete(&answers(&["secondary.address.v4=192.0.2.99"]))
        .unwrap();
    let moved = configure::resolve(&moved, Some(&present)).unwrap();
    assert_eq!(moved.pair.nodes.secondary.ssh.host_key, None);
}

#[test]
fn a_lost_peer_has_to_be_named() {
    let pair = office();
    let form = takeover::form(&pair, None);
    assert_eq!(
        form.complete(&answers(&[])).unwrap_err().subject.as_deref(),
        Some("to")
    );
    let error = form
        .complete(&answers(&["to=secondary", "peer_lost=yes"]))
        .unwrap_err();
    assert_eq!(error.subject.as_deref(), Some("lost_primary"));
    let error = form
        .complete(&answers(&["to=secondary", "peer_lost=yes", "lost_primary=beta"]))
        .unwrap_err();
    assert!(error.message.contains("accepted: alpha"), "{error}");
    let all = form
        .complete(&answers(&["to=primary", "peer_lost=yes", "lost_secondary=beta"]))
        .unwrap();
    let intent = takeover::resolve(&all).unwrap();
    assert_eq!((intent.to, intent.peer_lost), (Side::Primary, true));
}

#[test]
fn traffic_by_hand_needs_the_override() {
    let form = traffic::form(&office());
    let wanted = ["action=block", "side=secondary"];
    assert_eq!(
        form.complete(&answers(&wanted)).unwrap_err().subject.as_deref(),
        Some("override")
    );
    let all = form
        .complete(&answers(&[&wanted[..], &["override=yes"]].concat()))
        .unwrap();
    let intent = traffic::resolve(&all).unwrap();
    assert_eq!((intent.traffic, intent.side), (Traffic::Blocked, Side::Secondary));
}

#[test]
fn a_removal_can_be_left_for_a_takeover() {
    let form = remove::form(&office(), None);
    for (answer, code) in [
        ("proceed=cancel", "cancelled"),
        ("proceed=takeover", "takeover_first"),
    ] {
        let all = form.complete(&answers(&[answer])).unwrap();
        assert_eq!(remove::resolve(&all).unwrap_err().code, code);
    }
    assert!(remove::resolve(&form.complete(&answers(&[])).unwrap()).is_ok());
}

#[test]
fn settings_leave_the_servers_alone() {
    let pair = office();
    let all = settings::form(&pair)
        .complete(&answers(&["block=reject", "ntp=a.example"]))
        .unwrap();
    let intent = settings::resolve(&all, &pair).unwrap();
    assert_eq!(intent.pair.nodes, pair.nodes);
    assert_eq!(intent.pair.ntp, ["a.example"]);
    assert_eq!(intent.pair.block, crate::model::BlockStyle::Reject);
}

#[test]
fn restarts_are_of_both_sides_unless_said_otherwise() {
    let form = restart::form(&office());
    assert_eq!(
        restart::resolve(&form.complete(&answers(&[])).unwrap()).sides,
        Side::BOTH
    );
    let all = form.complete(&answers(&["side=secondary"])).unwrap();
    assert_eq!(restart::resolve(&all).sides, [Side::Secondary]);
}

proptest! {
    /// What configure asks is enough to describe any pair: no setting is lost on the way.
    #[test]
    fn configuring_again_without_answers_changes_nothing(pair in pairs()) {
        // A path with a comma or colon cannot be said on one line.
        prop_assume!(!pair.files.iter().any(|file| file.source.ends_with(' ') || file.source.contains(", ")));
        let mut pair = pair;
        pair.vips.sort_by_key(|vip| vip.address.is_ipv6());
        let form = configure::form(Some(&pair), &profiles());
        let again = configure::resolve(&form.complete(&Answers::default()).unwrap(), Some(&pair)).unwrap();
        prop_assert_eq!(again.pair, pair);
    }
}
