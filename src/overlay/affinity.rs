//! Two affinities of which both have to hold.

use std::sync::Arc;

use crate::base::json::{Entry, Json, Map};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const TERMS: &str = "nodeSelectorTerms";
const FIELDS: [&str; 2] = ["matchExpressions", "matchFields"];

/// The most terms of nodes, of which one has to hold.
const MAX_TERMS: usize = 1000;

/// An affinity that holds where both hold; none if it has more than [`MAX_TERMS`].
pub(super) fn both(old: &Json, new: &Json) -> Option<Json> {
    let Json::Map(kinds) = new else {
        return Some(old.clone());
    };
    let mut all = old.clone();
    for (kind, added) in kinds {
        let known = &old[kind];
        let mut merged = known.clone();
        if added.get(REQUIRED).is_some() {
            let (old, new) = (&known[REQUIRED], &added[REQUIRED]);
            let required = match kind.as_ref() {
                "nodeAffinity" => node_terms(old, new)?,
                _ => joined(old, new),
            };
            merged = merged.with(REQUIRED, required);
        }
        if added.get(PREFERRED).is_some() {
            merged = merged.with(PREFERRED, joined(&known[PREFERRED], &added[PREFERRED]));
        }
        all = all.with(kind, merged);
    }
    Some(all)
}

/// One of the terms of each has to hold: so one of each pair of them.
fn node_terms(old: &Json, new: &Json) -> Option<Json> {
    let (terms, others) = (old[TERMS].items(), new[TERMS].items());
    if terms.is_empty() || others.is_empty() {
        return Some(if terms.is_empty() { new } else { old }.clone());
    }
    if terms.len().saturating_mul(others.len()) > MAX_TERMS {
        return None;
    }
    // A term without conditions holds for no node.
    let is_empty = |term: &Json| FIELDS.iter().all(|field| term[*field].items().is_empty());
    let pairs = terms.iter().flat_map(|term| {
        let others = others.iter();
        others.map(move |other| {
            if is_empty(term) || is_empty(other) {
                Json::Map(Map::new(Vec::new()))
            } else {
                term_of_both(term, other)
            }
        })
    });
    Some(old.with(TERMS, Json::List(pairs.collect())))
}

fn term_of_both(term: &Json, other: &Json) -> Json {
    let entries = FIELDS.into_iter().filter_map(|field| {
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
        let merged = Value::from(&both(&old.clone().into(), &new.clone().into()).unwrap());
        let terms = &merged["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
        let keys = |term: &Value| -> String {
            let all = term["matchExpressions"].as_array().unwrap().iter();
            all.map(|it| it["key"].as_str().unwrap()).collect()
        };
        let found: Vec<_> = terms.as_array().unwrap().iter().map(keys).collect();
        assert_eq!(found, ["ac", "ad", "bc", "bd"]);
        assert_eq!(
            Value::from(&both(&Json::Null, &new.clone().into()).unwrap()),
            new
        );
        let preferred = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}});
        let merged = both(&old.clone().into(), &preferred.clone().into()).unwrap();
        assert_eq!(
            Value::from(&merged["podAntiAffinity"]),
            preferred["podAntiAffinity"]
        );
        assert_eq!(both(&merged, &preferred.into()).unwrap(), merged);

        // An empty term holds for no node, so both never hold.
        let nothing = required(json!([{}, of("e")]));
        let merged = Value::from(&both(&old.into(), &nothing.into()).unwrap());
        let terms = &merged["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
        let found: Vec<_> = terms
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| **it != json!({}))
            .map(keys)
            .collect();
        assert_eq!(found, ["ae", "be"]);
        let many = Json::from(required(Value::Array(vec![of("a"); 40])));
        assert_eq!(both(&many, &many), None);
    }
}
