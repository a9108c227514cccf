//! The commands, as their users see them: arguments, files, output, exit codes.

mod additions;
mod against;
mod argocd;
mod command_line;
mod delivery;
mod diff;
mod diff_changed;
#[cfg(feature = "e2e")]
mod editors;
mod explain;
mod fix;
mod flux;
mod formats;
#[cfg(feature = "e2e")]
mod formats_as_read;
mod hostile_git;
mod hostile_text;
mod images;
#[cfg(unix)]
mod interrupted;
mod jobs;
mod limits;
#[cfg(unix)]
mod links;
mod nothing_vanishes;
pub(crate) mod output;
#[cfg(unix)]
mod output_check;
mod overlay_fixes;
mod overlay_kustomizations;
mod overlay_sources;
mod overlays;
#[cfg(unix)]
mod plugins;
#[cfg(target_os = "linux")]
mod progress;
mod secrets;
mod spool;
mod third_release;
