//! Images have digests, where a profile asks for that.

use std::collections::BTreeSet;

use crate::base::images::images;
use crate::base::object::Object;
use crate::catalogue::profile::{Profile, SeveritySetting};
use crate::diagnostic::{Diagnostic, rule};
use crate::vocab::image::Parts;
use crate::workspace::Workspace;

/// What is to be said of the images without digests that the objects of a Workspace name; nothing
/// unless the profile gives the rule a severity.
#[must_use]
pub fn check_digests(
    objects: &[Object],
    workspace: &Workspace,
    profile: &Profile,
) -> Vec<Diagnostic> {
    let mut settings = profile.rules.iter();
    if !settings.any(|it| it.rule == rule::NO_DIGEST.id && it.severity != SeveritySetting::Off) {
        return Vec::new();
    }
    let images = objects.iter().flat_map(|object| images(&object.value));
    let images: BTreeSet<_> = images
        .filter(|image| Parts::of(image).digest.is_none())
        .collect();
    let unpinned = |image: String| {
        let name = Parts::of(&image).name;
        let hint = format!(
            "in an overlay of the profile: `images: [{{name: {name}, digest: \"sha256:…\"}}]`"
        );
        let message = format!("`{image}` has no digest");
        Diagnostic::new(&rule::NO_DIGEST, workspace.span("/metadata/name"), message).hint(hint)
    };
    images.into_iter().map(unpinned).collect()
}
