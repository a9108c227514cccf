//! Content-addressed names of node objects.

use serde_json::{Value, json};

use crate::hex;

/// The name of a Machine or NodeClaim: `ws` and nine hexadecimal digits, as KAITO's look, of a hash of everything that
/// a provisioner reads only when it creates the node. A change of that is another node; any other change is not.
///
/// `object` is the node object, whose own name, which may still be empty, does not count.
pub(super) fn of(object: &Value, namespace: &str, workspace: &str, ordinal: u32) -> String {
    format!("ws{}", hex::sha256(&content(object, namespace, workspace, ordinal).to_string(), 9))
}

fn content(object: &Value, namespace: &str, workspace: &str, ordinal: u32) -> Value {
    let spec = &object["spec"];
    let requests = &spec["resources"]["requests"];
    let mut content = json!({
        "v": 1,
        "namespace": namespace,
        "workspace": workspace,
        "ordinal": ordinal,
        "instanceType": instance_type(&spec["requirements"]),
        "storage": requests.get("storage").or_else(|| requests.get("ephemeral-storage")),
        "taints": spec["taints"],
        "requirements": requirements(object),
        "labels": object["metadata"]["labels"],
        "imageFamily": object["metadata"]["annotations"]["kaito.sh/node-image-family"],
    });
    content.sort_all_objects();
    content
}

fn instance_type(requirements: &Value) -> Option<&Value> {
    let mut requirements = requirements.as_array()?.iter();
    let requirement = requirements.find(|requirement| requirement["key"] == "node.kubernetes.io/instance-type")?;
    requirement["values"].get(0)
}

/// The requirements by key, without those that name the object itself.
fn requirements(object: &Value) -> Vec<&Value> {
    let name = &object["metadata"]["name"];
    let names_itself =
        |requirement: &Value| requirement["values"].as_array().is_some_and(|values| values.contains(name));
    let all = object["spec"]["requirements"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut kept: Vec<_> = all.iter().filter(|requirement| !names_itself(requirement)).collect();
    kept.sort_by_key(|requirement| requirement["key"].as_str());
    kept
}
