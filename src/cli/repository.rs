//! A Git repository, read by the program `git` as an untrusted heap of objects and refs.
//!
//! The configuration of a repository can make Git run commands, and its working tree can hold
//! directories that look like a repository. Neither has a say here. The repository is the one whose
//! `.git` a walk upward meets first: Git never checks out a path of that name, so no commit can
//! bring one. Git gets a directory made for this run, which borrows that repository's objects and
//! refs but not its configuration, no variable `GIT_*` of the environment, no configuration of the
//! user, and no transport to fetch what is missing.

#![expect(
    clippy::disallowed_methods,
    reason = "the history of the input is read here, by `git`"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use kaito_render::input::{Entry, FileTree, Kind, MAX_FILE, kind_among, list_among};
use tempfile::TempDir;

/// What the Git directory of a run borrows by links of that of all working trees.
const SHARED: [&str; 6] = [
    "objects",
    "refs",
    "packed-refs",
    "reftable",
    "logs",
    "shallow",
];
/// What is copied of that of the one working tree.
const OWN: [&str; 4] = ["HEAD", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD"];
/// The extensions of a repository that say how its objects and refs are stored.
const STORAGE: [&str; 2] = ["objectformat", "refstorage"];

/// The revisions of a repository with a working tree.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top of the working tree, without symbolic links.
    pub(super) root: PathBuf,
    /// The Git directory of this run. It is removed with this value.
    directory: TempDir,
}

impl Repository {
    /// The top of the working tree that a directory belongs to, without symbolic links.
    ///
    /// # Errors
    ///
    /// If the directory belongs to none.
    pub(super) fn root(directory: &Path) -> Result<PathBuf> {
        let start = fs::canonicalize(directory)?;
        let root = start
            .ancestors()
            .find(|directory| directory.join(".git").exists());
        let hint = "compare with an earlier file or directory by `--against-path`";
        root.map(Path::to_owned)
            .ok_or_else(|| anyhow!("`{}` is in no Git repository; {hint}", directory.display()))
    }

    /// Makes the objects and refs of a repository readable.
    ///
    /// # Errors
    ///
    /// If the Git directory can't be found or no temporary directory can be made.
    pub(super) fn open(root: PathBuf) -> Result<Self> {
        let own = git_directory(&root)?;
        let shared = match pointer(&own.join("commondir"), "")? {
            Some(path) => own.join(path),
            None => own.clone(),
        };
        let directory = tempfile::Builder::new().prefix("kaito-render-").tempdir()?;
        for name in SHARED.iter().filter(|name| shared.join(name).exists()) {
            link(&shared.join(name), &directory.path().join(name))?;
        }
        // Git does not follow a link of these names but takes its target for the name of a ref.
        for name in OWN.iter().filter(|name| own.join(name).is_file()) {
            fs::copy(own.join(name), directory.path().join(name))?;
        }
        let repository = Self { root, directory };
        repository.configure(&shared.join("config"))?;
        Ok(repository)
    }

    /// Writes the configuration: the storage of the repository and nothing else.
    fn configure(&self, theirs: &Path) -> Result<()> {
        let mut storage = String::new();
        for name in STORAGE {
            let mut command = self.git(["config", "--no-includes", "--file"]);
            command
                .arg(theirs)
                .arg("--get")
                .arg(format!("extensions.{name}"));
            let value = run(&mut command)?.stdout;
            let value = String::from_utf8_lossy(&value).trim().to_owned();
            // A value of another shape would be a setting of its own.
            if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                storage += &format!("\t{name} = {value}\n");
            }
        }
        let version = u8::from(!storage.is_empty());
        let config = format!(
            "[core]\n\trepositoryformatversion = {version}\n\tbare = true\n[extensions]\n{storage}"
        );
        Ok(fs::write(self.directory.path().join("config"), config)?)
    }

    /// The commit that a revision names.
    ///
    /// # Errors
    ///
    /// If it names none, or could mean two.
    fn commit(&self, revision: &str) -> Result<String> {
        if revision.starts_with('-') {
            return Err(self.lacks(revision)); // Git would take it for an option.
        }
        let commit = format!("{revision}^{{commit}}");
        let output = run(&mut self.git(["rev-parse", "--verify", &commit]))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        if complaint.contains("is ambiguous") {
            bail!(
                "`{revision}` names more than one thing in the Git repository `{}`; write the whole \
                 name, such as `refs/heads/{revision}` or `refs/remotes/{revision}`",
                self.root.display()
            );
        }
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let found = Some(commit).filter(|commit| output.status.success() && !commit.is_empty());
        found.ok_or_else(|| self.lacks(revision))
    }

    /// Why a revision is none.
    fn lacks(&self, revision: &str) -> Error {
        let root = self.root.display();
        let error = format!("`{revision}` is not a revision of the Git repository `{root}`");
        if Path::new(revision).exists() {
            let hint = format!("to compare with the path, use `--against-path {revision}`");
            return anyhow!("{error}; {hint}");
        }
        if self.directory.path().join("shallow").exists() {
            let hint = "the clone is shallow, and `git fetch --unshallow` brings its history";
            return anyhow!("{error}; {hint}");
        }
        anyhow!(error)
    }

    /// The files that a revision has.
    ///
    /// # Errors
    ///
    /// If the revision names no commit, or could mean two.
    pub(super) fn tree(self, revision: &str) -> Result<Tree> {
        let commit = self.commit(revision)?;
        let output = run(&mut self.git(["ls-tree", "-r", "-z", "--full-tree", &commit]))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "git: {}", complaint.trim());
        let listing = String::from_utf8_lossy(&output.stdout);
        let files: BTreeMap<_, _> = listing.split('\0').filter_map(file).collect();
        let contents = RefCell::new(Contents::of(&self)?);
        Ok(Tree {
            revision: revision.to_owned(),
            has_links: files.values().any(|blob| blob.is_link),
            files,
            contents,
            failure: RefCell::default(),
            repository: self,
        })
    }

    /// A command of Git that knows this repository's objects and refs, and no configuration.
    fn git<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_git(name)) {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_DIR", self.directory.path());
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
            .env("GIT_ALLOW_PROTOCOL", "")
            .env("GIT_NO_LAZY_FETCH", "1");
        command
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_TERMINAL_PROMPT", "0");
        command
    }
}

/// The path of an input from the top of its working tree; the top itself is an empty path.
/// `there` is as much of the path as exists.
///
/// # Errors
///
/// If the path leads out of the working tree.
pub(super) fn relative(root: &Path, there: &Path, path: &Path) -> Result<PathBuf> {
    let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
    // Where a link leads, the revision says.
    let as_named = match (there.parent(), there.file_name()) {
        (Some(parent), Some(name)) => Path::new(".").join(parent).canonicalize()?.join(name),
        _ => fs::canonicalize(there)?,
    };
    let path = match as_named.strip_prefix(root) {
        Ok(_) => as_named.join(rest),
        Err(_) => fs::canonicalize(there)?.join(rest),
    };
    let inside = path.strip_prefix(root);
    let inside =
        inside.with_context(|| format!("`{}` leads out of its Git repository", path.display()))?;
    Ok(inside.components().collect())
}

const CANNOT_RUN: &str = "can't run `git`";

fn is_of_git(variable: &OsStr) -> bool {
    variable.to_string_lossy().starts_with("GIT_")
}

/// The Git directory of a working tree: its `.git`, or where a file of that name points, as in
/// submodules and in working trees made by `git worktree`.
fn git_directory(root: &Path) -> Result<PathBuf> {
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
fn pointer(file: &Path, prefix: &str) -> Result<Option<PathBuf>> {
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
fn link(target: &Path, name: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, name)
}

#[cfg(windows)]
fn link(target: &Path, name: &Path) -> io::Result<()> {
    match target.is_dir() {
        true => std::os::windows::fs::symlink_dir(target, name),
        false => std::os::windows::fs::symlink_file(target, name),
    }
}

fn run(command: &mut Command) -> Result<Output> {
    command.output().context(CANNOT_RUN)
}

/// The files of a repository as one revision has them, without submodules.
pub(super) struct Tree {
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

    /// # Errors
    ///
    /// If a content could not be read so far.
    pub(super) fn is_whole(&self) -> Result<()> {
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

    fn identity(&self, path: &Path) -> PathBuf {
        self.resolve(path).unwrap_or_else(|_| path.to_owned())
    }

    fn is_link(&self, path: &Path) -> bool {
        self.files.get(path).is_some_and(|blob| blob.is_link)
    }

    fn name(&self, path: &Path) -> String {
        format!("{}:{}", self.revision, path.display())
    }
}

/// A running `git cat-file`, which is asked for one content after the other, so that neither side
/// waits for the other with a full pipe.
struct Contents {
    git: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Contents {
    fn of(repository: &Repository) -> Result<Self> {
        let mut command = repository.git(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut git = command.spawn().context(CANNOT_RUN)?;
        let pipes = git.stdin.take().zip(git.stdout.take());
        let (questions, answers) = pipes.context("`git cat-file` has no pipes")?;
        Ok(Self {
            git,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// The content of a name, but no more than one byte above [`MAX_FILE`].
    fn read(&mut self, object: &str) -> io::Result<Vec<u8>> {
        writeln!(self.questions, "{object}")?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let header = header.trim_end();
        let size = header.strip_prefix(&format!("{object} blob "));
        let size = size.and_then(|size| size.parse().ok());
        let size: u64 = size.ok_or_else(|| io::Error::other(unreadable(header)))?;
        let wanted = size.min(MAX_FILE + 1);
        let mut bytes = Vec::new();
        let mut answer = (&mut self.answers).take(size);
        (&mut answer).take(wanted).read_to_end(&mut bytes)?;
        io::copy(&mut answer, &mut io::sink())?;
        if bytes.len() as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.answers.read_exact(&mut [0])?; // the line break behind a content
        Ok(bytes)
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        // It waits for the next question, and there is none.
        let _ = self.git.kill();
        let _ = self.git.wait();
    }
}

/// Why Git did not give a content.
fn unreadable(answer: &str) -> String {
    if answer.ends_with(" missing") {
        return format!(
            "the Git repository lacks {answer}, and nothing is fetched here; in a partial clone, \
             `git fetch --refetch --no-filter` brings all objects"
        );
    }
    format!("Git can't read an object: {answer}")
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
