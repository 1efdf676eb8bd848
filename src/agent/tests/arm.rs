//! S9: armed changes are taken back unless a new connection confirms them, whoever dies in between.
//! The stand-ins for systemd only remember whether the timer runs; the clock is the agent's own.

use super::support::{Controller, Node, TAG, owner, plan};
use crate::agent::arm;
use crate::agent::lock::Lock;
use crate::agent::protocol::{Call, End, HELLO_MARK, Outcome, Reply, Request, Response};
use crate::agent::serve::serve;
use crate::error::{Kind, Result};
use crate::model::OpId;
use crate::plan::{Action, Plan, StepId, StepPlace};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const SYSTEMD_RUN: &str = r#"
cd "$(dirname "$0")/.." || exit 9
[ -e timer ] && { echo "Unit was already loaded" >&2; exit 1; }
echo "$@" > timer
"#;
const SYSTEMCTL: &str = r#"
cd "$(dirname "$0")/.." || exit 9
while [ "${1#--no}" != "$1" ]; do shift; done
case $1 in
show) [ -e timer ] && echo active || echo inactive;;
stop) rm -f timer;;
esac
"#;

fn node() -> Node {
    let node = Node::new();
    node.program("systemd-run", SYSTEMD_RUN);
    node.program("systemctl", SYSTEMCTL);
    node.write("sshd_config", "old", 0o600);
    node.write("hosts", "old", 0o644);
    node
}

/// Step 1 is armed, step 2 is not.
fn armed_plan(node: &Node) -> Plan {
    let mut plan = plan(vec![vec![
        node.put("sshd_config", Some("old"), Some("new")),
        node.put("hosts", Some("old"), Some("new")),
    ]]);
    plan.stages[0].steps[0].armed = true;
    plan
}

fn armed(node: &Node, seconds: u32) -> Controller {
    let mut controller = Controller::on(node);
    controller.begin(1, &armed_plan(node)).unwrap();
    controller.ask(Request::Arm { op: OpId(1), seconds }).unwrap();
    controller.prepare(1, &[1, 2]).unwrap();
    controller.apply(1, 1).unwrap();
    controller.apply(1, 2).unwrap();
    controller
}

/// As a new connection would.
fn confirm(node: &Node) -> Result<()> {
    let mut other = crate::agent::session::Session::new(node.paths());
    other
        .answer(
            Request::Confirm { op: OpId(1) },
            Instant::now() + Duration::from_secs(5),
        )
        .map(drop)
}

fn texts(node: &Node) -> (String, String) {
    (node.read("sshd_config").unwrap(), node.read("hosts").unwrap())
}

#[test]
fn a_confirmation_over_another_connection_stops_the_timer() {
    let node = node();
    let mut controller = armed(&node, 60);
    let timer = std::fs::read_to_string(node.root.join("timer")).unwrap();
    for part in [
        "--unit=pairadm-revert-1",
        "--on-active=60s",
        "AccuracySec=100ms",
        "agent-revert 1",
    ] {
        assert!(timer.contains(part), "{part} in {timer}");
    }
    assert_eq!(
        controller.finish(1, End::Committed).unwrap_err().kind,
        Kind::Bug,
        "not without a confirmation"
    );
    confirm(&node).unwrap();
    assert!(!node.root.join("timer").exists());
    controller.finish(1, End::Committed).unwrap();
    controller.session.fire(Instant::now()).unwrap();
    arm::revert_armed(&node.paths(), OpId(1), arm::Occasion::Running).unwrap();
    assert_eq!(texts(&node), ("new".into(), "new".into()));
}

#[test]
fn without_systemd_nothing_is_armed() {
    let node = node();
    node.program(
        "systemd-run",
        "echo 'System has not been booted with systemd' >&2; exit 1",
    );
    let mut controller = Controller::on(&node);
    controller.begin(1, &armed_plan(&node)).unwrap();
    let error = controller
        .ask(Request::Arm {
            op: OpId(1),
            seconds: 60,
        })
        .unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("not_armed", Kind::Refused));
    controller.finish(1, End::RolledBack).unwrap();
}

#[test]
fn when_the_time_is_up_armed_steps_go_back_and_later_calls_are_told() {
    let node = node();
    let mut controller = armed(&node, 60);
    controller
        .session
        .fire(Instant::now() + Duration::from_secs(5))
        .unwrap();
    assert_eq!(texts(&node), ("old".into(), "new".into()), "only what was armed");
    assert!(!node.root.join("timer").exists());
    let error = confirm(&node).unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("arm_fired", Kind::RolledBack));
    assert_eq!(controller.apply(1, 2).unwrap_err().code, "arm_fired");
    assert_eq!(
        controller.finish(1, End::Committed).unwrap_err().code,
        "arm_fired"
    );
    assert!(!controller.revert(1, 1).unwrap().changed);
    assert!(controller.revert(1, 2).unwrap().changed);
    controller.finish(1, End::RolledBack).unwrap();
    assert_eq!(texts(&node), ("old".into(), "old".into()));
}

#[test]
fn the_timer_takes_back_what_a_killed_agent_left() {
    let node = node();
    let controller = armed(&node, 60);
    // A killed agent does nothing more: its lock goes, its journal stays.
    drop(controller);
    arm::revert_armed(&node.paths(), OpId(1), arm::Occasion::Running).unwrap();
    assert_eq!(texts(&node), ("old".into(), "new".into()));
    let log = crate::agent::journal::read(&node.paths(), OpId(1))
        .unwrap()
        .unwrap();
    assert_eq!(log.place(StepId(1)), StepPlace::Reverted);
    arm::revert_armed(&node.paths(), OpId(1), arm::Occasion::Running).unwrap();
}

#[test]
fn after_a_start_of_the_node_what_was_never_confirmed_goes_back() {
    let node = node();
    drop(armed(&node, 60));
    std::fs::remove_file(node.root.join("timer")).unwrap();
    arm::revert_unconfirmed(&node.paths(), arm::Occasion::Starting).unwrap();
    assert_eq!(texts(&node), ("old".into(), "new".into()));
}

/// Step 2 has a service take up the file of step 1; both are armed, applied, and left alone.
fn taken_up(node: &Node) {
    node.program(
        "console",
        "echo said >> \"$(dirname \"$0\")/../etc/said\"; echo ok",
    );
    let reload = Action::Reload {
        argv: vec!["console".to_owned()],
        optional: false,
        patience: crate::model::Patience::default(),
    };
    let mut plan = plan(vec![vec![
        node.put("sshd_config", Some("old"), Some("new")),
        reload,
    ]]);
    for step in &mut plan.stages[0].steps {
        step.armed = true;
    }
    let mut controller = Controller::on(node);
    controller.begin(1, &plan).unwrap();
    controller
        .ask(Request::Arm {
            op: OpId(1),
            seconds: 60,
        })
        .unwrap();
    controller.prepare(1, &[1, 2]).unwrap();
    controller.apply(1, 1).unwrap();
    controller.apply(1, 2).unwrap();
    assert_eq!(node.read("said").as_deref(), Some("said\n"));
}

fn place(node: &Node, step: u32) -> StepPlace {
    let log = crate::agent::journal::read(&node.paths(), OpId(1)).unwrap();
    log.unwrap().place(StepId(step))
}

#[test]
fn a_running_service_takes_the_old_up_again_and_one_that_is_only_starting_is_left_alone() {
    for (occasion, said) in [
        (arm::Occasion::Running, "said\nsaid\n"),
        (arm::Occasion::Starting, "said\n"),
    ] {
        let node = node();
        taken_up(&node);
        arm::revert_unconfirmed(&node.paths(), occasion).unwrap();
        assert_eq!(node.read("sshd_config").as_deref(), Some("old"));
        assert_eq!(node.read("said").as_deref(), Some(said), "{occasion:?}");
        assert_eq!(place(&node, 2), StepPlace::Reverted);
    }
}

#[test]
fn what_cannot_be_given_back_before_the_services_run_is_tried_again_later() {
    let node = node();
    taken_up(&node);
    node.write("sshd_config", "of a person", 0o600);
    arm::revert_unconfirmed(&node.paths(), arm::Occasion::Starting).unwrap_err();
    assert_eq!(
        place(&node, 2),
        StepPlace::Done,
        "there is nothing to take up yet"
    );
    node.write("sshd_config", "new", 0o600);
    arm::revert_unconfirmed(&node.paths(), arm::Occasion::Starting).unwrap();
    assert_eq!(node.read("sshd_config").as_deref(), Some("old"));
    assert_eq!(place(&node, 2), StepPlace::Reverted);
}

#[test]
fn a_resumed_operation_arms_anew() {
    let node = node();
    drop(armed(&node, 60));
    let mut controller = Controller::on(&node);
    controller
        .ask(Request::Arm {
            op: OpId(1),
            seconds: 30,
        })
        .unwrap();
    let timer = std::fs::read_to_string(node.root.join("timer")).unwrap();
    assert!(timer.contains("--on-active=30s"), "{timer}");
    confirm(&node).unwrap();
    controller.finish(1, End::Committed).unwrap();
}

#[test]
fn the_timer_waits_for_an_agent_that_is_alive() {
    let node = node();
    let controller = armed(&node, 60);
    let paths = node.paths();
    std::thread::scope(|scope| {
        let timer = scope.spawn(|| arm::revert_armed(&paths, OpId(1), arm::Occasion::Running));
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(
            texts(&node),
            ("new".into(), "new".into()),
            "the agent still has the lock"
        );
        drop(controller);
        timer.join().unwrap().unwrap();
    });
    assert_eq!(texts(&node), ("old".into(), "new".into()));
    drop(Lock::take(&paths, &owner()).unwrap());
}

#[test]
fn of_a_confirmation_and_the_timer_exactly_one_wins() {
    for _ in 0..20 {
        let node = node();
        let mut controller = armed(&node, 60);
        let confirmed = std::thread::scope(|scope| {
            let other = scope.spawn(|| confirm(&node).is_ok());
            controller
                .session
                .fire(Instant::now() + Duration::from_secs(5))
                .unwrap();
            other.join().unwrap()
        });
        let expected = if confirmed { "new" } else { "old" };
        assert_eq!(texts(&node).0, expected);
    }
}

/// An agent on a socket, as on an SSH channel.
struct Channel {
    writer: UnixStream,
    reader: BufReader<UnixStream>,
    agent: std::thread::JoinHandle<u8>,
    calls: u64,
}

impl Channel {
    fn open(node: &Node) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let paths = node.paths();
        let agent = std::thread::spawn(move || {
            let output = theirs.try_clone().unwrap();
            serve(paths, File::from(std::os::fd::OwnedFd::from(theirs)), output)
        });
        let mut reader = BufReader::new(ours.try_clone().unwrap());
        let mut hello = String::new();
        reader.read_line(&mut hello).unwrap();
        assert!(hello.starts_with(HELLO_MARK), "{hello}");
        Self {
            writer: ours,
            reader,
            agent,
            calls: 0,
        }
    }

    fn ask(&mut self, request: Request) -> Result<Response> {
        self.calls += 1;
        let call = Call {
            id: self.calls,
            deadline_ms: 5000,
            request,
        };
        self.say(&serde_json::to_string(&call).unwrap())
    }

    fn say(&mut self, line: &str) -> Result<Response> {
        writeln!(self.writer, "{line}").unwrap();
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        match serde_json::from_str::<Reply>(&line).unwrap().outcome {
            Outcome::Ok(response) => Ok(response),
            Outcome::Err(error) => Err(error),
        }
    }

    fn arm(&mut self, node: &Node, seconds: u32) {
        let (op, plan) = (OpId(1), armed_plan(node));
        self.ask(Request::Lock { owner: owner() }).unwrap();
        let begin = Request::Begin {
            op,
            tag: TAG.to_owned(),
            owner: owner(),
            plan,
        };
        self.ask(begin).unwrap();
        self.ask(Request::Arm { op, seconds }).unwrap();
        self.ask(Request::Prepare {
            op,
            steps: vec![StepId(1)],
        })
        .unwrap();
        self.ask(Request::Apply { op, step: StepId(1) }).unwrap();
    }

    fn hang_up(self) -> u8 {
        self.writer.shutdown(std::net::Shutdown::Write).unwrap();
        self.agent.join().unwrap()
    }
}

#[test]
fn a_vanished_controller_is_a_missing_confirmation() {
    let node = node();
    let mut channel = Channel::open(&node);
    channel.arm(&node, 60);
    assert_eq!(node.read("sshd_config").as_deref(), Some("new"));
    assert_eq!(channel.hang_up(), 0);
    assert_eq!(node.read("sshd_config").as_deref(), Some("old"));
    assert_eq!(
        crate::agent::lock::holder(&node.paths()).unwrap(),
        None,
        "the lock is given back"
    );
}

#[test]
fn an_idle_agent_takes_armed_steps_back_on_time() {
    let node = node();
    let mut channel = Channel::open(&node);
    channel.arm(&node, 1);
    let began = Instant::now();
    while node.read("sshd_config").as_deref() != Some("old") {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        channel
            .ask(Request::Prepare {
                op: OpId(1),
                steps: vec![]
            })
            .unwrap_err()
            .code,
        "arm_fired"
    );
    channel.hang_up();
}

#[test]
fn what_is_no_call_is_answered_and_the_next_call_is_served() {
    let node = node();
    let mut channel = Channel::open(&node);
    assert_eq!(channel.say("{\"not\": \"a call\"}").unwrap_err().kind, Kind::Bug);
    assert_eq!(channel.say("\u{1b}[31mnoise").unwrap_err().kind, Kind::Bug);
    assert_eq!(channel.ask(Request::Ping).unwrap(), Response::Done);
    assert_eq!(channel.hang_up(), 0);
}
