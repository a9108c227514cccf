//! The HTTP server of `/healthz`, `/readyz` and `/metrics`.
//!
//! Uses the controller's `metrics`; [`super`] runs it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::Context;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::controller::metrics::Metrics;

/// Starts to listen, and returns the task that answers requests.
pub(crate) async fn serve(
    address: SocketAddr,
    metrics: Rc<Metrics>,
) -> anyhow::Result<impl Future<Output = ()>> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address}"))?;
    info!(address = %listener.local_addr()?, "listening");
    Ok(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let metrics = Rc::clone(&metrics);
                    let service = service_fn(move |request| {
                        let response = answer(&request, &metrics);
                        async move { Ok::<_, Infallible>(response) }
                    });
                    // The error of a client that closes its connection early is of no interest.
                    tokio::task::spawn_local(
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                    );
                }
                Err(error) => warn!(%error, "can't accept a connection"),
            }
        }
    })
}

fn answer(request: &Request<Incoming>, metrics: &Metrics) -> Response<String> {
    let (status, body) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
        "/readyz" if metrics.is_synced() => (StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => {
            let body = "some kinds are not synced yet: if this lasts, the log names what fails\n";
            (StatusCode::SERVICE_UNAVAILABLE, body.to_owned())
        }
        "/metrics" => (StatusCode::OK, metrics.text()),
        _ => (
            StatusCode::NOT_FOUND,
            "see /healthz, /readyz and /metrics\n".to_owned(),
        ),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
