//! Text from input as people see it: in a terminal, in Markdown, in the log of GitHub Actions.
//!
//! [`Terminal`], [`Markdown`] and [`Workflow`] can be filled only through functions that escape, and
//! the command line prints nothing else for people. What is escaped is what a reader would not see
//! as it is, or what a program between the output and the reader obeys: control characters, changes
//! of direction, characters without width, and the commands that services for continuous
//! integration read from a log. Escaping what is escaped already changes nothing.

mod markdown;
mod terminal;
mod text;
mod workflow;

pub use markdown::Markdown;
pub use terminal::Terminal;
pub use text::{lines, one_line, same_length};
pub use workflow::Workflow;

/// Text that is safe for its medium.
pub trait ForPeople {
    /// The text as it is written out.
    fn as_str(&self) -> &str;
}
