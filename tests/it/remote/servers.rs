//! Servers: OpenSSH and dropbear, other ports, no SFTP, IPv6 only, passwords.

use super::*;
use crate::support::lab::TestNode;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// A further SSH server on the node, ended with the test.
struct Server<'a> {
    node: TestNode<'a>,
    name: &'static str,
}

impl<'a> Server<'a> {
    fn start(node: TestNode<'a>, name: &'static str, port: u16, command: &str) -> Self {
        node.sh(&format!("systemd-run --quiet --collect --unit={name} {command}"));
        let server = Self { node, name };
        let address = SocketAddr::new(node.node.v4.into(), port);
        let until = Instant::now() + SOON;
        while TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
            assert!(Instant::now() < until, "{name} does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// OpenSSH with just these lines and the node's host key.
    fn openssh(node: TestNode<'a>, name: &'static str, port: u16, lines: &str) -> Self {
        node.sh(&format!(
            "printf 'Port {port}\\nHostKey /etc/ssh/ssh_host_ed25519_key\\nPidFile none\\n{lines}' > /run/{name}.conf"
        ));
        Self::start(
            node,
            name,
            port,
            &format!("/usr/sbin/sshd -D -f /run/{name}.conf"),
        )
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.node.exec(&["systemctl", "stop", self.name]);
    }
}

fn at_port(lab: &LabPair, port: u16) -> Target {
    let mut target = alpha(lab);
    target.ssh.port = port;
    target
}

#[test]
fn openssh_on_another_port_without_sftp() {
    let lab = LAB.lock("remote");
    let _server = Server::openssh(lab.alpha(), "plain-sshd", 2201, "PermitRootLogin yes\\n");
    assert_reaches(at_port(&lab, 2201));
}

#[test]
fn ipv6_only_global_and_link_local() {
    let lab = LAB.lock("remote");
    let mut target = alpha(&lab);
    target.addresses.v4 = None;
    assert_reaches(target.clone());

    let inside = lab.alpha().sh("ip -6 -o addr show dev eth0 scope link");
    let address = inside
        .split_whitespace()
        .skip_while(|word| *word != "inet6")
        .nth(1)
        .unwrap();
    let address = address.split('/').next().unwrap();
    let route = std::process::Command::new("ip")
        .args(["-o", "route", "get", &lab.alpha().node.v4.to_string()])
        .output()
        .unwrap();
    let route = String::from_utf8(route.stdout).unwrap();
    let interface = route
        .split_whitespace()
        .skip_while(|word| *word != "dev")
        .nth(1)
        .unwrap();
    target.ssh.host = Some(format!("{address}%{interface}"));
    assert_reaches(target);
}

#[test]
fn dropbear_with_a_key_and_with_a_password() {
    let lab = LAB.lock("remote");
    let node = lab.alpha();
    node.sh("test -f /run/dropbear.key || dropbearkey -t ed25519 -f /run/dropbear.key >/dev/null 2>&1");
    let _server = Server::start(
        node,
        "dropbear-test",
        2202,
        "/usr/sbin/dropbear -F -E -r /run/dropbear.key -p 2202",
    );
    let mut target = at_port(&lab, 2202);
    let shown = target.ssh.host_key.take().unwrap();
    assert_reaches(target.clone());

    target.ssh.host_key = Some(shown);
    let Err(error) = dial(target.clone()) else {
        panic!("dropbear has a key of its own")
    };
    assert_eq!(error.code, "host_key_changed");

    target.ssh.host_key = None;
    assert_password_opens(&lab, target);
}

#[test]
fn a_password_by_either_method_of_openssh() {
    let lab = LAB.lock("remote");
    let password = "PermitRootLogin yes\\nUsePAM yes\\nPubkeyAuthentication no\\nPasswordAuthentication yes\\nKbdInteractiveAuthentication no\\n";
    let _password = Server::openssh(lab.alpha(), "password-sshd", 2203, password);
    assert_password_opens(&lab, at_port(&lab, 2203));
    let keyboard = "PermitRootLogin yes\\nUsePAM yes\\nPubkeyAuthentication no\\nPasswordAuthentication no\\nKbdInteractiveAuthentication yes\\n";
    let _keyboard = Server::openssh(lab.alpha(), "keyboard-sshd", 2204, keyboard);
    assert_password_opens(&lab, at_port(&lab, 2204));
}

/// The password is asked for once, opens twice, and a wrong one is refused without being shown.
fn assert_password_opens(lab: &LabPair, mut target: Target) {
    const PASSWORD: &str = "Tr0ub4dor&3 'quoted'";
    let before = lab.alpha().read("/etc/shadow");
    lab.alpha()
        .sh(&format!("printf '%s\\n' \"root:{PASSWORD}\" | chpasswd"));
    target.ssh.identity = None;
    let person = Arc::new(Person {
        password: Some(PASSWORD),
        ..Person::default()
    });
    let right = dialer(target.clone(), person.clone());
    for _ in 0..2 {
        let mut link = right
            .dial(Side::Primary, SOON)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(link.call(Request::Ping, SOON).unwrap(), Response::Done);
    }
    let asked = person.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [SecretWanted::Password {
            user: "root".to_owned(),
            node: "alpha".to_owned()
        }]
    );

    let wrong = Arc::new(Person {
        password: Some("hunter2"),
        ..Person::default()
    });
    let Err(error) = dialer(target, wrong.clone()).dial(Side::Primary, SOON) else {
        panic!("a wrong password opens")
    };
    lab.alpha().sh(&format!("cat > /etc/shadow <<'END'\n{before}END"));
    assert_eq!(error.code, "auth_failed");
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(wrong.asked.lock().unwrap().len(), 1, "no second guess");
}
