//! `images` of an overlay: each item of it is a part of its own.

use super::Applied;
use super::part::Part;
use super::reader::Reader;
use super::refusal::Refusal;
use crate::base::images::with_images;
use crate::base::object::Object;
use crate::base::sources::Span;
use crate::catalogue::profile::Image;
use crate::diagnostic::Diagnostics;
use crate::vocab::image::{self, Parts};

/// An image that is ready to be replaced.
#[derive(Debug)]
pub(super) struct Replacement {
    /// The name of the part, such as `images[0]`.
    pub(super) part: String,
    pub(super) place: Option<Span>,
    /// The name, or what it begins with, and what stands in its place.
    name: Name,
    new_tag: Option<String>,
    digest: Option<String>,
}

#[derive(Debug)]
enum Name {
    /// One name, and the new one if that differs.
    One(String, Option<String>),
    /// All names that begin with the first; what they begin with then.
    Prefix(String, String),
}

/// Reads an item of `images`; none if it can't be used.
pub(super) fn read(
    image: &Image,
    part: &str,
    pointer: &str,
    reader: &mut Reader,
) -> Option<Replacement> {
    let mut refuse = |field: &str, message: String| {
        reader.refuse(&format!("{pointer}/{field}"), message);
    };
    let shown = |text: &str| text.escape_debug().to_string();
    if let Some(tag) = image.new_tag.as_deref().filter(|tag| !image::is_tag(tag)) {
        refuse("newTag", format!("`{}` is not a tag", shown(tag)));
    }
    if let Some(digest) = image.digest.as_deref().filter(|it| !image::is_digest(it)) {
        refuse(
            "digest",
            format!(
                "`{}` is not a digest, such as `sha256:` and 64 digits",
                shown(digest)
            ),
        );
    }
    let name = match name(image) {
        Ok(name) => name,
        Err((field, message)) => {
            refuse(field, message);
            return None;
        }
    };
    Some(Replacement {
        part: part.to_owned(),
        place: reader.place(pointer),
        name,
        new_tag: image.new_tag.clone(),
        digest: image.digest.clone(),
    })
}

/// A field that is wrong, and why.
type Wrong = (&'static str, String);

fn name(image: &Image) -> Result<Name, Wrong> {
    let both =
        "a `*` at the end of `name` needs one at the end of `newName`, and the other way round";
    let is_pinned = image.new_tag.is_some() || image.digest.is_some();
    let new_name = image.new_name.as_deref();
    match (
        image.name.strip_suffix('*'),
        new_name.map(|it| (it, it.strip_suffix('*'))),
    ) {
        (Some(_), _) if is_pinned => {
            let message = "a tag or digest is that of one image, not of all that begin so";
            Err(("name", message.to_owned()))
        }
        (Some(old), Some((_, Some(new)))) => {
            check_prefix("name", old)?;
            check_prefix("newName", new)?;
            Ok(Name::Prefix(old.to_owned(), new.to_owned()))
        }
        (Some(_), _) => Err(("name", both.to_owned())),
        (None, Some((_, Some(_)))) => Err(("newName", both.to_owned())),
        (None, None) if !is_pinned => {
            let message = "an image without `newName`, `newTag` or `digest`";
            Err(("name", message.to_owned()))
        }
        (None, _) => {
            check_name("name", &image.name)?;
            new_name.map_or(Ok(()), |new| check_name("newName", new))?;
            Ok(Name::One(image.name.clone(), image.new_name.clone()))
        }
    }
}

fn check_name(field: &'static str, name: &str) -> Result<(), Wrong> {
    if image::complete(name).is_some() && Parts::of(name).name == name {
        return Ok(());
    }
    let shown = name.escape_debug();
    Err((
        field,
        format!("`{shown}` is not the name of an image, without tag and digest"),
    ))
}

/// Checks what names begin with: it is a name with anything behind it.
fn check_prefix(field: &'static str, prefix: &str) -> Result<(), Wrong> {
    let is_prefix = check_name(field, &format!("{prefix}x")).is_ok();
    let message = || {
        format!(
            "no image has a name that begins with `{}`",
            prefix.escape_debug()
        )
    };
    if is_prefix {
        Ok(())
    } else {
        Err((field, message()))
    }
}

impl Replacement {
    /// Replaces the image, in each object that names it.
    pub(super) fn apply(
        &self,
        part: Part,
        slots: &mut [Option<Object>],
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        for slot in slots {
            let Some(object) = slot else { continue };
            let (mut is_named, mut refusal) = (false, None);
            let changed = with_images(&object.value, &mut |image| {
                let new = self.replaced(image)?;
                is_named = true;
                if image::complete(image).is_some() && image::complete(&new).is_none() {
                    let new = new.escape_debug();
                    let message = format!("`{image}` would become `{new}`, which is no image");
                    refusal = Some(Refusal::new(part.whole(), message));
                }
                (new != image).then_some(new)
            });
            if is_named {
                applied.tally.match_one(part.id);
            }
            let Some(changed) = changed else { continue };
            let outcome = refusal.map_or(Ok(Some(changed)), Err);
            part.put(slot, outcome, |_| self.place, applied, diagnostics);
        }
    }

    /// What stands in the place of an image; none if this is for others. A new tag or digest takes
    /// the place of both, as in kustomize (api/filters/imagetag/updater.go).
    fn replaced(&self, image: &str) -> Option<String> {
        let Parts {
            name,
            mut tag,
            mut digest,
        } = Parts::of(image);
        let mut new = match &self.name {
            Name::One(wanted, new) if name == wanted => new.as_deref().unwrap_or(name).to_owned(),
            Name::Prefix(prefix, new) => format!("{new}{}", name.strip_prefix(prefix.as_str())?),
            Name::One(..) => return None,
        };
        if self.new_tag.is_some() || self.digest.is_some() {
            (tag, digest) = (self.new_tag.as_deref(), self.digest.as_deref());
        }
        for (sign, part) in [(':', tag), ('@', digest)] {
            if let Some(part) = part {
                new.push(sign);
                new.push_str(part);
            }
        }
        Some(new)
    }
}
