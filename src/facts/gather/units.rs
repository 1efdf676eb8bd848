//! systemd units, all by one `systemctl show`, and the clock's synchronisation as systemd sees it.

use crate::agent::program;
use crate::facts::UnitFacts;
use std::time::Instant;

/// Asks about all units at once; answers come in the order asked, also for aliases.
pub fn read(names: &[String], deadline: Instant) -> Result<Vec<UnitFacts>, String> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut argv = vec![
        "systemctl",
        "show",
        "-p",
        "LoadState,ActiveState,UnitFileState,NextElapseUSecRealtime",
        "--",
    ];
    argv.extend(names.iter().map(String::as_str));
    let ran = program::run(&argv, "", deadline).map_err(|error| error.to_string())?;
    if !ran.status.success() {
        return Err(format!("systemctl show: {}", ran.last_words()));
    }
    parse(names, &ran.stdout)
}

/// True when the kernel's clock is disciplined.
pub fn clock_synchronised(deadline: Instant) -> Result<bool, String> {
    let argv = ["timedatectl", "show", "-p", "NTPSynchronized", "--value"];
    let ran = program::run(&argv, "", deadline).map_err(|error| error.to_string())?;
    match ran.stdout.trim() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("timedatectl: {}", ran.last_words())),
    }
}

/// One block of properties a unit, blocks apart by an empty line.
fn parse(names: &[String], output: &str) -> Result<Vec<UnitFacts>, String> {
    let blocks: Vec<&str> = output.trim().split("\n\n").collect();
    if blocks.len() != names.len() {
        return Err(format!(
            "systemctl show: {} answers for {} units",
            blocks.len(),
            names.len()
        ));
    }
    let property = |block: &str, key: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned()
    };
    Ok(names
        .iter()
        .zip(blocks)
        .map(|(name, block)| UnitFacts {
            name: name.clone(),
            load: property(block, "LoadState"),
            active: property(block, "ActiveState"),
            enabled: property(block, "UnitFileState"),
            next: Some(property(block, "NextElapseUSecRealtime"))
                .filter(|next| !next.is_empty() && next != "n/a"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blocks_belong_to_the_names_in_order() {
        let names = ["kamailio.service".to_owned(), "nothing.service".to_owned()];
        let output = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n\
                      LoadState=not-found\nActiveState=inactive\nUnitFileState=\n";
        let units = parse(&names, output).unwrap();
        assert_eq!(units[0].active, "active");
        assert_eq!(units[0].enabled, "enabled");
        assert_eq!(units[1].name, "nothing.service");
        assert_eq!(
            (units[1].load.as_str(), units[1].enabled.as_str()),
            ("not-found", "")
        );
    }

    #[test]
    fn a_missing_answer_is_not_guessed() {
        let names = ["a.service".to_owned(), "b.service".to_owned()];
        assert!(parse(&names, "LoadState=loaded\nActiveState=active\nUnitFileState=\n").is_err());
    }
}
