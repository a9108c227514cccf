//! What was passed over on the way to the documents.

/// How much of the input was passed over, by why it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Helm charts, whose templates were passed over.
    pub charts: usize,
    /// Files that an index lists as output.
    pub output: usize,
    /// Files whose names begin with a dot.
    pub hidden: usize,
    /// Files in which nothing is KAITO's, or of use to it.
    pub unrelated: usize,
}
