//! The texts of a run, and places in them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// A text of [`Sources`], by its order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A run of bytes in one file: `start` is its first byte, `end` the byte behind its last.
///
/// A place without extent, and one in a file whose text could not be read, has `start == end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file the bytes stand in.
    pub file: FileId,
    /// The offset of the first byte.
    pub start: u32,
    /// The offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The place that stands for a file as a whole.
    #[must_use]
    pub fn whole(file: FileId) -> Self {
        Self {
            file,
            start: 0,
            end: 0,
        }
    }
}

/// A line and a column as editors count them: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// A byte order mark.
const MARK: char = '\u{feff}';

#[derive(Debug)]
struct File {
    name: String,
    /// Where it lies; none for standard input and for what the program carries.
    path: Option<PathBuf>,
    /// As `path`, and for a file of a revision where it would lie in the working tree.
    place: Option<PathBuf>,
    /// Whether the file must stay as it is.
    is_kept: bool,
    origin: Origin,
    text: String,
    /// Whether a byte order mark stood before the text.
    is_marked: bool,
    line_starts: OnceLock<Vec<usize>>,
    /// The widths of what stands before each multiple of [`STEP`]: made for long lines only.
    widths: OnceLock<Vec<Width>>,
}

/// What the name of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The path of a file.
    Path,
    /// No path: that of standard input, or of a file in a revision of Git.
    Nowhere,
    /// Where a single value was written, of which a line says nothing.
    Value,
}

/// The bytes after which a long line is counted anew, so that a column costs no more than these.
const STEP: usize = 4096;

/// How wide a text is.
#[derive(Clone, Copy, Debug, Default)]
struct Width {
    characters: usize,
    utf16: usize,
}

impl Width {
    fn of(text: &str) -> Self {
        Self {
            characters: text.chars().count(),
            utf16: text.chars().map(char::len_utf16).sum(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            characters: self.characters + other.characters,
            utf16: self.utf16 + other.utf16,
        }
    }
}

/// The texts that a run has read. Names are shown to people as they were given: `-` is standard
/// input.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<File>,
    /// The bytes of all texts that were added.
    read: u64,
    /// The parts of texts that nobody may see, apart from one another: where each begins, and
    /// ends.
    hidden: BTreeMap<(FileId, usize), usize>,
    /// What stands there, without quotes and escapes.
    secrets: BTreeSet<String>,
    /// The texts whose documents stand in blocks among other text.
    with_blocks: BTreeSet<FileId>,
    /// The parts of texts in which a shell expands variables.
    expanded: Vec<Span>,
    /// The texts that paths in other texts lead to.
    named: BTreeMap<(FileId, String), FileId>,
}

/// What hides secrets in messages.
///
/// Secrets of up to three bytes stay: they would be found in any sentence.
#[derive(Debug)]
pub struct Mask(Option<AhoCorasick>);

impl Mask {
    /// The mask of some secrets, and of the lines of those that have many.
    pub fn of<'a>(secrets: impl Iterator<Item = &'a str>) -> Self {
        let secrets = secrets.flat_map(|secret| std::iter::once(secret).chain(lines(secret)));
        let secrets = secrets.filter(|secret| secret.len() > 3);
        // The other kinds take hundreds of bytes for each byte of a secret.
        let machine = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(secrets);
        Self(machine.ok())
    }

    /// Puts asterisks in the place of every secret that a message quotes.
    pub fn apply(&self, message: &mut String) {
        if let Cow::Owned(masked) = self.applied(message) {
            *message = masked;
        }
    }

    /// A text with asterisks in the place of every secret.
    #[must_use]
    pub fn applied<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // Secrets that can't be looked for are no reason to show one.
        let Some(secrets) = &self.0 else {
            return Cow::Borrowed(MASK);
        };
        if !secrets.is_match(text) {
            return Cow::Borrowed(text);
        }
        let mut masked = String::new();
        secrets.replace_all_with(text, &mut masked, |_, _, masked| {
            masked.push_str(MASK);
            true
        });
        Cow::Owned(masked)
    }

    /// Whether a text quotes a secret.
    #[must_use]
    pub fn hides(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|secrets| secrets.is_match(text))
    }
}

/// The lines of a secret. Those of a private key may end with escapes, however often they were
/// escaped, and be shown without.
fn lines(secret: &str) -> impl Iterator<Item = &str> {
    const TITLE: &str = "-----";
    let is_key = secret.starts_with(TITLE);
    let lines = secret.lines().flat_map(move |line| {
        let parts = line.split(move |character| is_key && character == '\\');
        let parts = parts.enumerate().map(|(index, part)| match index {
            0 => part,
            _ => part.strip_prefix(['n', 'r', 't']).unwrap_or(part),
        });
        parts.map(str::trim)
    });
    // The title of a private key is in every message about one.
    lines.filter(|line| !line.starts_with(TITLE))
}

/// The replacement of a hidden value.
const MASK: &str = "***";

impl Sources {
    /// Keeps a text under its name, without a byte order mark. A file that could not be read is
    /// kept with an empty text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let mut text = text.into();
        self.read += text.len() as u64;
        let is_marked = text.starts_with(MARK);
        if is_marked {
            text.drain(..MARK.len_utf8());
        }
        self.files.push(File {
            name: name.into(),
            path: None,
            place: None,
            is_kept: false,
            origin: Origin::Path,
            text,
            is_marked,
            line_starts: OnceLock::new(),
            widths: OnceLock::new(),
        });
        FileId(id)
    }

    /// Keeps a value that is in no file, under a name that says where it was written.
    pub fn add_value(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let file = self.add(name, text);
        self.files[file.0 as usize].origin = Origin::Value;
        file
    }

    /// Whether a text is a value that is in no file.
    #[must_use]
    pub fn is_value(&self, file: FileId) -> bool {
        self.file(file).origin == Origin::Value
    }

    /// The bytes of all texts that were added, also of those that were forgotten.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Drops a text that nobody asks for again. Places in it then show no excerpt.
    pub(crate) fn forget(&mut self, file: FileId) {
        let file = &mut self.files[file.0 as usize];
        file.text = String::new();
        file.line_starts = OnceLock::new();
        file.widths = OnceLock::new();
    }

    /// Notes where a text is on the disk: the directory without links, and the name of the file in
    /// it; none if nowhere.
    pub(crate) fn locate(&mut self, file: FileId, path: Option<PathBuf>) {
        let file = &mut self.files[file.0 as usize];
        file.origin = if path.is_none() {
            Origin::Nowhere
        } else {
            Origin::Path
        };
        file.path = path;
    }

    /// Notes where a text is in its tree of files, which may be a revision: an absolute path if the tree
    /// knows its directory.
    pub(crate) fn place_at(&mut self, file: FileId, place: PathBuf) {
        self.files[file.0 as usize].place = Some(place);
    }

    /// Notes which text a path leads to that is written in another one.
    pub(crate) fn name_file(&mut self, by: FileId, path: &str, file: FileId) {
        self.named.insert((by, path.to_owned()), file);
    }

    /// The text that a path leads to that is written in another one; none if nobody read it.
    #[must_use]
    pub fn named_file(&self, by: FileId, path: &str) -> Option<FileId> {
        self.named.get(&(by, path.to_owned())).copied()
    }

    /// All texts that paths in other texts lead to, each behind one that names it.
    pub fn named_files(&self) -> impl Iterator<Item = (FileId, FileId)> {
        self.named.iter().map(|((by, _), file)| (*by, *file))
    }

    /// Keeps the file of a text from being changed: a link led there, and not its own path.
    pub(crate) fn keep(&mut self, file: FileId) {
        self.files[file.0 as usize].is_kept = true;
    }

    /// Notes that the documents of a text stand in blocks among other text. Each block is by itself:
    /// two that have the same name are two ways to write it.
    pub(crate) fn hold_blocks(&mut self, file: FileId) {
        self.with_blocks.insert(file);
    }

    /// Notes that a shell expands the variables in a part of a text.
    pub(crate) fn expand(&mut self, part: Span) {
        self.expanded.push(part);
    }

    /// Whether a shell expands variables at a place.
    #[must_use]
    pub fn is_expanded(&self, place: Span) -> bool {
        let holds = |part: &Span| {
            part.file == place.file && part.start <= place.start && place.end <= part.end
        };
        self.expanded.iter().any(holds)
    }

    /// Whether the documents of a text stand in blocks among other text.
    #[must_use]
    pub fn has_blocks(&self, file: FileId) -> bool {
        self.with_blocks.contains(&file)
    }

    /// Where on the disk a text lies whose file may be changed.
    #[must_use]
    pub fn editable(&self, file: FileId) -> Option<&Path> {
        self.path(file).filter(|_| !self.file(file).is_kept)
    }

    /// Whether the name of a text is known not to be a path.
    #[must_use]
    pub fn is_nowhere(&self, file: FileId) -> bool {
        self.file(file).origin != Origin::Path
    }

    /// Counts the bytes of a text that was read and is not kept.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.read += bytes as u64;
    }

    #[cfg(test)]
    pub(crate) fn add_at(&mut self, path: PathBuf, text: &str) -> FileId {
        let file = self.add(path.display().to_string(), text);
        self.locate(file, Some(path));
        file
    }

    /// Where on the disk a text lies; none for standard input and for what the program carries.
    #[must_use]
    pub fn path(&self, file: FileId) -> Option<&Path> {
        self.file(file).path.as_deref()
    }

    /// The directory of a text without links, and its name there; also for a file of a revision, as if
    /// it lay in the working tree. None for what is no file.
    #[must_use]
    pub fn place(&self, file: FileId) -> Option<&Path> {
        self.file(file).place.as_deref()
    }

    /// Every text, in the order of arrival.
    pub fn ids(&self) -> impl Iterator<Item = FileId> {
        (0_u32..).take(self.files.len()).map(FileId)
    }

    /// The text of a file with its byte order mark, if it has one.
    #[must_use]
    pub fn whole_text(&self, file: FileId) -> Cow<'_, str> {
        let file = self.file(file);
        if file.is_marked {
            Cow::Owned(format!("{MARK}{}", file.text))
        } else {
            Cow::Borrowed(&file.text)
        }
    }

    /// An offset in the text as one in the file that it was read from.
    #[must_use]
    pub fn in_file(&self, file: FileId, offset: u32) -> u32 {
        let mark = if self.file(file).is_marked {
            MARK.len_utf8()
        } else {
            0
        };
        u32::try_from(mark).map_or(offset, |mark| offset.saturating_add(mark))
    }

    /// The name of a file, as it was given.
    #[must_use]
    pub fn name(&self, file: FileId) -> &str {
        &self.file(file).name
    }

    /// The text of a file, without a byte order mark.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        &self.file(file).text
    }

    /// Keeps a part of a text from being shown. `value` is what stands there, without quotes and
    /// escapes.
    pub fn hide(&mut self, span: Span, value: &str) {
        let (mut start, mut end) = (span.start as usize, span.end as usize);
        // The last that begins before the end may reach into it, and so may the one before.
        while let Some((&(file, first), &last)) = self.hidden.range(..=(span.file, end)).next_back()
            && file == span.file
            && last >= start
        {
            (start, end) = (start.min(first), end.max(last));
            self.hidden.remove(&(file, first));
        }
        self.hidden.insert((span.file, start), end);
        self.secrets.insert(value.to_owned());
    }

    /// A part of a text as people may see it: as long as it is, with asterisks for what is hidden.
    #[must_use]
    pub fn shown(&self, file: FileId, range: Range<usize>) -> Option<Cow<'_, str>> {
        let text = self.text(file).get(range.clone())?;
        let before = self.hidden.range(..(file, range.end)).rev();
        let hidden = before.map(|(&(of, start), &end)| (of, start..end));
        let hidden = hidden.take_while(|(of, hidden)| *of == file && hidden.end > range.start);
        let hidden: Vec<_> = hidden.map(|(_, hidden)| hidden).collect();
        if hidden.is_empty() {
            return Some(Cow::Borrowed(text));
        }
        let mut hidden = hidden.into_iter().rev().peekable();
        let mut is_hidden = |offset: usize| {
            while hidden.next_if(|hidden| hidden.end <= offset).is_some() {}
            hidden.peek().is_some_and(|hidden| hidden.start <= offset)
        };
        let mut shown = String::with_capacity(text.len());
        for (offset, character) in text.char_indices() {
            if character == '\n' || !is_hidden(range.start + offset) {
                shown.push(character);
            } else {
                shown.extend(std::iter::repeat_n('*', character.len_utf8()));
            }
        }
        Some(Cow::Owned(shown))
    }

    /// What hides, in messages, everything that is hidden by now.
    #[must_use]
    pub fn mask(&self) -> Mask {
        Mask::of(self.secrets())
    }

    /// Everything that is hidden by now, without quotes and escapes.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(String::as_str)
    }

    /// The line and column of a byte offset; an offset behind the end counts as the end.
    #[must_use]
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        let (line, before) = self.before(file, offset);
        Position {
            line,
            column: before.characters + 1,
        }
    }

    /// The column of a byte offset in UTF-16 code units, from 1.
    #[must_use]
    pub fn utf16_column(&self, file: FileId, offset: u32) -> usize {
        self.before(file, offset).1.utf16 + 1
    }

    /// The line of an offset, from 1, and the width of what stands before it in its line.
    fn before(&self, file: FileId, offset: u32) -> (usize, Width) {
        let text = self.text(file);
        let offset = text.floor_char_boundary(offset as usize);
        let starts = self.line_starts(file);
        let line = starts.partition_point(|start| *start <= offset);
        let start = starts[line - 1];
        if offset - start <= STEP {
            return (line, Width::of(&text[start..offset]));
        }
        let (before, behind) = (self.width(file, start), self.width(file, offset));
        let width = Width {
            characters: behind.characters - before.characters,
            utf16: behind.utf16 - before.utf16,
        };
        (line, width)
    }

    /// The width of a text up to an offset, which is a character's boundary.
    fn width(&self, file: FileId, offset: usize) -> Width {
        let text = self.text(file);
        let at = |step: usize| text.floor_char_boundary(step * STEP);
        let widths = self.file(file).widths.get_or_init(|| {
            let steps = 0..=text.len() / STEP;
            let widths = steps.scan((0, Width::default()), |(behind, width), step| {
                *width = width.and(Width::of(&text[*behind..at(step)]));
                *behind = at(step);
                Some(*width)
            });
            widths.collect()
        });
        let step = offset / STEP;
        widths[step].and(Width::of(&text[at(step)..offset]))
    }

    /// The offsets at which the lines of a file begin; the first is 0.
    #[must_use]
    pub fn line_starts(&self, file: FileId) -> &[usize] {
        let file = self.file(file);
        file.line_starts.get_or_init(|| {
            let behind_breaks = file
                .text
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at + 1);
            std::iter::once(0).chain(behind_breaks).collect()
        })
    }

    fn file(&self, file: FileId) -> &File {
        &self.files[file.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Mask, Position, Sources, Span};

    #[test]
    fn what_is_hidden_is_neither_shown_nor_quoted() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "é: sécret\nb: c\n");
        sources.hide(
            Span {
                file,
                start: 4,
                end: 11,
            },
            "sécret",
        );
        assert_eq!(sources.shown(file, 0..16).unwrap(), "é: *******\nb: c");
        assert_eq!(sources.shown(file, 12..16).unwrap(), "b: c");
        let mut message = "`sécret` and `sécret`".to_owned();
        sources.mask().apply(&mut message);
        assert_eq!(message, "`***` and `***`");
    }

    #[test]
    fn a_key_is_hidden_however_its_line_ends_are_written() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIE\nc0ffee\n-----END PRIVATE KEY-----";
        for written in [
            key.to_owned(),
            key.replace('\n', "\\n"),
            key.replace('\n', "\\r\\n"),
            key.replace('\n', "\\\\n"),
            key.replace('\n', "\r\n  "),
        ] {
            let mask = Mask::of(std::iter::once(written.as_str()));
            for shown in [key.to_owned(), key.replace('\n', "\\n")] {
                let masked = mask.applied(&shown);
                let is_shown = ["MIIE", "c0ffee"].iter().any(|part| masked.contains(part));
                assert!(!is_shown, "{written}: {masked}");
            }
        }
    }

    #[test]
    fn what_is_hidden_may_overlap_and_stand_side_by_side() {
        let mut sources = Sources::default();
        let [first, file] = ["x", "0123456789"].map(|text| sources.add("a.yaml", text));
        for (start, end) in [(6, 8), (1, 3), (2, 5), (1, 2), (8, 9)] {
            sources.hide(Span { file, start, end }, "1234");
        }
        assert_eq!(sources.shown(file, 0..10).unwrap(), "0****5***9");
        assert_eq!(sources.shown(file, 4..7).unwrap(), "*5*");
        assert_eq!(sources.shown(file, 5..6).unwrap(), "5");
        assert_eq!(sources.shown(first, 0..1).unwrap(), "x");
    }

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "é: 1\r\nb: 2\n");
        assert_eq!(sources.position(file, 0), Position { line: 1, column: 1 });
        assert_eq!(sources.position(file, 2), Position { line: 1, column: 2 });
        assert_eq!(sources.position(file, 7), Position { line: 2, column: 1 });
        assert_eq!(sources.position(file, 99), Position { line: 3, column: 1 });
    }

    #[test]
    fn columns_of_long_lines_are_those_of_short_ones() {
        let mut sources = Sources::default();
        let line = "aé\u{1f985}".repeat(3_000);
        let text = format!("{line}\n{line}");
        let file = sources.add("a.yaml", &*text);
        for start in [0, line.len() + 1] {
            for (offset, _) in line.char_indices() {
                let before = &line[..offset];
                let at = u32::try_from(start + offset).unwrap();
                let position = sources.position(file, at);
                assert_eq!(position.column, before.chars().count() + 1, "{at}");
                let column = before.encode_utf16().count() + 1;
                assert_eq!(sources.utf16_column(file, at), column, "{at}");
            }
        }
    }
}
