//! Renders one template of `templates/`. An undefined name in it is an error, never an empty text.

use crate::error::{Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

/// Renders `text` with `values`; `name` is the template's in errors.
pub fn render(name: &str, text: &str, values: impl Into<Value>) -> Result<String> {
    let failed = |error| Error::bug(format!("the template {name} cannot be rendered")).because(error);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    environment.set_syntax(syntax.build().map_err(failed)?);
    environment.render_named_str(name, text, values).map_err(failed)
}
