//! The grammar of the command line: what can be typed, and the help about it.
//!
//! Only [`config`](super::config) reads these types. What was meant is decided there.

mod argocd;
mod catalogue;
mod check;
mod diff;
mod function;
mod images;
mod input;
mod render;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use kaito_render::diagnostic::rule::{self, Rule};

pub(super) use argocd::ArgocdCommand;
pub(super) use catalogue::{
    CatalogueArgs, CloudName, InstanceTypesCommand, PresetsCommand, SchemaArgs, SchemaKind,
};
pub(super) use check::{CheckArgs, ReportFormat};
pub(super) use diff::{DiffArgs, DiffFormat};
pub(super) use function::FunctionArgs;
pub(super) use images::{ImagesArgs, ListFormat};
pub(super) use input::{ClusterArgs, InputArgs, JobsArgs};
pub(super) use render::{ExplainArgs, HostName, LayoutName, ObjectFormat, RenderArgs};

/// Compiles KAITO Workspaces into all Kubernetes objects that they stand for, offline and
/// deterministically.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_long_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// When to use color
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

const EXAMPLES: &str = "\
Examples:
  # Print all objects of a Workspace, and apply them
  kaito-render render workspace.yaml
  kaito-render render workspace.yaml | kubectl apply -f -

  # Write one file for each object, for Argo CD or Flux
  kaito-render render workspaces/ -o rendered/

  # Report every mistake with its line
  kaito-render check workspaces/

  # Show what a change does to objects, pods, nodes and GPUs
  kaito-render diff --against main workspaces/

  # Show what was decided for a Workspace, and why
  kaito-render explain workspace.yaml

Objects and other data go to stdout, diagnostics to stderr.

Exit codes of every command:
  0  success: `check` found no error, `diff` and `render --check` found no difference
  1  the input has errors and nothing was written, or `diff` or `render --check`
     found differences
  2  the command could not run: wrong usage, a path or revision that does not
     exist, a file that can't be written, or a side of `diff` with errors";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Render(RenderArgs),
    Check(CheckArgs),
    Diff(DiffArgs),
    Explain(ExplainArgs),
    Images(ImagesArgs),
    #[command(name = "fn")]
    Function(FunctionArgs),
    /// Explain a rule: why it matters, with a wrong and a right example
    #[command(after_long_help = "Example:\n  kaito-render rule KR113")]
    Rule {
        /// The id of the rule, such as KR113
        #[arg(value_name = "RULE", value_parser = rule::find)]
        rule: &'static Rule,
    },
    /// List, show or import presets
    #[command(subcommand)]
    Presets(PresetsCommand),
    /// List instance types and their GPUs
    #[command(subcommand)]
    InstanceTypes(InstanceTypesCommand),
    /// Print the CRDs that a cluster needs for Workspaces
    #[command(after_long_help = CRDS_EXAMPLES)]
    Crds {
        /// The KAITO release whose CRDs to print [default: the newest]
        #[arg(long, value_name = "RELEASE")]
        release: Option<String>,
    },
    Schema(SchemaArgs),
    /// What Argo CD runs as a plugin
    ///
    /// These commands take what they need from the environment, as Argo CD sets it.
    #[command(subcommand)]
    Argocd(ArgocdCommand),
    /// Print the completion script of a shell
    #[command(after_long_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell to complete commands in
        shell: Shell,
    },
    /// Print the manual page of the program or of one command
    #[command(after_long_help = "Example:\n  kaito-render man render | man -l -")]
    Man {
        /// The command, such as `render` [default: the program]
        command: Option<String>,
    },
}

const CRDS_EXAMPLES: &str = "\
Install them once per cluster, before the first Workspace is applied.

Example:
  kaito-render crds --release 0.3 | kubectl apply --server-side -f -";

const COMPLETIONS_EXAMPLES: &str = "\
Example:
  kaito-render completions bash \\
    > ~/.local/share/bash-completion/completions/kaito-render";

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always, also in files and pipes
    Always,
    /// Never
    Never,
}
