//! Which objects a patch is for.

use regex::{Regex, RegexBuilder};

use super::selector::LabelSelector;
use crate::base::json::Json;
use crate::base::object::Object;
use crate::vocab::node_name;

/// Which objects a patch is for.
#[derive(Debug)]
pub(super) enum Target {
    /// Those that meet every condition.
    Conditions(Box<Conditions>),
    /// The one of this name.
    Named(Named),
}

/// The conditions of a `target`. Regular expressions match as a whole.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) group: Option<Regex>,
    pub(super) version: Option<Regex>,
    pub(super) kind: Option<Regex>,
    pub(super) name: Option<Regex>,
    pub(super) namespace: Option<Regex>,
    pub(super) labels: Option<LabelSelector>,
    pub(super) annotations: Option<LabelSelector>,
}

/// The object that a strategic merge patch names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// None stands for any.
    pub(super) namespace: Option<String>,
}

impl Target {
    pub(super) fn matches(&self, object: &Object) -> bool {
        match self {
            Self::Conditions(conditions) => conditions.hold(object),
            Self::Named(named) => named.is(object),
        }
    }
}

impl Conditions {
    fn hold(&self, object: &Object) -> bool {
        let identity = object.identity();
        let (group, version) = identity
            .api_version
            .rsplit_once('/')
            .unwrap_or(("", identity.api_version));
        let is = |wanted: &Option<Regex>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.is_match(text))
        };
        let has = |wanted: &Option<LabelSelector>, marks: &Json| {
            let of = |key: &str| marks.get(key).and_then(Json::as_str);
            wanted.as_ref().is_none_or(|wanted| wanted.matches(of))
        };
        let metadata = &object.value["metadata"];
        is(&self.kind, identity.kind)
            && is(&self.group, group)
            && is(&self.version, version)
            && (self.name.is_none() || has_name(identity.name) && is(&self.name, identity.name))
            && is(&self.namespace, identity.namespace.unwrap_or_default())
            && has(&self.labels, &metadata["labels"])
            && has(&self.annotations, &metadata["annotations"])
    }
}

impl Named {
    fn is(&self, object: &Object) -> bool {
        let identity = object.identity();
        identity.name == self.name
            && identity.kind == self.kind
            && identity.api_version == self.api_version
            && (self.namespace.is_none() || self.namespace.as_deref() == identity.namespace)
    }

    /// `StatefulSet phi`, or with its namespace.
    pub(super) fn title(&self) -> String {
        let namespace = self.namespace.as_ref().map(|it| format!("{it}/"));
        format!(
            "{} `{}{}`",
            self.kind,
            namespace.unwrap_or_default(),
            self.name
        )
    }
}

/// Whether a name is one: node objects get theirs later.
pub(super) fn has_name(name: &str) -> bool {
    node_name::filled(name, |_| "").is_none()
}

/// The most bytes that a compiled expression takes: enough for names with alternatives and classes.
const MAX_REGEX: usize = 1 << 18;

/// A regular expression that has to match a whole text.
///
/// # Errors
///
/// What is wrong with it, in one line.
pub(super) fn anchored(pattern: &str) -> Result<Regex, String> {
    let compiled = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        builder.size_limit(MAX_REGEX).build()
    };
    // By itself, so that the message shows it as it was written.
    compiled(pattern)
        .and_then(|_| compiled(&format!("^(?:{pattern})$")))
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").trim().to_owned()
        })
}
