//! A release that differs from another one only in numbers is data alone: a directory that is laid
//! over the library.

use std::fs;

use crate::support::builder::Test;
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::root;

/// The numbers of release 0.12 and others in their place.
const NUMBERS: [(&str, &str); 10] = [
    ("loadedWeightsFactor: 1.02", "loadedWeightsFactor: 1.5"),
    ("gpuMemoryUtilization: 0.84", "gpuMemoryUtilization: 0.5"),
    ("overheadGiB: 2.3", "overheadGiB: 3.7"),
    ("weightsRoomFactor: 1.05", "weightsRoomFactor: 1.25"),
    ("defaultContextTokens: 2048", "defaultContextTokens: 8192"),
    ("besideWeightsGiB: 80", "besideWeightsGiB: 200"),
    ("baseSeconds: 900", "baseSeconds: 60"),
    ("secondsPerGiB: 18", "secondsPerGiB: 7"),
    ("minSeconds: 1800", "minSeconds: 100"),
    (r#"default: "0.84""#, r#"default: "0.55""#),
];

/// A test with the library of a release 9.9: the files of 0.12 that serving phi-4 needs, with
/// changes of `release.yaml`.
fn third_release(command: &str, changes: &[(&str, &str)]) -> Test {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let mut release = read("presets/0.12/release.yaml");
    for (from, to) in changes {
        assert!(release.contains(from), "there is no `{from}`");
        release = release.replacen(from, to, 1);
    }
    let mut test = Test::new()
        .command(command)
        .input(&workspace("big", SMALL))
        .profile("release: '9.9'\n")
        .args(&["--library", "."])
        .file("presets/9.9/release.yaml", &release);
    for file in [
        "flags/vllm.yaml",
        "instance-types/azure.yaml",
        "models/microsoft/phi-4.yaml",
    ] {
        let text = read(&format!("presets/0.12/{file}"));
        test = test.file(&format!("presets/9.9/{file}"), &text);
    }
    for entry in fs::read_dir(root().join("templates/0.12")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = read(&format!("templates/0.12/{name}"));
        test = test.file(&format!("templates/9.9/{name}"), &text);
    }
    test
}

#[test]
fn objects_follow_from_the_numbers_of_the_release() {
    for (changes, expected) in [
        (
            &[][..],
            [
                "replicas: 1\n",
                "storage: 107Gi\n",
                "failureThreshold: 180\n",
                "=0.84",
            ],
        ),
        (
            &NUMBERS[..],
            [
                "replicas: 2\n",
                "storage: 227Gi\n",
                "failureThreshold: 26\n",
                "=0.55",
            ],
        ),
    ] {
        let test = third_release("render", changes).exits(0);
        expected.into_iter().fold(test, Test::prints).run();
    }
}

#[test]
fn an_explanation_shows_the_numbers_of_the_release() {
    let shown = [
        "27.3 GiB of files × 1.5, loaded",
        "8192 tokens × 204800 bytes, over 1 GPU: the context of the ConfigMap, or 8192 tokens",
        "80.00 GiB × 0.5\n",
        "(40.00 GiB − 3.7 GiB − 1.56 GiB) / 1.25\n",
        "the weights and 200 GiB",
        "60 s and 7 s for each GiB of weights, from 100 s to 10800 s",
        "260 s at most",
        "release.yaml:12 estimator.loadedWeightsFactor",
    ];
    let of_others = [
        "1.02",
        "0.84",
        "2.3 GiB",
        "1.05",
        "2048 tokens",
        "and 80 GiB",
        "900 s",
        "18 s",
    ];
    let test = third_release("explain", &NUMBERS).exits(0);
    let test = shown.into_iter().fold(test, Test::prints);
    of_others.into_iter().fold(test, Test::hides).run();
}

/// Models of Hugging Face without the estimator: the two choices are independent.
#[test]
fn a_release_can_leave_the_number_of_nodes_to_the_workspace() {
    third_release("render", &[("sizing: estimator", "sizing: preset-count")])
        .replace("resource:\n", "resource:\n  count: 3\n")
        .prints("replicas: 3\n")
        .exits(0)
        .run();
}

#[test]
fn choices_that_do_not_go_together_are_reported() {
    for (from, to, said) in [
        ("sizing: estimator", "sizing: guess", "sizing"),
        ("models: hub", "models: image", "needs `models: hub`"),
        (
            "overheadGiB: 2.3",
            "overheadGiB: -1",
            "estimator.overheadGiB",
        ),
    ] {
        third_release("render", &[(from, to)])
            .prints(said)
            .exits(1)
            .run();
    }
}
