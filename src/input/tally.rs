//! What was passed over on the way to the documents.

/// How much of the input was passed over, by why it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Directories that were named.
    pub searched: usize,
    /// Helm charts, whose templates were passed over.
    pub charts: usize,
    /// Files that a kustomization names as patches of Workspaces.
    pub patches: usize,
    /// Files that an index lists as output.
    pub output: usize,
    /// Files, and links, whose names begin with a dot.
    pub hidden: usize,
    /// Directories whose names begin with a dot, but for `.git`.
    pub hidden_directories: usize,
    /// Files in which nothing is KAITO's, or of use to it.
    pub unrelated: usize,
}

impl Tally {
    /// Adds what was passed over elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        self.searched += other.searched;
        self.charts += other.charts;
        self.patches += other.patches;
        self.output += other.output;
        self.hidden += other.hidden;
        self.hidden_directories += other.hidden_directories;
        self.unrelated += other.unrelated;
    }
}
