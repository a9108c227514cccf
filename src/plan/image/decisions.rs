//! The reasons of a plan whose model has an image.

use crate::base::pointer;
use crate::base::wording;
use crate::catalogue::preset::{InstanceType, Model, Needs};
use crate::plan::decision::{Decision, Origin};
use crate::plan::why::{Section, Why, flags, names, output_dir};
use crate::plan::{InferencePlan, TuningPlan};
use crate::vocab::{AccessMode, Provisioner};
use crate::workspace::Preset;

/// Everything that was decided, in the order in which people ask.
pub(in crate::plan) fn all(why: &Why) -> Vec<Decision> {
    let served = why.preset().and_then(|(preset, section)| {
        let model = why.release.model(&preset.name)?.ok()?;
        Some(Served {
            preset,
            section,
            path: why.release.model_path(&preset.name),
            model,
        })
    });
    Reasons { why, served }.all()
}

/// The preset that a plan is made from.
struct Served<'a> {
    preset: &'a Preset,
    section: Section,
    /// Its file.
    path: String,
    model: &'a Model,
}

impl Served<'_> {
    fn needs(&self) -> Needs {
        match &self.model.tuning {
            Some(training) if self.section == Section::Tuning => training.needs,
            _ => self.model.inference.needs,
        }
    }

    fn field(&self, pointer: &str) -> Origin {
        Origin::library(&self.path, pointer)
    }
}

struct Reasons<'a> {
    why: &'a Why<'a>,
    served: Option<Served<'a>>,
}

impl Reasons<'_> {
    fn all(&self) -> Vec<Decision> {
        let why = self.why;
        let mut all = vec![
            why.identity(),
            why.release(),
            why.provisioner(),
            why.cloud(),
            self.instance_type(),
        ];
        all.extend(self.served.as_ref().map(|served| self.memory(served)));
        all.extend([self.node_count(), self.nodes(), self.labels(), self.disk()]);
        if let Some(served) = &self.served {
            all.extend([self.gpus(served), self.image(served)]);
        }
        all.extend(why.pull_secrets());
        if let (Some(inference), Some(served)) = (&why.plan.inference, &self.served) {
            all.extend(why.service(&["service_type"]));
            all.extend(self.inference(inference, served));
        }
        if let (Some(tuning), Some(served)) = (&why.plan.tuning, &self.served) {
            all.extend(self.tuning(tuning, served));
        }
        all.extend(why.pods());
        all.extend(self.cluster());
        all
    }

    fn instance_type(&self) -> Decision {
        let name = &self.why.plan.instance_type;
        let decision = Decision::new(&["instance_type", "accelerator"], "instance type", name)
            .from(Origin::workspace("/resource/instanceType"));
        match self.why.types.get(name) {
            Some(InstanceType {
                gpus,
                memory_gib,
                gpu,
                ..
            }) => decision
                .because(format!("{gpus} × {gpu}, {memory_gib} GiB in all"))
                .from(self.instance()),
            None => decision.because("in no table: its GPUs are not known"),
        }
    }

    fn instance(&self) -> Origin {
        let pointer = format!("/{}", pointer::escape(&self.why.plan.instance_type));
        Origin::library(
            self.why.release.instance_types_path(self.why.profile.cloud),
            pointer,
        )
    }

    fn memory(&self, served: &Served) -> Decision {
        let needs = served.needs();
        let (gpus, memory) = (wording::count(needs.gpus as usize, "GPU"), needs.memory_gib);
        let each = match needs.memory_per_gpu_gib {
            0 => String::new(),
            each => format!(", at least {each} GiB on each"),
        };
        let needed = Decision::new(
            &[],
            "GPU memory",
            format!("{gpus} with {memory} GiB needed{each}"),
        );
        let needed = needed.from(served.field(&format!("/{}/needs", served.section.name())));
        let nodes = self.why.plan.node_count;
        let Some(InstanceType {
            gpus, memory_gib, ..
        }) = self.why.types.get(&self.why.plan.instance_type)
        else {
            return needed.because("what is there is not known");
        };
        let each = memory_gib.checked_div(*gpus).unwrap_or(0);
        let gpus = wording::count(*gpus as usize, "GPU");
        let there = format!(
            "{nodes} × {gpus} with {each} GiB each: {} GiB there",
            u64::from(nodes) * u64::from(*memory_gib)
        );
        needed.because(there).from(self.instance())
    }

    fn node_count(&self) -> Decision {
        let count = Decision::new(
            &["node_count"],
            "nodes",
            self.why.plan.node_count.to_string(),
        );
        if self.why.workspace.node.find("/resource/count").is_some() {
            return count.from(Origin::workspace("/resource/count"));
        }
        count
            .because("the default")
            .from(Origin::workspace("/resource"))
    }

    fn nodes(&self) -> Decision {
        let created = Decision::new(
            &["nodes"],
            "nodes to create",
            self.why.plan.nodes.len().to_string(),
        );
        if self.why.plan.provisioner == Provisioner::None {
            return created
                .because("they exist already")
                .from(Origin::Profile("provisioner"));
        }
        let preferred = self
            .why
            .workspace
            .spec
            .resource
            .as_ref()
            .map_or(0, |resource| resource.preferred_nodes.len());
        if preferred == 0 {
            return created.because("all of them");
        }
        let because = format!(
            "{} less {}",
            self.why.plan.node_count,
            wording::count(preferred, "preferred node")
        );
        created
            .because(because)
            .from(Origin::workspace("/resource/preferredNodes"))
    }

    fn labels(&self) -> Decision {
        let labels = self
            .why
            .plan
            .match_labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let labels = Decision::new(
            &["match_labels"],
            "node labels",
            labels.collect::<Vec<_>>().join(", "),
        );
        labels.from(Origin::workspace("/resource/labelSelector/matchLabels"))
    }

    fn disk(&self) -> Decision {
        let disk = Decision::new(&["disk"], "disk of a node", &self.why.plan.disk);
        match &self.served {
            Some(served) if served.section == Section::Inference => {
                disk.from(served.field("/inference/disk"))
            }
            _ => disk.because("KAITO asks for none here: the provisioner decides"),
        }
    }

    fn gpus(&self, served: &Served) -> Decision {
        let gpus = Decision::new(&["gpus"], "GPUs of a pod", self.why.plan.gpus.to_string());
        if self.why.types.contains_key(&self.why.plan.instance_type) {
            return gpus.because("all of the machine").from(self.instance());
        }
        let because = "the machine's are not known: as many as the preset needs";
        gpus.because(because)
            .from(served.field(&format!("/{}/needs/gpus", served.section.name())))
    }

    fn image(&self, served: &Served) -> Decision {
        let image = Decision::new(
            &["image"],
            "image",
            self.why.plan.image.as_deref().unwrap_or_default(),
        );
        let preset = format!("/{}/preset", served.section.name());
        if served.preset.access_mode == AccessMode::Private {
            return image.from(Origin::workspace(format!("{preset}/presetOptions/image")));
        }
        let image = image
            .because("registry, preset and the preset's tag")
            .from(Origin::workspace(preset + "/name"));
        let image = image.from(served.field("/image/tag"));
        if self.why.profile.sets("registry") {
            image.from(Origin::Profile("registry"))
        } else {
            image
        }
    }

    fn inference(&self, inference: &InferencePlan, served: &Served) -> Vec<Decision> {
        let processes = Decision::new(
            &["inference.processes", "inference.distributed"],
            "processes of a node",
            inference.processes.to_string(),
        );
        let processes = match served.model.inference.world_size {
            Some(world) => processes
                .because(format!("{world} over all nodes, one pod each"))
                .from(served.field("/inference/worldSize")),
            None => processes.because("the model runs in one process"),
        };
        let runtimes = self.why.release.path("release.yaml");
        let launch = Decision::new(
            &["inference.launch_flags"],
            "launcher's flags",
            flags(&inference.launch_flags),
        );
        let serving = Decision::new(
            &["inference.flags"],
            "server's flags",
            flags(&inference.flags),
        );
        let mut all = vec![
            Decision::new(&["inference.runtime"], "runtime", &inference.runtime)
                .from(served.field("/inference/runtime")),
            processes,
            launch.from(Origin::library(
                runtimes,
                format!("/runtimes/{}", inference.runtime),
            )),
            serving.from(served.field("/inference/flags")),
        ];
        if !inference.adapters.is_empty() {
            let names: Vec<_> = inference
                .adapters
                .iter()
                .map(|adapter| adapter.name.as_str())
                .collect();
            let adapters = Decision::new(&["inference.adapters"], "adapters", names.join(", "));
            all.push(adapters.from(Origin::workspace("/inference/adapters")));
        }
        all
    }

    fn tuning(&self, tuning: &TuningPlan, served: &Served) -> Vec<Decision> {
        let data = tuning
            .input_image
            .clone()
            .unwrap_or_else(|| wording::count(tuning.urls.len(), "URL"));
        let data = Decision::new(&["tuning.urls", "tuning.input_image"], "data", data);
        let result = tuning.output_image.as_deref().unwrap_or_default();
        let result = Decision::new(
            &["tuning.output_image", "tuning.push_secret"],
            "result",
            result,
        );
        let launch = Decision::new(
            &["tuning.launch_flags"],
            "launcher's flags",
            flags(&tuning.launch_flags),
        );
        let mut all = vec![
            self.why.tuning_config(tuning),
            data.from(Origin::workspace("/tuning/input")),
            result.from(Origin::workspace("/tuning/output")),
            output_dir(tuning),
            launch
                .because("a process for each GPU, then the preset's own")
                .from(self.instance())
                .from(served.field("/tuning/flags")),
        ];
        if !tuning.env.is_empty() {
            all.push(
                Decision::new(&["tuning.env"], "environment", names(tuning))
                    .from(served.field("/tuning/env")),
            );
        }
        all
    }

    /// What is known of the cluster, where the objects of this Workspace use it.
    fn cluster(&self) -> Vec<Decision> {
        let mut all = Vec::new();
        if self
            .why
            .plan
            .inference
            .as_ref()
            .is_some_and(|inference| inference.distributed)
        {
            let domain = Decision::new(
                &["cluster_domain"],
                "cluster domain",
                &self.why.plan.cluster_domain,
            );
            all.push(self.why.of_profile(domain, "clusterDomain"));
        }
        if let Some(name) = &self.why.plan.cluster_name {
            all.push(self.why.of_profile(
                Decision::new(&["cluster_name"], "cluster name", name),
                "clusterName",
            ));
        }
        all
    }
}
