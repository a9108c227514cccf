//! `render` and `explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use kaito_render::explain::field::Field;

use super::InputArgs;

const RENDER_EXAMPLES: &str = "\
Examples:
  # Print all objects of a Workspace as YAML
  kaito-render render workspace.yaml

  # Write one file for each object and remove stale files
  kaito-render render workspaces/ -o rendered/

  # Write all objects into one file
  kaito-render render workspaces/ -o all.yaml

  # Fail if the files in a repository are not those that would be written
  kaito-render render --check workspaces/ -o rendered/

  # Read stdin, write a JSON List
  cat workspace.yaml | kaito-render render - --format json

  # Leave the Workspaces out, where KAITO's operator still runs
  kaito-render render workspaces/ --exclude Workspace

  # Write everything in a directory, for Flux or Argo CD to apply
  kaito-render render clusters/a/ --delivery flux

  # Write a directory that Flux applies, from a repository or a registry
  kaito-render render clusters/a/ --delivery flux --layout flux -o rendered/a/

If the input has an error, nothing is written and the exit code is 1.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  kaito-render explain workspace.yaml
  kaito-render explain workspace.yaml --field Deployment/spec.replicas
  kaito-render explain workspaces/ \\
    --field \"Job/tuning-phi-3/spec.template.spec.containers[0].image\"
  kaito-render explain workspaces/ \\
    --field \"Job/spec.template.spec.containers[0].resources.limits['nvidia.com/gpu']\"

Each decision is shown with the fields of the Workspace and the profile, and with
the data of the release, that it follows from.";

/// Write all objects that Workspaces stand for
///
/// Prints the nodes, workloads, Services and ConfigMaps of each Workspace, and the Workspace
/// itself. Objects go to stdout, diagnostics to stderr.
#[derive(Args, Debug)]
#[command(after_long_help = RENDER_EXAMPLES)]
pub(in crate::cli) struct RenderArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    /// Where to write: `-` for stdout, a file, or a directory
    ///
    /// A path is a directory if it ends in `/` or exists as one.
    #[arg(long, short, value_name = "FILE|DIR/", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Lay the output directory out for a program that applies it
    #[arg(long, value_enum, value_name = "LAYOUT", requires = "output")]
    pub(in crate::cli) layout: Option<LayoutName>,
    /// Write nothing, and exit with 1 if the output is not what would be written
    ///
    /// Prints one line for each file that would be written or removed: `new`, `changed` or `removed`,
    /// and its path.
    #[arg(long, requires = "output")]
    pub(in crate::cli) check: bool,
    /// The format of objects
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: ObjectFormat,
    /// Write only objects of these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(in crate::cli) only: Vec<String>,
    /// Leave out objects of these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(in crate::cli) exclude: Vec<String>,
    /// Leave out the other documents of the input
    ///
    /// Without this option, documents of other kinds are passed through, if they come from stdin
    /// or from a file that was named.
    #[arg(long)]
    pub(in crate::cli) only_generated: bool,
    /// Apply no overlay
    ///
    /// Overlays are read and checked all the same. To see what they change, use
    /// `diff --no-overlays`.
    #[arg(long)]
    pub(in crate::cli) no_overlays: bool,
    /// Write for the program that applies the objects
    ///
    /// Every document of the input becomes part of the output, those in directories as well; an
    /// empty output is an error; and stderr begins with the first error, on one line. By default
    /// `delivery.host` of the profile.
    #[arg(
        long,
        value_enum,
        value_name = "HOST",
        conflicts_with = "only_generated"
    )]
    pub(in crate::cli) delivery: Option<HostName>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum HostName {
    /// Argo CD
    Argocd,
    /// Flux
    Flux,
    /// kubectl
    Kubectl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum LayoutName {
    /// With a kustomization.yaml in each directory
    ///
    /// A directory with more than 500 objects has none, but those in it have.
    Flux,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(in crate::cli) enum ObjectFormat {
    /// A stream of YAML documents
    #[default]
    Yaml,
    /// One JSON List
    Json,
    /// JSON, each object on a line of its own
    Jsonl,
}

/// Show what was decided for each Workspace, and why
///
/// Prints image, runtime, GPUs, nodes, flags and objects of each Workspace with the reasons.
#[derive(Args, Debug)]
#[command(after_long_help = EXPLAIN_EXAMPLES)]
pub(in crate::cli) struct ExplainArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    /// Show where one field of an object comes from: KIND/PATH or KIND/NAME/PATH
    #[arg(long, value_name = "FIELD")]
    pub(in crate::cli) field: Option<Field>,
}
