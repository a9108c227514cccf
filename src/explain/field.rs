//! What made one field of an object.

use std::str::FromStr;

use super::{Inputs, Places, decisions, reasons};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::shown::Terminal;
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::compile::CompiledWorkspace;
use crate::diagnostic::Diagnostic;
use crate::emit::yaml;
use crate::expand;
use crate::expand::template::{Step, Trace};
use crate::overlay::Change;
use crate::plan::Decision;
use crate::vocab::annotations::{FLUX_SUBSTITUTE, SYNC_OPTIONS, SYNC_WAVE};

/// A field of an object: `KIND/PATH` or `KIND/NAME/PATH`, such as
/// `Deployment/spec.template.spec.containers[0].resources.limits['nvidia.com/gpu']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The kind of the object; letter case does not count.
    pub kind: String,
    /// Its name; any if there is none.
    pub name: Option<String>,
    /// The way to the field.
    pub steps: Vec<Step>,
}

/// Why a text names no field.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It has not the form.
    #[error("a field is KIND/PATH or KIND/NAME/PATH, such as `StatefulSet/spec.replicas`")]
    Form,
    /// The path can't be followed from here on.
    #[error("`{0}` is not a path: write `a.b[0]['c.d']`")]
    Path(String),
}

impl FromStr for Field {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let (kind, rest) = text.split_once('/').ok_or(FieldError::Form)?;
        let bracket = rest.find('[').unwrap_or(rest.len());
        let (name, path) = match rest.split_once('/') {
            Some((name, path)) if name.len() < bracket => (Some(name.to_owned()), path),
            _ => (None, rest),
        };
        if kind.is_empty() || path.is_empty() || name.as_deref() == Some("") {
            return Err(FieldError::Form);
        }
        Ok(Self {
            kind: kind.to_owned(),
            name,
            steps: steps(path)?,
        })
    }
}

/// The steps of a path: names behind points, and numbers or quoted names in brackets.
fn steps(path: &str) -> Result<Vec<Step>, FieldError> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let broken = || FieldError::Path(rest.to_owned());
        if let Some(behind) = rest.strip_prefix('[') {
            let (step, behind) = bracketed(behind).ok_or_else(broken)?;
            steps.push(step);
            rest = behind;
            continue;
        }
        let name = if steps.is_empty() {
            rest
        } else {
            rest.strip_prefix('.').ok_or_else(broken)?
        };
        let end = name.find(['.', '[']).unwrap_or(name.len());
        if end == 0 {
            return Err(broken());
        }
        steps.push(Step::Field(name[..end].to_owned()));
        rest = &name[end..];
    }
    Ok(steps)
}

/// What stands in brackets, and what behind them.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    if let Some(quote) = text.chars().next().filter(|first| "'\"".contains(*first)) {
        let (name, behind) = text[1..].split_once(quote)?;
        return Some((Step::Field(name.to_owned()), behind.strip_prefix(']')?));
    }
    let (number, behind) = text.split_once(']')?;
    Some((Step::Item(number.parse().ok()?), behind))
}

impl Field {
    fn is_of(&self, object: &Object) -> bool {
        let identity = object.identity();
        identity.kind.eq_ignore_ascii_case(&self.kind)
            && self.name.as_ref().is_none_or(|name| name == identity.name)
    }

    fn value<'a>(&self, object: &'a Json) -> Option<&'a Json> {
        self.steps
            .iter()
            .try_fold(object, |value, step| match step {
                Step::Field(key) => value.get(key),
                Step::Item(index) => value.items().get(*index),
            })
    }
}

/// What made a field of the objects of a Workspace: its value, the line of the template, and the
/// decisions that the template reads there. Empty if no object has the field.
///
/// # Errors
///
/// Where a template can't be rendered.
pub fn explain(
    compiled: &CompiledWorkspace,
    field: &Field,
    inputs: Inputs,
) -> Result<Terminal, Diagnostic> {
    let (decisions, places) = (decisions(compiled, inputs), Places::new(compiled, inputs));
    let Some((_, templates)) = inputs.compilation.release(compiled) else {
        return Ok(Terminal::default());
    };
    let mut out = Terminal::default();
    let objects = compiled.objects.iter();
    for object in objects.filter(|object| field.is_of(object)) {
        let Some(value) = field.value(&object.value) else {
            continue;
        };
        let identity = object.identity();
        out.text(&format!("{}/{}", identity.kind, identity.name))
            .end();
        for line in yaml::document(value).lines() {
            out.text("  ").text(line).end();
        }
        let trace = expand::trace(&compiled.plan, templates, object, &field.steps)?;
        if let Some(trace) = trace {
            made(&trace, &decisions, &places, &mut out);
        } else if let Some(why) = added(&field.steps) {
            out.text("  ").text(why).end();
        }
        overlaid(compiled, object, field, &places, &mut out);
    }
    Ok(out)
}

/// The overlays that changed a field of an object, in their order, with the field before and after.
fn overlaid(
    compiled: &CompiledWorkspace,
    object: &Object,
    field: &Field,
    places: &Places,
    out: &mut Terminal,
) {
    let changes = compiled.changes.iter();
    for change in changes.filter(|change| change.origin == object.origin) {
        let before = field.value(&change.before);
        let after = change.after.as_ref().and_then(|it| field.value(it));
        if before == after {
            continue;
        }
        let Change { overlay, part, .. } = change;
        let place = change.place.map(|place| places.line(place) + " ");
        let place = place.unwrap_or_default();
        out.text(&format!("  {overlay} {place}{part}")).end();
        for (title, value) in [("before", before), ("after", after)] {
            let Some(value) = value else {
                out.text(&format!("    {title}: nothing")).end();
                continue;
            };
            out.text(&format!("    {title}:")).end();
            for line in yaml::document(value).lines() {
                out.text("      ").text(line).end();
            }
        }
    }
}

/// Why a field is there that no template made; none for all others.
#[must_use]
pub fn added(steps: &[Step]) -> Option<&'static str> {
    let [Step::Field(metadata), Step::Field(field), Step::Field(key)] = steps else {
        return None;
    };
    if [metadata.as_str(), field] != ["metadata", "annotations"] {
        return None;
    }
    match key.as_str() {
        FLUX_SUBSTITUTE => Some("added because Flux would replace `${…}` in the object"),
        SYNC_WAVE => Some("added for Argo CD: without the namespace nothing else is created"),
        SYNC_OPTIONS => Some("added for Argo CD by `delivery` of the profile"),
        _ => None,
    }
}

fn made(trace: &Trace, decisions: &[Decision], places: &Places, out: &mut Terminal) {
    let place = template_line(trace.place, places.sources);
    out.text("  ").text(&place).end();
    for read in &trace.reads {
        let path = read.strip_prefix("plan.").unwrap_or(read);
        let found = decisions
            .iter()
            .find(|decision| decision.fields.iter().any(|field| is_of(path, field)));
        let Some(decision) = found else {
            out.text("  ").text(read).end();
            continue;
        };
        let Decision { title, value, .. } = decision;
        out.text(&format!("  {read}: {title} {value}")).end();
        reasons(decision, places, 2, out);
    }
}

/// Whether a path that is read is a field or a part of it, or holds it.
fn is_of(path: &str, field: &str) -> bool {
    let inside = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    inside(path, field) || inside(field, path)
}

fn template_line(place: Span, sources: &Sources) -> String {
    let position = sources.position(place.file, place.start);
    let line = sources
        .text(place.file)
        .lines()
        .nth(position.line - 1)
        .unwrap_or_default();
    format!(
        "{}:{} {}",
        sources.name(place.file),
        position.line,
        line.trim()
    )
}

/// What to say where no object of a run has a field.
#[must_use]
pub fn not_found(field: &Field, objects: &[Object]) -> String {
    let kinds: std::collections::BTreeSet<_> = objects
        .iter()
        .map(|object| object.identity().kind)
        .collect();
    if objects.iter().any(|object| field.is_of(object)) {
        return "the object has no such field: `kaito-render render` shows the fields that it has"
            .to_owned();
    }
    let kinds: Vec<_> = kinds.into_iter().collect();
    format!(
        "there is no such object: the kinds in the output are {}",
        wording::and(&kinds)
    )
}
