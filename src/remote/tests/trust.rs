use super::*;

fn unpinned(sshd: &Sshd) -> Target {
    let mut target = sshd.target();
    target.ssh.host_key = None;
    target
}

#[test]
fn a_pinned_key_is_accepted_without_a_question() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let bench = simple(&sshd, stub.path());
    bench.pings();
    assert_eq!(bench.dialer.host_key(Side::Primary), Some(sshd.host_key()));
}

#[test]
fn a_changed_key_is_refused_before_anything_is_sent() {
    for kind in ["ed25519", "ecdsa"] {
        let (mut sshd, stub) = (Sshd::start("LogLevel DEBUG1"), stub::Agent::answering());
        let bench = simple(&sshd, stub.path());
        let pinned = sshd.host_key();
        sshd.reinstall(kind);
        let error = bench.refusal();
        assert_eq!(error.code, "host_key_changed");
        let cause = error.cause.as_deref().unwrap();
        assert!(
            cause.contains(&pinned.to_string()) && cause.contains(&sshd.host_key().to_string()),
            "{cause}"
        );
        assert!(error.hint.unwrap().contains(&sshd.host_key().to_string()));
        let log = std::fs::read_to_string(sshd.path("log")).unwrap();
        assert!(
            log.contains("KEX done") || log.contains("kex"),
            "the log must show the key exchange"
        );
        assert!(
            !log.contains("userauth-request"),
            "not even a login name may be sent"
        );
    }
}

#[test]
fn the_pinned_type_is_presented_where_there_are_several() {
    let (mut sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    sshd.add_host_key("rsa");
    let rsa = sshd.host_key();
    assert_eq!(rsa.kind(), "ssh-rsa");
    simple(&sshd, stub.path()).pings();
}

#[test]
fn an_unknown_key_is_asked_about_once_and_can_be_pinned() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let operator = Arc::new(Scripted {
        accepts: true,
        ..Scripted::default()
    });
    let bench = bench(unpinned(&sshd), sshd.keys(), stub.path(), operator.clone());
    bench.pings();
    bench.pings();
    let asked = operator.introductions.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (&asked[0].key, &asked[0].opinion),
        (&sshd.host_key(), &Opinion::Nothing)
    );
    assert_eq!(bench.dialer.host_key(Side::Primary), Some(sshd.host_key()));
}

#[test]
fn a_key_that_is_not_accepted_is_refused_with_its_fingerprint() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let operator = Arc::new(Unattended {
        host_keys: vec!["SHA256:AAAA".to_owned()],
    });
    let bench = bench(unpinned(&sshd), sshd.keys(), stub.path(), operator);
    let error = bench.refusal();
    assert_eq!(error.code, "host_key_unknown");
    assert!(error.message.contains(sshd.host_key().fingerprint()));
    assert_eq!(bench.dialer.host_key(Side::Primary), None, "nothing to pin");
}

#[test]
fn a_fingerprint_named_beforehand_is_accepted_without_a_person() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let key = sshd.host_key();
    for listed in [key.fingerprint().to_owned(), key.to_string()] {
        let operator = Arc::new(Unattended {
            host_keys: vec![listed],
        });
        bench(unpinned(&sshd), sshd.keys(), stub.path(), operator).pings();
    }
}

#[test]
fn known_hosts_is_a_second_opinion_and_revokes() {
    let (mut sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let file = sshd.path("known_hosts");
    let mut opinions = Vec::new();
    std::fs::write(&file, sshd.known_hosts_line()).unwrap();
    for kind in ["ed25519", "ecdsa"] {
        let operator = Arc::new(Scripted {
            accepts: true,
            ..Scripted::default()
        });
        let mut bench = bench(unpinned(&sshd), sshd.keys(), stub.path(), operator.clone());
        bench.dialer = bench.dialer.with_known_hosts(vec![file.clone()]);
        bench.pings();
        opinions.push(operator.introductions.lock().unwrap()[0].opinion.clone());
        sshd.reinstall(kind);
    }
    assert_eq!(opinions[0], Opinion::Same);
    assert!(matches!(opinions[1], Opinion::Different(_)), "{:?}", opinions[1]);

    std::fs::write(&file, format!("@revoked {}", sshd.known_hosts_line())).unwrap();
    let operator = Arc::new(Scripted {
        accepts: true,
        ..Scripted::default()
    });
    let mut bench = bench(unpinned(&sshd), sshd.keys(), stub.path(), operator);
    bench.dialer = bench.dialer.with_known_hosts(vec![file]);
    assert_eq!(bench.refusal().code, "host_key_revoked");
}

#[test]
fn a_pin_that_is_no_key_is_refused_with_its_field() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let mut target = sshd.target();
    target.ssh.host_key = Some("ssh-ed25519 AAAA".to_owned());
    let error = bench(target, sshd.keys(), stub.path(), Arc::new(Unattended::default())).refusal();
    assert_eq!(
        (error.code.as_str(), error.subject.as_deref()),
        ("host_key_invalid", Some("ssh.host_key"))
    );
}
