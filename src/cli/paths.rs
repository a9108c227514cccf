//! Paths as they were typed.

use std::path::Path;

/// The directory that a path is, or is in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        _ if path.is_dir() => path,
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
