//! What the controller may do: as its role is written, as it is documented, and as an API server
//! sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::golden::documents;
use crate::support::cluster::Kubectl;
use crate::support::program::{root, run};

/// What may be done, such as `list apps/deployments`; with a third part where it is an object of
/// this name alone.
type Rights = BTreeSet<String>;

fn of_rule(rule: &Value) -> Rights {
    let texts = |field: &str| {
        let texts = rule[field].as_array().into_iter().flatten();
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut rights = Rights::new();
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            let names = texts("resourceNames");
            let names = names.iter().map(|name| format!(" {name}"));
            let names = if names.len() == 0 {
                vec![String::new()]
            } else {
                names.collect()
            };
            for verb in texts("verbs") {
                rights.extend(
                    names
                        .iter()
                        .map(|name| format!("{verb} {group}/{resource}{name}")),
                );
            }
        }
    }
    rights
}

/// What is shipped by roles of a kind.
fn shipped(kind: &str) -> Rights {
    let text = fs::read_to_string(root().join("deploy/controller/role.yaml")).unwrap();
    let roles = documents(&text)
        .into_iter()
        .filter(|object| object["kind"] == kind);
    roles
        .flat_map(|role| {
            role["rules"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(of_rule)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The table of docs/controller.md, each line of which reads like one of a role.
fn documented() -> Rights {
    let text = fs::read_to_string(root().join("docs/controller.md")).unwrap();
    let (_, table) = text
        .split_once("| API group | resources | verbs |\n")
        .unwrap();
    let mut rights = Rights::new();
    for line in table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
    {
        let [_, group, resources, verbs, _] =
            line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let names = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (resources, only) = resources.split_once(" named ").unwrap_or((resources, ""));
        let group = if group.trim() == "core" {
            vec![String::new()]
        } else {
            names(group)
        };
        let verbs: Vec<_> = verbs.split(',').map(str::trim).collect();
        let rule = serde_json::json!({
            "apiGroups": group, "resources": names(resources), "resourceNames": names(only), "verbs": verbs,
        });
        rights.extend(of_rule(&rule));
    }
    rights
}

#[test]
fn the_documentation_names_every_right() {
    let mut all = shipped("ClusterRole");
    assert!(all.len() > 20, "{all:?}");
    all.extend(shipped("Role"));
    assert_eq!(documented(), all);
}

/// More than a stranger, somebody may do what is shipped and nothing else, whatever resource of a
/// cluster is tried, and by whatever verb. It is really tried: with their tokens, on an object that
/// is not there, and as a dry run.
pub(crate) fn assert_shipped_alone(somebody: &Kubectl, stranger: &Kubectl) {
    let somebody = Curl::new(somebody);
    let attempts: BTreeMap<_, _> = ["/api", "/apis"]
        .iter()
        .flat_map(|path| attempts(&somebody.groups(path)))
        .collect();
    for verb in ["create", "patch", "delete"] {
        assert!(
            attempts
                .keys()
                .filter(|right| right.starts_with(verb))
                .count()
                > 30,
            "{attempts:?}"
        );
    }
    let allowed = somebody.allowed(&attempts);
    let more: Rights = allowed
        .difference(&Curl::new(stranger).allowed(&attempts))
        .cloned()
        .collect();
    let wanted = shipped("ClusterRole")
        .into_iter()
        .filter(|right| attempts.contains_key(right));
    assert_eq!(more, wanted.collect());
}

/// The requests that use a right: the method and the path.
type Attempt = (&'static str, String);

/// What can be tried: every verb of every resource that an API server tells of.
fn attempts(groups: &Value) -> BTreeMap<String, Attempt> {
    let mut attempts = BTreeMap::new();
    let list = |value: &Value, field: &str| value[field].as_array().cloned().unwrap_or_default();
    for group in list(groups, "items") {
        let name = group["metadata"]["name"].as_str().unwrap_or_default();
        for version in list(&group, "versions") {
            let version_name = version["version"].as_str().unwrap();
            let path = if name.is_empty() {
                format!("/api/{version_name}")
            } else {
                format!("/apis/{name}/{version_name}")
            };
            for resource in list(&version, "resources") {
                let plural = resource["resource"].as_str().unwrap();
                let space = if resource["scope"] == "Namespaced" {
                    "/namespaces/default"
                } else {
                    ""
                };
                let all = format!("{path}{space}/{plural}");
                let mut add = |resource: &str, verbs: Vec<Value>, one: &str| {
                    for verb in verbs {
                        let verb = verb.as_str().unwrap();
                        attempts.insert(
                            format!("{verb} {name}/{resource}"),
                            attempt(verb, &all, one),
                        );
                    }
                };
                let one = format!("{all}/nothing");
                add(plural, list(&resource, "verbs"), &one);
                for part in list(&resource, "subresources") {
                    let part_name = part["subresource"].as_str().unwrap();
                    add(
                        &format!("{plural}/{part_name}"),
                        list(&part, "verbs"),
                        &format!("{one}/{part_name}"),
                    );
                }
            }
        }
    }
    attempts
}

fn attempt(verb: &str, all: &str, one: &str) -> Attempt {
    let is_part = one.matches('/').count() > all.matches('/').count() + 1;
    match verb {
        "get" => ("GET", one.to_owned()),
        "list" => ("GET", all.to_owned()),
        // From a place that does not exist: it ends at once.
        "watch" => ("GET", format!("{all}?watch=true&resourceVersion=x")),
        "create" if is_part => ("POST", format!("{one}?dryRun=All")),
        "create" => ("POST", format!("{all}?dryRun=All")),
        "update" => ("PUT", format!("{one}?dryRun=All")),
        "patch" => ("PATCH", format!("{one}?dryRun=All")),
        "delete" => ("DELETE", format!("{one}?dryRun=All")),
        "deletecollection" => ("DELETE", format!("{all}?dryRun=All")),
        other => panic!("{other}"),
    }
}

/// Sends a merge patch as somebody, who has to be allowed to.
pub(crate) fn patch(somebody: &Kubectl, address: &str, patch: &Value) {
    let curl = Curl::new(somebody);
    let (server, options) = (&curl.server, &curl.options);
    // Curl's quotes are those of JSON.
    let data = Value::from(patch.to_string());
    let what = format!("request = PATCH\nfail\n{MERGE_PATCH}data = {data}\noutput = /dev/null\n");
    Curl::run(&format!("{options}{what}url = \"{server}{address}\"\n"));
}

const MERGE_PATCH: &str = "header = \"Content-Type: application/merge-patch+json\"\n";

/// Requests as somebody, many in one run.
struct Curl {
    server: String,
    options: String,
}

impl Curl {
    fn new(somebody: &Kubectl) -> Self {
        let config = somebody.json(&["config", "view", "--raw"]);
        let text = |path: &str| config.pointer(path).and_then(Value::as_str).unwrap();
        let [server, authority] = ["server", "certificate-authority"]
            .map(|field| text(&format!("/clusters/0/cluster/{field}")));
        let token = text("/users/0/user/token");
        let options = format!(
            "silent\nshow-error\ncacert = {authority}\nheader = \"Authorization: Bearer {token}\"\n"
        );
        Self {
            server: server.to_owned(),
            options,
        }
    }

    fn run(config: &str) -> String {
        let run = run(
            std::process::Command::new("curl").args(["--config", "-"]),
            config,
        );
        assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
        run.stdout
    }

    /// The API groups below a path, with everything in them.
    fn groups(&self, path: &str) -> Value {
        let kind = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let (server, options) = (&self.server, &self.options);
        serde_json::from_str(&Self::run(&format!(
            "{options}header = \"Accept: {kind}\"\nurl = {server}{path}\n"
        )))
        .unwrap()
    }

    /// The rights of which an attempt is not forbidden.
    fn allowed(&self, attempts: &BTreeMap<String, Attempt>) -> Rights {
        let (server, options) = (&self.server, &self.options);
        let requests = attempts.values().map(|(method, path)| {
            let body = match *method {
                "GET" | "DELETE" => String::new(),
                "PATCH" => format!("{MERGE_PATCH}data = \"{{}}\"\n"),
                _ => "header = \"Content-Type: application/json\"\ndata = \"{}\"\n".to_owned(),
            };
            let write = "output = /dev/null\nwrite-out = \"%{http_code}\\n\"";
            format!("{options}request = {method}\n{body}{write}\nurl = \"{server}{path}\"\n")
        });
        let codes = Self::run(&requests.collect::<Vec<_>>().join("next\n"));
        assert_eq!(codes.lines().count(), attempts.len());
        let allowed = attempts
            .keys()
            .zip(codes.lines())
            .filter(|(_, code)| *code != "403");
        allowed.map(|(right, _)| right.clone()).collect()
    }
}
