//! Reads from the host's package configuration where Debian comes from: mirror, proxy, certificate.

use super::Tool;
use crate::error::{Error, Result};
use std::path::Path;

/// What a build of a root file system needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Base address of the Debian archive.
    pub mirror: String,
    /// Environment for the downloader: `http_proxy`, `https_proxy`.
    pub proxies: Vec<(&'static str, String)>,
    /// A certificate authority file for https.
    pub authority: Option<String>,
}

impl Source {
    /// The archive that this host takes Debian from. Any release's will do, as one archive holds
    /// them all; the host's own entry for `suite` is preferred.
    pub fn of_host(suite: &str) -> Result<Self> {
        let mut texts = Vec::new();
        for path in source_files(Path::new("/etc/apt")) {
            if let Ok(text) = std::fs::read_to_string(&path) {
                let deb822 = path.extension().is_some_and(|e| e == "sources");
                texts.push((deb822, text));
            }
        }
        let entry = |suite: &str| {
            texts.iter().find_map(|(deb822, text)| {
                if *deb822 {
                    deb822_uri(text, suite)
                } else {
                    one_line_uri(text, suite)
                }
            })
        };
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let uri = entry(suite).or_else(|| entry(debian_codename(&release)?));
        let uri = uri.ok_or_else(|| {
            Error::refused("lab_mirror", format!("no source of Debian {suite} in /etc/apt")).hint(format!(
                "add a `deb … {suite} main` source to /etc/apt; the lab takes its mirror from there"
            ))
        })?;
        let option = |name: &str| {
            let text = Tool::new("apt-config")
                .args(["shell", "VALUE", name])
                .run()
                .unwrap_or_default();
            let value = text.trim().strip_prefix("VALUE='")?.strip_suffix('\'')?;
            (!value.is_empty() && value != "DIRECT").then(|| value.to_owned())
        };
        let proxy = |variable, name| option(name).map(|value| (variable, value));
        Ok(Self {
            mirror: resolve_list(uri)?,
            proxies: [
                proxy("http_proxy", "Acquire::http::Proxy"),
                proxy("https_proxy", "Acquire::https::Proxy"),
            ]
            .into_iter()
            .flatten()
            .collect(),
            authority: option("Acquire::https::CAInfo"),
        })
    }
}

/// The release of a Debian host; none for its relatives, whose archives are others.
fn debian_codename(release: &str) -> Option<&str> {
    let value = |key: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    };
    value("VERSION_CODENAME").filter(|_| value("ID") == Some("debian"))
}

fn source_files(apt: &Path) -> Vec<std::path::PathBuf> {
    let parts = std::fs::read_dir(apt.join("sources.list.d"))
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<_> = parts
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "list" || e == "sources"))
        .collect();
    files.sort();
    files.insert(0, apt.join("sources.list"));
    files
}

/// From the paragraph format: the first paragraph with `deb`, this suite and `main`.
fn deb822_uri(text: &str, suite: &str) -> Option<String> {
    text.split("\n\n").find_map(|paragraph| {
        let field = |name: &str| {
            paragraph.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let has =
            |name: &str, word: &str| field(name).is_some_and(|v| v.split_whitespace().any(|w| w == word));
        let enabled = field("Enabled").is_none_or(|v| v != "no");
        let wanted = enabled && has("Types", "deb") && has("Suites", suite) && has("Components", "main");
        field("URIs")?
            .split_whitespace()
            .next()
            .filter(|_| wanted)
            .map(str::to_owned)
    })
}

/// From the one-line format: `deb [options] URI suite components`.
fn one_line_uri(text: &str, suite: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix("deb ")?.trim_start();
        let rest = if rest.starts_with('[') {
            rest.split_once(']')?.1
        } else {
            rest
        };
        let mut words = rest.split_whitespace();
        let uri = words.next()?;
        (words.next()? == suite && words.any(|word| word == "main")).then(|| uri.to_owned())
    })
}

/// Cloud images name a file with the mirrors in it instead of a mirror.
fn resolve_list(uri: String) -> Result<String> {
    let Some(path) = uri.strip_prefix("mirror+file:") else {
        return Ok(uri);
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Error::refused("lab_mirror", "cannot read the list of mirrors")
            .at(&path)
            .because(error)
    })?;
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|word| !word.starts_with('#'))
        .map(str::to_owned)
        .ok_or_else(|| Error::refused("lab_mirror", "the list of mirrors is empty").at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_of_other_suites_and_disabled_ones_are_passed_over() {
        let text = "Types: deb\nURIs: http://one.example/debian-security\nSuites: bookworm-security\nComponents: main\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://two.example/debian\nSuites: bookworm\nComponents: main\n\n\
                    Types: deb deb-src\nURIs: http://three.example/debian http://four.example\nSuites: bookworm bookworm-updates\nComponents: main contrib\n";
        assert_eq!(
            deb822_uri(text, "bookworm").unwrap(),
            "http://three.example/debian"
        );
        assert_eq!(deb822_uri(text, "trixie"), None);
    }

    #[test]
    fn one_line_sources_may_carry_options_and_comments() {
        let text = "# deb http://no.example bookworm main\ndeb-src http://no.example bookworm main\n\
                    deb http://no.example bookworm contrib\n\
                    deb [arch=amd64 signed-by=/a] https://yes.example/debian bookworm contrib main\n";
        assert_eq!(
            one_line_uri(text, "bookworm").unwrap(),
            "https://yes.example/debian"
        );
    }

    #[test]
    fn a_relative_of_debian_has_no_debian_codename() {
        assert_eq!(
            debian_codename("ID=debian\nVERSION_CODENAME=trixie\n"),
            Some("trixie")
        );
        assert_eq!(
            debian_codename("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=jammy\n"),
            None
        );
    }

    #[test]
    fn a_list_of_mirrors_gives_its_first() {
        let list = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(list.path(), "# mine\nhttp://m.example/debian priority:1\n").unwrap();
        let uri = format!("mirror+file://{}", list.path().display());
        assert_eq!(resolve_list(uri).unwrap(), "http://m.example/debian");
    }
}
