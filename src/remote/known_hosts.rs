//! What the operator's own `known_hosts` says of a host: a second opinion at the first contact. The pair
//! file, not this, decides afterwards.

use super::host_key::HostKey;
use base64::Engine as _;
use std::path::Path;

/// The readable lines of one or more `known_hosts` files.
#[derive(Debug, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
}

/// What the file says of a presented key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// The same key is recorded for this host.
    Same,
    /// Another key is recorded for this host.
    Different(HostKey),
    /// Nothing is recorded.
    Nothing,
    /// The key is marked `@revoked`.
    Revoked,
}

#[derive(Debug)]
struct Entry {
    patterns: String,
    key: HostKey,
    blob: Vec<u8>,
    revoked: bool,
}

impl KnownHosts {
    /// Reads the files that exist and can be read.
    pub fn read<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Self {
        let texts = files.into_iter().filter_map(|file| std::fs::read(file).ok());
        let mut all = Self::default();
        for text in texts {
            all.entries
                .extend(Self::parse(&String::from_utf8_lossy(&text)).entries);
        }
        all
    }

    /// Parses a file; comments, certificate authorities and lines that make no sense are left out.
    pub fn parse(text: &str) -> Self {
        Self {
            entries: text.lines().filter_map(Entry::parse).collect(),
        }
    }

    /// What is recorded of `key` for a host known by any of `names` (lower case, `[name]:port` unless
    /// the port is 22).
    pub fn opinion(&self, names: &[String], key: &HostKey) -> Opinion {
        let here: Vec<_> = self.entries.iter().filter(|entry| entry.covers(names)).collect();
        if here.iter().any(|entry| entry.revoked && entry.key == *key) {
            return Opinion::Revoked;
        }
        let mut recorded = here.iter().filter(|entry| !entry.revoked);
        if recorded.clone().any(|entry| entry.key == *key) {
            return Opinion::Same;
        }
        recorded
            .clone()
            .find(|entry| entry.key.kind() == key.kind())
            .or_else(|| recorded.next())
            .map_or(Opinion::Nothing, |entry| Opinion::Different(entry.key.clone()))
    }

    /// The key types recorded for the host, to ask the server for one of them.
    pub(super) fn kinds(&self, names: &[String]) -> Vec<&str> {
        let here = self
            .entries
            .iter()
            .filter(|entry| !entry.revoked && entry.covers(names));
        here.map(|entry| entry.key.kind()).collect()
    }
}

impl Entry {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let mut patterns = fields.next().filter(|field| !field.starts_with('#'))?;
        let revoked = patterns == "@revoked";
        if revoked {
            patterns = fields.next()?;
        } else if patterns.starts_with('@') {
            return None;
        }
        let kind = fields.next()?;
        let blob = base64::engine::general_purpose::STANDARD
            .decode(fields.next()?)
            .ok()?;
        let key = HostKey::from_blob(&blob).filter(|key| key.kind() == kind)?;
        Some(Self {
            patterns: patterns.to_owned(),
            key,
            blob,
            revoked,
        })
    }

    fn covers(&self, names: &[String]) -> bool {
        if self.patterns.starts_with('|') {
            return names.iter().any(|name| self.hash_is_of(name));
        }
        let matches = |pattern: &str| names.iter().any(|name| glob(&pattern.to_ascii_lowercase(), name));
        let (mut included, mut excluded) = (false, false);
        for pattern in self.patterns.split(',') {
            match pattern.strip_prefix('!') {
                Some(pattern) => excluded |= matches(pattern),
                None => included |= matches(pattern),
            }
        }
        included && !excluded
    }

    /// Whether the hashed name (`|1|salt|HMAC-SHA1`) is `name`; libssh2 has the hash.
    fn hash_is_of(&self, name: &str) -> bool {
        let line = format!(
            "{} {} {}\n",
            self.patterns,
            self.key.kind(),
            base64::engine::general_purpose::STANDARD.encode(&self.blob)
        );
        let check = || {
            let mut store = ssh2::Session::new()?.known_hosts()?;
            store.read_str(&line, ssh2::KnownHostFileKind::OpenSSH)?;
            Ok::<_, ssh2::Error>(store.check(name, &self.blob))
        };
        matches!(
            check(),
            Ok(ssh2::CheckResult::Match | ssh2::CheckResult::Mismatch)
        )
    }
}

/// `*` and `?` as in ssh's own patterns.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (p, t) = (star, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJbKxmfTINozLCao4GVgl+6DW5jsgyORKv//5+h3wWEB";
    const TWO: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAxFVc7hbFDUoi96VRpfiZddi+1xnY/heyntL/V3cYQw";

    fn key(text: &str) -> HostKey {
        HostKey::from_blob(&base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
    }

    fn opinion(file: &str, name: &str) -> Opinion {
        KnownHosts::parse(file).opinion(&[name.to_owned()], &key(ONE))
    }

    #[test]
    fn plain_names_ports_and_wildcards_are_found() {
        for (patterns, name) in [
            ("alpha,192.0.2.1", "alpha"),
            ("alpha,192.0.2.1", "192.0.2.1"),
            ("[alpha]:2222", "[alpha]:2222"),
            ("*.example", "a.example"),
            ("192.0.2.?", "192.0.2.7"),
            ("ALPHA", "alpha"),
        ] {
            assert_eq!(
                opinion(&format!("{patterns} ssh-ed25519 {ONE} me@here"), name),
                Opinion::Same,
                "{patterns}"
            );
        }
        for (patterns, name) in [
            ("alpha", "[alpha]:2222"),
            ("*.example,!b.example", "b.example"),
            ("alph", "alpha"),
        ] {
            assert_eq!(
                opinion(&format!("{patterns} ssh-ed25519 {ONE}"), name),
                Opinion::Nothing,
                "{patterns}"
            );
        }
    }

    #[test]
    fn hashed_names_are_found() {
        // `ssh-keygen -H` of "alpha" and "[alpha]:2222".
        let hashed = [
            "|1|2rXJZEEgWojVct12OK51KlZ/rT8=|RVVtw3B5MvHqBHpp0ppP3fptN5k=",
            "|1|TYh3spqMvLUt/CBxDamdweYSXJM=|SdO+buAk8X+L13QTsycWClWPui4=",
        ];
        let file = hashed.map(|name| format!("{name} ssh-ed25519 {ONE}\n")).concat();
        assert_eq!(opinion(&file, "alpha"), Opinion::Same);
        assert_eq!(opinion(&file, "[alpha]:2222"), Opinion::Same);
        assert_eq!(opinion(&file, "beta"), Opinion::Nothing);
    }

    #[test]
    fn another_key_is_told_and_a_revoked_one_wins() {
        let other = format!("alpha ssh-ed25519 {TWO}");
        assert_eq!(opinion(&other, "alpha"), Opinion::Different(key(TWO)));
        let both = format!("{other}\nalpha ssh-ed25519 {ONE}");
        assert_eq!(opinion(&both, "alpha"), Opinion::Same);
        let revoked = format!("{both}\n@revoked * ssh-ed25519 {ONE}");
        assert_eq!(opinion(&revoked, "alpha"), Opinion::Revoked);
    }

    #[test]
    fn lines_without_sense_are_left_out() {
        let file = format!(
            "# alpha ssh-ed25519 {ONE}\n\nalpha\nalpha ssh-ed25519\nalpha ssh-ed25519 ###\nalpha ssh-rsa {ONE}\n\
             @cert-authority alpha ssh-ed25519 {ONE}\n|1|x alpha {ONE}\n\u{fffd}\n|1|AAA|BBB ssh-ed25519 {ONE}\n"
        );
        assert_eq!(opinion(&file, "alpha"), Opinion::Nothing);
    }
}
