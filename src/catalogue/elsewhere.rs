//! What a release lacks and another one has, or another cloud.
//!
//! The files of other releases are read only when something was not found, once for all that is not,
//! and what is wrong with them is not this run's concern.

use std::collections::BTreeSet;

use crate::base::similar;
use crate::catalogue::others::{OtherRelease, Table};
use crate::catalogue::preset::InstanceTypes;
use crate::catalogue::release::Release;
use crate::session::Session;
use crate::vocab::{Cloud, Provisioner};

/// Where an instance type is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherTable {
    /// The lines of a profile that choose it, such as `` `cloud: aws` ``.
    pub settings: String,
    /// What has it, such as `AWS` or `release 0.3`.
    pub holder: String,
}

impl Release<'_> {
    /// The other releases of the library, newest first, as far as they can be read.
    #[must_use]
    pub fn others(&self) -> &[OtherRelease] {
        self.elsewhere.releases.get_or_init(|| {
            let others = self.other_releases().map(|other| OtherRelease {
                models: other.model_names().into_iter().map(str::to_owned).collect(),
                name: other.name,
                file: other.file,
            });
            others.collect()
        })
    }

    fn other_releases(&self) -> impl Iterator<Item = Release<'_>> {
        let mut session = Session::default();
        let names = self.library.releases().into_iter().rev();
        names
            .filter(|name| *name != self.name)
            .filter_map(move |name| Release::load(self.library, name, &mut session).ok())
    }

    /// What to do about a model that this release lacks and another one has; `is_same` asks for one
    /// that compiles the same apiVersion.
    #[must_use]
    pub fn model_elsewhere(&self, name: &str, version: &str, is_same: bool) -> Option<String> {
        let has = |other: &&OtherRelease| {
            other.has_model(name) && (!is_same || other.file.compiles(version))
        };
        Some(self.others().iter().find(has)?.advice(version))
    }

    /// A model of another release that compiles the same apiVersion, whose name is spelt alike.
    #[must_use]
    pub fn alike_elsewhere(&self, name: &str, version: &str) -> Option<String> {
        let others = self.others().iter();
        let mut others = others.filter(|other| other.file.compiles(version));
        others.find_map(|other| {
            let near = similar::nearest(name, other.model_calls())?;
            Some(format!("did you mean `{near}`? {}", other.advice(version)))
        })
    }

    /// What to do about a provisioner whose node objects another release has.
    #[must_use]
    pub fn provisioner_elsewhere(&self, wanted: Provisioner, version: &str) -> Option<String> {
        let mut others = self.others().iter();
        let other = others.find(|other| other.file.node_objects.contains_key(&wanted))?;
        Some(other.advice(version))
    }

    /// What to do about a cloud of which another release has instance types.
    #[must_use]
    pub fn cloud_elsewhere(&self, wanted: Cloud, version: &str) -> Option<String> {
        let has = |other: &&OtherRelease| {
            let tables = self.tables().iter();
            let mut tables =
                tables.filter(|table| table.cloud == wanted && !table.names.is_empty());
            tables.any(|table| table.release.as_ref() == Some(&other.name))
        };
        Some(self.others().iter().find(has)?.advice(version))
    }

    /// Another cloud or release that knows an instance type, in any case: a cloud of this release
    /// before another release that compiles the apiVersion, and the cloud of the profile before the
    /// others of that release. Not Azure Arc, where nothing creates nodes.
    #[must_use]
    pub fn instance_type_elsewhere(
        &self,
        name: &str,
        cloud: Cloud,
        version: &str,
    ) -> Option<OtherTable> {
        let name = name.to_lowercase();
        let compiles = |name: &String| {
            let mut others = self.others().iter();
            others.any(|other| other.name == *name && other.file.compiles(version))
        };
        let is_other = |table: &&Table| match &table.release {
            Some(release) => compiles(release),
            None => table.cloud != cloud,
        };
        let tables = self.tables().iter().filter(is_other);
        let tables = tables.filter(|table| table.cloud != Cloud::Arc);
        let mut found = tables.filter(|table| table.names.contains(&name));
        let first = found.next()?;
        let mut of_same = found.take_while(|table| table.release == first.release);
        let Table {
            release,
            cloud: other,
            ..
        } = of_same.find(|table| table.cloud == cloud).unwrap_or(first);
        let setting = format!("`cloud: {}`", other.name());
        let Some(release) = release else {
            let holder = other.title().to_owned();
            return Some(OtherTable {
                settings: setting,
                holder,
            });
        };
        let of_release = format!("`release: \"{release}\"`");
        Some(OtherTable {
            settings: if *other == cloud {
                of_release
            } else {
                format!("{of_release} and {setting}")
            },
            holder: format!("release {release}"),
        })
    }

    fn tables(&self) -> &[Table] {
        self.elsewhere.tables.get_or_init(|| {
            let own = self.tables_of(None);
            let others = self.other_releases();
            let others = others.flat_map(|other| other.tables_of(Some(&other.name)));
            own.into_iter().chain(others).collect()
        })
    }

    fn tables_of(&self, release: Option<&str>) -> [Table; Cloud::ALL.len()] {
        Cloud::ALL.map(|cloud| Table {
            release: release.map(str::to_owned),
            cloud,
            names: self.names_of(cloud),
        })
    }

    /// The names of the instance types of a cloud that can be had, in lower case.
    fn names_of(&self, cloud: Cloud) -> BTreeSet<String> {
        let path = self.instance_types_path(cloud);
        let types: Option<InstanceTypes> = self.read_file(&path, &mut Session::default());
        let types = types.iter().flatten();
        let usable = types.filter(|(_, instance)| instance.can_be_had());
        usable.map(|(name, _)| name.to_lowercase()).collect()
    }
}
