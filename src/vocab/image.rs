//! References of container images (github.com/distribution/reference, grammar).

/// The parts of a reference, as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Registry and path, such as `registry.example.com/team/server`.
    pub name: &'a str,
    /// The tag, without its colon.
    pub tag: Option<&'a str>,
    /// The digest, such as `sha256:…`.
    pub digest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes a reference apart, whether it is a valid one or not.
    #[must_use]
    pub fn of(image: &'a str) -> Self {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => Self {
                name,
                tag: Some(tag),
                digest,
            },
            _ => Self {
                name: rest,
                tag: None,
                digest,
            },
        }
    }
}

/// An image as registries are asked for it: registry, path, and tag or digest, with what Docker
/// adds where it is left out. None if it is no reference (github.com/distribution/reference,
/// grammar). Of a tag and a digest the digest counts.
#[must_use]
pub fn complete(image: &str) -> Option<String> {
    let Parts { name, tag, digest } = Parts::of(image);
    if !tag.is_none_or(is_tag) || !digest.is_none_or(is_digest) {
        return None;
    }
    let (registry, path) = match name.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (
            Some(first).filter(|first| is_registry(first))?,
            path.to_owned(),
        ),
        Some(_) => ("docker.io", name.to_owned()),
        None => ("docker.io", format!("library/{name}")),
    };
    if !path.split('/').all(is_path_component) || path.len() > 255 {
        return None;
    }
    Some(match (digest, tag) {
        (None, None) => format!("{registry}/{path}:latest"),
        (None, Some(tag)) => format!("{registry}/{path}:{tag}"),
        (Some(digest), _) => format!("{registry}/{path}@{digest}"),
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

/// Whether a text can be a tag.
#[must_use]
pub fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

/// Whether a text can be a digest, such as `sha256:` and its hexadecimal digits.
#[must_use]
pub fn is_digest(digest: &str) -> bool {
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
            assert_eq!(super::complete(image), expected, "{image}");
        }
    }
}
