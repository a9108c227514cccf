//! Files as a Git revision has them, read through the program `git`. Nothing is checked out, nothing is changed.

#![expect(clippy::disallowed_methods, reason = "the history of the input is read here, by `git`")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use kaito_render::diagnostic::Diagnostic;
use kaito_render::source::{self, Document, Reach, Sources, Text};

use super::input;

/// A hook of Git names its own repository by these; the repository meant here is always that of the input.
const ENVIRONMENT: [&str; 4] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"];

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
            let commit = repository.commit(name)?.ok_or_else(|| repository.lacks(name))?;
            let files = repository.files(&commit)?;
            trees.push(Tree { repository, paths, files });
        }
        Ok(Self { name, trees })
    }

    /// The documents that the paths lead to, by the same rules as those on disk. A path that did not exist then leads to
    /// nothing.
    pub(super) fn documents(
        &self,
        reach: Reach,
        sources: &mut Sources,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Document>> {
        let mut documents = Vec::new();
        for Tree { repository, paths, files } in &self.trees {
            let names: Vec<_> = files.keys().map(String::as_str).collect();
            let selected = source::select(paths, reach, &names);
            let objects: Vec<_> = selected.iter().filter_map(|(path, _)| files.get(*path)).collect();
            for ((path, named), bytes) in selected.into_iter().zip(repository.read(&objects)?) {
                documents.extend(source::documents(self.text(path, bytes), named, reach, sources, diagnostics));
            }
        }
        Ok(documents)
    }

    /// The nearest file of a name, from the folder of each path upward to the top of its repository. None if there is
    /// none.
    ///
    /// # Errors
    ///
    /// If paths have different ones.
    pub(super) fn find_upward(&self, name: &str) -> Result<Option<Text>> {
        let mut found = BTreeMap::new();
        for Tree { repository, paths, files } in &self.trees {
            for path in paths {
                let folders = Path::new(path).ancestors().map(|folder| folder.join(name));
                let mut candidates = folders.filter_map(|path| Some(path.to_str()?.to_owned()));
                let nearest = candidates.find(|path| files.contains_key(path));
                let object = nearest.as_ref().and_then(|path| files.get(path));
                found.insert((repository, nearest.clone()), object);
            }
        }
        ensure!(found.len() < 2, "the paths belong to different profiles: compare them one by one");
        let Some(((repository, Some(path)), Some(object))) = found.into_iter().next() else { return Ok(None) };
        let bytes = repository.read(&[object])?.into_iter().next().unwrap_or_default();
        Ok(Some(self.text(&path, bytes)))
    }

    fn text(&self, path: &str, bytes: Vec<u8>) -> Text {
        Text { name: format!("{}:{path}", self.name), path: None, bytes }
    }
}

/// The repositories that paths belong to, each with its paths, relative to its top.
fn by_repository(paths: &[PathBuf]) -> Result<BTreeMap<Repository, Vec<String>>> {
    let mut by_folder = BTreeMap::new();
    let mut repositories = BTreeMap::<Repository, Vec<_>>::new();
    for path in paths {
        ensure!(path != Path::new("-"), "standard input has no history; name an earlier file or folder");
        let folder = input::folder(there(path));
        if !by_folder.contains_key(folder) {
            by_folder.insert(folder, Repository::of(folder)?);
        }
        let repository = &by_folder[folder];
        let path = repository.relative(path)?;
        repositories.entry(repository.clone()).or_default().push(path);
    }
    Ok(repositories)
}

/// As much of a path as there is in the working tree; the rest may have been there once.
fn there(path: &Path) -> &Path {
    let there = path.ancestors().find(|path| path.exists() && *path != Path::new(""));
    there.unwrap_or(Path::new("."))
}

/// A repository with a working tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Repository {
    /// The top of the working tree.
    root: PathBuf,
}

impl Repository {
    /// The repository that a folder belongs to.
    fn of(folder: &Path) -> Result<Self> {
        let root = output(git(folder).args(["rev-parse", "--show-toplevel"])).with_context(|| {
            format!("`{}` is in no Git repository; name an earlier file or folder", folder.display())
        })?;
        let root = fs::canonicalize(root.trim_end_matches(['\r', '\n']))?;
        Ok(Self { root })
    }

    /// A path of the working tree from its top, with slashes; the top itself is empty.
    fn relative(&self, path: &Path) -> Result<String> {
        let there = there(path);
        let path = fs::canonicalize(there)?.join(path.strip_prefix(there).unwrap_or(Path::new("")));
        let inside = path.strip_prefix(&self.root);
        let inside = inside.with_context(|| format!("`{}` leads out of its Git repository", path.display()))?;
        Ok(inside.iter().map(|step| step.to_string_lossy()).collect::<Vec<_>>().join("/"))
    }

    /// The commit that a revision names; none if it names none.
    fn commit(&self, revision: &str) -> Result<Option<String>> {
        if revision.starts_with('-') {
            return Ok(None); // it would be taken for an option
        }
        let mut command = git(&self.root);
        command.args(["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")]);
        let output = command.stdin(Stdio::null()).output().context("can't run `git`")?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Some(commit).filter(|commit| output.status.success() && !commit.is_empty()))
    }

    /// Why a revision is none.
    fn lacks(&self, revision: &str) -> Error {
        let error = anyhow!("`{revision}` is no revision of the Git repository `{}`", self.root.display());
        let shallow = output(git(&self.root).args(["rev-parse", "--is-shallow-repository"]));
        if shallow.is_ok_and(|answer| answer.trim() == "true") {
            return anyhow!("{error}, which was cloned without its whole history: `git fetch --unshallow` brings that");
        }
        error
    }

    /// All files of a commit, by path from the top with slashes, with the names of their contents. Symbolic links and
    /// submodules are left out.
    fn files(&self, commit: &str) -> Result<BTreeMap<String, String>> {
        let listing = output(git(&self.root).args(["ls-tree", "-r", "-z", "--full-tree", commit]))?;
        Ok(listing.split('\0').filter_map(file).collect())
    }

    /// Contents by their names, in order.
    fn read(&self, objects: &[&String]) -> Result<Vec<Vec<u8>>> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = git(&self.root);
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("can't run `git`")?;
        let contents = contents(&mut child, objects);
        if contents.is_err() {
            child.kill()?; // it may be in the middle of a file
        }
        let status = child.wait()?;
        let contents = contents?;
        ensure!(status.success(), "`git cat-file` failed: {status}");
        Ok(contents)
    }
}

/// Asks for each content in turn, so that neither side waits for the other with a full pipe.
fn contents(child: &mut Child, objects: &[&String]) -> Result<Vec<Vec<u8>>> {
    let (Some(mut questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("`git cat-file` has no pipes")
    };
    let mut answers = BufReader::new(answers);
    let mut contents = Vec::new();
    for object in objects {
        writeln!(questions, "{object}")?;
        let mut header = String::new();
        answers.read_line(&mut header)?;
        let size = header.trim_end().strip_prefix(&format!("{object} blob ")).and_then(|size| size.parse().ok());
        let size: u64 = size.ok_or_else(|| anyhow!("Git can't read an object: {}", header.trim_end()))?;
        let mut bytes = Vec::new();
        (&mut answers).take(size).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 == size, "Git ended in the middle of {object}");
        answers.read_exact(&mut [0])?; // the line break behind a content
        contents.push(bytes);
    }
    Ok(contents)
}

/// Path and content of a line of `git ls-tree`: mode, type and object, a tab, the path. None for what is no file.
fn file(line: &str) -> Option<(String, String)> {
    let (facts, path) = line.split_once('\t')?;
    let mut facts = facts.split(' ');
    let is_file = facts.next()?.starts_with("100");
    let object = facts.nth(1)?;
    is_file.then(|| (path.to_owned(), object.to_owned()))
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("LC_ALL", "C");
    for variable in ENVIRONMENT {
        command.env_remove(variable);
    }
    command
}

/// What a command of Git says, or its own complaint.
fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().context("can't run `git`")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(output.status.success(), "git: {}", text(&output.stderr).trim());
    Ok(text(&output.stdout))
}
