//! The table as the nodes have it.

use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::model::Side;
use crate::plan::Basis;
use crate::translate::{TRANSLATION_FILE, Table};

/// The table that changes start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Whose it is: the secondary's where there is one, because it is used there.
    pub side: Side,
    /// The file's text; empty when there is none.
    pub text: String,
    /// What it says.
    pub table: Table,
    /// Both nodes were asked, and their files differ.
    pub differ: bool,
}

/// Reads it out of the facts of the nodes that were asked.
///
/// # Errors
/// Refuses a file that is no table, with its node and lines, unless the other node has one.
pub fn present(basis: &Basis<'_>) -> Result<Present> {
    let sides = [Side::Secondary, Side::Primary].into_iter();
    let asked: Vec<(Side, &Facts)> = sides
        .filter_map(|side| Some((side, basis.facts[side]?)))
        .collect();
    let mut texts = Vec::new();
    for (side, facts) in asked {
        texts.push((side, text(facts)?));
    }
    let differ = texts.windows(2).any(|two| two[0].1 != two[1].1);
    let chosen = texts.iter().position(|(_, text)| text.is_some()).unwrap_or(0);
    if texts.is_empty() {
        return Err(Error::refused(
            "unreachable",
            "neither node can be asked for the table",
        ));
    }
    let (side, text) = texts.swap_remove(chosen);
    let text = text.unwrap_or_default();
    let table = Table::parse(&text, TRANSLATION_FILE).map_err(|error| {
        error
            .on(basis.name(side))
            .hint("mend the file on that node, or remove it there")
    })?;
    Ok(Present {
        side,
        text,
        table,
        differ,
    })
}

/// The file's text; `None` when the node has none.
fn text(facts: &Facts) -> Result<Option<String>> {
    let image = facts.file(TRANSLATION_FILE).ok_or_else(|| {
        Error::refused("file_not_read", "the file could not be read")
            .on(&facts.hostname)
            .at(TRANSLATION_FILE)
    })?;
    let Some(content) = &image.content else {
        return Ok(None);
    };
    let bytes = content.to_bytes().map_err(Error::bug)?;
    String::from_utf8(bytes).map(Some).map_err(|error| {
        Error::refused("bad_translation_file", "the file is not text in UTF-8")
            .on(&facts.hostname)
            .at(TRANSLATION_FILE)
            .because(error)
    })
}
