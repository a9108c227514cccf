//! Who may pull an image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may pull an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessMode {
    /// Everyone: the image is pulled without a Secret.
    #[default]
    Public,
    /// Those whom its owner lets.
    Private,
}
