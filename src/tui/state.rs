//! Everything the menu remembers: the pair, a stack of screens, and whether it is being left.

use super::backend::Identity;
use super::event::{JobId, Now};
use super::look::{Look, SPINNER_MS};
use super::pair_view::PairView;
use super::screens::Screen;
use super::screens::menu::Menu;

/// Columns and rows that the menu needs.
pub const NEEDED: (u16, u16) = (80, 24);

/// The whole state. Drawn by `draw`, changed only by `update`.
#[derive(Debug)]
pub struct State {
    /// Colours and symbols.
    pub look: Look,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The time of the newest tick.
    pub now: Now,
    /// The pair.
    pub pair: PairView,
    /// The last one has the keyboard; the first is always the menu.
    pub screens: Vec<Screen>,
    /// The job that changes nodes, while one runs.
    pub changing: Option<JobId>,
    /// Set when the menu is to end; it does once nothing changes nodes any more.
    pub leaving: Option<Leaving>,
    /// The terminal's content is unknown: draw every cell anew.
    pub repaint: bool,
    /// What the loop shall do with the terminal before it draws.
    pub wish: Wish,
    jobs: u64,
}

/// Why the menu ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The operator quit.
    Quit,
    /// A signal, by number.
    Signal(i32),
    /// The terminal is gone.
    HangUp,
}

/// What becomes of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// Nothing.
    #[default]
    Keep,
    /// It is given back while the program stands still.
    Suspend,
    /// It is taken anew.
    Retake,
}

impl State {
    /// The menu before anything has answered.
    pub fn new(look: Look, size: (u16, u16), identity: Identity) -> Self {
        Self {
            look,
            size,
            now: Now::default(),
            screens: vec![Screen::Menu(Menu::main(identity.practice))],
            pair: PairView::new(identity),
            changing: None,
            leaving: None,
            repaint: false,
            wish: Wish::default(),
            jobs: 0,
        }
    }

    /// A number for a new job.
    pub fn new_job(&mut self) -> JobId {
        self.jobs += 1;
        JobId(self.jobs)
    }

    /// The screen with the keyboard.
    pub fn top(&self) -> Option<&Screen> {
        self.screens.last()
    }

    /// Closes every screen but the menu, and the list of entries that was chosen from: what is done next is
    /// mostly near what was done last.
    pub fn go_home(&mut self) {
        let menus = self
            .screens
            .iter()
            .take_while(|screen| matches!(screen, Screen::Menu(_)));
        let menus = menus.count();
        self.screens.truncate(menus);
    }

    /// True when the terminal is too small to draw on.
    pub fn too_small(&self) -> bool {
        self.size.0 < NEEDED.0 || self.size.1 < NEEDED.1
    }

    /// Why the loop ends now, if it does.
    pub fn over(&self) -> Option<Leaving> {
        self.leaving.filter(|_| self.changing.is_none())
    }

    /// The time of the next tick that would change what is seen, or start a look at the pair.
    pub fn wake_at(&self) -> Option<u64> {
        let now = self.now.ms;
        let spinner = self.something_turns().then(|| next_multiple(now, SPINNER_MS));
        let look = self.pair.next_look().filter(|_| self.changing.is_none());
        // The age of the data is shown in whole seconds since it arrived.
        let age = self
            .pair
            .latest
            .as_ref()
            .filter(|_| self.changing.is_none())
            .map(|(_, at)| at + next_multiple(now.saturating_sub(*at), 1_000));
        [spinner, look, age].into_iter().flatten().min()
    }

    /// True while a sign of waiting is on the screen.
    fn something_turns(&self) -> bool {
        let first_look = self.pair.asking.is_some() && self.pair.latest.is_none();
        first_look || self.screens.iter().any(Screen::turns)
    }
}

fn next_multiple(value: u64, step: u64) -> u64 {
    (value / step + 1) * step
}
