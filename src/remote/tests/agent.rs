use super::*;
use crate::agent::protocol::VERSION;

#[test]
fn the_program_is_brought_once_and_kept_by_its_build() {
    let (sshd, stub) = (Sshd::start("Subsystem sftp /bin/false"), stub::Agent::answering());
    let bench = simple(&sshd, stub.path());
    bench.pings();
    assert_eq!(bench.guests(), [format!("agent-{VERSION}")]);
    let stored = bench.guest.path().join("run").join(&bench.guests()[0]);
    assert_eq!(
        std::fs::read(&stored).unwrap(),
        std::fs::read(stub.path()).unwrap()
    );
    let inode = std::os::unix::fs::MetadataExt::ino(&stored.metadata().unwrap());
    bench.pings();
    assert_eq!(
        std::os::unix::fs::MetadataExt::ino(&stored.metadata().unwrap()),
        inode,
        "not brought twice"
    );
}

#[test]
fn an_installed_program_of_this_build_is_used_as_it_is() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let bench = simple(&sshd, Path::new("/nonexistent"));
    std::fs::copy(stub.path(), bench.guest.path().join("installed")).unwrap();
    bench.pings();
    assert!(bench.guests().is_empty());
}

#[test]
fn an_installed_program_of_another_build_is_left_alone() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let bench = simple(&sshd, stub.path());
    let other = stub::Agent::of_build("0.0.9-x", "cat >/dev/null");
    let installed = bench.guest.path().join("installed");
    std::fs::copy(other.path(), &installed).unwrap();
    bench.pings();
    assert_eq!(
        std::fs::read(&installed).unwrap(),
        std::fs::read(other.path()).unwrap()
    );
}

#[test]
fn a_larger_program_arrives_whole() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let big = sshd.path("big");
    let mut program = std::fs::read(stub.path()).unwrap();
    program.extend_from_slice(b"exit\n");
    program.extend(std::iter::repeat_n(*b"0123456789abcde\n", 1 << 18).flatten());
    std::fs::write(&big, &program).unwrap();
    let bench = simple(&sshd, &big);
    bench.pings();
}

#[test]
fn a_slow_line_gets_the_time_it_needs() {
    let feed = "ForceCommand (head -c 300000; sleep 4; cat) | sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let (sshd, stub) = (Sshd::start(feed), stub::Agent::answering());
    let big = sshd.path("big");
    let mut program = std::fs::read(stub.path()).unwrap();
    program.extend_from_slice(b"exit\n");
    program.resize(1 << 20, b'#');
    std::fs::write(&big, &program).unwrap();
    let bench = simple(&sshd, &big);
    let started = Instant::now();
    let link = bench.dialer.dial(Side::Primary, Duration::from_secs(3));
    link.unwrap_or_else(|error| panic!("{error}"));
    assert!(started.elapsed() > Duration::from_secs(4));
}

#[test]
fn the_next_directory_is_taken_when_one_cannot() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let mut bench = simple(&sshd, stub.path());
    let run = bench.guest.path().join("run").display().to_string();
    let link = bench.guest.path().join("link");
    std::os::unix::fs::symlink("/tmp", &link).unwrap();
    bench.dialer = bench.dialer.with_program(Program {
        source: stub.path().to_owned(),
        installed: "/nonexistent/pairadm".to_owned(),
        guest: vec![
            "/proc/pairadm".to_owned(),
            link.display().to_string(),
            "/dev/full".to_owned(),
            run,
        ],
    });
    bench.pings();
    assert_eq!(bench.guests().len(), 1);
}

#[test]
fn no_directory_at_all_is_refused_with_each_reason() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let mut bench = simple(&sshd, stub.path());
    bench.dialer = bench.dialer.with_program(Program {
        source: stub.path().to_owned(),
        installed: "/nonexistent/pairadm".to_owned(),
        guest: vec!["/proc/pairadm".to_owned(), "/sys/pairadm".to_owned()],
    });
    let error = bench.refusal();
    assert_eq!(error.code, "agent_install_failed");
    let cause = error.cause.unwrap();
    assert!(
        cause.contains("/proc/pairadm: mkdir") && cause.contains("/sys/pairadm: mkdir"),
        "{cause}"
    );
}

#[test]
fn somebody_elses_directory_is_never_run_from() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let trap = stub::Agent::behaving("touch \"$0.sprung\"");
    let bench = simple(&sshd, stub.path());
    let run = bench.guest.path().join("run");
    std::fs::create_dir(&run).unwrap();
    std::fs::copy(trap.path(), run.join(format!("agent-{VERSION}"))).unwrap();
    std::os::unix::fs::chown(&run, Some(65534), None).unwrap();
    assert_eq!(bench.refusal().code, "agent_install_failed");
    assert!(!run.join(format!("agent-{VERSION}.sprung")).exists());
}

#[test]
fn noise_of_login_scripts_is_skipped() {
    let noise = "ForceCommand echo Welcome; printf '\\033[1mno newline'; echo warning >&2; sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let (sshd, stub) = (Sshd::start(noise), stub::Agent::answering());
    simple(&sshd, stub.path()).pings();
}

#[test]
fn other_login_shells_run_the_same_commands() {
    for shell in ["csh", "tcsh", "fish", "zsh", "dash", "bash"] {
        if Command::new(shell).args(["-c", "exit 0"]).status().is_err() {
            continue;
        }
        let (sshd, stub) = (
            Sshd::start(&format!("ForceCommand {shell} -c \"$SSH_ORIGINAL_COMMAND\"")),
            stub::Agent::answering(),
        );
        simple(&sshd, stub.path()).pings();
    }
}

#[test]
fn a_shell_that_runs_nothing_is_refused_with_what_it_said() {
    let (sshd, stub) = (
        Sshd::start("ForceCommand printf 'This account is \\033[31mnot available\\033[0m'; exit 1"),
        stub::Agent::answering(),
    );
    let error = simple(&sshd, stub.path()).refusal();
    assert_eq!(error.code, "no_agent");
    assert!(
        error
            .cause
            .as_deref()
            .unwrap()
            .contains("`This account is not available`"),
        "{error}"
    );
}

#[test]
fn endless_noise_is_cut() {
    let (sshd, stub) = (Sshd::start("ForceCommand yes"), stub::Agent::answering());
    assert_eq!(simple(&sshd, stub.path()).refusal().code, "no_agent");
}

#[test]
fn a_stopped_server_does_not_hold_up_the_deadline() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    rustix::process::kill_process(sshd.pid(), rustix::process::Signal::STOP).unwrap();
    let bench = simple(&sshd, stub.path());
    let started = Instant::now();
    let Err(error) = bench.dialer.dial(Side::Primary, Duration::from_millis(500)) else {
        panic!("nobody is there")
    };
    assert_eq!(error.code, "unreachable");
    assert!(started.elapsed() < Duration::from_secs(30));
}

/// Asks to stop once `note` was written.
fn stop_after(note: std::path::PathBuf) -> (GiveUp, std::thread::JoinHandle<()>) {
    let cancel = crate::model::Cancel::default();
    let give_up = GiveUp::when(&cancel);
    let stopping = std::thread::spawn(move || {
        let until = Instant::now() + Duration::from_secs(120);
        while !note.exists() {
            assert!(Instant::now() < until, "nobody came");
            std::thread::sleep(Duration::from_millis(5));
        }
        cancel.ask();
    });
    (give_up, stopping)
}

/// Longer than a test may take.
const FOR_EVER: Duration = Duration::from_secs(3600);

#[test]
fn a_shell_that_never_ends_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("came");
    let sshd = Sshd::start(&format!("ForceCommand touch {}; exec sleep 600", note.display()));
    let stub = stub::Agent::answering();
    let bench = simple(&sshd, stub.path());
    let (give_up, stopping) = stop_after(note);
    let Err(error) = bench.dialer.dial_unless(Side::Primary, FOR_EVER, &give_up) else {
        panic!("nobody is there")
    };
    assert_eq!((error.kind, error.code.as_str()), (Kind::Refused, "cancelled"));
    stopping.join().unwrap();
    assert!(
        bench
            .dialer
            .dial_unless(Side::Primary, FOR_EVER, &give_up)
            .is_err()
    );
}

#[test]
fn a_call_is_given_up_unless_steps_are_carried_out() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("asked");
    let silent = format!("read -r l; touch {}; read -r l", note.display());
    let (sshd, stub) = (Sshd::start(""), stub::Agent::behaving(&silent));
    let bench = simple(&sshd, stub.path());
    let (give_up, stopping) = stop_after(note.clone());
    let mut link = bench
        .dialer
        .dial_unless(Side::Primary, FOR_EVER, &give_up)
        .unwrap();
    assert_eq!(link.call(Request::Ping, FOR_EVER).unwrap_err().code, "link_lost");
    stopping.join().unwrap();

    let (give_up, stopping) = stop_after(note);
    give_up.no_more();
    stopping.join().unwrap();
    let mut link = bench.dialer.dial_unless(Side::Primary, SOON, &give_up).unwrap();
    let error = link.call(Request::Ping, Duration::from_millis(300)).unwrap_err();
    assert!(error.to_string().contains("no answer in time"), "{error}");
}

/// Asks to stop at the first question, as Ctrl-C there does.
struct Leaving(crate::model::Cancel, Mutex<u32>);
impl Operator for Leaving {
    fn accepts(&self, _: &Introduction) -> bool {
        *self.1.lock().unwrap() += 1;
        self.0.ask();
        false
    }
    fn secret(&self, _: &SecretWanted) -> Option<Secret> {
        *self.1.lock().unwrap() += 1;
        None
    }
}

#[test]
fn nobody_is_asked_after_it_was_given_up() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let mut target = sshd.target();
    target.ssh.host_key = None;
    let cancel = crate::model::Cancel::default();
    let give_up = GiveUp::when(&cancel);

    let operator = Arc::new(Leaving(cancel, Mutex::new(0)));
    let both = [
        target.clone(),
        Target {
            side: Side::Secondary,
            ..target
        },
    ];
    let dialer = Dialer::new(both, Arc::clone(&operator) as Arc<dyn Operator>)
        .with_keys(sshd.keys())
        .with_known_hosts(Vec::new())
        .with_program(Program {
            source: stub.path().to_owned(),
            ..Program::default()
        });
    std::thread::scope(|scope| {
        for side in Side::BOTH {
            let (dialer, give_up) = (&dialer, &give_up);
            scope.spawn(move || {
                let code = dialer
                    .dial_unless(side, FOR_EVER, give_up)
                    .map(drop)
                    .unwrap_err()
                    .code;
                assert_eq!(code, "cancelled");
            });
        }
    });
    assert_eq!(*operator.1.lock().unwrap(), 1);
}

#[test]
fn a_server_killed_in_a_call_breaks_the_link() {
    let (sshd, stub) = (
        Sshd::start(""),
        stub::Agent::behaving("read -r l; kill -9 $PPID; sleep 5"),
    );
    let mut link = simple(&sshd, stub.path()).dial().unwrap();
    let error = link.call(Request::Ping, SOON).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (Kind::Unknown, "link_lost"));
}

#[test]
fn an_agent_killed_in_a_call_is_no_success() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::behaving("read -r l; kill -9 $$"));
    let mut link = simple(&sshd, stub.path()).dial().unwrap();
    assert_eq!(link.call(Request::Ping, SOON).unwrap_err().code, "link_lost");
}

#[test]
fn dropping_the_link_ends_the_agent() {
    let sshd = Sshd::start("");
    let note = sshd.path("ended");
    let stub = stub::Agent::behaving(&format!("cat >/dev/null; touch {}", note.display()));
    let bench = simple(&sshd, stub.path());
    drop(bench.dial().unwrap());
    let until = Instant::now() + SOON;
    while !note.exists() {
        assert!(Instant::now() < until, "the agent must see the end of its input");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_agent_without_root_is_refused() {
    let (sshd, stub) = (Sshd::start(""), stub::Agent::answering());
    let text = std::fs::read_to_string(stub.path())
        .unwrap()
        .replace("\"uid\":0", "\"uid\":1000");
    std::fs::write(sshd.path("program"), text).unwrap();
    assert_eq!(simple(&sshd, &sshd.path("program")).refusal().code, "not_root");
}
