//! The third stage: what is decided for one Workspace before any object is laid out.

mod decision;
mod decisions;
mod inference;
mod output_dir;
mod preset_count;
mod training_config;
mod tuning;

use std::collections::BTreeMap;
use std::rc::Rc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::config_map::ConfigMaps;
use crate::diagnostic::Diagnostic;
use crate::preset::{AccessMode, Flags, InstanceType, InstanceTypes, Model, Provisioner};
use crate::profile::{Cloud, Profile};
use crate::release::Release;
use crate::rule::{self, Rule};
use crate::schema;
use crate::session::Session;
use crate::text;
use crate::workspace::{Preset, Resource, Workspace};

pub use decision::{Decision, Origin};
pub use decisions::decisions;

/// What was decided for one Workspace: all that templates read, under the name `plan`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The Workspace's name.
    pub name: String,
    /// The Workspace's namespace.
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
    /// The machine type of the nodes.
    pub instance_type: String,
    /// The value of the nodes' label `accelerator`: `nvidia`, or none for other machines.
    pub accelerator: Option<String>,
    /// The labels that the nodes carry, by name.
    pub match_labels: BTreeMap<String, String>,
    /// The number of nodes that the work runs on.
    pub node_count: u32,
    /// The nodes to create; fewer than `node_count` where existing ones are preferred.
    pub nodes: Vec<PlannedNode>,
    /// The disk of a node, as a Kubernetes quantity; `0` leaves it to the provisioner.
    pub disk: String,
    /// The GPUs that each pod of a preset asks for.
    pub gpus: u32,
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
}

/// A node to create.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlannedNode {
    /// Its number among the nodes of the Workspace, from 0.
    pub ordinal: u32,
    /// The name of its object; empty until the object's content, which it follows from, is known.
    pub name: String,
}

/// How a model is served.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InferencePlan {
    /// The type of the Service: `ClusterIP` or `LoadBalancer`.
    pub service_type: String,
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
}

/// An adapter to load beside a model.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AdapterPlan {
    /// Its name, which is also that of its folder and its variable.
    pub name: String,
    /// The image that holds it in `/data`.
    pub image: String,
    /// Its weight, from 0 to 1.
    pub strength: String,
}

/// The user's own pods, in the parts that are completed.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct PodTemplate {
    /// The metadata without labels.
    pub metadata: Map<String, Value>,
    /// The labels.
    pub labels: Map<String, Value>,
    /// The spec without tolerations.
    pub spec: Map<String, Value>,
    /// The tolerations.
    pub tolerations: Vec<Value>,
}

/// How a model is tuned.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TuningPlan {
    /// The ConfigMap with the parameters of the run.
    pub config_map: String,
    /// The text of the default ConfigMap; none if the ConfigMap is the user's own.
    pub config_text: Option<String>,
    /// The addresses of the data, if it is downloaded.
    pub urls: Vec<String>,
    /// The image that holds the data, if one does.
    pub input_image: Option<String>,
    /// The directory that the result is written to.
    pub output_dir: String,
    /// The image that the result is pushed as.
    pub output_image: Option<String>,
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

/// Decides everything about a Workspace, or reports why that can't be done.
pub fn make(
    workspace: &Workspace,
    config_maps: &ConfigMaps,
    release: &mut Release,
    profile: &Profile,
    session: &mut Session,
) -> Option<Plan> {
    let mark = session.mark();
    let plan = Planner { workspace, config_maps, release, profile, session }.plan();
    plan.filter(|_| !session.failed_since(mark))
}

struct Planner<'a, 'l> {
    workspace: &'a Workspace,
    config_maps: &'a ConfigMaps<'a>,
    release: &'a mut Release<'l>,
    profile: &'a Profile,
    session: &'a mut Session,
}

impl Planner<'_, '_> {
    fn plan(&mut self) -> Option<Plan> {
        let spec = &self.workspace.spec;
        let resource = spec.resource.as_ref()?;
        let types = self.release.instance_types(self.profile.cloud, self.session)?;
        let provisioner = self.provisioner();
        let (nodes, node_count) = nodes(resource, provisioner);
        if !nodes.is_empty() {
            self.check_nodes(provisioner);
        }
        let base = Plan {
            name: self.workspace.metadata.name.clone(),
            namespace: self.workspace.metadata.namespace.clone(),
            release: self.release.name.clone(),
            provisioner,
            cloud: self.profile.cloud,
            cluster_name: self.profile.cluster_name.clone(),
            cluster_domain: self.profile.cluster_domain.clone(),
            instance_type: resource.instance_type.clone(),
            accelerator: is_nvidia(&types, &resource.instance_type).then(|| "nvidia".to_owned()),
            match_labels: resource.label_selector.match_labels.clone().into_iter().collect(),
            node_count,
            nodes,
            disk: "0".to_owned(),
            gpus: 0,
            image: None,
            pull_secrets: Vec::new(),
            inference: None,
            pod_template: None,
            tuning: None,
        };
        match (&spec.inference, &spec.tuning) {
            (Some(inference), _) => match &inference.template {
                Some(template) => Some(self.pod_template(base, template, &types)),
                None => self.inference(base, inference, &types),
            },
            (None, Some(tuning)) => self.tuning(base, tuning, &types),
            (None, None) => None,
        }
    }

    fn provisioner(&mut self) -> Provisioner {
        let known = &self.release.file.node_objects;
        let chosen = self.profile.provisioner.unwrap_or_else(|| self.release.default_provisioner());
        if chosen != Provisioner::None && !known.contains_key(&chosen) {
            let names: Vec<_> = known.keys().map(|known| format!("`{}`", known.name())).collect();
            let message = format!("release {} has no node objects for `{}`", self.release.name, chosen.name());
            let hint = format!("set the profile's `provisioner` to {} or `none`", text::or(&names));
            let place = self.profile.span("/provisioner");
            let finding = Diagnostic::global(&rule::UNKNOWN_PROVISIONER, message).hint(hint);
            self.session.report(Diagnostic { place, ..finding });
        }
        chosen
    }

    /// Reports node objects that nobody would act on, or that lack what the profile has to say.
    fn check_nodes(&mut self, provisioner: Provisioner) {
        let cloud = self.profile.cloud;
        let place = self.profile.span("/cloud");
        let at = |finding: Diagnostic| Diagnostic { place, ..finding };
        if provisioner == Provisioner::Machine && cloud != Cloud::Azure {
            let message = format!("Machines are served on Azure alone, and the profile's cloud is {}", cloud.title());
            let finding =
                Diagnostic::global(&rule::MACHINE_API, message).hint("set the profile's `provisioner: nodeclaim`");
            self.session.report(at(finding));
        }
        let needs_name = provisioner == Provisioner::Nodeclaim && self.release.file.cluster_name_for.contains(&cloud);
        if needs_name && self.profile.cluster_name.is_none() {
            let message =
                format!("the NodeClass of {} is named after the cluster, and the profile names none", cloud.title());
            let finding = Diagnostic::global(&rule::CLUSTER_NAME, message).hint("add `clusterName:` to the profile");
            self.session.report(at(finding));
        }
    }

    fn model(&mut self, preset: &Preset, pointer: &str) -> Option<Rc<Model>> {
        if self.release.has_model(&preset.name) {
            return self.release.model(&preset.name, self.session);
        }
        let names = self.release.model_names();
        let message = format!("release {} has no preset `{}`", self.release.name, preset.name);
        let hint = match text::nearest(&preset.name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the presets are {}", text::and(&names)),
        };
        self.report(&rule::UNKNOWN_PRESET, pointer, message, hint);
        None
    }

    /// The image that serves and tunes the model.
    fn image(&mut self, preset: &Preset, model: &Model, pointer: &str) -> Option<String> {
        if preset.access_mode == AccessMode::Private {
            return filled(preset.preset_options.image.as_ref());
        }
        if let (AccessMode::Public, Some(tag)) = (model.image.access_mode, &model.image.tag) {
            return Some(format!("{}/kaito-{}:{tag}", self.profile.registry, preset.name));
        }
        let message = format!("there is no public image of `{}`", preset.name);
        let hint = "set `accessMode: private` and name your own image in `presetOptions.image`".to_owned();
        self.report(&rule::NO_PUBLIC_IMAGE, pointer, message, hint);
        None
    }

    /// Warns of pull Secrets that are named twice, which KAITO passes on (quirk 9).
    fn repeated(&mut self, secrets: &[String], pointer: &str) {
        for (index, name) in secrets.iter().enumerate().filter(|(index, name)| secrets[..*index].contains(name)) {
            let is_first = secrets[..index].iter().filter(|before| *before == name).count() == 1;
            if is_first {
                let message =
                    format!("the pull Secret `{name}` is named more than once: server-side apply refuses such a list");
                self.report(
                    &rule::REPEATED_SECRET,
                    pointer,
                    message,
                    "name it once: it counts for all images of the pod".to_owned(),
                );
            }
        }
    }

    fn report(&mut self, rule: &'static Rule, pointer: &str, message: String, hint: String) {
        self.session.report(Diagnostic::new(rule, self.workspace.span(pointer), message).hint(hint));
    }
}

/// The nodes to create and the number that the work runs on. A preferred node takes the place of a new one.
fn nodes(resource: &Resource, provisioner: Provisioner) -> (Vec<PlannedNode>, u32) {
    let wanted = u32::try_from(resource.count).unwrap_or(0);
    let preferred = u32::try_from(resource.preferred_nodes.len()).unwrap_or(u32::MAX);
    let created = if provisioner == Provisioner::None { 0 } else { wanted.saturating_sub(preferred) };
    let nodes = (0..created).map(|ordinal| PlannedNode { ordinal, name: String::new() });
    (nodes.collect(), wanted)
}

/// Whether a machine has NVIDIA's GPUs. Of those that the table does not know, Azure's N series has.
fn is_nvidia(types: &InstanceTypes, name: &str) -> bool {
    types.get(name).map_or_else(|| name.starts_with("Standard_N"), InstanceType::is_nvidia)
}

fn private_pull_secrets(preset: &Preset) -> Vec<String> {
    match preset.access_mode {
        AccessMode::Private => preset.preset_options.image_pull_secrets.clone(),
        AccessMode::Public => Vec::new(),
    }
}

/// To KAITO an empty text is the same as none.
fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
