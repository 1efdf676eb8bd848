//! Three hosts on one wire, as network namespaces: alpha and beta are servers, caller is neither. For
//! tests of what acts on the kernel of one node and does not need a whole system around it.
//!
//! Code that changes the namespace it runs in is tested inside alpha: [`with_backend`] starts this test
//! binary once more there for the one test that calls it.

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Tells the process inside alpha which wire it is on.
const PREFIX: &str = "PAIRADM_TEST_WIRE";
const HOSTS: [&str; 3] = ["alpha", "beta", "caller"];
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The hosts; they go away with it where it was laid.
pub struct Wire {
    prefix: String,
    laid_here: bool,
}

/// Which rule sets `iptables` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The kernel's `nf_tables`.
    Nft,
    /// The kernel's older tables.
    Legacy,
}

/// Runs `body` inside alpha, once with each back end of `iptables`. `test` is the caller's full name.
pub fn with_each_backend(test: &str, body: impl Fn(&Wire)) {
    for backend in [Backend::Nft, Backend::Legacy] {
        if with_backend(test, backend, &body) {
            return;
        }
    }
}

/// Runs `body` inside alpha. True when this process is the one inside.
pub fn with_backend(test: &str, backend: Backend, body: impl Fn(&Wire)) -> bool {
    if let Ok(prefix) = std::env::var(PREFIX) {
        body(&Wire {
            prefix,
            laid_here: false,
        });
        return true;
    }
    let wire = Wire::lay();
    let programs = tempfile::tempdir().unwrap();
    for (name, target) in programs_of(backend) {
        std::os::unix::fs::symlink(target, programs.path().join(name)).unwrap();
    }
    // `ip netns exec` gives a mount namespace of its own, so the host keeps its programs.
    let script = "mount --bind \"$1\" /usr/local/sbin && exec \"$2\" --exact \"$3\" --nocapture";
    let output = Command::new("ip")
        .args(["netns", "exec", &wire.name("alpha"), "sh", "-c", script, "sh"])
        .args([
            programs.path(),
            &std::env::current_exe().unwrap(),
            Path::new(test),
        ])
        .env(PREFIX, &wire.prefix)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{backend:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

fn programs_of(backend: Backend) -> Vec<(String, String)> {
    let suffix = match backend {
        Backend::Nft => "nft",
        Backend::Legacy => "legacy",
    };
    let mut programs = Vec::new();
    for family in ["iptables", "ip6tables"] {
        for part in ["", "-restore", "-save"] {
            let target = format!("/usr/sbin/{family}-{suffix}{part}");
            programs.push((format!("{family}{part}"), target));
        }
    }
    programs
}

impl Wire {
    fn lay() -> Self {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let wire = Self {
            prefix: format!("pt{}-{count}", std::process::id()),
            laid_here: true,
        };
        let hub = wire.name("hub");
        run("ip", &["netns", "add", &hub]);
        run("ip", &["-n", &hub, "link", "add", "switch", "type", "bridge"]);
        run("ip", &["-n", &hub, "link", "set", "switch", "up"]);
        for host in HOSTS {
            let name = wire.name(host);
            run("ip", &["netns", "add", &name]);
            run(
                "ip",
                &[
                    "-n", &hub, "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", &name,
                ],
            );
            run("ip", &["-n", &hub, "link", "set", host, "master", "switch", "up"]);
            run("ip", &["-n", &name, "link", "set", "lo", "up"]);
            run(
                "ip",
                &[
                    "-n",
                    &name,
                    "link",
                    "set",
                    "eth0",
                    "address",
                    Self::mac(host),
                    "up",
                ],
            );
            run(
                "ip",
                &[
                    "-n",
                    &name,
                    "address",
                    "add",
                    &format!("{}/24", Self::v4(host)),
                    "dev",
                    "eth0",
                ],
            );
            let v6 = format!("{}/64", Self::v6(host));
            run(
                "ip",
                &["-n", &name, "address", "add", &v6, "dev", "eth0", "nodad"],
            );
        }
        wire
    }

    fn name(&self, host: &str) -> String {
        format!("{}-{host}", self.prefix)
    }

    /// A host's own IPv4 address.
    pub fn v4(host: &str) -> String {
        format!("10.99.0.{}", number(host))
    }

    /// A host's own IPv6 address.
    pub fn v6(host: &str) -> String {
        format!("fd99::{}", number(host))
    }

    /// A host's hardware address.
    pub fn mac(host: &str) -> &'static str {
        ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"][number(host) - 1]
    }

    /// Runs a program on a host and returns what it printed; it must succeed.
    pub fn on(&self, host: &str, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        let name = self.name(host);
        let output = if host == "alpha" && !self.laid_here {
            output(words[0], &words[1..])
        } else {
            output("ip", &[&["netns", "exec", &name][..], &words].concat())
        };
        assert!(
            output.status.success(),
            "{host}: {command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sends an echo from `host` to `address`, which must come back.
    pub fn ping(&self, host: &str, address: &str) {
        let target = address.parse().unwrap();
        let rtt = self.within(host, || {
            pairadm::probe::ping(target, Duration::from_secs(60)).unwrap()
        });
        assert!(rtt.is_some(), "{host} does not reach {address}");
    }

    /// Runs `body` on a thread that is on `host`, for sockets of that host.
    pub fn within<T: Send>(&self, host: &str, body: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/run/netns/{}", self.name(host))).unwrap();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                body()
            });
            thread.join().unwrap()
        })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.laid_here {
            for host in HOSTS.into_iter().chain(["hub"]) {
                // Laying may have ended half-way.
                let _ = output("ip", &["netns", "delete", &self.name(host)]);
            }
        }
    }
}

fn number(host: &str) -> usize {
    HOSTS.iter().position(|known| *known == host).unwrap() + 1
}

fn output(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).output().unwrap()
}

fn run(program: &str, args: &[&str]) {
    let output = output(program, args);
    assert!(
        output.status.success(),
        "{program} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
