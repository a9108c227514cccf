//! Files as a Git revision has them. Nothing is checked out, nothing is changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use kaito_render::base::sources::Sources;
use kaito_render::diagnostic::Diagnostics;
use kaito_render::input::{self, Document, Reach, Text};

use super::load;
use super::repository::{Repository, relative};

/// What some paths lead to in a revision; the files of each repository are listed once.
pub(super) struct Revision<'a> {
    name: &'a str,
    trees: Vec<Tree>,
}

/// The files of one repository, as a revision has them.
struct Tree {
    repository: Repository,
    /// The paths that belong to it, relative to its top.
    paths: Vec<String>,
    /// All files by path, with the names of their contents.
    files: BTreeMap<String, String>,
}

impl<'a> Revision<'a> {
    /// Looks a revision up in the repositories that paths belong to.
    ///
    /// # Errors
    ///
    /// If a path belongs to no repository, or its repository has no such revision.
    pub(super) fn of(name: &'a str, paths: &[PathBuf]) -> Result<Self> {
        let mut trees = Vec::new();
        for (repository, paths) in by_repository(paths)? {
            let commit = repository.commit(name)?;
            let files = repository.files(&commit)?;
            trees.push(Tree {
                repository,
                paths,
                files,
            });
        }
        Ok(Self { name, trees })
    }

    /// The documents that the paths lead to, by the same rules as those on disk. A path that did
    /// not exist then leads to nothing.
    pub(super) fn documents(
        &self,
        reach: Reach,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Result<Vec<Document>> {
        let mut documents = Vec::new();
        for Tree {
            repository,
            paths,
            files,
        } in &self.trees
        {
            let names: Vec<_> = files.keys().map(String::as_str).collect();
            let selected = input::select(paths, reach, &names);
            let objects: Vec<_> = selected
                .iter()
                .filter_map(|(path, _)| files.get(*path))
                .collect();
            for ((path, named), bytes) in selected.into_iter().zip(repository.read(&objects)?) {
                documents.extend(input::documents(
                    self.text(path, bytes),
                    named,
                    reach,
                    sources,
                    diagnostics,
                ));
            }
        }
        Ok(documents)
    }

    /// The nearest file of a name, from the folder of each path upward to the top of its
    /// repository. None if there is none.
    ///
    /// # Errors
    ///
    /// If paths have different ones.
    pub(super) fn find_upward(&self, name: &str) -> Result<Option<Text>> {
        let mut found = BTreeMap::new();
        for Tree {
            repository,
            paths,
            files,
        } in &self.trees
        {
            for path in paths {
                let folders = Path::new(path).ancestors().map(|folder| folder.join(name));
                let mut candidates = folders.filter_map(|path| Some(path.to_str()?.to_owned()));
                let nearest = candidates.find(|path| files.contains_key(path));
                let object = nearest.as_ref().and_then(|path| files.get(path));
                found.insert((&repository.root, nearest.clone()), (repository, object));
            }
        }
        ensure!(
            found.len() < 2,
            "the paths belong to different profiles: compare them one by one"
        );
        let Some(((_, Some(path)), (repository, Some(object)))) = found.into_iter().next() else {
            return Ok(None);
        };
        let bytes = repository
            .read(&[object])?
            .into_iter()
            .next()
            .unwrap_or_default();
        Ok(Some(self.text(&path, bytes)))
    }

    fn text(&self, path: &str, bytes: Vec<u8>) -> Text {
        Text {
            name: format!("{}:{path}", self.name),
            path: None,
            bytes,
        }
    }
}

/// The repositories that paths belong to, each with its paths, relative to its top.
fn by_repository(paths: &[PathBuf]) -> Result<Vec<(Repository, Vec<String>)>> {
    let mut by_root = BTreeMap::<PathBuf, Vec<String>>::new();
    for path in paths {
        ensure!(
            path != Path::new("-"),
            "stdin has no history; compare with a file by `--against-path`"
        );
        let there = there(path);
        let root = Repository::root(load::folder(there))?;
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
