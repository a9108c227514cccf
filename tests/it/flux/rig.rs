//! A cluster with Flux: source-controller and kustomize-controller, and the repositories and the
//! registry that they read. All of them listen on this machine alone.

use std::cell::Cell;
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cluster::{Cluster, Kubectl, PATIENCE, ports, tether};
use crate::support::container::Registry;
use crate::support::flavour::Flavour;
use crate::support::inputs::{self, commit, git};
use crate::support::program::{kaito_render, root, run};
use crate::support::shared::{Held, Shared};
use crate::support::tools::{self, succeed, tool};

static RIG: Shared<Rig> = Shared::new(Rig::new);

/// The namespace in which the status controller looks at Workspaces, and in no other.
pub(super) const WATCHED: &str = "watched";

/// What all tests share.
pub(super) struct Rig {
    pub(super) cluster: Cluster,
    repositories: TempDir,
    git: u16,
    pub(super) registry: Registry,
}

impl Rig {
    fn new() -> Self {
        let mut cluster = Cluster::of_actors();
        let crds = tools::directory().join("crds");
        for directory in Flavour::Azure.crds() {
            cluster.apply_crds(&directory);
        }
        for directory in ["machine", "flux-kustomize", "flux-source"] {
            cluster.apply_crds(&crds.join(directory));
        }
        for name in ["flux-system", WATCHED] {
            succeed(&mut cluster.kubectl(&["create", "namespace", name]));
        }
        let repositories = tempfile::tempdir().unwrap();
        let [git] = ports();
        let mut rig = Self {
            cluster,
            repositories,
            git,
            registry: Registry::serve(),
        };
        rig.serve_repositories();
        rig.start_controllers();
        rig
    }

    fn serve_repositories(&mut self) {
        let address = format!("127.0.0.1:{}", self.git);
        let mut git = program("flux-test");
        git.arg("git").arg(self.repositories.path()).arg(&address);
        self.cluster.start("git", git);
        self.cluster
            .wait(&address, |_| TcpStream::connect(&address).is_ok());
    }

    fn start_controllers(&mut self) {
        let [storage, first, second, third] = ports().map(|port: u16| format!("127.0.0.1:{port}"));
        let path = self.cluster.path("artifacts");
        fs::create_dir(&path).unwrap();
        for (name, health) in [
            ("source-controller", &first),
            ("kustomize-controller", &second),
        ] {
            let mut controller = program(name);
            controller
                .env("KUBECONFIG", self.cluster.path("kubeconfig"))
                .env("RUNTIME_NAMESPACE", "flux-system")
                .args(["--metrics-addr=0", "--health-addr", health])
                .args(["--enable-leader-election=false", "--log-encoding=json"])
                .args(["--kube-api-qps=200", "--kube-api-burst=400"]);
            if name == "source-controller" {
                controller.args(["--storage-path", &path, "--storage-addr", &storage]);
                controller.args(["--storage-adv-addr", &storage]);
            }
            self.cluster.start(name, controller);
        }
        let mut status = tether(env!("CARGO_BIN_EXE_kaito-render-controller"));
        status.env("KUBECONFIG", self.cluster.path("kubeconfig"));
        status.args(["--namespace", WATCHED, "--listen", &third]);
        self.cluster.start("kaito-render-controller", status);
        for address in [&storage, &second, &third] {
            self.cluster
                .wait(address, |_| TcpStream::connect(address).is_ok());
        }
    }
}

/// One of the programs that are built together.
pub(super) fn program(name: &str) -> Command {
    tether(tool(&format!("flux/{name}")).get_program())
}

/// What a test has for itself: a repository, a namespace, and the objects of Flux that apply the one in
/// the other.
pub(super) struct Scene {
    pub(super) rig: Held<Rig>,
    pub(super) admin: Kubectl,
    pub(super) name: &'static str,
    /// The working tree.
    pub(super) repository: PathBuf,
    requests: Cell<u32>,
}

/// A condition, as a person sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Scene {
    /// In a namespace that has the name of the scene.
    pub(super) fn new(name: &'static str) -> Self {
        let rig = RIG.hold();
        let admin = rig.cluster.admin();
        if name != WATCHED {
            succeed(&mut admin.command(&["create", "namespace", name]));
        }
        let repository = rig.repositories.path().join(name);
        fs::create_dir(&repository).unwrap();
        git(&repository, &["init", "--quiet"]);
        Self {
            rig,
            admin,
            name,
            repository,
            requests: Cell::new(0),
        }
    }

    /// A file of deploy/flux as a person would copy it, with names of this scene.
    pub(super) fn copied(&self, file: &str) -> Value {
        let text = fs::read_to_string(root().join("deploy/flux").join(file)).unwrap();
        let mut object: Value = serde_yaml::from_str(&text).unwrap();
        object["metadata"]["name"] = json!(self.name);
        if object["kind"] == "Kustomization" {
            object["spec"]["sourceRef"]["name"] = json!(self.name);
        }
        object
    }

    /// Has Flux apply a directory of the repository, as one of the files of deploy/flux says.
    pub(super) fn sync(&self, file: &str, path: &str, spec: &Value) {
        let mut source = self.copied("git-repository.yaml");
        source["spec"]["url"] = json!(format!("http://127.0.0.1:{}/{}", self.rig.git, self.name));
        let mut sync = self.copied(file);
        sync["spec"]["sourceRef"]["kind"] = json!("GitRepository");
        sync["spec"]["path"] = json!(path);
        json_patch::merge(&mut sync, &json!({"spec": spec}));
        self.apply(&[source, sync]);
    }

    pub(super) fn apply(&self, objects: &[Value]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.admin.apply(&list.to_string());
    }

    /// Writes a file into the working tree.
    pub(super) fn write(&self, path: &str, text: &str) {
        inputs::write(&self.repository.join(path), text);
    }

    /// Renders the directory `models` as the documentation says.
    pub(super) fn render(&self) {
        let args = ["render", "models/", "--layout", "flux", "-o", "rendered/"];
        let mut command = kaito_render(&args);
        command.args(["--delivery", "flux", "--namespace", self.name]);
        let run = run(command.current_dir(&self.repository), "");
        assert_eq!(run.code, 0, "{}", run.stderr);
    }

    /// Commits what is in the working tree, and has Flux fetch it. It gives the commit.
    pub(super) fn push(&self) -> String {
        commit(&self.repository);
        let head = git(&self.repository, &["rev-parse", "HEAD"]);
        self.request("gitrepository");
        self.until("the commit is fetched", || {
            let source = self.flux("gitrepository");
            let revision = source["status"]["artifact"]["revision"].as_str();
            revision.is_some_and(|it| it.ends_with(&head)).then_some(())
        });
        head
    }

    /// Waits until a commit is applied, or refused.
    pub(super) fn settled(&self, head: &str) -> Outcome {
        self.until("the commit is applied, or refused", || {
            let sync = self.flux("kustomization");
            let revision = sync["status"]["lastAttemptedRevision"].as_str();
            let is_it = revision.is_some_and(|it| it.ends_with(head));
            let outcome = ready(&sync);
            (is_it && outcome.status != "Unknown").then_some(outcome)
        })
    }

    /// Waits until Flux has applied a commit and looks at the health of its objects, and says for which.
    pub(super) fn waits(&self, head: &str) {
        let running = format!("Running health checks for revision main@sha1:{head} ");
        self.until("the health is looked at", || {
            let sync = self.flux("kustomization");
            let message = condition(&sync, "Reconciling").message;
            message.starts_with(&running).then_some(())
        });
    }

    /// Has Flux apply again what it has fetched, and waits until that has ended.
    pub(super) fn reconcile(&self) -> Outcome {
        let request = self.request("kustomization");
        self.until("it is applied again", || {
            let sync = self.flux("kustomization");
            let is_handled = sync["status"]["lastHandledReconcileAt"] == *request;
            let outcome = ready(&sync);
            (is_handled && outcome.status != "Unknown").then_some(outcome)
        })
    }

    /// Asks for one of the objects of Flux to be looked at, and says by which name that goes.
    pub(super) fn request(&self, kind: &str) -> String {
        self.requests.set(self.requests.get() + 1);
        let request = self.requests.get().to_string();
        let annotation = format!("reconcile.fluxcd.io/requestedAt={request}");
        let args = ["annotate", kind, self.name, "--overwrite", &annotation];
        succeed(
            self.admin
                .command(&args)
                .args(["--namespace", "flux-system"]),
        );
        request
    }

    /// One of the objects of Flux.
    pub(super) fn flux(&self, kind: &str) -> Value {
        self.admin
            .json(&["get", kind, self.name, "--namespace", "flux-system"])
    }

    /// The objects of some kinds in the namespace of the scene.
    pub(super) fn get(&self, kinds: &str) -> Vec<Value> {
        let found = self.admin.json(&["get", kinds, "--namespace", self.name]);
        found["items"].as_array().unwrap().clone()
    }

    /// The kinds and names of objects that this scene made, without those that their controllers made.
    pub(super) fn names(&self, kinds: &str) -> Vec<String> {
        let mut names: Vec<_> = self
            .get(kinds)
            .iter()
            .filter(|it| it["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] == self.name)
            .map(title)
            .collect();
        names.sort();
        names
    }

    /// The NodeClaims for the Workspaces of the namespace.
    pub(super) fn claims(&self) -> Vec<Value> {
        let selector = format!("kaito.sh/workspacenamespace={}", self.name);
        let found = self.admin.json(&["get", "nodeclaim", "-l", &selector]);
        found["items"].as_array().unwrap().clone()
    }

    /// Waits until there is something.
    pub(super) fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "after {PATIENCE:?} it still does not hold that {what}: {:#}\n{:#}",
                self.flux("gitrepository,ocirepository"),
                self.flux("kustomization")["status"],
            );
            sleep(Duration::from_millis(100));
        }
    }

    /// What kustomize-controller did to each object since it began, by the lines of its log.
    pub(super) fn actions(&self) -> Vec<Value> {
        let log = self.rig.cluster.log("kustomize-controller");
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let of_scene = lines.filter(|line: &Value| {
            line["msg"] == "server-side apply completed"
                && line["Kustomization"]["name"] == self.name
        });
        of_scene.map(|line| line["output"].clone()).collect()
    }
}

/// The condition `Ready` of an object of Flux.
pub(super) fn ready(object: &Value) -> Outcome {
    condition(object, "Ready")
}

fn condition(object: &Value, kind: &str) -> Outcome {
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    let found = conditions.find(|condition| condition["type"] == kind);
    let text = |field| {
        let value = found.and_then(|it| it[field].as_str());
        value.unwrap_or("Unknown").to_owned()
    };
    Outcome {
        status: text("status"),
        reason: text("reason"),
        message: text("message"),
    }
}

/// The arguments that render all examples of a release for Flux.
pub(super) fn examples(release: &'static str) -> Vec<&'static str> {
    let directories = match release {
        "0.3" => &["examples/inference", "examples/fine-tuning"][..],
        _ => &["examples/v1beta1"],
    };
    let args = ["render", "--delivery", "flux", "--release", release];
    [&args, directories].concat()
}

/// The kind and the name of an object.
pub(super) fn title(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    format!(
        "{}/{}",
        text(&object["kind"]),
        text(&object["metadata"]["name"])
    )
}

/// What a program of the tools answers to a text, as JSON.
pub(super) fn answer(args: &[&str], stdin: &str) -> Vec<Value> {
    let run = run(program("flux-test").args(args), stdin);
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}
