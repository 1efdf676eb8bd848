//! Tables of a database of the node's PostgreSQL server.

use super::{Read, Reader, if_small};
use crate::agent::data::postgresql::ask;
use crate::agent::program::OUTPUT_LIMIT;
use crate::data::Row;
use crate::error::{Error, Result};
use serde_json::Value;

const TABLES: &str = "SELECT quote_ident(table_schema) || ' ' || quote_ident(table_name) \
     FROM information_schema.tables WHERE table_type = 'BASE TABLE' \
     AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";

pub fn read(reader: &Reader<'_>, database: &str) -> Result<Vec<Read>> {
    let mut tables = Vec::new();
    for line in ask(reader.search, database, TABLES)?.lines() {
        reader.in_time()?;
        let Some((schema, table)) = line.split_once(' ') else {
            continue;
        };
        tables.push(one(reader, database, schema, table)?);
    }
    Ok(tables)
}

fn one(reader: &Reader<'_>, database: &str, schema: &str, table: &str) -> Result<Read> {
    let from = format!("{schema}.{table}");
    let count = ask(reader.search, database, &format!("SELECT count(*) FROM {from}"))?;
    let count = count.trim().parse().map_err(|error| garbled(&from, &error))?;
    let name = name(schema, table);
    let rows = if reader.wants(&name, count) {
        rows(reader, database, &from)?
    } else {
        None
    };
    Ok(Read {
        table: name,
        count,
        rows,
    })
}

/// As in a dump: without quotes, and with the schema only where it is an unusual one.
pub fn name(schema: &str, table: &str) -> String {
    let [schema, table] = [schema, table].map(|name| name.trim_matches('"').replace("\"\"", "\""));
    if schema == "public" {
        table
    } else {
        format!("{schema}.{table}")
    }
}

fn rows(reader: &Reader<'_>, database: &str, from: &str) -> Result<Option<Vec<Row>>> {
    // Each column as its text, as in a dump; JSON keeps the columns' order.
    let query = format!("SELECT row_to_json(t) FROM {from} t LIMIT {}", reader.most);
    let answer = ask(reader.search, database, &query)?;
    if answer.len() >= OUTPUT_LIMIT {
        return Ok(None);
    }
    let row = |line: &str| {
        let columns: Vec<(String, Value)> = serde_json::from_str::<Columns>(line)
            .map_err(|error| garbled(from, &error))?
            .0;
        let told = columns
            .into_iter()
            .filter_map(|(name, value)| Some((name, text(value)?)));
        Ok(Row(told.collect()))
    };
    answer
        .lines()
        .map(row)
        .collect::<Result<Vec<Row>>>()
        .map(if_small)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn garbled(table: &str, why: &dyn std::fmt::Display) -> Error {
    Error::incomplete(
        "database_unusable",
        "the PostgreSQL server's answer makes no sense",
    )
    .at(table)
    .because(why)
}

/// The members of a JSON object in their order.
struct Columns(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Columns {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Columns;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Columns, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Columns(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
