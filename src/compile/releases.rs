//! The releases of a run: chosen and loaded, with all that the documents need of them, before the
//! first Workspace is compiled.

use std::collections::BTreeMap;

use super::documents::{Documents, Source, version};
use crate::base::node::{Data, Entry, Node};
use crate::base::wording;
use crate::catalogue::library::Library;
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::diagnostic::{Diagnostic, Reported, rule};
use crate::expand::Templates;
use crate::session::Session;
use crate::vocab::{Provisioner, TuningMethod, WorkspaceApi};
use crate::workspace::ReadRules;

/// The releases that were looked at.
#[derive(Debug)]
pub(super) struct Releases<'a> {
    library: &'a Library,
    profile: &'a Profile,
    /// By name.
    loaded: BTreeMap<String, Result<Loaded<'a>, Reported>>,
    /// The name of the release that compiles an apiVersion.
    chosen: BTreeMap<String, Option<String>>,
}

/// A release with the templates for the profile's provisioner; none as long as it compiles
/// nothing.
#[derive(Debug)]
struct Loaded<'a> {
    release: Release<'a>,
    templates: Option<Result<Templates, Reported>>,
}

/// What compiles a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compiling<'r, 'a> {
    pub(super) release: &'r Release<'a>,
    pub(super) templates: Result<&'r Templates, Reported>,
}

impl<'a> Releases<'a> {
    /// The releases of a library, none of which is loaded yet.
    pub(super) fn new(profile: &'a Profile, library: &'a Library) -> Self {
        Self {
            library,
            profile,
            loaded: BTreeMap::new(),
            chosen: BTreeMap::new(),
        }
    }

    /// Reports a release of the profile that does not exist.
    pub(super) fn check_named(&self, session: &mut Session) -> Result<(), Reported> {
        let known = self.library.releases();
        let Some(name) = &self.profile.release else {
            return Ok(());
        };
        if known.contains(&name.as_str()) {
            return Ok(());
        }
        let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("there is no release `{name}`");
        let is_meant = |known: &&&str| {
            let rest = name.trim_start_matches('v').strip_prefix(**known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let hint = match known.iter().find(is_meant) {
            Some(meant) => format!("write `\"{meant}\"`"),
            None => format!("the releases are {}", wording::and(&names)),
        };
        Err(session.diagnostics.fail(Diagnostic {
            place: self.profile.span("/release"),
            ..Diagnostic::global(&rule::UNKNOWN_RELEASE, message).hint(hint)
        }))
    }

    /// Chooses and loads what the documents are compiled with. Of the release that compiled what
    /// they were before only release.yaml is read.
    pub(super) fn load_for(&mut self, documents: &Documents, session: &mut Session) {
        for source in documents.compiled() {
            self.choose(source.version(), session);
            let chosen = self.chosen.get(source.version()).cloned().flatten();
            if let Some(Ok(loaded)) = chosen.and_then(|name| self.loaded.get_mut(&name)) {
                loaded.load_for(&source.node, self.profile, session);
            }
        }
        for earlier in documents.compiled().filter_map(Source::earlier_workspace) {
            self.choose(version(earlier), session);
        }
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
                .or_insert_with(|| Loaded::new(library, name, session));
            if release
                .as_ref()
                .is_ok_and(|it| it.release.file.compiles(version))
            {
                chosen = Some(name.to_owned());
                break;
            }
        }
        self.chosen.insert(version.to_owned(), chosen);
    }

    /// The release that compiles a document, and its templates.
    ///
    /// # Errors
    ///
    /// Where no release compiles its apiVersion.
    pub(super) fn compiling(&self, node: &Node) -> Result<Compiling<'_, 'a>, Diagnostic> {
        let version = version(node);
        if let Some(compiling) = self.get_compiling(version) {
            return Ok(compiling);
        }
        let message = match &self.profile.release {
            Some(name) => format!("release {name} does not compile `{version}`"),
            None => format!("no release compiles `{version}`"),
        };
        let place = node.at("/apiVersion").span;
        Err(Diagnostic::new(&rule::UNKNOWN_RELEASE, place, message).hint(self.versions()))
    }

    /// The release that compiles an apiVersion, and its templates; none where none does.
    pub(super) fn get_compiling(&self, version: &str) -> Option<Compiling<'_, 'a>> {
        let name = self.chosen.get(version)?.as_ref()?;
        let loaded = self.loaded.get(name)?.as_ref().ok()?;
        let templates = loaded.templates.as_ref()?;
        Some(Compiling {
            release: &loaded.release,
            templates: templates.as_ref().map_err(|reported| *reported),
        })
    }

    /// Whether several releases compile an apiVersion, of which one was chosen.
    pub(super) fn is_choice(&self, version: &str, chosen: &str) -> bool {
        let Some(Ok(loaded)) = self.loaded.get(chosen) else {
            return false;
        };
        let release = &loaded.release;
        let others = release.others().iter().map(|other| &other.file);
        let all = std::iter::once(&release.file).chain(others);
        let mut compiling = all.filter(|file| file.compiles(version));
        compiling.nth(1).is_some()
    }

    /// The release by which an earlier document was read.
    pub(super) fn reading(&self, node: &Node) -> Option<&Release<'a>> {
        let name = match &self.profile.release {
            Some(name) => name,
            None => self.chosen.get(version(node))?.as_ref()?,
        };
        let loaded = self.loaded.get(name)?.as_ref().ok()?;
        Some(&loaded.release)
    }

    /// The apiVersions that are met, each with the versions whose rules its Workspaces are read by.
    pub(super) fn read_versions(&self) -> impl Iterator<Item = (&str, WorkspaceApi)> {
        self.chosen.iter().flat_map(|(version, chosen)| {
            let name = chosen.as_ref().or(self.profile.release.as_ref());
            let release = name.and_then(|name| self.loaded.get(name)?.as_ref().ok());
            let api = release.map(|loaded| loaded.release.file.workspace_api);
            let any = chosen.is_none().then_some(ReadRules::OF_ANY_VERSION.api);
            let apis = api.into_iter().chain(any);
            apis.map(move |api| (version.as_str(), api))
        })
    }

    /// A release that compiles Workspaces of the run, and its templates.
    pub(super) fn get(&self, name: &str) -> Option<(&Release<'a>, &Templates)> {
        let loaded = self.loaded.get(name)?.as_ref().ok()?;
        Some((&loaded.release, loaded.templates.as_ref()?.as_ref().ok()?))
    }

    fn usable(&self) -> impl Iterator<Item = &Release<'a>> {
        self.loaded.values().flatten().map(|loaded| &loaded.release)
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
            .unwrap_or_else(|| "`provisioner: none`, with existing nodes,".to_owned());
        format!(
            "in kaito-render.yaml, set {other} to change that, or `provisioner: machine` to keep \
             Machines"
        )
    }
}

impl<'a> Loaded<'a> {
    fn new(library: &'a Library, name: &str, session: &mut Session) -> Result<Self, Reported> {
        Ok(Self {
            release: Release::load(library, name, session)?,
            templates: None,
        })
    }

    /// Loads what the release needs to compile a Workspace or an InferenceSet: the instance types
    /// and templates that every one needs, and of the catalogue the files that this one names.
    fn load_for(&mut self, document: &Node, profile: &Profile, session: &mut Session) {
        let release = &mut self.release;
        if self.templates.is_none() {
            let default = release.default_provisioner();
            let provisioner = profile.provisioner.unwrap_or(default);
            release.load_instance_types(profile.cloud, session);
            self.templates = Some(Templates::load(release, provisioner, session));
        }
        load_named(document, release, session);
    }
}

/// Loads what a document names, at whatever level: a field that stands at the wrong one is read as
/// if it stood at the right one.
fn load_named(document: &Node, release: &mut Release, session: &mut Session) {
    let mut named = Named::default();
    named.add(document, "");
    for name in named.models {
        release.load_model(name, session);
    }
    for name in named.tuned {
        if !release.is_tunable(name) {
            release.load_models(session); // to name those that are
        }
    }
    if named.has_config {
        release.load_server_flags(session);
    }
    let methods = named.methods.into_iter().filter(|_| !named.has_config);
    for method in methods {
        release.load_tuning_config(method.name(), session);
    }
}

/// What a document names of the catalogue.
#[derive(Default)]
struct Named<'a> {
    models: Vec<&'a str>,
    /// Those of the models that are to be tuned.
    tuned: Vec<&'a str>,
    has_config: bool,
    methods: Vec<TuningMethod>,
}

impl<'a> Named<'a> {
    /// `holder` is the key that leads to the node.
    fn add(&mut self, node: &'a Node, holder: &str) {
        let Data::Map(entries) = &node.data else {
            return;
        };
        for Entry { key, value, .. } in entries {
            let text = value.as_str().filter(|text| !text.is_empty());
            match (key.as_str(), text) {
                ("metadata" | "status" | "adapters", _) => {}
                ("template", _) if holder == "inference" => {}
                ("name" | "model" | "modelName" | "preset" | "presetName", Some(name)) => {
                    self.models.push(name);
                    if holder == "tuning" {
                        self.tuned.push(name);
                    }
                }
                ("config", Some(_)) => self.has_config = true,
                ("method", Some(method)) => self.methods.extend(TuningMethod::find(method)),
                ("preset" | "model", _) => self.add(value, holder),
                _ => self.add(value, key),
            }
        }
    }
}
