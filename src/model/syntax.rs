//! What single values look like: one function a kind of value, shared by the pair file and the forms,
//! so that both refuse the same input with the same words. Each message names what is accepted.

use super::Hostname;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type Parsed<T> = Result<T, String>;

/// Shows input in a message: control and bidirectional characters escaped, long input cut (S11).
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown.replace("\\'", "'").replace("\\\"", "\"")
}

/// An IPv4 address of a host.
pub fn host_v4(text: &str) -> Parsed<Ipv4Addr> {
    const ACCEPTED: &str = "an IPv4 address of a host, such as 192.0.2.11";
    refuse_prefix(text, ACCEPTED)?;
    let address: Ipv4Addr = text
        .parse()
        .map_err(|_| format!("`{}` is not an IPv4 address; accepted: {ACCEPTED}", shown(text)))?;
    let why = if address.is_loopback() {
        "is a loopback address"
    } else if address.is_multicast() {
        "is a multicast address"
    } else if address.is_broadcast() {
        "is the broadcast address"
    } else if address.octets()[0] == 0 {
        "names no host"
    } else if address.is_link_local() {
        "is a link-local address"
    } else {
        return Ok(address);
    };
    Err(format!("`{address}` {why}; accepted: {ACCEPTED}"))
}

/// An IPv6 address of a host: global or unique local.
pub fn host_v6(text: &str) -> Parsed<Ipv6Addr> {
    const ACCEPTED: &str = "a global or unique local IPv6 address, such as 2001:db8::11";
    refuse_prefix(text, ACCEPTED)?;
    let address: Ipv6Addr = text
        .parse()
        .map_err(|_| format!("`{}` is not an IPv6 address; accepted: {ACCEPTED}", shown(text)))?;
    let why = if address.is_loopback() {
        "is the loopback address"
    } else if address.is_multicast() {
        "is a multicast address"
    } else if address.is_unspecified() {
        "names no host"
    } else if address.is_unicast_link_local() {
        "is a link-local address"
    } else if address.to_ipv4_mapped().is_some() {
        "is an IPv4 address in IPv6 notation"
    } else {
        return Ok(address);
    };
    Err(format!("`{address}` {why}; accepted: {ACCEPTED}"))
}

/// An address of a host of either family.
pub fn host_address(text: &str) -> Parsed<IpAddr> {
    if text.contains(':') {
        return host_v6(text).map(IpAddr::V6);
    }
    host_v4(text).map(IpAddr::V4)
}

/// An address or a name: of an NTP server, of an SSH target.
pub fn host(text: &str) -> Parsed<String> {
    let numeric = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'/');
    if text.contains(':') || numeric {
        return host_address(text).map(|address| address.to_string());
    }
    text.parse::<Hostname>().map(String::from)
}

/// A network interface by the kernel's rule: 1 to 15 bytes without blanks, `/` and `:`.
pub fn interface(text: &str) -> Parsed<String> {
    // IFNAMSIZ is 16 with its final NUL.
    let fits = (1..=15).contains(&text.len());
    let clean = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && b != b'/' && b != b':');
    if fits && clean && text != "." && text != ".." {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not an interface name; accepted: 1 to 15 characters without blanks, `/` and `:`, such as eth0",
        shown(text)
    ))
}

/// A TCP port.
pub fn tcp_port(text: &str) -> Parsed<u16> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!(
            "`{}` is not a TCP port; accepted: 1 to 65535",
            shown(text)
        )),
    }
}

/// A login name.
pub fn login(text: &str) -> Parsed<String> {
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    match text.as_bytes() {
        [head, tail @ ..] if first(*head) && tail.len() < 32 && tail.iter().all(|&b| rest(b)) => {
            Ok(text.to_owned())
        }
        _ => Err(format!(
            "`{}` is not a login name; accepted: a letter, then letters, digits, `-`, `_` and `.`, 32 at most",
            shown(text)
        )),
    }
}

/// An absolute path without `.` and `..` in it, and not the root itself.
pub fn absolute_path(text: &str) -> Parsed<String> {
    let parts = text.strip_prefix('/').unwrap_or_default().split('/');
    let clean = parts
        .into_iter()
        .all(|part| !part.is_empty() && part != "." && part != "..");
    if text.starts_with('/') && clean && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not an absolute path; accepted: a path such as /etc/kamailio/tls.cfg, without `..` and `//`",
        shown(text)
    ))
}

/// The name of a pair or a profile: 1 to 32 letters, digits, dots, hyphens and underscores.
pub fn plain_name(text: &str) -> Parsed<String> {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let clean = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if first && clean && text.len() <= 32 {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not a name; accepted: 1 to 32 letters, digits, `.`, `-` and `_`, a letter or digit first",
        shown(text)
    ))
}

/// A pinned host key: its type and the `SHA256:` fingerprint, as `ssh-keygen -l` prints them.
pub fn host_key(text: &str) -> Parsed<String> {
    let refuse = || {
        format!(
            "`{}` is not a host key; accepted: type and fingerprint, such as ssh-ed25519 SHA256:… with 43 characters",
            shown(text)
        )
    };
    let (kind, fingerprint) = text.split_once(' ').ok_or_else(refuse)?;
    let digest = fingerprint.strip_prefix("SHA256:").ok_or_else(refuse)?;
    let known = kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-");
    // 32 bytes in base64 without padding.
    let well_formed = digest.len() == 43
        && digest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    if known && well_formed {
        Ok(text.to_owned())
    } else {
        Err(refuse())
    }
}

/// Says what is wrong with `192.0.2.11/24` where one address is wanted.
fn refuse_prefix(text: &str, accepted: &str) -> Parsed<()> {
    match text.split_once('/') {
        Some((address, length)) if length.bytes().all(|b| b.is_ascii_digit()) => Err(format!(
            "`{}` has a prefix length; leave out `/{}` and write {}; accepted: {accepted}",
            shown(text),
            shown(length),
            shown(address)
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_prefix_length_is_refused_with_the_address_to_write() {
        let why = host_v4("192.0.2.11/24").unwrap_err();
        assert!(why.contains("leave out `/24` and write 192.0.2.11"), "{why}");
        assert!(host_v6("2001:db8::1/64").unwrap_err().contains("leave out `/64`"));
    }

    #[test]
    fn addresses_that_name_no_single_reachable_host_are_refused() {
        for bad in [
            "127.0.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "169.254.1.1",
            "1.2.3",
            "",
        ] {
            assert!(host_v4(bad).is_err(), "{bad}");
        }
        for bad in [
            "::1",
            "ff02::1",
            "::",
            "fe80::1",
            "::ffff:192.0.2.1",
            "fe80::1%eth0",
        ] {
            assert!(host_v6(bad).is_err(), "{bad}");
        }
        assert!(host_address("fd00::1").is_ok());
        assert!(host_address("10.0.0.1").is_ok());
    }

    #[test]
    fn interface_names_follow_the_kernel() {
        assert!(interface("enp0s31f6.1234").is_ok());
        for bad in ["", "sixteen-letters-", "eth 0", "eth/0", "eth0:1", "..", "ü"] {
            assert!(interface(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_but_never_half_an_address() {
        assert_eq!(host("Ntp.Example.NET").unwrap(), "ntp.example.net");
        assert_eq!(host("192.0.2.1").unwrap(), "192.0.2.1");
        assert_eq!(host("2001:DB8::1").unwrap(), "2001:db8::1");
        assert!(host("192.0.2").is_err());
        assert!(host("192.0.2.1/24").is_err());
    }

    #[test]
    fn paths_logins_names_and_keys_are_strict() {
        for bad in ["etc/x", "/", "/etc/../x", "/etc//x", "/etc/x/", "/a\nb"] {
            assert!(absolute_path(bad).is_err(), "{bad}");
        }
        assert!(login("root").is_ok() && login("-x").is_err() && login("a b").is_err());
        assert!(plain_name("office-1").is_ok() && plain_name("").is_err() && plain_name("../x").is_err());
        let digest = "A".repeat(43);
        assert!(host_key(&format!("ssh-ed25519 SHA256:{digest}")).is_ok());
        assert!(host_key(&format!("ssh-ed25519 MD5:{digest}")).is_err());
        assert!(host_key("ssh-ed25519 SHA256:short").is_err());
    }

    #[test]
    fn shown_input_carries_no_control_or_bidirectional_characters() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        assert_eq!(shown("it's \"q\""), "it's \"q\"");
        assert!(shown(&"x".repeat(500)).chars().count() <= 81);
    }
}
