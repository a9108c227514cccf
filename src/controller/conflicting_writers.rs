//! Others who write the same status, above all KAITO's own operator. Two writers would undo each
//! other's work for ever, so this one steps back as long as the other is at it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The name under which the API server knows what is written here.
pub(crate) const MANAGER: &str = "kaito-render-controller";

/// How long somebody else's write counts as one of somebody who is at it.
const MEMORY: SignedDuration = SignedDuration::from_mins(10);

/// A write to a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// Who wrote.
    pub(crate) manager: String,
    /// When.
    pub(crate) time: Timestamp,
}

/// The last write to a status that was not ours, as the API server remembers it.
pub(crate) fn last_write(managed_fields: &Value) -> Option<Write> {
    let entries = managed_fields.as_array().into_iter().flatten();
    let writes = entries
        .filter(|entry| entry["subresource"] == "status")
        .filter_map(|entry| {
            let time = entry["time"].as_str()?.parse().ok()?;
            Some(Write {
                manager: entry["manager"].as_str()?.to_owned(),
                time,
            })
        });
    writes
        .filter(|write| write.manager != MANAGER)
        .max_by_key(|write| write.time)
}

impl Write {
    /// Until when its writer counts as being at it.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.time.checked_add(MEMORY).ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{MANAGER, last_write};

    #[test]
    fn the_last_foreign_write_to_a_status_counts_for_ten_minutes() {
        let entry = |manager: &str, subresource: &str, time: &str| json!({"manager": manager, "subresource": subresource, "time": time});
        let entries = json!([
            entry("kubectl", "", "2026-01-01T00:30:00Z"),
            entry("workspace", "status", "2026-01-01T00:10:00Z"),
            entry("old", "status", "2026-01-01T00:05:00Z"),
            entry(MANAGER, "status", "2026-01-01T00:20:00Z"),
        ]);
        let write = last_write(&entries).unwrap();
        assert_eq!(write.manager, "workspace");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(write.until(), Some(at("2026-01-01T00:20:00Z")));
        assert_eq!(
            last_write(&json!([entry(MANAGER, "status", "2026-01-01T00:20:00Z")])),
            None
        );
    }
}
