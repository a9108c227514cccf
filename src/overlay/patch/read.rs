//! Reads a patch, which is a string or a file: what kind it is, and for which objects.

use super::{Kind, Patch};
use crate::base::node::{Data, Node};
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::catalogue::profile;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::overlay::operations;
use crate::overlay::reader::Reader;
use crate::overlay::refusal::Refusal;
use crate::overlay::target::{Named, Target};
use crate::overlay::text;
use crate::vocab::kinds;

/// Reads a patch: one, or one for each document of a strategic merge patch.
pub(in crate::overlay) fn read(
    patch: &profile::Patch,
    part: &str,
    pointer: &str,
    reader: &mut Reader,
) -> Vec<Patch> {
    let target = patch.target.as_ref();
    let conditions = target.map(|it| reader.conditions(it, &format!("{pointer}/target")));
    let documents = match documents(patch, pointer, reader) {
        Ok(documents) => documents,
        Err(diagnostic) => {
            reader.diagnostics().extend(diagnostic);
            return Vec::new();
        }
    };
    let place = reader.place(pointer);
    let target = conditions.map(|conditions| Target::Conditions(Box::new(conditions)));
    match kinds_of(documents, target, place, &reader.session.sources) {
        Ok(all) => all
            .into_iter()
            .map(|(target, place, kind)| Patch {
                part: part.to_owned(),
                place,
                target,
                kind,
            })
            .collect(),
        Err(refusal) => {
            report(refusal, reader.diagnostics());
            Vec::new()
        }
    }
}

/// The documents of a patch; nothing more is to be said where none is given.
fn documents(
    patch: &profile::Patch,
    pointer: &str,
    reader: &mut Reader,
) -> Result<Vec<Node>, Option<Diagnostic>> {
    let written = match (&patch.patch, &patch.path) {
        (Some(text), None) => {
            let pointer = format!("{pointer}/patch");
            if let Some(place) = reader.place(&pointer) {
                text::of_string(text, place, &reader.session.sources)
            } else {
                let file = reader.session.sources.add_value("a patch", text.clone());
                text::of_file(file, &reader.session.sources)
            }
        }
        (None, Some(path)) => {
            let Some(file) = reader.file(path, &format!("{pointer}/path")) else {
                return Err(unread(path, pointer, reader));
            };
            text::of_file(file, &reader.session.sources)
        }
        (both, _) => {
            let message = match both {
                Some(_) => "`patch` and `path` in one patch",
                None => "a patch without `patch` or `path`",
            };
            reader.refuse(pointer, message.to_owned());
            return Err(None);
        }
    };
    let documents = written.map_err(Some)?;
    if documents.is_empty() {
        let message = "a patch without any document";
        let place = reader.place(pointer);
        return Err(Some(Diagnostic {
            place,
            ..Diagnostic::global(&rule::PATCH, message)
        }));
    }
    Ok(documents)
}

/// That a file was not read; nothing if that was reported, where files were looked for.
fn unread(path: &str, pointer: &str, reader: &Reader) -> Option<Diagnostic> {
    let place = reader.place(&format!("{pointer}/path"));
    let is_reported = reader.session.failed_since(0);
    let message = format!("the file `{path}` was not read");
    let lacking = Diagnostic {
        place,
        ..Diagnostic::global(&rule::OVERLAY_FILE, message)
    };
    Some(lacking).filter(|_| !is_reported)
}

type Read = (Target, Option<Span>, Kind);

/// What kind of patch some documents are, and which objects each is for.
fn kinds_of(
    documents: Vec<Node>,
    target: Option<Target>,
    place: Option<Span>,
    sources: &Sources,
) -> Result<Vec<Read>, Refusal> {
    let mut documents = documents.into_iter();
    let (Some(first), second) = (documents.next(), documents.next()) else {
        return Ok(Vec::new());
    };
    let is_list = matches!(first.data, Data::List(_));
    if let (Some(second), true) = (&second, target.is_some() || is_list) {
        let message = "a second document in a patch that has a target or is JSON Patch";
        let hint = "make a patch of its own of each document";
        return Err(Refusal::new(second.span, message).hint(hint));
    }
    if let Data::List(items) = &first.data {
        let Some(target) = target else {
            let message = "JSON Patch without a `target`";
            let hint = "add one beside it, such as `target: {kind: StatefulSet}`";
            return Err(Refusal::new(first.span, message).hint(hint));
        };
        let operations = operations::read(items, sources)?;
        return Ok(vec![(target, place, Kind::Operations(operations))]);
    }
    if let Some(target) = target {
        mapping(&first)?;
        return Ok(vec![(target, place, Kind::Merge(first))]);
    }
    let all = std::iter::once(first).chain(second).chain(documents);
    all.map(|document| {
        let (named, place) = named(&document)?;
        Ok((Target::Named(named), Some(place), Kind::Merge(document)))
    })
    .collect()
}

fn mapping(document: &Node) -> Result<(), Refusal> {
    if matches!(document.data, Data::Map(_)) {
        return Ok(());
    }
    let message = "a patch that is neither a mapping nor a list of operations";
    Err(Refusal::new(document.span, message))
}

/// The object that a strategic merge patch names, and where.
fn named(document: &Node) -> Result<(Named, Span), Refusal> {
    mapping(document)?;
    let string = |pointer: &str| {
        document.str_at(pointer).map(str::to_owned).ok_or_else(|| {
            let field = wording::field(pointer);
            let message = format!("a patch without `target` and `{field}`");
            let hint = "add a `target`, or name the object by its apiVersion, kind and name";
            Refusal::new(document.at(pointer).span, message).hint(hint)
        })
    };
    let kind = string("/kind")?;
    if kind == kinds::WORKSPACE || kind == kinds::INFERENCE_SET {
        let message = format!("a patch of the {kind} itself");
        let hint = "patches are for the objects that are made of it: change its document instead";
        return Err(Refusal::new(document.at("/kind").span, message).hint(hint));
    }
    if kinds::is_node(&kind) {
        let message = format!("a {kind} has a name that follows from its content");
        let hint = format!("write `target: {{kind: {kind}}}` beside the patch");
        return Err(Refusal::new(document.at("/metadata/name").span, message).hint(hint));
    }
    let named = Named {
        api_version: string("/apiVersion")?,
        kind,
        name: string("/metadata/name")?,
        namespace: document.str_at("/metadata/namespace").map(str::to_owned),
    };
    Ok((named, document.at("/metadata/name").span))
}

fn report(refusal: Refusal, diagnostics: &mut Diagnostics) {
    let Refusal {
        place,
        message,
        hint,
        ..
    } = refusal;
    let reporting = diagnostics.add(&rule::PATCH, place, message);
    if let Some(hint) = hint {
        reporting.hint(hint);
    }
}
