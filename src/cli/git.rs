//! Files as a Git revision has them. Nothing is checked out, nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use kaito_render::base::sources::Sources;
use kaito_render::diagnostic::Diagnostics;
use kaito_render::input::{self, Disk, FileTree, Kind, Loaded, Loader, Naming};
use kaito_render::overlay;

use super::paths::directory;
use super::repository::{Repository, Tree, relative};

/// What some paths lead to in a revision; the files of each repository are listed once.
pub(super) struct Revision {
    /// The files of each repository, and the paths in it, relative to its top.
    trees: Vec<(Tree, Vec<PathBuf>)>,
}

impl Revision {
    /// Looks a revision up in the repositories that paths belong to.
    ///
    /// # Errors
    ///
    /// If a path belongs to no repository, or its repository has no such revision.
    pub(super) fn of(name: &str, paths: &[PathBuf]) -> Result<Self> {
        let mut trees = Vec::new();
        for (repository, paths) in by_repository(paths)? {
            trees.push((repository.tree(name)?, paths));
        }
        Ok(Self { trees })
    }

    /// How its repositories name contents; if they differ, the first one.
    pub(super) fn naming(&self) -> Naming {
        let first = self.trees.first();
        first.map_or(Naming::Sha1, |(tree, _)| tree.naming())
    }

    /// The documents that the paths lead to, by the same rules as those on disk. A path that did
    /// not exist then leads to nothing.
    pub(super) fn load(
        &self,
        loader: Loader<'_>,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Result<Loaded> {
        let mut all = Loaded::default();
        for (tree, paths) in &self.trees {
            let paths = paths.iter().filter(|path| tree.kind(path).is_ok()).cloned();
            let paths: Vec<_> = paths.collect();
            let mut loaded = loader.load(tree, &paths, sources, diagnostics)?;
            let documents = &mut loaded.documents;
            overlay::read_files_of_input(documents, &paths, tree, sources, diagnostics);
            all.append(loaded);
            tree.is_whole()?;
        }
        Ok(all)
    }

    /// The nearest file of a name, from the directory of each path upward to the top of its
    /// repository. None if there is none.
    ///
    /// # Errors
    ///
    /// If paths have different ones.
    pub(super) fn find_upward(&self, name: &str) -> Result<Option<(&Tree, PathBuf)>> {
        let mut found = BTreeSet::new();
        for (index, (tree, paths)) in self.trees.iter().enumerate() {
            let nearest = |path: &PathBuf| {
                let is_directory = matches!(tree.kind(path), Ok(Kind::Directory));
                let start = is_directory.then(|| tree.identity(path));
                let start = start.as_ref().unwrap_or(path);
                input::find_between(tree, start, Path::new(""), name)
            };
            found.extend(
                paths
                    .iter()
                    .map(|path| nearest(path).map(|found| (index, found))),
            );
        }
        ensure!(
            found.len() < 2,
            "the paths belong to different profiles: compare them one by one"
        );
        let nearest = found.into_iter().next().flatten();
        Ok(nearest.map(|(index, path)| (&self.trees[index].0, path)))
    }
}

/// The repositories that paths belong to, each with its paths, relative to its top.
fn by_repository(paths: &[PathBuf]) -> Result<Vec<(Repository, Vec<PathBuf>)>> {
    let mut by_root = BTreeMap::<PathBuf, Vec<PathBuf>>::new();
    for path in paths {
        ensure!(
            path != Path::new("-"),
            "stdin has no history; compare with a file by `--against-path`"
        );
        let there = there(path);
        ensure!(
            input::stays_inside(&Disk, there),
            "a symbolic link on the way of `{}` leads out of its Git repository",
            path.display()
        );
        let root = Repository::root(directory(there))?;
        let path = relative(&root, there, path)?;
        by_root.entry(root).or_default().push(path);
    }
    let open = |(root, paths): (PathBuf, _)| Ok((Repository::open(root)?, paths));
    by_root.into_iter().map(open).collect()
}

/// As much of a path as there is in the working tree; the rest may have been there once.
fn there(path: &Path) -> &Path {
    let there = path
        .ancestors()
        .find(|path| path.exists() && *path != Path::new(""));
    there.unwrap_or(Path::new("."))
}
