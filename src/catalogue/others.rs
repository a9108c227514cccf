//! What is known of other releases than the one that compiles, which keeps it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::base::wording;
use crate::catalogue::preset::ReleaseFile;
use crate::vocab::Cloud;

/// What was read of other releases and clouds.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// The other releases of the library, newest first.
    pub(super) releases: OnceLock<Vec<OtherRelease>>,
    /// The instance types of the release itself, then those of the others, each by cloud.
    pub(super) tables: OnceLock<Vec<Table>>,
}

/// What is known of another release than the one that compiles.
#[derive(Debug)]
pub struct OtherRelease {
    /// Its name, such as `0.3`.
    pub name: String,
    /// What it does, as its `release.yaml` says.
    pub file: ReleaseFile,
    /// The names of its models, as their files are called.
    pub(super) models: Vec<String>,
}

/// The names of the instance types that a release has of a cloud.
#[derive(Debug)]
pub(super) struct Table {
    /// None for the release itself.
    pub(super) release: Option<String>,
    pub(super) cloud: Cloud,
    /// The names in lower case.
    pub(super) names: BTreeSet<String>,
}

impl OtherRelease {
    /// What to do to have this release compile a Workspace of an apiVersion, which lacks something
    /// in another one.
    #[must_use]
    pub fn advice(&self, version: &str) -> String {
        let setting = format!("set `release: \"{}\"` in kaito-render.yaml", self.name);
        if self.file.compiles(version) {
            return format!("release {} has it: {setting}", self.name);
        }
        let versions = self.file.api_versions.iter();
        let versions: Vec<_> = versions.map(|version| format!("`{version}`")).collect();
        format!(
            "release {} has it, which compiles only {}: {setting}, and change `apiVersion`",
            self.name,
            wording::and(&versions)
        )
    }

    /// The names by which a Workspace can call its models, with the aliases.
    pub(super) fn model_calls(&self) -> impl Iterator<Item = &str> {
        self.file
            .model_calls(self.models.iter().map(String::as_str))
    }

    /// Whether the release has a model that a Workspace calls by this name.
    pub(super) fn has_model(&self, name: &str) -> bool {
        self.models.contains(&self.file.model_file(name))
    }
}
