//! The severities that people set: `rules` in a profile, and the annotation with which a Workspace
//! allows some rules.
//!
//! A policy is applied once, to all diagnostics of a run. What was found as an error stays one: the
//! stages stop at an error, so that the objects that depend on it do not exist, and lowering it
//! would write an output that lacks them. Everything else can be raised, lowered and removed.

use std::collections::BTreeSet;

use globset::GlobMatcher;

use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{FileId, Sources, Span};
use crate::catalogue::globs::glob;
use crate::catalogue::profile::{Profile, RuleSetting, SeveritySetting};
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics, LeftOut, Severity};
use crate::input::Document;
use crate::vocab::annotations::ALLOW;
use crate::workspace::{is_compiled, is_rendered};

/// Rules that only some runs check: `render` with a selection, and `check` with a target release. A
/// setting for one of them is never reported as unused.
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

/// Whether only some runs check a rule: [`ON_DEMAND`], and the rules for updates, which need
/// `--against`.
fn is_on_demand(rule: &'static Rule) -> bool {
    ON_DEMAND.contains(&rule) || rule.id.starts_with("KR6")
}

/// The severities that a profile and single documents set.
#[derive(Debug, Default)]
pub struct Policy {
    /// Those of the profile, in its order.
    settings: Vec<Setting>,
    /// Those of single documents, in the order of their places.
    documents: Vec<Allowance>,
    /// Where the profile writes severities. A bare `off` means the same in YAML 1.1 and 1.2 there.
    severities: BTreeSet<(FileId, u32)>,
}

/// The severity that one rule's diagnostics get.
#[derive(Debug)]
struct Setting {
    rule: &'static Rule,
    /// None if they are removed.
    wanted: Option<Severity>,
    /// The files that it applies to; none if all.
    files: Option<BTreeSet<FileId>>,
    /// Where it is written.
    place: Span,
    /// The rule to report if nothing needed the setting.
    unused: &'static Rule,
}

/// The rules that a document allows.
#[derive(Debug)]
struct Allowance {
    /// From the first byte of the document to its last.
    span: Span,
    settings: Vec<Setting>,
}

/// What a setting did.
#[derive(Clone, Copy, Default)]
struct Met {
    /// It set the severity of some diagnostic.
    used: bool,
    /// Some diagnostic was an error, and stayed one.
    refused: bool,
}

impl Policy {
    /// Reads the settings of the profile and of the documents. The profile's `paths` match the files
    /// read so far.
    pub fn read(
        profile: &Profile,
        documents: &[Document],
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> Self {
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
            severities: severities(profile, sources),
        }
    }

    /// Gives every diagnostic its severity, removes those that are off, and adds what is wrong with
    /// the policy itself. A Workspace's annotation overrides the profile.
    pub(super) fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain(|found| !self.is_severity(found));
        let failed = diagnostics.iter().any(Diagnostic::is_error);
        let mut met = Record::of(self);
        diagnostics.retain_mut(|diagnostic| self.decide(diagnostic, &mut met));
        let mut notices = self.notices(&met, failed);
        let mut unused = Record::of(self);
        notices.retain_mut(|diagnostic| self.decide(diagnostic, &mut unused));
        diagnostics.extend(notices);
    }

    /// Whether it warns of a bare `off` in the profile.
    fn is_severity(&self, found: &Diagnostic) -> bool {
        let is_there = |place: Span| self.severities.contains(&(place.file, place.start));
        *found.rule == rule::AMBIGUOUS_SCALAR && found.place.is_some_and(is_there)
    }

    /// Sets the severity of one diagnostic; whether it is kept.
    fn decide(&self, diagnostic: &mut Diagnostic, met: &mut Record) -> bool {
        let found = diagnostic.severity;
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
            .filter(|(setting, _)| setting.concerns(diagnostic))
            .for_each(|(setting, met)| weigh(setting, met));
        if let Some(index) = diagnostic.place.and_then(|place| self.document_at(place)) {
            let settings = self.documents[index]
                .settings
                .iter()
                .zip(&mut met.documents[index]);
            settings
                .filter(|(setting, _)| setting.concerns(diagnostic))
                .for_each(|(setting, met)| weigh(setting, met));
        }
        diagnostic.severity = wanted.unwrap_or(found);
        wanted.is_some()
    }

    /// The severity of diagnostics of which no place is known; none if they are off. Only what the
    /// profile sets for all files concerns them.
    pub(super) fn severity(&self, left_out: LeftOut) -> Option<Severity> {
        let mut example = Diagnostic::global(left_out.rule, "");
        example.severity = left_out.severity;
        self.decide(&mut example, &mut Record::of(self))
            .then_some(example.severity)
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

/// What each setting of a policy did.
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
    fn concerns(&self, diagnostic: &Diagnostic) -> bool {
        let is_inside = |files: &BTreeSet<FileId>| {
            diagnostic
                .place
                .is_some_and(|place| files.contains(&place.file))
        };
        *diagnostic.rule == *self.rule && self.files.as_ref().is_none_or(is_inside)
    }

    /// What is wrong with the setting. After an error it is unknown what else there was to find.
    fn notice(&self, met: Met, failed: bool) -> Option<Diagnostic> {
        let (id, lowers) = (self.rule.id, self.wanted < Some(self.rule.severity));
        if met.refused || (lowers && !met.used && self.rule.severity == Severity::Error) {
            let message = format!(
                "errors of `{id}` can't be lowered: an error means that objects are missing"
            );
            let hint = "remove the entry and fix what the rule reports".to_owned();
            return Some(Diagnostic::new(&rule::NOT_LOWERED, self.place, message).hint(hint));
        }
        let has_files = self.files.as_ref().is_none_or(|files| !files.is_empty());
        let is_unused = lowers && !met.used && !failed && has_files && !is_on_demand(self.rule);
        is_unused.then(|| {
            let message = format!("`{id}` reported nothing that this setting lowers");
            Diagnostic::new(self.unused, self.place, message)
                .hint("remove it, so that it does not hide later diagnostics")
        })
    }
}

/// Where the profile writes severities, in every copy of it that was read: as part of a directory,
/// too.
fn severities(profile: &Profile, sources: &Sources) -> BTreeSet<(FileId, u32)> {
    let Some(document) = &profile.document else {
        return BTreeSet::new();
    };
    let file = document.span.file;
    let path = sources.path(file);
    let is_copy = |other: &FileId| *other == file || path.is_some() && sources.path(*other) == path;
    let files: Vec<_> = sources.ids().filter(is_copy).collect();
    let starts = (0..profile.rules.len())
        .map(|index| document.at(&format!("/rules/{index}/severity")).span.start);
    starts
        .flat_map(|start| files.iter().map(move |file| (*file, start)))
        .collect()
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
        match glob(path) {
            Ok(glob) => globs.push(glob.compile_matcher()),
            Err(message) => {
                let place = document.at(&format!("{pointer}/paths/{index}")).span;
                diagnostics.add(&rule::PROFILE_FIELD, place, message);
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

/// The files whose path, relative to the directory of the profile, matches one of the globs.
fn files_of(globs: &[GlobMatcher], profile: FileId, sources: &Sources) -> BTreeSet<FileId> {
    let directory = sources.path(profile).and_then(|path| path.parent());
    let is_meant = |file: &FileId| {
        let path =
            directory.and_then(|directory| sources.path(*file)?.strip_prefix(directory).ok());
        path.is_some_and(|path| globs.iter().any(|glob| glob.is_match(path)))
    };
    sources.ids().filter(is_meant).collect()
}

/// The rules that a document allows; none if it has no annotation. In rendered documents it has been
/// applied already.
fn allowance(node: &Node, sources: &Sources, diagnostics: &mut Diagnostics) -> Option<Allowance> {
    let found = node.find(&pointer::to_annotation(ALLOW))?;
    let value = found.node.as_str()?;
    if is_rendered(node) || !is_compiled(node) {
        return None;
    }
    let raw = sources
        .text(found.span.file)
        .get(found.span.start as usize..found.span.end as usize)
        .unwrap_or_default();
    let mut settings = Vec::<Setting>::new();
    let mut behind = 0;
    for id in value.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let at = raw
            .get(behind..)
            .and_then(|rest| rest.find(id))
            .map(|at| behind + at);
        let place = at
            .and_then(|at| within(found.span, at, id.len()))
            .unwrap_or(found.span);
        // What is written by escapes is not looked for again and again.
        behind = at.map_or(raw.len(), |at| at + id.len());
        if let Some(rule) = known(id, place, diagnostics)
            && !settings.iter().any(|setting| *setting.rule == *rule)
        {
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

/// The offset behind the last key or value of a document.
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
        let message = format!("there is no rule `{}`", id.escape_debug());
        // A rule's number says nothing, and letters are written for digits.
        let digits = id.to_uppercase().replace('O', "0").replace(['I', 'L'], "1");
        let hint = match rule::find(&digits) {
            Ok(near) => format!("did you mean `{}`?", near.id),
            Err(_) => "a rule is `KR` and three digits, such as `KR207`".to_owned(),
        };
        diagnostics
            .add(&rule::UNKNOWN_RULE, place, message)
            .hint(hint);
    }
    found
}
