//! Placeholders of examples that nobody has filled in.

mod marks;

use super::metadata::is_label_value;
use super::substitution;
use crate::base::node::Node;
use crate::base::sources::Span;
use crate::base::wording;
use crate::catalogue::profile::Substitution;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostics, Severity};
use crate::vocab::WorkspaceApi;
use marks::{Context, all, may_hold};

pub(crate) use marks::is_in;

/// Fields that a cluster fills in, or that are judged elsewhere.
const LEFT_OUT: [&str; 3] = [
    "/status",
    "/metadata/managedFields",
    "/metadata/ownerReferences",
];

/// Reports every placeholder in a document, and gives the fields that no other rule can judge.
///
/// It is a warning where KAITO makes pods of whatever is written.
pub(in crate::workspace) fn check(
    document: &Node,
    api: Option<WorkspaceApi>,
    substitution: Option<Substitution>,
    diagnostics: &mut Diagnostics,
) -> Vec<String> {
    let mut contexts = Contexts::of(document);
    let mut judged = Vec::new();
    document.walk(&mut |node, path| {
        let Some(value) = node.as_str().filter(|value| may_hold(value)) else {
            return;
        };
        let pointer = path.to_string();
        if LEFT_OUT.iter().any(|field| pointer.starts_with(field)) {
            return;
        }
        let severity = severity(&pointer, value, api);
        let context = contexts.at(&pointer);
        let all = all(value, context).filter(|it| !contexts.defines(&pointer, it));
        let severity = |placeholder: &str| {
            substitution::severity(severity, substitution, placeholder, &pointer, api)
        };
        let found = Found {
            node,
            value,
            pointer: &pointer,
            substitution,
        };
        if found.report(all, severity, diagnostics) == Some(Severity::Error) {
            judged.push(pointer);
        }
    });
    judged
}

/// A value that may hold placeholders.
struct Found<'a> {
    node: &'a Node,
    value: &'a str,
    pointer: &'a str,
    substitution: Option<Substitution>,
}

impl Found<'_> {
    /// Reports placeholders of the value. Gives the highest severity among them.
    fn report<'p>(
        &self,
        placeholders: impl Iterator<Item = &'p str>,
        severity: impl Fn(&str) -> Severity,
        diagnostics: &mut Diagnostics,
    ) -> Option<Severity> {
        let mut highest = None;
        for placeholder in placeholders {
            let message = format!(
                "`{}` still contains the placeholder `{placeholder}`",
                wording::field(self.pointer)
            );
            let hint = substitution::hint(self.substitution, placeholder).map_or_else(
                || format!("replace it with {}", meaning(placeholder, self.pointer)),
                str::to_owned,
            );
            let severity = severity(placeholder);
            let place = place(self.node, self.value, placeholder);
            let reporting = diagnostics.add(&rule::PLACEHOLDER, place, message);
            reporting.hint(hint).severity(severity);
            highest = highest.max(Some(severity));
        }
        highest
    }
}

/// How serious a placeholder is.
fn severity(pointer: &str, value: &str, api: Option<WorkspaceApi>) -> Severity {
    let in_pods = pointer.contains(PODS);
    let is_label = ["/labels/", "/matchLabels/"]
        .iter()
        .any(|it| pointer.contains(it));
    let may_stay = pointer.contains("/presetOptions/") // KAITO runs any image that is written there
        || pointer.contains("/annotations/")
        || is_label && is_label_value(value)
        || in_pods && !pointer.ends_with("/image") && !pointer.ends_with("/name")
        // A Secret may have any name.
        || pointer == "/tuning/output/imagePushSecret" && api == Some(WorkspaceApi::V1beta1);
    if may_stay {
        Severity::Warning
    } else {
        Severity::Error
    }
}

const PODS: &str = "/inference/template/";

/// The lists of what a container runs.
const LISTS: [&str; 3] = ["/command/", "/args/", "/exec/"];

/// What the values of a document may mean.
struct Contexts<'a> {
    document: &'a Node,
    /// The container that was asked for last, and whether it runs a shell.
    container: Option<(String, bool)>,
}

impl<'a> Contexts<'a> {
    fn of(document: &'a Node) -> Self {
        Self {
            document,
            container: None,
        }
    }

    fn at(&mut self, pointer: &str) -> Context {
        if pointer.contains("/annotations/") {
            // What KAITO's are is said; others' may be any text.
            return if pointer.contains("kaito.sh~1") {
                Context::Field
            } else {
                Context::Note
            };
        }
        if !pointer.contains(PODS) || pointer.ends_with("/name") {
            return Context::Field;
        }
        let container = LISTS.iter().find_map(|list| pointer.split_once(list));
        match container {
            Some((container, _)) if self.runs_shell(container) => Context::Expanded,
            Some(_) => Context::Text,
            None if pointer.contains("/env/") || pointer.ends_with("/subPathExpr") => Context::Text,
            None => Context::Field,
        }
    }

    /// Whether Kubernetes replaces `$(x)` where it stands by the value of a variable.
    fn defines(&self, pointer: &str, placeholder: &str) -> bool {
        let Some(name) = placeholder.strip_prefix("$(") else {
            return false;
        };
        let name = name.trim_end_matches(')');
        // Each Service of the namespace gives such variables.
        if ["_SERVICE_", "_PORT"].iter().any(|it| name.contains(it)) {
            return true;
        }
        let places = ["/command/", "/args/", "/env/", "/volumeMounts/"];
        let container = places.iter().find_map(|it| pointer.split_once(it));
        let Some((container, _)) = container.filter(|_| !pointer.contains("/exec/")) else {
            return false;
        };
        let env = self.document.items(&format!("{container}/env"));
        let mut names = env.iter().filter_map(|it| it.get("name"));
        let has_others = !self
            .document
            .items(&format!("{container}/envFrom"))
            .is_empty();
        pointer.contains(PODS) && (has_others || names.any(|known| known.as_str() == Some(name)))
    }

    fn runs_shell(&mut self, container: &str) -> bool {
        if let Some((last, runs_shell)) = &self.container
            && last == container
        {
            return *runs_shell;
        }
        let mut words = ["command", "args"].into_iter().flat_map(|list| {
            let items = self.document.items(&format!("{container}/{list}"));
            items.iter().filter_map(Node::as_str)
        });
        let runs_shell = words.any(is_shell);
        self.container = Some((container.to_owned(), runs_shell));
        runs_shell
    }
}

fn is_shell(word: &str) -> bool {
    let program = word.rsplit('/').next().unwrap_or_default();
    ["sh", "bash", "dash", "ash", "zsh"].contains(&program) || word.contains(['\n', ';', '|'])
}

/// Reports every placeholder in the settings of a ConfigMap. Whether there is one.
pub(crate) fn check_settings(
    settings: &Node,
    severity: Severity,
    substitution: Option<Substitution>,
    diagnostics: &mut Diagnostics,
) {
    settings.walk(&mut |node, path| {
        let Some(value) = node.as_str().filter(|value| may_hold(value)) else {
            return;
        };
        let pointer = path.to_string();
        // A template of its own, rather than the path of one.
        let is_template = pointer.ends_with("/chat-template") && !value.starts_with('/');
        let context = if is_template {
            Context::Expanded
        } else {
            Context::Text
        };
        let severity = |placeholder: &str| {
            substitution::severity_of_setting(severity, substitution, placeholder)
        };
        let found = Found {
            node,
            value,
            pointer: &pointer,
            substitution,
        };
        found.report(all(value, context), severity, diagnostics);
    });
}

/// Drops what other rules say of values that hold a placeholder, among what was reported since a
/// mark. The placeholder of a value that is an error to another rule becomes one, too. Notes are of
/// what something else fills in, and dropped.
pub(crate) fn drop_judgements(diagnostics: &mut Diagnostics, mark: usize) {
    let found = diagnostics.split_off(mark);
    let (mut placeholders, others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|it| it.rule == &rule::PLACEHOLDER);
    let start = |place: Option<Span>| place.map(|it| (it.file, it.start));
    placeholders.sort_by_key(|it| start(it.place));
    let mut kept = Vec::new();
    for other in others {
        // Placeholders do not overlap, so that the first behind the start is the one, if any is.
        let first = placeholders.partition_point(|it| start(it.place) < start(other.place));
        let judged = placeholders.get_mut(first).filter(|it| {
            let places = other.place.zip(it.place);
            places.is_some_and(|(outer, inner)| holds(outer, inner))
        });
        match judged {
            Some(placeholder) if other.is_error() && placeholder.severity != Severity::Note => {
                placeholder.severity = Severity::Error;
            }
            Some(_) => {}
            None => kept.push(other),
        }
    }
    placeholders.retain(|it| it.severity != Severity::Note);
    diagnostics.extend(placeholders);
    diagnostics.extend(kept);
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// The bytes of a placeholder, where the text has the value letter for letter; else those of the
/// whole value.
fn place(node: &Node, value: &str, placeholder: &str) -> Span {
    let written = (node.span.end - node.span.start) as usize;
    let quote = match written.checked_sub(value.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return node.span,
    };
    let offset = quote + placeholder.as_ptr() as usize - value.as_ptr() as usize;
    let Ok(offset) = u32::try_from(offset) else {
        return node.span;
    };
    let length = u32::try_from(placeholder.len()).unwrap_or(0);
    let start = node.span.start + offset;
    Span {
        start,
        end: start + length,
        ..node.span
    }
}

/// What belongs in the place of a placeholder, by its words and its field.
fn meaning(placeholder: &str, pointer: &str) -> &'static str {
    let field = pointer.rsplit_once('/').map_or("", |(_, field)| field);
    match field {
        "imagePushSecret" => {
            "the name of the Secret that holds the credentials for pushing to the registry"
        }
        "image" if placeholder.contains("REPO") || placeholder.contains("REGISTRY") => {
            "the name of your registry"
        }
        "image" => "the name of your image",
        _ if placeholder.starts_with(['$', '#', '{', '_']) => {
            "its value: substitute variables before the file is checked"
        }
        _ if pointer.contains("Secrets") => "the name of a Secret in the Workspace's namespace",
        _ => "your own value",
    }
}
