//! Which items of two lists are the same, by the keys that Kubernetes merges lists by.

use crate::base::json::Json;
use crate::vocab::kinds;

/// The key of each item of two lists; none if their items have no keys, or the keys of one list are
/// not distinct. `list` is the key that the lists stand under.
pub(super) fn keys(
    list: &str,
    before: &[Json],
    after: &[Json],
) -> Option<(Vec<String>, Vec<String>)> {
    let both = |key: &dyn Fn(&Json) -> Option<String>| {
        let keys = |items: &[Json]| {
            items
                .iter()
                .map(key)
                .collect::<Option<Vec<_>>>()
                .filter(|keys| are_distinct(keys))
        };
        Some((keys(before)?, keys(after)?))
    };
    if ["args", "command"].contains(&list) {
        return both(&flag);
    }
    kinds::merge_keys(list).find_map(|fields| both(&|item| key(item, fields)))
}

fn are_distinct(keys: &[String]) -> bool {
    let mut sorted: Vec<_> = keys.iter().collect();
    sorted.sort();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// The values of an item's key fields. A protocol that is left out is TCP.
fn key(item: &Json, fields: &[&str]) -> Option<String> {
    let parts = fields
        .iter()
        .map(|field| match field.split('/').try_fold(item, Json::get) {
            Some(Json::String(text)) => Some(text.to_string()),
            Some(Json::Number(number)) => Some(number.to_string()),
            None if *field == "protocol" => Some("TCP".to_owned()),
            _ => None,
        });
    let [first, others @ ..] = &parts.collect::<Option<Vec<_>>>()?[..] else {
        return None;
    };
    // The second field is shown only where it says something.
    let others = others
        .iter()
        .filter(|part| !["TCP", "In"].contains(&part.as_str()));
    Some(others.fold(first.clone(), |key, part| format!("{key}/{part}")))
}

/// The name of a flag that is one item of `args` or `command`.
fn flag(item: &Json) -> Option<String> {
    let text = item.as_str().filter(|text| text.starts_with("--"))?;
    Some(
        text.split_once('=')
            .map_or(text, |(name, _)| name)
            .to_owned(),
    )
}
