//! Asks a form's questions one after the other: `?` explains, `<` goes back, Enter takes the value in
//! brackets, `-` clears it. A bad answer is asked again.

use super::{Reply, Talk};
use crate::intent::{Answers, Field, FieldKind, Form};
use crate::render::{Line, Tone};

/// Which questions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Every one that was not answered already.
    All,
    /// Only those that need an answer and have no default.
    Missing,
}

/// What a reply to one question leads to.
enum Step {
    Answer(String),
    Again,
    Back,
    Leave,
}

/// The answers to `form`, beginning with those already `given`; `None` when the operator leaves.
pub fn ask_form(talk: &mut dyn Talk, form: &Form, given: &Answers, asking: Asking) -> Option<Answers> {
    let mut answers = given.clone();
    let mut asked: Vec<usize> = Vec::new();
    let mut at = 0;
    let mut introduced = false;
    while let Some(field) = form.fields.get(at) {
        let settled = given.has(field.key) && form.check(field, &with_defaults(form, &answers)).is_ok();
        let skip = match asking {
            Asking::All => settled,
            Asking::Missing => settled || !field.required || field.default.is_some() && !given.has(field.key),
        };
        if skip || !(field.asked_if)(&with_defaults(form, &answers)) {
            at += 1;
            continue;
        }
        if !introduced {
            introduce(talk, form);
            introduced = true;
        }
        match ask(talk, form, field, &answers) {
            Step::Answer(value) => {
                answers.set(field.key, value);
                asked.push(at);
                at += 1;
            }
            Step::Again => {}
            Step::Back => match asked.pop() {
                Some(previous) => at = previous,
                None => talk.say(&Line::plain("This is the first question.")),
            },
            Step::Leave => return None,
        }
    }
    Some(answers)
}

fn introduce(talk: &mut dyn Talk, form: &Form) {
    talk.say(&Line::default());
    talk.say(&Line::strong(&form.title));
    talk.say(&Line::toned(
        Tone::Faint,
        "Enter takes the [value], - clears it, ? explains, < goes back, Ctrl-C leaves.",
    ));
}

fn ask(talk: &mut dyn Talk, form: &Form, field: &Field, answers: &Answers) -> Step {
    let offered = answers.get(field.key).map(str::to_owned).or_else(|| {
        if answers.has(field.key) {
            None
        } else {
            field.default.clone()
        }
    });
    let mut prompt = field.prompt.to_owned();
    if let FieldKind::Choice(choices) = &field.kind {
        for (number, (value, label)) in (1..).zip(choices) {
            let shown = if label.starts_with(value.as_str()) {
                label.clone()
            } else {
                format!("{value:10}  {label}")
            };
            talk.say(&Line::plain(format!("  {number}) {shown}")));
        }
        prompt = format!("{prompt} (1-{})", choices.len());
    }
    if field.kind == FieldKind::YesNo {
        prompt.push_str(" (yes/no)");
    }
    if let Some(offered) = &offered {
        prompt = format!("{prompt} [{offered}]");
    }
    let line = match talk.ask(&prompt) {
        Reply::End => return Step::Leave,
        Reply::Line(line) => line,
    };
    let value = match line.as_str() {
        "?" => {
            for text in field.help.lines() {
                talk.say(&Line::plain(format!("    {text}")));
            }
            return Step::Again;
        }
        "<" => return Step::Back,
        "" => offered.unwrap_or_default(),
        "-" => String::new(),
        typed => spelled_out(&field.kind, typed),
    };
    let mut trial = with_defaults(form, answers);
    trial.set(field.key, value.clone());
    match form.check(field, &trial) {
        Ok(()) => Step::Answer(value),
        Err(why) => {
            talk.say(&Line::toned(Tone::Bad, format!("{}: {why}", field.key)));
            Step::Again
        }
    }
}

/// A choice may be given by its number, yes and no by their first letter.
fn spelled_out(kind: &FieldKind, typed: &str) -> String {
    match kind {
        FieldKind::Choice(choices) => {
            let number = typed
                .parse::<usize>()
                .ok()
                .and_then(|number| number.checked_sub(1));
            let chosen = number.and_then(|index| choices.get(index));
            chosen.map_or_else(|| typed.to_owned(), |(value, _)| value.clone())
        }
        FieldKind::YesNo => match typed.to_ascii_lowercase().as_str() {
            "y" => "yes".to_owned(),
            "n" => "no".to_owned(),
            other => other.to_owned(),
        },
        _ => typed.to_owned(),
    }
}

/// The answers so far, with defaults where nothing was said: what conditions and checks look at.
fn with_defaults(form: &Form, answers: &Answers) -> Answers {
    let mut all = answers.clone();
    for field in &form.fields {
        if let (false, Some(default)) = (all.has(field.key), &field.default) {
            all.set(field.key, default.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample::office;
    use crate::intent::{configure, takeover};
    use crate::prompt::script::Script;

    fn fields(keys: &[&str]) -> Form {
        let mut form = configure::form(None, &["kamailio".to_owned(), "generic".to_owned()]);
        form.fields.retain(|field| keys.contains(&field.key));
        form
    }

    #[test]
    fn enter_takes_the_default_a_number_chooses_and_a_bad_answer_is_asked_again() {
        let form = fields(&["name", "profile", "primary.address.v4"]);
        let mut script = Script::of(&["", "2", "10.0.0.1/24", "10.0.0.1"]);
        let answers = ask_form(&mut script, &form, &Answers::default(), Asking::All).unwrap();
        assert_eq!(answers.get("name"), Some("sip"));
        assert_eq!(answers.get("profile"), Some("generic"));
        assert_eq!(answers.get("primary.address.v4"), Some("10.0.0.1"));
        assert!(script.shown().contains("leave out `/24`"), "{}", script.shown());
    }

    #[test]
    fn a_question_mark_explains_and_less_than_goes_back() {
        let form = fields(&["name", "profile"]);
        let mut script = Script::of(&["?", "first", "<", "second", "kamailio"]);
        let answers = ask_form(&mut script, &form, &Answers::default(), Asking::All).unwrap();
        assert_eq!(answers.get("name"), Some("second"));
        assert!(
            script.shown().contains("A name for this pair"),
            "{}",
            script.shown()
        );
    }

    #[test]
    fn a_minus_clears_a_default() {
        let mut pair = office();
        pair.ntp = vec!["ntp.example.net".to_owned()];
        let mut form = configure::form(Some(&pair), &["kamailio".to_owned()]);
        form.fields.retain(|field| field.key == "ntp");
        let mut script = Script::of(&["-"]);
        let answers = ask_form(&mut script, &form, &Answers::default(), Asking::All).unwrap();
        assert!(answers.has("ntp") && answers.get("ntp").is_none());
    }

    #[test]
    fn the_end_of_input_leaves() {
        let form = fields(&["name"]);
        assert_eq!(
            ask_form(&mut Script::of(&[]), &form, &Answers::default(), Asking::All),
            None
        );
    }

    #[test]
    fn only_what_is_missing_is_asked_when_the_rest_was_given() {
        let form = takeover::form(&office(), None);
        let mut given = Answers::default();
        given.set("peer_lost", "yes");
        let mut script = Script::of(&["secondary", "alpha"]);
        let answers = ask_form(&mut script, &form, &given, Asking::Missing).unwrap();
        assert_eq!(answers.get("to"), Some("secondary"));
        assert_eq!(answers.get("lost_primary"), Some("alpha"));
        assert_eq!(script.left(), 0);
    }

    #[test]
    fn a_bad_answer_from_a_flag_is_asked_again() {
        let form = fields(&["primary.server_id"]);
        let mut given = Answers::default();
        given.set("primary.server_id", "999");
        let mut script = Script::of(&["3"]);
        let answers = ask_form(&mut script, &form, &given, Asking::Missing).unwrap();
        assert_eq!(answers.get("primary.server_id"), Some("3"));
    }
}
