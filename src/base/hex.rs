//! Hashes as text.

use sha2::{Digest, Sha256};

/// The first hexadecimal digits of the SHA-256 of a text.
pub(crate) fn sha256(text: &str, digits: usize) -> String {
    let bytes = Sha256::digest(text).into_iter().take(digits.div_ceil(2));
    let mut hex = bytes.map(|byte| format!("{byte:02x}")).collect::<String>();
    hex.truncate(digits);
    hex
}
