//! Which kinds belong to a namespace, as the API server says it.

use std::collections::BTreeSet;

use kaito_render::vocab::NAMESPACED;

use super::rig::Scene;
use crate::support::tools::succeed;

#[test]
fn the_kinds_with_a_namespace_are_those_of_the_api_server() {
    let scene = Scene::new("kinds");
    let args = [
        "api-resources",
        "--namespaced=true",
        "--verbs=get",
        "--no-headers",
    ];
    let output = succeed(&mut scene.admin.command(&args));
    let text = String::from_utf8(output.stdout).unwrap();
    // Short names may be missing.
    let found = text.lines().map(|line| {
        let mut words = line.split_whitespace().rev();
        let [kind, _, version] = [(); 3].map(|()| words.next().unwrap());
        let group = version.split_once('/').map_or("", |(group, _)| group);
        (group, kind)
    });
    let is_known =
        |group: &str| !group.contains('.') || group.ends_with(".k8s.io") || group == "kaito.sh";
    let found: BTreeSet<_> = found.filter(|(group, _)| is_known(group)).collect();
    let listed = NAMESPACED
        .iter()
        .flat_map(|(group, kinds)| kinds.iter().map(|kind| (*group, *kind)));
    // No CRD of this project makes it.
    let listed: BTreeSet<_> = listed.filter(|(_, kind)| *kind != "RAGEngine").collect();
    assert_eq!(found, listed);
}
