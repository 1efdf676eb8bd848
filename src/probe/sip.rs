//! A SIP OPTIONS request over UDP by RFC 3261: does the service answer at an address.

use super::patience::{Patience, Try};
use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// RFC 3261 T1, the first retransmission interval of a request over UDP.
const T1: Duration = Duration::from_millis(500);
/// RFC 3261 T2, the longest retransmission interval.
const T2: Duration = Duration::from_secs(4);

/// Makes every request of this process different.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// OPTIONS requests with one call identifier, numbered from 1. Retransmissions are the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    target: SocketAddr,
    local: SocketAddr,
    call_id: String,
    sequence: u32,
    text: String,
}

impl Options {
    /// The first request to `target` from `local`.
    pub fn new(target: SocketAddr, local: SocketAddr) -> Self {
        let mut request = Self {
            target,
            local,
            call_id: format!("pairadm-{}", unique()),
            sequence: 0,
            text: String::new(),
        };
        request.renew();
        request
    }

    /// Turns it into the next request, a transaction of its own.
    pub fn renew(&mut self) {
        self.sequence = self.sequence.wrapping_add(1) & (u32::MAX >> 1);
        let (target, local, unique) = (self.target, self.local, unique());
        self.text = format!(
            "OPTIONS sip:{target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};branch=z9hG4bK-{unique};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:pairadm@{from}>;tag={unique}\r\n\
             To: <sip:{to}>\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {sequence} OPTIONS\r\n\
             Contact: <sip:pairadm@{local}>\r\n\
             Accept: application/sdp\r\n\
             User-Agent: pairadm/{version}\r\n\
             Content-Length: 0\r\n\r\n",
            from = host(local.ip()),
            to = host(target.ip()),
            call_id = self.call_id,
            sequence = self.sequence,
            version = env!("CARGO_PKG_VERSION"),
        );
    }

    /// The datagram.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// True when `datagram` is any response, provisional or final, to this request or one before it: the
    /// service is there, even when it declines.
    pub fn is_answered_by(&self, datagram: &[u8]) -> bool {
        let text = String::from_utf8_lossy(datagram);
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("SIP/2.0 "))
            .and_then(|rest| rest.split(' ').next()?.parse::<u16>().ok());
        if !status.is_some_and(|status| (100..700).contains(&status)) {
            return false;
        }
        let (mut same_call, mut known_sequence) = (false, false);
        for line in lines.take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("call-id") || name.eq_ignore_ascii_case("i") {
                same_call = value == self.call_id;
            } else if name.eq_ignore_ascii_case("cseq") {
                let mut words = value.split_whitespace();
                let number = words.next().and_then(|number| number.parse::<u32>().ok());
                known_sequence = number.is_some_and(|number| (1..=self.sequence).contains(&number))
                    && words.next() == Some("OPTIONS");
            }
        }
        same_call && known_sequence
    }
}

/// An address as a SIP URI writes it.
fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// Unique among requests of this process, and with all likelihood among processes and hosts.
fn unique() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!(
        "{:x}-{:x}-{:x}",
        since.as_nanos(),
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    )
}

/// Asks for an answer at `target`, with the retransmissions of RFC 3261. Returns the time from the first
/// request to the answer, or `None` when none came within `timeout`.
pub fn options(target: SocketAddr, timeout: Duration) -> Result<Option<Duration>> {
    let started = Instant::now();
    let mut patience = Patience::of(timeout);
    let fault = |error: std::io::Error| {
        Error::unknown(
            "sip_not_asked",
            format!("no SIP request could be sent to {target}"),
        )
        .because(error)
    };
    let any: IpAddr = if target.is_ipv4() {
        [0; 4].into()
    } else {
        [0u16; 8].into()
    };
    let socket = UdpSocket::bind((any, 0)).map_err(fault)?;
    if let Err(error) = socket.connect(target) {
        // No route: nobody can answer.
        return if is_silence(&error) {
            Ok(None)
        } else {
            Err(fault(error))
        };
    }
    let request = Options::new(target, socket.local_addr().map_err(fault)?);
    let mut interval = T1;
    while let Some(mut tried) = patience.next(interval) {
        match socket.send(request.as_bytes()) {
            Ok(_) => {}
            Err(error) if is_silence(&error) => {}
            Err(error) => return Err(fault(error)),
        }
        if heard(&socket, &request, &mut tried).map_err(fault)? {
            return Ok(Some(started.elapsed()));
        }
        patience.in_vain(&tried);
        interval = (interval * 2).min(T2);
    }
    Ok(None)
}

/// Errors that say nobody is there: they come back from earlier datagrams too.
fn is_silence(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
    )
}

/// Waits for the answer.
fn heard(socket: &UdpSocket, request: &Options, tried: &mut Try) -> std::io::Result<bool> {
    let mut buffer = [0; 4096];
    while let Some(left) = tried.left() {
        socket.set_read_timeout(Some(left))?;
        match socket.recv(&mut buffer) {
            Ok(length) if request.is_answered_by(&buffer[..length]) => return Ok(true),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if tried.is_over() {
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // An ICMP error is no answer; it may be the one before the service is up.
            Err(error) if is_silence(&error) => std::thread::sleep(left.min(Duration::from_millis(20))),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Options {
        Options::new(
            "[fd00::1]:5060".parse().unwrap(),
            "[fd00::9]:40000".parse().unwrap(),
        )
    }

    fn answer(request: &Options, status: &str) -> String {
        format!(
            "SIP/2.0 {status}\r\nv: SIP/2.0/UDP x\r\ni: {}\r\nCSEQ: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            request.call_id
        )
    }

    #[test]
    fn a_request_has_every_header_that_rfc_3261_demands() {
        let text = request().text;
        assert!(
            text.starts_with("OPTIONS sip:[fd00::1]:5060 SIP/2.0\r\n"),
            "{text}"
        );
        for header in [
            "Via",
            "Max-Forwards",
            "From",
            "To",
            "Call-ID",
            "CSeq",
            "Content-Length",
        ] {
            assert!(
                text.contains(&format!("\r\n{header}: ")),
                "{header} is missing in {text}"
            );
        }
        assert!(text.contains(";branch=z9hG4bK") && text.contains(";rport\r\n") && text.contains(";tag="));
        assert!(text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn any_response_to_this_request_counts_and_no_other() {
        let request = request();
        for status in ["200 OK", "100 Trying", "404 Not here", "503 Busy"] {
            assert!(
                request.is_answered_by(answer(&request, status).as_bytes()),
                "{status}"
            );
        }
        let good = answer(&request, "200 OK");
        for bad in [
            good.replace(&request.call_id, "other"),
            good.replace("1 OPTIONS", "2 OPTIONS"),
            good.replace("1 OPTIONS", "1 INVITE"),
            good.replace("SIP/2.0 200", "SIP/2.0 20x"),
            request.text.clone(),
            String::new(),
        ] {
            assert!(!request.is_answered_by(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_service_that_misses_the_first_request_is_asked_again() {
        let service = UdpSocket::bind("127.0.0.1:0").unwrap();
        let target = service.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut seen = Vec::new();
            for _ in 0..2 {
                let (length, from) = service.recv_from(&mut buffer).unwrap();
                seen.push((buffer[..length].to_vec(), from));
            }
            let (second, from) = seen.pop().unwrap();
            assert_eq!(seen[0].0, second, "a retransmission is the same request");
            let text = String::from_utf8(second).unwrap();
            let echoed: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with("Call-ID") || line.starts_with("CSeq"))
                .collect();
            let reply = format!("SIP/2.0 200 OK\r\n{}\r\n\r\n", echoed.join("\r\n"));
            service.send_to(reply.as_bytes(), from).unwrap();
        });
        let answered = options(target, Duration::from_secs(5)).unwrap().unwrap();
        assert!(answered >= T1);
        server.join().unwrap();
    }

    #[test]
    fn silence_and_a_closed_port_end_at_the_time_out() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let target = silent.local_addr().unwrap();
        let started = Instant::now();
        assert_eq!(options(target, Duration::from_millis(60)).unwrap(), None);
        drop(silent);
        assert_eq!(options(target, Duration::from_millis(60)).unwrap(), None);
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
