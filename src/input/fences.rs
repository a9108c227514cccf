//! YAML in other files: in the code blocks of Markdown, and in what shell scripts hand to `kubectl`.
//!
//! Every block is read by itself, and its places are those of the file.

mod heredocs;

use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::lines::{Lines, relocate};
use super::parse;
use crate::base::node::Node;
use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Label};

/// What holds blocks of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Markdown,
    Shell,
}

impl Language {
    /// The language of a file, by the ending of its name; none if it is YAML or JSON itself.
    pub(super) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "md" | "mdx" | "markdown" => Some(Self::Markdown),
            "sh" | "bash" | "zsh" => Some(Self::Shell),
            _ => None,
        }
    }

    /// The language of a text that says by which program it is run.
    pub(super) fn of_text(bytes: &[u8]) -> Option<Self> {
        let line = bytes
            .strip_prefix(b"#!")?
            .split(|byte| *byte == b'\n')
            .next()?;
        let mut words = line.split(|byte| b" /\t\r".contains(byte));
        let shells = [&b"sh"[..], b"bash", b"dash", b"ksh", b"zsh"];
        words
            .any(|word| shells.contains(&word))
            .then_some(Self::Shell)
    }
}

/// A block of YAML.
#[derive(Debug)]
pub(super) struct Block {
    /// Its lines without what stands before each of them in the file.
    pub(super) text: String,
    /// Whether a shell expands variables in it.
    pub(super) is_expanded: bool,
    lines: Lines,
}

/// The words by which Markdown says that a block is YAML, or JSON.
const YAML: [&str; 3] = ["yaml", "yml", "json"];

/// The words by which Markdown says that a block is for a shell.
const SHELL: [&str; 7] = [
    "bash",
    "console",
    "sh",
    "shell",
    "shell-session",
    "terminal",
    "zsh",
];

/// A line of a file, or what is left of it: where it begins, and with its line break.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    offset: usize,
    text: &'a str,
}

/// The blocks of YAML in a file.
pub(super) fn blocks(sources: &Sources, file: FileId, language: Language) -> Vec<Block> {
    let text = sources.text(file);
    match language {
        Language::Shell => of_script(file, &lines(text, 0..text.len())),
        Language::Markdown => of_markdown(text)
            .into_iter()
            .flat_map(|(word, lines)| match word.as_str() {
                word if YAML.contains(&word) => vec![Block::of(file, &lines, false)],
                "" if is_object(&lines) => vec![Block::of(file, &lines, false)],
                word if word.is_empty() || SHELL.contains(&word) => of_script(file, &lines),
                _ => Vec::new(),
            })
            .collect(),
    }
}

/// The blocks in a script that are objects of Kubernetes.
fn of_script(file: FileId, lines: &[Line]) -> Vec<Block> {
    let documents = heredocs::all(lines).into_iter();
    documents
        .filter(|(lines, _)| is_object(lines))
        .map(|(lines, is_expanded)| Block::of(file, &lines, is_expanded))
        .collect()
}

/// The code blocks of a Markdown text: the first word of what is said of each, and its lines.
fn of_markdown(text: &str) -> Vec<(String, Vec<Line<'_>>)> {
    let mut blocks = Vec::new();
    let mut open = None;
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = Some((word(&info), Vec::new()));
            }
            Event::Text(_) => {
                if let Some((_, found)) = &mut open {
                    found.extend(lines(text, range));
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

/// The language that the first line of a code block names: `yaml`, `yaml title="a"`, `{.yaml}`.
fn word(info: &str) -> String {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '-';
    let info = info.trim_start_matches(|it| !is_part(it));
    let end = info.find(|it| !is_part(it)).unwrap_or(info.len());
    info[..end].to_ascii_lowercase()
}

/// The lines of a part of a text.
fn lines(text: &str, range: Range<usize>) -> Vec<Line<'_>> {
    let mut offset = range.start;
    let part = text.get(range).unwrap_or_default();
    let lines = part.split_inclusive('\n').map(|text| {
        let line = Line { offset, text };
        offset += text.len();
        line
    });
    lines.collect()
}

/// Whether lines are an object of Kubernetes, rather than what a program printed or anything else.
fn is_object(lines: &[Line]) -> bool {
    let is_content = |line: &&str| !line.is_empty() && !line.starts_with(['#', '-']);
    let first = lines.iter().map(|line| line.text.trim()).find(is_content);
    let is_key = |line: &str| {
        let (key, value) = line.split_once(':').unwrap_or((" ", ""));
        !key.contains(char::is_whitespace) && (value.is_empty() || value.starts_with(' '))
    };
    let has_version = |line: &Line| {
        let line = line.text.trim_start_matches([' ', '-', '"', '{']);
        line.starts_with("apiVersion")
    };
    first.is_some_and(|line| is_key(line) || line.starts_with('{')) && lines.iter().any(has_version)
}

impl Block {
    fn of(file: FileId, lines: &[Line], is_expanded: bool) -> Self {
        let (mut text, mut starts) = (String::new(), Vec::new());
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut end = 0;
        for line in lines {
            // A line may come in parts, as where Markdown leaves out the half of a line break.
            starts.push((offset(text.len()), offset(line.offset)));
            text.push_str(line.text);
            end = line.offset + line.text.len();
        }
        starts.push((offset(text.len()), offset(end)));
        let start = lines.first().map_or(0, |line| line.offset);
        let place = Span {
            file,
            start: offset(start),
            end: offset(end),
        };
        let lines = Lines { place, starts };
        Self {
            text,
            is_expanded,
            lines,
        }
    }

    /// Where the block is.
    pub(super) fn place(&self) -> Span {
        self.lines.place
    }

    /// The documents of the block, at their places in the file.
    pub(super) fn parse(&self, diagnostics: &mut Diagnostics) -> Vec<Node> {
        let (mut own, mut found) = (Sources::default(), Diagnostics::default());
        let file = own.add("", self.text.as_str());
        let mut nodes = parse(&own, file, &mut found);
        let place = |span| self.lines.lines(span);
        for node in &mut nodes {
            relocate(node, &place);
        }
        diagnostics.extend(found.into_iter().map(|found| {
            Diagnostic {
                place: found.place.map(place),
                also: found
                    .also
                    .into_iter()
                    .map(|label| Label {
                        span: place(label.span),
                        ..label
                    })
                    .collect(),
                fix: found.fix.map(|fix| Fix {
                    span: place(fix.span),
                    ..fix
                }),
                ..found
            }
        }));
        nodes
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Language, blocks};
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;

    /// What stands in the file at the place of each value of `a` in its blocks.
    fn found(language: Language, text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("a", text);
        let mut diagnostics = Diagnostics::default();
        let blocks = blocks(&sources, file, language);
        let nodes = blocks
            .iter()
            .flat_map(|block| block.parse(&mut diagnostics));
        let places = nodes.map(|node| {
            let place = node.entry("a").unwrap().value.span;
            text[place.start as usize..place.end as usize].to_owned()
        });
        let places = places.collect();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        places
    }

    #[test]
    fn languages_go_by_the_ending() {
        for (path, language) in [
            ("a/README.md", Some(Language::Markdown)),
            ("a.MDX", Some(Language::Markdown)),
            ("deploy.sh", Some(Language::Shell)),
            ("a.yaml", None),
            ("md", None),
        ] {
            assert_eq!(Language::of(Path::new(path)), language, "{path}");
        }
    }

    #[test]
    fn code_blocks_that_say_so_are_yaml() {
        for text in [
            "# t\n\n```yaml\na: x y\n```\n",
            "```yml\r\nb: 1\r\na: x y\r\n```\r\n",
            "~~~~yaml title=\"x\"\n# c\na: x y\n~~~~\n",
            "```{.yaml}\na: x y\n```",
            "1. é\n\n   ```yaml\n   b: 1\n\n   a: x y\n   ```\n",
            "> ```yaml\n> b: |\n>   c\n> a: x y\n> ```\n",
            "- t\n\t```yaml\n\ta: x y\n\t```\n",
            "```\napiVersion: v1\na: x y\n```\n",
            "```json\n{\"a\": x y}\n```\n",
            "```yaml\na: x y\n",
        ] {
            assert_eq!(found(Language::Markdown, text), ["x y"], "{text}");
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in [
            "a: x\n",
            "    a: x\n",
            "```\na: x\n```\n",
            "```go\na: x\n```\n",
            "```\n$ kubectl get x -o yaml\napiVersion: v1\na: x\n```\n",
            "`a: x`\n",
            "```bash\necho apiVersion: v1\n```\n",
        ] {
            assert_eq!(
                found(Language::Markdown, text),
                Vec::<String>::new(),
                "{text}"
            );
        }
    }

    #[test]
    fn documents_in_scripts_are_yaml() {
        let body = "apiVersion: v1\na: x y\n";
        for text in [
            format!("cat <<EOF | kubectl apply -f -\n{body}EOF\n"),
            format!("set -e\nkubectl apply -f - <<'EOF'\n{body}EOF\necho done\n"),
            format!("cat > a.yaml << \"END\"\n{body}END\n"),
            format!(
                "cat <<-EOF\n\t{}\tEOF\n",
                body.replace('\n', "\n\t").trim_end_matches('\t')
            ),
            format!("cat <<\\EOF\r\n{}EOF\r\n", body.replace('\n', "\r\n")),
            format!("x=$((1 << 2)); cat <<< b\ncat <<EOF; cat <<E2\n{body}EOF\nb\nE2\n"),
            format!("# cat <<EOF\ncat <<EOF\n{body}"),
        ] {
            assert_eq!(found(Language::Shell, &text), ["x y"], "{text}");
            let inside = format!(
                "1. t\n\n   ```bash\n   {}\n   ```\n",
                text.trim_end().replace('\n', "\n   ")
            );
            assert_eq!(found(Language::Markdown, &inside), ["x y"], "{inside}");
        }
        let text = "cat <<EOF > a.conf\na: x\nEOF\n";
        assert_eq!(found(Language::Shell, text), Vec::<String>::new());
    }

    #[test]
    fn blocks_are_read_one_by_one() {
        let text = "```yaml\na: q\n---\na: r\n```\n\n```yaml\na: z\n```\n";
        assert_eq!(found(Language::Markdown, text), ["q", "r", "z"]);
    }
}
