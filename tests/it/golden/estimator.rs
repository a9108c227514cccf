//! Release 0.12 runs a model on as many nodes as KAITO's estimator does.
//!
//! A row is a cloud `c`, a model `m`, a machine type `s` and a context length `l`, where 0 leaves
//! it open, with the nodes `n`, or `e` where no number of them would do. Every seventh of those
//! that were recorded is kept here; where `KAITO_RENDER_GOLDEN` names a directory, all of its rows are
//! run.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::preset::Sizing;
use kaito_render::catalogue::profile::Profile;
use kaito_render::catalogue::release::Release;
use kaito_render::compile::{self, Keep, Options};
use kaito_render::input::{self, Document};
use kaito_render::plan;
use kaito_render::session::Session;
use kaito_render::vocab::Cloud;
use serde::Deserialize;

use crate::support::inputs;
use crate::support::program::root;

/// The tokens that the cache is sized for in the rows, beside 0.
const CONTEXTS: [u64; 2] = [4096, 131_072];

#[derive(Debug, Deserialize)]
struct Row {
    c: String,
    m: String,
    s: String,
    l: u64,
    n: Option<u64>,
}

impl Row {
    fn context(&self) -> Option<u64> {
        (self.l > 0).then_some(self.l)
    }

    fn cloud(&self) -> Cloud {
        *Cloud::ALL
            .iter()
            .find(|cloud| cloud.name() == self.c)
            .unwrap()
    }

    /// The Workspace that asks for such nodes.
    fn workspace(&self, name: &str) -> String {
        let Self { m, s, .. } = self;
        let config = self.context().map_or(String::new(), |length| {
            format!(", config: context-{length}")
        });
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: {name}}}\n\
             resource: {{instanceType: {s}, labelSelector: {{matchLabels: {{apps: row}}}}}}\n\
             inference: {{preset: {{name: {m}}}{config}}}\n---\n"
        )
    }
}

fn rows() -> Vec<Row> {
    let directory = std::env::var_os("KAITO_RENDER_GOLDEN")
        .map_or_else(|| root().join("tests/golden"), PathBuf::from);
    let text = fs::read_to_string(directory.join("0.12-estimator.jsonl")).unwrap();
    let rows: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(rows.len() > 1000, "only {} rows", rows.len());
    rows
}

fn loaded<'l>(library: &'l Library, session: &mut Session) -> Release<'l> {
    let mut release = Release::load(library, "0.12", session).unwrap();
    release.load_models(session);
    for cloud in Cloud::ALL {
        release.load_instance_types(cloud, session);
    }
    release
}

#[test]
fn each_row_has_the_nodes_that_are_estimated() {
    let (mut session, library) = (Session::default(), Library::embedded());
    let release = loaded(&library, &mut session);
    let Sizing::Estimator(numbers) = release.sizing else {
        panic!("{:?}", release.sizing)
    };
    let mut wrong = Vec::new();
    for row in rows() {
        let model = release.hub_model(&row.m.to_lowercase()).unwrap().unwrap();
        let machines = release.instance_types(row.cloud()).unwrap().unwrap();
        let found = plan::estimated_nodes(numbers, model, &machines[&row.s], row.context());
        if found != row.n {
            wrong.push((row, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A Workspace can't ask for GPUs that are not NVIDIA's, nor for more context than the model was
/// made for, and nothing makes nodes on Azure Arc.
fn can_be_asked_for(row: &Row, release: &Release) -> bool {
    let model = release.hub_model(&row.m.to_lowercase()).unwrap().unwrap();
    let machines = release.instance_types(row.cloud()).unwrap().unwrap();
    row.cloud() != Cloud::Arc && machines[&row.s].is_nvidia() && row.l <= model.context_length
}

/// The nodes of the Workspaces that were compiled, by name.
fn compiled(cloud: Cloud, workspaces: &str) -> (BTreeMap<String, u64>, Session) {
    let config_map = |length: u64| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: context-{length}}}\n\
             data: {{inference_config.yaml: \"vllm: {{max-model-len: {length}}}\"}}\n---\n"
        )
    };
    let input = format!("{}{workspaces}", CONTEXTS.map(config_map).concat());
    // A NodePool stands for any number of nodes.
    let profile = inputs::profile(&format!(
        "release: '0.12'\ncloud: {}\nprovisioner: nodepool\nnodeClasses: [{{name: gpu, default: true}}]\n",
        cloud.name()
    ));
    let mut session = Session::default();
    let mut parse = |name: &str, text: &str| {
        let file = session.sources.add(name, text);
        input::parse(&session.sources, file, &mut session.diagnostics)
    };
    let (profile, documents) = (parse("profile.yaml", &profile), parse("input.yaml", &input));
    let profile = Profile::read(&profile[0], &mut session.diagnostics).unwrap();
    let options = Options {
        namespace: "default".into(),
        profile,
        only_generated: true,
        max_nodes: 10_000_000, // all rows are one run
        ..Options::default()
    };
    let documents = documents
        .into_iter()
        .map(|node| Document { node, named: true })
        .collect();
    let library = Library::embedded();
    let compilation = compile::run(
        documents,
        &options,
        &library,
        Keep::Everything,
        &mut session,
    );
    let plans = compilation.workspaces.iter().map(|compiled| &compiled.plan);
    let nodes = plans.map(|plan| (plan.name.clone(), u64::from(plan.node_count)));
    (nodes.collect(), session)
}

#[test]
fn workspaces_get_the_nodes_of_their_rows() {
    let (mut session, library) = (Session::default(), Library::embedded());
    let release = loaded(&library, &mut session);
    let rows = rows();
    let rows: Vec<_> = rows
        .iter()
        .filter(|row| can_be_asked_for(row, &release))
        .collect();
    for cloud in [Cloud::Azure, Cloud::Aws] {
        let rows = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.cloud() == cloud);
        let rows: BTreeMap<_, _> = rows
            .map(|(number, row)| (format!("row-{number}"), *row))
            .collect();
        assert!(rows.len() > 200, "only {} rows of {cloud:?}", rows.len());
        let workspaces: String = rows.iter().map(|(name, row)| row.workspace(name)).collect();
        let (nodes, session) = compiled(cloud, &workspaces);
        let wrong: Vec<_> = rows
            .iter()
            .filter(|(name, row)| nodes.get(*name).copied() != row.n)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let errors: Vec<_> = session
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .collect();
        assert!(
            errors
                .iter()
                .all(|diagnostic| diagnostic.rule.id == "KR219"),
            "{errors:#?}"
        );
        assert_eq!(
            errors.len(),
            rows.values().filter(|row| row.n.is_none()).count()
        );
    }
}
