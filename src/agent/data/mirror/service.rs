//! rsync's own service for a link that need not be encrypted: read-only, one folder, one reader, at the
//! address of the duplication link only, as a unit that systemd ends by itself when nobody does.

use crate::agent::data::copy::failed;
use crate::agent::program::{Finished, run_from};
use crate::agent::step::Context;
use crate::error::{Error, Result};
use crate::plan::PlainLink;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The unit's name.
pub const UNIT: &str = "pairadm-offer.service";

/// The name under which the folder is read.
pub const MODULE: &str = "backup";

/// systemd starts and stops a unit in milliseconds; a busy machine is given more.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts it and waits until it listens.
pub fn start(context: &Context<'_>, folder: &Path, link: &PlainLink) -> Result<()> {
    let config = configuration_file(context);
    fs::write(&config, configuration(folder, link)).map_err(|error| failed(&config, error))?;
    let (config, port) = (
        format!("--config={}", config.display()),
        format!("--port={}", link.port),
    );
    let address = format!("--address={}", link.address);
    let life = format!("--property=RuntimeMaxSec={}", link.seconds);
    let unit = format!("--unit={UNIT}");
    let argv = [
        "systemd-run",
        "--quiet",
        "--collect",
        &unit,
        &life,
        "--property=ProtectSystem=strict",
        "--property=NoNewPrivileges=yes",
        "--property=PrivateTmp=yes",
        "rsync",
        "--daemon",
        "--no-detach",
        &config,
        &address,
        &port,
    ];
    systemd(context, &argv)?;
    listening(context, link)
}

/// Stops it; one that is not there is stopped.
pub fn stop(context: &Context<'_>) -> Result<()> {
    if !configuration_file(context).exists() {
        return Ok(());
    }
    let finished = run_from(
        context.paths.search(),
        &["systemctl", "stop", "--quiet", UNIT],
        Instant::now() + PATIENCE,
    )?;
    // 5: there is no such unit, see systemctl(1).
    if finished.status.success() || finished.status.code() == Some(5) {
        return Ok(());
    }
    Err(Error::incomplete(
        "offer_not_ended",
        "the service that offers the backup does not stop",
    )
    .at(UNIT)
    .because(finished.last_words())
    .hint(format!("end it with `systemctl stop {UNIT}`")))
}

/// There from before the service starts until after it has stopped.
fn configuration_file(context: &Context<'_>) -> PathBuf {
    context.paths.offer().join("rsyncd.conf")
}

/// See rsyncd.conf(5). Without `chroot` links inside the backup are sent as they are.
fn configuration(folder: &Path, link: &PlainLink) -> String {
    format!(
        "use chroot = false\nuid = root\ngid = root\nread only = true\nlist = false\nnumeric ids = true\n\
         munge symlinks = false\n[{MODULE}]\npath = {}\nhosts allow = {}\nhosts deny = *\n",
        folder.display(),
        link.reader
    )
}

fn listening(context: &Context<'_>, link: &PlainLink) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let target = (link.address, link.port).into();
        match TcpStream::connect_timeout(&target, left.max(Duration::from_millis(1))) {
            Ok(_) => return Ok(()),
            Err(_) if !left.is_zero() && running(context)? => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => {
                return Err(Error::refused(
                    "offer_not_started",
                    format!("rsync's service does not listen at {target}"),
                )
                .because(error)
                .hint(format!(
                    "see `journalctl -u {UNIT}`; something else may use the port"
                )));
            }
        }
    }
}

fn running(context: &Context<'_>) -> Result<bool> {
    let argv = ["systemctl", "is-active", "--quiet", UNIT];
    let finished = run_from(context.paths.search(), &argv, Instant::now() + PATIENCE)?;
    Ok(finished.status.success())
}

fn systemd(context: &Context<'_>, argv: &[&str]) -> Result<Finished> {
    let finished = run_from(context.paths.search(), argv, Instant::now() + PATIENCE)?;
    if finished.status.success() {
        return Ok(finished);
    }
    Err(
        Error::refused("offer_not_started", "systemd does not start the service")
            .at(UNIT)
            .because(finished.last_words()),
    )
}
