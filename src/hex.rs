//! Hashes as text.

use sha2::{Digest, Sha256};

/// The first hexadecimal digits of the SHA-256 of a text.
pub(crate) fn sha256(text: &str, digits: usize) -> String {
    let mut hex = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    hex.truncate(digits);
    hex
}
