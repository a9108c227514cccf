//! What a plan was made from, and the reasons that both families of models have in common.

use super::decision::{Decision, Origin};
use super::{Plan, TuningPlan};
use crate::base::pointer;
use crate::catalogue::preset::{Flags, InstanceTypes};
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::vocab::annotations::ENABLE_LB;
use crate::vocab::kinds;
use crate::workspace::{Preset, Workspace};

/// What a Workspace uses a preset for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Inference,
    Tuning,
}

impl Section {
    /// The field of the Workspace, and of an image's preset.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Tuning => "tuning",
        }
    }
}

/// A plan and what it was made from.
pub(super) struct Why<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) plan: &'a Plan,
    pub(super) profile: &'a Profile,
    pub(super) release: &'a Release<'a>,
    pub(super) types: &'a InstanceTypes,
}

impl<'a> Why<'a> {
    /// The preset of the Workspace, if it has one.
    pub(super) fn preset(&self) -> Option<(&'a Preset, Section)> {
        let spec = &self.workspace.spec;
        let inference = spec
            .inference
            .as_ref()
            .and_then(|inference| inference.preset.as_ref())
            .map(|preset| (preset, Section::Inference));
        let tuning = spec
            .tuning
            .as_ref()
            .and_then(|tuning| tuning.preset.as_ref())
            .map(|preset| (preset, Section::Tuning));
        inference.or(tuning)
    }

    /// A number or another field of the release.
    pub(super) fn number(&self, pointer: &str) -> Origin {
        Origin::library(self.release.path("release.yaml"), pointer)
    }

    /// A decision that an annotation can change.
    pub(super) fn annotated(&self, decision: Decision, key: &str) -> Decision {
        let annotation = pointer::to_annotation(key);
        match self.workspace.node.find(&annotation) {
            Some(_) => decision.from(Origin::workspace(annotation)),
            None => decision.because("the default"),
        }
    }

    /// The user's own pods.
    pub(super) fn pods(&self) -> Option<Decision> {
        self.plan.pod_template.as_ref()?;
        let pods = Decision::new(&["pod_template"], "pods", "your own");
        let pods = pods.because("on the Workspace's nodes");
        Some(pods.from(Origin::workspace("/inference/template")))
    }

    /// The type of the Service, for plans that have `fields` of one.
    pub(super) fn service(&self, fields: &'static [&'static str]) -> Option<Decision> {
        let service = Decision::new(fields, kinds::SERVICE, self.plan.service_type.clone()?);
        let annotation = pointer::to_annotation(ENABLE_LB);
        Some(match self.workspace.node.find(&annotation) {
            Some(_) => service
                .because("`LoadBalancer` if this is `True`")
                .from(Origin::workspace(annotation)),
            None => service.because("the default"),
        })
    }

    pub(super) fn identity(&self) -> Decision {
        let name = Decision::new(
            &["name", "namespace"],
            kinds::WORKSPACE,
            self.workspace.key(),
        );
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

    pub(super) fn of_profile(&self, decision: Decision, field: &'static str) -> Decision {
        if self.profile.sets(field) {
            decision.from(Origin::Profile(field))
        } else {
            decision.because("the default")
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
}

pub(super) fn output_dir(tuning: &TuningPlan) -> Decision {
    let directory = Decision::new(
        &["tuning.output_dir"],
        "result directory",
        &tuning.output_dir,
    );
    directory.because("`TrainingArguments.output_dir` of the configuration")
}

/// The names of variables of an environment.
pub(super) fn names(tuning: &TuningPlan) -> String {
    let names: Vec<_> = tuning.env.keys().map(String::as_str).collect();
    names.join(", ")
}

pub(super) fn flags(flags: &Flags) -> String {
    let words = flags.iter().map(|(name, value)| match value {
        Some(value) => format!("--{name}={value}"),
        None => format!("--{name}"),
    });
    words.collect::<Vec<_>>().join(" ")
}
