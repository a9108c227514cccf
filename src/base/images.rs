//! Where objects name container images: in containers, in volumes, and in scripts of the templates
//! that fetch what an image holds.

use crate::base::json::{Json, Map};
use crate::base::shell::{quoted, unquoted};

/// Says which image stands in the place of another one; none if that stays.
pub type Change<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// How scripts of the templates begin that fetch an image.
const SCRIPT: &str = "set -eu\nimage=";

/// How commands of the templates begin that fetch an image, which comes next.
const COMMAND: [&str; 2] = ["oras", "pull"];

/// An object with other images; none if none of them changes.
pub fn with_images(object: &Json, change: &mut Change) -> Option<Json> {
    match object {
        Json::Map(map) => with_entries(map, |key, value| match key {
            "containers" | "initContainers" | "ephemeralContainers" => {
                with_items(value, |it| with_images_of_container(it, change))
            }
            "volumes" => with_items(value, |it| with_image_of_volume(it, change)),
            _ => with_images(value, change),
        }),
        Json::List(_) => with_items(object, |it| with_images(it, change)),
        _ => None,
    }
}

/// The images that an object names, in its order.
#[must_use]
pub fn images(object: &Json) -> Vec<String> {
    let mut images = Vec::new();
    let _ = with_images(object, &mut |image| {
        images.push(image.to_owned());
        None
    });
    images
}

fn with_images_of_container(container: &Json, change: &mut Change) -> Option<Json> {
    let Json::Map(map) = container else {
        return None;
    };
    with_entries(map, |key, value| match key {
        "image" => value.as_str().and_then(&mut *change).map(Json::from),
        "command" | "args" => with_image_of_command(value, change),
        _ => None,
    })
}

fn with_image_of_volume(volume: &Json, change: &mut Change) -> Option<Json> {
    let source = &volume["image"];
    let reference = source["reference"].as_str().and_then(change)?;
    let source = source.with("reference", Json::from(reference));
    Some(volume.with("image", source))
}

fn with_image_of_command(words: &Json, change: &mut Change) -> Option<Json> {
    let begin = words.items().iter().take(COMMAND.len());
    let is_fetched = begin.map(Json::as_str).eq(COMMAND.map(Some));
    let mut number = 0;
    with_items(words, |word| {
        number += 1;
        let word = word.as_str()?;
        if is_fetched && number == COMMAND.len() + 1 {
            return change(word).map(Json::from);
        }
        with_image_of_script(word, change).map(Json::from)
    })
}

fn with_image_of_script(script: &str, change: &mut Change) -> Option<String> {
    let (word, rest) = script.strip_prefix(SCRIPT)?.split_once('\n')?;
    let image = change(&unquoted(word))?;
    Some(format!("{SCRIPT}{}\n{rest}", quoted(&image)?))
}

/// A mapping with other values; none if no value changes.
fn with_entries(map: &Map, mut change: impl FnMut(&str, &Json) -> Option<Json>) -> Option<Json> {
    let changed: Vec<_> = map.iter().map(|(key, value)| change(key, value)).collect();
    if changed.iter().all(Option::is_none) {
        return None;
    }
    let entries = map.iter().zip(changed);
    let entries =
        entries.map(|((key, old), new)| (key.clone(), new.unwrap_or_else(|| old.clone())));
    Some(Json::Map(Map::new(entries.collect())))
}

/// A list with other items; none if no item changes, or if it is no list.
fn with_items(list: &Json, change: impl FnMut(&Json) -> Option<Json>) -> Option<Json> {
    let changed: Vec<_> = list.items().iter().map(change).collect();
    if changed.iter().all(Option::is_none) {
        return None;
    }
    let items = list.items().iter().zip(changed);
    Some(Json::List(
        items
            .map(|(old, new)| new.unwrap_or_else(|| old.clone()))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{images, with_images};
    use crate::base::json::Json;

    #[test]
    fn images_stand_in_containers_volumes_and_scripts() {
        let object = |prefix: &str| {
            let image = |name: &str| format!("{prefix}{name}");
            json!({"spec": {"template": {"spec": {
                "initContainers": [
                    {"image": image("a"), "args": [format!("set -eu\nimage='{prefix}b c'\nrest")]},
                    {"image": image("d"), "command": ["oras", "pull", image("e"), "-o", "x"]},
                ],
                "containers": [{"name": "f", "image": image("g"), "args": ["image=x"]}],
                "volumes": [{"name": "h", "image": {"reference": image("i")}}],
            }}}})
        };
        let value = |value: Value| Json::from(value);
        let mut seen = Vec::new();
        let changed = with_images(&value(object("old/")), &mut |image| {
            seen.push(image.to_owned());
            image.strip_prefix("old/").map(|rest| format!("new/{rest}"))
        });
        assert_eq!(changed, Some(value(object("new/"))));
        assert_eq!(
            seen,
            ["old/a", "old/b c", "old/d", "old/e", "old/g", "old/i"]
        );
        assert_eq!(seen, images(&value(object("old/"))));
        assert_eq!(with_images(&value(object("old/")), &mut |_| None), None);
    }
}
