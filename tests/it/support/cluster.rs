//! A cluster of real programs: etcd and the API server, and if a test needs somebody to act on
//! objects, Kubernetes' own controllers and scheduler, with KWOK in the place of kubelets.
//! Containers never run.
//!
//! `tests/tools.sh` builds the programs out of `tools/control-plane`. All of them listen on this machine
//! alone, and end with the [`Cluster`] that started them.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::golden::documents;
use crate::support::program::run;
use crate::support::tools::{directory, succeed, tool};

/// How long anything may take to happen on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// With this annotation, whatever its value, a pod stays as it is: KWOK leaves it alone until it is
/// to be deleted.
pub(crate) const HELD: &str = "test/held";

/// kubectl, as somebody.
#[derive(Clone)]
pub(crate) struct Kubectl {
    kubeconfig: String,
    cache: String,
}

impl Kubectl {
    /// A command of its.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut kubectl = kube("kubectl");
        kubectl.args(args);
        self.equip(&mut kubectl);
        kubectl
    }

    /// Has a program find the cluster as kubectl does.
    pub(crate) fn equip(&self, command: &mut Command) {
        command
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", &self.cache);
    }

    /// What a command, which has to succeed, prints with `-o json`.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = succeed(self.command(args).args(["-o", "json"]));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Applies objects, which has to succeed without a word.
    pub(crate) fn apply(&self, objects: &str) {
        let run = run(
            &mut self.command(&["apply", "--server-side", "-f", "-"]),
            objects,
        );
        assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
    }

    /// Writes into the status of an object what its controller would.
    pub(crate) fn patch_status(&self, object: &[&str], status: &Value) {
        let patch = json!({"status": status}).to_string();
        let args = ["--subresource=status", "--type=merge", "--patch", &patch];
        succeed(self.command(&["patch"]).args(object).args(args));
    }
}

/// What a test holds while its cluster is to run.
pub(crate) struct Cluster {
    /// Logs, keys and data. It stays, without the data, if the test fails.
    directory: Option<TempDir>,
    programs: Vec<(String, Child)>,
    /// Where etcd listens, and the port of the API server.
    addresses: (String, u16),
}

impl Cluster {
    /// A cluster that stores what it accepts, and in which nobody acts on it.
    pub(crate) fn of_storage() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("cluster-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        let [clients, peers, server] = ports();
        let [clients, peers] = [clients, peers].map(|port| format!("http://127.0.0.1:{port}"));
        let addresses = (clients.clone(), server);
        let mut cluster = Self {
            directory: Some(directory),
            programs: Vec::new(),
            addresses,
        };
        cluster.start_etcd(&clients, &peers);
        cluster.introduce(server);
        cluster.start_server(&[]);
        cluster
    }

    /// A cluster with controllers, a scheduler, and nodes that pretend to run pods.
    pub(crate) fn of_actors() -> Self {
        let mut cluster = Self::of_storage();
        let kubeconfig = cluster.path("kubeconfig");
        let key = cluster.path("keys/apiserver.key");
        let certificate = cluster.path("keys/apiserver.crt");
        let mut controllers = kube("kube-controller-manager");
        controllers.args([
            "--kubeconfig",
            &kubeconfig,
            "--leader-elect=false",
            "--secure-port=0",
        ]);
        controllers.args([
            "--service-account-private-key-file",
            &key,
            "--root-ca-file",
            &certificate,
        ]);
        cluster.start("kube-controller-manager", controllers);
        let mut scheduler = kube("kube-scheduler");
        scheduler.args([
            "--kubeconfig",
            &kubeconfig,
            "--leader-elect=false",
            "--secure-port=0",
        ]);
        cluster.start("kube-scheduler", scheduler);
        let mut kwok = tethered("kwok");
        let stages = cluster.path("stages.yaml");
        fs::write(&stages, stages_with_holds()).unwrap();
        kwok.args([
            "--kubeconfig",
            &kubeconfig,
            "--manage-all-nodes=true",
            "--config",
            &stages,
        ]);
        cluster.start("kwok", kwok);
        cluster
    }

    /// kubectl, as somebody who may do anything.
    pub(crate) fn admin(&self) -> Kubectl {
        Kubectl {
            kubeconfig: self.path("kubeconfig"),
            cache: self.path("cache"),
        }
    }

    /// kubectl, as a service account.
    pub(crate) fn service_account(&self, namespace: &str, name: &str) -> Kubectl {
        let output =
            succeed(&mut self.kubectl(&["create", "token", name, "--namespace", namespace]));
        let mut config: Value =
            serde_json::from_str(&fs::read_to_string(self.path("kubeconfig")).unwrap()).unwrap();
        config["users"][0]["user"]["token"] =
            String::from_utf8(output.stdout).unwrap().trim().into();
        config["contexts"][0]["context"]["namespace"] = namespace.into();
        let kubeconfig = self.path(&format!("kubeconfig-{name}"));
        fs::write(&kubeconfig, config.to_string()).unwrap();
        Kubectl {
            kubeconfig,
            cache: self.path("cache"),
        }
    }

    /// A command of kubectl, as somebody who may do anything.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Command {
        self.admin().command(args)
    }

    /// The objects of a stream as the server stores them with strict validation; applying them again
    /// changes nothing.
    pub(crate) fn apply_twice(&self, stream: &str) -> Vec<Value> {
        let apply = || {
            let args = [
                "apply",
                "--server-side",
                "--validate=strict",
                "-o",
                "json",
                "-f",
                "-",
            ];
            let run = run(&mut self.kubectl(&args), stream);
            assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
            items(&serde_json::from_str(&run.stdout).unwrap()).to_vec()
        };
        let first = apply();
        assert_eq!(first, apply());
        first
    }

    /// What such a command, which has to succeed, prints with `-o json`.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.admin().json(args)
    }

    /// The table that kubectl prints, without the ages in its last column; every line has one.
    pub(crate) fn table(&self, resource: &str) -> String {
        let output = succeed(&mut self.kubectl(&["get", resource]));
        let text = String::from_utf8(output.stdout).unwrap();
        let Some(column) = text.lines().next().and_then(|header| header.find("AGE")) else {
            return text;
        };
        let strip = |line: &str| {
            let (cells, age) = line.split_at(column);
            assert!(!age.is_empty(), "{text}");
            format!("{}\n", cells.trim_end())
        };
        text.lines().map(strip).collect()
    }

    /// Applies the CRDs of a file or directory, and waits until every version of them is served.
    pub(crate) fn apply_crds(&mut self, path: &Path) {
        // kubectl takes a link to a directory for a file.
        let path = path.canonicalize().unwrap();
        let path = path.to_str().unwrap();
        succeed(&mut self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", path]));
        let crds = self.json(&["get", "-f", path]);
        for crd in items(&crds) {
            let [group, plural] = ["/spec/group", "/spec/names/plural"]
                .map(|field| text(crd.pointer(field).unwrap()));
            for version in crd["spec"]["versions"].as_array().unwrap() {
                let address = format!("--raw=/apis/{group}/{}/{plural}", text(&version["name"]));
                let is_served = |cluster: &Self| {
                    cluster
                        .kubectl(&["get", &address])
                        .output()
                        .unwrap()
                        .status
                        .success()
                };
                self.wait(&address, is_served);
            }
        }
    }

    /// Waits until something holds. It fails when a program has ended meanwhile.
    pub(crate) fn wait(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        self.wait_for(what, &true, |cluster| holds(cluster));
    }

    /// Waits until something is so.
    pub(crate) fn wait_for<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        wanted: &T,
        mut get: impl FnMut(&Self) -> T,
    ) {
        let start = Instant::now();
        loop {
            let got = get(self);
            if got == *wanted {
                return;
            }
            for (name, program) in &mut self.programs {
                if let Some(status) = program.try_wait().unwrap() {
                    panic!("{name} has ended: {status}");
                }
            }
            if start.elapsed() >= PATIENCE {
                assert_eq!(
                    got, *wanted,
                    "after {PATIENCE:?} it still does not hold that {what}"
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn start_etcd(&mut self, clients: &str, peers: &str) {
        let mut etcd = kube("etcd");
        etcd.args([
            "--data-dir",
            &self.path("etcd"),
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]);
        etcd.args([
            "--listen-client-urls",
            clients,
            "--advertise-client-urls",
            clients,
        ]);
        etcd.args([
            "--listen-peer-urls",
            peers,
            "--initial-advertise-peer-urls",
            peers,
        ]);
        etcd.args(["--name=test", "--initial-cluster", &format!("test={peers}")]);
        self.start("etcd", etcd);
        let address = clients.trim_start_matches("http://").to_owned();
        self.wait("etcd listens", |_| TcpStream::connect(&address).is_ok());
    }

    /// Writes down who may do what, and how kubectl gets to the API server.
    fn introduce(&self, port: u16) {
        let token = token();
        fs::write(
            self.path("tokens.csv"),
            format!("{token},test,test,system:masters\n"),
        )
        .unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority": self.path("keys/apiserver.crt"),
            }}],
        });
        fs::write(self.path("kubeconfig"), kubeconfig.to_string()).unwrap();
    }

    /// Asks etcd itself, as JSON: what no API server would do can be done so.
    pub(crate) fn etcd(&self, question: &str, body: &Value) -> Value {
        let mut curl = Command::new("curl");
        curl.args(["-sSf", "--json", &body.to_string()])
            .arg(format!("{}/v3/{question}", self.addresses.0));
        serde_json::from_slice(&succeed(&mut curl).stdout).unwrap()
    }

    /// Starts the API server, the first time or anew, and waits until it is ready.
    pub(crate) fn start_server(&mut self, args: &[&str]) {
        let (etcd, port) = &self.addresses;
        let mut server = kube("kube-apiserver");
        server.args(args);
        server.args(["--etcd-servers", etcd, "--secure-port", &port.to_string()]);
        server.args([
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
        ]);
        server.args([
            "--token-auth-file",
            &self.path("tokens.csv"),
            "--authorization-mode=RBAC",
        ]);
        // The server makes itself a certificate, and its key will do for the tokens of service
        // accounts, too.
        server.args(["--cert-dir", &self.path("keys")]);
        for flag in [
            "--service-account-key-file",
            "--service-account-signing-key-file",
        ] {
            server.args([flag, &self.path("keys/apiserver.key")]);
        }
        server.args([
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/16",
        ]);
        // Pods need no service account, and nodes are ready as soon as KWOK says so.
        server.args([
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
            "--allow-privileged",
        ]);
        self.start("kube-apiserver", server);
        let args = ["get", "--raw=/readyz", "--request-timeout=5s"];
        self.wait("the API server is ready", |cluster| {
            cluster.kubectl(&args).output().unwrap().status.success()
        });
    }

    /// Starts a program, which is to run as long as the cluster, or until it is stopped. What it
    /// says goes into its log.
    pub(crate) fn start(&mut self, name: &str, mut command: Command) {
        let log = File::create(self.path(&format!("{name}.log"))).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let program = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/tools.sh"));
        self.programs.push((name.to_owned(), program));
    }

    /// Ends a program by a signal.
    pub(crate) fn stop(&mut self, name: &str, signal: &str) -> ExitStatus {
        self.signal(name, signal);
        let place = self.programs.iter().position(|(of, _)| of == name).unwrap();
        let (_, mut program) = self.programs.remove(place);
        program.wait().unwrap()
    }

    /// Sends a signal to a program.
    pub(crate) fn signal(&self, name: &str, signal: &str) {
        succeed(Command::new("kill").args(["-s", signal, &self.pid(name).to_string()]));
    }

    /// The number under which the system knows a program.
    pub(crate) fn pid(&self, name: &str) -> u32 {
        self.programs
            .iter()
            .find(|(of, _)| of == name)
            .unwrap()
            .1
            .id()
    }

    /// What a program has said.
    pub(crate) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.log"))).unwrap()
    }

    /// The path of a file of the cluster, such as `kubeconfig`.
    pub(crate) fn path(&self, name: &str) -> String {
        self.directory
            .as_ref()
            .unwrap()
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }
}

impl Drop for Cluster {
    #[expect(
        clippy::print_stderr,
        reason = "who looks for the logs of a test that failed reads what it printed"
    )]
    fn drop(&mut self) {
        for (_, program) in self.programs.iter_mut().rev() {
            // One that has ended by itself is as good.
            let _ = program.kill();
            let _ = program.wait();
        }
        if thread::panicking() {
            let _ = fs::remove_dir_all(self.path("etcd"));
            let directory = self.directory.take().unwrap().keep();
            eprintln!(
                "the logs of the cluster are kept in {}",
                directory.display()
            );
        }
    }
}

/// The objects that kubectl answers with: one as it is, more as a list.
pub(crate) fn items(answer: &Value) -> &[Value] {
    answer["items"]
        .as_array()
        .map_or(std::slice::from_ref(answer), Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// One of the programs built together.
fn kube(name: &str) -> Command {
    let mut command = if name == "kubectl" {
        tool("bin/kube")
    } else {
        tethered("kube")
    };
    command.arg(name);
    command
}

/// A program of the tools' directory that ends, at the latest, with the thread that starts it.
fn tethered(name: &str) -> Command {
    tether(tool(&format!("bin/{name}")).get_program())
}

/// Waits until something holds.
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "it does not hold that {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A program that ends, at the latest, with the thread that starts it.
///
/// [`Cluster`]'s end is enough where a test fails; this is for the test that is killed.
pub(crate) fn tether(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// What KWOK's nodes and pods do, but for pods that are [`HELD`].
fn stages_with_holds() -> String {
    let text = fs::read_to_string(directory().join("stages.yaml")).unwrap();
    let is_free =
        json!({"key": format!(".metadata.annotations[\"{HELD}\"]"), "operator": "DoesNotExist"});
    let mut stages = String::new();
    for mut stage in documents(&text) {
        if stage["spec"]["resourceRef"]["kind"] == "Pod"
            && stage["metadata"]["name"] != "pod-delete"
        {
            stage["spec"]["selector"]["matchExpressions"]
                .as_array_mut()
                .unwrap()
                .push(is_free.clone());
        }
        stages += &format!("---\n{stage}\n");
    }
    stages
}

/// Ports on which nobody listens, each given once in a run.
///
/// They lie below those that systems give to outgoing connections, which could take one before it
/// is listened on.
pub(crate) fn ports<const COUNT: usize>() -> [u16; COUNT] {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Tests that run at the same time begin at different ones.
    let first = u16::try_from(std::process::id() % 200).unwrap() * 100;
    let next = || 11_000 + (first + GIVEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    std::array::from_fn(|_| std::iter::repeat_with(next).find(is_free).unwrap())
}

/// Something that nobody guesses.
fn token() -> String {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    bytes.map(|byte| format!("{byte:02x}")).concat()
}
