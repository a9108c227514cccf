//! The text of a Workspace without the `spec` around its fields.

use crate::base::sources::{Sources, Span};

/// The place of `spec:` with all that is under it, and the same lines without it, moved to the left;
/// none where it is not written as a block of its own lines.
pub(super) fn unwrapped(sources: &Sources, key: Span) -> Option<(Span, String)> {
    let text = sources.text(key.file);
    let (start, end) = (key.start as usize, key.end as usize);
    let margin = text.get(..start)?.rsplit('\n').next()?;
    let is_plain = margin.bytes().all(|byte| byte == b' ') && text.get(start..end) == Some("spec");
    let (first, below) = text.get(end..)?.split_once('\n')?;
    let comment = first.strip_prefix(':')?.trim();
    if !is_plain || !(comment.is_empty() || comment.starts_with('#')) {
        return None;
    }
    let lines = block(below, margin.len());
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let indent = indent(lines.iter().copied().find(is_content)?);
    if indent <= margin.len() || lines.iter().any(|line| line.starts_with('\t')) {
        return None;
    }
    let mut moved: Vec<String> = Vec::new();
    if !comment.is_empty() {
        moved.push(comment.to_owned());
    }
    for line in &lines {
        let shift = indent - margin.len();
        let spaces = self::indent(line).min(shift);
        moved.push(line[spaces..].to_owned());
    }
    // The key stands behind the margin already.
    let moved = moved.join("\n");
    let moved = moved.strip_prefix(margin).unwrap_or(&moved).to_owned();
    let length = first.len() + 1 + lines.join("\n").len();
    let end = u32::try_from(end + length).ok()?;
    Some((Span { end, ..key }, moved))
}

/// The lines that are further to the right than a margin, without blank lines and comments behind
/// the last of them.
fn block(text: &str, margin: usize) -> Vec<&str> {
    let mut lines: Vec<_> = text
        .split('\n')
        .take_while(|line| {
            let written = line.trim_start();
            written.trim_end().is_empty() || written.starts_with('#') || indent(line) > margin
        })
        .collect();
    while lines.last().is_some_and(|line| {
        line.trim().is_empty() || indent(line) <= margin && line.starts_with('#')
    }) {
        lines.pop();
    }
    lines
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::unwrapped;
    use crate::base::sources::{Sources, Span};

    fn without_spec(text: &str) -> Option<String> {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text.to_owned());
        let start = text.find("spec").unwrap();
        let at = |offset: usize| u32::try_from(offset).unwrap();
        let key = Span {
            file,
            start: at(start),
            end: at(start + 4),
        };
        let (span, moved) = unwrapped(&sources, key)?;
        Some(format!(
            "{}{moved}{}",
            &text[..start],
            &text[span.end as usize..]
        ))
    }

    #[test]
    fn what_is_under_spec_moves_to_the_left() {
        for (text, moved) in [
            ("a: 1\nspec:\n  b: 2\n", "a: 1\nb: 2\n"),
            (
                "spec:  # why\n    b: |\n      x\n\n    c:\n    - d\n\n# end\n---\n",
                "# why\nb: |\n  x\n\nc:\n- d\n\n# end\n---\n",
            ),
            ("spec:\r\n  b: 2\r\nc: 3\r\n", "b: 2\r\nc: 3\r\n"),
            ("spec:\n# odd\n  b: 2\n", "# odd\nb: 2\n"),
        ] {
            assert_eq!(without_spec(text).as_deref(), Some(moved), "{text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_stays() {
        for text in [
            "spec: {b: 2}\n",
            "\"spec\": \n  b: 2\n",
            "spec: &a\n  b: 2\n",
            "spec:\n",
        ] {
            assert_eq!(without_spec(text), None, "{text}");
        }
    }
}
