//! What is built into the program: presets, instance types, CRDs and schemas.

mod presets;
mod table;

use anyhow::{Result, bail};
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::preset::{
    HubModel, ImportRules, InstanceTypes, Model, ReleaseFile, TuningConfigFile,
};
use kaito_render::catalogue::release::Release;
use kaito_render::editor::Editor;
use kaito_render::input::schema;
use kaito_render::plan;
use kaito_render::report::Strictness;
use kaito_render::session::Session;
use kaito_render::vocab::Cloud;
use kaito_render::vocab::api;

use super::config::{Catalogue, Color, SchemaKind};
use super::run::Run;
use super::{Outcome, console, load};

pub(super) use presets::{import, preset, presets};

/// Lists the instance types of some clouds.
pub(super) fn instance_types(
    clouds: &[Cloud],
    config: &Catalogue,
    color: Color,
) -> Result<Outcome> {
    let header = ["NAME", "RELEASE", "CLOUD", "GPUS", "GPU", "MEMORY"];
    table::table(config, color, &header, |release, session| {
        let clouds = clouds.iter();
        clouds
            .flat_map(|cloud| instance_type_rows(*cloud, release, session))
            .collect()
    })
}

fn instance_type_rows(
    cloud: Cloud,
    release: &mut Release,
    session: &mut Session,
) -> Vec<Vec<String>> {
    release.load_instance_types(cloud, session);
    let Some(Ok(types)) = release.instance_types(cloud) else {
        return Vec::new();
    };
    let rows = types.iter().map(|(name, found)| {
        vec![
            name.clone(),
            release.name.clone(),
            cloud.name().to_owned(),
            found.gpus.to_string(),
            found.gpu.clone(),
            format!("{}Gi", found.memory_gib),
        ]
    });
    rows.collect()
}

/// Prints the CRDs that the Workspaces of a release need; of the newest if none is named.
pub(super) fn crds(release: Option<&str>) -> Result<Outcome> {
    let library = Library::embedded();
    let newest = library.releases().last().copied().unwrap_or_default();
    let release = release.unwrap_or(newest);
    load::check_release(release, &library)?;
    let directory = format!("schemas/crds/{release}/");
    let names = library.names(&directory).into_iter();
    let texts: Vec<_> = names
        .filter_map(|name| library.get(&format!("{directory}{name}.yaml")))
        .map(|file| file.text.trim_start_matches("---\n"))
        .collect();
    if texts.is_empty() {
        bail!("release {release} has no CRDs: there is nothing under `{directory}`");
    }
    console::print_data(texts.join("---\n").as_bytes())
}

/// Prints the JSON Schema of a kind of file.
pub(super) fn schema(kind: SchemaKind, config: &Catalogue, color: Color) -> Result<Outcome> {
    let library = load::library(config.library.as_deref())?;
    let releases = releases(&library, config.release.as_deref())?;
    let releases = releases.iter().map(String::as_str).collect();
    let mut run = Run::default();
    let mut editor = Editor::new(&library, releases, &mut run.session);
    let schema = match kind {
        SchemaKind::Workspace => editor.workspaces(),
        SchemaKind::WorkspaceV1alpha1 => editor.workspace(api::V1ALPHA1),
        SchemaKind::WorkspaceV1beta1 => editor.workspace(api::V1BETA1),
        SchemaKind::InferenceSet => editor.inference_set(),
        SchemaKind::Profile => editor.profile(),
        SchemaKind::Overlay => editor.overlay(),
        SchemaKind::Model => schema::read_as::<Model>(),
        SchemaKind::HubModel => schema::read_as::<HubModel>(),
        SchemaKind::Import => schema::read_as::<ImportRules>(),
        SchemaKind::InstanceTypes => schema::read_as::<InstanceTypes>(),
        SchemaKind::TuningConfig => schema::read_as::<TuningConfigFile>(),
        SchemaKind::Release => schema::read_as::<ReleaseFile>(),
        SchemaKind::Plan => plan::schema(),
    };
    let report = run.finish(Strictness::Errors);
    console::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    console::print_data(format!("{}\n", serde_json::to_string_pretty(&schema)?).as_bytes())
}

/// The releases that are asked for: one, or all.
fn releases(library: &Library, only: Option<&str>) -> Result<Vec<String>> {
    match only {
        Some(name) => {
            load::check_release(name, library)?;
            Ok(vec![name.to_owned()])
        }
        None => Ok(library.releases().into_iter().map(str::to_owned).collect()),
    }
}
