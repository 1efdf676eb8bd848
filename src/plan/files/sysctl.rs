//! `/etc/sysctl.d/60-pairadm.conf`: lets a service bind a VIP that the node does not hold yet.

use super::template::render;
use crate::error::Result;
use crate::facts::Facts;
use minijinja::context;

/// Path on every node. The directory loads every file in it.
pub const PATH: &str = "/etc/sysctl.d/60-pairadm.conf";

const TEMPLATE: &str = include_str!("../../../templates/sysctl.conf");

/// The parameters that are wanted on a node with these facts: IPv6's only where the kernel has it.
pub fn values(facts: &Facts) -> Vec<(String, String)> {
    ["net.ipv4.ip_nonlocal_bind", "net.ipv6.ip_nonlocal_bind"]
        .into_iter()
        .filter(|name| facts.sysctl.iter().any(|(present, _)| present == name))
        .map(|name| (name.to_owned(), "1".to_owned()))
        .collect()
}

/// The file's text.
pub fn text(values: &[(String, String)]) -> Result<String> {
    render("sysctl.conf", TEMPLATE, context! { values => values.to_vec() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_kernel_without_ipv6_is_not_asked_for_it() {
        let facts = Facts {
            sysctl: vec![("net.ipv4.ip_nonlocal_bind".to_owned(), "0".to_owned())],
            ..Facts::default()
        };
        let text = text(&values(&facts)).unwrap();
        assert!(text.ends_with("\nnet.ipv4.ip_nonlocal_bind = 1\n"), "{text}");
        assert!(!text.contains("ipv6"));
    }
}
