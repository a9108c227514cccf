//! Which of several controllers writes: the one that holds the Lease.
//!
//! Nobody's clock is compared with anybody else's: a Lease has run out once it was seen unchanged
//! for as long as it was taken for, and its holder stops writing a third of that earlier.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::controller::chance;
use crate::controller::errors::{advice, describe};
use crate::controller::reconcile::now;

/// For how long the Lease is taken, in seconds.
const LEASE_DURATION: i32 = 15;

/// How long a holder goes on without having been able to say so.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);

/// How long it takes to the next attempt, and by chance up to a quarter more.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// How long an answer may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Until when this controller may write; none if another may.
pub(crate) type Until = Option<Instant>;

/// The election, as one candidate sees it.
pub(crate) struct Election {
    api: Api<Lease>,
    name: String,
    namespace: String,
    me: String,
    lease: Option<Lease>,
    seen: ObservedLease,
}

/// What a Lease said, and since when that is known.
struct ObservedLease {
    spec: LeaseSpec,
    since: Instant,
}

/// Whose turn it is.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Mine,
    Free,
    Another,
}

impl ObservedLease {
    /// Takes in what the Lease says now.
    fn see(&mut self, spec: LeaseSpec, now: Instant) {
        if spec != self.spec {
            *self = Self { spec, since: now };
        }
    }

    fn turn(&self, me: &str, now: Instant) -> Turn {
        let holder = self.spec.holder_identity.as_deref().unwrap_or_default();
        let term = u64::try_from(self.spec.lease_duration_seconds.unwrap_or(LEASE_DURATION))
            .unwrap_or_default();
        if holder == me {
            Turn::Mine
        } else if holder.is_empty() || now.duration_since(self.since) >= Duration::from_secs(term) {
            Turn::Free
        } else {
            Turn::Another
        }
    }
}

impl Election {
    /// A candidate for the Lease of a name.
    pub(crate) fn new(client: Client, namespace: &str, name: &str, me: String) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            me,
            lease: None,
            seen: ObservedLease {
                spec: LeaseSpec::default(),
                since: Instant::now(),
            },
        }
    }

    /// Stands for ever, and tells until when it may be acted on that.
    pub(crate) async fn run(&mut self, until: &watch::Sender<Until>) {
        loop {
            let asked = Instant::now();
            match timeout(REQUEST_TIMEOUT, self.attempt()).await {
                Ok(Ok(true)) => self.tell(until, Some(asked + RENEW_DEADLINE)),
                Ok(Ok(false)) => self.tell(until, None),
                Ok(Err(error)) => self.complain(&error),
                Err(_) => warn!(lease = self.name, "the API server does not answer"),
            }
            if until.borrow().is_some_and(|until| until <= Instant::now()) {
                self.tell(until, None);
            }
            sleep(RETRY_PERIOD + Duration::from_millis(chance() % 500)).await;
        }
    }

    /// Lets another take over at once.
    pub(crate) async fn release(mut self) {
        let released = async {
            let mut lease = self.api.get(&self.name).await?;
            if self.see(&lease) == Turn::Mine {
                let mut spec = self.seen.spec.clone();
                (spec.holder_identity, spec.lease_duration_seconds) =
                    (Some(String::new()), Some(1));
                lease.spec = Some(spec);
                self.api
                    .replace(&self.name, &PostParams::default(), &lease)
                    .await?;
                info!(lease = self.name, "released");
            }
            Ok::<_, kube::Error>(())
        };
        match timeout(REQUEST_TIMEOUT, released).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(lease = self.name, error = describe(&error), "can't release"),
            Err(_) => warn!(
                lease = self.name,
                "can't release: the API server does not answer"
            ),
        }
    }

    fn tell(&self, sender: &watch::Sender<Until>, until: Until) {
        let before = sender.send_replace(until);
        match (before.is_some(), until.is_some()) {
            (false, true) => info!(lease = self.name, identity = self.me, "leading"),
            (true, false) => warn!(
                lease = self.name,
                identity = self.me,
                "not leading any more"
            ),
            _ => {}
        }
    }

    /// Takes, keeps or looks at the Lease; says whether it is held.
    async fn attempt(&mut self) -> kube::Result<bool> {
        if let Some(lease) = self.lease.take()
            && self.hold(lease).await?
        {
            return Ok(true);
        }
        let lease = self.api.get(&self.name).await?;
        if self.see(&lease) == Turn::Another {
            return Ok(false);
        }
        self.hold(lease).await
    }

    fn see(&mut self, lease: &Lease) -> Turn {
        let now = Instant::now();
        self.seen.see(lease.spec.clone().unwrap_or_default(), now);
        self.seen.turn(&self.me, now)
    }

    /// Writes oneself into the Lease as it was seen; says whether nobody else has been faster.
    async fn hold(&mut self, mut lease: Lease) -> kube::Result<bool> {
        let mut spec = lease.spec.take().unwrap_or_default();
        let time = Some(MicroTime(now()));
        if spec.holder_identity.as_ref() != Some(&self.me) {
            spec.lease_transitions =
                Some(spec.lease_transitions.unwrap_or_default().saturating_add(1));
            spec.acquire_time.clone_from(&time);
        }
        spec.holder_identity = Some(self.me.clone());
        spec.lease_duration_seconds = Some(LEASE_DURATION);
        spec.renew_time = time;
        lease.spec = Some(spec);
        match self
            .api
            .replace(&self.name, &PostParams::default(), &lease)
            .await
        {
            Ok(lease) => {
                self.see(&lease);
                self.lease = Some(lease);
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn complain(&self, error: &kube::Error) {
        let (lease, namespace) = (&self.name, &self.namespace);
        let advice = match error {
            kube::Error::Api(status) if status.code == 404 => {
                "there is no such Lease: make it, as deploy/controller does, or name another by --lease-namespace and --lease-name"
            }
            error => advice(error),
        };
        warn!(
            lease,
            namespace,
            error = describe(error),
            advice,
            "can't use the Lease"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
    use tokio::time::Instant;

    use super::{ObservedLease, Turn};

    /// What another holds, as its clock has it.
    fn held(renewed: &str, term: Option<i32>) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some("another".to_owned()),
            lease_duration_seconds: term,
            renew_time: Some(MicroTime(renewed.parse().unwrap())),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_has_run_out_when_it_was_seen_unchanged_for_its_term_whatever_its_times_say() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        // A clock of this day, one of years ago and one of years ahead.
        for renewed in [
            "2026-01-01T00:00:00Z",
            "1971-01-01T00:00:00Z",
            "2200-01-01T00:00:00Z",
        ] {
            for (term, runs_out) in [
                (Some(15), 15_000),
                (Some(1), 1000),
                (Some(60), 60_000),
                (None, 15_000),
            ] {
                let mut seen = ObservedLease {
                    spec: LeaseSpec::default(),
                    since: start,
                };
                assert_eq!(
                    seen.turn("me", at(0)),
                    Turn::Free,
                    "nobody has taken it yet"
                );
                seen.see(held(renewed, term), at(100));
                assert_eq!(seen.turn("me", at(100)), Turn::Another);
                seen.see(held(renewed, term), at(700));
                assert_eq!(
                    seen.turn("me", at(100 + runs_out - 1)),
                    Turn::Another,
                    "{renewed} {term:?}"
                );
                assert_eq!(
                    seen.turn("me", at(100 + runs_out)),
                    Turn::Free,
                    "{renewed} {term:?}"
                );
                assert_eq!(
                    seen.turn("another", at(100 + 10 * runs_out)),
                    Turn::Mine,
                    "nobody else has taken it"
                );
            }
        }
    }

    #[test]
    fn a_lease_that_is_renewed_or_released_is_judged_anew() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut seen = ObservedLease {
            spec: held("2026-01-01T00:00:00Z", Some(15)),
            since: start,
        };
        // The clock of the holder goes backwards, and yet it is alive.
        seen.see(held("2025-12-31T23:00:00Z", Some(15)), at(14));
        assert_eq!(seen.turn("me", at(28)), Turn::Another);
        assert_eq!(seen.turn("me", at(29)), Turn::Free);
        let released = LeaseSpec {
            holder_identity: Some(String::new()),
            ..held("2026-01-01T00:00:00Z", Some(1))
        };
        seen.see(released, at(28));
        assert_eq!(seen.turn("me", at(28)), Turn::Free);
        let unnamed = LeaseSpec {
            holder_identity: None,
            ..held("2026-01-01T00:00:00Z", Some(15))
        };
        seen.see(unnamed, at(28));
        assert_eq!(seen.turn("me", at(28)), Turn::Free);
    }
}
