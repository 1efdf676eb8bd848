//! A terminal of 80 by 24 with a program in it, as `vt100` sees it.

use crate::support::hold::signal;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// How long a test waits for something that takes milliseconds on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<vt100::Parser>>,
    stop: Arc<AtomicBool>,
    reader: JoinHandle<()>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn positive(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

impl Pty {
    pub fn start(command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let seen = Arc::new(Mutex::new(vt100::Parser::new(positive(24), positive(80), 0)));
        let stop = Arc::new(AtomicBool::new(false));
        let mut from = pair.master.try_clone_reader().unwrap();
        let reader = std::thread::spawn({
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            move || {
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = from.read(&mut bytes) {
                    seen.lock().unwrap().process(&bytes[..read]);
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            }
        });
        Self {
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            seen,
            stop,
            reader,
        }
    }

    pub fn press(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn text(&self) -> String {
        self.seen.lock().unwrap().screen().contents()
    }

    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        let began = Instant::now();
        while !self.text().contains(words) {
            assert!(
                began.elapsed() < PATIENCE,
                "`{words}` did not appear in\n{}",
                self.text()
            );
            sleep(Duration::from_millis(5));
        }
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(positive(rows), positive(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.process_id().unwrap(), name);
    }

    /// Waits for the end and checks that the terminal is as it was before.
    #[track_caller]
    pub fn wait_for_end(&mut self) {
        self.wait_for_exit();
        // The last bytes may still be on their way.
        let began = Instant::now();
        while !self.given_back() {
            assert!(
                began.elapsed() < PATIENCE,
                "the terminal was not given back:\n{}",
                self.text()
            );
            sleep(Duration::from_millis(5));
        }
        let termios = self.master.get_termios().unwrap();
        let cooked = format!("{:?}", termios.local_flags);
        assert!(
            cooked.contains("ICANON") && cooked.contains("ECHO"),
            "still raw: {cooked}"
        );
    }

    #[track_caller]
    pub fn wait_for_exit(&mut self) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                began.elapsed() < PATIENCE,
                "the menu did not end:\n{}",
                self.text()
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits for what no word on the screen tells.
    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "not {what}:\n{}", self.text());
            sleep(Duration::from_millis(5));
        }
    }

    /// Stopped by a signal, as `ps` shows with T.
    pub fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        stat.rsplit(')').next().unwrap().trim_start().starts_with('T')
    }

    pub fn given_back(&self) -> bool {
        let seen = self.seen.lock().unwrap();
        let screen = seen.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Closes the terminal under the program, as a lost connection does.
    pub fn hang_up(mut self) -> Box<dyn Child + Send + Sync> {
        self.stop.store(true, Ordering::SeqCst);
        // The next byte that is drawn ends the reader, and with it the last way to the terminal.
        self.press("j");
        self.reader.join().unwrap();
        self.child
    }
}
