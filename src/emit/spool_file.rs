//! A spool in a temporary file, which has no name and goes with the process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Spool;

/// Texts in a temporary file, which is made when the first one comes. Where there is none to be had,
/// or it is full, there is no room.
#[derive(Debug)]
pub struct SpoolFile {
    directory: PathBuf,
    texts: Mutex<Texts>,
}

#[derive(Debug, Default)]
struct Texts {
    file: Option<File>,
    /// The bytes of all texts in it.
    length: u64,
    is_full: bool,
}

impl SpoolFile {
    /// A spool in a directory for temporary files.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            texts: Mutex::default(),
        }
    }

    fn texts(&self) -> MutexGuard<'_, Texts> {
        // A text counts only once it is written, so a panic of another thread left nothing half
        // done here.
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, texts: &mut Texts, text: &str) -> io::Result<u64> {
        let file = match &mut texts.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.directory)?),
        };
        let place = texts.length;
        file.seek(SeekFrom::Start(place))?;
        file.write_all(text.as_bytes())?;
        texts.length += text.len() as u64;
        Ok(place)
    }
}

impl Spool for SpoolFile {
    fn put(&self, text: &str) -> Option<u64> {
        let mut texts = self.texts();
        if texts.is_full {
            return None;
        }
        let place = self.append(&mut texts, text).ok();
        texts.is_full = place.is_none();
        place
    }

    fn get(&self, place: u64, length: u32) -> io::Result<String> {
        let mut texts = self.texts();
        let file = texts.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(place))?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::{Spool, SpoolFile};

    #[test]
    fn texts_come_back_from_where_they_were_put() {
        let directory = tempfile::tempdir().unwrap();
        let spool = SpoolFile::new(directory.path().to_owned());
        let texts = ["a: 1\n", "", "b: é\n"];
        let places = texts.map(|text| spool.put(text).unwrap());
        assert_eq!(places, [0, 5, 5]);
        for (text, place) in texts.into_iter().zip(places) {
            let length = u32::try_from(text.len()).unwrap();
            assert_eq!(spool.get(place, length).unwrap(), text);
        }
        assert_eq!(spool.put("c"), Some(11));
    }

    #[test]
    fn there_is_no_room_without_a_directory() {
        let spool = SpoolFile::new("/nowhere".into());
        assert_eq!(spool.put("a"), None);
        assert!(spool.get(0, 1).is_err());
    }
}
