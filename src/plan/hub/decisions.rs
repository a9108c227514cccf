//! The reasons of a plan whose model comes from Hugging Face: the arithmetic of its memory, line by
//! line.

use super::super::decision::{Decision, Origin};
use super::super::decisions::{Why, flags, output_dir};
use super::super::nodes::gpus;
use super::super::sizing::estimator::{Demand, Estimate};
use super::super::{InferencePlan, TuningPlan};
use super::annotation_pointer;
use super::inference::{NODE_COUNT, VLLM};
use crate::base::pointer;
use crate::base::quantity;
use crate::base::wording;
use crate::catalogue::preset::{HubModel, HubNumbers};
use crate::vocab::Provisioner;

/// A model and its file in the library.
pub(in super::super) struct Hosted<'a> {
    pub(in super::super) model: &'a HubModel,
    pub(in super::super) path: String,
    /// What it is used for: `inference` or `tuning`.
    pub(in super::super) section: &'static str,
    pub(in super::super) numbers: &'a HubNumbers,
}

impl Hosted<'_> {
    fn field(&self, pointer: &str) -> Origin {
        Origin::library(&self.path, pointer)
    }

    fn decision(&self) -> Decision {
        let HubModel {
            name,
            config,
            context_length,
            ..
        } = &*self.model;
        let because = format!(
            "{}, {context_length} tokens at most",
            config.attention().name()
        );
        let decision = Decision::new(&[], "model", name).because(because);
        decision
            .from(Origin::workspace(format!("/{}/preset/name", self.section)))
            .from(self.field("/name"))
    }
}

/// What a number of nodes follows from.
#[derive(Clone, Debug)]
pub(in super::super) struct Estimated {
    pub(in super::super) demand: Demand,
    pub(in super::super) estimate: Estimate,
}

impl Why<'_> {
    /// Everything that was decided, in the order in which people ask.
    pub(in super::super) fn hub(&self, hosted: Option<&Hosted>) -> Vec<Decision> {
        let mut all = vec![
            self.identity(),
            self.release(),
            self.provisioner(),
            self.cloud(),
            self.hub_machine(),
        ];
        if let Some(hosted) = hosted {
            all.push(hosted.decision());
            all.extend(
                self.plan
                    .estimate
                    .as_ref()
                    .into_iter()
                    .flat_map(|found| self.arithmetic(found, hosted)),
            );
        }
        all.extend([
            self.hub_node_count(),
            self.hub_nodes(),
            self.hub_labels(),
            self.hub_disk(hosted),
        ]);
        if let Some(hosted) = hosted {
            all.extend([self.hub_gpus(), self.hub_image()]);
            all.extend(
                self.plan
                    .inference
                    .as_ref()
                    .into_iter()
                    .flat_map(|plan| self.hub_inference(plan, hosted)),
            );
            all.extend(
                self.plan
                    .tuning
                    .as_ref()
                    .into_iter()
                    .flat_map(|plan| self.hub_tuning(plan, hosted)),
            );
        }
        all.extend(self.service());
        all.extend(self.pull_secrets());
        if self.plan.pod_template.is_some() {
            let pods = Decision::new(&["pod_template"], "pods", "your own")
                .because("on the Workspace's nodes");
            all.push(pods.from(Origin::workspace("/inference/template")));
        }
        all
    }

    fn hub_machine(&self) -> Decision {
        let name = &self.plan.instance_type;
        let decision = Decision::new(&["instance_type", "accelerator"], "machine type", name);
        if self.plan.provisioner == Provisioner::None {
            let decision = Decision {
                value: "that of the nodes that are there".to_owned(),
                ..decision
            };
            return decision.from(Origin::Profile("nodes"));
        }
        let decision = decision.from(Origin::workspace("/resource/instanceType"));
        match gpus::instance_type(&self.types, name) {
            Some((exact, found)) => {
                let origin = Origin::library(
                    self.release.instance_types_path(self.profile.cloud),
                    format!("/{}", pointer::escape(exact)),
                );
                decision
                    .because(format!(
                        "{} × {}, {} GiB in all",
                        found.gpus, found.gpu, found.memory_gib
                    ))
                    .from(origin)
            }
            None => decision.because("in no table: its GPUs are not known"),
        }
    }

    /// The estimate, step by step (specification of KAITO 0.12, §3.3).
    fn arithmetic(&self, estimated: &Estimated, hosted: &Hosted) -> Vec<Decision> {
        let Estimated { demand, estimate } = estimated;
        let numbers = &demand.numbers;
        let step = |title, value: String, because: String| {
            Decision::new(&[], title, value).because(because)
        };
        let on_each = |bytes: f64| format!("{} on each GPU", gib(bytes));
        let files = wording::gibibytes(quantity::float(demand.weights), 1);
        let loaded = format!(
            "{files} of files × {}, loaded",
            numbers.loaded_weights_factor
        );
        let nodes = estimate
            .nodes
            .map_or_else(|| "none is enough".to_owned(), |nodes| nodes.to_string());
        vec![
            step("weights", gib(estimate.loaded), loaded)
                .from(hosted.field("/weights"))
                .from(self.number("/estimator/loadedWeightsFactor")),
            self.cache(estimated, hosted),
            step(
                "usable memory",
                format!("{} of each GPU", gib(estimate.usable)),
                format!("{} × {}", gib(estimate.gpu), numbers.gpu_memory_utilization),
            )
            .from(self.number("/estimator/gpuMemoryUtilization")),
            step(
                "room for weights",
                on_each(estimate.room),
                format!(
                    "({} − {} GiB − {}) / {}",
                    gib(estimate.usable),
                    numbers.overhead_gib,
                    gib(estimate.cache),
                    numbers.weights_room_factor
                ),
            )
            .from(self.number("/estimator/overheadGiB"))
            .from(self.number("/estimator/weightsRoomFactor")),
            step(
                "GPUs needed",
                estimate.gpus.to_string(),
                format!("⌊{} / {}⌋ + 1", gib(estimate.loaded), gib(estimate.room)),
            ),
            step(
                "nodes needed",
                nodes,
                format!("⌈{} / {}⌉", estimate.gpus, demand.gpus),
            ),
        ]
    }

    /// The part of the estimate that follows from the context.
    fn cache(&self, estimated: &Estimated, hosted: &Hosted) -> Decision {
        let Estimated { demand, estimate } = estimated;
        let tokens = format!(
            "{} tokens × {} bytes, over {}",
            demand.context,
            demand.bytes_per_token,
            wording::count(demand.gpus as usize, "GPU")
        );
        let value = format!("{} on each GPU", gib(estimate.cache));
        let cache = Decision::new(&[], "KV cache", value).from(hosted.field("/config"));
        match self.workspace.node.find("/inference/config") {
            Some(_) => cache
                .because(tokens)
                .from(Origin::workspace("/inference/config")),
            None => cache
                .because(format!(
                    "{tokens}: the context of the ConfigMap, or {} tokens",
                    demand.numbers.default_context_tokens
                ))
                .from(self.number("/estimator/defaultContextTokens")),
        }
    }

    fn hub_node_count(&self) -> Decision {
        let count = Decision::new(&["node_count"], "nodes", self.plan.node_count.to_string());
        if self.plan.tuning.is_some() {
            return count.because("a training runs on one");
        }
        let annotation = annotation_pointer(NODE_COUNT);
        if self.workspace.node.find(&annotation).is_some() {
            return count
                .because("as somebody decided")
                .from(Origin::workspace(annotation));
        }
        if self.profile.node_counts.contains_key(&self.workspace.key()) {
            return count
                .because("as somebody decided")
                .from(Origin::Profile("nodeCounts"));
        }
        match &self.plan.estimate {
            Some(_) => count.because("as estimated"),
            None => count
                .because("as many as the Workspace says, or 1")
                .from(Origin::workspace("/resource/count")),
        }
    }

    fn hub_nodes(&self) -> Decision {
        let fields = &[
            "nodes",
            "image_family",
            "node_pool",
            "node_class",
            "node_classes",
        ];
        match self.plan.provisioner {
            Provisioner::Nodepool => {
                let class = self.plan.node_class.as_deref().unwrap_or_default();
                let pool = Decision::new(fields, "NodePool", &self.plan.node_pool);
                let pool = pool.because(format!(
                    "{} nodes of the NodeClass `{class}`",
                    self.plan.node_count
                ));
                pool.from(Origin::Profile("nodeClasses"))
            }
            Provisioner::None => {
                let created =
                    Decision::new(fields, "nodes to create", "0").because("they are there already");
                created.from(Origin::Profile("provisioner"))
            }
            _ => {
                let created =
                    Decision::new(fields, "nodes to create", self.plan.nodes.len().to_string());
                let family = self.plan.image_family.as_deref().unwrap_or_default();
                let created =
                    created.because(format!("all of them, with the image family `{family}`"));
                let annotation = annotation_pointer("kaito.sh/node-image-family");
                match self.workspace.node.find(&annotation) {
                    Some(_) => created.from(Origin::workspace(annotation)),
                    None => created.from(Origin::Profile("nodeImageFamily")),
                }
            }
        }
    }

    fn hub_labels(&self) -> Decision {
        let labels = self
            .plan
            .affinity
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let fields = &["match_labels", "affinity", "pod_labels", "inference_set"];
        let labels = Decision::new(fields, "node labels", labels.collect::<Vec<_>>().join(", "));
        labels
            .from(Origin::workspace("/resource/labelSelector"))
            .from(Origin::workspace("/metadata/labels"))
    }

    fn hub_disk(&self, hosted: Option<&Hosted>) -> Decision {
        let disk = Decision::new(&["disk"], "disk of a node", &self.plan.disk);
        match hosted {
            Some(hosted) if hosted.section == "inference" => disk
                .because(format!(
                    "the weights and {} GiB",
                    hosted.numbers.disk.beside_weights_gib
                ))
                .from(hosted.field("/weights"))
                .from(self.number("/hub/disk/besideWeightsGiB")),
            _ => disk
                .because("what KAITO asks for where no model is served by preset")
                .from(self.number("/hub/disk/unknown")),
        }
    }

    /// A number of the release.
    fn number(&self, pointer: &str) -> Origin {
        Origin::library(self.release.path("release.yaml"), pointer)
    }

    fn hub_gpus(&self) -> Decision {
        let asked = self
            .plan
            .gpu_request
            .iter()
            .map(|(resource, count)| format!("{count} × {resource}"));
        let gpus = Decision::new(
            &["gpus", "gpu_request", "mig_resource"],
            "GPUs of a pod",
            asked.collect::<String>(),
        );
        match self.workspace.node.find("/resource/partition") {
            Some(_) => gpus.from(Origin::workspace("/resource/partition")),
            None => gpus.because("all of the node"),
        }
    }

    fn hub_image(&self) -> Decision {
        let image = Decision::new(
            &["image"],
            "image",
            self.plan.image.as_deref().unwrap_or_default(),
        );
        let image = image.from(Origin::library(
            self.release.path("release.yaml"),
            "/baseImage",
        ));
        if self.profile.sets("registry") {
            image.from(Origin::Profile("registry"))
        } else {
            image
        }
    }

    fn service(&self) -> Option<Decision> {
        let service = Decision::new(
            &["service_type", "kv_events"],
            "Service",
            self.plan.service_type.clone()?,
        );
        let annotation = annotation_pointer("kaito.sh/enablelb");
        Some(match self.workspace.node.find(&annotation) {
            Some(_) => service
                .because("`LoadBalancer` if this is `True`")
                .from(Origin::workspace(annotation)),
            None => service.because("the default"),
        })
    }

    fn hub_inference(&self, inference: &InferencePlan, hosted: &Hosted) -> Vec<Decision> {
        let annotated = |decision: Decision, key: &str| match self
            .workspace
            .node
            .find(&annotation_pointer(key))
        {
            Some(_) => decision.from(Origin::workspace(annotation_pointer(key))),
            None => decision.because("the default"),
        };
        let runtime = Decision::new(
            &["inference.runtime", "inference.processes"],
            "runtime",
            &inference.runtime,
        );
        let spread = if inference.distributed {
            "over all nodes, by Ray"
        } else {
            "whole on each node"
        };
        let spread = Decision::new(
            &["inference.distributed", "inference.leader"],
            "model runs",
            spread,
        );
        let served = Decision::new(
            &["inference.flags"],
            "server's flags",
            flags(&inference.flags),
        );
        let runtimes = Origin::library(
            self.release.path("release.yaml"),
            format!("/runtimes/{}", inference.runtime),
        );
        let launch = Decision::new(
            &["inference.launch_flags"],
            "launcher's flags",
            flags(&inference.launch_flags),
        );
        let section = if inference.runtime == VLLM {
            "/vllm/flags"
        } else {
            "/transformers/flags"
        };
        let times = &hosted.numbers.startup;
        let startup = u64::from(inference.startup_failures) * u64::from(times.probe_period_seconds);
        let startup = format!("{startup} s at most");
        let startup = Decision::new(&["inference.startup_failures"], "start", startup);
        let tested = if inference.benchmark {
            "after a benchmark"
        } else {
            "once it answers"
        };
        let probe = Decision::new(
            &["inference.benchmark", "inference.port"],
            "pod is ready",
            tested,
        );
        let weights = match (&inference.local_weights, inference.weights_claim) {
            (Some(folder), _) => format!("on the node, in {folder}"),
            (None, true) => "downloaded to a disk of the machine".to_owned(),
            (None, false) => "downloaded to the node's disk".to_owned(),
        };
        let fields = &[
            "inference.local_weights",
            "inference.weights_claim",
            "inference.access_secret",
        ];
        let weights = annotated(
            Decision::new(fields, "weights are", weights),
            "kaito.sh/use-local-weights",
        );
        let kernels = match (inference.runtime.as_str(), inference.deep_gemm) {
            (VLLM, true) => "DeepGEMM",
            (VLLM, false) => "vLLM's own",
            _ => "PyTorch's",
        };
        let kernels = Decision::new(
            &["inference.deep_gemm", "inference.cuda_toolkit"],
            "kernels",
            kernels,
        );
        let parallel = |kind: &str| {
            inference
                .flags
                .get(&format!("{kind}-parallel-size"))
                .cloned()
                .flatten()
        };
        let split = ["tensor", "pipeline", "data"]
            .into_iter()
            .filter_map(|kind| Some(format!("{kind} {}", parallel(kind)?)));
        let spread = spread.because(split.collect::<Vec<_>>().join(", "));
        let secret = "/inference/preset/presetOptions/modelAccessSecret";
        let weights = match self.workspace.node.find(secret) {
            Some(_) => weights.from(Origin::workspace(secret)),
            None => weights,
        };
        let mut all = vec![
            annotated(runtime, "kaito.sh/runtime"),
            spread,
            served.from(runtimes.clone()).from(hosted.field(section)),
            startup
                .because(format!(
                    "{} s and {} s for each GiB of weights, from {} s to {} s",
                    times.base_seconds, times.seconds_per_gib, times.min_seconds, times.max_seconds
                ))
                .from(hosted.field("/weights"))
                .from(self.number("/hub/startup")),
            annotated(probe, "kaito.sh/disable-benchmark"),
            weights,
            kernels.from(hosted.field("/vllm")),
        ];
        if !inference.launch_flags.is_empty() {
            all.push(launch.from(runtimes));
        }
        if let Some(config) = &inference.config_map {
            let config = Decision::new(&["inference.config_map"], "settings", config);
            all.push(config.from(Origin::workspace("/inference/config")));
        }
        if let Some(role) = &inference.role {
            let role = Decision::new(&["inference.role"], "role", role);
            all.push(role.from(Origin::workspace(
                "/metadata/labels/kaito.sh~1inference-role",
            )));
        }
        if !inference.adapters.is_empty() {
            let names: Vec<_> = inference
                .adapters
                .iter()
                .map(|adapter| adapter.name.as_str())
                .collect();
            let fields = &["inference.adapters", "inference.adapter_images"];
            let adapters = Decision::new(fields, "adapters", names.join(", "));
            all.push(adapters.from(Origin::workspace("/inference/adapters")));
        }
        all
    }

    fn hub_tuning(&self, tuning: &TuningPlan, hosted: &Hosted) -> Vec<Decision> {
        let weights = tuning.weights_image.as_deref().unwrap_or_default();
        let weights = Decision::new(
            &["tuning.weights_image", "tuning.preset"],
            "weights",
            weights,
        );
        let data = match (&tuning.input_image, &tuning.input_volume) {
            (Some(image), _) => image.clone(),
            (None, Some(_)) => "a volume".to_owned(),
            (None, None) => wording::count(tuning.urls.len(), "URL"),
        };
        let fields = &[
            "tuning.urls",
            "tuning.input_name",
            "tuning.input_image",
            "tuning.input_secrets",
            "tuning.input_volume",
        ];
        let data = Decision::new(fields, "data", data);
        let result = tuning.output_image.as_deref().unwrap_or("a volume");
        let fields = &[
            "tuning.output_image",
            "tuning.output_volume",
            "tuning.push_secret",
        ];
        let result = Decision::new(fields, "result", result);
        let launch = Decision::new(
            &["tuning.launch_flags"],
            "launcher's flags",
            flags(&tuning.launch_flags),
        );
        let mut all = vec![
            self.tuning_config(tuning),
            weights
                .because("registry, model and tag")
                .from(hosted.field("/tuning/tag")),
            data.from(Origin::workspace("/tuning/input")),
            result.from(Origin::workspace("/tuning/output")),
            output_dir(tuning),
            launch.because("a process for each GPU"),
        ];
        if !tuning.env.is_empty() {
            let names = tuning
                .env
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            let env = Decision::new(&["tuning.env"], "environment", names)
                .because("where a model is named by its alias");
            all.push(env.from(hosted.field("/tuning/aliasEnv")));
        }
        all
    }
}

fn gib(bytes: f64) -> String {
    wording::gibibytes(bytes, 2)
}
