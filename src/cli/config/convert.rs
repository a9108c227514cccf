//! What was typed becomes what was meant. Whatever options contradict each other or have other
//! names now is refused here.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kaito_render::assemble::Selection;
use kaito_render::diff::formats::terminal::Detail;
use kaito_render::diff::ignore::Ignore;
use kaito_render::emit::Format;
use kaito_render::report::Strictness;
use kaito_render::vocab::{Cloud, Host};

use super::{
    Against, Catalogue, Check, Cluster, Config, Diff, Explain, Function, Generate, Images, Import,
    Input, Output, Render, Side,
};
use crate::cli::args::{
    self, ArgocdCommand, CloudName, Command, HostName, InstanceTypesCommand, LayoutName,
    ObjectFormat, PresetsCommand,
};

impl TryFrom<Command> for Config {
    type Error = anyhow::Error;

    fn try_from(command: Command) -> Result<Self> {
        Ok(match command {
            Command::Render(args) => Self::Render(args.try_into()?),
            Command::Check(args) => Self::Check(args.try_into()?),
            Command::Diff(args) => Self::Diff(args.try_into()?),
            Command::Explain(args) => Self::Explain(Explain {
                input: args.input.into(),
                field: args.field,
            }),
            Command::Images(args) => Self::Images(Images {
                input: args.input.into(),
                format: args.format,
            }),
            Command::Rule { rule } => Self::Rule(rule),
            Command::Presets(command) => command.into(),
            Command::InstanceTypes(InstanceTypesCommand::List { cloud, catalogue }) => {
                let clouds = cloud.map_or_else(|| Cloud::ALL.to_vec(), |only| vec![only.into()]);
                Self::ListInstanceTypes(clouds, catalogue.into())
            }
            Command::Crds { release } => Self::Crds(release),
            Command::Function(args) => Self::Function(Function {
                release: args.release,
                cluster: args.cluster.into(),
            }),
            Command::Schema(args) => {
                let (release, library) = (args.release, args.library);
                Self::Schema(args.kind, Catalogue { release, library })
            }
            Command::Argocd(ArgocdCommand::Generate(args)) => Self::ArgocdGenerate(Generate {
                path: args.path,
                jobs: args.jobs.threads(),
                max_nodes: args.jobs.max_nodes,
            }),
            Command::Argocd(ArgocdCommand::Parameters) => Self::ArgocdParameters,
            Command::Completions { shell } => Self::Completions(shell),
            Command::Man { command } => Self::Man(command),
        })
    }
}

impl From<args::ClusterArgs> for Cluster {
    fn from(args: args::ClusterArgs) -> Self {
        Self {
            namespace: args.namespace,
            profile: args.profile,
            library: args.library,
        }
    }
}

impl From<args::InputArgs> for Input {
    fn from(args: args::InputArgs) -> Self {
        Self {
            paths: args.paths,
            release: args.release,
            cluster: args.cluster.into(),
            root: args.root,
            delivery: None,
            jobs: args.jobs.threads(),
            max_nodes: args.jobs.max_nodes,
            allow_empty: args.allow_empty,
            applies_overlays: true,
            strictness: if args.deny_warnings {
                Strictness::DenyWarnings
            } else {
                Strictness::Errors
            },
        }
    }
}

impl TryFrom<args::RenderArgs> for Render {
    type Error = anyhow::Error;

    fn try_from(args: args::RenderArgs) -> Result<Self> {
        let output = args.output.map_or(Output::Stdout, Output::from);
        if args.check && matches!(output, Output::Stdout) {
            bail!(
                "`--check` has nothing to compare stdout with: name a file or a directory by `-o`"
            );
        }
        let kustomizations = matches!(args.layout, Some(LayoutName::Flux));
        if kustomizations && !matches!(output, Output::Directory(_)) {
            bail!("`--layout` is about the files of a directory: name one by `-o DIR/`");
        }
        Ok(Self {
            input: Input {
                delivery: args.delivery.map(Host::from),
                applies_overlays: !args.no_overlays,
                ..args.input.into()
            },
            only_generated: args.only_generated,
            selection: Selection {
                only: args.only,
                exclude: args.exclude,
            },
            format: match args.format {
                ObjectFormat::Yaml => Format::Yaml,
                ObjectFormat::Json => Format::Json,
                ObjectFormat::Jsonl => Format::JsonLines,
            },
            output,
            kustomizations,
            check: args.check,
            known_kinds: None,
        })
    }
}

impl From<PathBuf> for Output {
    fn from(path: PathBuf) -> Self {
        if path == Path::new("-") {
            Self::Stdout
        } else if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            Self::Directory(path)
        } else {
            Self::File(path)
        }
    }
}

impl TryFrom<args::CheckArgs> for Check {
    type Error = anyhow::Error;

    fn try_from(args: args::CheckArgs) -> Result<Self> {
        if let Some(rule) = &args.explain {
            bail!("`check --explain {rule}` is now `rule {rule}`");
        }
        let input = Input::from(args.input);
        if args.fix && input.paths.iter().any(|path| path == Path::new("-")) {
            bail!("`--fix` can't write to stdin: name files or directories");
        }
        let against = match (args.against.against, args.against.against_path) {
            (Some(revision), _) => Some(Against::Revision(revision)),
            (None, Some(path)) => Some(Against::Path(path)),
            (None, None) => None,
        };
        Ok(Self {
            input,
            against,
            target_release: args.target_release,
            fix: args.fix,
            rendered: args.rendered,
            format: args.format,
        })
    }
}

impl TryFrom<args::DiffArgs> for Diff {
    type Error = anyhow::Error;

    fn try_from(args: args::DiffArgs) -> Result<Self> {
        Ok(Self {
            sides: sides(&args)?,
            jobs: args.jobs.threads(),
            max_nodes: args.jobs.max_nodes,
            cluster: args.cluster.into(),
            ignore: Ignore::new(args.ignore),
            format: args.format,
            detail: if args.stat {
                Detail::Stat
            } else {
                Detail::Full
            },
        })
    }
}

/// The two sides that `diff` compares: before and after.
fn sides(args: &args::DiffArgs) -> Result<[Side; 2]> {
    if let Some(revision) = &args.git {
        bail!("`--git {revision}` is now `--against {revision}`");
    }
    let side = |paths: &[PathBuf], revision: Option<&String>, release: Option<&String>| Side {
        paths: paths.to_vec(),
        revision: revision.cloned(),
        release: release.cloned(),
        applies_overlays: !args.no_overlays,
    };
    let one = |path| side(std::slice::from_ref(path), None, None);
    let here = [PathBuf::from(".")];
    let or_here = match args.paths.as_slice() {
        [] => &here,
        paths => paths,
    };
    if let Some(path) = &args.against_path {
        return Ok([one(path), side(or_here, None, None)]);
    }
    if let revision @ Some(_) = args.against.as_ref() {
        return Ok([
            side(or_here, revision, None),
            side(or_here, args.to.as_ref(), None),
        ]);
    }
    match (&args.from_release, args.paths.as_slice()) {
        (Some(_), []) => bail!("specify the files or directories to compile with both releases"),
        (from @ Some(_), paths) => Ok([
            side(paths, None, from.as_ref()),
            side(paths, None, args.to_release.as_ref()),
        ]),
        (None, [before, after]) => Ok([one(before), one(after)]),
        (None, [path]) if args.no_overlays => {
            let with_overlays = Side {
                applies_overlays: true,
                ..one(path)
            };
            Ok([one(path), with_overlays])
        }
        (None, paths) => bail!(
            "expected two files or directories to compare, got {}; `--against REV` compares \
             with a Git revision",
            paths.len()
        ),
    }
}

impl From<PresetsCommand> for Config {
    fn from(command: PresetsCommand) -> Self {
        match command {
            PresetsCommand::List { catalogue } => Self::ListPresets(catalogue.into()),
            PresetsCommand::Show { name, catalogue } => Self::ShowPreset(name, catalogue.into()),
            PresetsCommand::Import {
                name,
                config,
                files,
                release,
                library,
            } => Self::ImportPreset(Import {
                name,
                config,
                files,
                release,
                library,
            }),
        }
    }
}

impl From<args::CatalogueArgs> for Catalogue {
    fn from(args: args::CatalogueArgs) -> Self {
        Self {
            release: args.release,
            library: args.library,
        }
    }
}

impl From<HostName> for Host {
    fn from(name: HostName) -> Self {
        match name {
            HostName::Argocd => Self::Argocd,
            HostName::Flux => Self::Flux,
            HostName::Kubectl => Self::Kubectl,
        }
    }
}

impl From<CloudName> for Cloud {
    fn from(name: CloudName) -> Self {
        match name {
            CloudName::Azure => Self::Azure,
            CloudName::Aws => Self::Aws,
            CloudName::Arc => Self::Arc,
        }
    }
}
