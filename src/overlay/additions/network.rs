//! `add.network`: who may reach the pods, and what they may reach.

use schemars::JsonSchema;
use serde::Serialize;

use super::service;
use crate::base::json::Json;
use crate::base::object::Object;
use crate::catalogue::profile::{Egress, Network, Peer};
use crate::overlay::part::Part;
use crate::vocab::kinds;

pub(super) const FILE: &str = "networkpolicy.yaml";

/// The name of the port of a server, in its Service and in its container.
const HTTP: &str = "http";

/// What the template reads.
#[derive(Serialize, JsonSchema)]
pub(super) struct Values {
    name: String,
    namespace: String,
    ingress: Vec<Peer>,
    /// The ports that may be asked; all if there are none.
    ports: Vec<u64>,
    egress: Vec<Egress>,
}

pub(super) fn values(network: &Network, part: Part, slots: &[Option<Object>]) -> Json {
    let values = Values {
        name: part.plan.name.clone(),
        namespace: part.plan.namespace.clone(),
        ingress: network.ingress.clone(),
        ports: ports(part, slots),
        egress: network.egress.clone(),
    };
    Json::of(&values).unwrap_or(Json::Null)
}

/// The port behind the Service, and that of the server where another container stands before it.
/// Pods that share the work on a request reach each other at ports that they choose.
fn ports(part: Part, slots: &[Option<Object>]) -> Vec<u64> {
    let inference = part.plan.inference.as_ref();
    if inference.is_some_and(|inference| inference.role.is_some()) {
        return Vec::new();
    }
    let http = |ports: &Json, field: &str| {
        let named = ports
            .items()
            .iter()
            .find(|it| it["name"].as_str() == Some(HTTP))?;
        named[field].as_u64()
    };
    let behind = service(part, slots).and_then(|it| http(&it.value["spec"]["ports"], "targetPort"));
    let mut ports: Vec<_> = behind.into_iter().collect();
    for workload in slots.iter().flatten() {
        if !kinds::is_workload(workload.identity().kind) {
            continue;
        }
        let main = part.main;
        let containers = &workload.value["spec"]["template"]["spec"]["containers"];
        let containers = containers.items().iter();
        let main = containers.filter(|it| it["name"].as_str() == main);
        ports.extend(main.filter_map(|it| http(&it["ports"], "containerPort")));
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}
