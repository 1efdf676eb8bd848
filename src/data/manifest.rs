//! What is in a folder of data: every file with its hash, whose data it is, and when it was saved.

use crate::error::{Error, Result};
use crate::model::{Generation, OpId, Side};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

/// The manifest's name, beside the folders of the data sets.
pub const MANIFEST: &str = "manifest.json";

/// The shape of the folder; another one is refused.
const FORMAT: u32 = 1;

/// What is in a folder of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The shape of the folder.
    format: u32,
    /// Name of the pair.
    pub pair: String,
    /// Host name of the node whose data it is.
    pub node: String,
    /// What that node knew of the pair: orders data against takeovers.
    pub generation: Generation,
    /// The operation that saved it.
    pub op: OpId,
    /// Version of the SIP service, as the profile's version command prints it.
    pub version: Option<String>,
    /// When it was saved, Unix seconds of that node.
    pub made: i64,
    /// Data sets in it, each a folder, in the order in which they are loaded.
    pub sets: Vec<String>,
    /// Everything in those folders, in order of path.
    pub entries: Vec<Entry>,
    /// How it came to the node that it lies on; `None` where it was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied: Option<Copied>,
}

/// How a mirror came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// When it was whole and verified, Unix seconds of the node that holds it.
    pub at: i64,
    /// The operation that copied it.
    pub op: OpId,
    /// Address that it was copied from.
    pub from: IpAddr,
    /// Whether it travelled encrypted.
    pub encrypted: bool,
    /// The side that it was copied from: the secondary for a failback. Mirrors of the two never stand for
    /// each other.
    #[serde(default = "usual_source")]
    pub source: Side,
}

/// Where data comes from unless something else is said: the primary.
pub const fn usual_source() -> Side {
    Side::Primary
}

/// One file, directory or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Path below the folder of data: `configuration/etc/kamailio/kamailio.cfg`.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group, as numbers.
    pub owner: (u32, u32),
    /// Time of the last change, Unix seconds.
    pub changed: i64,
}

/// What an entry is. Devices, sockets and pipes are no data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Kind {
    /// A file.
    File {
        /// Bytes.
        size: u64,
        /// BLAKE3 of its content, hex.
        blake3: String,
    },
    /// A directory.
    Directory,
    /// A symbolic link that stays inside its data set.
    Link {
        /// Where it points.
        target: String,
    },
}

impl Manifest {
    /// A manifest without entries.
    pub fn new(pair: String, node: String, generation: Generation, op: OpId) -> Self {
        Self {
            format: FORMAT,
            pair,
            node,
            generation,
            op,
            version: None,
            made: 0,
            sets: Vec::new(),
            entries: Vec::new(),
            copied: None,
        }
    }

    /// Reads the manifest in `folder`; code `no_manifest` when there is none, `bad_manifest` when it makes
    /// no sense or names a path outside the folder.
    pub fn read(folder: &Path) -> Result<Self> {
        Self::read_file(&folder.join(MANIFEST))
    }

    /// The same for a manifest in a file of another name.
    pub fn read_file(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(|error| {
            Error::refused(
                "no_manifest",
                "there is no manifest that says what is in this folder",
            )
            .at(path.display())
            .because(error)
        })?;
        let bad = |why: String| {
            Error::refused("bad_manifest", "the manifest makes no sense")
                .at(path.display())
                .because(why)
                .hint("this folder is not to be trusted: copy again")
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(bad(format!("format {} is not {FORMAT}", manifest.format)));
        }
        let names = manifest.sets.iter().map(String::as_str);
        let paths = manifest.entries.iter().map(|entry| entry.path.as_str());
        for path in names.chain(paths) {
            relative(path).map_err(bad)?;
        }
        Ok(manifest)
    }

    /// Only when a mirror's data was saved, and the side that it was copied from: what lies in it is passed
    /// over, for live status.
    pub fn read_stamp(folder: &Path) -> std::io::Result<(i64, Side)> {
        #[derive(Deserialize)]
        struct Stamp {
            made: i64,
            copied: Option<Copied>,
        }
        let text = std::fs::read(folder.join(MANIFEST))?;
        let stamp: Stamp = serde_json::from_slice(&text)?;
        let source = stamp.copied.map_or(usual_source(), |copied| copied.source);
        Ok((stamp.made, source))
    }

    /// The same without what is in it.
    #[must_use]
    pub fn head(&self) -> Self {
        Self {
            entries: Vec::new(),
            ..self.clone()
        }
    }

    /// The side that a mirror was copied from.
    pub fn source(&self) -> Side {
        self.copied
            .as_ref()
            .map_or(usual_source(), |copied| copied.source)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files().map(|(_, size)| size).sum()
    }

    /// Every file with its size.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.entries.iter().filter_map(|entry| match entry.kind {
            Kind::File { size, .. } => Some((entry.path.as_str(), size)),
            Kind::Directory | Kind::Link { .. } => None,
        })
    }
}

/// `path` if it stays below the folder it is joined to; the message says why not.
pub fn relative(path: &str) -> std::result::Result<PathBuf, String> {
    let inside = !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
    if inside {
        Ok(PathBuf::from(path))
    } else {
        Err(format!("`{path}` leaves the folder"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(path: &str) -> Manifest {
        let mut manifest = Manifest::new("office".to_owned(), "alpha".to_owned(), Generation(3), OpId(7));
        manifest.entries.push(Entry {
            path: path.to_owned(),
            kind: Kind::File {
                size: 5,
                blake3: "00".to_owned(),
            },
            mode: 0o640,
            owner: (0, 0),
            changed: 0,
        });
        manifest
    }

    fn stored(manifest: &Manifest) -> Result<Manifest> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join(MANIFEST),
            serde_json::to_vec(manifest).unwrap(),
        )
        .unwrap();
        Manifest::read(folder.path())
    }

    #[test]
    fn what_is_written_is_read() {
        let manifest = manifest("configuration/a.cfg");
        assert_eq!(stored(&manifest).unwrap(), manifest);
        assert_eq!(manifest.bytes(), 5);
        let folder = tempfile::tempdir().unwrap();
        let text = serde_json::to_vec(&manifest).unwrap();
        std::fs::write(folder.path().join(MANIFEST), text).unwrap();
        assert_eq!(Manifest::read_stamp(folder.path()).unwrap(), (0, Side::Primary));
    }

    #[test]
    fn a_path_that_leaves_the_folder_and_another_format_are_refused() {
        for path in ["../passwd", "/etc/passwd", "a/../../b", ""] {
            assert_eq!(
                stored(&manifest(path)).unwrap_err().code,
                "bad_manifest",
                "{path}"
            );
        }
        let mut other = manifest("a");
        other.format = 2;
        assert_eq!(stored(&other).unwrap_err().code, "bad_manifest");
    }
}
