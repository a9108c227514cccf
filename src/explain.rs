//! What was decided for a Workspace and why, and what made a field of its objects, as text for
//! people.
//!
//! Uses `vocab`, `base`, `diagnostic`, `input`, `catalogue`, `workspace`, `plan`, `expand`, `overlay`, `emit`
//! and `compile`; `cli` uses it.

pub mod field;
mod overlays;

use crate::base::shown::Terminal;
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::catalogue::library::Library;
use crate::catalogue::profile::Profile;
use crate::compile::{Compilation, CompiledWorkspace};
use crate::diagnostic::Diagnostics;
use crate::input;
use crate::plan::{self, Decision, Origin};
use crate::workspace::Workspace;

/// The width of the column of titles.
const TITLES: usize = 20;

/// What an explanation is taken from, beside the Workspace that is explained.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What the run made.
    pub compilation: &'a Compilation<'a>,
    /// The facts of the cluster.
    pub profile: &'a Profile,
    /// The presets and templates.
    pub library: &'a Library,
    /// The texts that were read.
    pub sources: &'a Sources,
}

/// The plan of a Workspace, decision by decision, each with the fields and rules that it follows
/// from.
#[must_use]
pub fn plan(compiled: &CompiledWorkspace, inputs: Inputs) -> Terminal {
    let places = Places::new(compiled, inputs);
    let mut out = Terminal::default();
    for decision in &decisions(compiled, inputs) {
        line(decision.title, &decision.value, &mut out);
        reasons(decision, &places, TITLES, &mut out);
    }
    overlays::explain(compiled, &places, &mut out);
    for (index, object) in compiled.objects.iter().enumerate() {
        let identity = object.identity();
        let title = if index == 0 { "objects" } else { "" };
        let name = format!("{}/{}", identity.kind, identity.name);
        line(title, &name, &mut out);
    }
    out
}

fn decisions(compiled: &CompiledWorkspace, inputs: Inputs) -> Vec<Decision> {
    let CompiledWorkspace {
        workspace, plan, ..
    } = compiled;
    match inputs.compilation.release(compiled) {
        Some((release, _)) => plan::decisions(workspace, plan, release, inputs.profile),
        None => Vec::new(),
    }
}

fn line(title: &str, value: &str, out: &mut Terminal) {
    out.text(&format!("{title:TITLES$}{value}")).end();
}

/// Why something was decided, and where that is written, a line each.
fn reasons(decision: &Decision, places: &Places, indent: usize, out: &mut Terminal) {
    let because = Some(&decision.because).filter(|because| !because.is_empty());
    let origins = decision.origins.iter();
    let origins = origins.filter_map(|origin| places.of(origin));
    for reason in because.cloned().into_iter().chain(origins) {
        out.text(&format!("{:indent$}  {reason}", "")).end();
    }
}

/// Where things are written.
struct Places<'a> {
    workspace: &'a Workspace,
    profile: &'a Profile,
    library: &'a Library,
    sources: &'a Sources,
}

impl<'a> Places<'a> {
    fn new(compiled: &'a CompiledWorkspace, inputs: Inputs<'a>) -> Self {
        Self {
            workspace: &compiled.workspace,
            profile: inputs.profile,
            library: inputs.library,
            sources: inputs.sources,
        }
    }

    /// A place as `file:line`, with the field that stands there; none if the field is left to its
    /// default.
    fn of(&self, origin: &Origin) -> Option<String> {
        match origin {
            Origin::Workspace(pointer) => {
                let field = wording::field(pointer);
                let Some(found) = self.workspace.node.find(pointer) else {
                    return Some(format!(
                        "{} ({field} is not set)",
                        self.line(self.workspace.span(pointer))
                    ));
                };
                Some(format!("{} {field}", self.line(found.span)))
            }
            Origin::Profile(field) => {
                let entry = self.profile.document.as_ref()?.entry(field)?;
                Some(format!("{} {field}", self.line(entry.key_span)))
            }
            Origin::Library { path, pointer } => self.in_library(path, pointer),
        }
    }

    fn line(&self, span: Span) -> String {
        format!(
            "{}:{}",
            self.sources.name(span.file),
            self.sources.position(span.file, span.start).line
        )
    }

    fn in_library(&self, path: &str, pointer: &str) -> Option<String> {
        let file = self.library.get(path)?;
        if pointer.is_empty() {
            return Some(file.name.clone().into_owned());
        }
        let mut sources = Sources::default();
        let id = sources.add(file.name.clone(), file.text.clone());
        let document = input::parse(&sources, id, &mut Diagnostics::default())
            .into_iter()
            .next()?;
        let found = document.find(pointer)?;
        let line = sources.position(id, found.span.start).line;
        Some(format!("{}:{line} {}", file.name, wording::field(pointer)))
    }
}
