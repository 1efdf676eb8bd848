//! The first words of statements in SQL dumps: which table they are about.

use memchr::memchr;

/// The table of `INSERT [modifiers] INTO table` or `REPLACE INTO table`.
pub fn insert_head(line: &[u8]) -> Option<String> {
    let mut words = Words(line);
    let first = words.next()?;
    if !first.eq_ignore_ascii_case(b"INSERT") && !first.eq_ignore_ascii_case(b"REPLACE") {
        return None;
    }
    // At most `LOW_PRIORITY IGNORE` or `OR IGNORE` in between.
    let into = (0..3).find_map(|_| words.next().filter(|word| word.eq_ignore_ascii_case(b"INTO")));
    into.and_then(|_| words.name())
}

/// The table of `COPY table (columns) FROM stdin;`.
pub fn copy_head(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii_end();
    let mut words = Words(line);
    let copies = words.next()?.eq_ignore_ascii_case(b"COPY");
    let from_here = line.to_ascii_lowercase().ends_with(b"from stdin;");
    (copies && from_here).then(|| words.name()).flatten()
}

/// What is left of the head of a statement.
struct Words<'l>(&'l [u8]);

impl<'l> Words<'l> {
    fn next(&mut self) -> Option<&'l [u8]> {
        let text = self.0.trim_ascii_start();
        let end = text
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// A name, each part perhaps in quotes, parts joined by dots.
    fn name(&self) -> Option<String> {
        let mut text = self.0.trim_ascii_start();
        let mut name = Vec::new();
        loop {
            let (part, rest) = name_part(text)?;
            name.extend_from_slice(part);
            match rest.strip_prefix(b".") {
                Some(rest) => text = rest,
                None => break,
            }
            name.push(b'.');
        }
        String::from_utf8(name).ok()
    }
}

/// One part of a name, and what comes behind.
fn name_part(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let close = match text.first()? {
        b'"' => b'"',
        b'`' => b'`',
        b'[' => b']',
        _ => {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
            let end = text.iter().position(|byte| !plain(byte)).unwrap_or(text.len());
            return (end > 0).then(|| text.split_at(end));
        }
    };
    let end = 1 + memchr(close, &text[1..])?;
    Some((&text[1..end], &text[end + 1..]))
}
