//! Moves by pairadm itself: the real program, its plan, its locks, its journal, all its checks.

use crate::lab::Controller;
use crate::mover::{Active, Mover, normal};
use pairadm::lab::Lab;

/// pairadm, and whose turn it is.
pub struct Tool {
    controller: Controller,
    active: Active,
}

impl Tool {
    /// Configures the pair; the first node is active then.
    pub fn configure(lab: &Lab) -> Self {
        let tool = Self {
            controller: Controller::of(lab),
            active: Active::FIRST,
        };
        tool.run(&["configure", "--yes"]);
        tool.settle();
        tool
    }

    /// Who serves calls.
    pub fn active(&self) -> Active {
        self.active
    }

    /// Puts both nodes as pairadm left them, after something else moved traffic behind its back.
    pub fn settle(&self) {
        self.run(&["takeover", "--yes", "--to", side(self.active.now)]);
    }

    fn run(&self, arguments: &[&str]) {
        self.controller
            .run(normal(env!("CARGO_BIN_EXE_pairadm")), arguments);
    }
}

impl Mover for Tool {
    fn take_over(&mut self) {
        self.active = self.active.moved();
        self.run(&["takeover", "--yes", "--to", side(self.active.now)]);
    }
}

fn side(node: &str) -> &'static str {
    if node == Active::FIRST.now {
        "primary"
    } else {
        "secondary"
    }
}
