//! The same moves as an Ansible playbook, `benches/ansible/takeover.yml`.

use crate::mover::{Active, Mover, normal};
use crate::script;
use pairadm::lab::{Lab, LabNode};
use std::path::{Path, PathBuf};

/// The playbook for one lab.
pub struct Playbook {
    program: PathBuf,
    inventory: tempfile::NamedTempFile,
    v4: String,
    v6: String,
    active: Active,
}

impl Playbook {
    /// With the program that `benches/ansible/install` put in place, if it did.
    pub fn find(lab: &Lab, active: Active) -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ansible/bin/ansible-playbook");
        if !program.exists() {
            return None;
        }
        let host = |node: &LabNode| format!("{} ansible_host={}", node.name, node.v4);
        let hosts: Vec<String> = lab.nodes.iter().map(host).collect();
        let inventory = format!(
            "{}\n[all:vars]\nansible_user=root\nansible_python_interpreter=/usr/bin/python3\n\
             ansible_ssh_private_key_file={}\nansible_ssh_common_args=-o UserKnownHostsFile={}\n",
            hosts.join("\n"),
            lab.key().display(),
            lab.known_hosts().display()
        );
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, inventory).expect("the inventory");
        Some(Self {
            program,
            inventory: file,
            v4: lab.vip_v4.to_string(),
            v6: lab.vip_v6.to_string(),
            active,
        })
    }
}

impl Mover for Playbook {
    fn take_over(&mut self) {
        let Active { now, next } = self.active;
        let (release, acquire) = (
            script::release(&self.v4, &self.v6),
            script::acquire(&self.v4, &self.v6),
        );
        let variables = serde_json::json!({"old": now, "new": next, "release": release, "acquire": acquire});
        let output = normal(&self.program)
            .arg("--inventory")
            .arg(self.inventory.path())
            .args(["--extra-vars", &variables.to_string()])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/ansible/takeover.yml"))
            .env("ANSIBLE_PIPELINING", "1")
            .output()
            .expect("ansible-playbook runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        self.active = self.active.moved();
        std::thread::sleep(std::time::Duration::from_secs(3));
    }
}
