//! What changes between two sets of objects: objects, fields, and what applying the change does to
//! pods and nodes.
//!
//! Uses `vocab`, `base`, `diagnostic`, the YAML reader of `input`, of `workspace` what a secret is, and
//! the writers of `emit`; `cli` uses it. Its files are in layers, each of which uses only those
//! before it:
//!
//! 1. `model` has the differences of one object;
//! 2. `pair` finds the object before of each object after, `fields` compares the two, and
//!    [`risk`] and [`resources`] say what follows; `comparison` holds all of it;
//! 3. [`view`] holds what may be shown of a comparison: the only place that reads its values, so
//!    that no format can print a secret;
//! 4. [`formats`] lay a view out.

pub mod formats;
pub mod ignore;
pub mod resources;
pub mod risk;
pub mod view;

mod command_line;
mod comparison;
mod equivalent;
mod fields;
mod list_keys;
mod model;
mod pair;
mod secret_fields;

use std::collections::BTreeMap;

pub use comparison::{Comparison, GroupDiff};
pub use model::{Action, Change, ObjectDiff};

use crate::base::object::{Group, Object};
use ignore::Ignore;
use resources::InstanceGpus;

/// Compares two sets of objects. What `ignore` names counts as equal; `gpus` gives the GPUs of the
/// instance types that node objects ask for.
///
/// ```
/// use kaito_render::base::object::Object;
/// use kaito_render::base::shown::ForPeople;
/// use kaito_render::base::sources::Sources;
/// use kaito_render::diff::{self, formats::terminal, ignore::Ignore, view::View};
///
/// let service = |kind: &str| {
///     let value = serde_json::json!({
///         "apiVersion": "v1",
///         "kind": "Service",
///         "metadata": {"namespace": "ai", "name": "phi", "labels": {"kaito.sh/workspace": "phi"}},
///         "spec": {"type": kind},
///     });
///     Object::new(value.into())
/// };
/// let (before, after) = ([service("ClusterIP")], [service("LoadBalancer")]);
/// let comparison = diff::compare(&before, &after, &Ignore::new([]), &Default::default());
/// assert_eq!(comparison.groups[0].objects[0].changes[0].pointer, "/spec/type");
///
/// // `Sources` knows the secrets that were found while the input was read.
/// let mask = Sources::default().mask();
/// let text = terminal::render(&View::new(&comparison, &mask), terminal::Detail::Full, false);
/// assert!(text.as_str().contains("~ spec.type: ClusterIP → LoadBalancer"));
/// ```
#[must_use]
pub fn compare<'a>(
    before: &'a [Object],
    after: &'a [Object],
    ignore: &Ignore,
    gpus: &InstanceGpus,
) -> Comparison<'a> {
    compare_beside(&[], before, after, ignore, gpus)
}

/// As [`compare`], beside objects that both sides have. They are not compared, but count among the
/// resources of both.
#[must_use]
pub fn compare_beside<'a>(
    both: &[Object],
    before: &'a [Object],
    after: &'a [Object],
    ignore: &Ignore,
    gpus: &InstanceGpus,
) -> Comparison<'a> {
    let mut groups = BTreeMap::<Group, Members>::new();
    let mut comparison = Comparison::default();
    for (before, after) in pair::pairs(&kept(before, ignore), &kept(after, ignore)) {
        let Some(object) = after.or(before) else {
            continue;
        };
        let (was, is) = &mut comparison.resources;
        was.add(before, gpus);
        is.add(after, gpus);
        let members = groups.entry(object.group()).or_default();
        members.existed |= before.is_some();
        members.exists |= after.is_some();
        let changes = match (before, after) {
            (Some(before), Some(after)) => fields::changes(before, after, ignore),
            _ => Vec::new(),
        };
        if before.is_none() || after.is_none() || !changes.is_empty() {
            let diff = ObjectDiff {
                before,
                after,
                changes,
            };
            risk::of(&diff, &mut comparison.risks);
            members.different.push(diff);
        }
    }
    for object in kept(both, ignore) {
        let (was, is) = &mut comparison.resources;
        was.add(Some(object), gpus);
        is.add(Some(object), gpus);
        if let Some(members) = groups.get_mut(&object.group()) {
            members.existed = true;
            members.exists = true;
        }
    }
    comparison.groups = groups
        .into_iter()
        .filter(|(_, members)| !members.different.is_empty())
        .map(|(group, members)| GroupDiff {
            group,
            action: members.action(),
            objects: members.different,
        })
        .collect();
    comparison
}

/// What is known of a group while its objects are compared.
#[derive(Default)]
struct Members<'a> {
    /// Whether any object of it, equal ones included, was there before.
    existed: bool,
    /// Whether any is there after.
    exists: bool,
    different: Vec<ObjectDiff<'a>>,
}

impl Members<'_> {
    fn action(&self) -> Action {
        match (self.existed, self.exists) {
            (false, _) => Action::Added,
            (_, false) => Action::Removed,
            _ => Action::Changed,
        }
    }
}

fn kept<'a>(objects: &'a [Object], ignore: &Ignore) -> Vec<&'a Object> {
    objects
        .iter()
        .filter(|object| !ignore.is_object(object))
        .collect()
}
