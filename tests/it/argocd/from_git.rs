//! From a Git repository to Synced and Healthy, with the files of `deploy/argocd/` as a person
//! copies them, and the controllers of Argo CD. The test plays the provisioner, KWOK the kubelets.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::delivery::deploy_argocd::lay_out;
use crate::delivery::kubectl::{Shell, documented_in};
use crate::support::argocd::Home;
use crate::support::cluster::{Cluster, Kubectl, items, ports, tether};
use crate::support::flavour::Flavour;
use crate::support::inputs::{self, SMALL, commit, workspace};
use crate::support::provisioner::Provisioner;
use crate::support::tools::tool;

/// Where the files of `deploy/argocd/` have the repository.
const PLACEHOLDER: &str = "https://git.example.com/models.git";

/// A cluster with Argo CD and the plugin, and a repository.
struct Scene {
    provisioner: Option<Provisioner>,
    cluster: Cluster,
    shell: Shell,
    home: Home,
    repository: TempDir,
    url: String,
}

impl Scene {
    fn new(files: &[(&str, &str)]) -> Self {
        let mut cluster = Cluster::of_actors();
        for crds in Flavour::Azure.crds() {
            cluster.apply_crds(&crds);
        }
        let shell = Shell::new(Some(cluster.admin()));
        lay_out(shell.directory.path());
        shell.succeed("kubectl create namespace argocd");
        shell.succeed(&documented_in("argocd", "-k ."));
        let mut scene = Self {
            provisioner: None,
            cluster,
            shell,
            home: Home::new(),
            repository: inputs::repository(files),
            url: String::new(),
        };
        scene.serve_repository();
        scene.start_argo_cd();
        scene
    }

    /// Serves the repository as a Git server does, over HTTP.
    fn serve_repository(&mut self) {
        let web = self.home.path("web");
        fs::create_dir(&web).unwrap();
        symlink(self.repository.path().join(".git"), web.join("models.git")).unwrap();
        let [port] = ports();
        let address = format!("127.0.0.1:{port}");
        let mut server = tether(tool("flux/flux-test").get_program());
        server.arg("git").arg(&web).arg(&address);
        self.start("git", server, port);
        self.url = format!("http://{address}/models.git");
    }

    fn start_argo_cd(&mut self) {
        let objects = self.json(&["get", "configmaps", "--namespace=argocd"]);
        let is_plugin = |map: &&Value| {
            let name = map["metadata"]["name"].as_str().unwrap();
            name.starts_with("kaito-render-plugin-")
        };
        let plugin = items(&objects).iter().find(is_plugin).unwrap();
        let text = plugin["data"]["plugin.yaml"].as_str().unwrap();
        let (server, socket) = self.home.plugin(text);
        self.cluster.start("cmp-server", server);
        self.cluster.wait("the plugin serves", |_| socket.exists());

        let [repository, others, probes, webhook, more] = ports();
        let local = |port: u16| format!("127.0.0.1:{port}");
        let server = self.home.repo_server(repository);
        self.start("repo-server", server, repository);

        let mut controller = self.program("argocd-application-controller");
        controller.args(["--repo-server", &local(repository)]);
        controller.arg(format!("--metrics-port={others}"));
        self.start("application-controller", controller, others);

        let mut sets = self.program("argocd-applicationset-controller");
        sets.args(["--repo-server-plaintext"]);
        sets.args(["--argocd-repo-server", &local(repository)]);
        sets.args([
            "--metrics-addr",
            &local(more),
            "--probe-addr",
            &local(probes),
        ]);
        sets.args(["--webhook-addr", &local(webhook)]);
        self.start("applicationset-controller", sets, probes);

        let [port] = ports();
        let mut status = tether(env!("CARGO_BIN_EXE_kaito-render-controller"));
        status.arg(format!("--listen={}", local(port)));
        self.admin().equip(&mut status);
        self.start("kaito-render-controller", status, port);
    }

    /// One of the controllers, in the cluster.
    fn program(&self, name: &str) -> Command {
        let mut command = self.home.program(name);
        command.arg("--namespace=argocd");
        // The cluster that Applications call https://kubernetes.default.svc is that of kubectl.
        command.env("ARGOCD_FAKE_IN_CLUSTER", "true");
        self.admin().equip(&mut command);
        command
    }

    /// Starts a program, and waits until it listens.
    fn start(&mut self, name: &str, command: Command, port: u16) {
        self.cluster.start(name, command);
        self.cluster.wait(&format!("{name} listens"), |_| {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }

    fn admin(&self) -> Kubectl {
        self.cluster.admin()
    }

    fn json(&self, args: &[&str]) -> Value {
        self.cluster.json(args)
    }

    /// Sets the repository in a file of `deploy/argocd/`, as the page says, and applies it.
    fn apply(&self, file: &str) {
        let path = self.shell.directory.path().join("deploy/argocd").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(PLACEHOLDER), "{file}");
        fs::write(&path, text.replace(PLACEHOLDER, &self.url)).unwrap();
        self.shell
            .succeed(&format!("kubectl apply -f deploy/argocd/{file}"));
    }

    /// Writes a file of the repository, commits it, and has Argo CD look at once.
    fn push(&self, file: &str, text: &str, application: &str) {
        inputs::write(&self.repository.path().join(file), text);
        commit(self.repository.path());
        self.shell.succeed(&format!(
            "kubectl annotate application {application} --namespace argocd \
             argocd.argoproj.io/refresh=normal --overwrite"
        ));
    }

    /// Waits until an Application is so.
    fn is(&mut self, application: &str, sync: &str, health: &str) {
        let what = format!("{application} is {sync} and {health}");
        let wanted = [sync, health].map(str::to_owned);
        self.cluster.wait_for(&what, &wanted, |cluster| {
            let status = state(cluster, application);
            [&status["sync"], &status["health"]]
                .map(|part| part["status"].as_str().unwrap_or_default().to_owned())
        });
    }
}

/// The status of an Application; null before it is there.
fn state(cluster: &Cluster, application: &str) -> Value {
    let all = cluster.json(&["get", "applications", "--namespace=argocd"]);
    let is_it = |found: &&Value| found["metadata"]["name"] == application;
    let found = items(&all).iter().find(is_it);
    found.map_or(Value::Null, |found| found["status"].clone())
}

/// What tells an object from the one that comes after it.
fn identity(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

const TEAM: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-the-team}\ndata: {a: b}\n";

#[test]
fn a_commit_becomes_a_model_that_serves() {
    let mut scene = Scene::new(&[
        ("teams/team-a/phi-4.yaml", &workspace("phi-4", SMALL)),
        ("teams/team-a/team.yaml", TEAM),
        ("teams/team-b/phi-4.yaml", &workspace("other", SMALL)),
    ]);
    scene.apply("project.yaml");
    scene.apply("application.yaml");
    // All is applied, in a namespace that was not there, and there is no node yet.
    scene.is("team-a", "Synced", "Progressing");
    let look = documented_in("argocd", "kubectl get applications");
    let shown = scene.shell.succeed(&look);
    let words: Vec<_> = shown.split_whitespace().collect();
    assert!(
        words.ends_with(&["team-a", "Synced", "Progressing"]),
        "{shown}"
    );
    for name in [
        "workspace/phi-4",
        "statefulset/phi-4",
        "configmap/of-the-team",
    ] {
        scene.json(&["get", name, "--namespace=team-a"]);
    }
    scene.provisioner = Some(Provisioner::start(scene.admin()));
    scene.is("team-a", "Synced", "Healthy");

    what_others_change_comes_back(&mut scene);
    a_mistake_is_told_and_changes_nothing(&mut scene);
    the_project_allows_nothing_else(&mut scene);

    // The same for every directory.
    let delete = "kubectl delete application team-a --namespace argocd";
    scene.shell.succeed(delete);
    scene.apply("application-set.yaml");
    for team in ["team-a", "team-b"] {
        scene.is(team, "Synced", "Healthy");
    }
    let claims = scene.json(&["get", "nodeclaims"]);
    assert_eq!(items(&claims).len(), 2);
}

fn what_others_change_comes_back(scene: &mut Scene) {
    let before = identity(&items(&scene.json(&["get", "nodeclaims"]))[0]);
    for line in [
        "kubectl scale statefulset phi-4 --namespace team-a --replicas 0",
        "kubectl delete nodeclaims --all --wait=false",
    ] {
        scene.shell.succeed(line);
    }
    scene.cluster.wait("both are as they were", |cluster| {
        let claims = cluster.json(&["get", "nodeclaims"]);
        let set = cluster.json(&["get", "statefulset", "phi-4", "--namespace=team-a"]);
        let is_new = |claim: &Value| identity(claim) != before;
        items(&claims).iter().any(is_new) && set["spec"]["replicas"] == 1
    });
    scene.is("team-a", "Synced", "Healthy");
}

fn a_mistake_is_told_and_changes_nothing(scene: &mut Scene) {
    const FILE: &str = "teams/team-a/phi-4.yaml";
    let right = workspace("phi-4", SMALL);
    let wrong = right.replace("    name: phi-4\n", "    name: phi-44\n");
    scene.push(FILE, &wrong, "team-a");
    let told = format!("{FILE}:11:11: error[KR203]: release 0.12 has no preset phi-44");
    scene.cluster.wait("the condition tells it", |cluster| {
        let status = state(cluster, "team-a");
        let conditions = status["conditions"].as_array().into_iter().flatten();
        conditions
            .filter(|condition| condition["type"] == "ComparisonError")
            .any(|condition| condition["message"].as_str().unwrap().contains(&told))
    });
    scene.json(&["get", "statefulset", "phi-4", "--namespace=team-a"]);
    scene.push(FILE, &right, "team-a");
    scene.is("team-a", "Synced", "Healthy");
}

fn the_project_allows_nothing_else(scene: &mut Scene) {
    const FILE: &str = "teams/team-a/more.yaml";
    let role =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: more}\n";
    scene.push(FILE, role, "team-a");
    let told = "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project models";
    scene.cluster.wait("the sync is refused", |cluster| {
        state(cluster, "team-a").to_string().contains(told)
    });
    scene.push(FILE, TEAM.replace("of-the-team", "more").as_str(), "team-a");
    scene.is("team-a", "Synced", "Healthy");
    let roles = scene.json(&["get", "clusterroles"]);
    let is_it = |role: &Value| role["metadata"]["name"] == "more";
    assert!(!items(&roles).iter().any(is_it));
}
