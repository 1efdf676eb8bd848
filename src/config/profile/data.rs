//! The part of a profile that describes the server's data: where it lives, where its backup is, how it
//! is loaded, which files the nodes have in common.

use super::program::{argument, program};
use crate::config::reader::Section;
use crate::model::syntax::{absolute_path, plain_name, shown};
use crate::model::{
    AdminSync, BackupSource, CountAsk, DataSet, DataSource, Expect, Load, LoadCount, MatchRule, Patience,
    Reload,
};
use std::path::Path;

/// How long a service is waited for that takes nothing up just now, seconds: Kamailio's modules refuse for
/// 5 s, and the reload may have been somebody else's.
const PATIENCE_S: u32 = 12;

/// The same at most: less than a step may take.
const MOST_PATIENCE_S: u32 = 45;

/// `[[data]]`, in the order in which the sets are loaded.
pub fn data_sets(root: &mut Section<'_>) -> Option<Vec<DataSet>> {
    let sets: Option<Vec<DataSet>> = root.sections("data").into_iter().map(data_set).collect();
    sets.map(|mut sets| {
        let databases = databases(&sets);
        for set in &mut sets {
            if let DataSource::Files { paths, own } = &mut set.source {
                leave_databases_to_their_sets(&databases, paths, own);
            }
        }
        sets
    })
}

fn data_set(mut table: Section<'_>) -> Option<DataSet> {
    let name = table.need_text("name", "a name, such as configuration", plain_name);
    let kind = table.need_text("kind", "files, sqlite or postgresql", kind)?;
    let source = match kind {
        Kind::Files => {
            let (paths, own) = paths(&mut table);
            Some(DataSource::Files { paths, own })
        }
        Kind::Sqlite => {
            let path = table.need_text("path", "the absolute path of its file", absolute_path);
            let runtime = table.list("runtime", table_name);
            path.map(|path| DataSource::Sqlite { path, runtime })
        }
        Kind::Postgresql => {
            let database = table.need_text("database", "its name", plain_name);
            let runtime = table.list("runtime", table_name);
            database.map(|database| DataSource::Postgresql { database, runtime })
        }
    };
    table.close();
    Some(DataSet {
        name: name?,
        source: source?,
    })
}

/// Paths of the SQLite databases that are sets.
fn databases(sets: &[DataSet]) -> Vec<String> {
    let path = |set: &DataSet| match &set.source {
        DataSource::Sqlite { path, .. } => Some(path.clone()),
        _ => None,
    };
    sets.iter().filter_map(path).collect()
}

/// A database file below a directory of files is copied by its own set, consistently and translated by
/// column; as a file it would be copied in the middle of a write. So the files leave it out, with the
/// journals that SQLite keeps beside it.
fn leave_databases_to_their_sets(databases: &[String], paths: &[String], own: &mut Vec<String>) {
    const SUFFIXES: [&str; 4] = ["", "-journal", "-wal", "-shm"];
    let within = databases.iter().filter(|database| is_within(database, paths));
    own.extend(within.flat_map(|database| SUFFIXES.map(|suffix| format!("{database}{suffix}"))));
}

/// `[backup]`; pairadm's own when there is none.
pub fn backup(root: &mut Section<'_>) -> BackupSource {
    let Some(mut table) = root.section("backup") else {
        return BackupSource::Own;
    };
    let directory = table.text("directory", absolute_path);
    let list = table.list("list", argument);
    table.refuse_empty("list", "no program is named; accepted: program and arguments");
    if directory.is_some() {
        table.refuse("list", "stands beside `directory`; accepted: one of the two");
    }
    table.close();
    match directory {
        Some(directory) => BackupSource::Directory(directory),
        None if list.is_empty() => BackupSource::Own,
        None => BackupSource::Command(list),
    }
}

/// `[load]`.
pub fn load(root: &mut Section<'_>) -> Load {
    let Some(mut table) = root.section("load") else {
        return Load::default();
    };
    let load = Load {
        check: table.list("check", argument),
        restart_when: table.list("restart_when", absolute_path),
        patience: patience(&mut table),
        reloads: table.sections("reload").into_iter().map(reload).collect(),
        counts: table.sections("count").into_iter().filter_map(count).collect(),
    };
    table.close();
    load
}

/// `busy` and `busy_s`.
fn patience(table: &mut Section<'_>) -> Patience {
    let busy = table.list("busy", argument);
    let seconds = table.number("busy_s", |seconds| match u32::try_from(seconds) {
        Ok(seconds @ 1..=MOST_PATIENCE_S) => Ok(seconds),
        _ => Err(format!(
            "`{seconds}` is not a time; accepted: 1 to {MOST_PATIENCE_S} seconds"
        )),
    });
    Patience {
        busy: busy.iter().map(|text| text.to_ascii_lowercase()).collect(),
        seconds: seconds.unwrap_or(PATIENCE_S),
    }
}

fn count(mut table: Section<'_>) -> Option<LoadCount> {
    let name = table.need_text("name", "what is counted, such as destinations", argument);
    table.need("ask", "questions to the service, each a [[load.count.ask]]");
    let asks: Option<Vec<CountAsk>> = table.sections("ask").into_iter().map(ask).collect();
    let none = table.list("none", argument);
    let rows = table.need_text("table", "the table with the rows", table_name);
    let except = table.list("except", excepted);
    let file = table.text("file", absolute_path);
    table.need("when", "names of data sets, such as [\"database\"]");
    let when = table.list("when", plain_name);
    table.refuse_empty("when", "no data set is named; accepted: at least one");
    table.close();
    Some(LoadCount {
        name: name?,
        asks: asks?,
        none: none.iter().map(|text| text.to_ascii_lowercase()).collect(),
        table: rows?,
        except,
        file,
        when,
    })
}

fn ask(mut table: Section<'_>) -> Option<CountAsk> {
    let argv = program(&mut table);
    let line = table.need_text("line", "what a line that counts begins with", argument);
    table.close();
    Some(CountAsk { argv, line: line? })
}

/// `column=value`.
fn excepted(text: &str) -> Result<(String, String), String> {
    let (column, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{}` leaves nothing out; accepted: COLUMN=VALUE", shown(text)))?;
    Ok((table_name(column)?, value.to_owned()))
}

fn reload(mut table: Section<'_>) -> Reload {
    let argv = program(&mut table);
    table.need("when", "names of data sets, such as [\"database\"]");
    let when = table.list("when", plain_name);
    table.refuse_empty("when", "no data set is named; accepted: at least one");
    let optional = table.flag("optional").unwrap_or(false);
    table.close();
    Reload { argv, when, optional }
}

/// `[admin_sync]`; it leaves the databases of `sets` out, too.
pub fn admin_sync(root: &mut Section<'_>, sets: &[DataSet]) -> AdminSync {
    let Some(mut table) = root.section("admin_sync") else {
        return AdminSync::default();
    };
    let (paths, mut own) = paths(&mut table);
    table.close();
    leave_databases_to_their_sets(&databases(sets), &paths, &mut own);
    AdminSync { paths, own }
}

/// `[[match]]`.
pub fn matches(root: &mut Section<'_>) -> Option<Vec<MatchRule>> {
    root.sections("match").into_iter().map(match_rule).collect()
}

fn match_rule(mut table: Section<'_>) -> Option<MatchRule> {
    let path = table.need_text("path", "the absolute path of a file or directory", absolute_path);
    let rule = table.need_text("rule", "same, differ, translated or ignored", expect);
    table.close();
    Some(MatchRule {
        path: path?,
        rule: rule?,
    })
}

/// `paths`, at least one, and `own`.
fn paths(table: &mut Section<'_>) -> (Vec<String>, Vec<String>) {
    table.need("paths", "absolute paths of files and directories");
    let paths = table.list("paths", absolute_path);
    table.refuse_empty("paths", "no path is named; accepted: at least one");
    (paths, table.list("own", absolute_path))
}

/// True when `path` is one of `tops` or below one.
pub fn is_within(path: &str, tops: &[String]) -> bool {
    tops.iter().any(|top| Path::new(path).starts_with(top))
}

#[derive(Clone, Copy)]
enum Kind {
    Files,
    Sqlite,
    Postgresql,
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "files" => Ok(Kind::Files),
        "sqlite" => Ok(Kind::Sqlite),
        "postgresql" => Ok(Kind::Postgresql),
        other => Err(format!(
            "`{}` is not a kind of data; accepted: files, sqlite, postgresql",
            shown(other)
        )),
    }
}

fn expect(text: &str) -> Result<Expect, String> {
    match text {
        "same" => Ok(Expect::Same),
        "differ" => Ok(Expect::Differ),
        "translated" => Ok(Expect::Translated),
        "ignored" => Ok(Expect::Ignored),
        other => Err(format!(
            "`{}` is not a rule; accepted: same, differ, translated, ignored",
            shown(other)
        )),
    }
}

/// A table's name, without schema and without quoting.
fn table_name(text: &str) -> Result<String, String> {
    let first = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // PostgreSQL keeps 63 bytes of a name.
    if first && clean && text.len() <= 63 {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not a table's name; accepted: a letter or `_`, then letters, digits and `_`, 63 at most",
        shown(text)
    ))
}
