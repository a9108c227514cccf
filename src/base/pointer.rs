//! Steps of JSON Pointers (RFC 6901). Uses nothing; used wherever the place of a value is written
//! or read as text.

use std::borrow::Cow;

/// A key of a mapping as one step of a pointer: `~` becomes `~0`, `/` becomes `~1`.
#[must_use]
pub fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        Cow::Owned(key.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(key)
    }
}

/// The key that a step of a pointer stands for; the inverse of [`escape`].
#[must_use]
pub fn unescape(step: &str) -> Cow<'_, str> {
    if step.contains('~') {
        // In this order: `~01` is `~1`, not `/`.
        Cow::Owned(step.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(step)
    }
}

/// The pointer to an annotation of an object.
#[must_use]
pub fn to_annotation(key: &str) -> String {
    format!("/metadata/annotations/{}", escape(key))
}

/// The pointer to a label of an object.
#[must_use]
pub fn to_label(key: &str) -> String {
    format!("/metadata/labels/{}", escape(key))
}

/// The keys and indexes that lead from the root to a place, unescaped. What stands before the first
/// `/` is no step, so the root (`""`) has none.
///
/// ```
/// use kaito_render::base::pointer;
///
/// let steps: Vec<_> = pointer::steps("/metadata/labels/kaito.sh~1workspace").collect();
/// assert_eq!(steps, ["metadata", "labels", "kaito.sh/workspace"]);
/// ```
pub fn steps(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescape)
}

#[cfg(test)]
mod tests {
    use super::{escape, steps, unescape};

    #[test]
    fn a_step_comes_back_as_the_key_it_was() {
        for (key, step) in [
            ("a", "a"),
            ("", ""),
            ("a/b", "a~1b"),
            ("~1", "~01"),
            ("~/~0", "~0~1~00"),
        ] {
            assert_eq!(escape(key), step);
            assert_eq!(unescape(step), key);
        }
    }

    #[test]
    fn the_root_has_no_steps_and_an_empty_key_is_one() {
        assert_eq!(steps("").count(), 0);
        assert_eq!(steps("/").collect::<Vec<_>>(), [""]);
    }
}
