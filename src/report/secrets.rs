//! Secrets in the texts that are shown, whether or not these could be parsed: what looks like one,
//! and the data of documents of the kind Secret.

use crate::base::sources::{FileId, Mask, Sources, Span};
use crate::workspace;
use crate::workspace::written::{bare, content, is_mark, parts, without_marks};

/// The fields of a Secret that hold its data.
const DATA: [&str; 2] = ["data", "stringData"];

/// The fields of a Secret that hold no secret.
const OPEN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];

/// Hides the secrets of a file.
pub(super) fn hide(file: FileId, sources: &mut Sources) {
    let text = sources.text(file);
    let found = found(text).filter_map(|secret| {
        // All of them are parts of the text.
        let start = secret.as_ptr().addr() - text.as_ptr().addr();
        let end = start + secret.len();
        let (start, end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
        Some((Span { file, start, end }, secret.to_owned()))
    });
    for (place, secret) in found.collect::<Vec<_>>() {
        sources.hide(place, &secret);
    }
}

/// The mask of everything that is hidden by now, and of the secrets of every other file.
pub(super) fn mask(sources: &Sources) -> Mask {
    let found = sources.ids().flat_map(|file| found(sources.text(file)));
    Mask::of(sources.secrets().chain(found))
}

/// A text without what looks like a secret: the message of a command that ended before it had a
/// report, which knows the secrets of the run.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let mask = Mask::of(workspace::secrets_in(text));
    mask.applied(text).into_owned()
}

/// The secrets of a text, as parts of it.
fn found(text: &str) -> impl Iterator<Item = &str> {
    let documents = text.split("\n---").filter(|text| is_secret(text));
    let data = documents.flat_map(|text| in_lines(text).into_iter().chain(in_braces(text)));
    workspace::secrets_in(text).chain(data)
}

/// Whether a document is a Secret, or a list with one.
fn is_secret(document: &str) -> bool {
    let names_kind = |(start, key): (usize, &str)| {
        let behind = without_marks(&document[start + key.len()..]);
        let behind = behind.strip_prefix("Secret");
        behind.is_some_and(|behind| !behind.starts_with(|next: char| next.is_alphanumeric()))
    };
    document.match_indices("kind").any(names_kind) || document.contains("stringData")
}

/// The data of Secrets whose fields stand in lines, by their indentation.
///
/// In a document that is no list, every value is taken that is not known to be open: broken text
/// may have lost the field that the value belongs to.
fn in_lines(document: &str) -> Vec<&str> {
    let is_list = document.lines().any(|line| field(line).0 == "items");
    let mut found = Vec::new();
    // The column of the field around a line, and whether it is secret.
    let mut outer = None;
    // The column of the first field in it.
    let mut inner = None;
    for line in document.lines().filter(|line| !line.trim().is_empty()) {
        let (key, value) = field(line);
        let column = line.len() - content(line).len();
        let is_inside = outer.is_some_and(|(outer, _)| column > outer);
        if is_inside && outer.is_some_and(|(_, is_secret)| is_secret) {
            let is_field = column <= *inner.get_or_insert(column);
            found.push(if is_field { value } else { line.trim() });
        } else if DATA.contains(&key) {
            (outer, inner) = (Some((column, true)), None);
            found.push(value);
        } else if !is_inside || is_list {
            let is_secret = !is_list && !OPEN.contains(&key);
            (outer, inner) = (Some((column, is_secret)), None);
            found.extend(is_secret.then_some(value));
        }
    }
    found.into_iter().flat_map(parts).collect()
}

/// The data of Secrets that stands in braces, up to the end of the text where one is missing.
fn in_braces(document: &str) -> impl Iterator<Item = &str> {
    let regions = DATA.into_iter().flat_map(|key| regions(document, key));
    let fields = regions.flat_map(|region| region.split([',', '{', '}', '\n']));
    fields.flat_map(|text| parts(field(text).1))
}

/// What stands in the braces behind a key. Those inside of others are looked at with them.
fn regions<'a>(document: &'a str, key: &str) -> Vec<&'a str> {
    let mut regions = Vec::new();
    let mut covered = 0;
    for (start, key) in document.match_indices(key) {
        let behind = document[start + key.len()..].trim_start_matches(is_mark);
        let is_word = document[..start].ends_with(|before: char| before.is_alphanumeric());
        if start >= covered && behind.starts_with('{') && !is_word {
            let end = closing(behind);
            covered = document.len() - behind.len() + end;
            regions.push(&behind[1..end]);
        }
    }
    regions
}

/// Where the brace that begins a text is closed, outside of quotes.
fn closing(text: &str) -> usize {
    let (mut depth, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '{' if !is_quoted => depth += 1,
            '}' if !is_quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The key and the value of a line. One without a key is its own value.
fn field(line: &str) -> (&str, &str) {
    let content = content(line).trim_end();
    match content.split_once(':') {
        Some((key, value)) => (bare(key), value.trim()),
        None if DATA.contains(&content) => (content, ""),
        None => ("", content),
    }
}

#[cfg(test)]
mod tests {
    use super::found;

    /// Secrets in every shape that a file can have, also broken.
    const DOCUMENTS: [&str; 11] = [
        "kind: Secret\nstringData:\n  password: hunter2\n",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n data:\n   password: 'hunter2' # old\n",
        "kind: \"Secret\"\ndata:\n  password: !!str hunter2\n  x: [\n",
        "kind: Secret\nstringData\n  a: |\n    user: me\n    hunter2\n",
        "kind: Secret\npassword: hunter2\n",
        "{\"kind\": \"Secret\", \"data\": {\"a\": \"}\", \"b\": \"hunter2\"}",
        "{\n  \"kind\": \"Secret\",\n  \"data\": {\n    \"a\": \"hunter2\"\n  }\n",
        "items:\n- metadata:\n    name: a\n  data:\n    a: hunter2\n  kind: Secret\nkind: List\n",
        "kind: !!str Secret\ndata:\n  a: hunter2\n",
        "kind: &kind  Secret\ndata:\n  a: hunter2\n",
        "kind: Secret\nmetadata:\n  annotations:\n    last: |\n      {\"data\":{\"a\":\"hunter2\"},\"kind\":\"Secret\"}\n",
    ];

    #[test]
    fn the_data_of_secrets_is_found_without_parsing() {
        for text in DOCUMENTS {
            let found: Vec<_> = found(text).collect();
            assert!(found.contains(&"hunter2"), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_found_does_not_outgrow_the_text() {
        for unit in [
            "data:{",
            "data:{a:1,",
            "stringData:{data:{",
            "{\"kind\":\"Secret\",\"data\":{\"",
            "data: - - ",
            "\ndata:\n  a: data: b",
        ] {
            let text = format!("kind: Secret\n{}", unit.repeat(10_000 / unit.len()));
            let bytes: usize = found(&text).map(str::len).sum();
            assert!(bytes <= 6 * text.len(), "{unit}: {bytes} bytes are found");
        }
    }

    #[test]
    fn what_names_a_secret_is_no_secret() {
        let list = "kind: List\nitems:\n- kind: Workspace\n  inference:\n    preset: phi-4\n";
        for text in [
            "kind: Secret\nmetadata:\n  name: hub\n  labels:\n    model: phi-4\ntype: Opaque\n",
            "kind: ConfigMap\ndata:\n  model: phi-4\n",
            "kind: SecretStore\nspec:\n  model: phi-4\n",
            &format!("{list}- kind: Secret\n"),
        ] {
            let found: Vec<_> = found(text).collect();
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }
}
