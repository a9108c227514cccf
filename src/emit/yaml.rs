//! The canonical YAML writer: one text for one value, which every YAML 1.1 and 1.2 reader reads as
//! that value.
//!
//! It is our own because no library's output survives kubectl's reader, and because an update of a
//! library must never change a byte in the repositories that keep rendered objects. A string is
//! written bare or as a literal block only where no reader has ever read something else; long lines
//! are never wrapped, so a changed word changes one line.

use serde_json::Number;

use super::escape;
use crate::base::json::{Json, Map};

/// Strings that some reader takes for a boolean, a null or a float, in lower case. Forms that begin
/// with another character than a letter need no mention: they are never bare.
const RESERVED: [&str; 13] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "infinity",
];

/// The bytes of the longest of them.
const LONGEST_RESERVED: usize = "infinity".len();

/// The bytes of most documents: a string that grows is copied each time.
const USUAL: usize = 2048;

/// The longest key, in bytes, that a reader must recognise by its colon. Longer ones are
/// marked by `?`.
const LONGEST_SIMPLE_KEY: usize = 1024;

/// Writes one document. It ends with a line break and never contains a line that begins with `---`.
#[must_use]
pub fn document(value: &Json) -> String {
    let mut out = String::with_capacity(USUAL);
    match value {
        Json::Map(map) if !map.is_empty() => write_map(&mut out, map, 0),
        Json::List(items) if !items.is_empty() => write_list(&mut out, items, 0),
        _ => write_leaf(&mut out, value, 0),
    }
    out
}

/// Writes entries. The first begins where `out` ends, the others `indent` columns in.
fn write_map(out: &mut String, map: &Map, indent: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        write_key(out, key, indent);
        match value {
            Json::Map(map) if !map.is_empty() => {
                out.push('\n');
                pad(out, indent + 2);
                write_map(out, map, indent + 2);
            }
            Json::List(items) if !items.is_empty() => {
                out.push('\n');
                pad(out, indent);
                write_list(out, items, indent);
            }
            _ => {
                out.push(' ');
                write_leaf(out, value, indent + 2);
            }
        }
    }
}

/// Writes a key and its colon.
fn write_key(out: &mut String, key: &str, indent: usize) {
    let start = out.len();
    if is_plain(key) {
        out.push_str(key);
    } else {
        escape::push_quoted(out, key);
    }
    // The length as it is written, with quotes and escapes, is what readers count.
    if out.len() - start > LONGEST_SIMPLE_KEY {
        out.insert_str(start, "? ");
        out.push('\n');
        pad(out, indent);
    }
    out.push(':');
}

/// Writes items. The first begins where `out` ends, the others `indent` columns in.
fn write_list(out: &mut String, items: &[Json], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Json::Map(map) if !map.is_empty() => write_map(out, map, indent + 2),
            Json::List(items) if !items.is_empty() => write_list(out, items, indent + 2),
            _ => write_leaf(out, item, indent + 2),
        }
    }
}

/// Writes a value without entries or items and ends the line. A literal block stands `indent`
/// columns in.
fn write_leaf(out: &mut String, value: &Json, indent: usize) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => write_number(out, number),
        Json::String(text) if is_plain(text) => out.push_str(text),
        Json::String(text) if is_literal(text) => return write_literal(out, text, indent.max(2)),
        Json::String(text) => escape::push_quoted(out, text),
        Json::List(_) => out.push_str("[]"),
        Json::Map(_) => out.push_str("{}"),
    }
    out.push('\n');
}

/// Writes a number as JSON does, except that an exponent always has a sign and a fraction before
/// it: YAML 1.1 takes `1e300` for a string.
fn write_number(out: &mut String, number: &Number) {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once('e') else {
        out.push_str(&text);
        return;
    };
    out.push_str(mantissa);
    out.push_str(if mantissa.contains('.') { "e" } else { ".0e" });
    out.push_str(if exponent.starts_with(['-', '+']) {
        ""
    } else {
        "+"
    });
    out.push_str(exponent);
}

fn write_literal(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
    for line in text.lines() {
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Whether a string may stand bare.
fn is_plain(text: &str) -> bool {
    match text.as_bytes() {
        [b'0'..=b'9', ..] => is_quantity(text),
        [b'a'..=b'z' | b'A'..=b'Z' | b'/', ..] => is_bare(text) && !is_reserved(text),
        _ => false,
    }
}

fn is_reserved(text: &str) -> bool {
    text.len() <= LONGEST_RESERVED && RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether all characters of a string may stand bare, also beside each other and at the end.
fn is_bare(text: &str) -> bool {
    let mut before = b' ';
    for byte in text.bytes() {
        let is_known = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b' ' | b'_' | b'-' | b'.' | b'/' | b':' | b'@' | b'+' | b'=' | b',' | b'(' | b')'
            );
        if !is_known || (before, byte) == (b':', b' ') {
            return false;
        }
        before = byte;
    }
    !matches!(before, b':' | b' ')
}

/// Whether a string is a Kubernetes quantity such as `500m` or `16Gi`, which no reader takes for a
/// number.
fn is_quantity(text: &str) -> bool {
    let suffix = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    suffix.len() < text.len()
        && matches!(
            suffix,
            "m" | "k" | "M" | "G" | "T" | "P" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi"
        )
}

/// Whether a string may be a literal block: lines of visible characters that begin at the margin,
/// or deeper after the first. Some readers misread a block whose first line is empty or indented,
/// and all of libyaml's kin refuse one that begins with a tab.
fn is_literal(text: &str) -> bool {
    let visible = |line: &str| {
        !line.starts_with('\t') && !line.ends_with([' ', '\t']) && !line.contains(is_hidden)
    };
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.split('\n').all(visible)
}

fn is_hidden(char: char) -> bool {
    char != '\t' && escape::needed(char)
}

fn pad(out: &mut String, indent: usize) {
    const BLANKS: &str = "                                ";
    let mut left = indent;
    while left > 0 {
        let width = left.min(BLANKS.len());
        out.push_str(&BLANKS[..width]);
        left -= width;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::base::json::Json;

    fn document(value: &Value) -> String {
        super::document(&Json::from(value.clone()))
    }

    #[test]
    fn lists_stand_under_their_key_without_indentation() {
        let value =
            json!({"spec": {"args": ["a", ["b", {"c": 1, "d": []}]], "empty": {}}, "last": null});
        let text =
            "spec:\n  args:\n  - a\n  - - b\n    - c: 1\n      d: []\n  empty: {}\nlast: null\n";
        assert_eq!(document(&value), text);
    }

    #[test]
    fn a_single_line_of_text_with_a_break_is_quoted() {
        assert_eq!(document(&json!({"a": "echo hi\n"})), "a: \"echo hi\\n\"\n");
    }

    #[test]
    fn text_of_many_lines_is_a_literal_block() {
        let value =
            json!({"items": [{"script": "#!/bin/sh\n\nif a; then\n  b\tc\nfi\n", "note": "x\ny"}]});
        let text = "items:\n- script: |\n    #!/bin/sh\n\n    if a; then\n      b\tc\n    fi\n  note: |-\n    x\n    y\n";
        assert_eq!(document(&value), text);
        assert_eq!(document(&json!("x\ny\n")), "|\n  x\n  y\n");
    }

    #[test]
    fn text_that_some_reader_misreads_as_a_block_is_quoted() {
        for text in [
            "\nx\ny",
            " x\ny",
            "\tx\ny",
            "x\n\ty",
            "x \ny",
            "x\n \ny",
            "x\ny\n\n",
            "x\r\ny",
            "x\ny\u{85}",
        ] {
            assert!(document(&json!(text)).starts_with('"'), "{text:?}");
        }
    }

    #[test]
    fn strings_are_bare_only_where_no_reader_sees_anything_else() {
        let bare = [
            "nvidia.com/gpu",
            "/bin/sh",
            "500m",
            "16Gi",
            "a b",
            "repo/x:1.2@sha256:ab",
            "ReadWriteOnce",
        ];
        for text in bare {
            assert_eq!(document(&json!(text)), format!("{text}\n"));
        }
        for text in [
            "", "On", "NULL", "a: b", "a:", "a #b", "a ", "1", "1e3", "0x1", "12:30", "-a", "é",
            "1E", "1_0m",
        ] {
            assert_eq!(document(&json!(text)), format!("\"{text}\"\n"));
        }
    }

    #[test]
    fn keys_follow_the_rules_of_strings() {
        let value = json!({"on": 1, "<<": 2, "a\nb": 3, "k8s.io/name": 4});
        assert_eq!(
            document(&value),
            "\"on\": 1\n\"<<\": 2\n\"a\\nb\": 3\nk8s.io/name: 4\n"
        );
    }

    #[test]
    fn a_key_beyond_the_limit_of_readers_is_marked() {
        let (short, long) = ("k".repeat(1024), "k".repeat(1025));
        let value = json!({"a": {short.as_str(): 1, long.as_str(): {"b": [1]}, "c": 2}});
        let text = format!("a:\n  {short}: 1\n  ? {long}\n  :\n    b:\n    - 1\n  c: 2\n");
        assert_eq!(document(&value), text);
    }

    #[test]
    fn floats_are_floats_in_yaml_1_1_too() {
        let value = json!([1e300, -1.5e-9, 1.0, 0.1, -7, u64::MAX]);
        assert_eq!(
            document(&value),
            "- 1.0e+300\n- -1.5e-9\n- 1.0\n- 0.1\n- -7\n- 18446744073709551615\n"
        );
    }
}
