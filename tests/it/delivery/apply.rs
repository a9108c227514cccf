//! A real API server takes what is rendered, and finds nothing to change in it when it comes a
//! second time.
//!
//! The cases under `tests/golden` are applied, and more out of the directory that
//! `KAITO_RENDER_GOLDEN` names: as many as make 150 of each release, or all of them with
//! `KAITO_RENDER_APPLY_ALL`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kaito_render::base::json::Json;
use kaito_render::base::object::{Identity, Object};
use kaito_render::emit::Format;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::golden;
use crate::support::cluster::{Cluster, items};
use crate::support::flavour::Flavour;
use crate::support::program::{Run, root, run};
use crate::support::tools::succeed;

/// How many cases of a release are enough.
const ENOUGH: usize = 150;

/// An object of a cluster: its kind with the API group and version, its namespace and its name.
type Key = (String, String, String);

fn key(object: &Json) -> Key {
    let identity = Identity::of(object);
    let kind = format!("{} {}", identity.api_version, identity.kind);
    (
        kind,
        identity.namespace.unwrap_or_default().to_owned(),
        identity.name.to_owned(),
    )
}

/// A case with its objects, in a namespace of its own if it names none.
struct Case {
    name: String,
    flavour: Flavour,
    objects: Vec<Object>,
}

/// The cases of a release that are not refused by ourselves: first those that are kept here, then
/// the others, so that every category has its turn.
fn cases(release: &str) -> Vec<Case> {
    let kept = golden::entries(&root().join("tests/golden").join(release));
    let larger = std::env::var_os("KAITO_RENDER_GOLDEN");
    let larger = larger
        .map(|directory| golden::entries(&Path::new(&directory).join(release)))
        .unwrap_or_default();
    let names: BTreeSet<_> = kept.iter().map(|case| name(case)).collect();
    let others = in_turns(
        larger
            .into_iter()
            .filter(|case| !names.contains(&name(case)))
            .collect(),
    );

    let enough = if std::env::var_os("KAITO_RENDER_APPLY_ALL").is_some() {
        usize::MAX
    } else {
        ENOUGH
    };
    let ours = kept.len();
    let mut cases = Vec::new();
    for (number, case) in kept.iter().chain(&others).enumerate() {
        if number >= ours && cases.len() >= enough {
            break;
        }
        if let Ok(objects) = golden::render_into(&format!("case-{number}"), case, false) {
            cases.push(Case {
                name: name(case),
                flavour: Flavour::of(case),
                objects,
            });
        }
    }
    cases
}

fn name(case: &Path) -> String {
    case.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Cases in an order of which any beginning has as many of each category, the first word of the
/// name, as there are; within a category it looks like chance.
fn in_turns(cases: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut categories = BTreeMap::<String, Vec<PathBuf>>::new();
    for case in cases {
        categories
            .entry(name(&case).split('-').next().unwrap().to_owned())
            .or_default()
            .push(case);
    }
    let mut turns = Vec::new();
    for cases in categories.values_mut() {
        cases.sort_by_cached_key(|case| Sha256::digest(name(case)));
        turns.extend(cases.drain(..).enumerate());
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, case)| case).collect()
}

/// Deals cases out into rounds, in each of which an object is the same for all that have it.
fn rounds(cases: Vec<Case>) -> Vec<Vec<Case>> {
    let mut rounds = Vec::<(BTreeMap<Key, Json>, Vec<Case>)>::new();
    for case in cases {
        let objects: Vec<_> = case
            .objects
            .iter()
            .map(|object| (key(&object.value), object.value.clone()))
            .collect();
        let fits = |taken: &BTreeMap<Key, Json>| {
            objects
                .iter()
                .all(|(key, object)| taken.get(key).is_none_or(|taken| taken == object))
        };
        let place = rounds
            .iter()
            .position(|(taken, _)| fits(taken))
            .unwrap_or_else(|| {
                rounds.push(Default::default());
                rounds.len() - 1
            });
        rounds[place].0.extend(objects);
        rounds[place].1.push(case);
    }
    rounds.into_iter().map(|(_, cases)| cases).collect()
}

/// Why a server refuses an object, if it is known to: words of its complaint.
///
/// These are objects as KAITO makes them, of Workspaces that can't work.
fn refusal(case: &Case, object: &Object) -> Option<&'static str> {
    let is_of = |name: &str| case.name.starts_with(name);
    match object.identity().kind {
        // NodeClasses are what the profile says, and those of golden cases say too little.
        "EC2NodeClass" if case.flavour == Flavour::Aws => Some("amiSelectorTerms"),
        // A container of the user's own.
        "Deployment" if is_of("f-template-quantity-forms.") => {
            Some("must be less than or equal to memory limit")
        }
        _ => None,
    }
}

/// Tries to apply objects of which each has to be refused, by some words.
fn assert_refused(cluster: &Cluster, bad: &Path, refused: Vec<(String, &str)>) {
    let complaints = try_to_apply(cluster, bad).stderr;
    for (name, words) in refused {
        assert!(
            complaints.contains(&name) && complaints.contains(words),
            "{name}, {words}: {complaints}"
        );
    }
    let get = [
        "get",
        "--ignore-not-found",
        "--output=name",
        "--recursive",
        "-f",
    ];
    let stored = succeed(cluster.kubectl(&get).arg(bad)).stdout;
    assert_eq!(
        String::from_utf8(stored).unwrap(),
        "",
        "these are taken after all"
    );
}

/// Applies the objects of some cases twice, and deletes them.
fn apply_round(cluster: &Cluster, cases: &[Case]) {
    let directory = tempfile::tempdir().unwrap();
    let [good, bad] = ["good", "bad"].map(|name| directory.path().join(name));
    let (mut taken, mut refused, mut namespaces) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for case in cases {
        let (here, there): (Vec<_>, Vec<_>) = case
            .objects
            .iter()
            .cloned()
            .partition(|object| refusal(case, object).is_none());
        golden::write(&here, &good.join(&case.name));
        golden::write(&there, &bad.join(&case.name));
        taken.extend(here.iter().map(|object| key(&object.value)));
        let complaint =
            |object: &Object| Some((object.identity().name.to_owned(), refusal(case, object)?));
        refused.extend(there.iter().filter_map(complaint));
        namespaces.extend(
            case.objects
                .iter()
                .filter_map(|object| object.identity().namespace),
        );
    }
    let namespaces: Vec<_> = namespaces.into_iter().map(namespace).collect();
    let stream = Format::Yaml.stream(&namespaces);
    run(
        &mut cluster.kubectl(&["apply", "--server-side", "-f", "-"]),
        &stream,
    );

    let first = apply(cluster, &good);
    assert_eq!(first.len(), taken.len());
    for (key, object) in apply(cluster, &good) {
        assert_eq!(
            first.get(&key),
            Some(&object),
            "{key:?} is changed by being applied again"
        );
    }
    if !refused.is_empty() {
        assert_refused(cluster, &bad, refused);
    }
    succeed(
        cluster
            .kubectl(&[
                "delete",
                "--wait=false",
                "--ignore-not-found",
                "--recursive",
                "-f",
            ])
            .arg(&good),
    );
}

/// The objects of a directory as they are stored once it is applied, which has to succeed without a
/// warning.
fn apply(cluster: &Cluster, directory: &Path) -> BTreeMap<Key, Value> {
    let Run {
        code,
        stdout,
        stderr,
    } = try_to_apply(cluster, directory);
    assert_eq!((code, &*stderr), (0, ""));
    let answer = serde_json::from_str(&stdout).unwrap();
    items(&answer)
        .iter()
        .map(|object| (key(&object.clone().into()), without_noise(object.clone())))
        .collect()
}

/// An object without what a server changes for no reason: the second version of a claim to storage
/// is that of the first.
fn without_noise(mut object: Value) -> Value {
    if object["kind"] == "PersistentVolumeClaim" {
        object["metadata"]["resourceVersion"].take();
    }
    object
}

fn try_to_apply(cluster: &Cluster, directory: &Path) -> Run {
    let mut kubectl = cluster.kubectl(&[
        "apply",
        "--server-side",
        "--validate=strict",
        "--field-manager=kaito-render",
    ]);
    run(
        kubectl
            .args(["-o", "json", "--recursive", "-f"])
            .arg(directory),
        "",
    )
}

fn namespace(name: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).into()
}

fn apply_release(release: &str) {
    let cases = cases(release);
    assert!(
        cases.len() >= 20,
        "there are only {} cases of {release}",
        cases.len()
    );
    let mut flavours = BTreeMap::<Flavour, Vec<Case>>::new();
    for case in cases {
        flavours.entry(case.flavour).or_default().push(case);
    }
    for (flavour, cases) in flavours {
        let mut cluster = Cluster::of_storage();
        flavour
            .crds()
            .iter()
            .for_each(|directory| cluster.apply_crds(directory));
        for round in rounds(cases) {
            apply_round(&cluster, &round);
        }
    }
}

#[test]
fn a_cluster_takes_release_0_3_and_finds_nothing_to_change_the_second_time() {
    apply_release("0.3");
}

#[test]
fn a_cluster_takes_release_0_12_and_finds_nothing_to_change_the_second_time() {
    apply_release("0.12");
}
