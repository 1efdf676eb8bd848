//! Kernel parameters at run time, through `/proc/sys`.

use super::file::fault;
use super::paths::NodePaths;
use super::protocol::StepReport;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// Name and value.
type Values = [(String, String)];

/// The present values of the same names.
pub fn look(paths: &NodePaths, values: &Values) -> Result<Vec<(String, String)>> {
    values
        .iter()
        .map(|(name, _)| Ok((name.clone(), read(paths, name)?)))
        .collect()
}

/// Writes what differs and reads it back.
pub fn apply(paths: &NodePaths, values: &Values) -> Result<StepReport> {
    let mut changed = false;
    for (name, value) in values {
        if same(&read(paths, name)?, value) {
            continue;
        }
        let path = path_of(paths, name)?;
        std::fs::write(&path, value)
            .map_err(|error| fault(&path, "the kernel parameter cannot be set", &error))?;
        changed = true;
    }
    let mut report = verify(paths, values)?;
    report.changed = changed;
    Ok(report)
}

/// Compares.
pub fn verify(paths: &NodePaths, values: &Values) -> Result<StepReport> {
    for (name, wanted) in values {
        let now = read(paths, name)?;
        if !same(&now, wanted) {
            return Err(
                Error::incomplete("sysctl_not_verified", format!("{name} is {now}, not {wanted}"))
                    .hint("something else on the node sets it; see `sysctl --system`"),
            );
        }
    }
    let list: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Ok(StepReport {
        changed: false,
        detail: list.join(" "),
        backup: None,
    })
}

/// Gives the values back that are still as the step set them (S10).
pub fn revert(paths: &NodePaths, set: &Values, found: &Values) -> Result<StepReport> {
    let mut back = Vec::new();
    for ((name, set), (_, before)) in set.iter().zip(found) {
        let now = read(paths, name)?;
        if same(&now, before) {
            continue;
        }
        if !same(&now, set) {
            return Err(
                Error::refused("changed_since", format!("somebody set {name} to {now} since"))
                    .at(name)
                    .because(format!("pairadm set it to {set}; before that it was {before}"))
                    .hint("decide by hand which value is right"),
            );
        }
        back.push((name.clone(), before.clone()));
    }
    apply(paths, &back)
}

fn read(paths: &NodePaths, name: &str) -> Result<String> {
    let path = path_of(paths, name)?;
    std::fs::read_to_string(&path)
        .map(|value| value.trim().to_owned())
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::refused("sysctl_missing", format!("this kernel has no parameter {name}"))
                    .at(path.display())
                    .hint("its module is not loaded, or IPv6 is switched off")
            }
            _ => fault(&path, "the kernel parameter cannot be read", &error),
        })
}

/// The kernel prints several numbers with tabs between them.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// By sysctl(8): dots separate, and a slash stands for a dot inside a name (`eth0/100` is `eth0.100`).
fn path_of(paths: &NodePaths, name: &str) -> Result<PathBuf> {
    let parts: Vec<String> = name.split('.').map(|part| part.replace('/', ".")).collect();
    if parts
        .iter()
        .any(|part| part.is_empty() || part == "." || part == "..")
    {
        return Err(Error::refused(
            "bad_sysctl",
            format!("`{name}` is not the name of a kernel parameter"),
        ));
    }
    Ok(parts
        .iter()
        .fold(paths.proc_sys().to_owned(), |path, part| path.join(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(values: &[(&str, &str)]) -> (tempfile::TempDir, NodePaths) {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        for (name, value) in values {
            let path = path_of(&paths, name).unwrap();
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, value).unwrap();
        }
        (root, paths)
    }

    fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn sets_reads_back_and_gives_back() {
        let (_root, paths) = node(&[
            ("net.ipv4.ip_nonlocal_bind", "0\n"),
            ("net.ipv4.ip_local_port_range", "1\t2\n"),
        ]);
        let wanted = pairs(&[
            ("net.ipv4.ip_nonlocal_bind", "1"),
            ("net.ipv4.ip_local_port_range", "1 2"),
        ]);
        let found = look(&paths, &wanted).unwrap();
        assert!(apply(&paths, &wanted).unwrap().changed);
        assert!(!apply(&paths, &wanted).unwrap().changed);
        assert!(revert(&paths, &wanted, &found).unwrap().changed);
        assert_eq!(look(&paths, &wanted).unwrap()[0].1, "0");
        assert!(!revert(&paths, &wanted, &found).unwrap().changed);
    }

    #[test]
    fn somebody_elses_value_is_a_conflict() {
        let (_root, paths) = node(&[("kernel.x", "0")]);
        let wanted = pairs(&[("kernel.x", "1")]);
        let found = look(&paths, &wanted).unwrap();
        apply(&paths, &wanted).unwrap();
        std::fs::write(path_of(&paths, "kernel.x").unwrap(), "2").unwrap();
        assert_eq!(revert(&paths, &wanted, &found).unwrap_err().code, "changed_since");
    }

    #[test]
    fn a_slash_in_a_name_is_a_dot_and_nothing_leaves_proc_sys() {
        let paths = NodePaths::under(std::path::Path::new("/r"));
        let path = path_of(&paths, "net.ipv4.conf.eth0/100.arp_ignore").unwrap();
        assert_eq!(
            path,
            std::path::Path::new("/r/sys/net/ipv4/conf/eth0.100/arp_ignore")
        );
        assert!(path_of(&paths, "net.//.x").is_err());
        assert_eq!(
            look(&paths, &pairs(&[("no.such", "1")])).unwrap_err().code,
            "sysctl_missing"
        );
    }
}
