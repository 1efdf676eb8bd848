//! One SSH connection and the commands run on it, non-blocking throughout so that one deadline holds
//! over everything, whatever the peer does.

use super::deadline;
use super::give_up::GiveUp;
use super::host_key::HostKey;
use super::wire::{Tail, Wire};
use base64::Engine as _;
use rustix::event::PollFlags;
use ssh2::{BlockDirections, Channel, ErrorCode, MethodType, Session};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// AES-GCM is fastest with hardware help; the counter modes are for servers without it (dropbear).
const CIPHERS: &str =
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes128-ctr,chacha20-poly1305@openssh.com";

/// What a goodbye may take; the peer learns of a closed connection anyway.
const GOODBYE: Duration = Duration::from_millis(20);

pub(super) const EAGAIN: ErrorCode = ErrorCode::Session(libssh2_sys::LIBSSH2_ERROR_EAGAIN);

/// A connection whose keys are exchanged. Dropping it shuts the socket down first, so that no peer can
/// hold up the end.
pub(super) struct Connection {
    session: Session,
    socket: TcpStream,
    give_up: GiveUp,
}

impl Connection {
    /// Exchanges keys. Nothing but the protocol's own version line and key exchange has been sent then.
    pub fn open(
        socket: TcpStream,
        host_key_preference: &str,
        until: Instant,
        give_up: &GiveUp,
    ) -> io::Result<Self> {
        let mut session = Session::new()?;
        session.set_blocking(false);
        session.method_pref(MethodType::HostKey, host_key_preference)?;
        session.method_pref(MethodType::CryptCs, CIPHERS)?;
        session.method_pref(MethodType::CryptSc, CIPHERS)?;
        session.set_tcp_stream(socket.try_clone()?);
        let connection = Self {
            session,
            socket,
            give_up: give_up.clone(),
        };
        let mut session = connection.session.clone();
        connection.drive(until, || session.handshake())?;
        Ok(connection)
    }

    /// The key the host has proved to hold, also as `known_hosts` files have it.
    pub fn host_key(&self) -> Option<(HostKey, String)> {
        let (blob, _) = self.session.host_key()?;
        let key = HostKey::from_blob(blob)?;
        let base64 = base64::engine::general_purpose::STANDARD.encode(blob);
        let line = format!("{} {base64}", key.kind());
        Some((key, line))
    }

    /// The session, for authentication.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The socket, to cut a conversation that no longer ends by itself.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// What ends a wait before its deadline.
    pub fn give_up(&self) -> &GiveUp {
        &self.give_up
    }

    /// Repeats a call of libssh2 until it no longer wants to wait for the socket.
    pub fn attempt<T>(
        &self,
        until: Instant,
        mut call: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> io::Result<Result<T, ssh2::Error>> {
        loop {
            match call() {
                Err(error) if error.code() == EAGAIN => self.wait(until)?,
                done => return Ok(done),
            }
        }
    }

    /// [`Self::attempt`] where any error ends the connection.
    pub fn drive<T>(&self, until: Instant, call: impl FnMut() -> Result<T, ssh2::Error>) -> io::Result<T> {
        Ok(self.attempt(until, call)??)
    }

    /// Runs `command` through the login shell.
    pub fn exec(self: &Arc<Self>, command: &str, until: Instant) -> io::Result<Command> {
        let mut channel = self.drive(until, || self.session.channel_session())?;
        self.drive(until, || channel.exec(command))?;
        Ok(Command {
            stderr: channel.stderr(),
            channel,
            connection: Arc::clone(self),
            tail: Tail::default(),
            closed: false,
        })
    }

    /// Waits until the socket can go on where libssh2 wanted to.
    pub fn wait(&self, until: Instant) -> io::Result<()> {
        let flags = match self.session.block_directions() {
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
        };
        self.check(until)?;
        deadline::wait_for(&self.socket, flags, until, &self.give_up)
    }

    /// Fails at the deadline and when it is given up, also where a busy peer lets nobody wait.
    fn check(&self, until: Instant) -> io::Result<()> {
        self.give_up.check_wait()?;
        deadline::check(until)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.session.disconnect(None, "done", None);
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// A command running on the other side.
pub(super) struct Command {
    channel: Channel,
    stderr: ssh2::Stream,
    connection: Arc<Connection>,
    tail: Tail,
    /// The channel was closed: OpenSSH ends the connection of a client that then says more about it.
    closed: bool,
}

impl Command {
    /// Tells the command that its input has ended.
    pub fn end_input(&mut self, until: Instant) -> io::Result<()> {
        let channel = &mut self.channel;
        self.connection.drive(until, || channel.send_eof())
    }

    /// Waits for the end and tells how it ended: `Ok` only for exit status 0 that was really received.
    /// (libssh2 reports 0 as well for a killed command and for a cut link.)
    pub fn finish(mut self, until: Instant) -> io::Result<()> {
        let mut rest = [0; 4096];
        while self.receive(&mut rest, until)? > 0 {}
        let channel = &mut self.channel;
        self.closed = true;
        self.connection.drive(until, || channel.close())?;
        self.connection.drive(until, || channel.wait_close())?;
        if let Some(signal) = self.channel.exit_signal()?.exit_signal {
            return Err(io::Error::other(format!(
                "killed by SIG{}",
                super::sanitize::excerpt(signal.as_bytes(), 20)
            )));
        }
        match self.channel.exit_status()? {
            0 => Ok(()),
            status => Err(io::Error::other(format!("exit status {status}"))),
        }
    }

    fn drain_stderr(&mut self) {
        let mut buffer = [0; 2048];
        while let Ok(count @ 1..) = self.stderr.read(&mut buffer) {
            self.tail.push(&buffer[..count]);
        }
    }
}

// Every read and write of libssh2 takes whatever has arrived off the socket, for all streams. So before
// a wait on the socket, nothing may be left in its queue: standard error is drained first, and a wait
// follows directly on the call that wanted it.
impl Wire for Command {
    fn send(&mut self, mut bytes: &[u8], until: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            self.connection.check(until)?;
            self.drain_stderr();
            match self.channel.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                // libssh2 goes on waiting for a command that has ended to take more.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.channel.eof() => {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.connection.wait(until)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<usize> {
        loop {
            self.connection.check(until)?;
            self.drain_stderr();
            match self.channel.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.channel.read_window().available == 0 {
                        self.connection.wait(until)?;
                    }
                }
                Ok(0) => {
                    self.drain_stderr();
                    return Ok(0);
                }
                done => return done,
            }
        }
    }

    fn complaint(&self) -> String {
        self.tail.last_line()
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let until = Instant::now() + GOODBYE;
        let channel = &mut self.channel;
        let _ = self.connection.drive(until, || channel.send_eof());
    }
}
