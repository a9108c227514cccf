//! `add.weights`: the weights of a model are kept on a claim.

use serde_json::json;

use super::refused;
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::quantity;
use crate::base::sources::Span;
use crate::catalogue::profile::Weights;
use crate::diagnostic::Diagnostics;
use crate::overlay::Applied;
use crate::overlay::part::Part;
use crate::overlay::pods::with_pod;
use crate::overlay::reader::Reader;
use crate::overlay::refusal::Refusal;
use crate::plan::Plan;
use crate::vocab::kinds;
use crate::vocab::labels::WORKSPACE;

/// The volume that holds the weights, in pods and among claims.
const VOLUME: &str = "model-weights-volume";

/// Where the claims of a StatefulSet are.
const TEMPLATES: &str = "volumeClaimTemplates";

/// A disk of which the plan says nothing.
const UNKNOWN: &str = "0";

/// A place for weights that is ready to be used.
#[derive(Debug)]
pub(in crate::overlay) struct Kept {
    pub(in crate::overlay) place: Option<Span>,
    weights: Weights,
}

/// Reads `add.weights` of an overlay.
pub(in crate::overlay) fn read(weights: &Weights, pointer: &str, reader: &mut Reader) -> Kept {
    if let Some(size) = &weights.size
        && quantity::amount(size).is_none_or(|bytes| bytes <= 0.0)
    {
        let message = format!("`{}` is no size such as `200Gi`", size.escape_debug());
        reader.refuse(&format!("{pointer}/size"), message);
    }
    let is_own = weights.storage_class.is_some() || weights.size.is_some();
    if weights.claim.is_some() && is_own {
        let message = "`claim` names a claim that there is, which has its class and size already: \
                       remove `storageClass` and `size`";
        reader.refuse(&format!("{pointer}/claim"), message.to_owned());
    }
    Kept {
        place: reader.place(pointer),
        weights: weights.clone(),
    }
}

impl Kept {
    /// Puts the claim in the place of what holds the weights, in the pods of each workload.
    pub(in crate::overlay) fn apply(
        &self,
        part: Part,
        slots: &mut [Option<Object>],
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        applied.tally.match_one(part.id);
        for slot in slots {
            let is_workload = |it: &&Object| kinds::is_workload(it.identity().kind);
            let Some(object) = slot.as_ref().filter(is_workload) else {
                continue;
            };
            let kept = match self.kept(object, part) {
                Ok(kept) => kept,
                Err(refusal) => {
                    diagnostics.report(refused(part, refusal));
                    applied.tally.change_one(part.id);
                    continue;
                }
            };
            part.put(slot, Ok(Some(kept)), |_| self.place, applied, diagnostics);
        }
    }

    /// A workload with the claim.
    fn kept(&self, object: &Object, part: Part) -> Result<Json, Refusal> {
        let value = &object.value;
        let volumes = value["spec"]["template"]["spec"]["volumes"].items();
        let templates = value["spec"][TEMPLATES].items();
        let is_volume = |it: &Json| it["name"].as_str() == Some(VOLUME);
        let is_template = |it: &Json| it["metadata"]["name"].as_str() == Some(VOLUME);
        if !volumes.iter().any(is_volume) && !templates.iter().any(is_template) {
            let message = format!(
                "the pods of `{}` have no volume `{VOLUME}`: their weights are in the image or on \
                 the node",
                part.plan.name
            );
            return Err(Refusal::new(part.whole(), message).hint(super::LEAVE_OUT));
        }
        let of_set = object.identity().kind == kinds::STATEFUL_SET;
        let (volume, template) = match &self.weights.claim {
            Some(claim) => {
                let source = json!({"claimName": claim});
                (
                    Some(json!({"name": VOLUME, "persistentVolumeClaim": source})),
                    None,
                )
            }
            None if of_set => (None, Some(self.template(part)?)),
            None => (Some(self.ephemeral(part)?), None),
        };
        let volumes = replaced(volumes, is_volume, volume.map(Json::from));
        let templates = replaced(templates, is_template, template);
        let changed = with_pod(value, |pod| Ok(with_list(pod, "volumes", volumes)))?;
        let spec = with_list(&changed["spec"], TEMPLATES, templates);
        Ok(changed.with("spec", spec))
    }

    /// The claim that a StatefulSet makes for each of its pods, as KAITO makes it for fast disks.
    fn template(&self, part: Part) -> Result<Json, Refusal> {
        let metadata = json!({"name": VOLUME, "labels": {WORKSPACE: part.plan.name}});
        let claim = json!({"apiVersion": "v1", "kind": kinds::VOLUME_CLAIM, "metadata": metadata});
        Ok(Json::from(claim).with("spec", self.spec(part)?))
    }

    /// The volume of a pod that is no StatefulSet's: its claim lives as long as the pod.
    fn ephemeral(&self, part: Part) -> Result<serde_json::Value, Refusal> {
        let metadata = json!({"labels": {WORKSPACE: part.plan.name}});
        let spec = serde_json::Value::from(&self.spec(part)?);
        let template = json!({"metadata": metadata, "spec": spec});
        Ok(json!({"name": VOLUME, "ephemeral": {"volumeClaimTemplate": template}}))
    }

    fn spec(&self, part: Part) -> Result<Json, Refusal> {
        let size = self.size(part.plan).ok_or_else(|| {
            let message = format!(
                "the plan of `{}` does not say how much disk it needs",
                part.plan.name
            );
            Refusal::new(part.whole(), message).hint("write `size`, such as `size: 200Gi`")
        })?;
        let mut spec = json!({"accessModes": ["ReadWriteOnce"]});
        if let Some(class) = &self.weights.storage_class {
            spec["storageClassName"] = json!(class);
        }
        spec["resources"] = json!({"requests": {"storage": size}});
        Ok(spec.into())
    }

    fn size<'a>(&'a self, plan: &'a Plan) -> Option<&'a str> {
        let planned = Some(plan.disk.as_str()).filter(|disk| *disk != UNKNOWN);
        self.weights.size.as_deref().or(planned)
    }
}

/// A list with another item in the place of one, or at its end; without the item if there is none.
fn replaced(items: &[Json], is_it: impl Fn(&Json) -> bool, new: Option<Json>) -> Vec<Json> {
    let place = items.iter().position(&is_it);
    let mut items = items.to_vec();
    match (place, new) {
        (Some(place), Some(new)) => {
            items.splice(place..=place, [new]);
        }
        (Some(place), None) => {
            items.remove(place);
        }
        (None, new) => items.extend(new),
    }
    items
}

/// A mapping with a list under a key; without the key if the list is empty.
fn with_list(holder: &Json, key: &str, items: Vec<Json>) -> Json {
    if items.is_empty() {
        holder.without(key)
    } else {
        holder.with(key, Json::List(items.into()))
    }
}
