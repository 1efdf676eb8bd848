//! A host's public key as operators compare it: type and SHA-256 fingerprint.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// `ssh-ed25519 SHA256:…`, as `ssh-keygen -l` prints it and the pair file pins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    kind: String,
    fingerprint: String,
}

impl HostKey {
    /// From the key as it crosses the wire (RFC 4253, 6.6); `None` when that is malformed.
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let kind = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let kind = std::str::from_utf8(kind).ok()?;
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let digest = base64::engine::general_purpose::STANDARD_NO_PAD.encode(Sha256::digest(blob));
        Some(Self {
            kind: kind.to_owned(),
            fingerprint: format!("SHA256:{digest}"),
        })
    }

    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `SHA256:` and 43 characters of base64.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The signature algorithms to ask for, best first, so that the server presents a key of this type.
    /// The others follow: a server that no longer has such a key then shows what it has instead.
    pub(super) fn preference(kinds: &[&str]) -> String {
        let own = kinds.iter().flat_map(|kind| match *kind {
            "ssh-rsa" => vec!["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
            other => vec![other],
        });
        let mut order: Vec<&str> = own.filter(|name| ALGORITHMS.contains(name)).collect();
        order.extend(ALGORITHMS.iter().filter(|name| !kinds_have(kinds, name)));
        order.join(",")
    }
}

fn kinds_have(kinds: &[&str], algorithm: &str) -> bool {
    let kind = if algorithm.starts_with("rsa-sha2") {
        "ssh-rsa"
    } else {
        algorithm
    };
    kinds.contains(&kind)
}

/// Signature algorithms of host keys, best first.
const ALGORITHMS: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
];

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.fingerprint)
    }
}

impl FromStr for HostKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{}` is not a host key; accepted: a key type and its fingerprint, as `ssh-ed25519 SHA256:…`",
                text.escape_debug()
            )
        };
        let (kind, fingerprint) = text.trim().split_once(' ').ok_or_else(refuse)?;
        let digest = fingerprint
            .trim()
            .strip_prefix("SHA256:")
            .ok_or_else(refuse)?
            .trim_end_matches('=');
        let bytes = base64::engine::general_purpose::STANDARD_NO_PAD
            .decode(digest)
            .map_err(|_| refuse())?;
        if bytes.len() != 32 || !ALGORITHMS.contains(&kind) {
            return Err(refuse());
        }
        Ok(Self {
            kind: kind.to_owned(),
            fingerprint: format!("SHA256:{digest}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `ssh-keygen -t ed25519`, fingerprint by `ssh-keygen -l`.
    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJbKxmfTINozLCao4GVgl+6DW5jsgyORKv//5+h3wWEB";
    const PRINT: &str = "SHA256:aUhs9cgKVBmNK0Rw+hM//tNKS9mcRzjSr8yw9H8XqB4";

    #[test]
    fn the_fingerprint_is_the_one_ssh_keygen_prints() {
        let blob = base64::engine::general_purpose::STANDARD.decode(BLOB).unwrap();
        let key = HostKey::from_blob(&blob).unwrap();
        assert_eq!(key.to_string(), format!("ssh-ed25519 {PRINT}"));
        assert_eq!(key.to_string().parse::<HostKey>().unwrap(), key);
    }

    #[test]
    fn malformed_keys_are_none() {
        for blob in [
            &b""[..],
            b"\0\0\0",
            b"\0\0\0\x09abc",
            b"\xff\xff\xff\xffabc",
            b"\0\0\0\x01\x1b",
        ] {
            assert_eq!(HostKey::from_blob(blob), None, "{blob:?}");
        }
    }

    #[test]
    fn what_is_no_host_key_is_refused_with_the_accepted_form() {
        for text in [
            "",
            PRINT,
            "ssh-ed25519",
            "ssh-ed25519 MD5:ab",
            "ssh-ed25519 SHA256:short",
            "ssh-xx SHA256:aUhs9cgKVBmNK0Rw+hM//tNKS9mcRzjSr8yw9H8XqB4",
        ] {
            let why = text.parse::<HostKey>().unwrap_err();
            assert!(why.contains("accepted:"), "{why}");
        }
    }

    #[test]
    fn the_pinned_type_is_asked_for_first_and_every_type_once() {
        let order = HostKey::preference(&["ssh-rsa"]);
        assert!(
            order.starts_with("rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-ed25519"),
            "{order}"
        );
        assert_eq!(order.split(',').count(), ALGORITHMS.len());
        assert!(HostKey::preference(&[]).starts_with("ssh-ed25519,ecdsa"));
        assert_eq!(HostKey::preference(&["ssh-dss"]), ALGORITHMS.join(","));
    }
}
