//! Runs the program with a directory of its own, and keeps what it said.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A pair whose nodes refuse every connection at once: nothing listens on TCP port 1 here.
pub const OFFICE: &str = r#"# ours
name = "office"
profile = "kamailio"

[primary]
hostname = "alpha"
fqdn = "alpha.example.net"
server_id = 1
address = { v4 = "192.0.2.11" }
ssh = { host = "localhost", port = 1 }

[secondary]
hostname = "beta"
fqdn = "beta.example.net"
server_id = 2
address = { v4 = "192.0.2.12" }
ssh = { host = "localhost", port = 1 }

[[vip]]
address = "192.0.2.10"
interface = "eth0"
"#;

/// The program and its directories.
pub struct Tool {
    directory: tempfile::TempDir,
}

/// What one run said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Tool {
    /// Without a pair.
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// With this pair file.
    pub fn with_pair(text: &str) -> Self {
        let tool = Self::new();
        std::fs::write(tool.pair_file(), text).unwrap();
        tool
    }

    /// A path in the tool's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn pair_file(&self) -> PathBuf {
        self.path("pair.toml")
    }

    /// A command that is ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pairadm"));
        command
            .args(["--pair".as_ref(), self.pair_file().as_os_str()])
            .args(arguments)
            .env("PAIRADM_STATE_DIR", self.path("state"))
            .env("PAIRADM_REPORT_DIR", self.path("log"))
            .env("HOME", self.directory.path())
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("NO_COLOR");
        command
    }

    /// Runs it without a terminal and without input.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs it without a terminal on piped input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that needs no input may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = Said {
            code: output.status.code().expect("ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!said.stderr.contains("panicked"), "{said:?}");
        said
    }

    /// Names of what is in the tool's directory.
    pub fn files(&self) -> Vec<String> {
        names(self.directory.path())
    }
}

impl Said {
    /// The one JSON document, whose exit code agrees with the process.
    pub fn document(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:?}"));
        assert_eq!(document["exit_code"], self.code, "{self:?}");
        document
    }

    /// Asserts the exit code and that standard error says every part.
    #[track_caller]
    pub fn refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in: {self:?}");
        }
    }
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
