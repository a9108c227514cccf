//! What a release lacks and another one has, or another cloud.
//!
//! The files of other releases are read only when something was not found, and what is wrong with
//! them is not this run's concern.

use crate::base::{similar, wording};
use crate::catalogue::preset::{InstanceTypes, Models};
use crate::catalogue::release::Release;
use crate::session::Session;
use crate::vocab::Cloud;

/// Where an instance type is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherTable {
    /// The lines of a profile that choose it, such as `` `cloud: aws` ``.
    pub settings: String,
    /// What has it, such as `AWS` or `release 0.3`.
    pub holder: String,
}

impl<'a> Release<'a> {
    /// The other releases of the library, newest first, as far as they can be read.
    #[must_use]
    pub fn others(&self) -> Vec<Release<'a>> {
        let mut session = Session::default();
        let names = self.library.releases().into_iter().rev();
        names
            .filter(|name| *name != self.name)
            .filter_map(|name| Release::load(self.library, name, &mut session).ok())
            .collect()
    }

    /// Whether the release compiles Workspaces of an apiVersion.
    #[must_use]
    pub fn compiles(&self, version: &str) -> bool {
        self.file.api_versions.iter().any(|known| known == version)
    }

    /// What to do to have this release compile a Workspace of an apiVersion, which lacks something
    /// in another one.
    #[must_use]
    pub fn advice(&self, version: &str) -> String {
        let setting = format!("set `release: \"{}\"` in kaito-render.yaml", self.name);
        if self.compiles(version) {
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

    /// The names by which a Workspace can call a model of this release, with the aliases.
    #[must_use]
    pub fn model_calls(&self) -> Vec<&str> {
        let mut calls: Vec<&str> = self.model_names();
        if matches!(self.models, Models::Hub(_)) {
            calls.extend(self.file.aliases.keys().map(String::as_str));
        }
        calls
    }

    /// Whether the release has a model of this name.
    #[must_use]
    pub fn has_model(&self, name: &str) -> bool {
        let path = self.model_path(&self.file_name(name));
        self.library.get(&path).is_some()
    }

    /// What to do about a model that this release lacks and another one has; `is_same` asks for one
    /// that compiles the same apiVersion.
    #[must_use]
    pub fn model_elsewhere(&self, name: &str, version: &str, is_same: bool) -> Option<String> {
        let others = self.others();
        let has = |other: &&Release| other.has_model(name) && (!is_same || other.compiles(version));
        Some(others.iter().find(has)?.advice(version))
    }

    /// A model of another release that compiles the same apiVersion, whose name is spelt alike.
    #[must_use]
    pub fn alike_elsewhere(&self, name: &str, version: &str) -> Option<String> {
        let others = self.others();
        let mut others = others.iter().filter(|other| other.compiles(version));
        others.find_map(|other| {
            let near = similar::nearest(name, other.model_calls().into_iter())?;
            Some(format!("did you mean `{near}`? {}", other.advice(version)))
        })
    }

    /// Another cloud or release that knows an instance type, in any case.
    #[must_use]
    pub fn instance_type_elsewhere(&self, name: &str, cloud: Cloud) -> Option<OtherTable> {
        let mut session = Session::default();
        let knows = |release: &Release, cloud: Cloud, session: &mut Session| {
            let table = release.instance_type_table(cloud, session);
            table.is_some_and(|table| table.keys().any(|known| known.eq_ignore_ascii_case(name)))
        };
        for other in Cloud::ALL.into_iter().filter(|other| *other != cloud) {
            if knows(self, other, &mut session) {
                return Some(OtherTable {
                    settings: format!("`cloud: {}`", other.name()),
                    holder: other.title().to_owned(),
                });
            }
        }
        for release in self.others() {
            let setting = format!("`release: \"{}\"`", release.name);
            for other in std::iter::once(cloud).chain(Cloud::ALL) {
                if !knows(&release, other, &mut session) {
                    continue;
                }
                let holder = format!("release {}", release.name);
                let settings = if other == cloud {
                    setting
                } else {
                    format!("{setting} and `cloud: {}`", other.name())
                };
                return Some(OtherTable { settings, holder });
            }
        }
        None
    }

    /// The instance types of a cloud, read anew.
    fn instance_type_table(&self, cloud: Cloud, session: &mut Session) -> Option<InstanceTypes> {
        self.read_file(&self.instance_types_path(cloud), session)
    }
}
