//! What a person sees of an Application: its objects, or the condition `ComparisonError`.
//!
//! The whole texts stand in `tests/fixtures/argocd/conditions.txt`, and what of them is ours in the
//! table of docs/argocd.md. `KAITO_RENDER_BLESS=1` writes both.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::argocd::{Application, SERVERS, Sent, Servers};
use crate::support::inputs::{SMALL, commit, inference_set, profile, repository, workspace};
use crate::support::program::root;

/// A document of another kind.
const TEAM: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: team}\ndata: {a: b}\n";

fn tracking_ids(objects: &[Value]) -> Vec<&str> {
    let id = "/metadata/annotations/argocd.argoproj.io~1tracking-id";
    let ids = objects.iter().map(|it| it.pointer(id).unwrap());
    let mut ids: Vec<_> = ids.map(|id| id.as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn an_application_gives_objects_in_its_namespace() {
    let repository = repository(&[
        ("models/phi-4.yaml", &workspace("phi-4", SMALL)),
        ("models/team.yaml", TEAM),
    ]);
    let objects = SERVERS
        .hold()
        .generate(&Application::new(repository.path()))
        .unwrap();
    let node = objects.iter().find(|it| it["kind"] == "NodeClaim").unwrap();
    let node = node["metadata"]["name"].as_str().unwrap();
    assert_eq!(
        tracking_ids(&objects),
        [
            "serving:/ConfigMap:team-a/team",
            "serving:/Service:team-a/phi-4",
            "serving:/Service:team-a/phi-4-headless",
            "serving:apps/StatefulSet:team-a/phi-4",
            "serving:kaito.sh/Workspace:team-a/phi-4",
            &format!("serving:karpenter.sh/NodeClaim:team-a/{node}"),
        ]
    );
}

/// The profile stands in the root of the repository, and its values are those announced.
#[test]
fn a_profile_is_found_where_git_is_left_out() {
    let profile = profile("release: \"0.12\"\nprovisioner: nodepool\n");
    let repository = repository(&[
        ("models/phi-4.yaml", &workspace("phi-4", SMALL)),
        ("kaito-render.yaml", &profile),
    ]);
    let servers = SERVERS.hold();
    for sent in [Sent::Everything, Sent::Selected] {
        let application = Application {
            sent,
            ..Application::new(repository.path())
        };
        let objects = servers.generate(&application).unwrap();
        assert!(objects.iter().any(|it| it["kind"] == "NodePool"));
        let announced = servers.parameters(&application).unwrap();
        let provisioner = announced
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["name"] == "provisioner");
        assert_eq!(provisioner.unwrap()["string"], json!("nodepool"));
    }
}

/// What stands in front of the words of a plugin that fails.
const BEFORE: &str = "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = \
                      Unknown desc = CMP processing failed for application \"serving\": error generating manifests in \
                      cmp: rpc error: code = Unknown desc = error generating manifests: `kaito-render argocd \
                      generate` failed exit status ";

/// A row of the table: a title, files beside a good Workspace, and what else is so.
type Case = (
    &'static str,
    Vec<(&'static str, String)>,
    fn(&mut Application),
);

fn usual(_: &mut Application) {}

fn parameter(application: &mut Application, name: &str, value: &str) {
    application.parameters = json!([{"name": name, "string": value}]);
}

/// One file, and the same Application as always.
fn file(path: &'static str, text: &str) -> (&'static str, String) {
    (path, text.to_owned())
}

fn good() -> (&'static str, String) {
    file("models/a.yaml", &workspace("phi-4", SMALL))
}

/// Workspaces whose preset does not exist.
fn bad(path: &'static str) -> (&'static str, String) {
    let name = path.trim_start_matches("models/").trim_end_matches(".yaml");
    let text = workspace(name, SMALL);
    file(
        path,
        &text.replace("    name: phi-4\n", "    name: phi-44\n"),
    )
}

/// Mistakes in files.
fn mistakes() -> Vec<Case> {
    let [a, b, c] = ["models/a.yaml", "models/b.yaml", "models/c.yaml"];
    let warned =
        workspace("a", SMALL).replace("  instanceType", "  preferredNodes: [x]\n  instanceType");
    let kustomization = file("models/kustomization.yaml", "resources: [a.yaml]\n");
    let broken = file("models/values.yaml", "a: [\n");
    let profile = file("kaito-render.yaml", &profile("cloud: [\n"));
    vec![
        ("a good Workspace", vec![good()], usual),
        ("a mistake in one", vec![good(), bad(b)], usual),
        (
            "a mistake in each of three",
            vec![bad(a), bad(b), bad(c)],
            usual,
        ),
        (
            "a mistake after a warning in an earlier file",
            vec![file(a, &warned), bad(b)],
            usual,
        ),
        (
            "no manifest at all",
            vec![file("models/README.md", "Nothing yet.\n")],
            usual,
        ),
        (
            "documents of other kinds only",
            vec![file("models/team.yaml", TEAM)],
            usual,
        ),
        ("a file that can't be parsed", vec![good(), broken], usual),
        ("a kustomization", vec![good(), kustomization], usual),
        (
            "a directory that does not exist",
            vec![file("other/team.yaml", TEAM)],
            usual,
        ),
        (
            "a profile that can't be parsed",
            vec![good(), profile],
            usual,
        ),
    ]
}

/// What an Application says, and what it is sent of the repository.
fn applications() -> Vec<Case> {
    let profile = profile("release: \"0.12\"\nprovisioner: nodepool\n");
    let pools = || vec![good(), file("kaito-render.yaml", &profile)];
    vec![
        ("a parameter that does not exist", vec![good()], |it| {
            parameter(it, "provisionr", "none");
        }),
        ("a wrong value of a parameter", vec![good()], |it| {
            parameter(it, "cloud", "azur");
        }),
        ("no `spec.destination.namespace`", vec![good()], |it| {
            it.namespace = "";
        }),
        (
            "a kind that the cluster does not know",
            vec![good()],
            |it| {
                it.kinds.retain(|kind| *kind != "karpenter.sh/v1/NodeClaim");
            },
        ),
        (
            "`plugin-tar-exclude: .git`, and a profile in the root",
            pools(),
            |it| it.sent = Sent::Selected,
        ),
        (
            "`manifest-generate-paths: .;/kaito-render.yaml`",
            pools(),
            |it| {
                (it.sent, it.paths) = (Sent::Selected, ".;/kaito-render.yaml");
            },
        ),
        (
            "`manifest-generate-paths: .`, and a profile in the root",
            pools(),
            |it| {
                (it.sent, it.paths) = (Sent::Selected, ".");
            },
        ),
    ]
}

/// What the servers say, objects in short, without the names of temporary directories.
fn seen(servers: &Servers, application: &Application) -> String {
    match servers.generate(application) {
        Err(condition) => servers.without_directories(&condition),
        Ok(objects) => {
            let node = objects.iter().filter_map(|it| it["kind"].as_str());
            let node = node
                .filter(|kind| kind.starts_with("Node"))
                .collect::<Vec<_>>();
            format!("{} objects, with {}", objects.len(), node.join(", "))
        }
    }
}

/// Titles with the whole texts.
fn texts() -> Vec<(&'static str, String)> {
    let servers = SERVERS.hold();
    let mut texts = Vec::new();
    for (title, files, change) in mistakes().into_iter().chain(applications()) {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        let repository = repository(&files);
        let mut application = Application::new(repository.path());
        change(&mut application);
        texts.push((title, seen(&servers, &application)));
    }
    for (title, target) in [
        ("a link to a file of the repository", "../shared/a.yaml"),
        ("a link out of the repository", "/etc/hostname"),
    ] {
        let repository = repository(&[
            ("shared/a.yaml", &workspace("a", SMALL)),
            ("models/team.yaml", TEAM),
        ]);
        symlink(target, repository.path().join("models/a.yaml")).unwrap();
        commit(repository.path());
        texts.push((title, seen(&servers, &Application::new(repository.path()))));
    }
    texts
}

/// The row of a case: the first line of what is ours, or else all that is said.
fn row(title: &str, text: &str) -> String {
    let begin = "Failed to load target state: failed to generate manifest for source 1 of 1: ";
    let text = match text.strip_prefix(BEFORE) {
        Some(ours) => ours.split_once(": ").unwrap().1,
        None => text.strip_prefix(begin).unwrap_or(text),
    };
    let line = text.lines().next().unwrap();
    format!(
        "| {title} | {} |\n",
        line.replace('`', "").replace('|', "\\|")
    )
}

#[test]
fn every_condition_is_as_documented() {
    let texts = texts();
    let [mut whole, mut rows] = [String::new(), String::new()];
    for (title, text) in &texts {
        writeln!(whole, "## {title}\n\n{text}\n").unwrap();
        rows += &row(title, text);
    }
    let header = "| what is so | what is said |\n|---|---|\n";
    let fixture = root().join("tests/fixtures/argocd/conditions.txt");
    let page = root().join("docs/argocd.md");
    let text = fs::read_to_string(&page).unwrap();
    let start = text.find(header).unwrap() + header.len();
    let end = start
        + text[start..]
            .find("\n\n")
            .map_or(text.len() - start, |it| it + 1);
    if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
        fs::create_dir_all(fixture.parent().unwrap()).unwrap();
        fs::write(&fixture, &whole).unwrap();
        fs::write(&page, [&text[..start], &rows, &text[end..]].concat()).unwrap();
        return;
    }
    assert_eq!(whole, fs::read_to_string(fixture).unwrap());
    assert_eq!(rows, text[start..end]);
    let first = texts
        .iter()
        .filter_map(|(_, text)| text.strip_prefix(BEFORE));
    let line = |ours: &str| ours.lines().next().unwrap().chars().count() - "1: ".len();
    let first: Vec<_> = first.map(line).collect();
    assert!(
        first.len() >= 10 && first.iter().all(|it| *it <= 200),
        "{first:?}"
    );
    assert!(text.contains(BEFORE), "{BEFORE}");
}

fn application(repository: &Path, seconds: u64) -> Application<'_> {
    Application {
        seconds,
        ..Application::new(repository)
    }
}

/// Of a thousand Workspaces, too.
#[test]
fn after_a_deadline_the_next_try_is_right() {
    let repository = repository(&[("models/set.yaml", &inference_set(1000))]);
    let servers = SERVERS.hold();
    let late = servers
        .generate(&application(repository.path(), 1))
        .unwrap_err();
    // Who looks at the clock first: one of the servers, or the plugin's that ends it.
    let is_said = late.contains("rpc error: code = DeadlineExceeded desc = ")
        || late.contains("`kaito-render argocd generate` failed signal: ");
    assert!(is_said && late.len() < 400, "{late}");
    let objects = servers
        .generate(&application(repository.path(), 300))
        .unwrap();
    has_a_size(&objects, 1000);
}

/// The page says how many bytes a Workspace takes, of the 100 MB that Argo CD allows.
fn has_a_size(objects: &[Value], workspaces: usize) {
    assert_eq!(objects.len(), 5 * workspaces);
    let bytes: usize = objects.iter().map(|it| it.to_string().len()).sum();
    let each = bytes / workspaces;
    assert!((5_000..6_000).contains(&each), "{each}");
}

#[test]
#[ignore = "takes minutes: for docs/argocd.md"]
fn ten_thousand_workspaces_are_one_message() {
    // No set has more than 5,000 replicas.
    let set = inference_set(5000);
    let other = set.replace(": set", ": other");
    let repository = repository(&[("models/a.yaml", &set), ("models/b.yaml", &other)]);
    let start = std::time::Instant::now();
    let objects = SERVERS
        .hold()
        .generate(&application(repository.path(), 1800))
        .unwrap();
    println!("{:?}", start.elapsed());
    has_a_size(&objects, 10_000);
}

/// The others have values of their own in tests/it/cli/argocd.rs.
#[test]
fn parameters_reach_the_plugin() {
    let repository = repository(&[("models/a.yaml", &workspace("a", SMALL))]);
    let servers = SERVERS.hold();
    let kinds = |parameters: Value| {
        let application = Application {
            parameters,
            ..Application::new(repository.path())
        };
        let objects = servers.generate(&application).unwrap();
        let mut kinds: Vec<_> = objects
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort_unstable();
        kinds
    };
    let only = json!([{"name": "only", "array": ["Service", "StatefulSet"]}]);
    assert_eq!(kinds(only), ["Service", "Service", "StatefulSet"]);
    let several = json!([
        {"name": "exclude", "array": ["Service", "Workspace"]},
        {"name": "provisioner", "string": "nodepool"},
        {"name": "registry", "string": "r.example.com/k"},
        {"name": "release", "string": "0.12"},
        {"name": "cloud", "string": "azure"},
    ]);
    assert_eq!(kinds(several), ["NodePool", "StatefulSet"]);

    let overlay = "apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nname: debug\nselect: named\n\
                   metadata: {labels: {debug: \"1\"}, to: [workload]}\n";
    fs::write(repository.path().join("models/overlay.yaml"), overlay).unwrap();
    commit(repository.path());
    let application = Application {
        parameters: json!([{"name": "overlays", "array": ["debug"]}]),
        ..Application::new(repository.path())
    };
    let objects = servers.generate(&application).unwrap();
    let mut labelled = objects
        .iter()
        .filter(|it| it["metadata"]["labels"]["debug"] == "1");
    assert_eq!(labelled.next().unwrap()["kind"], "StatefulSet");
    assert!(objects.iter().all(|it| it["kind"] != "Overlay"));
}
