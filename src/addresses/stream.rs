//! One pass over a text of any length with bounded memory: reads it piece by piece and shows every
//! address to a visitor. What is found does not depend on where the pieces end, because a decision is
//! taken only when all it may look at is there.

use super::candidates::Candidates;
use super::token::{REACH, Token};
use std::io::{self, Read};

/// Bytes in memory at a time: large for a system call, small for the processor's cache.
const BUFFER: usize = 128 * 1024;

/// A piece of a text, decided and not seen before.
pub struct Piece<'b> {
    /// The bytes at hand.
    pub text: &'b [u8],
    /// Where in `text` the piece begins; what comes before is there to look back at.
    pub begin: usize,
    /// Behind the last byte of the piece.
    pub end: usize,
    /// All addresses in it, in order, without overlaps.
    pub tokens: &'b [Token],
}

/// Told what a text holds, piece by piece.
pub trait Visitor {
    /// The next piece; it goes on where the one before ended.
    fn piece(&mut self, piece: &Piece<'_>) -> io::Result<()>;

    /// From here on the text is about `table` of a database.
    fn table(&mut self, _table: Option<&str>) {}
}

/// Shows every address that `reader` gives to `visitor`.
pub fn pass(reader: &mut dyn Read, visitor: &mut dyn Visitor) -> io::Result<()> {
    pass_in(&mut vec![0; BUFFER], reader, visitor)
}

/// Shows every address of `text` to `visitor`, all in one piece.
pub fn pass_whole(text: &[u8], visitor: &mut dyn Visitor) -> io::Result<()> {
    let mut stretch = Stretch {
        filled: text.len(),
        ..Stretch::default()
    };
    stretch.decide(text, true, visitor)
}

/// The same as [`pass`] with a buffer of at least four times [`REACH`].
pub fn pass_in(buffer: &mut [u8], reader: &mut dyn Read, visitor: &mut dyn Visitor) -> io::Result<()> {
    let mut stretch = Stretch::default();
    loop {
        let ended = stretch.fill(reader, buffer)?;
        stretch.decide(buffer, ended, visitor)?;
        if ended {
            return Ok(());
        }
        stretch.slide(buffer);
    }
}

/// How far the buffer is filled and how much of it is decided.
#[derive(Default)]
struct Stretch {
    filled: usize,
    /// Candidates before this were looked at.
    searched: usize,
    /// Bytes before this were passed to the visitor.
    passed: usize,
    /// No address begins before this.
    free: usize,
    /// Addresses of the present piece. Looking them up only when all are there lets the processor wait
    /// for several places of a large table at once.
    tokens: Vec<Token>,
}

impl Stretch {
    fn fill(&mut self, reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<bool> {
        while self.filled < buffer.len() {
            match reader.read(&mut buffer[self.filled..]) {
                Ok(0) => return Ok(true),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn decide(&mut self, buffer: &[u8], ended: bool, visitor: &mut dyn Visitor) -> io::Result<()> {
        let text = &buffer[..self.filled];
        let searchable = if ended {
            self.filled
        } else {
            self.filled.saturating_sub(REACH)
        };
        let mut candidates = Candidates::new(text, self.searched.max(self.free), searchable);
        self.tokens.clear();
        while let Some(candidate) = candidates.next() {
            if let Some(token) = Token::at(text, candidate)
                && token.start() >= self.free
            {
                self.free = token.prefix(text).map_or(token.end(), |prefix| prefix.end);
                candidates.skip_to(self.free);
                self.tokens.push(token);
            }
        }
        self.searched = searchable.max(self.searched);
        // An address whose first candidate comes next may begin up to REACH earlier.
        let certain = if ended {
            self.filled
        } else {
            self.searched.saturating_sub(REACH)
        };
        let begin = self.passed;
        self.passed = certain.max(self.free).max(begin);
        let piece = Piece {
            text,
            begin,
            end: self.passed,
            tokens: &self.tokens,
        };
        visitor.piece(&piece)
    }

    /// Makes room, but keeps what a coming decision may look back at.
    fn slide(&mut self, buffer: &mut [u8]) {
        let gone = self.passed.min(self.searched).saturating_sub(REACH);
        buffer.copy_within(gone..self.filled, 0);
        self.filled -= gone;
        self.searched -= gone;
        self.passed -= gone;
        self.free = self.free.saturating_sub(gone);
    }
}
