//! The node, its server or the cable goes away: every wait ends at its deadline.

use super::*;
use crate::support::lab::FreshLab;
use std::time::Instant;

const SHORT: Duration = Duration::from_secs(1);
/// What a loaded machine may add; still less than what a wait without an end of its own would take.
const SLACK: Duration = Duration::from_secs(60);

/// A call that can only end at its deadline.
fn assert_lost(link: &mut Box<dyn Link>) {
    let started = Instant::now();
    let error = link.call(Request::Ping, SHORT).unwrap_err();
    assert_eq!(error.code, "link_lost", "{error}");
    assert!(started.elapsed() < SHORT + SLACK, "{:?}", started.elapsed());
    let again = Instant::now();
    assert_eq!(link.call(Request::Ping, SOON).unwrap_err().code, "link_lost");
    assert!(again.elapsed() < SLACK, "a broken link is not waited for again");
    let ended = Instant::now();
    // Its end must not block either.
    let _ = std::mem::replace(link, Box::new(Gone));
    assert!(ended.elapsed() < SLACK);
}

struct Gone;

impl Link for Gone {
    fn hello(&self) -> &pairadm::agent::protocol::Hello {
        unreachable!("only takes the place of a link")
    }

    fn call(&mut self, _: Request, _: Duration) -> Result<Response> {
        unreachable!("only takes the place of a link")
    }
}

#[test]
fn cable_server_and_power_each_break_a_link_in_time_and_only_until_healed() {
    let mut lab = FreshLab::start("remote-faults");
    for fault in ["link alpha", "hang alpha", "power alpha"] {
        let mut link = dial(alpha(&lab)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(link.call(Request::Ping, SOON).unwrap(), Response::Done);
        lab.break_it(fault);
        if fault.starts_with("hang") {
            // The server of this very connection as well.
            lab.alpha().sh("pkill -STOP -f '^sshd: root'");
        }
        assert_lost(&mut link);

        let started = Instant::now();
        let Err(error) = dialer(alpha(&lab), Arc::default()).dial(Side::Primary, SHORT) else {
            panic!("{fault}: nobody can answer")
        };
        assert_eq!(error.code, "unreachable", "{fault}: {error}");
        assert!(
            started.elapsed() < SHORT + SLACK,
            "{fault}: {:?}",
            started.elapsed()
        );
        lab.heal();
        assert_reaches(alpha(&lab));
    }
}

#[test]
fn an_agent_whose_controller_is_gone_ends() {
    let lab = LAB.lock("remote");
    let link = dial(alpha(&lab)).unwrap_or_else(|error| panic!("{error}"));
    let pid = link.hello().pid;
    drop(link);
    let until = Instant::now() + SOON;
    while lab
        .alpha()
        .exec(&["test", "-d", &format!("/proc/{pid}")])
        .status
        .success()
    {
        assert!(Instant::now() < until, "the agent is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}
