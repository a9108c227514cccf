//! Serves health and metrics.

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

/// Listens, and gives the task that answers.
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
                    // Whoever goes away in the middle of an answer does not matter.
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
    let (status, text) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
        "/readyz" if metrics.unlisted.get() == 0 => (StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => {
            let text =
                "not everything has been listed yet: the log says what can't be, if that lasts\n";
            (StatusCode::SERVICE_UNAVAILABLE, text.to_owned())
        }
        "/metrics" => (StatusCode::OK, metrics.text()),
        _ => (
            StatusCode::NOT_FOUND,
            "see /healthz, /readyz and /metrics\n".to_owned(),
        ),
    };
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response
}
