use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use super::{
    Place, assert_no_temporary_directory, calls, job_0_12, oras_push_script, places, stderr, tool,
    wait_until,
};

const IMAGE: &str = "registry.example.com/adapters/out:0.0.1";
const MODEL: &str = "microsoft/Phi-4-mini-instruct";
const TRAINING: &str = "sh\0-c\0cd / && accelerate launch /workspace/tfs/fine_tuning.py\0";

/// The process of the container that keeps the pod alive.
const PAUSE: u32 = 70;

/// A run of the pusher: `refusals` is the number of pushes that fail, and `meanwhile` gets the
/// directory of the result and that of the processes once the script waits.
fn push(
    place: &Place,
    names: [&str; 2],
    refusals: u32,
    meanwhile: impl FnOnce(&Path, &Path),
) -> Output {
    let [directory, image] = names;
    let (output_dir, proc) = (place.path().join(directory), place.path().join("proc"));
    fs::create_dir_all(&output_dir).unwrap();
    let script = oras_push_script(output_dir.to_str().unwrap(), image, MODEL);
    process(&proc, 1, "pause", "/pause\0");
    process(&proc, 40, "sh", &format!("/bin/sh\0-c\0{script}\0"));
    process(&proc, 41, "grep", "grep\0-q\0/fine_tuning[.]py$\0");
    let home = place.path().to_str().unwrap();
    let environment = [
        ("HOME", home),
        ("TMPDIR", home),
        ("RECORD", home),
        ("PROC", proc.to_str().unwrap()),
        ("REFUSALS", &refusals.to_string()),
        ("POLL_SECONDS", "0.05"),
        ("POLLS_TO_APPEAR", "20"),
        ("POLLS_TO_RETURN", "3"),
        ("PUSH_TRIES", "3"),
        ("PUSH_SECONDS", "0.05"),
        ("PAUSE_TRIES", "40"),
    ];
    // The processes are not there, so none must be sent a signal.
    let child = place.start(
        &format!("kill() {{ echo \"$*\" >>\"$RECORD/kills\"; }}\n{script}"),
        &environment,
    );
    meanwhile(&output_dir, &proc);
    let output = child.wait_with_output().unwrap();
    assert_no_temporary_directory(place);
    output
}

/// A process as the kernel shows it.
fn process(proc: &Path, id: u32, name: &str, command: &str) {
    let directory = proc.join(id.to_string());
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("comm"), format!("{name}\n")).unwrap();
    fs::write(directory.join("cmdline"), command).unwrap();
}

fn start_pause(_: &Path, proc: &Path) {
    process(proc, PAUSE, "pause", "/pause\0");
}

/// What the training leaves behind, marker last.
fn finish_training(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    fs::write(directory.join("adapter_config.json"), "{}").unwrap();
    fs::write(directory.join("adapter_model.safetensors"), "weights").unwrap();
    fs::write(directory.join("optimizer.pt"), "state").unwrap();
    fs::write(directory.join("fine_tuning_completed.txt"), "done").unwrap();
}

/// That container's process is the only one that got a signal, and the script ended with this code.
fn assert_ended(place: &Place, output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert_eq!(
        fs::read_to_string(place.path().join("kills")).unwrap(),
        format!("{PAUSE}\n")
    );
}

/// The output of a pipe of commands over the layer.
fn of_layer(place: &Place, pipe: &str) -> String {
    tool("gzip");
    let command = format!("gzip -dc layer.tar.gz | {pipe}");
    let output = tool("sh")
        .args(["-c", &command])
        .current_dir(place.path())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_adapter_becomes_an_image_that_names_its_model() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 0, start_pause);
        assert_ended(&place, &output, 0);
        let call = format!(
            "<push><--annotation><sh.kaito.model.name={MODEL}><--config><config.json:{0}config.v1+json><{IMAGE}>\
             <layer.tar.gz:{0}layer.v1.tar+gzip>",
            "application/vnd.oci.image."
        );
        assert_eq!(calls(&place), [call]);
        assert_eq!(
            of_layer(&place, "tar -t | sort"),
            "data/\ndata/adapter_config.json\ndata/adapter_model.safetensors\n"
        );
        assert_eq!(
            of_layer(&place, "tar -xO data/adapter_model.safetensors"),
            "weights"
        );
        let config: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(place.path().join("config.json")).unwrap())
                .unwrap();
        let sum = of_layer(&place, "sha256sum");
        let digest = format!("sha256:{}", sum.split(' ').next().unwrap());
        let root = serde_json::json!({"type": "layers", "diff_ids": [digest]});
        assert_eq!(
            config,
            serde_json::json!({"architecture": "amd64", "os": "linux", "rootfs": root})
        );
    }
}

#[test]
fn the_training_may_take_its_time() {
    for place in places() {
        let proc = place.path().join("proc");
        process(&proc, 50, "sh", TRAINING);
        let output = push(&place, ["out", IMAGE], 0, |directory, proc| {
            // Longer than it has to appear.
            thread::sleep(Duration::from_secs(2));
            start_pause(directory, proc);
            finish_training(directory);
        });
        assert_ended(&place, &output, 0);
        assert_eq!(calls(&place).len(), 1);
    }
}

#[test]
fn a_training_that_dies_fails_the_job() {
    for place in places() {
        let proc = place.path().join("proc");
        process(&proc, 50, "sh", TRAINING);
        let output = push(&place, ["out", IMAGE], 0, |directory, proc| {
            start_pause(directory, proc);
            thread::sleep(Duration::from_millis(500));
            fs::remove_dir_all(proc.join("50")).unwrap();
        });
        assert_ended(&place, &output, 1);
        assert_eq!(
            stderr(&output),
            "pusher: the training has ended without a result\n"
        );
        assert!(!place.path().join("calls").exists());
    }
}

#[test]
fn a_training_that_never_starts_fails_the_job() {
    for place in places() {
        let output = push(&place, ["out", IMAGE], 0, start_pause);
        assert_ended(&place, &output, 1);
        assert_eq!(
            stderr(&output),
            "pusher: the training has ended without a result\n"
        );
    }
}

#[test]
fn a_refused_push_is_tried_again() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 2, start_pause);
        assert_ended(&place, &output, 0);
        assert_eq!(calls(&place).len(), 3);
    }
}

#[test]
fn a_push_that_keeps_failing_fails_the_job() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 9, start_pause);
        assert_ended(&place, &output, 1);
        assert_eq!(calls(&place).len(), 3);
        assert_eq!(stderr(&output), format!("pusher: cannot push {IMAGE}\n"));
    }
}

#[test]
fn an_adapter_without_its_weights_fails_the_job() {
    for place in places() {
        let directory = place.path().join("out");
        finish_training(&directory);
        fs::remove_file(directory.join("adapter_model.safetensors")).unwrap();
        let output = push(&place, ["out", IMAGE], 0, start_pause);
        assert_ended(&place, &output, 1);
        assert!(
            stderr(&output).contains("adapter_model.safetensors"),
            "{}",
            stderr(&output)
        );
        assert!(!place.path().join("calls").exists());
    }
}

#[test]
fn a_container_that_starts_late_is_ended_too() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 0, |directory, proc| {
            wait_until(|| place.path().join("calls").exists());
            thread::sleep(Duration::from_millis(300));
            start_pause(directory, proc);
        });
        assert_ended(&place, &output, 0);
    }
}

#[test]
fn with_nothing_to_end_the_push_counts() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 0, |_, _| ());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stderr(&output), "pusher: no container pause to end\n");
        assert!(!place.path().join("kills").exists());
    }
}

/// With the kernel's own directory of processes, and a process of the right name.
#[test]
fn the_signal_ends_the_process() {
    for place in places() {
        let pause = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/delivery/scripts/stand-ins/pause"
        );
        let mut child = Command::new(pause).spawn().unwrap();
        let id = child.id().to_string();
        let name = format!("/proc/{id}/comm");
        wait_until(|| fs::read_to_string(&name).is_ok_and(|name| name == "pause\n"));
        let proc = place.path().join("proc");
        fs::create_dir(&proc).unwrap();
        std::os::unix::fs::symlink(format!("/proc/{id}"), proc.join(&id)).unwrap();
        finish_training(&place.path().join("out"));
        let (directory, home) = (place.path().join("out"), place.path().to_str().unwrap());
        let script = oras_push_script(directory.to_str().unwrap(), IMAGE, MODEL);
        let environment = [
            ("HOME", home),
            ("TMPDIR", home),
            ("RECORD", home),
            ("REFUSALS", "0"),
            ("PROC", proc.to_str().unwrap()),
        ];
        let output = place
            .start(&script, &environment)
            .wait_with_output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        wait_until(|| child.try_wait().unwrap().is_some());
    }
}

#[test]
fn names_are_words_and_nothing_else() {
    for place in places() {
        let (directory, image) = (
            "it's \"$HOME\" $(touch bad)",
            "r.io/a b'; touch bad; `touch bad`",
        );
        finish_training(&place.path().join(directory));
        let output = push(&place, [directory, image], 0, start_pause);
        assert_ended(&place, &output, 0);
        assert!(calls(&place)[0].contains(&format!("<{image}>")));
        assert!(!place.path().join("bad").exists());
    }
}

/// The script looks for what the container of the training starts.
#[test]
fn the_training_is_started_by_the_name_that_is_looked_for() {
    let job = job_0_12();
    let command = job["spec"]["template"]["spec"]["containers"][0]["command"][2]
        .as_str()
        .unwrap();
    assert!(
        command.ends_with("'/workspace/tfs/fine_tuning.py'] | command }}"),
        "{command}"
    );
}
