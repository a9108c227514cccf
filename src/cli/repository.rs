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

mod contents;
mod directory;
mod tree;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use tempfile::TempDir;

use directory::{git_directory, link, pointer};

pub(super) use tree::Tree;

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
        Tree::of(self, revision, &listing)
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

fn run(command: &mut Command) -> Result<Output> {
    command.output().context(CANNOT_RUN)
}
