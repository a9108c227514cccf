//! Files, folders and standard input: all that a run reads, it reads here.

#![expect(
    clippy::disallowed_methods,
    reason = "all reading of the compiler is done here"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::Reach;
use super::text::{self, Document, MAX_TEXT, Text};
use super::tree::{self, INDEX_FILE};
use crate::base::sources::{FileId, Sources, Span};
use crate::catalogue::library::Library;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The name under which standard input is shown.
pub(crate) const STDIN: &str = "<stdin>";

/// Why a run can't begin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path leads nowhere.
    #[error("`{}` does not exist", .0.display())]
    Missing(PathBuf),
    /// A folder is no library.
    #[error("`{}` has neither `presets/` nor `templates/`", .0.display())]
    NoLibrary(PathBuf),
    /// A file of a library can't be read.
    #[error("can't read `{}`", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
}

/// Reads the documents of files, folders and, for `-`, of standard input, with the items of lists
/// one by one.
///
/// Folders are walked by name, through symbolic links, for files that end in `.yaml`, `.yml` or
/// `.json`. Left out are what is hidden, Helm charts, and folders of output. Of what is found there
/// only KAITO's documents, node objects, ConfigMaps and Secrets are kept, and a file that can't be
/// parsed is an error only if it mentions KAITO. [`Reach::Everything`] keeps all documents, and
/// enters a folder of output that is named.
///
/// # Errors
///
/// If a path does not exist. What can't be read or parsed is reported as a finding.
pub fn load(
    paths: &[PathBuf],
    reach: Reach,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Document>, LoadError> {
    if let Some(missing) = paths.iter().find(|path| !is_stdin(path) && !path.exists()) {
        return Err(LoadError::Missing(missing.clone()));
    }
    let mut documents = Vec::new();
    let mut folders = Folders::new();
    for (path, named) in files(paths, reach, sources, diagnostics) {
        if let Some(bytes) = read_or_report(&path, sources, diagnostics) {
            documents.extend(text::documents(
                text(&path, bytes, &mut folders),
                named,
                reach,
                sources,
                diagnostics,
            ));
        }
    }
    Ok(documents)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The files that paths lead to, each once, and whether it was named.
fn files(
    paths: &[PathBuf],
    reach: Reach,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<(PathBuf, bool)> {
    let mut files: Vec<(PathBuf, bool)> = Vec::new();
    let mut seen = BTreeMap::new();
    let mut add = |path: PathBuf, named: bool| {
        let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let index = *seen.entry(identity).or_insert(files.len());
        match files.get_mut(index) {
            Some((_, was_named)) => *was_named |= named,
            None => files.push((path, named)),
        }
    };
    for path in paths {
        if is_stdin(path) || !path.is_dir() {
            add(path.clone(), true);
            continue;
        }
        let is_wanted = reach == Reach::Everything && path.join(INDEX_FILE).is_file();
        let is_input = |entry: &DirEntry| is_wanted && entry.depth() == 0 || is_input(entry);
        for entry in WalkDir::new(path)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(is_input)
        {
            match entry {
                Ok(entry) if entry.file_type().is_file() => add(entry.into_path(), false),
                Ok(_) => {}
                Err(error) if leads_nowhere(&error) => {}
                Err(error) => diagnostics.report(walk_error(path, &error, sources)),
            }
        }
        if !is_wanted && !is_folder_of_input(path) {
            diagnostics.report(passed_over_folder(path, sources));
        }
    }
    files
}

fn is_input(entry: &DirEntry) -> bool {
    if entry.depth() > 0 && tree::is_hidden(entry.file_name().as_encoded_bytes()) {
        return false;
    }
    let path = entry.path();
    if entry.file_type().is_dir() {
        is_folder_of_input(path)
    } else {
        is_named_like_input(path)
    }
}

fn is_folder_of_input(path: &Path) -> bool {
    tree::MARKS.iter().all(|mark| !path.join(mark).is_file())
}

fn is_named_like_input(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| tree::ENDINGS.iter().any(|known| extension == *known))
}

/// Whether an error is about a link to nothing that would not have been read anyway, such as the
/// lock of an editor.
fn leads_nowhere(error: &walkdir::Error) -> bool {
    let is_missing = error
        .io_error()
        .is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
    let is_hidden = |path: &Path| {
        path.file_name()
            .is_some_and(|name| tree::is_hidden(name.as_encoded_bytes()))
    };
    is_missing
        && error
            .path()
            .is_some_and(|path| is_hidden(path) || !is_named_like_input(path))
}

/// A folder that was named, but holds no input.
fn passed_over_folder(path: &Path, sources: &mut Sources) -> Diagnostic {
    let place = Span::whole(sources.add(path.display().to_string(), ""));
    let what = if path.join(INDEX_FILE).is_file() {
        "was written by `kaito-render`"
    } else {
        "holds a Helm chart"
    };
    Diagnostic::new(
        &rule::FOLDER_PASSED_OVER,
        place,
        format!("the folder {what}, and is passed over"),
    )
    .hint("name the folder of the sources, or files outright")
}

fn walk_error(root: &Path, error: &walkdir::Error, sources: &mut Sources) -> Diagnostic {
    let path = error.path().unwrap_or(root);
    let place = Span::whole(sources.add(path.display().to_string(), ""));
    if let Some(ancestor) = error.loop_ancestor() {
        let message = format!(
            "a loop: this symbolic link leads back to `{}`",
            ancestor.display()
        );
        return Diagnostic::new(&rule::UNREADABLE, place, message)
            .hint("remove the link, or name the folders you mean");
    }
    let reason = error
        .io_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    Diagnostic::new(&rule::UNREADABLE, place, format!("can't be read: {reason}"))
}

/// The name under which a path of the command line is shown.
#[must_use]
pub fn name(path: &Path) -> String {
    if is_stdin(path) {
        STDIN.to_owned()
    } else {
        path.display().to_string()
    }
}

/// Reads one file, or standard input for `-`. What stands in the way is a finding.
pub fn read_file(
    path: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    let bytes = read_or_report(path, sources, diagnostics)?;
    text::keep(text(path, bytes, &mut Folders::new()), sources, diagnostics)
}

/// Folders with their paths without links. Each is looked up once, however many files lie in it.
type Folders = BTreeMap<PathBuf, Option<PathBuf>>;

fn text(path: &Path, bytes: Vec<u8>, folders: &mut Folders) -> Text {
    Text {
        name: name(path),
        path: location(path, folders),
        bytes,
    }
}

/// The path of a file whose folder is free of links.
fn location(path: &Path, folders: &mut Folders) -> Option<PathBuf> {
    if is_stdin(path) {
        return None;
    }
    let folder = path
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    if !folders.contains_key(folder) {
        folders.insert(folder.to_owned(), fs::canonicalize(folder).ok());
    }
    Some(folders.get(folder)?.as_ref()?.join(path.file_name()?))
}

fn read_or_report(
    path: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<u8>> {
    read(path)
        .map_err(|error| {
            let place = Span::whole(sources.add(name(path), ""));
            diagnostics.report(Diagnostic::new(
                &rule::UNREADABLE,
                place,
                format!("can't be read: {error}"),
            ));
        })
        .ok()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if is_stdin(path) {
        io::stdin()
            .lock()
            .take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)?;
    } else {
        File::open(path)?
            .take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Looks for a file from a folder upward to the root of the Git repository; outside of one, in that
/// folder alone.
#[must_use]
pub fn find_upward(start: &Path, name: &str) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    let root = start
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(&start)
        .to_owned();
    let mut folders = start
        .ancestors()
        .take_while(|folder| folder.starts_with(&root));
    folders
        .find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
        .map(|path| relative(&path))
}

/// A path as people would write it: from the working folder, if it is inside of that.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    here.ok()
        .and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path)
        .to_owned()
}

/// Lays the presets and templates of a folder over a library, file by file.
///
/// # Errors
///
/// If there are none, or one can't be read.
pub fn lay_library(folder: &Path, library: &mut Library) -> Result<(), LoadError> {
    let parts: Vec<_> = ["presets", "templates"]
        .iter()
        .filter(|part| folder.join(part).is_dir())
        .collect();
    if parts.is_empty() {
        return Err(LoadError::NoLibrary(folder.to_owned()));
    }
    for entry in parts.iter().flat_map(|part| {
        WalkDir::new(folder.join(part))
            .follow_links(true)
            .sort_by_file_name()
    }) {
        let unreadable = |error: io::Error| LoadError::Unreadable(folder.to_owned(), error);
        let entry = entry.map_err(|error| unreadable(error.into()))?;
        let path = entry.path();
        if entry.file_type().is_file()
            && path
                .extension()
                .is_some_and(|extension| extension == "yaml")
        {
            let bytes =
                read(path).map_err(|error| LoadError::Unreadable(path.to_owned(), error))?;
            let text = String::from_utf8(bytes)
                .map_err(|error| LoadError::Unreadable(path.to_owned(), io::Error::other(error)))?;
            library.lay(inside(folder, path), path.display().to_string(), text);
        }
    }
    Ok(())
}

/// A path in a library: relative, with slashes.
fn inside(folder: &Path, path: &Path) -> String {
    let steps = path
        .strip_prefix(folder)
        .unwrap_or(path)
        .iter()
        .map(|step| step.to_string_lossy());
    steps.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::{LoadError, find_upward, load};
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input::{Document, Reach};

    const WORKSPACE: &str =
        "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {name: NAME}\n";

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn load_all(paths: &[PathBuf]) -> (Vec<Document>, Diagnostics) {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let documents = load(paths, Reach::Input, &mut sources, &mut diagnostics).unwrap();
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
        let folder = folder(&[
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
            (".hidden.yaml", &workspace("hidden")),
            (".git/x.yaml", &workspace("git")),
            ("chart/Chart.yaml", "name: chart\n"),
            ("chart/templates/x.yaml", &workspace("chart")),
            ("out/.kaito-render.json", "{}"),
            ("out/x.yaml", &workspace("out")),
        ]);
        let (documents, diagnostics) = load_all(&[folder.path().to_owned()]);
        assert_eq!(names(&documents), ["a", "a2", "b", "c"]);
        assert!(diagnostics.is_empty());
        assert!(documents.iter().all(|document| !document.named));
    }

    #[test]
    fn a_file_is_read_once_and_being_named_counts() {
        let folder = folder(&[("a.yaml", &workspace("a")), ("b.yaml", &workspace("b"))]);
        let file = folder.path().join("a.yaml");
        let (documents, _) = load_all(&[
            folder.path().to_owned(),
            file.clone(),
            folder.path().join("./a.yaml"),
            file,
        ]);
        assert_eq!(names(&documents), ["a", "b"]);
        assert!(documents[0].named && !documents[1].named);
    }

    #[test]
    fn lists_are_taken_apart() {
        let list = "apiVersion: v1\nkind: List\nitems:\n- {metadata: {name: a}}\n- apiVersion: kaito.sh/v1alpha1\n  kind: WorkspaceList\n  items: [{metadata: {name: b}}]\n";
        let folder = folder(&[("list.yaml", list)]);
        assert_eq!(
            names(&load_all(&[folder.path().join("list.yaml")]).0),
            ["a", "b"]
        );
    }

    #[test]
    fn files_that_have_nothing_to_do_with_kaito_are_passed_over() {
        let folder = folder(&[
            ("helm.yaml", "{{- if .Values.x }}\na: 1\n"),
            ("other.yaml", "on: push\n"),
            ("broken.yaml", "apiVersion: kaito.sh/v1alpha1\nkind: [\n"),
        ]);
        let (_, diagnostics) = load_all(&[folder.path().to_owned()]);
        assert_eq!(rules(&diagnostics), ["KR003", "KR007"]);
        let (_, diagnostics) = load_all(&[
            folder.path().join("helm.yaml"),
            folder.path().join("other.yaml"),
        ]);
        assert_eq!(rules(&diagnostics), ["KR003", "KR006"]);
    }

    #[test]
    fn what_is_no_text_and_no_input_is_only_noted() {
        let folder = folder(&[("charts/Chart.yaml", "name: c\n")]);
        fs::write(folder.path().join("blob.yaml"), b"\x00\xff\xfe").unwrap();
        fs::write(
            folder.path().join("kaito.yaml"),
            b"apiVersion: kaito.sh/v1alpha1\n# \xff\n",
        )
        .unwrap();
        let (_, diagnostics) = load_all(&[folder.path().to_owned()]);
        assert_eq!(rules(&diagnostics), ["KR007", "KR002"]);
        let (_, diagnostics) = load_all(&[folder.path().join("charts")]);
        assert_eq!(rules(&diagnostics), ["KR009"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_where_they_stand() {
        let folder = folder(&[]);
        let path = folder.path().join("a.yaml");
        fs::write(&path, b"a: \xc3\xa9\nb: \xff\n").unwrap();
        let (_, diagnostics) = load_all(&[path]);
        assert_eq!(rules(&diagnostics), ["KR002"]);
        assert_eq!(diagnostics.as_slice()[0].place.unwrap().start, 9);
    }

    #[test]
    fn marks_carriage_returns_and_empty_files_are_fine() {
        let crlf = format!("\u{feff}{}", workspace("a").replace('\n', "\r\n"));
        let folder = folder(&[
            ("a.yaml", &crlf),
            ("empty.yaml", ""),
            ("comment.yaml", "# nothing\n"),
        ]);
        let (documents, diagnostics) = load_all(&[folder.path().to_owned()]);
        assert_eq!(
            (names(&documents), diagnostics.as_slice()),
            (vec!["a"], &[][..])
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        let folder = folder(&[("real/a.yaml", &workspace("a"))]);
        let link = |from: &str, to: &Path| {
            std::os::unix::fs::symlink(to, folder.path().join(from)).unwrap();
        };
        link("real/loop", folder.path());
        link("twice", &folder.path().join("real/a.yaml"));
        link("dangling.yaml", Path::new("nowhere"));
        link("README", Path::new("nowhere"));
        link(".#lock.yaml", Path::new("nowhere"));
        let (documents, diagnostics) = load_all(&[folder.path().to_owned()]);
        assert_eq!(names(&documents), ["a"]);
        assert_eq!(rules(&diagnostics), ["KR001", "KR001"]);
        assert!(
            diagnostics
                .iter()
                .any(|diagnostic| diagnostic.message.contains("loop")),
            "{diagnostics:?}"
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_no_finding() {
        let missing = PathBuf::from("no/such/file.yaml");
        let error = load(
            std::slice::from_ref(&missing),
            Reach::Input,
            &mut Sources::default(),
            &mut Diagnostics::default(),
        )
        .unwrap_err();
        assert!(matches!(error, LoadError::Missing(path) if path == missing));
    }

    #[test]
    fn a_search_upward_ends_at_the_root_of_the_repository() {
        let folder = folder(&[
            ("p.yaml", ""),
            ("repo/.git/HEAD", ""),
            ("repo/a/b/x.yaml", ""),
            ("repo/a/p.yaml", ""),
        ]);
        let root = fs::canonicalize(folder.path()).unwrap();
        let find = |start: &str| find_upward(&root.join(start), "p.yaml");
        assert_eq!(find("repo/a/b"), Some(root.join("repo/a/p.yaml")));
        assert_eq!(find("repo"), None);
        assert_eq!(find("."), Some(root.join("p.yaml")));
    }
}
