//! The strength of an adapter: a number that is written as a string.

/// Whether KAITO takes a strength: a number from 0 to 1 as Go reads one, which includes hexadecimal
/// ones and, because it is neither less than 0 nor more than 1, `NaN`.
pub(in crate::workspace) fn is_allowed(text: &str) -> bool {
    let number = text.parse::<f64>().ok().or_else(|| hexadecimal(text));
    number.is_some_and(|number| (0.0..=1.0).contains(&number) || number.is_nan())
}

/// Whether the server can read a strength that KAITO allows: it knows only decimal numbers.
pub(super) fn is_decimal(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A hexadecimal number of Go, such as `0x1p-2` or `0x_8.8p-4`.
fn hexadecimal(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.to_ascii_lowercase().replace('_', "");
    let (mantissa, exponent) = digits.strip_prefix("0x")?.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        number = number * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(fraction.len()).ok()?;
    Some(
        sign * number
            * 2f64.powi(
                exponent
                    .parse::<i32>()
                    .ok()?
                    .saturating_sub(places.saturating_mul(4)),
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::{is_allowed, is_decimal};

    #[test]
    fn strengths_are_read_as_go_reads_floats() {
        for good in [
            "0",
            "1",
            ".5",
            "+1.",
            "5e-1",
            "00.5",
            "-0",
            "0x1p-2",
            "0X_8.8P-4",
            "0x.8p0",
            "nan",
            "NaN",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "", " 0.5", "x", "1.1", "-0.1", "1e999", "inf", "0x1", "0xp1", "0x1p1", "-0x1p-2",
            "0xgp0", "1_0",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
        assert!(is_decimal("5e-1") && !is_decimal("0x1p-2") && !is_decimal("NaN"));
    }
}
