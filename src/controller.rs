//! The status controller: it watches what Workspaces were compiled into, and writes into their
//! status how far that is. It creates, changes and deletes nothing else.
//!
//! One task for each kind keeps the cluster's objects, reduced to the fields that are read, up to
//! date in one `store`; a loop looks at the Workspaces that a change concerns, decides by
//! [`crate::status`], and has written what differs. Nothing is remembered but what the cluster
//! can tell again. Of several controllers, the one that holds the Lease writes.

mod conflicting_writers;
mod errors;
mod kinds;
mod lease;
mod metrics;
mod queue;
mod reconcile;
mod serve;
mod store;
mod watch;
mod write;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use futures::future::pending;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::sync::watch::Sender;
use tokio::task::LocalSet;
use tokio::time::Instant;
use tracing::{error, info};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use errors::describe;
use lease::{Election, Until};
use metrics::Metrics;
use watch::Scope;

/// Watches the objects of compiled Workspaces, and writes into the Workspaces' status how far they
/// are.
#[derive(Debug, Parser)]
#[command(name = "kaito-render-controller", version)]
pub struct Args {
    /// Looks at this namespace alone.
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Looks at the Workspaces with these labels alone.
    #[arg(long, value_name = "LABELS")]
    selector: Option<String>,
    /// The cluster to go to; without it, the one that the controller runs in, or that of kubectl.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Where /healthz, /readyz and /metrics are served.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9440")]
    listen: SocketAddr,
    /// Writes only while it holds a Lease, so that several may run and one writes. It makes no
    /// Lease, which deploy/controller has.
    #[arg(long)]
    leader_elect: bool,
    /// Where the Lease is; without it, in the controller's own namespace, or that of the
    /// kubeconfig.
    #[arg(long, value_name = "NAMESPACE", requires = "leader_elect")]
    lease_namespace: Option<String>,
    /// How the Lease is called: `kaito-render-controller` unless this is said. Controllers that
    /// look at different Workspaces, by --selector or --namespace, need different Leases, or
    /// only one of them would work.
    #[arg(long, value_name = "NAME", requires = "leader_elect")]
    lease_name: Option<String>,
}

/// The name of the Lease that is shipped.
const LEASE: &str = "kaito-render-controller";

/// Longer than anything runs.
const ALWAYS: Duration = Duration::from_hours(24 * 365 * 30);

/// Runs the controller until SIGTERM or SIGINT. Exits 2 when it can't start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if let Err(error) = args.check() {
        // That standard error is closed is no reason to fail otherwise.
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
            error!(%error, "no runtime");
            return ExitCode::from(2);
        }
    };
    match LocalSet::new().block_on(&runtime, control(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error = format!("{error:#}"), "ended");
            ExitCode::from(2)
        }
    }
}

/// What happens goes to standard error, a line of JSON each. What the library for Kubernetes says
/// of its errors is left out: they are said here, once, and with what to do.
fn log() {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(std::io::stderr);
    let wanted = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("kube", LevelFilter::OFF);
    tracing_subscriber::registry()
        .with(lines)
        .with(wanted)
        .init();
}

impl Args {
    /// What can't be said by the arguments one by one.
    fn check(&self) -> Result<(), clap::Error> {
        let is_part = self.selector.is_some() || self.namespace.is_some();
        if self.leader_elect && is_part && self.lease_name.is_none() {
            let message = "--selector and --namespace with --leader-elect need a --lease-name: with the Lease of a controller \
                           that looks at other Workspaces, only one of the two would work";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        Ok(())
    }

    /// A candidate, if there is an election.
    fn election(&self, client: &Client) -> Option<Election> {
        let namespace = self
            .lease_namespace
            .as_deref()
            .unwrap_or(client.default_namespace());
        let name = self.lease_name.as_deref().unwrap_or(LEASE);
        self.leader_elect
            .then(|| Election::new(client.clone(), namespace, name, identity()))
    }
}

/// Runs until SIGTERM or SIGINT.
async fn control(args: &Args) -> anyhow::Result<()> {
    let client = Client::try_from(config(args.kubeconfig.as_deref()).await?)?;
    let metrics = Rc::new(Metrics::new());
    let server = serve::serve(args.listen, Rc::clone(&metrics)).await?;
    let mut election = args.election(&client);
    let scope = Scope {
        namespace: args.namespace.clone(),
        selector: args.selector.clone(),
    };
    let (sender, changes) = mpsc::channel(256);
    for kind in &kinds::KINDS {
        tokio::task::spawn_local(watch::watch(
            client.clone(),
            kind,
            scope.clone(),
            sender.clone(),
        ));
    }
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let (leader, until) = tokio::sync::watch::channel(None);
    info!(version = env!("CARGO_PKG_VERSION"), "started");
    // What ends first ends the run; a write that is under way is either whole or has not happened.
    tokio::select! {
        () = reconcile::run(client, changes, scope, until, metrics) => {}
        () = stand(election.as_mut(), &leader) => {}
        () = server => {}
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    if let Some(election) = election {
        election.release().await;
    }
    info!("stopped");
    Ok(())
}

/// Stands for election, or needs none.
async fn stand(election: Option<&mut Election>, leader: &Sender<Until>) {
    let Some(election) = election else {
        leader.send_replace(Some(Instant::now() + ALWAYS));
        return pending().await;
    };
    election.run(leader).await;
}

/// A name that no other controller has: that of the pod, and something by chance.
#[expect(
    clippy::disallowed_methods,
    reason = "a pod knows its name by its environment"
)]
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| LEASE.to_owned());
    format!("{host}_{:016x}", chance())
}

/// A number by chance.
fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

async fn config(path: Option<&Path>) -> anyhow::Result<Config> {
    let Some(path) = path else {
        return Config::infer().await.map_err(|error| {
            anyhow!(
                "found no cluster: run it in one, or name a kubeconfig by --kubeconfig or KUBECONFIG ({})",
                describe(&error)
            )
        });
    };
    let config = async {
        let file = Kubeconfig::read_from(path)?;
        Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await
    };
    config
        .await
        .map_err(|error| anyhow!("can't use `{}`: {}", path.display(), describe(&error)))
}
