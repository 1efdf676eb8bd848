//! The title above and the keys below every screen.

use crate::render;
use crate::tui::hints;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::pair_view::Freshness;
use crate::tui::screens::KeyHint;
use crate::tui::state::State;
use crate::tui::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Program, pair, profile and place on the left; age of the data and time of day on the right.
pub fn title(frame: &mut Frame<'_>, area: Rect, state: &State, crumb: &str) {
    let look = state.look;
    let mut left = String::from(" pairadm");
    match (&state.pair.identity.pair, crumb) {
        (_, crumb) if !crumb.is_empty() => {
            left.push_str(if look.unicode { " › " } else { " > " });
            left.push_str(crumb);
        }
        (Some(pair), _) => {
            left.push_str("  ");
            left.push_str(&pair.name);
            left.push_str(look.dot());
            left.push_str(&pair.profile);
        }
        (None, _) => left.push_str("  no pair configured"),
    }
    let (hour, minute) = state.now.clock;
    let right = format!("{}  {hour:02}:{minute:02} ", age(state));
    let room = usize::from(area.width).saturating_sub(text::width(&right));
    let line = Line::from(vec![
        Span::raw(text::pad(&left, room, look.mark(Mark::More))),
        Span::raw(right),
    ]);
    frame.render_widget(line.style(look.style(Tone::Selected)), area);
}

fn age(state: &State) -> String {
    if state.pair.identity.pair.is_none() || state.changing.is_some() {
        return String::new();
    }
    match state.pair.freshness(state.now.ms) {
        Freshness::Never => "not read yet".to_owned(),
        Freshness::Fresh(ms) => format!("read {} ago", render::age(ms)),
        Freshness::Stale(ms) => format!("OLD DATA: read {} ago", render::age(ms)),
    }
}

/// The keys, as many as fit.
pub fn footer(frame: &mut Frame<'_>, area: Rect, look: Look, hints: &'static [KeyHint]) {
    let spans = hints::placed(area.width, hints).flat_map(|(_, (key, does))| {
        [
            Span::raw(" "),
            Span::styled(key, look.style(Tone::Key)),
            Span::raw(format!(" {does}  ")),
        ]
    });
    frame.render_widget(spans.collect::<Line<'_>>(), area);
}
