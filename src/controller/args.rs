//! The arguments of the controller's program.
//!
//! Uses the controller's `errors`; [`super`] uses it.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::controller::errors::describe;

/// The name of the Lease in `deploy/controller`.
pub(crate) const LEASE: &str = "kaito-render-controller";

/// Watches the objects of rendered Workspaces, and writes the status of the Workspaces.
#[derive(Debug, Parser)]
#[command(name = "kaito-render-controller", version)]
pub struct Args {
    /// Watch only this namespace.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Watch only Workspaces with these labels.
    #[arg(long, value_name = "LABELS")]
    pub(crate) selector: Option<String>,
    /// The cluster to connect to; default: the one that the controller runs in, or kubectl's.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Address of /healthz, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9440")]
    pub(crate) listen: SocketAddr,
    /// Write only while holding a Lease, so that one of several replicas writes. The Lease must
    /// exist: deploy/controller contains it.
    #[arg(long)]
    pub(crate) leader_elect: bool,
    /// Namespace of the Lease; default: the controller's own, or that of the kubeconfig.
    #[arg(long, value_name = "NAMESPACE", requires = "leader_elect")]
    pub(crate) lease_namespace: Option<String>,
    /// Name of the Lease; default: kaito-render-controller. Controllers that watch different
    /// Workspaces, by --selector or --namespace, need different Leases.
    #[arg(long, value_name = "NAME", requires = "leader_elect")]
    lease_name: Option<String>,
}

impl Args {
    /// Rejects combinations of arguments that clap cannot express.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        let is_part = self.selector.is_some() || self.namespace.is_some();
        if self.leader_elect && is_part && self.lease_name.is_none() {
            let message = "--leader-elect with --selector or --namespace requires --lease-name: controllers that watch \
                           different Workspaces but share a Lease would not all work";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        Ok(())
    }

    pub(crate) fn lease_name(&self) -> &str {
        self.lease_name.as_deref().unwrap_or(LEASE)
    }

    /// How to connect to the cluster.
    pub(crate) async fn config(&self) -> anyhow::Result<Config> {
        let Some(path) = &self.kubeconfig else {
            return Config::infer().await.map_err(|error| {
                anyhow!(
                    "no cluster found: run the controller in one, or set --kubeconfig or KUBECONFIG ({})",
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
}
