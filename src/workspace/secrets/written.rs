//! Fields as they are written in a text that may be broken, found without parsing.

/// What stands in a line, without indentation and the dashes of lists.
pub(crate) fn content(line: &str) -> &str {
    let mut content = line.trim_start();
    while let Some(item) = content.strip_prefix("- ") {
        content = item.trim_start();
    }
    content
}

/// A word without quotes and what surrounds it in JSON.
pub(crate) fn bare(text: &str) -> &str {
    text.trim_matches(|character| is_mark(character) || matches!(character, ',' | '{' | '}'))
}

/// A value, and what it is without quotes, without a comment, and without a tag or an anchor.
pub(crate) fn parts(value: &str) -> impl Iterator<Item = &str> {
    let plain = value.split(" #").next().unwrap_or_default();
    let untagged = match plain.split_once(' ') {
        Some((tag, value)) if tag.starts_with(['!', '&']) => value,
        _ => plain,
    };
    [value, bare(plain), bare(untagged)]
        .into_iter()
        .filter(|part| !part.is_empty())
}

/// What may stand between a key and its value.
pub(crate) fn is_mark(character: char) -> bool {
    character.is_whitespace() || matches!(character, ':' | '=' | '"' | '\'' | '\\')
}

/// What stands behind the marks, tags and anchors that a value may begin with.
pub(crate) fn without_marks(text: &str) -> &str {
    // Nobody writes a longer one, and a text may repeat what looks like the begin of one.
    const LONGEST: usize = 64;
    let text = text.trim_start_matches(is_mark);
    if !text.starts_with(['!', '&']) {
        return text;
    }
    let head = &text[..text.floor_char_boundary(LONGEST)];
    let end = head.find(char::is_whitespace).unwrap_or(0);
    text[end..].trim_start_matches(is_mark)
}
