//! The filter `command`, the only place that writes shell commands.

use std::borrow::Cow;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::plain::plain;
use crate::base::json::Json;
use crate::base::shell::quoted;

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

/// As [`command`], of a value that is no value of the engine; none if it can't be a command, about
/// which the engine has more to say.
pub(super) fn of_json(value: &Json) -> Option<String> {
    let mut words = Vec::new();
    collect_json(value, &mut words)?;
    Some(words.join(" "))
}

fn collect_json(value: &Json, words: &mut Vec<String>) -> Option<()> {
    match value {
        Json::Null => {}
        Json::List(items) => {
            for item in items.iter() {
                collect_json(item, words)?;
            }
        }
        Json::Map(map) => {
            for (name, setting) in map {
                let name = quoted(name)?;
                words.push(if *setting == Json::Null {
                    format!("--{name}")
                } else {
                    format!("--{name}={}", quoted(&plain(setting)?)?)
                });
            }
        }
        _ => words.push(quoted(&plain(value)?)?.into_owned()),
    }
    Some(())
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

/// One word of a value of the engine.
fn word(value: &Value) -> Result<String, Error> {
    let invalid = |message| Error::new(ErrorKind::InvalidOperation, message);
    let text = match value.kind() {
        ValueKind::String => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number => value.to_string(),
        kind => return Err(invalid(format!("{kind} can't be a word of a command"))),
    };
    let word = quoted(&text).map(Cow::into_owned);
    word.ok_or_else(|| invalid("a word of a command can't hold a NUL".to_owned()))
}
