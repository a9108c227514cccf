//! The fourth stage: templates lay a plan out as objects.

mod node_name;
pub mod template;

use crate::base::json::Json;
use crate::base::object::Object;
use crate::catalogue::release::Release;
use crate::diagnostic::{Diagnostic, Reported};
use crate::expand::template::{Step, Template, Trace};
use crate::plan::{self, Plan};
use crate::session::Session;
use crate::vocab::Provisioner;
use minijinja::Value as Variable;
use minijinja::value::Serde;

/// The templates of a release for one provisioner.
#[derive(Debug)]
pub struct Templates {
    /// Makes the node objects; none if the nodes are already there.
    pub nodes: Option<Template>,
    /// Make everything else, by name.
    pub objects: Vec<Template>,
}

impl Templates {
    /// Loads the templates of a release.
    ///
    /// # Errors
    ///
    /// If one of them is wrong.
    pub fn load(
        release: &Release,
        provisioner: Provisioner,
        session: &mut Session,
    ) -> Result<Self, Reported> {
        let schema = plan::template_schema();
        let mark = session.mark();
        let mut template = |file: &str| {
            let node = release.template(file, session).ok()?;
            Template::parse(&node, &schema, &session.sources, &mut session.diagnostics)
        };
        let node_objects = &release.file.node_objects;
        let nodes = node_objects
            .get(&provisioner)
            .and_then(|file| template(file));
        let is_node_template = |name: &str| node_objects.values().any(|file| file == name);
        let files = release.template_files().into_iter();
        let objects = files
            .filter(|file| !is_node_template(file))
            .filter_map(|file| template(&file))
            .collect();
        session.diagnostics.checked(mark)?;
        Ok(Self { nodes, objects })
    }
}

/// Makes the objects of one Workspace, node objects first.
///
/// # Errors
///
/// Where a template can't be rendered; the place is the template's line.
pub fn objects(plan: &mut Plan, templates: &Templates) -> Result<Vec<Object>, Diagnostic> {
    let mut objects = Vec::new();
    let mut variables = variables(plan);
    if let Some(template) = &templates.nodes {
        name_nodes(plan, &template.render(&variables)?);
        variables = self::variables(plan);
        let nodes = template.render(&variables)?.into_iter().zip(0..);
        objects.extend(nodes.map(|(value, ordinal)| Object {
            value,
            ordinal: Some(ordinal),
        }));
    }
    for template in &templates.objects {
        let values = template.render(&variables)?.into_iter();
        objects.extend(values.map(|value| Object {
            value,
            ordinal: None,
        }));
    }
    Ok(objects)
}

/// Finds what made a field of an object; none if no template made such an object, or the field is
/// not there.
///
/// # Errors
///
/// As [`objects`].
pub fn trace(
    plan: &Plan,
    templates: &Templates,
    object: &Json,
    steps: &[Step],
) -> Result<Option<Trace>, Diagnostic> {
    let variables = variables(plan);
    for template in templates.nodes.iter().chain(&templates.objects) {
        if let Some(number) = template
            .render(&variables)?
            .iter()
            .position(|made| made == object)
        {
            return template.trace(&variables, number, steps);
        }
    }
    Ok(None)
}

/// Names follow from content, so nodes are laid out without names first.
fn name_nodes(plan: &mut Plan, nameless: &[Json]) {
    for (node, object) in plan.nodes.iter_mut().zip(nameless) {
        node.name = node_name::of(object, &plan.namespace, &plan.name, node.ordinal);
    }
}

fn variables(plan: &Plan) -> Variable {
    minijinja::context! { plan => Serde(plan) }
}
