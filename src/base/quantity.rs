//! Kubernetes' quantities: numbers with a unit, such as `500m` and `1536Mi`.

/// The bytes of a GiB. A `u32` converts into every other type of number without loss.
pub const GIB: u32 = 1 << 30;

/// Ten to the power of this is the smallest step of a quantity: a billionth.
const SMALLEST: i32 = -9;

/// The largest exponent that is understood, well beyond what any cluster has.
const LARGEST: i32 = 99;

/// The decimal units, by the power of ten they stand for.
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// The binary units, by the power of 1024 they stand for.
const BINARY: [(&str, u32); 6] = [
    ("Ki", 1),
    ("Mi", 2),
    ("Gi", 3),
    ("Ti", 4),
    ("Pi", 5),
    ("Ei", 6),
];

/// The form in which Kubernetes writes a quantity: no fraction, and the largest unit that allows
/// for that (`k8s.io/apimachinery`, `resource.Quantity`). None if the text is no quantity.
///
/// Whether the unit is a decimal one, a binary one or an exponent stays as it was written, unless a
/// binary one would lose something.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let (number, unit) = split(text)?;
    let (digits, decimals) = mantissa(number)?;
    if let Some((_, power)) = BINARY.iter().find(|(name, _)| *name == unit) {
        let scaled = digits.checked_mul(1024_i128.checked_pow(*power)?)?;
        let whole = 10_i128.checked_pow(decimals.unsigned_abs())?;
        return match scaled % whole {
            0 if (scaled / whole).abs() >= 1024 => Some(binary(scaled / whole)),
            _ => decimal(scaled, decimals, unit_name),
        };
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == unit) {
        return decimal(digits, decimals + power, unit_name);
    }
    let power: i32 = unit
        .strip_prefix(['e', 'E'])?
        .parse()
        .ok()
        .filter(|power: &i32| power.abs() <= LARGEST)?;
    decimal(digits, decimals + power, exponent_name)
}

/// Whether two texts are quantities of the same amount, whatever their units.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let amounts = exact(one).zip(exact(other));
    amounts.is_some_and(|(one, other)| one == other)
}

/// A quantity as a number of its plain unit, as near as a float comes. None if the text is no
/// quantity.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "an amount is shown, not added up to the last byte"
)]
pub fn amount(text: &str) -> Option<f64> {
    exact(text).map(|(digits, power)| digits as f64 * 10_f64.powi(power))
}

/// A number of bytes as a float, to show it or to estimate with it.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "bytes of memory are known to 53 bits at most"
)]
pub fn float(bytes: u64) -> f64 {
    bytes as f64
}

/// Digits without zeros at the end, and the power of ten they are multiplied by.
fn exact(text: &str) -> Option<(i128, i32)> {
    let (number, unit) = split(text)?;
    let (mut digits, mut power) = mantissa(number)?;
    if let Some((_, steps)) = BINARY.iter().find(|(name, _)| *name == unit) {
        digits = digits.checked_mul(1024_i128.checked_pow(*steps)?)?;
    } else if let Some((_, step)) = DECIMAL.iter().find(|(name, _)| *name == unit) {
        power += step;
    } else {
        power += unit
            .strip_prefix(['e', 'E'])?
            .parse::<i32>()
            .ok()
            .filter(|power| power.abs() <= LARGEST)?;
    }
    if digits == 0 {
        return Some((0, 0));
    }
    while digits % 10 == 0 {
        digits /= 10;
        power += 1;
    }
    Some((digits, power))
}

/// The number and the unit behind it.
fn split(text: &str) -> Option<(&str, &str)> {
    let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-');
    let end = text
        .bytes()
        .position(|byte| !is_number(byte))
        .unwrap_or(text.len());
    text.split_at_checked(end)
}

/// The digits of a number without its point, and the power of ten that this is short of.
fn mantissa(number: &str) -> Option<(i128, i32)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let unsigned = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(unsigned) || !is_digits(fraction) || unsigned.is_empty() && fraction.is_empty() {
        return None;
    }
    let magnitude: i128 = format!("{unsigned}{fraction}").parse().ok()?;
    let decimals = i32::try_from(fraction.len()).ok()?;
    Some((
        if whole.starts_with('-') {
            -magnitude
        } else {
            magnitude
        },
        -decimals,
    ))
}

fn binary(mut value: i128) -> String {
    let mut power = 0;
    while value % 1024 == 0 && power < BINARY.len() {
        value /= 1024;
        power += 1;
    }
    let unit = power
        .checked_sub(1)
        .and_then(|index| BINARY.get(index))
        .map_or("", |(name, _)| name);
    format!("{value}{unit}")
}

/// `digits` times ten to the power of `power`, with the power in steps of three as a unit.
fn decimal(mut digits: i128, mut power: i32, unit: fn(i32) -> Option<String>) -> Option<String> {
    if digits == 0 {
        return Some("0".to_owned());
    }
    while power < SMALLEST {
        // Who asks for something gets something: what is lost is rounded away from zero.
        digits = digits / 10 + if digits % 10 == 0 { 0 } else { digits.signum() };
        power += 1;
    }
    while digits % 10 == 0 {
        digits /= 10;
        power += 1;
    }
    while power.rem_euclid(3) != 0 || unit(power).is_none() && power > 0 {
        digits = digits.checked_mul(10)?;
        power -= 1;
    }
    Some(format!("{digits}{}", unit(power)?))
}

fn unit_name(power: i32) -> Option<String> {
    DECIMAL
        .iter()
        .find(|(_, known)| *known == power)
        .map(|(name, _)| (*name).to_owned())
}

fn exponent_name(power: i32) -> Option<String> {
    let name = || {
        if power == 0 {
            String::new()
        } else {
            format!("e{power}")
        }
    };
    (power <= LARGEST).then(name)
}

#[cfg(test)]
mod tests {
    use super::{canonical, same};

    #[test]
    fn quantities_are_written_as_kubernetes_writes_them() {
        for (written, expected) in [
            ("1", "1"),
            ("0", "0"),
            ("0Gi", "0"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.", "1"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("1000Mi", "1000Mi"),
            ("0.5Ki", "512"),
            ("0.1Gi", "107374182400m"),
            ("1000", "1k"),
            ("1073741824", "1073741824"),
            ("1000m", "1"),
            ("100E", "100E"),
            ("2000E", "2000E"),
            ("1e3", "1e3"),
            ("1.5E6", "1500e3"),
            ("+5", "5"),
            ("-1500m", "-1500m"),
            ("0.0000000001", "1n"),
            ("-1.0000000001", "-1000000001n"),
        ] {
            assert_eq!(canonical(written).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn amounts_are_the_same_in_any_unit() {
        for (one, other) in [
            ("1Ti", "1024Gi"),
            ("1k", "1e3"),
            ("0.5", "500m"),
            ("0", "0Gi"),
            ("1.5Ki", "1536"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("1Gi", "1G"), ("1", "2"), ("x", "x"), ("1", "1 ")] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        for text in [
            "", "lots", "1 Gi", "1gi", "1KiB", "--1", "1.2.3", ".", "-", "1e", "1ee3", "e3",
            "1e1000", "½",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn the_canonical_form_is_its_own(text in "[-+]?[0-9]{0,40}[.]?[0-9]{0,12}(Ki|Mi|Ei|n|m|k|E|e[0-9]{1,2})?") {
            if let Some(once) = canonical(&text) {
                proptest::prop_assert_eq!(canonical(&once), Some(once));
            }
        }
    }
}
