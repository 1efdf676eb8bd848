//! What the other node's key may do here (the forced command of its line in `authorized_keys`, see
//! sshd(8)): start the agent, or read with rsync what is offered to it at the moment. It names neither
//! folder nor file: what it asks for is a word, and the offer says what that means.

use super::data::mirror::{self, BACKUP, OFFERED_MANIFEST};
use super::paths::NodePaths;
use super::program;
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// `pairadm peer`: `original` is the command that the other node asked for, as sshd passes it on. Comes
/// back only with an error where it becomes rsync.
pub fn run(original: Option<OsString>) -> Result<u8> {
    let original = original.unwrap_or_default();
    let original = original.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
    if original.split_whitespace().next() != Some("rsync") {
        return super::run();
    }
    let paths = NodePaths::system();
    let wanted = Wanted::parse(original).map_err(|why| refused(&why))?;
    let offered = mirror::offered(&paths).ok_or_else(|| refused("nothing is offered to it"))?;
    let path = |what: &What| match what {
        What::Backup => format!("{}/", offered.folder.display()),
        What::Manifest => paths.offer().join(OFFERED_MANIFEST).display().to_string(),
    };
    let rsync = program::find(program::PATH, "rsync").ok_or_else(|| {
        Error::refused("no_program", "`rsync` is not installed").hint("install its package")
    })?;
    let error = Command::new(rsync)
        .args(wanted.options)
        .arg(".")
        .args(wanted.what.iter().map(path))
        .env_clear()
        .envs([("PATH", program::PATH), ("LC_ALL", "C")])
        .current_dir("/")
        .exec();
    Err(Error::refused("program_not_started", "`rsync` could not be started").because(error))
}

/// What may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Backup,
    Manifest,
}

/// A request of rsync's client that is allowed.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    options: Vec<String>,
    what: Vec<What>,
}

impl Wanted {
    /// `rsync --server --sender -LETTERS [--LONG…] . WORD…`, as rsync's client says it, see rsync(1),
    /// "--server"; the message says what is not allowed.
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let words: Vec<&str> = text.split(' ').collect();
        let ["rsync", "--server", "--sender", words @ ..] = &words[..] else {
            return Err("only `rsync --server --sender` is allowed".to_owned());
        };
        let end = words.iter().position(|word| *word == ".");
        let (options, what) = words.split_at(end.ok_or("nothing is asked for")?);
        let what = match what {
            [_, BACKUP] => vec![What::Backup],
            [_, OFFERED_MANIFEST] => vec![What::Manifest],
            [_, BACKUP, OFFERED_MANIFEST] => vec![What::Backup, What::Manifest],
            _ => return Err("only what is offered may be read".to_owned()),
        };
        if let Some(bad) = options.iter().find(|option| !harmless(option)) {
            return Err(format!(
                "the option `{}` is not allowed",
                crate::model::syntax::shown(bad)
            ));
        }
        let options = ["--server", "--sender"].iter().chain(options);
        Ok(Self {
            options: options.map(|word| (*word).to_owned()).collect(),
            what,
        })
    }
}

/// Options of a sender that only choose what is told of the files, and how fast.
fn harmless(option: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(long) = option.strip_prefix("--") {
        return match long.split_once('=') {
            None => long == "numeric-ids",
            Some(("timeout" | "bwlimit", value)) => number(value),
            Some(_) => false,
        };
    }
    let Some(letters) = option.strip_prefix('-') else {
        return false;
    };
    // What follows `e.` are abilities of the client, not options.
    let (letters, abilities) = letters.split_once("e.").unwrap_or((letters, ""));
    letters.chars().all(|letter| "vlogtprAX".contains(letter))
        && abilities.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn refused(why: &str) -> Error {
    Error::refused("not_allowed", "the other node's key may not do this here").because(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rsyncs_client_says_is_allowed_and_names_no_path() {
        let said =
            "rsync --server --sender -logtpAXre.iLsfxCIvu --timeout=30 --bwlimit=100 --numeric-ids . backup/";
        let wanted = Wanted::parse(said).unwrap();
        assert_eq!(wanted.what, [What::Backup]);
        assert_eq!(
            wanted.options,
            [
                "--server",
                "--sender",
                "-logtpAXre.iLsfxCIvu",
                "--timeout=30",
                "--bwlimit=100",
                "--numeric-ids"
            ]
        );
        let said = "rsync --server --sender -e.LsfxCIvu --timeout=30 --numeric-ids . .pairadm-manifest.json";
        assert_eq!(Wanted::parse(said).unwrap().what, [What::Manifest]);
        let said = "rsync --server --sender -e.LsfxCIvu --numeric-ids . backup/ .pairadm-manifest.json";
        assert_eq!(Wanted::parse(said).unwrap().what, [What::Backup, What::Manifest]);
    }

    #[test]
    fn everything_else_of_rsync_is_refused() {
        for said in [
            "rsync",
            "rsync --server -logtpre.iLsfxCIvu . backup/",
            "rsync --server --sender -logtpre.iLsfxCIvu . /etc/",
            "rsync --server --sender -logtpre.iLsfxCIvu . backup/ /etc/shadow",
            "rsync --server --sender -logtpre.iLsfxCIvu . backup/ .pairadm-manifest.json /etc/shadow",
            "rsync --server --sender -logtpre.iLsfxCIvu . backup/ backup/",
            "rsync --server --sender -logtpre.iLsfxCIvu .",
            "rsync --server --sender -logtpre.iLsfxCIvu",
            "rsync --server --sender -logtpre.iLsfxCIvu . ../",
            "rsync --server --sender -logtpre.iLsfxCIvu . backup/../",
            "rsync --server --sender -logtpLre.iLsfxCIvu . backup/",
            "rsync --server --sender -logtpre.iLsfxCIvu --remove-source-files . backup/",
            "rsync --server --sender -logtpre.iLsfxCIvu --log-file=/etc/passwd . backup/",
            "rsync --server --sender --daemon . backup/",
            "rsync --server --sender -logtpre.i;id . backup/",
            "rsync --server --sender -logtpre.iLsfxCIvu . backup/;id",
            "rsync --server --sender -logtpre.iLsfxCIvu --timeout=$(id) . backup/",
            "rsync  --server --sender -logtpre.iLsfxCIvu . backup/",
            "rsync --daemon",
        ] {
            assert!(Wanted::parse(said).is_err(), "{said}");
        }
    }
}
