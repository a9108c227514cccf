//! The filter `command`, the only place that writes shell commands.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::plain::plain;

/// Joins words and flags into a command line for a POSIX shell.
///
/// A list gives its items one after the other, however nested. A mapping gives flags in its order:
/// `--name=value`, or `--name` where the value is none. None gives nothing. What a shell could take
/// for more than a word is quoted.
pub(super) fn command(value: &Value) -> Result<String, Error> {
    let mut words = Vec::new();
    collect(value, &mut words)?;
    Ok(words.join(" "))
}

fn collect(value: &Value, words: &mut Vec<String>) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => {}
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter()? {
                collect(&item, words)?;
            }
        }
        ValueKind::Map => {
            for name in value.try_iter()? {
                let setting = value.get_item(&name)?;
                let name = word(&name)?;
                words.push(if setting.is_none() {
                    format!("--{name}")
                } else {
                    format!("--{name}={}", word(&setting)?)
                });
            }
        }
        _ => words.push(word(value)?),
    }
    Ok(())
}

/// One word, quoted where a shell needs it (POSIX, Shell Command Language, 2.2).
fn word(value: &Value) -> Result<String, Error> {
    let Some(text) = plain(value) else {
        let message = format!("{} can't be a word of a command", value.kind());
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    };
    if text.contains('\0') {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "a word of a command can't hold a NUL",
        ));
    }
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "_@%+=:,./-".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text.into_owned());
    }
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}
