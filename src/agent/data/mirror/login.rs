//! How ssh reaches the other node: with the node's own key, one host key (S6) and one cipher; and a login that
//! is made ahead, while the copy is still being planned, because it takes longer than all planning. ssh(1) calls
//! it a master connection; without one, or when it fails, every ssh logs in by itself.

use super::alone::alone;
use crate::agent::data::copy::failed;
use crate::agent::file::remove_if_there;
use crate::agent::paths::NodePaths;
use crate::agent::program;
use crate::error::{Error, Result};
use crate::model::paths;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The only cipher of the encrypted link: AES-128, which processors have instructions for.
const CIPHER: &str = "aes128-gcm@openssh.com";

/// Of the key exchanges all but NTRU Prime, with which a login at OpenSSH 9.2 takes twice as long (0.33 s, not
/// 0.17) and as long as the whole of a copy with little new. What is left are the exchanges of the controller's
/// own connections: ML-KEM where both ends have it (OpenSSH 9.9), else X25519.
const KEY_EXCHANGES: &str = "-sntrup*";

/// The name that the accepted host key is filed under.
const ALIAS: &str = "pairadm-peer";

/// Seconds until a connection has to stand.
const CONNECT: u64 = 10;

/// How long a login made ahead is waited for: what a connection may take, and the login after it.
const LOGIN: Duration = Duration::from_secs(CONNECT + 5);

/// How long a node on the next cable may take to accept a connection: time for a lost packet to be sent again,
/// less than the kernel takes to find out that nobody has the address.
const ANSWER: Duration = Duration::from_secs(2);

/// How often it is looked whether it stands.
const LOOK: Duration = Duration::from_millis(2);

/// The lock that a login made ahead holds as long as it lives.
const LOCK: &str = "copy-login.lock";

/// Where the other node is, and by what it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Port of its SSH server.
    pub port: u16,
    /// Its host key, type and base64: no other is talked to.
    pub host_key: String,
}

impl Peer {
    /// ssh with everything said but the host: nothing of it comes from files of the node. Writes down the one
    /// host key that is accepted.
    pub fn ssh(&self, run: &Path) -> Result<Vec<String>> {
        let known_hosts = run.join(format!("copy-known-hosts-{}", self.mark()));
        std::fs::write(&known_hosts, format!("{ALIAS} {}\n", self.host_key)).map_err(|error| {
            Error::incomplete("host_key_not_written", "the host key to accept cannot be written")
                .at(known_hosts.display())
                .because(error)
        })?;
        let options = [
            format!("Port={}", self.port),
            format!("IdentityFile={}", paths::NODE_KEY),
            "IdentitiesOnly=yes".to_owned(),
            "BatchMode=yes".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            format!("HostKeyAlias={ALIAS}"),
            format!("UserKnownHostsFile={}", known_hosts.display()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            format!("Ciphers={CIPHER}"),
            format!("KexAlgorithms={KEY_EXCHANGES}"),
            "Compression=no".to_owned(),
            format!("ConnectTimeout={CONNECT}"),
            "ServerAliveInterval=5".to_owned(),
            "ServerAliveCountMax=3".to_owned(),
            format!("ControlPath={}", self.socket(run).display()),
        ];
        let mut argv = vec!["ssh".to_owned(), "-F".to_owned(), "none".to_owned()];
        argv.extend(options.into_iter().flat_map(|option| ["-o".to_owned(), option]));
        Ok(argv)
    }

    /// Whether its SSH server can be reached at this address: a login stands already, or a connection is taken.
    pub fn answers(&self, paths: &NodePaths) -> bool {
        self.socket(paths.run()).exists()
            || TcpStream::connect_timeout(&SocketAddr::new(self.address, self.port), ANSWER).is_ok()
    }

    /// Waits for the login that is being made ahead to this node, if one is.
    pub fn arrive(&self, paths: &NodePaths) {
        let socket = self.socket(paths.run());
        let until = Instant::now() + LOGIN;
        while !socket.exists() && is_held(&paths.run().join(LOCK)) && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
    }

    /// Where a login that stands is shared.
    fn socket(&self, run: &Path) -> PathBuf {
        run.join(format!("copy-login-{}", self.mark()))
    }

    /// Another node, or another key of it, has another mark.
    fn mark(&self) -> String {
        let text = format!("{} {} {}", self.address, self.port, self.host_key);
        blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect()
    }
}

/// A login made ahead. Dropping it ends it.
#[derive(Debug)]
pub struct Ahead {
    ssh: Child,
    socket: PathBuf,
}

impl Ahead {
    /// Begins to log in; what an earlier agent left of one is ended first.
    pub fn begin(paths: &NodePaths, peer: &Peer) -> Result<Self> {
        let fault = |error: std::io::Error| {
            Error::refused("program_not_started", "`ssh` could not be started").because(error)
        };
        let lock = alone(&paths.run().join(LOCK))?;
        let socket = peer.socket(paths.run());
        remove_if_there(&socket).map_err(|error| failed(&socket, error))?;
        let argv = peer.ssh(paths.run())?;
        let ssh = program::find(paths.search(), "ssh")
            .ok_or_else(|| Error::refused("no_program", "`ssh` is not installed"))?;
        let child = Command::new(ssh)
            .args(argv.iter().skip(1))
            .args(["-o", "ControlMaster=yes", "-N"])
            .arg(format!("root@{}", peer.address))
            .env_clear()
            .envs([("PATH", paths.search()), ("LC_ALL", "C"), ("HOME", "/root")])
            .current_dir("/")
            .process_group(0)
            .stdin(lock)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(fault)?;
        Ok(Self { ssh: child, socket })
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // One that ended by itself is what was wanted.
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// True while a process has the lock at `path`.
fn is_held(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn peer() -> Peer {
        Peer {
            address: [192, 0, 2, 11].into(),
            port: 2222,
            host_key: "ssh-ed25519 AAAA".to_owned(),
        }
    }

    /// A node whose ssh is this shell script.
    fn with_ssh(script: &str) -> (tempfile::TempDir, NodePaths) {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        let ssh = root.path().join("bin/ssh");
        std::fs::create_dir(root.path().join("bin")).unwrap();
        std::fs::write(&ssh, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
        (root, paths)
    }

    #[test]
    fn ssh_takes_one_key_one_host_key_and_one_cipher() {
        let run = tempfile::tempdir().unwrap();
        let command = peer().ssh(run.path()).unwrap().join(" ");
        for part in [
            "-F none",
            "Port=2222",
            "StrictHostKeyChecking=yes",
            "UserKnownHostsFile=/",
            "IdentitiesOnly=yes",
            "Ciphers=aes128-gcm@openssh.com",
        ] {
            assert!(command.contains(part), "{part} in {command}");
        }
    }

    #[test]
    fn a_login_is_waited_for_until_it_stands() {
        let (_root, paths) = with_ssh("exec sleep 600");
        let peer = peer();
        let ahead = Ahead::begin(&paths, &peer).unwrap();
        let socket = peer.socket(paths.run());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                peer.arrive(&paths);
                socket.exists()
            });
            assert!(!waiting.is_finished());
            std::fs::write(&socket, "").unwrap();
            assert!(waiting.join().unwrap(), "it did not go on before");
        });
        drop(ahead);
        assert!(!socket.exists());
        assert!(!is_held(&paths.run().join(LOCK)), "nothing of it is left");
    }

    #[test]
    fn a_login_that_fails_or_was_never_begun_is_not_waited_for() {
        let (_root, paths) = with_ssh("exit 255");
        let peer = peer();
        let began = Instant::now();
        peer.arrive(&paths);
        let _ahead = Ahead::begin(&paths, &peer).unwrap();
        peer.arrive(&paths);
        assert!(began.elapsed() < LOGIN);
    }

    #[test]
    fn a_node_answers_where_its_server_takes_connections_or_a_login_stands() {
        let (_root, paths) = with_ssh("exit 255");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = Peer {
            address: [127, 0, 0, 1].into(),
            port: listener.local_addr().unwrap().port(),
            ..peer()
        };
        assert!(peer.answers(&paths));
        drop(listener);
        assert!(!peer.answers(&paths));
        peer.port = 1;
        std::fs::write(peer.socket(paths.run()), "").unwrap();
        assert!(peer.answers(&paths));
    }

    #[test]
    fn another_host_key_is_another_login() {
        let other = Peer {
            host_key: "ssh-ed25519 BBBB".to_owned(),
            ..peer()
        };
        assert_ne!(peer().socket(Path::new("/run")), other.socket(Path::new("/run")));
    }
}
