//! A kustomization as an overlay of the profile.

use std::fs;

use serde_json::Value;

use super::overlay_sources::{found, rendered, repository, run_in};

const KUSTOMIZATION: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

#[test]
fn a_kustomization_is_an_overlay_with_its_components_first() {
    let prod = format!(
        "{KUSTOMIZATION}resources: [../../base]\ncomponents: [../part]\n\
         patchesStrategicMerge:\n- merge.yaml\n- |-\n  apiVersion: apps/v1\n  kind: StatefulSet\n  \
         metadata: {{name: a}}\n  spec: {{minReadySeconds: 3}}\n\
         patches:\n- target: {{kind: StatefulSet}}\n  path: ops.yaml\n\
         patchesJson6902:\n- target: {{kind: Service, name: a}}\n  patch: '[{{op: add, path: /metadata/labels/json, value: \"1\"}}]'\n\
         labels:\n- pairs: {{team: prod}}\n- pairs: {{pods: \"1\"}}\n  includeTemplates: true\n\
         commonAnnotations: {{example.com/a: b}}\n\
         images: [{{name: mcr.microsoft.com/aks/kaito/kaito-base, newName: example.com/base}}]\n"
    );
    let part = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {team: part, part: \"1\"}}]\n";
    let merge = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {minReadySeconds: 2, revisionHistoryLimit: 4}\n";
    let ops = "- {op: add, path: /spec/template/spec/priorityClassName, value: batch}\n";
    let files = [
        ("k/prod/kustomization.yaml", prod.as_str()),
        ("k/prod/merge.yaml", merge),
        ("k/prod/ops.yaml", ops),
        ("k/part/kustomization.yml", part),
    ];
    let root = repository("overlays: [{kustomization: k/prod}]\n", &files);
    fs::remove_file(root.path().join("teams/b/b.yaml")).unwrap();
    for args in [&["teams"][..], &["."], &[".", "--delivery", "argocd"]] {
        let objects = rendered(&root, args);
        let find = |kind: &str| {
            let is = |it: &&Value| it["kind"] == kind && it["metadata"]["name"] == "a";
            objects.iter().find(is).unwrap()
        };
        let (set, service) = (find("StatefulSet"), find("Service"));
        let pod = &set["spec"]["template"];
        assert_eq!(set["spec"]["minReadySeconds"], 3);
        assert_eq!(set["spec"]["revisionHistoryLimit"], 4);
        assert_eq!(pod["spec"]["priorityClassName"], "batch");
        let labels = &set["metadata"]["labels"];
        assert_eq!(
            [&labels["team"], &labels["part"], &labels["pods"]],
            ["prod", "1", "1"]
        );
        let labels = &pod["metadata"]["labels"];
        assert_eq!(
            [&labels["team"], &labels["pods"]],
            [&Value::Null, &"1".into()]
        );
        assert_eq!(service["metadata"]["labels"]["json"], "1");
        assert_eq!(pod["metadata"]["annotations"]["example.com/a"], "b");
        let image = pod["spec"]["containers"][0]["image"].as_str().unwrap();
        assert!(image.starts_with("example.com/base"), "{image}");
        assert_eq!(
            objects
                .iter()
                .filter(|it| it["kind"] == "StatefulSet")
                .count(),
            1
        );
    }
    let explained = run_in(&root, &["explain", "teams"]).stdout;
    assert!(
        explained.contains("prod") && explained.contains("kaito-render.yaml"),
        "{explained}"
    );
}

/// What a check finds with an entry of `overlays`, and a text as the kustomization `k/prod`.
fn found_for(entry: &str, text: &str) -> Vec<String> {
    let fields = format!("overlays: [{entry}]\n");
    let own = "kind: Component\ncomponents: [../prod]\n";
    let files = [
        ("k/prod/kustomization.yaml", text),
        ("k/part/Kustomization", own),
        ("k/Prod_2/kustomization.yaml", KUSTOMIZATION),
    ];
    found(&repository(&fields, &files), &["teams"])
}

const PROD: &str = "{kustomization: k/prod}";

#[test]
fn what_no_overlay_takes_over_is_an_error_at_its_line() {
    let fields = [
        "namespace: x",
        "namePrefix: x",
        "nameSuffix: x",
        "replicas: [{name: a, count: 2}]",
        "replacements: [{path: a}]",
        "transformers: [a]",
        "generators: [a]",
        "vars: [{name: a}]",
        "configMapGenerator: [{name: a}]",
        "secretGenerator: [{name: a}]",
        "helmCharts: [{name: a}]",
        "helmChartInflationGenerator: [{chartName: a}]",
        "buildMetadata: [originAnnotations]",
        "openapi: {path: a}",
        "configurations: [a]",
    ];
    for field in fields {
        let name = field.split(':').next().unwrap();
        let message = format!("no overlay can take over `{name}` of a kustomization");
        let found = found_for(PROD, &format!("{KUSTOMIZATION}{field}\n"));
        assert_eq!(found, [format!("KR721 {name} | {message}")]);
    }
    let ignored = "resources: [a]\nbases: [b]\nsortOptions: {order: fifo}\nnamespace: ''\n\
                   replicas: []\ngeneratorOptions: {}\n";
    let found = found_for(PROD, &format!("{KUSTOMIZATION}{ignored}"));
    assert_eq!(found, [""; 0]);
}

#[test]
fn mistakes_of_a_kustomization_stand_in_it() {
    for (text, expected) in [
        (
            "patchs: [a]\n",
            "KR721 patchs | unknown field `patchs` of a kustomization",
        ),
        (
            "components: [../part]\n",
            "KR721 ../prod | the component `../prod` is there twice",
        ),
        (
            "components: [../none]\n",
            "KR702 ../none | there is no kustomization in `../none`",
        ),
        (
            "components: [../../..]\n",
            "KR702 ../../.. | `../../..` leads out of the profile's directory",
        ),
        (
            "patches: [{path: no.yaml}]\n",
            "KR702 no.yaml | there is no file `no.yaml`",
        ),
        (
            "patchesStrategicMerge: [no.yaml]\n",
            "KR702 no.yaml | there is no file `no.yaml`",
        ),
        (
            "patches: [{target: {kind: Service}, patch: 'spec: {}', options: {allowNameChange: true}}]\n",
            "KR102 options",
        ),
        (
            "labels: [{pairs: {kaito.sh/workspace: a}}]\n",
            "KR701 a | `kaito.sh/workspace`",
        ),
        (
            "labels: [{pairs: {a: b}, fields: [{path: spec/x}]}]\n",
            "KR721 fields",
        ),
        ("commonLabels: {a: b}\n", "KR722 commonLabels"),
        ("patches: x\n", "KR701 x"),
        ("images: [{name: a, newNam: b}]\n", "KR102 newNam"),
    ] {
        let found = found_for(PROD, &format!("{KUSTOMIZATION}{text}"));
        let is_it = matches!(&found[..], [one] if one.starts_with(expected));
        assert!(is_it, "{text}: {found:?}");
    }
}

#[test]
fn a_kustomization_is_called_as_its_directory_or_by_a_name() {
    let other = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n";
    assert_eq!(found_for(PROD, other)[0][..5], *"KR702");
    assert_eq!(found_for("{kustomization: k/none}", "")[0][..5], *"KR702");
    let misnamed = "KR701 k/Prod_2 | `name` must match `^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`, which \
                    `Prod_2` does not";
    assert_eq!(found_for("{kustomization: k/Prod_2}", ""), [misnamed]);
    let named = found_for("{kustomization: k/Prod_2, name: prod-2}", "");
    assert_eq!(named, [""; 0]);
    let unknown = found_for("{kustomization: k/Prod_2, select: named}", "");
    assert_eq!(unknown[0][..9], *"KR102 sel");
}
