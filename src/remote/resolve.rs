//! Names to addresses. The program is static and must not load the C library's name service modules,
//! so names go through `getent`, which answers as every other program of the machine would be answered.

use super::give_up::GiveUp;
use crate::agent::program;
use crate::error::{Error, Result};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What a look-up that was ended at its deadline takes to say so.
const GRACE: Duration = Duration::from_secs(2);

/// The addresses of `host`: an address, a link-local IPv6 address with its interface (`fe80::1%eth0`),
/// or a name. Code `no_address` when there are none.
pub(super) fn resolve(host: &str, port: u16, until: Instant, give_up: &GiveUp) -> Result<Vec<SocketAddr>> {
    let literal = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = literal.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if let Some((address, scope)) = literal.split_once('%') {
        return scoped(address, scope, port).map(|found| vec![found]);
    }
    if host.is_empty()
        || host.starts_with('-')
        || host.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return Err(Error::refused("bad_host", format!("`{}` is not a host name", host.escape_debug()))
            .hint("accepted: a host name, an IPv4 address, or an IPv6 address with %interface where it is link-local"));
    }
    let answer = looked_up(host, until, give_up)?;
    let mut found: Vec<SocketAddr> = Vec::new();
    let texts = answer
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    for text in texts {
        let socket = match text.split_once('%') {
            Some((address, scope)) => scoped(address, scope, port).ok(),
            None => text
                .parse::<IpAddr>()
                .ok()
                .map(|address| SocketAddr::new(address, port)),
        };
        found.extend(socket.filter(|socket| !found.contains(socket)));
    }
    if found.is_empty() {
        return Err(Error::refused("no_address", format!("`{host}` has no address"))
            .hint("check the name, or give an address instead"));
    }
    Ok(found)
}

/// What `getent` says, on a thread that is left behind when it is given up.
fn looked_up(host: &str, until: Instant, give_up: &GiveUp) -> Result<program::Finished> {
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let no_thread = |error| Error::refused("no_thread", "no thread could be started").because(error);
    std::thread::Builder::new()
        .name("getent".to_owned())
        .spawn(move || sender.send(program::run(&["getent", "ahosts", &name], "", until)))
        .map_err(no_thread)?;
    // It keeps to the deadline by itself, and says so better.
    give_up.receive(&receiver, until + GRACE).map_err(|error| {
        Error::refused("no_address", format!("`{host}` cannot be looked up")).because(error)
    })?
}

/// A link-local address with its interface, by name or number.
fn scoped(address: &str, scope: &str, port: u16) -> Result<SocketAddr> {
    let refuse = |why: String| {
        Error::refused(
            "bad_host",
            format!("`{address}%{scope}` is not an IPv6 address with an interface"),
        )
        .because(why)
    };
    let address = address
        .parse::<Ipv6Addr>()
        .map_err(|error| refuse(error.to_string()))?;
    let index = match scope.parse() {
        Ok(index) => index,
        Err(_) => interface_index(scope).map_err(|error| refuse(format!("interface `{scope}`: {error}")))?,
    };
    Ok(SocketAddrV6::new(address, port, 0, index).into())
}

fn interface_index(name: &str) -> rustix::io::Result<u32> {
    use rustix::net::{AddressFamily, SocketType, netdevice, socket};
    let any = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    netdevice::name_to_index(any, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_soon(host: &str) -> Result<Vec<SocketAddr>> {
        resolve(
            host,
            22,
            Instant::now() + Duration::from_secs(5),
            &GiveUp::never(),
        )
    }

    #[test]
    fn addresses_need_no_look_up() {
        for (text, socket) in [
            ("192.0.2.1", "192.0.2.1:22"),
            ("2001:db8::1", "[2001:db8::1]:22"),
            ("[2001:db8::1]", "[2001:db8::1]:22"),
            ("fe80::1%lo", "[fe80::1%1]:22"),
            ("fe80::1%7", "[fe80::1%7]:22"),
        ] {
            assert_eq!(resolve_soon(text).unwrap(), [socket.parse().unwrap()], "{text}");
        }
    }

    #[test]
    fn names_are_answered_as_for_other_programs() {
        let found = resolve_soon("localhost").unwrap();
        assert!(found.iter().all(|socket| socket.ip().is_loopback()), "{found:?}");
    }

    #[test]
    fn what_is_no_name_is_refused_and_never_reaches_a_command_line() {
        for text in ["", "-s", "--help", "a b", "x\u{1b}[1m", "fe80::1%nosuch0"] {
            assert_eq!(resolve_soon(text).unwrap_err().code, "bad_host", "{text:?}");
        }
        assert_eq!(
            resolve_soon("no-such-name.invalid").unwrap_err().code,
            "no_address"
        );
    }
}
