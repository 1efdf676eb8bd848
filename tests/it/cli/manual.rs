//! Manual pages and README agree with the program: generated parts are what the arguments say now,
//! examples parse, and mandoc finds no fault.

use clap::{Command, CommandFactory, Parser};
use clap_mangen::Man;
use pairadm::cli::Arguments;
use std::path::{Path, PathBuf};

const BEGIN: &str = ".\\\" BEGIN GENERATED";
const END: &str = ".\\\" END GENERATED\n";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// Options and commands in the manual's language.
fn generated() -> String {
    let mut command = Arguments::command()
        .disable_help_flag(true)
        .disable_version_flag(true);
    command.build();
    let mut page = options(&command, ".SH COMMON OPTIONS\n");
    page += ".SH COMMANDS\n";
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        describe(sub, &format!("pairadm {}", sub.get_name()), &mut page);
    }
    page
}

fn describe(command: &Command, name: &str, page: &mut String) {
    *page += &[".SS ", name, "\n"].concat();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    *page += &[
        escaped(about.trim_end_matches('.')).as_str(),
        ".
",
    ]
    .concat();
    // Common options are described once.
    let own = command.clone().mut_args(|arg| {
        let common = arg.is_global_set() && arg.get_help_heading() == Some("Common options");
        if common { arg.hide(true) } else { arg }
    });
    page.push_str(&options(&own, ""));
    for sub in command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
    {
        describe(sub, &format!("{name} {}", sub.get_name()), page);
    }
}

/// The options of `command` under `heading`.
fn options(command: &Command, heading: &str) -> String {
    let mut bytes = Vec::new();
    Man::new(command.clone().disable_help_flag(true).disable_version_flag(true))
        .render_options_section(&mut bytes)
        .unwrap();
    // Two breaks with an empty line between them are one gap.
    let text = String::from_utf8(bytes).unwrap().replace(".br\n\n.br\n", ".sp\n");
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "))
        .filter(|line| !line.starts_with(".SH") && !line.starts_with(".SS") && *line != ".PP")
        .map(|line| line.to_owned() + "\n")
        .collect();
    if body.is_empty() {
        body
    } else {
        format!("{heading}{body}")
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('-', "\\-")
}

#[test]
fn manual_lists_options_and_commands_as_they_are() {
    let page = read("man/pairadm.8");
    let begin = page.find(BEGIN).unwrap();
    let first = begin + page[begin..].find('\n').unwrap() + 1;
    let last = page.find(END).unwrap();
    let wanted = generated();
    if std::env::var_os("PAIRADM_REGENERATE").is_some() {
        let text = format!("{}{wanted}{}", &page[..first], &page[last..]);
        std::fs::write(file("man/pairadm.8"), text).unwrap();
    } else {
        assert_eq!(
            &page[first..last],
            wanted,
            "run PAIRADM_REGENERATE=1 cargo test manual"
        );
    }
}

#[test]
fn every_visible_command_has_a_section() {
    let page = read("man/pairadm.8");
    for command in Arguments::command().get_subcommands() {
        let section = format!(".SS pairadm {}\n", command.get_name());
        assert_eq!(page.contains(&section), !command.is_hide_set(), "{section}");
    }
}

#[test]
fn examples_of_manual_and_readme_are_commands_that_parse() {
    let mut examples = 0;
    for name in ["man/pairadm.8", "README.md"] {
        for line in read(name)
            .lines()
            .filter(|line| line.starts_with("pairadm ") && !line.contains('<'))
        {
            let words: Vec<String> = line
                .replace("\\-", "-")
                .split_whitespace()
                .take_while(|word| !word.starts_with('#'))
                .map(str::to_owned)
                .collect();
            // A sentence is no example.
            if words.iter().any(|word| word.ends_with([',', '.', ';']))
                || words.len() < 2
                || line.starts_with("pairadm \\-")
            {
                continue;
            }
            examples += 1;
            Arguments::try_parse_from(&words).unwrap_or_else(|error| panic!("{name}: {line}: {error}"));
        }
    }
    assert!(examples >= 10, "{examples}");
}

#[test]
fn exit_codes_are_documented_alike() {
    let page = read("man/pairadm.8");
    let help = Arguments::command().render_help().to_string();
    for code in ["0", "1", "2", "3", "4", "5", "64"] {
        assert!(page.contains(&format!(".TP\n.B {code}\n")), "{code}");
        assert!(help.contains(&format!("{code} ")), "{code}");
    }
}

#[test]
fn the_pages_keys_are_those_of_the_pair_file() {
    let page = read("man/pairadm.toml.5");
    for key in [
        "name",
        "profile",
        "ports",
        "block",
        "takeover",
        "priority",
        "ntp",
        "encrypted_link",
        "mirrors_keep",
        "backup_max_age",
        "copy_limit",
        "hostname",
        "fqdn",
        "server_id",
        "address",
        "duplication",
        "health_check",
        "interface",
        "ssh",
    ] {
        assert!(page.contains(&format!(".It Ic {key}\n")), "{key}");
    }
}

#[test]
fn mandoc_finds_no_fault() {
    for page in ["man/pairadm.8", "man/pairadm.toml.5"] {
        let output = std::process::Command::new("mandoc")
            .args(["-Tlint", "-W", "warning"])
            .arg(file(page))
            .output()
            .expect("mandoc is installed");
        let found = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && found.is_empty(), "{page}: {found}");
    }
}

#[test]
fn the_arguments_are_sound() {
    Arguments::command().debug_assert();
}
