//! Images that an overlay replaces.

use schemars::JsonSchema;
use serde::Deserialize;

/// An image and what stands in its place, as kustomize has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Image {
    /// The image, without tag and digest; with a `*` at the end, all that begin so.
    pub name: String,
    /// What stands in the place of the name; with a `*` at the end if `name` has one.
    pub new_name: Option<String>,
    /// What stands in the place of tag and digest.
    pub new_tag: Option<String>,
    /// What stands in the place of tag and digest, behind `newTag` if there is one.
    pub digest: Option<String>,
}
