//! `check --against`, with paths and with revisions of real Git repositories.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::builder::{Diagnostic, Outcome, Test};
use crate::support::inputs::{self, LARGE, SMALL, git, workspace};
use crate::support::program::{kaito_render, run};

fn write(directory: &TempDir, path: &str, text: &str) {
    inputs::write(&directory.path().join(path), text);
}

fn commit(directory: &TempDir) {
    inputs::commit(directory.path());
}

/// A repository in which these files are committed.
fn repository(files: &[(&str, String)]) -> TempDir {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    inputs::repository(&files)
}

fn check(directory: &Path, args: &[&str]) -> Outcome {
    Test::within(directory).args(args).run()
}

/// What was reported, notes on the release left out: rule, place and the place before, each as
/// `file:line`.
fn diagnostics(outcome: &Outcome) -> Vec<String> {
    let found = outcome.diagnostics.iter();
    found
        .filter(|found| found.rule() != "KR201")
        .map(Diagnostic::with_lines)
        .collect()
}

#[test]
fn a_change_is_found_between_files_and_between_directories() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory, "old/x.yaml", &workspace("a", SMALL));
    write(&directory, "new/y.yaml", &workspace("a", LARGE));
    for (new, old) in [
        ("new", "old"),
        ("new/y.yaml", "old/x.yaml"),
        ("new", "old/x.yaml"),
    ] {
        let run = check(directory.path(), &[new, "--against-path", old]);
        assert_eq!(
            (run.code, diagnostics(&run)),
            (1, vec!["KR603 new/y.yaml:6 old/x.yaml:6".to_owned()]),
            "{new} {old}"
        );
    }
    let same = check(directory.path(), &["new", "--against-path", "new"]);
    assert_eq!((same.code, diagnostics(&same)), (0, vec![]));
}

#[test]
fn a_person_sees_both_places_and_what_to_do() {
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    write(&directory, "a.yaml", &workspace("a", LARGE));
    let run = Test::within(directory.path())
        .format("human")
        .args(&["a.yaml", "--against", "HEAD"])
        .prints("error[KR603]")
        .prints("HEAD:a.yaml:6")
        .prints("was `Standard_NC24ads_A100_v4` here")
        .prints("kubectl delete workspace a -n default")
        .exits(1)
        .run();
    assert_eq!(run.stdout, "");
}

#[test]
fn workspaces_are_found_again_in_files_that_were_renamed_and_moved() {
    let directory = repository(&[
        ("clusters/a/one.yaml", workspace("one", SMALL)),
        ("clusters/a/two.yaml", workspace("two", SMALL)),
        ("clusters/a/gone.yaml", workspace("gone", SMALL)),
        ("other/one.yaml", workspace("one", LARGE)),
    ]);
    git(
        directory.path(),
        &["mv", "clusters/a/one.yaml", "clusters/a/uno.yaml"],
    );
    fs::create_dir(directory.path().join("clusters/a/sub")).unwrap();
    git(
        directory.path(),
        &["mv", "clusters/a/two.yaml", "clusters/a/sub/two.yaml"],
    );
    git(directory.path(), &["rm", "--quiet", "clusters/a/gone.yaml"]);
    write(&directory, "clusters/a/uno.yaml", &workspace("one", LARGE));
    write(
        &directory,
        "clusters/a/sub/two.yaml",
        &workspace("two", LARGE),
    );
    write(&directory, "clusters/a/new.yaml", &workspace("new", LARGE));
    commit(&directory);
    let expected = |prefix: &str| {
        [
            format!("KR603 {prefix}sub/two.yaml:6 HEAD~1:clusters/a/two.yaml:6"),
            format!("KR603 {prefix}uno.yaml:6 HEAD~1:clusters/a/one.yaml:6"),
        ]
    };
    for (start, path, prefix) in [
        ("", "clusters", "clusters/a/"),
        ("clusters", "a", "a/"),
        ("clusters/a/sub", "..", "../"),
    ] {
        let run = check(
            &directory.path().join(start),
            &[path, "--against", "HEAD~1"],
        );
        assert_eq!(
            (run.code, diagnostics(&run).as_slice()),
            (1, expected(prefix).as_slice()),
            "{start}"
        );
    }
    let run = check(directory.path(), &["clusters", "--against", "HEAD"]);
    assert_eq!((run.code, diagnostics(&run)), (0, vec![]));
}

#[test]
fn a_directory_of_a_revision_is_walked_as_one_on_disk() {
    let rendered = workspace("a", SMALL).replace(
        "  name: a\n",
        &format!(
            "  name: a\n  annotations: {{render.kaito.sh/rendered: '{}'}}\n",
            inputs::RENDERED
        ),
    );
    let fingerprint = inputs::fingerprint(&rendered);
    let index = json!({"version": 2, "files": {"default/a/workspace.yaml": fingerprint}});
    let directory = repository(&[
        ("a/.hidden/a.yaml", workspace("a", SMALL)),
        ("a/chart/Chart.yaml", "name: chart\n".to_owned()),
        (
            "a/chart/templates/a.yaml",
            workspace("{{ .Values.name }}", SMALL),
        ),
        ("a/out/.kaito-render.json", index.to_string()),
        ("a/out/default/a/workspace.yaml", rendered),
        ("a/a.txt", workspace("a", SMALL)),
        ("b.yaml", workspace("b", SMALL)),
    ]);
    write(&directory, "a/new.yaml", &workspace("a", LARGE));
    let run = check(directory.path(), &["a", "--against", "HEAD"]);
    let template = "KR011 a/chart/templates/a.yaml:2".to_owned();
    assert_eq!(
        (run.code, diagnostics(&run)),
        (0, vec![template, "KR612".to_owned()])
    );
    let run = check(directory.path(), &["a", "a/a.txt", "--against", "HEAD"]);
    assert!(
        diagnostics(&run).contains(&"KR603 a/new.yaml:6 HEAD:a/a.txt:6".to_owned()),
        "{run:?}"
    );
}

/// What has not changed is not asked of Git, so that it does not even matter if it is lost.
#[test]
fn only_what_differs_is_read_of_a_revision() {
    let directory = repository(&[
        ("a.yaml", workspace("a", SMALL)),
        ("b.yaml", workspace("b", SMALL)),
    ]);
    let path = directory.path();
    let lose = |file: &str| {
        let object = git(path, &["rev-parse", &format!("HEAD:{file}")]);
        let (start, rest) = object.split_at(2);
        fs::remove_file(path.join(format!(".git/objects/{start}/{rest}"))).unwrap();
    };
    lose("a.yaml");
    write(&directory, "b.yaml", &workspace("b", LARGE));
    let changed = check(path, &[".", "--against", "HEAD"]);
    let expected = vec!["KR603 ./b.yaml:6 HEAD:b.yaml:6".to_owned()];
    assert_eq!((changed.code, diagnostics(&changed)), (1, expected));
    let diff = |expected: i32| {
        let found = run(
            kaito_render(&["diff", "--against", "HEAD"]).current_dir(path),
            "",
        );
        assert_eq!(found.code, expected, "{}", found.stderr);
    };
    diff(1);
    write(&directory, "b.yaml", &workspace("b", SMALL));
    let same = check(path, &[".", "--against", "HEAD"]);
    assert_eq!((same.code, diagnostics(&same)), (0, vec![]));
    diff(0);
    write(&directory, "a.yaml", &workspace("a", LARGE));
    assert_eq!(check(path, &[".", "--against", "HEAD"]).code, 2);
    diff(2);
}

#[test]
fn submodules_of_a_revision_are_left_out() {
    let inner = repository(&[("x.yaml", workspace("x", SMALL))]);
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    let from = inner.path().to_str().unwrap();
    // A repository inside of another is a submodule to it. `git submodule` is a shell script, which
    // needs more programs than Git.
    git(directory.path(), &["clone", "--quiet", from, "inner"]);
    commit(&directory);
    let entry = git(directory.path(), &["ls-tree", "HEAD", "inner"]);
    assert!(entry.starts_with("160000 commit"), "{entry}");
    write(&directory, "a.yaml", &workspace("a", LARGE));
    write(&directory, "inner/x.yaml", &workspace("x", LARGE));
    let run = check(directory.path(), &["a.yaml", "inner", "--against", "HEAD"]);
    let (a, x) = (
        "KR603 a.yaml:6 HEAD:a.yaml:6".to_owned(),
        "KR603 inner/x.yaml:6 HEAD:x.yaml:6".to_owned(),
    );
    assert_eq!(
        diagnostics(&run),
        [a, x],
        "a path inside of a submodule has that one's history"
    );
    let run = check(directory.path(), &[".", "--against", "HEAD"]);
    assert_eq!(diagnostics(&run), ["KR603 ./a.yaml:6 HEAD:a.yaml:6"]);
}

#[test]
fn what_was_wrong_before_is_only_noted() {
    let directory = repository(&[
        (
            "w/broken.yaml",
            "apiVersion: kaito.sh/v1beta1\nkind: [\n".to_owned(),
        ),
        ("w/odd.yaml", workspace("odd", "[]")),
        (
            "w/unfit.yaml",
            workspace("unfit", "Standard_NoSuch").replace("phi-4", "no-such"),
        ),
    ]);
    for name in ["broken", "odd"] {
        write(
            &directory,
            &format!("w/{name}.yaml"),
            &workspace(name, SMALL),
        );
    }
    write(&directory, "w/unfit.yaml", &workspace("unfit", SMALL));
    let run = check(directory.path(), &["w", "--against", "HEAD"]);
    let expected = [
        "KR612 HEAD:w/broken.yaml:2",
        "KR612 HEAD:w/odd.yaml:6",
        "KR603 w/unfit.yaml:6 HEAD:w/unfit.yaml:6",
        "KR606 w/unfit.yaml:11 HEAD:w/unfit.yaml:11",
    ];
    assert_eq!(
        (run.code, diagnostics(&run).as_slice()),
        (1, expected.map(str::to_owned).as_slice())
    );
}

#[test]
fn a_revision_is_never_taken_for_a_path_nor_a_path_for_a_revision() {
    let files = [
        ("w/a.yaml", workspace("a", SMALL)),
        ("main/a.yaml", workspace("a", LARGE)),
    ];
    let directory = repository(&files);
    write(&directory, "w/a.yaml", &workspace("a", LARGE));
    for (args, code) in [
        (["w", "--against", "main"], 1),
        (["w", "--against", "refs/heads/main"], 1),
        (["w", "--against-path", "main"], 0),
        (["w", "--against", "w/a.yaml"], 2),
        (["w", "--against-path", "refs/heads/main"], 2),
    ] {
        let run = check(directory.path(), &args);
        assert_eq!(run.code, code, "{args:?}: {}", run.stderr);
    }
    let run = check(directory.path(), &["w", "--against", "w/a.yaml"]);
    assert!(
        run.stderr.contains("use `--against-path w/a.yaml`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_revision_that_could_mean_two_things_is_refused() {
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    git(directory.path(), &["branch", "release"]);
    write(&directory, "a.yaml", &workspace("a", LARGE));
    commit(&directory);
    git(directory.path(), &["tag", "release"]);
    let run = check(directory.path(), &["a.yaml", "--against", "release"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("`release` names more than one thing"),
        "{}",
        run.stderr
    );
    let run = check(
        directory.path(),
        &["a.yaml", "--against", "refs/heads/release"],
    );
    assert_eq!(
        diagnostics(&run),
        ["KR603 a.yaml:6 refs/heads/release:a.yaml:6"]
    );
}

#[test]
fn what_can_not_be_compared_with_is_no_diagnostic_and_exits_with_2() {
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    let alone = tempfile::tempdir().unwrap();
    write(&alone, "a.yaml", &workspace("a", SMALL));
    let blob = ["a.yaml", "--against", "HEAD:a.yaml"];
    for (directory, args, said) in [
        (
            &directory,
            &["a.yaml", "--against", "no-such"][..],
            "`no-such` is not a revision",
        ),
        (
            &directory,
            &["a.yaml", "--against", "HEAD~1"],
            "`HEAD~1` is not a revision",
        ),
        (
            &directory,
            &["a.yaml", "--against=--all"],
            "`--all` is not a revision",
        ),
        (&directory, &blob, "`HEAD:a.yaml` is not a revision"),
        (
            &directory,
            &["-", "--against", "HEAD"],
            "stdin has no history",
        ),
        (
            &directory,
            &["no-such.yaml", "--against", "HEAD"],
            "`no-such.yaml` does not exist",
        ),
        (
            &alone,
            &["a.yaml", "--against", "HEAD"],
            "is in no Git repository",
        ),
    ] {
        let run = check(directory.path(), args);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{args:?}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn a_clone_that_is_not_whole_is_said_to_be_so() {
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    write(&directory, "a.yaml", &workspace("a", LARGE));
    commit(&directory);
    let clones = tempfile::tempdir().unwrap();
    let from = format!("file://{}", directory.path().display());
    git(
        clones.path(),
        &["clone", "--quiet", "--depth", "1", &from, "clone"],
    );
    let run = check(
        &clones.path().join("clone"),
        &["a.yaml", "--against", "HEAD~1"],
    );
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("git fetch --unshallow"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_repository_is_that_of_the_input_even_in_a_hook() {
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    let other = repository(&[("a.yaml", workspace("a", LARGE))]);
    write(&directory, "a.yaml", &workspace("a", LARGE));
    let test = Test::within(directory.path()).args(&["a.yaml", "--against", "HEAD"]);
    let run = test
        .env("GIT_DIR", other.path().join(".git"))
        .env("GIT_INDEX_FILE", "/dev/null")
        .run();
    assert_eq!(diagnostics(&run), ["KR603 a.yaml:6 HEAD:a.yaml:6"]);
}

#[test]
fn what_stands_in_a_revision_is_no_file_of_the_working_directory() {
    let directory = repository(&[("a.yaml", workspace("a", SMALL))]);
    write(&directory, "a.yaml", &workspace("a", LARGE));
    let mut command = kaito_render(&["check", "a.yaml", "--against", "HEAD", "--format", "sarif"]);
    let sarif: Value =
        serde_json::from_str(&run(command.current_dir(directory.path()), "").stdout).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let artifact = |location: &Value| location["physicalLocation"]["artifactLocation"].clone();
    assert_eq!(
        artifact(&result["locations"][0]),
        json!({"uri": "a.yaml", "uriBaseId": "%SRCROOT%"})
    );
    assert_eq!(
        artifact(&result["relatedLocations"][0]),
        json!({"uri": "HEAD%3Aa.yaml"})
    );
}

/// A Workspace that tunes a model by a method, with the data of a URL.
fn tuned(method: &str, url: &str) -> String {
    let tuning = format!(
        "tuning:\n  preset: {{name: phi-4}}\n  method: {method}\n  input: {{name: d, urls: [\"{url}\"]}}\n  \
         output: {{image: \"r.io/t/x:1\", imagePushSecret: push}}\n"
    );
    workspace("a", SMALL).replace("inference:\n  preset:\n    name: phi-4\n", &tuning)
}

#[test]
fn what_no_golden_case_shows_follows_the_webhook_too() {
    let served = workspace("a", SMALL);
    let annotated = |annotation: &str| {
        served.replace(
            "  name: a\n",
            &format!("  name: a\n  annotations: {{{annotation}}}\n"),
        )
    };
    let adapter =
        "  adapters:\n  - source: {name: x, image: \"r.io/t/x:1\"}\n    strength: \"2\"\n";
    let transformers = annotated("kaito.sh/runtime: transformers");
    let streamed = annotated("kaito.sh/model-streaming: disabled");
    for (old, new, rules) in [
        (&served, &streamed, &["KR610"][..]),
        (&streamed, &served, &["KR610"]),
        (
            &streamed,
            &annotated("kaito.sh/model-streaming: 'off'"),
            &["KR610"],
        ),
        (
            &transformers,
            &format!("{transformers}{adapter}"),
            &["KR112", "KR611"],
        ),
        (
            &served,
            &served.replace("phi-4", "microsoft/phi-4"),
            &["KR606"],
        ),
        (
            &served,
            &served.replace("  instanceType", "  count: 1\n  instanceType"),
            &[],
        ),
        (
            &served,
            &annotated("kaito.sh/performance-mode: balanced"),
            &[],
        ),
        (
            &tuned("lora", "https://e.com/a"),
            &tuned("LoRA", "https://e.com/b"),
            &["KR614"],
        ),
        (
            &tuned("lora", "https://e.com/a"),
            &tuned("qlora", "https://e.com/a"),
            &["KR608"],
        ),
    ] {
        let test = Test::new().file("new.yaml", new).args(&["new.yaml"]);
        let mut found: Vec<_> = diagnostics(&test.against(old).run())
            .iter()
            .map(|diagnostic| diagnostic[..5].to_owned())
            .collect();
        found.retain(|rule| rule != "KR123"); // a value that does nothing
        assert_eq!(found, rules, "{old}\n{new}");
    }
}

#[test]
fn a_machine_type_may_go_where_the_nodes_are_ones_own() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory, "old.yaml", &workspace("a", SMALL));
    write(
        &directory,
        "new.yaml",
        &workspace("a", SMALL).replace(&format!("  instanceType: {SMALL}\n"), ""),
    );
    let node = "labels: {apps: a, nvidia.com/gpu.product: NVIDIA-A100, nvidia.com/gpu.count: \"1\", nvidia.com/gpu.memory: \"81920\"}";
    let profile = inputs::profile(&format!(
        "release: \"0.12\"\nprovisioner: none\nnodes:\n- {node}\n"
    ));
    write(&directory, "kaito-render.yaml", &profile);
    let run = check(
        directory.path(),
        &["new.yaml", "--against-path", "old.yaml"],
    );
    assert_eq!((run.code, diagnostics(&run)), (0, vec![]));
}

#[test]
fn sets_keep_their_partition_alone() {
    let set = |replicas: u32, instance_type: &str, count: u32| {
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: s}}\nspec:\n  replicas: {replicas}\n  \
             labelSelector: {{matchLabels: {{apps: s}}}}\n  template:\n    resource:\n      instanceType: {instance_type}\n      \
             partition: {{mode: accelerator, count: {count}}}\n    inference: {{preset: {{name: phi-4}}}}\n"
        )
    };
    let directory = tempfile::tempdir().unwrap();
    write(&directory, "old.yaml", &set(1, SMALL, 1));
    for (new, changed) in [(set(3, LARGE, 1), false), (set(1, SMALL, 2), true)] {
        write(&directory, "new.yaml", &new);
        let found = diagnostics(&check(
            directory.path(),
            &["new.yaml", "--against-path", "old.yaml"],
        ));
        assert_eq!(
            found.contains(&"KR605 new.yaml:10 old.yaml:10".to_owned()),
            changed,
            "{found:?}"
        );
        assert_eq!(
            found.iter().any(|found| found.starts_with("KR6")),
            changed,
            "{found:?}"
        );
    }
}

#[test]
fn what_a_cluster_added_is_no_change() {
    let directory = tempfile::tempdir().unwrap();
    let live = workspace("a", SMALL).replace(
        "  name: a\n",
        "  name: a\n  namespace: default\n  uid: u\n  generation: 2\n",
    );
    let live = live
        .replace("resource:\n", "resource:\n  count: 1\n")
        .replace(
            "name: phi-4",
            "{name: phi-4, accessMode: public, presetOptions: {}}",
        );
    let items: String = live
        .lines()
        .enumerate()
        .map(|(n, line)| format!("{}{line}\n", if n == 0 { "- " } else { "  " }))
        .collect();
    write(
        &directory,
        "live.yaml",
        &format!("apiVersion: v1\nkind: List\nitems:\n{items}"),
    );
    write(&directory, "a.yaml", &workspace("a", SMALL));
    let run = check(directory.path(), &["a.yaml", "--against-path", "live.yaml"]);
    assert_eq!((run.code, diagnostics(&run)), (0, vec![]));
}

/// A profile with an overlay that keeps weights on claims of a size.
fn kept(size: &str) -> String {
    inputs::profile(&format!(
        "release: '0.12'\noverlays:\n- name: kept\n  add:\n    weights: {{size: {size}}}\n"
    ))
}

#[test]
fn claims_that_a_changed_overlay_changes_are_found_where_no_workspace_changes() {
    let plain = inputs::profile("release: '0.12'\n");
    for (before, after, expected) in [
        (
            plain.clone(),
            kept("200Gi"),
            vec!["KR732 kaito-render.yaml:7"],
        ),
        (
            kept("100Gi"),
            kept("200Gi"),
            vec!["KR732 kaito-render.yaml:7"],
        ),
        (kept("200Gi"), plain.clone(), vec!["KR732 models/a.yaml:4"]),
        (kept("200Gi"), kept("200Gi") + "# the same\n", vec![]),
        (
            plain.clone(),
            plain.clone() + "storage: {localNVMe: true}\n",
            vec!["KR732 models/a.yaml:4"],
        ),
        ("a: [".to_owned(), kept("200Gi"), vec![]),
    ] {
        let repository = repository(&[
            ("kaito-render.yaml", before.clone()),
            ("models/a.yaml", workspace("a", SMALL)),
        ]);
        write(&repository, "kaito-render.yaml", &after);
        let run = check(repository.path(), &["models", "--against", "HEAD"]);
        assert_eq!(
            (run.code, diagnostics(&run)),
            (0, expected.iter().map(|it| (*it).to_owned()).collect()),
            "{before}{after}"
        );
        // A profile that is named is the same for both.
        let named = [
            "models",
            "--against",
            "HEAD",
            "--profile",
            "kaito-render.yaml",
        ];
        assert_eq!(
            diagnostics(&check(repository.path(), &named)),
            Vec::<String>::new()
        );
    }
}

/// Each names the other one, which is an error on both sides and no reason to read on for ever.
#[test]
fn components_that_name_each_other_end() {
    let of = |component: &str| format!("kind: Component\ncomponents: [../{component}]\n");
    let profile = inputs::profile("overlays: [{kustomization: a}]\n");
    let repository = repository(&[
        ("kaito-render.yaml", profile),
        ("a/kustomization.yaml", of("b")),
        ("b/kustomization.yaml", of("a")),
        ("models/a.yaml", workspace("a", SMALL)),
    ]);
    let run = check(repository.path(), &["models", "--against", "HEAD"]);
    assert_eq!(run.code, 1);
    assert!(
        diagnostics(&run)[0].starts_with("KR721 "),
        "{:?}",
        diagnostics(&run)
    );
}

#[test]
fn pods_of_a_job_that_a_changed_patch_changes_are_found() {
    let profile = inputs::profile(
        "release: '0.12'\noverlays:\n- name: patched\n  patches: [{path: patches/job.yaml}]\n",
    );
    let patch = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {priorityClassName: low}}}\n";
    let tuning = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\nresource:\n  \
                  instanceType: Standard_NC24ads_A100_v4\n  labelSelector: {matchLabels: {apps: a}}\n\
                  tuning:\n  preset: {name: phi-4}\n  method: qlora\n  \
                  input: {urls: [https://example.com/data.parquet]}\n  \
                  output: {image: example.com/adapter:1, imagePushSecret: push}\n";
    let repository = repository(&[
        ("kaito-render.yaml", profile),
        ("patches/job.yaml", patch.to_owned()),
        ("models/a.yaml", tuning.to_owned()),
    ]);
    let found = || diagnostics(&check(repository.path(), &["models", "--against", "HEAD"]));
    assert_eq!(found(), Vec::<String>::new());
    write(
        &repository,
        "patches/job.yaml",
        &patch.replace("low", "high"),
    );
    assert_eq!(found(), ["KR614 patches/job.yaml:3"]);
}
