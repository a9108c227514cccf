//! Content-addressed names of node objects, in the place of their placeholders.

use serde::{Serialize, Serializer};

use crate::base::hex;
use crate::base::json::Json;
use crate::base::object::Object;
use crate::diagnostic::{Diagnostic, rule};
use crate::overlay::Change;
use crate::plan::Plan;
use crate::vocab::annotations::NODE_IMAGE_FAMILY;
use crate::vocab::kinds;
use crate::vocab::node_name::filled;
use crate::workspace::Workspace;

/// Names the nodes of a Workspace, by the node objects as they are now, wherever its objects have
/// the placeholders of their names.
pub fn name_nodes(objects: &mut [Object], plan: &Plan) {
    if plan.nodes.is_empty() {
        return;
    }
    let mut names = vec![String::new(); plan.nodes.len()];
    for object in objects.iter() {
        // An object that is no node has no place in the list.
        let ordinal = object.ordinal.unwrap_or(u32::MAX);
        if let Some(name) = names.get_mut(ordinal as usize) {
            *name = self::name(&object.value, &plan.namespace, &plan.name, ordinal);
        }
    }
    let name = |ordinal| names.get(ordinal as usize).map_or("", String::as_str);
    for object in objects {
        if let Some(named) = object.value.with_strings(&|text| filled(text, name)) {
            object.value = named;
        }
    }
}

/// Warns of a change by an overlay that gives a node object another name, and so makes another node.
#[must_use]
pub fn other_node(change: &Change, workspace: &Workspace, plan: &Plan) -> Option<Diagnostic> {
    let (ordinal, after) = (change.ordinal?, change.after.as_ref()?);
    let kind = after["kind"].as_str().unwrap_or_default();
    if !kinds::is_node(kind) {
        return None;
    }
    let name = |object| name(object, &plan.namespace, &plan.name, ordinal);
    let [before, now] = [name(&change.before), name(after)];
    if before == now {
        return None;
    }
    let message = format!(
        "the overlay `{}` changes what a provisioner reads only when it creates a node: the {kind} \
         `{before}` becomes `{now}`, another node",
        change.overlay
    );
    let diagnostic = Diagnostic {
        place: change.place,
        ..Diagnostic::global(&rule::OTHER_NODE, message)
    };
    Some(diagnostic.also(
        workspace.span("/metadata/name"),
        "the Workspace of the node",
    ))
}

/// The name of a Machine or NodeClaim: `ws` and nine hexadecimal digits, as KAITO's look, of a hash
/// of everything that a provisioner reads only when it creates the node. A change of that is
/// another node; any other change is not.
///
/// The names of nodes themselves, whose placeholders `object` has, do not count.
fn name(object: &Json, namespace: &str, workspace: &str, ordinal: u32) -> String {
    let content = content(object, namespace, workspace, ordinal);
    // Texts, numbers and lists are always written.
    let text = serde_json::to_string(&content).unwrap_or_default();
    format!("ws{}", hex::sha256(&text, 9))
}

/// What is hashed, as JSON with the keys of every mapping sorted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    image_family: Sorted<'a>,
    instance_type: Option<Sorted<'a>>,
    labels: Sorted<'a>,
    namespace: &'a str,
    ordinal: u32,
    requirements: Vec<Sorted<'a>>,
    storage: Option<Sorted<'a>>,
    taints: Sorted<'a>,
    v: u32,
    workspace: &'a str,
}

/// A value that is written with the keys of its mappings sorted, and without the names of nodes.
struct Sorted<'a>(&'a Json);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Map(map) => serializer.collect_map(
                map.sorted()
                    .into_iter()
                    .map(|(key, value)| (key, Sorted(value))),
            ),
            Json::List(items) => serializer.collect_seq(items.iter().map(Sorted)),
            Json::String(text) => match filled(text, |_| "") {
                Some(nameless) => serializer.serialize_str(&nameless),
                None => serializer.serialize_str(text),
            },
            scalar => scalar.serialize(serializer),
        }
    }
}

fn content<'a>(
    object: &'a Json,
    namespace: &'a str,
    workspace: &'a str,
    ordinal: u32,
) -> Content<'a> {
    let (metadata, spec) = (&object["metadata"], &object["spec"]);
    let requests = &spec["resources"]["requests"];
    Content {
        image_family: Sorted(&metadata["annotations"][NODE_IMAGE_FAMILY]),
        instance_type: instance_type(&spec["requirements"]).map(Sorted),
        labels: Sorted(&metadata["labels"]),
        namespace,
        ordinal,
        requirements: requirements(object).into_iter().map(Sorted).collect(),
        storage: requests
            .get("storage")
            // NodeClaims of KAITO 0.3 ask for the disk by this name.
            .or_else(|| requests.get("ephemeral-storage"))
            .map(Sorted),
        taints: Sorted(&spec["taints"]),
        // The version of this list of fields: changing the list gives every node another name.
        v: 1,
        workspace,
    }
}

fn instance_type(requirements: &Json) -> Option<&Json> {
    let mut requirements = requirements.items().iter();
    let key = Some("node.kubernetes.io/instance-type");
    requirements.find(|requirement| requirement["key"].as_str() == key)?["values"]
        .items()
        .first()
}

/// The requirements by key, without those that name the object itself.
fn requirements(object: &Json) -> Vec<&Json> {
    let name = &object["metadata"]["name"];
    let names_itself = |requirement: &Json| requirement["values"].items().contains(name);
    let all = object["spec"]["requirements"].items();
    let mut kept: Vec<_> = all
        .iter()
        .filter(|requirement| !names_itself(requirement))
        .collect();
    kept.sort_by_key(|requirement| requirement["key"].as_str());
    kept
}
