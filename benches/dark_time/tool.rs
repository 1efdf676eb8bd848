//! Moves by pairadm itself: the real program, its plan, its locks, its journal, all its checks.

use crate::mover::{Active, Mover, normal};
use pairadm::lab::Lab;
use std::path::PathBuf;

/// A controller of its own for the lab's pair.
pub struct Tool {
    directory: tempfile::TempDir,
    active: Active,
}

impl Tool {
    /// Configures the pair; the first node is active then.
    pub fn configure(lab: &Lab) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let tool = Self {
            directory,
            active: Active::FIRST,
        };
        std::fs::copy(lab.pair_file(), tool.pair_file()).expect("the pair file");
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

    fn pair_file(&self) -> PathBuf {
        self.directory.path().join("pair.toml")
    }

    fn run(&self, arguments: &[&str]) {
        let output = normal(env!("CARGO_BIN_EXE_pairadm"))
            .arg("--pair")
            .arg(self.pair_file())
            .args(arguments)
            .env("PAIRADM_STATE_DIR", self.directory.path().join("state"))
            .env("PAIRADM_REPORT_DIR", self.directory.path().join("reports"))
            .env("HOME", self.directory.path())
            .output()
            .expect("pairadm runs");
        assert!(
            output.status.success(),
            "pairadm {arguments:?}: {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
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
