//! A plan as the JSON document tells it: what files hold is told by size and digest, because it may be a
//! secret (S11). Their differences are in the plan already, without secrets.

use crate::error::{Error, Result};
use crate::model::digest;
use crate::plan::{Action, Content, Plan};
use serde_json::{Value, json};

/// The plan without the contents of files.
pub fn told(plan: &Plan) -> Result<Value> {
    let mut told = serde_json::to_value(plan).map_err(|error| Error::bug(error.to_string()))?;
    for (place, stage) in plan.stages.iter().enumerate() {
        for (step, planned) in stage.steps.iter().enumerate() {
            let Action::File(put) = &planned.action else {
                continue;
            };
            if let Some(Content::Text(_) | Content::Base64(_)) = &put.content {
                let bytes = put
                    .content
                    .as_ref()
                    .map(Content::to_bytes)
                    .transpose()
                    .map_err(Error::bug)?
                    .unwrap_or_default();
                told["stages"][place]["steps"][step]["action"]["content"] =
                    json!({ "bytes": bytes.len(), "sha256": digest::sha256(&bytes) });
            }
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;
    use crate::plan::{Draft, FilePut, Keep};

    #[test]
    fn what_a_file_holds_is_not_told() {
        let mut draft = Draft::default();
        draft.stage("Write");
        let put = FilePut {
            path: "/etc/x".to_owned(),
            content: Some(Content::Text("password=hunter2\n".to_owned())),
            mode: 0o600,
            force_mode: false,
            owner: None,
            before: None,
            diff: "+password***\n".to_owned(),
            keep: Keep::Beside,
        };
        draft.step(Side::Primary, "write /etc/x", Action::File(put));
        let plan = Plan {
            operation: "sync".to_owned(),
            title: String::new(),
            asked: Vec::new(),
            facts: String::new(),
            notice: Vec::new(),
            stages: draft.finish(),
            sides: Side::BOTH.to_vec(),
            service_affecting: false,
            how_to_undo: String::new(),
        };
        let told = told(&plan).unwrap();
        assert!(!told.to_string().contains("hunter2"), "{told}");
        let content = &told["stages"][0]["steps"][0]["action"]["content"];
        assert_eq!(content["bytes"], 17);
    }
}
