//! What the menu costs: time to its first frame, processor time and memory while it idles, and the size
//! of the binary. Prints a table.
//!
//! `cargo bench --bench menu` measures with two nodes that refuse every connection;
//! `cargo bench --bench menu -- PAIRFILE` with the nodes of a pair, such as the practice lab's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Starts measured.
const STARTS: usize = 30;
/// Seconds of idling.
const IDLE: u64 = 20;
/// The last words of a frame: the footer's.
const LAST_WORDS: &[u8] = b"quit";

/// Nodes that cannot be reached: the discard port of the loopback network.
const NOWHERE: &str = r#"name = "bench"
profile = "kamailio"
[primary]
hostname = "alpha"
fqdn = "alpha.example.net"
server_id = 1
address = { v4 = "192.0.2.11" }
ssh = { host = "localhost", port = 9 }
[secondary]
hostname = "beta"
fqdn = "beta.example.net"
server_id = 2
address = { v4 = "192.0.2.12" }
ssh = { host = "localhost", port = 9 }
[[vip]]
address = "192.0.2.10"
interface = "lo"
"#;

struct Menu {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    began: Instant,
}

fn start(binary: &Path, pair: &Path, state: &Path) -> Menu {
    let size = PtySize {
        rows: 24,
        cols: 80,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pty = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(binary);
    command.args(["--pair", pair.to_str().unwrap()]);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env("PAIRADM_STATE_DIR", state);
    command.env("PAIRADM_REPORT_DIR", state);
    let mut from = pty.master.try_clone_reader().unwrap();
    let (to, bytes) = channel();
    let began = Instant::now();
    let child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let writer = pty.master.take_writer().unwrap();
    std::thread::spawn(move || {
        // The master lives as long as its reader.
        let _master = pty.master;
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if to.send(buffer[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    Menu {
        child,
        writer,
        bytes,
        began,
    }
}

/// Time from the start of the process until its first whole frame has arrived.
fn first_frame(menu: &Menu) -> Duration {
    let mut seen = Vec::new();
    while !seen.windows(LAST_WORDS.len()).any(|words| words == LAST_WORDS) {
        seen.extend(menu.bytes.recv_timeout(Duration::from_secs(10)).expect("a frame"));
    }
    menu.began.elapsed()
}

fn leave(mut menu: Menu) {
    menu.writer.write_all(b"q").unwrap();
    menu.child.wait().unwrap();
}

/// User and system time in ticks of 10 ms, and the resident size in KiB.
fn cost(pid: u32) -> (u64, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let resident = resident.split_whitespace().next().unwrap().parse().unwrap();
    (ticks, resident)
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let given = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let pair = given.map_or_else(
        || {
            let file = folder.path().join("pair.toml");
            std::fs::write(&file, NOWHERE).unwrap();
            file
        },
        PathBuf::from,
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_pairadm"));

    let mut frames: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let menu = start(binary, &pair, folder.path());
            let time = first_frame(&menu);
            leave(menu);
            time
        })
        .collect();
    frames.sort();

    let menu = start(binary, &pair, folder.path());
    let pid = menu.child.process_id().unwrap();
    first_frame(&menu);
    // Connecting and the first answers are not idling.
    std::thread::sleep(Duration::from_secs(8));
    let (before, _) = cost(pid);
    std::thread::sleep(Duration::from_secs(IDLE));
    let (after, resident) = cost(pid);
    leave(menu);

    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let size = std::fs::metadata(binary).unwrap().len();
    // Ticks of 10 ms in seconds are hundredths, so ticks a second are per cent.
    println!("what                          measured   wanted");
    println!(
        "first frame, median        {:>8.1} ms   50 ms",
        ms(frames[STARTS / 2])
    );
    println!(
        "first frame, slowest of {STARTS} {:>8.1} ms   50 ms",
        ms(frames[STARTS - 1])
    );
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    {
        println!(
            "processor while idle       {:>8.2} %     1 %",
            (after - before) as f64 / IDLE as f64
        );
        println!(
            "resident while idle        {:>8.1} MB   30 MB",
            resident as f64 / 1_000.0
        );
        println!(
            "size of the binary         {:>8.1} MB   12 MB",
            size as f64 / 1_000_000.0
        );
    }
}
