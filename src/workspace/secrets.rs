//! Plaintext secrets where everybody can read them.
//!
//! What is found is also hidden from every excerpt and message of the run.

mod forms;
mod variables;
pub(crate) mod written;

use crate::base::node::{Data, Node};
use crate::base::path::Path;
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};

pub(crate) use variables::is_secret_variable;

const HINT: &str = "revoke it, store a new one in a Secret, and reference the Secret";

/// The secrets in the strings of a document.
pub(crate) fn of(document: &Node, sources: &Sources) -> Vec<Secret> {
    let mut search = Search {
        sources,
        found: Vec::new(),
    };
    document.walk(&mut |node, path| match &node.data {
        Data::String(value) => search.string(node, value, path),
        Data::Map(_) => search.variable(node),
        _ => {}
    });
    search.found
}

/// A secret that was found.
#[derive(Debug)]
pub(crate) struct Secret {
    place: Span,
    value: String,
    diagnostic: Diagnostic,
}

impl Secret {
    /// Reports the secret, and keeps it from being shown.
    pub(crate) fn report(self, sources: &mut Sources, diagnostics: &mut Diagnostics) {
        sources.hide(self.place, &self.value);
        diagnostics.report(self.diagnostic);
    }
}

/// What looks like a secret in a text, as far as that shows without parsing: the text may be
/// broken.
pub(crate) fn in_text(text: &str) -> impl Iterator<Item = &str> {
    let by_form = forms::secrets(text).into_iter().map(|(_, secret)| secret);
    by_form.chain(variables::values(text))
}

struct Search<'a> {
    sources: &'a Sources,
    found: Vec<Secret>,
}

impl Search<'_> {
    fn string(&mut self, node: &Node, value: &str, path: &Path) {
        let secrets = forms::secrets(value);
        if secrets.is_empty() {
            return;
        }
        let field = wording::field(&path.to_string());
        let places = places(
            node.span,
            secrets.iter().map(|(_, secret)| *secret),
            self.sources,
        );
        for ((name, secret), place) in secrets.into_iter().zip(places) {
            let message = format!("`{field}` contains {name} in plaintext");
            let diagnostic = Diagnostic::new(&rule::SECRET_IN_CLEAR, place, message);
            self.add(place, secret, diagnostic.hint(HINT));
        }
    }

    /// Warns of an environment variable whose name says that its literal value is a secret.
    fn variable(&mut self, node: &Node) {
        let Some((Data::String(name), value)) = node
            .get("name")
            .map(|name| &name.data)
            .zip(node.get("value"))
        else {
            return;
        };
        let Some(secret) = value
            .as_str()
            .filter(|value| is_secret_variable(name, value))
        else {
            return;
        };
        let place = places(value.span, [secret].into_iter(), self.sources)[0];
        let message = format!("the environment variable `{name}` has a plaintext value");
        let hint = "take it from a Secret: `valueFrom: {secretKeyRef: {name: …, key: …}}`";
        let diagnostic = Diagnostic::new(&rule::VARIABLE_IN_CLEAR, place, message);
        self.add(place, secret, diagnostic.hint(hint));
    }

    fn add(&mut self, place: Span, value: &str, diagnostic: Diagnostic) {
        self.found.push(Secret {
            place,
            value: value.to_owned(),
            diagnostic,
        });
    }
}

/// The places of some parts of a string, which follow each other; that of the whole value for what
/// is written with escapes, and for all that follows it: the text is searched once.
fn places<'a>(whole: Span, parts: impl Iterator<Item = &'a str>, sources: &Sources) -> Vec<Span> {
    let written = sources
        .text(whole.file)
        .get(whole.start as usize..whole.end as usize)
        .unwrap_or_default();
    let mut behind = Some(0);
    let place = |part: &str| {
        let start = behind.and_then(|behind| Some(behind + written[behind..].find(part)?));
        behind = start.map(|start| start + part.len());
        let offset = |at: usize| Some(whole.start + u32::try_from(at).ok()?);
        start.zip(behind).and_then(|(start, end)| {
            Some(Span {
                start: offset(start)?,
                end: offset(end)?,
                ..whole
            })
        })
    };
    parts
        .map(place)
        .map(|place| place.unwrap_or(whole))
        .collect()
}
