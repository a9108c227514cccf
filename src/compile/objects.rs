//! The objects of a Workspace, as a cluster gets them.

use crate::assemble::{self, Variables};
use crate::base::object::Object;
use crate::catalogue::profile::{Jobs, Substitution};
use crate::delivery;
use crate::diagnostic::{Diagnostics, Reported};
use crate::expand::{self, Templates};
use crate::overlay::{Applied, InDirectory};
use crate::plan::{self, Plan};

/// Lays a plan out, applies the overlays, completes the objects, and names those that are named by
/// their content. What overlays alone are about goes to `diagnostics`, beside the errors.
pub(super) fn objects(
    inputs: plan::Inputs,
    plan: &Plan,
    templates: &Templates,
    overlays: &InDirectory,
    diagnostics: &mut Diagnostics,
) -> Result<Applied, Reported> {
    let objects = expand::objects(plan, templates);
    let objects = objects.map_err(|diagnostic| diagnostics.fail(diagnostic))?;
    let mut applied = overlays.apply(objects, inputs.workspace, plan, templates, diagnostics)?;
    for change in &applied.changes {
        diagnostics.extend(assemble::other_node(change, inputs.workspace, plan));
    }
    complete(&mut applied.objects, inputs, plan);
    Ok(applied)
}

/// Does what is to be done when nobody changes the objects any more.
fn complete(objects: &mut [Object], inputs: plan::Inputs, plan: &Plan) {
    let profile = inputs.profile;
    match profile.substitution {
        Some(Substitution::Flux) => assemble::keep_from_flux(objects, &variables(inputs)),
        None => objects.iter_mut().for_each(assemble::mark_for_flux),
    }
    // After everything that changes objects: the names are hashes of them.
    assemble::name_nodes(objects, plan);
    if profile.delivery.jobs == Jobs::Named {
        delivery::name_jobs(objects);
    }
    delivery::annotate(objects, &profile.delivery);
}

/// The variables in a Workspace and in the ConfigMap that it names.
fn variables(inputs: plan::Inputs) -> Variables {
    let mut variables = Variables::default();
    let plan::Inputs { workspace, .. } = inputs;
    variables.add_document(&workspace.node);
    let spec = &workspace.spec;
    let inference = spec.inference.as_ref().and_then(|it| it.config.as_deref());
    let tuning = spec.tuning.as_ref().and_then(|it| it.config.as_deref());
    for name in inference.into_iter().chain(tuning) {
        let config_map = inputs.config_maps.get(&workspace.metadata.namespace, name);
        if let Some(config_map) = config_map {
            variables.add_document(config_map.node());
        }
    }
    variables
}
