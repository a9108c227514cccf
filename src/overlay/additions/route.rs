//! `add.route`: requests of a gateway reach the Service.

use schemars::JsonSchema;
use serde::Serialize;

use super::service;
use crate::base::json::Json;
use crate::base::object::Object;
use crate::catalogue::profile::{Gateway, Route};
use crate::expand::Layout;
use crate::overlay::Applied;
use crate::overlay::part::Part;
use crate::overlay::refusal::Refusal;
use crate::overlay::tally::TakenRoute;
use crate::plan::Plan;
use crate::workspace::Workspace;

pub(super) const FILE: &str = "httproute.yaml";

/// What the template reads.
#[derive(Serialize, JsonSchema)]
pub(super) struct Values {
    name: String,
    namespace: String,
    gateway: Gateway,
    hostnames: Vec<String>,
    path: String,
}

pub(super) fn values(route: &Route, part: Part, slots: &[Option<Object>]) -> Result<Json, Refusal> {
    let plan = part.plan;
    if service(part, slots).is_none() {
        let message = format!("`{}` has no Service that a route could lead to", plan.name);
        let hint = if plan.tuning.is_some() {
            super::ONLY_INFERENCE
        } else {
            super::LEAVE_OUT
        };
        return Err(Refusal::new(part.whole(), message).hint(hint));
    }
    let named = |text: &String| filled(text, plan);
    let values = Values {
        name: plan.name.clone(),
        namespace: plan.namespace.clone(),
        gateway: route.gateway.clone(),
        hostnames: route.hostnames.iter().map(named).collect(),
        path: named(&route.path),
    };
    Ok(Json::of(&values).unwrap_or(Json::Null))
}

fn filled(text: &str, plan: &Plan) -> String {
    let filled = text.replace("$namespace", &plan.namespace);
    filled.replace("$name", &plan.name)
}

/// Keeps the addresses of the routes that were added, which no two Workspaces may share.
pub(in crate::overlay) fn count_routes(applied: &mut Applied, workspace: &Workspace) {
    let path = Layout::path(FILE);
    for object in &applied.objects {
        let origin = object.origin.as_ref();
        if origin.is_none_or(|origin| *origin.template != *path) {
            continue;
        }
        let mut changes = applied.changes.iter().rev();
        let added = changes.find(|it| it.origin == object.origin && it.before == Json::Null);
        let route = TakenRoute {
            workspace: workspace.key(),
            name: workspace.span("/metadata/name"),
            place: added.and_then(|change| change.place),
        };
        for address in addresses(object) {
            applied.tally.take_route(address, route.clone());
        }
    }
}

/// The addresses at which an HTTPRoute takes requests, each a host, the beginning of a path and a
/// Gateway.
fn addresses(object: &Object) -> Vec<String> {
    let spec = &object.value["spec"];
    let own = object.identity().namespace.unwrap_or_default();
    let any = [Json::from("*")];
    let hosts = match spec["hostnames"].items() {
        [] => &any[..],
        hosts => hosts,
    };
    let rules = spec["rules"].items().iter();
    let matches = rules.flat_map(|rule| rule["matches"].items());
    let paths: Vec<_> = matches
        .map(|it| it["path"]["value"].as_str().unwrap_or("/"))
        .collect();
    let mut addresses = Vec::new();
    for gateway in spec["parentRefs"].items() {
        let text = |field: &str, default| gateway[field].as_str().unwrap_or(default);
        let gateway = [text("namespace", own), text("name", "")].join("/");
        let listener = match text("sectionName", "") {
            "" => String::new(),
            listener => format!(", listener `{listener}`"),
        };
        for host in hosts.iter().filter_map(Json::as_str) {
            let paths = paths.iter();
            addresses.extend(
                paths.map(|path| format!("`{host}{path}` of the Gateway `{gateway}`{listener}")),
            );
        }
    }
    addresses.sort();
    addresses.dedup();
    addresses
}
