//! Rules about a profile's data as a whole: what single values cannot show.

use super::Profile;
use super::data::is_within;
use crate::config::reader::Source;
use crate::model::DataSource;
use std::path::Path;

/// Records every broken rule as a fault of the file.
pub fn check(profile: &Profile, source: &Source<'_>) {
    names(profile, source);
    paths(profile, source);
    load(profile, source);
    matches(profile, source);
}

/// A set's name is its folder, so it is given once.
fn names(profile: &Profile, source: &Source<'_>) {
    for (index, set) in profile.data.iter().enumerate() {
        if profile.data[..index].iter().any(|other| other.name == set.name) {
            let text = format!("`{}` names a data set already; accepted: another name", set.name);
            source.fault(&format!("data.{}.name", index + 1), &text);
        }
    }
}

/// No file belongs to two sets, and what is left out would have been in.
fn paths(profile: &Profile, source: &Source<'_>) {
    let mut seen: Vec<&String> = Vec::new();
    for (number, set) in (1..).zip(&profile.data) {
        if let DataSource::Files { paths, own } = &set.source {
            let key = format!("data.{number}");
            distinct(paths, &mut seen, &key, source);
            within(own, paths, &key, source);
        }
    }
    let sync = &profile.admin_sync;
    distinct(&sync.paths, &mut Vec::new(), "admin_sync", source);
    within(&sync.own, &sync.paths, "admin_sync", source);
}

fn distinct<'p>(paths: &'p [String], seen: &mut Vec<&'p String>, key: &str, source: &Source<'_>) {
    for path in paths {
        let overlap = seen
            .iter()
            .find(|other| Path::new(path).starts_with(other) || Path::new(other).starts_with(path));
        if let Some(other) = overlap {
            let text = format!("`{path}` and `{other}` overlap; accepted: each file once");
            source.fault(&format!("{key}.paths"), &text);
        }
        seen.push(path);
    }
}

fn within(own: &[String], paths: &[String], key: &str, source: &Source<'_>) {
    for path in own.iter().filter(|path| !is_within(path, paths)) {
        let text = format!("`{path}` is below none of `paths`; accepted: paths below one of them");
        source.fault(&format!("{key}.own"), &text);
    }
}

/// The check, the reloads and the counts speak of data sets that exist.
fn load(profile: &Profile, source: &Source<'_>) {
    let known: Vec<&str> = profile.data.iter().map(|set| set.name.as_str()).collect();
    let accepted = if known.is_empty() {
        "nothing, as the profile has no [[data]]".to_owned()
    } else {
        known.join(", ")
    };
    for name in profile.load.staged_sets() {
        if !known.contains(&name) {
            let text = format!("`{{{name}}}` is no data set; accepted in braces: {accepted}");
            source.fault("load.check", &text);
        }
    }
    let reloads = (1..).zip(&profile.load.reloads);
    let reloads = reloads.map(|(number, reload)| (format!("load.reload.{number}.when"), &reload.when));
    let counts = (1..).zip(&profile.load.counts);
    let counts = counts.map(|(number, count)| (format!("load.count.{number}.when"), &count.when));
    for (key, when) in reloads.chain(counts) {
        for name in when.iter().filter(|name| !known.contains(&name.as_str())) {
            source.fault(&key, &format!("`{name}` is no data set; accepted: {accepted}"));
        }
    }
}

/// One path has one rule.
fn matches(profile: &Profile, source: &Source<'_>) {
    for (index, rule) in profile.matches.iter().enumerate() {
        if profile.matches[..index]
            .iter()
            .any(|other| other.path == rule.path)
        {
            let text = format!("`{}` has a rule already; accepted: one rule a path", rule.path);
            source.fault(&format!("match.{}.path", index + 1), &text);
        }
    }
}
