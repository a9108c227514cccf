//! Taints of node objects that the pods do not tolerate, because of overlays.

use std::collections::{BTreeMap, BTreeSet};

use super::part::Part;
use super::place::Spot;
use super::refusal::Refusal;
use super::{Applied, Change, Overlays};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::wording;
use crate::diagnostic::{Diagnostics, rule};
use crate::vocab::kinds::{self, Role};

/// The taints of an object, if nodes are made of it, and where they are.
fn taints(object: &Json) -> (&[Json], &'static str) {
    let kind = object["kind"].as_str().unwrap_or_default();
    let (spec, pointer) = match kinds::find(kind).map(|kind| kind.role) {
        Some(Role::Node) => (&object["spec"], "/spec/taints"),
        Some(Role::NodePool) => (
            &object["spec"]["template"]["spec"],
            "/spec/template/spec/taints",
        ),
        _ => (&Json::Null, ""),
    };
    (spec["taints"].items(), pointer)
}

/// The tolerations of the pods of a workload; none of another object.
fn tolerations(object: &Json) -> Option<&[Json]> {
    let kind = object["kind"].as_str().unwrap_or_default();
    kinds::is_workload(kind).then(|| object["spec"]["template"]["spec"]["tolerations"].items())
}

/// Whether one of some tolerations is for a taint (Kubernetes 1.37, `api/core/v1/toleration.go`). A
/// taint that the scheduler only avoids needs none.
fn tolerate(tolerations: &[Json], taint: &Json) -> bool {
    let text = |of: &Json, field: &str| of[field].as_str().unwrap_or_default().to_owned();
    let is_of = |toleration: &Json| {
        let same = |field: &str| text(toleration, field) == text(taint, field);
        let is_any = |field: &str| text(toleration, field).is_empty();
        let number = |of: &Json| text(of, "value").parse::<i64>().ok();
        let numbers = number(taint).zip(number(toleration));
        (is_any("effect") || same("effect"))
            && (is_any("key") || same("key"))
            && match &*text(toleration, "operator") {
                "" | "Equal" => same("value"),
                "Exists" => true,
                "Gt" => numbers.is_some_and(|(taint, least)| taint > least),
                "Lt" => numbers.is_some_and(|(taint, most)| taint < most),
                _ => false,
            }
    };
    text(taint, "effect") == "PreferNoSchedule" || tolerations.iter().any(is_of)
}

impl Overlays {
    /// Warns of taints that keep the pods of a workload off the nodes that are made for them, as far
    /// as overlays are why.
    pub(super) fn check_taints(
        &self,
        originals: &[Option<Object>],
        slots: &[Option<Object>],
        part: Part,
        applied: &Applied,
        diagnostics: &mut Diagnostics,
    ) {
        let refused = |objects: &[Option<Object>]| {
            let objects = || objects.iter().flatten().map(|object| &object.value);
            let refused = |taint: &Json| {
                let mut pods = objects().filter_map(tolerations);
                pods.any(|tolerations| !tolerate(tolerations, taint))
            };
            let taints = objects().flat_map(|object| taints(object).0);
            taints
                .filter(|taint| refused(taint))
                .cloned()
                .collect::<Vec<_>>()
        };
        let before = refused(originals);
        let mut now = refused(slots);
        // Many nodes have the same ones.
        let mut seen = BTreeSet::new();
        now.retain(|taint| !before.contains(taint) && seen.insert(taint.canonical()));
        // One warning for all taints of one part.
        let mut why = BTreeMap::<_, (&Change, Vec<Json>)>::new();
        for taint in now {
            let mut changes = applied.changes.iter().rev();
            if let Some(change) = changes.find(|change| is_why(change, &taint)) {
                let (_, all) = why.entry(change.id).or_insert((change, Vec::new()));
                all.push(taint);
            }
        }
        for (change, taints) in why.into_values() {
            let mut originals = originals.iter().flatten();
            if let Some(object) = originals.find(|it| it.origin == change.origin) {
                let warning = self.untolerated(change, &taints, part.of(change));
                let warning = part.diagnostic(warning, &rule::NOT_TOLERATED, object);
                diagnostics.report(warning);
            }
        }
    }

    /// What to say of a change that keeps pods off nodes with some taints.
    fn untolerated(&self, change: &Change, untolerated: &[Json], part: Part) -> Refusal {
        let after = change.after.as_ref().unwrap_or(&change.before);
        let (own, pointer) = taints(after);
        let at = own.iter().position(|it| untolerated.contains(it));
        let pointer = at.map_or_else(
            || "/spec/template/spec/tolerations".to_owned(),
            |at| format!("{pointer}/{at}"),
        );
        let spot = Spot::new(after, &pointer);
        let place = self.place_of(change, &spot, part);
        let titles: Vec<_> = untolerated.iter().map(title).collect();
        let wanted: Vec<_> = untolerated.iter().map(toleration).collect();
        let message = format!(
            "the pods do not tolerate the {} {} of their nodes, so that they stay pending",
            if titles.len() == 1 { "taint" } else { "taints" },
            wording::and(&titles)
        );
        let hint = format!(
            "add {} to `pod.tolerations` of the overlay",
            wording::and(&wanted)
        );
        Refusal::new(place, message).hint(hint).about(pointer)
    }
}

/// Whether a change adds a taint, or removes what tolerates it.
fn is_why(change: &Change, taint: &Json) -> bool {
    let Some(after) = &change.after else {
        return false;
    };
    let has = |object: &Json| taints(object).0.contains(taint);
    let tolerates = |object: &Json| tolerations(object).map(|all| tolerate(all, taint));
    has(after) && !has(&change.before)
        || tolerates(after) == Some(false) && tolerates(&change.before) == Some(true)
}

/// A taint as kubectl shows it.
fn title(taint: &Json) -> String {
    let text = |field: &str| taint[field].as_str().unwrap_or_default();
    let value = match text("value") {
        "" => String::new(),
        value => format!("={value}"),
    };
    format!("`{}{value}:{}`", text("key"), text("effect"))
}

/// The toleration of a taint, as an item of a list.
fn toleration(taint: &Json) -> String {
    let text = |field: &str| taint[field].as_str().unwrap_or_default();
    let wanted = match text("value") {
        "" => "operator: Exists".to_owned(),
        value => format!("value: {}", Json::from(value).canonical()),
    };
    let (key, effect) = (text("key"), text("effect"));
    format!("`{{key: {key}, {wanted}, effect: {effect}}}`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::tolerate;
    use crate::base::json::Json;

    #[test]
    fn a_toleration_is_for_the_taints_that_kubernetes_says() {
        let taint = Json::from(json!({"key": "a", "value": "5", "effect": "NoSchedule"}));
        for (toleration, is_for) in [
            (json!({"operator": "Exists"}), true),
            (json!({"key": "a", "operator": "Exists"}), true),
            (json!({"key": "b", "operator": "Exists"}), false),
            (json!({"key": "a", "value": "5"}), true),
            (
                json!({"key": "a", "operator": "Equal", "value": "5", "effect": "NoSchedule"}),
                true,
            ),
            (
                json!({"key": "a", "operator": "Equal", "value": "5", "effect": "NoExecute"}),
                false,
            ),
            (json!({"key": "a", "value": "6"}), false),
            (json!({"key": "a", "operator": "Gt", "value": "4"}), true),
            (json!({"key": "a", "operator": "Lt", "value": "4"}), false),
        ] {
            let toleration = Json::from(toleration);
            assert_eq!(
                tolerate(std::slice::from_ref(&toleration), &taint),
                is_for,
                "{toleration:?}"
            );
        }
        assert!(!tolerate(&[], &taint));
        let soft = taint.with("effect", "PreferNoSchedule".into());
        assert!(tolerate(&[], &soft));
    }
}
