//! The contents of a repository's objects, by name.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result};
use kaito_render::input::MAX_FILE;

use super::{CANNOT_RUN, Repository};

/// A running `git cat-file`, which is asked for one content after the other, so that neither side
/// waits for the other with a full pipe.
pub(super) struct Contents {
    git: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Contents {
    pub(super) fn of(repository: &Repository) -> Result<Self> {
        let mut command = repository.git(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut git = command.spawn().context(CANNOT_RUN)?;
        let pipes = git.stdin.take().zip(git.stdout.take());
        let (questions, answers) = pipes.context("`git cat-file` has no pipes")?;
        Ok(Self {
            git,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// The content of a name, but no more than one byte above [`MAX_FILE`].
    pub(super) fn read(&mut self, object: &str) -> io::Result<Vec<u8>> {
        writeln!(self.questions, "{object}")?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let header = header.trim_end();
        let size = header.strip_prefix(&format!("{object} blob "));
        let size = size.and_then(|size| size.parse().ok());
        let size: u64 = size.ok_or_else(|| io::Error::other(unreadable(header)))?;
        let wanted = size.min(MAX_FILE + 1);
        let mut bytes = Vec::new();
        let mut answer = (&mut self.answers).take(size);
        (&mut answer).take(wanted).read_to_end(&mut bytes)?;
        io::copy(&mut answer, &mut io::sink())?;
        if bytes.len() as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.answers.read_exact(&mut [0])?; // the line break behind a content
        Ok(bytes)
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        // It waits for the next question, and there is none.
        let _ = self.git.kill();
        let _ = self.git.wait();
    }
}

/// Why Git did not give a content.
fn unreadable(answer: &str) -> String {
    if answer.ends_with(" missing") {
        return format!(
            "the Git repository lacks {answer}, and nothing is fetched here; in a partial clone, \
             `git fetch --refetch --no-filter` brings all objects"
        );
    }
    format!("Git can't read an object: {answer}")
}
