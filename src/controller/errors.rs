//! Errors of the API server and on the way to it, in words.

use std::error::Error;

/// An error with what caused it, where that says more.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    if let Some(kube::Error::Api(status)) = error.downcast_ref() {
        return status.message.clone();
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

/// What to do about an error, if it is no passing one.
pub(crate) fn advice(error: &kube::Error) -> &'static str {
    let kube::Error::Api(status) = error else {
        return "it is tried again";
    };
    match status.code {
        401 => {
            "the controller's token or certificate is not accepted: check its service account, or the kubeconfig"
        }
        403 => "the controller lacks a right: deploy/controller/role.yaml has all that it needs",
        422 => "install the CRDs that `kaito-render crds` prints",
        _ => "it is tried again",
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::describe;

    #[test]
    fn an_error_says_each_cause_once() {
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
