//! The same moves as an administrator would script them: shell commands over two SSH sessions that are
//! open already, each step checked by its exit code, the VIP's absence and presence by `ip`.
//!
//! IPv6 has no `arping`: the kernel announces the address itself after duplicate address detection, with
//! `ndisc_notify`, which is what a shell has.

use crate::mover::{Active, Mover, normal};
use pairadm::lab::Lab;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Ends the answer to each command.
const END: &str = "end-of-command";

/// Two sessions and whose turn it is.
pub struct Script {
    alpha: Session,
    beta: Session,
    v4: String,
    v6: String,
    active: Active,
}

struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Script {
    /// Connects to both nodes.
    pub fn open(lab: &Lab, active: Active) -> Self {
        let session = |node| Session::open(lab, node);
        let mut script = Self {
            alpha: session("alpha"),
            beta: session("beta"),
            v4: lab.vip_v4.to_string(),
            v6: lab.vip_v6.to_string(),
            active,
        };
        for node in ["alpha", "beta"] {
            script
                .on(node)
                .run("sysctl -qw net.ipv6.conf.eth0.ndisc_notify=1");
        }
        script
    }

    /// Who serves calls.
    pub fn active(&self) -> Active {
        self.active
    }

    fn on(&mut self, node: &str) -> &mut Session {
        if node == "alpha" {
            &mut self.alpha
        } else {
            &mut self.beta
        }
    }
}

/// Blocks and takes the addresses off.
pub fn release(v4: &str, v6: &str) -> String {
    format!(
        "for f in iptables ip6tables; do \
           $f -w -t raw -A PAIRADM ! -i lo -p udp -m udp --dport 5060 -j DROP && \
           $f -w -t raw -A PAIRADM ! -i lo -p tcp -m tcp --dport 5060:5061 -j DROP && \
           $f -w -t raw -C PAIRADM ! -i lo -p udp -m udp --dport 5060 -j DROP || exit 1; done; \
         ip address delete {v4}/32 dev eth0 && ip address delete {v6}/128 dev eth0 && \
         ! ip -o address show | grep -qwF -e {v4} -e {v6}"
    )
}

/// Puts the addresses on, announces them, allows traffic.
pub fn acquire(v4: &str, v6: &str) -> String {
    format!(
        "ip address add {v4}/32 dev eth0 && ip address add {v6}/128 dev eth0 && \
         ip -o address show | grep -qwF {v4} && \
         {{ arping -q -c 1 -U -I eth0 {v4} & }} && \
         iptables -w -t raw -F PAIRADM && ip6tables -w -t raw -F PAIRADM"
    )
}

impl Mover for Script {
    fn take_over(&mut self) {
        let Active { now, next } = self.active;
        let (release, acquire) = (release(&self.v4, &self.v6), acquire(&self.v4, &self.v6));
        self.on(now).run(&release);
        self.on(next).run(&acquire);
        self.active = self.active.moved();
        // Its IPv6 announcement comes one to two seconds later; the measuring has to wait for it.
        std::thread::sleep(std::time::Duration::from_secs(3));
    }
}

impl Session {
    fn open(lab: &Lab, node: &str) -> Self {
        let address = lab.node(node).expect("a node").v4;
        let mut child = normal("ssh")
            .args(["-T", "-o", "BatchMode=yes", "-o"])
            .arg(format!("UserKnownHostsFile={}", lab.known_hosts().display()))
            .arg("-i")
            .arg(lab.key())
            .args([&format!("root@{address}"), "exec sh"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ssh starts");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, input, output }
    }

    fn run(&mut self, command: &str) {
        // In a subshell, so that `exit` ends the command and not the session.
        writeln!(self.input, "( {command} ) </dev/null >/dev/null; echo {END} $?").expect("ssh is there");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        assert_eq!(line.trim(), format!("{END} 0"), "{command}");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It ends by itself when its input ends; this only hastens it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
