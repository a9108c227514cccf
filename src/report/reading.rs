//! What a run read of its input, and what it passed over on the way.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::wording;
use crate::input::{Document, Tally};
use crate::workspace;

/// How much of the input is compiled, and how much was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The Workspaces that are compiled.
    pub workspaces: usize,
    /// The InferenceSets that are compiled.
    pub inference_sets: usize,
    /// The files that these are in.
    pub files: usize,
    /// What was passed over.
    pub passed_over: PassedOver,
    /// The directories that were named, and so searched.
    #[serde(skip)]
    searched: usize,
}

/// What was passed over, by why it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// Helm charts, whose templates are no input.
    pub charts: usize,
    /// Files that a kustomization names as patches of Workspaces.
    pub patches: usize,
    /// Files that the index of an output directory lists.
    pub output_files: usize,
    /// Rendered Workspaces in other files.
    pub rendered_workspaces: usize,
    /// Files, and links, whose names begin with a dot.
    pub hidden_files: usize,
    /// Directories whose names begin with a dot, but for `.git`.
    pub hidden_directories: usize,
    /// Files in which no kind is KAITO's, or of use to it.
    pub other_files: usize,
}

impl Reading {
    /// What became of documents that were loaded, and of what was not.
    #[must_use]
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a Document>, tally: &Tally) -> Self {
        let mut reading = Self {
            searched: tally.searched,
            passed_over: PassedOver {
                charts: tally.charts,
                patches: tally.patches,
                output_files: tally.output,
                rendered_workspaces: 0,
                hidden_files: tally.hidden,
                hidden_directories: tally.hidden_directories,
                other_files: tally.unrelated,
            },
            ..Self::default()
        };
        let mut files = BTreeSet::new();
        for Document { node, named } in documents {
            if workspace::is_inference_set(node) {
                reading.inference_sets += 1;
            } else if !workspace::is_workspace(node) {
                continue;
            } else if !named && workspace::is_rendered(node) {
                reading.passed_over.rendered_workspaces += 1;
                continue;
            } else {
                reading.workspaces += 1;
            }
            files.insert(node.span.file);
        }
        reading.files = files.len();
        reading
    }

    /// The line for people: `3 Workspaces in 3 files; passed over: 1 chart`. None if only files were
    /// named, of which nothing is passed over.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        if self.searched == 0 {
            return None;
        }
        Some(self.text(""))
    }

    /// The line for people where nothing is to be done: `2 Workspaces, no problems`. Without it,
    /// silence could also mean that nothing was looked at.
    #[must_use]
    pub fn all_is_well(&self) -> String {
        self.text(", no problems")
    }

    fn text(&self, verdict: &str) -> String {
        let mut read = vec![wording::count(self.workspaces, "Workspace")];
        if self.inference_sets > 0 {
            read.push(wording::count(self.inference_sets, "InferenceSet"));
        }
        let read = wording::and(&read);
        if self.searched == 0 {
            return format!("{read}{verdict}");
        }
        let files = wording::count(self.files, "file");
        match self.passed_over.list() {
            list if list.is_empty() => format!("{read} in {files}{verdict}"),
            list => format!(
                "{read} in {files}{verdict}; passed over: {}",
                list.join(", ")
            ),
        }
    }
}

impl PassedOver {
    fn list(&self) -> Vec<String> {
        let files = |number| wording::count(number, "file");
        let plural = |number, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            number => format!("{number} {many}"),
        };
        let all = [
            (self.charts, wording::count(self.charts, "chart")),
            (self.patches, plural(self.patches, "patch", "patches")),
            (
                self.output_files,
                format!("{} of output", files(self.output_files)),
            ),
            (
                self.rendered_workspaces,
                wording::count(self.rendered_workspaces, "rendered Workspace"),
            ),
            (
                self.hidden_files,
                wording::count(self.hidden_files, "hidden file"),
            ),
            (
                self.hidden_directories,
                plural(
                    self.hidden_directories,
                    "hidden directory",
                    "hidden directories",
                ),
            ),
            (
                self.other_files,
                format!("{} without KAITO's kinds", files(self.other_files)),
            ),
        ];
        let some = all.into_iter().filter(|(number, _)| *number > 0);
        some.map(|(_, text)| text).collect()
    }
}
