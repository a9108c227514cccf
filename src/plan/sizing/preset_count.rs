//! The sizing rule `preset-count`: the preset says which GPUs a model needs, the Workspace says how
//! many nodes.
//!
//! Numbers such as R1 are those of the specification of KAITO 0.3.

use crate::base::sources::Sources;
use crate::base::wording;
use crate::catalogue::preset::{InstanceType, InstanceTypes, Needs};
use crate::catalogue::release::Release;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::nodes::instance_type::{self, alike, lacks_gpus, large_enough, other_name};
use crate::vocab::Cloud;
use crate::workspace::{Resource, Workspace};

const PLACE: &str = "/resource/instanceType";

/// Reports where the nodes of a Workspace are too small to serve a model.
pub(in crate::plan) fn check_inference(
    workspace: &Workspace,
    needs: &Needs,
    tables: Tables,
    diagnostics: &mut Diagnostics,
) {
    let Some((rule, lack, hint)) = lacking(workspace, needs, tables, diagnostics) else {
        return;
    };
    let message = format!("serving the model needs {lack}");
    diagnostics.report(Diagnostic::new(rule, workspace.span(PLACE), message).hint(hint));
}

/// Warns where the nodes of a Workspace are smaller than tuning the model is known to need. KAITO
/// does not look, and small batches may do with less, so it is no error.
pub(in crate::plan) fn check_tuning(
    workspace: &Workspace,
    needs: &Needs,
    tables: Tables,
    diagnostics: &mut Diagnostics,
) {
    let Some((_, lack, hint)) = lacking(workspace, needs, tables, diagnostics) else {
        return;
    };
    let preset = workspace
        .spec
        .tuning
        .as_ref()
        .and_then(|tuning| tuning.preset.as_ref());
    let model = preset.map_or_else(
        || "the model".to_owned(),
        |preset| format!("`{}`", preset.name),
    );
    let message = format!("tuning {model} is known to need {lack}");
    diagnostics
        .report(Diagnostic::new(&rule::TIGHT_MEMORY, workspace.span(PLACE), message).hint(hint));
}

/// Reports an instance type that is not known, or has no GPUs of NVIDIA, and gives what the nodes
/// of a known one lack: the rule of KAITO 0.3 that they break, what is needed, and what to do.
fn lacking(
    workspace: &Workspace,
    needs: &Needs,
    tables: Tables,
    diagnostics: &mut Diagnostics,
) -> Option<(&'static Rule, String, String)> {
    let resource = workspace.spec.resource.as_ref()?;
    let (name, types) = (&resource.instance_type, tables.types);
    let instance = types.get(name);
    let mark = diagnostics.mark();
    check_name(workspace, Some(needs), tables, diagnostics);
    // A name that is wrong tells nothing about GPUs.
    if diagnostics.mark() == mark {
        let lacks = lacks_gpus(name, tables.cloud);
        let hint = || large_enough(&fitting(resource, needs, types));
        check_gpus(workspace, instance, lacks, hint, diagnostics);
    }
    let (rule, lack) = lack(resource, instance?, needs)?;
    Some((rule, lack, larger(resource, needs, types)))
}

/// What the nodes lack: the first of R1 to R3 that they break.
fn lack(
    resource: &Resource,
    instance: &InstanceType,
    needs: &Needs,
) -> Option<(&'static Rule, String)> {
    if resource.count < 1 {
        return None; // that is reported already
    }
    let has = offer(resource, instance);
    let nodes = format!("{} × `{}`", resource.count, resource.instance_type);
    let (gpus, memory, per_gpu) = (needs.gpus, needs.memory_gib, needs.memory_per_gpu_gib);
    if has.gpus < u64::from(gpus) {
        return Some((
            &rule::TOO_FEW_GPUS,
            format!(
                "{}, but {nodes} has {}",
                wording::count(gpus as usize, "GPU"),
                has.gpus
            ),
        )); // R1
    }
    if has.memory_per_gpu < u64::from(per_gpu) {
        let message = format!(
            "{per_gpu} GiB of memory per GPU, but {nodes} has {} GiB",
            has.memory_per_gpu
        );
        return Some((&rule::TOO_LITTLE_MEMORY, message)); // R2
    }
    if has.memory < u64::from(memory) {
        let message = format!(
            "{memory} GiB of GPU memory, but {nodes} has {} GiB",
            has.memory
        );
        return Some((&rule::TOO_LITTLE_MEMORY, message)); // R3
    }
    None
}

/// What all nodes have together; memory in GiB.
struct Offer {
    gpus: u64,
    memory: u64,
    memory_per_gpu: u64,
}

fn offer(resource: &Resource, instance: &InstanceType) -> Offer {
    let nodes = u64::try_from(resource.count).unwrap_or(0);
    let memory = u64::from(instance.memory_gib);
    Offer {
        gpus: nodes.saturating_mul(u64::from(instance.gpus)),
        memory: nodes.saturating_mul(memory),
        // Rounded down, as in R2.
        memory_per_gpu: memory.checked_div(u64::from(instance.gpus)).unwrap_or(0),
    }
}

/// The smallest instance types that would do, for a hint.
fn fitting(resource: &Resource, needs: &Needs, types: &InstanceTypes) -> Vec<String> {
    const SHOWN: usize = 3;
    let does = |instance: &InstanceType| {
        instance.can_be_had() && lack(resource, instance, needs).is_none()
    };
    let mut fit: Vec<_> = types
        .iter()
        .filter(|(_, instance)| does(instance))
        .collect();
    let order = |(name, instance): &(&String, &InstanceType)| {
        let size = instance_type::size(name);
        (instance.memory_gib, instance.gpus, size, (*name).clone())
    };
    fit.sort_by_cached_key(order);
    let shown = fit.iter().take(SHOWN);
    shown.map(|(name, _)| format!("`{name}`")).collect()
}

/// What to do where nodes lack something that a model needs.
fn larger(resource: &Resource, needs: &Needs, types: &InstanceTypes) -> String {
    large_enough(&fitting(resource, needs, types))
        .unwrap_or_else(|| "no instance type has that much: raise `resource.count`".to_owned())
}

/// Reports an instance type on which no pod can have the GPUs that it asks for, which are NVIDIA's
/// whatever the machine (quirk 31).
fn check_gpus(
    workspace: &Workspace,
    instance: Option<&InstanceType>,
    lacks: Option<&str>,
    hint: impl FnOnce() -> Option<String>,
    diagnostics: &mut Diagnostics,
) {
    let Some(resource) = &workspace.spec.resource else {
        return;
    };
    let name = &resource.instance_type;
    let has = match (instance, lacks) {
        (Some(instance), _) if instance.is_nvidia() => return,
        (Some(instance), _) => format!("has {}", instance.gpu),
        (None, Some(lacks)) => lacks.to_owned(),
        (None, None) => return,
    };
    let message = format!("`{name}` {has}, but the pods ask for `nvidia.com/gpu`");
    let hint = hint().unwrap_or_else(|| instance_type::GPUS.to_owned());
    diagnostics
        .report(Diagnostic::new(&rule::NO_NVIDIA_GPU, workspace.span(PLACE), message).hint(hint));
}

/// Where an instance type is looked up.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Tables<'a> {
    pub(in crate::plan) release: &'a Release<'a>,
    pub(in crate::plan) cloud: Cloud,
    pub(in crate::plan) types: &'a InstanceTypes,
    pub(in crate::plan) sources: &'a Sources,
}

/// R4: reports an instance type that no table has. Of Azure's N and D series there may be more than
/// KAITO knows. `needs` is what the model needs, if it is known.
pub(in crate::plan) fn check_name(
    workspace: &Workspace,
    needs: Option<&Needs>,
    tables: Tables,
    diagnostics: &mut Diagnostics,
) {
    let Tables { cloud, types, .. } = tables;
    let Some(resource) = &workspace.spec.resource else {
        return;
    };
    let name = &resource.instance_type;
    let exact = types.keys().find(|known| known.eq_ignore_ascii_case(name));
    // In this letter case only: KAITO's webhook compares texts (R4).
    let is_let_through = ["Standard_N", "Standard_D"]
        .iter()
        .any(|series| name.starts_with(series));
    if let Some((message, hint)) = types
        .get(name)
        .and_then(|instance| other_name(name, instance, types, cloud, &[]))
    {
        let diagnostic = Diagnostic::new(&rule::INEXACT_NAME, workspace.span(PLACE), message);
        return diagnostics.report(diagnostic.hint(hint));
    }
    if types.contains_key(name) || cloud == Cloud::Azure && is_let_through && exact.is_none() {
        return;
    }
    if let (Some(exact), true) = (exact, is_let_through) {
        let message =
            format!("the cloud, and so the label of the nodes, spells `{name}` as `{exact}`");
        let diagnostic = Diagnostic::new(&rule::INEXACT_NAME, workspace.span(PLACE), message);
        let diagnostic =
            diagnostic
                .hint(format!("write `{exact}`"))
                .respelt(name, exact, tables.sources);
        return diagnostics.report(diagnostic);
    }
    let fitting = || large_enough(&fitting(resource, needs?, types));
    if let Some(lacks) = lacks_gpus(name, cloud) {
        return check_gpus(workspace, None, Some(lacks), fitting, diagnostics);
    }
    let message = instance_type::unknown(name, cloud, tables.release);
    let hint = match exact {
        Some(exact) => format!("write `{exact}`"),
        None => alike(
            name,
            cloud,
            types,
            tables.release,
            &workspace.spec.api_version,
        )
        .or_else(fitting)
        .unwrap_or_else(|| instance_type::list(tables.release, cloud)),
    };
    let diagnostic =
        Diagnostic::new(&rule::UNKNOWN_INSTANCE_TYPE, workspace.span(PLACE), message).hint(hint);
    diagnostics.report(match exact {
        Some(exact) => diagnostic.respelt(name, exact, tables.sources),
        None => diagnostic,
    });
}
