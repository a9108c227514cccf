//! What a plain scalar means: as kubectl reads it, which is YAML 1.1 as go-yaml v2 understands it.

use serde_json::{Number, Value};

use crate::base::node::Data;

/// Why a plain scalar has no meaning in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

/// Types a plain scalar (go-yaml v2, `resolve.go`).
pub(super) fn resolve(text: &str) -> Result<Data, NotANumber> {
    let data = match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Data::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Data::Bool(false)
        }
        _ if is_infinite_or_nan(text) => return Err(NotANumber),
        _ => number(text).map_or_else(|| Data::String(text.to_owned()), Data::Number),
    };
    Ok(data)
}

/// A key as kubectl writes it into JSON; none if it is a list or mapping.
pub(super) fn key(data: Data) -> Option<String> {
    match data {
        Data::String(text) => Some(text),
        Data::Bool(value) => Some(value.to_string()),
        Data::Number(value) => Some(value.to_string()),
        Data::Null => Some("null".to_owned()),
        Data::List(_) | Data::Map(_) => None,
    }
}

fn is_infinite_or_nan(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    // Before a point go-yaml looks for floats only, in which an underscore stands for nothing.
    let bare = if text.starts_with('.') {
        text.to_owned()
    } else {
        text.replace('_', "")
    };
    integer(&bare)
        .filter(|_| !text.starts_with('.'))
        .or_else(|| float(&bare))
}

/// An integer as Go's `strconv.ParseInt` reads it with base 0.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // Rust would take another `+` here, and Go's `ParseInt` does not.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        0_i64.checked_sub_unsigned(magnitude).map(Number::from)
    } else {
        Some(Number::from(magnitude))
    }
}

/// A float of the form that go-yaml accepts. One without a fraction is an integer to JSON.
fn float(text: &str) -> Option<Number> {
    let mantissa = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_float = mantissa.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && mantissa.bytes().any(|byte| byte.is_ascii_digit())
        && mantissa
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value = text
        .parse::<f64>()
        .ok()
        .filter(|value| is_float && value.is_finite())?;
    whole(value).or_else(|| Number::from_f64(value))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the bounds are those of integers that a float holds exactly"
)]
fn whole(value: f64) -> Option<Number> {
    // 2^53: beyond it, neighbouring integers are the same float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then(|| Number::from(value as i64))
}

/// Whether others read a plain scalar differently: readers of YAML 1.2, and those of YAML 1.1 that
/// know its dates and its numbers with colons, which go-yaml does not.
pub(super) fn is_ambiguous(text: &str, data: &Data) -> bool {
    let is_text = matches!(data, Data::String(_));
    if is_text && !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return false;
    }
    if is_text && (is_sexagesimal(text) || is_date(text))
        || matches!(data, Data::Number(_)) && is_number_of_one_version(text)
    {
        return true;
    }
    // serde_yaml types scalars by YAML 1.2.
    match serde_yaml::from_str::<Value>(text) {
        Ok(other) => !is_same(data, &other),
        Err(_) => !is_text,
    }
}

fn is_same(data: &Data, other: &Value) -> bool {
    match (data, other) {
        (Data::Bool(left), Value::Bool(right)) => left == right,
        (Data::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Data::String(left), Value::String(right)) => left == right,
        // Alone in a text, a bare `-` is a list.
        (Data::Null, Value::Null) | (Data::String(_), Value::Array(_)) => true,
        _ => false,
    }
}

/// Numbers that are texts to one of the versions: `0b11` to 1.2; `0o10`, and exponents without a
/// sign or a fraction before them, to 1.1.
fn is_number_of_one_version(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    if unsigned.starts_with("0b") || unsigned.starts_with("0o") {
        return true;
    }
    let is_decimal = !unsigned.starts_with("0x");
    let exponent = unsigned.split_once(['e', 'E']).filter(|_| is_decimal);
    exponent.is_some_and(|(mantissa, exponent)| {
        !mantissa.contains('.') || !exponent.starts_with(['+', '-'])
    })
}

/// `12:30:45` is a number of base 60 to YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.trim_start_matches(['+', '-']).split(':');
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().is_some_and(is_digits);
    let mut count = 0;
    let rest = parts.all(|part| {
        count += 1;
        let whole = part.split('.').next().unwrap_or_default();
        is_digits(whole) && whole.len() <= 2 && whole.parse::<u8>().is_ok_and(|number| number < 60)
    });
    first && rest && count > 0
}

/// `2026-11-24` is a date to YAML 1.1.
fn is_date(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<_> = date.split('-').collect();
    let is_digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day] if year.len() == 4
        && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len()) && parts.iter().all(is_digits))
}

#[cfg(test)]
mod tests {
    use serde_json::{Number, json};

    use super::{NotANumber, is_ambiguous, resolve};
    use crate::base::node::Data;

    /// The table of what `sigs.k8s.io/yaml` makes of plain scalars.
    #[test]
    fn plain_scalars_are_typed_as_kubectl_types_them() {
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!(true)),
            ("yEs", json!("yEs")),
            ("TRUE", json!(true)),
            ("010", json!(8)),
            ("0777", json!(511)),
            ("08", json!(8)),
            ("0o10", json!(8)),
            ("0x10", json!(16)),
            ("0b11", json!(3)),
            ("0X1F", json!(31)),
            ("-0x10", json!(-16)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("+1", json!(1)),
            ("12:30", json!("12:30")),
            ("2024-01-01", json!("2024-01-01")),
            ("~", json!(null)),
            ("NULL", json!(null)),
            ("None", json!("None")),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1Gi", json!("1Gi")),
            ("-", json!("-")),
            (".", json!(".")),
            ("1.2.3", json!("1.2.3")),
            ("1e", json!("1e")),
            ("0x", json!("0x")),
            ("--1", json!("--1")),
            ("0+1", json!("0+1")),
        ] {
            let data = resolve(text).unwrap();
            let expected = match value {
                serde_json::Value::Null => Data::Null,
                serde_json::Value::Bool(value) => Data::Bool(value),
                serde_json::Value::Number(value) => Data::Number(value),
                value => Data::String(value.as_str().unwrap().to_owned()),
            };
            assert_eq!(data, expected, "{text}");
        }
        let huge = Data::Number(Number::from_f64(18_446_744_073_709_551_616.0).unwrap());
        assert_eq!(resolve("18446744073709551616"), Ok(huge));
        for text in [".inf", "-.INF", "+.Inf", ".nan", ".NaN"] {
            assert_eq!(resolve(text), Err(NotANumber), "{text}");
        }
    }

    #[test]
    fn scalars_that_readers_disagree_about_are_ambiguous() {
        let ambiguous = |text: &str| is_ambiguous(text, &resolve(text).unwrap());
        for text in [
            "yes",
            "off",
            "n",
            "010",
            "0777",
            "08",
            "0X1F",
            "1_000",
            "12:30",
            "2024-01-01",
            "2024-1-1T00:00:00Z",
            "1e3",
            "1.0e3",
            "0o10",
            "0b11",
        ] {
            assert!(ambiguous(text), "{text}");
        }
        for text in [
            "true", "1", "1.5e+3", "1.0", "0xe", "0.0.2", "1Gi", "10m", "~", "null", "0x10", "-5",
            "a", "2024-01", "1:75", "-",
        ] {
            assert!(!ambiguous(text), "{text}");
        }
    }
}
