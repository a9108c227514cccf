//! The third stage: what is decided for one Workspace before any object is laid out.
//!
//! Uses `vocab`, `base`, `diagnostic`, `input`, `catalogue` and `workspace`; `expand`, `assemble`,
//! `overlay`, `compile`, `explain` and `cli` use it.
//!
//! ```
//! # use kaito_render::catalogue::library::Library;
//! # use kaito_render::compile::{self, Keep, Options};
//! # use kaito_render::input::{self, Document};
//! # use kaito_render::session::Session;
//! # let text = "{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: phi}, \
//! #     resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}, \
//! #     inference: {preset: {name: phi-4}}}";
//! # let mut session = Session::default();
//! # let file = session.sources.add("phi.yaml", text);
//! # let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
//! # let documents = nodes.into_iter().map(|node| Document { node, named: true }).collect();
//! # let options = Options::default();
//! # let library = Library::embedded();
//! let compilation = compile::run(documents, &options, &library, Keep::Everything, &mut session);
//! let phi = &compilation.workspaces[0];
//! let plan = &phi.plan;
//! assert_eq!(plan.release, "0.12");
//! assert_eq!(plan.nodes[0].ordinal, 0);
//! assert!(plan.inference.is_some() && plan.tuning.is_none());
//! ```

mod config;
mod decision;
mod decisions;
mod draft;
mod hub;
mod image;
mod nodes;
mod sizing;
mod tuning;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::base::sources::Sources;
use crate::base::wording;
use crate::base::{pointer, similar};
use crate::catalogue::preset::{Flags, Models};
use crate::catalogue::profile::{NodeClass, Profile};
use crate::catalogue::release::Release;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics, Reported, Severity};
use crate::input::config_map::ConfigMaps;
use crate::input::schema;
use crate::vocab::{AccessMode, Cloud, Provisioner, node_name};
use crate::workspace::{Inference, Preset, Resource, Workspace};

use hub::Hub;
use image::Image;

use crate::vocab::annotations::ENABLE_LB;
pub use decision::{Decision, Origin};
pub use decisions::decisions;
pub use draft::check;
pub use sizing::estimator::estimated_nodes;

/// What was decided for one Workspace: all that templates read, under the name `plan`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The Workspace's name, after which its objects are named.
    pub name: String,
    /// The Workspace's namespace, which its objects are in.
    pub namespace: String,
    /// The release whose presets and templates are used.
    pub release: String,
    /// What creates the nodes.
    pub provisioner: Provisioner,
    /// The cloud they come from.
    pub cloud: Cloud,
    /// The cluster's name, if the profile says it.
    pub cluster_name: Option<String>,
    /// The domain of the cluster's DNS names.
    pub cluster_domain: String,
    /// The instance type of the nodes.
    pub instance_type: String,
    /// The value of the nodes' label `accelerator`: `nvidia`, or none for other machines.
    pub accelerator: Option<String>,
    /// The labels that the nodes carry, by name.
    pub match_labels: BTreeMap<String, String>,
    /// The labels that serving pods look for on nodes, by name.
    pub affinity: BTreeMap<String, String>,
    /// The labels that pods carry beside that of the Workspace, by name.
    pub pod_labels: BTreeMap<String, String>,
    /// The InferenceSet that the Workspace is a replica of.
    pub inference_set: Option<String>,
    /// The number of nodes that the work runs on.
    pub node_count: u32,
    /// The nodes to create; fewer than `node_count` where existing ones are preferred.
    pub nodes: Vec<PlannedNode>,
    /// The operating system of the nodes, where the Workspace or the profile decides it.
    pub image_family: Option<String>,
    /// The name of the NodePool; empty where nodes come from none.
    pub node_pool: String,
    /// The NodeClass that the NodePool refers to.
    pub node_class: Option<String>,
    /// The NodeClasses to create.
    pub node_classes: Vec<NodeClass>,
    /// The disk of a node, as a Kubernetes quantity; `0` leaves it to the provisioner.
    pub disk: String,
    /// The GPUs that each pod of a preset asks for.
    pub gpus: u32,
    /// The same as resources of a container, by name.
    pub gpu_request: BTreeMap<String, String>,
    /// The resource of the slices of GPUs that pods ask for; none where they ask for whole ones.
    pub mig_resource: Option<String>,
    /// The type of the Service, `ClusterIP` or `LoadBalancer`; none if there is no Service.
    pub service_type: Option<String>,
    /// Whether the server tells of its key-value cache.
    pub kv_events: bool,
    /// The image of the model; none without a preset.
    pub image: Option<String>,
    /// The Secrets to pull images with.
    pub pull_secrets: Vec<String>,
    /// How a model is served by its preset.
    pub inference: Option<InferencePlan>,
    /// The user's own pods instead.
    pub pod_template: Option<PodTemplate>,
    /// How a model is tuned.
    pub tuning: Option<TuningPlan>,
    /// What the number of nodes was estimated from; for `explain`.
    #[serde(skip)]
    estimate: Option<hub::Estimated>,
}

/// A node to create.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlannedNode {
    /// Its number among the nodes of the Workspace, from 0.
    pub ordinal: u32,
    /// What stands for the name of its object, which follows from the object's content: a word to
    /// put into strings, and not to compute with.
    pub name: String,
}

impl PlannedNode {
    fn new(ordinal: u32) -> Self {
        Self {
            ordinal,
            name: node_name::placeholder(ordinal),
        }
    }
}

/// How a model is served.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "templates ask one question at a time"
)]
pub struct InferencePlan {
    /// What starts the process: a key of `runtimes` in release.yaml.
    pub runtime: String,
    /// Whether the processes of all nodes share one model.
    pub distributed: bool,
    /// The processes of each node.
    pub processes: u32,
    /// The flags of the launcher, in order.
    pub launch_flags: Flags,
    /// The flags of the inference server, in order.
    pub flags: Flags,
    /// The adapters to load beside the model.
    pub adapters: Vec<AdapterPlan>,
    /// Whether some adapter comes from an image.
    pub adapter_images: bool,
    /// The port that the server listens on.
    pub port: u32,
    /// The path at which the server answers Prometheus; none if it does not.
    pub metrics: Option<String>,
    /// The DNS name of the first pod.
    pub leader: String,
    /// Whether a benchmark has to pass before a pod counts as started.
    pub benchmark: bool,
    /// How often a pod may be found not ready, at intervals of ten seconds, before its start has
    /// failed.
    pub startup_failures: u32,
    /// The ConfigMap with settings of the server.
    pub config_map: Option<String>,
    /// The Secret with the token for Hugging Face.
    pub access_secret: Option<String>,
    /// What the pods do of a request: `prefill` or `decode`; none if all.
    pub role: Option<String>,
    /// The directory of a node that holds the weights; none if they are downloaded.
    pub local_weights: Option<String>,
    /// Whether downloaded weights are kept on a fast disk of the machine.
    pub weights_claim: bool,
    /// Whether matrices are multiplied by `DeepGEMM`.
    pub deep_gemm: bool,
    /// Whether kernels are compiled on the node, with a CUDA toolkit that the node keeps.
    pub cuda_toolkit: bool,
}

/// An adapter to load beside a model.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AdapterPlan {
    /// Its name, which is also that of its directory and its variable.
    pub name: String,
    /// The image that holds it in `/data`, if one does.
    pub image: Option<String>,
    /// The volume that holds it otherwise, as a pod has it.
    pub volume: Option<Map<String, Value>>,
    /// Its weight, from 0 to 1, if it has one.
    pub strength: Option<String>,
    /// The Secrets to pull the image with.
    pub pull_secrets: Vec<String>,
}

/// The user's own pods, in the parts that are completed.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct PodTemplate {
    /// The metadata without labels.
    pub metadata: Map<String, Value>,
    /// The labels of the pods, to which templates add.
    pub labels: Map<String, Value>,
    /// The spec without tolerations.
    pub spec: Map<String, Value>,
    /// The tolerations of the pods, to which templates add.
    pub tolerations: Vec<Value>,
}

/// How a model is tuned.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TuningPlan {
    /// The ConfigMap with the parameters of the run.
    pub config_map: String,
    /// The text of the default ConfigMap; none if the ConfigMap is the user's own.
    pub config_text: Option<String>,
    /// The name of the model, as the Workspace has it.
    pub preset: String,
    /// The image that holds the weights, where that of the model does not.
    pub weights_image: Option<String>,
    /// The addresses of the data, if it is downloaded.
    pub urls: Vec<String>,
    /// The name of the data; empty if it has none.
    pub input_name: String,
    /// The image that holds the data, if one does.
    pub input_image: Option<String>,
    /// The Secrets to pull that image with.
    pub input_secrets: Vec<String>,
    /// The volume that holds the data, if one does, as a pod has it.
    pub input_volume: Option<Map<String, Value>>,
    /// The directory that the result is written to.
    pub output_dir: String,
    /// The image that the result is pushed as.
    pub output_image: Option<String>,
    /// The volume that the result stays on, if it does, as a pod has it.
    pub output_volume: Option<Map<String, Value>>,
    /// The Secret to push it with.
    pub push_secret: Option<String>,
    /// The flags of the launcher, in order.
    pub launch_flags: Flags,
    /// Environment that the model's training needs, in order.
    pub env: IndexMap<String, String>,
}

/// The JSON Schema of a [`Plan`]: what templates may read.
#[must_use]
pub fn schema() -> Value {
    schema::written_as::<Plan>()
}

/// The JSON Schema of the variables of a template.
#[must_use]
pub fn template_schema() -> Value {
    json!({"type": "object", "properties": {"plan": schema()}})
}

/// What the plan of a Workspace follows from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The Workspace, with what of it could be read.
    pub workspace: &'a Workspace,
    /// The ConfigMaps that it may name.
    pub config_maps: &'a ConfigMaps<'a>,
    /// The release that compiles it, with all that was loaded for the Workspace.
    pub release: &'a Release<'a>,
    /// The facts of the cluster.
    pub profile: &'a Profile,
    /// The texts that were read, for repairs.
    pub sources: &'a Sources,
}

/// Decides everything about a Workspace. `since` is a mark from before the Workspace was read: one
/// that breaks rules is planned only for what else is wrong with it.
///
/// # Errors
///
/// Where an error was reported since then.
pub fn make(inputs: Inputs, since: usize, diagnostics: &mut Diagnostics) -> Result<Plan, Reported> {
    let Inputs {
        workspace,
        config_maps,
        release,
        profile,
        sources,
    } = inputs;
    let mut planner = Planner {
        workspace,
        config_maps,
        release,
        profile,
        sources,
        since,
        diagnostics,
    };
    let plan = planner.plan();
    diagnostics.checked(since)?;
    plan
}

struct Planner<'a> {
    workspace: &'a Workspace,
    config_maps: &'a ConfigMaps<'a>,
    release: &'a Release<'a>,
    profile: &'a Profile,
    sources: &'a Sources,
    since: usize,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Planner<'a> {
    fn plan(&mut self) -> Result<Plan, Reported> {
        let (spec, release) = (&self.workspace.spec, self.release);
        let Some(types) = release.instance_types(self.profile.cloud) else {
            return Err(self.unknown_cloud());
        };
        let types = types?;
        let Some(resource) = &spec.resource else {
            // The models can be looked up without nodes.
            match &release.models {
                Models::Image => Image::new(self, types).check_models(),
                Models::Hub(numbers) => Hub::new(self, types, numbers).check_models(),
            }
            return Err(self.reported("/resource"));
        };
        let provisioner = self.provisioner();
        self.check_made_nodes(provisioner, types);
        let base = self.base(resource, provisioner);
        match &release.models {
            Models::Image => Image::new(self, types).plan(base, resource),
            Models::Hub(numbers) => Hub::new(self, types, numbers).plan(base),
        }
    }

    /// The models that are named, with the pointers to their names.
    fn presets(&self) -> impl Iterator<Item = (&'a Preset, &'static str)> + use<'a> {
        let spec = &self.workspace.spec;
        let served = spec.inference.as_ref().and_then(|it| it.preset.as_ref());
        let tuned = spec.tuning.as_ref().and_then(|it| it.preset.as_ref());
        let presets = [
            (served, "/inference/preset/name"),
            (tuned, "/tuning/preset/name"),
        ];
        let named = presets.into_iter();
        named.filter_map(|(preset, pointer)| Some((preset?, pointer)))
    }

    /// What holds of every Workspace.
    fn base(&self, resource: &Resource, provisioner: Provisioner) -> Plan {
        let match_labels: BTreeMap<_, _> = resource
            .label_selector
            .match_labels
            .clone()
            .into_iter()
            .collect();
        Plan {
            name: self.workspace.metadata.name.clone(),
            namespace: self.workspace.metadata.namespace.clone(),
            release: self.release.name.clone(),
            provisioner,
            cloud: self.profile.cloud,
            cluster_name: self.profile.cluster_name.clone(),
            cluster_domain: self.profile.cluster_domain.clone(),
            instance_type: resource.instance_type.clone(),
            accelerator: None,
            affinity: match_labels.clone(),
            match_labels,
            pod_labels: BTreeMap::new(),
            inference_set: None,
            node_count: 0,
            nodes: Vec::new(),
            image_family: None,
            node_pool: String::new(),
            node_class: None,
            node_classes: Vec::new(),
            disk: "0".to_owned(),
            gpus: 0,
            gpu_request: BTreeMap::new(),
            mig_resource: None,
            service_type: None,
            kv_events: false,
            image: None,
            pull_secrets: Vec::new(),
            inference: None,
            pod_template: None,
            tuning: None,
            estimate: None,
        }
    }

    /// Reports a model that only earlier releases serve.
    fn check_retired_model(&mut self, name: &str, pointer: &str) -> Result<(), Reported> {
        let Some(near) = self.release.retired_model(name) else {
            return Ok(());
        };
        let message = format!(
            "release {} no longer has the preset `{name}`",
            self.release.name
        );
        let version = self.workspace.spec.api_version.as_str();
        let elsewhere = self.release.model_elsewhere(name, version, true);
        let elsewhere = elsewhere.map_or_else(String::new, |advice| format!("; {advice}"));
        let hint = format!("`{near}` comes nearest{elsewhere}");
        Err(self.fail(&rule::RETIRED_PRESET, pointer, message, hint))
    }

    /// What to do about a model that the release does not have: another release that has it, one
    /// that is spelt alike, or one of another release that is.
    fn model_hint(&self, name: &str, near: Option<String>) -> Option<String> {
        let (release, version) = (self.release, self.workspace.spec.api_version.as_str());
        let exact = release.model_elsewhere(name, version, false);
        exact
            .or(near)
            .or_else(|| self.retired_hint(name))
            .or_else(|| release.alike_elsewhere(name, version))
    }

    /// What comes nearest to a model that only earlier releases serve, and that is spelt alike.
    fn retired_hint(&self, name: &str) -> Option<String> {
        let retired = &self.release.file.retired.presets;
        let meant = similar::nearest(name, retired.keys().map(String::as_str))?;
        let near = retired.get(meant)?;
        Some(format!(
            "release {} no longer has `{meant}`: `{near}` comes nearest",
            self.release.name
        ))
    }

    /// The type of the Service. KAITO wants the annotation to be exactly `True`.
    fn service_type(&self) -> &'static str {
        let annotation = self.workspace.metadata.annotations.get(ENABLE_LB);
        if annotation.is_some_and(|value| value == "True") {
            "LoadBalancer"
        } else {
            "ClusterIP"
        }
    }

    /// Reports a name that the Services could not have, or that would make labels too long: those
    /// of a StatefulSet's pods end in `-` and a hash of ten digits.
    fn check_service_names(&mut self) {
        const LONGEST: usize = 52;
        let name = &self.workspace.metadata.name;
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let message = format!("`{name}` can't name a Service: it begins with a digit");
            self.report(
                &rule::NAME,
                "/metadata/name",
                message,
                "begin the name with a letter".to_owned(),
            );
        } else if name.len() > LONGEST {
            let message = format!(
                "the name of a StatefulSet has at most {LONGEST} characters, and this has {}",
                name.len()
            );
            self.report(
                &rule::NAME,
                "/metadata/name",
                message,
                "choose a shorter name".to_owned(),
            );
        }
    }

    /// The proof that an error was reported already that stands behind what is missing here.
    fn reported(&mut self, pointer: &str) -> Reported {
        if let Err(reported) = self.diagnostics.checked(self.since) {
            reported
        } else {
            let message = "this Workspace can't be planned".to_owned();
            let hint = "report it to the authors of kaito-render".to_owned();
            self.fail(&rule::FIELD, pointer, message, hint)
        }
    }

    /// Warns of something that is written but changes nothing.
    fn without_effect(&mut self, pointer: &str, why: &str) {
        let field = match pointer.strip_prefix("/metadata/annotations/") {
            Some(key) => pointer::unescape(key).into_owned(),
            None => wording::field(pointer),
        };
        let message = format!("`{field}` has no effect: {why}");
        self.report(&rule::NO_EFFECT, pointer, message, "remove it".to_owned());
    }

    fn warn(&mut self, rule: &'static Rule, pointer: &str, message: String, hint: String) {
        let diagnostic = Diagnostic::new(rule, self.workspace.span(pointer), message).hint(hint);
        self.diagnostics.report(Diagnostic {
            severity: Severity::Warning,
            ..diagnostic
        });
    }

    fn annotation(&self, key: &str) -> Option<&'a str> {
        self.workspace
            .metadata
            .annotations
            .get(key)
            .map(String::as_str)
    }

    fn fail(
        &mut self,
        rule: &'static Rule,
        pointer: &str,
        message: String,
        hint: String,
    ) -> Reported {
        let diagnostic = Diagnostic::new(rule, self.workspace.span(pointer), message);
        self.diagnostics.fail(diagnostic.hint(hint))
    }

    fn report(&mut self, rule: &'static Rule, pointer: &str, message: String, hint: String) {
        self.diagnostics
            .report(Diagnostic::new(rule, self.workspace.span(pointer), message).hint(hint));
    }
}

impl PodTemplate {
    fn of(template: &Value) -> Self {
        let mapping = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (mut metadata, mut spec) = (mapping(&template["metadata"]), mapping(&template["spec"]));
        let labels = metadata
            .shift_remove("labels")
            .as_ref()
            .map(mapping)
            .unwrap_or_default();
        let tolerations = spec
            .shift_remove("tolerations")
            .and_then(|value| value.as_array().cloned());
        if let Some(Value::Array(secrets)) = spec.get_mut("imagePullSecrets") {
            let mut seen = BTreeSet::new();
            secrets.retain(|secret| {
                let name = secret["name"].as_str();
                name.is_none_or(|name| seen.insert(name.to_owned()))
            });
        }
        Self {
            metadata,
            labels,
            spec,
            tolerations: tolerations.unwrap_or_default(),
        }
    }
}

fn private_pull_secrets(preset: &Preset) -> Vec<String> {
    match preset.access_mode {
        AccessMode::Private => once(preset.preset_options.image_pull_secrets.clone()),
        AccessMode::Public => Vec::new(),
    }
}

/// Each Secret once: server-side apply refuses a list that names one twice, as KAITO's can.
fn once(secrets: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let secrets = secrets.into_iter();
    secrets
        .filter(|secret| seen.insert(secret.clone()))
        .collect()
}

/// To KAITO an empty text is the same as none.
fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
/// The Secrets to pull the images of adapters with.
fn adapter_secrets(inference: &Inference) -> impl Iterator<Item = String> {
    let sources = inference
        .adapters
        .iter()
        .filter_map(|adapter| adapter.source.as_ref());
    sources.flat_map(|source| source.image_pull_secrets.clone())
}
