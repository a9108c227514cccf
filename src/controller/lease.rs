//! Leader election: of several replicas, the one that holds the Lease writes.
//!
//! The crates for leader election compare the times in the Lease with the local clock, and may
//! elect two leaders where clocks differ. This election compares no clocks: a Lease has expired
//! once it was observed unchanged for its duration, and its holder stops writing a third of that
//! earlier.
//!
//! Uses the controller's `errors` and `system`; [`super`] runs it, `write` and `reconcile` ask it.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::controller::errors::{advice, describe};
use crate::controller::system::{now, random};

/// For how many seconds the Lease is acquired.
const LEASE_DURATION: i32 = 15;

/// How long a leader writes after its last renewal.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);

/// The time between two attempts, to which up to a quarter is added at random.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Until when this replica may write; none if it is not the leader.
pub(crate) type LeadsUntil = Option<Instant>;

/// The election, as one candidate sees it.
pub(crate) struct Election {
    api: Api<Lease>,
    name: String,
    namespace: String,
    identity: String,
    /// The Lease as this replica has last written it: renewing it takes one request.
    lease: Option<Lease>,
    observed: ObservedLease,
}

/// The spec of a Lease, and since when it has been observed unchanged.
struct ObservedLease {
    spec: LeaseSpec,
    since: Instant,
}

/// Who holds a Lease.
#[derive(Debug, PartialEq, Eq)]
enum Holder {
    Me,
    Nobody,
    Other,
}

impl ObservedLease {
    fn observe(&mut self, spec: LeaseSpec, now: Instant) {
        if spec != self.spec {
            *self = Self { spec, since: now };
        }
    }

    fn holder(&self, identity: &str, now: Instant) -> Holder {
        let holder = self.spec.holder_identity.as_deref().unwrap_or_default();
        let duration = self.spec.lease_duration_seconds.unwrap_or(LEASE_DURATION);
        let duration = Duration::from_secs(u64::try_from(duration).unwrap_or_default());
        if holder == identity {
            Holder::Me
        } else if holder.is_empty() || now.duration_since(self.since) >= duration {
            Holder::Nobody
        } else {
            Holder::Other
        }
    }
}

impl Election {
    /// A candidate for a Lease. `identity` must differ between replicas.
    pub(crate) fn new(client: Client, namespace: &str, name: &str, identity: String) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            identity,
            lease: None,
            observed: ObservedLease {
                spec: LeaseSpec::default(),
                since: Instant::now(),
            },
        }
    }

    /// Acquires and renews the Lease for ever, and sends until when this replica may write.
    pub(crate) async fn run(&mut self, leads_until: &watch::Sender<LeadsUntil>) {
        loop {
            // The deadline counts from before the request, so that it passes before the Lease expires
            // for the others.
            let start = Instant::now();
            match timeout(REQUEST_TIMEOUT, self.acquire_or_renew()).await {
                Ok(Ok(true)) => self.announce(leads_until, Some(start + RENEW_DEADLINE)),
                Ok(Ok(false)) => self.announce(leads_until, None),
                Ok(Err(error)) => self.warn_about(&error),
                Err(_) => warn!(lease = self.name, "the API server does not answer"),
            }
            if leads_until
                .borrow()
                .is_some_and(|until| until <= Instant::now())
            {
                self.announce(leads_until, None);
            }
            // Replicas that started together must not ask in step for ever.
            sleep(RETRY_PERIOD + Duration::from_millis(random() % 500)).await;
        }
    }

    /// Releases the Lease, if this replica holds it, so that another takes over at once.
    pub(crate) async fn release(mut self) {
        match timeout(REQUEST_TIMEOUT, self.try_release()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = describe(&error);
                warn!(lease = self.name, error, "can't release the Lease");
            }
            Err(_) => {
                let error = "the API server does not answer";
                warn!(lease = self.name, error, "can't release the Lease");
            }
        }
    }

    async fn try_release(&mut self) -> kube::Result<()> {
        let mut lease = self.api.get(&self.name).await?;
        if self.observe(&lease) == Holder::Me {
            lease.spec = Some(LeaseSpec {
                holder_identity: Some(String::new()),
                // As client-go does: the API server wants more than 0, and an empty holder counts
                // as none at once.
                lease_duration_seconds: Some(1),
                ..self.observed.spec.clone()
            });
            let params = PostParams::default();
            self.api.replace(&self.name, &params, &lease).await?;
            info!(lease = self.name, "released the Lease");
        }
        Ok(())
    }

    fn announce(&self, sender: &watch::Sender<LeadsUntil>, leads_until: LeadsUntil) {
        let before = sender.send_replace(leads_until);
        let (lease, identity) = (&self.name, &self.identity);
        match (before.is_some(), leads_until.is_some()) {
            (false, true) => info!(lease, identity, "became the leader"),
            (true, false) => warn!(lease, identity, "not the leader any more"),
            _ => {}
        }
    }

    /// Returns whether this replica holds the Lease.
    async fn acquire_or_renew(&mut self) -> kube::Result<bool> {
        // With the `resourceVersion` of its own last write: if another replica wrote since, this
        // fails with a conflict, and the Lease is read.
        if let Some(lease) = self.lease.take()
            && self.write(lease).await?
        {
            return Ok(true);
        }
        let lease = self.api.get(&self.name).await?;
        if self.observe(&lease) == Holder::Other {
            return Ok(false);
        }
        self.write(lease).await
    }

    fn observe(&mut self, lease: &Lease) -> Holder {
        let now = Instant::now();
        let spec = lease.spec.clone().unwrap_or_default();
        self.observed.observe(spec, now);
        self.observed.holder(&self.identity, now)
    }

    /// Writes this replica as the holder into the Lease as it was read. Returns false if another
    /// replica has written it since.
    async fn write(&mut self, mut lease: Lease) -> kube::Result<bool> {
        let mut spec = lease.spec.take().unwrap_or_default();
        let time = Some(MicroTime(now()));
        if spec.holder_identity.as_ref() != Some(&self.identity) {
            let transitions = spec.lease_transitions.unwrap_or_default();
            spec.lease_transitions = Some(transitions.saturating_add(1));
            spec.acquire_time.clone_from(&time);
        }
        spec.holder_identity = Some(self.identity.clone());
        spec.lease_duration_seconds = Some(LEASE_DURATION);
        spec.renew_time = time;
        lease.spec = Some(spec);
        let params = PostParams::default();
        match self.api.replace(&self.name, &params, &lease).await {
            Ok(lease) => {
                self.observe(&lease);
                self.lease = Some(lease);
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn warn_about(&self, error: &kube::Error) {
        let (lease, namespace) = (&self.name, &self.namespace);
        let advice = match error {
            kube::Error::Api(status) if status.code == 404 => {
                "Lease not found: apply the one in deploy/controller, or set --lease-namespace and --lease-name"
            }
            error => advice(error),
        };
        let error = describe(error);
        warn!(lease, namespace, error, advice, "can't use the Lease");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
    use tokio::time::Instant;

    use super::{Holder, ObservedLease};

    /// A Lease that another replica has renewed, at a time of its own clock.
    fn held(renewed: &str, duration: Option<i32>) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some("another".to_owned()),
            lease_duration_seconds: duration,
            renew_time: Some(MicroTime(renewed.parse().unwrap())),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_expires_when_it_was_observed_unchanged_for_its_duration_whatever_its_times_say() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        // A correct clock, one that is years behind and one that is years ahead.
        for renewed in [
            "2026-01-01T00:00:00Z",
            "1971-01-01T00:00:00Z",
            "2200-01-01T00:00:00Z",
        ] {
            for (duration, expires) in [
                (Some(15), 15_000),
                (Some(1), 1000),
                (Some(60), 60_000),
                (None, 15_000),
            ] {
                let mut lease = ObservedLease {
                    spec: LeaseSpec::default(),
                    since: start,
                };
                assert_eq!(
                    lease.holder("me", at(0)),
                    Holder::Nobody,
                    "nobody has acquired it yet"
                );
                lease.observe(held(renewed, duration), at(100));
                assert_eq!(lease.holder("me", at(100)), Holder::Other);
                lease.observe(held(renewed, duration), at(700));
                assert_eq!(
                    lease.holder("me", at(100 + expires - 1)),
                    Holder::Other,
                    "{renewed} {duration:?}"
                );
                assert_eq!(
                    lease.holder("me", at(100 + expires)),
                    Holder::Nobody,
                    "{renewed} {duration:?}"
                );
                assert_eq!(
                    lease.holder("another", at(100 + 10 * expires)),
                    Holder::Me,
                    "nobody else has acquired it"
                );
            }
        }
    }

    #[test]
    fn a_renewed_or_released_lease_is_judged_anew() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut lease = ObservedLease {
            spec: held("2026-01-01T00:00:00Z", Some(15)),
            since: start,
        };
        // The holder's clock was set back, but the Lease has changed: the holder is alive.
        lease.observe(held("2025-12-31T23:00:00Z", Some(15)), at(14));
        assert_eq!(lease.holder("me", at(28)), Holder::Other);
        assert_eq!(lease.holder("me", at(29)), Holder::Nobody);
        let released = LeaseSpec {
            holder_identity: Some(String::new()),
            ..held("2026-01-01T00:00:00Z", Some(1))
        };
        lease.observe(released, at(28));
        assert_eq!(lease.holder("me", at(28)), Holder::Nobody);
        let unnamed = LeaseSpec {
            holder_identity: None,
            ..held("2026-01-01T00:00:00Z", Some(15))
        };
        lease.observe(unnamed, at(28));
        assert_eq!(lease.holder("me", at(28)), Holder::Nobody);
    }
}
