//! Where profiles come from: shipped with pairadm, added or overridden by files of the administrator.

use super::profile::{Profile, parse_profile};
use crate::error::{Error, Result};
use crate::model::paths;
use crate::model::syntax::{plain_name, shown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files here come before the shipped profiles of the same name.
pub const PROFILES_DIRECTORY: &str = paths::PROFILES_DIR;

/// Name and text of each shipped profile.
const SHIPPED: [(&str, &str); 5] = [
    ("kamailio", include_str!("../../templates/profiles/kamailio.toml")),
    ("opensips", include_str!("../../templates/profiles/opensips.toml")),
    ("asterisk", include_str!("../../templates/profiles/asterisk.toml")),
    (
        "freeswitch",
        include_str!("../../templates/profiles/freeswitch.toml"),
    ),
    ("generic", include_str!("../../templates/profiles/generic.toml")),
];

/// The profile called `name`; a file in `directory` comes before the shipped one.
pub fn profile(name: &str, directory: &Path) -> Result<Profile> {
    let (name, path) = place(name, directory)?;
    if let Some(text) = text_at(&path)? {
        return parse_profile(&name, &text, &path.display().to_string());
    }
    match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((_, text)) => parse_profile(&name, text, &format!("shipped profile {name}")),
        None => Err(Error::refused(
            "unknown_profile",
            format!(
                "`{}` is not a profile; accepted: {}",
                shown(&name),
                profile_names(directory).join(", ")
            ),
        )
        .at("profile")
        .hint(format!("add {} to make it one", path.display()))),
    }
}

/// The administrator's own text of the profile called `name`; `None` where the shipped one is used.
pub fn own_profile(name: &str, directory: &Path) -> Result<Option<String>> {
    text_at(&place(name, directory)?.1)
}

fn place(name: &str, directory: &Path) -> Result<(String, PathBuf)> {
    let name = plain_name(name).map_err(|why| Error::refused("unknown_profile", why).at("profile"))?;
    let path = directory.join(format!("{name}.toml"));
    Ok((name, path))
}

fn text_at(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::refused("unreadable_profile", "the profile cannot be read")
            .at(path.display())
            .because(error)),
    }
}

/// Every profile's name: the shipped ones first, then those that `directory` adds.
pub fn profile_names(directory: &Path) -> Vec<String> {
    let shipped = SHIPPED.iter().map(|(name, _)| (*name).to_owned());
    let added: BTreeSet<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
        .filter(|name| plain_name(name).is_ok() && SHIPPED.iter().all(|(shipped, _)| shipped != name))
        .collect();
    shipped.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_is_sound() {
        let nowhere = Path::new("/nonexistent");
        for name in profile_names(nowhere) {
            let profile = profile(&name, nowhere).unwrap();
            assert_eq!(profile.name, name);
            assert!(!profile.ports.is_empty());
        }
    }

    #[test]
    fn a_file_of_the_administrator_comes_before_the_shipped_one_and_is_read_strictly() {
        let directory = tempfile::tempdir().unwrap();
        let own = "title = \"Ours\"\nservices = [\"ours.service\"]\nports = [\"udp/5070\"]\n";
        std::fs::write(directory.path().join("kamailio.toml"), own).unwrap();
        std::fs::write(directory.path().join("mine.toml"), format!("{own}port = 1\n")).unwrap();
        assert_eq!(profile("kamailio", directory.path()).unwrap().title, "Ours");
        assert_eq!(profile_names(directory.path()).last().unwrap(), "mine");
        assert_eq!(own_profile("kamailio", directory.path()).unwrap().unwrap(), own);
        assert_eq!(own_profile("asterisk", directory.path()).unwrap(), None);
        let error = profile("mine", directory.path()).unwrap_err();
        assert!(
            error.message.contains("line 4") && error.message.contains("`port`"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_profile_is_refused_with_the_known_ones() {
        let error = profile("asterix", Path::new("/nonexistent")).unwrap_err();
        assert!(error.message.contains("asterisk, freeswitch, generic"), "{error}");
        assert!(profile("../../etc/passwd", Path::new("/")).is_err());
    }
}
