use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use super::{Place, assert_no_temporary_directory, places, push_script, stderr, wait_until};

const IMAGE: &str = "registry.example.com/adapters/out:0.0.1";

/// A run of the sidecar in `place`: `port` is the metrics server's, `refusals` the number of pushes
/// that fail, and `meanwhile` happens once it waits for the training.
fn push(
    place: &Place,
    names: [&str; 2],
    port: u16,
    refusals: u32,
    meanwhile: impl FnOnce(&Path),
) -> Output {
    let [directory, image] = names;
    let output_dir = place.path().join(directory);
    fs::create_dir_all(&output_dir).unwrap();
    let (home, port, refusals) = (
        place.path().to_str().unwrap(),
        port.to_string(),
        refusals.to_string(),
    );
    let broken = place.path().join("broken").exists();
    let environment = [
        ("HOME", home),
        ("TMPDIR", home),
        ("RECORD", home),
        ("REFUSALS", &refusals),
        ("METRICS_AT", &port),
        ("POLL_SECONDS", "0.05"),
        ("POLLS_TO_RETURN", "3"),
        ("DOCKERD_TRIES", if broken { "2" } else { "20" }),
        ("PUSH_TRIES", "3"),
        ("PUSH_SECONDS", "0.05"),
        // Too many to come to an end before the script is stopped.
        ("POLLS_TO_APPEAR", if port == "0" { "3" } else { "100000" }),
    ];
    let child = place.start(
        &push_script(output_dir.to_str().unwrap(), image),
        &environment,
    );
    if !broken {
        wait_until(|| place.path().join("usable").exists());
    }
    meanwhile(&output_dir);
    let output = child.wait_with_output().unwrap();
    assert_nothing_is_left(place);
    output
}

/// The daemon is gone, and so is the directory the image was built in.
fn assert_nothing_is_left(place: &Place) {
    let pid = fs::read_to_string(place.path().join("dockerd.pid")).unwrap();
    let status = format!("/proc/{}/status", pid.trim());
    wait_until(|| fs::read_to_string(&status).map_or(true, |status| status.contains("State:\tZ")));
    assert_no_temporary_directory(place);
}

/// What the training leaves behind, marker last.
fn finish_training(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    fs::write(directory.join("adapter_config.json"), "{}").unwrap();
    fs::write(directory.join("adapter_model.safetensors"), "weights").unwrap();
    fs::write(directory.join("optimizer.pt"), "state").unwrap();
    fs::write(directory.join("fine_tuning_completed.txt"), "done").unwrap();
}

/// The calls of docker, without those that ask whether it is up.
fn calls(place: &Place) -> Vec<String> {
    super::calls(place)
        .into_iter()
        .filter(|call| call != "<info>")
        .collect()
}

fn call_names(place: &Place) -> Vec<String> {
    calls(place)
        .iter()
        .map(|call| {
            call.split('>')
                .next()
                .unwrap()
                .trim_start_matches('<')
                .to_owned()
        })
        .collect()
}

fn metrics_server() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn the_adapter_is_built_into_an_image_and_pushed() {
    for place in places() {
        finish_training(&place.path().join("out/checkpoint-1"));
        let output = push(&place, ["out", IMAGE], 0, 0, |_| ());
        assert!(output.status.success(), "{}", stderr(&output));
        let context = place.path().join("context");
        let read = |name: &str| fs::read_to_string(context.join(name)).unwrap();
        let dockerfile =
            "FROM busybox\nCOPY adapter_config.json adapter_model.safetensors /data/\n";
        assert_eq!(read("Dockerfile"), dockerfile);
        assert_eq!(read("adapter_config.json"), "{}");
        assert_eq!(read("adapter_model.safetensors"), "weights");
        assert_eq!(fs::read_dir(&context).unwrap().count(), 3);
        let credentials = fs::read_link(place.path().join(".docker/config.json")).unwrap();
        assert_eq!(credentials, Path::new("/tmp/.docker/config/config.json"));
        let calls = calls(&place);
        assert_eq!(calls.len(), 2);
        assert!(
            calls[0].starts_with(&format!("<build><-t><{IMAGE}><")),
            "{}",
            calls[0]
        );
        assert_eq!(calls[1], format!("<push><{IMAGE}>"));
    }
}

#[test]
fn the_adapter_may_take_its_time() {
    for place in places() {
        let (_listener, port) = metrics_server();
        let output = push(&place, ["out", IMAGE], port, 0, |directory| {
            thread::sleep(Duration::from_millis(500));
            finish_training(directory);
        });
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(call_names(&place), ["build", "push"]);
    }
}

#[test]
fn a_refused_push_is_tried_again() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 0, 2, |_| ());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(
            call_names(&place),
            ["build", "push", "build", "push", "build", "push"]
        );
    }
}

#[test]
fn a_push_that_keeps_failing_fails_the_job() {
    for place in places() {
        finish_training(&place.path().join("out"));
        let output = push(&place, ["out", IMAGE], 0, 9, |_| ());
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            call_names(&place)
                .iter()
                .filter(|name| *name == "push")
                .count(),
            3
        );
        assert!(
            stderr(&output).ends_with(&format!("docker-sidecar: cannot push {IMAGE}\n")),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn an_adapter_without_its_weights_fails_the_job() {
    for place in places() {
        let directory = place.path().join("out");
        finish_training(&directory);
        fs::remove_file(directory.join("adapter_model.safetensors")).unwrap();
        let output = push(&place, ["out", IMAGE], 0, 0, |_| ());
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains("adapter_model.safetensors"),
            "{}",
            stderr(&output)
        );
        assert_eq!(call_names(&place), [""; 0]);
    }
}

#[test]
fn a_daemon_that_never_comes_up_fails_the_job() {
    for place in places() {
        finish_training(&place.path().join("out"));
        fs::write(place.path().join("broken"), "").unwrap();
        let output = push(&place, ["out", IMAGE], 0, 0, |_| ());
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stderr(&output), "docker-sidecar: dockerd does not start\n");
        assert_eq!(call_names(&place), [""; 0]);
    }
}

#[test]
fn a_training_that_dies_fails_the_job() {
    for place in places() {
        let (listener, port) = metrics_server();
        let output = push(&place, ["out", IMAGE], port, 0, |_| {
            thread::sleep(Duration::from_secs(1));
            drop(listener);
        });
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(
            stderr(&output),
            "docker-sidecar: the training has ended without a result\n"
        );
    }
}

#[test]
fn a_training_that_never_starts_fails_the_job() {
    for place in places() {
        let output = push(&place, ["out", IMAGE], 0, 0, |_| ());
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(
            stderr(&output),
            "docker-sidecar: the training has ended without a result\n"
        );
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
        let output = push(&place, [directory, image], 0, 0, |_| ());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(calls(&place)[1], format!("<push><{image}>"));
        assert!(!place.path().join("bad").exists());
    }
}
