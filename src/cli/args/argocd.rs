//! `argocd`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::JobsArgs;

const GENERATE_EXAMPLES: &str = "\
In a plugin's plugin.yaml:
  spec:
    generate:
      command: [kaito-render, argocd, generate]
    parameters:
      dynamic:
        command: [kaito-render, argocd, parameters]

Behind kustomize, in a shell that sees both exit codes:
  kustomize build . > /tmp/built.yaml && kaito-render argocd generate - < /tmp/built.yaml";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ArgocdCommand {
    /// Write the objects of an Application, each on a line
    #[command(after_long_help = GENERATE_EXAMPLES)]
    Generate(GenerateArgs),
    /// Print the parameters of Applications, with the values that hold
    Parameters,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct GenerateArgs {
    /// The directory or file to read, or `-` for stdin
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) path: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) jobs: JobsArgs,
}
