//! Compares a file with a text, without holding either as a whole.
#![expect(
    clippy::disallowed_methods,
    reason = "all looking at output is done here, in `comparison` and in `present`"
)]

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::Content;
use super::write_error::{WriteError, cant};

/// The bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// Whether a file has a text. It is compared piece by piece, because either may be large.
pub(super) fn has_text(path: &Path, text: &(impl Content + ?Sized)) -> Result<bool, WriteError> {
    let file = File::open(path).map_err(cant("read", path))?;
    let file = ToEnd {
        file,
        is_over: false,
    };
    let mut file = BufReader::with_capacity(BUFFER, file);
    let mut found = Vec::new();
    let compared = text.pieces(&mut |piece| {
        found.resize(piece.len(), 0);
        file.read_exact(&mut found)?;
        if found == piece.as_bytes() {
            Ok(())
        } else {
            Err(ErrorKind::UnexpectedEof.into())
        }
    });
    match compared {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(cant("read", path)(error)),
    }
    let rest = file.fill_buf().map_err(cant("read", path))?;
    Ok(rest.is_empty())
}

/// A regular file, which is over when it gives less than was asked for: it need not be asked again.
struct ToEnd {
    file: File,
    is_over: bool,
}

impl Read for ToEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_over {
            return Ok(0);
        }
        let count = self.file.read(buffer)?;
        self.is_over = count < buffer.len();
        Ok(count)
    }
}
