//! `presets`: lists, shows and imports them.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use kaito_render::base::shown::{Terminal, one_line};
use kaito_render::base::similar;
use kaito_render::base::sources::FileId;
use kaito_render::catalogue::import::{self, Facts};
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::preset::{HubModel, Model, Models};
use kaito_render::catalogue::release::Release;
use kaito_render::emit::{self, Format};
use kaito_render::input::{self, Disk};
use kaito_render::report::{Strictness, without_secrets};
use kaito_render::session::Session;
use kaito_render::vocab::AccessMode;

use super::releases;
use super::table::table;
use crate::cli::config::{Catalogue, Color, Import};
use crate::cli::run::Run;
use crate::cli::{Outcome, console, load};

const HEADER: [&str; 9] = [
    "NAME", "RELEASE", "FAMILY", "IMAGE", "GPUS", "MEMORY", "PER GPU", "DISK", "TUNABLE",
];

/// Lists the presets of one release or of all, with what they need.
pub(in crate::cli) fn presets(config: &Catalogue, color: Color) -> Result<Outcome> {
    table(config, color, &HEADER, |release, session| {
        release.load_models(session);
        let names = release.model_names().into_iter();
        names.filter_map(|name| preset_row(name, release)).collect()
    })
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
pub(in crate::cli) fn preset(name: &str, config: &Catalogue, color: Color) -> Result<Outcome> {
    let library = load::library(config.library.as_deref())?;
    let releases = releases(&library, config.release.as_deref())?;
    let mut run = Run::default();
    let mut names = vec![name.to_lowercase()];
    names.extend(aliased(name, &releases, &library, &mut run.session));
    let report = run.finish(Strictness::Errors);
    console::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    let directories = releases
        .iter()
        .map(|release| format!("presets/{release}/models/"));
    let directories: Vec<_> = directories.collect();
    let paths = directories.iter().flat_map(|directory| {
        names
            .iter()
            .map(move |name| format!("{directory}{name}.yaml"))
    });
    let files = paths.filter_map(|path| library.get(&path));
    let files: Vec<_> = files
        .map(|file| format!("# {}\n{}", one_line(&file.name), file.text))
        .collect();
    if files.is_empty() {
        let known = directories
            .iter()
            .flat_map(|directory| library.names(directory));
        let hint = match similar::nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`kaito-render presets list` lists them all".to_owned(),
        };
        bail!("there is no preset `{name}`: {hint}");
    }
    // A library of one's own is input, too.
    let mut out = Terminal::default();
    out.lines(&without_secrets(&files.join("---\n")));
    console::print(&out)
}

/// The models that a name is an alias of.
fn aliased(
    name: &str,
    releases: &[String],
    library: &Library,
    session: &mut Session,
) -> Vec<String> {
    let releases = releases
        .iter()
        .filter_map(|release| Release::load(library, release, session).ok());
    releases
        .filter_map(|release| release.file.aliases.get(&name.to_lowercase()).cloned())
        .collect()
}

/// Makes a preset of what Hugging Face says about a model, and prints it or writes it into a
/// library.
pub(in crate::cli) fn import(config: &Import, color: Color) -> Result<Outcome> {
    let mut run = Run::default();
    let imported = imported(config, &mut run.session)?;
    let report = run.finish(Strictness::Errors);
    console::report(&report, color)?;
    let Some(imported) = imported else {
        return Ok(Outcome::Refused);
    };
    let (path, model) = imported.map_err(|error| anyhow!("{}", report.mask(&error)))?;
    let text = Format::Yaml.document(&serde_json::to_value(&model)?.into());
    let Some(directory) = &config.library else {
        return console::print_data(text.as_bytes());
    };
    let path = directory.join(path);
    emit::disk::write_file_and_directories(&path, &text)?;
    console::written(&path)?;
    Ok(Outcome::Done)
}

/// A preset and its path in a library, or why there is none.
type Imported = Result<(String, HubModel), String>;

/// Reads the two files and makes a preset of them; nothing if that was reported.
fn imported(config: &Import, session: &mut Session) -> Result<Option<Imported>> {
    let library = Library::embedded();
    let newest = library.releases().last().copied().unwrap_or_default();
    let release = config.release.as_deref().unwrap_or(newest);
    load::check_release(release, &library)?;
    let Ok(release) = Release::load(&library, release, session) else {
        return Ok(None);
    };
    if matches!(release.models, Models::Image) {
        bail!(
            "presets can't be imported for release {}, which has an image for each model",
            release.name
        );
    }
    let rules = release.import_rules(session);
    let (model, files) = (
        read(&config.config, session)?,
        read(&config.files, session)?,
    );
    let (Ok(rules), Some(model), Some(files)) = (rules, model, files) else {
        return Ok(None);
    };
    let facts = Facts {
        name: &config.name,
        config: session.sources.text(model),
        files: session.sources.text(files),
    };
    let preset = import::preset(&facts, &rules);
    Ok(Some(preset.map(|preset| {
        (release.model_path(&preset.repository()), preset)
    })))
}

fn read(path: &Path, session: &mut Session) -> Result<Option<FileId>> {
    if !path.is_file() {
        bail!("there is no file `{}`", path.display());
    }
    let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
    Ok(input::read_file(&Disk, path, sources, diagnostics))
}
