//! Compares a file as it is with the file as it shall be, and makes the step of the difference.

use super::{Content, FilePut, Keep};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::model::diff::unified;
use crate::model::digest;

/// A file as it shall be on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Absolute path.
    pub path: String,
    /// Bytes; `None`: the file shall not be there.
    pub content: Option<Vec<u8>>,
    /// Permission bits for a new file.
    pub mode: u32,
    /// Where the original goes.
    pub keep: Keep,
    /// False for files whose content may be a secret: their diff names size and digest only.
    pub shown: bool,
}

/// The step's file, or `None` when the node has it already. Refuses what the agent could not replace
/// safely, and a file of which the facts know nothing.
pub fn put(facts: &Facts, wanted: Wanted) -> Result<Option<FilePut>> {
    let image = facts.file(&wanted.path).ok_or_else(|| {
        Error::refused("file_not_read", "the file could not be read")
            .on(&facts.hostname)
            .at(&wanted.path)
    })?;
    let before = match &image.content {
        Some(content) => Some(content.to_bytes().map_err(Error::bug)?),
        None => None,
    };
    if before == wanted.content {
        return Ok(None);
    }
    if let Some(obstacle) = &image.obstacle {
        return Err(
            Error::refused("file_not_replaceable", "the file cannot be replaced safely")
                .on(&facts.hostname)
                .at(&wanted.path)
                .because(obstacle)
                .hint("take that obstacle away, then run this again"),
        );
    }
    let diff = if wanted.shown {
        diff(&wanted.path, before.as_deref(), wanted.content.as_deref())
    } else {
        summary(before.as_deref(), wanted.content.as_deref())
    };
    Ok(Some(FilePut {
        diff,
        content: wanted.content.as_deref().map(Content::from_bytes),
        path: wanted.path,
        mode: wanted.mode,
        force_mode: false,
        owner: None,
        before: image.sha256.clone(),
        keep: wanted.keep,
    }))
}

/// The same for a file that shall have `mode` whatever its content, when `force_mode` says so.
pub fn put_or_mode(facts: &Facts, wanted: Wanted, force_mode: bool) -> Result<Option<FilePut>> {
    let (path, mode, keep) = (wanted.path.clone(), wanted.mode, wanted.keep);
    let content = wanted.content.as_deref().map(Content::from_bytes);
    if let Some(file) = put(facts, wanted)? {
        return Ok(Some(FilePut { force_mode, ..file }));
    }
    let Some(image) = facts.file(&path).filter(|_| force_mode) else {
        return Ok(None);
    };
    Ok(Some(FilePut {
        diff: format!("-mode {:o}\n+mode {mode:o}\n", image.mode),
        before: image.sha256.clone(),
        force_mode,
        owner: None,
        content,
        path,
        mode,
        keep,
    }))
}

/// Unified diff; empty when either side is not text.
fn diff(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let (Ok(old), Ok(new)) = (
        std::str::from_utf8(before.unwrap_or_default()),
        std::str::from_utf8(after.unwrap_or_default()),
    ) else {
        return String::new();
    };
    let name = |bytes: Option<&[u8]>| bytes.map_or("/dev/null", |_| path);
    unified([name(before), name(after)], old, new)
}

fn summary(before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let line = |sign: char, bytes: &[u8]| {
        format!("{sign}{} bytes, SHA-256 {}\n", bytes.len(), digest::sha256(bytes))
    };
    let old = before.map(|bytes| line('-', bytes));
    let new = after.map(|bytes| line('+', bytes));
    [old, new].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::agent::protocol::FileImage;

    fn facts(content: Option<&str>, obstacle: Option<&str>) -> Facts {
        Facts {
            hostname: "alpha".to_owned(),
            files: vec![FileImage {
                path: "/etc/x".to_owned(),
                content: content.map(|text| Content::Text(text.to_owned())),
                sha256: content.map(|text| digest::sha256(text.as_bytes())),
                mode: 0o644,
                owner: (0, 0),
                obstacle: obstacle.map(str::to_owned),
            }],
            ..Facts::default()
        }
    }

    fn wanted(content: Option<&str>, shown: bool) -> Wanted {
        Wanted {
            path: "/etc/x".to_owned(),
            content: content.map(|text| text.as_bytes().to_vec()),
            mode: 0o644,
            keep: Keep::Beside,
            shown,
        }
    }

    #[test]
    fn an_equal_file_needs_no_step_whatever_stands_in_the_way() {
        assert_eq!(
            put(&facts(Some("a\n"), Some("symlink")), wanted(Some("a\n"), true)).unwrap(),
            None
        );
        assert_eq!(put(&facts(None, None), wanted(None, true)).unwrap(), None);
    }

    #[test]
    fn a_change_carries_the_digest_it_was_planned_against() {
        let put = put(&facts(Some("a\n"), None), wanted(Some("b\n"), true))
            .unwrap()
            .unwrap();
        assert_eq!(put.before, Some(digest::sha256(b"a\n")));
        assert!(put.diff.contains("\n-a\n+b\n"), "{}", put.diff);
    }

    #[test]
    fn what_stands_in_the_way_is_said() {
        let error = put(&facts(Some("a\n"), Some("symlink to /y")), wanted(None, true)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "alpha: /etc/x: the file cannot be replaced safely: symlink to /y"
        );
    }

    #[test]
    fn a_file_nobody_looked_at_is_not_taken_for_absent() {
        assert_eq!(
            put(&Facts::default(), wanted(None, true)).unwrap_err().code,
            "file_not_read"
        );
    }

    #[test]
    fn a_possible_secret_is_not_shown() {
        let put = put(&facts(None, None), wanted(Some("private"), false))
            .unwrap()
            .unwrap();
        assert!(put.diff.starts_with("+7 bytes, SHA-256 ") && !put.diff.contains("private"));
    }
}
