//! The conversation that some servers want instead of a password.

use super::super::deadline::Deadline;
use super::super::operator::{Questions, SecretWanted};
use super::super::sanitize::excerpt;

/// Answers what a server asks interactively: the first hidden question is the password.
pub(super) struct Dialogue<'a> {
    pub password: SecretWanted,
    pub node: String,
    pub questions: &'a Questions,
    pub deadline: &'a mut Deadline,
    /// What was asked so far.
    pub asked: Vec<SecretWanted>,
}

impl ssh2::KeyboardInteractivePrompt for Dialogue<'_> {
    fn prompt(&mut self, _: &str, _: &str, prompts: &[ssh2::Prompt<'_>]) -> Vec<String> {
        let mut answers = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            let wanted = if !prompt.echo && self.asked.is_empty() {
                self.password.clone()
            } else {
                SecretWanted::Challenge {
                    node: self.node.clone(),
                    prompt: excerpt(prompt.text.as_bytes(), 200),
                }
            };
            let answer = self.questions.secret(self.deadline, &wanted);
            self.asked.push(wanted);
            answers.push(
                answer
                    .map(|secret| secret.expose().to_owned())
                    .unwrap_or_default(),
            );
        }
        answers
    }
}
