//! Files and directories that a profile takes out of the input.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use globset::{GlobSet, GlobSetBuilder};

use crate::base::sources::Sources;
use crate::catalogue::globs::glob;
use crate::catalogue::profile::Profile;
use crate::diagnostic::{Diagnostics, rule};

/// What a profile excludes, by paths from its directory.
#[derive(Clone, Debug, Default)]
pub struct Excluded {
    /// The directory of the profile, without symbolic links.
    directory: PathBuf,
    globs: GlobSet,
    /// The files that its overlays name, which are no objects.
    files: BTreeSet<PathBuf>,
}

impl Excluded {
    /// What a profile excludes, and the files that its overlays name, as far as they were read; nothing
    /// if it lies nowhere. A text that is no glob is reported.
    #[must_use]
    pub fn of(profile: &Profile, sources: &Sources, diagnostics: &mut Diagnostics) -> Self {
        let mut globs = GlobSetBuilder::new();
        for (index, text) in profile.exclude.iter().enumerate() {
            let wanted = text.strip_prefix("./").unwrap_or(text);
            match glob(wanted.strip_suffix('/').unwrap_or(wanted)) {
                Ok(glob) => drop(globs.add(glob)),
                Err(message) => {
                    let place = profile.span(&format!("/exclude/{index}"));
                    diagnostics.add(&rule::PROFILE_FIELD, place, message);
                }
            }
        }
        let file = profile.document.as_ref().map(|document| document.span.file);
        let directory = file.and_then(|file| sources.path(file)?.parent());
        let named = sources.named_files();
        let files = named.filter_map(|(_, file)| sources.path(file));
        Self {
            directory: directory.unwrap_or(Path::new("")).to_owned(),
            globs: globs.build().unwrap_or_default(),
            files: files.map(Path::to_owned).collect(),
        }
    }

    /// Whether nothing is excluded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty() && self.files.is_empty()
    }

    /// Whether a file or directory is excluded, given by its path without symbolic links.
    #[must_use]
    pub fn has(&self, place: &Path) -> bool {
        let below = place.strip_prefix(&self.directory);
        below.is_ok_and(|below| self.globs.is_match(below)) || self.files.contains(place)
    }
}
