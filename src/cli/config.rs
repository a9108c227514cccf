//! What a command line means; [`args`](super::args) is how it is typed. A command takes its
//! configuration and knows nothing of options.

mod convert;

use std::path::PathBuf;

use clap_complete::Shell;
use kaito_render::assemble::Selection;
use kaito_render::delivery::argocd::KnownKinds;
use kaito_render::diagnostic::rule::Rule;
use kaito_render::diff::formats::terminal::Detail;
use kaito_render::diff::ignore::Ignore;
use kaito_render::emit::Format;
use kaito_render::explain::field::Field;
use kaito_render::report::Strictness;
use kaito_render::vocab::{Cloud, Host};

pub(super) use super::args::{Color, DiffFormat, ListFormat, ReportFormat, SchemaKind};

/// A command with all that it was asked for.
#[derive(Debug)]
pub(super) enum Config {
    Render(Render),
    Check(Check),
    Diff(Diff),
    Explain(Explain),
    Images(Images),
    Function(Function),
    ListPresets(Catalogue),
    ShowPreset(String, Catalogue),
    ImportPreset(Import),
    ListInstanceTypes(Vec<Cloud>, Catalogue),
    Crds(Option<String>),
    Schema(SchemaKind, Catalogue),
    ArgocdGenerate(Generate),
    ArgocdParameters,
    Rule(&'static Rule),
    Completions(Shell),
    Man(Option<String>),
}

/// The cluster that Workspaces are compiled for.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    /// The namespace of Workspaces that have none.
    pub(super) namespace: String,
    /// The profile that was named; none to look for one.
    pub(super) profile: Option<PathBuf>,
    /// A directory laid over the built-in library.
    pub(super) library: Option<PathBuf>,
}

/// What to compile, and what counts as a mistake.
#[derive(Debug)]
pub(super) struct Input {
    /// Files, directories, or `-` for stdin.
    pub(super) paths: Vec<PathBuf>,
    /// The release to compile with; none if profile and Workspaces decide.
    pub(super) release: Option<String>,
    pub(super) cluster: Cluster,
    /// The directory up to which a profile is looked for; none for the root of the repository.
    pub(super) root: Option<PathBuf>,
    /// What applies the objects; none if the profile says that.
    pub(super) delivery: Option<Host>,
    pub(super) allow_empty: bool,
    pub(super) applies_overlays: bool,
    pub(super) strictness: Strictness,
    /// The number of threads to compile with.
    pub(super) jobs: usize,
    /// The most nodes of a run.
    pub(super) max_nodes: usize,
}

/// Earlier Workspaces, which the input may be an update of.
#[derive(Debug)]
pub(super) enum Against {
    Revision(String),
    Path(PathBuf),
}

/// What a host of functions can't say.
#[derive(Debug)]
pub(super) struct Function {
    /// The release to compile with; none if profile and Workspaces decide.
    pub(super) release: Option<String>,
    pub(super) cluster: Cluster,
}

#[derive(Debug)]
pub(super) struct Render {
    pub(super) input: Input,
    pub(super) only_generated: bool,
    pub(super) selection: Selection,
    pub(super) format: Format,
    pub(super) output: Output,
    /// Whether each directory of the output is a kustomization.
    pub(super) kustomizations: bool,
    /// Whether the output is only compared with what would be written.
    pub(super) check: bool,
    /// The kinds that the cluster knows; none if nobody says.
    pub(super) known_kinds: Option<KnownKinds>,
}

/// What to write for Argo CD.
#[derive(Debug)]
pub(super) struct Generate {
    pub(super) path: PathBuf,
    /// The number of threads to compile with.
    pub(super) jobs: usize,
    /// The most nodes of a run.
    pub(super) max_nodes: usize,
}

/// Where objects are written.
#[derive(Debug)]
pub(super) enum Output {
    Stdout,
    File(PathBuf),
    Directory(PathBuf),
}

#[derive(Debug)]
pub(super) struct Check {
    pub(super) input: Input,
    pub(super) against: Option<Against>,
    pub(super) target_release: Option<String>,
    /// Whether files are fixed first.
    pub(super) fix: bool,
    /// Whether the input is a finished stream.
    pub(super) rendered: bool,
    pub(super) format: ReportFormat,
}

#[derive(Debug)]
pub(super) struct Explain {
    pub(super) input: Input,
    /// The field to explain; none to explain whole Workspaces.
    pub(super) field: Option<Field>,
}

#[derive(Debug)]
pub(super) struct Images {
    pub(super) input: Input,
    pub(super) format: ListFormat,
}

#[derive(Debug)]
pub(super) struct Diff {
    /// The state before and the one after.
    pub(super) sides: [Side; 2],
    pub(super) cluster: Cluster,
    pub(super) ignore: Ignore,
    pub(super) format: DiffFormat,
    pub(super) detail: Detail,
    /// The number of threads to compile with.
    pub(super) jobs: usize,
    /// The most nodes of a run.
    pub(super) max_nodes: usize,
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) paths: Vec<PathBuf>,
    /// The revision to read the paths from; none for the working tree.
    pub(super) revision: Option<String>,
    /// The release to compile with; none if profile and Workspaces decide.
    pub(super) release: Option<String>,
    pub(super) applies_overlays: bool,
}

/// The part of the catalogue to look at.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// None for all releases.
    pub(super) release: Option<String>,
    /// A directory laid over the built-in library.
    pub(super) library: Option<PathBuf>,
}

/// A preset to make of what Hugging Face says.
#[derive(Debug)]
pub(super) struct Import {
    /// The repository on Hugging Face: `<organization>/<model>`.
    pub(super) name: String,
    /// The file config.json of the model.
    pub(super) config: PathBuf,
    /// The file with the list of the repository's files.
    pub(super) files: PathBuf,
    /// None for the newest release.
    pub(super) release: Option<String>,
    /// The library to write into; none for stdout.
    pub(super) library: Option<PathBuf>,
}
