//! What is decided about serving a model.

use serde_json::Value;

use super::super::nodes::gpus::Gpus;
use super::super::sizing::estimator::{self, Demand, Estimate};
use super::super::{AdapterPlan, InferencePlan, Plan, Planner, filled};
use super::{Estimated, annotation_pointer, flags, gpu_request};
use crate::base::pointer;
use crate::base::quantity;
use crate::base::wording;
use crate::catalogue::preset::{
    EstimatorNumbers, Flags, HubModel, HubNumbers, InstanceTypes, Sizing,
};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::vocab::{AccessMode, Runtime};
use crate::workspace::{Inference, Preset, image_reference};

/// The names of the runtimes, as the annotation and release.yaml have them.
pub(super) const VLLM: &str = "vllm";
const TRANSFORMERS: &str = "transformers";

const RUNTIME: &str = "kaito.sh/runtime";
const BYPASS: &str = "kaito.sh/bypass-resource-checks";
pub(super) const NODE_COUNT: &str = "render.kaito.sh/node-count";

/// The port of the server, and that behind a routing sidecar.
const PORT: u32 = 5000;
const PORT_BEHIND_SIDECAR: u32 = 5001;

impl Planner<'_> {
    /// Serving by preset.
    pub(in super::super) fn hub_inference(
        &mut self,
        base: Plan,
        inference: &Inference,
        types: &InstanceTypes,
        numbers: &HubNumbers,
    ) -> Result<Plan, Reported> {
        let Some(preset) = &inference.preset else {
            return Err(self.reported("/inference"));
        };
        let runtime = self.runtime();
        self.check_service_names();
        self.check_without_effect(preset, runtime);
        let gpus = self.gpus(base.provisioner, &base.match_labels, types);
        let model = self.hub_model(preset, "/inference/preset/name")?;
        self.check_runtime(inference, model, runtime);
        let config_map = filled(inference.config.as_ref());
        let config = config_map.as_ref().filter(|_| runtime == VLLM);
        let config = config.and_then(|name| self.server_config(name, model));
        let context = config.as_ref().and_then(|config| config.context);
        let gpus = gpus?;
        self.check_memory(model, &gpus, runtime)?;
        let (node_count, estimate) = match self.estimator(runtime) {
            Some(numbers) => {
                let demand = Demand::new(numbers, model, gpus.count, gpus.memory, context);
                let (count, estimated) = self.estimated_nodes(demand, model, &gpus, types)?;
                (count, Some(estimated))
            }
            None => (self.counted_nodes()?, None),
        };
        let is_prefilling = ["prefill", "decode"];
        let role = base
            .pod_labels
            .get("kaito.sh/inference-role")
            .filter(|role| is_prefilling.contains(&role.as_str()));
        let behind = role.is_some_and(|role| role == "decode") && runtime == VLLM;
        let local_weights = self.local_weights(preset);
        let access_secret = self.access_secret(preset, model, local_weights.is_none());
        let pull_secrets = pull_secrets(inference);
        let hint = "give each adapter a Secret of its own: what pulls an adapter has no others";
        self.repeated(&pull_secrets, "/inference/adapters", hint);
        let adapters = adapters(inference);
        let serving = flags::Serving {
            model,
            served_name: served_name(&base, model),
            gpus: &gpus,
            // Only the name in the table of instance types counts: that of GPU feature discovery
            // has a hyphen.
            utilization: numbers.gpu_memory_utilization.of(&gpus.model),
            nodes: node_count,
            local_weights: local_weights.as_deref(),
            has_adapters: !adapters.is_empty(),
            has_config: config_map.is_some(),
            performance_mode: self
                .annotation("kaito.sh/performance-mode")
                .filter(|mode| *mode != "balanced"),
            port: behind.then_some(PORT_BEHIND_SIDECAR),
        };
        let own = self
            .release
            .file
            .runtimes
            .get(runtime)
            .cloned()
            .unwrap_or_default();
        let (launch_flags, server_flags) = match &model.transformers {
            Some(transformers) if runtime == TRANSFORMERS => {
                (own, flags::transformers(model, &transformers.flags))
            }
            _ => (Flags::new(), flags::vllm(&own, &serving)),
        };
        self.check_server_flags(config.as_ref(), runtime, &server_flags);
        let leader = format!(
            "{0}-0.{0}-headless.{1}.svc.{2}",
            base.name, base.namespace, base.cluster_domain
        );
        let disable_benchmark = self.annotation("kaito.sh/disable-benchmark");
        Ok(Plan {
            node_count,
            estimate,
            disk: model.disk(&numbers.disk),
            gpus: gpus.count,
            gpu_request: gpu_request(&gpus),
            mig_resource: gpus.mig_resource.clone(),
            image: Some(self.base_image()?),
            pull_secrets,
            service_type: Some(self.service_type().to_owned()),
            kv_events: runtime == VLLM,
            inference: Some(InferencePlan {
                runtime: runtime.to_owned(),
                distributed: node_count > 1 && runtime == VLLM,
                processes: 1,
                launch_flags,
                flags: server_flags,
                adapter_images: adapters.iter().any(|adapter| adapter.image.is_some()),
                adapters,
                port: if behind { PORT_BEHIND_SIDECAR } else { PORT },
                leader,
                benchmark: runtime == VLLM && disable_benchmark != Some("true"),
                startup_failures: model.startup_failures(&numbers.startup),
                config_map,
                access_secret,
                role: role.cloned(),
                weights_claim: local_weights.is_none()
                    && gpus.nvme
                    && self.profile.storage.local_nvme,
                local_weights,
                deep_gemm: model.vllm.deep_gemm,
                cuda_toolkit: model.vllm.cuda_toolkit,
            }),
            ..base
        })
    }

    /// The constants by which the nodes of a model are estimated; none where the Workspace says how
    /// many there are.
    fn estimator(&self, runtime: &str) -> Option<EstimatorNumbers> {
        match self.release.sizing {
            Sizing::Estimator(numbers) if runtime == VLLM => Some(numbers),
            Sizing::Estimator(_) | Sizing::PresetCount => None,
        }
    }

    /// What serves the model. A profile can have everything served by transformers.
    pub(super) fn runtime(&self) -> &'static str {
        let is_asked = self.annotation(RUNTIME) == Some(TRANSFORMERS);
        let is_forced = self.profile.runtime == Some(Runtime::Transformers);
        if is_asked || is_forced {
            TRANSFORMERS
        } else {
            VLLM
        }
    }

    /// Warns of fields and annotations that KAITO accepts and does not act on.
    fn check_without_effect(&mut self, preset: &Preset, runtime: &str) {
        let workspace = self.workspace;
        let resource = workspace.spec.resource.as_ref();
        let mut ignored = Vec::new();
        let odd = self
            .annotation(RUNTIME)
            .filter(|name| ![VLLM, TRANSFORMERS].contains(name));
        if let Some(odd) = odd {
            ignored.push((
                annotation_pointer(RUNTIME),
                format!("there is no runtime `{odd}`: `{runtime}` serves the model"),
            ));
        }
        let is_estimated = self.estimator(runtime).is_some();
        if is_estimated && resource.is_some_and(|resource| resource.count != 1) {
            let message = format!("the number of nodes is estimated; `{NODE_COUNT}` would set it");
            ignored.push(("/resource/count".to_owned(), message));
        }
        if resource.is_some_and(|resource| !resource.preferred_nodes.is_empty()) {
            ignored.push((
                "/resource/preferredNodes".to_owned(),
                "no nodes are preferred".to_owned(),
            ));
        }
        if preset.access_mode == AccessMode::Private || preset.preset_options.image.is_some() {
            let message =
                "all models are served by one image, and weights come from Hugging Face".to_owned();
            ignored.push(("/inference/preset/accessMode".to_owned(), message));
        }
        for (pointer, message) in ignored {
            self.without_effect(&pointer, &message);
        }
    }

    /// The Secret with the token that weights are downloaded by. Warns of pods that would need one.
    fn access_secret(
        &mut self,
        preset: &Preset,
        model: &HubModel,
        downloads: bool,
    ) -> Option<String> {
        let secret = filled(preset.preset_options.model_access_secret.as_ref());
        if model.gated && downloads && secret.is_none() {
            let name = &model.name;
            let message = format!("`{name}` is gated, and its pods get no token of Hugging Face");
            let hint = format!(
                "accept the terms at `https://huggingface.co/{name}`, and name a Secret that has a token under \
                 `HF_TOKEN` in `presetOptions.modelAccessSecret`"
            );
            self.report(&rule::GATED, "/inference/preset/name", message, hint);
        }
        secret
    }

    /// Reports what the runtime can't serve (I5, I6).
    fn check_runtime(&mut self, inference: &Inference, model: &HubModel, runtime: &str) {
        if runtime == TRANSFORMERS && model.transformers.is_none() {
            let message = format!("`{}` can't be served by transformers", model.name);
            let hint = format!("leave `{RUNTIME}: transformers` out: vLLM serves it");
            self.report(&rule::RUNTIME, "/inference/preset/name", message, hint);
        }
        let weighted = inference
            .adapters
            .iter()
            .position(|adapter| adapter.strength.is_some());
        if let (Some(index), VLLM) = (weighted, runtime) {
            let place = format!("/inference/adapters/{index}/strength");
            let message = "vLLM serves adapters at their full strength alone".to_owned();
            self.report(
                &rule::RUNTIME,
                &place,
                message,
                format!("remove it, or set `{RUNTIME}: transformers`"),
            );
        }
    }

    /// Reports nodes that have less memory than the weights alone need (R8, R9): an estimate would
    /// only say it again.
    fn check_memory(
        &mut self,
        model: &HubModel,
        gpus: &Gpus,
        runtime: &str,
    ) -> Result<(), Reported> {
        let place = if gpus.nodes.is_some() {
            "/resource/labelSelector"
        } else {
            "/resource/instanceType"
        };
        let weights = model.weights_bytes();
        let count = self
            .workspace
            .spec
            .resource
            .as_ref()
            .map_or(1, |resource| resource.count);
        let nodes = gpus
            .nodes
            .map_or_else(|| u64::try_from(count).unwrap_or(0), u64::from);
        let total = nodes.saturating_mul(gpus.memory);
        let bypasses = self.annotation(BYPASS).is_some();
        let size = |bytes: u64| wording::gibibytes(quantity::float(bytes), 1);
        let needed = size(weights);
        if gpus.mig_resource.is_some() && weights > gpus.memory && !bypasses {
            let message = format!(
                "the weights take {needed}, and the slice has {}",
                size(gpus.memory)
            );
            let hint = "choose a larger slice, or a smaller model".to_owned();
            let place = "/resource/partition";
            return Err(self.fail(&rule::TOO_LITTLE_MEMORY, place, message, hint));
        }
        if runtime == TRANSFORMERS && weights > gpus.memory {
            let message = format!(
                "the weights take {needed}, and one node has {}",
                size(gpus.memory)
            );
            let hint =
                "transformers does not spread a model over nodes: choose larger ones, or vLLM"
                    .to_owned();
            return Err(self.fail(&rule::NO_FIT, place, message, hint));
        }
        let is_counted = gpus.nodes.is_some() || self.estimator(runtime).is_none();
        if nodes > 0 && total < weights && !bypasses && is_counted {
            let message = format!(
                "the weights take {needed}, and all nodes have {}",
                size(total)
            );
            let hint = format!("choose larger nodes; `{BYPASS}` lets it pass");
            return Err(self.fail(&rule::TOO_LITTLE_MEMORY, place, message, hint));
        }
        Ok(())
    }

    /// The nodes that a Workspace asks for, each of which serves the whole model.
    fn counted_nodes(&mut self) -> Result<u32, Reported> {
        let count = self
            .workspace
            .spec
            .resource
            .as_ref()
            .map_or(1, |resource| resource.count);
        let count = self
            .wanted_nodes()
            .or_else(|| u32::try_from(count).ok().filter(|count| *count > 0));
        count.ok_or_else(|| {
            let message = "`resource.count` must be at least 1".to_owned();
            let hint = "say how many nodes to run on".to_owned();
            self.fail(&rule::COUNT, "/resource/count", message, hint)
        })
    }

    /// The nodes that the model is estimated to need (specification of KAITO 0.12, §3).
    fn estimated_nodes(
        &mut self,
        demand: Demand,
        model: &HubModel,
        gpus: &Gpus,
        types: &InstanceTypes,
    ) -> Result<(u32, Estimated), Reported> {
        let wanted = self.wanted_nodes();
        let estimate = estimator::estimate(&demand);
        let estimated = estimate
            .nodes
            .and_then(|nodes| u32::try_from(nodes.max(1)).ok());
        let estimated = estimated.filter(|nodes| *nodes == 1 || gpus.mig_resource.is_none());
        let count = match (wanted, estimated) {
            (Some(wanted), Some(estimated)) if wanted >= estimated => wanted,
            (Some(wanted), _) => {
                let needed = estimated.map_or("none would do".to_owned(), |nodes| {
                    format!("{nodes} are estimated")
                });
                let message = format!(
                    "`{}` is not expected to fit on {}: {needed}",
                    model.name,
                    nodes_of(wanted)
                );
                let hint = "raise the number, or choose nodes with more memory".to_owned();
                let annotated = self
                    .workspace
                    .node
                    .find(&annotation_pointer(NODE_COUNT))
                    .map(|found| found.span);
                let of_profile = format!("/nodeCounts/{}", pointer::escape(&self.workspace.key()));
                let place = annotated.or_else(|| self.profile.span(&of_profile));
                let finding = Diagnostic::global(&rule::COUNT_TOO_SMALL, message).hint(hint);
                self.diagnostics.report(Diagnostic { place, ..finding });
                wanted
            }
            (None, None) => {
                let choices = gpus.nodes.is_none().then_some(types);
                return Err(self.does_not_fit(&demand, &estimate, model, choices));
            }
            (None, Some(estimated)) => {
                if let Some(there) = gpus.nodes.filter(|there| *there < estimated) {
                    let message = format!(
                        "the model needs {}, and the profile has {}",
                        nodes_of(estimated),
                        nodes_of(there)
                    );
                    let hint = "pods wait until there are enough".to_owned();
                    self.warn(&rule::NODES, "/resource/labelSelector", message, hint);
                }
                estimated
            }
        };
        Ok((count, Estimated { demand, estimate }))
    }

    /// The number of nodes that a person has decided on, whatever is estimated.
    pub(super) fn wanted_nodes(&mut self) -> Option<u32> {
        if let Some(text) = self.annotation(NODE_COUNT) {
            let count = text.trim().parse().ok().filter(|count| *count > 0);
            if count.is_none() {
                let message = format!(
                    "`{NODE_COUNT}` must be a number of nodes, not `{}`",
                    text.escape_debug()
                );
                self.report(
                    &rule::ANNOTATION,
                    &annotation_pointer(NODE_COUNT),
                    message,
                    "such as \"2\"".to_owned(),
                );
            }
            return count;
        }
        self.profile
            .node_counts
            .get(&self.workspace.key())
            .map(|count| count.get())
    }

    fn does_not_fit(
        &mut self,
        demand: &Demand,
        estimate: &Estimate,
        model: &HubModel,
        types: Option<&InstanceTypes>,
    ) -> Reported {
        let place = self
            .workspace
            .node
            .find("/resource/instanceType")
            .map_or("/resource", |_| "/resource/instanceType");
        let gib = |bytes: f64| wording::gibibytes(bytes, 1);
        let message = if estimate.nodes.is_none() {
            format!(
                "`{}` needs {} on each GPU beside its weights, {} of it for {} tokens, but only {} of {} may be used",
                model.name,
                gib(estimate.fixed),
                gib(estimate.cache),
                demand.context,
                gib(estimate.usable),
                gib(estimate.gpu)
            )
        } else {
            format!(
                "`{}` needs more than one slice, and slices are not put together",
                model.name
            )
        };
        let fits = |(name, instance): (&String, &crate::catalogue::preset::InstanceType)| {
            let memory = u64::from(instance.memory_gib) * u64::from(quantity::GIB);
            let nodes = estimator::estimate(&Demand {
                gpus: instance.gpus,
                memory,
                ..*demand
            })
            .nodes;
            (instance.is_nvidia() && nodes == Some(1))
                .then(|| (instance.memory_gib, format!("`{name}`")))
        };
        let mut fitting: Vec<_> = types.into_iter().flatten().filter_map(fits).collect();
        fitting.sort();
        let names: Vec<_> = fitting.into_iter().take(3).map(|(_, name)| name).collect();
        let hint = match names.as_slice() {
            [] => "set a smaller `max-model-len` in the ConfigMap of `inference.config`".to_owned(),
            names => format!(
                "{} would do, or a smaller `max-model-len`",
                wording::or(names)
            ),
        };
        self.fail(&rule::NO_FIT, place, message, hint)
    }

    /// The folder of a node that holds the weights, if they are there already.
    fn local_weights(&self, preset: &Preset) -> Option<String> {
        let name = preset.name.trim().to_lowercase().replace(['/', '\\'], "-");
        (self.annotation("kaito.sh/use-local-weights") == Some("true"))
            .then(|| format!("/opt/kaito/models/{name}"))
    }
}

/// The name that the server answers to: replicas of one InferenceSet answer to its name.
fn served_name(base: &Plan, model: &HubModel) -> String {
    let of_set = base.inference_set.clone();
    let has_roles = base
        .pod_labels
        .contains_key("multiroleinference.kaito.sh/created-by");
    of_set
        .filter(|_| !has_roles)
        .unwrap_or_else(|| model.short_name())
}

fn nodes_of(count: u32) -> String {
    wording::count(count as usize, "node")
}

fn adapters(inference: &Inference) -> Vec<AdapterPlan> {
    let adapters = inference.adapters.iter().filter_map(|adapter| {
        let source = adapter.source.as_ref()?;
        Some(AdapterPlan {
            name: source.name.clone()?,
            image: filled(source.image.as_ref()).and_then(|image| image_reference(&image)),
            volume: source
                .volume_source
                .as_ref()
                .and_then(Value::as_object)
                .cloned(),
            strength: adapter.strength.clone(),
            pull_secrets: source.image_pull_secrets.clone(),
        })
    });
    // Those that are pulled come before those that are mounted.
    let (pulled, mounted): (Vec<_>, Vec<_>) = adapters.partition(|adapter| adapter.image.is_some());
    pulled.into_iter().chain(mounted).collect()
}

fn pull_secrets(inference: &Inference) -> Vec<String> {
    let sources = inference
        .adapters
        .iter()
        .filter_map(|adapter| adapter.source.as_ref());
    sources
        .flat_map(|source| source.image_pull_secrets.clone())
        .collect()
}
