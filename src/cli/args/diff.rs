//! `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use kaito_render::diff::ignore;

use super::{ClusterArgs, JobsArgs};

const EXAMPLES: &str = "\
Examples:
  # Two files or directories, of Workspaces or of rendered output
  kaito-render diff old/ new/

  # What the working tree changes since a Git revision
  kaito-render diff --against main workspaces/

  # Two Git revisions, without touching the working tree
  kaito-render diff --against v1 --to v2 workspaces/

  # What an upgrade of KAITO changes
  kaito-render diff --from-release 0.3 --to-release 0.12 workspaces/

  # What the overlays change
  kaito-render diff --no-overlays workspaces/

  # A comment for a pull request
  kaito-render diff --against origin/main --format markdown > comment.md

  # Only numbers, without some objects and fields
  kaito-render diff old/ new/ --ignore ConfigMap --ignore /metadata/labels/team --stat

Exit codes:
  0  no difference
  1  differences
  2  could not compare, for example because a side has errors";

/// Show what a change does: to objects, pods, nodes and GPUs
///
/// Compiles both sides and compares their objects field by field. Says which pods restart, which
/// nodes are replaced and how many GPUs are needed before and after.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct DiffArgs {
    /// Two files or directories to compare, of Workspaces or of rendered output
    ///
    /// With `--against`, `--against-path` or `--from-release`: the files or directories to compile.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Compare the paths in this Git revision with those in the working tree
    ///
    /// Without paths, the working directory is compared. REV is never taken for a path.
    #[arg(long, value_name = "REV", conflicts_with_all = ["from_release", "to_release", "against_path"])]
    pub(in crate::cli) against: Option<String>,
    /// Compare this file or directory with the paths
    ///
    /// Without paths, the working directory is compared.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, conflicts_with_all = ["from_release", "to_release"])]
    pub(in crate::cli) against_path: Option<PathBuf>,
    /// With `--against`: compare with this Git revision instead of the working tree
    #[arg(long, value_name = "REV", requires = "against")]
    pub(in crate::cli) to: Option<String>,
    /// The KAITO release that compiles the paths before the change
    #[arg(long, value_name = "RELEASE", requires = "to_release")]
    pub(in crate::cli) from_release: Option<String>,
    /// The KAITO release that compiles the paths after the change
    #[arg(long, value_name = "RELEASE", requires = "from_release")]
    pub(in crate::cli) to_release: Option<String>,
    /// Apply no overlay, on both sides; with one path, show what the overlays change
    ///
    /// Where only PATH is named, it is compared without overlays and with them. Overlays are read and
    /// checked all the same.
    #[arg(long)]
    pub(in crate::cli) no_overlays: bool,
    /// The format of differences
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: DiffFormat,
    /// Show how many objects differ, without their fields
    #[arg(long)]
    pub(in crate::cli) stat: bool,
    /// Ignore a kind (`ConfigMap`), a field (`/metadata/labels/team`, `Service/spec/ports`) or the
    /// objects with a label (`team=a`)
    ///
    /// In a field, `*` stands for any one step.
    #[arg(long, value_name = "WHAT")]
    pub(in crate::cli) ignore: Vec<ignore::Rule>,
    #[command(flatten)]
    pub(in crate::cli) cluster: ClusterArgs,
    #[command(flatten)]
    pub(in crate::cli) jobs: JobsArgs,
    /// The former name of `--against`, kept to name the new one
    #[arg(long, value_name = "REV", hide = true)]
    pub(in crate::cli) git: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DiffFormat {
    /// For a terminal
    #[default]
    Text,
    /// For the comment of a pull request, in at most 65,536 bytes
    Markdown,
    /// One JSON document
    Json,
}
