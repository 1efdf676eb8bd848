//! Watches SIP at an address while traffic moves: OPTIONS at a steady rate in a thread of its own, and
//! the longest time without an answer.
//!
//! What is measured is what the place it runs at can see. A node of the pair is exempt from the peer's
//! block and reaches its own addresses over loopback, so from there only the move of the address shows;
//! from a third host everything does.

use crate::error::{Error, Result};
use crate::probe::Options;
use nix::sys::socket::SockaddrStorage;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Faster than this a small service is loaded rather than watched.
const FASTEST_HZ: u32 = 2000;

/// A watcher forgotten for this long stops by itself.
const LONGEST: Duration = Duration::from_mins(10);

/// How long answers still on their way are awaited after the last request.
const LINGER: Duration = Duration::from_millis(50);

/// A running watcher. Dropping it stops it.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Seen>>,
}

/// What a watcher saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Requests sent.
    pub sent: u64,
    /// Answers received.
    pub answered: u64,
    /// The longest time between two answers, less the interval between two requests; from the beginning to
    /// the end when nothing was answered.
    pub dark: Duration,
}

impl Watch {
    /// Starts sending to `target`, `hz` times a second.
    pub fn start(target: SocketAddr, hz: u32) -> Result<Self> {
        let fault = |error: std::io::Error| {
            Error::unknown("watch_failed", format!("{target} cannot be watched")).because(error)
        };
        let socket = UdpSocket::bind((source(target).map_err(fault)?, 0)).map_err(fault)?;
        socket.connect(target).map_err(fault)?;
        socket.set_nonblocking(true).map_err(fault)?;
        let request = Options::new(target, socket.local_addr().map_err(fault)?);
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let interval = Duration::from_secs(1) / hz.clamp(1, FASTEST_HZ);
        Ok(Self {
            stop,
            thread: Some(std::thread::spawn(move || {
                watch(&socket, request, interval, &seen)
            })),
        })
    }

    /// Stops, and tells what was seen.
    pub fn stop(mut self) -> Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        let died = || Error::bug("the watcher's thread panicked");
        self.thread.take().ok_or_else(died)?.join().map_err(|_| died())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// An address of this host to ask from. Never the target: a VIP may be on this very host when watching
/// starts and be gone when it ends.
fn source(target: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = if target.is_ipv4() {
        [0; 4].into()
    } else {
        [0u16; 8].into()
    };
    let scout = UdpSocket::bind((any, 0))?;
    scout.connect(target)?;
    let chosen = scout.local_addr()?.ip();
    if chosen != target.ip() || chosen.is_loopback() {
        return Ok(chosen);
    }
    let own = nix::ifaddrs::getifaddrs()?.filter_map(|entry| {
        let address = ip(entry.address.as_ref()?)?;
        Some((address, ip(entry.netmask.as_ref()?)?))
    });
    let is_virtual = |mask: IpAddr| match mask {
        IpAddr::V4(mask) => mask.is_broadcast(),
        IpAddr::V6(mask) => mask.to_bits() == u128::MAX,
    };
    let is_link_local = |address: IpAddr| matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let mut candidates = own.filter(|&(address, mask)| {
        address.is_ipv4() == target.is_ipv4()
            && !address.is_loopback()
            && !is_link_local(address)
            && !is_virtual(mask)
    });
    Ok(candidates.next().map_or(any, |(address, _)| address))
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

fn watch(socket: &UdpSocket, mut request: Options, interval: Duration, stop: &AtomicBool) -> Seen {
    let started = Instant::now();
    let mut gaps = Gaps {
        last: started,
        longest: Duration::ZERO,
    };
    let mut seen = Seen::default();
    let mut due = started;
    while !stop.load(Ordering::Relaxed) && started.elapsed() < LONGEST {
        // An error here is a packet that nobody answers, which is what is measured.
        let _ = socket.send(request.as_bytes());
        seen.sent += 1;
        due += interval;
        seen.answered += listen(socket, &request, due, &mut gaps);
        request.renew();
    }
    let end = Instant::now();
    seen.answered += listen(socket, &request, end + LINGER, &mut gaps);
    gaps.close(end);
    seen.dark = gaps.longest.saturating_sub(interval);
    seen
}

/// Times between answers.
struct Gaps {
    last: Instant,
    longest: Duration,
}

impl Gaps {
    fn close(&mut self, now: Instant) {
        self.longest = self.longest.max(now.saturating_duration_since(self.last));
        self.last = now;
    }
}

/// Counts answers until `until`, which a socket's own time-out, in ticks of 4 ms, would miss.
fn listen(socket: &UdpSocket, request: &Options, until: Instant, gaps: &mut Gaps) -> u64 {
    let mut answers = 0;
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else {
            return answers;
        };
        match poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return answers,
            Ok(_) => {}
            Err(_) if left.is_zero() => return answers,
            Err(_) => continue,
        }
        if let Ok(length) = socket.recv(&mut buffer)
            && request.is_answered_by(&buffer[..length])
        {
            gaps.close(Instant::now());
            answers += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every request except between `from` and `to` after the start.
    fn service(from: Duration, to: Duration) -> (SocketAddr, Arc<AtomicBool>) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        std::thread::spawn(move || {
            let started = Instant::now();
            let mut buffer = [0; 4096];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, peer)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let dark = (from..to).contains(&started.elapsed());
                let text = String::from_utf8_lossy(&buffer[..length]).replacen("OPTIONS sip:", "", 1);
                let headers = text.split_once("\r\n").unwrap().1;
                if !dark {
                    socket
                        .send_to(format!("SIP/2.0 200 OK\r\n{headers}").as_bytes(), peer)
                        .unwrap();
                }
            }
        });
        (address, stop)
    }

    #[test]
    fn the_longest_time_without_an_answer_is_told() {
        let (target, stop) = service(Duration::from_millis(100), Duration::from_millis(220));
        let watch = Watch::start(target, 500).unwrap();
        std::thread::sleep(Duration::from_millis(400));
        let seen = watch.stop().unwrap();
        stop.store(true, Ordering::Relaxed);
        assert!(seen.answered > 50 && seen.sent > seen.answered, "{seen:?}");
        assert!(seen.dark >= Duration::from_millis(100), "{seen:?}");
        assert!(seen.dark < Duration::from_millis(250), "{seen:?}");
    }

    #[test]
    fn where_nobody_answers_all_the_time_was_dark() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let watch = Watch::start(silent.local_addr().unwrap(), 100).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let seen = watch.stop().unwrap();
        assert_eq!(seen.answered, 0);
        assert!(seen.dark >= Duration::from_millis(80), "{seen:?}");
    }
}
