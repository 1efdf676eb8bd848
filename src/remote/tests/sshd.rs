//! A real OpenSSH server of a test's own, on a free loopback port.

use crate::model::{Addresses, Side, SshTarget};
use crate::remote::{HostKey, KeySources, Target};
use base64::Engine as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct Sshd {
    dir: TempDir,
    port: u16,
    child: Child,
}

impl Sshd {
    /// Starts a server with more configuration lines; a key of its client is authorized.
    pub fn start(lines: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        keygen(&dir.path().join("host"), "ed25519", "");
        keygen(&dir.path().join("client"), "ed25519", "");
        std::fs::copy(dir.path().join("client.pub"), dir.path().join("authorized")).unwrap();
        std::fs::create_dir_all("/run/sshd").unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "{lines}\nPort {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\n\
             PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nMaxStartups 100\n",
            dir.path().display()
        );
        std::fs::write(dir.path().join("config"), config).unwrap();
        let child = spawn(dir.path());
        await_port(port);
        Self { dir, port, child }
    }

    /// The same server with another host key, of the given type.
    pub fn reinstall(&mut self, kind: &str) {
        self.stop();
        let host = self.path("host");
        std::fs::remove_file(&host).unwrap();
        keygen(&host, kind, "");
        self.child = spawn(self.dir.path());
        await_port(self.port);
    }

    /// A further host key, which [`Self::host_key`] then tells.
    pub fn add_host_key(&mut self, kind: &str) {
        self.stop();
        for name in ["host", "host.pub"] {
            std::fs::rename(self.path(name), self.path(&name.replace("host", "first"))).unwrap();
        }
        keygen(&self.path("host"), kind, "");
        let config = std::fs::read_to_string(self.path("config")).unwrap();
        let config = format!("{config}HostKey {}\n", self.path("first").display());
        std::fs::write(self.path("config"), config).unwrap();
        self.child = spawn(self.dir.path());
        await_port(self.port);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn host_key(&self) -> HostKey {
        let public = std::fs::read_to_string(self.path("host.pub")).unwrap();
        let blob = public.split_whitespace().nth(1).unwrap();
        HostKey::from_blob(&base64::engine::general_purpose::STANDARD.decode(blob).unwrap()).unwrap()
    }

    /// The line of a `known_hosts` file for it.
    pub fn known_hosts_line(&self) -> String {
        let public = std::fs::read_to_string(self.path("host.pub")).unwrap();
        format!("[127.0.0.1]:{} {public}", self.port)
    }

    /// This server with its host key pinned.
    pub fn target(&self) -> Target {
        Target {
            side: Side::Primary,
            hostname: Some("alpha".parse().unwrap()),
            addresses: Addresses {
                v4: Some(Ipv4Addr::LOCALHOST),
                v6: None,
            },
            ssh: SshTarget {
                port: self.port,
                host_key: Some(self.host_key().to_string()),
                ..SshTarget::default()
            },
        }
    }

    /// The key that is authorized.
    pub fn keys(&self) -> KeySources {
        KeySources {
            agent: None,
            files: vec![self.path("client")],
        }
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(dir: &Path) -> Child {
    Command::new("/usr/sbin/sshd")
        .arg("-D")
        .arg("-f")
        .arg(dir.join("config"))
        .arg("-E")
        .arg(dir.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need the package openssh-server")
}

pub fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", passphrase, "-f"]).arg(path);
    assert!(command.status().unwrap().success());
}

fn await_port(port: u16) {
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < until, "sshd did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
}
