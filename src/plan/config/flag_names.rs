//! The flag of a server that a setting is given to.

use crate::catalogue::preset::{ServerFlag, ServerFlags};

/// The name of the flag that a setting is given to: what stands behind a dot is a field of its
/// value.
pub(super) fn flag(setting: &str) -> String {
    setting
        .split('.')
        .next()
        .unwrap_or_default()
        .replace('_', "-")
}

/// The flag that a setting is given to, by its full name, and whether it is turned off. A server
/// takes `no-` before it and the beginning of a name, if that is of one flag.
pub(super) fn found<'s>(
    setting: &str,
    server: &'s ServerFlags,
) -> Option<(&'s str, &'s ServerFlag, bool)> {
    let name = flag(setting);
    let get = |name: &str| server.flags.get_key_value(name);
    let begun = || {
        let mut begun = server
            .flags
            .iter()
            .filter(|(flag, _)| flag.starts_with(&name));
        begun.next().filter(|_| begun.next().is_none())
    };
    if let Some((name, flag)) = get(&name).or_else(begun) {
        return Some((name, flag, false));
    }
    let (name, flag) = get(name.strip_prefix("no-")?)?;
    Some((name, flag, true))
}
