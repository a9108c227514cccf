//! What no overlay may change: what the plan decides, and what objects find each other by.

use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::pointer;
use crate::plan::Plan;
use crate::vocab::kinds::{self, Role};
use crate::vocab::labels::OWNERS;

/// What a change breaks.
#[derive(Debug)]
pub(super) struct Broken {
    /// The field, as a JSON Pointer.
    pub(super) pointer: String,
    pub(super) message: String,
    pub(super) hint: String,
}

/// A field that may not change.
struct Fact {
    pointer: String,
    value: Option<Json>,
    why: &'static str,
    hint: &'static str,
}

const IDENTITY: &str = "names and places of objects stand in each other";
const SELECTED: &str = "by it the pods are found";
const PLANNED: &str = "the plan decides it";

const KEEP: &str = "leave it as it is";
const RENAME: &str = "rename the Workspace, or put it into another namespace";
const COUNT: &str = "change the number of nodes";
const RESOURCE: &str = "change `resource` of the Workspace";

/// The pods of a workload.
const POD: &str = "/spec/template/spec";

/// The resources that are GPUs, or parts of them.
const GPUS: &str = "nvidia.com/";

const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";

/// What is decided before overlays.
#[derive(Clone, Copy)]
pub(super) struct Planned<'a> {
    pub(super) plan: &'a Plan,
    /// The name of the main container.
    pub(super) main: Option<&'a str>,
}

/// What a change of an object breaks; none if it may be made. Without `after` the object is removed.
pub(super) fn broken(object: &Object, after: Option<&Json>, planned: Planned) -> Option<Broken> {
    let before = &object.value;
    let Some(after) = after else {
        return removed(object, planned.plan);
    };
    let facts_before = facts(before, before, planned);
    let facts_after = facts(before, after, planned);
    let (fact, now) = facts_before
        .into_iter()
        .zip(facts_after)
        .find(|(before, after)| before.value != after.value)?;
    let field = crate::base::wording::field(&fact.pointer);
    let shown = |value: Option<Json>| {
        value.map_or("nothing".to_owned(), |value| {
            format!("`{}`", value.canonical())
        })
    };
    let message = format!(
        "`{field}` may not change from {} to {}: {}",
        shown(fact.value),
        shown(now.value),
        fact.why
    );
    Some(Broken {
        pointer: fact.pointer,
        message,
        hint: fact.hint.to_owned(),
    })
}

fn removed(object: &Object, plan: &Plan) -> Option<Broken> {
    let identity = object.identity();
    let is_headless = identity.kind == kinds::SERVICE
        && object.value["spec"]["clusterIP"].as_str() == Some("None");
    let is_needed = kinds::is_workload(identity.kind) || kinds::makes_nodes(identity.kind);
    (is_needed || is_headless).then(|| Broken {
        pointer: "/$patch".to_owned(),
        message: format!(
            "the Workspace `{}` needs its {}, which may not be removed",
            plan.name, identity.kind
        ),
        hint: "remove the Workspace instead".to_owned(),
    })
}

/// The fields of an object that may not change, in the same order for the object `before` and after
/// a change.
fn facts(before: &Json, object: &Json, planned: Planned) -> Vec<Fact> {
    const IDENTITIES: [&str; 4] = [
        "/apiVersion",
        "/kind",
        "/metadata/name",
        "/metadata/namespace",
    ];
    let at = |pointer: &str, why, hint| Fact::at(object, pointer, why, hint);
    let mut facts: Vec<_> = IDENTITIES
        .iter()
        .map(|field| at(field, IDENTITY, RENAME))
        .collect();
    for key in OWNERS.as_flattened() {
        let label = pointer::to_label(key);
        facts.push(at(&label, "by it the object is found", KEEP));
    }
    let kind = before["kind"].as_str().unwrap_or_default();
    match kinds::find(kind).map(|kind| kind.role) {
        Some(Role::Workload) => facts.extend(of_workload(before, object, planned)),
        Some(Role::Node | Role::NodePool) => facts.extend(of_nodes(object, planned.plan)),
        _ if kind == kinds::SERVICE => facts.push(at("/spec/selector", SELECTED, KEEP)),
        _ => {}
    }
    facts
}

fn of_workload(before: &Json, object: &Json, planned: Planned) -> Vec<Fact> {
    let at = |pointer: &str, why, hint| Fact::at(object, pointer, why, hint);
    let mut facts = vec![
        at("/spec/selector", SELECTED, KEEP),
        at("/spec/serviceName", "hosts are named after it", KEEP),
        at("/spec/replicas", PLANNED, COUNT),
        at("/spec/completions", PLANNED, COUNT),
        at("/spec/parallelism", PLANNED, COUNT),
    ];
    if let Json::Map(selected) = &before["spec"]["selector"]["matchLabels"] {
        for (key, _) in selected {
            let label = format!("/spec/template{}", pointer::to_label(key));
            facts.push(at(&label, SELECTED, KEEP));
        }
    }
    facts.push(main(object, planned.main));
    facts.extend(gpus(before, object));
    facts
}

fn of_nodes(object: &Json, plan: &Plan) -> Vec<Fact> {
    let mut facts = vec![Fact::at(object, "/spec/replicas", PLANNED, COUNT)];
    for (metadata, spec) in [("", "/spec"), ("/spec/template", POD)] {
        facts.push(instance_type(object, spec));
        for key in plan.match_labels.keys().chain(plan.affinity.keys()) {
            let label = format!("{metadata}{}", pointer::to_label(key));
            facts.push(Fact::at(object, &label, "by it pods find the node", KEEP));
        }
    }
    facts
}

impl Fact {
    /// The field that a JSON Pointer leads to.
    fn at(object: &Json, pointer: &str, why: &'static str, hint: &'static str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            value: find(object, pointer).cloned(),
            why,
            hint,
        }
    }
}

/// The name of the main container, as far as it is still there.
fn main(object: &Json, wanted: Option<&str>) -> Fact {
    let containers = find(object, &format!("{POD}/containers"));
    let containers = containers.map_or(&[][..], Json::items);
    let is_there = containers.iter().any(|it| it["name"].as_str() == wanted);
    Fact {
        pointer: format!("{POD}/containers"),
        value: wanted.filter(|_| is_there).map(Json::from),
        why: "the main container keeps its name",
        hint: KEEP,
    }
}

/// The name of the container that serves or trains: it is called after its Workspace. In pods of a
/// user's own it is the first one if none is.
fn main_container<'a>(object: &'a Json, plan: &Plan) -> Option<&'a str> {
    let containers = find(object, &format!("{POD}/containers"))?.items();
    let names = || containers.iter().filter_map(|it| it["name"].as_str());
    names()
        .find(|name| *name == plan.name)
        .or_else(|| names().next())
}

/// The name of the main container of the workload among objects.
pub(super) fn main_of<'a>(objects: &'a [Option<Object>], plan: &Plan) -> Option<&'a str> {
    let objects = objects.iter().flatten();
    let mut workloads = objects.filter(|object| kinds::is_workload(object.identity().kind));
    main_container(&workloads.next()?.value, plan)
}

/// The GPUs that each container asks for. Containers of whom nothing was known ask for none.
fn gpus(before: &Json, object: &Json) -> Vec<Fact> {
    let lists = ["containers", "initContainers"];
    let mut facts = Vec::new();
    for list in lists {
        let pointer = format!("{POD}/{list}");
        let old = find(before, &pointer).map_or(&[][..], Json::items);
        let new = find(object, &pointer).map_or(&[][..], Json::items);
        for old in old {
            // A container may be removed, but for the main one.
            let same = new
                .iter()
                .find(|container| container["name"] == old["name"]);
            let name = old["name"].as_str().unwrap_or_default();
            let pointer = format!("{pointer}/{name}/resources");
            facts.push(fact_of_gpus(pointer, asks(same.unwrap_or(old))));
        }
        let is_new = |it: &&Json| !old.iter().any(|old| old["name"] == it["name"]);
        let mut added = new.iter().filter(is_new).filter_map(asks);
        facts.push(fact_of_gpus(pointer, added.next()));
    }
    facts
}

fn fact_of_gpus(pointer: String, value: Option<Json>) -> Fact {
    Fact {
        pointer,
        value,
        why: "the plan decides about GPUs",
        hint: RESOURCE,
    }
}

/// The GPUs among the resources of a container.
fn asks(container: &Json) -> Option<Json> {
    let mut found = Json::Null;
    for field in ["limits", "requests"] {
        if let Json::Map(resources) = &container["resources"][field] {
            for (name, amount) in resources {
                if name.starts_with(GPUS) {
                    found = found.with(&format!("{field}/{name}"), amount.clone());
                }
            }
        }
    }
    (found != Json::Null).then_some(found)
}

/// The instance type among the requirements of a node object: all of those about it have to hold.
fn instance_type(object: &Json, spec: &str) -> Fact {
    let pointer = format!("{spec}/requirements");
    let requirements = find(object, &pointer).map_or(&[][..], Json::items);
    let is_type = |it: &&Json| it["key"].as_str() == Some(INSTANCE_TYPE);
    Fact {
        value: Some(Json::List(
            requirements.iter().filter(is_type).cloned().collect(),
        )),
        pointer,
        why: PLANNED,
        hint: RESOURCE,
    }
}

/// The value that a JSON Pointer leads to, through mappings alone.
fn find<'a>(object: &'a Json, pointer: &str) -> Option<&'a Json> {
    pointer::steps(pointer).try_fold(object, |value, step| value.get(&step))
}
