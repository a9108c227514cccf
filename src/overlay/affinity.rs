//! Two affinities of which both have to hold.

use std::sync::Arc;

use crate::base::json::{Entry, Json, Map};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const TERMS: &str = "nodeSelectorTerms";

/// An affinity that holds where both hold.
pub(super) fn both(old: &Json, new: &Json) -> Json {
    let Json::Map(kinds) = new else {
        return old.clone();
    };
    let mut all = old.clone();
    for (kind, added) in kinds {
        let known = &old[kind];
        let mut merged = known.clone();
        if added.get(REQUIRED).is_some() {
            let (old, new) = (&known[REQUIRED], &added[REQUIRED]);
            let required = match kind.as_ref() {
                "nodeAffinity" => node_terms(old, new),
                _ => joined(old, new),
            };
            merged = merged.with(REQUIRED, required);
        }
        if added.get(PREFERRED).is_some() {
            merged = merged.with(PREFERRED, joined(&known[PREFERRED], &added[PREFERRED]));
        }
        all = all.with(kind, merged);
    }
    all
}

/// One of the terms of each has to hold: so one of each pair of them.
fn node_terms(old: &Json, new: &Json) -> Json {
    let (terms, others) = (old[TERMS].items(), new[TERMS].items());
    if terms.is_empty() || others.is_empty() {
        return if terms.is_empty() { new } else { old }.clone();
    }
    let pairs = terms
        .iter()
        .flat_map(|term| others.iter().map(move |other| term_of_both(term, other)));
    old.with(TERMS, Json::List(pairs.collect()))
}

fn term_of_both(term: &Json, other: &Json) -> Json {
    let fields = ["matchExpressions", "matchFields"];
    let entries = fields.into_iter().filter_map(|field| {
        let all = joined(&term[field], &other[field]);
        (!all.items().is_empty()).then(|| -> Entry { (Arc::from(field), all) })
    });
    Json::Map(Map::new(entries.collect()))
}

/// The items of two lists, equal ones once.
pub(super) fn joined(old: &Json, new: &Json) -> Json {
    let old = old.items();
    let added = new.items().iter().filter(|item| !old.contains(item));
    Json::List(old.iter().chain(added).cloned().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::both;
    use crate::base::json::Json;

    #[test]
    fn both_hold() {
        let of = |key: &str| json!({"matchExpressions": [{"key": key, "operator": "Exists"}]});
        let required = |terms: Value| json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
        let old = required(json!([of("a"), of("b")]));
        let new = required(json!([of("c"), of("d")]));
        let merged = Value::from(&both(&old.clone().into(), &new.clone().into()));
        let terms = &merged["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
        let keys = |term: &Value| -> String {
            let all = term["matchExpressions"].as_array().unwrap().iter();
            all.map(|it| it["key"].as_str().unwrap()).collect()
        };
        let found: Vec<_> = terms.as_array().unwrap().iter().map(keys).collect();
        assert_eq!(found, ["ac", "ad", "bc", "bd"]);
        assert_eq!(Value::from(&both(&Json::Null, &new.clone().into())), new);
        let preferred = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}});
        let merged = both(&old.into(), &preferred.clone().into());
        assert_eq!(
            Value::from(&merged["podAntiAffinity"]),
            preferred["podAntiAffinity"]
        );
        assert_eq!(both(&merged, &preferred.into()), merged);
    }
}
