//! `presets`, `instance-types` and `schema`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// The part of the catalogue to look at.
#[derive(Args, Debug)]
pub(in crate::cli) struct CatalogueArgs {
    /// Only this KAITO release [default: all]
    #[arg(long, value_name = "RELEASE")]
    pub(in crate::cli) release: Option<String>,
    /// A directory with your own `presets/`, which add to the built-in ones
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) library: Option<PathBuf>,
}

const IMPORT_EXAMPLES: &str = "\
Nothing is downloaded: save the two files from Hugging Face, then name them.

Example:
  curl -sSfLo config.json https://huggingface.co/ORG/MODEL/resolve/main/config.json
  curl -sSfLo files.json 'https://huggingface.co/api/models/ORG/MODEL/tree/main?recursive=true'
  kaito-render presets import --name ORG/MODEL \\
    --config config.json --files files.json --library ours
  kaito-render render workspace.yaml --library ours";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PresetsCommand {
    /// List the presets, and what each needs for inference
    List {
        #[command(flatten)]
        catalogue: CatalogueArgs,
    },
    /// Make a preset for a model of Hugging Face that the catalogue lacks
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// The repository of the model, such as `microsoft/phi-4`
        #[arg(long, value_name = "ORG/MODEL")]
        name: String,
        /// The config.json of the model, or its params.json if it has no other
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The list of the repository's files, as JSON
        #[arg(long, value_name = "FILE")]
        files: PathBuf,
        /// The KAITO release to make it for [default: the newest]
        #[arg(long, value_name = "RELEASE")]
        release: Option<String>,
        /// Write into this directory, for `--library` of other commands, instead of stdout
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Print the file of one preset
    Show {
        /// The name of the preset, such as `phi-4`
        name: String,
        #[command(flatten)]
        catalogue: CatalogueArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum InstanceTypesCommand {
    /// List the known instance types with their GPUs
    List {
        /// Only this cloud [default: all]
        #[arg(long, value_enum)]
        cloud: Option<CloudName>,
        #[command(flatten)]
        catalogue: CatalogueArgs,
    },
}

/// A cloud with a table of instance types.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum CloudName {
    /// Microsoft Azure
    Azure,
    /// Amazon Web Services
    Aws,
    /// Your own machines, connected by Azure Arc
    Arc,
}

const SCHEMA_EXAMPLES: &str = "\
Examples:
  kaito-render schema --kind workspace > kaito-workspace.json
  kaito-render schema --kind profile > kaito-render-profile.json

Editors with yaml-language-server validate and complete a file that begins with
  # yaml-language-server: $schema=kaito-workspace.json";

/// Print the JSON Schema of a kind of file
///
/// The schemas of Workspaces, InferenceSets and profiles suggest the names of presets and instance
/// types to editors.
#[derive(Args, Debug)]
#[command(after_long_help = SCHEMA_EXAMPLES)]
pub(in crate::cli) struct SchemaArgs {
    /// The kind of file
    #[arg(long, value_enum, ignore_case = true, value_name = "KIND")]
    pub(in crate::cli) kind: SchemaKind,
    /// The KAITO release whose names to suggest
    ///
    /// By default the oldest release that serves the apiVersion.
    #[arg(long, value_name = "RELEASE")]
    pub(in crate::cli) release: Option<String>,
    /// A directory with your own `presets/`, whose names to suggest too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) library: Option<PathBuf>,
}

/// A kind of file that has a JSON Schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum SchemaKind {
    /// Workspaces and InferenceSets of all versions
    Workspace,
    /// Workspaces of `kaito.sh/v1alpha1`
    WorkspaceV1alpha1,
    /// Workspaces of `kaito.sh/v1beta1`
    WorkspaceV1beta1,
    /// InferenceSets
    #[value(name = "inferenceset")]
    InferenceSet,
    /// Profiles of clusters
    Profile,
    /// Overlays in documents of their own
    Overlay,
    /// Library: a model with an image of its own
    Model,
    /// Library: a model of Hugging Face
    HubModel,
    /// Library: how models of Hugging Face are imported
    Import,
    /// Library: the instance types of a cloud
    InstanceTypes,
    /// Library: the configuration of a tuning method
    TuningConfig,
    /// Library: a KAITO release
    Release,
    /// The variables of templates
    Plan,
}
