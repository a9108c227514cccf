//! Files whose documents are known from another tree, so that only what differs is parsed.
//!
//! Contents are told apart by the names that Git gives to them. So a revision, which knows these
//! names, is not even asked for the contents.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::documents::Document;
use crate::base::hex;
use crate::base::sources::{FileId, Sources};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::annotations::RENDERED;

/// How Git names contents: most repositories by SHA-1, some by SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By SHA-1: 40 hexadecimal digits.
    Sha1,
    /// By SHA-256: 64 hexadecimal digits.
    Sha256,
}

impl Naming {
    /// The naming that a name is of.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name.len() {
            64 => Self::Sha256,
            _ => Self::Sha1,
        }
    }

    /// The name of a content.
    fn name(self, content: &[u8]) -> String {
        let head = format!("blob {}\0", content.len());
        match self {
            Self::Sha1 => hex::of(&digest::<Sha1>(&head, content)),
            Self::Sha256 => hex::of(&digest::<Sha256>(&head, content)),
        }
    }
}

fn digest<D: Digest>(head: &str, content: &[u8]) -> Vec<u8> {
    let digest = D::new().chain_update(head).chain_update(content);
    digest.finalize().to_vec()
}

/// The files that were read of a tree, by their contents.
#[derive(Debug)]
pub struct Known {
    naming: Naming,
    /// The files of each content that were not yet met in the other tree, and its length.
    files: RefCell<BTreeMap<String, (Vec<FileId>, usize)>>,
    met: RefCell<BTreeSet<FileId>>,
}

impl Known {
    /// The files of documents that were found in directories. Left out is a file with an error,
    /// because the other tree's is to be reported, too; and one that may hold rendered output, because
    /// what of it is a document follows from where it is.
    #[must_use]
    pub fn of(
        naming: Naming,
        documents: &[Document],
        sources: &Sources,
        diagnostics: &Diagnostics,
    ) -> Self {
        let errors = diagnostics
            .iter()
            .filter(|found| Diagnostic::is_error(found));
        let broken: BTreeSet<_> = errors.filter_map(|error| Some(error.place?.file)).collect();
        let found = documents.iter().filter(|document| !document.named);
        let ids: BTreeSet<_> = found.map(|document| document.node.span.file).collect();
        let mut files = BTreeMap::<_, (Vec<_>, _)>::new();
        for file in ids.difference(&broken) {
            let text = sources.whole_text(*file);
            if text.contains(RENDERED) {
                continue;
            }
            let (same, length) = files.entry(naming.name(text.as_bytes())).or_default();
            same.push(*file);
            *length = text.len();
        }
        Self {
            naming,
            files: RefCell::new(files),
            met: RefCell::default(),
        }
    }

    /// The files that another tree has as well, each for one file there.
    #[must_use]
    pub fn met(self) -> BTreeSet<FileId> {
        self.met.into_inner()
    }

    /// Meets a file that has this content. Gives its length.
    pub(super) fn meet_content(&self, content: &[u8]) -> Option<usize> {
        self.meet(&self.naming.name(content))
    }

    /// Meets a file that has the content of this name. Gives its length.
    pub(super) fn meet(&self, name: &str) -> Option<usize> {
        let mut files = self.files.borrow_mut();
        let (files, length) = files.get_mut(name)?;
        self.met.borrow_mut().insert(files.pop()?);
        Some(*length)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Known, Naming};
    use crate::base::progress::Progress;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input::{DocumentFilter, Loader, MemoryTree, load};

    #[test]
    fn contents_have_the_names_that_git_gives_them() {
        // `printf 'hello\n' | git hash-object --stdin`, in repositories of both kinds.
        let of = |naming: Naming| naming.name(b"hello\n");
        assert_eq!(of(Naming::Sha1), "ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4";
        assert_eq!(of(Naming::Sha256), sha256);
    }

    fn names(tree: &MemoryTree, known: &Known, sources: &mut Sources) -> Vec<String> {
        let (paths, mut diagnostics) = ([PathBuf::from("d")], Diagnostics::default());
        let loader = Loader {
            filter: DocumentFilter::Input,
            jobs: 1,
            known: Some(known),
            progress: &Progress::default(),
        };
        let loaded = loader.load(tree, &paths, sources, &mut diagnostics);
        let documents = loaded.unwrap().documents;
        let files = documents.iter().map(|document| document.node.span.file);
        files.map(|file| sources.name(file).to_owned()).collect()
    }

    #[test]
    fn each_known_file_is_met_once_wherever_it_is() {
        let workspace = |name: &str| {
            format!("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: {name}}}\n")
        };
        let known = [("d/a.yaml", "a"), ("d/b.yaml", "b")];
        let other = [("d/a.yaml", "a2"), ("d/c.yaml", "b"), ("d/d.yaml", "b")];
        let tree = |files: &[(&str, &str)]| {
            MemoryTree::new(files.iter().map(|(path, name)| (*path, workspace(name))))
        };
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let (paths, filter) = ([PathBuf::from("d")], DocumentFilter::Input);
        let documents = load(
            &tree(&known),
            &paths,
            filter,
            &mut sources,
            &mut diagnostics,
        );
        let documents = documents.unwrap();
        let known = Known::of(Naming::Sha256, &documents, &sources, &diagnostics);
        let read = names(&tree(&other), &known, &mut sources);
        assert_eq!(read, ["d/a.yaml", "d/d.yaml"]);
        let met: Vec<_> = known.met().into_iter().collect();
        assert_eq!(met, [documents[1].node.span.file]);
    }
}
