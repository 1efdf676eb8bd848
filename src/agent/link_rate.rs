//! Measures how fast the other node's data comes here: over SSH with the node's own key, as a copy does.

use crate::agent::protocol::{Request, Response};
use crate::config::{PAIR_FILE, load_pair};
use crate::error::{Error, Result};
use crate::remote::{Dial, Dialer, Target, Unattended};
use base64::Engine as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One answer: large enough that the round trip to it does not count.
const PIECE: usize = 2 << 20;

/// Long enough for TCP to open its window, short enough for somebody who waits.
const ENOUGH: Duration = Duration::from_millis(1500);

/// No more than this travels however fast the link is.
const MOST: usize = 64 << 20;

/// Most bytes that are given in one answer.
const LARGEST: usize = 16 << 20;

/// Connecting, and one answer over a slow link.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes a second from the other node of the recorded pair to this one.
pub fn measure(deadline: Instant) -> Result<u64> {
    let pair = load_pair(Path::new(PAIR_FILE))?.ok_or_else(|| {
        Error::refused("no_pair", "the node has no pair file")
            .at(PAIR_FILE)
            .hint("`pairadm configure` writes it")
    })?;
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let own = pair
        .side_of(&name)
        .ok_or_else(|| Error::refused("not_a_node", format!("`{name}` is no node of its pair file")))?;
    let peer = own.other();
    let target = Target::between_nodes(&pair, peer, pair.nodes[peer].address);
    let dialer = Dialer::new([target], Arc::new(Unattended::default())).with_node_key();
    let left = deadline.saturating_duration_since(Instant::now());
    let mut link = dialer.dial(peer, left.min(PATIENCE))?;
    let (began, mut moved) = (Instant::now(), 0);
    while began.elapsed() < ENOUGH && moved < MOST && Instant::now() < deadline {
        match link.call(Request::Blob { bytes: PIECE }, PATIENCE)? {
            Response::Blob { text } => moved += text.len(),
            other => return Err(Error::bug(format!("a blob was asked for: {other:?}"))),
        }
    }
    let micros = u64::try_from(began.elapsed().as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    Ok((moved as u64).saturating_mul(1_000_000) / micros)
}

/// Text that no compression on the way makes shorter than a copy of compressed data would be.
pub fn blob(bytes: usize) -> String {
    let mut noise = vec![0; bytes.min(LARGEST) / 4 * 3];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    base64::engine::general_purpose::STANDARD.encode(noise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_has_the_size_asked_for_and_a_limit() {
        assert_eq!(blob(1000).len(), 1000);
        assert_eq!(blob(usize::MAX).len(), LARGEST);
    }
}
