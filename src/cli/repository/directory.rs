//! Where the Git directory of a working tree is, and links to what is borrowed of it.

#![expect(
    clippy::disallowed_methods,
    reason = "the history of the input is read here, by `git`"
)]

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The Git directory of a working tree: its `.git`, or where a file of that name points, as in
/// submodules and in working trees made by `git worktree`.
pub(super) fn git_directory(root: &Path) -> Result<PathBuf> {
    let path = root.join(".git");
    if path.is_dir() {
        return Ok(path);
    }
    let target = pointer(&path, "gitdir: ")?;
    let target = target.with_context(|| format!("`{}` names no Git directory", path.display()))?;
    Ok(root.join(target))
}

/// The path behind a prefix that a file holds; none if there is no such file or it has another
/// shape.
pub(super) fn pointer(file: &Path, prefix: &str) -> Result<Option<PathBuf>> {
    // Longer than any path.
    const LIMIT: u64 = 64 << 10;
    if !file.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    fs::File::open(file)?
        .take(LIMIT)
        .read_to_string(&mut text)?;
    let path = text.trim_end_matches(['\r', '\n']).strip_prefix(prefix);
    Ok(path.filter(|path| !path.is_empty()).map(PathBuf::from))
}

#[cfg(unix)]
pub(super) fn link(target: &Path, name: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, name)
}

#[cfg(windows)]
pub(super) fn link(target: &Path, name: &Path) -> io::Result<()> {
    match target.is_dir() {
        true => std::os::windows::fs::symlink_dir(target, name),
        false => std::os::windows::fs::symlink_file(target, name),
    }
}
