//! Fields at the wrong level, under another name or in another form: one diagnostic each, which says
//! what to write.

use crate::support::builder::Test;
use crate::support::inputs::{SMALL, workspace};

/// The fields of a Workspace that has a mistake in one of them.
fn broken(version: &str, fields: &str) -> Test {
    let text =
        format!("apiVersion: kaito.sh/{version}\nkind: Workspace\nmetadata:\n  name: a\n{fields}");
    let test = Test::new().input(&text);
    if version == "v1alpha1" {
        return test.profile("release: \"0.3\"\nprovisioner: machine\n");
    }
    test
}

const RESOURCE: &str = "resource:\n  instanceType: Standard_NC24ads_A100_v4\n  labelSelector: {matchLabels: {apps: a}}\n";

#[test]
fn a_field_says_where_it_belongs_and_in_which_form() {
    for (fields, at, hint) in [
        (
            "inference: {model: phi-4}\n",
            "model",
            "write `preset: {name: phi-4}`",
        ),
        (
            "preset: {name: phi-4}\n",
            "preset",
            "move it to `inference.preset`",
        ),
        (
            "tuning:\n  preset: {name: phi-4-mini-instruct}\n  method: qlora\n  image: r.io/a:1\n  \
             input: {urls: [https://example.com/a.parquet]}\n  output: {imagePushSecret: s}\n",
            "image",
            "move it to `tuning.output.image`",
        ),
        (
            "tuning:\n  preset: {name: phi-4-mini-instruct}\n  method: qlora\n  \
             input: {pvc: data}\n  output: {image: r.io/a:1, imagePushSecret: s}\n",
            "pvc",
            "write `volumeSource: {persistentVolumeClaim: {claimName: data}}`",
        ),
        (
            "tuning:\n  preset: {name: phi-4-mini-instruct}\n  method: qlora\n  \
             input: {image: r.io/b:1, secretName: s}\n  output: {image: r.io/a:1, imagePushSecret: s}\n",
            "secretName",
            "write `imagePullSecrets: [s]`",
        ),
        (
            "tuning:\n  name: phi-4-mini-instruct\n  method: qlora\n  \
             input: {urls: [https://example.com/a.parquet]}\n  output: {image: r.io/a:1, imagePushSecret: s}\n",
            "name",
            "move it to `tuning.preset.name`",
        ),
        (
            "tuning:\n  preset: {name: phi-4-mini-instruct}\n  method: qlora\n  \
             data: {urls: [https://example.com/a.parquet]}\n  output: {image: r.io/a:1, imagePushSecret: s}\n",
            "data",
            "write `input`",
        ),
        (
            "inference:\n  runtime: vllm\n  preset: {name: phi-4}\n",
            "runtime",
            "write `kaito.sh/runtime: vllm` under `metadata.annotations`",
        ),
    ] {
        let test = broken("v1beta1", &format!("{RESOURCE}{fields}"));
        test.finds("KR102 error", at).prints(hint).run();
    }
}

/// What a field should have been made of is taken for it, and judged.
#[test]
fn a_string_in_the_place_of_a_mapping_says_how_to_write_it() {
    broken(
        "v1beta1",
        &format!("{RESOURCE}inference: {{preset: phi-4}}\n"),
    )
    .finds("KR101 error", "phi-4")
    .prints("write `preset: {name: phi-4}`")
    .run();
    broken(
        "v1beta1",
        &format!("{RESOURCE}inference: {{preset: phi-44}}\n"),
    )
    .finds("KR101 error", "phi-44")
    .finds("KR203 error", "phi-44")
    .run();
    let tuning = "tuning:\n  preset: {name: phi-4-mini-instruct}\n  method: qlora\n  \
                  input: {urls: \"https://example.com/a.parquet\"}\n  output: {image: r.io/a:1, imagePushSecret: s}\n";
    broken("v1beta1", &format!("{RESOURCE}{tuning}"))
        .finds("KR101 error", "\"https://example.com/a.parquet\"")
        .prints("write `urls: [https://example.com/a.parquet]`")
        .run();
}

/// As Deployments have it.
#[test]
fn a_workspace_has_no_template_around_it() {
    let fields = format!("{RESOURCE}inference: {{preset: {{name: phi-4}}}}\n");
    let indented = |by: &str| fields.replace('\n', &format!("\n{by}"));
    let by = "    ";
    let text = format!("spec:\n  template:\n{by}{}", indented(by));
    broken("v1beta1", text.trim_end())
        .finds("KR102 error", "spec")
        .finds("KR102 error", "template")
        .run();
}

#[test]
fn labels_say_where_they_belong() {
    for (selector, at, hint) in [
        (
            "nodeSelector: {apps: a}",
            "nodeSelector",
            "write `labelSelector: {matchLabels: {apps: a}}`",
        ),
        (
            "selector: {apps: a}",
            "selector",
            "write `labelSelector: {matchLabels: {apps: a}}`",
        ),
        (
            "labelSelector: {apps: a}",
            "apps",
            "move it to `resource.labelSelector.matchLabels.apps`",
        ),
        (
            "matchLabels: {apps: a}",
            "matchLabels",
            "move it to `resource.labelSelector.matchLabels`",
        ),
    ] {
        let fields = RESOURCE.replace("labelSelector: {matchLabels: {apps: a}}", selector);
        let fields = format!("{fields}inference: {{preset: {{name: phi-4}}}}\n");
        broken("v1beta1", &fields)
            .finds("KR102 error", at)
            .prints(hint)
            .run();
    }
}

/// A model under a misplaced section is looked up like any other.
#[test]
fn a_section_at_the_wrong_level_is_read() {
    let fields = format!("{RESOURCE}  inference: {{preset: {{name: phi-4}}}}\n");
    broken("v1beta1", &fields)
        .finds("KR102 error", "inference")
        .run();
}

#[test]
fn a_level_of_another_release_names_it() {
    for (inference, at, field) in [
        (
            "preset: {name: falcon-7b, config: c}",
            "config",
            "inference.config",
        ),
        (
            "modelAccessSecret: s\n  preset: {name: falcon-7b}",
            "modelAccessSecret",
            "inference.preset.presetOptions.modelAccessSecret",
        ),
        (
            "runtime: vllm\n  preset: {name: falcon-7b}",
            "runtime",
            "inference.runtime",
        ),
    ] {
        broken(
            "v1alpha1",
            &format!("{RESOURCE}inference:\n  {inference}\n"),
        )
        .finds("KR102 error", at)
        .prints(field)
        .prints("release 0.12 has it: set `release: \\\"0.12\\\"`")
        .run();
    }
}

/// Release 0.12 reads Workspaces of v1alpha1 too, without the fields of v1beta1.
#[test]
fn a_field_of_another_version_names_the_version_too() {
    let fields = format!(
        "{RESOURCE}inference:\n  preset: {{name: phi-4-mini-instruct, presetOptions: {{modelAccessSecret: s}}}}\n"
    );
    let text = "set `release: \\\"0.12\\\"` in kaito-render.yaml, and write `apiVersion: kaito.sh/v1beta1`";
    let old = fields.replace("phi-4-mini-instruct", "falcon-7b");
    broken("v1alpha1", &old)
        .finds("KR102 error", "modelAccessSecret")
        .prints(text)
        .run();
    broken("v1beta1", &fields)
        .profile("release: \"0.12\"\n")
        .finds_nothing()
        .run();
}

#[test]
fn the_template_of_a_set_has_no_spec() {
    let set = |template: &str| {
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: a}}\nspec:\n  replicas: 2\n  \
             labelSelector: {{matchLabels: {{apps: a}}}}\n  template:\n{template}"
        )
    };
    let fields = "resource: {instanceType: Standard_NC24ads_A100_v4}\n";
    let inner = format!("    spec:\n      {fields}      inference: {{preset: {{name: phi-4}}}}\n");
    Test::new()
        .input(&set(&inner))
        .finds("KR102 error", "spec")
        .run();
    let count = set(&format!(
        "    {fields}    inference: {{preset: {{name: phi-4}}}}\n"
    ));
    Test::new()
        .input(&count.replace("replicas: 2", "count: 2"))
        .finds("KR102 error", "count")
        .prints("write `replicas`")
        .run();
}

#[test]
fn values_say_which_one_was_meant() {
    let annotated = |annotation: &str| {
        let with = format!("name: a\n  annotations: {{{annotation}}}");
        Test::new().input(&workspace("a", SMALL).replace("name: a", &with))
    };
    for (annotation, hint) in [
        (
            "kaito.sh/performance-mode: Throughput",
            "write `\\\"throughput\\\"`",
        ),
        (
            "kaito.sh/performance-mode: latency",
            "use `balanced`, `interactivity` or `throughput`",
        ),
        (
            "kaito.sh/use-local-weights: \"True\"",
            "write `\\\"true\\\"`",
        ),
    ] {
        annotated(annotation)
            .finds_among("KR121 error", None)
            .prints(hint)
            .run();
    }
    for (profile, hint) in [
        ("cloud: Azure\n", "write `azure`"),
        ("nodeImageFamily: AzureLinux\n", "write `azurelinux`"),
        ("substitution: Flux\n", "write `flux`"),
        ("release: v0.12\n", "write `\\\"0.12\\\"`"),
        ("release: 0.12.1\n", "write `\\\"0.12\\\"`"),
        ("release: \"0.5\"\n", "the releases are `0.3` and `0.12`"),
        ("provisioner: machine\n", "release 0.3 has it"),
    ] {
        let test = Test::new().input(&workspace("a", SMALL)).profile(profile);
        test.prints(hint).exits(1).run();
    }
    let old = workspace("a", SMALL)
        .replace("v1beta1", "v1alpha1")
        .replace("phi-4", "falcon-7b");
    for profile in [
        "cloud: arc\nrelease: \"0.3\"\n",
        "provisioner: nodepool\nrelease: \"0.3\"\n",
    ] {
        let test = Test::new().input(&old).profile(profile);
        test.prints("release 0.12 has it").exits(1).run();
    }
}
