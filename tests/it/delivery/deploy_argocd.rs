//! The files under `deploy/argocd/`, copied and applied as docs/argocd.md says, to Argo CD's own
//! manifests: the ways to install the plugin come to the same, an API server takes all of it, and
//! the sidecar may do nothing but run the plugin.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::delivery::kubectl::{Shell, documented_in};
use crate::golden::documents;
use crate::support::cluster::Cluster;
use crate::support::program::{root, run};
use crate::support::tools::{directory, succeed, tool};

/// The Deployment that gets the sidecar.
const REPO_SERVER: &str = "argocd-repo-server";

/// Lays out a directory as the page has a person do: Argo CD's manifests, `deploy/`, a copy of
/// `deploy/argocd/` under the name of the program, and the kustomization that the page shows.
pub(crate) fn lay_out(path: &Path) {
    for (from, to) in [("deploy", "deploy"), ("deploy/argocd", "kaito-render")] {
        succeed(
            Command::new("cp")
                .arg("-r")
                .arg(root().join(from))
                .arg(path.join(to)),
        );
    }
    fs::copy(manifests(), path.join("install.yaml")).unwrap();
    let page = fs::read_to_string(root().join("docs/argocd.md")).unwrap();
    let block = page
        .split("```yaml\n")
        .find(|block| block.contains("kind: Kustomization"))
        .unwrap();
    let block = block.split("```").next().unwrap();
    fs::write(
        path.join("kustomization.yaml"),
        block.replace("\n   ", "\n").trim_start(),
    )
    .unwrap();
}

/// The manifests by which Argo CD is installed.
fn manifests() -> std::path::PathBuf {
    directory().join("argocd/install.yaml")
}

/// What kustomize makes of Argo CD's manifests and these components, without a word.
fn kustomized(components: &[&str]) -> Vec<Value> {
    let directory = tempfile::tempdir().unwrap();
    lay_out(directory.path());
    let path = directory.path().join("kustomization.yaml");
    let shown = fs::read_to_string(&path).unwrap();
    let list = format!("components: [{}]", components.join(", "));
    let changed = shown.replace("components: [kaito-render]", &list);
    fs::write(&path, changed).unwrap();
    let built = run(tool("bin/kustomize").arg("build").arg(directory.path()), "");
    assert_eq!((built.code, &*built.stderr), (0, ""));
    documents(&built.stdout)
}

/// A file of `deploy/argocd/`.
fn file(name: &str) -> Value {
    let text = fs::read_to_string(root().join("deploy/argocd").join(name)).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The object of a kind whose name begins so.
fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let is_it = |object: &&Value| {
        let found = object["metadata"]["name"].as_str().unwrap();
        object["kind"] == kind && found.starts_with(name)
    };
    objects.iter().find(is_it).unwrap()
}

/// The item of a list with a name.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut items = list.as_array().unwrap().iter();
    items.find(|item| item["name"] == name).unwrap()
}

/// The pod of the repo-server, its lists in the order of names, with the name of the plugin's
/// ConfigMap as it is without a hash.
fn pod(deployment: &Value) -> Value {
    let mut pod = deployment["spec"]["template"]["spec"].clone();
    for list in ["containers", "volumes"] {
        let items = pod[list].as_array_mut().unwrap();
        items.sort_by_key(|item| item["name"].as_str().unwrap().to_owned());
        for item in items {
            let source = &mut item["configMap"];
            let name = source["name"].as_str().unwrap_or_default().to_owned();
            if let Some(hash) = name.strip_prefix("kaito-render-plugin-") {
                assert_eq!(hash.len(), 10, "{name}");
                source["name"] = json!("kaito-render-plugin");
            } else if source.is_null() {
                item.as_object_mut().unwrap().remove("configMap");
            }
        }
    }
    pod
}

#[test]
fn who_follows_the_page_has_the_plugin() {
    let cluster = Cluster::of_storage();
    let shell = Shell::new(Some(cluster.admin()));
    lay_out(shell.directory.path());
    shell.succeed("kubectl create namespace argocd");
    let strict = "pod-security.kubernetes.io/enforce=restricted";
    shell.succeed(&format!("kubectl label namespace argocd {strict}"));
    let silent = |line: &str| {
        let run = shell.run(line);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{line}");
    };
    let page = |words: &str| documented_in("argocd", words);
    let read = |kind: &str, name: &str| cluster.json(&["get", kind, name, "--namespace=argocd"]);

    // Into an Argo CD that runs.
    silent("kubectl apply --server-side --namespace argocd -f install.yaml");
    silent(&page("kubectl create configmap"));
    silent(&page("kubectl patch deployment"));
    silent(&page("kubectl patch configmap"));
    let patched = pod(&read("deployment", REPO_SERVER));
    let settings = read("configmap", "argocd-cm")["data"].clone();
    let plugin = read("configmap", "kaito-render-plugin")["data"]["plugin.yaml"].clone();
    let shipped = fs::read_to_string(root().join("deploy/argocd/plugin.yaml")).unwrap();
    assert_eq!(plugin, json!(shipped));

    // The same by kustomize, as if nothing had been there.
    silent("kubectl delete --namespace argocd deployment argocd-repo-server");
    silent("kubectl delete --namespace argocd configmap argocd-cm");
    silent(&page("-k ."));
    let deployment = read("deployment", REPO_SERVER);
    assert_eq!(pod(&deployment), patched);
    assert_eq!(read("configmap", "argocd-cm")["data"], settings);

    // The strictest of Kubernetes' standards allows its pods, and nobody gives them a token.
    assert_eq!(patched["automountServiceAccountToken"], false);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "argocd"},
        "spec": deployment["spec"]["template"]["spec"]});
    cluster.admin().apply(&pod.to_string());

    // Argo CD's CRDs know every field.
    silent(&page("kubectl apply -f"));
    silent("kubectl apply -f deploy/argocd/application-set.yaml");
    let misspelt = "sed s/syncPolicy/syncPolice/ deploy/argocd/application.yaml";
    let refused = shell.run(&format!("{misspelt} | kubectl apply -f -"));
    assert!(refused.stderr.contains("unknown field"), "{refused:?}");
}

#[test]
fn the_sidecar_may_do_nothing_but_run_the_plugin() {
    let plain = documents(&fs::read_to_string(manifests()).unwrap());
    let plain = &find(&plain, "Deployment", REPO_SERVER)["spec"]["template"]["spec"];
    let all = kustomized(&["kaito-render", "kaito-render/kustomize"]);
    let pod = &find(&all, "Deployment", REPO_SERVER)["spec"]["template"]["spec"];
    for name in ["kaito-render", "kaito-render-kustomize"] {
        let container = named(&pod["containers"], name);
        // What the repo-server itself may not do, and its user.
        let mut expected = named(&plain["containers"], REPO_SERVER)["securityContext"].clone();
        expected["runAsUser"] = json!(999);
        expected["runAsGroup"] = json!(999);
        assert_eq!(container["securityContext"], expected);
        assert_eq!(container["env"], Value::Null);
        let mounts = container["volumeMounts"].as_array().unwrap();
        let mut writable = mounts.iter().filter(|mount| mount["readOnly"] != true);
        let paths: BTreeSet<_> = writable
            .by_ref()
            .map(|mount| mount["mountPath"].as_str().unwrap())
            .collect();
        let config = "/home/argocd/cmp-server/config";
        let sockets = "/home/argocd/cmp-server/plugins";
        assert_eq!(paths, BTreeSet::from([config, sockets, "/tmp"]));
        // Of the volumes of the repo-server it has the sockets of plugins and Argo CD's program.
        let shared = mounts.iter().filter(|mount| {
            let volumes = plain["volumes"].as_array().unwrap();
            volumes.iter().any(|volume| volume["name"] == mount["name"])
        });
        let shared: Vec<_> = shared.map(|mount| &mount["name"]).collect();
        assert_eq!(shared, ["var-files", "plugins"]);
    }
    // The repo-server itself is as it was.
    assert_eq!(
        named(&pod["containers"], REPO_SERVER),
        named(&plain["containers"], REPO_SERVER)
    );
}

#[test]
fn the_values_of_the_chart_are_the_patches() {
    let values = file("values.yaml");
    assert_eq!(values["configs"]["cm"], file("argocd-cm.yaml")["data"]);
    let plugin = &values["configs"]["cmp"]["plugins"]["kaito-render"];
    assert_eq!(plugin, &file("plugin.yaml")["spec"]);

    let pod = &file("repo-server.yaml")["spec"]["template"]["spec"];
    let server = &values["repoServer"];
    let token = "automountServiceAccountToken";
    assert_eq!(server[token], pod[token]);
    assert_eq!(server["extraContainers"], pod["containers"]);
    // The chart has one ConfigMap for all plugins, each under its name.
    let mut volumes = pod["volumes"].clone();
    volumes[0]["configMap"] = json!({"name": "argocd-cmp-cm",
        "items": [{"key": "kaito-render.yaml", "path": "plugin.yaml"}]});
    assert_eq!(server["volumes"], volumes);
    let fields: Vec<_> = server.as_object().unwrap().keys().collect();
    assert_eq!(fields, [token, "extraContainers", "volumes"]);
}

#[test]
fn variants_change_what_they_say() {
    let plain = kustomized(&["kaito-render"]);
    let changed = |component: &str| {
        let all = kustomized(&["kaito-render", &format!("kaito-render/{component}")]);
        all.into_iter()
            .filter(|object| !plain.contains(object))
            .collect::<Vec<_>>()
    };
    let text = |name: &str| fs::read_to_string(root().join("deploy/argocd").join(name)).unwrap();
    let names = |objects: &[Value]| {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        objects.iter().map(name).collect::<BTreeSet<_>>()
    };

    let discover = changed("discover");
    let map = find(&discover, "ConfigMap", "kaito-render-plugin-");
    assert_eq!(
        map["data"],
        json!({"plugin.yaml": text("discover/plugin.yaml")})
    );
    // With its other name, the repo-server starts anew.
    assert_eq!(discover.len(), 2);
    find(&discover, "Deployment", REPO_SERVER);

    let kustomize = changed("kustomize");
    let map = find(&kustomize, "ConfigMap", "kaito-render-kustomize-plugin-");
    assert_eq!(
        map["data"],
        json!({"plugin.yaml": text("kustomize/plugin.yaml")})
    );
    assert_eq!(kustomize.len(), 2, "{:?}", names(&kustomize));

    let claims = changed("node-claims-v1beta1");
    assert_eq!(names(&claims), BTreeSet::from(["argocd-cm".to_owned()]));
    let mut data = claims[0]["data"].as_object().unwrap().clone();
    let before = find(&plain, "ConfigMap", "argocd-cm")["data"]
        .as_object()
        .unwrap();
    data.retain(|key, value| before.get(key) != Some(value));
    let added: Vec<_> = data.keys().collect();
    assert_eq!(
        added,
        ["resource.customizations.health.karpenter.sh_NodeClaim"]
    );
}

/// The plugins of the variants differ from the plain one in what the variants are for.
#[test]
fn plugins_have_one_name_and_run_one_program() {
    let plain = file("plugin.yaml");
    let mut discover = file("discover/plugin.yaml");
    assert!(discover["spec"]["discover"].take().is_object());
    discover["spec"].as_object_mut().unwrap().remove("discover");
    assert_eq!(discover, plain);
    let application = file("application.yaml");
    assert_eq!(
        application["spec"]["source"]["plugin"]["name"],
        plain["metadata"]["name"]
    );
    let kustomize = file("kustomize/plugin.yaml");
    assert_eq!(kustomize["spec"]["parameters"], plain["spec"]["parameters"]);

    // The image of the variant has the program of the other one.
    let recipe = fs::read_to_string(root().join("deploy/argocd/kustomize/Containerfile")).unwrap();
    let sidecar = file("repo-server.yaml");
    let image = sidecar.pointer("/spec/template/spec/containers/0/image");
    let image = image.unwrap().as_str().unwrap();
    let program = "/usr/local/bin/kaito-render";
    let copied = format!("\nCOPY --from={image} {program} {program}\n");
    assert!(recipe.contains(&copied), "{recipe}");
}

/// What templates make, and the Workspace itself; the namespace is made by Argo CD.
#[test]
fn the_project_allows_what_is_rendered() {
    let mut rendered = BTreeSet::from([["kaito.sh", "Workspace"].map(str::to_owned)]);
    for release in fs::read_dir(root().join("templates")).unwrap() {
        for template in fs::read_dir(release.unwrap().path()).unwrap() {
            let text = fs::read_to_string(template.unwrap().path()).unwrap();
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap().trim().to_owned()
            };
            let version = field("apiVersion:");
            let group = version.split_once('/').map_or("", |(group, _)| group);
            rendered.insert([group.to_owned(), field("kind:")]);
        }
    }
    let spec = &file("project.yaml")["spec"];
    let list = |name: &str| {
        let pairs =
            spec[name].as_array().unwrap().iter().map(|kind| {
                ["group", "kind"].map(|field| kind[field].as_str().unwrap().to_owned())
            });
        pairs.collect::<BTreeSet<_>>()
    };
    let [cluster, namespaced] =
        ["clusterResourceWhitelist", "namespaceResourceWhitelist"].map(list);
    let mut allowed: BTreeSet<_> = cluster.union(&namespaced).cloned().collect();
    assert!(allowed.remove(&["", "Namespace"].map(str::to_owned)));
    assert_eq!(allowed, rendered);

    // docs/install.md shows the part that any project needs.
    let page = fs::read_to_string(root().join("docs/install.md")).unwrap();
    let shown = page
        .split("```yaml\nspec:\n  clusterResourceWhitelist:\n")
        .nth(1)
        .unwrap();
    for line in shown.split("```").next().unwrap().lines() {
        let text = fs::read_to_string(root().join("deploy/argocd/project.yaml")).unwrap();
        assert!(text.contains(line.trim()), "{line}");
    }
}
