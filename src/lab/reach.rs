//! Looks at a node from the host: does it greet as an SSH server, does its SIP service answer.

use crate::error::{Error, Result};
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Time from the call to the SSH greeting, or why there was none within `limit`.
pub fn ssh_greeting(address: IpAddr, limit: Duration) -> std::io::Result<Duration> {
    let start = Instant::now();
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, 22), limit)?;
    stream.set_read_timeout(Some(
        limit
            .saturating_sub(start.elapsed())
            .max(Duration::from_millis(1)),
    ))?;
    let mut greeting = [0_u8; 4];
    stream.read_exact(&mut greeting)?;
    if greeting == *b"SSH-" {
        Ok(start.elapsed())
    } else {
        Err(std::io::Error::other(
            "something other than an SSH server answers",
        ))
    }
}

/// Waits until the address greets as an SSH server.
pub fn await_ssh(node: &str, address: IpAddr, deadline: Instant) -> Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = left.clamp(Duration::from_millis(1), Duration::from_secs(1));
        match ssh_greeting(address, limit) {
            Ok(_) => return Ok(()),
            Err(error) if left.is_zero() => {
                return Err(Error::incomplete("lab_ssh", "does not answer on SSH")
                    .on(node)
                    .because(error));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Sends a SIP OPTIONS over UDP; the text of the answer, or `None` when none came within `limit`.
///
/// Waits for an answer to this very request: a late one to an earlier request has another Call-ID.
pub fn sip_options(address: IpAddr, limit: Duration) -> std::io::Result<Option<String>> {
    let target = SocketAddr::new(address, 5060);
    let socket = UdpSocket::bind(SocketAddr::new(
        if target.is_ipv4() {
            IpAddr::from([0; 4])
        } else {
            IpAddr::from([0; 16])
        },
        0,
    ))?;
    socket.connect(target)?;
    let own = socket.local_addr()?;
    let call_id = format!("{}-{}", std::process::id(), own.port());
    let request = format!(
        "OPTIONS sip:{target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call_id};rport\r\n\
         From: <sip:lab@{own}>;tag=lab\r\nTo: <sip:{target}>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send(request.as_bytes())?;
    let end = Instant::now() + limit;
    let mut buffer = [0_u8; 4096];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left))?;
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.contains(&call_id) {
                    return Ok(Some(text));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
