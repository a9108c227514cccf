//! A text that was read, from wherever, becomes documents.

use std::io;
use std::path::{Path, PathBuf};

use super::encoding::{StandIn, Undecodable, decode, mentions_kaito, names_kind, stand_in};
use super::fences::{self, Language};
use super::links;
use super::suspect::suspect;
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
use crate::vocab::{Rendered, kinds};

/// The most bytes of one file.
pub const MAX_FILE: u64 = 256 << 20;

/// The name of standard input in diagnostics.
pub(crate) const STDIN: &str = "<stdin>";

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
pub(super) struct Text {
    /// Its name in diagnostics.
    name: String,
    /// Where it lies on the disk, if it does.
    path: Option<PathBuf>,
    /// Where it lies in its tree; none for a stream.
    place: Option<PathBuf>,
    /// Whether a symbolic link led to it.
    linked: bool,
    bytes: Vec<u8>,
}

/// Warns of a file that is not taken for input by where it is, and has a document of KAITO's.
pub(super) fn passed_over(
    text: Text,
    standing: &Standing,
    sources: &mut Sources,
) -> Option<Diagnostic> {
    let content = String::from_utf8_lossy(&text.bytes);
    let (place, kind) = names_kind(&content).filter(|_| mentions_kaito(&content))?;
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
    Some(Diagnostic::new(&rule::PASSED_OVER, place, message).hint(hint))
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
    let text = Text::read(tree, path, &walk::place(tree, path), tree.is_link(path));
    let text =
        text.map_err(|error| diagnostics.report(unreadable(tree.name(path), &error, sources)));
    add(text.ok()?, sources)
        .map_err(|unusable| diagnostics.report(unusable.diagnostic))
        .ok()
}

impl Text {
    /// Reads one file. `place` is where it lies without links, and `linked` whether a link led
    /// there.
    pub(super) fn read(
        tree: &dyn FileTree,
        path: &Path,
        place: &Path,
        linked: bool,
    ) -> io::Result<Self> {
        Ok(Self {
            bytes: tree.read(path)?,
            name: tree.name(path),
            path: tree.location(path, place),
            place: (!tree.is_stream(path)).then(|| tree.top().join(place)),
            linked,
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Says that a file can't be read.
pub(super) fn unreadable(name: String, error: &io::Error, sources: &mut Sources) -> Diagnostic {
    let place = Span::whole(sources.add(name, ""));
    Diagnostic::new(&rule::UNREADABLE, place, format!("can't be read: {error}"))
}

/// A text as it was kept, or what stands in the way.
#[derive(Debug)]
pub(super) struct Added {
    file: Result<FileId, Unusable>,
    /// Whether its file was named.
    named: bool,
}

/// A text as it was parsed.
#[derive(Debug)]
pub(super) struct Parsed {
    file: Option<FileId>,
    named: bool,
    nodes: Vec<Node>,
    /// What was found in it.
    found: Diagnostics,
    /// Whether it can't be parsed and may hold a document of KAITO's.
    may_be_meant: bool,
}

impl Added {
    pub(super) fn new(text: Text, named: bool, sources: &mut Sources) -> Self {
        let file = add(text, sources);
        Self { file, named }
    }

    pub(super) fn parse(self, sources: &Sources) -> Parsed {
        let mut found = Diagnostics::default();
        let (file, nodes, may_be_meant) = match self.file {
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
        Parsed {
            file,
            named: self.named,
            nodes,
            found,
            may_be_meant,
        }
    }
}

impl Parsed {
    /// The documents, with the items of lists one by one.
    ///
    /// Of a text that was not named only KAITO's documents, node objects, ConfigMaps and Secrets
    /// are kept, unless everything is wanted, and that it can't be parsed is an error only if it
    /// mentions KAITO.
    pub(super) fn documents(
        self,
        filter: DocumentFilter,
        sources: &mut Sources,
    ) -> (Vec<Document>, Diagnostics) {
        let (named, mut found) = (self.named, self.found);
        let all = [DocumentFilter::Everything, DocumentFilter::Delivery].contains(&filter);
        let matters_anyway = named || self.may_be_meant || filter == DocumentFilter::Delivery;
        if !matters_anyway {
            found = demoted(found);
        }
        let nodes = self
            .nodes
            .into_iter()
            .flat_map(items)
            .filter(|node| named || all || matters(node) || is_only_read(node));
        let documents: Vec<_> = nodes.map(|node| Document { node, named }).collect();
        if let Some(file) = self
            .file
            .filter(|_| documents.is_empty() && !matters_anyway)
        {
            found = forget(file, found, sources);
        }
        (documents, found)
    }
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

/// A file whose text can't be had.
#[derive(Debug)]
struct Unusable {
    diagnostic: Diagnostic,
    /// Whether it may hold a document of KAITO's.
    may_be_meant: bool,
}

/// Reports a text that is no input of this command.
pub(super) fn not_read(text: Text, sources: &mut Sources) -> Diagnostic {
    let place = Span::whole(sources.add(text.name, ""));
    let message = "neither YAML nor JSON: only `check` reads the YAML in Markdown and scripts";
    let diagnostic = Diagnostic::new(&rule::SYNTAX, place, message);
    diagnostic.hint("put the documents into a file that ends in `.yaml`")
}

/// The documents of KAITO in the blocks of YAML of a text. A block that can't be parsed is an error
/// only if it mentions KAITO: other text may show parts of files.
pub(super) fn blocks(
    text: Text,
    language: Language,
    sources: &mut Sources,
) -> (Vec<Document>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let file = match add(text, sources) {
        Ok(file) => file,
        Err(unusable) => {
            diagnostics.report(unusable.diagnostic);
            return (Vec::new(), diagnostics);
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
    let documents = nodes.map(|node| Document { node, named });
    (documents.collect(), diagnostics)
}

/// Keeps a text.
fn add(text: Text, sources: &mut Sources) -> Result<FileId, Unusable> {
    let Text {
        name,
        path,
        place,
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
    if let Some(place) = place {
        sources.place_at(file, place);
    }
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
