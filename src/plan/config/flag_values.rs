//! The values of settings for a server held against what its flags take.
//!
//! KAITO's wrapper of vLLM writes every setting as `--key value`, with the value as Python writes
//! it: `True`, `None`. It can't write a flag that has no value.

use serde_json::Value;

use super::flag_names::found;
use super::server_config::Setting;
use crate::base::{similar, wording};
use crate::catalogue::preset::{FlagKind, ServerFlag, ServerFlags};
use crate::diagnostic::{Diagnostics, rule};

/// Warns of values that the flags do not take.
pub(super) fn check(settings: &[Setting], server: &ServerFlags, diagnostics: &mut Diagnostics) {
    let flags = settings.iter().filter_map(|setting| {
        let (name, flag, is_off) = found(&setting.name, server)?;
        (!setting.name.contains('.')).then_some((setting, name, flag, is_off))
    });
    let (bare, others): (Vec<_>, Vec<_>) = flags
        .partition(|(_, _, flag, _)| matches!(flag.kind, FlagKind::Boolean | FlagKind::Switch));
    for (setting, name, flag, is_off) in &bare {
        let bare = Bare {
            setting,
            name,
            flag,
            is_off: *is_off,
            others: bare.len() - 1,
        };
        bare.check(server, diagnostics);
    }
    for (setting, name, flag, _) in others {
        if let Some((message, hint)) = unfit(setting, name, flag) {
            diagnostics
                .add(&rule::FLAG_VALUE, setting.place, message)
                .hint(hint);
        }
    }
}

/// A setting for a flag that takes no value.
struct Bare<'a> {
    setting: &'a Setting,
    name: &'a str,
    flag: &'a ServerFlag,
    /// Whether the setting begins with `no-`.
    is_off: bool,
    /// How many others there are.
    others: usize,
}

impl Bare<'_> {
    /// The parser takes one value that belongs to no flag, and ends at a second one.
    fn check(&self, server: &ServerFlags, diagnostics: &mut Diagnostics) {
        let Self { name, setting, .. } = self;
        let version = &server.version;
        let is_true = setting.value == Value::Bool(true);
        let off = if self.is_off { "off" } else { "on" };
        let written = match &setting.value {
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Null => "None".to_owned(),
            other => wording::plain(other),
        };
        let passed = format!("KAITO passes `--{} {written}`", setting.name);
        let message = match (is_true, self.others) {
            (true, 0) => return,
            (true, _) => format!(
                "{passed}, and `{name}` of vLLM {version} takes no value: the server ends at the second such value"
            ),
            (false, 0) => format!("{passed}, and `{name}` takes no value: this switches it {off}"),
            (false, _) => format!(
                "{passed}, and `{name}` takes no value: this switches it {off}, and the server ends at the second such value"
            ),
        };
        let right = match (self.is_off, self.flag.kind) {
            _ if is_true => None,
            (false, FlagKind::Boolean) => Some(format!("write `no-{name}: true`")),
            (true, _) => Some(format!("write `{name}: true`")),
            (false, _) => Some("remove it".to_owned()),
        };
        let only = (self.others > 0).then(|| "leave one setting that takes no value".to_owned());
        let hint = right.into_iter().chain(only).collect::<Vec<_>>();
        diagnostics
            .add(&rule::FLAG_VALUE, setting.place, message)
            .hint(wording::and(&hint));
    }
}

/// What is wrong with the value of a flag that takes one, and what to do.
fn unfit(setting: &Setting, name: &str, flag: &ServerFlag) -> Option<(String, String)> {
    if setting.value.is_null() {
        return None; // `None`, which most flags take
    }
    let text = setting.text();
    let takes = |what: &str, hint: String| {
        let message = format!("`{name}` takes {what}, not `{text}`");
        Some((message, hint))
    };
    if !flag.choices.is_empty() {
        let choices: Vec<_> = flag.choices.iter().map(wording::plain).collect();
        if choices.contains(&text) {
            return None;
        }
        let quoted: Vec<_> = choices.iter().map(|it| format!("`{it}`")).collect();
        let near = similar::nearest(&text, choices.iter().map(String::as_str));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use {}", wording::or(&quoted)),
        };
        return takes("one of its choices", hint);
    }
    match flag.kind {
        FlagKind::Integer if text.trim().parse::<i64>().is_err() => {
            takes("a whole number", "write a whole number".to_owned())
        }
        FlagKind::Number if text.trim().parse::<f64>().is_err() => {
            takes("a number", "write a number".to_owned())
        }
        FlagKind::Size if !is_size(text.trim(), name) => takes(
            "a whole number",
            "write a whole number, such as `4096` or `4k`".to_owned(),
        ),
        FlagKind::Json if serde_json::from_str::<Value>(&text).is_err() => takes(
            "JSON",
            format!("write JSON in quotes, or one field as `{name}.FIELD: value`"),
        ),
        _ => None,
    }
}

/// Whether a text is a number as vLLM writes large ones: `8192`, `8k`, `1.5K`; or `auto` for the
/// length of the context.
fn is_size(text: &str, name: &str) -> bool {
    if name == "max-model-len" && ["auto", "-1"].contains(&text) {
        return true;
    }
    let number = text.strip_suffix(['k', 'm', 'g', 't', 'K', 'M', 'G', 'T']);
    number.map_or_else(
        || text.parse::<u64>().is_ok(),
        |number| number.parse::<f64>().is_ok_and(|it| it >= 0.0),
    )
}
