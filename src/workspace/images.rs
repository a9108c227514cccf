//! References of container images, as KAITO wants them: in full, with a tag.

use crate::diagnostic::Diagnostic;
use crate::rule;
use crate::source::Span;

/// Reports an image that is not `<registry or path>/<name>:<tag>` with a lower-case name (specification of 0.3, D2
/// and D3).
pub(super) fn check(image: &str, field: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let refuse = |message: String, hint: &str| Diagnostic::new(&rule::IMAGE, span, message).hint(hint);
    if check_blanks(image, field, span, diagnostics) {
        return;
    }
    match parts(image) {
        None => {
            let message = format!("`{field}` is not a full image reference: `{image}`");
            diagnostics
                .push(refuse(message, "write registry, name and tag, such as `registry.example.com/team/data:1.0`"));
        }
        Some(name) if name.contains(|character: char| character.is_ascii_uppercase()) => {
            let message = format!("`{field}` has upper-case letters in the image's name: `{name}`");
            diagnostics.push(refuse(message, "registries accept lower-case names only"));
        }
        Some(_) => {}
    }
}

/// Reports an image with blanks in it, which nothing can pull. Returns whether there were some.
pub(super) fn check_blanks(image: &str, field: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let has_blanks = image.contains(|character: char| character.is_whitespace() || character.is_control());
    if has_blanks {
        let message = format!("`{field}` has a blank in it: `{}`", image.escape_debug());
        let hint = "an image reference has no blanks and no line breaks";
        diagnostics.push(Diagnostic::new(&rule::IMAGE, span, message).hint(hint));
    }
    has_blanks
}

/// The last part of the name of `<path>/<name>:<tag>`; none if the reference is not of that form.
fn parts(image: &str) -> Option<&str> {
    let (repository, tag) = image.rsplit_once(':')?;
    let (path, name) = repository.rsplit_once('/')?;
    let whole = !path.is_empty() && !name.is_empty() && !name.contains(':') && !tag.is_empty() && !tag.contains('/');
    whole.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn references_need_path_name_and_tag() {
        assert_eq!(parts("registry.example.com:5000/data/set:1.0"), Some("set"));
        assert_eq!(parts("r.io/x@sha256:abc"), Some("x@sha256"));
        for bad in ["", "a", "a/b", "a:1", "/a:1", "r.io/a:", "r.io/a:b:c", "r.io/a@sha256:abc:1", "r.io/a:1/b"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
