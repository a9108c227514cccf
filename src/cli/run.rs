//! What a command gathers, and how it ends in a report.

use std::path::PathBuf;
use std::sync::Arc;

use kaito_render::base::progress::Progress;
use kaito_render::delivery::argocd::Parameters;
use kaito_render::report::policy::Policy;
use kaito_render::report::reading::Reading;
use kaito_render::report::{Report, Strictness};
use kaito_render::session::Session;

use super::progress::ProgressLine;

/// What a command gathers until it reports.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) session: Session,
    pub(super) policy: Policy,
    /// What was read of the input, once it is.
    pub(super) reading: Option<Reading>,
    /// The directory from which a host's first line names files, if the run is for a host.
    pub(super) root: Option<PathBuf>,
    /// What an Application of Argo CD sets instead of the profile.
    pub(super) parameters: Parameters,
    /// How far it has come.
    pub(super) progress: Arc<Progress>,
    /// Shows that, if somebody watches, until the run is finished or fails.
    line: Option<ProgressLine>,
}

impl Run {
    /// A run that may take long.
    pub(super) fn watched() -> Self {
        let mut run = Self::default();
        run.line = Some(ProgressLine::show(&run.progress));
        run
    }

    /// The finished report: nothing can be shown before, and nothing found after.
    pub(super) fn finish(self, strictness: Strictness) -> Report {
        Report::finish(self.session, &self.policy, strictness).with_reading(self.reading)
    }
}
