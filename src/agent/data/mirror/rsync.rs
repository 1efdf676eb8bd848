//! Runs rsync to read from the other node: over SSH with the node's own key and one host key, or from
//! rsync's own service. Tells how far it is, and what its exit status means (rsync(1), EXIT VALUES).

use super::login::Peer;
use super::offer::OFFERED_MANIFEST;
use super::resume::PARTIAL;
use super::service::MODULE;
use crate::agent::data::stream::{Ended, Stream};
use crate::agent::step::Context;
use crate::error::{Error, Result};
use crate::plan::PullBackup;
use std::fs::File;
use std::net::IpAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

/// What is asked for over SSH; the other node knows which folder and file are meant.
pub const BACKUP: &str = "backup/";

/// Seconds without a byte after which the link is taken for broken.
pub const SILENCE: u32 = 30;

/// How long rsync may take to put away what it has of a file.
const PUTTING_AWAY: Duration = Duration::from_secs(2);

/// The way to the other node.
pub struct Reader<'r> {
    context: &'r Context<'r>,
    order: &'r PullBackup,
    link: Link,
    ssh: String,
    alone: &'r File,
}

/// The address that data is read from.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The address.
    pub address: IpAddr,
    /// Port of rsync's own service there; `None` when the data travels encrypted.
    pub plain: Option<u16>,
}

impl Link {
    /// The node at its other end.
    pub fn peer(&self, order: &PullBackup) -> Peer {
        Peer {
            address: self.address,
            port: order.ssh_port,
            host_key: order.host_key.clone(),
        }
    }
}

impl<'r> Reader<'r> {
    /// `alone` is the lock that rsync holds.
    pub fn new(context: &'r Context<'r>, order: &'r PullBackup, link: Link, alone: &'r File) -> Result<Self> {
        let peer = link.peer(order);
        peer.arrive(context.paths);
        Ok(Self {
            context,
            order,
            link,
            ssh: peer.ssh(context.paths.run())?.join(" "),
            alone,
        })
    }

    /// Makes `to` what the backup is, with its manifest beside it. Files that are the same in `like` become
    /// further names of those. `arrived` is told the bytes brought so far. Returns the bytes brought.
    ///
    /// The manifest comes over SSH whatever the data uses: what the data is checked by is not to be forged on
    /// the way.
    pub fn backup(
        &self,
        to: &Path,
        like: Option<&Path>,
        arrived: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<u64> {
        let (host, to) = (host(self.link.address), format!("{}/", to.display()));
        let over_ssh = |word: &str| format!("root@{host}:{word}");
        let mut argv = Self::common();
        argv.extend(
            [
                "-rlptgoAX",
                "--delete",
                "--exclude=/manifest.json",
                "--info=progress2",
                "--outbuf=N",
            ]
            .map(str::to_owned),
        );
        argv.push(format!("--partial-dir={PARTIAL}"));
        if let Some(like) = like {
            argv.push(format!("--link-dest={}", like.display()));
        }
        if let Some(limit) = self.order.limit {
            argv.push(format!("--bwlimit={limit}"));
        }
        match self.link.plain {
            // One connection for both: to log in takes longer than to see that nothing has changed.
            None => argv.extend([
                "-e".to_owned(),
                self.ssh.clone(),
                over_ssh(BACKUP),
                format!(":{OFFERED_MANIFEST}"),
            ]),
            Some(port) => {
                let mut first = Self::common();
                first.extend([
                    "-e".to_owned(),
                    self.ssh.clone(),
                    over_ssh(OFFERED_MANIFEST),
                    to.clone(),
                ]);
                self.run(&first, &mut |_| Ok(()))?;
                argv.extend([
                    format!("--exclude=/{OFFERED_MANIFEST}"),
                    "--contimeout=10".to_owned(),
                    format!("rsync://{host}:{port}/{MODULE}/"),
                ]);
            }
        }
        argv.push(to);
        self.run(&argv, arrived)
    }

    fn common() -> Vec<String> {
        vec![
            "rsync".to_owned(),
            "--numeric-ids".to_owned(),
            format!("--timeout={SILENCE}"),
        ]
    }

    /// Returns the bytes of files that were brought.
    fn run(&self, argv: &[String], arrived: &mut dyn FnMut(u64) -> Result<()>) -> Result<u64> {
        let fault = |error: std::io::Error| Error::bug("rsync's progress cannot be read").because(error);
        let output = tempfile::tempfile().map_err(fault)?;
        let stream = Stream {
            input: Some(self.alone.try_clone().map_err(fault)?),
            output: Some(output.try_clone().map_err(fault)?),
            grace: PUTTING_AWAY,
            ..Stream::default()
        };
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let ended = stream.end(self.context.paths.search(), &argv, &mut || {
            self.context.meter.go_on()?;
            arrived(transferred(&output).unwrap_or_default())
        })?;
        if ended.status.success() {
            return Ok(transferred(&output).unwrap_or_default());
        }
        Err(explained(&ended, self.link.address))
    }
}

fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// The first number of the newest progress line: bytes of the files brought so far.
fn transferred(output: &File) -> Option<u64> {
    let length = output.metadata().ok()?.len();
    let mut end = [0; 256];
    let from = length.saturating_sub(end.len() as u64);
    let count = output.read_at(&mut end, from).ok()?;
    let text = String::from_utf8_lossy(&end[..count]).into_owned();
    // The last line may still be growing unless it is the end; the one before it is whole.
    let line = text.rsplit('\r').nth(usize::from(!text.ends_with('\n')))?;
    let number: String = line
        .split_whitespace()
        .next()?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    number.parse().ok()
}

fn explained(ended: &Ended, address: IpAddr) -> Error {
    let code = ended.status.code();
    let (name, message, hint) = match code {
        Some(24) => (
            "backup_changed",
            "files of the backup went away while they were copied",
            "copy again when nothing writes to the backup",
        ),
        Some(10 | 12 | 30 | 35 | 255) => (
            "link_broken",
            "the link between the nodes broke",
            "what was copied stays: `pairadm data copy` goes on from there",
        ),
        Some(11) if ended.words.contains("No space left") || ended.words.contains("quota") => (
            "disk_full",
            "there is no room for the mirror",
            "make room under /var/lib/pairadm; what was copied stays",
        ),
        Some(11) => (
            "data_not_copied",
            "files cannot be written",
            "look at the file system under /var/lib/pairadm/mirrors",
        ),
        Some(2) => (
            "peer_refuses",
            "the other node does not answer as rsync",
            "its line for this node's key may be of an older pairadm: run `pairadm configure`",
        ),
        Some(5) => (
            "peer_refuses",
            "the other node does not let this one read",
            "look at its journal",
        ),
        _ => (
            "data_not_copied",
            "not everything could be copied",
            "the words of rsync say why",
        ),
    };
    let end = code.map_or_else(
        || ended.status.to_string(),
        |code| format!("rsync's exit status {code}"),
    );
    Error::incomplete(name, format!("{message} ({end})"))
        .at(address)
        .because(ended.words.lines().collect::<Vec<_>>().join("; "))
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    #[test]
    fn progress_is_the_newest_whole_line() {
        let mut output = tempfile::tempfile().unwrap();
        assert_eq!(transferred(&output), None);
        output
            .write_all(b"\r              0   0%    0.00kB/s    0:00:00  ")
            .unwrap();
        assert_eq!(transferred(&output), None);
        output
            .write_all(b"\r     32,768,000  45%  120.50MB/s    0:00:12  \r     65,5")
            .unwrap();
        assert_eq!(transferred(&output), Some(32_768_000));
        output
            .write_all(b"36,000 100%  120.50MB/s    0:00:12 (xfr#2, to-chk=0/9)\n")
            .unwrap();
        assert_eq!(transferred(&output), Some(65_536_000));
    }

    #[test]
    fn exit_statuses_have_their_meaning() {
        let address = [192, 0, 2, 11].into();
        for (status, words, code) in [
            (24, "", "backup_changed"),
            (12, "", "link_broken"),
            (255, "", "link_broken"),
            (11, "write failed: No space left on device (28)", "disk_full"),
            (11, "", "data_not_copied"),
            (23, "", "data_not_copied"),
        ] {
            let ended = Ended {
                status: ExitStatus::from_raw(status << 8),
                words: words.to_owned(),
            };
            assert_eq!(explained(&ended, address).code, code, "{status}");
        }
    }

    #[test]
    fn an_address_is_written_as_rsync_reads_it() {
        assert_eq!(host("192.0.2.11".parse().unwrap()), "192.0.2.11");
        assert_eq!(host("2001:db8::11".parse().unwrap()), "[2001:db8::11]");
    }
}
