//! What creates the nodes, and what it needs of the profile.

use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::plan::Planner;
use crate::vocab::{Cloud, Provisioner};

impl Planner<'_> {
    /// Reports a cloud that the release has no table of instance types for.
    pub(in crate::plan) fn unknown_cloud(&mut self) -> Reported {
        let (release, cloud) = (&self.release.name, self.profile.cloud);
        let message = format!(
            "release {release} has no instance types of {}",
            cloud.title()
        );
        let known: Vec<_> = Cloud::ALL
            .into_iter()
            .filter(|cloud| self.release.has_cloud(*cloud))
            .collect();
        let names: Vec<_> = known
            .iter()
            .map(|cloud| format!("`{}`", cloud.name()))
            .collect();
        let diagnostic = Diagnostic::global(&rule::UNKNOWN_CLOUD, message);
        let version = &self.workspace.spec.api_version;
        let elsewhere = self.release.cloud_elsewhere(cloud, version);
        let elsewhere = elsewhere.map_or_else(String::new, |advice| format!("; {advice}"));
        let names = wording::or(&names);
        let diagnostic =
            diagnostic.hint(format!("set the profile's `cloud` to {names}{elsewhere}"));
        self.diagnostics.fail(Diagnostic {
            place: self.profile.span("/cloud"),
            ..diagnostic
        })
    }

    /// What creates the nodes: what the profile says, or the default of the release.
    pub(in crate::plan) fn provisioner(&mut self) -> Provisioner {
        let known = &self.release.file.node_objects;
        let chosen = self
            .profile
            .provisioner
            .unwrap_or_else(|| self.release.default_provisioner());
        if chosen != Provisioner::None && !known.contains_key(&chosen) {
            let names = known.keys().chain([&Provisioner::None]);
            let names: Vec<_> = names.map(|known| format!("`{}`", known.name())).collect();
            let version = &self.workspace.spec.api_version;
            let elsewhere = self.release.provisioner_elsewhere(chosen, version);
            let elsewhere = elsewhere.map_or_else(String::new, |advice| format!("; {advice}"));
            let message = format!(
                "release {} has no node objects for `{}`",
                self.release.name,
                chosen.name()
            );
            let names = wording::or(&names);
            let hint = format!("set the profile's `provisioner` to {names}{elsewhere}");
            let place = self.profile.span("/provisioner");
            let diagnostic = Diagnostic::global(&rule::UNKNOWN_PROVISIONER, message).hint(hint);
            self.diagnostics.report(Diagnostic {
                place,
                ..diagnostic
            });
        }
        chosen
    }

    /// Reports node objects that nobody would act on, or that lack what the profile has to say.
    pub(in crate::plan) fn check_nodes(&mut self, provisioner: Provisioner) {
        let cloud = self.profile.cloud;
        let place = self.profile.span("/cloud");
        let at = |diagnostic: Diagnostic| Diagnostic {
            place,
            ..diagnostic
        };
        if provisioner == Provisioner::Machine && cloud != Cloud::Azure {
            let message = format!(
                "only Azure supports Machines, and the profile's cloud is {}",
                cloud.title()
            );
            let diagnostic = Diagnostic::global(&rule::MACHINE_API, message)
                .hint("set the profile's `provisioner: nodeclaim`");
            self.diagnostics.report(at(diagnostic));
        }
        let needs_name = provisioner == Provisioner::Nodeclaim
            && self.release.file.cluster_name_for.contains(&cloud);
        if needs_name && self.profile.cluster_name.is_none() {
            let message = format!(
                "the NodeClass of {} is named after the cluster, and the profile names none",
                cloud.title()
            );
            let diagnostic = Diagnostic::global(&rule::CLUSTER_NAME, message)
                .hint("add `clusterName:` to the profile");
            self.diagnostics.report(at(diagnostic));
        }
    }
}
