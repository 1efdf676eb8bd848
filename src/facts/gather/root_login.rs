//! What in sshd's effective configuration keeps the peer's key from opening root's login.

use crate::agent::program;
use std::net::IpAddr;
use std::time::Instant;

/// Lines of `sshd -T` as they hold for root from `peer`; none where another server than OpenSSH's is used.
pub fn bars(peer: IpAddr, deadline: Instant) -> Result<Vec<String>, String> {
    if program::find(program::PATH, "sshd").is_none() {
        return Ok(Vec::new());
    }
    let connection = format!("user=root,host={peer},addr={peer}");
    let ran =
        program::run(&["sshd", "-T", "-C", &connection], "", deadline).map_err(|error| error.to_string())?;
    if !ran.status.success() {
        return Err(format!("sshd -T: {}", ran.last_words()));
    }
    Ok(barring(&ran.stdout))
}

/// The lines that bar it; keywords of `sshd -T` are lower case, lists stand one value a line.
fn barring(effective: &str) -> Vec<String> {
    let values = |key: &str| -> Vec<&str> {
        effective
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(found, _)| *found == key)
            .map(|(_, value)| value.trim())
            .collect()
    };
    let line = |key: &str| format!("{key} {}", values(key).join(" "));
    let is_no = |key: &str| values(key) == ["no"];
    let mut bars = Vec::new();
    for key in ["permitrootlogin", "pubkeyauthentication"] {
        if is_no(key) {
            bars.push(line(key));
        }
    }
    let files = values("authorizedkeysfile");
    let roots = [
        ".ssh/authorized_keys",
        "%h/.ssh/authorized_keys",
        "/root/.ssh/authorized_keys",
    ];
    if !files.is_empty()
        && !files
            .iter()
            .flat_map(|line| line.split(' '))
            .any(|file| roots.contains(&file))
    {
        bars.push(line("authorizedkeysfile"));
    }
    let methods = values("authenticationmethods");
    let alone = |method: &str| matches!(method, "any" | "publickey");
    if !methods.is_empty() && !methods.iter().flat_map(|line| line.split(' ')).any(alone) {
        bars.push(line("authenticationmethods"));
    }
    // Which hosts a pattern means is sshd's to say: `root@…` counts as root wherever it is.
    let names_root = |pattern: &&str| matches!(pattern.split('@').next(), Some("root" | "*"));
    let allowed = values("allowusers");
    if !allowed.is_empty() && !allowed.iter().any(names_root) {
        bars.push(line("allowusers"));
    }
    if values("denyusers")
        .iter()
        .any(|pattern| matches!(*pattern, "root" | "*"))
    {
        bars.push(line("denyusers"));
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "port 22\npermitrootlogin without-password\npubkeyauthentication yes\n\
         authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\nauthenticationmethods any\n";

    #[test]
    fn what_debian_ships_and_forced_commands_let_the_peer_in() {
        assert_eq!(barring(USUAL), Vec::<String>::new());
        let forced = USUAL.replace("without-password", "forced-commands-only");
        assert_eq!(barring(&forced), Vec::<String>::new());
        let named = format!("{USUAL}allowusers maria\nallowusers root@192.0.2.11\ndenyusers guest\n");
        assert_eq!(barring(&named), Vec::<String>::new());
    }

    #[test]
    fn each_line_that_bars_is_told() {
        for (from, to) in [
            ("permitrootlogin without-password", "permitrootlogin no"),
            ("pubkeyauthentication yes", "pubkeyauthentication no"),
            (".ssh/authorized_keys .ssh/authorized_keys2", "/etc/ssh/keys/%u"),
            (
                "authenticationmethods any",
                "authenticationmethods publickey,password",
            ),
            ("port 22", "allowusers maria"),
            ("port 22", "denyusers root"),
        ] {
            let bars = barring(&USUAL.replace(from, to));
            assert_eq!(bars.len(), 1, "{to}: {bars:?}");
            assert!(
                bars[0].ends_with(to.split_whitespace().last().unwrap_or_default()),
                "{bars:?}"
            );
        }
    }
}
