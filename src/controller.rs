//! The status controller: watches what Workspaces were rendered into, and writes the status of the
//! Workspaces. It creates, changes and deletes nothing else.
//!
//! A task for each kind lists and watches its objects, reduced to the fields that are read, and
//! sends the changes to one loop. The loop reconciles the Workspaces that a change affects: it
//! decides by [`crate::status`], and writes what differs. It keeps no state that the cluster cannot
//! tell again, so it can be restarted at any time. Of several replicas, the leader writes.
//!
//! Uses `vocab`, `status`, and of `catalogue` the releases' condition tables; its program uses it.
//! Nothing else of the library may, because only this feature links network code. Its files, each using only those before it: `errors`, `system`, `args`; `conflicting_writers`,
//! `item`, `kinds`, `store`; `queue`; `metrics`, `serve`; `lease`, `watch`, `write`; `reconcile`.

mod args;
mod conflicting_writers;
mod errors;
mod item;
mod kinds;
mod lease;
mod metrics;
mod queue;
mod reconcile;
mod serve;
mod store;
mod system;
mod watch;
mod write;

pub use args::Args;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use futures::future::pending;
use kube::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::sync::watch::Sender;
use tokio::task::LocalSet;
use tokio::time::Instant;
use tracing::{error, info};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use lease::{Election, LeadsUntil};
use metrics::Metrics;
use watch::Scope;

/// How many changes may wait for the loop before the watches wait.
const CHANGES: usize = 256;

/// Longer than any process runs: how long a replica without leader election leads.
const FOREVER: Duration = Duration::from_hours(24 * 365 * 30);

/// Runs the controller until SIGTERM or SIGINT. The exit code is 2 if the arguments are not valid
/// or the controller cannot start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if let Err(error) = args.check() {
        // There is nowhere to report that stderr is closed.
        let _ = error.print();
        return ExitCode::from(2);
    }
    log();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "can't start");
            return ExitCode::from(2);
        }
    };
    match LocalSet::new().block_on(&runtime, control(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error = format!("{error:#}"), "can't start");
            ExitCode::from(2)
        }
    }
}

/// Logs to stderr, one line of JSON per event. The log of kube is off: the controller logs the same
/// errors itself, once, and with advice.
#[expect(
    clippy::disallowed_methods,
    reason = "JSON for programs, which escapes what is no text"
)]
fn log() {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(std::io::stderr);
    let levels = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("kube", LevelFilter::OFF);
    tracing_subscriber::registry()
        .with(lines)
        .with(levels)
        .init();
}

/// Runs until SIGTERM or SIGINT. Fails only at the start.
async fn control(args: &Args) -> anyhow::Result<()> {
    let client = Client::try_from(args.config().await?)?;
    let metrics = Rc::new(Metrics::new());
    let server = serve::serve(args.listen, Rc::clone(&metrics)).await?;
    let mut election = election(args, &client);
    let scope = Scope {
        namespace: args.namespace.clone(),
        selector: args.selector.clone(),
    };
    let (sender, changes) = mpsc::channel(CHANGES);
    for kind in &kinds::KINDS {
        let watch = watch::watch(client.clone(), kind, scope.clone(), sender.clone());
        tokio::task::spawn_local(watch);
    }
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let (leadership, leads_until) = tokio::sync::watch::channel(None);
    info!(version = env!("CARGO_PKG_VERSION"), "started");
    // The first to end ends the run. A write in flight may be cut off: the API server has applied
    // it as a whole, or not at all.
    tokio::select! {
        () = reconcile::run(client, changes, scope, leads_until, metrics) => {}
        () = lead(election.as_mut(), &leadership) => {}
        () = server => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    if let Some(election) = election {
        election.release().await;
    }
    info!("stopped");
    Ok(())
}

/// The candidate for the Lease; none without leader election.
fn election(args: &Args, client: &Client) -> Option<Election> {
    args.leader_elect.then(|| {
        let namespace = args.lease_namespace.as_deref();
        let namespace = namespace.unwrap_or(client.default_namespace());
        Election::new(
            client.clone(),
            namespace,
            args.lease_name(),
            system::identity(),
        )
    })
}

/// Takes part in the election; without one, this replica leads for ever.
async fn lead(election: Option<&mut Election>, leadership: &Sender<LeadsUntil>) {
    let Some(election) = election else {
        leadership.send_replace(Some(Instant::now() + FOREVER));
        return pending().await;
    };
    election.run(leadership).await;
}
