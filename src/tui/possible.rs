//! Whether this terminal can carry the menu at all.

use rustix::termios::isatty;

/// `Err` with the reason when only the line mode will do.
pub fn possible() -> Result<(), &'static str> {
    judge(
        isatty(rustix::stdio::stdin()),
        isatty(rustix::stdio::stdout()),
        std::env::var("TERM").ok().as_deref(),
    )
}

fn judge(keys: bool, screen: bool, term: Option<&str>) -> Result<(), &'static str> {
    match (keys, screen, term) {
        (false, _, _) => Err("standard input is not a terminal"),
        (_, false, _) => Err("standard output is not a terminal"),
        (_, _, None | Some("")) => Err("TERM is not set"),
        (_, _, Some("dumb" | "unknown")) => Err("this terminal cannot move its cursor"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_cannot_draw_is_refused_with_the_reason() {
        assert_eq!(judge(true, true, Some("linux")), Ok(()));
        assert_eq!(
            judge(false, true, Some("xterm")),
            Err("standard input is not a terminal")
        );
        assert_eq!(
            judge(true, false, Some("xterm")),
            Err("standard output is not a terminal")
        );
        assert_eq!(
            judge(true, true, Some("dumb")),
            Err("this terminal cannot move its cursor")
        );
        assert_eq!(judge(true, true, None), Err("TERM is not set"));
    }
}
