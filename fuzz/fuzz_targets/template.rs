//! Any text is read as a template, and laid out for every Workspace of `workspaces.yaml`, without a panic. The first field
//! of each object that it makes comes from a place in the template.
#![no_main]

use std::sync::LazyLock;

use kaito_render::base::json::Json;
use kaito_render::base::sources::Sources;
use kaito_render::catalogue::library::Library;
use kaito_render::compile::{self, Keep, Options};
use kaito_render::diagnostic::Diagnostics;
use kaito_render::expand::template::{Scope, Step, Template};
use kaito_render::input::{self, Document};
use kaito_render::plan::template_schema;
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The plans, as templates see them.
static PLANS: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let mut session = Session::default();
    let text = include_str!("workspaces.yaml");
    let file = session.sources.add("workspaces.yaml", text);
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let documents = nodes.into_iter().map(|node| Document { node, named: true });
    let (options, library) = (Options::default(), Library::embedded());
    let keep = Keep::Everything;
    let made = compile::run(documents.collect(), &options, &library, keep, &mut session);
    assert_eq!(made.workspaces.len(), 4, "{:?}", session.diagnostics);
    let plans = made.workspaces.iter().map(|made| &made.plan);
    let plans = plans.map(|plan| serde_json::to_value(plan).expect("it is JSON"));
    plans.map(Json::from).collect()
});

static SCHEMA: LazyLock<Value> = LazyLock::new(template_schema);

fuzz_target!(|text: &str| {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let file = sources.add("template.yaml", text);
    for node in input::parse(&sources, file, &mut diagnostics) {
        let template = Template::parse(node, &SCHEMA, &sources, &mut diagnostics);
        let Some(template) = template else {
            assert!(!diagnostics.is_empty(), "nothing says what is wrong");
            continue;
        };
        for plan in &*PLANS {
            let scope = Scope::new("plan", plan.clone());
            let Ok(objects) = template.render(&scope) else {
                continue;
            };
            for (index, object) in objects.iter().enumerate() {
                let object = serde_json::to_value(object).expect("it is JSON");
                if let Some(step) = first_step(&object) {
                    let trace = template.trace(&scope, index, &[step]);
                    assert!(trace.expect("it was rendered").is_some(), "{object}");
                }
            }
        }
    }
});

/// A step to a field of an object that has one.
fn first_step(object: &Value) -> Option<Step> {
    let key = object.as_object()?.keys().next()?;
    Some(Step::Field(key.clone()))
}
