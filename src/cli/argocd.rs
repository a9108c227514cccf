//! `argocd`: the commands that Argo CD runs as a plugin. They alone take what they need from the
//! environment, as Argo CD sets it.

#![expect(
    clippy::disallowed_methods,
    reason = "Argo CD says by the environment what a plugin has to do"
)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kaito_render::assemble::Selection;
use kaito_render::delivery::RootedTree;
use kaito_render::delivery::argocd::{self, KnownKinds, Parameters};
use kaito_render::diagnostic::rule;
use kaito_render::emit::Format;
use kaito_render::input::{Disk, FileTree};
use kaito_render::report::Strictness;
use kaito_render::session::Session;
use kaito_render::vocab::Host;
use kaito_render::workspace;

use super::config::{Cluster, Color, Generate, Input, Output, Render};
use super::run::Run;
use super::{Outcome, console, profile, render};

/// The variables that Argo CD sets.
const NAME: &str = "ARGOCD_APP_NAME";
const NAMESPACE: &str = "ARGOCD_APP_NAMESPACE";
const SOURCE_PATH: &str = "ARGOCD_APP_SOURCE_PATH";
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";
const API_VERSIONS: &str = "KUBE_API_VERSIONS";

/// Writes the objects of an Application, each on a line.
pub(super) fn generate(config: &Generate, color: Color) -> Result<Outcome> {
    let application = variable(NAME).unwrap_or_default();
    let namespace = namespace(&application)?;
    let root = root()?;
    let mut run = Run::default();
    let parameters = variable(PARAMETERS).unwrap_or_else(|| "[]".to_owned());
    let Session {
        sources,
        diagnostics,
    } = &mut run.session;
    let parameters = Parameters::read(&parameters, &application, sources, diagnostics)
        .with_context(|| format!("{PARAMETERS} is not what Argo CD writes"))?;
    let profile = named_profile(&parameters, &root, &mut run.session);
    let input = Input {
        paths: vec![config.path.clone()],
        release: None,
        cluster: Cluster {
            namespace,
            profile,
            library: None,
        },
        root: Some(root),
        delivery: Some(Host::Argocd),
        allow_empty: false,
        applies_overlays: true,
        strictness: Strictness::Errors,
        jobs: config.jobs,
        max_nodes: config.max_nodes,
    };
    let config = Render {
        input,
        only_generated: false,
        selection: Selection {
            only: parameters.only.clone(),
            exclude: parameters.exclude.clone(),
        },
        format: Format::JsonLines,
        output: Output::Stdout,
        kustomizations: false,
        check: false,
        known_kinds: variable(API_VERSIONS).map(|text| KnownKinds::read(&text)),
    };
    run.parameters = parameters;
    render::render_in(run, &config, color)
}

/// Prints the parameters, with the values that hold as far as the profile can be read.
pub(super) fn parameters() -> Result<Outcome> {
    let directory = Disk.identity(Path::new("."));
    let root = root().unwrap_or_else(|_| directory.clone());
    let mut session = Session::default();
    let tree = RootedTree {
        root: Some(root),
        ..RootedTree::of(&Disk)
    };
    let paths = [PathBuf::from(".")];
    let found = profile::load(None, &paths, &tree, &Parameters::default(), &mut session)?;
    let found = found.as_ref().map(|profile| {
        let file = profile.document.as_ref().map(|document| document.span.file);
        let path = file.and_then(|file| session.sources.path(file));
        (profile, path.map(|path| from(&directory, path)))
    });
    let text = argocd::announcement(found.as_ref().map(|(it, path)| (*it, path.as_deref())));
    console::print_data(text.as_bytes())
}

/// A path from a directory below the one that the file is in.
fn from(directory: &Path, file: &Path) -> String {
    let ups = directory
        .ancestors()
        .take_while(|above| !file.starts_with(above));
    let up = "../".repeat(ups.count());
    let name = file.file_name().unwrap_or_default();
    format!("{up}{}", name.to_string_lossy())
}

/// The namespace of documents that name none.
fn namespace(application: &str) -> Result<String> {
    let namespace = variable(NAMESPACE).unwrap_or_default();
    if namespace.is_empty() {
        bail!(
            "Application {application} names no namespace: set its `spec.destination.namespace` \
             ({NAMESPACE} is empty)"
        );
    }
    if !workspace::is_dns_label(&namespace) {
        bail!("`spec.destination.namespace`: {}", workspace::DNS_LABEL);
    }
    Ok(namespace)
}

/// The root of the repository.
fn root() -> Result<PathBuf> {
    let directory = Disk.identity(Path::new("."));
    let Some(path) = variable(SOURCE_PATH) else {
        bail!("{SOURCE_PATH} is not set: this command is for Argo CD to run");
    };
    argocd::root(&directory, &path).with_context(|| {
        format!(
            "the working directory does not end in the path of the Application, `{path}`: add \
             `/kaito-render.yaml` to its annotation `argocd.argoproj.io/manifest-generate-paths`"
        )
    })
}

/// The profile that a parameter names, as far as it lies below the root.
fn named_profile(parameters: &Parameters, root: &Path, session: &mut Session) -> Option<PathBuf> {
    let (path, place) = parameters.profile.as_ref()?;
    let file = PathBuf::from(path);
    let message = if !file.is_file() {
        format!("there is no profile `{path}`")
    } else if !Disk.identity(&file).starts_with(root) {
        format!("the profile `{path}` is not in the repository")
    } else {
        return Some(file);
    };
    session
        .diagnostics
        .add(&rule::PARAMETER, *place, message)
        .hint("write its path from the directory of the Application");
    None
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
