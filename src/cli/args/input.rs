//! The input of commands that compile, and the cluster that they compile for.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::{Args, ValueHint};
use kaito_render::vocab::limits::RUN_NODES;
use kaito_render::workspace;

/// Facts about the cluster that Workspaces are compiled for.
#[derive(Args, Debug)]
pub(in crate::cli) struct ClusterArgs {
    /// The namespace of Workspaces that have none
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default", value_parser = namespace)]
    pub(in crate::cli) namespace: String,
    /// The profile of the cluster
    ///
    /// By default the nearest `kaito-render.yaml`, from the directory of the input up to the root
    /// of its Git repository.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) profile: Option<PathBuf>,
    /// A directory with your own `presets/` and `templates/`
    ///
    /// Its files replace the built-in ones of the same path, and add to them.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) library: Option<PathBuf>,
}

/// How much of the machine to use.
#[derive(Args, Debug)]
pub(in crate::cli) struct JobsArgs {
    /// Compile with so many threads
    ///
    /// By default one for each core. The output is the same for every number.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Allow so many nodes in all
    ///
    /// Beside one for each Workspace in the input.
    #[arg(long, value_name = "N", default_value_t = RUN_NODES)]
    pub(in crate::cli) max_nodes: usize,
}

impl JobsArgs {
    /// The number of threads, at least 1.
    pub(in crate::cli) fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().ok();
        self.jobs.or_else(cores).map_or(1, NonZeroUsize::get)
    }
}

/// The input of `render`, `check` and `explain`.
#[derive(Args, Debug)]
pub(in crate::cli) struct InputArgs {
    /// Files, directories, or `-` for stdin
    ///
    /// In directories, all *.yaml, *.yml and *.json files are read. Hidden directories, Helm charts
    /// and directories that `render -o` wrote are skipped.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// The KAITO release to compile with, such as 0.3
    ///
    /// By default the `release` of the profile; without one, the release that serves the
    /// apiVersion of the Workspace.
    #[arg(long, value_name = "RELEASE")]
    pub(in crate::cli) release: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) cluster: ClusterArgs,
    /// The directory up to which a profile is looked for
    ///
    /// No symbolic link may lead out of it. By default the root of the Git repository of the input.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) root: Option<PathBuf>,
    /// Accept an input without any Workspace
    #[arg(long)]
    pub(in crate::cli) allow_empty: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub(in crate::cli) deny_warnings: bool,
    #[command(flatten)]
    pub(in crate::cli) jobs: JobsArgs,
}

fn namespace(text: &str) -> Result<String, &'static str> {
    workspace::is_dns_label(text)
        .then(|| text.to_owned())
        .ok_or(workspace::DNS_LABEL)
}
