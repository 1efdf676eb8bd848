//! Looks at files for a comparison of the nodes: what they are, their digests, and what their digests
//! would be after a translation.

use super::copy::failed;
use super::files::members;
use super::inventory::hash;
use super::names::Names;
use crate::agent::meter::UNREAD;
use crate::data::{Kind, Survey, Surveyed};
use crate::error::{Error, Result};
use crate::translate::{Table, Translator};
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Everything that `survey` asks for, in order of path. Code `survey_too_large` beyond its limit,
/// `survey_too_slow` when the time is up.
pub fn survey(survey: &Survey, deadline: Instant) -> Result<Vec<Surveyed>> {
    let found = found(survey)?;
    let bytes: u64 = found.values().map(Metadata::len).sum();
    if found.len() > survey.limit.files || bytes > survey.limit.bytes {
        return Err(Error::refused(
            "survey_too_large",
            format!("{} files of {bytes} bytes are too many to compare", found.len()),
        ));
    }
    let translator = translator(survey.table.as_deref(), survey.back)?;
    let names = Names::read();
    let look = |(path, meta): (PathBuf, Metadata)| {
        if Instant::now() >= deadline {
            return Err(Error::incomplete(
                "survey_too_slow",
                "the files could not be read in time",
            ));
        }
        let mut told = surveyed(&path, &meta, translator.as_ref(), &names)?;
        if let Some(folder) = &survey.below {
            let inside = path.strip_prefix(folder).unwrap_or(&path);
            told.path = Path::new("/").join(inside).to_string_lossy().into_owned();
        }
        Ok(told)
    };
    found.into_iter().map(look).collect()
}

/// What the node's translation table at `path` says, the other way round for the way back; `None` without
/// a table.
pub fn translator(path: Option<&str>, back: bool) -> Result<Option<Translator>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(Path::new(path), error)),
    };
    let mut table = Table::parse(&text, path)?;
    if back {
        table = table.way_back().0;
    }
    Translator::new(&table).map(Some)
}

/// What there is, without what is left out: a path of its own may lie below one that is left out.
fn found(survey: &Survey) -> Result<BTreeMap<PathBuf, Metadata>> {
    let mut found = BTreeMap::new();
    for path in &survey.paths {
        let without: Vec<String> = survey
            .without
            .iter()
            .filter(|without| !Path::new(path).starts_with(without))
            .map(|without| place(survey, without).to_string_lossy().into_owned())
            .collect();
        found.extend(members(&place(survey, path), &without)?);
    }
    Ok(found)
}

/// Where `path` lies: on the node, or in a folder of saved data.
fn place(survey: &Survey, path: &str) -> PathBuf {
    match &survey.below {
        Some(folder) => Path::new(folder).join(path.trim_start_matches('/')),
        None => PathBuf::from(path),
    }
}

fn surveyed(
    path: &Path,
    meta: &Metadata,
    translator: Option<&Translator>,
    names: &Names,
) -> Result<Surveyed> {
    let mut translated = None;
    let kind = if meta.is_dir() {
        Kind::Directory
    } else if meta.is_symlink() {
        let target = fs::read_link(path).map_err(|error| failed(path, error))?;
        Kind::Link {
            target: target.to_string_lossy().into_owned(),
        }
    } else {
        let (size, blake3) = hash(path, &UNREAD)?;
        if let Some(translator) = translator {
            translated = translation(path, translator)?;
        }
        Kind::File { size, blake3 }
    };
    Ok(Surveyed {
        path: path.to_string_lossy().into_owned(),
        kind,
        mode: meta.mode() & 0o7777,
        owner: names.of(meta.uid(), meta.gid()),
        translated,
    })
}

/// BLAKE3 of the translated file; `None` when there is nothing to translate in it.
fn translation(path: &Path, translator: &Translator) -> Result<Option<String>> {
    let mut file = File::open(path).map_err(|error| failed(path, error))?;
    let mut hasher = blake3::Hasher::new();
    let counts = translator
        .copy(&mut file, &mut hasher)
        .map_err(|error| error.at(path.display()))?;
    Ok((counts.total() > 0).then(|| hasher.finalize().to_hex().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Limit;
    use std::time::Duration;

    fn ask(root: &Path, without: &[&str], table: Option<&Path>) -> Survey {
        let path = |name: &str| root.join(name).display().to_string();
        Survey {
            paths: vec![root.display().to_string(), path("kept/inner")],
            below: None,
            without: without.iter().map(|name| path(name)).collect(),
            table: table.map(|path| path.display().to_string()),
            back: false,
            limit: Limit::QUICK,
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn files_are_told_with_what_translation_makes_of_them() {
        let node = tempfile::tempdir().unwrap();
        let root = node.path();
        fs::create_dir_all(root.join("kept")).unwrap();
        for (name, text) in [
            ("a.cfg", "listen=192.0.2.11\n"),
            ("b.cfg", "debug=2\n"),
            ("kept/inner", "x"),
            ("kept/other", "x"),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        let table = tempfile::NamedTempFile::new().unwrap();
        let row = "[[address]]\nfrom = \"192.0.2.11\"\nto = \"192.0.2.12\"\n";
        fs::write(table.path(), row).unwrap();
        let found = survey(&ask(root, &["kept"], Some(table.path())), soon()).unwrap();
        let names: Vec<&str> = found
            .iter()
            .map(|found| {
                found
                    .path
                    .trim_start_matches(&root.display().to_string())
                    .trim_start_matches('/')
            })
            .collect();
        assert_eq!(names, ["", "a.cfg", "b.cfg", "kept/inner"]);
        let wanted = blake3::hash(b"listen=192.0.2.12\n").to_hex().to_string();
        assert_eq!(found[1].translated.as_deref(), Some(wanted.as_str()));
        assert_eq!(found[2].translated, None);
    }

    #[test]
    fn saved_data_is_told_by_where_it_was() {
        let saved = tempfile::tempdir().unwrap();
        fs::create_dir_all(saved.path().join("etc/sip")).unwrap();
        fs::write(saved.path().join("etc/sip/a.cfg"), "a").unwrap();
        fs::write(saved.path().join("etc/sip/own.cfg"), "own").unwrap();
        let asked = Survey {
            paths: vec!["/etc/sip".to_owned()],
            below: Some(saved.path().display().to_string()),
            without: vec!["/etc/sip/own.cfg".to_owned()],
            table: None,
            back: false,
            limit: Limit::QUICK,
        };
        let found = survey(&asked, soon()).unwrap();
        let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["/etc/sip", "/etc/sip/a.cfg"]);
    }

    #[test]
    fn too_much_is_given_up_and_not_told_in_part() {
        let node = tempfile::tempdir().unwrap();
        fs::write(node.path().join("a"), "12345").unwrap();
        let mut asked = ask(node.path(), &[], None);
        asked.limit.bytes = 4;
        assert_eq!(survey(&asked, soon()).unwrap_err().code, "survey_too_large");
        asked.limit = Limit {
            files: 1,
            bytes: 9 << 20,
        };
        assert_eq!(survey(&asked, soon()).unwrap_err().code, "survey_too_large");
        asked.limit = Limit::QUICK;
        assert_eq!(
            survey(&asked, Instant::now()).unwrap_err().code,
            "survey_too_slow"
        );
    }
}
