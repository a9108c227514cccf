//! Placeholders of examples that nobody has filled in.

use super::Rules;
use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::Severity;
use crate::diagnostic::rule;

/// Reports every placeholder in the strings of a field.
///
/// In `presetOptions` it is a warning, because KAITO runs any image that is written there.
pub(super) fn check(rules: &mut Rules, pointer: &str) {
    check_as(rules, pointer, Severity::Error);
}

/// As [`check`], with a severity.
pub(super) fn check_as(rules: &mut Rules, pointer: &str, severity: Severity) {
    let Some(found) = rules.node.find(pointer) else {
        return;
    };
    walk(found.node, pointer, &mut |node, pointer, value| {
        let is_option = pointer.contains("/presetOptions/");
        for placeholder in all(value) {
            let message = format!(
                "`{}` still contains the placeholder `{placeholder}`",
                wording::field(pointer)
            );
            rules
                .at(pointer)
                .on(place(node, value, placeholder))
                .report(&rule::PLACEHOLDER, message)
                .hint(format!("replace it with {}", meaning(placeholder, pointer)))
                .severity(if is_option {
                    Severity::Warning
                } else {
                    severity
                });
        }
    });
}

/// Whether a value still holds a placeholder, so that other rules need not look at it.
pub(super) fn is_in(value: &str) -> bool {
    all(value).next().is_some()
}

/// The bytes of a placeholder, where the text has the value letter for letter; else those of the
/// whole value.
fn place(node: &Node, value: &str, placeholder: &str) -> Span {
    let written = (node.span.end - node.span.start) as usize;
    let quote = match written.checked_sub(value.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return node.span,
    };
    let offset = quote + placeholder.as_ptr() as usize - value.as_ptr() as usize;
    let Ok(offset) = u32::try_from(offset) else {
        return node.span;
    };
    let length = u32::try_from(placeholder.len()).unwrap_or(0);
    let start = node.span.start + offset;
    Span {
        start,
        end: start + length,
        ..node.span
    }
}

fn walk(node: &Node, pointer: &str, found: &mut impl FnMut(&Node, &str, &str)) {
    match &node.data {
        Data::String(value) => found(node, pointer, value),
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{index}"), found);
            }
        }
        Data::Map(entries) => {
            for entry in entries {
                walk(
                    &entry.value,
                    &format!("{pointer}/{}", pointer::escape(&entry.key)),
                    found,
                );
            }
        }
        _ => {}
    }
}

/// The placeholders in a value, in order: `ANYTHING_HERE`, `YOUR_ANYTHING` and `<anything>`.
fn all(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|character: char| character == '<' || is_word(character))?;
            let word = &rest[start..];
            let length = match word.find('>') {
                Some(end) if word.starts_with('<') => end + 1,
                _ => word
                    .find(|character: char| !is_word(character))
                    .unwrap_or(word.len())
                    .max(1),
            };
            let (word, behind) = word.split_at(length);
            rest = behind;
            if is_placeholder(word) {
                return Some(word);
            }
        }
    })
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn is_placeholder(word: &str) -> bool {
    let shouted = !word.contains(|character: char| character.is_ascii_lowercase());
    let in_brackets =
        word.len() > 2 && word.starts_with('<') && word.ends_with('>') && !word.contains("< ");
    in_brackets || shouted && (word.ends_with("_HERE") || word.starts_with("YOUR_"))
}

/// What belongs in the place of a placeholder, by its words and its field.
fn meaning(placeholder: &str, pointer: &str) -> &'static str {
    let field = pointer.rsplit_once('/').map_or("", |(_, field)| field);
    match field {
        "imagePushSecret" => {
            "the name of the Secret that holds the credentials for pushing to the registry"
        }
        "image" if placeholder.contains("REPO") || placeholder.contains("REGISTRY") => {
            "the name of your registry"
        }
        "image" => "the name of your image",
        _ if pointer.contains("Secrets") => "the name of a Secret in the Workspace's namespace",
        _ => "your own value",
    }
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn placeholders_are_told_from_values() {
        let found = |value| all(value).collect::<Vec<_>>();
        assert_eq!(
            found("ACR_REPO_HERE.azurecr.io/IMAGE_NAME_HERE:0.0.1"),
            ["ACR_REPO_HERE", "IMAGE_NAME_HERE"]
        );
        assert_eq!(found("<YOUR IMAGE URL>"), ["<YOUR IMAGE URL>"]);
        assert_eq!(found("r.io/YOUR_IMAGE:1"), ["YOUR_IMAGE"]);
        for value in [
            "here",
            "it_here",
            "a<b",
            "a <> b",
            "a < b > c",
            "falcon-7b",
            "HERE",
        ] {
            assert_eq!(found(value), Vec::<&str>::new(), "{value}");
        }
    }
}
