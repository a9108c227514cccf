//! The status controller: it watches what Workspaces were compiled into, and writes into their status how far that is. It
//! creates, changes and deletes nothing else.
//!
//! One task for each kind keeps the cluster's objects, reduced to the fields that are read, up to date in one [`store`];
//! a loop looks at all Workspaces when something has changed, decides by `kaito_render::status`, and writes what differs.
//! Nothing is remembered but what the cluster can tell again.

mod kinds;
mod metrics;
mod reconcile;
mod rival;
mod serve;
mod store;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Parser;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tracing::{error, info};

use metrics::Metrics;
use watch::Scope;

/// Watches the objects of compiled Workspaces, and writes into the Workspaces' status how far they are.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
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
}

fn main() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "no runtime");
            return ExitCode::from(2);
        }
    };
    match LocalSet::new().block_on(&runtime, run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error = format!("{error:#}"), "ended");
            ExitCode::from(2)
        }
    }
}

/// Runs until SIGTERM or SIGINT.
async fn run(args: Args) -> anyhow::Result<()> {
    let client = Client::try_from(config(args.kubeconfig).await?)?;
    let metrics = Rc::new(Metrics::default());
    let server = serve::serve(args.listen, Rc::clone(&metrics)).await?;
    let scope = Scope { namespace: args.namespace, selector: args.selector };
    let (sender, changes) = mpsc::channel(256);
    for kind in &kinds::KINDS {
        tokio::task::spawn_local(watch::watch(client.clone(), kind, scope.clone(), sender.clone()));
    }
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    info!(version = env!("CARGO_PKG_VERSION"), "started");
    // What ends first ends the run; a write that is under way is either whole or has not happened.
    tokio::select! {
        () = reconcile::run(client, changes, scope, metrics) => {}
        () = server => {}
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    info!("stopped");
    Ok(())
}

async fn config(path: Option<PathBuf>) -> anyhow::Result<Config> {
    let Some(path) = path else { return Ok(Config::infer().await?) };
    let file = Kubeconfig::read_from(path)?;
    Ok(Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?)
}
