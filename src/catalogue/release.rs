//! A release: its presets and templates, read from a library as they are needed.

use std::collections::BTreeMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::base::node::Node;
use crate::catalogue::library::Library;
use crate::catalogue::preset::{
    ConditionTable, HubModel, ImportRules, InstanceTypes, Model, OldTypes, Provisioner,
    ReleaseFile, ServerFlags, TuningConfigFile,
};
use crate::catalogue::profile::Cloud;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::expand::template::Template;
use crate::input;
use crate::input::schema::Checker;
use crate::plan;
use crate::session::Session;

/// One release of a library.
///
/// Each file is read when it is first asked for and then kept: what a Workspace costs depends
/// neither on the size of the catalogue nor on how many Workspaces came before it.
#[derive(Debug)]
pub struct Release<'a> {
    /// Its name, such as `0.3`.
    pub name: String,
    /// What it does.
    pub file: ReleaseFile,
    library: &'a Library,
    models: Cache<Model>,
    hub_models: Cache<HubModel>,
    instance_types: Cache<InstanceTypes>,
    tuning_configs: Cache<TuningConfig>,
    server_flags: Cache<ServerFlags>,
    templates: BTreeMap<Provisioner, Option<Rc<Templates>>>,
}

/// What was read, by path; none for a file that can't be used, which is reported once.
type Cache<T> = BTreeMap<String, Option<Rc<T>>>;

/// The default configuration of a tuning method.
#[derive(Debug)]
pub struct TuningConfig {
    /// The text, as it goes into the ConfigMap.
    pub text: String,
    /// What it says.
    pub node: Node,
}

/// The templates for one provisioner.
#[derive(Debug)]
pub struct Templates {
    /// Makes the node objects; none if the nodes are already there.
    pub nodes: Option<Template>,
    /// Make everything else, by name.
    pub objects: Vec<Template>,
}

impl<'a> Release<'a> {
    /// Reads `release.yaml`; none, and a finding, if it can't be used.
    pub fn load(library: &'a Library, name: &str, session: &mut Session) -> Option<Self> {
        let file = read::<ReleaseFile>(library, &format!("presets/{name}/release.yaml"), session)?;
        Some(Self {
            name: name.to_owned(),
            file,
            library,
            models: Cache::new(),
            hub_models: Cache::new(),
            instance_types: Cache::new(),
            tuning_configs: Cache::new(),
            server_flags: Cache::new(),
            templates: BTreeMap::new(),
        })
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

    /// The names of the models, sorted.
    #[must_use]
    pub fn model_names(&self) -> Vec<&'a str> {
        self.library
            .names(&format!("presets/{}/models/", self.name))
    }

    /// Whether there is a model of this name.
    #[must_use]
    pub fn has_model(&self, name: &str) -> bool {
        self.library.get(&self.model_path(name)).is_some()
    }

    /// A model by its name.
    pub fn model(&mut self, name: &str, session: &mut Session) -> Option<Rc<Model>> {
        let path = self.model_path(name);
        cached(&mut self.models, &path, || {
            read(self.library, &path, session)
        })
    }

    /// The repository of the model that a Workspace calls by its alias or by the repository, in any
    /// case.
    #[must_use]
    pub fn repository(&self, name: &str) -> String {
        let name = name.to_lowercase();
        self.file.aliases.get(&name).cloned().unwrap_or(name)
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

    /// Why the release uses a machine type no more.
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

    /// A model of Hugging Face by its repository, in lower case.
    pub fn hub_model(&mut self, repository: &str, session: &mut Session) -> Option<Rc<HubModel>> {
        let path = self.model_path(repository);
        cached(&mut self.hub_models, &path, || {
            read(self.library, &path, session)
        })
    }

    /// Whether the release has a table of the machine types of a cloud.
    #[must_use]
    pub fn has_cloud(&self, cloud: Cloud) -> bool {
        self.library.get(&self.instance_types_path(cloud)).is_some()
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

    /// The path of the machine types of a cloud.
    #[must_use]
    pub fn instance_types_path(&self, cloud: Cloud) -> String {
        self.path(&format!("instance-types/{}.yaml", cloud.name()))
    }

    /// The path of the default configuration of a tuning method.
    #[must_use]
    pub fn tuning_config_path(&self, method: &str) -> String {
        self.path(&format!("tuning/{method}.yaml"))
    }

    /// The machine types of a cloud.
    pub fn instance_types(
        &mut self,
        cloud: Cloud,
        session: &mut Session,
    ) -> Option<Rc<InstanceTypes>> {
        let path = self.instance_types_path(cloud);
        cached(&mut self.instance_types, &path, || {
            read(self.library, &path, session)
        })
    }

    /// The default configuration of a tuning method, `lora` or `qlora`.
    pub fn tuning_config(
        &mut self,
        method: &str,
        session: &mut Session,
    ) -> Option<Rc<TuningConfig>> {
        let path = self.tuning_config_path(method);
        cached(&mut self.tuning_configs, &path, || {
            let (node, text) = parse(self.library, &path, session)?;
            typed::<TuningConfigFile>(self.library, &path, &node, session)?;
            Some(TuningConfig { text, node })
        })
    }

    /// What the server of a runtime understands; none if the release does not say.
    pub fn server_flags(
        &mut self,
        runtime: &str,
        session: &mut Session,
    ) -> Option<Rc<ServerFlags>> {
        let path = self.path(&format!("flags/{runtime}.yaml"));
        self.library.get(&path)?;
        cached(&mut self.server_flags, &path, || {
            read(self.library, &path, session)
        })
    }

    /// What `presets import` goes by; none if the release imports no models.
    pub fn import_rules(&self, session: &mut Session) -> Option<ImportRules> {
        read(self.library, &self.path("import.yaml"), session)
    }

    /// The templates for a provisioner; none if one of them is wrong, or the release has no node
    /// objects for it.
    pub fn templates(
        &mut self,
        provisioner: Provisioner,
        session: &mut Session,
    ) -> Option<Rc<Templates>> {
        if let Some(found) = self.templates.get(&provisioner) {
            return found.clone();
        }
        let templates = self.read_templates(provisioner, session).map(Rc::new);
        self.templates.insert(provisioner, templates.clone());
        templates
    }

    fn read_templates(&self, provisioner: Provisioner, session: &mut Session) -> Option<Templates> {
        let schema = plan::template_schema();
        let mark = session.mark();
        let folder = format!("templates/{}/", self.name);
        let mut template = |name: &str| {
            let (node, _) = parse(self.library, &format!("{folder}{name}"), session)?;
            Template::parse(&node, &schema, &session.sources, &mut session.diagnostics)
        };
        let nodes = self
            .file
            .node_objects
            .get(&provisioner)
            .and_then(|name| template(name));
        let is_node_template =
            |name: &str| self.file.node_objects.values().any(|file| file == name);
        let names = self
            .library
            .names(&folder)
            .into_iter()
            .map(|name| format!("{name}.yaml"));
        let objects = names
            .filter(|name| !is_node_template(name))
            .filter_map(|name| template(&name))
            .collect();
        (!session.failed_since(mark)).then_some(Templates { nodes, objects })
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
            Release::load(library, name, &mut session)?.file.conditions,
        ))
    });
    tables.collect()
}

fn cached<T>(cache: &mut Cache<T>, path: &str, read: impl FnOnce() -> Option<T>) -> Option<Rc<T>> {
    if let Some(found) = cache.get(path) {
        return found.clone();
    }
    let made = read().map(Rc::new);
    cache.insert(path.to_owned(), made.clone());
    made
}

/// Reads a file of the library as a `T`.
fn read<T: DeserializeOwned + JsonSchema>(
    library: &Library,
    path: &str,
    session: &mut Session,
) -> Option<T> {
    let (node, _) = parse(library, path, session)?;
    typed(library, path, &node, session)
}

/// Makes a `T` of what was parsed. The schema of what the binary carries is known to hold.
fn typed<T: DeserializeOwned + JsonSchema>(
    library: &Library,
    path: &str,
    node: &Node,
    session: &mut Session,
) -> Option<T> {
    let value = node.to_value();
    if library.get(path)?.foreign {
        let checker = Checker::of::<T>().ok()?;
        if !checker.check(node, &value, &rule::LIBRARY_FIELD, &mut session.diagnostics) {
            return None;
        }
    }
    serde_json::from_value(value)
        .map_err(|error| {
            session.report(Diagnostic::new(
                &rule::LIBRARY_FIELD,
                node.span,
                error.to_string(),
            ));
        })
        .ok()
}

/// Parses a file of the library, which has to hold one document.
fn parse(library: &Library, path: &str, session: &mut Session) -> Option<(Node, String)> {
    let Some(file) = library.get(path) else {
        let message = format!("the library has no `{path}`");
        session.report(Diagnostic::global(&rule::LIBRARY_FILE, message));
        return None;
    };
    let text = file.text.clone().into_owned();
    let id = session
        .sources
        .add(file.name.clone().into_owned(), text.clone());
    let mark = session.mark();
    let mut documents = input::parse(&session.sources, id, &mut session.diagnostics);
    if session.failed_since(mark) {
        return None;
    }
    if let (Some(node), true) = (documents.pop(), documents.is_empty()) {
        return Some((node, text));
    }
    let place = crate::base::sources::Span::whole(id);
    session.report(Diagnostic::new(
        &rule::LIBRARY_FILE,
        place,
        "the file has to hold one document",
    ));
    None
}
