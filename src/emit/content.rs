//! What is written to a file or to stdout, piece by piece, because all of it may be more than memory
//! should hold.

use std::io;

use super::{Format, Manifest, Spool};

/// A text in pieces.
pub trait Content {
    /// Hands on one piece after the other, in their order.
    ///
    /// # Errors
    ///
    /// Those of `each`, and if a piece can't be read where it waits.
    fn pieces(&self, each: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()>;
}

impl Content for str {
    fn pieces(&self, each: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        each(self)
    }
}

impl<T: Content + ?Sized> Content for &T {
    fn pieces(&self, each: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        (**self).pieces(each)
    }
}

/// The text of a file of an output directory.
#[derive(Clone, Copy, Debug)]
pub enum FileText<'a> {
    /// That of an object.
    Manifest {
        /// The manifest that the file holds.
        manifest: &'a Manifest,
        /// Where its text is if it is not held.
        spool: &'a dyn Spool,
    },
    /// One that stands for no object.
    Text(&'a str),
}

impl Content for FileText<'_> {
    fn pieces(&self, each: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Manifest { manifest, spool } => each(&manifest.text(*spool)?),
            Self::Text(text) => each(text),
        }
    }
}

/// Manifests as one text, in the order given.
#[derive(Debug)]
pub struct Stream<'a> {
    /// The format that they were written in.
    pub format: Format,
    /// The parts of the stream.
    pub manifests: &'a [Manifest],
    /// Where those of their texts are that are not held.
    pub spool: &'a dyn Spool,
}

impl Content for Stream<'_> {
    fn pieces(&self, each: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let [before, between, behind] = self.format.marks(self.manifests.is_empty());
        for (index, manifest) in self.manifests.iter().enumerate() {
            each(if index == 0 { before } else { between })?;
            each(&manifest.text(self.spool)?)?;
        }
        each(behind)
    }
}
