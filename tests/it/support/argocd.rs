//! Argo CD's own programs, with kaito-render as their plugin, and clients that ask what its
//! controller asks.
//!
//! `tests/tools.sh` builds all of them out of `tools/argocd`. They listen on this machine only.

use std::fs::{self, File, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cluster::{PATIENCE, ports, tether};
use crate::support::inputs::git;
use crate::support::program::{root, run};
use crate::support::shared::Shared;
use crate::support::tools::tool;

/// The servers, for all tests that need no others.
pub(crate) static SERVERS: Shared<Servers> = Shared::new(Servers::start);

/// Where programs of Argo CD find one another, and what else they need of its image.
pub(crate) struct Home(TempDir);

/// A cmp-server with the plugin of `deploy/argocd/plugin.yaml`, and repo-servers that ask it.
pub(crate) struct Servers {
    home: Home,
    programs: Vec<Child>,
    addresses: [String; 2],
}

/// Which part of a repository a repo-server sends to the plugin.
#[derive(Clone, Copy)]
pub(crate) enum Sent {
    /// All of it, as it does by default.
    Everything,
    /// No `.git`, and only what the annotation `manifest-generate-paths` names, if there is one.
    Selected,
}

impl Home {
    pub(crate) fn new() -> Self {
        // The path of a socket may have no more than 107 bytes.
        let directory = tempfile::Builder::new().prefix("argocd-").tempdir();
        let home = Self(directory.unwrap());
        fs::create_dir(home.path("plugins")).unwrap();
        // A script of Argo CD's image, which a repo-server runs for each commit; none is signed.
        let script = home.path("git-verify-wrapper.sh");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        fs::set_permissions(script, Permissions::from_mode(0o755)).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A cmp-server with a plugin, which is up when there is this socket.
    pub(crate) fn plugin(&self, plugin: &str) -> (Command, PathBuf) {
        let config = tempfile::tempdir_in(self.0.path()).unwrap().keep();
        fs::write(config.join("plugin.yaml"), plugin).unwrap();
        let mut server = self.program("argocd-cmp-server");
        server.arg("--config-dir-path").arg(config);
        let plugin: Value = serde_yaml::from_str(plugin).unwrap();
        let name = plugin["metadata"]["name"].as_str().unwrap();
        (server, self.path(&format!("plugins/{name}.sock")))
    }

    /// A repo-server at a port, which asks the plugins.
    pub(crate) fn repo_server(&self, port: u16) -> Command {
        let [metrics] = ports();
        let mut server = self.program("argocd-repo-server");
        server.args([
            "--address=127.0.0.1",
            "--metrics-address=127.0.0.1",
            "--disable-tls",
            "--client-ca-path=",
        ]);
        server.args([
            format!("--port={port}"),
            format!("--metrics-port={metrics}"),
        ]);
        server
    }

    /// One of the programs, with a directory of its own, and kaito-render on its path.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = tether(tool("bin/argocd").get_program());
        let temporary = tempfile::tempdir_in(self.0.path()).unwrap().keep();
        let ours = Path::new(env!("CARGO_BIN_EXE_kaito-render"));
        let path = [self.0.path(), ours.parent().unwrap()].map(Path::to_owned);
        let others = std::env::var_os("PATH").unwrap();
        let path = path.into_iter().chain(std::env::split_paths(&others));
        command.arg(name).env("TMPDIR", temporary);
        command.env("PATH", std::env::join_paths(path).unwrap());
        command.env("ARGOCD_PLUGINSOCKFILEPATH", self.path("plugins"));
        command.env("ARGOCD_GPG_ENABLED", "false");
        command
    }
}

impl Servers {
    fn start() -> Self {
        Self::with(&["plugin.yaml"])
    }

    /// With plugins of `deploy/argocd/`.
    pub(crate) fn with(plugins: &[&str]) -> Self {
        let home = Home::new();
        let kustomize = tool("bin/kustomize");
        symlink(kustomize.get_program(), home.path("kustomize")).unwrap();
        let plugins = plugins.iter().map(|plugin| {
            let path = root().join("deploy/argocd").join(plugin);
            home.plugin(&fs::read_to_string(path).unwrap())
        });
        Self::around(plugins.collect(), home)
    }

    /// With cmp-servers, each of which is up when there is its socket.
    pub(crate) fn around(plugins: Vec<(Command, PathBuf)>, home: Home) -> Self {
        let mut servers = Self {
            home,
            programs: Vec::new(),
            addresses: Default::default(),
        };
        for (number, (server, socket)) in plugins.into_iter().enumerate() {
            let name = format!("cmp-server-{number}");
            servers.spawn(&name, server);
            servers.wait(&name, || socket.exists());
        }
        let selected = [
            "--plugin-tar-exclude=.git",
            "--plugin-use-manifest-generate-paths",
        ];
        servers.addresses = [
            servers.start_repo_server("everything", &[]),
            servers.start_repo_server("selected", &selected),
        ];
        servers
    }

    /// Starts a repo-server, and gives its address.
    fn start_repo_server(&mut self, name: &str, args: &[&str]) -> String {
        let [port] = ports();
        let mut server = self.home.repo_server(port);
        server.args(args);
        self.spawn(name, server);
        let address = format!("127.0.0.1:{port}");
        self.wait(name, || TcpStream::connect(&address).is_ok());
        address
    }

    fn spawn(&mut self, name: &str, mut command: Command) {
        let log = File::create(self.home.path(&format!("{name}.log"))).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.programs.push(command.spawn().unwrap());
    }

    /// Waits until the program that was started last can be asked.
    fn wait(&mut self, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            let ended = self.programs.last_mut().unwrap().try_wait().unwrap();
            let log = || fs::read_to_string(self.home.path(&format!("{what}.log"))).unwrap();
            assert!(ended.is_none(), "{what} has ended: {}", log());
            assert!(
                start.elapsed() < PATIENCE,
                "{what} does not start: {}",
                log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The objects of an Application, or the message that a person sees instead.
    pub(crate) fn generate(&self, application: &Application) -> Result<Vec<Value>, String> {
        let request = json!({
            "repo": {"repo": application.url()},
            "revision": application.revision,
            // Commits of one second and the same files have one name.
            "noCache": true,
            "appName": "serving",
            "namespace": application.namespace,
            "projectName": "default",
            "applicationSource": application.source(),
            "kubeVersion": "1.37.2",
            "apiVersions": application.kinds,
            "trackingMethod": "annotation",
            "appLabelKey": "app.kubernetes.io/instance",
            "projectSourceRepos": ["*"],
            "annotationManifestGeneratePaths": application.paths,
        });
        let answer = self.ask("generate", application, &request)?;
        let Value::Array(objects) = answer else {
            panic!("{answer}");
        };
        Ok(objects)
    }

    /// A text in which the directories of the plugin have no names of their own.
    pub(crate) fn without_directories(&self, text: &str) -> String {
        let begin = self.home.0.path().to_str().unwrap();
        let mut out = String::new();
        for (place, part) in text.split(begin).enumerate() {
            if place == 0 {
                out += part;
                continue;
            }
            // Up to the copy of the repository.
            let copy = part.split_once("_cmp_server/").unwrap().1;
            out += "DIRECTORY";
            out += copy.get(36..).unwrap();
        }
        out
    }

    /// The parameters that the plugin announces for an Application.
    pub(crate) fn parameters(&self, application: &Application) -> Result<Value, String> {
        let request = json!({
            "repo": {"repo": application.url()},
            "source": application.source(),
            "appName": "serving",
        });
        self.ask("parameters", application, &request)
    }

    fn ask(&self, question: &str, of: &Application, request: &Value) -> Result<Value, String> {
        let server = &self.addresses[of.sent as usize];
        let text = json!({"Server": server, "Seconds": of.seconds, "Request": request});
        ask(&mut client(question), &text)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for program in &mut self.programs {
            // One that has ended by itself is as good.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// One of the clients.
pub(crate) fn client(name: &str) -> Command {
    let mut command = tool("bin/argocd");
    command.arg(name);
    command
}

/// The answer of a client, or what it says instead.
pub(crate) fn ask(client: &mut Command, question: &Value) -> Result<Value, String> {
    let run = run(client, &question.to_string());
    if run.code == 0 {
        return Ok(serde_json::from_str(&run.stdout).unwrap());
    }
    assert_eq!(run.code, 1, "{}; run tests/tools.sh", run.stderr);
    Err(run.stderr)
}

/// What Argo CD knows of an Application when it asks for its objects.
pub(crate) struct Application<'a> {
    pub(crate) repository: &'a Path,
    pub(crate) revision: String,
    pub(crate) namespace: &'a str,
    /// What the cluster knows.
    pub(crate) kinds: Vec<&'a str>,
    /// The annotation `argocd.argoproj.io/manifest-generate-paths`.
    pub(crate) paths: &'a str,
    /// The plugin that it names, if it does.
    pub(crate) plugin: Option<&'a str>,
    pub(crate) parameters: Value,
    pub(crate) sent: Sent,
    pub(crate) seconds: u64,
}

impl<'a> Application<'a> {
    /// That of the directory `models` of a repository, as it is committed.
    pub(crate) fn new(repository: &'a Path) -> Self {
        Self {
            repository,
            revision: git(repository, &["rev-parse", "HEAD"]),
            namespace: "team-a",
            kinds: vec![
                "v1/ConfigMap",
                "v1/Service",
                "apps/v1/StatefulSet",
                "batch/v1/Job",
                "karpenter.sh/v1/NodeClaim",
                "karpenter.sh/v1/NodePool",
                "kaito.sh/v1beta1/Workspace",
            ],
            paths: "",
            plugin: Some("kaito-render"),
            parameters: json!([]),
            sent: Sent::Everything,
            seconds: PATIENCE.as_secs(),
        }
    }

    fn url(&self) -> String {
        format!("file://{}", self.repository.display())
    }

    fn source(&self) -> Value {
        json!({
            "repoURL": self.url(),
            "path": "models",
            "targetRevision": self.revision,
            "plugin": self
                .plugin
                .map(|name| json!({"name": name, "parameters": self.parameters})),
        })
    }
}
