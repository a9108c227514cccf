//! How much findings matter to somebody: the `rules` of a profile, and the annotation by which a
//! Workspace allows some.
//!
//! A policy is applied once, to all findings of a run together. What was found as an error stays
//! one: the stages stop where they find it, so that the objects behind it were never made, and to
//! lower it would write an output that lacks them. Everything else can be raised, lowered and taken
//! away.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{FileId, Sources, Span};
use crate::base::wording;
use crate::catalogue::profile::{Profile, RuleSetting, SeveritySetting};
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::input::Document;
use crate::workspace::{ALLOW, is_inference_set, is_rendered, is_workspace};

/// Rules that only some runs look at: `render` with a selection, and `check` with a target. Nobody
/// can say that they found nothing.
const ON_DEMAND: [&Rule; 8] = [
    &rule::OLD_API_VERSION,
    &rule::NEW_NODES,
    &rule::NEW_RUNTIME,
    &rule::NEW_WORKLOAD,
    &rule::NEW_NODE_COUNT,
    &rule::OLD_NAME,
    &rule::EMPTY_SELECTION,
    &rule::UNKNOWN_KIND,
];

/// Whether only some runs look at a rule: [`ON_DEMAND`], and all about changes, which `--against`
/// finds.
fn is_on_demand(rule: &'static Rule) -> bool {
    ON_DEMAND.contains(&rule) || rule.id.starts_with("KR6")
}

/// What was said about rules.
#[derive(Debug, Default)]
pub struct Policy {
    /// By the profile, in its order.
    settings: Vec<Setting>,
    /// By single documents, in the order of their places.
    documents: Vec<Allowance>,
}

/// What is wanted of the findings of one rule.
#[derive(Debug)]
struct Setting {
    rule: &'static Rule,
    /// None if they are not to be shown.
    wanted: Option<Severity>,
    /// The files that it is about; none if everything.
    files: Option<BTreeSet<FileId>>,
    /// Where it is written.
    place: Span,
    /// What to report if there is nothing it could be about.
    unused: &'static Rule,
}

/// What a document allows.
#[derive(Debug)]
struct Allowance {
    /// From the first byte of the document to its last.
    span: Span,
    settings: Vec<Setting>,
}

/// What came of a setting.
#[derive(Clone, Copy, Default)]
struct Met {
    /// Some finding was as it is wanted.
    used: bool,
    /// Some finding was an error, and stays one.
    refused: bool,
}

impl Policy {
    /// Reads what the profile and the documents say. The files of the profile's `paths` are those
    /// read so far.
    pub fn read(
        profile: &Profile,
        documents: &[Document],
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        forgive_off(profile, sources, diagnostics);
        let settings = profile.rules.iter().enumerate();
        let settings = settings.filter_map(|(index, setting)| {
            let document = profile.document.as_ref()?;
            read_setting(
                setting,
                document,
                &format!("/rules/{index}"),
                sources,
                diagnostics,
            )
        });
        let settings = settings.collect();
        let nodes = documents.iter().map(|document| &document.node);
        let mut documents: Vec<_> = nodes
            .filter_map(|node| allowance(node, sources, diagnostics))
            .collect();
        documents.sort_by_key(|document| document.span);
        Self {
            settings,
            documents,
        }
    }

    /// Gives every finding its severity, takes away those that nobody wants to see, and adds what
    /// is wrong with the policy itself. A Workspace has the last word on what is found in it.
    pub(crate) fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        let failed = diagnostics.iter().any(Diagnostic::is_error);
        let mut met = Record::of(self);
        diagnostics.retain_mut(|finding| self.decide(finding, &mut met));
        let mut notices = self.notices(&met, failed);
        notices.retain_mut(|finding| self.decide(finding, &mut Record::of(self)));
        diagnostics.extend(notices);
    }

    /// Decides about one finding; whether it is to be kept.
    fn decide(&self, finding: &mut Diagnostic, met: &mut Record) -> bool {
        let found = finding.severity;
        let mut wanted = Some(found);
        let mut weigh = |setting: &Setting, met: &mut Met| {
            if found == Severity::Error && setting.wanted < Some(found) {
                met.refused = true;
            } else {
                met.used = true;
                wanted = setting.wanted;
            }
        };
        let settings = self.settings.iter().zip(&mut met.settings);
        settings
            .filter(|(setting, _)| setting.concerns(finding))
            .for_each(|(setting, met)| weigh(setting, met));
        if let Some(index) = finding.place.and_then(|place| self.document_at(place)) {
            let settings = self.documents[index]
                .settings
                .iter()
                .zip(&mut met.documents[index]);
            settings
                .filter(|(setting, _)| setting.concerns(finding))
                .for_each(|(setting, met)| weigh(setting, met));
        }
        finding.severity = wanted.unwrap_or(found);
        wanted.is_some()
    }

    /// The document that a place lies in, if it allows anything.
    fn document_at(&self, place: Span) -> Option<usize> {
        let before = self.documents.partition_point(|document| {
            (document.span.file, document.span.start) <= (place.file, place.start)
        });
        let index = before.checked_sub(1)?;
        let span = self.documents[index].span;
        (span.file == place.file && place.start <= span.end).then_some(index)
    }

    fn notices(&self, met: &Record, failed: bool) -> Vec<Diagnostic> {
        let of_documents = self.documents.iter().zip(&met.documents);
        let of_documents =
            of_documents.flat_map(|(document, met)| document.settings.iter().zip(met));
        let all = self.settings.iter().zip(&met.settings).chain(of_documents);
        all.filter_map(|(setting, met)| setting.notice(*met, failed))
            .collect()
    }
}

/// What came of each setting of a policy.
struct Record {
    settings: Vec<Met>,
    documents: Vec<Vec<Met>>,
}

impl Record {
    fn of(policy: &Policy) -> Self {
        let documents = policy
            .documents
            .iter()
            .map(|document| vec![Met::default(); document.settings.len()]);
        Self {
            settings: vec![Met::default(); policy.settings.len()],
            documents: documents.collect(),
        }
    }
}

impl Setting {
    fn concerns(&self, finding: &Diagnostic) -> bool {
        let is_inside = |files: &BTreeSet<FileId>| {
            finding
                .place
                .is_some_and(|place| files.contains(&place.file))
        };
        *finding.rule == *self.rule && self.files.as_ref().is_none_or(is_inside)
    }

    /// What is wrong with the setting. After an error nobody knows what else there was to find.
    fn notice(&self, met: Met, failed: bool) -> Option<Diagnostic> {
        let (id, lowers) = (self.rule.id, self.wanted < Some(self.rule.severity));
        if met.refused || (lowers && !met.used && self.rule.severity == Severity::Error) {
            let message = format!(
                "an error of `{id}` can't be lowered: no objects are made where one is found"
            );
            let hint = "remove the entry, and put right what is found".to_owned();
            return Some(Diagnostic::new(&rule::NOT_LOWERED, self.place, message).hint(hint));
        }
        let has_files = self.files.as_ref().is_none_or(|files| !files.is_empty());
        let is_unused = lowers && !met.used && !failed && has_files && !is_on_demand(self.rule);
        is_unused.then(|| {
            let message = format!("`{id}` found nothing that this would have lowered");
            Diagnostic::new(self.unused, self.place, message)
                .hint("remove it, so that it hides nothing to come")
        })
    }
}

/// Takes away what was said of a bare `off` in the profile, also where it was read as part of a
/// folder: it means the same to us whatever it is read as.
fn forgive_off(profile: &Profile, sources: &Sources, diagnostics: &mut Diagnostics) {
    let Some(document) = &profile.document else {
        return;
    };
    let path = sources.path(document.span.file);
    let severities = (0..profile.rules.len())
        .map(|index| document.at(&format!("/rules/{index}/severity")).span.start);
    let severities: BTreeSet<_> = severities.collect();
    diagnostics.as_mut_vec().retain(|finding| {
        let is_severity =
            |place: Span| sources.path(place.file) == path && severities.contains(&place.start);
        *finding.rule != rule::AMBIGUOUS_SCALAR || !finding.place.is_some_and(is_severity)
    });
}

fn read_setting(
    setting: &RuleSetting,
    document: &Node,
    pointer: &str,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Setting> {
    let place = document.at(&format!("{pointer}/rule")).span;
    let rule = known(&setting.rule, place, diagnostics)?;
    let mut globs = Vec::new();
    for (index, path) in setting.paths.iter().enumerate() {
        match GlobBuilder::new(path)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
        {
            Ok(glob) => globs.push(glob.compile_matcher()),
            Err(error) => {
                let place = document.at(&format!("{pointer}/paths/{index}")).span;
                let message = format!("`{}` is not a glob: {}", path.escape_debug(), error.kind());
                diagnostics.report(Diagnostic::new(&rule::PROFILE_FIELD, place, message));
                return None;
            }
        }
    }
    let wanted = match setting.severity {
        SeveritySetting::Error => Some(Severity::Error),
        SeveritySetting::Warning => Some(Severity::Warning),
        SeveritySetting::Note => Some(Severity::Note),
        SeveritySetting::Off => None,
    };
    let files = (!globs.is_empty()).then(|| files_of(&globs, place.file, sources));
    Some(Setting {
        rule,
        wanted,
        files,
        place,
        unused: &rule::UNUSED_SETTING,
    })
}

/// The files whose path, seen from the folder of the profile, is one of those meant.
fn files_of(globs: &[GlobMatcher], profile: FileId, sources: &Sources) -> BTreeSet<FileId> {
    let folder = sources.path(profile).and_then(|path| path.parent());
    let is_meant = |file: &FileId| {
        let path = folder.and_then(|folder| sources.path(*file)?.strip_prefix(folder).ok());
        path.is_some_and(|path| globs.iter().any(|glob| glob.is_match(path)))
    };
    sources.ids().filter(is_meant).collect()
}

/// What a document allows; none if it says nothing. Rendered ones said it when they were rendered.
fn allowance(node: &Node, sources: &Sources, diagnostics: &mut Diagnostics) -> Option<Allowance> {
    let found = node.find(&format!("/metadata/annotations/{}", pointer::escape(ALLOW)))?;
    let value = found.node.as_str()?;
    if is_rendered(node) || !(is_workspace(node) || is_inference_set(node)) {
        return None;
    }
    let raw = sources
        .text(found.span.file)
        .get(found.span.start as usize..found.span.end as usize)
        .unwrap_or_default();
    let mut settings = Vec::new();
    let mut behind = 0;
    for id in value.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let at = raw
            .get(behind..)
            .and_then(|rest| rest.find(id))
            .map(|at| behind + at);
        let place = at
            .and_then(|at| within(found.span, at, id.len()))
            .unwrap_or(found.span);
        behind = at.map_or(behind, |at| at + id.len());
        if let Some(rule) = known(id, place, diagnostics) {
            settings.push(Setting {
                rule,
                wanted: None,
                files: None,
                place,
                unused: &rule::UNUSED_ALLOWANCE,
            });
        }
    }
    let span = Span {
        end: last_byte(node, node.span),
        ..node.span
    };
    Some(Allowance { span, settings })
}

fn within(span: Span, at: usize, length: usize) -> Option<Span> {
    let start = span.start + u32::try_from(at).ok()?;
    Some(Span {
        start,
        end: start + u32::try_from(length).ok()?,
        ..span
    })
}

/// The last byte of a document, as far as something stands there.
fn last_byte(node: &Node, whole: Span) -> u32 {
    let end = if node.span.file == whole.file {
        node.span.end
    } else {
        whole.end
    };
    let inside = match &node.data {
        Data::List(items) => items.iter().map(|item| last_byte(item, whole)).max(),
        Data::Map(entries) => entries
            .iter()
            .map(|entry| last_byte(&entry.value, whole).max(entry.key_span.end))
            .max(),
        _ => None,
    };
    end.max(inside.unwrap_or(0))
}

/// A rule by its id. One that does not exist is reported.
fn known(id: &str, place: Span, diagnostics: &mut Diagnostics) -> Option<&'static Rule> {
    let found = rule::find(id).ok();
    if found.is_none() {
        let finding = Diagnostic::new(
            &rule::UNKNOWN_RULE,
            place,
            format!("there is no rule `{}`", id.escape_debug()),
        );
        diagnostics.report(
            match wording::nearest(id, rule::ALL.iter().map(|rule| rule.id)) {
                Some(near) => finding.hint(format!("did you mean `{near}`?")),
                None => finding.hint("rules are called `KR` and three digits, such as `KR207`"),
            },
        );
    }
    found
}
