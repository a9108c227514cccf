//! The instance type of the nodes: whether it is there, known and spelt as the cloud spells it.

use crate::base::similar;
use crate::base::wording;
use crate::catalogue::preset::{InstanceType, InstanceTypes};
use crate::catalogue::release::Release;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::plan::Planner;
use crate::vocab::{Cloud, Provisioner};
use crate::workspace::Workspace;

/// The field that names it.
pub(in crate::plan) const PLACE: &str = "/resource/instanceType";

/// An instance type by its name, in any spelling, with the exact one.
pub(in crate::plan) fn instance_type<'a>(
    types: &'a InstanceTypes,
    name: &str,
) -> Option<(&'a str, &'a InstanceType)> {
    let found = types.get_key_value(name);
    let found = found.or_else(|| {
        types
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
    });
    found.map(|(name, instance)| (name.as_str(), instance))
}

impl Planner<'_> {
    /// Reports an instance type that is missing, needless, unknown or misspelt. `is_open` lets those
    /// of Azure pass that no table has. `fitting` names the
    /// smallest instance types that would do.
    pub(in crate::plan) fn check_instance_type(
        &mut self,
        provisioner: Provisioner,
        types: &InstanceTypes,
        is_open: bool,
        fitting: &[String],
    ) {
        let Some(resource) = &self.workspace.spec.resource else {
            return;
        };
        let name = resource.instance_type.as_str();
        if name.is_empty() || provisioner == Provisioner::None {
            return self.check_instance_type_is_set(name, provisioner);
        }
        match instance_type(types, name) {
            Some((exact, instance)) => {
                if exact == name {
                    self.check_cloud_name(name, instance, types, fitting);
                } else {
                    self.misspelt_instance_type(name, exact);
                }
                // Pods of one's own may ask for other GPUs.
                if !is_open && !instance.is_nvidia() {
                    self.without_nvidia(exact, &format!("has {}", instance.gpu), fitting);
                }
            }
            None if is_open && self.profile.cloud == Cloud::Azure && is_azure(name) => {}
            None => self.unknown_instance_type(name, types, fitting),
        }
    }

    /// Warns of an instance type that the cloud knows by another name.
    fn check_cloud_name(
        &mut self,
        name: &str,
        instance: &InstanceType,
        types: &InstanceTypes,
        fitting: &[String],
    ) {
        let cloud = self.profile.cloud;
        if let Some((message, hint)) = other_name(name, instance, types, cloud, fitting) {
            self.report(&rule::INEXACT_NAME, PLACE, message, hint);
        }
    }

    /// Reports an instance type that is missing where nodes are made, or set where they are not.
    fn check_instance_type_is_set(&mut self, name: &str, provisioner: Provisioner) {
        let is_made = provisioner != Provisioner::None;
        let (message, hint) = match (is_made, name.is_empty()) {
            (true, true) => (
                "`resource.instanceType` is missing",
                "add it, or set `provisioner: none` in the profile if the nodes exist already",
            ),
            (false, false) => (
                "`resource.instanceType` is for new nodes, and the profile sets `provisioner: none`",
                "leave it out, or set another `provisioner` in the profile",
            ),
            (true, false) | (false, true) => return,
        };
        self.report(&rule::RESOURCE, PLACE, message.to_owned(), hint.to_owned());
    }

    fn misspelt_instance_type(&mut self, name: &str, exact: &str) {
        let message =
            format!("the cloud, and so the label of the nodes, spells `{name}` as `{exact}`");
        let diagnostic = Diagnostic::new(&rule::INEXACT_NAME, self.workspace.span(PLACE), message)
            .hint(format!("write `{exact}`"))
            .respelt(name, exact, self.sources);
        self.diagnostics.report(diagnostic);
    }

    fn unknown_instance_type(&mut self, name: &str, types: &InstanceTypes, fitting: &[String]) {
        if let Some(why) = self.release.retired_instance_type(name) {
            let message = format!(
                "release {} no longer supports `{name}`: {why}",
                self.release.name
            );
            let hint = large_enough(fitting).unwrap_or_else(|| self.list());
            let version = self.workspace.spec.api_version.as_str();
            let cloud = self.profile.cloud;
            let hint = match self.release.instance_type_elsewhere(name, cloud, version) {
                Some(other) => format!(
                    "{hint}; {} still has `{name}`: {} in kaito-render.yaml",
                    other.holder, other.settings
                ),
                None => hint,
            };
            return self.report(&rule::RETIRED_INSTANCE_TYPE, PLACE, message, hint);
        }
        if let Some(lack) = lacks_gpus(name, self.profile.cloud) {
            return self.without_nvidia(name, lack, fitting);
        }
        let cloud = self.profile.cloud;
        let message = unknown(name, cloud, self.release);
        let version = self.workspace.spec.api_version.as_str();
        let others = large_enough(fitting).unwrap_or_else(|| self.list());
        let hint = match under_other_name(name, types) {
            Some(known) => format!(
                "the release has it as `{known}`, a name that the cloud does not have; {others}"
            ),
            None => alike(name, cloud, types, self.release, version).unwrap_or(others),
        };
        self.report(&rule::UNKNOWN_INSTANCE_TYPE, PLACE, message, hint);
    }

    fn without_nvidia(&mut self, name: &str, lack: &str, fitting: &[String]) {
        let message = format!("`{name}` {lack}, but the pods ask for `nvidia.com/gpu`");
        let hint = large_enough(fitting).unwrap_or_else(|| GPUS.to_owned());
        self.report(&rule::NO_NVIDIA_GPU, PLACE, message, hint);
    }

    /// How to see all instance types.
    fn list(&self) -> String {
        list(self.release, self.profile.cloud)
    }
}

/// How to see all instance types of a cloud.
pub(in crate::plan) fn list(release: &Release, cloud: Cloud) -> String {
    format!(
        "`kaito-render instance-types list --release {} --cloud {}` lists them all",
        release.name,
        cloud.name()
    )
}

/// What is wrong with an instance type that no table has. The cloud may have it all the same.
pub(in crate::plan) fn unknown(name: &str, cloud: Cloud, release: &Release) -> String {
    format!(
        "release {} knows no instance type `{name}` of {}",
        release.name,
        cloud.title()
    )
}

/// The size in the name of an instance type, by which those with the same GPUs are in order: 24 of
/// `Standard_NC24ads_A100_v4`, 4 of `g5.4xlarge` and 1 of `g5.xlarge`.
pub(in crate::plan) fn size(name: &str) -> u32 {
    let size = name.rsplit_once('.').map_or(name, |(_, size)| size);
    let digits = size.trim_start_matches(|it: char| !it.is_ascii_digit());
    let end = digits.find(|it: char| !it.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().unwrap_or(1)
}

/// Names the smallest instance types that are large enough, smallest first.
pub(in crate::plan) fn large_enough(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [only] => Some(format!("{only} is large enough")),
        names => Some(format!(
            "the smallest that are large enough: {}",
            wording::and(names)
        )),
    }
}

/// What there is to say of an instance type that the cloud knows by another name.
pub(in crate::plan) fn other_name(
    name: &str,
    instance: &InstanceType,
    types: &InstanceTypes,
    cloud: Cloud,
    fitting: &[String],
) -> Option<(String, String)> {
    let real = instance.cloud_name.as_ref()?;
    let message = format!(
        "{} has no `{name}`: it calls this instance type `{real}`, so no node would be created",
        cloud.title()
    );
    let hint = if types.contains_key(real) {
        format!("write `{real}`")
    } else {
        let others = large_enough(fitting).map(|names| format!("; {names}"));
        format!(
            "choose another instance type: the release does not know this one by its name{}",
            others.unwrap_or_default()
        )
    };
    Some((message, hint))
}

/// What to do about an instance type that has no GPUs of NVIDIA.
pub(in crate::plan) const GPUS: &str =
    "choose an instance type with NVIDIA GPUs: `kaito-render instance-types list`";

/// The name under which a table has an instance type that the cloud calls otherwise.
fn under_other_name<'a>(name: &str, types: &'a InstanceTypes) -> Option<&'a str> {
    let mut types = types.iter();
    let known = types.find(|(_, instance)| {
        let real = instance.cloud_name.as_ref();
        real.is_some_and(|real| real.eq_ignore_ascii_case(name))
    });
    known.map(|(known, _)| known.as_str())
}

/// What to do about an instance type that is not known: where it is known, or which one was
/// probably meant.
pub(in crate::plan) fn alike(
    name: &str,
    cloud: Cloud,
    types: &InstanceTypes,
    release: &Release,
    version: &str,
) -> Option<String> {
    if let Some(other) = release.instance_type_elsewhere(name, cloud, version) {
        return Some(format!(
            "{} has it: set {} in kaito-render.yaml",
            other.holder, other.settings
        ));
    }
    let usable = types.iter().filter(|(_, instance)| instance.can_be_had());
    let near = similar::nearest(name, usable.map(|(known, _)| known.as_str()))?;
    Some(format!("did you mean `{near}`?"))
}

/// What an instance type that no table has lacks, as far as its name tells: of Azure's series only
/// N has GPUs, and of AWS's instances only some families have.
pub(in crate::plan) fn lacks_gpus(name: &str, cloud: Cloud) -> Option<&'static str> {
    let name = name.to_lowercase();
    match cloud {
        Cloud::Azure => {
            let series = name.strip_prefix("standard_")?;
            let letters = series.find(|it: char| !it.is_ascii_lowercase())?;
            let is_series = (1..=3).contains(&letters)
                && !series.starts_with('n')
                && series[letters..].starts_with(|it: char| it.is_ascii_digit());
            is_series.then_some("has no GPUs")
        }
        Cloud::Aws => {
            let (family, size) = name.split_once('.')?;
            let letters = family.find(|it: char| !it.is_ascii_lowercase())?;
            let is_family = family[letters..].starts_with(|it: char| it.is_ascii_digit());
            let is_size =
                SIZES.iter().any(|known| size.ends_with(known)) || size.starts_with("metal");
            if !is_family || !is_size {
                return None;
            }
            match &family[..letters] {
                "p" | "g" | "gr" => None,
                "inf" | "trn" | "dl" | "vt" | "f" => Some("has no NVIDIA GPUs"),
                _ => Some("has no GPUs"),
            }
        }
        Cloud::Arc => None,
    }
}

/// What sizes of AWS's instances end in.
const SIZES: [&str; 6] = ["nano", "micro", "small", "medium", "large", "metal"];

/// Whether a name is of Azure's series of virtual machines that may have GPUs.
fn is_azure(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("standard_n") || name.starts_with("standard_d")
}

/// Whether a node of a Workspace has GPUs of NVIDIA, as far as its instance type tells.
pub(in crate::plan) fn is_nvidia(workspace: &Workspace, types: &InstanceTypes) -> bool {
    let name = workspace
        .spec
        .resource
        .as_ref()
        .map_or("", |resource| resource.instance_type.as_str());
    match instance_type(types, name) {
        Some((_, instance)) => instance.is_nvidia(),
        // Of Azure's series only N has GPUs.
        None => name.to_lowercase().starts_with("standard_n"),
    }
}

#[cfg(test)]
mod tests {
    use super::{lacks_gpus, size};
    use crate::vocab::Cloud;

    #[test]
    fn machines_without_gpus_are_known_by_their_names() {
        for (cloud, name, lacks) in [
            (Cloud::Azure, "Standard_D8s_v4", true),
            (Cloud::Azure, "standard_e16ds_v5", true),
            (Cloud::Azure, "Standard_DC4as_v5", true),
            (Cloud::Azure, "Standard_B2ms", true),
            (Cloud::Azure, "Standard_NC24ads_A100_v5", false),
            (Cloud::Azure, "Standard_LLM", false),
            (Cloud::Azure, "m5.large", false),
            (Cloud::Aws, "m5.2xlarge", true),
            (Cloud::Aws, "inf2.48xlarge", true),
            (Cloud::Aws, "c7i.metal-48xl", true),
            (Cloud::Aws, "p4x.24xlarge", false),
            (Cloud::Aws, "g7.xlarge", false),
            (Cloud::Aws, "large", false),
        ] {
            assert_eq!(lacks_gpus(name, cloud).is_some(), lacks, "{name}");
        }
    }

    #[test]
    fn names_say_the_size() {
        for (name, is) in [
            ("Standard_NC4as_T4_v3", 4),
            ("Standard_NC24ads_A100_v4", 24),
            ("g5.xlarge", 1),
            ("g5.16xlarge", 16),
        ] {
            assert_eq!(size(name), is, "{name}");
        }
    }
}
