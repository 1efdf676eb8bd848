//! One pass over a text of any length with bounded memory: reads it piece by piece and shows every
//! address to a visitor. What is found does not depend on where the pieces end, because a decision is
//! taken only when all it may look at is there.

use super::candidates::{Candidates, STRETCH};
use super::token::{REACH, Token};
use std::io::{self, Read};

/// Bytes that are read at a time: large for a system call, small for the processor's cache, and whole
/// pages, which the kernel copies fastest.
const READ: usize = 256 * 1024;

/// Bytes that were read before, at most, which a coming decision may look at.
const KEPT: usize = 3 * REACH;

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

    /// The text has ended.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows every address that `reader` gives to `visitor`.
pub fn pass(reader: &mut dyn Read, visitor: &mut dyn Visitor) -> io::Result<()> {
    pass_in(&mut vec![0; KEPT + READ], reader, visitor)
}

/// Shows every address of `text` to `visitor`, all in one piece.
pub fn pass_whole(text: &[u8], visitor: &mut dyn Visitor) -> io::Result<()> {
    Stretch::default().decide(text, true, visitor)?;
    visitor.end()
}

/// The same as [`pass`] with a buffer of at least four times [`REACH`].
pub fn pass_in(buffer: &mut [u8], reader: &mut dyn Read, visitor: &mut dyn Visitor) -> io::Result<()> {
    let mut stretch = Stretch::default();
    // What is read always comes to the same place; what is kept of the text before ends there.
    let mut begin = KEPT;
    loop {
        let (end, ended) = fill(reader, buffer, KEPT)?;
        let text = &buffer[begin..end];
        stretch.decide(text, ended, visitor)?;
        if ended {
            return visitor.end();
        }
        let kept = begin + stretch.forget()..end;
        begin = KEPT - kept.len();
        buffer.copy_within(kept, begin);
    }
}

/// Reads into `buffer` from `begin` on; where what was read ends, and whether nothing comes behind it.
fn fill(reader: &mut dyn Read, buffer: &mut [u8], begin: usize) -> io::Result<(usize, bool)> {
    let mut end = begin;
    while end < buffer.len() {
        match reader.read(&mut buffer[end..]) {
            Ok(0) => return Ok((end, true)),
            Ok(read) => end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((end, false))
}

/// How much of the text at hand is decided.
#[derive(Default)]
struct Stretch {
    /// Candidates before this were looked at.
    searched: usize,
    /// Bytes before this were passed to the visitor.
    passed: usize,
    /// No address begins before this.
    free: usize,
    /// Addresses of the present piece. Looking them up only when all are there lets the processor wait
    /// for several places of a large table at once.
    tokens: Vec<Token>,
    candidates: Candidates,
}

impl Stretch {
    fn decide(&mut self, text: &[u8], ended: bool, visitor: &mut dyn Visitor) -> io::Result<()> {
        let searchable = if ended {
            text.len()
        } else {
            text.len().saturating_sub(REACH)
        };
        self.tokens.clear();
        let mut begin = self.searched.max(self.free);
        while begin < searchable {
            let end = searchable.min(begin + STRETCH);
            self.gather(text, begin, end);
            begin = end;
        }
        self.searched = searchable.max(self.searched);
        // An address whose first candidate comes next may begin up to REACH earlier.
        let certain = if ended {
            text.len()
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

    /// Gathers the addresses with a candidate in `text[begin..end]`.
    fn gather(&mut self, text: &[u8], begin: usize, end: usize) {
        for &candidate in self.candidates.within(text, begin, end) {
            let candidate = begin + candidate as usize;
            if candidate >= self.free
                && let Some(token) = Token::at(text, candidate)
                && token.start() >= self.free
            {
                self.free = token.prefix(text).map_or(token.end(), |prefix| prefix.end);
                self.tokens.push(token);
            }
        }
    }

    /// Forgets what no coming decision looks back at; so many bytes, from the first on.
    fn forget(&mut self) -> usize {
        let gone = self.passed.min(self.searched).saturating_sub(REACH);
        self.searched -= gone;
        self.passed -= gone;
        self.free = self.free.saturating_sub(gone);
        gone
    }
}
