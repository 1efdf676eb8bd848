//! Operations of the past where no pair is configured: blocks and allowances on single servers, and what
//! pairs that were removed had done. Every server and every pair counts its operations by itself, so that a
//! number can stand for several; then the server has to be named.

use super::backend::Past;
use super::history::{Told, past, told_by};
use super::remembered::remembered;
use super::{Cancel, Controller, history};
use crate::agent::protocol::Operation as Remembered;
use crate::engine::Record;
use crate::error::{Error, Result};
use crate::intent::Answers;
use crate::model::{BySide, OpId, Pair, Side, paths};
use crate::plan::alone::SERVER;
use crate::report::{Journals, Report};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

impl Controller {
    /// Operations, newest first: of `server`, or of this machine and of everything that was administered
    /// from it.
    pub fn history_alone(&self, server: Option<&str>, cancel: &Cancel) -> Result<Vec<Past>> {
        let pair = self.server(server)?;
        let named = match server {
            Some(_) => vec![pair.name.clone()],
            None => Journals::names(&self.options().state_dir),
        };
        let mut known: BTreeMap<(String, OpId), Past> = BTreeMap::new();
        for name in named {
            let journals = Journals::of(&self.options().state_dir, &name);
            for told in told_by(&journals) {
                known.insert((name.clone(), told.op), told);
            }
        }
        match self.ask_server(&pair, None, cancel) {
            Ok(operations) => {
                let told = operations.iter().map(past);
                known.extend(told.map(|past| ((pair.name.clone(), past.op), past)));
            }
            // What this controller did is known without the server (L3).
            Err(error) if error.code == "cancelled" || server.is_some() && known.is_empty() => {
                return Err(error);
            }
            Err(_) => {}
        }
        let mut all: Vec<Past> = known.into_values().collect();
        all.sort_by_key(|past| std::cmp::Reverse((moment(&past.when), past.op)));
        Ok(all)
    }

    /// The report of one operation of `server`; without one, of the only server or pair whose operation of
    /// this number was run from here, or of this machine.
    pub fn report_alone(&self, op: OpId, server: Option<&str>, cancel: &Cancel) -> Result<Report> {
        let pair = self.server(server)?;
        let state = &self.options().state_dir;
        let named = match server {
            Some(_) => vec![pair.name.clone()],
            None => Journals::names(state),
        };
        let journals = named.iter().map(|name| Journals::of(state, name));
        let mut stored = journals.filter_map(|journals| journals.read(op).ok());
        let one = stored.next();
        if let (Some(one), Some(other)) = (&one, stored.next()) {
            let message = format!(
                "operation {op} is one of {} and one of {}",
                one.record.pair, other.record.pair
            );
            return Err(Error::refused("several_operations", message).hint("say which with --node NAME"));
        }
        if let Some(one) = one {
            return Ok(Report::new(&one.record, &one.events));
        }
        let operations = self.ask_server(&pair, Some(op), cancel)?;
        let told: Vec<Told> = operations
            .into_iter()
            .map(|operation| (SERVER, operation))
            .collect();
        let Some((_, first)) = told.first() else {
            return Err(self.journals(&pair).read(op).err().unwrap_or_else(|| {
                Error::refused("no_such_operation", format!("operation {op} is in no journal"))
            }));
        };
        let record = Record {
            op,
            pair: pair.name.clone(),
            // The names of a pair that is no more are in no file of this machine.
            nodes: first.plan.hosts(|| BySide::new(|side: Side| side.to_string())),
            tag: first.tag.clone(),
            owner: first.owner.clone(),
            plan: first.plan.clone(),
        };
        Ok(Report::new(&record, &history::events_of(&told)))
    }

    /// `server` as the pair with itself that it is administered as; this machine without one.
    fn server(&self, server: Option<&str>) -> Result<Arc<Pair>> {
        if let Some(pair) = self.pair() {
            let message = format!("the pair {} has one history, of both its nodes", pair.name);
            return Err(Error::refused("in_a_pair", message)
                .at("--node")
                .hint("leave it out"));
        }
        let mut answers = Answers::default();
        if let Some(server) = server {
            answers.set("server", server);
        }
        self.only_looked_at(&answers)
    }

    /// What the journal of the server's own says.
    fn ask_server(&self, pair: &Pair, op: Option<OpId>, cancel: &Cancel) -> Result<Vec<Remembered>> {
        // Nothing is started on a machine that only administers others.
        if pair.nodes[SERVER].ssh.host.is_none() && !Path::new(paths::OPS_DIR).exists() {
            return Ok(Vec::new());
        }
        let (mut session, faults) = self.connect(pair, "history", &[SERVER], cancel)?;
        if let Some(fault) = faults.primary {
            return Err(fault);
        }
        let answers = remembered(&mut session, op, op.map_or(history::LIMIT, |_| 1))?;
        answers.primary.unwrap_or_else(|| Ok(Vec::new()))
    }
}

/// When it was, whatever the time zone; what cannot be read was long ago.
fn moment(when: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(when).map_or(i64::MIN, |when| when.timestamp_micros())
}
