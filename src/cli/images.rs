//! `images`: which images the pods of Workspaces need.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use kaito_render::base::images;
use kaito_render::compile::{self, CompiledWorkspace, Keep};
use kaito_render::input::DocumentFilter;
use kaito_render::vocab::kinds;
use serde_json::json;

use super::config::{Color, Images, ListFormat};
use super::load::{self, Loaded};
use super::run::Run;
use super::table::{Row, aligned};
use super::{Outcome, console};

/// The Workspaces that use an image, by image.
type Users = BTreeMap<String, BTreeSet<String>>;

/// Prints each image with the Workspaces that use it; nothing if the input has an error.
pub(super) fn images(config: &Images, color: Color) -> Result<Outcome> {
    let mut run = Run::watched();
    let mut users = Users::new();
    if let Some(loaded) = load::load(&config.input, DocumentFilter::Input, None, true, &mut run)? {
        let Loaded {
            documents,
            options,
            library,
        } = loaded;
        let keep = Keep::Everything;
        let compilation = compile::run(documents, &options, &library, keep, &mut run.session);
        for compiled in &compilation.workspaces {
            add(compiled, &mut users);
        }
    }
    let report = run.finish(config.input.strictness);
    console::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    match config.format {
        ListFormat::Text => console::print(&aligned(&rows(&users)).masked(report.secrets())),
        ListFormat::Json => {
            let list = users.iter();
            let list = list.map(|(image, users)| json!({"image": image, "workspaces": users}));
            let text = serde_json::to_string_pretty(&list.collect::<Vec<_>>())?;
            console::print_data(format!("{}\n", report.mask(&text)).as_bytes())
        }
    }
}

/// Adds the images of a Workspace's objects. The Workspace itself makes no pods.
fn add(compiled: &CompiledWorkspace, users: &mut Users) {
    let makes_pods = |kind: Option<&str>| kind != Some(kinds::WORKSPACE);
    let objects = compiled.objects.iter().map(|object| &object.value);
    for object in objects.filter(|object| makes_pods(object["kind"].as_str())) {
        for image in images::images(object) {
            let users = users.entry(image).or_default();
            users.insert(compiled.workspace.key());
        }
    }
}

fn rows(users: &Users) -> Vec<Row> {
    const SHOWN: usize = 5;
    let mut rows = vec![vec!["IMAGE".to_owned(), "WORKSPACES".to_owned()]];
    for (image, users) in users {
        let mut names: Vec<_> = users.iter().take(SHOWN).cloned().collect();
        if users.len() > SHOWN {
            names.push(format!("and {} more", users.len() - SHOWN));
        }
        rows.push(vec![image.clone(), names.join(", ")]);
    }
    rows
}
