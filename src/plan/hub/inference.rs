//! What is decided about serving a model.

use serde_json::Value;

use super::nodes::gpu_request;
use super::{Hub, flags};
use crate::base::pointer;
use crate::base::similar;
use crate::catalogue::preset::{Flags, HubModel};
use crate::diagnostic::Reported;
use crate::diagnostic::rule;
use crate::plan::config::server_config::ServerConfig;
use crate::plan::nodes::gpus::Gpus;
use crate::plan::{AdapterPlan, InferencePlan, Plan, adapter_secrets, filled, once};
use crate::vocab::annotations::NODE_COUNT;
use crate::vocab::annotations::{self, RUNTIME};
use crate::vocab::image;
use crate::vocab::labels::{self, INFERENCE_ROLE};
use crate::vocab::{AccessMode, Runtime};
use crate::workspace::{Inference, Preset};

/// The names of the runtimes, as the annotation and release.yaml have them.
pub(super) const VLLM: &str = "vllm";
pub(super) const TRANSFORMERS: &str = "transformers";

/// The label with what the pods do of a request, and its values.
const DECODE: &str = "decode";
const ROLES: [&str; 2] = ["prefill", DECODE];

/// The port of the server, and that behind a routing sidecar.
const PORT: u32 = 5000;
const PORT_BEHIND_SIDECAR: u32 = 5001;

/// A model and what was decided before its flags.
struct Served<'a> {
    inference: &'a Inference,
    preset: &'a Preset,
    model: &'a HubModel,
    runtime: &'static str,
    config: Option<&'a ServerConfig>,
    gpus: &'a Gpus,
    nodes: u32,
}

impl Hub<'_, '_> {
    /// Decides how a preset is served: GPUs, nodes, adapters and the flags of the server.
    pub(super) fn inference(
        &mut self,
        base: Plan,
        inference: &Inference,
    ) -> Result<Plan, Reported> {
        // What does not depend on the model comes first: an unknown one must not hide it.
        let runtime = self.runtime();
        self.planner.check_service_names();
        let gpus = self
            .planner
            .gpus(base.provisioner, &base.match_labels, self.types);
        self.check_strengths(inference, runtime);
        let Some(preset) = &inference.preset else {
            return Err(self.planner.reported("/inference"));
        };
        self.check_without_effect(preset, runtime);
        let model = self.model(preset, "/inference/preset/name")?;
        self.check_runtime(model, runtime);
        self.check_token(preset, model);
        // KAITO passes the settings to vLLM only: transformers gets the volume, and no flag that
        // names it (0.12, §4.6).
        let config = filled(inference.config.as_ref())
            .filter(|_| runtime == VLLM)
            .and_then(|name| self.planner.server_config(&name, model));
        let gpus = gpus
            .and_then(|gpus| self.check_memory(model, &gpus, runtime).map(|()| gpus))
            .inspect_err(|_| {
                // Without nodes nothing is planned; what the server does not know can still be said.
                self.planner
                    .check_server_flags(config.as_ref(), runtime, None);
            })?;
        let context = config.as_ref().and_then(|config| config.context);
        let (node_count, estimate) = self.node_count(model, &gpus, runtime, context)?;
        let served = Served {
            inference,
            preset,
            model,
            runtime,
            config: config.as_ref(),
            gpus: &gpus,
            nodes: node_count,
        };
        let plan = self.served(&base, &served);
        Ok(Plan {
            node_count,
            estimate,
            disk: model.disk(&self.numbers.disk),
            gpus: gpus.count,
            gpu_request: gpu_request(&gpus),
            mig_resource: gpus.mig_resource.clone(),
            image: Some(self.base_image()?),
            pull_secrets: once(adapter_secrets(inference)),
            service_type: Some(self.planner.service_type().to_owned()),
            kv_events: runtime == VLLM,
            inference: Some(plan),
            ..base
        })
    }

    /// What the pods of a model run.
    fn served(&mut self, base: &Plan, served: &Served) -> InferencePlan {
        let Served { model, runtime, .. } = *served;
        let role = base
            .pod_labels
            .get(INFERENCE_ROLE)
            .filter(|role| ROLES.contains(&role.as_str()));
        // The routing sidecar takes the usual port, so the server behind it moves to the next one
        // (0.12, §4.10).
        let has_sidecar = role.is_some_and(|role| role == DECODE) && runtime == VLLM;
        let local_weights = self.local_weights(served.preset);
        let adapters = adapters(served.inference);
        let (launch_flags, flags) = self.flags(base, served, local_weights.as_deref(), has_sidecar);
        self.planner
            .check_server_flags(served.config, runtime, Some(&flags));
        let disable_benchmark = self.planner.annotation(annotations::DISABLE_BENCHMARK);
        InferencePlan {
            runtime: runtime.to_owned(),
            // With transformers each node serves a copy of the whole model (0.12, §4.6).
            distributed: served.nodes > 1 && runtime == VLLM,
            // KAITO starts one process of `accelerate`, whatever the number of GPUs (0.12, §4.6).
            processes: 1,
            launch_flags,
            flags,
            adapter_images: adapters.iter().any(|adapter| adapter.image.is_some()),
            adapters,
            port: if has_sidecar {
                PORT_BEHIND_SIDECAR
            } else {
                PORT
            },
            metrics: self.planner.release.file.metrics.get(runtime).cloned(),
            // The nodes of one server find its first pod, and the probes too, by this name (0.12,
            // §4.5).
            leader: format!(
                "{0}-0.{0}-headless.{1}.svc.{2}",
                base.name, base.namespace, base.cluster_domain
            ),
            // Only `true` switches it off: any other value counts as absent (0.12, §1.2).
            benchmark: runtime == VLLM && disable_benchmark != Some("true"),
            startup_failures: model.startup_failures(&self.numbers.startup),
            config_map: filled(served.inference.config.as_ref()),
            access_secret: access_secret(served.preset),
            role: role.cloned(),
            // A claim is no use where the weights lie on the node already, or where no storage
            // class serves its fast disk. KAITO asks the cluster for the class, we ask the profile
            // (0.12, §4.3).
            weights_claim: local_weights.is_none()
                && served.gpus.nvme
                && self.planner.profile.storage.local_nvme,
            local_weights,
            deep_gemm: model.vllm.deep_gemm,
            cuda_toolkit: model.vllm.cuda_toolkit,
        }
    }

    /// The flags of the launcher and those of the server.
    fn flags(
        &self,
        base: &Plan,
        served: &Served,
        local_weights: Option<&str>,
        has_sidecar: bool,
    ) -> (Flags, Flags) {
        let Served { model, gpus, .. } = *served;
        let own = self.planner.release.runtime_flags(served.runtime);
        if let Some(transformers) = &model.transformers
            && served.runtime == TRANSFORMERS
        {
            return (own, flags::transformers(model, &transformers.flags));
        }
        let performance_mode = self.planner.annotation(annotations::PERFORMANCE_MODE);
        let serving = flags::Serving {
            model,
            served_name: served_name(base, model),
            gpus,
            // Only the name in the table of instance types counts: that of GPU feature discovery
            // has a hyphen.
            utilization: self.numbers.gpu_memory_utilization.of(&gpus.model),
            nodes: served.nodes,
            local_weights,
            has_adapters: !adapters(served.inference).is_empty(),
            has_config: filled(served.inference.config.as_ref()).is_some(),
            // KAITO passes no flag for its default (0.12, §4.6).
            performance_mode: performance_mode.filter(|mode| *mode != "balanced"),
            port: has_sidecar.then_some(PORT_BEHIND_SIDECAR),
        };
        (Flags::new(), flags::vllm(&own, &serving))
    }

    /// What serves the model. A profile can have everything served by transformers.
    pub(super) fn runtime(&self) -> &'static str {
        // Any other value means vLLM to KAITO (0.12, §1.2).
        let is_asked = self.planner.annotation(RUNTIME) == Some(TRANSFORMERS);
        let is_forced = self.planner.profile.runtime == Some(Runtime::Transformers);
        if is_asked || is_forced {
            TRANSFORMERS
        } else {
            VLLM
        }
    }

    /// Warns of fields and annotations that KAITO accepts and does not act on.
    fn check_without_effect(&mut self, preset: &Preset, runtime: &str) {
        let workspace = self.planner.workspace;
        let resource = workspace.spec.resource.as_ref();
        let mut ignored = Vec::new();
        let odd = self
            .planner
            .annotation(RUNTIME)
            .filter(|name| ![VLLM, TRANSFORMERS].contains(name));
        if let Some(odd) = odd {
            let near = similar::nearest(odd, [VLLM, TRANSFORMERS].into_iter());
            let hint = near.map_or("remove it".to_owned(), |near| format!("write `{near}`"));
            let message = format!(
                "`{RUNTIME}` has no effect: there is no runtime `{}`, and `{runtime}` serves the model",
                odd.escape_debug()
            );
            let place = pointer::to_annotation(RUNTIME);
            self.planner.report(&rule::NO_EFFECT, &place, message, hint);
        }
        let is_estimated = self.estimator(runtime).is_some();
        // 1 is the default, and can't be told from a count that nobody wrote.
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
        let image = preset.preset_options.image.is_some();
        let is_private = preset.access_mode == AccessMode::Private;
        for (pointer, _) in [
            ("/inference/preset/accessMode", is_private),
            ("/inference/preset/presetOptions/image", image),
        ]
        .iter()
        .filter(|(_, is_set)| *is_set)
        {
            let message =
                "all models are served by one image, and weights come from Hugging Face".to_owned();
            ignored.push(((*pointer).to_owned(), message));
        }
        for (pointer, message) in ignored {
            self.planner.without_effect(&pointer, &message);
        }
    }

    /// Warns of pods that would need a token to download the weights, and get none.
    fn check_token(&mut self, preset: &Preset, model: &HubModel) {
        let downloads = self.local_weights(preset).is_none();
        if model.gated && downloads && access_secret(preset).is_none() {
            let name = &model.name;
            let message = format!("`{name}` is gated, and its pods get no token of Hugging Face");
            let hint = format!(
                "accept the terms at `https://huggingface.co/{name}`, and name a Secret that has a token under \
                 `HF_TOKEN` in `presetOptions.modelAccessSecret`"
            );
            self.planner
                .report(&rule::GATED, "/inference/preset/name", message, hint);
        }
    }

    /// Reports a model that the runtime can't serve (I5).
    fn check_runtime(&mut self, model: &HubModel, runtime: &str) {
        if runtime == TRANSFORMERS && model.transformers.is_none() {
            let message = format!("`{}` can't be served by transformers", model.name);
            let hint = format!("leave `{RUNTIME}: transformers` out: vLLM serves it");
            self.planner
                .report(&rule::RUNTIME, "/inference/preset/name", message, hint);
        }
    }

    /// Reports an adapter that the runtime can't serve (I6).
    fn check_strengths(&mut self, inference: &Inference, runtime: &str) {
        let weighted = inference
            .adapters
            .iter()
            .position(|adapter| adapter.strength.is_some());
        if let (Some(index), VLLM) = (weighted, runtime) {
            let place = format!("/inference/adapters/{index}/strength");
            let message = "vLLM serves adapters only at full strength".to_owned();
            self.planner.report(
                &rule::RUNTIME,
                &place,
                message,
                format!("remove it, or set `{RUNTIME}: transformers`"),
            );
        }
    }

    /// The directory of a node that holds the weights, if it does already.
    fn local_weights(&self, preset: &Preset) -> Option<String> {
        // Of the name as it is written: KAITO does not resolve an alias here (0.12, §4.4).
        let name = preset.name.trim().to_lowercase().replace(['/', '\\'], "-");
        (self.planner.annotation(annotations::USE_LOCAL_WEIGHTS) == Some("true"))
            .then(|| format!("/opt/kaito/models/{name}"))
    }
}

/// The Secret with the token that weights are downloaded by.
fn access_secret(preset: &Preset) -> Option<String> {
    filled(preset.preset_options.model_access_secret.as_ref())
}

/// The name that the server answers to: replicas of one InferenceSet answer to its name.
fn served_name(base: &Plan, model: &HubModel) -> String {
    let of_set = base.inference_set.clone();
    // A set that belongs to a MultiRoleInference serves with others under the name of the model
    // (0.12, §4.6).
    let has_roles = base.pod_labels.contains_key(labels::CREATED_BY_ROLES);
    of_set
        .filter(|_| !has_roles)
        .unwrap_or_else(|| model.short_name())
}

fn adapters(inference: &Inference) -> Vec<AdapterPlan> {
    let adapters = inference.adapters.iter().filter_map(|adapter| {
        let source = adapter.source.as_ref()?;
        Some(AdapterPlan {
            name: source.name.clone()?,
            image: filled(source.image.as_ref()).and_then(|image| image::complete(&image)),
            volume: source
                .volume_source
                .as_ref()
                .and_then(Value::as_object)
                .cloned(),
            strength: adapter.strength.clone(),
            pull_secrets: once(source.image_pull_secrets.clone()),
        })
    });
    // Those that are pulled come before those that are mounted.
    let (pulled, mounted): (Vec<_>, Vec<_>) = adapters.partition(|adapter| adapter.image.is_some());
    pulled.into_iter().chain(mounted).collect()
}
