//! The private keys of this machine's user that may open a node.

use crate::model::paths::NODE_KEY;
use base64::Engine as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where keys are looked for.
#[derive(Debug, Clone, Default)]
pub struct KeySources {
    /// Socket of ssh-agent.
    pub agent: Option<PathBuf>,
    /// Private key files, in order.
    pub files: Vec<PathBuf>,
}

impl KeySources {
    /// ssh-agent, the default keys of the user, and this node's own key for its peer.
    pub fn of_this_user() -> Self {
        let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("/root"));
        let defaults = ["id_ed25519", "id_ecdsa", "id_rsa"];
        let defaults = defaults.into_iter().map(|name| home.join(".ssh").join(name));
        Self {
            agent: socket.map(PathBuf::from),
            files: defaults.chain([PathBuf::from(NODE_KEY)]).collect(),
        }
    }

    /// Without the node's own key.
    #[must_use]
    pub fn without_node_key(mut self) -> Self {
        self.files.retain(|path| path != Path::new(NODE_KEY));
        self
    }
}

/// A private key file that could be read.
pub(super) struct KeyFile {
    pub path: PathBuf,
    /// The private key.
    pub text: Zeroizing<String>,
    /// The public key in `<path>.pub`, if there is one: to recognise it in ssh-agent.
    pub public: Option<Vec<u8>>,
    /// True when a passphrase protects it.
    pub locked: bool,
}

impl KeyFile {
    /// Reads the file; the error says why not.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let text = Zeroizing::new(std::fs::read_to_string(path)?);
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        let public = std::fs::read_to_string(public).ok().and_then(|line| {
            let blob = line.split_whitespace().nth(1)?;
            base64::engine::general_purpose::STANDARD.decode(blob).ok()
        });
        Ok(Self {
            path: path.to_owned(),
            locked: is_locked(&text),
            text,
            public,
        })
    }
}

/// Whether a passphrase protects a private key. In OpenSSH's own format the cipher's name follows the
/// magic "openssh-key-v1\0"; the PEM formats say it in their header.
fn is_locked(text: &str) -> bool {
    const NAME_AT: usize = "openssh-key-v1\0".len() + 4;
    let Some(body) = text
        .trim()
        .strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END OPENSSH PRIVATE KEY-----"))
    else {
        return text.contains("ENCRYPTED");
    };
    let head: String = body.chars().filter(|c| !c.is_whitespace()).take(64).collect();
    base64::engine::general_purpose::STANDARD
        .decode(head)
        .is_ok_and(|head| head.get(NAME_AT..NAME_AT + 4) != Some(b"none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn keygen(kind: &str, passphrase: &str, extra: &[&str]) -> KeyFile {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let done = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", passphrase, "-f"])
            .arg(&path)
            .args(extra)
            .status()
            .unwrap();
        assert!(done.success());
        KeyFile::read(&path).unwrap()
    }

    #[test]
    fn a_passphrase_is_noticed_in_both_formats() {
        assert!(!keygen("ed25519", "", &[]).locked);
        assert!(keygen("ed25519", "secret", &[]).locked);
        assert!(!keygen("rsa", "", &["-m", "PEM"]).locked);
        assert!(keygen("rsa", "secret", &["-m", "PEM"]).locked);
    }

    #[test]
    fn the_public_half_is_found() {
        assert!(keygen("ed25519", "", &[]).public.is_some());
    }
}
