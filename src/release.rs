//! A release: its presets and templates, read from a library as they are needed.

use std::collections::BTreeMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diagnostic::Diagnostic;
use crate::library::Library;
use crate::node::Node;
use crate::preset::{InstanceTypes, Model, Provisioner, ReleaseFile};
use crate::profile::Cloud;
use crate::rule;
use crate::schema::Checker;
use crate::source::{self, FileId, Sources};

/// One release of a library. What it reads once it keeps, so the cost of a Workspace does not grow with the catalogue.
#[derive(Debug)]
pub struct Release<'a> {
    /// Its name, such as `0.3`.
    pub name: String,
    /// What it does.
    pub file: ReleaseFile,
    library: &'a Library,
    models: BTreeMap<String, Option<Rc<Model>>>,
    instance_types: BTreeMap<&'static str, Rc<InstanceTypes>>,
    tuning_configs: BTreeMap<String, Option<Rc<TuningDefault>>>,
}

/// The default configuration of a tuning method.
#[derive(Debug)]
pub struct TuningDefault {
    /// The text, as it goes into the ConfigMap.
    pub text: String,
    /// What it says.
    pub node: Node,
}

impl<'a> Release<'a> {
    /// Reads `release.yaml`; none, and a finding, if the library has no such release or it can't be read.
    pub fn load(
        library: &'a Library,
        name: &str,
        sources: &mut Sources,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let file = read::<ReleaseFile>(library, &format!("presets/{name}/release.yaml"), sources, diagnostics)?;
        Some(Self {
            name: name.to_owned(),
            file,
            library,
            models: BTreeMap::new(),
            instance_types: BTreeMap::new(),
            tuning_configs: BTreeMap::new(),
        })
    }

    /// The provisioner that is used where the profile names none: the first that `release.yaml` lists.
    #[must_use]
    pub fn default_provisioner(&self) -> Provisioner {
        self.file.node_objects.keys().next().copied().unwrap_or(Provisioner::None)
    }

    /// The names of the models, sorted.
    #[must_use]
    pub fn model_names(&self) -> Vec<&'a str> {
        self.library.names(&format!("presets/{}/models/", self.name))
    }

    /// A model by its name; none if its file can't be read, which is reported at the first call.
    ///
    /// The name has to be one of [`Self::model_names`].
    pub fn model(&mut self, name: &str, world: &mut World) -> Option<Rc<Model>> {
        if let Some(model) = self.models.get(name) {
            return model.clone();
        }
        let path = format!("presets/{}/models/{name}.yaml", self.name);
        let model = read::<Model>(self.library, &path, world).map(Rc::new);
        self.models.insert(name.to_owned(), model.clone());
        model
    }
}
