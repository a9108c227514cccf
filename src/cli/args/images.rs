//! `images`.

use clap::{Args, ValueEnum};

use super::InputArgs;

const EXAMPLES: &str = "\
Examples:
  # See which images a cluster has to pull
  kaito-render images workspaces/

  # Copy them to a registry of your own
  kaito-render images workspaces/ --format json | jq -r '.[].image' |
    xargs -I {} skopeo copy docker://{} docker://registry.example.com/mirror/{}

Overlays are applied first. `images` of an overlay names the copies:
  images:
  - {name: \"*\", newName: \"registry.example.com/mirror/*\"}";

/// List the images that the pods of Workspaces need
///
/// Lists each image once, with the Workspaces that use it: those of containers and volumes, and
/// those from which scripts fetch data, weights or adapters.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct ImagesArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    /// The format of the list
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ListFormat {
    /// A table, with no more than five Workspaces for each image
    #[default]
    Text,
    /// A JSON list of `image` and `workspaces`
    Json,
}
