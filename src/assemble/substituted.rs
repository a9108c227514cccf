//! Objects for a tool that fills in variables when it applies them.
//!
//! Flux replaces every `${…}` of an object, and those that it knows no variable for by nothing. So an
//! object that has any is marked, and Flux leaves it as it is. Only where the profile says that Flux
//! fills in the user's variables, an object that has one of these is not marked: all others in it are
//! escaped.

use std::collections::BTreeSet;

use crate::base::json::Json;
use crate::base::node::Node;
use crate::base::object::Object;
use crate::vocab::annotations::FLUX_SUBSTITUTE;

/// The variables that a user wrote, each with its braces.
#[derive(Debug, Default)]
pub struct Variables(BTreeSet<String>);

impl Variables {
    /// Adds all that is in the strings of a document.
    pub fn add_document(&mut self, document: &Node) {
        document.walk(&mut |node, _| {
            if let Some(text) = node.as_str() {
                self.add(text);
            }
        });
    }

    /// Adds all that is in a string.
    pub fn add(&mut self, text: &str) {
        self.0.extend(starts(text).filter_map(|at| {
            let text = &text[at..];
            Some(text[..=text.find('}')?].to_owned())
        }));
    }

    /// Whether one begins a text.
    fn begins(&self, text: &str) -> bool {
        text.find('}')
            .is_some_and(|end| self.0.contains(&text[..=end]))
    }
}

/// The offsets of variables in a text, without those that are escaped.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let all = text.match_indices("${").map(|(at, _)| at);
    all.filter(|at| !text[..*at].ends_with('$'))
}

/// Sees to it that Flux replaces nothing in an object.
pub fn mark_for_flux(object: &mut Object) {
    if has_dollar_brace(&object.value) {
        object.annotate(FLUX_SUBSTITUTE, "disabled");
    }
}

/// Whether there is anything that Flux would change, escaped variables included: it takes one of
/// their signs away.
fn has_dollar_brace(value: &Json) -> bool {
    // Few strings have the sign, and to look for one byte takes a fifth of the time.
    let has = |text: &str| text.contains('$') && text.contains("${");
    match value {
        Json::String(text) => has(text),
        Json::List(items) => items.iter().any(has_dollar_brace),
        Json::Map(map) => map
            .iter()
            .any(|(key, value)| has(key) || has_dollar_brace(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Sees to it that Flux replaces the variables of the user, and nothing else.
pub fn keep_from_flux(objects: &mut [Object], variables: &Variables) {
    for object in objects {
        let (mut has_own, mut has_other) = (false, false);
        each_string(&object.value, &mut |text| {
            for at in starts(text) {
                let is_own = variables.begins(&text[at..]);
                has_own |= is_own;
                has_other |= !is_own;
            }
        });
        match (has_own, has_other) {
            (true, true) => {
                let escaped = object.value.with_strings(&|text| escaped(text, variables));
                object.value = escaped.unwrap_or_else(|| object.value.clone());
            }
            (false, true) => object.annotate(FLUX_SUBSTITUTE, "disabled"),
            (_, false) => {}
        }
    }
}

/// The text with all variables escaped that are not the user's, if there are any.
fn escaped(text: &str, variables: &Variables) -> Option<String> {
    let mut escaped = String::new();
    let mut behind = 0;
    for at in starts(text).filter(|at| !variables.begins(&text[*at..])) {
        escaped.push_str(&text[behind..at]);
        escaped.push('$');
        behind = at;
    }
    escaped.push_str(&text[behind..]);
    (escaped.len() > text.len()).then_some(escaped)
}

fn each_string(value: &Json, visit: &mut impl FnMut(&str)) {
    match value {
        Json::String(text) => visit(text),
        Json::List(items) => items.iter().for_each(|item| each_string(item, visit)),
        Json::Map(map) => map.iter().for_each(|(_, value)| each_string(value, visit)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Variables, keep_from_flux, mark_for_flux};
    use crate::base::json::Json;
    use crate::base::object::Object;

    fn kept(command: &str, label: &str) -> Json {
        let mut variables = Variables::default();
        variables.add("a ${team} and ${size:=3}, not $${kept} or ${open");
        let value = json!({"metadata": {"name": "a"}, "x": [command], "label": label});
        let mut objects = [Object::new(Json::from(value))];
        keep_from_flux(&mut objects, &variables);
        let [object] = objects;
        object.value
    }

    #[test]
    fn objects_without_variables_of_the_user_s_are_marked() {
        let value = kept("echo ${HOME} ${team:-x} ${kept}", "a");
        assert_eq!(
            value["x"].items()[0].as_str(),
            Some("echo ${HOME} ${team:-x} ${kept}")
        );
        let annotations = &value["metadata"]["annotations"];
        assert_eq!(
            annotations["kustomize.toolkit.fluxcd.io/substitute"].as_str(),
            Some("disabled")
        );
    }

    #[test]
    fn beside_variables_of_the_user_s_all_others_are_escaped() {
        let value = kept("echo ${HOME} $${a} ${size:=3}${HOME", "${team}");
        assert_eq!(
            value["x"].items()[0].as_str(),
            Some("echo $${HOME} $${a} ${size:=3}$${HOME")
        );
        assert_eq!(value["label"].as_str(), Some("${team}"));
        assert!(value["metadata"].get("annotations").is_none());
    }

    #[test]
    fn an_object_is_marked_for_any_text_that_flux_would_change() {
        for (text, is_marked) in [
            ("echo ${HOME}", true),
            ("a\n${x}", true),
            ("an open ${", true),
            ("$${kept}", true),
            ("echo $HOME $(x) {a}", false),
        ] {
            let value = json!({"metadata": {"name": "a"}, "x": [{"y": text}]});
            let mut object = Object::new(Json::from(value.clone()));
            mark_for_flux(&mut object);
            let annotations = &object.value["metadata"]["annotations"];
            let mark = annotations["kustomize.toolkit.fluxcd.io/substitute"].as_str();
            assert_eq!(mark, is_marked.then_some("disabled"), "{text}");
            assert_eq!(object.value["x"], Json::from(value)["x"]);
        }
    }

    #[test]
    fn other_objects_stay() {
        for (command, label) in [("echo $HOME $(x)", "a"), ("${team}", "${size:=3}")] {
            let value = kept(command, label);
            assert_eq!(value["x"].items()[0].as_str(), Some(command));
            assert!(value["metadata"].get("annotations").is_none());
        }
    }
}
