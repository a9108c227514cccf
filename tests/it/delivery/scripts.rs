//! The scripts of tuning and of adapters, taken out of their templates and run by the shell of the
//! system and by busybox, whose shell and tools most of the images have.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod download;
mod pull;
mod push;
mod push_oras;
mod server;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_yaml::Value;
use tempfile::TempDir;

/// The releases whose tuning downloads data.
const RELEASES: [&str; 2] = ["0.3", "0.12"];

/// Kubernetes expands `$(NAME)` in arguments, and not where the volume is mounted.
const OUTPUT_DIR: &str = "plan.tuning.output_dir | replace('$', '$$')";

fn job_0_3() -> Value {
    serde_yaml::from_str(include_str!("../../../templates/0.3/job.yaml")).unwrap()
}

fn job_0_12() -> Value {
    serde_yaml::from_str(include_str!("../../../templates/0.12/job.yaml")).unwrap()
}

/// The last argument of the first container called `name` under `list`, with words for its
/// expressions.
fn script(object: &Value, [list, name, field]: [&str; 3], words: &[(&str, &str)]) -> String {
    let containers = object["spec"]["template"]["spec"][list]
        .as_sequence()
        .unwrap();
    let container = containers
        .iter()
        .find(|container| container["name"] == name)
        .unwrap();
    let mut script = container[field]
        .as_sequence()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    for (expression, word) in words {
        let expression = format!("{{{{ [{expression}] | command }}}}");
        assert_eq!(script.matches(&expression).count(), 1, "{expression}");
        script = script.replace(&expression, &quoted(word));
    }
    script
}

fn download_script(release: &str) -> String {
    let job = if release == "0.3" {
        job_0_3()
    } else {
        job_0_12()
    };
    script(&job, ["initContainers", "data-downloader", "command"], &[])
}

/// Release 0.3's script that pushes the given output.
fn push_script(output_dir: &str, image: &str) -> String {
    let words = [
        (OUTPUT_DIR, output_dir),
        ("plan.tuning.output_image", image),
    ];
    script(&job_0_3(), ["containers", "docker-sidecar", "args"], &words)
}

/// Release 0.12's.
fn oras_push_script(output_dir: &str, image: &str, model: &str) -> String {
    let output = [
        (OUTPUT_DIR, output_dir),
        ("plan.tuning.output_image", image),
    ];
    let words = [output[0], output[1], ("plan.tuning.preset", model)];
    script(&job_0_12(), ["containers", "pusher", "args"], &words)
}

/// The script that pulls an adapter.
fn pull_script(target: &str, image: &str) -> String {
    let object =
        serde_yaml::from_str(include_str!("../../../templates/0.12/statefulset.yaml")).unwrap();
    let words = [
        ("adapter.image", image),
        ("'/mnt/adapter/' ~ adapter.name", target),
    ];
    script(
        &object,
        ["initContainers", "puller-{{ adapter.name }}", "args"],
        &words,
    )
}

/// The script that pulls the data of a tuning.
fn job_pull_script(image: &str) -> String {
    script(
        &job_0_12(),
        ["initContainers", "puller", "args"],
        &[("plan.tuning.input_image", image)],
    )
}

/// All of them.
fn scripts() -> [String; 6] {
    [
        download_script("0.3"),
        push_script("/mnt/results", "r.io/a:1"),
        download_script("0.12"),
        oras_push_script("/mnt/results", "r.io/a:1", "phi-4"),
        pull_script("/mnt/adapter/a", "r.io/a:1"),
        job_pull_script("r.io/a:1"),
    ]
}

/// What fills in variables before a script runs, as Flux does, makes other paths of `${…}`.
#[test]
fn no_script_deletes_what_stands_in_braces() {
    let mut deletions = 0;
    for script in scripts() {
        for line in script.lines().filter(|line| line.contains("rm -")) {
            assert!(!line.contains("${"), "{line}");
            deletions += 1;
        }
        // What `merge` deletes stands in its variables.
        if let Some((_, merge)) = script.split_once("merge() (") {
            let (merge, _) = merge.split_once("\n)\n").unwrap();
            assert!(!merge.contains("${"), "{merge}");
        }
    }
    assert!(deletions > 5);
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Where a script runs: an empty directory, an environment of its own, and one of the two shells as
/// `sh`.
struct Place {
    directory: TempDir,
    path: String,
}

impl Place {
    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the script. A minute later it is stopped, with exit code 124.
    fn start(&self, script: &str, environment: &[(&str, &str)]) -> Child {
        let variables = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
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
    let stand_ins = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/delivery/scripts/stand-ins"
    );
    let system = std::env::var("PATH").unwrap();
    [false, true].map(|busybox| {
        let directory = tempfile::tempdir().unwrap();
        let mut path = format!("{stand_ins}:{system}");
        if busybox {
            let applets = directory.path().join("applets");
            fs::create_dir(&applets).unwrap();
            let installed = tool("busybox")
                .args(["--install", "-s"])
                .arg(&applets)
                .status()
                .unwrap();
            assert!(installed.success());
            path = format!("{stand_ins}:{}:{system}", applets.display());
        }
        Place { directory, path }
    })
}

/// The command `name`, which the system must have.
fn tool(name: &str) -> Command {
    let probe = Command::new("sh")
        .args(["-c", "command -v \"$0\"", name])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(probe.success(), "`{name}` is missing: run tests/tools.sh");
    Command::new(name)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it did not happen within ten seconds");
}

/// The calls that stand-ins have recorded.
fn calls(place: &Place) -> Vec<String> {
    fs::read_to_string(place.path().join("calls"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn assert_no_temporary_directory(place: &Place) {
    let names = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().starts_with("tmp."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn scripts_pass_shellcheck() {
    for script in scripts() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("script");
        fs::write(&file, &script).unwrap();
        let output = tool("shellcheck")
            .args(["-s", "sh"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{script}\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn scripts_hold_nothing_that_the_kubelet_or_the_template_engine_would_replace() {
    for script in scripts() {
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

/// Kubernetes gives a container variables for the Services of its namespace; one of them must not
/// turn a knob.
#[test]
fn no_knob_has_a_name_that_a_service_could_set() {
    for script in scripts() {
        let knobs: Vec<_> = script
            .split("${")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once(":=")?.0))
            .collect();
        assert!(!knobs.is_empty());
        for knob in knobs {
            assert!(
                !knob.contains("_PORT") && !knob.ends_with("_SERVICE_HOST"),
                "{knob}"
            );
        }
    }
}
