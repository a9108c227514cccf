//! Which object goes into which file of an output directory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

#[cfg(feature = "fs")]
use super::kustomization::NAME as KUSTOMIZATION;
use super::{FileText, Format, Manifest, Spool};
use crate::base::hex;
use crate::base::object::{Group, Identified, Object};
use crate::vocab::api;

/// Two objects that would be written to the same file.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} and {} would both be written to `{path}`",
    title(first),
    title(second)
)]
pub struct Clash<'a> {
    /// The file, relative to the directory.
    pub path: &'a str,
    /// The object that came first.
    pub first: &'a Manifest,
    /// The object that came second.
    pub second: &'a Manifest,
}

/// The files of an output directory: from a path relative to the directory, with `/` between
/// directories, to the text.
///
/// - `<namespace>/<workspace>/<kind>.yaml` for an object with the name of its Workspace,
///   `<kind>-<name>.yaml` for one with another name, `<kind>-<ordinal>.yaml` for nodes, whose names
///   are hashes; `<kind>` is `<kind>.<group>` for kinds of other groups than those of Kubernetes,
///   KAITO and Karpenter;
/// - `<namespace>/_shared/<kind>-<name>.yaml` and `_cluster/<kind>-<name>.yaml` for what Workspaces
///   share.
///
/// The place of an object depends only on that object, so a new one never moves another.
///
/// # Errors
///
/// If two objects would be written to the same file.
pub fn layout<'a>(
    manifests: &'a [Manifest],
    spool: &'a dyn Spool,
) -> Result<BTreeMap<&'a str, FileText<'a>>, Clash<'a>> {
    let mut files = BTreeMap::<_, &Manifest>::new();
    for manifest in manifests {
        match files.entry(manifest.path.as_str()) {
            Entry::Vacant(entry) => entry.insert(manifest),
            Entry::Occupied(entry) => {
                return Err(Clash {
                    path: entry.key(),
                    first: entry.get(),
                    second: manifest,
                });
            }
        };
    }
    let files = files.into_iter();
    Ok(files
        .map(|(path, manifest)| (path, FileText::Manifest { manifest, spool }))
        .collect())
}

/// Whether a path could be one of [`layout`]'s or of a kustomization beside them, and so leads into the
/// directory and nowhere else.
#[cfg(feature = "fs")]
pub(super) fn is_laid_out(path: &str) -> bool {
    let is_part = |part: &&str| {
        let mut chars = part.chars();
        chars
            .next()
            .is_some_and(|first| is_lower_alphanumeric(first) || "_-".contains(first))
            && chars.all(|char| is_lower_alphanumeric(char) || "_-.".contains(char))
    };
    let parts: Vec<_> = path.split('/').collect();
    let is_deep_enough = match parts.as_slice() {
        [KUSTOMIZATION] | [_, KUSTOMIZATION] | ["_cluster", _] => true,
        [_, _, _] => parts[0] != "_cluster",
        _ => false,
    };
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    let is_object = [Format::Yaml, Format::Json]
        .map(Format::extension)
        .map(Some)
        .contains(&extension);
    is_deep_enough && is_object && parts.iter().all(is_part)
}

fn title(object: &Manifest) -> String {
    let identity = object.identity();
    format!(
        "{} `{}` of `{}`",
        identity.kind, identity.name, identity.api_version
    )
}

/// The file of an object.
pub(super) fn path(object: &Object, format: Format) -> String {
    format!("{}.{}", stem(object), format.extension())
}

fn stem(object: &Object) -> String {
    let identity = object.identity();
    let (kind, name) = (
        file_kind(identity.api_version, identity.kind),
        identity.name,
    );
    let named = || component(&format!("{kind}-{name}"));
    match (object.group(), object.ordinal) {
        (Group::Cluster, _) => format!("_cluster/{}", named()),
        (Group::Shared { namespace }, _) => {
            format!("{}/_shared/{}", component(&namespace), named())
        }
        (
            Group::Workspace {
                namespace,
                name: workspace,
            },
            ordinal,
        ) => {
            let file = match ordinal {
                Some(ordinal) => component(&format!("{kind}-{ordinal}")),
                None if name == workspace => component(&kind),
                None => named(),
            };
            format!("{}/{}/{file}", component(&namespace), component(&workspace))
        }
    }
}

/// A kind as names of files have it: with its group, unless that is one of Kubernetes', KAITO's or
/// Karpenter's, none of which has a kind of another one's.
fn file_kind(api_version: &str, kind: &str) -> String {
    let kind = kind.to_lowercase();
    let group = api::group(api_version);
    let is_plain = !group.contains('.')
        // What kustomize reads would be read as a file of its, under the name of its kind.
        || group.ends_with(".k8s.io") && group != api::KUSTOMIZE
        || group == api::KAITO
        || group.starts_with("karpenter.");
    if is_plain {
        kind
    } else {
        format!("{kind}.{group}")
    }
}

/// A text as the name of a file or directory: itself where every file system takes it, otherwise what
/// it can keep of it and a hash. Only the latter has a `_`, so neither can be taken for the other,
/// nor for `_shared` or `_cluster`.
fn component(text: &str) -> String {
    if is_portable(text) {
        return text.to_owned();
    }
    let keep = |char: char| {
        if is_lower_alphanumeric(char) {
            char
        } else {
            '-'
        }
    };
    let kept = text.chars().take(100).map(keep).collect::<String>();
    format!("{kept}_{}", hex::sha256(text, 16))
}

fn is_portable(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default();
    let device = matches!(stem, "con" | "prn" | "aux" | "nul")
        || stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    text.len() <= 200
        && text.starts_with(is_lower_alphanumeric)
        && text.ends_with(is_lower_alphanumeric)
        && text
            .chars()
            .all(|char| is_lower_alphanumeric(char) || "-.".contains(char))
        && !device
}

fn is_lower_alphanumeric(char: char) -> bool {
    char.is_ascii_lowercase() || char.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::ProptestConfig;
    use serde_json::{Value, json};

    use super::{Format, Manifest, component, is_laid_out, layout};
    use crate::base::object::{Identified, Object};
    use crate::emit::{Form, NoSpool};

    fn object(kind: &str, metadata: &Value, ordinal: Option<u32>) -> Object {
        Object {
            ordinal,
            ..Object::new(json!({"kind": kind, "metadata": metadata}).into())
        }
    }

    fn of_phi(kind: &str, name: &str) -> Object {
        let labels = json!({"kaito.sh/workspace": "phi"});
        object(
            kind,
            &json!({"name": name, "namespace": "ai", "labels": labels}),
            None,
        )
    }

    fn manifests(objects: &[Object], format: Format) -> Vec<Manifest> {
        let manifest = |object| Manifest::new(object, Form::File(format));
        objects.iter().map(manifest).collect()
    }

    fn paths(objects: &[Object]) -> Vec<String> {
        let manifests = manifests(objects, Format::Yaml);
        let files = layout(&manifests, &NoSpool).unwrap();
        files.into_keys().map(str::to_owned).collect()
    }

    #[test]
    fn files_are_named_by_kind_and_by_what_tells_objects_apart() {
        let node = json!({"kaito.sh/workspace": "phi", "kaito.sh/workspacenamespace": "ai"});
        let pool = json!({
            "karpenter.kaito.sh/workspace-name": "phi",
            "karpenter.kaito.sh/workspace-namespace": "ai",
        });
        let objects = [
            object(
                "Workspace",
                &json!({"name": "phi", "namespace": "ai"}),
                None,
            ),
            of_phi("Service", "phi"),
            of_phi("Service", "phi-headless"),
            object(
                "NodeClaim",
                &json!({"name": "ws0123456789", "labels": node}),
                Some(1),
            ),
            object("NodePool", &json!({"name": "ai-phi", "labels": pool}), None),
            object(
                "ConfigMap",
                &json!({"name": "lora-params-template", "namespace": "ai"}),
                None,
            ),
            object("KaitoNodeClass", &json!({"name": "default"}), None),
        ];
        let expected = [
            "_cluster/kaitonodeclass-default.yaml",
            "ai/_shared/configmap-lora-params-template.yaml",
            "ai/phi/nodeclaim-1.yaml",
            "ai/phi/nodepool-ai-phi.yaml",
            "ai/phi/service-phi-headless.yaml",
            "ai/phi/service.yaml",
            "ai/phi/workspace.yaml",
        ];
        assert_eq!(paths(&objects), expected);
        let manifests = manifests(&objects[..1], Format::Json);
        let json = layout(&manifests, &NoSpool).unwrap();
        assert_eq!(
            json.into_keys().collect::<Vec<_>>(),
            ["ai/phi/workspace.json"]
        );
    }

    #[test]
    fn kinds_of_one_name_and_several_groups_have_a_file_each() {
        let service = |api_version| {
            let metadata = json!({"name": "a", "namespace": "ai"});
            let value = json!({"apiVersion": api_version, "kind": "Service", "metadata": metadata});
            Object::new(value.into())
        };
        let objects = ["v1", "serving.knative.dev/v1", "core.example.com/v1"].map(service);
        let expected = [
            "ai/_shared/service-a.yaml",
            "ai/_shared/service.core.example.com-a.yaml",
            "ai/_shared/service.serving.knative.dev-a.yaml",
        ];
        assert_eq!(paths(&objects), expected);
    }

    #[test]
    fn two_objects_for_one_file_are_an_error() {
        let objects = [of_phi("Service", "phi"), of_phi("service", "phi")];
        let manifests = manifests(&objects, Format::Yaml);
        let clash = layout(&manifests, &NoSpool).unwrap_err();
        let kinds = [clash.first, clash.second].map(|it| it.identity().kind);
        assert_eq!(
            (clash.path, kinds),
            ("ai/phi/service.yaml", ["Service", "service"])
        );
    }

    #[test]
    fn names_that_a_file_system_may_refuse_get_a_hash() {
        assert_eq!(component("phi-3.5"), "phi-3.5");
        assert_eq!(component(".."), "--_5ec1f7e700f37c3d");
        assert_eq!(component("CON"), "---_a3dbc4b644a9a2c5");
        assert_eq!(component("nul.x"), "nul-x_4f25bf6548db2d9b");
        assert_eq!(component("_shared"), "-shared_69dddf655795248e");
        assert_eq!(component(&"a".repeat(253)).len(), 117);
    }

    proptest::proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_name_leads_out_of_the_directory(namespace: String, name: String, kind: String, of: String) {
            let labels = json!({"kaito.sh/workspace": of});
            for metadata in [
                json!({"name": name}),
                json!({"name": name, "namespace": namespace}),
                json!({"name": name, "namespace": namespace, "labels": labels}),
            ] {
                let files = paths(&[object(&kind, &metadata, None)]);
                proptest::prop_assert!(is_laid_out(&files[0]), "{}", files[0]);
            }
        }
    }
}
