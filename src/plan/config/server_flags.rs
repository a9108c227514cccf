//! The settings for a server held against the flags that its version has, and against what the plan
//! sets.

use super::flag_names::{flag, found};
use super::flag_values::check as check_values;
use super::server_config::ServerConfig;
use crate::base::similar;
use crate::base::sources::Span;
use crate::catalogue::preset::{Flags, ServerFlags};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::{self, Rule};
use crate::plan::Planner;

/// The key of the settings that are flags.
const VLLM: &str = "vllm";

impl Planner<'_> {
    /// Warns of settings that the server does not know, and of those by which it becomes another
    /// one than was planned for: what a ConfigMap says stands behind the plan's flags, and the
    /// last one counts. Without a plan only the former.
    pub(in crate::plan) fn check_server_flags(
        &mut self,
        config: Option<&ServerConfig>,
        runtime: &str,
        planned: Option<&Flags>,
    ) {
        let Some(config) = config else { return };
        let Some(Ok(server)) = self.release.server_flags(runtime) else {
            return;
        };
        check_values(&config.flags, server, self.diagnostics);
        let mut warn = |rule: &'static Rule, place: Span, message: String, hint: String| {
            self.diagnostics
                .report(Diagnostic::new(rule, place, message).hint(hint));
        };
        for setting in config
            .others
            .iter()
            .filter(|setting| !server.settings.contains(&setting.name))
        {
            let is_flag = is_known(&setting.name, server);
            let known = server.settings.iter().map(String::as_str).chain([VLLM]);
            let hint = match similar::nearest(&setting.name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if is_flag => format!("write it under `{VLLM}`"),
                None => format!("remove it, or write it under `{VLLM}`"),
            };
            warn(
                &rule::SERVER_FLAG,
                setting.key_place,
                format!("nothing reads `{}` here", setting.name),
                hint,
            );
        }
        for setting in &config.flags {
            let name = flag(&setting.name);
            if !is_known(&setting.name, server) {
                let message = format!("vLLM {} has no flag `{}`", server.version, setting.name);
                let hint = match similar::nearest(&name, server.flags.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "remove it".to_owned(),
                };
                warn(&rule::SERVER_FLAG, setting.key_place, message, hint);
            } else if let (Some(usual), Some(planned)) = (server.planned.get(&name), planned) {
                let value = planned.get(&name).unwrap_or(usual);
                if let Some(value) = value.as_ref().filter(|value| **value != setting.text()) {
                    let message = format!(
                        "`{}: {}` replaces the `{value}` of the plan",
                        setting.name,
                        setting.text()
                    );
                    let hint = "remove it: it follows from the model and the nodes".to_owned();
                    warn(&rule::PLANNED_FLAG, setting.key_place, message, hint);
                }
            }
        }
    }
}

/// Whether a server has the flag of a setting.
fn is_known(setting: &str, server: &ServerFlags) -> bool {
    found(setting, server).is_some()
}
