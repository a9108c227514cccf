//! References of container images, as KAITO wants them: in full, with a tag.

use super::Rules;
use super::placeholders;
use crate::base::node::Node;
use crate::base::wording;
use crate::diagnostic::rule;
use crate::vocab::WorkspaceApi;

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
        if reference(image).is_some_and(|full| full.ends_with(":latest")) {
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

/// An image as registries are asked for it: registry, path, and tag or digest, with what Docker
/// adds where it is left out. None if it is no reference (github.com/distribution/reference,
/// grammar). Of a tag and a digest the digest counts.
#[must_use]
pub(crate) fn reference(image: &str) -> Option<String> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest).filter(|digest| is_digest(digest))?),
        None => (image, ""),
    };
    let (rest, tag) = match rest.rsplit_once(':') {
        Some((rest, tag)) if !tag.contains('/') => (rest, Some(tag).filter(|tag| is_tag(tag))?),
        _ => (rest, ""),
    };
    let (registry, path) = match rest.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (
            Some(first).filter(|first| is_registry(first))?,
            path.to_owned(),
        ),
        Some(_) => ("docker.io", rest.to_owned()),
        None => ("docker.io", format!("library/{rest}")),
    };
    if !path.split('/').all(is_path_component) || path.len() > 255 {
        return None;
    }
    Some(match (digest, tag) {
        ("", "") => format!("{registry}/{path}:latest"),
        ("", tag) => format!("{registry}/{path}:{tag}"),
        (digest, _) => format!("{registry}/{path}@{digest}"),
    })
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = registry.rsplit_once(':').unwrap_or((registry, "0"));
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(is_label)
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lower-case letters and digits, with `.`, `_`, `__` or hyphens between them.
fn is_path_component(component: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let ends = [component.chars().next(), component.chars().next_back()];
    let words = component.replace("__", "_");
    ends.into_iter()
        .flatten()
        .all(|end| end.is_ascii_alphanumeric())
        && words.split(['.', '_']).all(|part| {
            part.split('-').any(is_word) && !part.starts_with('-') && !part.ends_with('-')
        })
        && words
            .split(['.', '_', '-'])
            .filter(|word| !word.is_empty())
            .all(is_word)
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty()
            && algorithm
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+._-".contains(&byte))
            && hex.len() >= 32
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
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

    #[test]
    fn references_are_completed_as_docker_does() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (image, expected) in [
            ("ubuntu", Some("docker.io/library/ubuntu:latest".to_owned())),
            ("adapters/b", Some("docker.io/adapters/b:latest".to_owned())),
            (
                "localhost:5000/a/b_c--d:1.0",
                Some("localhost:5000/a/b_c--d:1.0".to_owned()),
            ),
            (
                &format!("r.io/a:1@{digest}"),
                Some(format!("r.io/a@{digest}")),
            ),
            ("Ubuntu", None),
            ("a//b", None),
            ("a/-b", None),
            ("a:b c", None),
            ("r.io/a@sha256:0", None),
            ("", None),
        ] {
            assert_eq!(super::reference(image), expected, "{image}");
        }
    }
}
