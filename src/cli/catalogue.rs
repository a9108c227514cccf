//! What the program carries: presets, machine types, CRDs and schemas.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use kaito_render::base::wording;
use kaito_render::catalogue::editor::Editor;
use kaito_render::catalogue::import::{self, Facts};
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::preset::{
    HubModel, ImportRules, InstanceTypes, Model, Models, ReleaseFile, TuningConfigFile,
};
use kaito_render::catalogue::release::Release;
use kaito_render::emit::{self, Format};
use kaito_render::input::schema;
use kaito_render::input::{self, Disk};
use kaito_render::plan;
use kaito_render::report::Strictness;
use kaito_render::session::Session;
use kaito_render::vocab::api;
use kaito_render::vocab::{AccessMode, Cloud};

use super::args::{
    Catalogue, CloudName, Color, InstanceTypesCommand, PresetsCommand, Schema, SchemaKind,
};
use super::run::Run;
use super::{Outcome, load, output};

/// Lists the presets, or shows one.
pub(super) fn presets(command: &PresetsCommand, color: Color) -> Result<Outcome> {
    match command {
        PresetsCommand::List { catalogue } => {
            let header = [
                "NAME", "RELEASE", "FAMILY", "IMAGE", "GPUS", "MEMORY", "PER GPU", "DISK",
                "TUNABLE",
            ];
            table(catalogue, color, &header, |release, session| {
                release.load_models(session);
                let names = release.model_names().into_iter();
                names.filter_map(|name| preset_row(name, release)).collect()
            })
        }
        PresetsCommand::Import {
            name,
            config,
            files,
            release,
            library,
        } => {
            let import = Import {
                name,
                config,
                files,
                release: release.as_deref(),
                library: library.as_deref(),
            };
            import.run(color)
        }
        PresetsCommand::Show { name, catalogue } => show(name, catalogue, color),
    }
}

fn preset_row(name: &str, release: &Release) -> Option<Vec<String>> {
    let title = release.name.clone();
    Some(match &release.models {
        Models::Image => model_row(name, &title, release.model(name)?.ok()?),
        Models::Hub(numbers) => {
            let model = release.hub_model(name)?.ok()?;
            let tag = release
                .file
                .base_image
                .as_ref()
                .map_or("-", |image| image.tag.as_str());
            let family = model.architectures.first().map_or("-", String::as_str);
            let tunable = if model.tuning.is_some() { "yes" } else { "no" };
            [
                name,
                &title,
                family,
                tag,
                "-",
                &model.weights,
                "-",
                &model.disk(&numbers.disk),
                tunable,
            ]
            .map(str::to_owned)
            .to_vec()
        }
    })
}

fn model_row(name: &str, release: &str, model: &Model) -> Vec<String> {
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
fn show(name: &str, catalogue: &Catalogue, color: Color) -> Result<Outcome> {
    let library = load::library(catalogue.library.as_deref())?;
    let folders: Vec<_> = releases(&library, catalogue.release.as_deref())?
        .iter()
        .map(|release| format!("presets/{release}/models/"))
        .collect();
    let mut run = Run::default();
    let mut names = vec![name.to_lowercase()];
    names.extend(aliased(&library, catalogue, name, &mut run.session)?);
    let report = run.finish(Strictness::Errors);
    output::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    let paths = folders
        .iter()
        .flat_map(|folder| names.iter().map(move |name| format!("{folder}{name}.yaml")));
    let files = paths.filter_map(|path| library.get(&path));
    let files: Vec<_> = files
        .map(|file| format!("# {}\n{}", file.name, file.text))
        .collect();
    if files.is_empty() {
        let names: Vec<_> = folders
            .iter()
            .flat_map(|folder| library.names(folder))
            .collect();
        let hint = match wording::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`kaito-render presets list` names them all".to_owned(),
        };
        bail!("there is no preset `{name}`: {hint}");
    }
    output::print(files.join("---\n").as_bytes())
}

/// The models that a name is an alias of.
fn aliased(
    library: &Library,
    catalogue: &Catalogue,
    name: &str,
    session: &mut Session,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for release in releases(library, catalogue.release.as_deref())? {
        let release = Release::load(library, &release, session);
        found.extend(
            release
                .ok()
                .and_then(|release| release.file.aliases.get(&name.to_lowercase()).cloned()),
        );
    }
    Ok(found)
}

/// A preset to be made of what the hub says.
struct Import<'a> {
    name: &'a str,
    config: &'a Path,
    files: &'a Path,
    release: Option<&'a str>,
    library: Option<&'a Path>,
}

impl Import<'_> {
    fn run(&self, color: Color) -> Result<Outcome> {
        let mut run = Run::default();
        let made = self.preset(&mut run.session)?;
        let report = run.finish(Strictness::Errors);
        output::report(&report, color)?;
        let Some(made) = made else {
            return Ok(Outcome::Refused);
        };
        let (path, model) = made.map_err(|error| anyhow!("{}", report.mask(&error)))?;
        let text = Format::Yaml.document(&serde_json::to_value(&model)?.into());
        let Some(directory) = self.library else {
            return output::print(text.as_bytes());
        };
        let path = directory.join(path);
        emit::disk::write_file_in_folders(&path, &text)?;
        output::written(&path)?;
        Ok(Outcome::Done)
    }

    /// The preset and its path in a library, or why there is none; nothing if that was reported.
    fn preset(&self, session: &mut Session) -> Result<Option<Result<(String, HubModel), String>>> {
        let library = Library::embedded();
        let newest = library.releases().last().copied().unwrap_or_default();
        let release = self.release.unwrap_or(newest);
        if !library.releases().contains(&release) {
            bail!(
                "there is no release `{release}`; the releases are {}",
                wording::and(&library.releases())
            );
        }
        let Ok(release) = Release::load(&library, release, session) else {
            return Ok(None);
        };
        if matches!(release.models, Models::Image) {
            bail!(
                "release {} has an image for each model, and imports none",
                release.name
            );
        }
        let rules = release.import_rules(session);
        let mut read = |path: &Path| {
            if !path.is_file() {
                bail!("there is no file `{}`", path.display());
            }
            Ok(input::read_file(
                &Disk,
                path,
                &mut session.sources,
                &mut session.diagnostics,
            ))
        };
        let (config, files) = (read(self.config)?, read(self.files)?);
        let (Ok(rules), Some(config), Some(files)) = (rules, config, files) else {
            return Ok(None);
        };
        let (config, files) = (session.sources.text(config), session.sources.text(files));
        let facts = Facts {
            name: self.name,
            config,
            files,
        };
        let model = import::preset(&facts, &rules);
        Ok(Some(model.map(|model| {
            (release.model_path(&model.repository()), model)
        })))
    }
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
    table(
        catalogue,
        color,
        &["NAME", "RELEASE", "CLOUD", "GPUS", "GPU", "MEMORY"],
        |release, session| {
            let mut rows = Vec::new();
            for cloud in &clouds {
                release.load_instance_types(*cloud, session);
                let Some(Ok(types)) = release.instance_types(*cloud) else {
                    continue;
                };
                rows.extend(types.iter().map(|(name, found)| {
                    let memory = format!("{}Gi", found.memory_gib);
                    [
                        name,
                        &release.name,
                        cloud.name(),
                        &found.gpus.to_string(),
                        &found.gpu,
                        &memory,
                    ]
                    .map(str::to_owned)
                    .to_vec()
                }));
            }
            rows
        },
    )
}

/// Prints the CRDs of a release: those that its Workspaces need.
pub(super) fn crds(release: Option<&str>) -> Result<Outcome> {
    let library = Library::embedded();
    let newest = library
        .releases()
        .last()
        .copied()
        .unwrap_or_default()
        .to_owned();
    let release = release.unwrap_or(&newest);
    let folder = format!("schemas/crds/{release}/");
    let names = library.names(&folder);
    let texts: Vec<_> = names
        .iter()
        .filter_map(|name| library.get(&format!("{folder}{name}.yaml")))
        .collect();
    if !library.releases().contains(&release) {
        bail!(
            "there is no release `{release}`; the releases are {}",
            wording::and(&library.releases())
        );
    }
    if texts.is_empty() {
        bail!("release {release} has no CRDs: there is nothing under `{folder}`");
    }
    let texts: Vec<_> = texts
        .iter()
        .map(|file| file.text.trim_start_matches("---\n"))
        .collect();
    output::print(texts.join("---\n").as_bytes())
}

/// Prints the JSON Schema of a kind of file.
pub(super) fn schema(command: &Schema, color: Color) -> Result<Outcome> {
    let library = load::library(command.library.as_deref())?;
    let releases = releases(&library, command.release.as_deref())?;
    let mut run = Run::default();
    let mut editor = Editor::new(
        &library,
        releases.iter().map(String::as_str).collect(),
        &mut run.session,
    );
    let schema = match command.kind {
        SchemaKind::Workspace => editor.workspaces(),
        SchemaKind::WorkspaceV1alpha1 => editor.workspace(api::V1ALPHA1),
        SchemaKind::WorkspaceV1beta1 => editor.workspace(api::V1BETA1),
        SchemaKind::InferenceSet => editor.inference_set(),
        SchemaKind::Profile => editor.profile(),
        SchemaKind::Model => schema::read_as::<Model>(),
        SchemaKind::HubModel => schema::read_as::<HubModel>(),
        SchemaKind::Import => schema::read_as::<ImportRules>(),
        SchemaKind::InstanceTypes => schema::read_as::<InstanceTypes>(),
        SchemaKind::TuningConfig => schema::read_as::<TuningConfigFile>(),
        SchemaKind::Release => schema::read_as::<ReleaseFile>(),
        SchemaKind::Plan => plan::schema(),
    };
    let report = run.finish(Strictness::Errors);
    output::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    output::print(format!("{}\n", serde_json::to_string_pretty(&schema)?).as_bytes())
}

/// The releases that are asked for: one, or all.
fn releases(library: &Library, only: Option<&str>) -> Result<Vec<String>> {
    let known = library.releases();
    match only {
        Some(name) if !known.contains(&name) => {
            bail!(
                "there is no release `{name}`; the releases are {}",
                wording::and(&known)
            )
        }
        Some(name) => Ok(vec![name.to_owned()]),
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
    let library = load::library(catalogue.library.as_deref())?;
    let mut run = Run::default();
    let mut lines = vec![
        header
            .iter()
            .map(|&title| title.to_owned())
            .collect::<Vec<_>>(),
    ];
    for name in releases(&library, catalogue.release.as_deref())? {
        if let Ok(mut release) = Release::load(&library, &name, &mut run.session) {
            lines.extend(rows(&mut release, &mut run.session));
        }
    }
    let report = run.finish(Strictness::Errors);
    output::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<_> = (0..header.len())
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let line = |cells: &Vec<String>| {
        let cells = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    output::print(lines.iter().map(line).collect::<String>().as_bytes())
}
