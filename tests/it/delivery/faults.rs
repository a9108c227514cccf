//! What the status controller makes of an API server that goes away, of another controller, and of
//! many who write at once.

use std::process::ExitStatus;
use std::time::Instant;

use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::support::flavour::Flavour;
use crate::support::rig::{Controller, Rig, condition, true_now};
use crate::support::tools::succeed;

/// The API server is killed while changes wait to be written, and another one has nothing to do
/// when it is back.
#[test]
fn a_killed_api_server_costs_no_status_and_no_storm() {
    let mut rig = Rig::new(20);
    let controller = rig.start("controller", &[]);
    rig.settle("False");
    assert!(
        rig.writes() <= 2 * 20,
        "{} writes for 20 Workspaces",
        rig.writes()
    );

    let names = rig.names.clone();
    rig.report_all(&names, 1);
    rig.cluster.stop("kube-apiserver", "KILL");
    rig.cluster.wait("a write fails", |_| {
        controller.count("kaito_render_status_writes_total", &[("result", "failed")]) > 0
    });
    // What is older than this can't be asked for any more: whoever watched has to list again.
    let revision =
        rig.cluster.etcd("kv/range", &json!({"key": "AA=="}))["header"]["revision"].clone();
    rig.cluster.etcd(
        "kv/compaction",
        &json!({"revision": revision, "physical": true}),
    );
    rig.cluster.start_server(&[]);
    rig.settle("True");
    assert!(
        rig.writes() <= 20 + 2,
        "each is written once, where the first write did not get through: {}",
        rig.writes()
    );

    // The watches are back, too. A write whose answer was lost is not counted as written, so what
    // is counted from here on does not start at a known number: the statuses are asked.
    rig.report_all(&names[..10], 0);
    rig.settle_some(&names[..10], "False");
    rig.report_all(&names[..10], 1);
    rig.settle("True");
    assert!(rig.writes() <= 20 + 10 + 10 + 2, "{} writes", rig.writes());
    // A watch is counted when it ends.
    for (verb, resource, least) in [
        ("LIST", "nodes", 1),
        ("LIST", "statefulsets", 0),
        ("WATCH", "nodes", 0),
    ] {
        let requests = rig.requests(verb, resource, "");
        assert!(
            (least..=5).contains(&requests),
            "{requests} times {verb} {resource}"
        );
    }
}

/// The API server has time for one write at a time, and tells whoever comes meanwhile to come back
/// in a second.
#[test]
fn a_busy_api_server_is_asked_again_when_it_says() {
    let mut rig = Rig::new(30);
    let path = rig.as_somebody();
    rig.allow("read", "*", "*", &["get", "list", "watch"]);
    rig.allow("write", "kaito.sh", "workspaces/status", &["patch"]);
    rig.cluster.stop("kube-apiserver", "TERM");
    rig.cluster.start_server(&[
        "--enable-priority-and-fairness=false",
        "--max-mutating-requests-inflight=1",
    ]);
    let start = Instant::now();
    let controller = rig.start("controller", &["--kubeconfig", &path]);
    rig.settle("False");
    rig.cluster
        .wait("all is written", |_| controller.written() >= 30);
    let refused = rig.served(
        "apiserver_request_terminations_total",
        &[("code", "429"), ("subresource", "status")],
    );
    let most = 16 * (start.elapsed().as_secs() + 1);
    assert!(
        (1..=most).contains(&refused),
        "{refused} refused, {most} at most"
    );
    assert_eq!(controller.written(), 30);
}

/// As KAITO's own operator would.
#[test]
fn a_status_that_another_writes_is_left_to_it() {
    let mut rig = Rig::new(2);
    let controller = rig.start("controller", &[]);
    rig.settle("False");
    rig.cluster
        .wait("the controller knows what it has written", |_| {
            controller.written() >= 2
        });
    let theirs = json!({"status": {"workerNodes": ["theirs"]}}).to_string();
    let args = [
        "patch",
        "workspace",
        "w0",
        "--subresource=status",
        "--type=merge",
        "--field-manager=workspace",
        "--patch",
    ];
    succeed(rig.cluster.kubectl(&args).arg(&theirs));
    rig.cluster.wait("another is noticed", |_| {
        controller.count("kaito_render_conflicting_writers", &[]) == 1
    });
    assert!(
        rig.cluster
            .log("controller")
            .contains("another client writes this status")
    );

    let names = rig.names.clone();
    rig.report_all(&names, 1);
    rig.cluster.wait("both are judged", |_| {
        controller.count("kaito_render_workspaces", &[("ready", "True")]) == 2
    });
    rig.cluster.wait("the other one is written", |cluster| {
        condition(&cluster.json(&["get", "workspace", "w1"]), "Ready")["status"] == "True"
    });
    let workspace = rig.cluster.json(&["get", "workspace", "w0"]);
    assert_eq!(condition(&workspace, "Ready")["status"], "False");
    assert_eq!(workspace["status"]["workerNodes"], json!(["theirs"]));
}

/// Its CRD is deleted, and its objects with it; later all of them are there again.
#[test]
fn a_kind_that_goes_and_comes_back_is_watched_again() {
    let mut rig = Rig::new(1);
    let controller = rig.start("controller", &[]);
    let names = rig.names.clone();
    rig.report_all(&names, 1);
    rig.settle("True");
    succeed(
        &mut rig
            .cluster
            .kubectl(&["delete", "crd", "nodeclaims.karpenter.sh"]),
    );
    rig.settle("False");
    assert!(controller.is_ready());
    Flavour::Azure
        .crds()
        .iter()
        .for_each(|directory| rig.cluster.apply_crds(directory));
    rig.deliver();
    rig.provide();
    rig.settle("True");
}

/// The machine is there, but its node does not join.
#[test]
fn a_node_that_has_not_come_in_a_quarter_of_an_hour_needs_somebody() {
    let mut rig = Rig::new(1);
    let (names, claim) = (rig.names.clone(), rig.nodes[0].clone());
    rig.report_all(&names, 1);
    let launched = json!({"nodeName": null, "conditions": [true_now("Launched")]});
    rig.runtime
        .block_on(rig.write(["karpenter.sh", "v1", "NodeClaim"], &claim, &launched));
    rig.start("controller", &[]);
    rig.settle("False");
    let says =
        |rig: &Rig, kind: &str| condition(&rig.cluster.json(&["get", "workspace", "w0"]), kind);
    assert_eq!(says(&rig, "Reconciling")["status"], "True");
    rig.age(&claim);
    rig.cluster.wait("that is said", |cluster| {
        condition(&cluster.json(&["get", "workspace", "w0"]), "Stalled")["status"] == "True"
    });
    let message = says(&rig, "Ready")["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("has not joined the cluster after 15 minutes: see the machine's console"),
        "{message}"
    );
    rig.provide();
    rig.settle("True");
}

/// Two controllers: the one that leads, and has written something, and the one that has not.
fn leader_and_follower(rig: &mut Rig) -> [Controller; 2] {
    let [first, second] =
        ["controller-1", "controller-2"].map(|name| rig.start(name, &["--leader-elect"]));
    rig.cluster.wait("one leads, and both are ready", |_| {
        (first.leads() || second.leads()) && first.is_ready() && second.is_ready()
    });
    let [leader, follower] = if first.leads() {
        [first, second]
    } else {
        [second, first]
    };
    rig.settle("False");
    let count = u64::try_from(rig.names.len()).unwrap();
    rig.cluster
        .wait("the leader knows what it has written", |_| {
            leader.written() >= count
        });
    assert!(leader.leads());
    assert_eq!((follower.leads(), follower.written()), (false, 0));
    [leader, follower]
}

/// A controller counts a write when its answer comes, which is after others can see it.
fn assert_leads_and_has_written(rig: &mut Rig, controller: &Controller, least: u64) {
    assert!(controller.leads());
    rig.cluster
        .wait("the new leader knows what it has written", |_| {
            controller.written() >= least
        });
}

/// The leader ends; the other takes over.
fn assert_another_takes_over(signal: &str, is_expected: impl Fn(ExitStatus) -> bool) {
    let mut rig = Rig::new(3);
    let start = Instant::now();
    let [leader, follower] = leader_and_follower(&mut rig);

    // A change that nobody has written yet when the leader ends.
    let names = rig.names.clone();
    rig.report_all(&names, 1);
    let ended = rig.cluster.stop(leader.name, signal);
    assert!(
        is_expected(ended),
        "{ended}: {}",
        rig.cluster.log(leader.name)
    );
    rig.settle("True");
    rig.report_all(&names, 0);
    rig.settle("False");
    assert_leads_and_has_written(&mut rig, &follower, 3);
    let lease = rig
        .cluster
        .json(&["get", "lease", "kaito-render-controller"]);
    assert!(
        lease["spec"]["leaseTransitions"].as_u64().unwrap() >= 2,
        "{lease}"
    );

    // Two of them ask every two seconds at most, and a few times more when things change.
    let most = start.elapsed().as_secs() + 10;
    for verb in ["GET", "PUT"] {
        let requests = rig.requests(verb, "leases", "");
        assert!(requests <= most, "{requests} times {verb} in {most} s");
    }
}

#[test]
fn a_leader_that_hung_writes_nothing_more_once_another_leads() {
    let mut rig = Rig::new(3);
    let [leader, follower] = leader_and_follower(&mut rig);
    let (names, written) = (rig.names.clone(), leader.written());
    rig.report_all(&names[..1], 1);
    rig.cluster.signal(leader.name, "STOP");
    rig.report_all(&names[1..], 1);
    rig.settle("True");
    rig.cluster.signal(leader.name, "CONT");
    rig.report_all(&names, 0);
    rig.settle("False");
    rig.cluster
        .wait("the one that hung knows that it does not lead", |_| {
            !leader.leads()
        });
    assert_leads_and_has_written(&mut rig, &follower, 5);
    // What it sent before it hung is its own; what came later, the other wrote.
    assert!(
        (written..=written + 1).contains(&leader.written()),
        "{}",
        leader.written()
    );
}

#[test]
fn another_controller_takes_over_from_a_leader_that_is_killed() {
    assert_another_takes_over("KILL", |ended| !ended.success());
}

#[test]
fn another_controller_takes_over_from_a_leader_that_is_told_to_end() {
    assert_another_takes_over("TERM", |ended| ended.success());
}

/// Nothing changes but what the controller may do.
#[test]
fn what_could_not_be_written_is_tried_again() {
    let mut rig = Rig::new(2);
    let path = rig.as_somebody();
    rig.allow("read", "*", "*", &["get", "list", "watch"]);
    let controller = rig.start("controller", &["--kubeconfig", &path]);
    let failed = || controller.count("kaito_render_status_writes_total", &[("result", "failed")]);
    rig.cluster
        .wait("each write has failed, and again", |_| failed() >= 2 * 2);
    assert!(
        rig.cluster
            .log("controller")
            .contains("deploy/controller/role.yaml has all that it needs")
    );
    rig.allow("write", "kaito.sh", "workspaces/status", &["patch"]);
    rig.settle("False");
    assert!(rig.writes() <= failed() + 2);
}

/// With `KAITO_RENDER_SCALE=full`, a thousand others write.
#[test]
fn a_status_gets_written_among_many_writes_of_others() {
    let others = if std::env::var_os("KAITO_RENDER_SCALE").is_some_and(|scale| scale == "full") {
        1000
    } else {
        300
    };
    let mut rig = Rig::new(1);
    let controller = rig.start("controller", &[]);
    rig.settle("False");
    let (workspaces, name) = (rig.workspaces(), rig.names[0].clone());
    for number in 0..others {
        if number % 50 == 25 {
            rig.report_all(std::slice::from_ref(&name), number / 50 % 2);
        }
        let key = format!("example.org/n{number}");
        let patch = Patch::Merge(
            json!({"metadata": {"labels": {"last": number.to_string()}, "annotations": {key: "x"}}}),
        );
        rig.runtime
            .block_on(workspaces.patch(&name, &PatchParams::default(), &patch))
            .unwrap();
    }
    rig.report_all(std::slice::from_ref(&name), 1);
    rig.settle("True");

    let workspace = rig.cluster.json(&["get", "workspace", &name]);
    assert_eq!(
        workspace["metadata"]["labels"]["last"],
        (others - 1).to_string()
    );
    let annotations = workspace["metadata"]["annotations"].as_object().unwrap();
    let theirs = annotations
        .keys()
        .filter(|key| key.starts_with("example.org/"))
        .count();
    assert_eq!(
        theirs,
        usize::try_from(others).unwrap(),
        "no write of another is lost"
    );
    assert!(annotations.contains_key("render.kaito.sh/rendered"));
    let answers = [
        "NodeClaimReady",
        "NodesReady",
        "ResourceReady",
        "InferenceReady",
        "WorkspaceSucceeded",
    ];
    for kind in answers {
        assert_eq!(condition(&workspace, kind)["status"], "True", "{kind}");
    }
    let (writes, flips) = (rig.writes(), u64::from(others) / 50 + 2);
    assert!(
        writes <= flips + u64::from(others) / 5,
        "{writes} writes of a status that changed at most {flips} times"
    );
    assert_eq!(
        controller.count("kaito_render_status_writes_total", &[("result", "failed")]),
        0
    );
}
