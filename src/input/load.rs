//! Paths lead to files, and files to documents. Texts are parsed on all cores, and kept in the order
//! of their files.

use std::path::PathBuf;

use super::documents::{self, Added, Document, Parsed, Text};
use super::fences::Language;
use super::known::Known;
use super::tally::Tally;
use super::tree::FileTree;
use super::walk::{Found, Standing};
use super::{DocumentFilter, index, is_rendered, kustomize, walk};
use crate::base::parallel;
use crate::base::progress::Progress;
use crate::base::sources::{Sources, Span};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::limits::INPUT_BYTES;

/// The files that are read before they are parsed. They bound the texts that are kept until it is
/// known that nobody needs them.
const BATCH: usize = 1024;

/// Why a run can't begin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path leads nowhere.
    #[error("`{}` does not exist", .0.display())]
    Missing(PathBuf),
}

/// How documents are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Loader<'a> {
    /// Which documents are kept.
    pub filter: DocumentFilter,
    /// The number of threads to parse with, at least 1. The result is the same for every number.
    pub jobs: usize,
    /// The files of another tree: a file that was found, and has the content of one of them, is not
    /// read, or not parsed. Known is only what that tree has more often than was met here.
    pub known: Option<&'a Known>,
    /// Where the files are counted.
    pub progress: &'a Progress,
}

/// What was loaded from a tree.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The documents, in the order of their files.
    pub documents: Vec<Document>,
    /// What was passed over.
    pub tally: Tally,
}

/// Loads documents on this thread, as [`Loader::load`] does.
///
/// # Errors
///
/// As [`Loader::load`].
pub fn load(
    tree: &dyn FileTree,
    paths: &[PathBuf],
    filter: DocumentFilter,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Document>, LoadError> {
    let loader = Loader {
        filter,
        jobs: 1,
        known: None,
        progress: &Progress::default(),
    };
    let loaded = loader.load(tree, paths, sources, diagnostics)?;
    Ok(loaded.documents)
}

impl Loader<'_> {
    /// Reads the documents that paths lead to in a tree, with the items of lists one by one.
    ///
    /// Directories are walked by name, through symbolic links that stay in the repository, for
    /// files that end in `.yaml`, `.yml` or `.json`. Left out are what is hidden, templates of Helm
    /// charts, and output that an index lists. Of what is found there only KAITO's documents, node
    /// objects, ConfigMaps and Secrets are kept, and a file that can't be parsed is an error only
    /// if it mentions KAITO. [`DocumentFilter::Everything`] keeps all documents, and the output of
    /// a directory that is named; [`DocumentFilter::Delivery`] keeps all documents but output.
    ///
    /// # Errors
    ///
    /// If a path does not exist. What can't be read or parsed is reported as a diagnostic.
    pub fn load(
        self,
        tree: &dyn FileTree,
        paths: &[PathBuf],
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Result<Loaded, LoadError> {
        // Before anything is read: a mistyped path must not give a part of the output.
        if let Some(missing) = paths.iter().find(|path| tree.kind(path).is_err()) {
            return Err(LoadError::Missing(missing.clone()));
        }
        let walked = walk::files(tree, paths, self.filter, sources, diagnostics);
        let mut loaded = Loaded {
            documents: Vec::new(),
            tally: walked.tally,
        };
        let count = walked.files.len();
        let files = match self.filter {
            DocumentFilter::Delivery => {
                kustomize::refuse_all(tree, &walked.files, sources, diagnostics);
                walked.files
            }
            _ => kustomize::without_patches(tree, walked.files, sources, diagnostics),
        };
        loaded.tally.patches += count - files.len();
        self.progress.files.expect(files.len());
        let mut files = files.into_iter();
        let mut is_over = false;
        while !is_over {
            let mut steps = Vec::new();
            for found in files.by_ref().take(BATCH) {
                is_over = sources.bytes_read() > INPUT_BYTES;
                if is_over {
                    steps.push(Step::stop(too_much(tree.name(&found.path), sources)));
                    break;
                }
                steps.push(self.read(tree, &found, &mut loaded.tally, sources));
                self.progress.files.step();
            }
            is_over |= steps.is_empty();
            let mut parsed = Vec::with_capacity(steps.len());
            let parse = |step: Step<Added>| step.parse(sources);
            parallel::ordered(steps, self.jobs, parse, |step| parsed.push(step));
            for step in parsed {
                let (mut documents, found) = loaded.finish(step, self.filter, sources);
                loaded.documents.append(&mut documents);
                diagnostics.absorb(found);
            }
        }
        Ok(loaded)
    }

    /// Reads a file, and takes it as far as that goes without parsing it.
    fn read(
        self,
        tree: &dyn FileTree,
        found: &Found,
        tally: &mut Tally,
        sources: &mut Sources,
    ) -> Step<Added> {
        let may_be_known = !found.named && found.standing == Standing::Input;
        let known = self.known.filter(|_| may_be_known);
        let name = known.and_then(|_| tree.content_name(&found.path));
        let by_name = known.zip(name.as_deref());
        if let Some(length) = by_name.and_then(|(known, name)| known.meet(name)) {
            sources.count(length);
            return Step::nothing();
        }
        let text = match Text::read(tree, &found.path, &found.place, found.linked) {
            Ok(text) => text,
            Err(error) => {
                let name = tree.name(&found.path);
                return Step::stop(documents::unreadable(name, &error, sources));
            }
        };
        let by_content = known.filter(|_| name.is_none());
        if let Some(length) = by_content.and_then(|known| known.meet_content(text.bytes())) {
            sources.count(length);
            return Step::nothing();
        }
        let language = Language::of(&found.path).or_else(|| Language::of_text(text.bytes()));
        if let Some(language) = language.filter(|_| found.named) {
            return match self.filter {
                DocumentFilter::Blocks => Step::Done(documents::blocks(text, language, sources)),
                _ => Step::stop(documents::not_read(text, sources)),
            };
        }
        let output = match &found.standing {
            Standing::Input => None,
            Standing::Output(fingerprints) => output(text.bytes(), fingerprints),
            Standing::Template | Standing::Hidden => {
                tally.hidden += usize::from(found.standing == Standing::Hidden);
                sources.count(text.bytes().len());
                let of_kaito = documents::passed_over(text, &found.standing, sources);
                return of_kaito.map_or_else(Step::nothing, Step::stop);
            }
        };
        tally.output += usize::from(output.is_some());
        if let Some(output) = output.filter(|text| !index::may_hold_workspace(text)) {
            sources.count(output.len());
            return Step::nothing();
        }
        Step::Text {
            is_output: output.is_some(),
            text: Added::new(text, found.named, sources),
        }
    }
}

/// What a file came to: documents, and what was found.
type Read = (Vec<Document>, Diagnostics);

/// A file on its way to documents.
enum Step<T> {
    /// There is nothing to parse, or not any more.
    Done(Read),
    Text {
        text: T,
        /// Whether it is output that still is as it was written.
        is_output: bool,
    },
}

impl<T> Step<T> {
    fn nothing() -> Self {
        Self::Done(Read::default())
    }

    /// Nothing comes of the file, and this says why.
    fn stop(diagnostic: Diagnostic) -> Self {
        let mut found = Diagnostics::default();
        found.report(diagnostic);
        Self::Done((Vec::new(), found))
    }
}

impl Step<Added> {
    fn parse(self, sources: &Sources) -> Step<Parsed> {
        match self {
            Self::Done(read) => Step::Done(read),
            Self::Text { text, is_output } => Step::Text {
                text: text.parse(sources),
                is_output,
            },
        }
    }
}

impl Loaded {
    /// Adds what was loaded of another tree.
    pub fn append(&mut self, mut other: Self) {
        self.documents.append(&mut other.documents);
        self.tally.add(other.tally);
    }

    /// The documents of a file, without those of output that are rendered already.
    fn finish(
        &mut self,
        step: Step<Parsed>,
        filter: DocumentFilter,
        sources: &mut Sources,
    ) -> Read {
        let (text, is_output) = match step {
            Step::Done(read) => return read,
            Step::Text { text, is_output } => (text, is_output),
        };
        let (mut documents, found) = text.documents(filter, sources);
        if is_output {
            documents.retain(|document| !is_rendered(&document.node));
        } else if documents.is_empty() && !found.failed_since(0) {
            self.tally.unrelated += 1;
        }
        (documents, found)
    }
}

/// The text of a file that is still as it was written.
fn output<'a>(bytes: &'a [u8], fingerprints: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(bytes).ok()?;
    index::is_known(text, fingerprints).then_some(text)
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
