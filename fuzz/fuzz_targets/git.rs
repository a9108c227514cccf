//! Any files are read from a Git revision without a panic, nothing but these is, and without symbolic links they are the
//! documents that the same files are in memory. Each file begins with a line such as `=== file a/b.yaml`, or `link`.
#![no_main]

/// A part of the program: how it reads a repository.
#[path = "../../src/cli"]
mod cli {
    #[expect(dead_code, reason = "only a tree is looked at")]
    mod repository;

    use kaito_render::input::FileTree;
    use repository::Repository;
    use std::path::PathBuf;

    /// The files of the branch `main`.
    pub fn tree(root: PathBuf) -> impl FileTree {
        let repository = Repository::open(root).expect("the repository is whole");
        repository.tree("main").expect("the branch is there")
    }
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{fs, io::Write};

use kaito_render::base::node::Node;
use kaito_render::base::sources::Sources;
use kaito_render::diagnostic::Diagnostics;
use kaito_render::input::{self, DocumentFilter, FileTree, MemoryTree};
use libfuzzer_sys::fuzz_target;

/// The top of the working tree.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = std::env::temp_dir().join(format!("fuzz-git-{}", std::process::id()));
    fs::create_dir_all(&root).expect("there is room");
    let root = root.canonicalize().expect("it was made");
    let made = Command::new("git").args(["init", "-q"]).arg(&root).status();
    assert!(made.expect("Git is there").success());
    root
});

/// A file of a revision: whether it is a symbolic link, and its content or target.
struct File<'a> {
    is_link: bool,
    content: &'a str,
}

fuzz_target!(|text: &str| {
    let files = files(text);
    if files.is_empty() || !commit(&files) {
        return;
    }
    let tree = cli::tree(ROOT.clone());
    for path in files.keys() {
        let (_, _, _) = (tree.kind(path), tree.list(path), tree.identity(path));
        if let Ok(bytes) = tree.read(path) {
            let is_known = |file: &File| !file.is_link && file.content.as_bytes() == bytes;
            assert!(files.values().any(is_known), "{}", path.display());
        }
    }
    let (read, messages) = load(&tree);
    if files.values().any(|file| file.is_link) {
        return;
    }
    let texts = files
        .iter()
        .map(|(path, file)| (path.clone(), file.content));
    assert_eq!((read, messages), load(&MemoryTree::new(texts)));
});

/// Whether Git and a tree in memory take a path for the same.
fn is_plain(path: &str) -> bool {
    let is_name = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.split('/').all(is_name) && !path.contains('\0')
}

/// The files that a text describes.
fn files(text: &str) -> BTreeMap<PathBuf, File<'_>> {
    let text = text.strip_prefix("=== ").unwrap_or_default();
    let files = text.split("\n=== ").filter_map(|text| {
        let (header, content) = text.split_once('\n').unwrap_or((text, ""));
        let (kind, path) = header.split_once(' ').filter(|(_, path)| is_plain(path))?;
        let is_link = kind == "link";
        Some((PathBuf::from(path), File { is_link, content }))
    });
    let files: BTreeMap<_, _> = files.collect();
    let is_below = |path: &Path| {
        path.ancestors()
            .skip(1)
            .any(|above| files.contains_key(above))
    };
    if files.keys().any(|path| is_below(path)) {
        return BTreeMap::new();
    }
    files
}

/// Makes the files the only ones of the branch; false if Git refuses their names.
fn commit(files: &BTreeMap<PathBuf, File>) -> bool {
    let mut stream = "commit refs/heads/main\ncommitter a <a@example> 0 +0000\ndata 0\n".to_owned();
    for (path, File { is_link, content }) in files {
        let mode = if *is_link { "120000" } else { "100644" };
        let path = path.display().to_string();
        let path = path.replace('\\', "\\\\").replace('"', "\\\"");
        let length = content.len();
        stream += &format!("M {mode} inline \"{path}\"\ndata {length}\n{content}\n");
    }
    let mut command = Command::new("git");
    command.args(["fast-import", "--quiet", "--force"]);
    command.current_dir(&*ROOT).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut git = command.spawn().expect("Git is there");
    // It ends early where it refuses a name.
    let _ = git
        .stdin
        .take()
        .expect("it is piped")
        .write_all(stream.as_bytes());
    git.wait().expect("it runs").success()
}

/// The documents of a tree, and what is found on the way.
fn load(tree: &dyn FileTree) -> (Vec<serde_json::Value>, Vec<String>) {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let paths = [PathBuf::new()];
    let filter = DocumentFilter::Input;
    let documents = input::load(tree, &paths, filter, &mut sources, &mut diagnostics);
    let documents = documents.unwrap_or_default();
    let values = documents
        .iter()
        .map(|document| Node::to_value(&document.node));
    let messages = diagnostics.iter().map(|found| found.message.clone());
    (values.collect(), messages.collect())
}
