//! Double-quoted strings that JSON, YAML 1.1 and YAML 1.2 read alike.

/// Whether a character must be written as an escape: it is a control character, breaks lines in
/// YAML 1.1, is refused by a reader, or can't be seen in a review (blanks without width, changes of
/// direction).
pub(super) fn needed(char: char) -> bool {
    // Nearly all are of these: asking here first makes the rest cost nothing.
    if matches!(char, ' '..='~') {
        return false;
    }
    char.is_control()
        || matches!(char,
            '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}'
            | '\u{ffff}')
}

/// Writes a string in double quotes, on one line.
pub(super) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ => push(out, char),
        }
    }
    out.push('"');
}

/// Writes a character, escaped if it must be. All that must be are in the basic plane: four digits
/// do.
pub(super) fn push(out: &mut String, char: char) {
    if needed(char) {
        out.push_str(&format!("\\u{:04x}", u32::from(char)));
    } else {
        out.push(char);
    }
}
