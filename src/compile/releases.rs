//! The releases of a run: chosen and loaded, with all that the documents need of them, before the
//! first Workspace is compiled.

use std::collections::BTreeMap;

use super::Options;
use crate::base::node::Node;
use crate::base::wording;
use crate::catalogue::library::Library;
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::session::Session;
use crate::vocab::Provisioner;

/// Where a Workspace or an InferenceSet describes its work.
const SECTIONS: [&str; 2] = ["", "/spec/template"];

/// The tuning methods that have a default configuration.
const METHODS: [&str; 2] = ["lora", "qlora"];

/// The releases that were looked at.
#[derive(Debug)]
pub(super) struct Releases<'a> {
    library: &'a Library,
    profile: &'a Profile,
    /// By name.
    loaded: BTreeMap<String, Result<Release<'a>, Reported>>,
    /// The name of the release that compiles an apiVersion.
    chosen: BTreeMap<String, Option<String>>,
}

impl<'a> Releases<'a> {
    /// Chooses and loads what `documents` are compiled with. Of what compiles the `earlier` ones
    /// only release.yaml is read.
    pub(super) fn load<'n>(
        documents: impl Iterator<Item = &'n Node>,
        earlier: impl Iterator<Item = &'n Node>,
        options: &'a Options,
        library: &'a Library,
        session: &mut Session,
    ) -> Self {
        let mut releases = Self {
            library,
            profile: &options.profile,
            loaded: BTreeMap::new(),
            chosen: BTreeMap::new(),
        };
        for document in documents {
            releases.choose(version(document), session);
            let chosen = releases.chosen.get(version(document)).cloned().flatten();
            if let Some(Ok(release)) = chosen.and_then(|name| releases.loaded.get_mut(&name)) {
                load_for(document, release, releases.profile, session);
            }
        }
        for document in earlier {
            releases.choose(version(document), session);
        }
        releases
    }

    /// Chooses the release that compiles an apiVersion: the profile's, or else the oldest.
    fn choose(&mut self, version: &str, session: &mut Session) {
        if self.chosen.contains_key(version) {
            return;
        }
        let library = self.library;
        let candidates = match &self.profile.release {
            Some(name) => vec![name.as_str()],
            None => library.releases(),
        };
        let mut chosen = None;
        for name in candidates {
            let release = self
                .loaded
                .entry(name.to_owned())
                .or_insert_with(|| Release::load(library, name, session));
            if compiles(release, version) {
                chosen = Some(name.to_owned());
                break;
            }
        }
        self.chosen.insert(version.to_owned(), chosen);
    }

    /// The release that compiles a document.
    ///
    /// # Errors
    ///
    /// Where no release compiles its apiVersion.
    pub(super) fn compiling(&self, node: &Node) -> Result<&Release<'a>, Diagnostic> {
        let version = version(node);
        if let Some(Some(name)) = self.chosen.get(version)
            && let Some(Ok(release)) = self.loaded.get(name)
        {
            return Ok(release);
        }
        let message = match &self.profile.release {
            Some(name) => format!("release {name} does not compile `{version}`"),
            None => format!("no release compiles `{version}`"),
        };
        let place = node.at("/apiVersion").span;
        Err(Diagnostic::new(&rule::UNKNOWN_RELEASE, place, message).hint(self.versions()))
    }

    /// The release by which an earlier document was read.
    pub(super) fn reading(&self, node: &Node) -> Option<&Release<'a>> {
        let name = match &self.profile.release {
            Some(name) => name,
            None => self.chosen.get(version(node))?.as_ref()?,
        };
        self.loaded.get(name)?.as_ref().ok()
    }

    fn usable(&self) -> impl Iterator<Item = &Release<'a>> {
        self.loaded.values().flatten()
    }

    fn versions(&self) -> String {
        let versions = self.usable().flat_map(|release| {
            let versions = release.file.api_versions.iter();
            versions.map(|version| format!("`{version}` (release {})", release.name))
        });
        format!("use {}", wording::or(&versions.collect::<Vec<_>>()))
    }

    /// The lines of a profile that choose other node objects than Machines, or keep them.
    pub(super) fn switch(&self) -> String {
        let others = self.usable().flat_map(|release| {
            let provisioners = release.file.node_objects.keys();
            provisioners.map(move |other| (release, *other))
        });
        let mut lines = others
            .filter(|(_, other)| *other != Provisioner::Machine)
            .map(|(release, other)| {
                format!(
                    "`release: \"{}\"` and `provisioner: {}`",
                    release.name,
                    other.name()
                )
            });
        let other = lines
            .next()
            .unwrap_or_else(|| "`provisioner: none`, with nodes of your own,".to_owned());
        format!("in kaito-render.yaml, {other} switch; `provisioner: machine` keeps Machines")
    }
}

fn compiles(release: &Result<Release, Reported>, version: &str) -> bool {
    release.as_ref().is_ok_and(|release| {
        let mut versions = release.file.api_versions.iter();
        versions.any(|known| known == version)
    })
}

/// The apiVersion of a document.
pub(super) fn version(node: &Node) -> &str {
    string(node, "/apiVersion").unwrap_or_default()
}

fn string<'a>(node: &'a Node, pointer: &str) -> Option<&'a str> {
    let found = node.find(pointer)?.node.as_str()?;
    Some(found).filter(|text| !text.is_empty())
}

/// Loads what a release needs to compile a Workspace or an InferenceSet: the machine types and
/// templates that every one needs, and of the catalogue the files that this one names.
fn load_for(document: &Node, release: &mut Release, profile: &Profile, session: &mut Session) {
    let default = release.default_provisioner();
    release.load_instance_types(profile.cloud, session);
    release.load_templates(profile.provisioner.unwrap_or(default), session);
    for section in SECTIONS {
        let field = |field: &str| string(document, &format!("{section}{field}"));
        if let Some(name) = field("/inference/preset/name") {
            release.load_model(name, session);
        }
        if field("/inference/config").is_some() {
            release.load_server_flags(session);
        }
        if let Some(name) = field("/tuning/preset/name") {
            release.load_model(name, session);
            if !release.is_tunable(name) {
                release.load_models(session); // to name those that are
            }
        }
        let method = field("/tuning/method").map(str::to_lowercase);
        if let Some(method) = method.filter(|method| METHODS.contains(&method.as_str()))
            && field("/tuning/config").is_none()
        {
            release.load_tuning_config(&method, session);
        }
    }
}
