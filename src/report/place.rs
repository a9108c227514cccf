//! The place of a diagnostic, as other programs read it.

use std::path::{Component, Path, PathBuf};

use crate::base::shown::one_line;
use crate::base::sources::{FileId, Span};
use crate::diagnostic::Diagnostic;
use crate::input::STDIN;
use crate::report::Report;

/// Where a file lies, with forward slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// In the working directory, by its path from there.
    Inside(String),
    /// Elsewhere, by its absolute path.
    Outside(String),
    /// No path: stdin, or a file of a Git revision.
    Nowhere(String),
}

impl Location {
    /// Where the file of a name lies that may be relative to `directory`. No link is followed.
    pub(super) fn of(name: &str, directory: &Path) -> Self {
        if name == STDIN {
            return Self::Nowhere(name.to_owned());
        }
        let mut path = PathBuf::new();
        for component in directory.join(name).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => drop(path.pop()),
                other => path.push(other),
            }
        }
        match path.strip_prefix(directory) {
            Ok(inside) if inside == Path::new("") => Self::Inside(".".to_owned()),
            Ok(inside) => Self::Inside(slashed(inside)),
            Err(_) => Self::Outside(slashed(&path)),
        }
    }

    /// The path as it is shown, with slashes.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Inside(path) | Self::Outside(path) | Self::Nowhere(path) => path,
        }
    }
}

pub(super) fn slashed(path: &Path) -> String {
    path.display()
        .to_string()
        .replace(std::path::MAIN_SEPARATOR, "/")
}

/// A report as a program sees it that shows files by their paths from a directory.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) report: &'a Report,
    /// The directory that paths are shown from, as an absolute path.
    pub(super) directory: &'a Path,
}

impl View<'_> {
    /// Where a file lies.
    pub(super) fn location(self, file: FileId) -> Location {
        match self.report.name(file) {
            name if self.report.is_nowhere(file) => Location::Nowhere(name.to_owned()),
            name => Location::of(name, self.directory),
        }
    }

    /// The start of a place, on one line, as `path:line:column`.
    pub(super) fn start(self, place: Span) -> String {
        let [position, _] = self.report.positions(place);
        format!(
            "{}:{}:{}",
            one_line(self.location(place.file).as_str()),
            position.line,
            position.column
        )
    }

    /// The message and the hint of a diagnostic, and a line for each other place; what is no text
    /// is escaped.
    pub(super) fn details(self, diagnostic: &Diagnostic) -> String {
        let also = diagnostic.also.iter();
        let also = also.map(|label| format!("{}: {}", self.start(label.span), label.text));
        let lines = std::iter::once(diagnostic.text()).chain(also);
        let lines: Vec<_> = lines.map(|line| one_line(&line).into_owned()).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Location;

    #[test]
    fn paths_are_told_from_the_working_directory() {
        let inside = |path: &str| Location::Inside(path.to_owned());
        let outside = |path: &str| Location::Outside(path.to_owned());
        for (name, expected) in [
            ("a/b.yaml", inside("a/b.yaml")),
            ("./a//b.yaml", inside("a/b.yaml")),
            ("a/../b.yaml", inside("b.yaml")),
            ("../work/a.yaml", inside("a.yaml")),
            ("/home/work/a.yaml", inside("a.yaml")),
            (".", inside(".")),
            ("../a.yaml", outside("/home/a.yaml")),
            ("../../../../a.yaml", outside("/a.yaml")),
            ("/home/workshop/a.yaml", outside("/home/workshop/a.yaml")),
            ("<stdin>", Location::Nowhere("<stdin>".to_owned())),
        ] {
            assert_eq!(
                Location::of(name, Path::new("/home/work")),
                expected,
                "{name}"
            );
        }
    }
}
