//! The translation table, its problems, and where an address was found, for people.

use super::line::{Line, Tone};
use crate::controller::Explained;
use crate::translate::check::{Problem, Severity};
use crate::translate::{self, Place, Row, TranslationView};

/// Places shown for each address in a list.
const PLACES: usize = 1;

/// The table with what was found, under what it was made of.
pub fn list(view: &TranslationView) -> Vec<Line> {
    let rows = view.rows(&view.table);
    let mut lines = preamble(view);
    if rows.is_empty() {
        lines.push(Line::plain("The translation table is empty."));
        return lines;
    }
    let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
    let headings = ["ADDRESS", "OWNER", "FOUND", "BECOMES", "STATUS", "WHERE"].map(str::to_owned);
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let longest = cells.iter().map(|row| row[column].chars().count()).max();
        headings[column].len().max(longest.unwrap_or_default())
    });
    lines.push(row(&headings, &widths, Tone::Faint, Tone::Faint));
    lines.extend(cells.iter().zip(&rows).map(|(cells, of)| {
        let tone = match of.problem {
            Some((Severity::Refuse, _)) => Tone::Bad,
            Some((Severity::Warn, _)) => Tone::Warning,
            None => Tone::Plain,
        };
        row(cells, &widths, Tone::Plain, tone)
    }));
    lines
}

/// What the list was made of, where that is not the ordinary.
fn preamble(view: &TranslationView) -> Vec<Line> {
    let mut lines = Vec::new();
    let unreachable = [&view.files.unreachable.primary, &view.files.unreachable.secondary];
    for why in unreachable.into_iter().flatten() {
        lines.push(Line::toned(Tone::Warning, why));
    }
    match (&view.scanned, &view.not_scanned) {
        (Some(scanned), _) => lines.push(Line::toned(
            Tone::Faint,
            format!("Addresses found in the {} on the {}.", scanned.what, scanned.side),
        )),
        (None, Some(why)) => lines.push(Line::toned(
            Tone::Warning,
            format!("The data was not searched: {why}."),
        )),
        (None, None) => {}
    }
    if let (true, Some(side)) = (view.files.differ, view.files.shown) {
        lines.push(Line::toned(
            Tone::Warning,
            format!(
                "The nodes' tables differ. This is the one of the {side}; the next change brings both to one."
            ),
        ));
    }
    lines
}

fn cells(row: &Row) -> [String; 6] {
    let need = if row.must { "must" } else { "may" };
    let to = row.to.map_or_else(|| "-".to_owned(), |to| to.to_string());
    [
        row.from.to_string(),
        format!("{}, {need}", row.owner.word()),
        row.count
            .map_or_else(|| "?".to_owned(), |count| count.to_string()),
        to,
        row.status(),
        places(&row.places, row.more_places),
    ]
}

fn places(places: &[Place], more: u64) -> String {
    let shown: Vec<String> = places.iter().take(PLACES).map(ToString::to_string).collect();
    let hidden = places.len().saturating_sub(PLACES) as u64 + more;
    match (shown.is_empty(), hidden) {
        (true, _) => String::new(),
        (false, 0) => shown.join(", "),
        (false, hidden) => format!("{} and {hidden} more", shown.join(", ")),
    }
}

fn row(cells: &[String; 6], widths: &[usize; 6], tone: Tone, status: Tone) -> Line {
    let [address, owner, found, to, state, place] = cells;
    let [first, second, third, fourth, fifth, _] = *widths;
    Line::toned(
        tone,
        format!("{address:first$}  {owner:second$}  {found:>third$}  {to:fourth$}  "),
    )
    .then(status, format!("{state:fifth$}"))
    .then(Tone::Faint, format!("  {place}").trim_end())
}

/// Each problem on a line, those that bar a load first.
pub fn problems(problems: &[Problem]) -> Vec<Line> {
    let line = |problem: &Problem| {
        let (tone, word) = match problem.severity {
            Severity::Refuse => (Tone::Bad, "bars a load"),
            Severity::Warn => (Tone::Warning, "warning"),
        };
        Line::toned(tone, format!("{word:11}"))
            .then(Tone::Faint, format!("  {:20}  ", problem.kind.key()))
            .then(Tone::Plain, &problem.text)
    };
    problems.iter().map(line).collect()
}

/// One address: whose it is, what it becomes, where it was found, and what stands there on either side.
pub fn explained(found: &Explained) -> Vec<Line> {
    let row = &found.row;
    let need = if row.must {
        "has to be changed: only the primary has it"
    } else {
        "may be changed"
    };
    let owner = format!("  owner: {}; it {need}", row.owner.word());
    let mut lines = vec![Line::strong(row.from.to_string()).then(Tone::Plain, owner)];
    let note = |note: &String| Line::plain(format!("  note: {note}"));
    lines.extend(row.note.iter().map(note));
    lines.push(Line::plain(match row.to {
        Some(to) if to == row.from => "  stays on the secondary, on purpose".to_owned(),
        Some(to) => format!(
            "  leaves the primary as {}, the secondary as {to} after the next load",
            row.from
        ),
        None => format!("  leaves either side as {}: the table names no other", row.from),
    }));
    match &found.view.scanned {
        None => {
            let why = found.view.not_scanned.as_deref().unwrap_or("nothing was asked");
            lines.push(Line::plain(format!("  the data was not searched: {why}")));
        }
        Some(scanned) => lines.push(Line::plain(format!(
            "  found {} in the {} on the {}",
            times(row.count.unwrap_or_default()),
            scanned.what,
            scanned.side
        ))),
    }
    if let Some(explanation) = &found.places {
        lines.extend(explanation.places.iter().flat_map(place));
        if explanation.more > 0 {
            lines.push(Line::plain(format!("    and {} more places", explanation.more)));
        }
    }
    lines
}

/// A place with its line on the primary and, where that differs, on the secondary.
fn place(found: &translate::Explained) -> Vec<Line> {
    let mut lines = vec![Line::toned(Tone::Faint, format!("    {}", found.place))];
    if found.before == found.after {
        lines.push(Line::plain(format!("      {}", found.before)));
    } else {
        lines.push(Line::toned(Tone::Bad, format!("    - {}", found.before)));
        lines.push(Line::toned(Tone::Good, format!("    + {}", found.after)));
    }
    lines
}

/// `once`, `7 times`.
pub fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;
    use crate::translate::{Files, Findings, Found, Owners, Scanned};

    fn view() -> TranslationView {
        let mut view = TranslationView {
            files: Files {
                differ: true,
                shown: Some(Side::Secondary),
                ..Files::default()
            },
            owners: Owners {
                primary: vec!["192.0.2.11".parse().unwrap()],
                ..Owners::default()
            },
            ..TranslationView::default()
        };
        view.table
            .set(
                "2001:db8::5".parse().unwrap(),
                "2001:db8::6".parse().ok(),
                Some("n".to_owned()),
            )
            .unwrap();
        let place = |file: &str, line| Place {
            file: file.to_owned(),
            table: None,
            column: None,
            line: Some(line),
            count: 2,
        };
        view.scanned = Some(Scanned {
            side: Side::Secondary,
            what: "mirror op7".to_owned(),
            made: 0,
            findings: Findings {
                found: vec![Found {
                    subject: "192.0.2.11".parse().unwrap(),
                    spellings: 1,
                    count: 4,
                    places: vec![place("etc/k.cfg", 3), place("etc/l\u{1b}.cfg", 9)],
                    more_places: 2,
                }],
                ..Findings::default()
            },
        });
        view
    }

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| line.paint(false) + "\n").collect()
    }

    #[test]
    fn the_list_says_whose_how_often_what_becomes_and_where() {
        let text = text(&list(&view()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[2..],
            [
                "ADDRESS      OWNER          FOUND  BECOMES      STATUS       WHERE",
                "2001:db8::5  other, may         0  2001:db8::6  never found",
                "192.0.2.11   primary, must      4  -            missing      etc/k.cfg:3 and 3 more",
            ]
        );
        assert_eq!(lines[0], "Addresses found in the mirror op7 on the secondary.");
        assert!(lines[1].contains("the one of the secondary"), "{text}");
    }

    #[test]
    fn an_address_is_explained_place_by_place_without_control_characters() {
        let view = view();
        let row = view.row_about("192.0.2.11".parse().unwrap()).unwrap();
        let line = |place: &Place, before: &str, after: &str| translate::Explained {
            place: place.clone(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let places = translate::Explanation {
            places: vec![
                line(&row.places[0], "listen=192.0.2.11", "listen=192.0.2.12"),
                line(&row.places[1], "alias 192.0.2.11", "alias 192.0.2.11"),
            ],
            more: 2,
        };
        let found = Explained {
            view,
            row,
            places: Some(places),
        };
        let text = text(&explained(&found));
        for part in [
            "owner: primary; it has to be changed",
            "found 4 times in the mirror op7 on the secondary",
            "    etc/k.cfg:3\n    - listen=192.0.2.11\n    + listen=192.0.2.12\n",
            "    etc/l\u{fffd}.cfg:9\n      alias 192.0.2.11\n",
            "and 2 more places",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
