//! From answers to a plan: which facts are needed, and which planner is asked.

use super::Controller;
use super::facts::{all, gather};
use crate::agent::protocol::{Request, Response};
use crate::config::{Profile, render_pair};
use crate::engine::Session;
use crate::error::{Error, Kind, Result};
use crate::facts::{Facts, FactsQuery};
use crate::intent::{self, Answers, Operation};
use crate::model::{BySide, ExtraFile, OpId, Pair, Side};
use crate::plan::{self, Basis, Plan, StepId};
use crate::remote::HostKey;
use base64::Engine as _;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Reading one step back from a node.
const VERIFY: Duration = Duration::from_secs(20);

/// Asking the network for the holders of the VIPs: three tries by the agent.
const PROBE: Duration = Duration::from_secs(10);

/// An extra file travels as one line of a plan: larger ones are for a package manager.
const LARGEST_EXTRA: usize = 16 << 20;

/// A plan with all that is needed to make it again.
#[derive(Debug, Clone)]
pub struct Review {
    /// The operation.
    pub operation: Operation,
    /// Completed answers.
    pub answers: Answers,
    /// The pair as it will be.
    pub pair: Arc<Pair>,
    /// What will be done.
    pub plan: Plan,
}

impl Controller {
    /// Completes the answers, asks the nodes, and plans. Changes nothing.
    pub fn plan(&self, operation: Operation, answers: &Answers) -> Result<Review> {
        let answers = self.form(operation, None)?.complete(answers)?;
        let (pair, sides) = self.scope(operation, &answers)?;
        let (mut session, faults) = self.connect(&pair, operation.verb(), &sides);
        if let Some(fault) = [faults.primary, faults.secondary].into_iter().flatten().next() {
            return Err(fault);
        }
        self.plan_in(&mut session, operation, &answers)
    }

    /// The pair to connect to and the sides that take part.
    pub(super) fn scope(&self, operation: Operation, answers: &Answers) -> Result<(Arc<Pair>, Vec<Side>)> {
        if operation == Operation::Configure {
            let present = self.pair();
            let intent = intent::configure::resolve(answers, present.as_deref())?;
            return Ok((Arc::new(intent.pair), Side::BOTH.to_vec()));
        }
        let sides = match operation {
            Operation::Takeover => {
                let intent = intent::takeover::resolve(answers)?;
                if intent.peer_lost {
                    vec![intent.to]
                } else {
                    Side::BOTH.to_vec()
                }
            }
            _ => Side::BOTH.to_vec(),
        };
        Ok((self.need_pair()?, sides))
    }

    /// Plans over an open session.
    pub(super) fn plan_in(
        &self,
        session: &mut Session,
        operation: Operation,
        answers: &Answers,
    ) -> Result<Review> {
        let (pair, sides) = self.scope(operation, answers)?;
        let profile = self.profile(&pair)?;
        if let Operation::Undo(op) = operation {
            return self.plan_undo(session, op, answers);
        }
        let present = self.pair();
        let facts = all(gather(session, &sides, |side| {
            query(
                operation,
                &pair,
                present.as_deref(),
                &profile,
                side,
                self.options.dry_run,
            )
        }))?;
        let both = facts.as_ref().map(|_, facts| facts.as_ref());
        let basis = Basis {
            pair: &pair,
            profile: &profile,
            facts: both,
        };
        let (pair, plan) = match operation {
            Operation::Takeover => {
                let intent = intent::takeover::resolve(answers)?;
                let plan = plan::takeover::plan(&plan::takeover::TakeoverInput { basis, intent })?;
                (Arc::clone(&pair), plan)
            }
            Operation::Traffic => {
                let plan = plan::traffic::plan(&basis, intent::traffic::resolve(answers)?)?;
                (Arc::clone(&pair), plan)
            }
            Operation::Restart => {
                let sides = intent::restart::resolve(answers).sides;
                (Arc::clone(&pair), plan::restart::plan(&pair, both, &sides)?)
            }
            Operation::Configure | Operation::Settings => {
                self.plan_configure(session, operation, answers, &pair, &basis)?
            }
            Operation::Reverse | Operation::Remove | Operation::Undo(_) => {
                return Err(Error::bug("an undo is planned from the journals"));
            }
        };
        Ok(Review {
            operation,
            answers: answers.clone(),
            pair,
            plan,
        })
    }

    fn plan_configure(
        &self,
        session: &mut Session,
        operation: Operation,
        answers: &Answers,
        pair: &Pair,
        basis: &Basis<'_>,
    ) -> Result<(Arc<Pair>, Plan)> {
        let present = self.pair();
        let (wanted, restart) = match operation {
            Operation::Settings => {
                let intent = intent::settings::resolve(answers, pair)?;
                (intent.pair, intent.restart)
            }
            _ => {
                let intent = intent::configure::resolve(answers, present.as_deref())?;
                (intent.pair, intent.restart)
            }
        };
        let wanted = self.with_pins(wanted, pair, basis);
        let profile = self.profile(&wanted)?;
        let pair_file = self.pair_file_text(&wanted)?;
        let extra = extra_files(&wanted)?;
        let holders = who_has(session, &wanted)?;
        let facts = BySide {
            primary: basis.need(Side::Primary)?,
            secondary: basis.need(Side::Secondary)?,
        };
        let plan = plan::configure::plan(&plan::configure::ConfigureInput {
            operation,
            pair: &wanted,
            previous: present.as_deref(),
            profile: &profile,
            facts,
            pair_file: &pair_file,
            extra: &extra,
            restart,
            holders: &holders,
            dry_run: self.options.dry_run,
        })?;
        Ok((Arc::new(wanted), plan))
    }

    /// The host keys that the nodes have proved to hold are pinned from now on (S6). A node that this
    /// controller reached without SSH tells its own key itself.
    fn with_pins(&self, mut wanted: Pair, dialled: &Pair, basis: &Basis<'_>) -> Pair {
        let dialer = self.dialer(dialled);
        for side in Side::BOTH {
            let proved = dialer.host_key(side).map(|key| key.to_string());
            let own = || basis.facts[side].and_then(own_host_key);
            let ssh = &mut wanted.nodes[side].ssh;
            ssh.host_key = ssh.host_key.take().or(proved).or_else(own);
        }
        wanted
    }

    /// The pair file with its comments kept.
    fn pair_file_text(&self, pair: &Pair) -> Result<String> {
        let present = std::fs::read_to_string(&self.options.pair_file).ok();
        render_pair(present.as_deref(), pair)
    }

    /// Undo of what moved traffic is the same operation the other way, planned afresh with all its
    /// checks; undo of anything else takes back step by step.
    fn plan_undo(&self, session: &mut Session, op: OpId, answers: &Answers) -> Result<Review> {
        let (side, undone) = self.committed(session, op)?;
        let mut again = Answers::default();
        let inverse = match undone.operation.as_str() {
            "takeover" => {
                let to: Side = asked(&undone, "to").parse().map_err(|_| damaged(op, side))?;
                again.set("to", to.other().as_str());
                Some(Operation::Takeover)
            }
            "traffic" => {
                again.set(
                    "action",
                    if asked(&undone, "action") == "block" {
                        "allow"
                    } else {
                        "block"
                    },
                );
                again.set("side", asked(&undone, "side"));
                again.set("override", "yes");
                Some(Operation::Traffic)
            }
            "reverse" => Some(Operation::Reverse),
            _ => None,
        };
        if let Some(inverse) = inverse {
            let mut review = self.plan_in(session, inverse, &again)?;
            review.plan.title = format!("undo operation {op}: {}", review.plan.title);
            review.operation = Operation::Undo(op);
            review.answers = answers.clone();
            return Ok(review);
        }
        let conflicts = conflicts(session, op, &undone)?;
        let plan = plan::undo::plan(op, &undone, &conflicts)?;
        Ok(Review {
            operation: Operation::Undo(op),
            answers: answers.clone(),
            pair: self.need_pair()?,
            plan,
        })
    }

    /// The plan of a committed operation.
    fn committed(&self, session: &mut Session, op: OpId) -> Result<(Side, Plan)> {
        use crate::agent::protocol::End;
        let answers = session.each(&Side::BOTH, |node| {
            node.ask(
                Request::History {
                    op: Some(op),
                    limit: 1,
                },
                VERIFY,
            )
        });
        for (side, answer) in [
            (Side::Primary, answers.primary),
            (Side::Secondary, answers.secondary),
        ] {
            let Some(Response::History { operations }) = answer.transpose()? else {
                continue;
            };
            let Some(operation) = operations.into_iter().next() else {
                continue;
            };
            return match operation.end {
                Some(End::Committed) => Ok((side, operation.plan)),
                Some(_) => Err(Error::refused(
                    "not_done",
                    format!("operation {op} was not carried out to its end"),
                )
                .hint("there is nothing to undo")),
                None => Err(Error::new(
                    Kind::Incomplete,
                    "unfinished",
                    format!("operation {op} is unfinished"),
                )
                .hint(format!(
                    "pairadm resume {op} goes on; pairadm undo {op} takes it back"
                ))),
            };
        }
        Err(
            Error::refused("no_such_operation", format!("no node knows operation {op}"))
                .hint("pairadm history lists the operations"),
        )
    }
}

fn query(
    operation: Operation,
    pair: &Pair,
    present: Option<&Pair>,
    profile: &Profile,
    side: Side,
    dry_run: bool,
) -> FactsQuery {
    let ensure_node_key = !dry_run && matches!(operation, Operation::Configure | Operation::Settings);
    FactsQuery {
        ensure_node_key,
        ..plan::configure::query(pair, present, profile, side)
    }
}

/// The node's own ed25519 host key as the pair file pins it.
fn own_host_key(facts: &Facts) -> Option<String> {
    let image = facts.file("/etc/ssh/ssh_host_ed25519_key.pub")?;
    let line = String::from_utf8(image.content.as_ref()?.to_bytes().ok()?).ok()?;
    let blob = line.split_whitespace().nth(1)?;
    let blob = base64::engine::general_purpose::STANDARD.decode(blob).ok()?;
    HostKey::from_blob(&blob).map(|key| key.to_string())
}

/// Who answers for the VIPs, as seen from both nodes.
fn who_has(session: &mut Session, pair: &Pair) -> Result<Vec<(IpAddr, Vec<String>)>> {
    if pair.vips.is_empty() {
        return Ok(Vec::new());
    }
    let answers = session.each(&Side::BOTH, |node| {
        node.ask(
            Request::WhoHas {
                vips: plan::wanted::places(pair, node.side),
            },
            PROBE,
        )
    });
    let mut holders: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
    for answer in [answers.primary, answers.secondary].into_iter().flatten() {
        if let Response::Holders { seen } = answer? {
            for (vip, macs) in seen {
                holders.entry(vip).or_default().extend(macs);
            }
        }
    }
    Ok(holders
        .into_iter()
        .map(|(vip, macs)| (vip, macs.into_iter().collect()))
        .collect())
}

/// The controller's files that are installed on both nodes, with their content.
fn extra_files(pair: &Pair) -> Result<Vec<(ExtraFile, Vec<u8>)>> {
    let read = |file: &ExtraFile| {
        let fault = |why: String| {
            Error::refused(
                "bad_answer",
                format!("`{}` cannot be installed: {why}", file.source),
            )
            .at("files")
            .hint("name a readable file of this machine")
        };
        let bytes = std::fs::read(&file.source).map_err(|error| fault(error.to_string()))?;
        if bytes.len() > LARGEST_EXTRA {
            return Err(fault(format!(
                "{} bytes; accepted: {LARGEST_EXTRA} at most",
                bytes.len()
            )));
        }
        Ok((file.clone(), bytes))
    };
    pair.files.iter().map(read).collect()
}

fn asked<'p>(plan: &'p Plan, key: &str) -> &'p str {
    plan.asked
        .iter()
        .find(|(known, _)| known == key)
        .map_or("", |(_, value)| value.as_str())
}

fn damaged(op: OpId, side: Side) -> Error {
    Error::unknown(
        "journal_damaged",
        format!("the journal of operation {op} on the {side} does not say what was asked"),
    )
}

/// Steps whose result is no longer there, as each node reads it back.
fn conflicts(session: &mut Session, op: OpId, undone: &Plan) -> Result<Vec<(Side, StepId, Error)>> {
    let mut found = Vec::new();
    for step in undone.steps().filter(|step| plan::undo::has_effect(&step.action)) {
        match session.ask(step.side, Request::Verify { op, step: step.id }, VERIFY) {
            Ok(_) => {}
            Err(error) if error.code == "changed_since" => found.push((step.side, step.id, error)),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
