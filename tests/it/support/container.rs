//! Images that `tools/image` makes, as a registry gives them, and their containers, as runc runs them.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::geteuid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::{ports, tether, wait};
use super::program::root;
use super::tools::{succeed, tool};

/// An image, as it was made.
#[derive(Clone)]
pub(crate) struct Image {
    /// Where its layout is, with what is beside it.
    pub(crate) directory: PathBuf,
    pub(crate) digest: String,
}

impl Image {
    /// The image of one of the two programs, which is compiled if it is not yet.
    pub(crate) fn make(program: &'static str) -> Self {
        static MADE: Mutex<BTreeMap<&str, Image>> = Mutex::new(BTreeMap::new());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("image-{program}"));
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let image = made.entry(program);
        image
            .or_insert_with(|| Self::into(program, &directory))
            .clone()
    }

    /// Makes it in a directory, even if it was made before.
    pub(crate) fn into(program: &str, directory: &Path) -> Self {
        let mut make = Command::new(root().join("tools/image"));
        let output = succeed(make.arg(program).arg(directory));
        let digest = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let directory = directory.to_owned();
        Self { directory, digest }
    }

    /// Brings it into a registry, which has to find it whole, and unpacks what comes back.
    pub(crate) fn pull(&self) -> Pulled {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let registry = Registry::serve();
        let address = &registry.address;
        let name = format!("{address}/program:test");
        let crane = |args: &[&str]| {
            let mut crane = tool("bin/crane");
            crane
                .arg("--insecure")
                .args(args)
                .current_dir(&self.directory);
            String::from_utf8(succeed(&mut crane).stdout).unwrap()
        };
        let pushed = crane(&["push", "image", &name]);
        assert_eq!(pushed.trim(), format!("{address}/program@{}", self.digest));
        crane(&["validate", "--remote", &name]);
        let config = serde_json::from_str(&crane(&["config", &name])).unwrap();
        let archive = directory.path().join("files.tar");
        crane(&["export", &name, archive.to_str().unwrap()]);
        let files = directory.path().join("files");
        fs::create_dir(&files).unwrap();
        let mut tar = Command::new("tar");
        succeed(tar.arg("-xf").arg(&archive).arg("-C").arg(&files));
        Pulled { directory, config }
    }
}

/// A registry on this machine, until this goes.
pub(crate) struct Registry {
    pub(crate) address: String,
    server: Child,
}

impl Registry {
    pub(crate) fn serve() -> Self {
        let [port] = ports();
        let address = format!("127.0.0.1:{port}");
        let mut serve = tether(tool("bin/crane").get_program());
        serve.args(["registry", "serve", "--address", &address]);
        let server = serve.stderr(Stdio::null()).spawn().unwrap();
        let registry = Self { address, server };
        wait("the registry listens", || {
            TcpStream::connect(&registry.address).is_ok()
        });
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// An image, as a registry gave it.
pub(crate) struct Pulled {
    directory: TempDir,
    /// How a container of it is to be run.
    pub(crate) config: Value,
}

/// A directory of this machine that a container has, too.
pub(crate) struct Mount<'a> {
    pub(crate) source: &'a Path,
    pub(crate) target: &'a str,
    pub(crate) writable: bool,
}

impl Pulled {
    /// The files of the image.
    pub(crate) fn files(&self) -> PathBuf {
        self.directory.path().join("files")
    }

    /// A container with the restrictions of Kubernetes' strictest standard, and in the network of this
    /// machine, which runs a command.
    pub(crate) fn container(
        &self,
        user: u32,
        command: &[&str],
        env: &[&str],
        mounts: &[Mount],
    ) -> Container {
        let bundle = tempfile::tempdir_in(self.directory.path()).unwrap();
        succeed(runc().args(["spec", "--bundle"]).arg(bundle.path()));
        let path = bundle.path().join("config.json");
        let mut spec: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let path_variable = self.config["config"]["Env"][0].as_str().unwrap();
        let env = [&[path_variable], env].concat();
        spec["root"] = json!({"path": self.files(), "readonly": true});
        spec["process"] = json!({
            "args": command,
            "cwd": self.config["config"]["WorkingDir"],
            "env": env,
            "user": {"uid": user, "gid": user},
            "capabilities": {},
            "noNewPrivileges": true,
        });
        spec["linux"]["namespaces"]
            .as_array_mut()
            .unwrap()
            .retain(|namespace| namespace["type"] != "network");
        for mount in mounts {
            let access = if mount.writable { "rw" } else { "ro" };
            spec["mounts"].as_array_mut().unwrap().push(json!({
                "type": "bind", "source": mount.source, "destination": mount.target, "options": ["rbind", access],
            }));
        }
        fs::write(&path, spec.to_string()).unwrap();
        let name = format!(
            "kaito-render-{}-{}",
            std::process::id(),
            bundle.path().file_name().unwrap().display()
        );
        Container { bundle, name }
    }

    /// The image's own program with arguments, as a command.
    pub(crate) fn program<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        let entry = self.config["config"]["Entrypoint"][0].as_str().unwrap();
        [&[entry], args].concat()
    }
}

/// A container, which ends with this.
pub(crate) struct Container {
    bundle: TempDir,
    name: String,
}

impl Container {
    /// The command that runs it, and ends with it.
    pub(crate) fn run(&self) -> Command {
        let mut command = runc();
        command
            .arg("run")
            .arg("--bundle")
            .arg(self.bundle.path())
            .arg(&self.name);
        command
    }

    /// Sends a signal to its program, once that has begun to run.
    pub(crate) fn signal(&self, signal: &str) {
        let state = runc().args(["state", &self.name]).output().unwrap();
        let state: Value = serde_json::from_slice(&state.stdout).unwrap_or_default();
        if state["status"] != "running" {
            return;
        }
        // It may have ended meanwhile.
        runc().args(["kill", &self.name, signal]).output().unwrap();
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // One that has ended is deleted already.
        let _ = runc().args(["delete", "--force", &self.name]).output();
    }
}

/// runc, which only root may run as it is used here.
fn runc() -> Command {
    if geteuid().is_root() {
        return tether("runc");
    }
    let mut sudo = tether("sudo");
    sudo.args(["-n", "runc"]);
    sudo
}
