//! The kinds that a cluster knows. With one that it does not know, Argo CD applies nothing at all.

use std::collections::BTreeSet;

use crate::base::node::Data;
use crate::base::object::{Identified, Identity};
use crate::diagnostic::{Diagnostics, rule};
use crate::input::Document;
use crate::vocab::{api, kinds};

/// The kinds that a cluster knows, as `apiVersion/kind`.
#[derive(Clone, Debug, Default)]
pub struct KnownKinds(BTreeSet<String>);

impl KnownKinds {
    /// Reads what Argo CD says: names with commas between, such as `v1/Service` and
    /// `karpenter.sh/v1/NodeClaim`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let names = text.split(',').map(str::trim);
        let names = names.filter(|name| !name.is_empty());
        Self(names.map(str::to_owned).collect())
    }

    /// Adds kinds that the output itself defines.
    pub fn add(&mut self, kinds: impl IntoIterator<Item = String>) {
        self.0.extend(kinds);
    }

    /// Reports each kind of objects once that the cluster does not know, as far as this program writes
    /// such objects. `release` is the one that was chosen, for the command that installs its CRDs.
    pub fn check<T: Identified>(
        &self,
        objects: &[T],
        release: Option<&str>,
        diagnostics: &mut Diagnostics,
    ) {
        let all = objects.iter().map(Identified::identity);
        let ours = all.filter(is_of_a_crd).map(|it| (it.api_version, it.kind));
        for (version, kind) in ours.collect::<BTreeSet<_>>() {
            if self.knows(version, kind) {
                continue;
            }
            let message = format!(
                "the cluster has no kind `{kind}` of `{version}`, and so nothing at all is applied"
            );
            let hint = installed_by(version, release);
            diagnostics
                .add(&rule::MISSING_KIND, None, message)
                .hint(hint);
        }
    }

    fn knows(&self, version: &str, kind: &str) -> bool {
        let with_kind = format!("{version}/{kind}");
        // An Argo CD that names versions only says nothing of their kinds.
        let names_kinds = || {
            self.0
                .iter()
                .any(|name| name.starts_with(&format!("{version}/")))
        };
        self.0.contains(&with_kind) || self.0.contains(version) && !names_kinds()
    }
}

/// What brings the kinds of an `apiVersion`.
fn installed_by(version: &str, release: Option<&str>) -> String {
    match api::group(version) {
        api::KAITO => {
            let release = release.map_or_else(String::new, |it| format!(" --release {it}"));
            format!("install it: `kaito-render crds{release} | kubectl apply --server-side -f -`")
        }
        api::MONITORING => {
            "install prometheus-operator, or leave `add.monitoring` out of the overlay".to_owned()
        }
        api::GATEWAY => {
            "install the CRDs of the Gateway API, or leave `add.route` out of the overlay"
                .to_owned()
        }
        _ => "install the provisioner with `helm install`: its chart has the CRD, and \
              docs/install.md names it; or set another `provisioner` in the profile"
            .to_owned(),
    }
}

/// Whether an object is of a kind that this program writes, and that a CRD defines.
fn is_of_a_crd(identity: &Identity) -> bool {
    const GROUPS: [&str; 4] = [api::KAITO, api::KARPENTER, api::MONITORING, api::GATEWAY];
    let group = api::group(identity.api_version);
    let is_known = GROUPS.contains(&group) || group.starts_with("karpenter.");
    is_known && kinds::find(identity.kind).is_some()
}

/// The kinds that the CRDs among documents define, as `apiVersion/kind`.
#[must_use]
pub fn defined(documents: &[Document]) -> Vec<String> {
    let nodes = documents.iter().map(|document| &document.node);
    let crds = nodes.filter(|node| node.str_at("/kind") == Some("CustomResourceDefinition"));
    crds.flat_map(|crd| {
        let (group, kind) = (crd.str_at("/spec/group"), crd.str_at("/spec/names/kind"));
        let versions = match crd.find("/spec/versions").map(|found| &found.node.data) {
            Some(Data::List(versions)) => versions.as_slice(),
            _ => &[],
        };
        let names = versions
            .iter()
            .filter_map(|version| version.str_at("/name"));
        let named = names.filter_map(move |name| Some(format!("{}/{name}/{}", group?, kind?)));
        named.collect::<Vec<_>>()
    })
    .collect()
}
