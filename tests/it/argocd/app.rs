//! An Application in a cluster, compared and synced by Argo CD's engine.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::argocd::{ask, client};
use crate::support::cluster::{Cluster, Kubectl, PATIENCE};
use crate::support::flavour::Flavour;
use crate::support::inputs::directory;
use crate::support::program::stdout;
use crate::support::shared::Shared;

/// A cluster with controllers for those tests that need no other.
pub(super) static CLUSTER: Shared<Cluster> = Shared::new(|| actors(Flavour::Azure));

/// A cluster with controllers and the CRDs of a flavour.
pub(super) fn actors(flavour: Flavour) -> Cluster {
    let mut cluster = Cluster::of_actors();
    for directory in flavour.crds() {
        cluster.apply_crds(&directory);
    }
    cluster
}

/// An Application, in a namespace of its own name that is created with it.
pub(super) struct App {
    pub(super) kubectl: Kubectl,
    pub(super) name: &'static str,
    pub(super) tracking: &'static str,
    pub(super) options: Vec<&'static str>,
    /// Whether a person has confirmed what is to be pruned.
    pub(super) confirmed: bool,
    /// How long a sync may take.
    pub(super) patience: Duration,
}

/// How a sync ended.
pub(super) struct Outcome {
    pub(super) phase: String,
    pub(super) message: String,
    /// What was done, in this order, such as `Service Synced`, and what the server said to it.
    pub(super) steps: Vec<(String, String)>,
}

impl App {
    pub(super) fn new(cluster: &Cluster, name: &'static str) -> Self {
        Self {
            kubectl: cluster.admin(),
            name,
            tracking: "annotation",
            options: vec!["CreateNamespace=true"],
            confirmed: false,
            patience: PATIENCE,
        }
    }

    /// What the plugin makes of some files for this Application.
    pub(super) fn objects(&self, files: &[(&str, &str)]) -> Vec<Value> {
        let directory = directory(files);
        let path = directory.path().to_str().unwrap();
        let options = ["--delivery", "argocd", "--format", "jsonl", "--namespace"];
        let args = [&["render", path][..], &options[..], &[self.name][..]].concat();
        let lines = stdout(&args, "");
        let lines = lines.lines();
        lines.map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    pub(super) fn sync(&self, objects: &[Value]) -> Outcome {
        let mut answer = self.ask("sync", objects);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let steps = answer["Resources"].as_array_mut().unwrap();
        let step = |it: &Value| {
            let what = format!("{} {}", text(&it["Kind"]), text(&it["Status"]));
            (what, text(&it["Message"]))
        };
        Outcome {
            steps: steps.iter().map(step).collect(),
            phase: text(&answer["Phase"]),
            message: text(&answer["Message"]),
        }
    }

    /// Syncs, which has to succeed, and gives what was done.
    pub(super) fn syncs(&self, objects: &[Value]) -> Vec<String> {
        let outcome = self.sync(objects);
        assert_eq!(
            outcome.phase, "Succeeded",
            "{}: {:?}",
            outcome.message, outcome.steps
        );
        outcome.steps.into_iter().map(|(step, _)| step).collect()
    }

    /// What is out of sync, in words, by each of the comparisons.
    pub(super) fn compare(&self, objects: &[Value]) -> BTreeMap<String, Vec<String>> {
        serde_json::from_value(self.ask("compare", objects)).unwrap()
    }

    /// Says that no comparison finds anything out of sync.
    pub(super) fn is_synced(&self, objects: &[Value]) {
        let found = self.compare(objects);
        assert_eq!(found.len(), 3);
        assert!(found.values().all(Vec::is_empty), "{found:#?}");
    }

    fn ask(&self, question: &str, objects: &[Value]) -> Value {
        let mut client = client(question);
        self.kubectl.equip(&mut client);
        let question = json!({
            "Name": self.name,
            "Namespace": self.name,
            "Objects": objects,
            "Tracking": self.tracking,
            "SyncOptions": self.options,
            "Confirmed": self.confirmed,
            "Settings": {},
            "Seconds": self.patience.as_secs(),
        });
        ask(&mut client, &question).unwrap()
    }

    /// The objects of a kind in the namespace, or of the whole cluster if they have none.
    pub(super) fn get(&self, kind: &str) -> Vec<Value> {
        let answer = self.kubectl.json(&["get", kind, "--namespace", self.name]);
        let Value::Array(items) = answer["items"].clone() else {
            panic!("{answer}");
        };
        items
    }
}

/// The objects of a kind.
pub(super) fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|it| it["kind"] == kind).collect()
}
