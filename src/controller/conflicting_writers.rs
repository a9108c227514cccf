//! Other writers of a Workspace's status, above all KAITO's own operator.
//!
//! Two controllers that write the same status would overwrite each other for ever, so this one
//! stops writing a status while another client writes it.
//!
//! Uses nothing else of this crate; `item` reads the last write of another client, and `write` is
//! known to the API server by [`FIELD_MANAGER`].

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The field manager by which the API server records what this controller writes.
pub(crate) const FIELD_MANAGER: &str = "kaito-render-controller";

/// How long another client counts as a writer after its last write.
const CONFLICT_PERIOD: SignedDuration = SignedDuration::from_mins(10);

/// A write of another client to the status of a Workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignWrite {
    /// The field manager of the client.
    pub(crate) manager: String,
    pub(crate) time: Timestamp,
}

/// The last write of another client that `metadata.managedFields` records.
pub(crate) fn last_write(managed_fields: &Value) -> Option<ForeignWrite> {
    let entries = managed_fields.as_array().into_iter().flatten();
    entries
        .filter(|entry| entry["subresource"] == "status")
        .filter_map(|entry| {
            Some(ForeignWrite {
                manager: entry["manager"].as_str()?.to_owned(),
                time: entry["time"].as_str()?.parse().ok()?,
            })
        })
        .filter(|write| write.manager != FIELD_MANAGER)
        .max_by_key(|write| write.time)
}

impl ForeignWrite {
    /// Until when the client counts as a writer; none if that time has passed.
    pub(crate) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.time.checked_add(CONFLICT_PERIOD).ok()?;
        (until > now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{FIELD_MANAGER, last_write};

    #[test]
    fn the_last_foreign_write_to_a_status_counts_for_ten_minutes() {
        let entry = |manager: &str, subresource: &str, time: &str| json!({"manager": manager, "subresource": subresource, "time": time});
        let entries = json!([
            entry("kubectl", "", "2026-01-01T00:30:00Z"),
            entry("workspace", "status", "2026-01-01T00:10:00Z"),
            entry("old", "status", "2026-01-01T00:05:00Z"),
            entry(FIELD_MANAGER, "status", "2026-01-01T00:20:00Z"),
        ]);
        let write = last_write(&entries).unwrap();
        assert_eq!(write.manager, "workspace");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let end = at("2026-01-01T00:20:00Z");
        assert_eq!(write.until(at("2026-01-01T00:19:59Z")), Some(end));
        assert_eq!(write.until(end), None);
        let own = json!([entry(FIELD_MANAGER, "status", "2026-01-01T00:20:00Z")]);
        assert_eq!(last_write(&own), None);
    }
}
