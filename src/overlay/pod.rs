//! `pod` of an overlay: each field of it is a part of its own.

mod read;

use std::sync::Arc;

use super::Applied;
use super::affinity::{both, joined};
use super::part::{Outcome, Part};
use super::place::{Spot, Written};
use super::pods::{with_container, with_pod};
use super::refusal::Refusal;
use crate::base::json::{Json, Map};
use crate::base::node::Node;
use crate::base::object::Object;
use crate::base::sources::Span;
use crate::diagnostic::Diagnostics;
use crate::vocab::kinds;
pub(super) use read::read;

/// A field of `pod` that is ready to be applied.
#[derive(Debug)]
pub(super) struct Field {
    /// The name of the part, such as `pod.tolerations`.
    pub(super) part: String,
    pub(super) place: Option<Span>,
    /// What stands there.
    node: Option<Node>,
    /// The field of the pod or container that it changes.
    key: &'static str,
    change: Change,
    value: Json,
    holder: Holder,
}

/// What a field is of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holder {
    Pod,
    /// The container of a name; the main one if none is named.
    Container(Option<String>),
}

/// How a field changes what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Its items are added, equal ones once; no two may have the same value under the key.
    Append(Option<&'static str>),
    /// Its entries are put into the mapping that is there, and those of mappings in it.
    Merge,
    /// Its items replace those of their names, or are added.
    Variables,
    /// Both have to hold.
    Affinity,
    /// It is put into the place of what is there.
    Set,
    /// Its entries are put into the probes that are there.
    Probes,
}

impl Field {
    /// Applies the field, to the pods of each workload.
    pub(super) fn apply(
        &self,
        part: Part,
        slots: &mut [Option<Object>],
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        for slot in slots {
            let is_workload = |it: &&Object| kinds::is_workload(it.identity().kind);
            let Some(object) = slot.as_ref().filter(is_workload) else {
                continue;
            };
            let outcome = self.outcome(object, part.main.unwrap_or_default(), part);
            let place_of = |spot: &Spot| self.place_of(spot);
            part.put(slot, outcome, place_of, applied, diagnostics);
        }
    }

    /// Where it writes a field of the pods.
    pub(super) fn place_of(&self, spot: &Spot) -> Option<Span> {
        let holder = match self.holder {
            Holder::Pod => 3,
            Holder::Container(_) => 5,
        };
        let span = self.place?;
        let is_it = spot.steps.get(holder).is_some_and(|step| *step == self.key);
        let node = self.node.as_ref().filter(|_| is_it);
        Some(node.map_or(span, |node| spot.within(Written { node, span }, holder + 1)))
    }

    fn outcome(&self, object: &Object, main: &str, part: Part) -> Outcome {
        let place = part.whole();
        let changed = with_pod(&object.value, |pod| match &self.holder {
            Holder::Pod => self.changed(pod, place),
            Holder::Container(name) => {
                let name = name.as_deref().unwrap_or(main);
                with_container(pod, name, place, |container| self.changed(container, place))
            }
        });
        changed.map(Some)
    }

    /// A pod or container with the field applied.
    fn changed(&self, holder: &Json, place: Span) -> Result<Json, Refusal> {
        let old = &holder[self.key];
        let value = match self.change {
            Change::Append(None) => joined(old, &self.value),
            Change::Append(Some(key)) => self.appended(old, key, place)?,
            Change::Merge => merged(old, &self.value),
            Change::Variables => variables(old, &self.value),
            Change::Affinity => both(old, &self.value).ok_or_else(|| {
                Refusal::new(
                    place,
                    "`affinity` would have more than 1,000 terms of nodes",
                )
            })?,
            Change::Set => self.value.clone(),
            Change::Probes => return Ok(probes(holder, &self.value)),
        };
        Ok(holder.with(self.key, value))
    }

    /// The items of a list with others added, of which none may be another one of the same name.
    fn appended(&self, old: &Json, key: &str, place: Span) -> Result<Json, Refusal> {
        let is_other = |item: &&Json| {
            let mut known = old.items().iter();
            known.any(|old| old[key] == item[key] && old != *item)
        };
        let Some(item) = self.value.items().iter().find(is_other) else {
            return Ok(joined(old, &self.value));
        };
        let name = item[key].as_str().unwrap_or_default();
        let message = format!("`{}` has another item with `{key}: {name}`", self.key);
        let hint = format!("give it another `{key}`, or change the one that is there by `patches`");
        Err(Refusal::new(place, message).hint(hint))
    }
}

/// A mapping with the entries of another one, and so the mappings in it.
fn merged(old: &Json, new: &Json) -> Json {
    let (Json::Map(_), Json::Map(entries)) = (old, new) else {
        return new.clone();
    };
    entries.iter().fold(old.clone(), |all, (key, value)| {
        let value = merged(&old[key.as_ref()], value);
        all.with(key, value)
    })
}

fn variables(old: &Json, new: &Json) -> Json {
    let mut all = old.items().to_vec();
    for item in new.items() {
        match all.iter_mut().find(|old| old["name"] == item["name"]) {
            Some(old) => *old = item.clone(),
            None => all.push(item.clone()),
        }
    }
    Json::List(all.into())
}

/// A container with other timings of the probes that it has.
fn probes(container: &Json, timings: &Json) -> Json {
    let Json::Map(timings) = timings else {
        return container.clone();
    };
    timings.iter().fold(container.clone(), |all, (probe, new)| {
        match all.get(probe).map(|old| merged(old, new)) {
            Some(merged) => all.with(probe, merged),
            None => all,
        }
    })
}

/// A mapping of entries.
fn map(entries: impl IntoIterator<Item = (Arc<str>, Json)>) -> Json {
    Json::Map(Map::new(entries.into_iter().collect()))
}
