//! Names of Jobs by their content: Kubernetes refuses to change the pods of a Job.

use crate::base::hex;
use crate::base::json::{Json, Map};
use crate::base::object::Object;
use crate::vocab::kinds;

/// The hexadecimal digits that a name ends in.
const DIGITS: usize = 6;

/// The longest name, which is a label of the Job's pods.
const LONGEST: usize = 63;

/// What of an object of a kind nobody can change, with the keys of mappings sorted.
#[must_use]
pub fn fixed_content(object: &Object) -> String {
    let fixed =
        kinds::find(object.identity().kind).map_or(kinds::Fixed::Nothing, |kind| kind.fixed);
    let spec = match &object.value["spec"] {
        Json::Map(spec) => {
            let fields = spec.iter();
            let fields = fields.filter(|(field, _)| fixed.refuses(&format!("/spec/{field}")));
            Json::Map(Map::new(fields.cloned().collect()))
        }
        other => other.clone(),
    };
    spec.canonical()
}

/// Gives each Job a name that ends in digits of what of it can't change: a changed training is a new
/// Job, and the old one is pruned.
pub fn name_jobs(objects: &mut [Object]) {
    for object in objects {
        let identity = object.identity();
        if identity.kind != kinds::JOB {
            continue;
        }
        let digits = hex::sha256(&fixed_content(object), DIGITS);
        let room = identity.name.floor_char_boundary(LONGEST - DIGITS - 1);
        let base = identity.name[..room].trim_end_matches(['-', '.']);
        let name = format!("{base}-{digits}");
        object.rename(&name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::name_jobs;
    use crate::base::object::Object;

    fn name(value: &Value) -> String {
        let mut objects = [Object::new(value.clone().into())];
        name_jobs(&mut objects);
        objects[0].identity().name.to_owned()
    }

    #[test]
    fn what_can_change_does_not_count() {
        let job = json!({
            "kind": "Job",
            "metadata": {"name": "tune", "labels": {"a": "b"}},
            "spec": {"backoffLimit": 0, "template": {"spec": {"x": 1, "y": "image:1"}}},
        });
        let named = name(&job);
        assert_eq!(named.len(), "tune-012345".len());
        let with = |pointer: &str, value: Value| {
            let mut other = job.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            name(&other)
        };
        assert_eq!(with("/spec/backoffLimit", json!(6)), named);
        assert_eq!(with("/metadata/labels/a", json!("c")), named);
        assert_eq!(
            with("/spec/template/spec", json!({"y": "image:1", "x": 1})),
            named
        );
        assert_ne!(with("/spec/template/spec/y", json!("image:2")), named);
        assert_eq!(with("/kind", json!("StatefulSet")), "tune");
    }

    #[test]
    fn names_stay_as_short_as_labels() {
        for (name, base) in [
            ("a".repeat(63), "a".repeat(56)),
            (
                format!("{}-{}", "a".repeat(55), "b".repeat(7)),
                "a".repeat(55),
            ),
        ] {
            let found = self::name(&json!({"kind": "Job", "metadata": {"name": name}, "spec": {}}));
            assert_eq!(found.rsplit_once('-').unwrap().0, base);
            assert!(found.len() <= 63);
        }
    }
}
