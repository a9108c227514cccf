//! What the program carries: presets, machine types, CRDs and schemas.

use anyhow::{Context, Result, bail};
use kaito_render::library::Library;
use kaito_render::preset::{AccessMode, Model};
use kaito_render::profile::Cloud;
use kaito_render::release::Release;
use kaito_render::session::Session;
use kaito_render::text;

use super::args::{Catalogue, CloudName, Color, InstanceTypesCommand, PresetsCommand, SchemaKind};
use super::{Outcome, input, output};

/// Lists the presets, or shows one.
pub(super) fn presets(command: &PresetsCommand, color: Color) -> Result<Outcome> {
    match command {
        PresetsCommand::List { catalogue } => {
            let header = ["NAME", "RELEASE", "FAMILY", "IMAGE", "GPUS", "MEMORY", "PER GPU", "DISK", "TUNABLE"];
            table(catalogue, color, &header, |release, session| {
                let names = release.model_names();
                names
                    .into_iter()
                    .filter_map(|name| Some(preset_row(name, &release.name.clone(), &*release.model(name, session)?)))
                    .collect()
            })
        }
        PresetsCommand::Show { name, catalogue } => show(name, catalogue),
    }
}

fn preset_row(name: &str, release: &str, model: &Model) -> Vec<String> {
    let needs = &model.inference.needs;
    let image = match (model.image.access_mode, &model.image.tag) {
        (AccessMode::Public, Some(tag)) => tag.clone(),
        _ => "private".to_owned(),
    };
    let each = match needs.memory_per_gpu_gib {
        0 => "-".to_owned(),
        each => format!("{each}Gi"),
    };
    let tunable = if model.tuning.is_some() { "yes" } else { "no" };
    vec![
        name.to_owned(),
        release.to_owned(),
        model.family.clone(),
        image,
        needs.gpus.to_string(),
        format!("{}Gi", needs.memory_gib),
        each,
        model.inference.disk.clone(),
        tunable.to_owned(),
    ]
}

/// Prints the file of a preset, of each release that has it.
fn show(name: &str, catalogue: &Catalogue) -> Result<Outcome> {
    let library = input::library(catalogue.library.as_deref())?;
    let folders: Vec<_> =
        releases(&library, catalogue)?.iter().map(|release| format!("presets/{release}/models/")).collect();
    let files = folders.iter().filter_map(|folder| library.get(&format!("{folder}{name}.yaml")));
    let files: Vec<_> = files.map(|file| format!("# {}\n{}", file.name, file.text)).collect();
    if files.is_empty() {
        let names: Vec<_> = folders.iter().flat_map(|folder| library.names(folder)).collect();
        let hint = match text::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`kaito-render presets list` names them all".to_owned(),
        };
        bail!("there is no preset `{name}`: {hint}");
    }
    output::print(files.join("---\n").as_bytes())
}

impl From<CloudName> for Cloud {
    fn from(name: CloudName) -> Self {
        match name {
            CloudName::Azure => Self::Azure,
            CloudName::Aws => Self::Aws,
            CloudName::Arc => Self::Arc,
        }
    }
}

/// Lists the machine types.
pub(super) fn instance_types(command: &InstanceTypesCommand, color: Color) -> Result<Outcome> {
    let InstanceTypesCommand::List { cloud, catalogue } = command;
    let clouds = cloud.map_or_else(|| Cloud::ALL.to_vec(), |only| vec![only.into()]);
    table(catalogue, color, &["NAME", "RELEASE", "CLOUD", "GPUS", "GPU", "MEMORY"], |release, session| {
        let mut rows = Vec::new();
        for cloud in clouds.iter().filter(|cloud| release.has_cloud(**cloud)).collect::<Vec<_>>() {
            let Some(types) = release.instance_types(*cloud, session) else { continue };
            rows.extend(types.iter().map(|(name, found)| {
                let memory = format!("{}Gi", found.memory_gib);
                [name, &release.name, cloud.name(), &found.gpus.to_string(), &found.gpu, &memory]
                    .map(str::to_owned)
                    .to_vec()
            }));
        }
        rows
    })
}

/// Prints the CRDs of a release: those that its Workspaces need.
pub(super) fn crds(release: Option<&str>) -> Result<Outcome> {
    let library = Library::embedded();
    let newest = library.releases().last().copied().unwrap_or_default().to_owned();
    let release = release.unwrap_or(&newest);
    let folder = format!("schemas/crds/{release}/");
    let names = library.names(&folder);
    let texts: Vec<_> = names.iter().filter_map(|name| library.get(&format!("{folder}{name}.yaml"))).collect();
    if texts.is_empty() {
        bail!("there is no release `{release}`; the releases are {}", text::and(&library.releases()));
    }
    let texts: Vec<_> = texts.iter().map(|file| file.text.trim_start_matches("---\n")).collect();
    output::print(texts.join("---\n").as_bytes())
}

/// Prints the JSON Schema of a kind of file.
pub(super) fn schema(kind: SchemaKind) -> Result<Outcome> {
    let path = format!("schemas/{}.json", kind.file());
    let library = Library::embedded();
    let file = library.get(&path).with_context(|| format!("the program carries no `{path}`"))?;
    output::print(file.text.as_bytes())
}

/// The releases that are asked for: one, or all.
fn releases(library: &Library, catalogue: &Catalogue) -> Result<Vec<String>> {
    let known = library.releases();
    match &catalogue.release {
        Some(name) if !known.contains(&name.as_str()) => {
            bail!("there is no release `{name}`; the releases are {}", text::and(&known))
        }
        Some(name) => Ok(vec![name.clone()]),
        None => Ok(known.into_iter().map(str::to_owned).collect()),
    }
}

/// Prints a table with the rows of each release, as wide as its cells.
fn table(
    catalogue: &Catalogue,
    color: Color,
    header: &[&str],
    mut rows: impl FnMut(&mut Release, &mut Session) -> Vec<Vec<String>>,
) -> Result<Outcome> {
    let library = input::library(catalogue.library.as_deref())?;
    let mut session = Session::default();
    let mut lines = vec![header.iter().map(|&title| title.to_owned()).collect::<Vec<_>>()];
    for name in releases(&library, catalogue)? {
        if let Some(mut release) = Release::load(&library, &name, &mut session) {
            lines.extend(rows(&mut release, &mut session));
        }
    }
    output::findings(&session, color)?;
    if session.failed_since(0) {
        return Ok(Outcome::Refused);
    }
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..header.len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |cells: &Vec<String>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    output::print(lines.iter().map(line).collect::<String>().as_bytes())
}
