//! `fn`, as it is typed in the configuration of a function.

use clap::Args;

use super::ClusterArgs;

/// Render the Workspaces that kustomize or kpt sends (a KRM function)
///
/// A `ResourceList` is read from stdin, and written to stdout with the objects of its Workspaces
/// beside all other items. The functionConfig is a Workspace, or a `Render`, which names files to
/// render, the namespace of Workspaces that have none, and labels that go from a Workspace to its
/// objects.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct FunctionArgs {
    /// The KAITO release to compile with, such as 0.3
    #[arg(long, value_name = "RELEASE")]
    pub(in crate::cli) release: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) cluster: ClusterArgs,
}

const EXAMPLES: &str = "\
Example of a transformer, in a file that the kustomization lists in `transformers`:
  apiVersion: render.kaito.sh/v1alpha1
  kind: Render
  metadata:
    name: render
    annotations:
      config.kubernetes.io/function: |
        exec: {path: kaito-render, args: [fn]}
  labels: [team]

  kustomize build --enable-alpha-plugins --enable-exec .

Without flags, render what kustomize builds:
  kustomize build . | kaito-render render -";
