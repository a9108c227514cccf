//! Errors of the API server, and on the way to it, as the log has them.
//!
//! Uses nothing else of this crate; the rest of the controller uses it.

use std::error::Error;

/// The advice for an error that may pass.
pub(crate) const RETRIED: &str = "the controller retries";

/// The message of an error, followed by those of its sources that add something.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    if let Some(kube::Error::Api(status)) = error.downcast_ref() {
        return status.message.clone();
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        source = cause.source();
    }
    text
}

/// What to do about an error of the API server.
pub(crate) fn advice(error: &kube::Error) -> &'static str {
    let kube::Error::Api(status) = error else {
        return RETRIED;
    };
    match status.code {
        401 => {
            "the API server rejects the controller's token or certificate: check its service account, or the kubeconfig"
        }
        403 => {
            "the controller lacks a permission: deploy/controller/role.yaml has all that it needs"
        }
        422 => "install the CRDs that `kaito-render crds` prints",
        _ => RETRIED,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::describe;

    #[test]
    fn a_description_has_each_cause_once() {
        let root = anyhow::anyhow!("refused")
            .context("can't connect: refused")
            .context("no answer");
        assert_eq!(describe(root.as_ref()), "no answer: can't connect: refused");
        let status = Status::failure("nodes is forbidden", "Forbidden").with_code(403);
        assert_eq!(
            describe(&kube::Error::Api(status.boxed())),
            "nodes is forbidden"
        );
    }
}
