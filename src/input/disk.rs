//! Files on the disk and standard input: all that a run reads of them, it reads here.

#![expect(
    clippy::disallowed_methods,
    reason = "all reading of the compiler is done here"
)]

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::links;
use super::tree::{Entry, FileTree, Kind};
use super::{MAX_FILE, STDIN};

/// The longest target of a link that Linux knows.
const MAX_LINK: u64 = 4096;

/// The files of this machine, by their paths as a command line has them; `-` is standard input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileTree for Disk {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        Ok(kind_and_length(path)?.0)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let file_type = entry.file_type()?;
            entries.push(Entry {
                name: entry.file_name(),
                kind: (!file_type.is_symlink()).then(|| kind(file_type)),
            });
        }
        // The order of `read_dir` is that of the file system, and differs between machines.
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        if is_stdin(file) {
            let mut bytes = Vec::new();
            let stdin = io::stdin().lock();
            // One byte more than is allowed, by which a file that is too large is known.
            stdin.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        match kind_and_length(file)? {
            (Kind::File, length) => read(File::open(file)?, length),
            (Kind::Directory, _) => Err(io::ErrorKind::IsADirectory.into()),
            (Kind::Special, _) => Err(io::Error::other("not a regular file")),
        }
    }

    fn identity(&self, path: &Path) -> PathBuf {
        if is_stream(path) {
            return path.to_owned();
        }
        fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    }

    fn is_link(&self, path: &Path) -> bool {
        // A slash at the end would follow the link.
        !is_stream(path) && path.components().collect::<PathBuf>().is_symlink()
    }

    fn is_stream(&self, path: &Path) -> bool {
        is_stream(path)
    }

    fn link_text(&self, file: &Path) -> Option<PathBuf> {
        let found = fs::symlink_metadata(file).ok()?;
        if !found.is_file() || !(1..=MAX_LINK).contains(&found.len()) {
            return None;
        }
        let mut text = String::new();
        let file = File::open(file).ok()?;
        file.take(MAX_LINK).read_to_string(&mut text).ok()?;
        (!text.contains(char::is_control)).then(|| PathBuf::from(text))
    }

    fn boundary(&self, path: &Path) -> PathBuf {
        if is_stream(path) {
            return path.to_owned();
        }
        boundary(path)
    }

    fn name(&self, path: &Path) -> String {
        if is_stdin(path) {
            STDIN.to_owned()
        } else {
            path.display().to_string()
        }
    }

    fn location(&self, path: &Path, place: &Path) -> Option<PathBuf> {
        (!is_stdin(path)).then(|| place.to_owned())
    }
}

/// What a path leads to, and the length that it has if it is a file.
fn kind_and_length(path: &Path) -> io::Result<(Kind, u64)> {
    if is_stream(path) {
        return Ok((Kind::File, 0));
    }
    let found = fs::metadata(path)?;
    // The kernel's are regular files by their type alone, and some of them never end.
    let may_be_of_kernel = found.is_file() && found.len() == 0;
    if may_be_of_kernel && Disk.identity(path).starts_with("/proc") {
        return Ok((Kind::Special, 0));
    }
    Ok((kind(found.file_type()), found.len()))
}

/// Reads a file that had some length when it was looked at. It may have been replaced since.
fn read(mut file: File, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length.min(MAX_FILE)).unwrap_or(0);
    // One byte more than there should be: if it is not there, the file ends, and need not be asked.
    let mut bytes = vec![0; length + 1];
    let found = match file.read(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
        found => found?,
    };
    bytes.truncate(found);
    if found != length || length == 0 {
        let most = MAX_FILE + 1 - found as u64;
        file.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn kind(file_type: FileType) -> Kind {
    if file_type.is_dir() {
        Kind::Directory
    } else if file_type.is_file() {
        Kind::File
    } else {
        Kind::Special
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a path can only be the name of a stream of this process, which somebody handed to it.
fn is_stream(path: &Path) -> bool {
    is_stdin(path) || path == Path::new("/dev/stdin") || path.starts_with("/dev/fd")
}

/// [`FileTree::boundary`]: each link on the way has to stay in the repository that it lies in, and
/// one to a file in its directory, if that is in no repository.
fn boundary(path: &Path) -> PathBuf {
    let here = if path.is_absolute() {
        PathBuf::new()
    } else {
        fs::canonicalize(".").unwrap_or_default()
    };
    let mut at = here;
    for step in path.components() {
        let next = at.join(step);
        let Some(target) = next.is_symlink().then(|| fs::canonicalize(&next)) else {
            at = match step {
                Component::CurDir => at,
                Component::ParentDir => at.parent().unwrap_or(&at).to_owned(),
                _ => next,
            };
            continue;
        };
        let target = target.unwrap_or(next);
        match repository(&at) {
            Some(root) if !links::is_inside(&target, root) => return root.to_owned(),
            None if !target.is_dir() => return at,
            _ => at = target,
        }
    }
    let directory = match at.parent() {
        Some(parent) if !at.is_dir() => parent,
        _ => &at,
    };
    repository(directory).unwrap_or(directory).to_owned()
}

/// The root of the Git repository that a directory is in.
fn repository(directory: &Path) -> Option<&Path> {
    let mut directories = directory.ancestors();
    directories.find(|directory| directory.join(".git").exists())
}

/// The root of the Git repository that a directory is in, without symbolic links.
#[must_use]
pub fn repository_of(directory: &Path) -> Option<PathBuf> {
    let directory = fs::canonicalize(directory).ok()?;
    repository(&directory).map(Path::to_owned)
}

/// Looks for a file from a directory upward to a root, which has no symbolic links; without one, to
/// that of the Git repository; outside of one, in that directory only.
#[must_use]
pub fn find_upward(start: &Path, root: Option<&Path>, name: &str) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    let root = root.or_else(|| repository(&start)).unwrap_or(&start);
    let found = super::find_between(&Disk, &start, root, name)?;
    Some(relative(&found))
}

/// A file that [`find_upward`] does not come to, because no repository says how far up it may look:
/// the nearest one above a directory.
#[must_use]
pub fn find_above(start: &Path, name: &str) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    if repository(&start).is_some() {
        return None;
    }
    let root = start.ancestors().last()?;
    let found = super::find_between(&Disk, start.parent()?, root, name)?;
    Some(relative(&found))
}

/// A path as people would write it: from the working directory, if it is inside of that.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    let inside = here.ok().and_then(|here| path.strip_prefix(here).ok());
    inside.unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input::{Disk, Document, DocumentFilter, find_above, find_upward};
    use crate::input::{LoadError, load};

    const WORKSPACE: &str =
        "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {name: NAME}\n";

    fn directory(files: &[(&str, &str)]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    fn load_all(paths: &[PathBuf]) -> (Vec<Document>, Diagnostics) {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let documents = load(
            &Disk,
            paths,
            DocumentFilter::Input,
            &mut sources,
            &mut diagnostics,
        )
        .unwrap();
        (documents, diagnostics)
    }

    fn names(documents: &[Document]) -> Vec<&str> {
        documents
            .iter()
            .map(|document| {
                document
                    .node
                    .find("/metadata/name")
                    .unwrap()
                    .node
                    .as_str()
                    .unwrap()
            })
            .collect()
    }

    fn rules(diagnostics: &Diagnostics) -> Vec<&str> {
        diagnostics
            .iter()
            .map(|diagnostic| diagnostic.rule.id)
            .collect()
    }

    fn workspace(name: &str) -> String {
        WORKSPACE.replace("NAME", name)
    }

    #[test]
    fn a_walk_finds_what_matters_in_order() {
        let directory = directory(&[
            ("b/x.yml", &workspace("b")),
            (
                "a.yaml",
                &format!(
                    "{}---\nkind: Service\n---\n{}",
                    workspace("a"),
                    workspace("a2")
                ),
            ),
            (
                "c.json",
                "{\"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"c\"}}",
            ),
            ("d.txt", &workspace("text")),
            (".hidden.yaml", "hidden: true\n"),
            (".git/x.yaml", &workspace("git")),
            ("chart/Chart.yaml", "name: chart\n"),
            ("chart/templates/x.yaml", "kind: {{ .Values.kind }}\n"),
            ("chart/y.yaml", &workspace("chart")),
            ("out/.kaito-render.json", "{}"),
            ("out/x.yaml", &workspace("out")),
        ]);
        let (documents, diagnostics) = load_all(&[directory.path().to_owned()]);
        assert_eq!(names(&documents), ["a", "a2", "b", "c", "chart", "out"]);
        assert!(diagnostics.is_empty());
        assert!(documents.iter().all(|document| !document.named));
    }

    #[test]
    fn a_file_is_read_once_and_being_named_counts() {
        let directory = directory(&[("a.yaml", &workspace("a")), ("b.yaml", &workspace("b"))]);
        let file = directory.path().join("a.yaml");
        let (documents, _) = load_all(&[
            directory.path().to_owned(),
            file.clone(),
            directory.path().join("./a.yaml"),
            file,
        ]);
        assert_eq!(names(&documents), ["a", "b"]);
        assert!(documents[0].named && !documents[1].named);
    }

    #[test]
    fn lists_are_taken_apart() {
        let list = "apiVersion: v1\nkind: List\nitems:\n- {metadata: {name: a}}\n- apiVersion: kaito.sh/v1alpha1\n  kind: WorkspaceList\n  items: [{metadata: {name: b}}]\n";
        let directory = directory(&[("list.yaml", list)]);
        assert_eq!(
            names(&load_all(&[directory.path().join("list.yaml")]).0),
            ["a", "b"]
        );
    }

    #[test]
    fn files_that_have_nothing_to_do_with_kaito_are_passed_over() {
        let directory = directory(&[
            ("helm.yaml", "{{- if .Values.x }}\na: 1\n"),
            ("other.yaml", "on: push\n"),
            ("broken.yaml", "apiVersion: kaito.sh/v1alpha1\nkind: [\n"),
        ]);
        let (_, diagnostics) = load_all(&[directory.path().to_owned()]);
        assert_eq!(rules(&diagnostics), ["KR003", "KR007"]);
        let (_, diagnostics) = load_all(&[
            directory.path().join("helm.yaml"),
            directory.path().join("other.yaml"),
        ]);
        assert_eq!(rules(&diagnostics), ["KR116", "KR006"]);
    }

    #[test]
    fn what_is_no_text_and_no_input_is_only_noted() {
        let index = r#"{"version": 2, "files": {"a/b/service.yaml": "00"}}"#;
        let directory = directory(&[("out/.kaito-render.json", index)]);
        fs::write(directory.path().join("blob.yaml"), b"\x00\xff\xfe").unwrap();
        fs::write(
            directory.path().join("kaito.yaml"),
            b"apiVersion: kaito.sh/v1alpha1\n# \xff\n",
        )
        .unwrap();
        let (_, diagnostics) = load_all(&[directory.path().to_owned()]);
        assert_eq!(rules(&diagnostics), ["KR007", "KR002"]);
        let (_, diagnostics) = load_all(&[directory.path().join("out")]);
        assert_eq!(rules(&diagnostics), ["KR009"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_where_they_stand() {
        let directory = directory(&[]);
        let path = directory.path().join("a.yaml");
        fs::write(&path, b"a: \xc3\xa9\nb: \xff\n").unwrap();
        let (_, diagnostics) = load_all(&[path]);
        assert_eq!(rules(&diagnostics), ["KR002"]);
        assert_eq!(diagnostics.as_slice()[0].place.unwrap().start, 9);
    }

    #[test]
    fn marks_carriage_returns_and_empty_files_are_fine() {
        let crlf = format!("\u{feff}{}", workspace("a").replace('\n', "\r\n"));
        let directory = directory(&[
            ("a.yaml", &crlf),
            ("empty.yaml", ""),
            ("comment.yaml", "# nothing\n"),
        ]);
        let (documents, diagnostics) = load_all(&[directory.path().to_owned()]);
        assert_eq!(
            (names(&documents), diagnostics.as_slice()),
            (vec!["a"], &[][..])
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        let directory = directory(&[("real/a.yaml", &workspace("a"))]);
        let link = |from: &str, to: &Path| {
            std::os::unix::fs::symlink(to, directory.path().join(from)).unwrap();
        };
        link("real/loop", directory.path());
        link("twice", &directory.path().join("real/a.yaml"));
        link("dangling.yaml", Path::new("nowhere"));
        link("README", Path::new("nowhere"));
        link("README.md", Path::new("nowhere"));
        link(".#lock.yaml", Path::new("nowhere"));
        let (documents, diagnostics) = load_all(&[directory.path().to_owned()]);
        assert_eq!(names(&documents), ["a"]);
        assert_eq!(rules(&diagnostics), ["KR011", "KR001", "KR001"]);
        assert!(
            diagnostics
                .iter()
                .any(|diagnostic| diagnostic.message.contains("loop")),
            "{diagnostics:?}"
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_no_diagnostic() {
        let missing = PathBuf::from("no/such/file.yaml");
        let error = load(
            &Disk,
            std::slice::from_ref(&missing),
            DocumentFilter::Input,
            &mut Sources::default(),
            &mut Diagnostics::default(),
        )
        .unwrap_err();
        assert!(matches!(error, LoadError::Missing(path) if path == missing));
    }

    #[test]
    fn a_search_upward_ends_at_the_root_of_the_repository() {
        let directory = directory(&[
            ("p.yaml", ""),
            ("repo/.git/HEAD", ""),
            ("repo/a/b/x.yaml", ""),
            ("repo/a/p.yaml", ""),
        ]);
        let root = fs::canonicalize(directory.path()).unwrap();
        let find = |start: &str| find_upward(&root.join(start), None, "p.yaml");
        assert_eq!(find("repo/a/b"), Some(root.join("repo/a/p.yaml")));
        assert_eq!(find("repo"), None);
        assert_eq!(find("."), Some(root.join("p.yaml")));
        let above = |start: &str| find_above(&root.join(start), "p.yaml");
        assert_eq!(above("repo/a/b"), None);
        fs::remove_dir_all(root.join("repo/.git")).unwrap();
        assert_eq!(find("repo/a/b"), None);
        assert_eq!(above("repo/a/b"), Some(root.join("repo/a/p.yaml")));
        assert_eq!(above("repo/a"), Some(root.join("p.yaml")));
        let below =
            |top: &str| find_upward(&root.join("repo/a/b"), Some(&root.join(top)), "p.yaml");
        assert_eq!(below("repo/a/b"), None);
        assert_eq!(below("repo"), Some(root.join("repo/a/p.yaml")));
    }
}
