//! `metadata` of an overlay: labels and annotations.

use std::collections::BTreeMap;

use super::Applied;
use super::part::Part;
use super::pods::with_template;
use super::reader::Reader;
use super::selector::{is_key, is_value};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::pointer;
use crate::base::sources::Span;
use crate::catalogue::profile::{Marked, MetadataOverlay};
use crate::diagnostic::Diagnostics;
use crate::vocab::kinds::{self, Role};

/// Keys by which other programs find objects, or that are others' to write; with a `/` at the end,
/// all that begin so.
const PROTECTED: [&str; 7] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "applyset.kubernetes.io/",
    "argocd.argoproj.io/tracking-id",
    "kaito.sh/",
    "karpenter.sh/",
    "render.kaito.sh/",
];

/// Labels and annotations that are ready to be written.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) place: Option<Span>,
    to: Vec<Marked>,
    /// `labels` and `annotations`, each with its entries.
    entries: [(&'static str, BTreeMap<String, String>); 2],
}

/// Reads `metadata` of an overlay.
pub(super) fn read(metadata: &MetadataOverlay, pointer: &str, reader: &mut Reader) -> Marks {
    let entries = [
        ("labels", metadata.labels.clone()),
        ("annotations", metadata.annotations.clone()),
    ];
    for (field, marks) in &entries {
        check_marks(field, marks, pointer, reader);
    }
    Marks {
        place: reader.place(pointer),
        to: metadata.to.clone(),
        entries,
    }
}

/// Reports labels or annotations, by the name of the `field`, that nobody may write.
pub(super) fn check_marks(
    field: &str,
    marks: &BTreeMap<String, String>,
    pointer: &str,
    reader: &mut Reader,
) {
    for (key, value) in marks {
        let pointer = format!("{pointer}/{field}/{}", pointer::escape(key));
        let is_of = |protected: &&str| {
            key == protected || protected.ends_with('/') && key.starts_with(*protected)
        };
        if PROTECTED.iter().any(is_of) {
            let message = format!("`{key}` is a key that other programs go by");
            reader.refuse(&pointer, message);
        } else if !is_key(key) {
            let message = format!("`{}` is not a valid key", key.escape_debug());
            reader.refuse(&pointer, message);
        } else if field == "labels" && !is_value(value) {
            let message = format!("`{}` is not the value of a label", value.escape_debug());
            reader.refuse(&pointer, message);
        }
    }
}

impl Marks {
    /// Writes them on each object that gets them.
    pub(super) fn apply(
        &self,
        part: Part,
        slots: &mut [Option<Object>],
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        if self.is_for(Marked::Workspace) {
            applied.tally.match_one(part.id);
            applied.tally.change_one(part.id);
            for (field, marks) in &self.entries {
                let marks = marks.iter();
                let marks = marks.map(|(key, value)| (*field, key.clone(), value.clone()));
                applied.of_workspace.extend(marks);
            }
        }
        for slot in slots {
            let Some(object) = slot else { continue };
            let Some(marked) = self.marked(&object.value) else {
                continue;
            };
            part.put(slot, Ok(Some(marked)), |_| self.place, applied, diagnostics);
        }
    }

    fn is_for(&self, wanted: Marked) -> bool {
        self.to.contains(&wanted)
    }

    /// An object with the labels and annotations, where it gets them; none if it gets none.
    fn marked(&self, object: &Json) -> Option<Json> {
        let kind = object["kind"].as_str().unwrap_or_default();
        let (own, template) = match kinds::find(kind).map(|kind| kind.role) {
            Some(Role::Workload) => (Marked::Workload, Some(Marked::Pod)),
            Some(Role::Node) => (Marked::Node, None),
            Some(Role::NodePool) => (Marked::Node, Some(Marked::Node)),
            _ if kind == kinds::SERVICE => (Marked::Service, None),
            _ if kind == kinds::CONFIG_MAP => (Marked::Config, None),
            _ => return None,
        };
        let mut marked = object.clone();
        if self.is_for(own) {
            marked = self.with_marks(&marked);
        }
        if template.is_some_and(|template| self.is_for(template)) {
            marked = with_template(&marked, |template| self.with_marks(template));
        }
        Some(marked)
    }

    fn with_marks(&self, holder: &Json) -> Json {
        let mut metadata = holder["metadata"].clone();
        for (field, marks) in &self.entries {
            let mut all = metadata[*field].clone();
            for (key, value) in marks {
                all = all.with(key, Json::from(&**value));
            }
            if !marks.is_empty() {
                metadata = metadata.with(field, all);
            }
        }
        holder.with("metadata", metadata)
    }
}
