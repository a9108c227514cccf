//! Where findings are, as other programs are told.

use std::path::{Component, Path, PathBuf};

use crate::base::sources::{FileId, Span};
use crate::input::STDIN;
use crate::report::Report;

/// Where a file lies, with forward slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// In the working folder, by its path from there.
    Inside(String),
    /// Elsewhere, by its absolute path.
    Outside(String),
    /// Nowhere: it came through standard input, or is of a revision of Git.
    Nowhere(String),
}

impl Whereabouts {
    /// Where the file of a name lies that may be relative to `folder`. No link is followed.
    pub(super) fn of(name: &str, folder: &Path) -> Self {
        if name == STDIN {
            return Self::Nowhere(name.to_owned());
        }
        let mut path = PathBuf::new();
        for component in folder.join(name).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => drop(path.pop()),
                other => path.push(other),
            }
        }
        match path.strip_prefix(folder) {
            Ok(inside) if inside == Path::new("") => Self::Inside(".".to_owned()),
            Ok(inside) => Self::Inside(slashed(inside)),
            Err(_) => Self::Outside(slashed(&path)),
        }
    }

    /// As text.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Inside(path) | Self::Outside(path) | Self::Nowhere(path) => path,
        }
    }
}

fn slashed(path: &Path) -> String {
    path.display()
        .to_string()
        .replace(std::path::MAIN_SEPARATOR, "/")
}

impl Report<'_> {
    /// Where a file lies.
    pub(super) fn whereabouts(&self, file: FileId) -> Whereabouts {
        match self.sources.name(file) {
            name if self.sources.is_nowhere(file) => Whereabouts::Nowhere(name.to_owned()),
            name => Whereabouts::of(name, self.folder),
        }
    }

    /// The start of a place, as `path:line:column`.
    pub(super) fn start(&self, place: Span) -> String {
        let position = self.sources.position(place.file, place.start);
        format!(
            "{}:{}:{}",
            self.whereabouts(place.file).as_str(),
            position.line,
            position.column
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Whereabouts;

    #[test]
    fn paths_are_told_from_the_working_folder() {
        let inside = |path: &str| Whereabouts::Inside(path.to_owned());
        let outside = |path: &str| Whereabouts::Outside(path.to_owned());
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
            ("<stdin>", Whereabouts::Nowhere("<stdin>".to_owned())),
        ] {
            assert_eq!(
                Whereabouts::of(name, Path::new("/home/work")),
                expected,
                "{name}"
            );
        }
    }
}
