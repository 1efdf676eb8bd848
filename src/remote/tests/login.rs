use super::*;
use std::path::PathBuf;

/// ssh-agent with one key in it.
struct SshAgent {
    socket: PathBuf,
    child: std::process::Child,
}

impl SshAgent {
    fn holding(sshd: &Sshd, key: &Path, passphrase: &str) -> Self {
        let socket = sshd.path("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + SOON;
        while !socket.exists() {
            assert!(Instant::now() < until, "ssh-agent did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        let answer = sshd.path("answer");
        std::fs::write(&answer, format!("#!/bin/sh\necho '{passphrase}'\n")).unwrap();
        Command::new("chmod").arg("700").arg(&answer).status().unwrap();
        let added = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &socket)
            .env("SSH_ASKPASS", &answer)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .status()
            .unwrap();
        assert!(added.success());
        Self { socket, child }
    }
}

impl Drop for SshAgent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A further key of the client, authorized.
fn authorized(sshd: &Sshd, name: &str, kind: &str, passphrase: &str) -> PathBuf {
    let key = sshd.path(name);
    keygen(&key, kind, passphrase);
    let public = std::fs::read(key.with_extension("pub")).unwrap();
    std::fs::write(sshd.path("authorized"), public).unwrap();
    key
}

#[test]
fn every_type_of_key_opens() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = authorized(&sshd, kind, kind, "");
        let keys = KeySources {
            agent: None,
            files: vec![key],
        };
        bench(sshd.target(), keys, stub.path(), Arc::new(Unattended::default())).pings();
    }
}

#[test]
fn the_identity_of_the_pair_file_comes_first() {
    let (sshd, stub) = (Sshd::start("MaxAuthTries 1"), stub::Agent::answering());
    let identity = authorized(&sshd, "identity", "ed25519", "");
    let mut target = sshd.target();
    target.ssh.identity = Some(identity.display().to_string());
    bench(target, sshd.keys(), stub.path(), Arc::new(Unattended::default())).pings();
}

#[test]
fn a_key_with_a_passphrase_opens_through_ssh_agent_without_a_question() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let key = authorized(&sshd, "locked", "ed25519", "very secret");
    let agent = SshAgent::holding(&sshd, &key, "very secret");
    let operator = Arc::new(Scripted::default());
    let keys = KeySources {
        agent: Some(agent.socket.clone()),
        files: vec![key],
    };
    bench(sshd.target(), keys, stub.path(), operator.clone()).pings();
    assert!(operator.wanted.lock().unwrap().is_empty());
}

#[test]
fn a_key_with_a_passphrase_is_asked_about_once() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let key = authorized(&sshd, "locked", "ed25519", "very secret");
    let operator = Arc::new(Scripted {
        secret: Some("very secret"),
        ..Scripted::default()
    });
    let keys = KeySources {
        agent: None,
        files: vec![key.clone()],
    };
    let bench = bench(sshd.target(), keys, stub.path(), operator.clone());
    bench.pings();
    bench.pings();
    assert_eq!(
        *operator.wanted.lock().unwrap(),
        [SecretWanted::Passphrase {
            key: key.display().to_string()
        }]
    );
}

#[test]
fn a_key_in_the_formats_of_openssl_opens_with_its_passphrase() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    for (kind, format) in [
        ("rsa", "PEM"),
        ("ecdsa", "PEM"),
        ("rsa", "PKCS8"),
        ("ecdsa", "PKCS8"),
    ] {
        let key = authorized(&sshd, &format!("{kind}-{format}"), kind, "very secret");
        let mut convert = Command::new("ssh-keygen");
        convert.args([
            "-q",
            "-p",
            "-P",
            "very secret",
            "-N",
            "very secret",
            "-m",
            format,
            "-f",
        ]);
        assert!(convert.arg(&key).output().unwrap().status.success());
        assert!(!std::fs::read_to_string(&key).unwrap().contains("OPENSSH"));
        let operator = Arc::new(Scripted {
            secret: Some("very secret"),
            ..Scripted::default()
        });
        let keys = KeySources {
            agent: None,
            files: vec![key],
        };
        bench(sshd.target(), keys, stub.path(), operator).pings();
    }
}

#[test]
fn a_wrong_passphrase_is_told_and_never_shown() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let key = authorized(&sshd, "locked", "ed25519", "very secret");
    let operator = Arc::new(Scripted {
        secret: Some("hunter2"),
        ..Scripted::default()
    });
    let keys = KeySources {
        agent: None,
        files: vec![key],
    };
    let error = bench(sshd.target(), keys, stub.path(), operator).refusal();
    assert_eq!(error.code, "auth_failed");
    let text = serde_json::to_string(&error).unwrap();
    assert!(
        text.contains("wrong passphrase") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn no_way_in_lists_what_was_tried_and_what_would_do() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let other = sshd.path("other");
    keygen(&other, "ed25519", "");
    let keys = KeySources {
        agent: None,
        files: vec![other.clone()],
    };
    let error = bench(sshd.target(), keys, stub.path(), Arc::new(Unattended::default())).refusal();
    assert_eq!(error.code, "auth_failed");
    let cause = error.cause.unwrap();
    assert!(
        cause.contains(&other.display().to_string()) && cause.contains("accepts publickey"),
        "{cause}"
    );
}

#[test]
fn no_more_keys_are_shown_than_a_server_tolerates() {
    let (sshd, stub) = (Sshd::start("LogLevel VERBOSE"), stub::Agent::answering());
    let files: Vec<_> = (0..8).map(|number| sshd.path(&format!("key{number}"))).collect();
    for key in &files {
        keygen(key, "ed25519", "");
    }
    let keys = KeySources { agent: None, files };
    let error = bench(sshd.target(), keys, stub.path(), Arc::new(Unattended::default())).refusal();
    assert!(
        error.message.contains("no way to log in"),
        "the server must not have cut us off: {error}"
    );
    let log = std::fs::read_to_string(sshd.path("log")).unwrap();
    assert_eq!(log.matches("Failed publickey").count(), 5, "{log}");
}

#[test]
fn a_server_with_less_patience_is_told_as_such() {
    let (sshd, stub) = (Sshd::start("MaxAuthTries 2"), stub::Agent::answering());
    let files: Vec<_> = (0..4).map(|number| sshd.path(&format!("key{number}"))).collect();
    for key in &files {
        keygen(key, "ed25519", "");
    }
    let keys = KeySources { agent: None, files };
    let error = bench(sshd.target(), keys, stub.path(), Arc::new(Unattended::default())).refusal();
    assert_eq!(error.code, "auth_failed");
    assert!(error.hint.unwrap().contains("ssh.identity"));
}

#[test]
fn an_ssh_agent_that_hangs_does_not_hold_up_the_deadline() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let socket = sshd.path("deaf");
    let _deaf = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let keys = KeySources {
        agent: Some(socket),
        files: Vec::new(),
    };
    let bench = bench(sshd.target(), keys, stub.path(), Arc::new(Unattended::default()));
    let started = Instant::now();
    let Err(error) = bench.dialer.dial(Side::Primary, Duration::from_secs(1)) else {
        panic!("no key, no link")
    };
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(error.to_string().contains("ssh-agent"), "{error}");
}

#[test]
fn a_password_is_asked_for_and_one_wrong_one_is_enough() {
    let (sshd, stub) = (
        Sshd::start("PasswordAuthentication yes"),
        stub::Agent::answering(),
    );
    let operator = Arc::new(Scripted {
        secret: Some("surely wrong"),
        ..Scripted::default()
    });
    let error = bench(
        sshd.target(),
        KeySources::default(),
        stub.path(),
        operator.clone(),
    )
    .refusal();
    assert_eq!(error.code, "auth_failed");
    assert_eq!(
        *operator.wanted.lock().unwrap(),
        [SecretWanted::Password {
            user: "root".to_owned(),
            node: "alpha".to_owned()
        }]
    );
    assert!(!serde_json::to_string(&error).unwrap().contains("surely wrong"));
}
