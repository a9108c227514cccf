//! The here-documents of a shell script.

use std::collections::VecDeque;

use super::Line;

/// A redirection that a here-document follows.
struct Redirection<'a> {
    /// The line that ends the document.
    end: &'a str,
    /// Whether tabs at the beginning of its lines are left out: `<<-`.
    is_indented: bool,
    /// Whether the shell expands variables in it: its word is not quoted.
    is_expanded: bool,
}

/// The lines of each here-document of a script, in order, and whether the shell expands variables in them. One
/// that nothing ends goes to the end.
pub(super) fn all<'a>(script: &[Line<'a>]) -> Vec<(Vec<Line<'a>>, bool)> {
    let mut documents = Vec::new();
    let mut script = script.iter().copied();
    while let Some(line) = script.next() {
        let mut open: VecDeque<_> = redirections(line.text).into();
        while let Some(redirection) = open.pop_front() {
            let body = script
                .by_ref()
                .map(|line| stripped(line, redirection.is_indented));
            let is_inside =
                |line: &Line| line.text.trim_end_matches(['\n', '\r']) != redirection.end;
            let body = body.take_while(is_inside).collect();
            documents.push((body, redirection.is_expanded));
        }
    }
    documents
}

fn stripped(line: Line, is_indented: bool) -> Line {
    if !is_indented {
        return line;
    }
    let text = line.text.trim_start_matches('\t');
    Line {
        offset: line.offset + line.text.len() - text.len(),
        text,
    }
}

/// The redirections of a line that here-documents follow.
fn redirections(line: &str) -> Vec<Redirection<'_>> {
    let mut found = Vec::new();
    if line.trim_start().starts_with('#') {
        return found;
    }
    let mut rest = line;
    while let Some(at) = rest.find("<<") {
        let is_arithmetic = rest[..at].rfind("((") > rest[..at].rfind("))");
        rest = &rest[at + 2..];
        if let Some(behind) = rest.strip_prefix('<') {
            rest = behind; // `<<<` is followed by a word only.
            continue;
        }
        if is_arithmetic {
            continue;
        }
        let is_indented = rest.starts_with('-');
        let word = rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let unquoted = word.trim_start_matches(['\'', '"', '\\']);
        let is_expanded = unquoted.len() == word.len();
        let word = unquoted;
        let is_part = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
        let end = word.find(|it| !is_part(it)).unwrap_or(word.len());
        if end > 0 {
            found.push(Redirection {
                end: &word[..end],
                is_indented,
                is_expanded,
            });
        }
        rest = &word[end..];
    }
    found
}
