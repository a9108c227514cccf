//! Overlays are read once, before any Workspace: patterns, selectors and patches.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use super::additions::weights;
use super::patch::{self, Patch};
use super::reader::Reader;
use super::selection::Selection;
use super::source;
use super::written::Source;
use super::{Overlay, Overlays, Piece, additions, images, metadata, pod};
use crate::base::node::Node;
use crate::base::sources::Span;
use crate::catalogue::globs::glob;
use crate::catalogue::library::Library;
use crate::catalogue::profile::{self, Profile, Select};
use crate::diagnostic::{Diagnostics, rule};
use crate::session::Session;

impl Overlays {
    /// The overlays of a profile and those among the documents of an input, whose
    /// [files](super::read_files) were read, with the templates of what they add. With one that can't
    /// be used, which is reported, no overlay is applied.
    pub fn of(profile: &Profile, input: &[Node], library: &Library, session: &mut Session) -> Self {
        let mark = session.mark();
        let mut overlays = Self::default();
        let mut names = Names::default();
        for source in source::sources(profile, input, session) {
            let overlay = overlay(&source, library, session);
            // A block of YAML in other text is looked at by itself.
            let is_block = |place: Span| session.sources.has_blocks(place.file);
            if overlay.place.is_some_and(is_block) {
                continue;
            }
            names.add(&overlay, &mut session.diagnostics);
            overlays.add(overlay);
        }
        overlays.is_off = session.failed_since(mark);
        overlays
    }

    fn add(&mut self, overlay: Overlay) {
        let index = self.all.len();
        match &overlay.directory {
            Some(directory) => self
                .directories
                .entry(directory.clone())
                .or_default()
                .push(index),
            None => self.of_profile.push(index),
        }
        self.all.push(overlay);
    }
}

/// Where the overlays of each name stand, by their directories.
#[derive(Default)]
struct Names(BTreeMap<String, BTreeMap<PathBuf, Option<Span>>>);

impl Names {
    /// Adds an overlay, and reports that there is another one of its name for the same Workspaces.
    fn add(&mut self, overlay: &Overlay, diagnostics: &mut Diagnostics) {
        let directory = overlay.directory.clone().unwrap_or_default();
        let of_name = self.0.entry(overlay.name.clone()).or_default();
        let root = std::iter::once(Path::new(""));
        let mut above = directory.ancestors().chain(root);
        let above = above.find_map(|directory| of_name.get(directory));
        // Paths are ordered by their steps, so what is below one stands right behind it.
        let below = of_name.range(directory.clone()..).next();
        let below = below.filter(|(other, _)| other.starts_with(&directory));
        if let Some(first) = above.or(below.map(|(_, first)| first)) {
            let message = format!("there are two overlays `{}`", overlay.name);
            let reporting = diagnostics.add(&rule::OVERLAY, overlay.place, message);
            let reporting = reporting.hint("rename one of them, or make one of both");
            if let Some(first) = first {
                reporting.also(*first, "the other one");
            }
        }
        of_name.insert(directory, overlay.place);
    }
}

/// An overlay with all of its parts.
fn overlay(source: &Source, library: &Library, session: &mut Session) -> Overlay {
    let mut overlay = Overlay {
        name: source.name.clone(),
        place: source.place,
        directory: source.directory.clone(),
        selection: Selection::default(),
        pieces: Vec::new(),
    };
    for (index, written) in source.parts.iter().enumerate() {
        let mut reader = Reader {
            document: written.document.as_deref(),
            library,
            session,
        };
        if index == 0 {
            overlay.selection = reader.selection(&written.overlay, &written.pointer);
        }
        let pieces = reader.pieces(&written.overlay, &written.pointer);
        overlay.pieces.extend(pieces);
    }
    overlay.selection.directory = source.shown_directory(&session.sources);
    overlay
}

impl Reader<'_> {
    fn selection(&mut self, overlay: &profile::Overlay, pointer: &str) -> Selection {
        let workspaces = &overlay.workspaces;
        let pointer = format!("{pointer}/workspaces");
        let labels = self.selector(workspaces.labels.as_ref(), &format!("{pointer}/labels"));
        Selection {
            directory: None,
            labels: workspaces.labels.clone().zip(labels),
            names: self.globs(&workspaces.names, &format!("{pointer}/names")),
            namespaces: self.globs(&workspaces.namespaces, &format!("{pointer}/namespaces")),
            releases: workspaces.releases.clone(),
            purpose: workspaces.purpose,
            is_named: overlay.select == Select::Named,
            is_named_for_all: false,
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
        if let Some(add) = &overlay.add {
            let additions = additions::read(add, &format!("{pointer}/add"), self);
            pieces.extend(additions.into_iter().map(Box::new).map(Piece::Addition));
            if let Some(weights) = &add.weights {
                let pointer = format!("{pointer}/add/weights");
                pieces.push(Piece::Weights(weights::read(weights, &pointer, self)));
            }
        }
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
