//! Which differences the user asked to leave out.

use std::str::FromStr;

use crate::base::object::Object;
use crate::base::pointer;
use crate::vocab::annotations::RENDERED;
use crate::vocab::kinds;

/// What is left out of a comparison.
#[derive(Clone, Debug)]
pub struct Ignore {
    rules: Vec<Rule>,
}

/// One thing to ignore.
///
/// - `ConfigMap`: all objects of a kind;
/// - `app=phi` or `app`: all objects with a label;
/// - `/metadata/labels/app`: a field of every object and everything below it. Items of lists are named
///   by key or index, and `*` stands for any one step;
/// - `Service/spec/ports`: a field of the objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The objects of a kind.
    Kind(String),
    /// The objects with a label, of any value or of one.
    Label(String, Option<String>),
    /// A field, of one kind or of all, step by step.
    Field(Option<String>, Vec<String>),
}

impl FromStr for Rule {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_kind = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_uppercase())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let steps = |path: &str| {
            path.split('/')
                .map(|step| pointer::unescape(step).into_owned())
                .collect::<Vec<_>>()
        };
        if let Some((kind, pointer)) = text.split_once('/')
            && (kind.is_empty() || is_kind(kind))
        {
            let kind = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
            return Ok(Self::Field(kind, steps(pointer)));
        }
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self::Label(key.to_owned(), Some(value.to_owned())))
            }
            None if is_kind(text) => Ok(Self::Kind(text.to_owned())),
            _ => Err(
                "expected a kind (`ConfigMap`), a field (`/metadata/annotations/a`, `Service/spec/ports`) or a label (`app=x`)",
            ),
        }
    }
}

impl Ignore {
    /// Ignores what the rules say, and the annotation that lists the objects of a rendered
    /// Workspace: the objects themselves show what it says.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let own = ["metadata", "annotations", RENDERED]
            .map(str::to_owned)
            .to_vec();
        Self {
            rules: rules
                .into_iter()
                .chain([Rule::Field(Some(kinds::WORKSPACE.to_owned()), own)])
                .collect(),
        }
    }

    /// Whether an object is ignored as a whole.
    #[must_use]
    pub fn is_object(&self, object: &Object) -> bool {
        let label = |key: &str| object.value["metadata"]["labels"][key].as_str();
        self.rules.iter().any(|rule| match rule {
            Rule::Kind(kind) => object.identity().kind == kind,
            Rule::Label(key, value) => {
                label(key).is_some_and(|found| value.as_deref().is_none_or(|value| value == found))
            }
            Rule::Field(..) => false,
        })
    }

    /// Whether a field of a kind is ignored, with what lies below it.
    pub(super) fn is_field<'a>(
        &self,
        kind: &str,
        steps: &(impl Iterator<Item = &'a str> + Clone),
    ) -> bool {
        self.rules.iter().any(|rule| match rule {
            Rule::Field(of, pointer) if of.as_deref().is_none_or(|of| of == kind) => {
                let mut steps = steps.clone();
                pointer.iter().all(|wanted| {
                    steps
                        .next()
                        .is_some_and(|step| wanted == "*" || wanted == step)
                })
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Ignore, Rule};

    #[test]
    fn rules_are_read_by_their_form() {
        let texts = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!("ConfigMap".parse(), Ok(Rule::Kind("ConfigMap".to_owned())));
        assert_eq!(
            "app=x".parse(),
            Ok(Rule::Label("app".to_owned(), Some("x".to_owned())))
        );
        assert_eq!(
            "/metadata/labels/a~1b".parse(),
            Ok(Rule::Field(None, texts(&["metadata", "labels", "a/b"])))
        );
        assert_eq!(
            "Service/spec".parse(),
            Ok(Rule::Field(Some("Service".to_owned()), texts(&["spec"])))
        );
        assert_eq!(
            "a.b/c=x".parse(),
            Ok(Rule::Label("a.b/c".to_owned(), Some("x".to_owned())))
        );
        for bad in ["", "=x", "configmap", "Config Map"] {
            assert!(bad.parse::<Rule>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_field_is_ignored_with_what_lies_below_it() {
        let ignore = Ignore::new([
            "/spec/*/image".parse().unwrap(),
            "Job/spec".parse().unwrap(),
        ]);
        let is_field = |kind: &str, path: &str| ignore.is_field(kind, &path.split('/'));
        assert!(is_field("Pod", "spec/a/image") && is_field("Pod", "spec/a/image/tag"));
        assert!(!is_field("Pod", "spec/a") && !is_field("Pod", "spec"));
        assert!(is_field("Job", "spec/x") && !is_field("Workspace", "metadata/annotations"));
    }
}
