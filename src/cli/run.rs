//! What a command gathers, and how it ends in a report.

use kaito_render::report::policy::Policy;
use kaito_render::report::reading::Reading;
use kaito_render::report::{Report, Strictness};
use kaito_render::session::Session;

/// What a command gathers until it reports.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) session: Session,
    pub(super) policy: Policy,
    /// What was read of the input, once it is.
    pub(super) reading: Option<Reading>,
}

impl Run {
    /// The finished report: nothing can be shown before, and nothing found after.
    pub(super) fn finish(self, strictness: Strictness) -> Report {
        Report::finish(self.session, &self.policy, strictness).with_reading(self.reading)
    }
}
