//! The reasons of a plan: each decision with the fields and rules that it follows from.

use super::decision::{Decision, Origin};
use super::hub::Hosted;
use super::{InferencePlan, Plan, TuningPlan};
use crate::base::pointer;
use crate::base::wording;
use crate::catalogue::preset::{Flags, InstanceType, InstanceTypes, Model, Models, Needs};
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::vocab::{AccessMode, Provisioner};
use crate::workspace::{Preset, Workspace};

/// Says of a plan what was decided and why, in the order in which people ask.
pub fn decisions(
    workspace: &Workspace,
    plan: &Plan,
    release: &Release,
    profile: &Profile,
) -> Vec<Decision> {
    let Some(Ok(types)) = release.instance_types(profile.cloud) else {
        return Vec::new();
    };
    let spec = &workspace.spec;
    let inference = spec
        .inference
        .as_ref()
        .and_then(|inference| inference.preset.as_ref());
    let tuning = spec
        .tuning
        .as_ref()
        .and_then(|tuning| tuning.preset.as_ref());
    if let Models::Hub(numbers) = &release.models {
        let preset = inference
            .map(|preset| (preset, "inference"))
            .or(tuning.map(|preset| (preset, "tuning")));
        let hosted = preset.and_then(|(preset, section)| {
            let repository = release.repository(&preset.name);
            let model = release.hub_model(&repository)?.ok()?;
            Some(Hosted {
                model,
                path: release.model_path(&repository),
                section,
                numbers,
            })
        });
        return Why {
            workspace,
            plan,
            profile,
            release,
            types,
            served: None,
        }
        .hub(hosted.as_ref());
    }
    let preset = inference
        .map(|preset| (preset, "inference"))
        .or(tuning.map(|preset| (preset, "tuning")));
    let served = preset.and_then(|(preset, section)| {
        let model = release.model(&preset.name)?.ok()?;
        Some(Served {
            preset,
            section,
            path: release.model_path(&preset.name),
            model,
        })
    });
    Why {
        workspace,
        plan,
        profile,
        release,
        types,
        served,
    }
    .all()
}

/// The preset that a plan is made from.
struct Served<'a> {
    preset: &'a Preset,
    /// What it is used for: `inference` or `tuning`.
    section: &'static str,
    /// Its file.
    path: String,
    model: &'a Model,
}

impl Served<'_> {
    fn needs(&self) -> Needs {
        match &self.model.tuning {
            Some(training) if self.section == "tuning" => training.needs,
            _ => self.model.inference.needs,
        }
    }

    fn field(&self, pointer: &str) -> Origin {
        Origin::library(&self.path, pointer)
    }
}

pub(super) struct Why<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) plan: &'a Plan,
    pub(super) profile: &'a Profile,
    pub(super) release: &'a Release<'a>,
    pub(super) types: &'a InstanceTypes,
    served: Option<Served<'a>>,
}

impl Why<'_> {
    fn all(&self) -> Vec<Decision> {
        let mut all = vec![
            self.identity(),
            self.release(),
            self.provisioner(),
            self.cloud(),
            self.machine_type(),
        ];
        all.extend(self.served.as_ref().map(|served| self.memory(served)));
        all.extend([self.node_count(), self.nodes(), self.labels(), self.disk()]);
        if let Some(served) = &self.served {
            all.extend([self.gpus(served), self.image(served)]);
        }
        all.extend(self.pull_secrets());
        if let (Some(inference), Some(served)) = (&self.plan.inference, &self.served) {
            all.extend(self.inference(inference, served));
        }
        if let (Some(tuning), Some(served)) = (&self.plan.tuning, &self.served) {
            all.extend(self.tuning(tuning, served));
        }
        if self.plan.pod_template.is_some() {
            let pods = Decision::new(&["pod_template"], "pods", "your own")
                .because("on the Workspace's nodes");
            all.push(pods.from(Origin::workspace("/inference/template")));
        }
        all.extend(self.cluster());
        all
    }

    pub(super) fn identity(&self) -> Decision {
        let name = Decision::new(&["name", "namespace"], "Workspace", self.workspace.key());
        name.from(Origin::workspace("/metadata/name"))
    }

    pub(super) fn release(&self) -> Decision {
        let version = &self.workspace.spec.api_version;
        let release = Decision::new(&["release"], "release", &self.plan.release);
        match &self.profile.release {
            None => release
                .because(format!("the first that compiles `{version}`"))
                .from(Origin::library(
                    self.release.path("release.yaml"),
                    "/apiVersions",
                )),
            Some(_) if self.profile.sets("release") => release.from(Origin::Profile("release")),
            Some(_) => release.because("as the command line says"),
        }
    }

    pub(super) fn provisioner(&self) -> Decision {
        let provisioner = Decision::new(
            &["provisioner"],
            "provisioner",
            self.plan.provisioner.name(),
        );
        if self.profile.sets("provisioner") {
            return provisioner.from(Origin::Profile("provisioner"));
        }
        let path = self.release.path("release.yaml");
        provisioner
            .because("the release's default")
            .from(Origin::library(path, "/nodeObjects"))
    }

    pub(super) fn cloud(&self) -> Decision {
        self.of_profile(
            Decision::new(&["cloud"], "cloud", self.plan.cloud.name()),
            "cloud",
        )
    }

    fn of_profile(&self, decision: Decision, field: &'static str) -> Decision {
        if self.profile.sets(field) {
            decision.from(Origin::Profile(field))
        } else {
            decision.because("the default")
        }
    }

    fn machine_type(&self) -> Decision {
        let name = &self.plan.instance_type;
        let decision = Decision::new(&["instance_type", "accelerator"], "machine type", name)
            .from(Origin::workspace("/resource/instanceType"));
        match self.types.get(name) {
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
        let pointer = format!("/{}", pointer::escape(&self.plan.instance_type));
        Origin::library(
            self.release.instance_types_path(self.profile.cloud),
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
        let needed = needed.from(served.field(&format!("/{}/needs", served.section)));
        let nodes = self.plan.node_count;
        let Some(InstanceType {
            gpus, memory_gib, ..
        }) = self.types.get(&self.plan.instance_type)
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
        let count = Decision::new(&["node_count"], "nodes", self.plan.node_count.to_string());
        if self.workspace.node.find("/resource/count").is_some() {
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
            self.plan.nodes.len().to_string(),
        );
        if self.plan.provisioner == Provisioner::None {
            return created
                .because("they are there already")
                .from(Origin::Profile("provisioner"));
        }
        let preferred = self
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
            self.plan.node_count,
            wording::count(preferred, "preferred node")
        );
        created
            .because(because)
            .from(Origin::workspace("/resource/preferredNodes"))
    }

    fn labels(&self) -> Decision {
        let labels = self
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
        let disk = Decision::new(&["disk"], "disk of a node", &self.plan.disk);
        match &self.served {
            Some(served) if served.section == "inference" => {
                disk.from(served.field("/inference/disk"))
            }
            _ => disk.because("KAITO asks for none here: the provisioner decides"),
        }
    }

    fn gpus(&self, served: &Served) -> Decision {
        let gpus = Decision::new(&["gpus"], "GPUs of a pod", self.plan.gpus.to_string());
        if self.types.contains_key(&self.plan.instance_type) {
            return gpus.because("all of the machine").from(self.instance());
        }
        let because = "the machine's are not known: as many as the preset needs";
        gpus.because(because)
            .from(served.field(&format!("/{}/needs/gpus", served.section)))
    }

    fn image(&self, served: &Served) -> Decision {
        let image = Decision::new(
            &["image"],
            "image",
            self.plan.image.as_deref().unwrap_or_default(),
        );
        let preset = format!("/{}/preset", served.section);
        if served.preset.access_mode == AccessMode::Private {
            return image.from(Origin::workspace(format!("{preset}/presetOptions/image")));
        }
        let image = image
            .because("registry, preset and the preset's tag")
            .from(Origin::workspace(preset + "/name"));
        let image = image.from(served.field("/image/tag"));
        if self.profile.sets("registry") {
            image.from(Origin::Profile("registry"))
        } else {
            image
        }
    }

    pub(super) fn pull_secrets(&self) -> Option<Decision> {
        if self.plan.pull_secrets.is_empty() {
            return None;
        }
        let names = self.plan.pull_secrets.join(", ");
        let mut secrets = Decision::new(&["pull_secrets"], "pull Secrets", names);
        let adapters = self
            .plan
            .inference
            .iter()
            .flat_map(|inference| 0..inference.adapters.len());
        let adapters =
            adapters.map(|index| format!("/inference/adapters/{index}/source/imagePullSecrets"));
        let others = [
            "/inference/preset/presetOptions/imagePullSecrets",
            "/tuning/input/imagePullSecrets",
            "/tuning/output/imagePushSecret",
            "/tuning/preset/presetOptions/imagePullSecrets",
        ];
        let pointers = others.into_iter().map(str::to_owned).chain(adapters);
        let is_there = |pointer: &String| self.workspace.node.find(pointer).is_some();
        secrets
            .origins
            .extend(pointers.filter(is_there).map(Origin::Workspace));
        Some(secrets)
    }

    fn inference(&self, inference: &InferencePlan, served: &Served) -> Vec<Decision> {
        let annotation = "/metadata/annotations/kaito.sh~1enablelb";
        let service = Decision::new(
            &["service_type"],
            "Service",
            self.plan.service_type.as_deref().unwrap_or_default(),
        );
        let service = if self.workspace.node.find(annotation).is_some() {
            service
                .because("`LoadBalancer` if this is `True`")
                .from(Origin::workspace(annotation))
        } else {
            service.because("the default")
        };
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
        let runtimes = self.release.path("release.yaml");
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
            service,
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

    pub(super) fn tuning_config(&self, tuning: &TuningPlan) -> Decision {
        let config = Decision::new(
            &["tuning.config_map", "tuning.config_text"],
            "configuration",
            &tuning.config_map,
        );
        if tuning.config_text.is_some() {
            let method = tuning.config_map.split('-').next().unwrap_or_default();
            config
                .because("the default of the method")
                .from(Origin::workspace("/tuning/method"))
                .from(Origin::library(self.release.tuning_config_path(method), ""))
        } else {
            config
                .because("the ConfigMap of the input")
                .from(Origin::workspace("/tuning/config"))
        }
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
            self.tuning_config(tuning),
            data.from(Origin::workspace("/tuning/input")),
            result.from(Origin::workspace("/tuning/output")),
            output_dir(tuning),
            launch
                .because("a process for each GPU, then the preset's own")
                .from(self.instance())
                .from(served.field("/tuning/flags")),
        ];
        if !tuning.env.is_empty() {
            let names = tuning
                .env
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            all.push(
                Decision::new(&["tuning.env"], "environment", names)
                    .from(served.field("/tuning/env")),
            );
        }
        all
    }

    /// What is known of the cluster, where the objects of this Workspace use it.
    fn cluster(&self) -> Vec<Decision> {
        let mut all = Vec::new();
        if self
            .plan
            .inference
            .as_ref()
            .is_some_and(|inference| inference.distributed)
        {
            let domain = Decision::new(
                &["cluster_domain"],
                "cluster domain",
                &self.plan.cluster_domain,
            );
            all.push(self.of_profile(domain, "clusterDomain"));
        }
        if let Some(name) = &self.plan.cluster_name {
            all.push(self.of_profile(
                Decision::new(&["cluster_name"], "cluster name", name),
                "clusterName",
            ));
        }
        all
    }
}

pub(super) fn output_dir(tuning: &TuningPlan) -> Decision {
    let directory = Decision::new(
        &["tuning.output_dir"],
        "result's folder",
        &tuning.output_dir,
    );
    directory.because("`TrainingArguments.output_dir` of the configuration")
}

pub(super) fn flags(flags: &Flags) -> String {
    let words = flags.iter().map(|(name, value)| match value {
        Some(value) => format!("--{name}={value}"),
        None => format!("--{name}"),
    });
    words.collect::<Vec<_>>().join(" ")
}
