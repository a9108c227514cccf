//! References of container images, as KAITO wants them: in full, with a tag.

use super::Rules;
use super::placeholders;
use crate::base::node::Node;
use crate::base::wording;
use crate::diagnostic::rule;
use crate::vocab::WorkspaceApi;
use crate::vocab::image::complete;

/// Reports an image that is not `<registry or path>/<name>:<tag>` with a lower-case name
/// (specification of 0.3, D2 and D3).
pub(super) fn check(rules: &mut Rules, image: &str, pointer: &str) {
    if check_blanks(rules, image, pointer) {
        return;
    }
    let field = wording::field(pointer);
    match parts(image) {
        None => {
            let message = format!("`{field}` is not a full image reference: `{image}`");
            rules
                .at(pointer)
                .report(&rule::IMAGE, message)
                .hint("write registry, name and tag, such as `registry.example.com/team/data:1.0`");
        }
        Some(name) if name.contains(|character: char| character.is_ascii_uppercase()) => {
            let message = format!("`{field}` has uppercase letters in the image name: `{name}`");
            rules
                .at(pointer)
                .report(&rule::IMAGE, message)
                .hint("registries accept only lowercase names");
        }
        Some(_) => {}
    }
}

/// Reports an image with blanks in it, which nothing can pull. Returns whether there were some.
pub(super) fn check_blanks(rules: &mut Rules, image: &str, pointer: &str) -> bool {
    let has_blanks =
        image.contains(|character: char| character.is_whitespace() || character.is_control());
    if has_blanks {
        let message = format!(
            "`{}` contains whitespace: `{}`",
            wording::field(pointer),
            image.escape_debug()
        );
        rules
            .at(pointer)
            .report(&rule::IMAGE, message)
            .hint("an image reference has no spaces and no line breaks");
    }
    has_blanks
}

const ADAPTERS: &str = "/inference/adapters";
const DATA: [&str; 2] = ["/tuning/input/image", "/tuning/output/image"];
const MODELS: [&str; 2] = [
    "/inference/preset/presetOptions/image",
    "/tuning/preset/presetOptions/image",
];
/// Lists, and where an item of them names an image.
const LISTS: [(&str, &str); 3] = [
    (ADAPTERS, "/source/image"),
    ("/inference/template/spec/initContainers", "/image"),
    ("/inference/template/spec/containers", "/image"),
];

/// Warns of images without a fixed content: those that are pulled by the tag `latest`, or by none.
pub(super) fn check_tags(rules: &mut Rules, api: WorkspaceApi) {
    let is_old = api == WorkspaceApi::V1alpha1;
    for (pointer, image) in named_images(rules.node, is_old) {
        let is_data = DATA.contains(&pointer.as_str()) || pointer.starts_with(ADAPTERS);
        if is_old && is_data && parts(image).is_none() {
            continue; // that is reported already
        }
        if complete(image).is_some_and(|full| full.ends_with(":latest")) {
            rules
                .at(&pointer)
                .report(
                    &rule::FLOATING_TAG,
                    format!("image `{image}` is not pinned: tag `latest` can change"),
                )
                .hint("use a version tag or a digest");
        }
    }
}

/// The images that a Workspace names, with their places; not those that are placeholders still.
fn named_images(workspace: &Node, is_old: bool) -> Vec<(String, &str)> {
    let models = MODELS.iter().filter(|_| is_old); // nothing reads them any more
    let single = models.chain(&DATA).map(|pointer| (*pointer).to_owned());
    let listed = LISTS.iter().flat_map(|(list, image)| {
        (0..workspace.items(list).len()).map(move |index| format!("{list}/{index}{image}"))
    });
    let images = single.chain(listed).filter_map(|pointer| {
        let image = workspace.find(&pointer)?.node.as_str()?;
        Some((pointer, image))
    });
    images
        .filter(|(_, image)| !placeholders::is_in(image))
        .collect()
}

/// The last part of the name of `<path>/<name>:<tag>`; none if the reference is not of that form.
fn parts(image: &str) -> Option<&str> {
    let (repository, tag) = image.rsplit_once(':')?;
    let (path, name) = repository.rsplit_once('/')?;
    let whole = !path.is_empty()
        && !name.is_empty()
        && !name.contains(':')
        && !tag.is_empty()
        && !tag.contains('/');
    whole.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn references_need_path_name_and_tag() {
        assert_eq!(parts("registry.example.com:5000/data/set:1.0"), Some("set"));
        assert_eq!(parts("r.io/x@sha256:abc"), Some("x@sha256"));
        for bad in [
            "",
            "a",
            "a/b",
            "a:1",
            "/a:1",
            "r.io/a:",
            "r.io/a:b:c",
            "r.io/a@sha256:abc:1",
            "r.io/a:1/b",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
