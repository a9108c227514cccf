//! The annotation [`RENDERED`](super::annotations::RENDERED), by which `render` marks a Workspace in its output. The compiler writes it, and
//! the controller reads it, so its format is defined here once.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::provisioner::Provisioner;

/// What a Workspace was rendered into. The fields are written in this order.
///
/// ```
/// use kaito_render::vocab::Rendered;
///
/// let annotation = r#"{"version":"0.1.0","release":"0.12","provisioner":"nodeclaim","nodes":1,
///     "objects":[{"apiVersion":"karpenter.sh/v1","kind":"NodeClaim","name":"ws1"}]}"#;
/// let rendered = Rendered::parse(annotation).unwrap();
/// assert_eq!(rendered.objects[0].name, "ws1");
/// assert_eq!(rendered.to_json(), annotation.replace("\n    ", ""));
/// assert_eq!(Rendered::parse("edited by hand"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered<'a> {
    /// The version of the compiler.
    pub version: Cow<'a, str>,
    /// The release, such as `0.12`.
    pub release: Cow<'a, str>,
    /// What creates the nodes.
    pub provisioner: Provisioner,
    /// The number of nodes that the Workspace needs.
    pub nodes: u32,
    /// The path of the profile from the root of the input, or null if there is no profile; left out
    /// unless the output is for a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<UsedProfile<'a>>,
    /// The objects: node objects by their ordinals, then the others.
    pub objects: Vec<RenderedObject<'a>>,
    /// The number of objects that are not listed, because an annotation has limited space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
}

/// The profile that a Workspace was rendered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum UsedProfile<'a> {
    /// A file, by its path from the root of the input.
    File(Cow<'a, str>),
    /// The default, which is written as null.
    Default,
}

/// The identity of an object that a Workspace was rendered into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenderedObject<'a> {
    /// The API group and version.
    pub api_version: Cow<'a, str>,
    /// The kind, such as `StatefulSet`.
    pub kind: Cow<'a, str>,
    /// The namespace; none for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Cow<'a, str>>,
    /// The name, `metadata.name` of the object.
    pub name: Cow<'a, str>,
}

impl Rendered<'_> {
    /// Parses the value of the annotation; none if it has another format.
    #[must_use]
    pub fn parse(annotation: &str) -> Option<Rendered<'static>> {
        serde_json::from_str(annotation).ok()
    }

    /// The value of the annotation.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, integers and lists always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}
