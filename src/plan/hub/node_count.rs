//! The number of nodes: estimated, set by a person, or as the Workspace asks for.
//!
//! Numbers such as R8 are those of the specification of KAITO 0.12.

use super::Hub;
use super::decisions::Estimated;
use super::inference::{TRANSFORMERS, VLLM};
use crate::base::pointer;
use crate::base::quantity;
use crate::base::wording;
use crate::catalogue::preset::{EstimatorNumbers, HubModel, InstanceType, Sizing};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::plan::nodes::gpus::Gpus;
use crate::plan::nodes::instance_type::{instance_type, size};
use crate::plan::sizing::estimator::{self, Demand, Estimate};
use crate::vocab::annotations::{BYPASS_RESOURCE_CHECKS, NODE_COUNT};
use crate::vocab::limits::WORKSPACE_NODES;

impl Hub<'_, '_> {
    /// The number of nodes, and the estimate that it follows from, if it does.
    pub(super) fn node_count(
        &mut self,
        model: &HubModel,
        gpus: &Gpus,
        runtime: &str,
        context: Option<u64>,
    ) -> Result<(u32, Option<Estimated>), Reported> {
        let Some(numbers) = self.estimator(runtime) else {
            return Ok((self.counted_nodes()?, None));
        };
        let demand = Demand::new(numbers, model, gpus.count, gpus.memory, context);
        let estimate = estimator::estimate(&demand);
        let nodes = self.estimated_nodes(&demand, &estimate, model, gpus)?;
        Ok((nodes, Some(Estimated { demand, estimate })))
    }

    /// The constants by which the nodes of a model are estimated; none where the Workspace says how
    /// many there are.
    pub(super) fn estimator(&self, runtime: &str) -> Option<EstimatorNumbers> {
        match self.planner.release.sizing {
            Sizing::Estimator(numbers) if runtime == VLLM => Some(numbers),
            Sizing::Estimator(_) | Sizing::PresetCount => None,
        }
    }

    /// Reports nodes that have less memory than the weights alone need (R8, R9): an estimate would
    /// only say it again.
    pub(super) fn check_memory(
        &mut self,
        model: &HubModel,
        gpus: &Gpus,
        runtime: &str,
    ) -> Result<(), Reported> {
        let place = if gpus.nodes.is_some() {
            "/resource/labelSelector"
        } else {
            "/resource/instanceType"
        };
        let weights = model.weights_bytes();
        let nodes = gpus
            .nodes
            .map_or_else(|| u64::try_from(self.asked_nodes()).unwrap_or(0), u64::from);
        let total = nodes.saturating_mul(gpus.memory);
        // Its presence counts, whatever its value (§1.2).
        let bypasses = self.planner.annotation(BYPASS_RESOURCE_CHECKS).is_some();
        // Where nodes are estimated and created, the number that the Workspace asks for does not
        // matter.
        let is_counted = gpus.nodes.is_some() || self.estimator(runtime).is_none();
        let size = |bytes: u64| wording::gibibytes(quantity::float(bytes), 1);
        let needed = size(weights);
        let (rule, place, message, hint) =
            if gpus.mig_resource.is_some() && weights > gpus.memory && !bypasses {
                (
                    &rule::TOO_LITTLE_MEMORY,
                    "/resource/partition",
                    format!(
                        "the weights take {needed}, and the slice has {}",
                        size(gpus.memory)
                    ),
                    "choose a larger slice, or a smaller model".to_owned(),
                )
            } else if runtime == TRANSFORMERS && weights > gpus.memory {
                (
                    &rule::NO_FIT,
                    place,
                    format!(
                        "the weights take {needed}, and one node has {}",
                        size(gpus.memory)
                    ),
                    "transformers does not spread a model over nodes: choose larger ones, or vLLM"
                        .to_owned(),
                )
            } else if nodes > 0 && total < weights && !bypasses && is_counted {
                (
                    &rule::TOO_LITTLE_MEMORY,
                    place,
                    format!(
                        "the weights take {needed}, and all nodes have {}",
                        size(total)
                    ),
                    format!("choose larger nodes; `{BYPASS_RESOURCE_CHECKS}` lets it pass"),
                )
            } else {
                return Ok(());
            };
        Err(self.planner.fail(rule, place, message, hint))
    }

    /// `resource.count` as it is written; 1 if it is not.
    pub(super) fn asked_nodes(&self) -> i64 {
        let resource = self.planner.workspace.spec.resource.as_ref();
        resource.map_or(1, |resource| resource.count)
    }

    /// The nodes that a Workspace asks for, each of which serves the whole model.
    fn counted_nodes(&mut self) -> Result<u32, Reported> {
        let asked = u32::try_from(self.asked_nodes()).ok();
        let count = self
            .wanted_nodes()
            .or_else(|| asked.filter(|count| *count > 0));
        count.ok_or_else(|| {
            let message = "`resource.count` must be at least 1".to_owned();
            let hint = "say how many nodes to run on".to_owned();
            self.planner
                .fail(&rule::COUNT, "/resource/count", message, hint)
        })
    }

    /// The nodes that the model is estimated to need (specification of KAITO 0.12, §3), or those
    /// that a person wants.
    fn estimated_nodes(
        &mut self,
        demand: &Demand,
        estimate: &Estimate,
        model: &HubModel,
        gpus: &Gpus,
    ) -> Result<u32, Reported> {
        let wanted = self.wanted_nodes();
        let estimated = estimate
            .nodes
            .and_then(|nodes| u32::try_from(nodes.max(1)).ok())
            // Slices of several nodes are not put together (§3.3).
            .filter(|nodes| *nodes == 1 || gpus.mig_resource.is_none())
            .filter(|nodes| *nodes <= WORKSPACE_NODES);
        match (wanted, estimated) {
            (Some(wanted), estimated) => {
                if estimated.is_none_or(|estimated| wanted < estimated) {
                    // Only a warning: the number was set because somebody does not trust the
                    // estimate.
                    self.too_few_nodes(wanted, estimated, model);
                }
                Ok(wanted)
            }
            (None, Some(estimated)) => {
                self.check_existing_nodes(estimated, gpus);
                Ok(estimated)
            }
            (None, None) => Err(self.does_not_fit(demand, estimate, model, gpus.nodes.is_none())),
        }
    }

    /// Reports that a person wants fewer nodes than are estimated.
    fn too_few_nodes(&mut self, wanted: u32, estimated: Option<u32>, model: &HubModel) {
        let needed = estimated.map_or("no number is enough".to_owned(), |nodes| {
            format!("{nodes} are estimated")
        });
        let message = format!(
            "`{}` is not expected to fit on {}: {needed}",
            model.name,
            nodes_of(wanted)
        );
        let workspace = self.planner.workspace;
        let annotated = workspace.node.find(&pointer::to_annotation(NODE_COUNT));
        let of_profile = format!("/nodeCounts/{}", pointer::escape(&workspace.key()));
        let place = annotated
            .map(|found| found.span)
            .or_else(|| self.planner.profile.span(&of_profile));
        let hint = "raise the number, or choose nodes with more memory";
        let diagnostic = Diagnostic::global(&rule::COUNT_TOO_SMALL, message).hint(hint);
        self.planner.diagnostics.report(Diagnostic {
            place,
            ..diagnostic
        });
    }

    /// Warns where fewer nodes exist than are estimated.
    fn check_existing_nodes(&mut self, estimated: u32, gpus: &Gpus) {
        if let Some(there) = gpus.nodes.filter(|there| *there < estimated) {
            let message = format!(
                "the model needs {}, and the profile has {}",
                nodes_of(estimated),
                nodes_of(there)
            );
            let hint = "pods wait until there are enough".to_owned();
            self.planner
                .warn(&rule::NODES, "/resource/labelSelector", message, hint);
        }
    }

    /// The number of nodes that a person has decided on, whatever is estimated.
    pub(super) fn wanted_nodes(&mut self) -> Option<u32> {
        if let Some(text) = self.planner.annotation(NODE_COUNT) {
            let count = text.trim().parse().ok();
            let count = count.filter(|count| (1..=WORKSPACE_NODES).contains(count));
            if count.is_none() {
                let message = format!(
                    "`{NODE_COUNT}` must be a number of nodes from 1 to {WORKSPACE_NODES}, not `{}`",
                    text.escape_debug()
                );
                self.planner.report(
                    &rule::ANNOTATION,
                    &pointer::to_annotation(NODE_COUNT),
                    message,
                    "such as \"2\"".to_owned(),
                );
            }
            return count;
        }
        self.planner
            .profile
            .node_counts
            .get(&self.planner.workspace.key())
            .map(|count| count.get())
    }

    fn does_not_fit(
        &mut self,
        demand: &Demand,
        estimate: &Estimate,
        model: &HubModel,
        is_choosable: bool,
    ) -> Reported {
        let place = self
            .planner
            .workspace
            .node
            .find("/resource/instanceType")
            .map_or("/resource", |_| "/resource/instanceType");
        let gib = |bytes: f64| wording::gibibytes(bytes, 1);
        let is_too_many = estimate
            .nodes
            .is_some_and(|nodes| nodes > u64::from(WORKSPACE_NODES));
        let message = if is_too_many {
            format!(
                "`{}` is estimated to need more than {WORKSPACE_NODES} nodes",
                model.name
            )
        } else if estimate.nodes.is_none() {
            format!(
                "`{}` needs {} on each GPU beside its weights, {} of it for {} tokens, but only {} of {} may be used",
                model.name,
                gib(estimate.fixed),
                gib(estimate.cache),
                demand.context,
                gib(estimate.usable),
                gib(estimate.gpu)
            )
        } else {
            format!(
                "`{}` needs more than one slice, and slices are not put together",
                model.name
            )
        };
        let fitting = if is_choosable {
            self.fitting(demand)
        } else {
            Vec::default()
        };
        let hint = match fitting.as_slice() {
            [] => "set a smaller `max-model-len` in the ConfigMap of `inference.config`".to_owned(),
            names => format!(
                "choose {}, or a smaller `max-model-len`",
                wording::or(names)
            ),
        };
        self.planner.fail(&rule::NO_FIT, place, message, hint)
    }

    /// The smallest instance types of which one node is enough for the model that is served; none
    /// where the Workspace names one that the cloud has, with GPUs of NVIDIA.
    pub(super) fn fitting_instead(&self) -> Vec<String> {
        let spec = &self.planner.workspace.spec;
        let named = spec.resource.as_ref().map(|it| it.instance_type.as_str());
        let is_usable = named.is_none_or(|name| {
            let known = instance_type(self.types, name);
            known.is_some_and(|(_, instance)| instance.can_be_had())
        });
        let preset = spec.inference.as_ref().and_then(|it| it.preset.as_ref());
        let model = preset.and_then(|preset| {
            let repository = self.planner.release.file.repository(&preset.name);
            self.planner.release.hub_model(&repository)?.ok()
        });
        match (self.estimator(self.runtime()), model) {
            (Some(numbers), Some(model)) if !is_usable => {
                // `fitting` replaces GPUs and memory by those of each candidate.
                self.fitting(&Demand::new(numbers, model, 1, 0, None))
            }
            _ => Vec::new(),
        }
    }

    /// The smallest instance types of which one node is enough, for a hint.
    fn fitting(&self, demand: &Demand) -> Vec<String> {
        const SHOWN: usize = 3;
        let is_enough = |instance: &InstanceType| {
            let memory = u64::from(instance.memory_gib) * u64::from(quantity::GIB);
            let estimate = estimator::estimate(&Demand {
                gpus: instance.gpus,
                memory,
                ..*demand
            });
            instance.can_be_had() && estimate.nodes == Some(1)
        };
        let mut fitting: Vec<_> = self
            .types
            .iter()
            .filter(|(_, instance)| is_enough(instance))
            .map(|(name, instance)| (instance.memory_gib, size(name), name))
            .collect();
        fitting.sort();
        let shown = fitting.into_iter().take(SHOWN);
        shown.map(|(_, _, name)| format!("`{name}`")).collect()
    }
}

fn nodes_of(count: u32) -> String {
    wording::count(count as usize, "node")
}
