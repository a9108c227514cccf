//! The clouds whose instance types are known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A cloud with a table of instance types.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    /// Microsoft Azure, which is the default.
    #[default]
    Azure,
    /// Amazon Web Services, with the instance types of EC2.
    Aws,
    /// Machines of one's own, reached through Azure Arc.
    Arc,
}

impl Cloud {
    /// All clouds, the default first.
    pub const ALL: [Self; 3] = [Self::Azure, Self::Aws, Self::Arc];

    /// The name as a profile writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Azure => "azure",
            Self::Aws => "aws",
            Self::Arc => "arc",
        }
    }

    /// The name as people say it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Azure => "Azure",
            Self::Aws => "AWS",
            Self::Arc => "Azure Arc",
        }
    }
}
