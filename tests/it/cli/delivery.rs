//! Output for a host: `render --delivery`, and what every host has in common.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::inputs::{self, SMALL, directory, git, workspace, workspace_of};
use crate::support::program::{Run, kaito_render, run};

/// What a team has in its directory beside a Workspace.
const TEAM: &str = "apiVersion: v1
kind: Secret
metadata: {name: registry}
stringData: {user: team}
---
apiVersion: example.com/v1
kind: Anything
metadata: {name: other, labels: {kept: \"as it is\"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: local, annotations: {config.kubernetes.io/local-config: \"true\"}}
";

const PROFILE: &str =
    "release: \"0.12\"\nprovisioner: nodepool\nkarpenter: {staticCapacity: true}\n";

/// Two Workspaces, one of which mounts a ConfigMap, and what the team has beside them.
fn repository() -> TempDir {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  \
                  inference_config.yaml: |\n    vllm: {max-model-len: 4096}\n---\n";
    let mounting = workspace("b", SMALL).replace("inference:", "inference:\n  config: settings");
    directory(&[
        ("models/a.yaml", &workspace("a", SMALL)),
        ("models/b.yaml", &(config.to_owned() + &mounting)),
        ("models/team/more.yaml", TEAM),
        ("models/README.md", "# Models\n"),
        ("kaito-render.yaml", &inputs::profile(PROFILE)),
    ])
}

fn render(directory: &Path, args: &[&str]) -> Run {
    let args = [&["render", "--format", "json"], args].concat();
    run(kaito_render(&args).current_dir(directory), "")
}

/// The objects of a run that was well.
fn objects(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let list: Value = serde_json::from_str(&run.stdout).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// The kinds and names of objects.
fn names(run: &Run) -> Vec<String> {
    let objects = objects(run);
    let name = |it: &Value| format!("{} {}", it["kind"], it["metadata"]["name"]).replace('"', "");
    objects.iter().map(name).collect()
}

/// What the Workspaces say about the profile.
fn profiles(run: &Run) -> Vec<Value> {
    let objects = objects(run);
    let workspaces = objects.iter().filter(|it| it["kind"] == "Workspace");
    let rendered = workspaces.map(|it| {
        let text = &it["metadata"]["annotations"]["render.kaito.sh/rendered"];
        serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap()
    });
    rendered
        .map(|rendered| rendered.get("profile").cloned().unwrap_or("absent".into()))
        .collect()
}

/// That a run failed, and its first line.
fn first_line(run: &Run) -> &str {
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    let line = run.stderr.lines().next().unwrap();
    assert!(line.chars().count() <= 200, "{line}");
    line
}

#[test]
fn every_document_is_handed_on() {
    let repository = repository();
    let without = render(repository.path(), &["models", "--root", "."]);
    assert!(!names(&without).contains(&"ConfigMap settings".to_owned()));
    for host in ["argocd", "flux", "kubectl"] {
        let delivered = render(
            repository.path(),
            &["models", "--root", ".", "--delivery", host],
        );
        let found = names(&delivered);
        for name in [
            "Workspace a",
            "Workspace b",
            "NodePool default-a",
            "ConfigMap settings",
            "Secret registry",
            "Anything other",
        ] {
            assert!(
                found.contains(&name.to_owned()),
                "{host}: no {name} in {found:?}"
            );
        }
        let odd = ["ConfigMap local", "Profile "];
        assert!(
            !found
                .iter()
                .any(|it| odd.iter().any(|odd| it.starts_with(odd))),
            "{found:?}"
        );
        // As they stand, without a namespace: the host knows it.
        let all = objects(&delivered);
        let other = all.iter().find(|it| it["kind"] == "Anything").unwrap();
        let metadata = serde_json::json!({"name": "other", "labels": {"kept": "as it is"}});
        assert_eq!(other["metadata"], metadata);
    }
}

#[test]
fn a_document_that_is_no_object_is_noted() {
    let repository = repository();
    let values = repository.path().join("models/values.yaml");
    fs::write(&values, "replicas: 2\n---\n---\n- a\n").unwrap();
    let delivered = render(repository.path(), &["models", "--delivery", "flux"]);
    assert_eq!(delivered.code, 0, "{}", delivered.stderr);
    assert_eq!(
        delivered.stderr.matches("note[KR013]").count(),
        2,
        "{}",
        delivered.stderr
    );
    // Half of what an object has is a mistake.
    fs::write(&values, "kind: Deployment\nmetadata: {name: x}\n").unwrap();
    let refused = render(repository.path(), &["models", "--delivery", "flux"]);
    assert!(first_line(&refused).starts_with("models/values.yaml:1:1: error[KR403]"));
}

#[test]
fn a_file_that_cant_be_read_is_an_error_unless_it_is_excluded() {
    let repository = repository();
    let template = repository.path().join("models/charts/a/x.yaml");
    inputs::write(&template, "a: {{ .Values.a }}\nb: [\n");
    let without = render(repository.path(), &["models", "--root", "."]);
    assert_eq!(without.code, 0, "{}", without.stderr);
    let args = ["models", "--root", ".", "--delivery", "argocd"];
    let line = render(repository.path(), &args);
    assert!(
        first_line(&line).starts_with("models/charts/a/x.yaml:1:"),
        "{}",
        line.stderr
    );
    for glob in [
        "models/charts/**",
        "models/charts",
        "./models/charts/",
        "**/x.yaml",
    ] {
        let profile = format!("{PROFILE}exclude: [\"{glob}\"]\n");
        fs::write(
            repository.path().join("kaito-render.yaml"),
            inputs::profile(&profile),
        )
        .unwrap();
        let delivered = render(repository.path(), &args);
        assert_eq!(delivered.code, 0, "{glob}: {}", delivered.stderr);
    }
    for (glob, rest) in [
        ("charts/**", "models/charts/a/x.yaml:"),
        ("a{", "kaito-render.yaml:6:11: error[KR501]"),
    ] {
        let profile = format!("{PROFILE}exclude: [\"{glob}\"]\n");
        fs::write(
            repository.path().join("kaito-render.yaml"),
            inputs::profile(&profile),
        )
        .unwrap();
        let refused = render(repository.path(), &args);
        assert!(
            first_line(&refused).starts_with(rest),
            "{glob}: {}",
            refused.stderr
        );
    }
}

#[test]
fn what_is_excluded_is_no_input_of_any_command() {
    let repository = repository();
    let path = repository.path();
    fs::write(
        path.join("models/old.yaml"),
        workspace_of("v1beta1", "old", SMALL, "phi-44"),
    )
    .unwrap();
    let check = |path: &Path| {
        run(
            kaito_render(&["check", "models", "--root", "."]).current_dir(path),
            "",
        )
    };
    assert_eq!(check(path).code, 1);
    let profile = format!("{PROFILE}exclude: [models/old.yaml]\n");
    fs::write(path.join("kaito-render.yaml"), inputs::profile(&profile)).unwrap();
    assert_eq!(check(path).code, 0);
    assert!(
        !names(&render(path, &["models", "--root", "."])).contains(&"Workspace old".to_owned())
    );
}

#[test]
fn what_another_program_has_to_render_is_an_error_with_the_way() {
    let kustomize = "resources: [a.yaml]\n";
    let with_kind =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    for (name, text) in [
        ("kustomization.yaml", kustomize),
        ("Kustomization", kustomize),
        ("kustomization.yml", with_kind),
    ] {
        let repository = repository();
        inputs::write(&repository.path().join("models").join(name), text);
        let refused = render(repository.path(), &["models", "--delivery", "argocd"]);
        let line = first_line(&refused);
        assert!(
            line.starts_with(&format!("models/{name}:1:1: error[KR014]")),
            "{line}"
        );
        assert!(
            refused
                .stderr
                .contains("run `kustomize build models | kaito-render render -`")
        );
        assert_eq!(
            refused.stderr.matches("error[").count(),
            2,
            "{}",
            refused.stderr
        );
    }
    // Flux's kind is an object.
    let repository = repository();
    let flux =
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n";
    inputs::write(&repository.path().join("models/kustomization.yaml"), flux);
    let delivered = render(repository.path(), &["models", "--delivery", "flux"]);
    assert!(names(&delivered).contains(&"Kustomization apps".to_owned()));
    // Named, it is no less one.
    let file = repository.path().join("models/k.yaml");
    inputs::write(&file, with_kind);
    let refused = render(
        repository.path(),
        &["models/k.yaml", "models/a.yaml", "--delivery", "flux"],
    );
    assert!(first_line(&refused).starts_with("models/k.yaml:1:1: error[KR014]"));
}

#[test]
fn a_chart_is_an_error_with_the_way() {
    let repository = repository();
    inputs::write(
        &repository.path().join("models/chart/Chart.yaml"),
        "apiVersion: v2\nname: x\n",
    );
    inputs::write(
        &repository.path().join("models/chart/templates/x.yaml"),
        "a: {{ .b }}\n",
    );
    let refused = render(repository.path(), &["models", "--delivery", "flux"]);
    assert!(
        first_line(&refused).starts_with("models/chart/Chart.yaml:1:1: error[KR014]"),
        "{}",
        refused.stderr
    );
    assert!(
        refused
            .stderr
            .contains("helm template models/chart | kaito-render render -")
    );
}

#[test]
fn an_input_without_workspaces_is_an_error_unless_the_profile_allows_it() {
    let directory = directory(&[("a/team.yaml", TEAM), ("b/values.yaml", "a: b\n")]);
    let path = directory.path();
    let args = |input| ["--delivery", "flux", "--root", ".", input];
    assert!(
        first_line(&render(path, &args("a")))
            .starts_with("error[KR401]: the input has no Workspace; ")
    );
    let allowed = inputs::profile("delivery: {withoutWorkspaces: true}\n");
    fs::write(path.join("kaito-render.yaml"), allowed).unwrap();
    assert_eq!(
        names(&render(path, &args("a"))),
        ["Secret registry", "Anything other"]
    );
    // An empty output is never written, whatever allows it.
    for more in [&[][..], &["--allow-empty"]] {
        let run = render(path, &[&args("b"), more].concat());
        assert!(
            first_line(&run).contains("a sync of nothing prunes everything"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_profile_is_looked_for_up_to_the_root() {
    let repository = repository();
    let (path, models) = (repository.path(), repository.path().join("models"));
    let args = [".", "--delivery", "argocd"];
    // Without `.git` and without a root: another cluster, but not in silence.
    let lost = render(&models, &args);
    assert_eq!(profiles(&lost), [Value::Null, Value::Null]);
    assert!(
        lost.stderr.contains("warning[KR508]") && lost.stderr.contains("--root"),
        "{}",
        lost.stderr
    );
    fs::rename(path.join("kaito-render.yaml"), path.join("other.yaml")).unwrap();
    let none = render(&models, &args);
    let said = "note[KR509]: there is no profile in `.`, and no directory above was looked in";
    assert!(none.stderr.contains(said), "{}", none.stderr);
    fs::rename(path.join("other.yaml"), path.join("kaito-render.yaml")).unwrap();
    // With a root.
    let found = render(&models, &[&args[..], &["--root", ".."]].concat());
    assert_eq!(profiles(&found), ["kaito-render.yaml", "kaito-render.yaml"]);
    assert!(!found.stderr.contains("KR50"), "{}", found.stderr);
    // With `.git`, and nothing to say without one.
    git(path, &["init", "--quiet", "--initial-branch=main"]);
    assert_eq!(
        profiles(&render(&models, &args)),
        ["kaito-render.yaml", "kaito-render.yaml"]
    );
    let below = render(&models, &[&args[..], &["--root", "."]].concat());
    assert_eq!(profiles(&below), [Value::Null, Value::Null]);
    assert!(!below.stderr.contains("KR50"), "{}", below.stderr);
    // Only a host is told.
    assert_eq!(profiles(&render(&models, &["."])), ["absent", "absent"]);
    // A root that is none, or of something else.
    for (root, said) in [
        ("nowhere", "is no directory"),
        ("team", "is not in the root"),
    ] {
        let run = render(&models, &["a.yaml", "--root", root]);
        assert!(run.code == 2 && run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn the_profile_can_name_the_host() {
    let repository = repository();
    let profile = format!("{PROFILE}delivery: {{host: flux}}\n");
    fs::write(
        repository.path().join("kaito-render.yaml"),
        inputs::profile(&profile),
    )
    .unwrap();
    let named = render(
        repository.path(),
        &["models", "--root", ".", "--delivery", "flux"],
    );
    let found = render(repository.path(), &["models", "--root", "."]);
    assert_eq!(names(&found), names(&named));
    // And then a check reports what a delivery would.
    inputs::write(&repository.path().join("models/broken.yaml"), "a: [\n");
    let args = ["check", "models", "--root", ".", "--format", "concise"];
    let checked = run(kaito_render(&args).current_dir(repository.path()), "");
    assert!(
        checked.stdout.starts_with("models/broken.yaml:"),
        "{}",
        checked.stdout
    );
}

#[test]
fn the_first_line_is_the_first_error() {
    let directory = directory(&[
        (
            "models/a.yaml",
            &workspace("a", SMALL)
                .replace("phi-4", "phi-4-mini-instruct")
                .replace("name: a", "name: a\n  annotations: {kaito.sh/team: x}"),
        ),
        ("models/0.yaml", "a: b\n"),
        (
            "models/b.yaml",
            &workspace_of("v1beta1", "b", SMALL, "phi-44"),
        ),
        (
            "models/c.yaml",
            &workspace_of("v1beta1", "c", SMALL, "phi-45"),
        ),
        (
            "models/d.yaml",
            &workspace_of("v1beta1", "d", SMALL, "phi-46"),
        ),
    ]);
    let run = render(
        &directory.path().join("models"),
        &[
            ".",
            "--delivery",
            "argocd",
            "--root",
            "..",
            "--color",
            "always",
        ],
    );
    let line = first_line(&run);
    assert!(
        line.starts_with("models/b.yaml:11:11: error[KR203]: release 0.12 has no preset phi-44; "),
        "{line}"
    );
    assert!(line.ends_with(" (2 more)"), "{line}");
    assert!(!line.contains(['\u{1b}', '`']), "{line}");
    let at = |text: &str| {
        run.stderr
            .find(text)
            .unwrap_or_else(|| panic!("no {text} in {}", run.stderr))
    };
    assert!(at("phi-46") < at("KR122"), "{}", run.stderr);
    assert!(at("KR122") < at("KR013"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_root_are_errors_and_show_nothing() {
    use std::os::unix::fs::symlink;

    let repository = repository();
    let path = repository.path();
    inputs::write(&path.join("outside/token.yaml"), "token: [s3cr3t\n");
    inputs::write(&path.join("outside/profile.yaml"), "s3cr3t: [\n");
    for (link, target) in [
        ("models/x.yaml", "../outside/token.yaml"),
        ("models/more", "../outside"),
        ("models/kaito-render.yaml", "../outside/profile.yaml"),
    ] {
        symlink(target, path.join(link)).unwrap();
        let args = ["models", "--delivery", "argocd", "--root"];
        let refused = render(path, &[&args[..], &["models"]].concat());
        let name = link.strip_prefix("models/").unwrap();
        assert!(
            first_line(&refused).starts_with(&format!("{name}:1:1: error[KR010]")),
            "{}",
            refused.stderr
        );
        assert!(!refused.stderr.contains("s3cr3t"), "{}", refused.stderr);
        // Inside of the root it may lead anywhere.
        let followed = render(path, &[&args[..], &["."]].concat());
        assert!(!followed.stderr.contains("KR010"), "{}", followed.stderr);
        fs::remove_file(path.join(link)).unwrap();
    }
}

#[test]
fn output_in_the_directory_is_not_handed_on_twice() {
    let repository = repository();
    let path = repository.path();
    let args = ["models", "--root", ".", "--delivery", "flux"];
    let first = render(path, &args);
    let written = render(path, &[&args[..], &["-o", "models/rendered/"]].concat());
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert_eq!(names(&render(path, &args)), names(&first));
    // Without an index, rendered Workspaces are documents like any other.
    let rendered = path.join("all.yaml");
    fs::write(&rendered, &first.stdout).unwrap();
    let all = render(path, &["all.yaml", "--root", ".", "--delivery", "flux"]);
    assert_eq!(names(&all), names(&first));
    fs::remove_dir_all(path.join("models")).unwrap();
    let found = render(
        path,
        &[".", "--root", ".", "--delivery", "flux", "--allow-empty"],
    );
    assert_eq!(objects(&found), objects(&first));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_without_output() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process};

    let directory = tempfile::tempdir().unwrap();
    let text: Vec<_> = (0..1000)
        .map(|index| workspace(&format!("w{index}"), SMALL))
        .collect();
    fs::write(directory.path().join("all.yaml"), text.join("---\n")).unwrap();
    let mut ended = 0;
    for after in [0, 20, 60, 120] {
        let mut command = kaito_render(&["render", ".", "--delivery", "argocd"]);
        let child = command
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(after));
        let pid = Pid::from_child(&child);
        let begun = Instant::now();
        kill_process(pid, Signal::TERM).unwrap();
        let output = child.wait_with_output().unwrap();
        let took = begun.elapsed();
        if output.status.signal() == Some(15) {
            ended += 1;
            assert!(output.stdout.is_empty(), "{after} ms");
            assert!(took < Duration::from_millis(500), "{after} ms: {took:?}");
        }
    }
    assert!(ended > 0);
}
