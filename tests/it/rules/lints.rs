//! Rules about what is accepted but not meant: each diagnostic with its place and its repair.

use crate::support::builder::Test;
use crate::support::inputs::directory;

const WORKSPACE: &str = "apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: phi-4
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels:
      apps: phi-4
inference:
  preset:
    name: phi-4
";

const OWN_PODS: &str = "apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: own
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels:
      apps: own
inference:
  template:
    spec:
      containers:
        - name: server
          image: registry.example.com/team/server:1.0.0
";

const SET: &str = "apiVersion: kaito.sh/v1beta1
kind: InferenceSet
metadata:
  name: phi-4
spec:
  labelSelector:
    matchLabels:
      apps: phi-4
  template:
    resource:
      instanceType: Standard_NC24ads_A100_v4
    inference:
      preset:
        name: phi-4
";

/// A Workspace with some lines behind its name.
fn with_metadata(text: &str, lines: &str) -> String {
    text.replacen("\nresource:", &format!("\n  {lines}\nresource:"), 1)
}

/// A text has one diagnostic: its title, the text at its place, and its fix.
fn assert_one(text: &str, profile: &str, title: &str, at: &str, fix: Option<&str>) {
    let check = Test::new().input(text).profile(profile);
    check.finds(title, at).fix(fix).run();
}

fn assert_none(text: &str, profile: &str) {
    Test::new()
        .input(text)
        .profile(profile)
        .finds_nothing()
        .run();
}

#[test]
fn the_texts_of_these_tests_have_no_diagnostics() {
    for text in [WORKSPACE, OWN_PODS, SET] {
        assert_none(text, "");
    }
}

#[test]
fn keys_of_kaito_s_that_nothing_reads_are_reported() {
    for (line, at, fix) in [
        (
            "annotations: {kaito.sh/enable-lb: \"True\"}",
            "kaito.sh/enable-lb",
            Some("kaito.sh/enablelb"),
        ),
        (
            "annotations: {\"kaito.sh/enableLB\": \"True\"}",
            "\"kaito.sh/enableLB\"",
            Some("\"kaito.sh/enablelb\""),
        ),
        (
            "annotations: {kaito.sh/run-benchmark: \"true\"}",
            "kaito.sh/run-benchmark",
            None,
        ),
        (
            "labels: {kaito.sh/inference-rol: decode}",
            "kaito.sh/inference-rol",
            Some("kaito.sh/inference-role"),
        ),
        ("labels: {kaito.sh/team: a}", "kaito.sh/team", None),
    ] {
        assert_one(
            &with_metadata(WORKSPACE, line),
            "",
            "KR122 warning",
            at,
            fix,
        );
    }
    let older = with_metadata(
        WORKSPACE,
        "annotations: {render.kaito.sh/node-count: \"2\"}",
    )
    .replace("v1beta1", "v1alpha1")
    .replace("phi-4", "phi-2");
    assert_one(
        &older,
        "provisioner: machine\n",
        "KR122 warning",
        "render.kaito.sh/node-count",
        None,
    );
    let set = SET.replacen(
        "name: phi-4\n",
        "name: phi-4\n  annotations: {kaito.sh/enablelb: \"True\"}\n",
        1,
    );
    assert_one(&set, "", "KR122 warning", "kaito.sh/enablelb", None);
    for line in [
        "labels: {team: a, example.com/kaito.sh: b}",
        "annotations: {workspace.kaito.io/hash: \"0\"}",
    ] {
        assert_none(&with_metadata(WORKSPACE, line), "");
    }
}

#[test]
fn values_are_taken_for_what_they_look_like() {
    for (line, at, fix) in [
        (
            "annotations: {kaito.sh/enablelb: \"true\"}",
            "\"true\"",
            Some("\"True\""),
        ),
        (
            "annotations: {kaito.sh/enablelb: 'yes'}",
            "'yes'",
            Some("\"True\""),
        ),
        (
            "annotations: {kaito.sh/disable-benchmark: \"True\"}",
            "\"True\"",
            Some("\"true\""),
        ),
        (
            "annotations: {kaito.sh/bypass-resource-checks: \"false\"}",
            "\"false\"",
            None,
        ),
        (
            "labels: {kaito.sh/inference-role: Decode}",
            "Decode",
            Some("decode"),
        ),
    ] {
        assert_one(
            &with_metadata(WORKSPACE, line),
            "",
            "KR123 warning",
            at,
            fix,
        );
    }
    for line in [
        "annotations: {kaito.sh/enablelb: \"False\"}",
        "annotations: {kaito.sh/disable-benchmark: \"false\"}",
        "annotations: {kaito.sh/bypass-resource-checks: \"true\"}",
        "labels: {kaito.sh/inference-role: prefill}",
    ] {
        assert_none(&with_metadata(WORKSPACE, line), "");
    }
}

#[test]
fn a_secret_is_reported_and_never_shown() {
    let token = format!("hf_{}", "aB3".repeat(12));
    let config = format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a: |\n    b\n    {token} c\n"
    );
    let texts = [
        (
            format!("{OWN_PODS}          args: [\"--token={token}\"]\n"),
            token.as_str(),
            "KR124 error",
        ),
        (
            format!("{OWN_PODS}          command: [\"\\x2D{token}\"]\n"),
            token.as_str(),
            "KR124 error",
        ),
        (
            format!("{OWN_PODS}          env: [{{name: A, value: 'https://a:s3cret@b.c/'}}]\n"),
            "s3cret",
            "KR124 error",
        ),
        (
            format!("{OWN_PODS}          env: [{{name: DB_PASSWORD, value: \"s3cret\"}}]\n"),
            "s3cret",
            "KR125 warning",
        ),
        (
            format!("{WORKSPACE}{config}"),
            token.as_str(),
            "KR124 error",
        ),
    ];
    for (text, secret, title) in texts {
        assert_one(&text, "", title, secret, None);
        let human = Test::new().input(&text).format("human");
        human.prints("***").hides(secret).run();
        Test::new().input(&text).hides(secret).run();
    }
}

/// A message that quotes a value does not show the secret in it, whichever rule makes it.
#[test]
fn no_other_diagnostic_shows_a_secret() {
    let tuning = "tuning:
  preset: {name: phi-4-mini-instruct}
  method: lora
  input: {urls: [\"https://me:s3cret@localhost/a\"]}
  output: {image: registry.example.com/a:1, imagePushSecret: push}
";
    let text = format!("{}{tuning}", WORKSPACE.split("inference:").next().unwrap());
    Test::new()
        .input(&text)
        .profile("")
        .finds("KR119 error", None)
        .finds("KR124 error", None)
        .run();
    for format in ["human", "json"] {
        let check = Test::new().input(&text).format(format);
        check.hides("s3cret").run();
    }
}

/// Whoever reads the diagnostic about a text that can't be parsed sees its secrets as little as those
/// of others.
#[test]
fn no_excerpt_of_a_broken_text_shows_a_secret() {
    let token = format!("hf_{}", "aB3".repeat(12));
    let texts = [
        format!("{OWN_PODS}          args: [\"--token={token}\"\n"),
        format!("{OWN_PODS}          env: [{{name: A, value: 'https://a:{token}@b.c/'}}\n"),
        format!("{OWN_PODS}          env: [{{name: DB_PASSWORD, value: '{token}\"}}]\n"),
        format!(
            "{OWN_PODS}          env: [\n            {{value: x{token}, name: \"HF_TOKEN\"}}\n"
        ),
        format!(
            "{{\"apiVersion\": \"kaito.sh/v1beta1\", \"env\": [{{\"name\": \"HF_TOKEN\", \"value\": \"x{token}\"}},, ]}}"
        ),
        format!("a: [\"https://kaito.sh/\", \"https://me:{token}@b.c\"]]\n"),
        format!(
            "{OWN_PODS}          env:\n          - name: HF_TOKEN\n            value: x{token}: y\n"
        ),
        format!(
            "{OWN_PODS}          a: [\n            -----BEGIN PRIVATE KEY-----{token}-----END PRIVATE KEY-----\n"
        ),
    ];
    for text in &texts {
        for format in ["human", "json", "sarif"] {
            let check = Test::new().input(text).format(format);
            check.exits(1).prints("KR00").hides(&token).run();
        }
    }
}

#[test]
fn images_have_a_version() {
    let image = "registry.example.com/team/server";
    for (tag, is_found) in [
        ("", true),
        (":latest", true),
        (":1", false),
        (":latest@sha256:", false),
    ] {
        let digest = if tag.ends_with(':') {
            "a".repeat(64)
        } else {
            String::new()
        };
        let written = format!("{image}{tag}{digest}");
        let text = OWN_PODS.replace(&format!("{image}:1.0.0"), &written);
        if is_found {
            assert_one(&text, "", "KR126 warning", &written, None);
        } else {
            assert_none(&text, "");
        }
    }
    let adapter =
        format!("{WORKSPACE}  adapters: [{{source: {{name: a, image: example.com/a}}}}]\n");
    assert_one(&adapter, "", "KR126 warning", "example.com/a", None);
    let ignored = WORKSPACE.replace(
        "name: phi-4\n",
        "name: phi-4\n    presetOptions: {image: example.com/a}\n",
    );
    Test::new().input(&ignored).hides("KR126").run();
}

/// Pods of one's own with a line of their container.
fn container(line: &str) -> String {
    format!("{OWN_PODS}          {line}\n")
}

/// Pods of one's own with a line of their spec.
fn pod(line: &str) -> String {
    format!("{OWN_PODS}      {line}\n")
}

#[test]
fn pods_that_the_api_refuses_are_reported() {
    for (text, at) in [
        (container("ports: [{containerPort: 70000}]"), "70000"),
        (container("ports: [{containerPort: 1, hostPort: -1}]"), "-1"),
        (
            container("ports: [{name: a, containerPort: 1}, {name: 'a', containerPort: 2}]"),
            "'a'",
        ),
        (
            container("volumeMounts: [{name: models, mountPath: /models}]"),
            "models",
        ),
        (pod("restartPolicy: Never"), "Never"),
        (
            pod("initContainers: [{name: 'server', image: example.com/a:1}]"),
            "'server'",
        ),
        (pod("volumes: [{name: a_b, emptyDir: {}}]"), "a_b"),
        (
            pod("volumes: [{name: a, emptyDir: {}}, {name: 'a', emptyDir: {}}]"),
            "'a'",
        ),
        (
            OWN_PODS.replace("image: registry", "image: Registry//"),
            "Registry//.example.com/team/server:1.0.0",
        ),
        (
            OWN_PODS.replace(
                "          image: registry.example.com/team/server:1.0.0\n",
                "",
            ),
            "server",
        ),
    ] {
        assert_one(&text, "", "KR127 error", at, None);
    }
    let twice = container("env: [{name: A, value: b}, {name: \"A\", value: c}]");
    assert_one(&twice, "", "KR128 warning", "\"A\"", None);
    let large = with_metadata(
        WORKSPACE,
        &format!("annotations: {{a: {}}}", "x".repeat(256 << 10)),
    );
    let test = Test::new().input(&large);
    test.finds_among("KR105 error", None).run();
}

#[test]
fn requests_of_pods_are_held_against_their_limits() {
    for (text, at) in [
        (
            container("resources: {requests: {cpu: 1.5}, limits: {cpu: 1200m}}"),
            "1.5",
        ),
        (
            container("resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 2}}"),
            "1",
        ),
        (container("resources: {requests: {nvidia.com/gpu: 1}}"), "1"),
    ] {
        assert_one(&text, "", "KR127 warning", at, None);
    }
    for text in [
        container(
            "resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 1, memory: 1024Mi}}",
        ),
        container("resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: \"1\"}}"),
        container("ports: [{containerPort: 65535, hostPort: 0}]"),
        pod("volumes: [{name: a, emptyDir: {}}]\n      restartPolicy: Always"),
    ] {
        assert_none(&text, "");
    }
}

#[test]
fn machine_types_can_be_had() {
    let older = |name: &str| {
        WORKSPACE
            .replace("v1beta1", "v1alpha1")
            .replace("phi-4", "phi-2")
            .replace("Standard_NC24ads_A100_v4", name)
    };
    let profile = "provisioner: machine\n";
    assert_one(
        &older("Standard_NC6s_v2"),
        profile,
        "KR229 warning",
        "Standard_NC6s_v2",
        None,
    );
    assert_one(
        &older("Standard_NC24ADS_A100_v4"),
        profile,
        "KR228 warning",
        "Standard_NC24ADS_A100_v4",
        Some("Standard_NC24ads_A100_v4"),
    );
    assert_one(
        &older("standard_nc24ads_a100_v4"),
        profile,
        "KR204 error",
        "standard_nc24ads_a100_v4",
        Some("Standard_NC24ads_A100_v4"),
    );
    assert_none(&older("Standard_NC24ads_A100_v4"), profile);
    let inexact = WORKSPACE.replace("Standard_NC24ads_A100_v4", "\"standard_NC24ads_A100_v4\"");
    let (at, fix) = (
        "\"standard_NC24ads_A100_v4\"",
        "\"Standard_NC24ads_A100_v4\"",
    );
    assert_one(&inexact, "", "KR228 warning", at, Some(fix));
}

#[test]
fn labels_of_nodes_are_one_s_own() {
    let labelled = |label: &str| {
        WORKSPACE.replace(
            "      apps: phi-4\n",
            &format!("      apps: phi-4\n      {label}\n"),
        )
    };
    for (label, title, at) in [
        (
            "app.kubernetes.io/instance: a",
            "KR230 warning",
            "app.kubernetes.io/instance",
        ),
        (
            "kustomize.toolkit.fluxcd.io/name: a",
            "KR230 warning",
            "kustomize.toolkit.fluxcd.io/name",
        ),
        (
            "karpenter.sh/capacity-type: spot",
            "KR231 warning",
            "karpenter.sh/capacity-type",
        ),
        (
            "kubernetes.io/hostname: a",
            "KR231 warning",
            "kubernetes.io/hostname",
        ),
    ] {
        assert_one(&labelled(label), "", title, at, None);
    }
    for (label, profile) in [
        ("app.kubernetes.io/name: a", ""),
        (
            "karpenter.sh/capacity-type: spot",
            "provisioner: nodepool\nkarpenter: {staticCapacity: true}\n",
        ),
    ] {
        assert_none(&labelled(label), profile);
    }
    let there = "provisioner: none\nnodes: [{labels: {apps: phi-4, kubernetes.io/hostname: a, \
                 nvidia.com/gpu.product: A100, nvidia.com/gpu.count: \"1\", nvidia.com/gpu.memory: \"81920\"}}]\n";
    let text = labelled("kubernetes.io/hostname: a")
        .replace("  instanceType: Standard_NC24ads_A100_v4\n", "");
    assert_none(&text, there);
    let old = there.replace("{apps", "{nvidia.com/gpu.compute.major: \"7\", apps");
    assert_one(&text, &old, "KR232 warning", "labelSelector", None);
}

#[test]
fn settings_of_the_server_are_those_of_its_version() {
    let configured = |lines: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  inference_config.yaml: |\n    {lines}\n---\n\
             {WORKSPACE}  config: c\n"
        )
    };
    for (lines, at) in [
        ("vllm: {max-model-length: 8192}", "max-model-length"),
        ("max-num-seqs: 8", "max-num-seqs"),
        ("vllm: {swap-space: 4}", "swap-space"),
        ("vllm: {x: 1}", "x"),
        ("vlm: {max-num-seqs: 8}", "vlm"),
    ] {
        assert_one(&configured(lines), "", "KR233 warning", at, None);
    }
    for (lines, at) in [
        ("vllm: {tensor-parallel-size: 2}", "tensor-parallel-size"),
        ("vllm: {port: 8000}", "port"),
        (
            "vllm: {pipeline_parallel_size: 2}",
            "pipeline_parallel_size",
        ),
    ] {
        assert_one(&configured(lines), "", "KR234 warning", at, None);
    }
    for lines in [
        "vllm: {max_num_seqs: 8, no-enable-prefix-caching: true, compilation-config.pass_config.x: 1}",
        "kv_cache_cpu_memory_utilization: 0.5",
        "vllm: {tensor-parallel-size: 1, port: 5000, gpu-memory-utilization: 0.9}",
    ] {
        assert_none(&configured(lines), "");
    }
}

#[test]
fn pods_keep_to_their_own_nodes() {
    let two = |text: &str| {
        format!(
            "{text}---\n{}",
            text.replacen("name: ", "name: another-", 1)
        )
    };
    let older = WORKSPACE
        .replace("v1beta1", "v1alpha1")
        .replace("phi-4", "phi-2");
    assert_one(
        &two(&older),
        "provisioner: machine\n",
        "KR406 warning",
        "matchLabels",
        None,
    );
    assert_none(&two(&older), "provisioner: none\n");
    assert_none(&two(WORKSPACE), "");
}

#[test]
fn node_objects_of_one_s_own_give_the_nodes_they_seem_to() {
    let claim = "apiVersion: karpenter.sh/v1
kind: NodeClaim
metadata: {name: wsfirst, labels: {kaito.sh/workspace: phi-4}}
spec:
  expireAfter: Never
  nodeClassRef: {group: kaito.sh, kind: KaitoNodeClass, name: default}
  requirements:
    - {key: karpenter.sh/nodepool, operator: In, values: [kaito]}
  resources: {requests: {storage: 120Gi}}
";
    let with = |from: &str, to: &str| format!("{}---\n{WORKSPACE}", claim.replacen(from, to, 1));
    assert_none(&with("", ""), "");
    assert_one(
        &with("KaitoNodeClass", "AKSNodeClass"),
        "",
        "KR407 warning",
        "AKSNodeClass",
        None,
    );
    assert_one(
        &with("  expireAfter: Never\n", ""),
        "",
        "KR408 warning",
        "spec",
        None,
    );
    let zone = with("karpenter.sh/nodepool", "topology.kubernetes.io/zone");
    assert_one(
        &zone,
        "",
        "KR409 warning",
        "topology.kubernetes.io/zone",
        None,
    );
    // In a directory it is looked at, and not passed on.
    let claim = zone.split("---").next().unwrap();
    let directory = directory(&[("claim.yaml", claim), ("workspace.yaml", WORKSPACE)]);
    let inside = || Test::within(directory.path()).args(&["."]);
    inside().finds_among("KR409", None).run();
    inside().command("render").hides("wsfirst").run();
    let foreign = with("labels: {kaito.sh/workspace: phi-4}", "labels: {a: b}")
        .replace("KaitoNodeClass", "AKSNodeClass");
    assert_none(&foreign.replace("  expireAfter: Never\n", ""), "");
}
