//! Globs over paths, as a profile has them.

use globset::{Glob, GlobBuilder};

/// A glob of which `*` matches no slash, and `**` any directories.
///
/// # Errors
///
/// What is wrong with a text that is none.
pub fn glob(text: &str) -> Result<Glob, String> {
    let glob = GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .build();
    glob.map_err(|error| format!("`{}` is not a glob: {}", text.escape_debug(), error.kind()))
}
