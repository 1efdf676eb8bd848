//! Whether the running service has all of what was loaded: what its console says is counted, and so are
//! the rows and lines that it has that from.

use super::postgresql;
use super::sqlite::{open, unusable};
use crate::agent::console::{is_alarming, is_unknown};
use crate::agent::program::{OUTPUT_LIMIT, run_from};
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::error::{Error, Result};
use crate::model::{CountAsk, Counted, DataSet, DataSource, LoadCount};
use crate::plan::CountData;
use rusqlite::OpenFlags;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the service may take to list what it has.
const LIST: Duration = Duration::from_secs(20);

/// Characters of the service's answer that go into messages.
const WORDS: usize = 200;

/// What the service says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// So many.
    Has(u64),
    /// It knows no such thing.
    Nothing,
    /// Something else.
    Unclear(String),
}

/// Looks where the service has what it has from, before anything is loaded.
pub(super) fn before(search: &str, counts: &[LoadCount], sets: &[DataSet]) -> Result<Vec<Counted>> {
    let mut counted = Vec::new();
    for count in counts {
        let (has, why) = match has(search, count)? {
            Said::Nothing => continue,
            Said::Has(has) => (Some(has), String::new()),
            Said::Unclear(why) => (None, why),
        };
        counted.push(Counted {
            name: count.name.clone(),
            has,
            why,
            sources: sources(search, count, sets)?
                .into_iter()
                .map(|source| (source.place, source.count))
                .collect(),
        });
    }
    Ok(counted)
}

/// Fails when the service has more or less than what was loaded.
pub fn count(context: &Context<'_>, order: &CountData) -> Result<StepReport> {
    let CountData { count, sets, origins } = order;
    let search = context.paths.search();
    let name = &count.name;
    let has = match has(search, count)? {
        Said::Has(has) => has,
        // It listed them before: so many that its console cannot.
        Said::Nothing => return Ok(report(format!("{name}: the service does not say what it has"))),
        Said::Unclear(why) => {
            context.meter.warn(format!(
                "Warning: {name} not compared with what was loaded: the service's console cannot list them ({why}); \
                 see that it has all of them."
            ));
            return Ok(report(format!(
                "{name}: not compared, the service does not list them"
            )));
        }
    };
    let mut sources = sources(search, count, sets)?;
    sources.retain(|source| origins.contains(&source.place));
    // Of a table and a file that both held as many as the service had, the table counts: a list that is
    // left over beside it is common, the other way round it is not.
    if sources.iter().any(Source::is_filled_table) {
        sources.retain(Source::is_filled_table);
    }
    if sources.is_empty() || sources.iter().any(|source| source.count == has) {
        return Ok(report(format!("{name}: the service has all {has}")));
    }
    let loaded: Vec<String> = sources
        .iter()
        .map(|source| format!("{} in {}", source.count, source.place))
        .collect();
    let message = format!("the service has not taken up what was loaded: {name}");
    Err(Error::incomplete("count_differs", message)
        .because(format!("{} were loaded, the service has {has}", loaded.join(", ")))
        .hint("the service's log on the node names what it left out; correct it on the primary, back up, copy and load again"))
}

/// A place that the service may read from.
struct Source {
    place: String,
    count: u64,
    table: bool,
}

impl Source {
    fn is_filled_table(&self) -> bool {
        self.table && self.count > 0
    }
}

fn sources(search: &str, count: &LoadCount, sets: &[DataSet]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for set in sets.iter().filter(|set| count.when.contains(&set.name)) {
        let rows = match &set.source {
            DataSource::Files { .. } => None,
            DataSource::Sqlite { path, .. } => sqlite_rows(Path::new(path), count)?,
            DataSource::Postgresql { database, .. } => postgresql_rows(search, database, count)?,
        };
        sources.extend(rows.map(|rows| Source {
            place: format!("table {} of {}", count.table, set.name),
            count: rows,
            table: true,
        }));
    }
    if let Some(path) = &count.file
        && let Ok(text) = fs::read(path)
    {
        sources.push(Source {
            place: path.clone(),
            count: lines(&String::from_utf8_lossy(&text)),
            table: false,
        });
    }
    Ok(sources)
}

fn lines(text: &str) -> u64 {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .count() as u64
}

/// Whether a SQLite database has a table.
const KNOWN: &str = "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1";

/// Rows of the table; `None` where there is no such table.
fn sqlite_rows(file: &Path, count: &LoadCount) -> Result<Option<u64>> {
    if !file.exists() {
        return Ok(None);
    }
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let number = |sql: &str, values: &[&str]| {
        connection
            .query_row(sql, rusqlite::params_from_iter(values), |row| {
                row.get::<_, i64>(0)
            })
            .map_err(|error| unusable(error).at(file.display()))
    };
    if number(KNOWN, &[&count.table])? == 0 {
        return Ok(None);
    }
    number(&rows_query(count), &[]).map(|rows| Some(rows.unsigned_abs()))
}

fn postgresql_rows(search: &str, database: &str, count: &LoadCount) -> Result<Option<u64>> {
    if !postgresql::exists(search, database)? {
        return Ok(None);
    }
    let known = format!(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = {}",
        postgresql::literal(&count.table)
    );
    if postgresql::ask(search, database, &known)?.trim() == "0" {
        return Ok(None);
    }
    let answer = postgresql::ask(search, database, &rows_query(count))?;
    answer.trim().parse().map(Some).map_err(|error| {
        Error::unknown("garbled", "the PostgreSQL server did not answer with a number").because(error)
    })
}

/// Names were checked when the profile was read.
fn rows_query(count: &LoadCount) -> String {
    let except = count.except.iter().map(|(column, value)| {
        let value = postgresql::literal(&value.to_ascii_lowercase());
        format!("(\"{column}\" IS NULL OR lower(\"{column}\") <> {value})")
    });
    let wanted: Vec<String> = except.collect();
    let wanted = if wanted.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", wanted.join(" AND "))
    };
    format!("SELECT count(*) FROM \"{}\"{wanted}", count.table)
}

fn has(search: &str, count: &LoadCount) -> Result<Said> {
    let mut all = Said::Nothing;
    for ask in &count.asks {
        let words: Vec<&str> = ask.argv.iter().map(String::as_str).collect();
        let finished =
            run_from(search, &words, Instant::now() + LIST).map_err(|error| error.at(words.join(" ")))?;
        let answer = format!("{}{}", finished.stdout, finished.stderr);
        all = match (all, read(ask, &count.none, &answer)) {
            (Said::Unclear(why), _) | (_, Said::Unclear(why)) => Said::Unclear(why),
            (Said::Has(one), Said::Has(other)) => Said::Has(one + other),
            (Said::Nothing, said) | (said, Said::Nothing) => said,
        };
    }
    Ok(all)
}

/// What one answer says. Text of the operator's own may stand in it, so words of failure count only where
/// nothing is listed.
fn read(ask: &CountAsk, none: &[String], answer: &str) -> Said {
    if answer.len() >= OUTPUT_LIMIT {
        return Said::Unclear("its answer is too long".to_owned());
    }
    let lines = answer.lines().map(str::trim_start);
    let listed = lines.filter(|line| line.starts_with(&ask.line)).count() as u64;
    let low = answer.to_ascii_lowercase();
    if listed > 0 || none.iter().any(|text| low.contains(text)) {
        return Said::Has(listed);
    }
    if is_unknown(&low) {
        return Said::Nothing;
    }
    if is_alarming(&low) {
        return Said::Unclear(answer.trim().chars().take(WORDS).collect());
    }
    Said::Has(0)
}

fn report(detail: String) -> StepReport {
    StepReport {
        changed: false,
        detail,
        backup: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> CountAsk {
        CountAsk {
            argv: vec!["kamcmd".to_owned(), "permissions.trustedDump".to_owned()],
            line: "ip:".to_owned(),
        }
    }

    #[test]
    fn only_what_is_listed_is_counted_and_only_an_empty_answer_can_be_a_failure() {
        let none = ["no destination sets".to_owned()];
        let item =
            "{\n\ttable: 6\n\titem: {\n\t\tip: 192.0.2.20\n\t\tpattern: ^sip:x\n\t\ttag: failed\n\t}\n}\n";
        for (answer, said) in [
            (item.to_owned(), Said::Has(1)),
            (item.repeat(3), Said::Has(3)),
            ("{\n}\n".to_owned(), Said::Has(0)),
            ("error: 500 - No Destination Sets\n".to_owned(), Said::Has(0)),
            (
                "error: 500 - command permissions.trustedDump not found".to_owned(),
                Said::Nothing,
            ),
            (
                "error: 500 - Internal error creating dest".to_owned(),
                Said::Unclear("error: 500 - Internal error creating dest".to_owned()),
            ),
        ] {
            assert_eq!(read(&ask(), &none, &answer), said, "{answer}");
        }
        let long = "\tip: 192.0.2.20\n".repeat(OUTPUT_LIMIT / 10);
        assert!(matches!(read(&ask(), &none, &long), Said::Unclear(_)));
    }

    #[test]
    fn rows_that_the_service_leaves_out_on_purpose_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE trusted (src_ip, proto); INSERT INTO trusted VALUES ('a', 'any'), ('b', 'NONE'), ('c', NULL)",
            )
            .unwrap();
        let list = folder.path().join("x.list");
        fs::write(
            &list,
            "# comment\n\n1 sip:192.0.2.20\n  2 sip:192.0.2.21 # both\n",
        )
        .unwrap();
        let sets = [DataSet {
            name: "database".to_owned(),
            source: DataSource::Sqlite {
                path: path.to_string_lossy().into_owned(),
                runtime: Vec::new(),
            },
        }];
        let mut count = LoadCount {
            name: "x".to_owned(),
            asks: vec![ask()],
            none: Vec::new(),
            table: "trusted".to_owned(),
            except: vec![("proto".to_owned(), "none".to_owned())],
            file: Some(list.to_string_lossy().into_owned()),
            when: vec!["database".to_owned()],
        };
        let counts = |count: &LoadCount| {
            let sources = sources("", count, &sets).unwrap();
            sources.iter().map(|source| source.count).collect::<Vec<_>>()
        };
        assert_eq!(counts(&count), [2, 2]);
        count.except.clear();
        assert_eq!(counts(&count), [3, 2]);
        count.table = "other".to_owned();
        assert_eq!(counts(&count), [2], "without its table the database is no source");
    }
}
