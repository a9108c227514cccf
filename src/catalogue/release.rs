//! A release: its presets, read from a library before they are used.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::base::node::Node;
use crate::catalogue::library::Library;
use crate::catalogue::others::Elsewhere;
use crate::catalogue::preset::{
    ConditionTable, Flags, HubModel, ImportRules, InstanceTypes, Model, Models, OldTypes,
    ReleaseFile, ServerFlags, Sizing, TuningConfigFile,
};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::input::schema::Checker;
use crate::input::{self, Prepared};
use crate::session::Session;
use crate::vocab::{Cloud, Provisioner};

/// One release of a library.
///
/// Loading and use are apart: the `load_…` methods read files, each once, and report what is wrong
/// with them. From then on a release is a value that nothing changes, and the other methods look
/// up what was loaded. So what a Workspace costs depends neither on the size of the catalogue nor
/// on how many Workspaces came before it.
#[derive(Debug)]
pub struct Release<'a> {
    /// Its name, such as `0.3`.
    pub name: String,
    /// What it does, as its `release.yaml` says.
    pub file: ReleaseFile,
    /// Where its models come from.
    pub models: Models,
    /// How it counts nodes.
    pub sizing: Sizing,
    pub(super) library: &'a Library,
    image_models: Loaded<String, Model>,
    hub_models: Loaded<String, HubModel>,
    instance_types: Loaded<Cloud, InstanceTypes>,
    tuning_configs: Loaded<String, TuningConfig>,
    server_flags: Loaded<String, ServerFlags>,
    pub(super) elsewhere: Elsewhere,
}

/// The files of one kind that were loaded, by name.
type Loaded<K, T> = BTreeMap<K, Result<T, Reported>>;

/// What was loaded under a name: none if the library has no such file, `Err` if what is wrong with
/// it was reported when it was loaded.
pub type Lookup<'a, T> = Option<Result<&'a T, Reported>>;

/// The default configuration of a tuning method.
#[derive(Debug)]
pub struct TuningConfig {
    /// The text, as it goes into the ConfigMap.
    pub text: String,
    /// The same text as a document, whose values know their places.
    pub node: Node,
}

impl<'a> Release<'a> {
    /// Reads `release.yaml`, and nothing else yet.
    ///
    /// # Errors
    ///
    /// Where the file is missing or says something that it can't.
    pub fn load(library: &'a Library, name: &str, session: &mut Session) -> Result<Self, Reported> {
        let path = format!("presets/{name}/release.yaml");
        let node = parse(library, &path, session)?;
        let file = typed::<ReleaseFile>(library, &path, &node, session)?;
        let (models, sizing) = file.choices().map_err(|unfit| {
            let place = node.at(unfit.pointer).span;
            let diagnostic = Diagnostic::new(&rule::LIBRARY_FIELD, place, unfit.message);
            session.diagnostics.fail(diagnostic)
        })?;
        Ok(Self {
            name: name.to_owned(),
            file,
            models,
            sizing,
            library,
            image_models: Loaded::new(),
            hub_models: Loaded::new(),
            instance_types: Loaded::new(),
            tuning_configs: Loaded::new(),
            server_flags: Loaded::new(),
            elsewhere: Elsewhere::default(),
        })
    }

    /// Loads the model that a Workspace calls by this name, if there is one.
    pub fn load_model(&mut self, name: &str, session: &mut Session) {
        let (name, library) = (self.file.model_file(name), self.library);
        let path = self.model_path(&name);
        if library.get(&path).is_none() {
            return;
        }
        match self.models {
            Models::Image => {
                load(&mut self.image_models, name, || {
                    read(library, &path, session)
                });
            }
            Models::Hub(_) => {
                load(&mut self.hub_models, name, || read(library, &path, session));
            }
        }
    }

    /// Loads all models of the catalogue, as listing them needs.
    pub fn load_models(&mut self, session: &mut Session) {
        for name in self.model_names() {
            self.load_model(name, session);
        }
    }

    /// Loads the instance types of a cloud, if there is a table of them.
    pub fn load_instance_types(&mut self, cloud: Cloud, session: &mut Session) {
        if self.has_cloud(cloud) {
            let (path, library) = (self.instance_types_path(cloud), self.library);
            load(&mut self.instance_types, cloud, || {
                read(library, &path, session)
            });
        }
    }

    /// Loads the default configuration of a tuning method, `lora` or `qlora`.
    pub fn load_tuning_config(&mut self, method: &str, session: &mut Session) {
        let (path, library) = (self.tuning_config_path(method), self.library);
        load(&mut self.tuning_configs, method.to_owned(), || {
            let node = parse(library, &path, session)?;
            typed::<TuningConfigFile>(library, &path, &node, session)?;
            let text = session.sources.text(node.span.file).to_owned();
            Ok(TuningConfig { text, node })
        });
    }

    /// Loads what the servers of all runtimes understand, as far as the release says so.
    pub fn load_server_flags(&mut self, session: &mut Session) {
        for runtime in self.file.runtimes.keys() {
            let (path, library) = (self.path(&format!("flags/{runtime}.yaml")), self.library);
            if library.get(&path).is_some() {
                load(&mut self.server_flags, runtime.clone(), || {
                    read(library, &path, session)
                });
            }
        }
    }

    /// The provisioner that is used where the profile names none: the first that `release.yaml`
    /// lists.
    #[must_use]
    pub fn default_provisioner(&self) -> Provisioner {
        self.file
            .node_objects
            .keys()
            .next()
            .copied()
            .unwrap_or(Provisioner::None)
    }

    /// The flags that the launcher of a runtime always gets.
    #[must_use]
    pub fn runtime_flags(&self, runtime: &str) -> Flags {
        let flags = self.file.runtimes.get(runtime);
        flags.cloned().unwrap_or_default()
    }

    /// The names of the models, sorted.
    #[must_use]
    pub fn model_names(&self) -> Vec<&'a str> {
        self.library
            .names(&format!("presets/{}/models/", self.name))
    }

    /// A model that was loaded, by its name.
    #[must_use]
    pub fn model(&self, name: &str) -> Lookup<'_, Model> {
        found(&self.image_models, name)
    }

    /// The names of the models that can be tuned, sorted, among those that were loaded.
    #[must_use]
    pub fn tunable_models(&self) -> Vec<&str> {
        let models = self.image_models.iter();
        let models = models.filter(|(_, model)| model.as_ref().is_ok_and(|it| it.tuning.is_some()));
        let hub = self.hub_models.iter();
        let hub = hub.filter(|(_, model)| model.as_ref().is_ok_and(|it| it.tuning.is_some()));
        let names = models
            .map(|(name, _)| name)
            .chain(hub.map(|(name, _)| name));
        names.map(String::as_str).collect()
    }

    /// Whether a model was loaded that can be tuned, by the name that a Workspace calls it.
    pub(crate) fn is_tunable(&self, name: &str) -> bool {
        let name = self.file.model_file(name);
        self.tunable_models().contains(&name.as_str())
    }

    /// The model that comes nearest to one that the release serves no more.
    #[must_use]
    pub fn retired_model(&self, name: &str) -> Option<&str> {
        self.file
            .retired
            .presets
            .get(&name.to_lowercase())
            .map(String::as_str)
    }

    /// Why the release uses an instance type no more.
    #[must_use]
    pub fn retired_instance_type(&self, name: &str) -> Option<&str> {
        let is_meant = |types: &&OldTypes| {
            types
                .names
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        self.file
            .retired
            .instance_types
            .iter()
            .find(is_meant)
            .map(|types| types.why.as_str())
    }

    /// A model of Hugging Face that was loaded, by its repository in lower case.
    #[must_use]
    pub fn hub_model(&self, repository: &str) -> Lookup<'_, HubModel> {
        found(&self.hub_models, repository)
    }

    /// Whether the release has a table of the instance types of a cloud.
    #[must_use]
    pub fn has_cloud(&self, cloud: Cloud) -> bool {
        self.library.get(&self.instance_types_path(cloud)).is_some()
    }

    /// Reads a file anew, if there is one that can be used.
    pub(super) fn read_file<T: DeserializeOwned + JsonSchema>(
        &self,
        path: &str,
        session: &mut Session,
    ) -> Option<T> {
        self.library.get(path)?;
        read(self.library, path, session).ok()
    }

    /// The path of a file of the release's presets in the library.
    #[must_use]
    pub fn path(&self, file: &str) -> String {
        format!("presets/{}/{file}", self.name)
    }

    /// The path of a model.
    #[must_use]
    pub fn model_path(&self, name: &str) -> String {
        self.path(&format!("models/{name}.yaml"))
    }

    /// The path of the instance types of a cloud.
    #[must_use]
    pub fn instance_types_path(&self, cloud: Cloud) -> String {
        self.path(&format!("instance-types/{}.yaml", cloud.name()))
    }

    /// The path of the default configuration of a tuning method.
    #[must_use]
    pub fn tuning_config_path(&self, method: &str) -> String {
        self.path(&format!("tuning/{method}.yaml"))
    }

    /// The instance types of a cloud that were loaded.
    #[must_use]
    pub fn instance_types(&self, cloud: Cloud) -> Lookup<'_, InstanceTypes> {
        found(&self.instance_types, &cloud)
    }

    /// The default configuration of a tuning method that was loaded, `lora` or `qlora`.
    #[must_use]
    pub fn tuning_config(&self, method: &str) -> Lookup<'_, TuningConfig> {
        found(&self.tuning_configs, method)
    }

    /// What the server of a runtime understands, if it was loaded; none if the release does not
    /// say.
    #[must_use]
    pub fn server_flags(&self, runtime: &str) -> Lookup<'_, ServerFlags> {
        found(&self.server_flags, runtime)
    }

    /// What `presets import` goes by.
    ///
    /// # Errors
    ///
    /// If the release imports no models, or the file can't be used.
    pub fn import_rules(&self, session: &mut Session) -> Result<ImportRules, Reported> {
        read(self.library, &self.path("import.yaml"), session)
    }

    /// The files of the templates, sorted.
    #[must_use]
    pub fn template_files(&self) -> Vec<String> {
        let names = self.library.names(&format!("templates/{}/", self.name));
        names.iter().map(|name| format!("{name}.yaml")).collect()
    }

    /// The path of a template in the library.
    #[must_use]
    pub fn template_path(&self, file: &str) -> String {
        format!("templates/{}/{file}", self.name)
    }

    /// A template that was parsed when the program was built; none of another.
    pub(crate) fn prepared_template(&self, file: &str, session: &mut Session) -> Option<Prepared> {
        self.library.prepared(&self.template_path(file), session)
    }

    /// Parses a template, which has to be one document.
    ///
    /// # Errors
    ///
    /// If there is no such file, or it can't be parsed.
    pub fn template(&self, file: &str, session: &mut Session) -> Result<Node, Reported> {
        parse(self.library, &self.template_path(file), session)
    }
}

/// The condition tables of all releases of a library, by name. A release that can't be read has
/// none.
#[must_use]
pub fn condition_tables(library: &Library) -> BTreeMap<String, ConditionTable> {
    let mut session = Session::default();
    let releases = library.releases().into_iter();
    let tables = releases.filter_map(|name| {
        Some((
            name.to_owned(),
            Release::load(library, name, &mut session)
                .ok()?
                .file
                .conditions,
        ))
    });
    tables.collect()
}

/// Reads a file that was not read yet.
fn load<K: Ord, T>(loaded: &mut Loaded<K, T>, name: K, read: impl FnOnce() -> Result<T, Reported>) {
    if let Entry::Vacant(entry) = loaded.entry(name) {
        entry.insert(read());
    }
}

fn found<'a, K, Q, T>(loaded: &'a Loaded<K, T>, name: &Q) -> Lookup<'a, T>
where
    K: Borrow<Q> + Ord,
    Q: Ord + ?Sized,
{
    Some(loaded.get(name)?.as_ref().map_err(|reported| *reported))
}

/// Reads a file of the library as a `T`.
fn read<T: DeserializeOwned + JsonSchema>(
    library: &Library,
    path: &str,
    session: &mut Session,
) -> Result<T, Reported> {
    let node = parse(library, path, session)?;
    typed(library, path, &node, session)
}

/// Makes a `T` of what was parsed. The schema of what the binary carries is known to hold.
fn typed<T: DeserializeOwned + JsonSchema>(
    library: &Library,
    path: &str,
    node: &Node,
    session: &mut Session,
) -> Result<T, Reported> {
    let value = node.to_value();
    if library.get(path).is_some_and(|file| file.foreign) {
        let checker = Checker::of::<T>();
        let mark = session.mark();
        checker.check(node, &value, &rule::LIBRARY_FIELD, &mut session.diagnostics);
        session.diagnostics.checked(mark)?;
    }
    serde_json::from_value(value).map_err(|error| unrecognized(node, error.to_string(), session))
}

fn unrecognized(node: &Node, message: String, session: &mut Session) -> Reported {
    let diagnostic = Diagnostic::new(&rule::LIBRARY_FIELD, node.span, message);
    session.diagnostics.fail(diagnostic)
}

/// Parses a file of the library, which has to hold one document.
pub(crate) fn parse(
    library: &Library,
    path: &str,
    session: &mut Session,
) -> Result<Node, Reported> {
    let Some(file) = library.get(path) else {
        let message = format!("the library has no `{path}`");
        let diagnostic = Diagnostic::global(&rule::LIBRARY_FILE, message);
        return Err(session.diagnostics.fail(diagnostic));
    };
    let id = session.sources.add(&*file.name, &*file.text);
    if let Some(node) = file.prepared(id).and_then(Prepared::read) {
        return Ok(node);
    }
    let mark = session.mark();
    let mut documents = input::parse(&session.sources, id, &mut session.diagnostics);
    session.diagnostics.checked(mark)?;
    if let (Some(node), true) = (documents.pop(), documents.is_empty()) {
        return Ok(node);
    }
    let place = crate::base::sources::Span::whole(id);
    let message = "the file has to hold one document";
    let diagnostic = Diagnostic::new(&rule::LIBRARY_FILE, place, message);
    Err(session.diagnostics.fail(diagnostic))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::catalogue::library::Library;
    use crate::input;
    use crate::session::Session;

    #[test]
    fn what_was_parsed_before_is_what_is_parsed_now() {
        let library = Library::embedded();
        let mut session = Session::default();
        for path in library.prepared_files() {
            let prepared = parse(&library, path, &mut session).unwrap();
            let (sources, diagnostics) = (&session.sources, &mut session.diagnostics);
            let parsed = input::parse(sources, prepared.span.file, diagnostics);
            assert!(parsed == [prepared], "{path}");
        }
        assert!(session.diagnostics.is_empty());
        assert!(session.sources.ids().count() > 100);
    }
}
