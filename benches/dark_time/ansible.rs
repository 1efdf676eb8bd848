//! The same moves as an Ansible playbook, `benches/ansible/takeover.yml`.

use crate::lab::Ansible;
use crate::mover::{Active, Mover, normal};
use crate::script;
use pairadm::lab::Lab;

/// The playbook for one lab.
pub struct Playbook {
    ansible: Ansible,
    v4: String,
    v6: String,
    active: Active,
}

impl Playbook {
    /// With the program that `benches/ansible/install` put in place, if it did.
    pub fn find(lab: &Lab, active: Active) -> Option<Self> {
        Some(Self {
            ansible: Ansible::find(lab)?,
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
        self.ansible
            .play(|program| normal(program), "takeover.yml", &variables.to_string());
        self.active = self.active.moved();
        std::thread::sleep(std::time::Duration::from_secs(3));
    }
}
