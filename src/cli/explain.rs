//! `explain`: what was decided and why.

use anyhow::{Result, bail};
use kaito_render::explain::{self, field};
use kaito_render::session::Session;

use super::args::{Color, Explain};
use super::compile::conclude;
use super::{Outcome, load, output};

/// Prints the plan of each Workspace, or what made one field of its objects.
pub(super) fn explain(args: &Explain, color: Color) -> Result<Outcome> {
    let mut session = Session::default();
    let mut texts = Vec::new();
    let objects = load::compile(
        &args.input,
        true,
        &mut session,
        &mut |compiled, profile, library| {
            texts.push(match &args.field {
                Some(field) => field::explain(compiled, field, profile, library),
                None => explain::plan(compiled, profile, library),
            });
        },
    )?;
    let outcome = conclude(&args.input, &mut session);
    output::findings(&session, color)?;
    texts.retain(|text| !text.is_empty());
    if let Some(field) = &args.field
        && texts.is_empty()
        && outcome == Outcome::Done
    {
        bail!("{}", field::not_found(field, &objects));
    }
    output::print(texts.join("\n").as_bytes())?;
    Ok(outcome)
}
