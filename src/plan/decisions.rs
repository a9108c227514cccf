//! The decisions of a plan, from the family of its models.

use super::decision::Decision;
use super::why::Why;
use super::{Plan, hub, image};
use crate::catalogue::preset::Models;
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::workspace::Workspace;

/// Says of a plan what was decided and why, in the order in which people ask.
#[must_use]
pub fn decisions(
    workspace: &Workspace,
    plan: &Plan,
    release: &Release,
    profile: &Profile,
) -> Vec<Decision> {
    let Some(Ok(types)) = release.instance_types(profile.cloud) else {
        return Vec::new();
    };
    let why = Why {
        workspace,
        plan,
        profile,
        release,
        types,
    };
    match &release.models {
        Models::Image => image::decisions::all(&why),
        Models::Hub(numbers) => hub::decisions::all(&why, numbers),
    }
}
