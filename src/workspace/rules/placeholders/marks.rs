//! What a placeholder looks like.

/// Where a value stands, as far as it says which characters can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// A field that nothing expands.
    Field,
    /// A command, an environment variable or a setting, which may be any text.
    Text,
    /// A note for people or other programs.
    Note,
    /// The same where a shell or Kubernetes expands variables.
    Expanded,
}

/// Whether a value still holds a placeholder, so that other rules need not look at it.
pub(crate) fn is_in(value: &str) -> bool {
    all(value, Context::Field).next().is_some()
}

/// What every placeholder has one of.
const FIRST: [char; 5] = ['<', '$', '#', '{', '_'];

/// Whether a value is worth a closer look. Where only a `_` is in it, as in most instance types, no
/// context has more placeholders than a field.
pub(super) fn may_hold(value: &str) -> bool {
    value.contains(['<', '$', '#', '{']) || value.contains('_') && is_in(value)
}

/// The placeholders in a value, in order.
pub(super) fn all(value: &str, context: Context) -> impl Iterator<Item = &str> {
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
