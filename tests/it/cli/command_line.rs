//! Exit codes, streams, and what people are told.

use std::fs;
use std::process::Stdio;

use crate::golden;
use crate::support::inputs;
use crate::support::program::{kaito_render, root, run, stdout};

const TUNING: &str = "examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml";

fn tuning() -> String {
    fs::read_to_string(root().join(TUNING)).unwrap()
}

#[test]
fn placeholders_are_errors_at_their_places() {
    let text = tuning()
        .replace(
            "myregistry.azurecr.io/phi-3-dolly-adapter",
            "ACR_REPO_HERE.azurecr.io/IMAGE_NAME_HERE",
        )
        .replace("myregistry-push", "ACR_REGISTRY_SECRET_HERE");
    let run = run(&mut kaito_render(&["render", "-"]), &text);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    for placeholder in [
        "ACR_REPO_HERE",
        "IMAGE_NAME_HERE",
        "ACR_REGISTRY_SECRET_HERE",
    ] {
        let (line, text) = text
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(placeholder))
            .unwrap();
        let column = text.find(placeholder).unwrap() + 1;
        assert!(
            run.stderr
                .contains(&format!("<stdin>:{}:{column}", line + 1)),
            "{placeholder}: {}",
            run.stderr
        );
    }
}

#[test]
fn tuning_with_too_little_memory_is_a_warning_that_can_be_denied() {
    let run_with = |args: &[&str]| run(&mut kaito_render(args), "");
    let warned = run_with(&["check", TUNING]);
    assert_eq!((warned.code, warned.stdout.as_str()), (0, ""));
    assert!(
        warned.stderr.contains("warning[KR207]") && warned.stderr.contains("72 GiB"),
        "{}",
        warned.stderr
    );
    assert_eq!(run_with(&["check", TUNING, "--deny-warnings"]).code, 1);
    let denied = run_with(&["render", TUNING, "--deny-warnings"]);
    assert_eq!((denied.code, denied.stdout.as_str()), (1, ""));
}

#[test]
fn diagnostics_are_data_on_standard_output_if_asked_for() {
    let run = run(
        &mut kaito_render(&["check", "-", "--format", "json"]),
        &tuning().replace("qlora", "qlore"),
    );
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["summary"]["errors"], 1, "{json}");
    let rules: Vec<_> = json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|diagnostic| &diagnostic["rule"])
        .collect();
    assert_eq!(rules, ["KR207", "KR113", "KR201"], "{json}");
}

#[test]
fn a_command_that_can_not_run_exits_with_2() {
    for args in [
        &["render", "no-such-file.yaml"][..],
        &["render"],
        &["render", TUNING, "--profile", "no-such-profile.yaml"],
        &["render", TUNING, "--library", "no-such-library"],
        &["render", TUNING, "-o", "/dev/null/x"],
        &["unheard-of"],
    ] {
        let run = run(&mut kaito_render(args), "");
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{args:?}: {}",
            run.stderr
        );
        assert!(
            run.stderr.contains("error:") || args.len() == 1,
            "{args:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn an_input_without_a_workspace_is_an_error_unless_allowed() {
    let refused = run(
        &mut kaito_render(&["render", "-"]),
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
    );
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("KR401"), "{}", refused.stderr);
    assert_eq!(stdout(&["render", "-", "--allow-empty"], ""), "");
}

#[test]
fn nothing_is_written_if_one_of_many_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("good.yaml"), tuning()).unwrap();
    fs::write(
        directory.path().join("bad.yaml"),
        tuning().replace("tuning-phi-3\n", "UPPER\n"),
    )
    .unwrap();
    let out = directory.path().join("out");
    let args = [
        "render",
        directory.path().to_str().unwrap(),
        "-o",
        &format!("{}/", out.display()),
    ];
    assert_eq!(run(&mut kaito_render(&args), "").code, 1);
    assert!(!out.exists());
}

#[test]
fn the_same_workspace_twice_is_an_error_that_shows_both() {
    let run = run(
        &mut kaito_render(&["render", "-"]),
        &format!("{0}---\n{0}", tuning()),
    );
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("KR117") && run.stderr.contains("the other one"),
        "{}",
        run.stderr
    );
}

#[test]
fn kinds_can_be_chosen() {
    let kinds = |args: &[&str]| {
        let text = stdout(&[&["render", TUNING], args].concat(), "");
        text.lines()
            .filter_map(|line| line.strip_prefix("kind: ").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&[]), ["Workspace", "ConfigMap", "Machine", "Job"]);
    assert_eq!(kinds(&["--only", "job,machine"]), ["Machine", "Job"]);
    assert_eq!(
        kinds(&["--exclude", "Workspace"]),
        ["ConfigMap", "Machine", "Job"]
    );
    let nothing = run(
        &mut kaito_render(&["render", TUNING, "--only", "Machines"]),
        "",
    );
    assert_eq!((nothing.code, nothing.stdout.as_str()), (1, ""));
    assert!(
        nothing.stderr.contains("error[KR404]") && nothing.stderr.contains("warning[KR405]"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn other_documents_pass_through_where_they_were_named() {
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: push\n---\n{}",
        tuning()
    );
    assert!(stdout(&["render", "-"], &text).contains("kind: Secret"));
    assert!(!stdout(&["render", "-", "--only-generated"], &text).contains("kind: Secret"));
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), text).unwrap();
    assert!(!stdout(&["render", directory.path().to_str().unwrap()], "").contains("kind: Secret"));
}

#[test]
fn the_profile_is_found_above_the_input() {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("clusters/a");
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir(directory.path().join(".git")).unwrap();
    let profile = inputs::profile("release: \"0.3\"\nprovisioner: machine\nregistry: r.io/k\n");
    fs::write(directory.path().join("kaito-render.yaml"), &profile).unwrap();
    fs::write(inner.join("a.yaml"), tuning()).unwrap();
    let run = run(&mut kaito_render(&["render", inner.to_str().unwrap()]), "");
    assert!(
        run.stdout
            .contains("image: r.io/k/kaito-phi-3-mini-128k-instruct:0.0.2"),
        "{}",
        run.stderr
    );
    assert!(
        !run.stderr.contains("KR201") && !run.stderr.contains("KR212"),
        "{}",
        run.stderr
    );
    fs::write(
        directory.path().join("kaito-render.yaml"),
        profile.replace("registry", "registri"),
    )
    .unwrap();
    let wrong =
        crate::support::program::run(&mut kaito_render(&["render", inner.to_str().unwrap()]), "");
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.stderr.contains("did you mean `registry`?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_profile_that_is_not_one_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let profile = inputs::profile("");
    for (cluster, text) in [
        ("a", profile.clone()),
        ("b", format!("{profile}---\n{profile}")),
    ] {
        let cluster = directory.path().join(cluster);
        fs::create_dir_all(&cluster).unwrap();
        fs::write(cluster.join("kaito-render.yaml"), text).unwrap();
        fs::write(cluster.join("w.yaml"), tuning()).unwrap();
    }
    let paths =
        ["a", "b"].map(|cluster| directory.path().join(cluster).to_str().unwrap().to_owned());
    let two = run(&mut kaito_render(&["check", &paths[1]]), "");
    assert!(
        two.code == 1 && two.stderr.contains("error[KR502]"),
        "{}",
        two.stderr
    );
    let both = run(&mut kaito_render(&["check", &paths[0], &paths[1]]), "");
    assert!(
        both.code == 1 && both.stderr.contains("error[KR503]"),
        "{}",
        both.stderr
    );
}

#[test]
fn a_library_lays_over_models_and_templates() {
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("presets/0.3/models");
    fs::create_dir_all(&models).unwrap();
    let model = fs::read_to_string(root().join("presets/0.3/models/phi-2.yaml")).unwrap();
    fs::write(models.join("our-model.yaml"), &model).unwrap();
    let args = [
        "render",
        "-",
        "--library",
        directory.path().to_str().unwrap(),
    ];
    let input = tuning().replace("phi-3-mini-128k-instruct", "our-model");
    assert!(stdout(&args, &input).contains("kaito-our-model:"));
    fs::write(
        models.join("our-model.yaml"),
        model.replace("family:", "famly:"),
    )
    .unwrap();
    let wrong = run(&mut kaito_render(&args), &input);
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.stderr.contains("our-model.yaml") && wrong.stderr.contains("`family`"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn help_completions_and_manual_pages() {
    for args in [
        &["--help"][..],
        &["render", "--help"],
        &["check", "--help"],
        &["completions", "--help"],
    ] {
        let help = stdout(args, "");
        assert!(
            help.contains("Example") && help.contains("Usage: kaito-render"),
            "{help}"
        );
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            stdout(&["completions", shell], "").contains("deny-warnings"),
            "{shell}"
        );
    }
    assert!(stdout(&["man"], "").starts_with(".ie"));
    assert!(stdout(&["man", "render"], "").contains("kaito\\-render\\-render"));
}

#[test]
fn a_reader_that_closes_its_end_is_no_failure() {
    let input: String = (0..300)
        .map(|number| tuning().replace("name: workspace", &format!("name: w{number}")))
        .collect::<Vec<_>>()
        .join("---\n");
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    fs::write(file.path(), input).unwrap();
    let mut command = kaito_render(&["render", file.path().to_str().unwrap()]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_catalogue_can_be_looked_at() {
    let files = walkdir::WalkDir::new(root().join("presets"))
        .into_iter()
        .map(Result::unwrap);
    let models = files.filter(|file| {
        file.file_type().is_file() && file.path().iter().any(|step| step == "models")
    });
    assert_eq!(
        stdout(&["presets", "list"], "").lines().count(),
        1 + models.count()
    );
    let presets = stdout(&["presets", "list", "--release", "0.3"], "");
    assert!(
        presets.starts_with("NAME") && presets.lines().count() > 10,
        "{presets}"
    );
    let row = presets
        .lines()
        .find(|line| line.starts_with("llama-2-70b "))
        .unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(
        cells,
        [
            "llama-2-70b",
            "0.3",
            "LLaMa2",
            "private",
            "8",
            "152Gi",
            "19Gi",
            "158Gi",
            "no"
        ]
    );
    let shown = stdout(&["presets", "show", "phi-2"], "");
    let file = fs::read_to_string(root().join("presets/0.3/models/phi-2.yaml")).unwrap();
    assert_eq!(shown, format!("# presets/0.3/models/phi-2.yaml\n{file}"));
    let types = stdout(&["instance-types", "list", "--cloud", "aws"], "");
    assert!(
        types.contains("p4d.24xlarge") && !types.contains("Standard_"),
        "{types}"
    );
    let aliased = stdout(&["presets", "show", "Mistral-7B", "--release", "0.12"], "");
    assert!(
        aliased
            .starts_with("# presets/0.12/models/mistralai/mistral-7b-v0.3.yaml\nname: mistralai/"),
        "{aliased}"
    );
}

#[test]
fn names_that_the_catalogue_lacks_are_reported() {
    for (args, said) in [
        (
            &["presets", "show", "phi-3-mini-4k"][..],
            "did you mean `phi-3-mini-4k-instruct`?",
        ),
        (
            &["presets", "show", "gpt"],
            "`kaito-render presets list` lists them all",
        ),
        (
            &["presets", "list", "--release", "9"],
            "there is no release `9`",
        ),
        (&["crds", "--release", "9"], "there is no release `9`"),
        (&["schema", "--kind", "nothing"], "possible values"),
    ] {
        let run = run(&mut kaito_render(args), "");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn a_library_shows_in_the_catalogue() {
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("presets/0.3/models");
    fs::create_dir_all(&models).unwrap();
    fs::copy(
        root().join("presets/0.3/models/phi-2.yaml"),
        models.join("our-model.yaml"),
    )
    .unwrap();
    let library = directory.path().to_str().unwrap();
    assert!(stdout(&["presets", "list", "--library", library], "").contains("\nour-model "));
    assert!(stdout(&["presets", "show", "our-model", "--library", library], "").starts_with("# /"));
    fs::write(models.join("our-model.yaml"), "family: 1\n").unwrap();
    let wrong = run(
        &mut kaito_render(&["presets", "list", "--library", library]),
        "",
    );
    assert_eq!((wrong.code, wrong.stdout.as_str()), (1, ""));
    assert!(
        wrong.stderr.contains("`family` must be a string"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn schemas_are_what_the_project_publishes() {
    let workspaces = [
        "workspace",
        "workspace-v1alpha1",
        "workspace-v1beta1",
        "inferenceset",
    ];
    let others = [
        "Profile",
        "model",
        "hub-model",
        "import",
        "instance-types",
        "tuning-config",
        "release",
        "plan",
    ];
    for kind in workspaces.iter().chain(&others) {
        let schema: serde_json::Value =
            serde_json::from_str(&stdout(&["schema", "--kind", kind], "")).unwrap();
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{kind}"
        );
        // The others are published with the names of the library left out.
        if others.contains(kind) && *kind != "Profile" {
            let published =
                fs::read_to_string(root().join(format!("schemas/{kind}.json"))).unwrap();
            assert_eq!(
                schema,
                serde_json::from_str::<serde_json::Value>(&published).unwrap(),
                "{kind}"
            );
        }
    }
}

#[test]
fn crds_are_those_of_the_newest_release_unless_another_is_named() {
    let kinds = |args: &[&str]| {
        let crds = golden::documents(&stdout(args, ""));
        assert!(
            crds.iter()
                .all(|crd| crd["kind"] == "CustomResourceDefinition"),
            "{args:?}"
        );
        crds.iter()
            .map(|crd| crd["spec"]["names"]["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&["crds", "--release", "0.3"]), ["Workspace"]);
    assert_eq!(
        kinds(&["crds", "--release", "0.12"]),
        ["InferenceSet", "Workspace"]
    );
    assert_eq!(kinds(&["crds"]), kinds(&["crds", "--release", "0.12"]));
}

/// The standard library opens `/dev/null` in the place of a closed stream, and takes the refusal of
/// one that is only open for reading for success.
#[cfg(unix)]
#[test]
fn what_nobody_can_read_is_no_success() {
    let stdout_at = |to: &str, args: &str| {
        let mut shell = std::process::Command::new("sh");
        let line = format!("exec \"$0\" {args} {to}");
        shell.args(["-c", &line, env!("CARGO_BIN_EXE_kaito-render")]);
        run(shell.current_dir(root()), "")
    };
    for args in [
        format!("render {TUNING}"),
        "check examples --format json".to_owned(),
        "rule KR113".to_owned(),
        "--help".to_owned(),
        "--version".to_owned(),
    ] {
        for to in [">&-", "1</dev/null"] {
            let run = stdout_at(to, &args);
            let says = run.stderr.contains("error: can't write to stdout: ");
            assert!(run.code == 2 && says, "{args} {to}: {run:?}");
        }
        let nowhere = stdout_at(">/dev/null", &args);
        assert_ne!(nowhere.code, 2, "{args}: {}", nowhere.stderr);
        // As somebody who reads both ways opens it.
        let both = stdout_at("1<>/dev/null", &args);
        assert_eq!(both, nowhere, "{args}");
    }
    // It writes nothing to stdout.
    let quiet = stdout_at(">&-", "check examples");
    assert_eq!(quiet.code, 0, "{}", quiet.stderr);
}
