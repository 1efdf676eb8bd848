//! The screens: a stack of an enum. Each knows its keys and how to draw itself, and tells by a
//! [`Turn`] what shall follow.

pub mod busy;
pub mod confirm;
pub mod details;
pub mod faults;
pub mod form;
pub mod history;
pub mod menu;
pub mod mirrors;
pub mod outcome;
pub mod progress;
pub mod question;
pub mod review;
pub mod text;
pub mod translation;

use super::pair_view::PairView;
use super::state::State;
use super::turn::Turn;
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

/// One screen.
#[derive(Debug)]
pub enum Screen {
    /// The numbered entries beside the pair.
    Menu(menu::Menu),
    /// Everything known of both nodes.
    Details(details::Details),
    /// Questions of an operation.
    Form(Box<form::FormScreen>),
    /// A plan before it is carried out.
    Review(Box<review::Review>),
    /// A plan while it is carried out.
    Progress(Box<progress::Progress>),
    /// What came of it.
    Outcome(Box<outcome::Outcome>),
    /// Operations, newest first.
    History(history::History),
    /// Backup and mirrors.
    Mirrors(Box<mirrors::Mirrors>),
    /// Faults of the practice lab.
    Faults(faults::Faults),
    /// A text to read.
    Text(text::TextScreen),
    /// The translation table, edited.
    Translation(Box<translation::Translation>),
    /// Waiting for a worker.
    Busy(busy::Busy),
    /// A choice to make.
    Confirm(confirm::Confirm),
    /// A worker's question.
    Question(question::Question),
}

/// What a screen may look at besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The pair.
    pub pair: &'a PairView,
}

/// A key and what it does, for the footer.
pub type KeyHint = (&'static str, &'static str);

/// What a click on a key in the footer comes to.
#[derive(Debug)]
pub enum Clicked {
    /// This key is pressed.
    Key(KeyEvent),
    /// Something else follows.
    Turn(Turn),
}

impl Screen {
    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        match self {
            Self::Menu(screen) => screen.key(key, around),
            Self::Details(screen) => screen.key(key, around),
            Self::Form(screen) => screen.key(key, around),
            Self::Review(screen) => screen.key(key, around),
            Self::Progress(screen) => screen.key(key, around),
            Self::Outcome(screen) => screen.key(key, around),
            Self::History(screen) => screen.key(key, around),
            Self::Mirrors(screen) => screen.key(key, around),
            Self::Faults(screen) => screen.key(key, around),
            Self::Text(screen) => screen.key(key, around),
            Self::Translation(screen) => screen.key(key, around),
            Self::Busy(screen) => screen.key(key),
            Self::Confirm(screen) => screen.key(key),
            Self::Question(screen) => screen.key(key),
        }
    }

    /// The mouse was clicked or its wheel turned.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        match self {
            Self::Menu(screen) => screen.mouse(mouse, around),
            Self::Details(screen) => screen.mouse(mouse, around),
            Self::Form(screen) => screen.mouse(mouse, around),
            Self::Review(screen) => screen.mouse(mouse, around),
            Self::Progress(screen) => screen.mouse(mouse, around),
            Self::Outcome(screen) => screen.mouse(mouse, around),
            Self::History(screen) => screen.mouse(mouse, around),
            Self::Mirrors(screen) => screen.mouse(mouse, around),
            Self::Faults(screen) => screen.mouse(mouse, around),
            Self::Text(screen) => screen.mouse(mouse, around),
            Self::Translation(screen) => screen.mouse(mouse, around),
            Self::Confirm(screen) => screen.mouse(mouse, around),
            Self::Busy(_) | Self::Question(_) => Turn::Stay,
        }
    }

    /// A key of the footer was clicked. A click slips more easily than a key: where the key changes nodes, or
    /// answers a worker, the click only leads to it.
    pub fn clicked(&self, key: KeyEvent) -> Clicked {
        match (self, key.code) {
            (Self::Review(_), KeyCode::Char('y')) => Clicked::Key(KeyEvent::from(KeyCode::Enter)),
            (Self::Progress(_), KeyCode::Char('c')) => Clicked::Key(KeyEvent::from(KeyCode::Esc)),
            (Self::Outcome(screen), KeyCode::Char(way)) => {
                screen.clicked(way).map_or(Clicked::Key(key), Clicked::Turn)
            }
            (Self::Question(_), KeyCode::Char(_)) => Clicked::Turn(Turn::Stay),
            _ => Clicked::Key(key),
        }
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str, around: Around<'_>) {
        match self {
            Self::Form(screen) => screen.paste(text, around),
            Self::Translation(screen) => screen.paste(text),
            Self::Question(screen) => screen.paste(text),
            _ => {}
        }
    }

    /// Draws into the body of the terminal.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        match self {
            Self::Menu(screen) => screen.draw(frame, area, state),
            Self::Details(screen) => screen.draw(frame, area, state),
            Self::Form(screen) => screen.draw(frame, area, state),
            Self::Review(screen) => screen.draw(frame, area, state),
            Self::Progress(screen) => screen.draw(frame, area, state),
            Self::Outcome(screen) => screen.draw(frame, area, state),
            Self::History(screen) => screen.draw(frame, area, state),
            Self::Mirrors(screen) => screen.draw(frame, area, state),
            Self::Faults(screen) => screen.draw(frame, area, state),
            Self::Text(screen) => screen.draw(frame, area, state),
            Self::Translation(screen) => screen.draw(frame, area, state),
            Self::Busy(screen) => screen.draw(frame, area, state),
            Self::Confirm(screen) => screen.draw(frame, area, state),
            Self::Question(screen) => screen.draw(frame, area, state),
        }
    }

    /// False for a dialog, which leaves the screen below visible.
    pub const fn covers(&self) -> bool {
        !matches!(self, Self::Busy(_) | Self::Confirm(_) | Self::Question(_))
    }

    /// True while a sign of waiting is drawn.
    pub const fn turns(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Progress(_))
    }

    /// The words behind the program's name in the title.
    pub fn crumb(&self) -> &str {
        match self {
            Self::Details(_) => "Status",
            Self::Form(screen) => screen.purpose.crumb(),
            Self::Review(_) => "Review",
            Self::Progress(_) => "Working",
            Self::Outcome(_) => "Result",
            Self::History(_) => history::TITLE,
            Self::Faults(_) => faults::TITLE,
            Self::Text(screen) => &screen.title,
            Self::Mirrors(_) => "Mirrors",
            Self::Translation(_) => "Translation table",
            Self::Menu(screen) => screen.crumb(),
            Self::Busy(_) | Self::Confirm(_) | Self::Question(_) => "",
        }
    }

    /// Keys for the footer, the most needed first.
    pub fn hints(&self) -> &'static [KeyHint] {
        match self {
            Self::Menu(screen) => screen.hints(),
            Self::Details(_) => details::HINTS,
            Self::Form(screen) => screen.hints(),
            Self::Review(screen) => screen.hints(),
            Self::Progress(screen) => screen.hints(),
            Self::Outcome(screen) => screen.hints(),
            Self::History(_) => history::HINTS,
            Self::Mirrors(_) => mirrors::HINTS,
            Self::Faults(_) => faults::HINTS,
            Self::Text(_) => text::HINTS,
            Self::Translation(screen) => screen.hints(),
            Self::Busy(_) => busy::HINTS,
            Self::Confirm(_) => confirm::HINTS,
            Self::Question(_) => question::HINTS,
        }
    }

    /// The text of F1.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Menu(screen) if screen.is_main() => include_str!("help/menu.txt"),
            Self::Menu(screen) if screen.is_tests() => include_str!("help/tests.txt"),
            Self::Menu(_) => include_str!("help/data.txt"),
            Self::Details(_) => include_str!("help/details.txt"),
            Self::Form(_) => include_str!("help/form.txt"),
            Self::Review(_) => include_str!("help/review.txt"),
            Self::Progress(_) => include_str!("help/progress.txt"),
            Self::Outcome(_) => include_str!("help/outcome.txt"),
            Self::History(_) => include_str!("help/history.txt"),
            Self::Mirrors(_) => include_str!("help/mirrors.txt"),
            Self::Faults(_) => include_str!("help/faults.txt"),
            Self::Translation(_) => include_str!("help/translation.txt"),
            Self::Text(_) | Self::Busy(_) | Self::Confirm(_) | Self::Question(_) => {
                include_str!("help/text.txt")
            }
        }
    }
}
