//! The objects of a Workspace, as a cluster gets them.

use crate::assemble::{self, Variables};
use crate::base::object::Object;
use crate::catalogue::profile::{Jobs, Substitution};
use crate::delivery;
use crate::diagnostic::Diagnostic;
use crate::expand::{self, Templates};
use crate::plan::{self, Plan};

/// Lays a plan out, completes the objects, and names those that are named by their content.
pub(super) fn objects(
    inputs: plan::Inputs,
    plan: &Plan,
    templates: &Templates,
) -> Result<Vec<Object>, Diagnostic> {
    let profile = inputs.profile;
    let mut objects = expand::objects(plan, templates)?;
    match profile.substitution {
        Some(Substitution::Flux) => assemble::keep_from_flux(&mut objects, &variables(inputs)),
        None => objects.iter_mut().for_each(assemble::mark_for_flux),
    }
    // After everything that changes objects: the names are hashes of them.
    assemble::name_nodes(&mut objects, plan);
    if profile.delivery.jobs == Jobs::Named {
        delivery::name_jobs(&mut objects);
    }
    delivery::annotate(&mut objects, &profile.delivery);
    Ok(objects)
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
