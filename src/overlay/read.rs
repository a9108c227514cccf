//! The overlays of a profile are read once, before any Workspace: patterns, selectors and patches.

use std::collections::BTreeMap;

use globset::GlobMatcher;

use super::patch::{self, Patch};
use super::reader::Reader;
use super::selection::Selection;
use super::{Overlay, Overlays, Piece, images, metadata, pod};
use crate::base::sources::Span;
use crate::catalogue::globs::glob;
use crate::catalogue::profile::{self, Profile, Select};
use crate::diagnostic::{Reported, rule};
use crate::session::Session;

impl Overlays {
    /// The overlays of a profile, whose [files](super::read_files) were read.
    ///
    /// # Errors
    ///
    /// If one of them can't be used.
    pub fn of(profile: &Profile, session: &mut Session) -> Result<Self, Reported> {
        let mark = session.mark();
        let mut reader = Reader { profile, session };
        let mut names = BTreeMap::new();
        let mut all = Vec::new();
        for (index, overlay) in profile.overlays.iter().enumerate() {
            let pointer = format!("/overlays/{index}");
            let place = reader.place(&format!("{pointer}/name"));
            if let Some(first) = names.insert(&overlay.name, place) {
                reader.add_twice(&overlay.name, place, first);
            }
            all.push(Overlay {
                name: overlay.name.clone(),
                place,
                selection: reader.selection(overlay, &pointer),
                pieces: reader.pieces(overlay, &pointer),
            });
        }
        session.diagnostics.checked(mark)?;
        Ok(Self { all })
    }
}

impl Reader<'_> {
    fn add_twice(&mut self, name: &str, place: Option<Span>, first: Option<Span>) {
        let message = format!("there are two overlays `{name}`");
        let reporting = self.diagnostics().add(&rule::OVERLAY, place, message);
        let reporting = reporting.hint("rename one of them, or make one of both");
        if let Some(first) = first {
            reporting.also(first, "the other one");
        }
    }

    fn selection(&mut self, overlay: &profile::Overlay, pointer: &str) -> Selection {
        let workspaces = &overlay.workspaces;
        let pointer = format!("{pointer}/workspaces");
        let labels = self.selector(workspaces.labels.as_ref(), &format!("{pointer}/labels"));
        Selection {
            labels: workspaces.labels.clone().zip(labels),
            names: self.globs(&workspaces.names, &format!("{pointer}/names")),
            namespaces: self.globs(&workspaces.namespaces, &format!("{pointer}/namespaces")),
            releases: workspaces.releases.clone(),
            purpose: workspaces.purpose,
            is_named: overlay.select == Select::Named,
        }
    }

    fn globs(&mut self, texts: &[String], pointer: &str) -> Vec<GlobMatcher> {
        let mut globs = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match glob(text) {
                Ok(glob) => globs.push(glob.compile_matcher()),
                Err(message) => self.refuse(&format!("{pointer}/{index}"), message),
            }
        }
        globs
    }

    /// The parts of an overlay, in the order in which they are applied.
    fn pieces(&mut self, overlay: &profile::Overlay, pointer: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(metadata) = &overlay.metadata {
            let marks = metadata::read(metadata, &format!("{pointer}/metadata"), self);
            pieces.push(Piece::Metadata(marks));
        }
        for (index, image) in overlay.images.iter().enumerate() {
            let part = format!("images[{index}]");
            let image = images::read(image, &part, &format!("{pointer}/images/{index}"), self);
            pieces.extend(image.map(Piece::Image));
        }
        if let Some(pod) = &overlay.pod {
            let fields = pod::read(pod, &format!("{pointer}/pod"), self);
            pieces.extend(fields.into_iter().map(Piece::Pod));
        }
        let patches = self.patches(&overlay.patches, pointer);
        pieces.extend(patches.into_iter().map(Piece::Patch));
        pieces
    }

    fn patches(&mut self, patches: &[profile::Patch], pointer: &str) -> Vec<Patch> {
        let mut all = Vec::new();
        for (index, patch) in patches.iter().enumerate() {
            let part = format!("patches[{index}]");
            all.extend(patch::read(
                patch,
                &part,
                &format!("{pointer}/patches/{index}"),
                self,
            ));
        }
        all
    }
}
