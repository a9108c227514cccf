//! Paths as they were typed.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use kaito_render::input::{self, Disk, FileTree, Kind};

use super::config::Input;

/// The root of an input that was named, without symbolic links; none if none was.
///
/// # Errors
///
/// If it is no directory, or a path of the input lies outside of it.
pub(super) fn named_root(input: &Input) -> Result<Option<PathBuf>> {
    let Some(root) = &input.root else {
        return Ok(None);
    };
    let is_directory = matches!(Disk.kind(root), Ok(Kind::Directory));
    ensure!(
        is_directory,
        "the root `{}` is no directory",
        root.display()
    );
    let root = Disk.identity(root);
    for path in &input.paths {
        let is_inside = Disk.identity(directory(path)).starts_with(&root);
        ensure!(
            is_inside,
            "`{}` is not in the root `{}`",
            path.display(),
            root.display()
        );
    }
    Ok(Some(root))
}

/// The directory from which the files of an input are named: its root, that of its repository, or
/// the working directory.
pub(super) fn base(named: Option<&Path>, paths: &[PathBuf]) -> PathBuf {
    let repository = || input::repository_of(directory(paths.first()?));
    let root = named.map(Path::to_owned).or_else(repository);
    root.unwrap_or_else(|| Disk.identity(Path::new(".")))
}

/// The directory that a path is, or is in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        _ if path.is_dir() => path,
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
