//! `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::InputArgs;

const EXAMPLES: &str = "\
Examples:
  # Report every mistake with an excerpt, or one per line
  kaito-render check workspaces/
  kaito-render check workspaces/ --format concise | grep KR2

  # Also report updates that KAITO refuses
  kaito-render check workspaces/ --against origin/main
  kubectl get workspaces -A -o yaml > live.yaml
  kaito-render check workspaces/ --against-path live.yaml

  # Also report what an upgrade of KAITO would break
  kaito-render check workspaces/ --target-release 0.12

  # Check what kustomize made of rendered objects
  kustomize build . | kaito-render check --rendered -

  # Fix spelling and quotes in place
  kaito-render check workspaces/ --fix

  # In CI: GitHub annotations, code scanning, GitLab test reports
  kaito-render check workspaces/ --deny-warnings --format github
  kaito-render check workspaces/ --format sarif > kaito-render.sarif
  kaito-render check workspaces/ --format junit > junit.xml

To ignore rules in one Workspace, list them, separated by commas, in its annotation
render.kaito.sh/allow. To set the severity of a rule everywhere or in some files, use
`rules` in kaito-render.yaml:
  rules:
  - {rule: KR207, severity: error}
  - {rule: KR228, severity: off, paths: [\"legacy/**\"]}
Errors can't be lowered: the objects that depend on them do not exist.";

/// Report mistakes in Workspaces without writing anything
///
/// Runs the same pipeline as `render` and reports all diagnostics of one run. `kaito-render rule`
/// explains each rule.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    #[command(flatten)]
    pub(in crate::cli) against: AgainstArgs,
    /// The format of diagnostics: `human` goes to stderr, the others go to stdout
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: ReportFormat,
    /// Fix in the files what has one certain fix, then report the rest
    #[arg(long)]
    pub(in crate::cli) fix: bool,
    /// Also report what another KAITO release would refuse or make differently
    ///
    /// The messages of these diagnostics begin with `target` and the release.
    #[arg(long, value_name = "RELEASE")]
    pub(in crate::cli) target_release: Option<String>,
    /// Check a finished stream instead, such as what kustomize built with rendered objects
    ///
    /// Reports Workspaces without their objects, and objects whose names or namespaces were changed
    /// after they were rendered. The Workspaces themselves are not checked again.
    #[arg(long, conflicts_with_all = ["fix", "against", "against_path", "target_release"])]
    pub(in crate::cli) rendered: bool,
    /// The former way to print a rule, kept to name the new one
    #[arg(long, value_name = "RULE", exclusive = true, hide = true)]
    pub(in crate::cli) explain: Option<String>,
}

/// The earlier Workspaces that the input is compared with.
#[derive(Args, Debug)]
pub(in crate::cli) struct AgainstArgs {
    /// Compare with this Git revision, and report updates that KAITO refuses
    ///
    /// Reads the same paths as they are in the revision, from the Git repository of the input.
    /// Workspaces are matched by namespace and name, in whatever file they are. New and removed
    /// Workspaces are not reported. REV is never taken for a path.
    #[arg(long, value_name = "REV", conflicts_with = "against_path")]
    pub(in crate::cli) against: Option<String>,
    /// Compare with this file or directory instead, such as the output of `kubectl get workspaces
    /// -A -o yaml`
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) against_path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
    /// With excerpts of the source
    #[default]
    Human,
    /// One line each: `path:line:column: error[KR113]: message (hint: …)`
    Concise,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for GitHub code scanning and editors
    Sarif,
    /// GitHub Actions annotations, at most ten for each severity
    Github,
    /// A test report, for GitLab and Jenkins: errors are failed tests, warnings are skipped tests
    Junit,
}
