//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use kaito_render::diagnostic::rule::{self, Rule};
use kaito_render::diff::ignore;
use kaito_render::explain::field::Field;
use kaito_render::report::Strictness;
use kaito_render::workspace;

/// Compiles KAITO Workspaces into every Kubernetes object they stand for, offline and
/// deterministically.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_long_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// When to use colour in texts for people.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

const EXAMPLES: &str = "\
Examples:
  kaito-render render workspace.yaml                    all objects of a Workspace, on standard output
  kaito-render render workspaces/ -o rendered/          one file an object, for Argo CD or Flux
  kaito-render render workspace.yaml | kubectl apply -f -
  kaito-render check workspaces/                        every mistake, at its line
  kaito-render explain workspace.yaml                   what was decided, and why

Exit codes of every command:
  0  done; check found no error, diff found no difference
  1  the input has errors and nothing was written; diff found differences
  2  the command could not run: usage, a path or revision that does not exist, a file that can't be
     written; diff could not compare because a side has errors";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write all objects that Workspaces stand for
    #[command(after_long_help = RENDER_EXAMPLES)]
    Render(Render),
    /// Find the mistakes in Workspaces without writing anything
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Say what a change will do: object by object, and what it means for pods, nodes and GPUs
    #[command(after_long_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// Print why a rule matters, with a bad and a good example
    #[command(after_long_help = "Example:\n  kaito-render rule KR113")]
    Rule {
        /// The id of the rule, such as KR113
        #[arg(value_name = "RULE", value_parser = rule::find)]
        rule: &'static Rule,
    },
    /// Say what was decided for Workspaces, and why
    #[command(after_long_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// List the presets, or show one
    #[command(subcommand)]
    Presets(PresetsCommand),
    /// List the machine types
    #[command(subcommand)]
    InstanceTypes(InstanceTypesCommand),
    /// Print the CRDs that a cluster needs for Workspaces
    #[command(after_long_help = CRDS_EXAMPLES)]
    Crds {
        /// The release; by default the newest
        #[arg(long, value_name = "RELEASE")]
        release: Option<String>,
    },
    /// Print the JSON Schema of a kind of file
    #[command(after_long_help = SCHEMA_EXAMPLES)]
    Schema(Schema),
    /// Print the completion script of a shell
    #[command(after_long_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or that of one command
    #[command(after_long_help = "Example:\n  kaito-render man render | man -l -")]
    Man {
        /// The command
        command: Option<String>,
    },
}

const RENDER_EXAMPLES: &str = "\
Examples:
  kaito-render render workspace.yaml
  kaito-render render workspaces/ -o rendered/          a folder: one file an object, stale files removed
  kaito-render render workspaces/ -o all.yaml           one file
  cat workspace.yaml | kaito-render render - --format json
  kaito-render render workspaces/ --exclude Workspace   objects only, where KAITO's operator still runs

All or nothing: if anything in the input is wrong, nothing is written and the exit code is 1.";

const CHECK_EXAMPLES: &str = "\
Examples:
  kaito-render check workspaces/
  kaito-render check workspaces/ --format concise | grep KR2
  kaito-render check workspaces/ --format json | jq '.diagnostics[].message'
  kaito-render check workspaces/ --format github        beside the lines, in GitHub Actions
  kaito-render check workspaces/ --format sarif > kaito-render.sarif
  kaito-render check workspaces/ --format junit > junit.xml
  kaito-render check workspaces/ --deny-warnings
  kaito-render check workspaces/ --against origin/main      what KAITO will refuse
  kaito-render check phi-4.yaml --against-path phi-4.old.yaml
  kubectl get workspaces -A -o yaml > live.yaml
  kaito-render check workspaces/ --against-path live.yaml
  kaito-render check workspaces/ --fix                  repairs spelling and quotes
  kaito-render check workspaces/ --target-release 0.12  what an upgrade would break

The annotation render.kaito.sh/allow names rules, by commas, that are not to be
reported in its Workspace; `rules` in kaito-render.yaml sets severities for all:
  rules:
  - {rule: KR207, severity: error}
  - {rule: KR228, severity: off, paths: [\"legacy/**\"]}
What was found as an error can't be lowered: its objects were never made.

The action github/codeql-action/upload-sarif takes kaito-render.sarif into code
scanning; GitLab shows junit.xml if it is named under artifacts:reports:junit.";

const DIFF_EXAMPLES: &str = "\
Examples:
  kaito-render diff old/ new/                           two files or folders, of Workspaces or of rendered output
  kaito-render diff --against main workspaces/          what the working tree changes since main
  kaito-render diff --against v1 --to v2 workspaces/    two revisions; the checkout is not touched
  kaito-render diff --against-path old/ new/            the same as `diff old/ new/`
  kaito-render diff --from-release 0.3 --to-release 0.12 workspaces/
  kaito-render diff --against origin/main --format markdown > comment.md
  kaito-render diff old/ new/ --ignore ConfigMap --ignore /metadata/labels/team --stat

Exit codes: 0 no difference, 1 differences, 2 could not compare, also because a side has errors.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  kaito-render explain workspace.yaml
  kaito-render explain workspace.yaml --field Deployment/spec.replicas
  kaito-render explain workspaces/ --field \"Job/tuning-phi-3/spec.template.spec.containers[0].resources.limits['nvidia.com/gpu']\"

Each decision stands with the fields and rules that it follows from.";

const CRDS_EXAMPLES: &str = "\
Example:
  kaito-render crds --release 0.3 | kubectl apply --server-side -f -";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  kaito-render schema --kind workspace > kaito-workspace.json
  kaito-render schema --kind profile > kaito-render-profile.json

An editor with YAML support (yaml-language-server) checks a file that begins with
  # yaml-language-server: $schema=kaito-workspace.json
and knows its fields, presets and machine types.";

const COMPLETIONS_EXAMPLES: &str = "\
Example:
  kaito-render completions bash > ~/.local/share/bash-completion/completions/kaito-render";

/// What Workspaces are compiled with, whichever command does it.
#[derive(Args, Debug)]
pub(super) struct Surroundings {
    /// The namespace of Workspaces that name none
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default", value_parser = namespace)]
    pub(super) namespace: String,
    /// The profile of the cluster
    ///
    /// By default the first `kaito-render.yaml` from the input's folder upward to the root of the
    /// Git repository.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) profile: Option<PathBuf>,
    /// A folder with `presets/` and `templates/` of your own, laid over the built-in ones file by
    /// file
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) library: Option<PathBuf>,
}

/// What both `render` and `check` compile, and with what.
#[derive(Args, Debug)]
pub(super) struct Input {
    /// Files, folders, or `-` for standard input
    ///
    /// Folders are searched for *.yaml, *.yml and *.json. Hidden ones, Helm charts and folders
    /// that `render -o` wrote are left out.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// The release to compile with, such as 0.3; by default the profile or the Workspace's
    /// apiVersion decides
    #[arg(long, value_name = "RELEASE")]
    pub(super) release: Option<String>,
    #[command(flatten)]
    pub(super) surroundings: Surroundings,
    /// Accept an input without a single Workspace
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub(super) deny_warnings: bool,
}

impl Input {
    /// Whether warnings fail the run.
    pub(super) fn strictness(&self) -> Strictness {
        if self.deny_warnings {
            Strictness::DenyWarnings
        } else {
            Strictness::Errors
        }
    }
}

fn namespace(text: &str) -> Result<String, &'static str> {
    workspace::is_dns_label(text)
        .then(|| text.to_owned())
        .ok_or(workspace::DNS_LABEL)
}

#[derive(Args, Debug)]
pub(super) struct Render {
    #[command(flatten)]
    pub(super) input: Input,
    /// Where to write: `-` for standard output, a file, or a folder if it ends in `/` or is one
    /// already
    #[arg(long, short, value_name = "FILE|DIR/", value_hint = ValueHint::AnyPath)]
    pub(super) output: Option<PathBuf>,
    /// How objects are written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ObjectFormat,
    /// Write objects of these kinds alone
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Leave out objects of these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(super) exclude: Vec<String>,
    /// Leave out documents of other kinds, which files named outright and standard input pass
    /// through
    #[arg(long)]
    pub(super) only_generated: bool,
}

/// What `check` compares its input with.
#[derive(Args, Debug)]
pub(super) struct Against {
    /// Compare with this Git revision, to report changes that KAITO refuses
    ///
    /// The same paths are read as the revision has them, in the Git repository that the input
    /// belongs to. Workspaces are matched by namespace and name, whatever their file. One that
    /// is new or gone is not reported. The value is never taken for a path.
    #[arg(long, value_name = "REV", conflicts_with = "against_path")]
    pub(super) against: Option<String>,
    /// Compare with this file or directory instead, such as the output of `kubectl get workspaces
    /// -A -o yaml`
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) against_path: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    pub(super) against: Against,
    /// How findings are written: `human` on standard error, the others on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// The former way to print a rule, kept to say the new one
    #[arg(long, value_name = "RULE", exclusive = true, hide = true)]
    pub(super) explain: Option<String>,
    /// Repair in the files what is certain, and report what is left
    #[arg(long)]
    pub(super) fix: bool,
    /// Report as well what another release would refuse, and what it would make otherwise
    ///
    /// What this finds begins with `target` and the release.
    #[arg(long, value_name = "RELEASE")]
    pub(super) target_release: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Diff {
    /// Two files or directories, of Workspaces or of rendered output; with `--against`,
    /// `--against-path` or `--from-release`, any number of paths to compare
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Compare the paths (by default the working directory) of this Git revision with those of the
    /// working tree
    ///
    /// The value is never taken for a path.
    #[arg(long, value_name = "REV", conflicts_with_all = ["from_release", "to_release", "against_path"])]
    pub(super) against: Option<String>,
    /// Compare this file or directory with the paths (by default the working directory)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, conflicts_with_all = ["from_release", "to_release"])]
    pub(super) against_path: Option<PathBuf>,
    /// The option's former name, kept to say the new one
    #[arg(long, value_name = "REV", hide = true)]
    pub(super) git: Option<String>,
    /// Compare with this revision instead of the working tree
    #[arg(long, value_name = "REV", requires = "against")]
    pub(super) to: Option<String>,
    /// Compile the paths with this release before
    #[arg(long, value_name = "RELEASE", requires = "to_release")]
    pub(super) from_release: Option<String>,
    /// Compile the paths with this release after
    #[arg(long, value_name = "RELEASE", requires = "from_release")]
    pub(super) to_release: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DiffFormat,
    /// Show only how many objects of each Workspace differ (text format)
    #[arg(long)]
    pub(super) stat: bool,
    /// Ignore a kind (`ConfigMap`), a field (`/metadata/labels/team`, `Service/spec/ports`; `*`
    /// matches any one step) or the objects with a label (`team=a`)
    #[arg(long, value_name = "WHAT")]
    pub(super) ignore: Vec<ignore::Rule>,
    #[command(flatten)]
    pub(super) surroundings: Surroundings,
}

/// How differences are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For a terminal
    #[default]
    Text,
    /// For the comment of a pull request, in at most 65,536 bytes
    Markdown,
    /// One JSON document
    Json,
}

#[derive(Args, Debug)]
pub(super) struct Explain {
    #[command(flatten)]
    pub(super) input: Input,
    /// Say what made one field of an object: KIND/PATH or KIND/NAME/PATH
    #[arg(long, value_name = "FIELD")]
    pub(super) field: Option<Field>,
}

/// Which part of the catalogue is looked at.
#[derive(Args, Debug)]
pub(super) struct Catalogue {
    /// The release; by default all
    #[arg(long, value_name = "RELEASE")]
    pub(super) release: Option<String>,
    /// A folder with `presets/` of your own, laid over the built-in ones
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) library: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Schema {
    /// The kind of file
    #[arg(long, value_enum, ignore_case = true, value_name = "KIND")]
    pub(super) kind: SchemaKind,
    /// The release whose names are suggested; by default the oldest that compiles a Workspace's
    /// apiVersion
    #[arg(long, value_name = "RELEASE")]
    pub(super) release: Option<String>,
    /// A folder with `presets/` of your own, whose names are suggested too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) library: Option<PathBuf>,
}

const IMPORT: &str = "Nothing is fetched: save what the hub answers, and name the two files.

Examples:
  curl -sSfLo config.json https://huggingface.co/ORG/MODEL/resolve/main/config.json
  curl -sSfLo files.json 'https://huggingface.co/api/models/ORG/MODEL/tree/main?recursive=true'
  kaito-render presets import --name ORG/MODEL --config config.json --files files.json --library ours
  kaito-render render workspace.yaml --library ours";

#[derive(Debug, Subcommand)]
pub(super) enum PresetsCommand {
    /// List the presets, with what serving each needs
    List {
        #[command(flatten)]
        catalogue: Catalogue,
    },
    /// Make a preset of a model that is in no catalogue, of what Hugging Face says about it
    #[command(after_help = IMPORT)]
    Import {
        /// The repository, such as `microsoft/phi-4`
        #[arg(long, value_name = "ORG/MODEL")]
        name: String,
        /// The model's config.json, or its params.json where there is no other
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The JSON list of the repository's files
        #[arg(long, value_name = "FILE")]
        files: PathBuf,
        /// The release to make it for; by default the newest
        #[arg(long)]
        release: Option<String>,
        /// Write it into this folder, for `--library` of other commands, and not to standard
        /// output
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
    },
    /// Print the file of one preset
    Show {
        /// The preset
        name: String,
        #[command(flatten)]
        catalogue: Catalogue,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum InstanceTypesCommand {
    /// List the machine types that are known, with their GPUs
    List {
        /// The cloud; by default all
        #[arg(long, value_enum)]
        cloud: Option<CloudName>,
        #[command(flatten)]
        catalogue: Catalogue,
    },
}

/// A cloud with a table of machine types.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum CloudName {
    /// Microsoft Azure
    Azure,
    /// Amazon Web Services
    Aws,
    /// Machines of one's own, reached through Azure Arc
    Arc,
}

/// A kind of file that has a JSON Schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaKind {
    /// Workspaces and InferenceSets of any version
    Workspace,
    /// A Workspace of `kaito.sh/v1alpha1`
    WorkspaceV1alpha1,
    /// A Workspace of `kaito.sh/v1beta1`
    WorkspaceV1beta1,
    /// An InferenceSet
    #[value(name = "inferenceset")]
    InferenceSet,
    /// The facts of one cluster
    Profile,
    /// A model of the catalogue, with an image of its own
    Model,
    /// A model of the catalogue, of Hugging Face
    HubModel,
    /// What models are imported by
    Import,
    /// The machine types of a cloud
    InstanceTypes,
    /// The configuration of a training
    TuningConfig,
    /// What a release does
    Release,
    /// What templates read
    Plan,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ObjectFormat {
    /// A stream of YAML documents
    #[default]
    Yaml,
    /// A JSON List
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ReportFormat {
    /// With excerpts of the source
    #[default]
    Human,
    /// A line each: `path:line:column: error[KR113]: message (hint: …)`
    Concise,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for GitHub's code scanning and editors
    Sarif,
    /// Commands by which GitHub Actions shows findings beside the lines; ten errors, warnings and
    /// notes each
    Github,
    /// A test report, for GitLab and Jenkins: errors are failed tests, warnings skipped ones
    Junit,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
