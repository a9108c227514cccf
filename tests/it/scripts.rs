//! The scripts of release 0.3's tuning Job, taken out of its template and run by the shell of the system and by
//! busybox, whose shell and tools the images of the Job have.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod download;
mod push;
mod server;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_yaml::Value;
use tempfile::TempDir;

const TEMPLATE: &str = include_str!("../../templates/0.3/job.yaml");
const OUTPUT_DIR: &str = "{{ [plan.tuning.output_dir] | command }}";
const OUTPUT_IMAGE: &str = "{{ [plan.tuning.output_image] | command }}";

/// The only argument of the first container called `name` under `list`.
fn script(list: &str, name: &str, field: &str) -> String {
    let job: Value = serde_yaml::from_str(TEMPLATE).unwrap();
    let containers = job["spec"]["template"]["spec"][list].as_sequence().unwrap();
    let container = containers.iter().find(|container| container["name"] == name).unwrap();
    container[field].as_sequence().unwrap().last().unwrap().as_str().unwrap().to_owned()
}

fn download_script() -> String {
    script("initContainers", "data-downloader", "command")
}

/// The script that pushes, for the given output.
fn push_script(output_dir: &str, image: &str) -> String {
    let script = script("containers", "docker-sidecar", "args");
    for expression in [OUTPUT_DIR, OUTPUT_IMAGE] {
        assert_eq!(script.matches(expression).count(), 1, "{expression}");
    }
    script.replace(OUTPUT_DIR, &quoted(output_dir)).replace(OUTPUT_IMAGE, &quoted(image))
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Where a script runs: an empty folder, an environment of its own, and one of the two shells as `sh`.
struct Place {
    folder: TempDir,
    path: String,
}

impl Place {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the script. A minute later it is stopped, with exit code 124.
    fn start(&self, script: &str, environment: &[(&str, &str)]) -> Child {
        let variables = environment.iter().map(|(name, value)| format!("{name}={value}"));
        tool("timeout")
            .args(["60", "env", "-i"])
            .arg(format!("PATH={}", self.path))
            .args(variables)
            .args(["sh", "-c", script])
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// The same place twice: with the shell and tools of the system, and with those of busybox.
fn places() -> [Place; 2] {
    let stand_ins = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scripts/stand-ins");
    let system = std::env::var("PATH").unwrap();
    [false, true].map(|busybox| {
        let folder = tempfile::tempdir().unwrap();
        let mut path = format!("{stand_ins}:{system}");
        if busybox {
            let applets = folder.path().join("applets");
            fs::create_dir(&applets).unwrap();
            let installed = tool("busybox").args(["--install", "-s"]).arg(&applets).status().unwrap();
            assert!(installed.success());
            path = format!("{stand_ins}:{}:{system}", applets.display());
        }
        Place { folder, path }
    })
}

/// The command `name`, which the system must have.
fn tool(name: &str) -> Command {
    let probe = Command::new("sh").args(["-c", "command -v \"$0\"", name]).stdout(Stdio::null()).status().unwrap();
    assert!(probe.success(), "`{name}` is missing: run tests/tools.sh");
    Command::new(name)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn scripts_pass_shellcheck() {
    for (name, script) in [("download", download_script()), ("push", push_script("/mnt/results", "r.io/a:1"))] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::write(&file, script).unwrap();
        let output = tool("shellcheck").args(["-s", "sh"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn scripts_hold_nothing_that_the_kubelet_or_the_template_engine_would_replace() {
    for script in [download_script(), push_script("/mnt/results", "r.io/a:1")] {
        for marks in ["{{", "}}", "{%", "%}", "{#", "#}", "$$"] {
            assert!(!script.contains(marks), "{marks} in {script}");
        }
        let name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        for rest in script.split("$(").skip(1) {
            let after = rest.trim_start_matches(name);
            assert!(!after.starts_with(')'), "$({rest}");
        }
    }
}

/// Kubernetes gives a container variables for the Services of its namespace; one of them must not turn a knob.
#[test]
fn no_knob_has_a_name_that_a_service_could_set() {
    for script in [download_script(), push_script("/mnt/results", "r.io/a:1")] {
        let knobs: Vec<_> = script.split("${").skip(1).filter_map(|rest| Some(rest.split_once(":=")?.0)).collect();
        assert!(!knobs.is_empty());
        for knob in knobs {
            assert!(!knob.contains("_PORT") && !knob.ends_with("_SERVICE_HOST"), "{knob}");
        }
    }
}
