//! Hashes as text.

use sha2::{Digest, Sha256};

/// The first hexadecimal digits of the SHA-256 of a text.
pub(crate) fn sha256(text: &str, digits: usize) -> String {
    let bytes = Sha256::digest(text);
    let mut hex = of(&bytes[..digits.div_ceil(2).min(bytes.len())]);
    hex.truncate(digits);
    hex
}

/// Bytes as hexadecimal digits.
pub(crate) fn of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
