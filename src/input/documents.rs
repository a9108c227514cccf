//! A text that was read, from wherever, becomes documents.

use std::path::{Path, PathBuf};

use super::encoding::{StandIn, Undecodable, decode, mentions_kaito, names_kind, stand_in};
use super::fences::{self, Language};
use super::index;
use super::kustomize;
use super::links;
use super::suspect::suspect;
use super::tally::Tally;
use super::tree::FileTree;
use super::walk::Standing;
use super::{DocumentFilter, parse, walk};
use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{FileId, Sources, Span};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::annotations::RENDERED;
use crate::vocab::api::{self, RENDER_PREFIX, is_of_karpenter};
use crate::vocab::limits::INPUT_BYTES;
use crate::vocab::{Rendered, kinds};

/// The most bytes of one file.
pub const MAX_FILE: u64 = 256 << 20;

/// The name of standard input in diagnostics.
pub(crate) const STDIN: &str = "<stdin>";

/// Why a run can't begin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path leads nowhere.
    #[error("`{}` does not exist", .0.display())]
    Missing(PathBuf),
}

/// A document of the input.
#[derive(Clone, Debug)]
pub struct Document {
    /// The document as a tree with places.
    pub node: Node,
    /// Whether its file was named, or standard input, rather than found in a directory.
    pub named: bool,
}

/// A file as it was read.
#[derive(Debug)]
struct Text {
    /// Its name in diagnostics.
    name: String,
    /// Where it lies on the disk, if it does.
    path: Option<PathBuf>,
    /// Whether a symbolic link led to it.
    linked: bool,
    bytes: Vec<u8>,
}

/// Reads the documents that paths lead to in a tree, with the items of lists one by one.
///
/// Directories are walked by name, through symbolic links that stay in the repository, for files
/// that end in `.yaml`, `.yml` or `.json`. Left out are what is hidden, templates of Helm charts, and
/// output that an index lists. Of what is found there only KAITO's documents, node objects,
/// ConfigMaps and Secrets are kept, and a file that can't be parsed is an error only if it mentions
/// KAITO. [`DocumentFilter::Everything`] keeps all documents, and the output of a directory that is
/// named.
///
/// # Errors
///
/// If a path does not exist. What can't be read or parsed is reported as a diagnostic.
pub fn load(
    tree: &dyn FileTree,
    paths: &[PathBuf],
    filter: DocumentFilter,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Document>, LoadError> {
    let mut tally = Tally::default();
    load_counted(tree, paths, filter, sources, diagnostics, &mut tally)
}

/// As [`load`], and counts what was passed over.
///
/// # Errors
///
/// As [`load`].
pub fn load_counted(
    tree: &dyn FileTree,
    paths: &[PathBuf],
    filter: DocumentFilter,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
    tally: &mut Tally,
) -> Result<Vec<Document>, LoadError> {
    // Before anything is read: a mistyped path must not give a part of the output.
    if let Some(missing) = paths.iter().find(|path| tree.kind(path).is_err()) {
        return Err(LoadError::Missing(missing.clone()));
    }
    let walked = walk::files(tree, paths, filter, sources, diagnostics);
    tally.add(walked.tally);
    let mut loaded = Vec::new();
    let count = walked.files.len();
    let files = kustomize::without_patches(tree, walked.files, sources, diagnostics);
    tally.patches += count - files.len();
    for found in files {
        if sources.bytes_read() > INPUT_BYTES {
            diagnostics.report(too_much(tree.name(&found.path), sources));
            break;
        }
        let text = read(tree, &found.path, &found.place, sources, diagnostics);
        let Some(mut text) = text else { continue };
        text.linked = found.linked;
        let language = Language::of(&found.path).or_else(|| Language::of_text(&text.bytes));
        let language = language.filter(|_| found.named);
        if let Some(language) = language {
            loaded.extend(match filter {
                DocumentFilter::Blocks => blocks(text, language, sources, diagnostics),
                _ => not_read(text, sources, diagnostics),
            });
            continue;
        }
        let output = match &found.standing {
            Standing::Input => None,
            Standing::Output(fingerprints) => output(&text.bytes, fingerprints),
            Standing::Template | Standing::Hidden => {
                tally.hidden += usize::from(found.standing == Standing::Hidden);
                sources.count(text.bytes.len());
                passed_over(text, &found.standing, sources, diagnostics);
                continue;
            }
        };
        tally.output += usize::from(output.is_some());
        if let Some(output) = output.filter(|text| !index::may_hold_workspace(text)) {
            sources.count(output.len());
            continue;
        }
        let is_output = output.is_some();
        let mark = diagnostics.mark();
        let mut documents = documents(text, found.named, filter, sources, diagnostics);
        if is_output {
            documents.retain(|document| !is_rendered(&document.node));
        } else if documents.is_empty() && !diagnostics.failed_since(mark) {
            tally.unrelated += 1;
        }
        loaded.append(&mut documents);
    }
    Ok(loaded)
}

/// The text of a file that is still as it was written.
fn output<'a>(bytes: &'a [u8], fingerprints: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(bytes).ok()?;
    index::is_known(text, fingerprints).then_some(text)
}

/// Warns of a file that is not taken for input by where it is, and has a document of KAITO's.
fn passed_over(
    text: Text,
    standing: &Standing,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    let content = String::from_utf8_lossy(&text.bytes);
    let Some((place, kind)) = names_kind(&content).filter(|_| mentions_kaito(&content)) else {
        return;
    };
    let a_kind = wording::a(kind);
    let (message, hint) = if *standing == Standing::Template {
        let message = format!("{a_kind} in a template of a Helm chart is passed over");
        (message, "check what `helm template` prints")
    } else {
        let message = format!("{a_kind} in a file whose name begins with a dot is passed over");
        (message, "rename the file, or name it on the command line")
    };
    let file = sources.add(text.name, content);
    sources.locate(file, text.path);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let place = Span {
        file,
        start: offset(place.start),
        end: offset(place.end),
    };
    diagnostics.report(Diagnostic::new(&rule::PASSED_OVER, place, message).hint(hint));
}

/// Reads one file that was found rather than named, so that links may not lead out of its
/// repository. What stands in the way is reported.
pub fn read_found(
    tree: &dyn FileTree,
    path: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    if !links::stays_inside(tree, path) {
        diagnostics.report(links::leads_out(tree, path, sources));
        return None;
    }
    read_file(tree, path, sources, diagnostics)
}

/// Reads one file. What stands in the way is reported.
pub fn read_file(
    tree: &dyn FileTree,
    path: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    let text = read(tree, path, &walk::place(tree, path), sources, diagnostics)?;
    add(text, sources)
        .map_err(|unusable| diagnostics.report(unusable.diagnostic))
        .ok()
}

fn read(
    tree: &dyn FileTree,
    path: &Path,
    place: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Text> {
    let name = tree.name(path);
    match tree.read(path) {
        Ok(bytes) => Some(Text {
            name,
            path: tree.location(path, place),
            linked: tree.is_link(path),
            bytes,
        }),
        Err(error) => {
            let place = Span::whole(sources.add(name, ""));
            let message = format!("can't be read: {error}");
            diagnostics.report(Diagnostic::new(&rule::UNREADABLE, place, message));
            None
        }
    }
}

/// The documents of a text, with the items of lists one by one.
///
/// Of a text that was not named only KAITO's documents, node objects, ConfigMaps and Secrets are
/// kept, unless everything is wanted, and that it can't be parsed is an error only if it mentions
/// KAITO. What can't be read or parsed is reported as a diagnostic.
fn documents(
    text: Text,
    named: bool,
    filter: DocumentFilter,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Document> {
    let mut found = Diagnostics::default();
    let (file, nodes, may_be_meant) = match add(text, sources) {
        Ok(file) => {
            let nodes = parse(sources, file, &mut found);
            // By the text, because one that can't be parsed is what this is about.
            let may_be_meant = found.failed_since(0) && mentions_kaito(sources.text(file));
            (Some(file), nodes, may_be_meant)
        }
        Err(unusable) => {
            found.report(unusable.diagnostic);
            (None, Vec::new(), unusable.may_be_meant)
        }
    };
    let matters_anyway = named || may_be_meant;
    if !matters_anyway {
        found = demoted(found);
    }
    let nodes = nodes.into_iter().flat_map(items).filter(|node| {
        named || filter == DocumentFilter::Everything || matters(node) || is_only_read(node)
    });
    let documents: Vec<_> = nodes.map(|node| Document { node, named }).collect();
    if let Some(file) = file.filter(|_| documents.is_empty() && !matters_anyway) {
        found = forget(file, found, sources);
    }
    diagnostics.absorb(found);
    documents
}

/// Drops the text of a file that was passed over, unless it is small and a note shows a line of it.
fn forget(file: FileId, notes: Diagnostics, sources: &mut Sources) -> Diagnostics {
    const SMALL: usize = 1 << 16;
    let is_small = sources.text(file).len() <= SMALL;
    if notes.is_empty() || !is_small {
        sources.forget(file);
    }
    if is_small {
        return notes;
    }
    let whole = |note: Diagnostic| Diagnostic {
        place: Some(Span::whole(file)),
        ..note
    };
    let mut whole_notes = Diagnostics::default();
    whole_notes.extend(notes.into_iter().map(whole));
    whole_notes
}

fn too_much(name: String, sources: &mut Sources) -> Diagnostic {
    let place = Span::whole(sources.add(name, ""));
    let message = format!(
        "the files before this one have more than {} MiB in all, and no more is read",
        INPUT_BYTES >> 20
    );
    Diagnostic::new(&rule::TOO_LARGE, place, message)
        .hint("name the directories that have Workspaces, in several runs if need be")
}

/// A file whose text can't be had.
struct Unusable {
    diagnostic: Diagnostic,
    /// Whether it may hold a document of KAITO's.
    may_be_meant: bool,
}

/// Reports a text that is no input of this command.
fn not_read(text: Text, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Vec<Document> {
    let place = Span::whole(sources.add(text.name, ""));
    let message = "neither YAML nor JSON: only `check` reads the YAML in Markdown and scripts";
    let diagnostic = Diagnostic::new(&rule::SYNTAX, place, message);
    diagnostics.report(diagnostic.hint("put the documents into a file that ends in `.yaml`"));
    Vec::new()
}

/// The documents of KAITO in the blocks of YAML of a text. A block that can't be parsed is an error
/// only if it mentions KAITO: other text may show parts of files.
fn blocks(
    text: Text,
    language: Language,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Document> {
    let file = match add(text, sources) {
        Ok(file) => file,
        Err(unusable) => {
            diagnostics.report(unusable.diagnostic);
            return Vec::new();
        }
    };
    sources.hold_blocks(file);
    let mut nodes = Vec::new();
    for block in fences::blocks(sources, file, language) {
        if block.is_expanded {
            sources.expand(block.place());
        }
        let mut found = Diagnostics::default();
        nodes.extend(block.parse(&mut found).into_iter().flat_map(items));
        if !mentions_kaito(&block.text) {
            found = demoted(found);
        }
        diagnostics.absorb(found);
    }
    let nodes = nodes
        .into_iter()
        .filter(|node| matters(node) || is_only_read(node));
    let named = false;
    nodes.map(|node| Document { node, named }).collect()
}

/// Keeps a text.
fn add(text: Text, sources: &mut Sources) -> Result<FileId, Unusable> {
    let Text {
        name,
        path,
        linked,
        bytes,
    } = text;
    if bytes.len() as u64 > MAX_FILE {
        let may_be_meant = mentions_kaito(&String::from_utf8_lossy(&bytes));
        let place = Span::whole(sources.add(name, ""));
        let message = format!("the file has more than {} MiB", MAX_FILE >> 20);
        let diagnostic = Diagnostic::new(&rule::TOO_LARGE, place, message).hint("split it");
        return Err(Unusable {
            diagnostic,
            may_be_meant,
        });
    }
    let decoded = decode(bytes).map_err(|error| not_utf8(name.clone(), error, sources))?;
    let stand_in = stand_in(&decoded.text);
    let file = sources.add(name, decoded.text);
    sources.locate(file, path);
    if linked || decoded.is_recoded {
        sources.keep(file);
    }
    match stand_in {
        Some(stand_in) => Err(not_there(file, stand_in)),
        None => Ok(file),
    }
}

fn not_utf8(name: String, error: Undecodable, sources: &mut Sources) -> Unusable {
    let file = sources.add(name, error.good);
    let end = u32::try_from(sources.text(file).len()).unwrap_or(u32::MAX);
    let place = Span {
        file,
        start: end,
        end,
    };
    let diagnostic = Diagnostic::new(&rule::NOT_UTF8, place, error.message);
    Unusable {
        diagnostic: diagnostic.hint("save it as UTF-8"),
        may_be_meant: error.mentions_kaito,
    }
}

/// Reports a text that stands in for the file that was meant.
fn not_there(file: FileId, stand_in: StandIn) -> Unusable {
    let (message, hint) = match stand_in {
        StandIn::LfsPointer => (
            "the file is a pointer of Git LFS, and its content is not there",
            "fetch the content with `git lfs pull`",
        ),
        StandIn::LinkTarget => (
            "the file holds a path alone: it is a symbolic link that was checked out as text",
            "check it out with `git config core.symlinks true`, or put the file in its place",
        ),
    };
    let diagnostic = Diagnostic::new(&rule::UNREADABLE, Span::whole(file), message);
    Unusable {
        diagnostic: diagnostic.hint(hint),
        may_be_meant: true,
    }
}

/// One note in place of the diagnostics of a file that has nothing to do with KAITO.
fn demoted(found: Diagnostics) -> Diagnostics {
    let error = found.into_iter().find(Diagnostic::is_error);
    let mut notes = Diagnostics::default();
    if let Some(Diagnostic {
        place: Some(place),
        message,
        ..
    }) = error
    {
        notes.report(Diagnostic::new(
            &rule::NOT_PARSED,
            place,
            format!("file passed over: {message}"),
        ));
    }
    notes
}

/// The items of a List of Kubernetes, however nested; any other document is its own only item.
fn items(mut node: Node) -> Vec<Node> {
    let is_list = node
        .get("kind")
        .and_then(Node::as_str)
        .is_some_and(|kind| kind.ends_with("List"))
        && node.get("apiVersion").and_then(Node::as_str).is_some();
    if is_list
        && let Data::Map(entries) = &mut node.data
        && let Some(entry) = entries.iter_mut().find(|entry| entry.key == "items")
        && let Data::List(items) = &mut entry.value.data
    {
        return std::mem::take(items)
            .into_iter()
            .flat_map(self::items)
            .collect();
    }
    vec![node]
}

/// Whether a document is for Karpenter or gpu-provisioner, or for this compiler, such as a profile.
/// One that was found in a directory is looked at, and not passed on.
fn is_only_read(node: &Node) -> bool {
    let version = node.get("apiVersion").and_then(Node::as_str);
    version.is_some_and(|version| is_of_karpenter(version) || version.starts_with(RENDER_PREFIX))
}

/// Whether a Workspace was written by this compiler, and not edited since so that its annotation can't
/// be read.
#[must_use]
pub fn is_rendered(node: &Node) -> bool {
    let pointer = pointer::to_annotation(RENDERED);
    let annotation = node.find(&pointer).and_then(|found| found.node.as_str());
    annotation.is_some_and(|annotation| Rendered::parse(annotation).is_some())
}

/// Whether a document that was found in a directory can mean anything to this compiler.
#[must_use]
pub fn matters(node: &Node) -> bool {
    let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
    api::is_of_kaito(text("apiVersion"))
        || matches!(text("kind"), kinds::CONFIG_MAP | kinds::SECRET)
        || suspect(node).is_some()
}

#[cfg(test)]
#[cfg(feature = "fs")]
#[expect(clippy::disallowed_methods, reason = "tests write what is read")]
mod tests {
    use std::path::Path;

    use super::load;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input::{Disk, DocumentFilter};
    use crate::vocab::limits::INPUT_BYTES;

    fn loaded(directory: &Path, sources: &mut Sources) -> (usize, Vec<String>) {
        let (filter, paths) = (DocumentFilter::Input, [directory.to_owned()]);
        let mut diagnostics = Diagnostics::default();
        let documents = load(&Disk, &paths, filter, sources, &mut diagnostics).unwrap();
        let messages = diagnostics.iter().map(|found| found.message.clone());
        (documents.len(), messages.collect())
    }

    #[test]
    fn reading_ends_where_the_input_is_too_large() {
        let directory = tempfile::tempdir().unwrap();
        let workspace = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\n";
        for name in ["a.yaml", "b.yaml"] {
            std::fs::write(directory.path().join(name), workspace).unwrap();
        }
        for (before, expected) in [
            (INPUT_BYTES - workspace.len() as u64, 2),
            (INPUT_BYTES, 1),
            (INPUT_BYTES + 1, 0),
        ] {
            let mut sources = Sources::default();
            sources.count(usize::try_from(before).unwrap());
            let (documents, messages) = loaded(directory.path(), &mut sources);
            assert_eq!(documents, expected, "{before}");
            assert_eq!(messages.len(), usize::from(expected < 2), "{messages:?}");
        }
    }

    #[test]
    fn no_text_is_kept_of_what_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let large = "x".repeat(100_000);
        for (name, text) in [
            (
                "other.yaml",
                format!("kind: Pod\napiVersion: v1\nx: {large}\n"),
            ),
            ("broken.yaml", format!("x: {large}\ny: [\n")),
            ("list.yaml", format!("- {large}\n- b\n")),
        ] {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        let mut sources = Sources::default();
        let (documents, messages) = loaded(directory.path(), &mut sources);
        assert_eq!((documents, messages.len()), (0, 1), "{messages:?}");
        let kept: usize = sources.ids().map(|file| sources.text(file).len()).sum();
        assert_eq!(kept, 0);
    }
}
