//! The commands, as their users see them: arguments, files, output, exit codes.

mod against;
mod command_line;
mod diff;
mod editors;
mod explain;
mod fix;
mod formats;
mod hostile_git;
mod output;
