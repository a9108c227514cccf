//! The index of an output directory: which of its files are ours.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::directory::is_inside;

const VERSION: u64 = 1;

/// Why an index can't be relied on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is no JSON, or has another shape.
    #[error("it is damaged")]
    Damaged,
    /// It is of a version that this one does not know.
    #[error("it was written by a newer version of kaito-render")]
    TooNew,
    /// It lists a path that this program never writes, such as one that leads out of the directory.
    #[error("it lists `{0}`, which kaito-render can't have written")]
    Outside(String),
}

/// Writes an index: sorted, one path a line.
///
/// What applies or deletes all files of a directory, such as `kubectl apply -R -f`, reads this one,
/// too: to it, it is a List of nothing.
pub(super) fn write(paths: &BTreeSet<&str>) -> String {
    super::json::document(
        &json!({"apiVersion": "v1", "kind": "List", "items": [], "version": VERSION, "files": paths}),
    )
}

/// Reads the paths of an index.
pub(super) fn read(text: &str) -> Result<BTreeSet<String>, IndexError> {
    let index = serde_json::from_str::<Value>(text).map_err(|_| IndexError::Damaged)?;
    match index["version"].as_u64() {
        Some(VERSION) => {}
        Some(newer) if newer > VERSION => return Err(IndexError::TooNew),
        _ => return Err(IndexError::Damaged),
    }
    let paths = index["files"].as_array().ok_or(IndexError::Damaged)?;
    paths
        .iter()
        .map(|path| path.as_str().ok_or(IndexError::Damaged).and_then(inside))
        .collect()
}

fn inside(path: &str) -> Result<String, IndexError> {
    if is_inside(path) {
        Ok(path.to_owned())
    } else {
        Err(IndexError::Outside(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{IndexError, read, write};

    #[test]
    fn what_is_written_is_read_again() {
        let text = write(&BTreeSet::from(["b/c/service.yaml", "_cluster/x-y.yaml"]));
        let list = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [],\n";
        let ours = "  \"version\": 1,\n  \"files\": [\n    \"_cluster/x-y.yaml\",\n    \"b/c/service.yaml\"\n  ]\n}\n";
        assert_eq!(text, format!("{list}{ours}"));
        assert_eq!(
            read(&text).unwrap(),
            BTreeSet::from([
                "_cluster/x-y.yaml".to_owned(),
                "b/c/service.yaml".to_owned()
            ])
        );
    }

    #[test]
    fn an_index_that_leads_elsewhere_is_refused() {
        for path in [
            "../x.yaml",
            "/etc/x.yaml",
            "a//b",
            "a/../../b",
            "a/.git",
            "C:\\x",
            "a\\b",
            "",
        ] {
            let text = serde_json::json!({"version": 1, "files": [path]}).to_string();
            assert_eq!(read(&text), Err(IndexError::Outside(path.to_owned())));
        }
    }

    #[test]
    fn an_index_that_is_not_understood_is_refused() {
        for text in [
            "",
            "{",
            "[]",
            "{}",
            "{\"version\":1}",
            "{\"version\":1,\"files\":[1]}",
            "{\"version\":\"1\"}",
        ] {
            assert_eq!(read(text), Err(IndexError::Damaged), "{text}");
        }
        assert_eq!(
            read("{\"version\":2,\"files\":[]}"),
            Err(IndexError::TooNew)
        );
    }
}
