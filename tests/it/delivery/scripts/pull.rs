use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use super::{Place, calls, job_pull_script, places, pull_script, stderr, tool};

const IMAGE: &str = "registry.example.com/adapters/a:1.0";
const TARGET: &str = "adapters/first";

/// A file of a layer: its path and its text.
type Entry<'a> = (&'a str, &'a str);

/// How a registry treats a run.
struct Registry<'a> {
    /// The number of calls that it refuses at first.
    refusals: u32,
    /// The credentials that it wants; none if empty.
    needed: &'a str,
}

const OPEN: Registry = Registry {
    refusals: 0,
    needed: "",
};

/// Makes the layers of the image that skopeo's stand-in gives: every other one is compressed.
fn layers(place: &Place, layers: &[&[Entry]]) -> Vec<String> {
    let image = place.path().join("image");
    fs::create_dir_all(&image).unwrap();
    fs::write(image.join("config"), "{}").unwrap();
    let pack = |(index, entries): (usize, &&[Entry])| {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in *entries {
            let file = directory.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        pack(directory.path(), &image, index)
    };
    layers.iter().enumerate().map(pack).collect()
}

/// Makes the directory a layer of the image. Names of layers begin with zeros, and the first ones come
/// last by name.
fn pack(directory: &Path, image: &Path, index: usize) -> String {
    let name = format!("{:064x}", 99 - index);
    let options = if index.is_multiple_of(2) {
        "-czf"
    } else {
        "-cf"
    };
    let packed = tool("tar")
        .arg(options)
        .arg(image.join(&name))
        .arg("-C")
        .arg(directory)
        .arg(".")
        .status()
        .unwrap();
    assert!(packed.success());
    name
}

/// Writes the manifest as registries have most of them.
fn manifest(place: &Place, layers: &[String]) {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| format!(r#"{{"size":9,"digest":"sha256:{layer}"}}"#))
        .collect();
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"digest":"sha256:config"}},"layers":[{}]}}"#,
        layers.join(",")
    );
    fs::write(place.path().join("image/manifest.json"), manifest).unwrap();
}

fn image(place: &Place, entries: &[&[Entry]]) {
    manifest(place, &layers(place, entries));
}

fn pull(place: &Place, registry: &Registry) -> Output {
    let home = place.path().to_str().unwrap();
    let environment = [
        ("HOME", home),
        ("RECORD", home),
        ("REFUSALS", &registry.refusals.to_string()),
        ("NEEDED", registry.needed),
        ("PULL_TRIES", "3"),
        ("PULL_SECONDS", "0.05"),
    ];
    place
        .start(
            &pull_script(&format!("{home}/{TARGET}"), IMAGE),
            &environment,
        )
        .wait_with_output()
        .unwrap()
}

/// Everything under the directory by its path, files with their text.
fn tree(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(
                tree(&entry.path())
                    .into_iter()
                    .map(|(path, text)| (format!("{name}/{path}"), text)),
            );
            found.insert(name, "(directory)".to_owned());
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

fn assert_target(place: &Place, expected: &[Entry]) {
    let expected = expected
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    assert_eq!(tree(&place.path().join(TARGET)), expected);
}

fn assert_fails(place: &Place, output: &Output, reason: &str) {
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(output).ends_with(&format!("puller: {reason}\n")),
        "{}",
        stderr(output)
    );
    assert_target(place, &[]);
}

#[test]
fn the_data_of_an_image_becomes_the_target() {
    for place in places() {
        image(
            &place,
            &[&[
                ("data/a.json", "{}"),
                ("data/.b/..c", "hidden"),
                ("bin/sh", "shell"),
                ("datas", ""),
            ]],
        );
        let other = place.path().join("adapters/second");
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join("a.json"), "other").unwrap();
        let output = pull(&place, &OPEN);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_target(
            &place,
            &[
                ("a.json", "{}"),
                (".b", "(directory)"),
                (".b/..c", "hidden"),
            ],
        );
        assert_eq!(fs::read_to_string(other.join("a.json")).unwrap(), "other");
        let to = place.path().join(TARGET).join(".pulling/image");
        assert_eq!(
            calls(&place),
            [format!("<copy><docker://{IMAGE}><dir:{}>", to.display())]
        );
    }
}

#[test]
fn layers_lie_over_one_another() {
    let bottom: &[Entry] = &[
        ("data/changed", "old"),
        ("data/removed", ""),
        ("data/gone/deep/x", ""),
        ("data/emptied/old", ""),
        ("data/kept/x", "kept"),
        ("data/file", ""),
        ("data/directory/x", ""),
        ("data/-rf", "old"),
        ("data/a b/.wh", "kept"),
        ("data/two words", ""),
    ];
    let middle: &[Entry] = &[
        ("data/changed", "new"),
        ("data/.wh.removed", ""),
        ("data/.wh.gone", ""),
        ("data/emptied/.wh..wh..opq", ""),
        ("data/emptied/new", "new"),
        ("data/kept/.wh.never", ""),
        ("data/file/x", "x"),
        ("data/directory", "now a file"),
        ("data/-rf", "new"),
        ("data/.wh.two words", ""),
    ];
    for place in places() {
        image(&place, &[bottom, middle, &[("etc/x", "")]]);
        let output = pull(&place, &OPEN);
        assert!(output.status.success(), "{}", stderr(&output));
        let expected = [
            ("-rf", "new"),
            ("a b", "(directory)"),
            ("a b/.wh", "kept"),
            ("changed", "new"),
            ("emptied", "(directory)"),
            ("emptied/new", "new"),
            ("kept", "(directory)"),
            ("kept/x", "kept"),
            ("file", "(directory)"),
            ("file/x", "x"),
            ("directory", "now a file"),
        ];
        assert_target(&place, &expected);
    }
}

#[test]
fn a_layer_may_remove_all_data_of_those_below() {
    for mark in [".wh.data", ".wh..wh..opq"] {
        for place in places() {
            image(
                &place,
                &[&[("data/old", "")], &[(mark, ""), ("data/new", "new")]],
            );
            let output = pull(&place, &OPEN);
            assert!(output.status.success(), "{}", stderr(&output));
            assert_target(&place, &[("new", "new")]);
        }
    }
}

#[test]
fn a_link_in_a_layer_leads_later_layers_nowhere() {
    for place in places() {
        let image = place.path().join("image");
        let outside = place.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let upper = layers(&place, &[&[], &[("data/link/x", "x")]]);
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("data")).unwrap();
        std::os::unix::fs::symlink(&outside, directory.path().join("data/link")).unwrap();
        manifest(
            &place,
            &[pack(directory.path(), &image, 0), upper[1].clone()],
        );
        let output = pull(&place, &OPEN);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_target(&place, &[("link", "(directory)"), ("link/x", "x")]);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }
}

#[test]
fn a_link_is_no_directory_of_data() {
    for place in places() {
        let outside = place.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("a"), "").unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&outside, directory.path().join("data")).unwrap();
        layers(&place, &[]);
        manifest(
            &place,
            &[pack(directory.path(), &place.path().join("image"), 0)],
        );
        assert_fails(
            &place,
            &pull(&place, &OPEN),
            &format!("there is no folder /data in {IMAGE}"),
        );
        assert!(outside.join("a").exists());
    }
}

/// Docker indents its manifests; fields come in any order, and not every digest is a layer's.
#[test]
fn manifests_may_look_different() {
    let docker = r#"{
   "schemaVersion": 2,
   "config": {
      "digest": "sha256:config"
   },
   "layers": [
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "urls": ["https://example.com/a"],
         "digest": "sha256:FIRST"
      },
      { "digest": "sha256:SECOND" }
   ]
}"#;
    let sorted = r#"{"annotations":{"digest":"sha256:none","x":"\"layers\":[]"},"layers":[{"annotations":{"io.digest":
"sha256:none"},"digest":"sha256:FIRST","urls":[]},{"digest":"sha256:SECOND","annotations":{}}],
"config":{"digest":"sha256:config"},"subject":{"digest":"sha256:none"}}"#;
    for text in [docker, sorted] {
        for place in places() {
            let names = layers(
                &place,
                &[&[("data/a", "1"), ("data/b", "1")], &[("data/b", "2")]],
            );
            let text = text
                .replace("FIRST", &names[0])
                .replace("SECOND", &names[1]);
            fs::write(place.path().join("image/manifest.json"), text).unwrap();
            let output = pull(&place, &OPEN);
            assert!(output.status.success(), "{}", stderr(&output));
            assert_target(&place, &[("a", "1"), ("b", "2")]);
        }
    }
}

#[test]
fn an_image_without_data_fails() {
    let images: [&[&[Entry]]; 3] = [&[&[("etc/x", "")]], &[&[("data", "a file")]], &[]];
    for entries in images {
        for place in places() {
            image(&place, entries);
            assert_fails(
                &place,
                &pull(&place, &OPEN),
                &format!("there is no folder /data in {IMAGE}"),
            );
        }
    }
}

#[test]
fn a_layer_that_is_no_archive_fails() {
    for place in places() {
        let names = layers(&place, &[&[("data/a", "")], &[("data/b", "")]]);
        manifest(&place, &names);
        fs::write(
            place.path().join("image").join(&names[1]),
            "no archive".repeat(100),
        )
        .unwrap();
        let reason = format!("cannot unpack layer sha256:{} of {IMAGE}", names[1]);
        assert_fails(&place, &pull(&place, &OPEN), &reason);
    }
}

/// Kubernetes mounts secrets as links to files in a directory that begins with two dots.
#[test]
fn credentials_are_tried_one_after_the_other() {
    for place in places() {
        image(&place, &[&[("data/a", "")]]);
        let secrets = place
            .path()
            .join(".docker/config.d/first-inference-adapter");
        fs::create_dir_all(secrets.join("..2026")).unwrap();
        std::os::unix::fs::symlink("..2026", secrets.join("..data")).unwrap();
        for name in ["bad.json", "good.json", "other.json"] {
            fs::write(secrets.join("..2026").join(name), "{}").unwrap();
            std::os::unix::fs::symlink(format!("..data/{name}"), secrets.join(name)).unwrap();
        }
        let output = pull(
            &place,
            &Registry {
                refusals: 0,
                needed: "/good.json",
            },
        );
        assert!(output.status.success(), "{}", stderr(&output));
        assert_target(&place, &[("a", "")]);
        let calls = calls(&place);
        assert_eq!(calls.len(), 3);
        assert!(calls[0].starts_with("<copy><docker://"), "{}", calls[0]);
        for (call, name) in calls[1..].iter().zip(["bad.json", "good.json"]) {
            let with = format!(
                "<copy><--src-authfile><{}><docker://",
                secrets.join(name).display()
            );
            assert!(call.starts_with(&with), "{call}");
        }
    }
}

#[test]
fn a_registry_may_fail_twice() {
    for place in places() {
        image(&place, &[&[("data/a", "")]]);
        let output = pull(
            &place,
            &Registry {
                refusals: 2,
                needed: "",
            },
        );
        assert!(output.status.success(), "{}", stderr(&output));
        assert_target(&place, &[("a", "")]);
        assert_eq!(calls(&place).len(), 3);
    }
}

#[test]
fn a_registry_that_keeps_failing_fails_the_pod() {
    for place in places() {
        image(&place, &[&[("data/a", "")]]);
        let output = pull(
            &place,
            &Registry {
                refusals: 9,
                needed: "",
            },
        );
        assert_fails(&place, &output, &format!("cannot pull {IMAGE}"));
        assert_eq!(calls(&place).len(), 3);
    }
}

#[test]
fn what_an_earlier_run_left_behind_is_replaced() {
    for place in places() {
        image(&place, &[&[("data/a", "new"), ("data/b/x", "new")]]);
        let target = place.path().join(TARGET);
        fs::create_dir_all(target.join(".pulling/data")).unwrap();
        fs::write(target.join(".pulling/data/torn"), "").unwrap();
        fs::write(target.join("a"), "old").unwrap();
        let output = pull(&place, &OPEN);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_target(
            &place,
            &[("a", "new"), ("b", "(directory)"), ("b/x", "new")],
        );
    }
}

#[test]
fn names_are_words_and_nothing_else() {
    for place in places() {
        image(&place, &[&[("data/a", "")]]);
        let (directory, image) = (
            "it's \"$HOME\" $(touch bad) *",
            "r.io/a b'; touch bad; `touch bad`",
        );
        let home = place.path().to_str().unwrap();
        let environment = [
            ("HOME", home),
            ("RECORD", home),
            ("REFUSALS", "0"),
            ("NEEDED", ""),
        ];
        let script = pull_script(&format!("{home}/{directory}"), image);
        let output = place
            .start(&script, &environment)
            .wait_with_output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(place.path().join(directory).join("a").exists());
        assert!(calls(&place)[0].starts_with(&format!("<copy><docker://{image}><")));
        assert!(!place.path().join("bad").exists());
    }
}

#[test]
fn the_data_of_a_tuning_is_pulled_as_adapters_are() {
    assert_eq!(
        job_pull_script(IMAGE),
        pull_script("/mnt/data", IMAGE).replace("'/mnt/data'", "/mnt/data")
    );
}
