//! Hides what may be a secret in lines of configuration files before they are shown (S11).
//!
//! The rule is simple so that nobody has to guess: of a line that holds one of [`WORDS`] in whatever case,
//! nothing after that word is shown; of a URL with a password, the password is not shown; of a private key
//! in PEM, nothing between its first and last line. Too much is hidden rather than too little.

/// After one of these a secret may follow.
pub const WORDS: [&str; 8] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "key",
    "community",
    "ha1",
];

/// Stands for what is not shown.
const HIDDEN: &str = "***";

/// Whether what has this name may be a secret.
pub fn may_be_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The text with everything hidden that may be a secret. Line for line the same as the original.
pub fn masked(text: &str) -> String {
    let mut inside_pem = false;
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        if body.contains("-----END ") {
            inside_pem = false;
        }
        if inside_pem {
            shown.push_str(body.get(..1).filter(|first| "+- ".contains(*first)).unwrap_or(""));
            shown.push_str(HIDDEN);
        } else {
            shown.push_str(&masked_line(body));
        }
        if body.contains("-----BEGIN ") && body.contains("PRIVATE KEY") {
            inside_pem = true;
        }
        shown.push_str(end);
    }
    shown
}

fn masked_line(line: &str) -> String {
    if line.contains("-----BEGIN ") || line.contains("-----END ") {
        return line.to_owned();
    }
    let lower = line.to_ascii_lowercase();
    let ends = WORDS
        .iter()
        .filter_map(|word| Some(lower.find(word)? + word.len()));
    // The rest of a longer word is no secret: `password`, `passwd`.
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = ends.min().map(|end| {
        let rest = &line[end..];
        end + rest.find(|c| !in_word(c)).unwrap_or(rest.len())
    });
    match end {
        Some(end) if !line[end..].trim().is_empty() => without_url_password(&line[..end]) + HIDDEN,
        _ => without_url_password(line),
    }
}

/// `scheme://user:***@host`
fn without_url_password(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        let authority = after
            .find(|c: char| c == '/' || c == '"' || c == '\'' || c.is_whitespace())
            .unwrap_or(after.len());
        let name = &after[..authority];
        shown.push_str(before);
        match (name.find(':'), name.rfind('@')) {
            (Some(colon), Some(at)) if colon < at => {
                shown.push_str(&name[..=colon]);
                shown.push_str(HIDDEN);
                shown.push_str(&name[at..]);
            }
            _ => shown.push_str(name),
        }
        rest = &after[authority..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_hidden_and_the_rest_is_not() {
        for (line, shown) in [
            ("+password = \"hunter2\"", "+password***"),
            ("-DBPass: hunter2", "-DBPass***"),
            (" api_key=abc", " api_key***"),
            (
                "#!define DB_URL \"postgres://kamailio:hunter2@localhost/kamailio\"",
                "#!define DB_URL \"postgres://kamailio:***@localhost/kamailio\"",
            ),
            ("listen=udp:192.0.2.11:5060", "listen=udp:192.0.2.11:5060"),
            ("db=sqlite:////etc/x", "db=sqlite:////etc/x"),
            ("# change the password", "# change the password"),
            (
                "url = http://[2001:db8::1]:80/x",
                "url = http://[2001:db8::1]:80/x",
            ),
        ] {
            assert_eq!(masked(line), shown, "{line}");
        }
    }

    #[test]
    fn nothing_of_a_private_key_is_shown() {
        let text = "+-----BEGIN PRIVATE KEY-----\n+MIIabc\n+def\n+-----END PRIVATE KEY-----\n+x\n";
        assert_eq!(
            masked(text),
            "+-----BEGIN PRIVATE KEY-----\n+***\n+***\n+-----END PRIVATE KEY-----\n+x\n"
        );
    }

    #[test]
    fn every_line_stays_a_line() {
        let text = "a\nsecret=1\n\nb";
        assert_eq!(masked(text), "a\nsecret***\n\nb");
    }
}
