//! What a comparison of the nodes found, as lines for people.

use super::line::{Line, Tone};
use crate::data::diff::{Compared, Differences, Finding};
use crate::model::{BySide, Expect, Side};

/// What drifted, a count of the rest; with `every` the rest by name too.
pub fn differences(found: &Differences, every: bool) -> Vec<Line> {
    let nodes = &found.nodes;
    let mut lines = vec![
        Line::strong(format!(
            "{} (primary) and {} (secondary) by the rules of the profile {}",
            nodes.primary, nodes.secondary, found.profile
        )),
        Line::default(),
    ];
    let shown = found
        .comparison
        .files
        .iter()
        .filter(|file| every || file.finding.is_drift());
    let width = shown.clone().map(|file| file.path.chars().count()).max();
    lines.extend(shown.map(|file| row(file, nodes, width.unwrap_or_default())));
    if width.is_some() {
        lines.push(Line::default());
    }
    lines.push(summary(found));
    for (_, diff) in &found.diffs {
        lines.push(Line::default());
        lines.extend(diff.lines().map(diff_line));
    }
    lines
}

fn row(file: &Compared, nodes: &BySide<String>, width: usize) -> Line {
    let (tone, word, why) = match file.finding {
        Finding::Same => (Tone::Good, "same", String::new()),
        Finding::Translated => (Tone::Good, "translated", String::new()),
        Finding::Different => (Tone::Good, "different", "as it should be".to_owned()),
        Finding::Changed => (Tone::Warning, "changed", should_be(file.rule).to_owned()),
        Finding::NotTranslated => (
            Tone::Warning,
            "untranslated",
            format!("{} has the primary's addresses", nodes.secondary),
        ),
        Finding::Identical => (
            Tone::Warning,
            "identical",
            "should make each node itself".to_owned(),
        ),
        Finding::Missing { on } => (Tone::Warning, "missing", format!("not on {}", nodes[on])),
        Finding::Permissions { primary, secondary } => (
            Tone::Warning,
            "permissions",
            format!(
                "{primary:o} on {}, {secondary:o} on {}",
                nodes[Side::Primary],
                nodes[Side::Secondary]
            ),
        ),
    };
    Line::default()
        .then(tone, format!("  {word:14}"))
        .then(Tone::Plain, format!("{:width$}", file.path))
        .then(Tone::Faint, format!("  {why}"))
}

const fn should_be(rule: Expect) -> &'static str {
    match rule {
        Expect::Translated => "should be the same once translated",
        _ => "should be the same",
    }
}

fn summary(found: &Differences) -> Line {
    let comparison = &found.comparison;
    let drift = comparison.drift().count();
    let as_it_should = format!(
        "{} same, {} same once translated, {} different as they should be, {} not compared",
        comparison.count(Finding::Same),
        comparison.count(Finding::Translated),
        comparison.count(Finding::Different),
        comparison.ignored.len()
    );
    match drift {
        0 => Line::toned(Tone::Good, format!("No drift: {as_it_should}.")),
        _ => Line::toned(Tone::Warning, format!("{drift} drifted"))
            .then(Tone::Plain, format!("; {as_it_should}.")),
    }
}

fn diff_line(line: &str) -> Line {
    let tone = match line.as_bytes().first() {
        Some(b'+') => Tone::Good,
        Some(b'-') => Tone::Bad,
        Some(b'@') => Tone::Faint,
        _ => Tone::Plain,
    };
    Line::toned(tone, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::diff::Comparison;

    fn found(findings: &[(&str, Finding)]) -> Differences {
        Differences {
            at: "2026-11-21T09:00:00+00:00".to_owned(),
            nodes: BySide {
                primary: "alpha".to_owned(),
                secondary: "beta".to_owned(),
            },
            profile: "kamailio".to_owned(),
            comparison: Comparison {
                files: findings
                    .iter()
                    .map(|(path, finding)| Compared {
                        path: (*path).to_owned(),
                        rule: Expect::Translated,
                        finding: *finding,
                    })
                    .collect(),
                ignored: vec!["/etc/kamailio/kamailio.sqlite".to_owned()],
            },
            diffs: vec![("/etc/a".to_owned(), "-old\n+new\n".to_owned())],
        }
    }

    fn text(found: &Differences, every: bool) -> String {
        differences(found, every)
            .iter()
            .map(|line| line.paint(false).trim_end().to_owned() + "\n")
            .collect()
    }

    #[test]
    fn drift_is_listed_and_the_rest_is_counted() {
        let found = found(&[
            ("/etc/a", Finding::Changed),
            ("/etc/b", Finding::Missing { on: Side::Secondary }),
            ("/etc/c", Finding::Same),
        ]);
        insta::assert_snapshot!(text(&found, false));
        assert!(text(&found, true).contains("same          /etc/c"));
    }

    #[test]
    fn without_drift_that_is_said() {
        let shown = text(&found(&[("/etc/c", Finding::Translated)]), false);
        assert!(
            shown.contains("No drift: 0 same, 1 same once translated"),
            "{shown}"
        );
    }
}
