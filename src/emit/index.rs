//! The index of an output directory: which of its files are ours.

use serde_json::{Value, json};

use super::directory::is_laid_out;
pub(super) use crate::input::index::{Listed, VERSION, fingerprint, is_known};

/// Why an index can't be relied on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is no JSON, or has another shape.
    #[error("it is damaged")]
    Damaged,
    /// It has no fingerprints yet.
    #[error("it was written by an older version of kaito-render")]
    TooOld,
    /// It is of a version that this one does not know.
    #[error("it was written by a newer version of kaito-render")]
    TooNew,
    /// It lists a path that this program never writes, such as one that leads out of the directory.
    #[error("it lists `{0}`, which kaito-render can't have written")]
    Outside(String),
}

/// Writes an index: sorted, one file a line.
///
/// What applies or deletes all files of a directory, such as `kubectl apply -R -f`, reads this one,
/// too: to it, it is a List of nothing.
pub(super) fn write(listed: &Listed) -> String {
    super::json::document(
        &json!({"apiVersion": "v1", "kind": "List", "items": [], "version": VERSION, "files": listed}),
    )
}

/// Reads the files of an index.
pub(super) fn read(text: &str) -> Result<Listed, IndexError> {
    let index = serde_json::from_str::<Value>(text).map_err(|_| IndexError::Damaged)?;
    match index["version"].as_u64() {
        Some(VERSION) => {}
        Some(newer) if newer > VERSION => return Err(IndexError::TooNew),
        Some(_) => return Err(IndexError::TooOld),
        None => return Err(IndexError::Damaged),
    }
    let files = index["files"].as_object().ok_or(IndexError::Damaged)?;
    let entry = |(path, fingerprints): (&String, &Value)| {
        let fingerprints = fingerprints.as_str().ok_or(IndexError::Damaged)?;
        if is_laid_out(path) {
            Ok((path.clone(), fingerprints.to_owned()))
        } else {
            Err(IndexError::Outside(path.clone()))
        }
    };
    files.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::{IndexError, Listed, read, write};

    #[test]
    fn what_is_written_is_read_again() {
        let files = [
            ("b/c/service.yaml", "1f"),
            ("_cluster/x-y.yaml", "2e 3d"),
            ("b/kustomization.yaml", "4c"),
            ("kustomization.yaml", "5b"),
        ];
        let listed: Listed = files
            .map(|(path, it)| (path.to_owned(), it.to_owned()))
            .into();
        let text = write(&listed);
        let list = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [],\n";
        let ours = "  \"version\": 2,\n  \"files\": {\n    \"_cluster/x-y.yaml\": \"2e 3d\",\n    \
                    \"b/c/service.yaml\": \"1f\",\n    \"b/kustomization.yaml\": \"4c\",\n    \"kustomization.yaml\": \"5b\"\n  }\n}\n";
        assert_eq!(text, format!("{list}{ours}"));
        assert_eq!(read(&text).unwrap(), listed);
    }

    #[test]
    fn an_index_that_leads_elsewhere_is_refused() {
        for path in [
            "../x.yaml",
            "/etc/x.yaml",
            "a//b.yaml",
            "a/../../b.yaml",
            "a/.git/x.yaml",
            "C:\\x",
            "a\\b",
            "",
            "deployment.yaml",
            "ai/deployment.yaml",
            "kustomization.json",
            "src/main.rs",
            "a/b/main.rs",
            "a/b/c/d.yaml",
            "_cluster/a/b.yaml",
            "_cluster",
        ] {
            let text = serde_json::json!({"version": 2, "files": {path: "00"}}).to_string();
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
            "{\"version\":2}",
            "{\"version\":2,\"files\":[]}",
            "{\"version\":2,\"files\":{\"a/b/c.yaml\":1}}",
            "{\"version\":\"2\"}",
        ] {
            assert_eq!(read(text), Err(IndexError::Damaged), "{text}");
        }
        let of = |version| format!("{{\"version\":{version},\"files\":[]}}");
        assert_eq!(read(&of(3)), Err(IndexError::TooNew));
        assert_eq!(read(&of(1)), Err(IndexError::TooOld));
    }
}
