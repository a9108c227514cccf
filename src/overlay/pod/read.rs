//! Reads `pod` of an overlay.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Change, Field, Holder, map};
use crate::base::json::Json;
use crate::base::pointer;
use crate::catalogue::profile::{Affinity, PodOverlay, Probes, Timings, Variable};
use crate::overlay::reader::Reader;

/// The resources that are GPUs, or parts of them.
const GPUS: &str = "nvidia.com/";

/// Reads the fields of a `pod`, in the order in which they are applied.
pub(in crate::overlay) fn read(pod: &PodOverlay, pointer: &str, reader: &mut Reader) -> Vec<Field> {
    for (field, amounts) in [
        ("limits", &pod.resources.limits),
        ("requests", &pod.resources.requests),
    ] {
        for name in amounts.keys().filter(|name| name.starts_with(GPUS)) {
            let pointer = format!("{pointer}/resources/{field}/{}", pointer::escape(name));
            let message =
                format!("`{name}` is what the plan decides, by `resource` of a Workspace");
            reader.refuse(&pointer, message);
        }
    }
    let all = of_pod(pod).into_iter().chain(of_container(pod));
    let present = all.filter(|(_, _, _, value)| !is_empty(value));
    let holder = |is_of_container: bool| {
        if is_of_container {
            Holder::Container(pod.container.clone())
        } else {
            Holder::Pod
        }
    };
    present
        .map(|(written, field, (change, is_of_container), value)| Field {
            part: format!("pod.{written}"),
            place: reader.place(&format!("{pointer}/{written}")),
            node: reader.node(&format!("{pointer}/{written}")),
            key: field,
            change,
            value,
            holder: holder(is_of_container),
        })
        .collect()
}

/// The name in the overlay, that in the object, how it changes, and the value.
type Written = (&'static str, &'static str, (Change, bool), Json);

fn of_pod(pod: &PodOverlay) -> Vec<Written> {
    let of = |name, change, value| (name, name, (change, false), value);
    let text = |text: &Option<String>| text.as_deref().map_or(Json::Null, Json::from);
    let set = |name, value| of(name, Change::Set, value);
    let secrets = pod.image_pull_secrets.iter();
    let secrets = secrets.map(|it| map([("name".into(), Json::from(&*it.name))]));
    let seconds = pod.termination_grace_period_seconds;
    vec![
        of("tolerations", Change::Append(None), list(&pod.tolerations)),
        of(
            "topologySpreadConstraints",
            Change::Append(None),
            list(&pod.topology_spread_constraints),
        ),
        of(
            "imagePullSecrets",
            Change::Append(Some("name")),
            Json::List(secrets.collect()),
        ),
        of("volumes", Change::Append(Some("name")), list(&pod.volumes)),
        of("nodeSelector", Change::Merge, strings(&pod.node_selector)),
        of(
            "affinity",
            Change::Affinity,
            affinity(pod.affinity.as_ref()),
        ),
        set("serviceAccountName", text(&pod.service_account_name)),
        set("priorityClassName", text(&pod.priority_class_name)),
        set("runtimeClassName", text(&pod.runtime_class_name)),
        set("schedulerName", text(&pod.scheduler_name)),
        set(
            "terminationGracePeriodSeconds",
            seconds.map_or(Json::Null, number),
        ),
        set("securityContext", optional(pod.security_context.as_ref())),
    ]
}

fn of_container(pod: &PodOverlay) -> Vec<Written> {
    let of = |name, field, change, value| (name, field, (change, true), value);
    let variables = pod.env.iter().map(|(name, value)| {
        let (key, value) = match value {
            Variable::Value(text) => ("value", Json::from(&**text)),
            Variable::From(reference) => ("valueFrom", object(&reference.value_from)),
        };
        map([("name".into(), Json::from(&**name)), (key.into(), value)])
    });
    let amounts = [
        ("limits", strings(&pod.resources.limits)),
        ("requests", strings(&pod.resources.requests)),
    ];
    let amounts = amounts.into_iter().filter(|(_, value)| !is_empty(value));
    let resources = map(amounts.map(|(key, value)| (key.into(), value)));
    let context = optional(pod.container_security_context.as_ref());
    vec![
        of(
            "volumeMounts",
            "volumeMounts",
            Change::Append(Some("mountPath")),
            list(&pod.volume_mounts),
        ),
        of(
            "env",
            "env",
            Change::Variables,
            Json::List(variables.collect()),
        ),
        of("resources", "resources", Change::Merge, resources),
        of(
            "containerSecurityContext",
            "securityContext",
            Change::Set,
            context,
        ),
        of("probes", "probes", Change::Probes, probes(&pod.probes)),
    ]
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::List(items) => items.is_empty(),
        Json::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn list(items: &[Map<String, Value>]) -> Json {
    Json::List(items.iter().map(object).collect())
}

fn object(fields: &Map<String, Value>) -> Json {
    Value::Object(fields.clone()).into()
}

fn optional(fields: Option<&Map<String, Value>>) -> Json {
    fields.map_or(Json::Null, object)
}

fn strings(fields: &BTreeMap<String, String>) -> Json {
    let entries = fields.iter();
    map(entries.map(|(key, value)| (Arc::from(&**key), Json::from(&**value))))
}

fn number(number: u32) -> Json {
    Json::Number(number.into())
}

fn affinity(affinity: Option<&Affinity>) -> Json {
    let Some(affinity) = affinity else {
        return Json::Null;
    };
    let kinds = [
        ("nodeAffinity", &affinity.node_affinity),
        ("podAffinity", &affinity.pod_affinity),
        ("podAntiAffinity", &affinity.pod_anti_affinity),
    ];
    let kinds = kinds.into_iter();
    map(kinds.filter_map(|(kind, fields)| Some((kind.into(), object(fields.as_ref()?)))))
}

fn probes(probes: &Probes) -> Json {
    let all = [
        ("startupProbe", probes.startup),
        ("livenessProbe", probes.liveness),
        ("readinessProbe", probes.readiness),
    ];
    let all = all.into_iter();
    map(all.filter_map(|(probe, timings)| Some((probe.into(), of_timings(timings?)))))
}

fn of_timings(timings: Timings) -> Json {
    let all = [
        ("initialDelaySeconds", timings.initial_delay_seconds),
        ("periodSeconds", timings.period_seconds),
        ("timeoutSeconds", timings.timeout_seconds),
        ("failureThreshold", timings.failure_threshold),
        ("successThreshold", timings.success_threshold),
    ];
    let all = all.into_iter();
    map(all.filter_map(|(field, seconds)| Some((field.into(), number(seconds?)))))
}
