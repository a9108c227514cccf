//! The files of a revision as a tree, with its symbolic links.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};
use kaito_render::input::{Entry, FileTree, Kind, Naming, kind_among, list_among};

use super::Repository;
use super::contents::Contents;

/// The files of a repository as one revision has them, without submodules.
pub(in crate::cli) struct Tree {
    revision: String,
    /// Files and links, by path from the top of the working tree.
    files: BTreeMap<PathBuf, Blob>,
    has_links: bool,
    contents: RefCell<Contents>,
    /// Why a content could not be read: the history is not whole then, and nothing must be compared.
    failure: RefCell<Option<String>>,
    /// Holds the Git directory that `contents` reads.
    repository: Repository,
}

/// A content of a revision.
struct Blob {
    object: String,
    /// Whether it is a symbolic link, and the content its target.
    is_link: bool,
}

/// How many links may be on the way of a path, as Linux has it.
const MAX_LINKS: usize = 40;
/// How many bytes the target of a link may have, as Linux has it.
const MAX_TARGET: usize = 4096;

impl Tree {
    /// The files that `git ls-tree -r -z` lists of a revision.
    pub(super) fn of(repository: Repository, revision: &str, listing: &str) -> Result<Self> {
        let files: BTreeMap<_, _> = listing.split('\0').filter_map(file).collect();
        let contents = RefCell::new(Contents::of(&repository)?);
        Ok(Self {
            revision: revision.to_owned(),
            has_links: files.values().any(|blob| blob.is_link),
            files,
            contents,
            failure: RefCell::default(),
            repository,
        })
    }

    /// A path without symbolic links. One that leads out of the repository is absolute, or begins
    /// with `..`.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        if !self.has_links {
            return Ok(path.to_owned());
        }
        let (mut at, mut links) = (PathBuf::new(), 0);
        let mut rest: Vec<_> = steps(path);
        while let Some(step) = rest.pop() {
            match step.as_path() {
                dots if dots == Path::new("..") && !at.pop() => {
                    let below: PathBuf = rest.into_iter().rev().collect();
                    return Ok(Path::new("..").join(below));
                }
                dots if dots == Path::new("..") => continue,
                step => at.push(step),
            }
            let Some(blob) = self.files.get(&at).filter(|blob| blob.is_link) else {
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return Err(io::Error::other("too many levels of symbolic links"));
            }
            let target = self.target(&blob.object)?;
            match target.strip_prefix(&self.repository.root) {
                Ok(below) if target.is_absolute() => {
                    at = PathBuf::new();
                    rest.extend(steps(below));
                }
                _ if target.is_absolute() => return Ok(target),
                _ => {
                    at.pop();
                    rest.extend(steps(&target));
                }
            }
        }
        Ok(at)
    }

    /// Where a link leads.
    fn target(&self, object: &str) -> io::Result<PathBuf> {
        let target = self.content(object)?;
        if target.len() > MAX_TARGET {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let target = String::from_utf8(target).map_err(io::Error::other)?;
        Ok(PathBuf::from(target))
    }

    fn content(&self, object: &str) -> io::Result<Vec<u8>> {
        let content = self.contents.borrow_mut().read(object);
        content.inspect_err(|error| {
            self.failure.borrow_mut().get_or_insert(error.to_string());
        })
    }

    /// How the repository names contents.
    pub(in crate::cli) fn naming(&self) -> Naming {
        let any = self.files.values().next();
        any.map_or(Naming::Sha1, |blob| Naming::of(&blob.object))
    }

    /// # Errors
    ///
    /// If a content could not be read so far.
    pub(in crate::cli) fn is_whole(&self) -> Result<()> {
        match &*self.failure.borrow() {
            Some(failure) => bail!("{failure}"),
            None => Ok(()),
        }
    }
}

impl FileTree for Tree {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        kind_among(&self.files, &self.resolve(path)?)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let directory = self.resolve(directory)?;
        let mut entries = list_among(&self.files, &directory);
        for entry in entries.iter_mut().filter(|_| self.has_links) {
            if self.is_link(&directory.join(&entry.name)) {
                entry.kind = None;
            }
        }
        Ok(entries)
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let blob = self.files.get(&self.resolve(file)?);
        self.content(&blob.ok_or(io::ErrorKind::NotFound)?.object)
    }

    fn content_name(&self, file: &Path) -> Option<String> {
        let blob = self.files.get(&self.resolve(file).ok()?)?;
        Some(blob.object.clone())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.resolve(path).unwrap_or_else(|_| path.to_owned())
    }

    fn is_link(&self, path: &Path) -> bool {
        self.files.get(path).is_some_and(|blob| blob.is_link)
    }

    fn top(&self) -> &Path {
        &self.repository.root
    }

    fn name(&self, path: &Path) -> String {
        format!("{}:{}", self.revision, path.display())
    }
}

/// The steps of a path, the last one first.
fn steps(path: &Path) -> Vec<PathBuf> {
    let steps = path.components().rev();
    let steps = steps.filter(|step| !matches!(step, Component::CurDir | Component::RootDir));
    steps.map(|step| PathBuf::from(step.as_os_str())).collect()
}

/// Path and content of a line of `git ls-tree`: mode, type and object, a tab, the path. None for
/// what is neither a file nor a link.
fn file(line: &str) -> Option<(PathBuf, Blob)> {
    let (facts, path) = line.split_once('\t')?;
    let mut facts = facts.split(' ');
    let mode = facts.next()?;
    let object = facts.nth(1)?.to_owned();
    let is_link = mode == "120000";
    (is_link || mode.starts_with("100")).then(|| (PathBuf::from(path), Blob { object, is_link }))
}
