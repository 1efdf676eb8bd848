//! What a SIP server's data is: the sets that a mirror holds, how they are loaded, and what the nodes
//! of a pair have in common. A profile describes it, plans carry it.

use super::load_count::LoadCount;
use super::syntax::plain_name;
use serde::{Deserialize, Serialize};

/// One part of the data, copied and loaded as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSet {
    /// Plain name, unique in its profile; also the set's folder inside a backup and a mirror.
    pub name: String,
    /// Where it lives on a node.
    pub source: DataSource,
}

/// Where a data set lives on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DataSource {
    /// Files and whole directories; one that the primary does not have is passed over.
    Files {
        /// Absolute paths of files and directories.
        paths: Vec<String>,
        /// Below them, what the set leaves out: files and directories that belong to each node, and
        /// databases that are sets themselves. Neither copied nor replaced.
        own: Vec<String>,
    },
    /// A SQLite database; passed over when the primary does not have the file.
    Sqlite {
        /// Absolute path of its file.
        path: String,
        /// Tables that hold clients' addresses, which no translation may touch.
        runtime: Vec<String>,
    },
    /// A database of the PostgreSQL server on the node; passed over when the primary has none.
    Postgresql {
        /// The database's name.
        database: String,
        /// Tables that hold clients' addresses, which no translation may touch.
        runtime: Vec<String>,
    },
}

impl DataSource {
    /// Tables that hold clients' addresses; files have none.
    pub fn runtime(&self) -> &[String] {
        match self {
            Self::Files { .. } => &[],
            Self::Sqlite { runtime, .. } | Self::Postgresql { runtime, .. } => runtime,
        }
    }
}

/// Where the primary's current backup is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupSource {
    /// A directory that something else than pairadm keeps current.
    Directory(String),
    /// Program and arguments; the last line it prints is the newest backup's directory.
    Command(Vec<String>),
    /// pairadm's own, in [`BackupSource::OWN_DIRECTORY`]: made only when asked for.
    #[default]
    Own,
}

impl BackupSource {
    /// Where pairadm keeps the backup that it makes itself.
    pub const OWN_DIRECTORY: &str = "/var/lib/pairadm/backup/current";
}

/// How loaded data is validated and taken up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Validates the staged data before anything is replaced: program and arguments, where `{NAME}` is
    /// the staged folder of the data set NAME. Exit status 0 is success; empty when there is nothing
    /// that could validate.
    pub check: Vec<String>,
    /// Files and directories whose change needs the profile's refresh; for others the reloads do. A
    /// SQLite data set counts by its path.
    pub restart_when: Vec<String>,
    /// Run in this order after a load that needed no refresh.
    pub reloads: Vec<Reload>,
    /// Which answers to a reload mean to say it again later.
    pub patience: Patience,
    /// What the running service has to have of what was loaded.
    pub counts: Vec<LoadCount>,
}

/// How a service is treated that takes nothing up just now: Kamailio's modules refuse a reload within
/// seconds of their last one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Patience {
    /// An answer with one of these texts, in whatever case, is no failure yet.
    pub busy: Vec<String>,
    /// Seconds until it is one.
    pub seconds: u32,
}

impl Load {
    /// The check's words with each `{NAME}` replaced by the folder that `folder` gives for that data
    /// set, and left alone where it gives none.
    pub fn staged_check(&self, folder: impl Fn(&str) -> Option<String>) -> Vec<String> {
        self.check
            .iter()
            .map(|word| {
                placeholders(word)
                    .into_iter()
                    .fold(word.clone(), |word, name| match folder(name) {
                        Some(folder) => word.replace(&format!("{{{name}}}"), &folder),
                        None => word,
                    })
            })
            .collect()
    }

    /// Names of the data sets that the check asks for, in its order.
    pub fn staged_sets(&self) -> Vec<&str> {
        self.check.iter().flat_map(|word| placeholders(word)).collect()
    }
}

/// Names in braces; other text in braces, such as a piece of a program, is no placeholder.
fn placeholders(word: &str) -> Vec<&str> {
    word.split('{')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .filter(|name| plain_name(name).is_ok())
        .collect()
}

/// A program that makes the running service take up loaded data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reload {
    /// Program and arguments; no shell. Success is exit status 0 without error text, because servers'
    /// consoles exit 0 on errors.
    pub argv: Vec<String>,
    /// Names of the data sets after whose load it runs.
    pub when: Vec<String>,
    /// What it talks to may not be loaded: then an answer that there is no such command is no failure:
    /// "command dispatcher.reload not found" of kamcmd, "Method not found" of opensips-cli.
    pub optional: bool,
}

/// Administration files that are kept in step from the primary to the secondary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminSync {
    /// Absolute paths of files and directories; empty when the profile has none.
    pub paths: Vec<String>,
    /// Below them, what belongs to each node: never copied, never removed.
    pub own: Vec<String>,
}

/// What a comparison of the nodes expects of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRule {
    /// A file, or a directory and everything below it; of several rules the longest path decides.
    pub path: String,
    /// What has to be true of it.
    pub rule: Expect,
}

/// How a file of one node relates to the same file of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Byte for byte the same.
    Same,
    /// Different: it holds what makes a node itself.
    Differ,
    /// The same once the primary's addresses are translated.
    Translated,
    /// Not compared.
    Ignored,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_data_set_and_a_backup_source_survive_a_plan() {
        let set = DataSet {
            name: "database".to_owned(),
            source: DataSource::Sqlite {
                path: "/x.sqlite".to_owned(),
                runtime: vec!["location".to_owned()],
            },
        };
        let text = serde_json::to_string(&set).unwrap();
        assert!(text.contains(r#""kind":"sqlite""#), "{text}");
        assert_eq!(serde_json::from_str::<DataSet>(&text).unwrap(), set);
        for backup in [
            BackupSource::Directory("/b".to_owned()),
            BackupSource::Command(vec!["newest".to_owned()]),
            BackupSource::Own,
        ] {
            let text = serde_json::to_string(&backup).unwrap();
            assert_eq!(serde_json::from_str::<BackupSource>(&text).unwrap(), backup);
        }
    }

    #[test]
    fn the_check_is_given_the_staged_folders() {
        let load = Load {
            check: ["kamailio", "-f", "{files}/etc/k.cfg", "{print $1}", "{files}{db}"]
                .map(str::to_owned)
                .to_vec(),
            ..Load::default()
        };
        assert_eq!(load.staged_sets(), ["files", "files", "db"]);
        let words = load.staged_check(|name| (name == "files").then(|| "/staged/files".to_owned()));
        assert_eq!(
            words,
            [
                "kamailio",
                "-f",
                "/staged/files/etc/k.cfg",
                "{print $1}",
                "/staged/files{db}"
            ]
        );
    }
}
