//! The parameters as Argo CD shows them to people, with the values that hold.

use serde::Serialize;

use super::parameters::ALL;
use crate::catalogue::profile::Profile;

/// A parameter in the form that Argo CD reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Announced<'a> {
    name: &'a str,
    title: &'a str,
    tooltip: &'a str,
    collection_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    string: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    array: Option<[&'a str; 0]>,
}

/// All parameters as JSON, on a line. Those that the profile or a default decides have that value;
/// without a profile that can be used, and its path from the Application, none has.
#[must_use]
pub fn announcement(profile: Option<(&Profile, Option<&str>)>) -> String {
    let announced = ALL.iter().map(|parameter| {
        let value = profile.and_then(|(profile, path)| match parameter.name {
            "release" => profile.release.clone(),
            "provisioner" => profile.provisioner.map(|it| it.name().to_owned()),
            "cloud" => Some(profile.cloud.name().to_owned()),
            "registry" => Some(profile.registry.clone()),
            "profile" => path.map(str::to_owned),
            _ => None,
        });
        let is_list = parameter.sets.is_list();
        Announced {
            name: parameter.name,
            title: parameter.name,
            tooltip: parameter.tooltip,
            collection_type: if is_list { "array" } else { "string" },
            string: value,
            array: (is_list && profile.is_some()).then_some([]),
        }
    });
    // Strings and lists always serialize.
    let mut text = serde_json::to_string(&announced.collect::<Vec<_>>()).unwrap_or_default();
    text.push('\n');
    text
}
