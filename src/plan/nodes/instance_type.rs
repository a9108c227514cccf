//! The instance type of the nodes: whether it is there, known and spelt as the cloud spells it.

use crate::base::wording;
use crate::catalogue::preset::{InstanceType, InstanceTypes};
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
    /// of Azure pass that no table has.
    pub(in crate::plan) fn check_instance_type(
        &mut self,
        provisioner: Provisioner,
        types: &InstanceTypes,
        is_open: bool,
    ) {
        let Some(resource) = &self.workspace.spec.resource else {
            return;
        };
        let name = resource.instance_type.as_str();
        if name.is_empty() || provisioner == Provisioner::None {
            return self.check_instance_type_is_set(name, provisioner);
        }
        match instance_type(types, name) {
            Some((exact, _)) if exact != name => self.misspelt_instance_type(name, exact),
            Some(_) => {}
            None if is_open && self.profile.cloud == Cloud::Azure && is_azure(name) => {}
            None => self.unknown_instance_type(name, types),
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

    fn unknown_instance_type(&mut self, name: &str, types: &InstanceTypes) {
        if let Some(why) = self.release.retired_instance_type(name) {
            let message = format!(
                "release {} no longer supports `{name}`: {why}",
                self.release.name
            );
            let hint = format!(
                "`kaito-render instance-types list --release {}` lists them all",
                self.release.name
            );
            return self.report(&rule::RETIRED_INSTANCE_TYPE, PLACE, message, hint);
        }
        let message = format!(
            "`{name}` is not a known instance type of {}",
            self.profile.cloud.title()
        );
        let hint = match wording::nearest(name, types.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`kaito-render instance-types list` lists them all".to_owned(),
        };
        self.report(&rule::UNKNOWN_INSTANCE_TYPE, PLACE, message, hint);
    }
}

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
        None => name.to_lowercase().starts_with("standard_n"),
    }
}
