//! A program for tests that greets like an agent and then does as it is told.

use crate::agent::protocol::{HELLO_MARK, VERSION};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(super) struct Agent {
    _dir: TempDir,
    path: PathBuf,
}

impl Agent {
    /// Answers every call with `Done`.
    pub fn answering() -> Self {
        Self::behaving(ANSWER)
    }

    /// Greets as this build and runs `script`.
    pub fn behaving(script: &str) -> Self {
        Self::of_build(VERSION, script)
    }

    /// Greets as another build.
    pub fn of_build(version: &str, script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pairadm");
        let greeting = format!(r#"{HELLO_MARK}{{"version":"{version}","hostname":"stub","pid":1,"uid":0}}"#);
        let text = format!("#!/bin/sh\n[ \"$1\" = agent ] || exit 64\necho '{greeting}'\n{script}\n");
        // Written by another process: a descriptor open for writing here, inherited by whatever a test
        // beside this one starts, would make the file busy.
        let mut install = Command::new("install")
            .args(["-m", "755", "/dev/stdin"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        install.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(install.wait().unwrap().success());
        Self { _dir: dir, path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

const ANSWER: &str = r#"
while read -r line; do
  id=${line#*\"id\":}; id=${id%%,*}
  echo "{\"id\":$id,\"took_us\":1,\"outcome\":{\"ok\":{\"answer\":\"done\"}}}"
done"#;
