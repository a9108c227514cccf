//! `explain`: what was decided, and why.

use anyhow::{Result, bail};
use kaito_render::base::object::Object;
use kaito_render::base::shown::Terminal;
use kaito_render::compile::{self, Keep};
use kaito_render::explain;
use kaito_render::explain::field::{self, Field};
use kaito_render::input::DocumentFilter;
use kaito_render::session::Session;

use super::Outcome;
use super::config::{Color, Explain};
use super::console;
use super::load::{self, Loaded};
use super::run::Run;

/// Prints the plan of each Workspace, or what made one field of its objects.
pub(super) fn explain(config: &Explain, color: Color) -> Result<Outcome> {
    let mut run = Run::watched();
    let mut explanation = Explanation::default();
    if let Some(loaded) = load::load(&config.input, DocumentFilter::Input, None, true, &mut run)? {
        explanation = Explanation::of(loaded, config.field.as_ref(), &mut run.session);
    }
    let report = run.finish(config.input.strictness);
    console::report(&report, color)?;
    if let Some(field) = &config.field
        && explanation.texts.is_empty()
        && !report.has_errors()
    {
        let error = field::not_found(field, &explanation.objects);
        bail!("{}", report.mask(&error));
    }
    let mut out = Terminal::default();
    for (index, text) in explanation.texts.iter().enumerate() {
        if index > 0 {
            out.end();
        }
        out.append(text);
    }
    console::print(&out.masked(report.secrets()))?;
    Ok(Outcome::of(&report))
}

/// What there is to say about the Workspaces of a run.
#[derive(Default)]
struct Explanation {
    /// A text for each Workspace that has one.
    texts: Vec<Terminal>,
    /// All objects of the run.
    objects: Vec<Object>,
}

impl Explanation {
    fn of(loaded: Loaded, field: Option<&Field>, session: &mut Session) -> Self {
        let Loaded {
            documents,
            options,
            library,
        } = loaded;
        let keep = Keep::Everything;
        let compilation = compile::run(documents, &options, &library, keep, session);
        let inputs = explain::Inputs {
            compilation: &compilation,
            profile: &options.profile,
            library: &library,
            sources: &session.sources,
        };
        let mut texts = Vec::new();
        for compiled in &compilation.workspaces {
            match field {
                Some(field) => match field::explain(compiled, field, inputs) {
                    Ok(text) => texts.push(text),
                    Err(diagnostic) => session.diagnostics.report(diagnostic),
                },
                None => texts.push(explain::plan(compiled, inputs)),
            }
        }
        texts.retain(|text| !text.is_empty());
        Self {
            texts,
            objects: compilation.objects,
        }
    }
}
