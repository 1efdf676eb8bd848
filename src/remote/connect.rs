//! One TCP connection out of several addresses: the next is tried a quarter of a second after the
//! one before it, or at once when that fails, and the first that answers wins (RFC 8305).

use super::deadline;
use super::give_up::GiveUp;
use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// RFC 8305, section 5: connection attempt delay.
const STAGGER: Duration = Duration::from_millis(250);

/// Milliseconds that sent bytes may stay unacknowledged before the kernel gives the connection up.
const USER_TIMEOUT_MS: u32 = 10_000;

/// Connects to the first address that answers. The socket is non-blocking, without Nagle's delay, and
/// gives up on a peer that no longer acknowledges. The error lists what each address said.
pub(super) fn first_answer(
    addresses: &[SocketAddr],
    until: Instant,
    give_up: &GiveUp,
) -> Result<(TcpStream, SocketAddr), Vec<(SocketAddr, io::Error)>> {
    let mut waiting: VecDeque<SocketAddr> = addresses.iter().copied().collect();
    let mut pending: Vec<(SocketAddr, OwnedFd)> = Vec::new();
    let mut failed = Vec::new();
    while !(waiting.is_empty() && pending.is_empty()) {
        if let Some(address) = waiting.pop_front() {
            match begin(address) {
                Ok(socket) => pending.push((address, socket)),
                Err(error) => {
                    failed.push((address, error));
                    continue;
                }
            }
        }
        let patience = if waiting.is_empty() {
            until
        } else {
            until.min(Instant::now() + STAGGER)
        };
        match settled(&mut pending, patience, give_up, &mut failed) {
            Some((address, socket)) => match prepare(&socket) {
                Ok(()) => return Ok((TcpStream::from(socket), address)),
                Err(error) => failed.push((address, error)),
            },
            None if Instant::now() >= until || give_up.asked() => {
                let silent = pending
                    .drain(..)
                    .map(|(address, _)| address)
                    .chain(waiting.drain(..));
                failed.extend(silent.map(|address| (address, deadline::too_late())));
            }
            None => {}
        }
    }
    Err(failed)
}

fn begin(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// Waits until one connection stands. Those that fail meanwhile are moved to `failed`, and one failure
/// ends the waiting so that the next address gets its turn.
fn settled(
    pending: &mut Vec<(SocketAddr, OwnedFd)>,
    until: Instant,
    give_up: &GiveUp,
    failed: &mut Vec<(SocketAddr, io::Error)>,
) -> Option<(SocketAddr, OwnedFd)> {
    let ready: Vec<bool> = {
        let mut fds: Vec<_> = pending
            .iter()
            .map(|(_, socket)| PollFd::new(socket, PollFlags::OUT))
            .collect();
        deadline::wait(&mut fds, until, give_up).ok()?;
        fds.iter().map(|fd| !fd.revents().is_empty()).collect()
    };
    let index = ready.into_iter().position(|ready| ready)?;
    let (address, socket) = pending.swap_remove(index);
    match sockopt::socket_error(&socket) {
        Ok(Ok(())) => Some((address, socket)),
        Ok(Err(error)) | Err(error) => {
            failed.push((address, error.into()));
            None
        }
    }
}

fn prepare(socket: &OwnedFd) -> io::Result<()> {
    sockopt::set_tcp_nodelay(socket, true)?;
    sockopt::set_tcp_user_timeout(socket, USER_TIMEOUT_MS)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn the_second_address_is_taken_when_the_first_refuses() {
        let listener = TcpListener::bind("[::1]:0").unwrap();
        let open = listener.local_addr().unwrap();
        let closed = SocketAddr::from(([127, 0, 0, 1], open.port()));
        let at_once = || {
            let started = Instant::now();
            let (socket, taken) = first_answer(&[closed, open], soon(), &GiveUp::never()).unwrap();
            assert_eq!(taken, open);
            assert!(socket.nodelay().unwrap());
            started.elapsed() < STAGGER
        };
        // One of several tries: the machine may be busy.
        assert!((0..10).any(|_| at_once()), "a refusal must not cost the stagger");
    }

    #[test]
    fn every_address_is_accounted_for() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let addresses = [
            SocketAddr::from(([127, 0, 0, 1], port)),
            SocketAddr::from(([127, 0, 0, 2], port)),
        ];
        let failed = first_answer(&addresses, soon(), &GiveUp::never()).unwrap_err();
        assert_eq!(failed.len(), 2);
        assert!(
            failed
                .iter()
                .all(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused)
        );
    }

    #[test]
    fn a_silent_address_ends_at_the_deadline_or_when_it_is_given_up() {
        // A full backlog answers no SYN.
        let listener = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address: SocketAddr = rustix::net::getsockname(&listener).unwrap().try_into().unwrap();
        let _held: Vec<_> = (0..4).filter_map(|_| begin(address).ok()).collect();
        std::thread::sleep(Duration::from_millis(50));
        let started = Instant::now();
        let failed =
            first_answer(&[address], started + Duration::from_millis(100), &GiveUp::never()).unwrap_err();
        assert_eq!(failed[0].1.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(30));

        let cancel = crate::model::Cancel::default();
        let give_up = GiveUp::when(&cancel);
        let for_ever = Instant::now() + Duration::from_secs(3600);
        let waiting = std::thread::spawn(move || first_answer(&[address], for_ever, &give_up).map(drop));
        cancel.ask();
        assert_eq!(waiting.join().unwrap().unwrap_err().len(), 1);
    }
}
