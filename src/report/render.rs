//! A report in the formats that `pairadm report` offers, from the templates.

use super::summary::Report;
use crate::error::{Error, Result};
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use std::str::FromStr;

/// What a report is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal or a mail: 80 columns where the content allows.
    Text,
    /// For a ticket.
    Markdown,
    /// For a browser; everything escaped.
    Html,
    /// For programs.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "md" => Ok(Self::Markdown),
            "html" => Ok(Self::Html),
            "json" => Ok(Self::Json),
            other => Err(format!(
                "`{other}` is not a format; accepted: text, md, html, json"
            )),
        }
    }
}

/// Renders `report`.
pub fn render(report: &Report, format: Format) -> Result<String> {
    let (name, source) = match format {
        Format::Text => ("report.txt", include_str!("../../templates/report/report.txt.j2")),
        Format::Markdown => ("report.md", include_str!("../../templates/report/report.md.j2")),
        Format::Html => (
            "report.html",
            include_str!("../../templates/report/report.html.j2"),
        ),
        Format::Json => {
            return serde_json::to_string_pretty(report)
                .map(|text| text + "\n")
                .map_err(|error| Error::bug(error.to_string()));
        }
    };
    let broken =
        |error: minijinja::Error| Error::bug(format!("the template {name} does not render: {error:#}"));
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(broken)?;
    environment.set_syntax(syntax);
    environment.add_filter("ms", |value: f64| format!("{value:.1}"));
    environment.add_template(name, source).map_err(broken)?;
    let template = environment.get_template(name).map_err(broken)?;
    template
        .render(minijinja::context! { r => Serde(report), words => report.outcome.words() })
        .map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::tests::sample;

    #[test]
    fn every_format_tells_outcome_outage_backup_and_undo() {
        for format in [Format::Text, Format::Markdown, Format::Html, Format::Json] {
            let text = render(&sample(), format).unwrap();
            for part in [
                "alpha",
                "beta",
                "3.2",
                "pairadm_1_2",
                "pairadm undo 7",
                "rolled",
                "hosts.pairadm_1_2",
            ] {
                assert!(
                    text.to_lowercase().contains(part),
                    "{format:?} lacks {part}:\n{text}"
                );
            }
        }
    }

    #[test]
    fn a_server_without_a_pair_is_told_as_such() {
        let mut report = sample();
        report.nodes.secondary.clone_from(&report.nodes.primary);
        for format in [Format::Text, Format::Markdown, Format::Html] {
            let text = render(&report, format).unwrap();
            assert!(text.contains("alpha, in no pair"), "{text}");
            assert!(!text.contains("secondary"), "{text}");
        }
    }

    #[test]
    fn html_escapes_what_came_from_a_node() {
        let mut report = sample();
        report.remarks.push("<script>alert(1)</script>".to_owned());
        assert!(!render(&report, Format::Html).unwrap().contains("<script>alert"));
    }

    #[test]
    fn json_reads_back() {
        let text = render(&sample(), Format::Json).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), sample());
    }
}
