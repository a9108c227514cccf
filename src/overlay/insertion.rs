//! An operation of JSON Patch that is written in front of another one, to add the parent that it
//! lacks.

use serde_json::Value;

use crate::base::node::Node;
use crate::base::sources::{Sources, Span};
use crate::diagnostic::Fix;

/// What to do where only some objects of a patch lack a parent: the operation would take it from the
/// others.
pub(super) const FOR_SOME: &str =
    "write a strategic merge patch, which adds the parent only where it is not there";

/// Where the text of a patch can get an operation in front of one of its own.
#[derive(Debug)]
pub(super) struct Insertion {
    at: Span,
    /// What begins the line that follows, in a list of one item a line; none between brackets.
    line: Option<String>,
}

/// An operation that adds a mapping or list.
#[derive(Debug)]
pub(super) struct Addition {
    path: String,
    value: Value,
}

impl Insertion {
    /// That in front of an operation; none where it is not written letter for letter.
    pub(super) fn before(operation: &Node, path: Span, sources: &Sources) -> Option<Self> {
        let Span { file, start, .. } = operation.span;
        // In a quoted string all places are that of the string.
        if path.start == start {
            return None;
        }
        let text = sources.text(file);
        let (before, rest) = text.split_at_checked(start as usize)?;
        let lead = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let dash = lead.trim_end_matches(' ').strip_suffix('-');
        let at = |start| Span {
            file,
            start,
            end: start,
        };
        match dash.filter(|indent| indent.bytes().all(|byte| byte == b' ')) {
            Some(indent) => {
                let line = rest.lines().next().map_or(0, str::len);
                let end = if rest[line..].starts_with('\r') {
                    "\r\n"
                } else {
                    "\n"
                };
                Some(Self {
                    at: at(start - u32::try_from(lead.len() - indent.len()).ok()?),
                    line: Some(format!("{end}{indent}")),
                })
            }
            None => rest.starts_with('{').then(|| Self {
                at: at(start),
                line: None,
            }),
        }
    }

    /// The change of the text that writes an operation there.
    pub(super) fn fix(&self, addition: &Addition) -> Fix {
        let replacement = if let Some(line) = &self.line {
            format!("- {}{line}", addition.yaml())
        } else {
            let Addition { path, value } = addition;
            let path = Value::from(path.as_str());
            format!("{{\"op\": \"add\", \"path\": {path}, \"value\": {value}}}, ")
        };
        Fix {
            span: self.at,
            replacement,
        }
    }
}

impl Addition {
    /// What adds the parents that the path of an operation lacks in a value; none if something else
    /// is wrong with it.
    pub(super) fn of_parents(path: &str, value: &Value) -> Option<Self> {
        let is_of_list = |step: &str| step == "-" || step.bytes().all(|byte| byte.is_ascii_digit());
        let (mut parent, last) = path.rsplit_once('/')?;
        if value.pointer(parent).is_some() {
            return None;
        }
        let mut added = match last {
            "-" | "0" => Value::Array(Vec::new()),
            _ => Value::Object(serde_json::Map::new()),
        };
        loop {
            let (grand, step) = parent.rsplit_once('/')?;
            if is_of_list(step) {
                return None;
            }
            if let Some(found) = value.pointer(grand) {
                return found.is_object().then(|| Self {
                    path: parent.to_owned(),
                    value: added,
                });
            }
            let step = crate::base::pointer::unescape(step).into_owned();
            added = Value::Object([(step, added)].into_iter().collect());
            parent = grand;
        }
    }

    /// The operation in one line.
    pub(super) fn yaml(&self) -> String {
        let Self { path, value } = self;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
        let path = if path.bytes().all(is_plain) {
            path.clone()
        } else {
            Value::from(path.as_str()).to_string()
        };
        format!("{{op: add, path: {path}, value: {value}}}")
    }
}
