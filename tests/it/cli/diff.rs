//! What separates two sides, as users see it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kaito_render::base::object::Object;
use kaito_render::base::sources::Sources;
use kaito_render::diff::ignore::Ignore;
use kaito_render::diff::{self, resources::InstanceGpus, view::View};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::sample::subsequence;
use proptest::{collection, option, prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::support::inputs::{self, commit, git};
use crate::support::program::{Run, kaito_render, root, run, sample};

/// Realistic changes, a directory each, with what is printed in each format.
fn changes() -> Vec<PathBuf> {
    let directory = root().join("tests/fixtures/diff");
    let mut found: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(found.len() >= 20, "{found:?}");
    found.sort();
    found
}

/// Whether nothing is said on stderr but what was read of the two sides.
fn is_quiet(run: &Run) -> bool {
    let mut lines = run.stderr.lines();
    lines.all(|line| {
        let rest = line.strip_prefix("kaito-render: ");
        rest.is_some_and(|rest| rest.starts_with("before: ") || rest.starts_with("after: "))
    })
}

/// Runs `diff` in the directory of a change.
fn diff_in(directory: &Path, more: &[&str]) -> Run {
    let args = fs::read_to_string(directory.join("args")).unwrap_or_else(|_| String::new());
    let (args, sides) = match args.split_whitespace().collect::<Vec<_>>() {
        args if args.is_empty() => (args, &["before", "after"][..]),
        args => (args, &["before"][..]),
    };
    let all = [&["diff"], &args[..], sides, more].concat();
    run(kaito_render(&all).current_dir(directory), "")
}

#[test]
fn realistic_changes_are_shown_as_before() {
    for directory in changes() {
        for (format, file) in [
            ("text", "diff.txt"),
            ("markdown", "diff.md"),
            ("json", "diff.json"),
        ] {
            let found = diff_in(&directory, &["--format", format]);
            assert!(is_quiet(&found), "{}", found.stderr);
            let path = directory.join(file);
            if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
                fs::write(&path, &found.stdout).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap();
            assert_eq!(
                found.stdout,
                expected,
                "{}: run the tests with KAITO_RENDER_BLESS=1",
                path.display()
            );
            let is_same = ["file-moved", "settings-rephrased"]
                .iter()
                .any(|name| directory.ends_with(name));
            assert_eq!(found.code, i32::from(!is_same), "{}", directory.display());
        }
    }
}

#[test]
fn documents_keep_to_their_schema() {
    let schema = fs::read_to_string(root().join("schemas/diff.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for directory in changes() {
        let document: Value =
            serde_json::from_str(&fs::read_to_string(directory.join("diff.json")).unwrap())
                .unwrap();
        validator
            .validate(&document)
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    }
}

#[test]
fn rendered_output_differs_as_its_sources_do() {
    let rendered = tempfile::tempdir().unwrap();
    let changes = changes();
    let step = changes.len() / sample(changes.len());
    let of_two_sides = changes
        .iter()
        .filter(|directory| !directory.join("args").exists());
    let mut count = 0;
    for directory in of_two_sides.step_by(step) {
        count += 1;
        let (before, after) = (
            rendered.path().join("before"),
            rendered.path().join("after"),
        );
        for (side, output) in [("before", &before), ("after", &after)] {
            fs::create_dir_all(output).unwrap();
            let made = run(
                kaito_render(&["render", side, "-o", output.to_str().unwrap()])
                    .current_dir(directory),
                "",
            );
            assert_eq!(made.code, 0, "{}: {}", directory.display(), made.stderr);
        }
        let args = [
            "diff",
            before.to_str().unwrap(),
            after.to_str().unwrap(),
            "--ignore",
            "ConfigMap",
        ];
        let of_rendered = run(&mut kaito_render(&args), "");
        let of_sources = diff_in(directory, &["--ignore", "ConfigMap", "--ignore", "Secret"]);
        // How many files were read, stderr says, and rendered output has others.
        let said = |run: Run| (run.code, run.stdout);
        assert_eq!(
            said(of_rendered),
            said(of_sources),
            "{}",
            directory.display()
        );
    }
    assert!(count >= 4, "only {count} changes were compared");
}

#[test]
fn what_is_ignored_counts_as_equal() {
    let directory = root().join("tests/fixtures/diff/load-balancer");
    let ignored = [
        "--ignore",
        "Service/spec",
        "--ignore",
        "/metadata/annotations/*",
    ];
    let same = diff_in(&directory, &ignored);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
    assert!(is_quiet(&same), "{}", same.stderr);
    let labelled = diff_in(
        &directory,
        &[
            "--ignore",
            "kaito.sh/workspace=workspace-phi-4",
            "--ignore",
            "Workspace",
        ],
    );
    assert_eq!((labelled.code, labelled.stdout.as_str()), (0, ""));
    assert_eq!(diff_in(&directory, &["--ignore", "Service"]).code, 1);
    assert_eq!(diff_in(&directory, &["--ignore", "service"]).code, 2);
}

#[test]
fn no_format_shows_the_values_of_secrets() {
    let directory = root().join("tests/fixtures/diff/secret-rotated");
    for format in ["text", "markdown", "json"] {
        let found = diff_in(&directory, &["--format", format]);
        assert!(
            found.code == 1 && found.stdout.contains("HF_TOKEN"),
            "{format}: {}",
            found.stdout
        );
        assert!(
            !found.stdout.contains("the-old-one") && !found.stdout.contains("the-new-one"),
            "{format}"
        );
    }
}

/// Rendered objects with a secret in each place that one can be in.
fn with_secrets(secret: &str) -> String {
    let token = format!("hf_{}", secret.repeat(36).get(..36).unwrap());
    let key = format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n");
    let copy = json!({"kind": "Secret", "stringData": {"a": secret}}).to_string();
    let env = json!([
        {"name": "DB_PASSWORD", "value": secret},
        {"name": "TLS", "value": key},
        {"name": "ESCAPED", "value": key.escape_debug().to_string()},
        {"name": "PROXY", "value": format!("http://one:{secret}@a http://two:{secret}@b")},
    ]);
    let arguments = json!([
        format!("--token={token}"),
        format!("--url=http://u:{secret}@a")
    ]);
    let container = json!({"name": "a", "image": "a:1", "env": env, "args": arguments,
        "command": ["sh", "-c", format!("serve --url=http://u:{secret}@a --token={token}")]});
    let workspace = json!({"name": "a", "namespace": "x", "annotations": {"render.kaito.sh/rendered": inputs::RENDERED}});
    // A password in a URL would be an error here (KR124).
    let settings = format!("env:\n- name: API_KEY\n  value: {secret}\n");
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let objects = [
        json!({"apiVersion": "kaito.sh/v1beta1", "kind": "Workspace", "metadata": workspace}),
        json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": secret}, "stringData": {"b": secret},
            "metadata": {"name": "a", "namespace": "x", "annotations": {last_applied: copy}}}),
        json!({"apiVersion": "v1", "kind": "Secret", "stringData": [secret], "data": secret,
            "metadata": {"name": "b", "namespace": "x"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a.yaml": settings, "text": format!("{settings}: no YAML")},
            "metadata": {"name": "a", "namespace": "x"}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "x"},
            "spec": {"template": {"spec": {"containers": [container]}}}}),
    ];
    objects.map(|object| format!("{object}\n")).join("---\n")
}

#[test]
fn no_format_shows_secrets_of_any_kind() {
    let directory = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("old.yaml", with_secrets("Old5ecret")),
        ("new.yaml", with_secrets("New5ecret")),
        ("none.yaml", String::new()),
    ] {
        fs::write(directory.path().join(file), text).unwrap();
    }
    let diff = |args: &[&str]| {
        run(
            kaito_render(&[&["diff"], args].concat()).current_dir(directory.path()),
            "",
        )
    };
    for format in ["text", "markdown", "json"] {
        for sides in [
            ["old.yaml", "new.yaml"],
            ["none.yaml", "new.yaml"],
            ["old.yaml", "none.yaml"],
        ] {
            let found = diff(&["--format", format, sides[0], sides[1]]);
            assert_eq!(found.code, 1, "{}", found.stderr);
            for secret in ["Old5ecret", "New5ecret"] {
                assert!(
                    !found.stdout.contains(secret) && !found.stderr.contains(secret),
                    "{format} of {sides:?} shows {secret}:\n{}",
                    found.stdout
                );
            }
        }
    }
    // That they differ is no secret.
    let text = diff(&["old.yaml", "new.yaml"]).stdout;
    for line in [
        "stringData.b: (hidden) → (hidden), value changed",
        "env[DB_PASSWORD].value: (hidden) → (hidden), value changed",
        "--url: http://u:***@a → http://u:***@a, value changed",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_comment_has_room_for_what_it_comes_to_and_for_whole_objects() {
    let directory = tempfile::tempdir().unwrap();
    let text =
        fs::read_to_string(root().join("examples/v1beta1/kaito_workspace_phi_4.yaml")).unwrap();
    for (side, machine) in [
        ("before", "Standard_NC24ads_A100_v4"),
        ("after", "Standard_NC48ads_A100_v4"),
    ] {
        fs::create_dir(directory.path().join(side)).unwrap();
        for number in 0..150 {
            // Each has settings of its own, so that none is folded away.
            let text = text
                .replace("Standard_NC24ads_A100_v4", machine)
                .replace("workspace-phi-4", &format!("chat-{number}"))
                .replace(
                    "apps: phi-4",
                    &format!("apps: chat-{number}\n      set{number}: {machine}"),
                );
            fs::write(
                directory.path().join(side).join(format!("{number}.yaml")),
                text,
            )
            .unwrap();
        }
    }
    let found = diff_in(directory.path(), &["--format", "markdown"]).stdout;
    assert!(found.len() <= 65_536, "{}", found.len());
    assert!(
        found.starts_with("<!-- kaito-render diff -->\n")
            && found.contains("| GPUs | 150 | 300 | +150 |")
    );
    assert!(
        found.contains("_Left out because of the size limit: "),
        "{found}"
    );
    let count = |text: &str| found.matches(text).count();
    assert_eq!(count("<details>"), count("</details>"));
    assert_eq!(count("```") % 2, 0);
}

/// A repository whose first commit (`HEAD~1`) has one Workspace and a profile, and whose second one
/// adds a label in another file and another registry.
fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let change = root().join("tests/fixtures/diff/label-changed");
    let profile = |registry: &str| {
        let text = inputs::profile(&format!("registry: {registry}\n"));
        fs::write(directory.path().join("kaito-render.yaml"), text).unwrap();
    };
    git(directory.path(), &["init", "--quiet"]);
    fs::create_dir(directory.path().join("teams")).unwrap();
    fs::copy(
        change.join("before/workspace.yaml"),
        directory.path().join("teams/a.yaml"),
    )
    .unwrap();
    profile("one.example.com");
    commit(directory.path());
    fs::remove_file(directory.path().join("teams/a.yaml")).unwrap();
    fs::copy(
        change.join("after/workspace.yaml"),
        directory.path().join("teams/b.yaml"),
    )
    .unwrap();
    profile("two.example.com");
    commit(directory.path());
    directory
}

/// What `diff` prints in a directory.
fn diff_of(directory: &Path, args: &[&str]) -> Run {
    run(
        kaito_render(&[&["diff"], args].concat()).current_dir(directory),
        "",
    )
}

#[test]
fn revisions_are_compared_with_their_own_profiles() {
    let directory = repository();
    let diff = |args: &[&str]| diff_of(directory.path(), args);
    let committed = diff(&["--against", "HEAD~1", "--to", "HEAD"]);
    assert_eq!((committed.code, is_quiet(&committed)), (1, true));
    assert!(
        committed
            .stdout
            .contains("matchLabels.apps: phi-4 → phi-4-large"),
        "{}",
        committed.stdout
    );
    assert!(
        committed
            .stdout
            .contains("one.example.com/kaito-base:0.5.0 → two.example.com"),
        "{}",
        committed.stdout
    );
    for args in [
        &["--against", "HEAD~1"][..],
        &["--against", "HEAD~1", "teams"],
        &["--against", "HEAD~1", "teams/"],
    ] {
        assert_eq!(diff(args), committed, "{args:?}");
    }
    let gone = diff(&[
        "--against",
        "HEAD~1",
        "--to",
        "HEAD",
        "teams/a.yaml",
        "--stat",
    ]);
    assert!(
        gone.stdout
            .contains("- Workspace default/workspace-phi-4: 5 removed"),
        "{}",
        gone.stdout
    );
}

#[test]
fn the_working_tree_is_compared_with_a_revision() {
    let directory = repository();
    let diff = |args: &[&str]| diff_of(directory.path(), args);
    let same = diff(&["--against", "HEAD"]);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
    assert!(is_quiet(&same), "{}", same.stderr);
    fs::remove_file(directory.path().join("teams/b.yaml")).unwrap();
    let removed = diff(&["--against", "HEAD"]);
    assert!(
        removed.code == 1 && removed.stdout.starts_with("Workspaces: 1 removed."),
        "{}",
        removed.stdout
    );
    let old = diff(&["--git", "HEAD"]);
    assert_eq!(old.code, 2);
    assert!(
        old.stderr.contains("`--git HEAD` is now `--against HEAD`"),
        "{}",
        old.stderr
    );
    let unknown = diff(&["--against", "v9"]);
    assert!(
        unknown.code == 2 && unknown.stderr.contains("`v9` is not a revision"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn sides_that_can_not_be_compared_are_refused() {
    let directory = root().join("tests/fixtures/diff/machine-type");
    for (args, said) in [
        (&["before"][..], "expected two files or directories"),
        (
            &["before", "after", "before"],
            "expected two files or directories",
        ),
        (&["before", "nowhere"], "`nowhere` does not exist"),
        (
            &["--from-release", "0.3", "--to-release", "0.12"],
            "specify the files or directories",
        ),
        (&["--from-release", "0.3", "before"], "--to-release"),
    ] {
        let found = run(
            kaito_render(&[&["diff"], args].concat()).current_dir(&directory),
            "",
        );
        assert!(
            found.code == 2 && found.stderr.contains(said),
            "{args:?}: {}",
            found.stderr
        );
        assert_eq!(found.stdout, "");
    }
    let broken = tempfile::tempdir().unwrap();
    fs::write(
        broken.path().join("a.yaml"),
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\n",
    )
    .unwrap();
    let found = run(
        kaito_render(&["diff", "before", broken.path().to_str().unwrap()]).current_dir(&directory),
        "",
    );
    assert!(
        found.code == 2 && found.stderr.contains("error[KR106]"),
        "{}",
        found.stderr
    );
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        proptest::bool::ANY.prop_map(Value::from),
        (0..4).prop_map(Value::from),
        "[a-c]{0,2}(\n[a-c])?".prop_map(Value::from),
        "(run )?--[ab]=[xy]( --[cd])?".prop_map(Value::from),
    ]
}

/// Items that are known by a name, in one order or another.
fn named() -> impl Strategy<Value = Value> {
    let names = subsequence(vec!["p", "q", "r", "s", "t"], 0..5).prop_shuffle();
    names.prop_flat_map(|names| {
        let items: Vec<_> = names
            .into_iter()
            .map(|name| (Just(name), scalar()))
            .collect();
        items.prop_map(|items| {
            items
                .into_iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect()
        })
    })
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        scalar(),
        collection::vec(scalar(), 0..5).prop_map(Value::from),
        named()
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let keys = prop_oneof![
            Just("a"),
            Just("b/~c"),
            Just("env"),
            Just("command"),
            Just("spec")
        ];
        let map = collection::btree_map(keys.prop_map(str::to_owned), inner.clone(), 0..4);
        prop_oneof![
            map.prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
            collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

fn objects() -> impl Strategy<Value = Vec<Object>> {
    let kinds = ["Service", "StatefulSet", "NodeClaim", "ConfigMap"];
    collection::vec(option::of((tree(), 0..3)), kinds.len()).prop_map(move |trees| {
        let found = kinds.iter().zip(trees).filter_map(|(kind, tree)| {
            let (spec, number) = tree?;
            let name = if *kind == "NodeClaim" {
                format!("ws{number}")
            } else {
                "a".to_owned()
            };
            let metadata = json!({"name": name, "labels": {"kaito.sh/workspace": "a"}});
            let value =
                json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec});
            Some(Object {
                ordinal: (*kind == "NodeClaim").then_some(0),
                ..Object::new(value.into())
            })
        });
        found.collect()
    })
}

/// What a document makes of the objects before.
fn applied(before: &[Object], document: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(document).unwrap();
    let name = |value: &Value| {
        (
            value["kind"].as_str().unwrap().to_owned(),
            value["name"].as_str().unwrap().to_owned(),
        )
    };
    let mut objects: BTreeMap<_, _> = before
        .iter()
        .map(|object| {
            (
                (
                    object.identity().kind.to_owned(),
                    object.identity().name.to_owned(),
                ),
                Value::from(&object.value),
            )
        })
        .collect();
    for change in document["changes"].as_array().unwrap() {
        let object = change
            .get("before")
            .map(|before| objects.remove(&name(before)).unwrap());
        let Some(after) = change.get("after") else {
            continue;
        };
        let object = object.map_or_else(
            || change["object"].clone(),
            |mut object| {
                let patch: json_patch::Patch =
                    serde_json::from_value(change["patch"].clone()).unwrap();
                json_patch::patch(&mut object, &patch).unwrap();
                object
            },
        );
        objects.insert(name(after), object);
    }
    objects.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: u32::try_from(sample(500)).unwrap(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_document_says_makes_one_side_of_the_other(before in objects(), after in objects()) {
        let ignore = Ignore::new([]);
        let comparison = diff::compare(&before, &after, &ignore, &InstanceGpus::new());
        let mask = Sources::default().mask();
        let document = diff::formats::json_patch::render(&View::new(&comparison, &mask));
        let made: Vec<_> = applied(&before, &document).into_iter().map(|value| Object::new(value.into())).collect();
        let mut expected: Vec<_> = after.iter().map(|object| &object.value).collect();
        expected.sort_by_key(|value| value["kind"].as_str());
        // Flags in another order are no difference, so that texts may differ where nothing does.
        let left = diff::compare(&made, &after, &ignore, &InstanceGpus::new());
        prop_assert_eq!(left.groups.len(), 0, "{:?}\n{}", left.groups, document);
        prop_assert_eq!(made.len(), expected.len());
    }
}
