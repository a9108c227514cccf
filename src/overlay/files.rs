//! The files that overlays name, read with the profile.

use std::path::{Component, Path, PathBuf};

use crate::base::sources::Span;
use crate::catalogue::profile::Profile;
use crate::diagnostic::{Diagnostic, rule};
use crate::input::{self, FileTree, Kind};
use crate::session::Session;

/// Reads the files that the overlays of a profile name. `directory` is that of the profile in the
/// tree. What can't be read is reported at the path.
pub fn read_files(
    profile: &mut Profile,
    tree: &dyn FileTree,
    directory: &Path,
    session: &mut Session,
) {
    let mut files = std::mem::take(&mut profile.files);
    for (index, overlay) in profile.overlays.iter().enumerate() {
        for (number, patch) in overlay.patches.iter().enumerate() {
            let Some(path) = &patch.path else { continue };
            if files.contains_key(path) {
                continue;
            }
            let place = profile.span(&format!("/overlays/{index}/patches/{number}/path"));
            let report = |message: String, hint: &str, session: &mut Session| {
                let reporting = session.diagnostics.add(&rule::OVERLAY_FILE, place, message);
                reporting.hint(hint);
            };
            let Some(inside) = inside(path) else {
                let message = format!("`{path}` leads out of the profile's directory");
                let hint = "put the file into the profile's directory or below it";
                report(message, hint, session);
                continue;
            };
            let file = directory.join(inside);
            if !matches!(tree.kind(&file), Ok(Kind::File)) {
                let message = format!("there is no file `{path}` in the profile's directory");
                report(message, "write its path from there", session);
                continue;
            }
            let mark = session.mark();
            let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
            if let Some(read) = input::read_found(tree, &file, sources, diagnostics) {
                files.insert(path.clone(), read);
            }
            for found in session.diagnostics.split_off(mark) {
                let found = named(found, place);
                session.diagnostics.report(found);
            }
        }
    }
    profile.files = files;
}

/// What is wrong with a file, which the profile names at a place.
fn named(found: Diagnostic, place: Option<Span>) -> Diagnostic {
    match place {
        Some(place) => found.also(place, "the patch that names it"),
        None => found,
    }
}

/// A path that leads to something below a directory, without `.` and `..`.
fn inside(path: &str) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for step in Path::new(path).components() {
        match step {
            Component::Normal(step) => inside.push(step),
            Component::CurDir => {}
            Component::ParentDir if inside.pop() => {}
            _ => return None,
        }
    }
    (inside != Path::new("")).then_some(inside)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::inside;

    #[test]
    fn paths_stay_in_their_directory() {
        for (path, expected) in [
            ("a/b.yaml", Some("a/b.yaml")),
            ("./a/../b.yaml", Some("b.yaml")),
            ("../b.yaml", None),
            ("a/../../b.yaml", None),
            ("/etc/b.yaml", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(inside(path), expected.map(PathBuf::from), "{path}");
        }
    }
}
