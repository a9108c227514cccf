//! The pods of a workload, to be changed.

use super::refusal::Refusal;
use crate::base::json::Json;
use crate::base::sources::Span;
use crate::base::wording;

/// A workload with its pods changed.
pub(super) fn with_pod(
    object: &Json,
    change: impl FnOnce(&Json) -> Result<Json, Refusal>,
) -> Result<Json, Refusal> {
    let (spec, template) = (&object["spec"], &object["spec"]["template"]);
    let template = template.with("spec", change(&template["spec"])?);
    Ok(object.with("spec", spec.with("template", template)))
}

/// A workload or NodePool with its template changed.
pub(super) fn with_template(object: &Json, change: impl FnOnce(&Json) -> Json) -> Json {
    let spec = &object["spec"];
    object.with("spec", spec.with("template", change(&spec["template"])))
}

/// A pod with one of its containers changed. `place` is that of what asks for it.
pub(super) fn with_container(
    pod: &Json,
    name: &str,
    place: Span,
    change: impl FnOnce(&Json) -> Result<Json, Refusal>,
) -> Result<Json, Refusal> {
    let mut names = Vec::new();
    for list in ["containers", "initContainers"] {
        let containers = pod[list].items();
        let is_it = |container: &Json| container["name"].as_str() == Some(name);
        if let Some(at) = containers.iter().position(is_it) {
            let mut containers = containers.to_vec();
            if let Some(container) = containers.get_mut(at) {
                *container = change(container)?;
            }
            return Ok(pod.with(list, Json::List(containers.into())));
        }
        let known = containers.iter().filter_map(|it| it["name"].as_str());
        names.extend(known.map(|name| format!("`{name}`")));
    }
    let message = format!("there is no container `{name}`");
    let hint = format!("there is {}", wording::and(&names));
    Err(Refusal::new(place, message).hint(hint))
}
