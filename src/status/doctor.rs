//! `doctor`: a thorough look before something is done, changing nothing. What is well is said too, so that
//! an operator sees what was looked at.

use super::{Severity, Status};
use crate::error::{Error, Result};
use crate::model::Side;
use crate::plan::Plan;
use serde::Serialize;
use std::fmt;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Needs attention.
    Warn,
    /// Calls are at risk, or the pair cannot be configured.
    Fail,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    pub verdict: Verdict,
    /// One line.
    pub text: String,
    /// What to do.
    pub advice: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        write!(f, "{word:<5} {}", self.text)?;
        match &self.advice {
            Some(advice) => write!(f, "\n      -> {advice}"),
            None => Ok(()),
        }
    }
}

/// Judges the pair by its status and by what configuring it again would do.
pub fn examine(status: &Status, configure: &Result<Plan>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Side::BOTH.iter().flat_map(|&side| node(status, side)).collect();
    findings.extend(status.active.map(|side| {
        let name = &status.nodes[side].hostname;
        ok(format!(
            "{name} alone serves calls: it holds every VIP, and traffic is allowed on it only"
        ))
    }));
    findings.extend(status.warnings.iter().map(|warning| Finding {
        verdict: match warning.severity {
            Severity::Info => Verdict::Ok,
            Severity::Warning => Verdict::Warn,
            Severity::Critical => Verdict::Fail,
        },
        text: warning.text.clone(),
        advice: warning.hint.clone(),
    }));
    match configure {
        Ok(plan) => findings.extend(configuration(plan)),
        Err(error) => findings.push(refusal(error)),
    }
    findings
}

/// The findings as text, worst last: that is where an eye lands on a terminal.
pub fn text(findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.verdict as u8);
    let count = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    let mut lines: Vec<String> = sorted.iter().map(ToString::to_string).collect();
    lines.push(format!(
        "{} looked at: {} well, {} to attend to, {} failed",
        findings.len(),
        count(Verdict::Ok),
        count(Verdict::Warn),
        count(Verdict::Fail)
    ));
    lines.join("\n") + "\n"
}

/// What is well on one node.
fn node(status: &Status, side: Side) -> Vec<Finding> {
    let node = &status.nodes[side];
    let name = &node.hostname;
    if node.unreachable.is_some() {
        return Vec::new();
    }
    let mut findings = vec![ok(format!("{name} answers as {side}"))];
    for (service, _) in node.services.iter().filter(|(_, state)| state == "active") {
        findings.push(ok(format!("{service} runs on {name}")));
    }
    findings.extend(node.sip_us.map(|time| {
        ok(format!(
            "SIP is answered on {name} within {} ms",
            time.div_ceil(1000)
        ))
    }));
    findings.extend(node.peer_us.map(|time| {
        ok(format!(
            "{name} reaches its peer within {} ms: {}",
            time.div_ceil(1000),
            link_timing(time)
        ))
    }));
    findings
}

/// The time-outs that fit a link on which an answer takes `latency_us` microseconds: to miss the peer for
/// less than two answers would be haste, and to reconnect has to wait for two time-outs and one answer.
fn link_timing(latency_us: u64) -> String {
    let timeout_us = 2 * latency_us;
    let reconnect_us = 2 * timeout_us + latency_us;
    format!(
        "whoever watches it should wait {} ms at least, and {} ms before connecting again",
        timeout_us.div_ceil(1000),
        reconnect_us.div_ceil(1000)
    )
}

/// Nothing to configure is well; the rest has drifted.
fn configuration(plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    if plan.is_empty() {
        findings.push(ok(
            "every check of `configure` passes, and nothing has drifted from it".to_owned(),
        ));
    } else {
        findings.push(ok("every check of `configure` passes".to_owned()));
    }
    findings.extend(plan.steps().map(|step| Finding {
        verdict: Verdict::Warn,
        text: format!("not as configured on the {}: {}", step.side, step.title),
        advice: Some("`pairadm configure` does this; `pairadm configure --dry-run` shows how".to_owned()),
    }));
    findings.extend(
        plan.notice
            .iter()
            .filter_map(|line| line.strip_prefix("Warning: "))
            .map(|line| Finding {
                verdict: Verdict::Warn,
                text: line.to_owned(),
                advice: None,
            }),
    );
    findings
}

fn refusal(error: &Error) -> Finding {
    Finding {
        verdict: Verdict::Fail,
        text: format!("configuring would be refused: {error}"),
        advice: error.hint.clone(),
    }
}

fn ok(text: String) -> Finding {
    Finding {
        verdict: Verdict::Ok,
        text,
        advice: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BySide;
    use crate::plan::checks::sample::Nodes;
    use crate::status::assemble;

    fn findings(nodes: &Nodes) -> Vec<Finding> {
        let answers: BySide<Result<_>> = nodes.facts.as_ref().map(|_, facts| Ok((facts.clone(), 800)));
        let status = assemble(&nodes.pair, &nodes.profile, &answers, "now".to_owned());
        examine(&status, &crate::plan::configure::plan(&nodes.input()))
    }

    #[test]
    fn a_sound_pair_is_well_in_everything() {
        let mut nodes = Nodes::default();
        nodes.configure();
        let findings = findings(&nodes);
        assert!(
            findings.iter().all(|finding| finding.verdict == Verdict::Ok),
            "{}",
            text(&findings)
        );
        assert!(text(&findings).contains("alpha alone serves calls"));
    }

    #[test]
    fn time_outs_follow_the_latency_of_the_link() {
        let text = link_timing(1500);
        assert!(
            text.contains("wait 3 ms") && text.contains("8 ms before"),
            "{text}"
        );
    }

    #[test]
    fn drift_is_a_warning_that_names_the_file() {
        let mut nodes = Nodes::default();
        nodes.configure();
        nodes.write(Side::Secondary, crate::plan::files::sysctl::PATH, "");
        let text = text(&findings(&nodes));
        assert!(
            text.contains("not as configured on the secondary: change /etc/sysctl.d/60-pairadm.conf"),
            "{text}"
        );
    }

    #[test]
    fn a_refusal_fails_and_comes_last() {
        let mut nodes = Nodes::default();
        nodes.configure();
        nodes.facts.secondary.cpus = 1;
        let text = text(&findings(&nodes));
        let failed = text.lines().rev().nth(1).unwrap_or_default();
        assert!(
            failed.starts_with("FAIL") && failed.contains("processors"),
            "{text}"
        );
    }
}
