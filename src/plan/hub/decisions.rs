//! The reasons of a plan whose model comes from Hugging Face: the arithmetic of its memory, line by
//! line.

use super::inference::VLLM;
use crate::base::pointer;
use crate::base::quantity;
use crate::base::wording;
use crate::catalogue::preset::{HubModel, HubNumbers};
use crate::plan::decision::{Decision, Origin};
use crate::plan::nodes::instance_type::instance_type;
use crate::plan::sizing::estimator::{Demand, Estimate};
use crate::plan::why::{Section, Why, flags, names, output_dir};
use crate::plan::{InferencePlan, TuningPlan};
use crate::vocab::Provisioner;
use crate::vocab::annotations::NODE_COUNT;
use crate::vocab::{annotations, kinds, labels};

/// Everything that was decided, in the order in which people ask.
pub(in crate::plan) fn all(why: &Why, numbers: &HubNumbers) -> Vec<Decision> {
    let served = why.preset().and_then(|(preset, section)| {
        let repository = why.release.file.repository(&preset.name);
        let model = why.release.hub_model(&repository)?.ok()?;
        Some(Served {
            section,
            path: why.release.model_path(&repository),
            model,
        })
    });
    Reasons { why, numbers }.all(served.as_ref())
}

/// The preset that a plan is made from.
struct Served<'a> {
    section: Section,
    /// Its file.
    path: String,
    model: &'a HubModel,
}

impl Served<'_> {
    fn field(&self, pointer: &str) -> Origin {
        Origin::library(&self.path, pointer)
    }

    fn decision(&self) -> Decision {
        let HubModel {
            name,
            config,
            context_length,
            ..
        } = self.model;
        let because = format!(
            "{}, {context_length} tokens at most",
            config.attention().name()
        );
        let preset = format!("/{}/preset/name", self.section.name());
        Decision::new(&[], "model", name)
            .because(because)
            .from(Origin::workspace(preset))
            .from(self.field("/name"))
    }
}

/// What a number of nodes follows from.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Estimated {
    pub(in crate::plan) demand: Demand,
    pub(in crate::plan) estimate: Estimate,
}

struct Reasons<'a> {
    why: &'a Why<'a>,
    numbers: &'a HubNumbers,
}

impl Reasons<'_> {
    fn all(&self, served: Option<&Served>) -> Vec<Decision> {
        let (why, plan) = (self.why, self.why.plan);
        let mut all = vec![
            why.identity(),
            why.release(),
            why.provisioner(),
            why.cloud(),
            self.instance_type(),
        ];
        if let Some(served) = served {
            all.push(served.decision());
            let estimate = plan.estimate.as_ref();
            all.extend(
                estimate
                    .iter()
                    .flat_map(|found| self.arithmetic(found, served)),
            );
        }
        all.extend([
            self.node_count(),
            self.nodes(),
            self.labels(),
            self.disk(served),
        ]);
        if let Some(served) = served {
            all.extend([self.gpus(), self.image()]);
            let inference = plan.inference.iter();
            all.extend(inference.flat_map(|inference| self.inference(inference, served)));
            let tuning = plan.tuning.iter();
            all.extend(tuning.flat_map(|tuning| self.tuning(tuning, served)));
        }
        all.extend(why.service(&["service_type", "kv_events"]));
        all.extend(why.pull_secrets());
        all.extend(why.pods());
        all
    }

    fn instance_type(&self) -> Decision {
        let name = &self.why.plan.instance_type;
        let decision = Decision::new(&["instance_type", "accelerator"], "instance type", name);
        if self.why.plan.provisioner == Provisioner::None {
            let decision = Decision {
                value: "that of the existing nodes".to_owned(),
                ..decision
            };
            return decision.from(Origin::Profile("nodes"));
        }
        let decision = decision.from(Origin::workspace("/resource/instanceType"));
        match instance_type(self.why.types, name) {
            Some((exact, found)) => {
                let origin = Origin::library(
                    self.why.release.instance_types_path(self.why.profile.cloud),
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
    fn arithmetic(&self, estimated: &Estimated, served: &Served) -> Vec<Decision> {
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
                .from(served.field("/weights"))
                .from(self.why.number("/estimator/loadedWeightsFactor")),
            self.cache(estimated, served),
            step(
                "usable memory",
                format!("{} of each GPU", gib(estimate.usable)),
                format!("{} × {}", gib(estimate.gpu), numbers.gpu_memory_utilization),
            )
            .from(self.why.number("/estimator/gpuMemoryUtilization")),
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
            .from(self.why.number("/estimator/overheadGiB"))
            .from(self.why.number("/estimator/weightsRoomFactor")),
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
    fn cache(&self, estimated: &Estimated, served: &Served) -> Decision {
        let Estimated { demand, estimate } = estimated;
        let tokens = format!(
            "{} tokens × {} bytes, over {}",
            demand.context,
            demand.bytes_per_token,
            wording::count(demand.gpus as usize, "GPU")
        );
        let value = format!("{} on each GPU", gib(estimate.cache));
        let cache = Decision::new(&[], "KV cache", value).from(served.field("/config"));
        match self.why.workspace.node.find("/inference/config") {
            Some(_) => cache
                .because(tokens)
                .from(Origin::workspace("/inference/config")),
            None => cache
                .because(format!(
                    "{tokens}: the context of the ConfigMap, or {} tokens",
                    demand.numbers.default_context_tokens
                ))
                .from(self.why.number("/estimator/defaultContextTokens")),
        }
    }

    fn node_count(&self) -> Decision {
        let count = Decision::new(
            &["node_count"],
            "nodes",
            self.why.plan.node_count.to_string(),
        );
        if self.why.plan.tuning.is_some() {
            return count.because("a training runs on one");
        }
        let annotation = pointer::to_annotation(NODE_COUNT);
        if self.why.workspace.node.find(&annotation).is_some() {
            return count
                .because("set by the annotation")
                .from(Origin::workspace(annotation));
        }
        if self
            .why
            .profile
            .node_counts
            .contains_key(&self.why.workspace.key())
        {
            return count
                .because("set by the profile")
                .from(Origin::Profile("nodeCounts"));
        }
        match &self.why.plan.estimate {
            Some(_) => count.because("as estimated"),
            None => count
                .because("as many as the Workspace says, or 1")
                .from(Origin::workspace("/resource/count")),
        }
    }

    fn nodes(&self) -> Decision {
        let fields = &[
            "nodes",
            "image_family",
            "node_pool",
            "node_class",
            "node_classes",
        ];
        match self.why.plan.provisioner {
            Provisioner::Nodepool => {
                let class = self.why.plan.node_class.as_deref().unwrap_or_default();
                let pool = Decision::new(fields, kinds::NODE_POOL, &self.why.plan.node_pool);
                let pool = pool.because(format!(
                    "{} nodes of the NodeClass `{class}`",
                    self.why.plan.node_count
                ));
                pool.from(Origin::Profile("nodeClasses"))
            }
            Provisioner::None => {
                let created =
                    Decision::new(fields, "nodes to create", "0").because("they exist already");
                created.from(Origin::Profile("provisioner"))
            }
            _ => {
                let created = Decision::new(
                    fields,
                    "nodes to create",
                    self.why.plan.nodes.len().to_string(),
                );
                let family = self.why.plan.image_family.as_deref().unwrap_or_default();
                let created =
                    created.because(format!("all of them, with the image family `{family}`"));
                let annotation = pointer::to_annotation(annotations::NODE_IMAGE_FAMILY);
                match self.why.workspace.node.find(&annotation) {
                    Some(_) => created.from(Origin::workspace(annotation)),
                    None => created.from(Origin::Profile("nodeImageFamily")),
                }
            }
        }
    }

    fn labels(&self) -> Decision {
        let labels = self
            .why
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

    fn disk(&self, served: Option<&Served>) -> Decision {
        let disk = Decision::new(&["disk"], "disk of a node", &self.why.plan.disk);
        match served {
            Some(served) if served.section == Section::Inference => disk
                .because(format!(
                    "the weights and {} GiB",
                    self.numbers.disk.beside_weights_gib
                ))
                .from(served.field("/weights"))
                .from(self.why.number("/hub/disk/besideWeightsGiB")),
            _ => disk
                .because("what KAITO asks for where no model is served by preset")
                .from(self.why.number("/hub/disk/unknown")),
        }
    }

    fn gpus(&self) -> Decision {
        let asked = self
            .why
            .plan
            .gpu_request
            .iter()
            .map(|(resource, count)| format!("{count} × {resource}"));
        let gpus = Decision::new(
            &["gpus", "gpu_request", "mig_resource"],
            "GPUs of a pod",
            asked.collect::<String>(),
        );
        match self.why.workspace.node.find("/resource/partition") {
            Some(_) => gpus.from(Origin::workspace("/resource/partition")),
            None => gpus.because("all of the node"),
        }
    }

    fn image(&self) -> Decision {
        let image = Decision::new(
            &["image"],
            "image",
            self.why.plan.image.as_deref().unwrap_or_default(),
        );
        let image = image.from(Origin::library(
            self.why.release.path("release.yaml"),
            "/baseImage",
        ));
        if self.why.profile.sets("registry") {
            image.from(Origin::Profile("registry"))
        } else {
            image
        }
    }

    fn inference(&self, inference: &InferencePlan, served: &Served) -> Vec<Decision> {
        let why = self.why;
        let runtime = Decision::new(
            &["inference.runtime", "inference.processes"],
            "runtime",
            &inference.runtime,
        );
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
        let mut all = vec![
            why.annotated(runtime, annotations::RUNTIME),
            spread(inference),
            self.server_flags(inference, served),
            self.start(inference, served),
            why.annotated(probe, annotations::DISABLE_BENCHMARK),
            self.weights(inference),
            kernels(inference).from(served.field("/vllm")),
        ];
        all.extend(self.launcher_flags(inference));
        all.extend(settings(inference));
        all.extend(role(inference));
        all.extend(adapters(inference));
        all
    }

    fn server_flags(&self, inference: &InferencePlan, served: &Served) -> Decision {
        let section = if inference.runtime == VLLM {
            "/vllm/flags"
        } else {
            "/transformers/flags"
        };
        let value = flags(&inference.flags);
        Decision::new(&["inference.flags"], "server's flags", value)
            .from(self.runtime(inference))
            .from(served.field(section))
    }

    fn launcher_flags(&self, inference: &InferencePlan) -> Option<Decision> {
        if inference.launch_flags.is_empty() {
            return None;
        }
        let value = flags(&inference.launch_flags);
        let launch = Decision::new(&["inference.launch_flags"], "launcher's flags", value);
        Some(launch.from(self.runtime(inference)))
    }

    /// The flags that a runtime always gets.
    fn runtime(&self, inference: &InferencePlan) -> Origin {
        self.why.number(&format!("/runtimes/{}", inference.runtime))
    }

    /// How long a pod may take to start.
    fn start(&self, inference: &InferencePlan, served: &Served) -> Decision {
        let numbers = &self.numbers.startup;
        let seconds =
            u64::from(inference.startup_failures) * u64::from(numbers.probe_period_seconds);
        let because = format!(
            "{} s and {} s for each GiB of weights, from {} s to {} s",
            numbers.base_seconds, numbers.seconds_per_gib, numbers.min_seconds, numbers.max_seconds
        );
        let value = format!("{seconds} s at most");
        Decision::new(&["inference.startup_failures"], "start", value)
            .because(because)
            .from(served.field("/weights"))
            .from(self.why.number("/hub/startup"))
    }

    fn weights(&self, inference: &InferencePlan) -> Decision {
        let weights = match (&inference.local_weights, inference.weights_claim) {
            (Some(directory), _) => format!("on the node, in {directory}"),
            (None, true) => "downloaded to a disk of the machine".to_owned(),
            (None, false) => "downloaded to the node's disk".to_owned(),
        };
        let fields = &[
            "inference.local_weights",
            "inference.weights_claim",
            "inference.access_secret",
        ];
        let weights = self.why.annotated(
            Decision::new(fields, "weights are", weights),
            annotations::USE_LOCAL_WEIGHTS,
        );
        let secret = "/inference/preset/presetOptions/modelAccessSecret";
        match self.why.workspace.node.find(secret) {
            Some(_) => weights.from(Origin::workspace(secret)),
            None => weights,
        }
    }

    fn tuning(&self, tuning: &TuningPlan, served: &Served) -> Vec<Decision> {
        let weights = tuning.weights_image.as_deref().unwrap_or_default();
        let weights = Decision::new(
            &["tuning.weights_image", "tuning.preset"],
            "weights",
            weights,
        );
        let launch = Decision::new(
            &["tuning.launch_flags"],
            "launcher's flags",
            flags(&tuning.launch_flags),
        );
        let mut all = vec![
            self.why.tuning_config(tuning),
            weights
                .because("registry, model and tag")
                .from(served.field("/tuning/tag")),
            data(tuning),
            result(tuning),
            output_dir(tuning),
            launch.because("a process for each GPU"),
        ];
        if !tuning.env.is_empty() {
            let env = Decision::new(&["tuning.env"], "environment", names(tuning))
                .because("where a model is named by its alias");
            all.push(env.from(served.field("/tuning/aliasEnv")));
        }
        all
    }
}

/// Whether a model is spread over nodes, and how over GPUs.
fn spread(inference: &InferencePlan) -> Decision {
    let value = if inference.distributed {
        "over all nodes, by Ray"
    } else {
        "whole on each node"
    };
    let parallel = |kind: &str| {
        let size = inference.flags.get(&format!("{kind}-parallel-size"));
        size.cloned().flatten()
    };
    let split: Vec<_> = ["tensor", "pipeline", "data"]
        .into_iter()
        .filter_map(|kind| Some(format!("{kind} {}", parallel(kind)?)))
        .collect();
    let fields = &["inference.distributed", "inference.leader"];
    Decision::new(fields, "model runs", value).because(split.join(", "))
}

fn kernels(inference: &InferencePlan) -> Decision {
    let kernels = match (inference.runtime.as_str(), inference.deep_gemm) {
        (VLLM, true) => "DeepGEMM",
        (VLLM, false) => "vLLM's own",
        _ => "PyTorch's",
    };
    let fields = &["inference.deep_gemm", "inference.cuda_toolkit"];
    Decision::new(fields, "kernels", kernels)
}

fn settings(inference: &InferencePlan) -> Option<Decision> {
    let config = inference.config_map.as_ref()?;
    let settings = Decision::new(&["inference.config_map"], "settings", config);
    Some(settings.from(Origin::workspace("/inference/config")))
}

fn role(inference: &InferencePlan) -> Option<Decision> {
    let role = Decision::new(&["inference.role"], "role", inference.role.as_ref()?);
    let label = &pointer::to_label(labels::INFERENCE_ROLE);
    Some(role.from(Origin::workspace(label)))
}

fn adapters(inference: &InferencePlan) -> Option<Decision> {
    if inference.adapters.is_empty() {
        return None;
    }
    let names: Vec<_> = inference
        .adapters
        .iter()
        .map(|adapter| adapter.name.as_str())
        .collect();
    let fields = &["inference.adapters", "inference.adapter_images"];
    let adapters = Decision::new(fields, "adapters", names.join(", "));
    Some(adapters.from(Origin::workspace("/inference/adapters")))
}

fn data(tuning: &TuningPlan) -> Decision {
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
    data.from(Origin::workspace("/tuning/input"))
}

fn result(tuning: &TuningPlan) -> Decision {
    let result = tuning.output_image.as_deref().unwrap_or("a volume");
    let fields = &[
        "tuning.output_image",
        "tuning.output_volume",
        "tuning.push_secret",
    ];
    let result = Decision::new(fields, "result", result);
    result.from(Origin::workspace("/tuning/output"))
}

fn gib(bytes: f64) -> String {
    wording::gibibytes(bytes, 2)
}
