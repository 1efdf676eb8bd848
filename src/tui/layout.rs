//! Where the parts of the terminal lie; drawing and mouse clicks use the same answers.

use ratatui::layout::Rect;

/// The title's row.
pub fn title(size: (u16, u16)) -> Rect {
    Rect::new(0, 0, size.0, size.1.min(1))
}

/// Everything between title and footer.
pub fn body(size: (u16, u16)) -> Rect {
    Rect::new(0, 1, size.0, size.1.saturating_sub(2))
}

/// The row of keys.
pub fn footer(size: (u16, u16)) -> Rect {
    Rect::new(0, size.1.saturating_sub(1), size.0, size.1.min(1))
}

/// Rows inside a box that fills the body.
pub fn page(size: (u16, u16)) -> usize {
    usize::from(body(size).height.saturating_sub(2))
}

/// Columns inside a box that fills the body.
pub fn columns(size: (u16, u16)) -> usize {
    usize::from(body(size).width.saturating_sub(2))
}

/// The upper rows of `area`, and the `below` rows that are left.
pub fn split_bottom(area: Rect, below: u16) -> (Rect, Rect) {
    let below = below.min(area.height);
    let upper = Rect {
        height: area.height - below,
        ..area
    };
    let lower = Rect {
        y: area.y + upper.height,
        height: below,
        ..area
    };
    (upper, lower)
}
