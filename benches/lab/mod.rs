//! What several benches do with a practice lab: run pairadm as a controller of its own, and play a book
//! of Ansible beside it.

use pairadm::lab::{Lab, LabNode};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A controller of its own for the lab's pair: pair file, journals and home in a directory that vanishes.
pub struct Controller {
    directory: tempfile::TempDir,
}

impl Controller {
    /// With a copy of the lab's pair file.
    pub fn of(lab: &Lab) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let controller = Self { directory };
        std::fs::copy(lab.pair_file(), controller.pair_file()).expect("the pair file");
        controller
    }

    fn pair_file(&self) -> PathBuf {
        self.directory.path().join("pair.toml")
    }

    /// Runs pairadm, which `program` starts, to a good end.
    pub fn run(&self, mut program: Command, arguments: &[&str]) {
        let directory = self.directory.path();
        program.arg("--pair").arg(self.pair_file()).args(arguments);
        program.env("PAIRADM_STATE_DIR", directory.join("state"));
        program.env("PAIRADM_REPORT_DIR", directory.join("reports"));
        quiet(program.env("HOME", directory));
    }
}

/// The program that `benches/ansible/install` put in place, with an inventory of one lab.
pub struct Ansible {
    program: PathBuf,
    inventory: tempfile::NamedTempFile,
}

impl Ansible {
    /// For a lab, if the program is there.
    pub fn find(lab: &Lab) -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ansible/bin/ansible-playbook");
        if !program.exists() {
            return None;
        }
        let host = |node: &LabNode| format!("{} ansible_host={}", node.name, node.v4);
        let hosts: Vec<String> = lab.nodes.iter().map(host).collect();
        let text = format!(
            "{}\n[all:vars]\nansible_user=root\nansible_python_interpreter=/usr/bin/python3\n\
             ansible_ssh_private_key_file={}\nansible_ssh_common_args=-o UserKnownHostsFile={}\n",
            hosts.join("\n"),
            lab.key().display(),
            lab.known_hosts().display()
        );
        let inventory = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&inventory, text).expect("the inventory");
        Some(Self { program, inventory })
    }

    /// Plays a book of `benches/ansible` to a good end; `start` makes the command from the program.
    pub fn play(&self, start: impl FnOnce(&Path) -> Command, book: &str, variables: &str) {
        let books = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/ansible");
        let mut program = start(&self.program);
        program.arg("--inventory").arg(self.inventory.path());
        program.args(["--extra-vars", variables]).arg(books.join(book));
        quiet(program.env("ANSIBLE_PIPELINING", "1"));
    }
}

/// Logs in on a node and runs `line` there to a good end.
pub fn ssh(lab: &Lab, node: &str, line: &str) {
    let mut command = Command::new("ssh");
    command.arg("-F").arg("none").arg("-i").arg(lab.key());
    command
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", lab.known_hosts().display()));
    let host = lab.node(node).expect("a node").v4;
    quiet(command.arg(format!("root@{host}")).arg(line));
}

/// Runs it to a good end; shows what it said otherwise.
fn quiet(command: &mut Command) {
    let output = command.output().expect("the program starts");
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {told}", output.status);
}
