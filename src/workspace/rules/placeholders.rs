//! Placeholders of examples that nobody has filled in.

use super::metadata::is_label_value;
use super::substitution;
use crate::base::node::Node;
use crate::base::sources::Span;
use crate::base::wording;
use crate::catalogue::profile::Substitution;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostics, Severity};
use crate::vocab::WorkspaceApi;

/// Where a value stands, as far as it says which characters can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// A field that nothing expands.
    Field,
    /// A command, an environment variable or a setting, which may be any text.
    Text,
    /// A note for people or other programs.
    Note,
    /// The same where a shell or Kubernetes expands variables.
    Expanded,
}

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

/// Whether a value still holds a placeholder, so that other rules need not look at it.
pub(crate) fn is_in(value: &str) -> bool {
    all(value, Context::Field).next().is_some()
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

/// What every placeholder has one of.
const FIRST: [char; 5] = ['<', '$', '#', '{', '_'];

/// Whether a value is worth a closer look. Where only a `_` is in it, as in most instance types, no
/// context has more placeholders than a field.
fn may_hold(value: &str) -> bool {
    value.contains(['<', '$', '#', '{']) || value.contains('_') && is_in(value)
}

/// The placeholders in a value, in order.
fn all(value: &str, context: Context) -> impl Iterator<Item = &str> {
    let mut ahead = Ahead::of(value);
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + value[at..].find(|it| FIRST.contains(&it) || is_word(it))?;
            let text = &value[start..];
            if let Some(length) = delimited(&mut ahead, start, context) {
                at = start + length;
                return Some(&text[..length]);
            }
            let length = text.find(|it| !is_word(it)).unwrap_or(text.len()).max(1);
            at = start + length;
            if is_shouted(&text[..length]) {
                return Some(&text[..length]);
            }
        }
    })
}

/// Marks around a name: `${x}`, `$(x)`, `#{x}#`, `{{ x }}`, `__X__`. Those of variables stand for
/// their values where something expands them.
const MARKS: [(&str, &str); 5] = [
    ("${", "}"),
    ("$(", ")"),
    ("#{", "}#"),
    ("{{", "}}"),
    ("__", "__"),
];

/// What comes next in a value, looked for once however many marks ask for it.
struct Ahead<'a> {
    value: &'a str,
    closing: [Next; MARKS.len()],
    line_end: Next,
}

/// The next place of a string, as far as it was looked for.
type Next = Option<usize>;

impl<'a> Ahead<'a> {
    fn of(value: &'a str) -> Self {
        Self {
            value,
            closing: [None; MARKS.len()],
            line_end: None,
        }
    }

    /// Where the closing mark of a kind comes next, on the same line.
    fn closing(&mut self, mark: usize, from: usize) -> Option<usize> {
        let (_, close) = MARKS[mark];
        let end = next(self.value, close, from, &mut self.closing[mark]);
        let line_end = next(self.value, "\n", from, &mut self.line_end);
        (end < line_end).then_some(end)
    }
}

/// Where a string comes next in a value: behind its end where it does not come.
fn next(value: &str, text: &str, from: usize, known: &mut Next) -> usize {
    if let Some(known) = known.filter(|known| *known >= from) {
        return known;
    }
    let found = value[from..].find(text);
    *known.insert(found.map_or(value.len(), |found| from + found))
}

/// The length of a placeholder between marks that begins at a place.
fn delimited(ahead: &mut Ahead, start: usize, context: Context) -> Option<usize> {
    let value = ahead.value;
    let text = &value[start..];
    if text.starts_with('<') {
        return in_brackets(text, context);
    }
    if let Some(mark) = MARKS.iter().position(|(open, _)| text.starts_with(open)) {
        let (open, close) = MARKS[mark];
        let is_meant = match open {
            "${" | "{{" => context != Context::Expanded,
            // A shell runs what is inside; `$$(` is how one writes it where Kubernetes expands it.
            "$(" => match context {
                Context::Field => true,
                Context::Text => !value[..start].ends_with('$'),
                Context::Note => is_whole(value, start, close),
                Context::Expanded => false,
            },
            _ => true,
        };
        if !is_meant {
            return None;
        }
        let from = start + open.len();
        let end = ahead.closing(mark, from)?;
        let name = value[from..end].trim();
        let is_name = open != "__"
            || name
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'_')
                && (context == Context::Field || !name.contains(char::is_lowercase));
        return (is_name && !name.is_empty()).then_some(end + close.len() - start);
    }
    let name = text.strip_prefix('$')?;
    let length = name.find(|it: char| !is_word(it)).unwrap_or(name.len());
    let is_variable = name.starts_with(|it: char| it.is_ascii_uppercase() || it == '_')
        || context == Context::Field
            && length == name.len()
            && name.starts_with(|it: char| it.is_ascii_alphabetic());
    let is_meant = match context {
        Context::Field => is_variable,
        Context::Text => stands_apart(&value[..start], &name[..length], &name[length..]),
        Context::Note => start == 0 && length == name.len() && stands_apart("", name, ""),
        Context::Expanded => false,
    };
    is_meant.then_some(1 + length)
}

/// Whether what begins at a place of a value is all of it, up to a mark.
fn is_whole(value: &str, start: usize, close: &str) -> bool {
    start == 0
        && value
            .find(close)
            .is_some_and(|end| end + close.len() == value.len())
}

/// Whether a `$` with a name in the midst of text is a variable: passwords have dollars, too.
fn stands_apart(before: &str, name: &str, behind: &str) -> bool {
    let is_apart = |character: char| "/:=,@.- \"'".contains(character);
    let is_name = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
    name.starts_with(|it: char| it.is_ascii_uppercase())
        && name.chars().all(is_name)
        && before.chars().next_back().is_none_or(is_apart)
        && behind.chars().next().is_none_or(is_apart)
}

/// The length of a placeholder in angle brackets. Among text these are tags, tokens of models and
/// redirections too, so there it has to read as what people are asked to fill in.
fn in_brackets(text: &str, context: Context) -> Option<usize> {
    let name = &text[1..];
    let end = name.find(['>', '<', '\n'])?;
    let name = name[end..].starts_with('>').then_some(&name[..end])?;
    let is_name = !name.is_empty() && name.trim() == name;
    let reads_so = || {
        let words: Vec<_> = name.split([' ', '-', '_']).collect();
        let is_word =
            |word: &&str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_alphanumeric());
        let is_known = words
            .iter()
            .any(|word| WORDS.contains(&word.to_lowercase().as_str()));
        words.iter().all(is_word) && is_known
    };
    (is_name && (context == Context::Field || reads_so())).then_some(end + 2)
}

/// Words of what people are asked to fill in.
const WORDS: [&str; 27] = [
    "account",
    "change",
    "cluster",
    "domain",
    "enter",
    "group",
    "here",
    "host",
    "hostname",
    "id",
    "insert",
    "key",
    "my",
    "name",
    "namespace",
    "password",
    "path",
    "region",
    "registry",
    "replace",
    "secret",
    "subscription",
    "tag",
    "url",
    "user",
    "version",
    "your",
];

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// `ANYTHING_HERE` and `YOUR_ANYTHING`.
fn is_shouted(word: &str) -> bool {
    let shouted = !word.contains(|character: char| character.is_ascii_lowercase());
    shouted && (word.ends_with("_HERE") || word.starts_with("YOUR_"))
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

#[cfg(test)]
mod tests {
    use super::{Context, MARKS, all};

    #[test]
    fn placeholders_are_told_from_values() {
        let found = |value| all(value, Context::Field).collect::<Vec<_>>();
        assert_eq!(
            found("ACR_REPO_HERE.azurecr.io/IMAGE_NAME_HERE:0.0.1"),
            ["ACR_REPO_HERE", "IMAGE_NAME_HERE"]
        );
        assert_eq!(found("<YOUR IMAGE URL>"), ["<YOUR IMAGE URL>"]);
        assert_eq!(found("r.io/YOUR_IMAGE:1"), ["YOUR_IMAGE"]);
        for value in [
            "here",
            "it_here",
            "a<b",
            "a <> b",
            "a < b > c",
            "falcon-7b",
            "HERE",
            "a$",
            "cost$5",
            "a_b__c",
            "#1",
            "{a}",
        ] {
            assert_eq!(found(value), Vec::<&str>::new(), "{value}");
        }
    }

    #[test]
    fn variables_that_nobody_filled_in_are_placeholders() {
        for value in [
            "${name}",
            "${size:=Standard_NC24ads_A100_v4}",
            "$NAME",
            "$name",
            "$(name)",
            "#{name}#",
            "__NAME__",
            "{{ .Values.name }}",
            "<name>",
        ] {
            assert_eq!(all(value, Context::Field).collect::<Vec<_>>(), [value]);
            let inside = format!("a-{value}");
            let found: Vec<_> = all(&inside, Context::Field).collect();
            assert!(found == [value] || value == "$name", "{inside}: {found:?}");
        }
    }

    /// Text holds tokens of models, tags, redirections and variables of its own.
    #[test]
    fn text_is_left_alone_unless_it_asks_to_be_filled_in() {
        for (text, found) in [
            ("<your-private-model>", &["<your-private-model>"][..]),
            ("/t/<chat_template_name>.jinja", &["<chat_template_name>"]),
            ("<|im_end|>", &[]),
            ("</s>", &[]),
            ("<think>", &[]),
            ("<tool_call>", &[]),
            ("cat <in >out", &[]),
            ("--host=$(POD_IP)", &["$(POD_IP)"]),
            ("--model=$MODEL", &["$MODEL"]),
            ("pa$SWORD", &[]),
            ("$$(POD_IP)", &[]),
            ("^a$", &[]),
            ("if __name__ == '__main__'", &[]),
            ("__TOKEN__", &["__TOKEN__"]),
            ("${TOKEN}", &["${TOKEN}"]),
        ] {
            assert_eq!(
                all(text, Context::Text).collect::<Vec<_>>(),
                found,
                "{text}"
            );
        }
        assert_eq!(all("echo ${A} $B {{ c }}", Context::Expanded).next(), None);
    }

    /// Each end is looked for once: looking anew for each mark would take minutes here.
    #[test]
    fn marks_that_nothing_closes_are_no_placeholders() {
        for (open, _) in MARKS
            .into_iter()
            .chain([("<", ">"), ("$", ""), ("${a\n", "}")])
        {
            let value = open.repeat(1 << 18);
            assert_eq!(all(&value, Context::Field).next(), None, "{open}");
        }
    }
}
