//! The fourth stage: templates lay a plan out as objects.
//!
//! Uses `vocab`, `base`, `diagnostic`, `session`, `input`, `catalogue` and `plan`; `overlay`,
//! `compile` and `explain` use it.
//!
//! ```
//! # use kaito_render::catalogue::library::Library;
//! # use kaito_render::compile::{self, Keep, Options};
//! # use kaito_render::input::{self, Document};
//! # use kaito_render::session::Session;
//! # let text = "{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: phi}, \
//! #     resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}, \
//! #     inference: {preset: {name: phi-4}}}";
//! # let mut session = Session::default();
//! # let file = session.sources.add("phi.yaml", text);
//! # let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
//! # let documents = nodes.into_iter().map(|node| Document { node, named: true }).collect();
//! # let options = Options::default();
//! # let library = Library::embedded();
//! let compilation = compile::run(documents, &options, &library, Keep::Everything, &mut session);
//! let phi = &compilation.workspaces[0];
//! let made: Vec<_> = phi.objects.iter().filter_map(|object| object.origin.as_ref()).collect();
//! assert_eq!(made.len(), phi.objects.len());
//! assert!(made.iter().any(|origin| &*origin.template == "templates/0.12/statefulset.yaml"));
//! ```

pub mod template;

use std::cell::LazyCell;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::json::Json;
use crate::base::object::{Object, Origin};
use crate::catalogue::library::Library;
use crate::catalogue::release::{self, Release};
use crate::diagnostic::{Diagnostic, Reported};
use crate::expand::template::{Scope, Step, Template, Trace};
use crate::plan::{self, Plan};
use crate::session::Session;
use crate::vocab::Provisioner;

/// The templates of a release for one provisioner.
#[derive(Debug)]
pub struct Templates {
    /// Makes the node objects; none if the nodes are already there.
    nodes: Option<File>,
    /// Make everything else, by name.
    objects: Vec<File>,
}

/// A template and its path in the library.
#[derive(Debug)]
struct File {
    path: Arc<str>,
    template: Template,
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
        let schema = LazyCell::new(plan::template_schema);
        let mark = session.mark();
        let mut template = |file: &str| {
            let template = if let Some(prepared) = release.prepared_template(file, session) {
                Template::prepared(prepared)
            } else {
                let node = release.template(file, session).ok()?;
                let (sources, diagnostics) = (&session.sources, &mut session.diagnostics);
                Template::parse(node, &schema, sources, diagnostics)?
            };
            let path = release.template_path(file).into();
            Some(File { path, template })
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

/// A template that is no release's: it lays out what an overlay adds, by values of its own.
#[derive(Debug)]
pub struct Layout(File);

impl Layout {
    /// Loads a template of the library's `templates/overlays/`. `schema` is the JSON Schema of the
    /// values, which are called `add` there. None if it is wrong, which is reported.
    pub fn load(
        file: &str,
        schema: impl FnOnce() -> Value,
        library: &Library,
        session: &mut Session,
    ) -> Option<Self> {
        let path = Self::path(file);
        let template = if let Some(prepared) = library.prepared(&path, session) {
            Template::prepared(prepared)
        } else {
            let node = release::parse(library, &path, session).ok()?;
            let schema = json!({"type": "object", "properties": {"add": schema()}});
            let (sources, diagnostics) = (&session.sources, &mut session.diagnostics);
            Template::parse(node, &schema, sources, diagnostics)?
        };
        let path = path.into();
        Some(Self(File { path, template }))
    }

    /// The path of such a template in the library.
    #[must_use]
    pub fn path(file: &str) -> String {
        format!("templates/overlays/{file}")
    }

    /// Makes objects of values.
    ///
    /// # Errors
    ///
    /// As [`objects`].
    pub fn objects(&self, add: Json) -> Result<Vec<Object>, Diagnostic> {
        self.0.objects(&Scope::new("add", add))
    }
}

/// Makes the objects of one Workspace, node objects first.
///
/// Names of nodes follow from their content, which is not known before the last change to an
/// object: instead of them the objects have [placeholders](crate::vocab::node_name).
///
/// # Errors
///
/// Where a template can't be rendered; the place is the template's line.
pub fn objects(plan: &Plan, templates: &Templates) -> Result<Vec<Object>, Diagnostic> {
    let mut objects = Vec::new();
    let scope = scope(plan);
    if let Some(file) = &templates.nodes {
        objects = file.objects(&scope)?;
        for (object, ordinal) in objects.iter_mut().zip(0..) {
            object.ordinal = Some(ordinal);
        }
    }
    for file in &templates.objects {
        objects.append(&mut file.objects(&scope)?);
    }
    Ok(objects)
}

/// Finds what made a field of an object; none if no template made the object, or not this field of
/// it.
///
/// # Errors
///
/// As [`objects`].
pub fn trace(
    plan: &Plan,
    templates: &Templates,
    object: &Object,
    steps: &[Step],
) -> Result<Option<Trace>, Diagnostic> {
    let Some(origin) = &object.origin else {
        return Ok(None);
    };
    let mut files = templates.nodes.iter().chain(&templates.objects);
    match files.find(|file| file.path == origin.template) {
        Some(file) => file.template.trace(&scope(plan), origin.index, steps),
        None => Ok(None),
    }
}

impl File {
    fn objects(&self, scope: &Scope) -> Result<Vec<Object>, Diagnostic> {
        let values = self.template.render(scope)?.into_iter().enumerate();
        let object = |(index, value)| Object {
            value,
            ordinal: None,
            origin: Some(Origin {
                template: self.path.clone(),
                index,
            }),
        };
        Ok(values.map(object).collect())
    }
}

fn scope(plan: &Plan) -> Scope {
    // A plan has nothing that JSON lacks; a template finds nothing in null.
    Scope::new("plan", Json::of(plan).unwrap_or(Json::Null))
}
