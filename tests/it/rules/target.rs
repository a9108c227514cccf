//! `check --target-release`.

use std::fs;

use crate::support::builder::{Diagnostic, Test};
use crate::support::inputs::workspace_of;
use crate::support::program::{root, stdout};

/// The exit code, the diagnostics as `RULE severity text-at-the-place`, and their messages.
fn diagnostics(text: &str, profile: &str, more: &[&str]) -> (i32, Vec<String>, Vec<String>) {
    let check = Test::new().input(text).profile(profile).args(more);
    let outcome = check.run();
    let found = outcome.diagnostics.iter();
    let messages = found.clone().map(|found| found.message.clone());
    let lines = found.map(Diagnostic::with_text);
    (outcome.code, lines.collect(), messages.collect())
}

fn workspace(version: &str, instance_type: &str, preset: &str) -> String {
    workspace_of(version, "a", instance_type, preset)
}

const TARGET: &[&str] = &["--target-release", "0.12"];
const MACHINES: &str = "release: \"0.3\"\nprovisioner: nodeclaim\n";

#[test]
fn what_the_target_has_no_more_is_an_error_and_what_is_right_today_stays_so() {
    let text = workspace("v1alpha1", "Standard_NC12s_v3", "falcon-7b");
    assert_eq!(diagnostics(&text, MACHINES, &[]), (0, vec![], vec![]));
    let (code, found, messages) = diagnostics(&text, MACHINES, TARGET);
    let expected = [
        "KR262 warning kaito.sh/v1alpha1",
        "KR261 error Standard_NC12s_v3",
        "KR260 error falcon-7b",
    ]
    .map(str::to_owned);
    assert_eq!((code, found), (1, expected.to_vec()));
    assert!(
        messages
            .iter()
            .all(|message| message.starts_with("target 0.12: ")),
        "{messages:?}"
    );
}

#[test]
fn what_the_target_makes_otherwise_is_said_with_the_version_that_brought_it() {
    let text = workspace("v1alpha1", "Standard_NC96ads_A100_v4", "mistral-7b")
        .replace("resource:", "resource:\n  count: 2");
    let (code, found, messages) = diagnostics(&text, MACHINES, TARGET);
    let mut rules: Vec<_> = found.iter().map(|diagnostic| &diagnostic[..5]).collect();
    rules.sort_unstable();
    assert_eq!(
        (code, rules),
        (
            0,
            vec![
                "KR227", "KR262", "KR263", "KR264", "KR265", "KR266", "KR267"
            ]
        )
    );
    for said in [
        "NodeClaims of `karpenter.sh/v1` instead of NodeClaims of `karpenter.sh/v1beta1`, since KAITO 0.4.2",
        "a StatefulSet instead of a Deployment, since KAITO 0.8",
        "`vllm` serves the model instead of `accelerate`",
        "1 node instead of 2",
        "`mistral-7b` is an alias of `mistralai/mistral-7b-v0.3`",
    ] {
        assert!(
            messages.iter().any(|message| message.contains(said)),
            "{said}: {messages:#?}"
        );
    }
}

#[test]
fn every_preset_and_machine_type_that_is_gone_has_a_diagnostic_of_its_own() {
    let names = |release: &str, table: &str| {
        let args = [table, "list", "--release", release];
        let listed = stdout(&args, "");
        listed
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut gone = 0;
    for preset in names("0.3", "presets") {
        let text = workspace("v1beta1", "Standard_ND96isr_H200_v5", &preset);
        let (_, found, _) = diagnostics(&text, "release: \"0.12\"\n", &[]);
        let is_gone = found.contains(&format!("KR260 error {preset}"));
        assert!(found.is_empty() || is_gone, "{preset}: {found:?}");
        gone += usize::from(is_gone);
    }
    assert_eq!(gone, 11);
    let release: serde_json::Value = serde_yaml::from_str(
        &fs::read_to_string(root().join("presets/0.12/release.yaml")).unwrap(),
    )
    .unwrap();
    let (models, old) = (names("0.12", "presets"), names("0.3", "instance-types"));
    for near in release["retired"]["presets"].as_object().unwrap().values() {
        assert!(
            models.contains(&near.as_str().unwrap().to_owned()),
            "{near} is not in the catalogue"
        );
    }
    let new = names("0.12", "instance-types");
    for name in release["retired"]["instanceTypes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|types| types["names"].as_array().unwrap())
    {
        let name = name.as_str().unwrap().to_owned();
        assert!(
            old.contains(&name) && !new.contains(&name),
            "{name} is not gone"
        );
    }
}

#[test]
fn nothing_is_said_twice_and_a_workspace_of_the_target_has_nothing_to_say() {
    let misspelt = workspace("v1beta1", "standard_nc24ads_a100_v4", "phi-44");
    let profile = "release: \"0.12\"\n";
    assert_eq!(
        diagnostics(&misspelt, profile, TARGET),
        diagnostics(&misspelt, profile, &[])
    );
    let odd = workspace("v1alpha1", "Standard_NC24ads_A100_v4", "phi-3")
        .replace("apps: a", "apps: \"a b\"");
    let (_, found, _) = diagnostics(&odd, MACHINES, TARGET);
    assert_eq!(
        found
            .iter()
            .filter(|diagnostic| diagnostic.starts_with("KR105"))
            .count(),
        1,
        "{found:?}"
    );
    assert_eq!(
        found
            .iter()
            .filter(|diagnostic| diagnostic.starts_with("KR203"))
            .count(),
        1,
        "{found:?}"
    );
}

#[test]
fn diagnostics_of_the_target_are_configured_like_others_and_not_fixed() {
    let text = workspace("v1alpha1", "Standard_NC24ads_A100_v4", "mistral-7b");
    let off = "release: \"0.3\"\nprovisioner: nodeclaim\nrules:\n- {rule: KR262, severity: error}\n- {rule: KR263, severity: off}\n";
    let (code, found, _) = diagnostics(&text, off, TARGET);
    assert!(
        code == 1 && found[0] == "KR262 error kaito.sh/v1alpha1",
        "{found:?}"
    );
    assert!(
        !found
            .iter()
            .any(|diagnostic| diagnostic.starts_with("KR263")),
        "{found:?}"
    );
    let machine = "release: \"0.3\"\nprovisioner: machine\n";
    let (code, found, _) = diagnostics(&text, machine, TARGET);
    assert!(
        code == 1 && found.contains(&"KR213 error machine".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_target_that_does_not_exist_is_a_mistake_of_the_command_line() {
    let text = workspace("v1alpha1", "Standard_NC24ads_A100_v4", "mistral-7b");
    Test::new()
        .input(&text)
        .args(&["--target-release", "0.99"])
        .prints("there is no release `0.99`; the releases are 0.3 and 0.12")
        .exits(2)
        .run();
}
